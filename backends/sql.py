"""What all SQL databases share: our tables, the lease, fenced writes, and Python sessions."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from miger.backends.tables import FORMAT, TableSql
from miger.engine.backend import Backend, Evidence, Session, Work
from miger.engine.errors import LeaseLost, RefusedError, StatementError, UnreachableError
from miger.engine.state import APPLIED, Checkpoint, HistoryEntry, Holder, Lease, Snapshot, StateRow

if TYPE_CHECKING:
    import sqlalchemy

    from miger.engine.environments import Environment
    from miger.engine.owner import Owner
    from miger.engine.statements import Statement

EVERYTHING = 1 << 62  # a LIMIT that limits nothing
PORTION = 100  # rows in one INSERT
PATIENCE = 0.5  # seconds that a question waits for others' locks

T = TypeVar("T")


class SqlBackend(Backend):
    """A database with SQL statements and a DB-API driver.

    Bookkeeping and SQL files run on the driver's own connection; SQLAlchemy wraps that same
    connection only when a Python migration asks for it. `several_at_once`: one call may hold
    several statements.
    """

    several_at_once: ClassVar[bool] = True
    driver_error: ClassVar[type[Exception]]  # what all exceptions of the driver are

    def __init__(self, environment: Environment, prefix: str) -> None:
        super().__init__(environment, prefix)
        self._engine: sqlalchemy.Engine | None = None

    # What a database adds

    @property
    @abstractmethod
    def driver_connection(self) -> Any:
        """The driver's connection in autocommit, opened if it is not."""

    @property
    @abstractmethod
    def sqlalchemy_url(self) -> str:
        """What names SQLAlchemy's dialect and driver: `sqlite://`."""

    @abstractmethod
    def _cursor(self, sql: str, parameters: Sequence[object]) -> Any:
        """The driver's cursor after one of our own statements. Raises the driver's exceptions."""

    @abstractmethod
    def _refused(self, error: Any, index: int = 0) -> StatementError:
        """The StatementError for one of the driver's exceptions, at the statement of that index."""

    @property
    @abstractmethod
    def tables(self) -> TableSql:
        """The statements on our tables."""

    @abstractmethod
    def _initialised(self) -> bool:
        """Whether our tables exist."""

    @abstractmethod
    def note_statement(self, kind: str, sql: str) -> None:
        """Called before each statement of a migration: remembers whether it may change the session."""

    # What a database may do in its own way

    def _read_snapshot(self) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]] | None:
        """State rows and lock rows at one moment, or None where our tables do not exist."""
        if not self._initialised():
            return None
        if self.in_transaction():
            return self._query(self.tables.read_states), self._query(self.tables.read_holder)
        self.begin()
        try:
            return self._query(self.tables.read_states), self._query(self.tables.read_holder)
        finally:
            self.rollback()

    def _session_name(self) -> str:
        """What the server calls this connection, so that another run can end it; "" if it can't."""
        return ""

    def _end_session(self, name: str) -> None:
        """Ends a former owner's connection on the server and waits until it is gone."""
        return

    # The driver

    def _query(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """All rows of one of our own statements. Raises StatementError."""
        try:
            return list(self._cursor(sql, parameters).fetchall())
        except self.driver_error as error:
            raise self._refused(error) from error

    def _change(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """The count of rows that one of our own statements changed. Raises StatementError."""
        try:
            return int(self._cursor(sql, parameters).rowcount)
        except self.driver_error as error:
            raise self._refused(error) from error

    def sqlalchemy_engine(self) -> sqlalchemy.Engine:
        """An engine over the driver connection that is already open, and never another."""
        if self._engine is None:
            import sqlalchemy  # deferred: only Python migrations need it

            connection = self.driver_connection
            self._engine = sqlalchemy.create_engine(
                self.sqlalchemy_url,
                creator=lambda: connection,
                poolclass=sqlalchemy.StaticPool,
                pool_reset_on_return=None,
            )
        return self._engine

    def _leave_engine(self) -> None:
        """To be called before the driver connection is closed."""
        if self._engine is not None:
            self._engine.dispose(close=False)
            self._engine = None

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

    # Schema

    def ask(self, sql: str, seconds: float) -> list[tuple[Any, ...]]:
        with self._looking(seconds):
            return self._query(sql)

    def _looking(self, seconds: float) -> contextlib.AbstractContextManager[None]:
        """A transaction that changes nothing and is rolled back, whose statements and waits end after some seconds.

        To be had where `answers` is set.
        """
        raise RefusedError(f"{self.name} cannot be asked about its rows")

    def noted_schema(self) -> dict[str, str]:
        return dict(self._query(self.tables.read_schema)) if self._initialised() else {}

    def note_schema(self, lease: Lease, changes: Mapping[str, str | None], *, anew: bool = False) -> None:
        new = [(name, definition) for name, definition in changes.items() if definition is not None]
        with self._atomically():
            if not self._query(self.tables.check_fence, (lease.token,)):
                raise LeaseLost
            if anew:
                self._change(self.tables.drop_schema)
            else:
                for names in _portions(list(changes)):
                    self._change(self.tables.drop_schema_objects(len(names)), names)
            for pairs in _portions(new):
                values = [value for pair in pairs for value in pair]
                self._change(self.tables.put_schema_objects(len(pairs)), values)

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

    def time_limit(self, kind: str) -> contextlib.AbstractContextManager[None]:
        """Sees that a statement within keeps to the environment's limits, where nothing else does."""
        return contextlib.nullcontext()

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

    def is_program(self, sql: str) -> bool:
        """Whether it is one statement for the server, with others in its body, though it can be cut at a semicolon."""
        return False

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

    def _verify_rows(self, statement: Statement) -> tuple[list[str], list[tuple[Any, ...]]]:
        """Column names in lower case, and rows, of a statement of a verify section."""
        try:
            with self.time_limit(statement.kind):
                cursor = self._cursor(statement.sql, ())
                return [column[0].lower() for column in cursor.description or ()], list(cursor.fetchall())
        except self.driver_error as error:
            raise self._refused(error) from error

    def execute(self, statements: Sequence[Statement]) -> int:
        rows = ran = 0
        try:
            for kind, text in self._sent(statements):
                with self.time_limit(kind):
                    rows += int(self._cursor(text, ()).rowcount)
                ran += 1
        except self.driver_error as error:
            raise self._refused(error, ran) from error
        return rows

    def _sent(self, statements: Sequence[Statement]) -> Iterator[tuple[str, str]]:
        """Kind ("" among several that go together) and text of each statement to be sent, which are noted before."""
        from miger.engine.statements import Group  # deferred: `status` splits nothing

        if isinstance(statements, Group):
            yield from (("", text) for text in statements.texts)
            return
        for statement in statements:
            if statement.data is not None:
                raise StatementError(
                    f"{self.name} reads no rows of COPY … FROM stdin out of a migration", "use INSERT, or COPY a file"
                )
            self.note_statement(statement.kind, statement.sql)
            yield statement.kind, statement.sql

    def session(self, work: Work) -> Session:
        from miger.backends.session import Sql  # deferred: imports SQLAlchemy

        return Sql(self, work)

    def recorder(self, work: Work) -> Session:
        from miger.backends.recording import RecordedSql  # deferred: imports SQLAlchemy

        return RecordedSql(self.sqlalchemy_url, work)

    def translate(self, error: BaseException) -> StatementError | None:
        if isinstance(error, StatementError):
            return error
        original = getattr(error, "orig", None)  # SQLAlchemy's wrapper around the driver's exception
        cause = original if isinstance(original, BaseException) else error
        return self._refused(cause) if isinstance(cause, self.driver_error) else None


def _portions(items: list[T]) -> Iterator[list[T]]:
    """The items, as many at a time as one statement takes."""
    for start in range(0, len(items), PORTION):
        yield items[start : start + PORTION]


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
