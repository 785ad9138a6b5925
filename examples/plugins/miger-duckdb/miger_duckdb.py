"""DuckDB for Miger: one file, one process at a time that writes it, DDL in transactions."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeVar

import duckdb

from miger.backends.sql import SqlBackend
from miger.backends.tables import TableSql, TableStyle
from miger.engine.backend import Evidence, Session, Work
from miger.engine.errors import StatementError, UnreachableError
from miger.engine.state import Holder, Lease

if TYPE_CHECKING:
    from miger.engine.environments import Environment
    from miger.engine.migration import Migration
    from miger.engine.owner import Owner
    from miger.engine.statements import Statement

Rows = list[tuple[Any, ...]]
T = TypeVar("T")

# Times are TIMESTAMP in UTC, whatever TimeZone the session has. now() is when the transaction began.
NOW = "make_timestamp(epoch_us(now()))"
STYLE = TableStyle(
    now=NOW,
    iso="strftime({}, '%Y-%m-%dT%H:%M:%S.%gZ')",
    later="make_timestamp(epoch_us(now()) + CAST(? * 1000000 AS BIGINT))",
    lock="",  # there is no FOR SHARE: see _as_ourselves
    text="VARCHAR",
    key="VARCHAR",
    timestamp="TIMESTAMP",
    serial="",  # a sequence, which has the prefix in its name: see DuckdbTables
    placeholder="?",
)
# https://duckdb.org/docs/stable/sql/statements/transactions: what a transaction that has changed something refuses,
# or what stays behind when it is rolled back.
OUTSIDE_TRANSACTION = frozenset({"CHECKPOINT", "FORCE", "VACUUM", "ATTACH", "DETACH"})
CHANGES_SESSION = frozenset({"SET", "RESET", "PRAGMA", "USE", "ATTACH", "DETACH", "LOAD"})
HELD_WORDS = ("Could not set lock", "used by another process")  # the second on Windows
OUTSIDE_WORDS = ("Cannot CHECKPOINT", "write to a single attached database")
LINE = re.compile(r"\n+LINE (\d+): (.*)\n( *)\^")
PAUSE = 0.02

# Everything that a person may have made, without counters: kind, schema, name, definition.
SCHEMA = """
SELECT 'table', schema_name, table_name, (
    SELECT string_agg(concat_ws(' ', c.column_name, c.data_type, CASE WHEN NOT c.is_nullable THEN 'NOT NULL' END,
        'DEFAULT ' || c.column_default, '-- ' || c.comment), chr(10) ORDER BY c.column_index)
    FROM duckdb_columns() c WHERE c.table_oid = t.table_oid AND c.database_oid = t.database_oid
  ) || coalesce((
    SELECT string_agg(chr(10) || k.constraint_text, '' ORDER BY k.constraint_text)
    FROM duckdb_constraints() k WHERE k.table_oid = t.table_oid AND k.database_oid = t.database_oid
      AND k.constraint_type <> 'NOT NULL'
  ), '') || coalesce(chr(10) || '-- ' || t.comment, '')
FROM duckdb_tables() t WHERE database_name = $1 AND NOT internal AND NOT temporary
UNION ALL SELECT 'view', schema_name, view_name, sql || coalesce(chr(10) || '-- ' || comment, '')
FROM duckdb_views() WHERE database_name = $1 AND NOT internal AND NOT temporary
UNION ALL SELECT 'index', schema_name, index_name, sql
FROM duckdb_indexes() WHERE database_name = $1 AND sql IS NOT NULL
UNION ALL SELECT 'sequence', schema_name, sequence_name,
    concat_ws(' ', 'increment', increment_by, 'from', min_value, 'to', max_value, CASE WHEN cycle THEN 'cycle' END)
FROM duckdb_sequences() WHERE database_name = $1 AND NOT temporary
UNION ALL SELECT 'macro', schema_name, function_name,
    string_agg(concat('(', array_to_string(parameters, ', '), ') AS ', macro_definition), chr(10)
        ORDER BY len(parameters), macro_definition)
