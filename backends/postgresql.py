"""PostgreSQL: transactional DDL, with the few statements that are none."""

from __future__ import annotations

import contextlib
import functools
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import psycopg
from psycopg import generators
from psycopg.pq import ExecStatus, TransactionStatus

from miger.backends import postgresql_schema
from miger.backends.postgresql_catalog import judge_after, note_before, outside_transaction
from miger.backends.postgresql_errors import place, reason, refused
from miger.backends.sql import PATIENCE, SqlBackend, history_values, state_values
from miger.backends.tables import TableSql, TableStyle
from miger.engine.backend import Backend, Evidence
from miger.engine.config import Environment
from miger.engine.errors import LeaseLost, RefusedError, StatementError, UnreachableError
from miger.engine.migration import Migration
from miger.engine.secrets import scrub, secrets_of
from miger.engine.state import APPLIED, HistoryEntry, Lease, StateRow

if TYPE_CHECKING:
    from miger.engine.catalog import Catalog
    from miger.engine.owner import Owner
    from miger.engine.statements import Statement

STYLE = TableStyle(
    now="clock_timestamp()",
    iso="to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')",
    later="clock_timestamp() + make_interval(secs => ?)",
    lock=" FOR SHARE",  # a takeover then waits until the transaction that is fenced has ended
    text="text",
    key="text",
    timestamp="timestamptz",
    serial="bigint GENERATED ALWAYS AS IDENTITY",
    placeholder="%s",
)
CONNECT_SECONDS = 10
BLOCKERS = (
    "SELECT concat_ws(', ', 'process ' || a.pid || ' of ' || a.usename || nullif(' (' || a.application_name || ')', "
    "' ()'), a.state || ' since ' || to_char(a.state_change AT TIME ZONE 'UTC', 'HH24:MI:SS') || ' UTC', "
    "nullif(left(regexp_replace(a.query, '\\s+', ' ', 'g'), 60), '')) FROM pg_catalog.pg_stat_activity a "
    "WHERE a.pid = ANY(pg_blocking_pids(%s))"
)
END_SESSION_SECONDS = 20.0

# First words of statements that leave no trace in the session; anything else may.
HARMLESS = frozenset(
    "ALTER ANALYZE CLUSTER COMMENT COPY CREATE DELETE DROP GRANT IMPORT INSERT LOCK MERGE REFRESH REINDEX "
    "REVOKE SECURITY TRUNCATE UPDATE VACUUM SAVEPOINT RELEASE".split()
)
SESSION_SETTINGS = frozenset({"SET", "RESET", "DISCARD", "LISTEN", "UNLISTEN", "PREPARE", "DEALLOCATE", "LOAD"})

# The role is set back to what the URL or ALTER ROLE … SET gave it, which ROLE NONE would not do.
OURSELVES = (
    "SET LOCAL SESSION AUTHORIZATION DEFAULT; SET LOCAL role TO DEFAULT; SET LOCAL statement_timeout = 0; "
    "SET LOCAL search_path = pg_catalog; SET LOCAL client_encoding = 'UTF8'"
)


