"""Running a plan: each step in one transaction or checkpointed, recorded, and told to observers."""

from __future__ import annotations

import time
from typing import NamedTuple

from miger.engine.backend import Session
from miger.engine.errors import (
    BadMigrations,
    Interrupted,
    LeaseLost,
    MigerError,
    StatementError,
    StepFailed,
)
from miger.engine.events import LogLine, RunFinished, RunStarted, StepFinished, StepStarted
from miger.engine.events import StepFailed as StepFailedEvent
from miger.engine.lease import Heartbeat
from miger.engine.migration import Migration
from miger.engine.planner import UP, Plan, PlanStep
from miger.engine.python_files import check_python
from miger.engine.python_step import run_function
from miger.engine.run import Run
from miger.engine.sql_step import (
    SqlSection,
    check_prefix,
    refuse_empty,
    run_checkpointed,
    run_in_transaction,
    run_verify,
)
from miger.engine.state import APPLIED, APPLYING, DIRTY, REVERTING, StateRow
from miger.engine.step_work import StepWork


class RunResult(NamedTuple):
    """What a run did: the ids it finished, in order, and its duration in ms."""

    run: str
    direction: str
    finished: tuple[str, ...]
    ms: float


def execute_plan(run: Run, plan: Plan, assume: bool | None = None) -> RunResult:
    """Runs all steps of a plan, which `check_code` let pass, under the run's lease.

    `assume` settles whether a statement of unknown end, begun by an earlier run, did happen.
    Raises StepFailed, Interrupted, LeaseLost or UnreachableError after the observers were told and
    what happened was recorded; steps finished before stay finished.
    """
    started = time.perf_counter()
    run.emit(RunStarted(run.id, plan.direction, run.backend.environment.name, plan.ids))
    finished: list[str] = []
    result = "failed"
    try:
        with _heartbeat(run) as heartbeat:
            for number, step in enumerate(plan.steps, 1):
                heartbeat.renew_if_due()
                run.check()
                run.activity = f"{step.id} ({number} of {len(plan.steps)})"
                _Step(run, plan.direction, step, number, len(plan.steps), assume).execute()
                finished.append(step.id)
        result = "done"
    except Interrupted:
        result = "interrupted"
        raise
    finally:
        ms = (time.perf_counter() - started) * 1000
        run.emit(RunFinished(run.id, plan.direction, result, tuple(finished), ms))
    return RunResult(run.id, plan.direction, tuple(finished), ms)


def execute_step(run: Run, migration: Migration, direction: str, transactional: bool, assume: bool | None) -> None:
    """Runs one migration for recovery, going on after what is already finished."""
    plan = Plan(direction, (PlanStep(migration, transactional, migration.irreversible),))
    check_code(plan)
    execute_plan(run, plan, assume)


def check_code(plan: Plan) -> None:
    """Raises BadMigrations when a Python file of the plan does not even compile, before anything runs."""
    problems = [
        problem
        for step in plan.steps
        if step.migration.kind == "python" and (problem := check_python(step.migration)) is not None
    ]
    if problems:
        raise BadMigrations("not valid Python:", problems)


def _heartbeat(run: Run) -> Heartbeat:
    run.heartbeat = Heartbeat(run.backend, run.lease, run.backend.environment.lease, lambda: run.activity)
    return run.heartbeat


