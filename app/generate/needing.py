"""What the things of a schema need of each other, as far as a catalog tells: to see what cannot stand alone.

Where it does not tell, a name in the text of a thing counts: too much is found then rather than too little.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias

from miger.engine.catalog import (
    FOREIGN_KEY,
    PRIMARY_KEY,
    UNIQUE,
    Catalog,
    Column,
    Constraint,
    Extra,
    Index,
    Table,
    Thing,
)

TABLE, COLUMN, BOUND, TYPE, KEY, THING = "table", "column", "bound", "type", "key", "thing"

Item: TypeAlias = Column | Constraint | Index | Extra


class Token(NamedTuple):
    """Something that others may need.

    `kind` is a table, a column, that a column is NOT NULL (bound) or of a type, that columns are unique together
    (key), or a thing. `path` is that of the table, or the name of the thing; `names` are the columns.
    """

    kind: str
    path: str
    names: frozenset[str] = frozenset()
    type: str = ""

    def __str__(self) -> str:
        inside = ", ".join(sorted(self.names))
        match self.kind:
            case "column":
                return f"column {self.path}.{inside}"
            case "type":
                return f"{self.path}.{inside} as {self.type}"
            case "bound":
                return f"{self.path}.{inside} as NOT NULL"
            case "key":
                return f"{inside} of {self.path} as unique"
        return self.path if self.kind == THING else f"table {self.path}"


def tokens_of(catalog: Catalog) -> frozenset[Token]:
    """All that a catalog gives."""
    tables = (token for table in catalog.tables for token in table_tokens(table))
    return frozenset([*tables, *(Token(THING, thing.name) for thing in catalog.things)])


def table_tokens(table: Table) -> Iterator[Token]:
    """What a table gives, with all that is in it."""
    yield Token(TABLE, table.path)
    for item in items_of(table):
        yield from item_tokens(table.path, item)


def items_of(table: Table) -> list[Item]:
    """All that is in a table."""
    return [*table.columns, *table.constraints, *table.indexes, *table.extras]


def item_tokens(path: str, item: Item) -> Iterator[Token]:
    """What a part of a table gives."""
    if isinstance(item, Column):
        yield Token(COLUMN, path, frozenset([item.name]))
        yield Token(TYPE, path, frozenset([item.name]), item.type)
        if not item.nullable:
            yield Token(BOUND, path, frozenset([item.name]))
    elif isinstance(item, Constraint | Index) and _makes_unique(item):
        yield Token(KEY, path, frozenset(item.columns))


def _makes_unique(item: Constraint | Index) -> bool:
    return item.unique if isinstance(item, Index) else item.kind in (PRIMARY_KEY, UNIQUE)


class Missing:
    """Tokens that are not there, and which of them something needs."""

    def __init__(self, tokens: Iterable[Token]) -> None:
        self._tokens = frozenset(tokens)
        self._tables = [token for token in self._tokens if token.kind == TABLE]
        self._things = [token for token in self._tokens if token.kind == THING]
        self._columns = [token for token in self._tokens if token.kind == COLUMN]
        self._types = [token for token in self._tokens if token.kind == TYPE]

    def of_table(self, table: Table) -> Iterator[Token]:
        """What the table itself needs, without what is in it."""
        yield from (token for token in self._things if token.path == table.schema)
        yield from self._named(table.options, (*self._tables, *self._things))

    def of_item(self, table: Table, item: Item) -> Iterator[Token]:
        """What a part of a table needs."""
        own = [token for token in self._columns if token.path == table.path]
        typed = [token for token in self._types if token.path == table.path]
        match item:
            case Column():
                yield from self._named(f"{item.type} {item.definition}", self._things)
                yield from _columns_in(item.generated, (*own, *typed))
            case Constraint():
                yield from self._of_constraint(table, item, own, typed)
            case Index():
                rest = item.definition.partition(" ON ")[2]
                of_it = own if item.plain else (*own, *typed)
                yield from (token for token in of_it if token.names & set(item.columns))
                yield from self._named(rest, self._things)
            case Extra():
                yield from self._told(item.needs)
                yield from self._named(item.definition, self._things)
                yield from _columns_in(item.definition, own)

    def _of_constraint(
        self, table: Table, item: Constraint, own: Sequence[Token], typed: Sequence[Token]
    ) -> Iterator[Token]:
        yield from (token for token in own if token.names & set(item.columns))
        if item.kind == PRIMARY_KEY:
            bound = (Token(BOUND, table.path, frozenset([name])) for name in item.columns)
            yield from (token for token in bound if token in self._tokens)
        elif item.kind == FOREIGN_KEY:
            target, names = item.target, frozenset(item.target_columns)
            yield from (token for token in self._tables if token.path == target)
            yield from (token for token in typed if token.names & set(item.columns))
            others = (*self._columns, *self._types)
            yield from (token for token in others if token.path == target and token.names & names)
            yield from (token for token in (Token(KEY, target, names),) if token in self._tokens)
        elif item.kind != UNIQUE:
            yield from _columns_in(item.definition, (*own, *typed))
            yield from self._named(item.definition, self._things)

    def of_thing(self, thing: Thing) -> Iterator[Token]:
        """What a view, function and so on needs."""
        yield from self._told(thing.needs)
        schema = thing.name.partition("(")[0].rpartition(".")[0]
        yield from (token for token in self._things if token.path == schema and token.path != thing.name)
        others = [token for token in (*self._tables, *self._things) if token.path != thing.name]
        if thing.kind not in ("schema", "extension", "enum"):
            yield from self._named(thing.definition, others)
            text, columns = thing.definition, (*self._columns, *self._types)
            used = [token for token in columns if token.path in thing.needs or _says(text, token.path)]
            yield from _columns_in(text, used)

    def _told(self, needs: Iterable[str]) -> Iterator[Token]:
        names = set(needs)
        yield from (token for token in (*self._tables, *self._things) if token.path in names)

    def _named(self, text: str, tokens: Iterable[Token]) -> Iterator[Token]:
        yield from (token for token in tokens if _says(text, token.path))


def _columns_in(text: str, tokens: Iterable[Token]) -> Iterator[Token]:
    yield from (token for token in tokens if any(_says(text, name) for name in token.names))


def _says(text: str, name: str) -> bool:
    """Whether a text has the last part of a name as a word, whatever stands around it."""
    word = name.partition("(")[0].replace('"', "").rpartition(".")[2]
    return bool(text and word) and re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE) is not None
