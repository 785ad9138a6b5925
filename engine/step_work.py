"""One step under way: its resumable pieces, each committed together with its checkpoint."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable

from miger.engine.backend import Backend
from miger.engine.errors import IntegrityError, MigerError, StatementError, StepFailed
from miger.engine.events import Event, LogLine, StatementFinished
from miger.engine.migration import Migration
from miger.engine.run import Run
from miger.engine.state import Checkpoint, Lease
from miger.engine.statements import Statement

TEXT_SHOWN = 400


class StepWork:
    """What a step, and the session of a Python migration, works with. Fulfils `backend.Work`."""

    def __init__(
        self,
        run: Run,
        migration: Migration,
        direction: str,
        section: str,
        transactional: bool,
        assume: bool | None = None,
    ) -> None:
        self._run = run
        self._assume = assume
        self.migration = migration
        self.direction = direction
        self.section = section
        self.transactional = transactional
        self.checkpoints: dict[str, Checkpoint] = {}
        self.finished = 0  # statements

    @property
    def backend(self) -> Backend:
        """The run's connection."""
        return self._run.backend

    @property
    def lease(self) -> Lease:
        """The run's lease."""
        return self._run.lease

    @property
    def run(self) -> str:
        """The run's id."""
        return self._run.id

    def load_checkpoints(self) -> None:
        """Reads what an earlier, broken-off run left."""
        self.checkpoints = self.backend.checkpoints(self.migration.id, self.direction)
        self.finished = sum(_counts(checkpoint) for checkpoint in self.checkpoints.values())

    def emit(self, event: Event) -> None:
        """Hands an event to the observers."""
        self._run.emit(event)

    def check(self) -> None:
        """Raises Interrupted or LeaseLost when the run has to stop here."""
        self._run.check()

    def begin_piece(self) -> None:
        """Starts the transaction of one resumable piece."""
        self.check()
        self.backend.begin(self.migration, self.section, piece=True)

    def end_piece(self, checkpoint: Checkpoint) -> None:
        """Commits that transaction together with its checkpoint, fenced."""
        self._save(checkpoint)
        self.backend.commit()

    def checkpointed(self, statement: Statement, action: Callable[[], int]) -> bool:
        """Runs `action` for `statement` unless a checkpoint says that it is done; False if it was."""
        self.check()
        key, digest = f"#{statement.number}", statement_hash(statement)
        known = self.checkpoints.get(key)
        if known is not None and known.hash != digest and known.state == "done":
            raise changed_prefix(self.migration.id, statement)
        if known is not None and (known.state == "done" or self._settle(statement, known)):
            if known.state != "done":
                if known.hash != digest and self._assume is None:
                    raise changed_prefix(self.migration.id, statement)
                self._save(Checkpoint(key, digest, "done"))
            if self.backend.sets_session(statement):
                action()  # what it set went with the session of the run that broke off
            else:
                self._skipped(statement)
            return False
        if self.backend.may_run_in_transaction(statement):
            try:
                self._try(statement, lambda: self._atomically(action, key, digest))
                return True
            except StatementError as error:
                if not error.outside_only:
                    raise
        self._try(statement, lambda: self._outside(statement, action, key, digest))
        self._save(Checkpoint(key, digest, "done"))
        return True

    def _try(self, statement: Statement, action: Callable[[], None]) -> None:
        """Again where a lock was in the way; but the rows of a COPY come out of the file only once."""
        if statement.data is not None:
            return action()
        return self._run.retrying(self.migration.id, action)

    def _atomically(self, action: Callable[[], int], key: str, digest: str) -> None:
        self.begin_piece()
        try:
            rows = action()
            self.end_piece(Checkpoint(key, digest, "done", rows))
        except BaseException:
            if self.checkpoints.pop(key, None) is not None:
                self.finished -= 1
            self.backend.rollback()
            raise

    def _outside(self, statement: Statement, action: Callable[[], int], key: str, digest: str) -> None:
        noted = self.backend.evidence_before(statement)
        self._save(Checkpoint(key, digest, "intent", data=noted))
        try:
            action()
        except Exception as error:
            settled = not self.backend.in_transaction() and self._clean_up(statement, noted)
            refused = self.backend.translate(error.__cause__ or error) or self.backend.translate(error)
            if settled and refused is not None and not refused.disconnected:
                # The server has answered: what a person changes before the run is resumed is no trace of it.
                with contextlib.suppress(StatementError):  # then it stays an intent; the first error is the news
                    self._save(Checkpoint(key, digest, "failed"))
            raise

    def _clean_up(self, statement: Statement, noted: str) -> bool:
        """Removes what a failed statement left (an INVALID index); False where part of it may stay."""
        try:
            evidence = self.backend.happened(statement, noted)
        except MigerError as error:
            self._log("warning", f"could not look for what it left behind: {error.message}")
            return False
        self._log("info", evidence.reason)
        return evidence.happened is not None

    def _settle(self, statement: Statement, intent: Checkpoint) -> bool:
        """Whether a statement that was begun by a run that then died did happen."""
        if intent.state == "failed":
            return False
        evidence = self.backend.happened(statement, intent.data)
        if evidence.happened is None and self._assume is not None:
            return self._assume
        self._log("info", f"statement {statement.number} was begun by an earlier run: {evidence.reason}")
        if evidence.happened is None:
            raise StepFailed(
                self.migration.id,
                f"statement {statement.number} was begun and nobody knows whether it ran: {evidence.reason}",
                "look at the database; then `miger repair ID --resume --assume done` or `--assume not-done`",
                statement=statement.number,
                line=statement.line,
                dirty=True,
            )
        return evidence.happened

    def _save(self, checkpoint: Checkpoint) -> None:
        self.checkpoints[checkpoint.key] = checkpoint
        self.finished += _counts(checkpoint)
        self.backend.save_checkpoint(self.lease, self.migration.id, self.direction, checkpoint, self.finished)

    def _skipped(self, statement: Statement) -> None:
        self.emit(
            StatementFinished(
                self.run,
                self.migration.id,
                statement.number,
                statement.line,
                shown(statement.sql),
                rows=-1,
                ms=0,
                section=self.section,
                skipped=True,
            )
        )

    def _log(self, level: str, message: str) -> None:
        self.emit(LogLine(self.run, self.migration.id, level, message))


def _counts(checkpoint: Checkpoint) -> int:
    return int(checkpoint.state == "done" and checkpoint.key.startswith("#"))


def statement_hash(statement: Statement) -> str:
    """What a finished statement is recognised by: its text without what surrounds it."""
    return hashlib.sha256(statement.sql.encode()).hexdigest()[:32]


def changed_prefix(id: str, statement: Statement) -> IntegrityError:
    """The error for an edit of what has already run."""
    return IntegrityError(
        f"{id}: statement {statement.number} (line {statement.line}) already ran, and its text has changed since",
        "put its old text back and edit only what follows it; or undo it by hand and `--mark-pending`",
    )


def shown(sql: str) -> str:
    """The start of a statement, on one line, for screens and logs."""
    return " ".join(sql[: TEXT_SHOWN * 2].split())[:TEXT_SHOWN]
