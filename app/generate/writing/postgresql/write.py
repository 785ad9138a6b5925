"""A migration for PostgreSQL, from what differs: what goes for a while, what comes, what changes, what goes.

In this order: views, functions and triggers that are in the way; constraints and indexes; tables that go; schemas,
extensions, types; new tables with what they need; columns; constraints and indexes; foreign keys; functions, views
and triggers; comments; and what nothing needs any more.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from alembic.operations import ops

from miger.engine.catalog import FOREIGN_KEY, Catalog, Constraint, Table, Thing
from miger.forms.steps import Remark, Sql, Step
from miger.generate.differences import Differences, TableDifference
from miger.generate.writing.postgresql.columns import Change, Columns
from miger.generate.writing.postgresql.depending import depending
from miger.generate.writing.postgresql.labels import uses_new_labels
from miger.generate.writing.postgresql.late import Late
from miger.generate.writing.postgresql.options import change_options, check_columns, check_counters
from miger.generate.writing.postgresql.order import in_order, table_node, thing_nodes
from miger.generate.writing.postgresql.things import (
    FUNCTIONS,
    MADE_LATE,
    altered,
    aside,
    create,
    drop,
)
from miger.generate.writing.postgresql.words import (
    LOST_TABLE,
    NAMES,
    add_constraint,
    alter,
    at,
    create_index,
    create_table,
    drop_constraint,
    drop_index,
    later_options,
    quoted,
)
from miger.generate.writing.written import Choices, Written


def write(found: Differences, before: Catalog, after: Catalog, choices: Choices) -> Written:
    """The steps that make `after` of `before`. Raises RefusedError for what PostgreSQL has no way to alter."""
    if choices.online:
        from miger.generate.writing.postgresql.online import write_online  # it imports this file

        return write_online(found, before, after, choices)
    steps = tuple(Writer(found, before, after, choices).steps())
    return Written(steps, transaction=not uses_new_labels(found, steps))


class _Tables(NamedTuple):
    """Tables by path."""

    before: dict[str, Table]
    after: dict[str, Table]


class Writer:
    """Writes one migration. `online`: beside an application that works."""

    def __init__(
        self, found: Differences, before: Catalog, after: Catalog, choices: Choices, *, online: bool = False
    ) -> None:
        self._found, self._before, self._after = found, before, after
        self._choices, self._online = choices, online
        self._going = depending(found, before, after)
        self._tables = _Tables(
            {table.path: table for table in before.tables}, {table.path: table for table in after.tables}
        )
        self._new = [difference.after for difference in found.tables if difference.before is None and difference.after]
        self._gone = [
            difference.before for difference in found.tables if difference.after is None and difference.before
        ]
        self._made: set[str] = set()  # things that were made before the tables
        self._late_keys: list[tuple[Table, Constraint]] = []
        check_columns(self._going.changes, self._tables.after)
        check_counters(found)

    def steps(self) -> list[Step]:
        """All steps in their order."""
        return [
            *self._take_down(),
            *self._drop_tables(),
            *self._drop_keys(),
            *self._namespaces(),
            *self._types(),
            *self._make_early(),
            *self._change_tables(),
            *self._add_keys(),
            *Late(self._found, self._before, self._after, self._going, self._made).steps(),
        ]

    # What goes first

    def _take_down(self) -> Iterator[Step]:
        nodes = [*thing_nodes(self._going.down.values())]
        for table, extra in self._going.extras:
            yield Sql(f"DROP {extra.kind.upper()} {quoted(extra.name)} ON {at(table)}")
        for node in reversed(in_order(nodes)):
            assert isinstance(node.item, Thing)
            yield drop(node.item)
        for key in self._going.keys:
            if key.before.kind == FOREIGN_KEY:
                yield drop_constraint(key.table, key.before, key.after if key.again else None)

    def _drop_keys(self) -> Iterator[Step]:
        for key in self._going.keys:
            if key.before.kind != FOREIGN_KEY:
                yield drop_constraint(key.table, key.before, key.after if key.again else None)
        for table, index in self._going.indexes:
            yield drop_index(table, index)

    def _drop_tables(self) -> Iterator[Step]:
        left = in_order(table_node(table, self._gone) for table in self._gone)
        dropped: set[str] = set()
        for node in reversed(left):
            table = node.item
            assert isinstance(table, Table)
            for other in self._gone:  # those that point to each other
                for found in other.constraints:
                    if found.target == table.path and other is not table and other.path not in dropped:
                        yield drop_constraint(other, found)
            yield ops.DropTableOp(table.name, schema=table.schema)
            dropped.add(table.path)

    # What others need

    def _namespaces(self) -> Iterator[Step]:
        for kind in ("schema", "extension"):
            made = [thing for thing in self._new_things() if thing.kind == kind]
            for node in in_order(thing_nodes(made)):
                assert isinstance(node.item, Thing)
                yield from create(node.item)

    def _new_things(self) -> Iterator[Thing]:
        return (difference.after for difference in self._found.things if not difference.before and difference.after)

    def _types(self) -> Iterator[Step]:
        anew = {old.name for old, _ in self._going.anew}
        for type_, _ in self._going.anew:
            yield aside(type_, self._before)
        for difference in self._found.things:
            old, new = difference.before, difference.after
            if old is None or new is None or new.kind in MADE_LATE or new.name in anew:
                continue
            steps = altered(old, new)
            if steps:
                yield from steps

    def _make_early(self) -> Iterator[Step]:
        """New tables, types and sequences, and the functions that they need."""
        tables = {table.path for table in self._new}
        made = [*self._new_things(), *(new for _, new in self._going.anew), *self._functions_again()]
        made = [thing for thing in made if thing.kind not in ("schema", "extension")]
        nodes = {node.name: node for node in (*thing_nodes(made), *(table_node(t, self._new) for t in self._new))}
        wanted = {thing.name for thing in made if thing.kind not in MADE_LATE} | tables
        wanted |= {name for table in self._tables.after.values() for name in table.needs if name in nodes}
        left = list(wanted)
        while left:
            more = [name for name in nodes[left.pop()].needs if name in nodes and name not in wanted]
            wanted.update(more)
            left += more
        self._made = {name for name in wanted if name not in tables}
        done: set[str] = set()
        for node in in_order(nodes[name] for name in nodes if name in wanted):
            if isinstance(node.item, Thing):
                yield from create(node.item)
            elif isinstance(node.item, Table):
                yield from self._create(node.item, done, tables)

    def _functions_again(self) -> Iterator[Thing]:
        """Those that were taken down and stay."""
        for thing in self._after.things:
            if thing.kind in FUNCTIONS and thing.name in self._going.down:
                yield thing

    def _create(self, table: Table, done: set[str], tables: set[str]) -> Iterator[Step]:
        ready = done | (self._tables.before.keys() & self._tables.after.keys()) - tables | {table.path}
        keys = self._keys_of_existing()
        late = [
            found
            for found in table.constraints
            if found.kind == FOREIGN_KEY
            and (found.target not in ready or (found.target, frozenset(found.target_columns)) in keys)
        ]
        self._late_keys += [(table, found) for found in late]
        unsure = [found for found in table.constraints if found not in late and found.definition.endswith(" NOT VALID")]
        done.add(table.path)
        if self._choices.back:
            yield Remark(LOST_TABLE)
        yield create_table(table, [*late, *unsure])
        for found in unsure:
            yield from add_constraint(table, found)
        yield from later_options(table)
        for index in table.indexes:
            yield create_index(table, index)

    def _keys_of_existing(self) -> set[tuple[str, frozenset[str]]]:
        """What a foreign key can point to only once the tables that were there are changed."""
        found = {
            (difference.table.path, frozenset(change.after.columns))
            for difference in self._found.changed
            for change in difference.constraints
            if change.after is not None
        }
        found |= {(key.table.path, frozenset(key.before.columns)) for key in self._going.keys}
        for difference in self._found.changed:
            found |= {(difference.table.path, frozenset(i.after.columns)) for i in difference.indexes if i.after}
            retyped = [column.after.name for column in difference.columns if column.after is not None]
            found |= {
                (difference.table.path, frozenset(k.columns))
                for k in difference.table.constraints
                if set(k.columns) & set(retyped)
            }
        return found

    # What changes in tables

    def _change_tables(self) -> Iterator[Step]:
        differences = {difference.table.path: difference for difference in self._found.changed}
        for path in sorted(differences.keys() | (self._going.changes.keys() & self._tables.after.keys())):
            before, after = self._tables.before[path], self._tables.after[path]
            if path in differences:
                yield from change_options(before, after)
                yield from self._renames(differences[path])
            columns = Columns(before, after, self._after, self._choices)
            yield from self.change_columns(columns, self._going.changes.get(path, []))

    def change_columns(self, columns: Columns, changes: list[Change]) -> Iterator[Step]:
        """The changes of the columns of one table."""
        yield from columns.write(changes)

    def _renames(self, difference: TableDifference) -> Iterator[Step]:
        table, going = difference.table, {id(key.before) for key in self._going.keys}
        for change in difference.constraints:
            old, new = change.before, change.after
            if old is None or new is None or id(old) in going:
                continue
            if old.definition != new.definition:
                yield alter(table, f"VALIDATE CONSTRAINT {quoted(old.name)}")
            if old.name != new.name:
                yield alter(table, f"RENAME CONSTRAINT {quoted(old.name)} TO {quoted(new.name)}")
        dropped = {index.name for table, index in self._going.indexes if table.path == difference.table.path}
        for found in difference.indexes:
            if (
                found.before
                and found.after
                and found.before.name not in dropped
                and found.before.name != found.after.name
            ):
                old_name = NAMES.table(found.before.name, table.schema)
                yield Sql(f"ALTER INDEX {old_name} RENAME TO {quoted(found.after.name)}")

    def _add_keys(self) -> Iterator[Step]:
        """Constraints and indexes, those last that need others."""
        made: list[tuple[Table, Constraint]] = []
        for key in self._going.keys:
            if key.after is not None:
                made.append((self._tables.after[key.table.path], key.after))
        for difference in self._found.changed:
            made += [
                (difference.table, change.after)
                for change in difference.constraints
                if change.after is not None and change.before is None
            ]
        for table, found in made:
            if found.kind != FOREIGN_KEY:
                yield from self.add_constraint(table, found)
        yield from self._add_indexes()
        for table, found in (*made, *self._late_keys):
            if found.kind == FOREIGN_KEY:
                yield from self.add_constraint(table, found)

    def add_constraint(self, table: Table, found: Constraint) -> Iterator[Step]:
        """A constraint of a table that is there."""
        yield from add_constraint(table, found, online=self._beside(table))

    def _add_indexes(self) -> Iterator[Step]:
        dropped = {(table.path, index.name) for table, index in self._going.indexes}
        differences = {difference.table.path: difference for difference in self._found.changed}
        paths = sorted({path for path, _ in dropped} | differences.keys())
        for path in paths:
            table, before = self._tables.after[path], self._tables.before[path]
            pairs = differences[path].indexes if path in differences else ()
            renamed = {i.before.name: i.after.name for i in pairs if i.before and i.after}
            kept = [index.name for index in before.indexes if (path, index.name) not in dropped]
            there = {renamed.get(name, name) for name in kept}
            for index in table.indexes:
                if index.name not in there:
                    yield create_index(table, index, online=self._beside(table))

    def _beside(self, table: Table) -> bool:
        """Whether others can go on with the table meanwhile: PostgreSQL has no such way for a partitioned one."""
        return self._online and "PARTITION BY " not in table.options
