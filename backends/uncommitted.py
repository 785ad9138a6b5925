"""A connection for dry runs: every transaction is a savepoint of one that is rolled back in the end."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NoReturn

from miger.backends.sql import SqlBackend
from miger.engine.errors import RefusedError, StatementError
from miger.engine.state import Checkpoint, HistoryEntry, Lease, Snapshot, StateRow

if TYPE_CHECKING:
    import sqlalchemy

    from miger.engine.migration import Migration
    from miger.engine.statements import Statement

SAVEPOINT = "miger_step"
COMMITS_NOTHING = "a dry run commits nothing"


class Uncommitted(SqlBackend):
    """To be mixed in before a backend. What would be written to our tables is kept in memory.

    `_hold` begins the one transaction, when the connection is opened.
    """

    _inside = False  # a savepoint
    _holding = False

    @abstractmethod
    def _hold(self) -> None:
        """Begins it, and says so in `_holding`."""

    # Transactions

    def begin(self, migration: Migration | None = None, section: str = "up", *, piece: bool = False) -> None:
        if not self._holding:
            self._hold()
        self._change(f"SAVEPOINT {SAVEPOINT}")
        self._inside = True

    def commit(self) -> None:
        self._check_deferred()
        self._change(f"RELEASE SAVEPOINT {SAVEPOINT}")
        self._inside = False

    def _check_deferred(self) -> None:
        """Checks what the database would check at COMMIT. Raises StatementError."""

    def rollback(self) -> None:
        if not self._inside:
            return
        self._inside = False
        if not self.in_transaction():
            return
        try:
            self._change(f"ROLLBACK TO SAVEPOINT {SAVEPOINT}")
            self._change(f"RELEASE SAVEPOINT {SAVEPOINT}")
        except StatementError:
            self.close()  # which rolls back

    @contextlib.contextmanager
    def _atomically(self) -> Iterator[None]:
        yield

    def reopen(self) -> None:
        raise StatementError("the connection was lost, and what was tried with it", disconnected=True)

    def sqlalchemy_engine(self) -> sqlalchemy.Engine:
        made = self._engine is None
        engine = super().sqlalchemy_engine()
        if made:
            from sqlalchemy import event

            event.listen(engine, "commit", refuse_commit)
        return engine

    def evidence_before(self, statement: Statement) -> str:
        raise RefusedError(
            f"{statement.kind} cannot run in a transaction, so it cannot be rolled back",
            "`--dry-run=rehearse` runs it on a copy",
        )

    # State, in memory

    def prepare(self) -> None:
        return

    def snapshot(self) -> Snapshot:
        return Snapshot(True, dict(self._memory().rows))

    def record(self, lease: Lease, entry: HistoryEntry, row: StateRow | None, *, forget: bool = False) -> None:
        rows = self._memory().rows
        if row is not None:
            rows[row.id] = row
        if forget:
            rows.pop(entry.id, None)

    def checkpoints(self, id: str, direction: str) -> dict[str, Checkpoint]:
        return dict(self._memory().checkpoints.get((id, direction), {}))

    def save_checkpoint(self, lease: Lease, id: str, direction: str, checkpoint: Checkpoint, done: int) -> None:
        self._memory().checkpoints.setdefault((id, direction), {})[checkpoint.key] = checkpoint

    def recorded(self, run: str, id: str, event: str) -> bool:
        return False

    def noted_schema(self) -> dict[str, str]:
        return {}

    def note_schema(self, lease: Lease, changes: Mapping[str, str | None], *, anew: bool = False) -> None:
        return

    def renew(self, lease: Lease, seconds: float, activity: str) -> None:
        return

    def _memory(self) -> _Memory:
        if not hasattr(self, "_remembered"):
            self._remembered = _Memory()
        return self._remembered


class _Memory:
    def __init__(self) -> None:
        self.rows: dict[str, StateRow] = {}
        self.checkpoints: dict[tuple[str, str], dict[str, Checkpoint]] = {}


def refuse_commit(*connection: object) -> NoReturn:
    """Stands in for a commit. Raises StatementError."""
    raise StatementError(COMMITS_NOTHING, "Miger commits by itself: take the commit out")
