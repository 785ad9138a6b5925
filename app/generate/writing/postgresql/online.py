"""Two migrations for PostgreSQL, beside an application that works.

The first makes what the old and the new version can both live with; between them the database is `middle`. The
second makes the rest.
"""

from __future__ import annotations

from collections.abc import Iterator

from miger.engine.catalog import CHECK, FOREIGN_KEY, UNIQUE, Catalog, Column, Constraint, Table, Thing
from miger.forms.steps import Step
from miger.generate.compare import compare
from miger.generate.differences import Differences, TableDifference
from miger.generate.writing.postgresql.columns import ADD, ALTER, DROP, MOVE, RETYPE, Change, Columns, change_of
from miger.generate.writing.postgresql.labels import step_text, uses_new_labels
from miger.generate.writing.postgresql.things import MADE_LATE, added_labels
from miger.generate.writing.postgresql.words import is_plain, value_for
from miger.generate.writing.postgresql.write import Writer
from miger.generate.writing.written import Choices, Written


def write_online(found: Differences, before: Catalog, after: Catalog, choices: Choices) -> Written:
    """As `miger.generate.writing.postgresql.write.write`."""
    middle = between(found, before, after)
    choices = choices._replace(fills={**dict(_values(found, after)), **choices.fills})
    first, second = compare(before, middle), compare(middle, after)
    expand = _Expand(first, before, middle, choices, second, after)
    steps = (*expand.steps(), *expand.beside())
    contract = tuple(_Contract(second, middle, after, choices).steps())
    long = any(word in step_text(step) for step in steps for word in (" CONCURRENTLY ", " VALIDATE CONSTRAINT "))
    return Written(
        steps, contract, not long and not uses_new_labels(first, steps), not uses_new_labels(second, contract)
    )


def _values(found: Differences, after: Catalog) -> Iterator[tuple[tuple[str, str], str]]:
    """What comes into new columns that shall not be empty."""
    for difference in found.changed:
        for change in difference.columns:
            column = change.after
            if column is not None and change.before is None and _loosened(column) != column:
                value = value_for(column, after.things)
                if value is not None:
                    yield (difference.table.path, column.name), value


class _Expand(Writer):
    """The first migration, which also fills the columns beside those that are converted."""

    def __init__(
        self,
        found: Differences,
        before: Catalog,
        middle: Catalog,
        choices: Choices,
        second: Differences,
        after: Catalog,
    ) -> None:
        super().__init__(found, before, middle, choices, online=True)
        self._second, self._end = second, after

    def beside(self) -> Iterator[Step]:
        """The new columns, beside the old ones."""
        for difference in self._second.changed:
            assert difference.before is not None
            columns = Columns(difference.before, difference.table, self._end, self._choices)
            for change in changes_of(difference, self._end):
                if change.how == MOVE and change.before and change.after:
                    yield from columns.beside(change.before, change.after)


class _Contract(Writer):
    """The second migration: the columns beside are there, and filled."""

    def change_columns(self, columns: Columns, changes: list[Change]) -> Iterator[Step]:
        yield from columns.write([change for change in changes if change.how in (ADD, ALTER, RETYPE)])
        for change in changes:
            if change.how == MOVE and change.before and change.after:
                yield columns.again(change.before, change.after)
                yield from columns.swap(change.before, change.after)
        yield from columns.write([change for change in changes if change.how not in (ADD, ALTER, RETYPE, MOVE)])


def changes_of(difference: TableDifference, after: Catalog) -> list[Change]:
    """What has to be done to the columns of a table."""
    labels = {thing.name: thing.labels for thing in after.things if thing.labels}
    return [
        change_of(found.before, found.after, labels.get(found.after.type, ()) if found.after else ())
        for found in difference.columns
    ]


# The state between


def between(found: Differences, before: Catalog, after: Catalog) -> Catalog:
    """What is there when the first of two migrations is done and the second is not."""
    names = {table.path for table in before.tables} | {thing.name for thing in before.things}
    late = {
        (difference.table.path, change.name)
        for difference in found.changed
        for change in changes_of(difference, after)
        if change.how not in (ADD, ALTER, RETYPE)
    }
    differences = {difference.table.path: difference for difference in found.changed}
    used = set(_used(before))
    tables = [
        _merged(differences[table.path], after, late, used) if table.path in differences else table
        for table in before.tables
    ]
    new = [difference.after for difference in found.tables if difference.before is None and difference.after]
    tables += [_pointing(table, late, used) for table in new if table.path not in names]
    return Catalog(tuple(tables), tuple(_things(found, before, names, {path for path, _ in late})))


