"""What a source of the wanted schema speaks of, and what of a database is none of its business.

SQLAlchemy can declare tables, and what they are made of; it says nothing of views, functions, triggers and the
like. That they are not in a model does not mean that they shall go. What a source makes all the same (a listener
of its metadata that creates a view) it does speak of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fnmatch import fnmatchcase
from typing import NamedTuple, Protocol, TypeVar

from miger.engine.catalog import Catalog, Table


class Scope(NamedTuple):
    """`whole`: it speaks of everything. Else of tables, and of enums that tables use; of more only where it made it.

    A whole one wants what it does not name to be gone.
    """

    whole: bool


EVERYTHING = Scope(whole=True)
TABLES = Scope(whole=False)


def within_scope(live: Catalog, wanted: Catalog, scope: Scope) -> Catalog:
    """What of the live catalog a source with that scope, which has made `wanted`, speaks of."""
    if scope.whole:
        return live
    tables = {table.path: table for table in wanted.tables}
    spoken = tuple(
        _spoken_of(table, tables.get(table.path))
        for table in live.tables
        if table.path in tables or not _is_partition(table)
    )
    made = {(thing.kind, thing.name) for thing in wanted.things}
    used = {name for table in live.tables for name in table.needs}
    things = tuple(
        thing
        for thing in live.things
        if (thing.kind, thing.name) in made or (thing.kind == "enum" and thing.name in used)
    )
    return Catalog(spoken, things)


def with_the_rest(wanted: Catalog, live: Catalog, scope: Scope) -> Catalog:
    """What is wanted, with that of the live catalog which the source does not speak of, as far as it can stay.

    What needs a table or thing that shall go goes, too. For writers, which have to know what depends on what they
    change.
    """
    spoken = within_scope(live, wanted, scope)
    before, said = {table.path: table for table in live.tables}, {table.path: table for table in spoken.tables}
    tables = [_with_extras(table, before.get(table.path), said.get(table.path)) for table in wanted.tables]
    partitions = [table for table in live.tables if table.path not in said]
    known = {(thing.kind, thing.name) for thing in spoken.things}
    things = [thing for thing in live.things if (thing.kind, thing.name) not in known]
    gone = said.keys() | {thing.name for thing in spoken.things}
    gone -= {table.path for table in tables} | {thing.name for thing in wanted.things}
    return Catalog(
        tuple(tables) + tuple(_standing(partitions, gone, lambda table: table.path)),
        wanted.things + tuple(_standing(things, gone, lambda thing: thing.name)),
    )


def without_ignored(catalog: Catalog, patterns: Iterable[str], home: str = "public") -> Catalog:
    """The catalog without what one of the patterns (`table audit_*`) fits, by kind and name.

    `home` is the schema that names without one mean: patterns for drift name it on PostgreSQL.
    """
    patterns = tuple(patterns)
    if not patterns:
        return catalog

    def ignored(kind: str, name: str) -> bool:
        names = (f"{kind} {name}", f"{kind} {home}.{name}")
        return any(fnmatchcase(one, pattern) for one in names for pattern in patterns)

    def stripped(table: Table) -> Table:
        return table._replace(
            indexes=tuple(index for index in table.indexes if not ignored("index", index.name)),
            extras=tuple(extra for extra in table.extras if not ignored(extra.kind, extra.name)),
        )

    return Catalog(
        tuple(stripped(table) for table in catalog.tables if not ignored("table", table.path)),
        tuple(thing for thing in catalog.things if not ignored(thing.kind, thing.name)),
    )


def _spoken_of(table: Table, wanted: Table | None) -> Table:
    """The table with those of its triggers, rules and policies that the source has made, too."""
    made = {(extra.kind, extra.name) for extra in wanted.extras} if wanted is not None else set()
    return table._replace(extras=tuple(extra for extra in table.extras if (extra.kind, extra.name) in made))


def _with_extras(wanted: Table, live: Table | None, spoken: Table | None) -> Table:
    if live is None or spoken is None:
        return wanted
    return wanted._replace(extras=wanted.extras + tuple(extra for extra in live.extras if extra not in spoken.extras))


class _Needing(Protocol):
    @property
    def needs(self) -> tuple[str, ...]: ...


_Item = TypeVar("_Item", bound=_Needing)


def _standing(items: Iterable[_Item], gone: set[str], name: Callable[[_Item], str]) -> Iterator[_Item]:
    """Those that need nothing that is gone, nor what needs such; the others are gone then, too."""
    left = list(items)
    while fallen := [item for item in left if gone.intersection(item.needs)]:
        gone |= {name(item) for item in fallen}
        left = [item for item in left if item not in fallen]
    yield from left


def _is_partition(table: Table) -> bool:
    """Whether it holds a part of another table's rows: such come and go without a model's knowing."""
    return "PARTITION OF " in table.options
