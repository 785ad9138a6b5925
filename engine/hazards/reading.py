"""From a statement to the changes it makes, by way of sqlglot. Imported only where a statement could matter."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import SqlglotError

from miger.engine.hazards import changes as c
from miger.engine.hazards.changes import Change, Name
from miger.engine.hazards.nodes import DIALECTS, column_changes, constraint_changes, identifier, sql_of, table_name
from miger.engine.hazards.words import fallback, name_of
from miger.engine.statements import Statement

_MOST_CHARACTERS = 100_000  # of a statement; what is longer holds data

_action = re.compile(
    r"(?is)(add\s+)(check\b)|(drop\s+)(?!column\b|constraint\b|primary\b|foreign\b|index\b|key\b|check\b)"
)
_renames_column = re.compile(r"(?is)rename\s+(?!to\b|as\b|column\b|constraint\b|index\b|key\b)(\S+\s+to\b)").match
_not_valid = re.compile(r"(?is)\bnot\s+valid\s*$")
_set = re.compile(r"(?is)set\s+(tablespace|logged|unlogged|access\s+method)\b").match
_convert = re.compile(r"(?is)(convert\s+to\s+character\s+set|order\s+by|force)\b").match
_renamed = re.compile(r"(?is)rename\s+tables?\s+(.*)").match
_drops_index = re.compile(r"(?is)drop\s+(?:index|key)\s+(\S+)").match


def read_statement(statement: Statement, dialect: str) -> list[Change]:
    """The changes of one statement. What cannot be parsed changes nothing that we know of."""
    if len(statement.sql) > _MOST_CHARACTERS:
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
        return list(_alter(sql, dialect))
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


def _alter(sql: str, dialect: str) -> Iterator[Change]:
    """Each action is parsed by itself, so that one the parser does not know hides none of the others."""
    tokens = Dialect.get_or_raise(DIALECTS[dialect]).tokenize(sql)
    at = _name_at(tokens)
    end = at
    while end + 2 < len(tokens) and tokens[end + 1].text == ".":
        end += 2
    head = sql[: tokens[end].end + 1]
    table = name_of(sql[tokens[at].start : tokens[end].end + 1], dialect)
    for text in _actions(sql, tokens, end + 1):
        yield from _one_action(head, table, text, dialect)


def _name_at(tokens: list[Any]) -> int:
    at = next(number for number, token in enumerate(tokens) if token.text.upper() == "TABLE") + 1
    while tokens[at].text.upper() in ("IF", "EXISTS", "ONLY"):
        at += 1
    return at


def _actions(sql: str, tokens: list[Any], start: int) -> Iterator[str]:
    depth, begun = 0, start
    for number in range(start, len(tokens)):
        text = tokens[number].text
        depth += (text == "(") - (text == ")")
        if text == "," and not depth:
            yield sql[tokens[begun].start : tokens[number - 1].end + 1]
            begun = number + 1
    if begun < len(tokens):
        yield sql[tokens[begun].start : tokens[-1].end + 1]


def _one_action(head: str, table: Name, text: str, dialect: str) -> Iterator[Change]:
    if found := _set(text):
        yield Change(c.REWRITE, table, expression=f"SET {found[1].upper()}")
        return
    if dialect in ("mysql", "mariadb"):
        if found := _convert(text):
            yield Change(c.COPY_TABLE, table, expression=found[1].upper())
            return
        if found := _drops_index(text):
            yield Change(c.DROP_INDEX, name_of(found[1], dialect), other=table)
            return
    flags = frozenset({c.NOT_VALID}) if _not_valid.search(text) else frozenset()
    text = _not_valid.sub("", text)
    if found := _action.match(text):
        text = f"ADD CONSTRAINT miger {text[found.start(2) :]}" if found[1] else f"DROP COLUMN {text[found.end() :]}"
    elif found := _renames_column(text):
        text = f"RENAME COLUMN {text[found.start(1) :]}"
    parsed: Any = sqlglot.parse_one(f"{head} {text}", dialect=DIALECTS[dialect])
    if not isinstance(parsed, exp.Alter):
        return
    for option in parsed.args.get("options") or ():
        if isinstance(option, exp.EngineProperty):
            yield Change(c.COPY_TABLE, table, expression="ENGINE")
    for action in parsed.args.get("actions") or ():
        yield from _of_action(action, table, flags, dialect)


def _of_action(action: Any, table: Name, flags: frozenset[str], dialect: str) -> Iterator[Change]:
    match action:
        case exp.Drop() if str(action.args.get("kind")).upper() == "COLUMN":
            exists = frozenset({c.IF_EXISTS}) if action.args.get("exists") else frozenset()
            for column in action.args.get("tables") or ():
                yield Change(c.DROP_COLUMN, table, column=identifier(column, dialect), flags=exists)
        case exp.DropPrimaryKey():
            yield Change(c.COPY_TABLE, table, expression="DROP PRIMARY KEY")
        case exp.AlterRename():
            yield Change(c.RENAME_TABLE, table, other=table_name(action.this, dialect))
        case exp.RenameColumn():
            to = identifier(action.args["to"], dialect)
            yield Change(c.RENAME_COLUMN, table, column=identifier(action.this, dialect), to=to)
        case exp.AlterColumn() if action.args.get("dtype") is not None:
            using = action.args.get("using")
            yield Change(
                c.ALTER_TYPE,
                table,
                column=identifier(action.this, dialect),
                type=sql_of(action.args["dtype"], dialect),
                expression=sql_of(using, dialect) if using else "",
            )
        case exp.AlterColumn() if action.args.get("allow_null") is False:
            yield Change(c.SET_NOT_NULL, table, column=identifier(action.this, dialect))
        case exp.ModifyColumn():
            yield from _modify(action, table, dialect)
        case exp.ColumnDef():
            yield column_changes(action, table, identifier(action.this, dialect), dialect)
        case exp.AddConstraint():
            for constraint in action.expressions:
                yield from constraint_changes(constraint, table, flags, dialect)


def _modify(action: Any, table: Name, dialect: str) -> Iterator[Change]:
    column = action.this
    name, former = identifier(column.this, dialect), identifier(action.args.get("rename_from"), dialect)
    if former and former.lower() != name.lower():
        yield Change(c.RENAME_COLUMN, table, column=former, to=name)
    new = column_changes(column, table, former or name, dialect)
    yield new._replace(action=c.ALTER_TYPE)
    if c.NOT_NULL in new.flags:
        yield Change(c.SET_NOT_NULL, table, column=former or name)