class _Step:
    """One step of a run, from its first event to its last."""

    def __init__(
        self, run: Run, direction: str, step: PlanStep, number: int, steps: int, assume: bool | None = None
    ) -> None:
        self.run = run
        self.backend = run.backend
        self.direction = direction
        self.step = step
        self.migration = step.migration
        self.number = number
        self.steps = steps
        self.work = StepWork(run, step.migration, direction, direction, step.transaction, assume)
        self.statements = self._sql(direction)
        self.started = time.perf_counter()

    @property
    def ms(self) -> float:
        return (time.perf_counter() - self.started) * 1000

    def execute(self) -> None:
        """Runs the step. Raises after it has been rolled back or recorded as dirty."""
        if not self.step.transaction:
            self.work.load_checkpoints()
            if self.statements is not None:
                check_prefix(self.work, self.statements)
        try:
            if self.step.transaction:
                self.run.retrying(self.migration.id, self._in_transaction)
            else:
                self._checkpointed()
        except LeaseLost:
            self.backend.rollback()
            raise
        except (KeyboardInterrupt, Exception) as error:
            if not self._settled(error):
                raise self._fail(error) from error
        self.run.emit(StepFinished(self.run.id, self.migration.id, self.direction, self.ms))
        self._clean_session()

    def _tell_started(self) -> None:
        count = self.statements.count if self.statements else None
        self.run.emit(
            StepStarted(
                self.run.id,
                self.migration.id,
                self.direction,
                self.number,
                self.steps,
                self.step.transaction,
                count,
            )
        )

    def _in_transaction(self) -> None:
        """The whole step, verify and record in one transaction; nothing is left of a failure."""
        self._tell_started()
        session = self.backend.session(self.work) if self.statements is None else None
        try:
            self.backend.begin(self.migration, self.direction)
            if self.statements is not None:
                run_in_transaction(self.work, self.statements)
            else:
                run_function(self.work, self.direction, session)
                self._refuse_ended_transaction()
            if self.direction == UP:
                self._verify(session)
            self._record_done()
            self.backend.commit()
        except BaseException:
            self.backend.rollback()
            raise
        finally:
            if session is not None:
                session.close()

    def _checkpointed(self) -> None:
        """Piece by piece, each committed with its checkpoint; that it began is recorded first."""
        self._tell_started()
        if self.statements is not None and self.statements.count == 0:
            refuse_empty(self.work, 0)
        self._record_begun()
        session = self.backend.session(self.work) if self.statements is None else None
        try:
            if self.statements is not None:
                run_checkpointed(self.work, self.statements)
            else:
                run_function(self.work, self.direction, session)
            if self.direction == UP:
                self._verify_apart(session)
        finally:
            self.backend.rollback()
            if session is not None:
                session.close()
        self._clean_session()
        self.backend.begin()
        self._record_done()
        self.backend.commit()

    def _verify_apart(self, session: Session | None) -> None:
        self.backend.begin()
        try:
            self._verify(session)
        finally:
            self.backend.rollback()

    def _verify(self, session: Session | None) -> None:
        reason = verify_reason(self.run, self.migration, session)
        if reason is not None:
            hint = "the change is not there although its statements ran"
            raise StepFailed(self.migration.id, f"verify: {reason}", hint, dirty=not self.step.transaction)

    def _refuse_ended_transaction(self) -> None:
        if not self.backend.in_transaction():
            raise StepFailed(
                self.migration.id,
                "the migration ended the transaction it ran in",
                "take COMMIT or ROLLBACK out, or set `transaction = false`",
                dirty=True,
            )

    def _record_begun(self) -> None:
        event = "resumed" if self.work.checkpoints else "started"
        state = APPLYING if self.direction == UP else REVERTING
        entry = self.run.entry(self.migration.id, event, checksum=self.migration.checksum)
        self.backend.record(self.run.lease, entry, self._row(state))

    def _record_done(self) -> None:
        """Part of the open transaction, so that the change and its record are one."""
        event = "applied" if self.direction == UP else "reverted"
        entry = self.run.entry(self.migration.id, event, checksum=self.migration.checksum, ms=self.ms)
        row = self._row(APPLIED) if self.direction == UP else None
        self.backend.record(self.run.lease, entry, row, forget=row is None)

    def _row(self, state: str, error: str = "") -> StateRow:
        return StateRow(
            id=self.migration.id,
            state=state,
            direction=self.direction,
            checksum=self.migration.checksum,
            done=self.work.finished,
            total=self.statements.count if self.statements else None,
            run=self.run.id,
            by=self.run.owner.by,
            host=self.run.owner.host,
            duration_ms=round(self.ms),
            error=error,
        )

    def _settled(self, error: BaseException) -> bool:
        """After a lost or broken-off connection: connects anew and sees whether the step's COMMIT had arrived."""
        if isinstance(error, KeyboardInterrupt):
            self.run.interrupt.request()  # if it had, nothing more begins
        else:
            cause = error.__cause__ if isinstance(error, StepFailed) else error
            if not (isinstance(cause, StatementError) and cause.disconnected):
                return False
        event = "applied" if self.direction == UP else "reverted"
        try:
            self.backend.reopen()
            return self.backend.recorded(self.run.id, self.migration.id, event)
        except MigerError:  # unreachable: the failure can't be recorded either, and that is told
            return False

    def _fail(self, error: BaseException) -> MigerError:
        """Records the failure, tells the observers, and returns what to raise."""
        stopped = isinstance(error, (Interrupted, KeyboardInterrupt))
        self.backend.rollback()
        failure = self._as_failure(error)
        try:
            self._clean_session(thorough=True)
            self._record_failure(failure, stopped)
        except LeaseLost as lost:
            return lost
        except MigerError as second:
            self.run.emit(
                LogLine(
                    self.run.id,
                    self.migration.id,
                    "error",
                    f"the failure could not be recorded: {second.message}",
                )
            )
        self.run.emit(
            StepFailedEvent(
                self.run.id,
                self.migration.id,
                self.direction,
                failure.message,
                failure.hint,
                failure.statement,
                failure.line,
                self.migration.path,
                failure.dirty,
                self.ms,
            )
        )
        if stopped:
            return Interrupted(failure.message, failure.hint)
        keeps_type = isinstance(error, MigerError) and not isinstance(error, StatementError)
        return error if keeps_type else failure  # type: ignore[return-value]  # keeps_type says so

    def _as_failure(self, error: BaseException) -> StepFailed:
        dirty = not self.step.transaction and self.work_began
        if isinstance(error, StepFailed):
            error.dirty = error.dirty or dirty
            return error
        if isinstance(error, (Interrupted, KeyboardInterrupt)):
            reached = f"after statement {self.work.finished}" if self.work.finished else "half way"
            left = reached if dirty else "and rolled back"
            hint = f"`miger repair {self.migration.id} --resume` goes on" if dirty else "nothing of it was kept"
            return StepFailed(self.migration.id, f"interrupted {left}", hint, dirty=dirty)
        message = error.message if isinstance(error, MigerError) else f"{type(error).__name__}: {error}"
        hint = error.hint if isinstance(error, MigerError) else ""
        statement, line = (error.statement, error.line) if isinstance(error, StatementError) else (0, 0)
        return StepFailed(self.migration.id, message, hint, statement=statement, line=line, dirty=dirty)

    @property
    def work_began(self) -> bool:
        """Whether the database knows of this step: then a failure leaves it dirty."""
        try:
            row = self.backend.snapshot().rows.get(self.migration.id)
        except MigerError:
            return True  # nobody can ask now; `miger status` will tell
        return row is not None and row.state != APPLIED

    def _record_failure(self, failure: StepFailed, stopped: bool) -> None:
        place = f" (statement {failure.statement}, line {failure.line})" if failure.line else ""
        text = f"{failure.message}{place}"
        event = "interrupted" if stopped else "failed"
        entry = self.run.entry(self.migration.id, event, checksum=self.migration.checksum, ms=self.ms, error=text)
        row = self._row(DIRTY, text) if failure.dirty else None
        self.backend.record(self.run.lease, entry, row)

    def _clean_session(self, *, thorough: bool = False) -> None:
        self.backend.clean_session(thorough=thorough)

    def _sql(self, section: str) -> SqlSection | None:
        return sql_section(self.run, self.migration, section)


def sql_section(run: Run, migration: Migration, name: str) -> SqlSection | None:
    """The section's statements; None for a Python migration. Raises StepFailed where it does not exist."""
    section = migration.section(name)
    if section is None:
        raise StepFailed(migration.id, f"it has no `{name}`")
    return SqlSection(run.backend, migration, section) if migration.kind == "sql" else None


def verify_reason(run: Run, migration: Migration, session: Session | None) -> str | None:
    """What the migration's verify says is wrong, inside the open transaction; None when it holds."""
    if migration.section("verify") is None:
        return None
    work = StepWork(run, migration, UP, "verify", transactional=True)
    statements = sql_section(run, migration, "verify")
    if statements is not None:
        return run_verify(work, statements)
    if session is not None:
        session.turn_to(work)
    return "it returned False" if run_function(work, "verify", session) is False else None
