"""What happened to a migration, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from textual.content import Content

from miger.engine.state import HistoryEntry
from miger.engine.words import duration
from miger.widgets.detail_row import ERROR, FAINT, GOOD, MUTED, WARNING, DetailRow, ago, sentence
from miger.widgets.words import moment, printable

EVENTS = {
    "applied": ("✔", GOOD),
    "reverted": ("↩", WARNING),
    "failed": ("✖", ERROR),
    "interrupted": ("!", WARNING),
    "rolled_back": ("↩", WARNING),
}


def history_rows(entries: Iterable[HistoryEntry], width: int, now: datetime) -> Iterator[DetailRow]:
    """One row an entry, and one for its error."""
    none = True
    for entry in entries:
        none = False
        glyph, style = EVENTS.get(entry.event, ("·", ""))
        took = duration(entry.duration_ms) if entry.duration_ms else ""
        who = f"{entry.by}@{entry.host}" if entry.by else ""
        copied = " ".join(part for part in (entry.at, entry.event, who, entry.run, entry.error) if part)
        line = Content.assemble(
            (f"{moment(entry.at)} ", MUTED),
            (f"{ago(entry.at, now):>9}  ", FAINT),
            (f"{glyph} {entry.event.replace('_', ' '):<12}", style),
            (f"{took:>8}  ", MUTED),
            (printable(who), ""),
        )
        yield DetailRow(line, run=entry.run, text=copied)
        for row in sentence("└ ", entry.error.partition("\n")[0], ERROR, width - 4):
            yield DetailRow(Content("    ") + row.content, run=entry.run, text=copied)
    if none:
        yield DetailRow(Content.styled("Nothing happened to it yet.", MUTED))
