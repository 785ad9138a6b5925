"""The steps from one catalog of SQLite to another."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from alembic.operations import ops

from miger.backends.sqlite_tokens import folded
from miger.engine.catalog import FOREIGN_KEY, Catalog, Index, Table
from miger.forms.steps import Remark, Step
from miger.generate.compare import compare
from miger.generate.differences import Differences, TableDifference
from miger.generate.writing.sqlite.native import NotNative, dropped_columns, native
from miger.generate.writing.sqlite.rebuild import names_in, rebuild
from miger.generate.writing.sqlite.text import Place, create_index, create_table
from miger.generate.writing.sqlite.users import Touch, User, affected, changed_keys, dropped, made, users_in
from miger.generate.writing.written import Choices, Written

LOST = "This brings the table back, but not the rows that were in it."


def write(found: Differences, before: Catalog, after: Catalog, choices: Choices) -> Written:
    """See `Written`. It can be one transaction: foreign keys are off in one that drops a table."""
    if choices.online:
        from miger.generate.writing.sqlite.online import between, filled  # deferred: seldom asked for

        choices, remarks = filled(before, after, choices)
        middle = between(before, after)
        expand = _steps(compare(before, middle), before, middle, choices)
        return Written((*remarks, *expand) if expand else (), _steps(compare(middle, after), middle, after, choices))
    return Written(_steps(found, before, after, choices))


class Work(NamedTuple):
    """What is done to a table that is there before and after: `steps`, or it is made anew where they are None."""

    found: TableDifference
    steps: tuple[Step, ...] | None

    @property
    def table(self) -> Table:
        """The table as it was."""
        assert self.found.before is not None
        return self.found.before


def _steps(found: Differences, before: Catalog, after: Catalog, choices: Choices) -> tuple[Step, ...]:
    """Views and triggers in the way go first and come last; between them the tables."""
    tables = list(_matched(found.tables))
    gone = [table.before for table in tables if table.after is None and table.before is not None]
    new = [table.after for table in tables if table.before is None and table.after is not None]
    users = users_in(before)
    works = [_work(table, users, choices) for table in tables if table.before and table.after]
    touch = _touch(gone, new, works)
    changed = changed_keys(found)
    aside = affected(users, touch, changed)
    again = {user.key for user in aside} | changed
    comes = [user for user in users_in(after) if user.key in again or user.table in touch.tables]
    late = _Late(before)
    return (
        *dropped(aside, touch),
        *(ops.DropTableOp(table.name) for table in reversed(_parents_first(gone))),
        *(step for table in _parents_first(new) for step in _create(Place(table, after), late, choices)),
        *(step for work in works for step in _change(work, before, after, late, choices)),
        *late.steps,
        *made(comes),
    )


def _matched(found: Iterable[TableDifference]) -> Iterator[TableDifference]:
    """With those as one whose names differ in case alone, which are one table to SQLite."""
    differences = list(found)
    old = {folded(one.table.name): one.before for one in differences if one.after is None}
    new = {folded(one.table.name): one.after for one in differences if one.before is None}
    for one in differences:
        low = folded(one.table.name)
        if low not in old or low not in new:
            yield one
        elif one.after is None:
            yield TableDifference(old[low], new[low])


def _work(found: TableDifference, users: Sequence[User], choices: Choices) -> Work:
    try:
        return Work(found, native(found, users, choices))
    except NotNative:
        return Work(found, None)


def _touch(gone: Iterable[Table], new: Iterable[Table], works: Iterable[Work]) -> Touch:
    works = list(works)
    anew = [work.table for work in works if work.steps is None]
    columns = {folded(work.table.name): dropped_columns(work.found) for work in works if work.steps is not None}
    return Touch(
        frozenset(folded(table.name) for table in (*gone, *new, *anew)),
        {table: names for table, names in columns.items() if names},
    )


class _Late:
    """Indexes that wait until the table is gone that has one of their name."""

    def __init__(self, before: Catalog) -> None:
        self._owners = {folded(index.name): folded(table.name) for table in before.tables for index in table.indexes}
        self.steps: list[Step] = []

    def indexes(self, indexes: Iterable[Index], table: Table) -> Iterator[Step]:
        """The steps for those that need not wait."""
        for index in indexes:
            step = create_index(index, table.name)
            if self._owners.get(folded(index.name), folded(table.name)) == folded(table.name):
                yield step
            else:
                self.steps.append(step)


def _create(place: Place, late: _Late, choices: Choices) -> Iterator[Step]:
    if choices.back:
        yield Remark(LOST)
    yield create_table(place)
    yield from late.indexes(place.table.indexes, place.table)


def _change(work: Work, before: Catalog, after: Catalog, late: _Late, choices: Choices) -> Iterator[Step]:
    table = work.found.after
    assert table is not None
    if work.steps is not None:
        yield from work.steps
        yield from late.indexes([pair.after for pair in work.found.indexes if pair.after is not None], table)
        return
    yield from rebuild(work.table, Place(table, after), names_in(before, after), choices)
    yield from late.indexes(table.indexes, table)


def _parents_first(tables: Iterable[Table]) -> list[Table]:
    """Tables after those that they point to."""
    left = list(tables)
    ordered: list[Table] = []
    while left:
        waiting = {table.name for table in left}
        ready = [table for table in left if not _targets(table) & (waiting - {table.name})] or left[:1]
        ordered += ready
        left = [table for table in left if table not in ready]
    return ordered


def _targets(table: Table) -> set[str]:
    return {found.target for found in table.constraints if found.kind == FOREIGN_KEY}