class PostgresqlBackend(SqlBackend):
    """A PostgreSQL database."""

    name: ClassVar[str] = "postgresql"
    answers: ClassVar[bool] = True
    dialect: ClassVar[str] = "postgresql"
    grouped_kinds: ClassVar[frozenset[str]] = frozenset({"INSERT", "UPDATE", "DELETE"})
    driver_error = psycopg.Error
    sqlalchemy_url = "postgresql+psycopg://"

    def __init__(self, environment: Environment, prefix: str) -> None:
        super().__init__(environment, prefix)
        url = environment.url.reveal()
        self._url = "postgresql:" + url.partition(":")[2]
        self._secrets = secrets_of(url)
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = None
        self._located = False
        self.home = ""  # the schema that holds our tables
        self._tables: TableSql | None = None
        self._session = ""
        self._session_changed = False
        self._own_limits: set[str] = set()  # time limits that the migration has set for itself

    # Connection

    def open(self) -> None:
        if self._connection is not None:
            return
        try:
            self._connection = psycopg.connect(
                self._url,
                autocommit=True,  # BEGIN and COMMIT are sent by us
                connect_timeout=CONNECT_SECONDS,
                application_name="miger",
                prepare_threshold=None,  # prepared statements do not survive a transaction pooler
                client_encoding="UTF8",  # also where the database says SQL_ASCII, which would give us bytes
            )
            self._connection.add_notice_handler(lambda notice: self.on_notice(str(notice.message_primary)))
            if self.environment.read_only:
                self._connection.execute("SET default_transaction_read_only = on")
        except psycopg.Error as error:
            raise UnreachableError(
                f"cannot connect to {self.environment.url}: {reason(scrub(str(error), self._secrets))}",
                "check `url` of the environment in miger.toml, and that the server runs and lets you in",
            ) from None  # the driver's traceback may hold the connection string

    @property
    def _open(self) -> psycopg.Connection[tuple[Any, ...]]:
        self.open()
        assert self._connection is not None
        return self._connection

    def close(self) -> None:
        self._leave_engine()
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._session = ""

    def reopen(self) -> None:
        former = self._session
        self.close()
        self.open()
        if former:
            self._end_session(former)
            if self._initialised():  # so that whoever takes the lease over can end this session in turn
                self._change(self.tables.rename_session, (self._session_name(), former))

    def clone(self) -> PostgresqlBackend:
        twin = PostgresqlBackend(self.environment, self.prefix)
        twin._tables, twin._located, twin.home = self._tables, self._located, self.home
        return twin

    def server(self) -> str:
        version = self._open.info.server_version
        return f"postgresql {version // 10000}.{version % 10000}"

    # Our own statements

    @property
    def driver_connection(self) -> psycopg.Connection[tuple[Any, ...]]:
        return self._open

    def _cursor(self, sql: str, parameters: Sequence[object]) -> psycopg.Cursor[tuple[Any, ...]]:
        return self._open.execute(sql, parameters or None)

    @property
    def tables(self) -> TableSql:
        """The statements on our tables, which are looked for when first asked."""
        if self._tables is None:
            self._initialised()
        assert self._tables is not None
        return self._tables

    def _initialised(self) -> bool:
        """Finds the schema of our tables, once: the first of the search path, or where they already are."""
        if not self._located:
            [(current, found)] = self._query(
                "SELECT current_schema(), (SELECT n.nspname FROM pg_catalog.pg_class c "
                "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass(%s))",
                (f'"{self.prefix}lock"',),
            )
            if found is None and current is None:
                raise UnreachableError(
                    "no schema of the search path exists",
                    "create one, or set `options=-csearch_path=…` in the URL",
                )
            self.home = found or current
            self._tables = TableSql(STYLE, _qualifier(self.home), self.prefix)
            self._located = found is not None
        return self._located

    def _read_snapshot(self) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]] | None:
        if not self._initialised():
            return None
        states, locks = self.tables.read_states, self.tables.read_holder
        if self.in_transaction():
            return self._query(states), self._query(locks)
        try:
            cursor = self._open.execute(f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {states}; {locks}; COMMIT")
            cursor.nextset()
            state_rows = cursor.fetchall()
            cursor.nextset()
            return state_rows, cursor.fetchall()
        except psycopg.Error as error:
            self.rollback()
            raise self._refused(error) from error

    def read_schema(self) -> dict[str, str]:
        ours = self.tables.names
        if self.in_transaction():
            return postgresql_schema.read_schema(self._query, self.home, ours)
        self._change("BEGIN READ ONLY")
        try:
            return postgresql_schema.read_schema(self._query, self.home, ours)
        finally:
            self.rollback()

    def read_catalog(self) -> Catalog:
        from miger.backends.postgresql_objects import read_catalog  # deferred: only `generate` needs it

        ours = self.tables.names
        with self._snapshot():
            return read_catalog(self._query, self.home, ours)

    @contextlib.contextmanager
    def _snapshot(self) -> Iterator[None]:
        """One state of the catalog for several queries, and settings that end with it."""
        self._change("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        try:
            yield
        finally:
            self.rollback()

    def record(self, lease: Lease, entry: HistoryEntry, row: StateRow | None, *, forget: bool = False) -> None:
        common = (lease.token, *history_values(entry, lease)[:-1])
        if row is not None and row.state == APPLIED:
            state, values = self.tables.put_state, (*common, *state_values(row), row.id)
        elif row is None and forget:
            state, values = self.tables.drop_state, (*common, entry.id, entry.id)
        else:
            return super().record(lease, entry, row, forget=forget)
        with self._atomically():
            if self._query(_record_sql(self.tables, state), values) != [(1,)]:
                raise LeaseLost
        return None

    def _as_ourselves(self) -> None:
        """Our rows are written whatever role, time limit or path the migration has set for itself.

        SET LOCAL ends with the transaction; then what the migration set applies again. Deferred
        constraints are checked before, in the migration's own surroundings.
        """
        if self._session_changed:
            self._change("SET CONSTRAINTS ALL IMMEDIATE; " + OURSELVES)

    # Lease

    def _session_name(self) -> str:
        if not self._session:
            [(pid, started)] = self._query(
                "SELECT pid, extract(epoch FROM backend_start)::text FROM pg_catalog.pg_stat_activity "
                "WHERE pid = pg_backend_pid()"
            )
            self._session = f"{pid}/{started}"
        return self._session

    def _end_session(self, name: str) -> None:
        """A process that was killed or stopped may have left a statement running on the server."""
        pid, _, started = name.partition("/")
        if not started:
            return
        condition = (
            "FROM pg_catalog.pg_stat_activity WHERE pid = %s AND extract(epoch FROM backend_start)::text = %s "
            "AND application_name = 'miger' AND pid <> pg_backend_pid()"
        )
        deadline = time.monotonic() + END_SESSION_SECONDS
        while self._query(f"SELECT pg_terminate_backend(pid) {condition}", (int(pid), started)):
            if time.monotonic() > deadline:
                raise UnreachableError(
                    f"the former run's session (process {pid} of the server) does not end",
                    "have an administrator end it: SELECT pg_terminate_backend(…)",
                )
            time.sleep(0.05)

    # Running

    def begin(self, migration: Migration | None = None, section: str = "up", *, piece: bool = False) -> None:
        limits = self._limits("SET LOCAL") if migration is not None else ""
        access = "READ ONLY" if self.environment.read_only else "READ WRITE"
        self._change(f"BEGIN ISOLATION LEVEL READ COMMITTED {access}{limits}")

    def _limits(self, how: str) -> str:
        """The environment's time limits as `; SET …`, but for those that the migration has set for itself."""
        limits = {
            "lock_timeout": self.environment.lock_timeout,
            "statement_timeout": self.environment.statement_timeout,
        }
        return "".join(
            f"; {how} {name} = {max(1, round(seconds * 1000))}"
            for name, seconds in limits.items()
            if seconds is not None and name not in self._own_limits
        )

    @contextlib.contextmanager
    def _looking(self, seconds: float) -> Iterator[None]:
        limit, patience = (max(1, round(most * 1000)) for most in (seconds, min(seconds, PATIENCE)))
        settings = f"SET LOCAL statement_timeout = {limit}; SET LOCAL lock_timeout = {patience}"
        self._change(f"BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY; {settings}")
        try:
            yield
        finally:
            self.rollback()

    def commit(self) -> None:
        if self._open.info.transaction_status == TransactionStatus.INERROR:
            # The server would answer COMMIT with a rollback, and no error.
            raise StatementError("the transaction had already failed; nothing was kept")
        self._change("COMMIT")

    def rollback(self) -> None:
        if self._connection is not None and self.in_transaction():
            try:
                self._connection.execute("ROLLBACK")
            except psycopg.Error:
                self._connection.close()  # the server rolls back what it can no longer answer for

    def in_transaction(self) -> bool:
        return self._connection is not None and self._connection.info.transaction_status in (
            TransactionStatus.INTRANS,
            TransactionStatus.INERROR,
            TransactionStatus.ACTIVE,
        )

    def execute(self, statements: Sequence[Statement]) -> int:
        from miger.engine.statements import Group  # deferred: `status` splits nothing

        if isinstance(statements, Group):
            return self._execute_together(statements, statements.texts)
        for statement in statements:
            self.note_statement(statement.kind, statement.sql)
        if len(statements) > 1:
            return self._execute_together(statements, [statement.raw for statement in statements])
        [statement] = statements
        outside = not self.in_transaction()
        try:
            if outside:
                self._set_limits(statement.kind)
            if statement.data is not None:
                return self._copy(statement.sql, statement.data)
            return self._open.execute(statement.sql).rowcount
        except psycopg.Error as error:
            raise self._refused(error) from error

    def _set_limits(self, kind: str) -> None:
        """The time limits of a statement that has no transaction around it.

        What runs CONCURRENTLY stands in nobody's way while it waits for older transactions to end, and
        has to wait for them: it gets no limit on locks.
        """
        limits = self._limits("SET")
        if kind.endswith("CONCURRENTLY") and "lock_timeout" not in self._own_limits:
            limits += "; SET lock_timeout = 0"
        if limits:
            self._session_changed = True
            self._open.execute(limits.removeprefix("; "))

    def time_limit(self, kind: str) -> contextlib.AbstractContextManager[None]:
        if not self.in_transaction():  # else BEGIN has set them
            self._set_limits(kind)
        return contextlib.nullcontext()

    def _copy(self, sql: str, data: Iterable[str]) -> int:
        with self._open.cursor() as cursor:
            with cursor.copy(sql) as copy:
                for chunk in data:
                    copy.write(chunk)
            return cursor.rowcount

    def _execute_together(self, statements: Sequence[Statement], texts: list[str]) -> int:
        """One simple-query message for all: one round trip, one result for each statement."""
        connection = self._open
        encoding = connection.info.encoding
        try:
            with connection.lock:
                connection.pgconn.send_query("".join(texts).encode(encoding))
                results = connection.wait(generators.execute(connection.pgconn))
        except psycopg.Error as lost:  # what the server refuses comes as a result instead
            raise self._refused(lost) from lost
        last = results[-1]
        if last.status == ExecStatus.FATAL_ERROR:
            error = psycopg.errors.error_from_result(last, encoding=encoding)
            failed = min(len(results), len(statements)) - 1
            refused = self._refused(error, failed)
            if refused.position is not None:
                failed, refused.position = place(statements, refused.position)
                refused.index = failed
            raise refused from error
        return sum(result.command_tuples or 0 for result in results)

    def _verify_rows(self, statement: Statement) -> tuple[list[str], list[tuple[Any, ...]]]:
        self.note_statement(statement.kind, statement.sql)
        try:
            cursor = self._open.execute(statement.sql)
            if cursor.description is None:
                return [], []
            return [column.name.lower() for column in cursor.description], cursor.fetchall()
        except psycopg.Error as error:
            raise self._refused(error) from error

    def may_run_in_transaction(self, statement: Statement) -> bool:
        return not outside_transaction(statement.kind, statement.sql)

    def sets_session(self, statement: Statement) -> bool:
        return statement.kind.split(" ")[0] in SESSION_SETTINGS or "set_config" in statement.sql[:80]

    def evidence_before(self, statement: Statement) -> str:
        return json.dumps(note_before(self._query, statement))

    def happened(self, statement: Statement, noted: str) -> Evidence:
        return judge_after(self._query, self._change, statement, json.loads(noted or "[]"))

    def note_statement(self, kind: str, sql: str) -> None:
        word = kind.split(" ", 1)[0]
        if word not in HARMLESS or kind.startswith("CREATE TEMP") or (word == "CREATE" and "pg_temp" in sql):
            self._session_changed = True
        if word in {"SET", "SELECT"}:
            self._own_limits.update(name for name in ("lock_timeout", "statement_timeout") if name in sql.lower())

    def clean_session(self, *, thorough: bool = False) -> None:
        if self._connection is not None and not self._connection.closed and (self._session_changed or thorough):
            self._change("DISCARD ALL")
            # That leaves no role at all, also where the URL or ALTER ROLE … SET gives one.
            self._change("RESET role" + ("; SET default_transaction_read_only = on" * self.environment.read_only))
        self._session_changed = False
        self._own_limits.clear()

    # Dry runs

    preview_modes = ("rollback", "rehearse", "sql")

    def uncommitted(self) -> PostgresqlBackend:
        self._refuse_read_only()
        from miger.backends.postgresql_trial import UncommittedPostgresql  # deferred: only dry runs need it

        return UncommittedPostgresql(self.environment, self.prefix)

    def scratch(self, owner: Owner, rows: int) -> contextlib.AbstractContextManager[Backend]:
        self._refuse_read_only()
        from miger.backends.postgresql_scratch import scratch  # deferred: only rehearsals need it

        return scratch(self, owner, rows)

    def blank(self, owner: Owner) -> contextlib.AbstractContextManager[Backend]:
        self._refuse_read_only()
        from miger.backends.postgresql_scratch import blank  # deferred: only `generate` needs it

        return blank(self, owner)

    def blockers(self, other: Backend) -> tuple[str, ...]:
        pid = other.driver_connection.info.backend_pid if isinstance(other, PostgresqlBackend) else 0
        return tuple(text for (text,) in self._query(BLOCKERS, (pid,)))

    # Errors

    def _refused(self, error: psycopg.Error, index: int = 0) -> StatementError:
        lost = self._connection is None or self._connection.closed
        return refused(error, self._secrets, index, lost=lost)


def _qualifier(schema: str) -> str:
    """What our tables' names begin with. Raises RefusedError for a schema that no parameter could follow."""
    if "%" in schema or "?" in schema:
        raise RefusedError(
            f"Miger cannot keep its records in a schema called {schema!r}",
            "set `options=-csearch_path=…` in the URL to one without % and ? in its name",
        )
    return '"' + schema.replace('"', '""') + '".'


@functools.lru_cache(maxsize=4)
def _record_sql(tables: TableSql, state: str) -> str:
    """Fence, history, state and checkpoints of an applied or reverted migration in one statement."""
    fence = tables.fence.replace("?", "%s")
    history = tables.add_history.replace(fence, "FROM fence")
    state = state.replace("VALUES (", "SELECT ").replace(") ON CONFLICT", " FROM fence ON CONFLICT")
    return (
        f"WITH fence AS (SELECT 1 {fence}), entry AS ({history}), state AS ({state}), "
        f"gone AS ({tables.drop_checkpoints}) SELECT count(*)::int FROM fence"
    )