FROM duckdb_functions() WHERE database_name = $1 AND NOT internal GROUP BY ALL
UNION ALL SELECT 'type', schema_name, type_name, concat_ws(' ', logical_type, array_to_string(labels, ', '))
FROM duckdb_types() WHERE database_name = $1 AND NOT internal
UNION ALL SELECT 'schema', '', schema_name, ''
FROM duckdb_schemas() WHERE database_name = $1 AND NOT internal AND schema_name <> 'main'
"""


class DuckdbTables(TableSql):
    """Our tables in the schema `main` of one database, with a sequence for the order of the history."""

    def __init__(self, database: str, prefix: str) -> None:
        self.sequence = f"{prefix}history_seq"
        # Without the database, which is called as its file is: that may be renamed.
        serial = f"BIGINT DEFAULT nextval('main.\"{self.sequence}\"')"
        self._home = f"{quoted(database)}.main."
        super().__init__(STYLE._replace(serial=serial), self._home, prefix)
        self.names = (*self.names, self.sequence)
        # Each takeover writes this column, so that of it and a fenced transaction one fails. No other write
        # does: DuckDB looks for conflicts column by column, and the heartbeat goes on beside a migration.
        self.touch = f"UPDATE {self.lock} SET session = CAST(uuid() AS VARCHAR) WHERE id = 1"

    def create(self) -> tuple[str, ...]:
        return f'CREATE SEQUENCE IF NOT EXISTS {self._home}"{self.sequence}"', *super().create()


class Answer(NamedTuple):
    """What a statement gave: as much of a DB-API cursor as Miger asks for."""

    description: Sequence[tuple[Any, ...]]
    rows: Rows

    @property
    def rowcount(self) -> int:
        """DuckDB's own is always -1: it answers with one row that holds the count."""
        counts = self.rows and [column[0] for column in self.description] == ["Count"]
        return int(self.rows[0][0]) if counts else -1

    def fetchall(self) -> Rows:
        return self.rows


