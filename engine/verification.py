"""Whether folder and database agree: checksums, files, the verify sections as they hold now, and drift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from miger.engine.drift import Drift, find_drift
from miger.engine.errors import StepFailed
from miger.engine.executor import verify_reason
from miger.engine.graph import MigrationGraph
from miger.engine.migration import Migration
from miger.engine.planner import UP
from miger.engine.run import Run
from miger.engine.status import Status
from miger.engine.step_work import StepWork


class VerifyReport(NamedTuple):
    """What `verify` found: ids by kind of finding, and verify sections that do not hold.

    `superseded` are sections that fail although a later migration is applied on top, which may have
    changed on purpose what they check; they are no error.
    """

    modified: tuple[str, ...]
    missing: tuple[str, ...]
    dirty: tuple[str, ...]
    late: tuple[str, ...]
    failed: tuple[tuple[str, str], ...]
    superseded: tuple[tuple[str, str], ...]
    checked: int
    drift: Drift = Drift()

    @property
    def ok(self) -> bool:
        """Whether folder and database agree."""
        return not (self.wrong or self.dirty)

    @property
    def wrong(self) -> bool:
        """Whether anything but migrations that stopped half way is found."""
        return bool(self.modified or self.missing or self.late or self.failed or self.drift.changes)


def verify_all(
    run: Run, graph: MigrationGraph, status: Status, *, late_is_wrong: bool = True, drift_ignore: Sequence[str] = ()
) -> VerifyReport:
    """Compares folder and database, and runs the verify section of each applied migration, rolled back.

    `drift_ignore` are patterns of objects whose changes are none.

    Raises what keeps a section from being run at all: UnreachableError, a lock held by others.
    """
    applied = {item.id: item.migration for item in status.migrations if item.state in ("applied", "modified")}
    failed: list[tuple[str, str]] = []
    superseded: list[tuple[str, str]] = []
    checked = 0
    for id, migration in applied.items():
        if migration is None or migration.section("verify") is None:
            continue
        checked += 1
        reason = verify_now(run, migration)
        if reason is not None:
            built_upon = any(child in applied for child in graph.children(id))
            (superseded if built_upon else failed).append((id, reason))
    late = tuple(item.id for item in status.migrations if item.late)
    return VerifyReport(
        modified=status.ids("modified"),
        missing=status.ids("missing"),
        dirty=status.ids("dirty"),
        late=late if late_is_wrong else (),
        failed=tuple(failed),
        superseded=tuple(superseded),
        checked=checked,
        drift=find_drift(run.backend, drift_ignore),
    )


def verify_now(run: Run, migration: Migration) -> str | None:
    """What `verify` says of a migration at this moment; None when it holds. Changes nothing.

    Raises StatementError where it can't be asked: the database is busy, or gone.
    """
    backend = run.backend
    session = None
    if migration.kind == "python":
        session = backend.session(StepWork(run, migration, UP, "verify", transactional=True))
    try:
        backend.begin(migration, "verify")
        return verify_reason(run, migration, session)
    except StepFailed as error:
        return error.message
    finally:
        backend.rollback()
        if session is not None:
            session.close()
        backend.clean_session()
