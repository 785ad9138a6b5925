"""The rows of the graph pane, as values: migrations, the line where the database is, and folded runs.

Newest first. What is not applied comes first, then the divider, then what is applied. Applied migrations
normally have no parent that is not, so children still come before their parents; where that history is
broken, the line of an edge that would go upward is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from miger.engine.graph import MigrationGraph
from miger.engine.lanes import LaneRow, layout
from miger.engine.status import MigrationStatus, Status
from miger.widgets.graph_filter import UNKNOWN, Filter

KEPT = 10
"""So many of the newest applied migrations are never folded."""
CONTEXT = 2
"""So many rows on each side of an applied migration that needs a look are never folded."""
FOLDED_FROM = 20
"""Runs of fewer rows are not worth folding."""

_BELOW = frozenset({"applied", "modified", "missing"})


class MigrationRow(NamedTuple):
    """One migration; `head`: none depends on it."""

    status: MigrationStatus
    lanes: LaneRow
    head: bool

    @property
    def id(self) -> str:
        """The migration's id."""
        return self.status.id


class DividerRow(NamedTuple):
    """Where the database is: everything below is in it. `through` are the lanes that cross."""

    through: int
    note: str


class FoldRow(NamedTuple):
    """A run of `size` applied migrations, from `first` (its place in `Arrangement.rows`).

    `key` (the id of the oldest: newer ones may join the run) tells it from others. While it is
    `unfolded` this row is the heading of the run.
    """

    key: str
    first: int
    size: int
    through: int
    unfolded: bool


Row = MigrationRow | DividerRow | FoldRow


class Arrangement(NamedTuple):
    """All migrations in the order of display, whatever is folded or filtered.

    `below` is the place of the first one below the divider, None if nothing is known of the database.
    `folds` are the runs (start, stop) that may be folded. `numbers` are the lengths of the numbers that
    the ids begin with.
    """

    rows: Sequence[MigrationRow] = ()
    below: int | None = None
    folds: Sequence[tuple[int, int]] = ()
    numbers: frozenset[int] = frozenset()

    def place(self, migration: str) -> int | None:
        """Where a migration is in `rows`, None if it is not there."""
        return next((place for place, row in enumerate(self.rows) if row.status.id == migration), None)

    def key_of_fold(self, place: int) -> str | None:
        """The key of the run that `rows[place]` is in, None if that is in none."""
        return next((self.rows[stop - 1].id for start, stop in self.folds if start <= place < stop), None)


def arrange(graph: MigrationGraph, status: Status | None) -> Arrangement:
    """Sorts and draws everything, in O(V+E). Without `status` the state of each is `unknown`.

    The two may be of different moments: a migration that `status` does not know is `unknown`, and one
    that the graph no longer has is shown as long as the database remembers it.
    """
    above, below = _sides(graph, status)
    ordered = above + below
    ids = [one.id for one in ordered]
    heads = frozenset(graph.heads)
    drawn = layout(ids, _parents(graph, ids))
    rows = [MigrationRow(one, lanes, one.id in heads) for one, lanes in zip(ordered, drawn, strict=True)]
    folds = _foldable(rows, len(above)) if below else []
    place = None if status is None else len(above)
    return Arrangement(rows, place, folds, frozenset(map(_number_length, ids)))


def _sides(graph: MigrationGraph, status: Status | None) -> tuple[list[MigrationStatus], list[MigrationStatus]]:
    """What is not applied and what is, each newest first; those without a file lead."""
    migrations = graph.migrations
    if status is None:
        return [MigrationStatus(id, UNKNOWN, False, migrations[id], None) for id in reversed(graph.order)], []
    known = status.by_id
    ordered = [_orphan(one) for one in reversed(status.migrations) if one.id not in migrations and one.row is not None]
    for id in reversed(graph.order):
        ordered.append(known.get(id) or MigrationStatus(id, UNKNOWN, False, migrations[id], None))
    above = [one for one in ordered if one.state not in _BELOW]
    below = [one for one in ordered if one.state in _BELOW]
    return above, below


def _orphan(one: MigrationStatus) -> MigrationStatus:
    state = "missing" if one.state in _BELOW else one.state
    return one._replace(state=state, migration=None)


def _parents(graph: MigrationGraph, ids: Sequence[str]) -> Callable[[str], Sequence[str]]:
    if len(ids) == len(graph):
        return graph.parents
    return lambda id: graph.parents(id) if id in graph else ()


def _number_length(id: str) -> int:
    number = id.partition("_")[0]
    return len(number) if number.isdecimal() and number != id else 0


def _foldable(rows: Sequence[MigrationRow], first: int) -> list[tuple[int, int]]:
    """The runs from `first` on that hold nothing of interest."""
    folds = []
    start = first + KEPT
    for place in range(first, len(rows)):
        row = rows[place]
        plain = row.status.state == "applied"
        if plain and not row.head:
            continue
        around = 0 if plain else CONTEXT
        if place - around - start >= FOLDED_FROM:
            folds.append((start, place - around))
        start = max(start, place + around + 1)
    if len(rows) - start >= FOLDED_FROM:
        folds.append((start, len(rows)))
    return folds


def shown_rows(arrangement: Arrangement, unfolded: Collection[str] = ()) -> list[Row]:
    """The rows on the screen, runs folded but for those whose key is in `unfolded`."""
    rows = arrangement.rows
    if arrangement.below is None or not rows:
        return list(rows)
    below = arrangement.below
    shown: list[Row] = [*rows[:below], DividerRow(_leaving(rows, below), _note(rows, below))]
    place = below
    for start, stop in arrangement.folds:
        shown += rows[place:start]
        key = rows[stop - 1].id
        fold = FoldRow(key, start, stop - start, _leaving(rows, start), key in unfolded)
        if fold.unfolded:
            shown.append(fold)
            shown += rows[start:stop]
        else:
            shown.append(fold._replace(through=fold.through | _leaving(rows, stop)))
        place = stop
    shown += rows[place:]
    return shown


def _leaving(rows: Sequence[MigrationRow], place: int) -> int:
    """The lanes with a line between this row and the one before."""
    if not 0 < place < len(rows):
        return 0
    lanes = rows[place].lanes
    return lanes.through | lanes.ends


def _note(rows: Sequence[MigrationRow], below: int) -> str:
    if below == len(rows):
        return "nothing applied yet"
    return "up to date" if below == 0 else ""


def matching_rows(arrangement: Arrangement, wanted: Filter) -> Sequence[MigrationRow]:
    """Only the migrations that match, in the same order."""
    rows = arrangement.rows
    for term in wanted.terms:
        test = term.test
        rows = [row for row in rows if test(row.status, row.head)]
    return rows
