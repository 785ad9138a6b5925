"""What on PostgreSQL cannot stay while something changes: it is dropped before, and made again after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from miger.engine.catalog import CHECK, EXCLUDE, FOREIGN_KEY, Catalog, Constraint, Extra, Index, Table, Thing
from miger.forms.sqlite_limits import mentions
from miger.generate.differences import Differences, TableDifference, ThingDifference
from miger.generate.writing.postgresql.columns import BY_TEXT, REPLACE, Change, change_of
from miger.generate.writing.postgresql.order import bare
from miger.generate.writing.postgresql.things import FUNCTIONS, MADE_LATE, TYPES, altered, columns_of, replaceable


class Key(NamedTuple):
    """A constraint that goes, with the one that it becomes, None where none, and whether that says the same."""

    table: Table
    before: Constraint
    after: Constraint | None
    again: bool


class Depending(NamedTuple):
    """What changes, and what goes for it: by the paths of tables that are there before and after."""

    changes: Mapping[str, list[Change]]
    down: Mapping[str, Thing]
    extras: list[tuple[Table, Extra]]
    keys: list[Key]
    indexes: list[tuple[Table, Index]]
    anew: list[tuple[Thing, Thing]]


def depending(found: Differences, before: Catalog, after: Catalog) -> Depending:
    """All that goes, and what becomes of the columns."""
    old, new = ({table.path: table for table in catalog.tables} for catalog in (before, after))
    anew = list(_types_anew(found))
    changes = _changes(found, old, new, after, anew)
    gone = {table.path for table in before.tables if table.path not in new}
    down = _down(found, before, changes, gone | {thing.name for thing, _ in anew})
    names = down.keys() | {thing.name for thing, _ in anew}
    staying = [(table, new[table.path]) for table in before.tables if table.path in new]
    differences = {found.table.path: found for found in found.tables}
    extras = [
        (table, extra)
        for table, _ in staying
        for extra in table.extras
        if _extra_goes(table, extra, differences.get(table.path), changes, names)
    ]
    indexes = [
        (table, index)
        for table, _ in staying
        for index in table.indexes
        if _index_goes(index, table, differences.get(table.path), changes.get(table.path, []), names)
    ]
    keys = _keys(staying, differences, changes, names, gone, indexes)
    return Depending(changes, down, extras, keys, indexes, anew)


# Types and columns


def _types_anew(found: Differences) -> Iterator[tuple[Thing, Thing]]:
    """Types that differ in what cannot be altered, also where one of another kind takes over the name."""
    gone = {thing.before.name: thing.before for thing in found.things if thing.before and thing.before.kind in TYPES}
    for difference in found.things:
        new = difference.after
        old = gone.get(new.name) if new is not None and new.kind in TYPES else None
        if new is not None and old is not None and altered(old, new) is None:
            yield old, new


def _changes(
    found: Differences,
    old: Mapping[str, Table],
    new: Mapping[str, Table],
    after: Catalog,
    anew: list[tuple[Thing, Thing]],
) -> dict[str, list[Change]]:
    labels = {thing.name: thing.labels for thing in after.things if thing.labels}
    changes: dict[str, list[Change]] = {}
    for difference in found.changed:
        made = [
            change_of(column.before, column.after, labels.get(column.after.type if column.after else "", ()))
            for column in difference.columns
        ]
        changes[difference.table.path] = made
    for type_, _ in anew:
        for path, table in old.items():
            listed = changes.setdefault(path, [])
            for column in columns_of(type_, table):
                later = new[path].column(column.name) if path in new else None
                if later is not None and later.type == column.type:
                    listed[:] = [change for change in listed if change.name != column.name]
                    listed.append(Change(BY_TEXT, column, later))
    for path, listed in changes.items():
        if path in new:
            listed += _computed(old[path], new[path], listed)
    return {path: listed for path, listed in changes.items() if listed}


def _computed(old: Table, new: Table, changes: list[Change]) -> Iterator[Change]:
    """Columns computed from others that change."""
    disturbed = [change.name for change in changes if change.disturbs]
    known = {change.name for change in changes}
    for column in old.columns:
        later = new.column(column.name)
        computed = any(mentions(column.generated, name) for name in disturbed) if column.generated else False
        if computed and later is not None and column.name not in known:
            yield Change(REPLACE, column, later)


# Views, functions and what else is no table


def _down(found: Differences, before: Catalog, changes: Mapping[str, list[Change]], gone: set[str]) -> dict[str, Thing]:
    """Those that go first, by name: what cannot be altered, and what needs such, or a column that is disturbed."""
    disturbed = {path: [change.name for change in listed if change.disturbs] for path, listed in changes.items()}
    down: dict[str, Thing] = {}
    for difference in found.things:
        old = difference.before
        if old is None or old.kind not in MADE_LATE or _stays(difference):
            continue
        if difference.after is not None or old.kind not in FUNCTIONS:
            down[old.name] = old
    while True:
        names = gone | down.keys()
        more = [
            thing
            for thing in before.things
            if thing.kind in MADE_LATE
            and thing.name not in down
            and (not names.isdisjoint(thing.needs) or any(_uses(thing, path, disturbed) for path in thing.needs))
        ]
        if not more:
            return down
        down |= {thing.name: thing for thing in more}


def _stays(difference: ThingDifference) -> bool:
    return (
        difference.before is not None
        and difference.after is not None
        and replaceable(difference.before, difference.after)
    )


def _uses(thing: Thing | Extra, path: str, disturbed: Mapping[str, list[str]]) -> bool:
    return any(mentions(thing.definition, name) for name in disturbed.get(path, ()))


# What belongs to tables


def _extra_goes(
    table: Table,
    extra: Extra,
    difference: TableDifference | None,
    changes: Mapping[str, list[Change]],
    names: Iterable[str],
) -> bool:
    if difference is not None and any(other.before == extra for other in difference.extras):
        return True
    disturbed = {path: [change.name for change in listed if change.disturbs] for path, listed in changes.items()}
    return bool(set(names) & set(extra.needs)) or any(
        _uses(extra, path, disturbed) for path in {table.path, *extra.needs}
    )


def _index_goes(
    index: Index, table: Table, difference: TableDifference | None, changes: list[Change], names: Iterable[str]
) -> bool:
    for other in difference.indexes if difference is not None else ():
        if other.before == index and not (other.after is not None and _renamed(index, other.after, table)):
            return True
    return any(
        change.name in index.columns and (change.new or (change.disturbs and not index.plain)) for change in changes
    ) or any(mentions(index.definition.partition(" (")[2], bare(name)) for name in names)


def _renamed(before: Index, after: Index, table: Table) -> bool:
    """Whether nothing but the name or the comment is another, and no other index of the table has that name yet."""
    if before.name != after.name and any(index.name == after.name for index in table.indexes):
        return False
    return before.definition.partition(" ON ")[2] == after.definition.partition(" ON ")[2] and (
        before.unique == after.unique
    )


def _keys(
    staying: list[tuple[Table, Table]],
    differences: Mapping[str, TableDifference],
    changes: Mapping[str, list[Change]],
    names: Iterable[str],
    gone: set[str],
    indexes: list[tuple[Table, Index]],
) -> list[Key]:
    keys: list[Key] = []
    for old, new in staying:
        listed = changes.get(old.path, [])
        for found in old.constraints:
            key = _key(old, new, found, differences.get(old.path))
            if key is not None and (not key.again or _key_goes(found, listed, names)):
                keys.append(key)
    lost = {(key.table.path, frozenset(key.before.columns)) for key in keys}
    lost |= {(table.path, frozenset(index.columns)) for table, index in indexes if index.unique}
    for old, new in staying:
        for found in old.constraints:
            points = (found.target, frozenset(found.target_columns)) in lost or found.target in gone
            if found.kind == FOREIGN_KEY and points and not any(key.before is found for key in keys):
                key = _key(old, new, found, differences.get(old.path))
                keys += [key] if key is not None else []
    return keys


def _key(old: Table, new: Table, found: Constraint, difference: TableDifference | None) -> Key | None:
    """What becomes of a constraint; None where it only gets another name, or is looked at anew."""
    for other in difference.constraints if difference is not None else ():
        if other.before == found:
            after = other.after
            if after is not None and after.definition == found.definition and after.kind == found.kind:
                return Key(old, found, after, again=True)
            if after is not None and f"{after.definition} NOT VALID" == found.definition:
                return Key(old, found, after, again=True)
            return Key(old, found, after, again=False)
    same = [item for item in new.constraints if (item.kind, item.definition) == (found.kind, found.definition)]
    named = [item for item in same if item.name == found.name]
    return Key(old, found, (named or same or [found])[0], again=True)


def _key_goes(found: Constraint, changes: list[Change], names: Iterable[str]) -> bool:
    worded = found.kind in (CHECK, EXCLUDE)
    for change in changes:
        concerned = change.name in found.columns or (worded and mentions(found.definition, change.name))
        if concerned and (change.new or (change.how == BY_TEXT and worded)):
            return True
    return worded and any(mentions(found.definition, bare(name)) for name in names)
