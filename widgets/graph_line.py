"""One row of the graph pane as styled pieces of text, exactly as many cells as there is room for.

○─╮  01-15 merge_billing  head        ○ pending
lanes  number name        badges        state
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from miger.engine.lanes import draw
from miger.engine.status import GLYPHS, MigrationStatus
from miger.widgets.graph_rows import DividerRow, FoldRow, MigrationRow, Row
from miger.widgets.words import age, fit, printable

MOST_LANES = 16
LOOKS = (
    *GLYPHS,
    *("unknown", "late", "lane", "number", "name", "title", "detail"),
    *("head", "badge", "divider", "fold", "message", "error"),
)
"""The looks of a `Piece`."""
_NAME = re.compile(r"(\d+)[_-](.+)", re.DOTALL)
_DATES = (8, 12, 14)  # digits of 20260115, 202601151015 and 20260115101500
_HEAD = "head"


class Piece(NamedTuple):
    """Text and the look it has: the name of a component class of the widget without `graph--`."""

    text: str
    look: str


class Columns(NamedTuple):
    """The cells of each column; `lanes` is counted in lanes (two cells each), `number` 0 leaves it out.

    `gap` is between name and state.
    """

    width: int
    lanes: int
    number: int
    state: int
    gap: int

    @property
    def name(self) -> int:
        """What is left for the name and its badges."""
        return max(0, self.width - 2 * self.lanes - 1 - self.number - bool(self.number) - self.gap - self.state)


def columns(width: int, lanes: int, numbers: Collection[int]) -> Columns:
    """The columns for rows of `width` cells with at most `lanes` lanes, and numbers of these lengths."""
    most = max(3, min(MOST_LANES, (width - 20) // 6))
    longest = max((10 if length in _DATES else length for length in numbers), default=0)
    room = 10 if width >= 62 else 5 if width >= 44 else 4
    number = longest if longest <= room else room if room >= 5 else 0
    wide = width >= 56
    return Columns(width, max(1, min(lanes, most)), number, 14 if wide else 12, 2 if wide else 1)


def split_id(id: str) -> tuple[str, str]:
    """The number an id begins with, and the name: `0143_add_index` → `0143`, `add_index`."""
    match = _NAME.fullmatch(id)
    return (match[1], match[2]) if match else ("", id)


def short_number(number: str, cells: int) -> str:
    """A number, or the day of one that is a time: `2026-01-15`, `01-15`; the end of what is too long."""
    if len(number) in _DATES and "01" <= number[4:6] <= "12" and "01" <= number[6:8] <= "31":
        if cells >= 10:
            return f"{number[:4]}-{number[4:6]}-{number[6:8]}"
        return f"{number[4:6]}-{number[6:8]}" if cells >= 5 else ""
    return number if len(number) <= cells else f"…{number[1 - cells :]}" if cells > 1 else ""


def detail(status: MigrationStatus, now: datetime) -> str:
    """What goes with the state word: `late`, statements done of all, or how long ago."""
    row = status.row
    if status.late:
        return "late"
    if row is None:
        return ""
    if status.state in ("dirty", "running"):
        return f"{row.done}/{row.total}" if row.total is not None else f"{row.done}/?" if row.done else ""
    return age(row.at, now)


def pieces_of(row: Row, shape: Columns, now: datetime, *, lanes: bool = True) -> list[Piece]:
    """The row in `shape.width` cells; without `lanes` the state's glyph stands alone."""
    if isinstance(row, MigrationRow):
        return _exactly(shape.width, _migration(row, shape, now, lanes=lanes))
    return _exactly(shape.width, _divider(row, shape) if isinstance(row, DividerRow) else _fold(row, shape))


