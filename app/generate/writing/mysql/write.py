"""A migration for MySQL or MariaDB from what differs.

Here each statement on the schema commits by itself, so that none is in a transaction. What is one change is one
ALTER TABLE, so that a run that broke off goes on behind it; several are together only where the server wants all at
once. Foreign keys step aside for the columns that they hold, and come back last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from alembic.operations import ops

from miger.engine.catalog import FOREIGN_KEY, Catalog, Constraint, Index, Table
from miger.forms.steps import Fill, Remark, Sql, Step
from miger.generate.differences import Differences
from miger.generate.writing.mysql import things
from miger.generate.writing.mysql.changes import Changes, foreign_keys
from miger.generate.writing.mysql.names import ConstraintNames
from miger.generate.writing.mysql.table import Part, TableWriter
from miger.generate.writing.mysql.words import (
    add_constraint,
    again,
    alter,
    constraint_part,
    create_table,
    drop_constraint,
)
from miger.generate.writing.written import Choices, Written

LOST = "This brings the table back, but not the rows that were in it."


class _Key(NamedTuple):
    """A foreign key, its table and its name; `late`: only the new version of an application can live with it."""

    table: str
    constraint: Constraint
    name: str
    late: bool


def write(found: Differences, before: Catalog, after: Catalog, choices: Choices) -> Written:
    """The steps from `before` to `after`. Raises RefusedError for what no ALTER TABLE changes."""
    writer = _Writer(found, before, after, choices)
    early, late = writer.steps()
    if not choices.online:
        return Written(early, (), _transactional(early))
    return Written(early, late, _transactional(early), _transactional(late))


def _transactional(steps: Iterable[Step]) -> bool:
    return all(isinstance(step, (Fill, Remark)) for step in steps)


class _Writer:
    def __init__(self, found: Differences, before: Catalog, after: Catalog, choices: Choices) -> None:
        self.found, self.before, self.after, self.choices = found, before, after, choices
        self.names = ConstraintNames(found, before, after, back=choices.back)
        self.changes = [Changes(each, self.names) for each in found.changed]
        self.created = [each.after for each in found.tables if each.before is None and each.after is not None]
        self.dropped = [each.before for each in found.tables if each.after is None and each.before is not None]
        self.going, self.coming = list(self._going()), list(self._coming())
        self.aside = list(self._aside())

    def steps(self) -> tuple[tuple[Step, ...], tuple[Step, ...]]:
        """What both versions of an application can live with, and what only the new one can."""
        inline = self._inline()
        tables = self._tables()
        early: list[Step] = [*things.drops(self.found)]
        early += [drop_constraint(*_dropped(key)) for key in self._unkeyed() if not self._is_late(key)]
        early += [*things.sequences(self.found), *self._creates(inline)]
        early += [part.step for parts in tables for part in parts if not self._is_late(part)]
        early += [step for key in self._keyed(inline) if not self._is_late(key) for step in self._added(key)]
        late: list[Step] = [drop_constraint(*_dropped(key)) for key in self._unkeyed() if self._is_late(key)]
        late += [part.step for parts in tables for part in parts if self._is_late(part)]
        late += [step for key in self._keyed(inline) if self._is_late(key) for step in self._added(key)]
        gone: list[Step] = [*self._drops(), *things.sequences_gone(self.found)]
        made = things.creates(self.found)
        if self.choices.online:
            return (*early, *made), (*late, *gone)
        return (*early, *gone, *made), ()

    def _is_late(self, part: Part | _Key) -> bool:
        return self.choices.online and part.late

    # Foreign keys

    def _going(self) -> Iterator[_Key]:
        """Those that go; one that another takes the place of goes with its coming, if nothing needs it gone before."""
        for changes in self.changes:
            for old, new in changes.found.constraints:
                if old is None or old.kind != FOREIGN_KEY:
                    continue
                replaced = new is not None and new.kind == FOREIGN_KEY and self._comes_late(changes, new)
                late = replaced and False not in self._times(changes.name, old)
                yield _Key(changes.name, old, self.names.going(changes.name, old), late)

    def _comes_late(self, changes: Changes, new: Constraint) -> bool:
        fresh = {column.name for column in changes.coming}
        return not fresh >= set(new.columns) or self._ready_late(new)

    def _times(self, table: str, found: Constraint) -> list[bool]:
        """For each column it holds that is altered, at one end or the other, whether that is late."""
        touched = {changes.name: changes.touched() for changes in self.changes}
        ends = [(table, column) for column in found.columns]
        ends += [(found.target, column) for column in found.target_columns]
        return [touched[name][column] for name, column in ends if column in touched.get(name, {})]

    def _coming(self) -> Iterator[_Key]:
        for table in self.created:
            for found in foreign_keys(table):
                late = self._ready_late(found)
                yield _Key(table.name, found, self.names.coming(table.name, found), late)
        for changes in self.changes:
            for _, new in changes.found.constraints:
                if new is not None and new.kind == FOREIGN_KEY:
                    late = self._comes_late(changes, new)
                    yield _Key(changes.name, new, self.names.coming(changes.name, new), late)

    def _ready_late(self, found: Constraint) -> bool:
        return any(each.name == found.target and each.ready_late(found.target_columns) for each in self.changes)

    def _aside(self) -> Iterator[_Key]:
        """Those that stay, but hold a column that is altered, at one end or the other."""
        for name, found in self._staying():
            hits = self._times(name, found)
            times = set(hits) if self.choices.online else set(hits[:1])
            yield from (_Key(name, found, found.name, late) for late in sorted(times))

    def _staying(self) -> Iterator[tuple[str, Constraint]]:
        changed = {changes.name: changes for changes in self.changes}
        gone = {table.name for table in self.dropped}
        for table in self.before.tables:
            if table.name in gone:
                continue
            found = changed[table.name].staying if table.name in changed else self._live(table).constraints
            yield from ((table.name, each) for each in found if each.kind == FOREIGN_KEY)

    def _live(self, table: Table) -> Table:
        """A table without differences, with the names that are in the database."""
        return self.names.live(table, self.after.table(table.path) or table)

    def _unkeyed(self) -> Iterator[_Key]:
        """What is dropped before tables are altered."""
        yield from self.going
        yield from self.aside
        touched = {changes.name for changes in self.changes} | {table.name for table in self.dropped}
        wanted = {key.name for key in self.coming}
        for table in self.dropped:  # in a ring of tables none could be dropped; and names are unique in a database
            for found in foreign_keys(table):
                name = self.names.going(table.name, found)
                if (found.target in touched and found.target != table.name) or name in wanted:
                    yield _Key(table.name, found, name, name not in wanted)

    def _keyed(self, inline: set[tuple[str, Constraint]]) -> Iterator[_Key]:
        """What is added when tables have been altered."""
        yield from self.aside
        yield from (key for key in self.coming if (key.table, key.constraint) not in inline)

    def _added(self, key: _Key) -> Iterator[Step]:
        index = self._made_by(key)
        step = add_constraint(key.table, key.constraint, key.name)
        if index is not None:
            step = alter(key.table, *again(index), f"ADD {constraint_part(key.constraint, key.name)}")
        if not self._unfulfilled(key):
            yield step
            return
        yield Remark("What it points to has not come back, so that it cannot be checked.")
        yield from (Sql("SET foreign_key_checks = 0"), step, Sql("SET foreign_key_checks = 1"))

    def _made_by(self, key: _Key) -> Index | None:
        """The index that a former foreign key without a name may have made: it would go for one of the new name."""
        before, after = self.before.table(key.table), self.after.table(key.table)
        if before is None or after is None:
            return None
        usual = re.compile(rf"{re.escape(key.constraint.columns[0])}(_\d+)?", re.IGNORECASE)
        for index in after.indexes:
            alike = index.plain and not index.unique and index.columns == key.constraint.columns
            if alike and index in before.indexes and usual.fullmatch(index.name) and index.name != key.name:
                return index
        return None

    def _unfulfilled(self, key: _Key) -> bool:
        """Whether it holds for no row on the way back: values and rows that it speaks of have gone."""
        created = {table.name for table in self.created}
        if not self.choices.back or key.table in created:
            return False
        fresh = [column for each in self.changes if each.name == key.table for column in each.coming]
        empty = any(column.name in key.constraint.columns and not column.nullable for column in fresh)
        return key.constraint.target in created or empty

    # Tables

    def _inline(self) -> set[tuple[str, Constraint]]:
        """The foreign keys that can be in CREATE TABLE: what they point to is there, and stays as it is."""
        there = {table.name for table in self.before.tables} - {changes.name for changes in self.changes}
        found: set[tuple[str, Constraint]] = set()
        for table in self._in_order():
            there.add(table.name)
            found |= {(table.name, key) for key in foreign_keys(table) if key.target in there or "." in key.target}
        return found

    def _in_order(self) -> Iterator[Table]:
        """New tables, each after those that it points to where that is possible."""
        waiting = list(self.created)
        while waiting:
            names = {table.name for table in waiting}
            ready = [
                table
                for table in waiting
                if not any(key.target in names and key.target != table.name for key in foreign_keys(table))
            ] or waiting[:1]
            yield from ready
            waiting = [table for table in waiting if table not in ready]

    def _creates(self, inline: set[tuple[str, Constraint]]) -> Iterator[Step]:
        for table in self._in_order():
            keys = [
                (key.constraint, key.name)
                for key in self.coming
                if key.table == table.name and (key.table, key.constraint) in inline
            ]
            if self.choices.back:
                yield Remark(LOST)
            yield create_table(table, keys)

    def _tables(self) -> list[list[Part]]:
        aside = {(key.table, key.constraint) for key in self.aside}
        resting: dict[str, list[tuple[str, ...]]] = {}
        for name, found in self._staying():
            if (name, found) not in aside:
                resting.setdefault(name, []).append(found.columns)
                resting.setdefault(found.target, []).append(found.target_columns)
        return [
            TableWriter(
                changes, self.names, self.choices, resting.get(changes.name, []), self._indexed(changes)
            ).parts()
            for changes in self.changes
        ]

    def _indexed(self, changes: Changes) -> frozenset[tuple[str, tuple[str, ...]]]:
        """Names and columns of foreign keys that come: the server makes an index for each that has none."""
        if self.choices.online:
            return frozenset()
        return frozenset((key.name, key.constraint.columns) for key in self.coming if key.table == changes.name)

    def _drops(self) -> Iterator[Step]:
        yield from (ops.DropTableOp(table.name) for table in self._children_first())

    def _children_first(self) -> Iterator[Table]:
        waiting = list(self.dropped)
        while waiting:
            pointed = {key.target for table in waiting for key in foreign_keys(table) if key.target != table.name}
            ready = [table for table in waiting if table.name not in pointed] or waiting[:1]
            yield from ready
            waiting = [table for table in waiting if table not in ready]


def _dropped(key: _Key) -> tuple[str, Constraint, str]:
    return key.table, key.constraint, key.name
