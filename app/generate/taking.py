"""Taking some of the differences and leaving the others: the schema that is wanted then.

What is left stays as it is. So what needs it as it would have been is left, too, and so is what would take away
something that is needed by what stays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeAlias, TypeVar

from miger.engine.catalog import PRIMARY_KEY, Catalog, Table, Thing
from miger.generate.compare import compare
from miger.generate.differences import (
    ColumnDifference,
    ConstraintDifference,
    Differences,
    ExtraDifference,
    IndexDifference,
    TableDifference,
    ThingDifference,
)
from miger.generate.needing import Item, Missing, Token, item_tokens, items_of, table_tokens, tokens_of
from miger.generate.telling import keys_of, lines_of

Inner: TypeAlias = ColumnDifference | ConstraintDifference | IndexDifference | ExtraDifference
AnyDifference: TypeAlias = Inner | TableDifference | ThingDifference


class Fallen(NamedTuple):
    """A difference that was to be taken and had to be left: its key (`keys_of`), and why."""

    key: str
    reason: str


class Taking(NamedTuple):
    """What is wanted where only some of the differences are taken, and which of those could not be."""

    goal: Catalog
    fallen: tuple[Fallen, ...] = ()


class Part(NamedTuple):
    """A difference as one line tells it: its key, and the path of the table that it is in (of a thing: its name).

    The difference of a table that is there before and after stands for its comment and options alone.
    """

    key: str
    path: str
    difference: AnyDifference


def take(before: Catalog, goal: Catalog, taken: Collection[str]) -> Taking:
    """`goal` for the differences whose keys are in `taken`, `before` for the others, with all that hangs together.

    Keys that are none of a difference say nothing.
    """
    parts = parts_of(compare(before, goal))
    left = {part.key for part in parts if part.key not in taken}
    fallen: dict[str, str] = {}
    judge = _Judge(before, goal, parts)
    while True:
        mixed = _mixed(before, goal, parts, left)
        more: dict[str, str] = {}
        for key, reason in judge.against(mixed, left):
            more.setdefault(key, reason)
        if not more:
            return Taking(mixed, tuple(Fallen(*pair) for pair in fallen.items()))
        left |= more.keys()
        fallen |= more


def parts_of(found: Differences) -> list[Part]:
    """A part for each line that `lines_of` tells, in the same order."""
    keys = keys_of(lines_of(found))
    return [Part(key, path, difference) for key, (path, difference) in zip(keys, _walked(found), strict=True)]


def _walked(found: Differences) -> Iterator[tuple[str, AnyDifference]]:
    for table in found.tables:
        path = table.table.path
        if table.before is None or table.after is None:
            yield path, table
            continue
        if table.recommented or table.reoptioned:
            yield path, table
        inside: list[Inner] = [*table.columns, *table.constraints, *table.indexes, *table.extras]
        for inner in inside:
            yield path, inner
    for thing in found.things:
        yield thing.thing.name, thing


# The schema in between


def _mixed(before: Catalog, goal: Catalog, parts: Iterable[Part], left: Collection[str]) -> Catalog:
    inside: dict[str, list[Part]] = {}
    of_things: dict[tuple[str, str], str] = {}
    for part in parts:
        if isinstance(part.difference, ThingDifference):
            of_things[part.difference.thing.kind, part.difference.thing.name] = part.key
        else:
            inside.setdefault(part.path, []).append(part)
    paths = dict.fromkeys([*(table.path for table in before.tables), *(table.path for table in goal.tables)])
    found = [_table(before.table(path), goal.table(path), inside.get(path, ()), left) for path in paths]
    tables = [table for table in found if table is not None]
    old = {(thing.kind, thing.name): thing for thing in before.things}
    new = {(thing.kind, thing.name): thing for thing in goal.things}
    chosen = [(old if of_things.get(name) in left else new).get(name) for name in dict.fromkeys([*old, *new])]
    things = [thing for thing in chosen if thing is not None]
    names = {table.path for table in tables} | {thing.name for thing in things}
    return Catalog(tuple(_standing(table, names) for table in tables), tuple(things))


def _standing(table: Table, names: Collection[str]) -> Table:
    return table._replace(needs=tuple(name for name in table.needs if name in names))


def _table(before: Table | None, goal: Table | None, parts: Sequence[Part], left: Collection[str]) -> Table | None:
    if all(part.key not in left for part in parts):
        return goal
    if before is None or goal is None or all(part.key in left for part in parts):
        return before
    frame = goal
    columns, constraints, indexes, extras = {}, {}, {}, {}
    for part in parts:
        keep = part.key in left
        match part.difference:
            case TableDifference():
                frame = before if keep else goal
            case ColumnDifference() as found:
                columns[found] = keep
            case ConstraintDifference() as found:
                constraints[found] = keep
            case IndexDifference() as found:
                indexes[found] = keep
            case ExtraDifference() as found:
                extras[found] = keep
    return goal._replace(
        columns=_chosen(before.columns, ((one.before, one.after, keep) for one, keep in columns.items())),
        constraints=_chosen(before.constraints, ((one.before, one.after, keep) for one, keep in constraints.items())),
        indexes=_chosen(before.indexes, ((one.before, one.after, keep) for one, keep in indexes.items())),
        extras=_chosen(before.extras, ((one.before, one.after, keep) for one, keep in extras.items())),
        comment=frame.comment,
        options=frame.options,
        definition="" if goal.columns else frame.definition,  # of a virtual table of SQLite it is all there is
        rows=before.rows,
        needs=tuple(dict.fromkeys((*before.needs, *goal.needs))),
    )


_Some = TypeVar("_Some")


def _chosen(items: Sequence[_Some], changes: Iterable[tuple[_Some | None, _Some | None, bool]]) -> tuple[_Some, ...]:
    """The items as they are after those changes of them that are not kept away; what comes is last."""
    after: list[_Some | None] = list(items)
    come: list[_Some] = []
    for old, new, keep in changes:
        if keep:
            continue
        if old is not None:
            after[after.index(old)] = new
        elif new is not None:
            come.append(new)
    return tuple(item for item in after if item is not None) + tuple(come)


# What cannot be taken


class _Judge:
    """Says what of a mixed schema lacks something that it needs."""

    def __init__(self, before: Catalog, goal: Catalog, parts: Sequence[Part]) -> None:
        self._before, self._goal = tokens_of(before), tokens_of(goal)
        self._parts = parts
        self._whole = {part.path: part for part in parts if isinstance(part.difference, TableDifference)}
        self._things: dict[tuple[str, str], Part] = {}
        self._items: dict[tuple[str, Item], Part] = {}
        for part in parts:
            found = part.difference
            if isinstance(found, ThingDifference):
                self._things[found.thing.kind, found.thing.name] = part
            elif not isinstance(found, TableDifference):
                for item in (found.before, found.after):
                    if item is not None:
                        self._items[part.path, item] = part

    def against(self, mixed: Catalog, left: Collection[str]) -> Iterator[tuple[str, str]]:
        """The keys of differences that cannot be taken while those in `left` are left, each with the reason."""
        there = tokens_of(mixed)
        taken = Missing(self._goal - there)
        kept = Missing(self._before - there)
        unchanged = Missing((self._goal & self._before) - there)
        for table in mixed.tables:
            yield from self._second_keys(table, left)
        for name, part, needs in self._elements(mixed, left, taken, kept, unchanged):
            for token in needs:
                if part is not None and part.key not in left:
                    yield part.key, f"it needs {token}"
                    continue
                for culprit in self._parts:
                    if culprit.key not in left and token in _given(culprit):
                        yield culprit.key, f"{name} needs {token}"

    def _elements(
        self, mixed: Catalog, left: Collection[str], taken: Missing, kept: Missing, unchanged: Missing
    ) -> Iterator[tuple[str, Part | None, Iterator[Token]]]:
        """Each thing there is, for people; the difference that it comes of; and what it lacks."""

        def lacking(part: Part | None) -> Missing:
            return unchanged if part is None else kept if part.key in left else taken

        for table in mixed.tables:
            whole = self._whole.get(table.path)
            yield f"table {table.path}", whole, lacking(whole).of_table(table)
            new = whole is not None and _comes_or_goes(whole)
            for item in items_of(table):
                part = whole if new else self._items.get((table.path, item))
                yield _called(table, item), part, lacking(part).of_item(table, item)
        for thing in mixed.things:
            part = self._things.get((thing.kind, thing.name))
            yield _said(thing), part, lacking(part).of_thing(thing)

    def _second_keys(self, table: Table, left: Collection[str]) -> Iterator[tuple[str, str]]:
        keys = [found for found in table.constraints if found.kind == PRIMARY_KEY]
        for found in keys if len(keys) > 1 else ():
            part = self._items.get((table.path, found))
            if part is not None and part.key not in left:
                yield part.key, "the other primary key stays"


def _comes_or_goes(part: Part) -> bool:
    found = part.difference
    return isinstance(found, TableDifference) and (found.before is None or found.after is None)


def _given(part: Part) -> frozenset[Token]:
    """What there is before the difference that it may take away."""
    found = part.difference
    if isinstance(found, ThingDifference):
        return frozenset([Token("thing", found.thing.name)] if found.before is not None else [])
    if isinstance(found, TableDifference):
        gone = found.before if found.after is None else None
        return frozenset(table_tokens(gone) if gone is not None else [])
    return frozenset(item_tokens(part.path, found.before) if found.before is not None else [])


def _called(table: Table, item: Item) -> str:
    kind = type(item).__name__.lower()
    name = getattr(item, "name", "")
    kind = getattr(item, "kind", kind)
    return f"{kind} {name} of {table.path}" if name else f"{kind} of {table.path}"


def _said(thing: Thing) -> str:
    return f"{thing.kind} {thing.name}"
