"""Folder and database side by side: what state each migration is in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from operator import attrgetter
from typing import NamedTuple

from miger.engine.graph import MigrationGraph
from miger.engine.migration import Migration
from miger.engine.state import APPLIED, Holder, Snapshot, StateRow

GLYPHS: Mapping[str, str] = {
    "applied": "●",
    "pending": "○",
    "dirty": "✖",
    "running": "◐",
    "modified": "≠",
    "missing": "?",
}
"""The mark of each state; the same everywhere a migration is drawn."""


class MigrationStatus(NamedTuple):
    """One migration: its state (one of `GLYPHS`), whether it is `late`, its file and its row."""

    id: str
    state: str
    late: bool
    migration: Migration | None
    row: StateRow | None


class Status(NamedTuple):
    """All migrations in graph order, the missing ones last; the lease; whether our tables exist."""

    migrations: tuple[MigrationStatus, ...]
    heads: tuple[str, ...]
    holder: Holder | None
    initialised: bool

    @property
    def counts(self) -> dict[str, int]:
        """How many migrations are in each state."""
        found = Counter(map(attrgetter("state"), self.migrations))
        return {state: found[state] for state in GLYPHS}

    @property
    def by_id(self) -> Mapping[str, MigrationStatus]:
        """The same, by id."""
        return {status.id: status for status in self.migrations}

    @property
    def release(self) -> str | None:
        """The release of the last applied migration that names one."""
        for status in reversed(self.migrations):
            row, migration = status.row, status.migration
            if row is not None and row.state == APPLIED and migration is not None and migration.release is not None:
                return migration.release
        return None

    def ids(self, *states: str) -> tuple[str, ...]:
        """The ids in any of these states."""
        return tuple(status.id for status in self.migrations if status.state in states)


def status_of(graph: MigrationGraph, snapshot: Snapshot) -> Status:
    """What state each migration of the graph, and each row without a file, is in.

    O(V): nothing is asked of the database here.
    """
    rows = snapshot.rows
    live_run = snapshot.holder.run if snapshot.holder and not snapshot.holder.expired else None
    statuses = []
    applied_later = False
    for id, migration in reversed(graph.migrations.items()):  # from the end, to see which pending ones are late
        row = rows.get(id)
        state = "pending" if row is None else _row_state(row, migration, live_run)
        statuses.append(MigrationStatus(id, state, applied_later and row is None, migration, row))
        applied_later = applied_later or (row is not None and row.state == APPLIED)
    statuses.reverse()
    for id in sorted(rows.keys() - graph.migrations.keys()):
        row = rows[id]
        state = "missing" if row.state == APPLIED else _row_state(row, None, live_run)
        statuses.append(MigrationStatus(id, state, False, None, row))
    return Status(tuple(statuses), graph.heads, snapshot.holder, snapshot.initialised)


def _row_state(row: StateRow, migration: Migration | None, live_run: str | None) -> str:
    if row.state == APPLIED:
        return "modified" if migration is not None and row.checksum != migration.checksum else "applied"
    return "running" if row.run == live_run and row.state != "dirty" else "dirty"
