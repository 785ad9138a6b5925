"""A table of SQLite as a value of the catalog, made of its CREATE TABLE."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from miger.backends import sqlite_table
from miger.backends.sqlite_create_table import NotRead, Reader, read_tokens
from miger.backends.sqlite_objects_words import Names, default_value, is_simple, key_part, mentioned, stated
from miger.backends.sqlite_table import Check, ForeignKey, Key
from miger.backends.sqlite_tokens import folded, in_quotes, name_in, parts, tokens_of, without_parentheses
from miger.engine.catalog import CHECK, FOREIGN_KEY, PRIMARY_KEY, UNIQUE, Column, Constraint, Table
from miger.engine.errors import RefusedError

# `INTEGER PRIMARY KEY DESC` is the one way not to be the row's id, and can be written behind the column alone.
APART = " /* not the row's id */"
_TABLE_WORDS = frozenset({"constraint", "primary", "unique", "check", "foreign"})
_DESCENDING = " DESC"


class StatingReader(Reader):
    """Writes names as they were declared, and expressions that can be run again."""

    descending = _DESCENDING

    def _note_names(self, tokens: Sequence[str]) -> None:
        self._declared: dict[str, str] = {}
        for part in parts(tokens):
            if part and folded(part[0]) not in _TABLE_WORDS:
                name = name_in(part[0])
                self._declared.setdefault(folded(name), name)

    def _expression(self, tokens: Sequence[str]) -> str:
        return stated(without_parentheses(tokens), self._declared)

    def _key_name(self, name: str) -> str:
        return in_quotes(name)

    def _key_part(self, tokens: Sequence[str]) -> str:
        return key_part(tokens, self._declared)


class Parsed(NamedTuple):
    """A table whose text was read; `names` as `Names`."""

    table: sqlite_table.Table
    names: Names
    text: str


def parse(text: str, name: str) -> Parsed:
    """Reads a stored CREATE TABLE. Raises RefusedError."""
    try:
        table, names = _read(tuple(tokens_of(text)))
    except NotRead as error:
        raise RefusedError(f"the definition of table {name} could not be read: {error}") from error
    return Parsed(table, names, text)


@functools.lru_cache(2048)  # what is compared is nearly the same, and what was tried is read again
def _read(tokens: tuple[str, ...]) -> tuple[sqlite_table.Table, Names]:
    table = read_tokens([*tokens], StatingReader)
    return table, {folded(column.name): column.name for column in table.columns}


def finished(found: Parsed, others: Mapping[str, Parsed]) -> Table:
    """The value. `others` are all tables by folded name: a foreign key may leave out what it points to."""
    table = found.table
    key = table.primary_key
    row_id = _row_id(table)
    # https://sqlite.org/withoutrowid.html and stricttables.html: there, a primary key is never NULL.
    filled = {row_id} | (set(_names_of(key)) if key is not None and (table.without_rowid or table.strict) else set())
    counted = row_id if key is not None and key.autoincrement else None
    return Table(
        table.name,
        tuple([_column(column, column.name in filled, column.name == counted) for column in table.columns]),
        tuple(_constraints(found, others)),
        options=", ".join(
            word for word, on in (("STRICT", table.strict), ("WITHOUT ROWID", table.without_rowid)) if on
        ),
        definition=found.text,
    )


def _row_id(table: sqlite_table.Table) -> str | None:
    """The column that is another name of the row's id."""
    key = table.primary_key
    if key is None or key.apart or table.without_rowid or len(key.columns) != 1:
        return None
    [name] = _names_of(key)
    return next((found.name for found in table.columns if found.name == name and found.type == "INTEGER"), None)


def _names_of(key: Key) -> tuple[str, ...]:
    """The columns of a key, without collations and orders."""
    return tuple(part if part[0] != '"' and " " not in part else name_in(tokens_of(part)[0]) for part in key.columns)


def _column(column: sqlite_table.Column, filled: bool, counted: bool) -> Column:
    default = default_value(column.default) if column.default else None
    definition = column.type
    if column.not_null and not filled:
        definition += f" NOT NULL{_conflict(column.conflict)}"
    if default is not None:
        definition += f" DEFAULT {default if is_simple(default) else f'({default})'}"
    if column.collation:
        definition += f" COLLATE {in_quotes(column.collation.upper())}"
    if column.generated:
        definition += f" GENERATED ALWAYS AS ({column.generated}) {'STORED' if column.stored else 'VIRTUAL'}"
    return Column(
        column.name,
        column.type,
        not (column.not_null or filled),
        default,
        column.generated,
        column.stored,
        "autoincrement" if counted else "",
        column.collation.upper(),
        definition=definition if column.type else definition.lstrip(),
    )


def _constraints(found: Parsed, others: Mapping[str, Parsed]) -> Iterator[Constraint]:
    """In an order that does not depend on the text."""
    table = found.table
    if table.primary_key is not None:
        yield _key(PRIMARY_KEY, table.primary_key)
    yield from sorted(_key(UNIQUE, key) for key in table.uniques)
    yield from sorted(_check(check, found.names) for check in table.checks)
    yield from sorted(_foreign_key(key, found, others) for key in table.foreign_keys)


def _key(kind: str, key: Key) -> Constraint:
    words = ", ".join(key.columns) + (" AUTOINCREMENT" if key.autoincrement else "")
    definition = f"{kind.upper()} ({words}){_conflict(key.conflict)}{APART if key.apart else ''}"
    return Constraint(kind, key.name, definition, _names_of(key), named=bool(key.name))


def _check(check: Check, names: Names) -> Constraint:
    columns = mentioned(check.expression, names)
    return Constraint(CHECK, check.name, f"CHECK ({check.expression})", columns, named=bool(check.name))


def _foreign_key(key: ForeignKey, found: Parsed, others: Mapping[str, Parsed]) -> Constraint:
    parent = others.get(key.parent)
    target = parent.table.name if parent is not None else key.parent
    columns = _targets(key, parent)
    definition = f"FOREIGN KEY ({', '.join(key.columns)}) REFERENCES {in_quotes(target)}"
    definition += f" ({', '.join(map(in_quotes, columns))})" if columns else ""
    definition += f" MATCH {in_quotes(key.match).upper()}" if key.match else ""
    definition += f" ON DELETE {key.on_delete.upper()}" if key.on_delete else ""
    definition += f" ON UPDATE {key.on_update.upper()}" if key.on_update else ""
    definition += " DEFERRABLE INITIALLY DEFERRED" if key.deferred else ""
    own = tuple(name_in(column) for column in key.columns)
    return Constraint(FOREIGN_KEY, key.name, definition, own, target, columns, bool(key.name))


def _targets(key: ForeignKey, parent: Parsed | None) -> tuple[str, ...]:
    """The columns it points to, as declared there; those of the primary key where it names none."""
    if key.parent_columns:
        names = parent.names if parent is not None else {}
        return tuple(names.get(folded(name_in(column)), name_in(column)) for column in key.parent_columns)
    primary = parent.table.primary_key if parent is not None else None
    return _names_of(primary) if primary is not None else ()


def _conflict(action: str) -> str:
    return f" ON CONFLICT {action.upper()}" if action else ""
