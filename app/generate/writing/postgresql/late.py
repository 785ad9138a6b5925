"""What on PostgreSQL is made when the tables are as they shall be, and what goes at the end."""

from __future__ import annotations

from collections.abc import Iterator

from miger.engine.catalog import Catalog, Index, Table, Thing
from miger.forms.steps import Remark, Sql, Step
from miger.generate.differences import Differences
from miger.generate.writing.postgresql.depending import Depending
from miger.generate.writing.postgresql.order import Node, OnTable, extra_node, in_order, thing_nodes
from miger.generate.writing.postgresql.things import (
    FUNCTIONS,
    MADE_LATE,
    TYPES,
    VIEWS,
    create,
    drop,
    old_name,
    own,
    owner_of,
    replace,
    statements,
    word,
)
from miger.generate.writing.postgresql.words import NAMES, at, comment_on, quoted

PRIVILEGES = "It is made again: what was granted on it has to be granted anew."


class Late:
    """Writes the end of a migration; `made` are the things that its beginning has made."""

    def __init__(self, found: Differences, before: Catalog, after: Catalog, going: Depending, made: set[str]) -> None:
        self._found, self._after, self._going, self._made = found, after, going, made
        self._before = {table.path: table for table in before.tables}
        self._tables = {table.path: table for table in after.tables}

    def steps(self) -> Iterator[Step]:
        """Functions, views and triggers, comments, and what nothing needs any more."""
        yield from self._make_late()
        yield from self._comments()
        yield from self._drop_things()

    # What needs tables

    def _make_late(self) -> Iterator[Step]:
        again = {thing.name for thing in self._going.down.values()}
        new = {found.after.name for found in self._found.things if found.before is None and found.after}
        made = [thing for thing in self._after.things if thing.kind in MADE_LATE]
        replaced = {
            d.after.name: d
            for d in self._found.things
            if d.before and d.after and d.after.kind in MADE_LATE and d.after.name not in again
        }
        made = [thing for thing in made if thing.name in again | new | replaced.keys() and thing.name not in self._made]
        nodes = [*thing_nodes(made), *self._extras()]
        reminded = False
        for node in in_order(nodes):
            if isinstance(node.item, OnTable):
                yield from statements(node.item.extra.definition)
            elif isinstance(node.item, Thing) and node.name in replaced:
                yield from replace(replaced[node.name])
            elif isinstance(node.item, Thing):
                if node.name in again and node.item.kind in VIEWS and not reminded:
                    yield Remark(PRIVILEGES)
                    reminded = True
                yield from create(node.item)

    def _extras(self) -> Iterator[Node]:
        gone = {(table.path, extra.kind, extra.name) for table, extra in self._going.extras}
        for difference in self._found.tables:
            table = difference.after
            if table is not None and difference.before is None:
                yield from (extra_node(table, extra) for extra in table.extras)
            elif table is not None:
                for change in difference.extras:
                    if change.after is not None and (table.path, change.after.kind, change.after.name) not in gone:
                        yield extra_node(table, change.after)
        for path, kind, name in gone:
            table = self._tables[path]
            yield from (extra_node(table, extra) for extra in table.extras if (extra.kind, extra.name) == (kind, name))

    # Comments

    def _comments(self) -> Iterator[Step]:
        for difference in self._found.tables:
            table, before = difference.after, difference.before
            if table is None:
                continue
            if table.comment != (before.comment if before is not None else ""):
                yield comment_on(f"TABLE {at(table)}", table.comment)
            yield from self._of_columns(table, before)
            yield from self._of_indexes(table, before)
        found = {difference.table.path for difference in self._found.tables}
        for path in sorted(self._going.changes.keys() & self._tables.keys() - found):
            yield from self._of_columns(self._tables[path], self._before[path])

    def _of_columns(self, table: Table, before: Table | None) -> Iterator[Step]:
        made = {change.name for change in self._going.changes.get(table.path, []) if change.new}
        for column in table.columns:
            old = before.column(column.name) if before is not None and column.name not in made else None
            if column.comment != (old.comment if old is not None else ""):
                yield comment_on(f"COLUMN {at(table)}.{quoted(column.name)}", column.comment)

    def _of_indexes(self, table: Table, before: Table | None) -> Iterator[Step]:
        dropped = {index.name for other, index in self._going.indexes if other.path == table.path}
        old: dict[str, Index] = {}
        if before is not None:
            old = {index.name: index for index in before.indexes if index.name not in dropped}
        for index in table.indexes:
            if index.comment != (old[index.name].comment if index.name in old else ""):
                yield comment_on(f"INDEX {NAMES.table(index.name, table.schema)}", index.comment)

    # What nothing needs any more

    def _drop_things(self) -> Iterator[Step]:
        for difference in self._found.things:
            new = difference.after
            if new is not None and new.kind == "sequence" and owner_of(difference.before) != owner_of(new):
                yield from own(new)
        for old, _ in self._going.anew:
            yield Sql(f"DROP {word(old)} {old_name(old)}")
        anew = {old.name for old, _ in self._going.anew}
        gone = [
            difference.before
            for difference in self._found.things
            if difference.after is None
            and difference.before
            and difference.before.name not in {*self._going.down, *anew}
        ]
        for kinds in ((*FUNCTIONS, *TYPES), ("sequence",), ("extension",), ("schema",)):
            for node in reversed(in_order(thing_nodes(thing for thing in gone if thing.kind in kinds))):
                assert isinstance(node.item, Thing)
                yield drop(node.item)