def _migration(row: MigrationRow, shape: Columns, now: datetime, *, lanes: bool) -> Iterator[Piece]:
    state = row.status.state
    glyph = GLYPHS.get(state, "·")
    if lanes:
        drawn = draw(row.lanes, glyph, shape.lanes)
        at = min(2 * row.lanes.lane, 2 * shape.lanes - 1)
        yield Piece(drawn[:at], "lane")
        yield Piece(glyph, state)
        yield Piece(drawn[at + 1 :] + " ", "lane")
    else:
        yield Piece(glyph, state)
        yield Piece(" ", "lane")
    number, name = _split_printable(row.id)
    if shape.number:
        yield Piece(_padded(short_number(number, shape.number), shape.number) + " ", "number")
    room = shape.name if lanes else shape.name + 2 * shape.lanes - 1
    yield from _name(row, name, room, shape.gap)
    yield from _state(row.status, now, shape.state)


@lru_cache(4096)
def _split_printable(id: str) -> tuple[str, str]:
    return split_id(printable(id))


def _name(row: MigrationRow, name: str, room: int, gap: int) -> Iterator[Piece]:
    """The name, then as many badges as there is room for (that of a head always), then the title."""
    migration = row.status.migration
    badges = [_HEAD] if row.head else []
    if migration is not None:
        badges += [printable(badge) for badge in (migration.phase, migration.release) if badge]
    reserved = len(_HEAD) + 1 if row.head and room > 2 * len(_HEAD) else 0
    shown = fit(name, room - reserved)
    left = room - cell_len(shown)
    yield Piece(shown, "name")
    for badge in badges:
        if (width := cell_len(badge) + 1) > left:
            break
        yield Piece(" ", "name")
        yield Piece(badge, "head" if badge == _HEAD else "badge")
        left -= width
    if migration is not None and migration.title and left > 16:
        title = "  " + fit(printable(migration.title), left - 2)
        yield Piece(title, "title")
        left -= cell_len(title)
    yield Piece(" " * (left + gap), "name")


def _state(status: MigrationStatus, now: datetime, cells: int) -> Iterator[Piece]:
    word = fit(printable(status.state), cells)
    left = cells - cell_len(word)
    yield Piece(word, status.state)
    look = "late" if status.late else status.state if status.state in ("dirty", "running") else "detail"
    yield Piece(fit(detail(status, now), left - 1).rjust(left), look)


def _divider(row: DividerRow, shape: Columns) -> Iterator[Piece]:
    words = f" database is here{f' — {row.note}' if row.note else ''} "
    crossing = _crossing(row.through, shape.lanes, "│", "─")
    yield Piece(crossing + "───", "divider")
    yield Piece(fit(words, shape.width - len(crossing) - 3), "divider")
    yield Piece("─" * shape.width, "divider")


def _fold(row: FoldRow, shape: Columns) -> Iterator[Piece]:
    yield Piece(_crossing(row.through, shape.lanes, "│" if row.unfolded else "┆", " ") + " ", "lane")
    room = shape.width - 2 * shape.lanes - 1
    yield Piece(fit(f"{row.size:,} applied — enter {'folds them again' if row.unfolded else 'unfolds'}", room), "fold")


def _crossing(through: int, lanes: int, line: str, between: str) -> str:
    """The lanes of a row without a migration."""
    marks = [(line if through >> lane & 1 else between) + between for lane in range(lanes)]
    if through >> lanes:
        marks[-1] = marks[-1][0] + "…"
    return "".join(marks)


def _exactly(width: int, pieces: Iterator[Piece]) -> list[Piece]:
    """The pieces up to `width` cells, filled with spaces; never a part of a wide character."""
    kept = []
    left = width
    for piece in pieces:
        text = piece.text
        cells = len(text) if text.isascii() else cell_len(text)
        if cells >= left:
            kept.append(Piece(_padded(text, left), piece.look))
            return kept
        if text:
            kept.append(piece)
            left -= cells
    kept.append(Piece(" " * left, "name"))
    return kept


def _padded(text: str, cells: int) -> str:
    return text[:cells].ljust(cells) if text.isascii() else set_cell_size(text, cells)
