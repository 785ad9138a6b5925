"""The two lines above a migration's detail."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from miger.engine.status import GLYPHS
from miger.engine.words import duration
from miger.widgets.detail_row import ERROR, GOOD, MUTED, WARNING, ago
from miger.widgets.detail_values import MigrationDetail
from miger.widgets.words import fit, fit_end, printable

STATE_STYLES = {
    "applied": GOOD,
    "pending": "",
    "dirty": ERROR,
    "running": "$text-primary",
    "modified": WARNING,
    "missing": WARNING,
}


def header_of(detail: MigrationDetail, width: int, now: datetime) -> Content:
    """Two lines: the id with its state, and what matters most about it."""
    status = detail.status
    style, glyph = STATE_STYLES.get(status.state, MUTED), GLYPHS.get(status.state, "·")
    state = f"{glyph} {status.state}" + (" · late" if status.late else "")
    id = fit_end(printable(status.id), max(width - len(state) - 2, 8))
    gap = " " * max(width - Content(id).cell_length - len(state), 1)
    text, tone = _summary(detail, now)
    return Content("\n").join(
        [
            Content.assemble((id, "bold"), gap, (state, f"bold {style}")),
            Content.styled(fit(printable(text), width), tone),
        ]
    )


def _summary(detail: MigrationDetail, now: datetime) -> tuple[str, str]:
    status, stop = detail.status, detail.stop
    row, migration = status.row, status.migration
    if status.state == "dirty":
        error = stop.error if stop else row.error if row else ""
        return " · ".join(part for part in (_stopped_at(detail), error.partition("\n")[0]) if part), ERROR
    if status.state == "running" and row is not None:
        of = f" of {row.total}" if row.total else ""
        return f"running: {row.done}{of} statements done, by {row.by}@{row.host}", STATE_STYLES["running"]
    if status.state == "modified":
        return "its file is not the one that was applied", WARNING
    if status.state == "missing":
        return "applied, but its file is gone", WARNING
    if row is not None:
        title = f" · {migration.title}" if migration is not None and migration.title else ""
        return f"{ago(row.at, now)} · {duration(row.duration_ms)} · by {row.by}@{row.host}{title}", MUTED
    if status.late:
        return "late: it sorts before one that is applied", WARNING
    return (migration.title if migration is not None and migration.title else "not applied"), MUTED


def _stopped_at(detail: MigrationDetail) -> str:
    row, stop = detail.status.row, detail.stop
    if stop is not None and stop.statement:
        return f"stopped at statement {stop.statement}" + (f" of {stop.total}" if stop.total else "")
    if row is None:
        return "stopped"
    return f"stopped after {row.done}" + (f" of {row.total} statements" if row.total else " finished")
