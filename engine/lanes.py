"""The lanes of a drawn graph, as in `git log --graph`: newest first, one row per migration.

    ○─╮    merge       a merge opens a lane downward for each further parent
    │ ○    add_index
    ○ │    add_table
    ●─╯    base        the lanes of several children close into their parent

A lane is a column, numbered from 0 at the left. A line leaves a migration downward, keeps its lane, and
ends in the parent. Sets of lanes are integer bit masks (bit n is lane n).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple


# Made in a third of the time of a frozen dataclass, and there is one per migration.
class LaneRow(NamedTuple):
    """The row of migration `id`, which lies on `lane`.

    The masks are of the lanes whose line passes this row, ends in the migration from above, or starts in
    it and goes down; its own lane may be in `ends`, in `starts`, in both or in none, every other lane in
    at most one. `joins` are those of `through` that a line of this migration joins: all lines on one lane
    lead to the same parent.
    """

    id: str
    lane: int
    through: int
    ends: int
    starts: int
    joins: int = 0

    @property
    def width(self) -> int:
        """The number of lanes up to the rightmost in use."""
        return (self.through | self.ends | self.starts | 1 << self.lane).bit_length()


def layout(newest_first: Sequence[str], parents: Callable[[str], Sequence[str]]) -> list[LaneRow]:
    """One row for each id, in one pass over the ids and their parents.

    `newest_first` has each id once, children before their parents. An edge to an id that is not in
    there, or is in an earlier row (a cycle), is not drawn. At most one lane more is used than there
    are lines side by side.

    A migration lies on the leftmost lane that leads to it. With one parent it stays on that lane;
    with several, those that a lane leads to already are joined, the first other one keeps the lane,
    and each further one gets a lane of its own.
    """
    row_of = {id: row for row, id in enumerate(newest_first)}
    awaited: dict[str, int] = {}  # the lanes that lead to an id
    used = 0  # lanes with a line at the lower edge of the row before
    stopped = 0  # the lane of the row before, if its line ended: what is right below must not touch it
    rows: list[LaneRow] = []
    for row, id in enumerate(newest_first):
        ends = awaited.pop(id, 0)
        own = ends & -ends or _lowest_free(used | stopped)
        lane = own.bit_length() - 1
        through = used & ~ends
        starts = joins = 0
        drawn = parents(id)
        if len(drawn) == 1 and row_of.get(drawn[0], -1) > row:  # most have one parent: nothing to choose
            starts = own
            awaited[drawn[0]] = awaited.get(drawn[0], 0) | own
            drawn = ()
        else:
            drawn = [parent for parent in drawn if row_of.get(parent, -1) > row]
        for parent in drawn:
            lanes = awaited.get(parent, 0)
            if lanes and len(drawn) > 1:
                joins |= 1 << _nearest(lanes, lane)
                continue
            new = own if not starts else 1 << _nearest_free(through | ends | starts | own | stopped, lane)
            starts |= new
            awaited[parent] = lanes | new
        rows.append(LaneRow(id, lane, through, ends, starts, joins))
        used = through | starts
        stopped = own & ~starts
    return rows


def _lowest_free(used: int) -> int:
    """The mask of the leftmost lane not used."""
    return ~used & (used + 1)


def _nearest(lanes: int, lane: int) -> int:
    """The number of the lane among `lanes` (not empty) nearest to `lane`; the right one of two."""
    right = lanes >> lane
    left = (lanes & ((1 << lane) - 1)).bit_length() - 1
    if not right:
        return left
    distance = (right & -right).bit_length() - 1
    return left if left >= 0 and lane - left < distance else lane + distance


def _nearest_free(used: int, lane: int) -> int:
    """The number of the gap nearest to `lane`; a lane further right than all only if there is no gap."""
    width = used.bit_length()
    gaps = ~used & ((1 << width) - 1)
    return _nearest(gaps, lane) if gaps else width


def draw(row: LaneRow, glyph: str, lanes: int) -> str:
    """The lanes of a row as text, two characters each; lane n is at character 2n. `glyph` is its mark.

    Of a row that needs more than `lanes` lanes, the last character is `…`, or the glyph if the
    migration itself lies further right. A passing lane hides the line it crosses (`○─│─╮`); `┤`, `├`
    and `┼` are joins.
    """
    touched = row.joins | row.ends | row.starts | 1 << row.lane
    first, last = (touched & -touched).bit_length() - 1, touched.bit_length() - 1
    marks = []
    for lane in range(min(lanes, row.width)):
        marks.append(glyph if lane == row.lane else _mark(row, lane, first, last))
        marks.append("─" if first <= lane < last else " ")
    if row.width > lanes and marks:
        marks[-1] = glyph if row.lane >= lanes else "…"
    return "".join(marks).ljust(2 * lanes)


def _mark(row: LaneRow, lane: int, first: int, last: int) -> str:
    """What is at a lane that is not the row's own; `first` to `last` is how far its arms reach."""
    bit = 1 << lane
    if row.joins & bit:
        return "├" if lane == first else "┤" if lane == last else "┼"
    if row.through & bit:
        return "│"
    if row.ends & bit:
        return "╯" if lane == last else "┴"  # never left of the migration: that is on the leftmost
    if row.starts & bit:
        return "╭" if lane == first else "╮" if lane == last else "┬"
    return "─" if first < lane < last else " "
