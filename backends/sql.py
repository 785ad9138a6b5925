"""What all SQL databases share: our tables, the lease, fenced writes, and Python sessions."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from miger.backends.tables import FORMAT, TableSql
from miger.engine.backend import Backend, Evidence, Session, Work
from miger.engine.errors import LeaseLost, RefusedError, StatementError, UnreachableError
from miger.engine.state import APPLIED, Checkpoint, HistoryEntry, Holder, Lease, Snapshot, StateRow

if TYPE_CHECKING:
    import sqlalchemy

    from miger.engine.owner import Owner
    from miger.engine.statements import Statement

EVERYTHING = 1 << 62  # a LIMIT that limits nothing


class SqlBackend(Backend):
    """A database with SQL statements and a DB-API driver.

    Bookkeeping and SQL files run on the driver's own connection; SQLAlchemy wraps that same
    connection only when a Python migration asks for it. `several_at_once`: one call may hold
    several statements.
    """

    several_at_once: ClassVar[bool] = True

    # What a database adds

    @property
    @abstractmethod
    def tables(self) -> TableSql:
        """The statements on our tables."""

    @abstractmethod
    def _query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of one of our own statements. Raises StatementError."""

    @abstractmethod
    def _change(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """The count of rows that one of our own statements changed. Raises StatementError."""

    @abstractmethod
    def _initialised(self) -> bool:
        """Whether our tables exist."""

    @abstractmethod
    def _read_snapshot(self) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]] | None:
        """State rows and lock rows at one moment, or None where our tables do not exist."""

    @abstractmethod
    def _session_name(self) -> str:
        """What the server calls this connection, so that another run can end it; "" if it can't."""

    @abstractmethod
    def _end_session(self, name: str) -> None:
        """Ends a former owner's connection on the server and waits until it is gone."""

    @abstractmethod
    def sqlalchemy_engine(self) -> sqlalchemy.Engine:
        """An engine over the driver connection that is already open, and never another."""

    @abstractmethod
    def note_statement(self, kind: str, sql: str) -> None:
        """Called before each statement of a migration: remembers whether it may change the session."""

    # State

    def snapshot(self) -> Snapshot:
        found = self._read_snapshot()
        if found is None:
            return Snapshot()
        states, locks = found
        rows = {row[0]: StateRow(*row) for row in states}
        return Snapshot(True, rows, _holder(locks))

    def history(self, limit: int | None = None, id: str | None = None) -> list[HistoryEntry]:
        if not self._initialised():
            return []
        most = EVERYTHING if limit is None else limit
        rows = (
            self._query(self.tables.read_history, (most,))
            if id is None
            else self._query(self.tables.read_history_of, (id, most))
        )
        return [HistoryEntry(*row) for row in rows]

    def checkpoints(self, id: str, direction: str) -> dict[str, Checkpoint]:
        rows = self._query(self.tables.read_checkpoints, (id, direction))
        return {row[0]: Checkpoint(*row) for row in rows}

    def recorded(self, run: str, id: str, event: str) -> bool:
        return bool(self._query(self.tables.read_recorded, (run, id, event)))

    def prepare(self) -> None:
        if self._initialised():
            return
        self._refuse_read_only()
        for last_try in (False, True):
            try:
                with self._atomically():
                    for sql in self.tables.create():
                        self._change(sql)
                return
            except StatementError as error:
                if error.retryable or error.disconnected:
                    raise
                # Two processes that create the same table at once: the later one fails, and finds it.
                if last_try and not self._initialised():
                    raise UnreachableError(
                        f"the tables for Miger's own records cannot be made: {error.message}",
                        "give this user the right to create tables here, or make them as another user",
                    ) from error

    def record(self, lease: Lease, entry: HistoryEntry, row: StateRow | None, *, forget: bool = False) -> None:
        with self._atomically():
            if self._change(self.tables.add_history, history_values(entry, lease)) != 1:
                raise LeaseLost
            if row is not None:
                self._change(self.tables.put_state, state_values(row))
            if forget:
                self._change(self.tables.drop_state, (entry.id,))
            if forget or (row is not None and row.state == APPLIED):
                self._change(self.tables.drop_checkpoints, (entry.id,))

    def save_checkpoint(self, lease: Lease, id: str, direction: str, checkpoint: Checkpoint, done: int) -> None:
        values = (
            id,
            direction,
            checkpoint.key,
            checkpoint.hash,
            checkpoint.state,
            checkpoint.rows,
            checkpoint.data,
            lease.token,
        )
        with self._atomically():
            self._change(self.tables.drop_checkpoint, (id, direction, checkpoint.key))
            if self._change(self.tables.put_checkpoint, values) != 1:
                raise LeaseLost
            self._change(self.tables.count_done, (done, id))

    # Lease

    def acquire(self, owner: Owner, seconds: float, dead: Holder | None = None) -> Lease | Holder:
        self._refuse_read_only()
        while True:
            rows = self._query(self.tables.read_holder)
            if not rows:  # someone emptied the table
                self._change(self.tables.create()[-1])
                continue
            [row] = rows
            holder = _holder([row])
            known_dead = holder is not None and dead is not None and holder.token == dead.token
            if holder is not None and not holder.expired and not known_dead:
                return holder
            if holder is not None:
                self._end_session(holder.session)
            token = row[6]
            values = (owner.by, owner.host, owner.machine, owner.pid, owner.process, owner.run)
            condition = (self._session_name(), seconds, token, int(known_dead))
            with self._atomically():
                taken = self._change(self.tables.take, (*values, *condition))
            if taken:
                return Lease(owner.run, token + 1, taken_from=holder)

    def renew(self, lease: Lease, seconds: float, activity: str) -> None:
        if self._change(self.tables.renew, (seconds, activity, lease.token)) != 1:
            raise LeaseLost

    def release(self, lease: Lease) -> None:
        self._change(self.tables.release, (lease.token,))

    def _refuse_read_only(self) -> None:
        if self.environment.read_only:
            raise RefusedError(
                f"environment {self.environment.name} is read-only",
                "take `read_only = true` out of its section in miger.toml to change that database",
            )

    @contextlib.contextmanager
    def _atomically(self) -> Iterator[None]:
        """The open transaction, or one of its own."""
        if self.in_transaction():
            self._as_ourselves()
            yield
            return
        self.begin()
        try:
            self._as_ourselves()
            yield
            self.commit()
        except BaseException:
            self.rollback()
            raise

    def _as_ourselves(self) -> None:
        """Makes our own writes possible whatever the migration has set for its session."""
        return

    # Running

    def may_run_in_transaction(self, statement: Statement) -> bool:
        return True

    def sets_session(self, statement: Statement) -> bool:
        return False

    def evidence_before(self, statement: Statement) -> str:
        return ""

    def happened(self, statement: Statement, noted: str) -> Evidence:
        return Evidence(None, "its catalog entry is not known")

    def check_verify(self, statement: Statement) -> str | None:
        names, rows = self._verify_rows(statement)
        if "ok" in names:
            column = names.index("ok")
            if any(not row[column] for row in rows):
                return "its column `ok` is false"
        return None

    @abstractmethod
    def _verify_rows(self, statement: Statement) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names in lower case, and rows, of a statement of a verify section."""

    def session(self, work: Work) -> Session:
        from miger.backends.session import Sql  # deferred: imports SQLAlchemy

        return Sql(self, work)

    def translate(self, error: BaseException) -> StatementError | None:
        if isinstance(error, StatementError):
            return error
        original = getattr(error, "orig", None)  # SQLAlchemy's wrapper around the driver's exception
        return self._translate(original if isinstance(original, BaseException) else error)

    @abstractmethod
    def _translate(self, error: BaseException) -> StatementError | None:
        """The StatementError for one of the driver's exceptions, else None."""


def _holder(rows: Sequence[tuple[Any, ...]]) -> Holder | None:
    if not rows:
        return None
    *values, format_ = rows[0]
    if format_ > FORMAT:
        raise UnreachableError(
            f"this database was last used by a newer Miger (its records have format {format_}, not {FORMAT})",
            "update Miger",
        )
    run = values[5]
    if not run:
        return None
    values[11] = bool(values[11])
    return Holder(*values)


def history_values(entry: HistoryEntry, lease: Lease) -> tuple[object, ...]:
    """The parameters of `TableSql.add_history`, the fence last."""
    return (
        entry.run,
        entry.id,
        entry.event,
        entry.duration_ms,
        entry.by,
        entry.host,
        entry.checksum,
        entry.version,
        lease.token,
        entry.error,
        lease.token,
    )


def state_values(row: StateRow) -> tuple[object, ...]:
    """The parameters of `TableSql.put_state`."""
    return (
        row.id,
        row.state,
        row.direction,
        row.checksum,
        row.done,
        row.total,
        row.run,
        row.by,
        row.host,
        row.duration_ms,
        row.error,
    )
