"""What the detail tells of a migration in general."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime

from textual.content import Content

from miger.engine.recovery import choices_for
from miger.engine.words import counted, duration
from miger.widgets.detail_row import ERROR, GOOD, LINK, MUTED, WARNING, DetailRow, ago, blank, sentence
from miger.widgets.detail_values import MigrationDetail
from miger.widgets.words import fit, fit_end, moment, printable, wrapped

LABEL_CELLS = 12
SEVERITIES = {"error": ("✖", ERROR), "warning": ("!", WARNING), "info": ("·", "$text-primary")}


def info_rows(detail: MigrationDetail, width: int, now: datetime) -> Iterator[DetailRow]:
    """State, file, place in the graph, and hazards."""
    status, migration = detail.status, detail.status.migration
    if status.state in ("dirty", "modified", "missing"):
        yield from _what_to_do(detail, width)
    if migration is None:
        yield from _field("file", "none: it is not in the migrations folder", width, WARNING)
    else:
        near = os.path.join(os.path.basename(os.path.dirname(migration.path)), os.path.basename(migration.path))
        path = fit_end(printable(near), width - LABEL_CELLS)
        yield from _field("file", path, width, text=migration.path)
        sections = ", ".join(section.name for section in migration.sections)
        yield from _field("kind", f"{'SQL' if migration.kind == 'sql' else 'Python'}: {sections}", width)
        yield from _field("title", migration.title, width)
        name, _, digest = migration.checksum.partition(":")
        yield from _field("checksum", f"{name}:{digest[:12]}…", width, text=migration.checksum)
    yield from _links("depends on", detail.parents, "a root: it depends on nothing", width)
    yield from _links("needed by", detail.children, "nothing: it is a head", width)
    if migration is not None:
        yield from _field("phase", migration.phase or "", width)
        yield from _field("release", migration.release or "", width)
        how = "in one transaction" if migration.transaction else "statement by statement, each committed by itself"
        yield from _field("runs", how, width)
        back = "irreversible: it has no down" if migration.irreversible else "by its down"
        yield from _field("way back", back, width, WARNING if migration.irreversible else "")
    yield from _recorded(detail, width, now)
    for entry in migration.allow if migration is not None else ():
        subject = f" of {entry['subject']}" if entry.get("subject") else ""
        yield from _field("allows", f"{entry.get('hazard', '')}{subject}: {entry.get('reason', '')}", width)
    yield from _hazards(detail, width)


def _recorded(detail: MigrationDetail, width: int, now: datetime) -> Iterator[DetailRow]:
    row = detail.status.row
    if row is None:
        yield from _field("applied", "not yet", width, MUTED)
        return
    verb = "applied" if row.state == "applied" else "began" if row.state in ("applying", "reverting") else "stopped"
    yield from _field(verb, f"{moment(row.at)} UTC, {ago(row.at, now)}" if row.at else "unknown", width)
    yield from _field("by", f"{row.by}@{row.host}" if row.by else "", width)
    yield from _field("took", duration(row.duration_ms), width)
    if row.run:
        yield DetailRow(_labelled("run", row.run, LINK, width), run=row.run, text=row.run)


def _what_to_do(detail: MigrationDetail, width: int) -> Iterator[DetailRow]:
    stop = detail.stop
    if stop is not None:
        yield from sentence("✖ ", stop.error, ERROR, width)
        yield from sentence("→ ", stop.hint, "", width)
        yield blank()
    if detail.status.state == "modified":
        told = "The file changed after it was applied. Put the old text back and write a new migration, or accept it."
        yield from sentence("≠ ", told, WARNING, width)
        yield blank()
    yield DetailRow(Content.styled("What can be done (x)", "bold"))
    for choice in choices_for(detail.status):
        if not choice.unavailable:
            name = f"{choice.name:<16}"
            for number, line in enumerate(wrapped(choice.effect, width - 18)):
                yield DetailRow(Content.assemble("  ", (" " * 16 if number else name, LINK), line), text=choice.name)
    yield blank()


def _hazards(detail: MigrationDetail, width: int) -> Iterator[DetailRow]:
    if not detail.hazards:
        return
    yield blank()
    yield DetailRow(Content.styled(counted(len(detail.hazards), "hazard").capitalize(), "bold"))
    for hazard in detail.hazards:
        glyph, style = ("✔", GOOD) if hazard.allowed else SEVERITIES[hazard.severity]
        word = f"{hazard.severity}, allowed" if hazard.allowed else hazard.severity
        place = f" (line {hazard.line})" if hazard.line else ""
        yield from sentence(f"{glyph} ", f"{word}: {hazard.message}{place}  [{hazard.code}]", style, width)
        yield from sentence("  → ", hazard.allowed or hazard.advice, MUTED, width)


def _field(label: str, value: str, width: int, style: str = "", text: str = "") -> Iterator[DetailRow]:
    if not value:
        return
    for number, line in enumerate(wrapped(printable(value), width - LABEL_CELLS)):
        yield DetailRow(_labelled("" if number else label, line, style, width), text=text or value)


def _links(label: str, ids: tuple[str, ...], none: str, width: int) -> Iterator[DetailRow]:
    if not ids:
        yield from _field(label, none, width, MUTED)
    for number, id in enumerate(ids):
        yield DetailRow(_labelled("" if number else label, f"→ {printable(id)}", LINK, width), link=id, text=id)


def _labelled(label: str, value: str, style: str, width: int) -> Content:
    return Content.assemble((f"{label:<{LABEL_CELLS}}", MUTED), (fit(value, max(width - LABEL_CELLS, 8)), style))
