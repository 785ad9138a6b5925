"""What an old and a new version of an application can both live with on SQLite: the catalog between the two they want.

It has all tables and columns of both, as nullable as either has them, and what forbids something only where both
want it, or where it concerns columns that the other one does not know. A column whose type changes gets another
beside it, of the new type, where the two can be exchanged in the end without making the table anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from miger.backends.sqlite_objects_words import mentioned
from miger.backends.sqlite_tokens import folded
from miger.engine.catalog import PRIMARY_KEY, UNIQUE, Catalog, Column, Constraint, Index, Table
from miger.forms.steps import Remark
from miger.forms.types import placeholder
from miger.generate.compare import compare
from miger.generate.writing.sqlite.native import converted, free_name, stands_alone
from miger.generate.writing.sqlite.rebuild import names_in, row_id_of
from miger.generate.writing.sqlite.text import NAMES
from miger.generate.writing.sqlite.users import User, reaching, users_in
from miger.generate.writing.written import Choices

STRICT = "STRICT"
_NOT_NULL = re.compile(r"(?:^| )NOT NULL(?: ON CONFLICT \w+)?")


def between(before: Catalog, after: Catalog) -> Catalog:
    """The catalog in the middle."""
    later = {folded(table.path): table for table in after.tables}
    users, taken = users_in(before), names_in(before)
    tables = []
    for table in before.tables:
        new = later.pop(folded(table.path), None)
        tables.append(_meeting(table, new, [spare for _, spare in spares(table, new, users)] if new else [], taken))
    triggers = frozenset(user.key[1] for user in users if user.kind == "trigger")
    tables += [_new(table, taken, triggers) for name, table in later.items() if name not in taken]
    things = tuple(thing for thing in after.things if folded(thing.name) not in taken)
    return Catalog(tuple(tables), (*before.things, *things))


def _new(table: Table, taken: frozenset[str], triggers: frozenset[str]) -> Table:
    """A table that only the new version knows, without what has a name that is given to something else before."""
    extras = tuple(extra for extra in table.extras if folded(extra.name) not in triggers)
    return table._replace(indexes=_free(table.indexes, taken), extras=extras)


def _free(indexes: Iterable[Index], taken: frozenset[str]) -> tuple[Index, ...]:
    """Those whose name is not given to something else before."""
    return tuple(index for index in indexes if folded(index.name) not in taken)


class Filled(NamedTuple):
    """The choices with values for new columns, and what is to be said of those."""

    choices: Choices
    remarks: tuple[Remark, ...]


def filled(before: Catalog, after: Catalog, choices: Choices) -> Filled:
    """Values for new columns that have to have one, and for those that stand beside another."""
    fills, remarks, users = dict(choices.fills), list[Remark](), users_in(before)
    for table in after.tables:
        old = before.table(table.path)
        if old is None:
            continue
        for one, spare in spares(old, table, users):
            value = converted(table, one, spare._replace(name=one.name), choices)
            fills[table.path, spare.name] = value or NAMES.name(one.name)
            remarks.append(Remark(f"{spare.name} is {one.name} as {spare.type}; a later migration exchanges them."))
        for column in table.columns:
            new = _column(old, column.name) is None and _asks(column) and column.name != row_id_of(table)
            if new and (table.path, column.name) not in fills:
                fills[table.path, column.name] = value = placeholder(column.type) or "''"
                remarks.append(
                    Remark(f"{column.name} will be NOT NULL: the rows there are get {value}; put a better one here.")
                )
    return Filled(choices._replace(fills=fills), tuple(remarks))


def _asks(column: Column) -> bool:
    """Whether an INSERT has to say it."""
    return not column.nullable and column.default in (None, "NULL") and not column.generated


def spares(before: Table, after: Table, users: Iterable[User]) -> Iterator[tuple[Column, Column]]:
    """The columns that get another type and can be exchanged, each with the one that takes its place."""
    concerned = reaching(users, folded(before.name))
    for old in before.columns:
        new = after.column(old.name)
        if new is None or converted(after, old, new, Choices()) is None:
            continue
        if stands_alone(before, after, old, new, concerned):
            yield old, new._replace(name=free_name(f"{new.name}_new", before, after))


def _meeting(before: Table, after: Table | None, more: Iterable[Column], taken: frozenset[str]) -> Table:
    if after is None or not (before.columns and after.columns) or not compare(_only(before), _only(after)):
        return before
    old, new = _left(before, after), _writable(after, _left(after, before))
    constraints = tuple(_constraints(before, after, old, new))
    key = next((found.columns for found in constraints if found.kind == PRIMARY_KEY), ())
    columns: list[Column] = []
    for column in after.columns:  # in its order, for views that say `*`
        own = _column(before, column.name)
        if own is not None:
            columns.append(own if own.name in key else _relaxed(own, column))
        elif column.name in new:
            columns.append(_relaxed(column, None))
    columns += [one if one.name in key else _relaxed(one, None) for one in before.columns if one.name in old]
    return before._replace(
        columns=(*columns, *more),
        constraints=constraints,
        indexes=tuple(_indexes(before, after, old, new, taken)),
        options=before.options if STRICT in after.options else before.options.replace(STRICT, "").lstrip(", "),
        definition="",
    )


def _writable(table: Table, new: frozenset[str]) -> frozenset[str]:
    """New columns without the number of the row, which is no column until the key is, nor what is computed from it."""
    number = row_id_of(table)
    without = {number} & new
    while more := {one.name for one in table.columns if one.generated and _names(one.generated, without)} - without:
        without |= more
    return new - without


def _names(text: str, columns: Iterable[str | None]) -> bool:
    return bool(mentioned(text, {folded(name): name for name in columns if name is not None}))


def _column(table: Table, name: str) -> Column | None:
    """The column of that name, in whatever case."""
    return next((column for column in table.columns if folded(column.name) == folded(name)), None)


def _only(table: Table) -> Catalog:
    return Catalog((table,))


def _left(table: Table, other: Table) -> frozenset[str]:
    """The columns that the other one has not."""
    return frozenset(column.name for column in table.columns if _column(other, column.name) is None)


def _relaxed(column: Column, other: Column | None) -> Column:
    """Nullable where the other one is so, or does not know of it."""
    if not (_asks(column) if other is None else other.nullable and not column.nullable):
        return column
    return column._replace(nullable=True, definition=_NOT_NULL.sub("", column.definition, count=1))


def _constraints(before: Table, after: Table, old: frozenset[str], new: frozenset[str]) -> Iterator[Constraint]:
    wanted = {(found.kind, found.definition) for found in after.constraints}
    for found in before.constraints:
        if found.kind == PRIMARY_KEY or (found.kind, found.definition) in wanted or _apart(found, before, old):
            yield found
    yield from (found for found in after.constraints if found.kind != PRIMARY_KEY and _apart(found, after, new))


def _apart(found: Constraint, table: Table, own: frozenset[str]) -> bool:
    """Whether it concerns nothing but columns that one version alone knows: they are NULL in what the other writes."""
    defaults = any(one.default not in (None, "NULL") for one in table.columns if one.name in found.columns)
    return bool(found.columns) and own.issuperset(found.columns) and not (found.kind == UNIQUE and defaults)


def _indexes(
    before: Table, after: Table, old: frozenset[str], new: frozenset[str], taken: frozenset[str]
) -> Iterator[Index]:
    wanted = {index.definition for index in after.indexes}
    yield from (found for found in before.indexes if found.definition in wanted or _harmless(found, old))
    there = new.union(column.name for column in after.columns if _column(before, column.name) is not None)
    free = [found for found in _free(after.indexes, taken) if there.issuperset(found.columns)]
    yield from (found for found in free if _harmless(found, new))


def _harmless(index: Index, own: frozenset[str]) -> bool:
    return not index.unique or (bool(index.columns) and own.issuperset(index.columns))
