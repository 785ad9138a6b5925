"""From an ALTER TABLE to the changes it makes, action by action. Imported only where a statement could matter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from miger.engine.hazards import changes as c
from miger.engine.hazards.changes import Change, Name
from miger.engine.hazards.nodes import (
    DIALECTS,
    column_changes,
    constraint_changes,
    constraints_of_column,
    identifier,
    sql_of,
    table_name,
)
from miger.engine.hazards.words import NAME, name_of

_action = re.compile(
    r"(?is)(add\s+)(check\b)|(drop\s+)(?!column\b|constraint\b|primary\b|foreign\b|index\b|key\b|check\b)"
)
_renames_column = re.compile(r"(?is)rename\s+(?!to\b|as\b|column\b|constraint\b|index\b|key\b)(\S+\s+to\b)").match
_not_valid = re.compile(r"(?is)\bnot\s+valid\s*$")
_set = re.compile(r"(?is)set\s+(tablespace|logged|unlogged|access\s+method)\b").match
_convert = re.compile(
    r"(?is)(convert\s+to\s+character\s+set|order\s+by|force|partition\s+by|remove\s+partitioning)\b"
).match
_partitions = re.compile(
    rf"(?is)alter\s+table\s+(?:if\s+exists\s+)?{NAME}\s+(?:drop|truncate)\s+partition\s+(?:if\s+exists\s+)?(.+)"
).match
_moves = re.compile(r"(?is)set\s+schema\s+(\S+)").match
_renamed_as = re.compile(r"(?is)rename\s+(?:as\b|=)\s*(\S+)").match
_online = re.compile(r"(?i)\balgorithm\s*=?\s*(?:inplace|instant|nocopy)\b").search
_drops_index = re.compile(r"(?is)drop\s+(?:index|key)\s+(\S+)").match


def changes_of_alter(sql: str, dialect: str) -> list[Change]:
    """The changes of an ALTER TABLE without comments. Raises whatever the parser does where it cannot be read."""
    if dialect in ("mysql", "mariadb") and (lost := _partitions(sql)):
        return [_partitions_lost(lost[2], name_of(lost[1], dialect), dialect)]
    changes = list(_alter(sql, dialect))
    if dialect not in ("mysql", "mariadb") or not _online(sql):
        return changes
    return [change._replace(flags=change.flags | {c.ONLINE}) for change in changes]


def _partitions_lost(names: str, table: Name, dialect: str) -> Change:
    if names.strip().lower() == "all":
        return Change(c.TRUNCATE, table)
    partitions = tuple(name_of(name, dialect).name for name in names.split(",") if name.strip())
    return Change(c.DROP_PARTITION, table, columns=partitions)


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
    if found := _moves(text):
        yield Change(c.RENAME_TABLE, table, other=Name(table.name, name_of(found[1], dialect).name))
        return
    if found := _set(text):
        yield Change(c.REWRITE, table, expression=f"SET {found[1].upper()}")
        return
    if dialect in ("mysql", "mariadb"):
        if found := _convert(text):
            yield Change(c.COPY_TABLE, table, expression=found[1].upper())
            return
        if found := _renamed_as(text):
            yield Change(c.RENAME_TABLE, table, other=name_of(found[1], dialect))
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
        case exp.AlterColumn() if action.args.get("drop") and action.args.get("allow_null"):
            yield Change(c.DROP_NOT_NULL, table, column=identifier(action.this, dialect))
        case exp.AlterColumn() if action.args.get("allow_null") is False:
            yield Change(c.SET_NOT_NULL, table, column=identifier(action.this, dialect))
        case exp.ModifyColumn():
            yield from _modify(action, table, dialect)
        case exp.ColumnDef():
            new = column_changes(action, table, identifier(action.this, dialect), dialect)
            yield new
            if dialect == "postgresql":
                yield from constraints_of_column(action, new, dialect)
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
