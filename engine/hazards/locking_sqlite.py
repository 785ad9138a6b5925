"""What keeps a SQLite file locked for so long that others notice."""

from __future__ import annotations

from collections.abc import Iterator

from miger.engine.hazards import changes as c
from miger.engine.hazards.changes import Act
from miger.engine.hazards.facts import Facts
from miger.engine.hazards.values import INFO, WARNING, Finding, Rule

RULES = (
    Rule("table-rebuild", "Add a column or a trigger instead where that does; else run it while nobody writes."),
    Rule("whole-file-lock", "Run it while nobody writes, and set a busy timeout in the programs that do."),
)

MANY_ROWS = 100_000  # a second or so


def find(act: Act, facts: Facts) -> Iterator[Finding]:
    """The hazards of one change."""
    change, table = act.change, act.change.table
    match change.action:
        case c.REBUILD if facts.concerns(table):
            severity = facts.severity(table, MANY_ROWS)
            why = f"nobody can write to the database while all rows of {table} are copied to a new table"
            yield Finding("table-rebuild", severity, str(table), why + _few(severity))
        case c.VACUUM:
            yield Finding(
                "whole-file-lock", WARNING, "", "nobody can write to the database while VACUUM copies all of it"
            )
        case c.CREATE_INDEX if facts.live is not None and facts.concerns(table):
            severity = facts.severity(table, MANY_ROWS)
            if severity != INFO:
                why = f"nobody can write to the database while all rows of {table} are indexed"
                yield Finding("whole-file-lock", severity, str(table), why)


def _few(severity: str) -> str:
    return "; there are few now" if severity == INFO else ""
