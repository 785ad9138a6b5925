"""`miger history`: what was done, newest first."""

from __future__ import annotations

from argparse import Namespace

from miger.cli.output import Output
from miger.engine.state import HistoryEntry
from miger.project import Project


def run(args: Namespace, output: Output) -> int:
    """Lists the history of the database, or of one migration."""
    with Project.open(args.folder, args.environment) as project:
        id = None if args.target is None else project.resolve(args.target)
        entries = project.history(args.limit, id)
    if output.json:
        output.document([_document(entry) for entry in entries])
        return 0
    if not entries:
        output.say("nothing happened yet")
    output.table((_row(entry) for entry in entries), ("at", "event", "migration", "ms", "by", ""))
    return 0


def _document(entry: HistoryEntry) -> dict[str, object]:
    return {
        "run": entry.run,
        "id": entry.id or None,
        "event": entry.event,
        "at": entry.at,
        "duration_ms": entry.duration_ms,
        "by": entry.by,
        "host": entry.host,
        "error": entry.error or None,
        "checksum": entry.checksum or None,
        "version": entry.version,
        "token": entry.token,
    }


def _row(entry: HistoryEntry) -> tuple[str, ...]:
    when = entry.at[:19].replace("T", " ")
    who = f"{entry.by}@{entry.host}"
    return (when, entry.event, entry.id or "–", str(entry.duration_ms), who, entry.error.partition("\n")[0])
