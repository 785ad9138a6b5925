"""`miger show`: one migration, its statements, how far it got, and what can be done."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from itertools import islice

from miger.cli.commands.status import note_on
from miger.cli.output import Output
from miger.engine.migration import Migration
from miger.engine.recovery import choices_for
from miger.engine.sections import read_section
from miger.engine.state import Checkpoint, HistoryEntry
from miger.engine.statements import split
from miger.engine.status import GLYPHS, MigrationStatus
from miger.engine.step_work import shown
from miger.project import Project

MOST_STATEMENTS = 200


def run(args: Namespace, output: Output) -> int:
    """Shows a migration by a unique part of its id."""
    with Project.open(args.folder, args.environment) as project:
        id = project.resolve(args.target)
        item = project.status().by_id[id]
        entries = project.history(10, id)
        checkpoints = _checkpoints(project, item)
        if output.json:
            output.document(_document(project, item, entries, checkpoints))
        else:
            for line in _lines(project, item, entries, checkpoints):
                output.data(line)
    return 0


def _checkpoints(project: Project, item: MigrationStatus) -> dict[str, Checkpoint]:
    if item.state not in ("dirty", "running") or item.row is None:
        return {}
    return project.checkpoints(item.id, item.row.direction)


def statements_of(project: Project, migration: Migration, section: str) -> Iterator[tuple[int, int, str]]:
    """Number, line and beginning of each statement of an SQL section."""
    if migration.kind == "sql" and (found := migration.section(section)) is not None:
        for statement in split(read_section(migration, section), project.dialect, found.line):
            yield statement.number, statement.line, shown(statement.sql)


def _document(
    project: Project, item: MigrationStatus, entries: list[HistoryEntry], checkpoints: dict[str, Checkpoint]
) -> dict[str, object]:
    migration = item.migration
    sections: dict[str, object] = {}
    for section in migration.sections if migration else ():
        listed = islice(statements_of(project, migration, section.name), MOST_STATEMENTS) if migration else ()
        sections[section.name] = [{"number": n, "line": line, "text": text} for n, line, text in listed]
    return {
        "id": item.id,
        "state": item.state,
        "file": migration.path if migration else None,
        "depends": list(migration.depends) if migration else [],
        "children": list(project.graph.children(item.id)) if migration else [],
        "transaction": migration.transaction if migration else None,
        "sections": sections,
        "error": item.row.error if item.row else None,
        "finished": sorted(key for key, mark in checkpoints.items() if mark.state == "done"),
        "recovery": [
            {"choice": choice.name, "effect": choice.effect, "unavailable": choice.unavailable or None}
            for choice in choices_for(item)
        ],
        "history": [{"at": entry.at, "event": entry.event, "error": entry.error or None} for entry in entries],
    }


def _lines(
    project: Project, item: MigrationStatus, entries: list[HistoryEntry], checkpoints: dict[str, Checkpoint]
) -> Iterator[str]:
    migration, row = item.migration, item.row
    yield f"{GLYPHS[item.state]} {item.id}  {item.state}  {note_on(item)}".rstrip()
    if migration is None:
        yield "  it has no file in the migrations folder"
    else:
        yield f"  file      {migration.path}"
        yield f"  depends   {', '.join(migration.depends) or '–'}"
        yield f"  children  {', '.join(project.graph.children(item.id)) or '–'}"
        yield f"  runs      {'in one transaction' if migration.transaction else 'statement by statement'}"
        for section in migration.sections:
            yield f"  {section.name} (line {section.line})"
            yield from _statements(project, migration, section.name, item, checkpoints)
    pieces = [key for key in checkpoints if not key.startswith("#")]
    for key in pieces:
        yield f"  ✔ {key} ({checkpoints[key].rows} rows)"
    if row is not None and row.error:
        yield f"  error     {row.error}"
    if item.state in ("dirty", "modified", "missing"):
        yield "  what can be done"
        for choice in choices_for(item):
            if not choice.unavailable:
                yield f"    miger repair {item.id} --{choice.name}   {choice.effect}"
    if entries:
        yield "  history"
    for entry in entries:
        yield f"    {entry.at[:19].replace('T', ' ')}  {entry.event}  {entry.error.partition(chr(10))[0]}".rstrip()


def _statements(
    project: Project,
    migration: Migration,
    section: str,
    item: MigrationStatus,
    checkpoints: dict[str, Checkpoint],
) -> Iterator[str]:
    under_way = item.row is not None and item.row.direction == section
    for number, line, text in islice(statements_of(project, migration, section), MOST_STATEMENTS):
        mark = checkpoints.get(f"#{number}") if under_way else None
        glyph = " " if mark is None else "✔" if mark.state == "done" else "…"
        yield f"    {glyph} {number}  line {line}  {text[:100]}"
