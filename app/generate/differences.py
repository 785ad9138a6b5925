"""What differs between two catalogs, thing by thing, and in both ways.

Renames of tables and columns are no part of it: they are carried out on a copy first, and what differs is what
still does then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from miger.engine.catalog import Column, Constraint, Extra, Index, Table, Thing


class ColumnDifference(NamedTuple):
    """A column before and after, None where it is not there."""

    before: Column | None
    after: Column | None


class ConstraintDifference(NamedTuple):
    """A constraint before and after, None where it is not there; both, and they say the same: it was renamed."""

    before: Constraint | None
    after: Constraint | None


class IndexDifference(NamedTuple):
    """An index before and after, None where it is not there; both, and the same but for name or comment: as it says."""

    before: Index | None
    after: Index | None


class ExtraDifference(NamedTuple):
    """A trigger, rule or policy before and after, None where it is not there."""

    before: Extra | None
    after: Extra | None


class TableDifference(NamedTuple):
    """A table before and after, None where it is not there, and what differs within it where both are.

    Of what is in a table that came or went nothing is listed. Columns are in the order of `before`, those that came
    last, in the order of `after`.
    """

    before: Table | None
    after: Table | None
    columns: tuple[ColumnDifference, ...] = ()
    constraints: tuple[ConstraintDifference, ...] = ()
    indexes: tuple[IndexDifference, ...] = ()
    extras: tuple[ExtraDifference, ...] = ()

    @property
    def table(self) -> Table:
        """The table as it will be, or as it was."""
        found = self.after if self.after is not None else self.before
        assert found is not None
        return found

    @property
    def recommented(self) -> bool:
        """Whether it has another comment."""
        return self.before is not None and self.after is not None and self.before.comment != self.after.comment

    @property
    def reoptioned(self) -> bool:
        """Whether its options are others."""
        return self.before is not None and self.after is not None and self.before.options != self.after.options

    def reverse(self) -> TableDifference:
        """The way back."""
        return TableDifference(
            self.after,
            self.before,
            tuple(ColumnDifference(found.after, found.before) for found in self.columns),
            tuple(ConstraintDifference(found.after, found.before) for found in self.constraints),
            tuple(IndexDifference(found.after, found.before) for found in self.indexes),
            tuple(ExtraDifference(found.after, found.before) for found in self.extras),
        )


class ThingDifference(NamedTuple):
    """A view, function, type and so on, before and after, None where it is not there."""

    before: Thing | None
    after: Thing | None

    @property
    def thing(self) -> Thing:
        """The thing as it will be, or as it was."""
        found = self.after if self.after is not None else self.before
        assert found is not None
        return found


class Differences(NamedTuple):
    """All that differs: tables by path, things by kind and name."""

    tables: tuple[TableDifference, ...] = ()
    things: tuple[ThingDifference, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tables or self.things)

    def reverse(self) -> Differences:
        """The way back."""
        things = tuple(ThingDifference(found.after, found.before) for found in self.things)
        return Differences(tuple(found.reverse() for found in self.tables), things)

    @property
    def changed(self) -> Iterator[TableDifference]:
        """The tables that are there before and after."""
        return (found for found in self.tables if found.before is not None and found.after is not None)