class DuckdbBackend(SqlBackend):
    """A DuckDB database file."""

    name: ClassVar[str] = "duckdb"
    dialect: ClassVar[str] = "postgresql"  # DuckDB's parser is PostgreSQL's: $$ strings, nested comments, E'…'
    grouped_kinds: ClassVar[frozenset[str]] = frozenset({"INSERT", "UPDATE", "DELETE"})
    driver_error = duckdb.Error
    sqlalchemy_url = "duckdb://"

    def __init__(self, environment: Environment, prefix: str) -> None:
        super().__init__(environment, prefix)
        self._path = os.path.join(environment.folder, environment.url.reveal().removeprefix("duckdb:///"))
        self._driver: duckdb.DuckDBPyConnection | None = None
        self._borrowed: Any = None  # the same for SQLAlchemy, whose unread results it keeps
        self._database = ""  # called as its file is; USE makes another the current one
        self._tables: DuckdbTables | None = None
        self._transaction: int | None = None  # when the open one began
        self._last = ""  # the statement sent last, to which an error's place belongs
        self._one_by_one = False  # each statement in a read-only transaction of its own
        self._session_changed = False

    # Connection

    def open(self) -> None:
        if not self._path.rpartition("/")[2] or ":memory:" in self._path or "?" in self._path:
            raise UnreachableError(
                f"{self.environment.url} names no DuckDB file", "write it like duckdb:///shop.duckdb"
            )
        if self._driver is None and os.path.exists(self._path):
            self._connect()

    def _connect(self) -> duckdb.DuckDBPyConnection:
        """The connection; makes the file where it does not exist yet, and waits while another process holds it."""
        try:
            self._driver = self._patiently(self._try_to_connect)
            [(self._database,)] = self._query("SELECT current_database()")
        except StatementError as error:
            self.close()
            hint = "check `url` in miger.toml and the rights on the file and its folder"
            raise UnreachableError(f"cannot open {self._path}: {error.message}", error.hint or hint) from error
        self._tables = DuckdbTables(self._database, self.prefix)
        return self._driver

    def _try_to_connect(self) -> duckdb.DuckDBPyConnection:
        read_only = self.environment.read_only
        try:
            self._one_by_one = False
            return duckdb.connect(self._path, read_only=read_only)
        except duckdb.ConnectionException as error:  # this process has it open already, in the other way
            self._one_by_one = read_only
            if not read_only:
                raise self._refused(error) from error
            return duckdb.connect(self._path)
        except duckdb.Error as error:
            raise self._refused(error) from error

    @property
    def _open(self) -> Any:
        return self._borrowed or self._driver or self._connect()

    def close(self) -> None:
        self._leave_engine()
        if self._driver is not None:
            self._driver.close()
        self._driver = self._borrowed = self._transaction = None

    def reopen(self) -> None:
        """The new connection comes first: a process that waits for our lease would take the file that we let go of."""
        former = self._driver
        self._leave_engine()
        self._borrowed = self._transaction = None
        try:
            self._connect()
        except UnreachableError:  # after a fatal error all connections have to go before a new one works
            if former is None:
                raise
            former.close()
            self._connect()
        else:
            if former is not None:
                former.close()

    def clone(self) -> DuckdbBackend:
        return DuckdbBackend(self.environment, self.prefix)

    def server(self) -> str:
        return f"duckdb {duckdb.__version__}"

    @property
    def driver_connection(self) -> Any:
        """The connection as SQLAlchemy wants it, which then begins and ends no transaction: Miger does."""
        if self._borrowed is None:
            from duckdb_sqlalchemy import ConnectionWrapper  # deferred: imports SQLAlchemy

            class Borrowed(ConnectionWrapper):
                def begin(self) -> None: ...

                def commit(self) -> None: ...

                def rollback(self) -> None: ...

            self._borrowed = Borrowed(self._driver or self._connect())
        return self._borrowed

    def session(self, work: Work) -> Session:
        teach_alembic()
        return super().session(work)

    def recorder(self, work: Work) -> Session:
        teach_alembic()
        return super().recorder(work)

    # Our own statements

    def _cursor(self, sql: str, parameters: Sequence[object]) -> Answer:
        if not self._one_by_one or self._transaction is not None or sql.startswith("BEGIN"):
            return self._send(sql, parameters)
        self._send("BEGIN TRANSACTION READ ONLY")
        try:
            return self._send(sql, parameters)
        finally:
            self._send("ROLLBACK")

    def _send(self, sql: str, parameters: Sequence[object] = ()) -> Answer:
        """One statement and its whole answer. Raises the driver's exceptions, or KeyboardInterrupt."""
        self._last = sql
        try:
            result = self._open.execute(sql, parameters) if parameters else self._open.execute(sql)
            return Answer(result.description or (), result.fetchall())
        except RuntimeError as error:
            self._raise_interrupt(error)
            raise

    def _raise_interrupt(self, error: BaseException) -> None:
        """A signal's handler raised KeyboardInterrupt in the midst of a statement, and the driver made its own of it.

        The statement goes on until it is interrupted in earnest, and the next one would wait for it.
        """
        if isinstance(error, RuntimeError) and isinstance(error.__cause__, KeyboardInterrupt):
            if self._driver is not None:
                self._driver.interrupt()
            raise KeyboardInterrupt from error

    def _patiently(self, action: Callable[[], T]) -> T:
        """What `action` gives; tried again for `lock_timeout` while others are in its way: DuckDB never waits."""
        started, limit = time.monotonic(), self.environment.lock_timeout
        while True:
            try:
                return action()
            except StatementError as error:
                if not error.retryable or (limit is not None and time.monotonic() - started > limit):
                    raise
            time.sleep(PAUSE)

    @property
    def tables(self) -> DuckdbTables:
        if self._tables is None:
            self._connect()
        assert self._tables is not None
        return self._tables

    def _initialised(self) -> bool:
        self.open()
        found = "SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND schema_name = 'main' AND table_name = ?"
        return self._driver is not None and bool(self._query(found, (self._database, f"{self.prefix}lock")))

    def read_schema(self) -> dict[str, str]:
        self.open()
        if self._driver is None:
            return {}
        ours = self.tables.names
        return {
            f"{kind} {name if schema in ('main', '') else f'{schema}.{name}'}": definition
            for kind, schema, name, definition in self._query(SCHEMA, (self._database,))
            if name not in ours
        }

    def prepare(self) -> None:
        self._refuse_read_only()
        self._connect() if self._driver is None else None
        self._patiently(super().prepare)  # of two that make the same table at once, one fails

    def _as_ourselves(self) -> None:
        """The fence: a SELECT holds no row here, so it writes one that a takeover writes, too."""
        if self._initialised():
            self._change(self.tables.touch)

    # Lease. Only one process can have the file open, so a former holder has no session left to end.

    def acquire(self, owner: Owner, seconds: float, dead: Holder | None = None) -> Lease | Holder:
        take = super().acquire
        return self._patiently(lambda: take(owner, seconds, dead))

    # Running

    def begin(self, migration: Migration | None = None, section: str = "up", *, piece: bool = False) -> None:
        self._change("BEGIN TRANSACTION READ ONLY" if self.environment.read_only else "BEGIN TRANSACTION")
        self._transaction = self._began()

    def _began(self) -> int:
        """When the transaction of this very statement began; outside of one, each has its own."""
        return int(self._send("SELECT epoch_us(now())").rows[0][0])

    def commit(self) -> None:
        self._query("SELECT 1")  # COMMIT of a transaction that has failed is a rollback, and no error
        self._change("COMMIT")
        self._transaction = None

    def rollback(self) -> None:
        if self.in_transaction():
            with contextlib.suppress(duckdb.Error):  # a lost one has rolled back by itself
                self._send("ROLLBACK")
        self._transaction = None

    def in_transaction(self) -> bool:
        if self._transaction is None or self._driver is None:
            return False
        try:
            return self._began() == self._transaction
        except duckdb.Error:  # it has failed, and is still to be rolled back
            return True

    @contextlib.contextmanager
    def time_limit(self, kind: str) -> Iterator[None]:
        seconds = self.environment.statement_timeout
        if seconds is None or self._driver is None:
            yield
            return
        timer = threading.Timer(seconds, self._driver.interrupt)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def may_run_in_transaction(self, statement: Statement) -> bool:
        return statement.kind not in OUTSIDE_TRANSACTION

    def sets_session(self, statement: Statement) -> bool:
        return statement.kind in CHANGES_SESSION

    def happened(self, statement: Statement, noted: str) -> Evidence:
        if statement.kind in OUTSIDE_TRANSACTION:
            return Evidence(False, f"{statement.kind} does no harm when it runs again")
        return Evidence(None, "it writes to an attached database, which cannot be recorded in the same transaction")

    def note_statement(self, kind: str, sql: str) -> None:
        if kind in CHANGES_SESSION or kind.startswith("CREATE TEMP"):
            self._session_changed = True

    def clean_session(self, *, thorough: bool = False) -> None:
        if self._session_changed or thorough:
            self.reopen()
            attached = "SELECT database_name FROM duckdb_databases() WHERE NOT internal AND database_name <> ?"
            for (name,) in self._query(attached, (self._database,)):
                self._change(f"DETACH {quoted(name)}")
        self._session_changed = False

    def translate(self, error: BaseException) -> StatementError | None:
        self._raise_interrupt(error)
        return super().translate(error)

    def _refused(self, error: BaseException, index: int = 0) -> StatementError:
        message, code, hint = LINE.split(str(error))[0], type(error).__name__, ""
        outside = any(words in message for words in OUTSIDE_WORDS)
        held = isinstance(error, duckdb.IOException) and any(words in message for words in HELD_WORDS)
        conflict = isinstance(error, duckdb.TransactionException) and "conflict" in message.lower()
        if isinstance(error, duckdb.InterruptException):
            message = f"the statement ran longer than {self.environment.statement_timeout} s and was stopped"
            hint = "`statement_timeout` of the environment says how long a statement may take"
        elif held:
            hint = (
                "only one process can have a file open that it may write; `lock_timeout` says how long to wait for it"
            )
        elif conflict:
            hint = (
                "another connection has changed the same rows; DuckDB does not wait for it, whatever `lock_timeout` is"
            )
        elif outside:
            hint = "set `transaction = false` in the migration's metadata"
        return StatementError(
            message,
            hint,
            code=code,
            index=index,
            position=place(self._last, str(error)),
            retryable=held or conflict,
            disconnected=isinstance(error, duckdb.FatalException),
            outside_only=outside,
        )


def place(sql: str, message: str) -> int | None:
    """The offset in `sql` that the excerpt in an error's message points at; None where it does not say."""
    found = LINE.search(message)
    if found is None:
        return None
    number, excerpt = int(found[1]), found[2]
    lines = sql.split("\n")
    column = len(found[3]) - len(f"LINE {number}: ")
    if number > len(lines) or not lines[number - 1].startswith(excerpt.removesuffix("...")):
        return None  # of a long line it shows only what stands around
    return sum(len(line) + 1 for line in lines[: number - 1]) + column


def teach_alembic() -> None:
    """Makes `db.op` possible: duckdb-sqlalchemy registers itself only where Alembic is imported before it."""
    importlib.import_module("duckdb_sqlalchemy.alembic_impl")


def quoted(name: str) -> str:
    """A name in SQL."""
    return '"' + name.replace('"', '""') + '"'