def _used(catalog: Catalog) -> Iterator[tuple[str | None, str]]:
    """The names of indexes, which are those of a schema, not of a table."""
    for table in catalog.tables:
        yield from ((table.schema, index.name) for index in table.indexes)
        yield from ((table.schema, found.name) for found in table.constraints)


def _merged(
    difference: TableDifference, after: Catalog, late: set[tuple[str, str]], used: set[tuple[str | None, str]]
) -> Table:
    """A table with what comes and what goes."""
    old, new = difference.before, difference.after
    assert old is not None
    assert new is not None
    changes = {change.name: change for change in changes_of(difference, after)}
    keys = old.primary_key
    columns = [_between(column, changes.get(column.name), kept=column.name in keys) for column in old.columns]
    columns += [_loosened(change.after) for change in changes.values() if change.how == ADD and change.after]
    constraints = [
        change.after
        for change in difference.constraints
        if change.after is not None and change.before is None and _early(change.after, new.path, late)
    ]
    indexes = [
        change.after
        for change in difference.indexes
        if change.after is not None
        and change.before is None
        and (new.schema, change.after.name) not in used
        and all((new.path, column) not in late for column in change.after.columns)
    ]
    return old._replace(
        columns=tuple(columns),
        constraints=(*old.constraints, *constraints),
        indexes=(*old.indexes, *indexes),
        comment=new.comment,
        needs=tuple({*old.needs, *new.needs}),
    )


def _early(found: Constraint, path: str, late: set[tuple[str, str]]) -> bool:
    """Whether the old version can live with a constraint, and its columns are what they shall be."""
    inside = any((path, column) in late for column in found.columns)
    points = any((found.target, column) in late for column in found.target_columns)
    return found.kind in (UNIQUE, CHECK, FOREIGN_KEY) and not inside and not points


def _pointing(table: Table, late: set[tuple[str, str]], used: set[tuple[str | None, str]]) -> Table:
    """A new table without foreign keys to columns that become what they shall be later, and names not yet free."""
    kept = [found for found in table.constraints if not any((found.target, c) in late for c in found.target_columns)]
    indexes = tuple(index for index in table.indexes if (table.schema, index.name) not in used)
    return table._replace(constraints=tuple(kept), indexes=indexes)


def _between(column: Column, change: Change | None, *, kept: bool) -> Column:
    """A column of which both versions can write and read what they are used to. `kept`: it is of the primary key."""
    after = change.after if change is not None else None
    if change is None or change.how not in (ALTER, RETYPE, DROP):
        return column
    if after is None:
        return column if kept else _loosened(column)
    if not (is_plain(column._replace(collation="")) and is_plain(after._replace(collation=""))):
        return column
    default = after.default if after.default is not None else column.default
    return _worded(after._replace(nullable=(after.nullable or column.nullable) and not kept, default=default))


def _loosened(column: Column) -> Column:
    """The column, empty where nobody has said what is in it."""
    if column.nullable or column.default is not None or column.identity or column.generated:
        return column
    return _worded(column._replace(nullable=True))


def _worded(column: Column) -> Column:
    collate = f" COLLATE {column.collation}" if column.collation else ""
    default = f" DEFAULT {column.default}" if column.default is not None else ""
    strict = "" if column.nullable else " NOT NULL"
    return column._replace(definition=f"{column.type}{collate}{default}{strict}")


def _things(found: Differences, before: Catalog, names: set[str], late: set[str]) -> Iterator[Thing]:
    """The things there were, enums with the labels that came, and new ones that need nothing of later."""
    more_labels: dict[str, Thing] = {}
    waiting: set[str] = set()
    for difference in found.things:
        old, new = difference.before, difference.after
        if old is not None and new is not None:
            if old.kind == new.kind == "enum" and added_labels(old, new) is not None:
                more_labels[new.name] = new
            else:
                waiting.add(new.name)
    yield from (more_labels.get(thing.name, thing) if thing.kind == "enum" else thing for thing in before.things)
    coming = [difference.after for difference in found.things if difference.before is None and difference.after]
    for thing in coming:
        if thing.name in names or (thing.kind in MADE_LATE and not late.isdisjoint(thing.needs)):
            waiting.add(thing.name)
    while more := {thing.name for thing in coming if thing.name not in waiting and not waiting.isdisjoint(thing.needs)}:
        waiting |= more
    yield from (thing for thing in coming if thing.name not in waiting)
