"""From a statement to the changes it makes, by way of sqlglot. Imported only where a statement could matter."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from miger.engine.hazards import changes as c
from miger.engine.hazards.alter_table import changes_of_alter
from miger.engine.hazards.changes import Change, Name
from miger.engine.hazards.nodes import DIALECTS, identifier, sql_of, table_name
from miger.engine.hazards.words import NAME, fallback, name_of
from miger.engine.statements import Statement

_MOST_CHARACTERS = 100_000  # of a statement; what is longer holds data

_modifiers = re.compile(r"(?i)^(update|delete)(?:\s+(?:or\s+\w+|low_priority|ignore|quick))+\s+")
_special_index = re.compile(rf"(?is)create\s+(?:fulltext|spatial)\s+index\b.*?\bon\s+{NAME}").match
_renamed = re.compile(r"(?is)rename\s+tables?\s+(.*)").match


def read_statement(statement: Statement, dialect: str) -> list[Change]:
    """The changes of one statement. What cannot be parsed changes nothing that we know of."""
    if len(statement.sql) > _MOST_CHARACTERS and not statement.kind.startswith("ALTER"):
        return fallback(statement, dialect)
    try:
        with silent():
            found = _read(statement, dialect)
    except (SqlglotError, RecursionError, ValueError, AttributeError, KeyError, TypeError, IndexError):
        # A parser of other people's SQL meets what nobody has thought of; that is no news for whoever migrates.
        found = []
    return found or fallback(statement, dialect)


def columns_of(create_table: str, dialect: str) -> tuple[str, ...]:
    """The columns of a CREATE TABLE; empty where they cannot be told."""
    try:
        with silent():
            parsed = sqlglot.parse_one(create_table, dialect=DIALECTS[dialect])
    except SqlglotError:
        return ()
    return tuple(column.name for column in parsed.find_all(exp.ColumnDef))


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Without the parser's warnings of what it does not know."""
    logger = logging.getLogger("sqlglot")
    former, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = former


def _read(statement: Statement, dialect: str) -> list[Change]:
    kind, sql = statement.kind, statement.sql
    if kind.startswith("ALTER TABLE"):
        return changes_of_alter(sql, dialect)
    if special := _special_index(sql):
        return [Change(c.CREATE_INDEX, name_of(special[1], dialect), flags=frozenset({c.SPECIAL}))]
    sql = _modifiers.sub(r"\1 ", sql)
    if kind.startswith("RENAME"):
        return list(_rename_tables(sql, dialect))
    parsed: Any = sqlglot.parse_one(sql, dialect=DIALECTS[dialect])
    if isinstance(parsed, exp.Drop):
        return list(_drop(parsed, kind, dialect))
    if isinstance(parsed, exp.Create):
        return [_index(parsed, dialect)] if isinstance(parsed.this, exp.Index) else []
    if isinstance(parsed, exp.TruncateTable):
        return [Change(c.TRUNCATE, table_name(table, dialect)) for table in parsed.expressions]
    if isinstance(parsed, exp.Delete):
        some = parsed.args.get("using") or parsed.args.get("limit") or parsed.this.args.get("joins")
        return [Change(c.WRITE if some else c.DELETE_ALL, table_name(parsed.this, dialect))]
    if isinstance(parsed, exp.Update):
        return [_update(parsed, dialect)]
    return []


def _drop(parsed: Any, kind: str, dialect: str) -> Iterator[Change]:
    what = str(parsed.args.get("kind") or "").upper()
    flags = {c.IF_EXISTS} if parsed.args.get("exists") else set()
    flags |= {c.CONCURRENTLY} if "CONCURRENTLY" in kind else set()
    actions = {
        "TABLE": c.DROP_TABLE,
        "VIEW": c.DROP_VIEW,
        "SCHEMA": c.DROP_SCHEMA,
        "DATABASE": c.DROP_DATABASE,
        "INDEX": c.DROP_INDEX,
    }
    if what == "SCHEMA" and dialect in ("mysql", "mariadb"):
        what = "DATABASE"
    if what not in actions or "TEMP" in kind:
        return
    for table in parsed.args.get("tables") or [parsed.this]:
        name = table_name(table, dialect)
        on = parsed.args.get("cluster")
        other = table_name(on.this, dialect) if on is not None and on.find(exp.Table) else None
        yield Change(actions[what], name if name.name else Name(name.schema), other=other, flags=frozenset(flags))


def _index(parsed: Any, dialect: str) -> Change:
    index = parsed.this
    parameters = index.args.get("params")
    keys = [
        key.this if isinstance(key, exp.Ordered) else key
        for key in (parameters.args.get("columns") if parameters else []) or []
    ]
    plain = all(isinstance(key, (exp.Column, exp.Identifier)) for key in keys)
    where = parameters.args.get("where") if parameters else None
    flags = {c.UNIQUE} if parsed.args.get("unique") else set()
    flags |= {c.CONCURRENTLY} if parsed.args.get("concurrently") else set()
    flags |= {c.IF_EXISTS} if parsed.args.get("exists") else set()
    return Change(
        c.CREATE_INDEX,
        table_name(index.args["table"], dialect),
        columns=tuple(identifier(key, dialect) for key in keys) if plain else (),
        to=identifier(index.this, dialect),
        expression=sql_of(where.this, dialect) if where is not None else "",
        flags=frozenset(flags),
    )


def _update(parsed: Any, dialect: str) -> Change:
    some = parsed.args.get("from_") or parsed.args.get("limit") or parsed.this.args.get("joins")
    table = table_name(parsed.this, dialect)
    if some:
        return Change(c.WRITE, table)
    targets = [target for assignment in parsed.expressions for target in (assignment.this.find_all(exp.Column))]
    return Change(c.UPDATE_ALL, table, columns=tuple(identifier(target, dialect) for target in targets))


def _rename_tables(sql: str, dialect: str) -> Iterator[Change]:
    found = _renamed(sql)
    for pair in found[1].split(",") if found else ():
        old, _, new = re.split(r"(?i)\s(to)\s", pair, maxsplit=1)
        yield Change(c.RENAME_TABLE, name_of(old, dialect), other=name_of(new, dialect))
