"""`miger status`: the state of each migration."""

from __future__ import annotations

from argparse import Namespace

from miger.cli.output import Output
from miger.engine.state import Holder
from miger.engine.status import GLYPHS, MigrationStatus, Status
from miger.project import Project

PENDING_EXIT, DIRTY_EXIT = 3, 4


def run(args: Namespace, output: Output) -> int:
    """Shows the status; with --check the exit code says 3 for pending and 4 for dirty."""
    with Project.open(args.folder, args.environment) as project:
        status = project.status()
        if output.json:
            output.document(as_document(project, status))
        else:
            _show(project, status, output)
    if not args.check:
        return 0
    if status.counts["dirty"]:
        return DIRTY_EXIT
    return PENDING_EXIT if status.counts["pending"] else 0


def as_document(project: Project, status: Status) -> dict[str, object]:
    """The document of `status --json`; its keys are fixed."""
    return {
        "project": project.config.name,
        "environment": project.environment.name,
        "backend": project.backend_name,
        "release": status.release,
        "heads": list(status.heads),
        "lock": None if status.holder is None else _lock(status.holder),
        "counts": status.counts,
        "migrations": [_migration(item) for item in status.migrations],
    }


def _lock(holder: Holder) -> dict[str, object]:
    names = ("by", "host", "pid", "run", "token", "acquired_at", "expires_at", "activity", "expired")
    return {name: getattr(holder, name) for name in names}


def _migration(item: MigrationStatus) -> dict[str, object]:
    migration, row = item.migration, item.row
    applied = row is not None and row.state == "applied"
    return {
        "id": item.id,
        "state": item.state,
        "late": item.late,
        "depends": list(migration.depends) if migration else [],
        "phase": migration.phase if migration else None,
        "release": migration.release if migration else None,
        "checksum": migration.checksum if migration else row.checksum if row else None,
        "applied_at": row.at if row is not None and applied else None,
        "duration_ms": row.duration_ms if row is not None and applied else None,
        "file": migration.path if migration else None,
        "error": (row.error or None) if row else None,
        "statements_done": row.done if row and not applied else None,
        "statements_total": row.total if row and not applied else None,
    }


def note_on(item: MigrationStatus) -> str:
    """What a line about a migration says beyond its state."""
    row, notes = item.row, []
    if item.state in ("dirty", "running") and row is not None:
        going = "applying" if row.direction == "up" else "reverting"
        of = f" of {row.total}" if row.total is not None else ""
        counted = row.done or row.total is not None  # a Python migration may go by steps and batches instead
        notes.append(f"{going}, {row.done}{of} statements done" if counted else going)
        if row.error:
            notes.append(row.error.partition("\n")[0])
    elif row is not None:
        notes.append(row.at[:19].replace("T", " "))
    if item.late:
        notes.append("late")
    if item.migration is not None:
        notes += [word for word in (item.migration.phase, item.migration.release) if word]
    return " · ".join(notes)


def _show(project: Project, status: Status, output: Output) -> None:
    environment = project.environment
    flags = [word for word in ("protected", "read_only") if getattr(environment, word)]
    output.data(" · ".join([project.config.name, environment.name, project.server(), *flags]))
    output.table(
        ((GLYPHS[item.state], item.id, item.state, note_on(item)) for item in status.migrations),
        ("", "migration", "state", ""),
    )
    counts = ", ".join(f"{count} {state}" for state, count in status.counts.items() if count)
    output.data(counts or "no migrations yet: `miger create NAME` writes one")
    if len(status.heads) > 1:
        output.data(f"{len(status.heads)} heads: {', '.join(status.heads)}")
    if status.holder is not None:
        until = "but that run is gone" if status.holder.expired else f"until {status.holder.expires_at}"
        output.data(f"held by {status.holder}, {until}")
    for id in status.ids("dirty"):
        output.data(f"{id} stopped half way: `miger show {id}` tells what ran and what can be done")
