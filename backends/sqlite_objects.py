"""All that is in a SQLite database, as plain values: one query, however many tables there are."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from miger.backends.sqlite_objects_table import Parsed, finished, parse
from miger.backends.sqlite_objects_words import Names, key_part, mentioned, stated, words_in
from miger.backends.sqlite_tokens import (
    closing,
    folded,
    in_lines,
    in_quotes,
    name_in,
    parts,
    spelled,
    tokens_of,
    without_parentheses,
)
from miger.engine.catalog import Catalog, Extra, Index, Table, Thing
from miger.engine.errors import RefusedError

QUERY = "SELECT type, name, tbl_name, sql FROM sqlite_master"
# Tables that a virtual one keeps its rows in are its own: https://sqlite.org/vtab.html#xshadowname. SQLite before 3.37
# does not tell them from others, hence the names that those of its own modules have.
SHADOWS = "SELECT name FROM pragma_table_list WHERE type = 'shadow'"
_TELLS_SHADOWS = sqlite3.sqlite_version_info >= (3, 37)
_OF_MODULES = {
    "fts": ("content", "segments", "segdir", "docsize", "stat", "data", "idx", "config"),
    "rtr": ("node", "rowid", "parent"),
    "geo": ("node", "rowid", "parent"),
}
_VIRTUAL = re.compile(r"CREATE\s+VIRTUAL\s", re.IGNORECASE)
_NAME = r'(?:[A-Za-z_]\w*|"[^"]+")'
_PLAIN_INDEX = re.compile(
    rf"CREATE( UNIQUE)? INDEX {_NAME}\s+ON\s+{_NAME}\s*\(\s*({_NAME}(?:\s*,\s*{_NAME})*)\s*\)", re.IGNORECASE
)


Query = Callable[[str], list[tuple[Any, ...]]]


class Row(NamedTuple):
    """A row of sqlite_master that a statement has made."""

    kind: str
    name: str
    table: str
    sql: str


def read_catalog(query: Query | None, ours: Collection[str]) -> Catalog:
    """The catalog, without the tables of Miger; an empty one where there is no file to ask. Raises RefusedError."""
    if query is None:
        return Catalog()
    found = [Row(*row) for row in query(QUERY) if row[3] is not None]
    rows = [row for row in found if row.table not in ours and not row.name.startswith("sqlite_")]
    if any(is_virtual(row.sql) for row in rows):
        shadows = shadows_of(rows, {str(name) for (name,) in query(SHADOWS)} if _TELLS_SHADOWS else ())
        rows = [row for row in rows if row.table not in shadows]
    return catalog_of(rows)


def is_virtual(sql: str) -> bool:
    """Whether a stored text makes a virtual table."""
    return _VIRTUAL.match(sql) is not None


def shadows_of(rows: Iterable[Row], known: Collection[str]) -> set[str]:
    """The tables that belong to virtual ones; `known` are those that SQLite has told."""
    found = set(known)
    for row in rows:
        if is_virtual(row.sql):
            module = _module(row.sql).partition("(")[0].split()[1].lower()
            found |= {f"{row.name}_{end}" for end in _OF_MODULES.get(module[:3], ())}
    return found


def catalog_of(rows: Iterable[Row]) -> Catalog:
    """The catalog that the texts describe, in the order of names. Raises RefusedError for one that cannot be read."""
    by_kind: dict[str, list[Row]] = {"table": [], "index": [], "view": [], "trigger": []}
    for row in sorted(rows, key=lambda row: row.name):
        by_kind[row.kind].append(row)
    parsed = {folded(row.name): parse(row.sql, row.name) for row in by_kind["table"] if not is_virtual(row.sql)}
    indexes: dict[str, list[Index]] = {}
    for row in by_kind["index"]:
        indexes.setdefault(folded(row.table), []).append(_index(row, parsed[folded(row.table)]))
    known = {folded(row.name): row.name for row in (*by_kind["table"], *by_kind["view"])}
    extras: dict[str, list[Extra]] = {}
    views = {folded(row.name) for row in by_kind["view"]}
    things = [_thing(row, known) for row in by_kind["view"]]
    for row in by_kind["trigger"]:
        if folded(row.table) in views:  # INSTEAD OF
            things.append(_thing(row, known))
        else:
            extras.setdefault(folded(row.table), []).append(_trigger(row, known))
    tables = [_table(row, parsed, indexes, extras) for row in by_kind["table"]]
    return Catalog(tuple(tables), tuple(things))


def _table(
    row: Row, parsed: Mapping[str, Parsed], indexes: Mapping[str, list[Index]], extras: Mapping[str, list[Extra]]
) -> Table:
    low = folded(row.name)
    found = parsed.get(low)
    if found is None:
        return Table(row.name, options=_module(row.sql), definition=row.sql)
    made = finished(found, parsed)
    return made._replace(indexes=tuple(indexes.get(low, ())), extras=tuple(extras.get(low, ())))


def _module(sql: str) -> str:
    """`USING module (…)`: its arguments are the module's own affair, and stay as they are."""
    found = re.search(r"\bUSING\s+(.*)", sql, re.IGNORECASE | re.DOTALL)
    return f"USING {found[1].strip()}" if found is not None else sql


