"""All objects of a PostgreSQL database as a `Catalog`, in as many queries however many there are."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, cast

from miger.backends import postgresql_objects_sql as asked
from miger.backends.postgresql_settled import settled
from miger.engine.catalog import Catalog, Column, Constraint, Extra, Index, Table, Thing

Query = Callable[[str], list[tuple[Any, ...]]]
_Key = tuple[int, int]  # a catalog of the server, and a number in it


class _Names(NamedTuple):
    """What is called how, and what each needs, by the numbers of the server."""

    names: dict[_Key, str]
    needs: dict[_Key, list[_Key]]
    relations: int
    types: int
    functions: int

    def needed(self, key: _Key) -> tuple[str, ...]:
        """The names of what it needs; nothing of what has none here, as what an extension made."""
        found = {self.names[need] for need in self.needs.get(key, ()) if need in self.names}
        return tuple(sorted(found - {self.names.get(key, "")}))


def read_catalog(query: Query, home: str, ours: Sequence[str]) -> Catalog:
    """Everything but our tables, `ours` in the schema `home`.

    To be called inside a transaction, which the settings for reading end with. Names of things are written as in
    SQL, with quotes where they need them; those of tables as they are.
    """
    query(asked.SETTINGS)
    [(current,)] = query("SELECT current_schema()::text")
    hidden = None if home == current else home
    tables = [row for row in query(asked.TABLES) if not (row[2] == hidden and row[1] in ours)]
    parts = _Parts(query)
    names = _read_names(query, tables, parts)
    made = tuple(_table(row, parts, names) for row in tables)
    return Catalog(made, tuple(_things(query, parts, names)))


class _Parts:
    """What tables consist of by their numbers, and what else is read before names are known."""

    def __init__(self, query: Query) -> None:
        self.columns: dict[int, list[Column]] = defaultdict(list)
        # There are many columns, and `_make` takes as long as the server's answer.
        made = cast("Callable[[tuple[Any, ...]], Column]", functools.partial(tuple.__new__, Column))
        for row in query(asked.COLUMNS):
            column = made(row[1:])
            if column.generated:
                column = column._replace(generated=settled(column.generated), definition=settled(column.definition))
            self.columns[row[0]].append(column)
        self.constraints: dict[int, list[Constraint]] = defaultdict(list)
        for table, kind, name, definition, columns, target, targets, named in query(asked.CONSTRAINTS):
            found = Constraint(kind, name, settled(definition), tuple(columns), target, tuple(targets), named)
            self.constraints[table].append(found)
        self.indexes: dict[int, list[Index]] = defaultdict(list)
        self.on_views: list[tuple[Any, ...]] = []
        for row in query(asked.INDEXES):
            if row[1]:
                self.on_views.append(row)
                continue
            self.indexes[row[0]].append(Index(row[3], settled(row[4]), tuple(row[5]), row[6], row[7], row[8]))
        self.extras: dict[int, list[tuple[Any, ...]]] = defaultdict(list)
        for row in query(asked.EXTRAS):
            self.extras[row[0]].append(row)
        self.views = query(asked.VIEWS)
        self.functions = query(asked.FUNCTIONS)
        self.types = query(asked.TYPES)
        self.sequences = query(asked.SEQUENCES)
        serial = {
            (table, column.name)
            for table, columns in self.columns.items()
            for column in columns
            if column.identity == "serial"
        }
        self.counters = {row[0] for row in self.sequences if (row[4], row[5]) in serial}


def _read_names(query: Query, tables: Iterable[tuple[Any, ...]], parts: _Parts) -> _Names:
    [(relations, types, functions)] = query(asked.CLASSES)
    names: dict[_Key, str] = {}
    for oid, name, schema, *_ in tables:
        names[relations, oid] = name if schema is None else f"{schema}.{name}"
    names |= {(relations, row[0]): row[2] for row in parts.views}
    names |= {(relations, row[0]): row[1] for row in parts.sequences if row[0] not in parts.counters}
    names |= {(functions, row[0]): row[2] for row in parts.functions}
    for relation, *of_rows in query(asked.ROW_TYPES):
        if (relations, relation) in names:
            names |= {(types, oid): names[relations, relation] for oid in of_rows}
    for oid, array, row, _, name, *_ in parts.types:
        names |= {(types, oid): name, (types, array): name}
        names |= {(relations, row): name} if row else {}
    needs: dict[_Key, list[_Key]] = defaultdict(list)
    for catalog, number, other, needed in query(asked.NEEDS):
        needs[catalog, number].append((other, needed))
    return _Names(names, needs, relations, types, functions)


def _table(row: tuple[Any, ...], parts: _Parts, names: _Names) -> Table:
    oid, name, schema, comment, options, rows = row
    return Table(
        name,
        tuple(parts.columns.get(oid, ())),
        tuple(parts.constraints.get(oid, ())),
        tuple(parts.indexes.get(oid, ())),
        tuple(
            Extra(kind, bare, settled(definition), names.needed((catalog, number)))
            for _, _, _, kind, catalog, number, _, bare, definition in parts.extras.get(oid, ())
        ),
        schema,
        comment,
        options,
        rows=rows if rows >= 0 else None,
        needs=names.needed((names.relations, oid)),
    )


def _things(query: Query, parts: _Parts, names: _Names) -> Iterator[Thing]:
    for name, comment in query(asked.SCHEMAS):
        yield Thing("schema", name, f"CREATE SCHEMA {name}", comment=comment)
    for name, definition, needs in query(asked.EXTENSIONS):
        yield Thing("extension", name, definition, needs=tuple(needs))
    for oid, _, row, kind, name, definition, comment, labels in parts.types:
        needs = {*names.needed((names.types, oid)), *(names.needed((names.relations, row)) if row else ())} - {name}
        yield Thing(kind, name, settled(definition), tuple(labels), tuple(sorted(needs)), comment)
    for oid, name, definition, comment, owner, _ in parts.sequences:
        if oid not in parts.counters:
            path = names.names.get((names.relations, owner or 0))
            yield Thing("sequence", name, definition, needs=(path,) if path else (), comment=comment)
    for oid, kind, name, definition, comment in parts.functions:
        yield Thing(kind, name, definition, needs=names.needed((names.functions, oid)), comment=comment)
    for oid, kind, name, definition, comment, columns in parts.views:
        needed = names.needed((names.relations, oid))
        yield Thing(kind, name, settled(definition), needs=needed, comment=comment, columns=tuple(columns))
        for _, _, on, what, catalog, number, quoted, _, text in parts.extras.get(oid, ()):
            needs = {on, *names.needed((catalog, number))}
            yield Thing(what, f"{quoted} ON {on}", settled(text), needs=tuple(sorted(needs)))
    for on, _, index, _, definition, _, _, _, comment, path in parts.on_views:
        needed = tuple(sorted({names.names.get((names.relations, on), ""), *names.needed((names.relations, index))}))
        yield Thing("index", path, settled(definition), needs=needed, comment=comment)
