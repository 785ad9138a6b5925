"""Tables that are copied to another and replaced by it, where others can write meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

from miger.engine.hazards.changes import Name
from miger.engine.hazards.facts import Facts
from miger.engine.hazards.values import INFO, Finding


def copy_loses_writes(table: Name, facts: Facts) -> Iterator[Finding]:
    """What others write to a table after it was copied, and before it is dropped."""
    if facts.is_locked(table):
        return
    severity = facts.severity(table)
    why = f"what others write to {table} while it is copied is lost with the old table, unless LOCK TABLE comes first"
    why = f"{why}; it has few rows now" if severity == INFO else why
    yield Finding("table-rebuild", severity, str(table), why)