# Indexes


def _index(row: Row, table: Parsed) -> Index:
    plain = _PLAIN_INDEX.fullmatch(row.sql)
    if plain is not None:
        columns = [table.names.get(folded(name_in(word.strip()))) for word in plain[2].split(",")]
        if None not in columns:
            return _plain_index(row, table, [column for column in columns if column is not None], bool(plain[1]))
    return _read_index(row, table, tokens_of(row.sql))


def _plain_index(row: Row, table: Parsed, columns: Sequence[str], unique: bool) -> Index:
    definition = f"{_start(row.name, table, unique)} ({', '.join(map(in_quotes, columns))})"
    return Index(row.name, definition, tuple(columns), unique)


def _start(name: str, table: Parsed, unique: bool) -> str:
    return f"CREATE {'UNIQUE ' if unique else ''}INDEX {in_quotes(name)} ON {in_quotes(table.table.name)}"


def _read_index(row: Row, table: Parsed, tokens: list[str]) -> Index:
    """One with orders, collations, expressions or a condition."""
    opening = tokens.index("(") if "(" in tokens else -1
    end = closing(tokens, opening) if opening >= 4 else -1
    if end < 0:
        raise RefusedError(f"the definition of index {row.name} could not be read")
    unique = folded(tokens[1]) == "unique"
    items = [key_part(part, table.names) for part in parts(tokens[opening + 1 : end])]
    bare = {in_quotes(name): name for name in table.names.values()}
    condition = stated(without_parentheses(tokens[end + 2 :]), table.names) if tokens[end + 1 :] else ""
    if not condition and all(item in bare for item in items):
        return _plain_index(row, table, [bare[item] for item in items], unique)
    definition = f"{_start(row.name, table, unique)} ({', '.join(items)}){f' WHERE {condition}' if condition else ''}"
    return Index(row.name, definition, _index_columns(items, condition, table.names), unique, plain=False)


def _index_columns(items: Sequence[str], condition: str, names: Names) -> tuple[str, ...]:
    """In the order of the index, then those of the condition alone."""
    found = [name for item in items for name in mentioned(item, names)]
    return tuple(dict.fromkeys([*found, *mentioned(condition, names)]))


# Views and triggers


def _thing(row: Row, known: Mapping[str, str]) -> Thing:
    tokens = tokens_of(row.sql)
    return Thing(
        row.kind, row.name, in_lines(spelled(tokens, capitals=True)), needs=_needs(tokens, row, known), text=row.sql
    )


def _trigger(row: Row, known: Mapping[str, str]) -> Extra:
    tokens = tokens_of(row.sql)
    return Extra(
        "trigger", row.name, in_lines(spelled(tokens, capitals=True)), _needs(tokens, row, known, row.table), row.sql
    )


def _needs(tokens: Sequence[str], row: Row, known: Mapping[str, str], table: str = "") -> tuple[str, ...]:
    """The tables and views whose names it has in it: one too many does no harm."""
    own = {folded(row.name)} if row.kind == "view" else {folded(table)}
    return tuple(sorted(known[word] for word in words_in(tokens) if word in known and word not in own))
