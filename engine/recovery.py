"""What can be done about a migration that stopped half way, or whose record is wrong, and doing it."""

from __future__ import annotations

from typing import NamedTuple

from miger.engine.errors import UsageError
from miger.engine.executor import execute_step
from miger.engine.migration import Migration
from miger.engine.planner import DOWN, UP
from miger.engine.run import Run
from miger.engine.state import APPLIED, StateRow
from miger.engine.status import MigrationStatus

RESUME, ROLLBACK = "resume", "rollback"
MARK_APPLIED, MARK_PENDING, ACCEPT_CHECKSUM = "mark-applied", "mark-pending", "accept-checksum"
CHOICES = (RESUME, ROLLBACK, MARK_APPLIED, MARK_PENDING, ACCEPT_CHECKSUM)

# After these, what a person did by hand is as it should be.
BY_HAND = (MARK_APPLIED, MARK_PENDING)


class RecoveryChoice(NamedTuple):
    """One thing that can be done: its name, what it will do, and why it can't be done now (or "")."""

    name: str
    effect: str
    unavailable: str = ""


def choices_for(status: MigrationStatus) -> tuple[RecoveryChoice, ...]:
    """The recovery choices for a migration in the state it is in, each with what it will do. Pure."""
    row, migration = status.row, status.migration
    going = "apply" if row is None or row.direction == UP else "revert"
    back = "down" if going == "apply" else "up"
    done = f"after {row.done} finished" if row is not None else "from the start"
    no_file = "" if migration is not None else "its file is missing"
    not_dirty = "" if status.state == "dirty" else f"it is {status.state}, not dirty"
    section = "up" if going == "apply" else "down"
    no_section = "" if migration is None or migration.section(section) else f"the file has no `{section}`"
    no_back = "" if migration is None or migration.section(back) else f"the file has no `{back}`"
    return (
        RecoveryChoice(RESUME, f"goes on to {going} it, {done}", not_dirty or no_file or no_section),
        RecoveryChoice(ROLLBACK, f"runs its `{back}`", not_dirty or no_file or no_back),
        RecoveryChoice(
            MARK_APPLIED,
            "records it as applied; runs nothing",
            no_file or _unless(status, "dirty", "pending"),
        ),
        RecoveryChoice(
            MARK_PENDING,
            "records it as pending; runs nothing",
            _unless(status, "dirty", "applied", "modified", "missing"),
        ),
        RecoveryChoice(
            ACCEPT_CHECKSUM,
            "records the file's text as the one that was applied",
            _unless(status, "modified"),
        ),
    )


def _unless(status: MigrationStatus, *states: str) -> str:
    return "" if status.state in states else f"it is {status.state}"


def check_choice(status: MigrationStatus, name: str) -> bool:
    """Whether the choice has anything to do. Raises UsageError where it cannot be taken."""
    if name not in CHOICES:
        raise UsageError(f"no recovery is called {name!r}", f"there are {', '.join(CHOICES)}")
    settled = {
        RESUME: ("applied", "pending"),
        ROLLBACK: ("pending",),
        MARK_APPLIED: ("applied",),
        MARK_PENDING: ("pending",),
        ACCEPT_CHECKSUM: ("applied",),
    }
    if status.state in settled[name]:
        return False
    choice = next(choice for choice in choices_for(status) if choice.name == name)
    if choice.unavailable:
        raise UsageError(f"{status.id}: cannot {name}: {choice.unavailable}", f"`miger show {status.id}` tells more")
    return True


def recover(run: Run, status: MigrationStatus, name: str, assume: bool | None = None) -> None:
    """Carries a recovery choice out under the run's lease.

    `assume` settles, by a person's word, whether a statement of unknown end did happen.
    Raises UsageError, or what a step raises.
    """
    migration, row = status.migration, status.row
    if name == RESUME and migration is not None and row is not None:
        execute_step(run, migration, row.direction, transactional=False, assume=assume)
    elif name == ROLLBACK and migration is not None and row is not None:
        _roll_back(run, migration, row)
    elif name == MARK_APPLIED and migration is not None:
        _mark(run, migration, "marked_applied")
    elif name == ACCEPT_CHECKSUM and migration is not None:
        _mark(run, migration, "checksum_accepted", row)
    elif name == MARK_PENDING:
        run.backend.record(run.lease, run.entry(status.id, "marked_pending"), None, forget=True)


def mark_applied(run: Run, migrations: tuple[Migration, ...]) -> None:
    """Records migrations as applied without running them, all or none: a baseline."""
    run.backend.begin()
    try:
        for migration in migrations:
            _mark(run, migration, "baselined")
        run.backend.commit()
    except BaseException:
        run.backend.rollback()
        raise


def _roll_back(run: Run, migration: Migration, row: StateRow) -> None:
    """Runs the other direction, in one transaction where the migration allows it."""
    other = DOWN if row.direction == UP else UP
    execute_step(run, migration, other, transactional=run.backend.runs_in_transaction(migration, other), assume=None)
    run.backend.record(run.lease, run.entry(migration.id, "rolled_back"), None)


def _mark(run: Run, migration: Migration, event: str, row: StateRow | None = None) -> None:
    run.backend.record(
        run.lease,
        run.entry(migration.id, event, checksum=migration.checksum),
        _applied_row(run, migration, row),
    )


def _applied_row(run: Run, migration: Migration, row: StateRow | None) -> StateRow:
    if row is not None:
        return row._replace(checksum=migration.checksum)
    return StateRow(
        id=migration.id,
        state=APPLIED,
        direction=UP,
        checksum=migration.checksum,
        run=run.id,
        by=run.owner.by,
        host=run.owner.host,
    )
