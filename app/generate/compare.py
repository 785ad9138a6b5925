"""What differs between two catalogs of the same server, whose words mean the same in both."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple, Protocol, TypeVar

from miger.engine.catalog import Catalog, Column, Constraint, Extra, Index, Table, Thing
from miger.generate.differences import (
    ColumnDifference,
    ConstraintDifference,
    Differences,
    ExtraDifference,
    IndexDifference,
    TableDifference,
    ThingDifference,
)


def compare(before: Catalog, after: Catalog) -> Differences:
    """All that differs. The order of columns, and names that the database has made up, are no difference."""
    tables = _paired(before.tables, after.tables, lambda table: table.path)
    things = _paired(before.things, after.things, lambda thing: (thing.kind, thing.name))
    return Differences(
        tuple(found for pair in tables if (found := _table(*pair)) is not None),
        tuple(ThingDifference(old, new) for old, new in things if _differs(old, new)),
    )


_Item = TypeVar("_Item")


def _paired(
    before: Iterable[_Item], after: Iterable[_Item], key: Callable[[_Item], Hashable]
) -> list[tuple[_Item | None, _Item | None]]:
    """Each of `before` with that of `after` of the same key, then what only `after` has."""
    later = {key(item): item for item in after}
    pairs: list[tuple[_Item | None, _Item | None]] = [(item, later.pop(key(item), None)) for item in before]
    return pairs + [(None, item) for item in later.values()]


def _table(before: Table | None, after: Table | None) -> TableDifference | None:
    if before is None or after is None:
        return TableDifference(before, after)
    found = TableDifference(
        before,
        after,
        tuple(_columns(before.columns, after.columns)),
        tuple(_constraints(before.constraints, after.constraints)),
        tuple(_indexes(before.indexes, after.indexes)),
        tuple(_extras(before.extras, after.extras)),
    )
    inside = found.columns or found.constraints or found.indexes or found.extras
    return found if inside or found.recommented or found.reoptioned else None


def _columns(before: Iterable[Column], after: Iterable[Column]) -> Iterator[ColumnDifference]:
    for old, new in _paired(before, after, lambda column: column.name):
        if old is None or new is None or (old.definition, old.comment) != (new.definition, new.comment):
            yield ColumnDifference(old, new)


class _Named(Protocol):
    @property
    def name(self) -> str: ...


_Thing = TypeVar("_Thing", bound=_Named)


class _Leftover(NamedTuple):
    """What of two sequences has found no partner."""

    before: list[int]
    after: list[int]


def _constraints(before: tuple[Constraint, ...], after: tuple[Constraint, ...]) -> Iterator[ConstraintDifference]:
    """By content first: a name says nothing where it was made up, and something else with the same content."""

    def content(found: Constraint) -> Hashable:
        return (found.kind, found.definition)

    for old, new in _by_content(before, after, content):
        if old is None or new is None or content(old) != content(new):
            yield ConstraintDifference(old, new)
        elif old.name != new.name:
            wanted = any(other.name == old.name for other in after)  # by another one
            if wanted or (old.named and new.named):
                yield ConstraintDifference(old, new)


def _indexes(before: tuple[Index, ...], after: tuple[Index, ...]) -> Iterator[IndexDifference]:
    for old, new in _by_content(before, after, _index_content):
        if old is None or new is None or old != new:
            yield IndexDifference(old, new)


def _index_content(index: Index) -> Hashable:
    """What the index is, without its name: `… INDEX name ON …`."""
    head, on, rest = index.definition.partition(" ON ")
    return (head.replace(index.name, "", 1) if on else head, rest)


def _extras(before: tuple[Extra, ...], after: tuple[Extra, ...]) -> Iterator[ExtraDifference]:
    for old, new in _paired(before, after, lambda extra: (extra.kind, extra.name)):
        if _differs(old, new):
            yield ExtraDifference(old, new)


def _differs(old: Thing | Extra | None, new: Thing | Extra | None) -> bool:
    """Whether they are not the same, however that was written."""
    return old is None or new is None or old._replace(text="") != new._replace(text="")


def _by_content(
    before: tuple[_Thing, ...], after: tuple[_Thing, ...], content: Callable[[_Thing], Hashable]
) -> list[tuple[_Thing | None, _Thing | None]]:
    """Pairs of the same content and name, then of the same content, then of the same name; the rest alone."""
    left = _Leftover(list(range(len(before))), list(range(len(after))))
    pairs: list[tuple[int, int]] = []
    keys: tuple[Callable[[_Thing], Hashable], ...] = (
        lambda item: (content(item), item.name),
        content,
        lambda item: item.name or object(),
    )
    for key in keys:
        waiting: dict[Hashable, list[int]] = {}
        for place in left.after:
            waiting.setdefault(key(after[place]), []).append(place)
        for place in tuple(left.before):
            found = waiting.get(key(before[place]))
            if found:
                partner = found.pop(0)
                pairs.append((place, partner))
                left.before.remove(place)
                left.after.remove(partner)
    partners = dict(pairs)
    both: list[tuple[_Thing | None, _Thing | None]] = []
    for place, item in enumerate(before):
        both.append((item, after[partners[place]] if place in partners else None))
    return both + [(None, after[place]) for place in left.after]
