"""What the graph pane shows at the moment: everything there is, the filter, and which runs are unfolded."""

from __future__ import annotations

from collections.abc import Sequence

from miger.engine.graph import MigrationGraph
from miger.engine.status import Status
from miger.widgets.graph_filter import Filter
from miger.widgets.graph_rows import (
    Arrangement,
    DividerRow,
    FoldRow,
    MigrationRow,
    Row,
    arrange,
    matching_rows,
    shown_rows,
)


class ShownGraph:
    """The rows on the screen, by their place, and where each migration is among them.

    `arrangement` is None before anything was read. `lanes` is the most that a row has.
    """

    def __init__(self) -> None:
        self.arrangement: Arrangement | None = None
        self._known: tuple[MigrationGraph | None, Status | None] = (None, None)  # what is arranged
        self.rows: Sequence[Row] = ()
        self.places: dict[str, int] = {}
        self.lanes = 1
        self.filter = Filter()
        self._sought = Filter()  # the last filter there was: what n and N look for
        self._folds: dict[str, int] = {}
        self._unfolded: frozenset[str] = frozenset()

    @property
    def total(self) -> int:
        """How many migrations there are."""
        return len(self.arrangement.rows) if self.arrangement is not None else 0

    @property
    def matching(self) -> int:
        """How many migrations match the filter; all without one."""
        return len(self.rows) if self.filter.terms else self.total

    @property
    def numbers(self) -> frozenset[int]:
        """The lengths of the numbers that ids begin with."""
        return self.arrangement.numbers if self.arrangement is not None else frozenset()

    def row(self, place: int) -> Row | None:
        """The row at a place, if there is one."""
        return self.rows[place] if 0 <= place < len(self.rows) else None

    def id_at(self, place: int) -> str | None:
        """The migration at a place, if there is one."""
        row = self.row(place)
        return row.id if isinstance(row, MigrationRow) else None

    # Changing what is shown

    def show(self, graph: MigrationGraph, status: Status | None) -> None:
        """Other migrations, or other states; nothing is done where both are those that are shown."""
        if self._known[0] is graph and self._known[1] is status and self.arrangement is not None:
            return
        self._known = (graph, status)
        self.arrangement = arrange(graph, status)
        self._select()

    def look_for(self, wanted: Filter) -> None:
        """Another filter."""
        self.filter = wanted
        if wanted.terms:
            self._sought = wanted
        self._select()

    def toggle(self, key: str) -> int:
        """Folds or unfolds a run; the place of its row."""
        self._unfolded ^= {key}
        self._select()
        return self._folds.get(key, 0)

    def reveal(self, migration: str) -> bool:
        """Unfolds the run that hides a migration; whether the migration is shown now."""
        if migration not in self.places and not self.filter.terms and self.arrangement is not None:
            place = self.arrangement.place(migration)
            key = None if place is None else self.arrangement.key_of_fold(place)
            if key is not None:
                self._unfolded |= {key}
                self._select()
        return migration in self.places

    def _select(self) -> None:
        if self.arrangement is None:
            return
        if self.filter.terms:
            matching = matching_rows(self.arrangement, self.filter)
            self.rows = matching
            self.places = {row.status.id: place for place, row in enumerate(matching)}
            self._folds = {}
            return  # no lanes are drawn
        self.rows = shown_rows(self.arrangement, self._unfolded)
        migrations = [(place, row) for place, row in enumerate(self.rows) if isinstance(row, MigrationRow)]
        self.places = {row.status.id: place for place, row in migrations}
        self._folds = {row.key: place for place, row in enumerate(self.rows) if isinstance(row, FoldRow)}
        self.lanes = max((row.lanes.width for _, row in migrations), default=1)

    # Where to go

    def fold_at(self, place: int) -> str | None:
        """The key of the run that the row at a place heads or is in."""
        row = self.row(place)
        if isinstance(row, FoldRow):
            return row.key
        if not isinstance(row, MigrationRow) or self.arrangement is None or self.filter.terms:
            return None
        here = self.arrangement.place(row.id)
        return None if here is None else self.arrangement.key_of_fold(here)

    def nearest(self, before: Sequence[Row], place: int) -> int:
        """Where the row `before[place]` is now; if it is gone, where its nearest neighbour below or above is."""
        for row in (*before[place:], *reversed(before[:place])):
            found = None
            if isinstance(row, MigrationRow):
                found = self.places.get(row.status.id)
            elif isinstance(row, FoldRow):
                found = self._folds.get(row.key)
            if found is not None:
                return found
        return self.first_to_look_at()

    def first_to_look_at(self) -> int:
        """What is dirty or running; else the next one to be applied; else the newest."""
        above = 0
        for place, row in enumerate(self.rows):
            if isinstance(row, DividerRow):
                return above if place else 1
            if isinstance(row, MigrationRow) and row.status.state in ("dirty", "running"):
                return place
            above = place
        return 0

    def next_match(self, place: int, step: int) -> str | None:
        """The migration that the last filter matches, next below (`step` 1) or above (-1), round and round."""
        if self.arrangement is None or not self._sought.terms:
            return None
        rows = self.arrangement.rows
        start = self._arranged(place, step)
        for distance in range(1, len(rows) + 1):
            row = rows[(start + step * distance) % len(rows)]
            if self._sought.matches(row.status, row.head):
                return row.id
        return None

    def _arranged(self, place: int, step: int) -> int:
        """The place among all migrations; of a folded run, just before the side that `step` comes from."""
        row = self.row(place)
        if isinstance(row, MigrationRow) and self.arrangement is not None:
            return self.arrangement.place(row.id) or 0
        if isinstance(row, FoldRow):
            return row.first - 1 if step > 0 else row.first + (0 if row.unfolded else row.size)
        return -1 if step > 0 else 0
