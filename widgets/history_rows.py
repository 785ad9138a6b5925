"""The history as rows: a heading for each day, and an entry on each line; the filter that chooses them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content

from miger.engine.state import HistoryEntry
from miger.engine.words import counted, duration
from miger.widgets.words import fit, printable

GLYPHS = {
    "applied": "●",
    "baselined": "●",
    "marked_applied": "●",
    "checksum_accepted": "●",
    "drift_accepted": "●",
    "reverted": "○",
    "rolled_back": "○",
    "marked_pending": "○",
    "started": "◐",
    "resumed": "◐",
    "interrupted": "✖",
    "failed": "✖",
    "lease_taken": "!",
    "lease_broken": "!",
}
BAD = frozenset({"failed", "interrupted"})
STRANGE = frozenset({"lease_taken", "lease_broken"})
RUNNING = frozenset({"started", "resumed"})
WHOLE = 4000  # characters of an error that the filter looks at


class Day(NamedTuple):
    """A heading: all entries of one day, as the calendar has it here."""

    text: str
    entries: int


HistoryRow = Day | HistoryEntry


class HistoryFilter(NamedTuple):
    """What an entry must have.

    Each of `terms` is a key ("" for words anywhere), a value in small letters, and whether it must not be there.
    """

    terms: tuple[tuple[str, str, bool], ...] = ()

    def matches(self, entry: HistoryEntry) -> bool:
        """Whether every term holds."""
        return all(_holds(entry, key, value) is not inverted for key, value, inverted in self.terms)


KEYS = ("event", "by", "host", "id", "run", "error")


def parse_history_filter(text: str) -> HistoryFilter:
    """`event:failed by:ann id:0141 !host:ci words`: what has no key we know is a word."""
    terms = []
    for part in text.casefold().split():
        inverted = part.startswith("!")
        word = part.lstrip("!")
        key, colon, value = word.partition(":")
        if not (colon and key in KEYS):
            key, value = "", word
        if value:
            terms.append((key, value, inverted))
    return HistoryFilter(tuple(terms))


def _holds(entry: HistoryEntry, key: str, value: str) -> bool:
    if key == "event":
        return value.replace(" ", "_") in entry.event
    if key:
        return value in str(getattr(entry, key))[:WHOLE].casefold()
    words = (entry.event, entry.event.replace("_", " "), entry.id, entry.by, entry.host, entry.run, entry.error[:WHOLE])
    return any(value in word.casefold() for word in words)


def history_rows(entries: Sequence[HistoryEntry], chosen: HistoryFilter, zone: tzinfo | None) -> list[HistoryRow]:
    """The entries that are chosen, the newest first as they come, under headings of days in time zone `zone`."""
    rows: list[HistoryRow] = []
    for day, of_day in _by_day([entry for entry in entries if chosen.matches(entry)], zone):
        rows.append(Day(day, len(of_day)))
        rows += of_day
    return rows


def _by_day(entries: Sequence[HistoryEntry], zone: tzinfo | None) -> Iterator[tuple[str, list[HistoryEntry]]]:
    day = ""
    of_day: list[HistoryEntry] = []
    for entry in entries:
        this = day_of(entry.at, zone)
        if of_day and this != day:
            yield day, of_day
            of_day = []
        day = this
        of_day.append(entry)
    if of_day:
        yield day, of_day


def day_of(at: str, zone: tzinfo | None) -> str:
    """The day of a database's time (ISO 8601, UTC), in words that do not depend on a locale: `Thu 2026-01-15`."""
    then = local(at, zone)
    return printable(at[:10]) if then is None else f"{_DAYS[then.weekday()]} {then:%Y-%m-%d}"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def local(at: str, zone: tzinfo | None) -> datetime | None:
    """A database's time in the time zone `zone`, None for the one here; None where it is no time."""
    try:
        return datetime.fromisoformat(at).astimezone(zone)
    except ValueError:
        return None


def event_word(event: str) -> str:
    """The event with its glyph: `✖ failed`, `● marked applied`."""
    return f"{GLYPHS.get(event, '·')} {printable(event.replace('_', ' '))}"


class Columns(NamedTuple):
    """How many cells each column has; what is left over belongs to the result."""

    when: int
    who: int
    what: int
    id: int
    took: int
    result: int


def columns_of(width: int) -> Columns:
    """The columns in `width` cells. A narrow screen leaves out what the run's log tells as well."""
    if width >= 100:
        fixed = (9, 16, 17, 34, 10)
    elif width >= 74:
        fixed = (9, 11, 17, width - 46, 9)
    else:
        fixed = (9, 0, 13, max(width - 32, 10), 9)
    return Columns(*fixed, max(width - sum(fixed), 0))


HEADINGS = ("when", "who", "what", "migration", "took", "result")


def heading_line(width: int) -> Content:
    """The names of the columns."""
    columns = columns_of(width)
    cells = [name.ljust(cells) for name, cells in zip(HEADINGS, columns, strict=True) if cells]
    return Content.styled("".join(cells), "$text-muted").truncate(width)


def row_line(row: HistoryRow, width: int, zone: tzinfo | None) -> Content:
    """A row in at most `width` cells."""
    if isinstance(row, Day):
        count = counted(row.entries, "entry", "entries")
        return Content.assemble((f"{row.text} ", "bold"), (f"─ {count}", "$text-muted"))
    columns, style = columns_of(width), style_of(row.event)
    then = local(row.at, zone)
    when = printable(row.at) if then is None else f"{then:%H:%M:%S}"
    who = f"{row.by}@{row.host}"
    took = duration(row.duration_ms) if row.duration_ms else ""
    result = row.error.partition("\n")[0]
    return Content.assemble(
        (_cell(when, columns.when), "$text-muted"),
        _cell(who, columns.who),
        (_cell(event_word(row.event), columns.what), style),
        (_cell(row.id or "–", columns.id), "$text-secondary"),
        (_cell(took, columns.took), "$text-muted"),
        (fit(printable(result), columns.result), style),
    )


def style_of(event: str) -> str:
    """The colour of an event."""
    if event in BAD:
        return "$text-error"
    if event in STRANGE:
        return "$text-warning"
    if event in RUNNING:
        return "$text-primary"
    return "$text-success" if GLYPHS.get(event) == "●" else ""


def _cell(text: str, cells: int) -> str:
    """The text in exactly `cells`, the last one a space."""
    if not cells:
        return ""
    cut = fit(printable(text), cells - 1)
    return cut + " " * (cells - cell_len(cut))


def entry_text(entry: HistoryEntry, zone: tzinfo | None) -> str:
    """All that an entry says, for reading and for the clipboard."""
    then = local(entry.at, zone)
    when = entry.at if then is None else f"{then:%Y-%m-%d %H:%M:%S}"
    told = [f"{when}  {entry.event.replace('_', ' ')}" + (f"  {entry.id}" if entry.id else "")]
    told.append(f"by {entry.by}@{entry.host}, run {entry.run}, token {entry.token}, miger {entry.version}")
    told += [f"took {duration(entry.duration_ms)}"] if entry.duration_ms else []
    told += [f"checksum {entry.checksum}"] if entry.checksum else []
    told += [entry.error] if entry.error else []
    return "\n".join(told)
