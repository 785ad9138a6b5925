"""SQLite: one file, one writer, DDL in transactions."""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from miger.backends.sql import PATIENCE, SqlBackend
from miger.backends.sqlite_errors import refused
from miger.backends.sqlite_keys import ForeignKeys
from miger.backends.tables import TableSql, TableStyle
from miger.engine.backend import Backend, Evidence
from miger.engine.errors import StatementError, UnreachableError
from miger.engine.sections import read_section
from miger.engine.state import Holder, Lease

if TYPE_CHECKING:
    from miger.engine.catalog import Catalog
    from miger.engine.environments import Environment
    from miger.engine.migration import Migration
    from miger.engine.owner import Owner
    from miger.engine.statements import Statement

# strftime's %f is seconds with milliseconds: text of one length, so that times compare as text.
STYLE = TableStyle(
    now="strftime('%Y-%m-%dT%H:%M:%fZ', 'now')",
    iso="{}",
    later="strftime('%Y-%m-%dT%H:%M:%fZ', 'now', ? || ' seconds')",
    lock="",
    text="TEXT",
    key="TEXT",
    timestamp="TEXT",
    serial="INTEGER",
    placeholder="?",
)

# https://sqlite.org/lang_vacuum.html, pragma.html: what SQLite refuses or ignores inside a transaction.
OUTSIDE_TRANSACTION = re.compile(
    r"VACUUM\b|DETACH\b|ATTACH\b|PRAGMA\s+(?:\w+\s*\.\s*)?(?:foreign_keys|journal_mode|synchronous|page_size)\b",
    re.IGNORECASE,
)
# DROP TABLE deletes its rows first, which cascades into child rows while foreign keys are enforced.
DROPS_TABLE = re.compile(r"drop\s+table|drop_table|batch_alter_table")
# Kinds after which only a new connection is as clean as before.
CHANGES_SESSION = frozenset({"PRAGMA", "ATTACH", "DETACH"})
TEMPORARY = re.compile(r"CREATE\s+TEMP|[^(]{,200}\btemp\s*\.", re.IGNORECASE)

# So many steps of SQLite's machine lie between two looks at signals: ctrl+c is seen in a long statement, too.
SIGNAL_STEPS = 500_000
FOREVER = 2_000_000.0  # seconds; SQLite takes milliseconds as a 32-bit integer


class SqliteBackend(SqlBackend):
    """A SQLite database file."""

    name: ClassVar[str] = "sqlite"
    answers: ClassVar[bool] = True
    dialect: ClassVar[str] = "sqlite"
    grouped_kinds: ClassVar[frozenset[str]] = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})
    driver_error = sqlite3.Error
    sqlalchemy_url = "sqlite://"
    connection_class: ClassVar[type[sqlite3.Connection]] = sqlite3.Connection

    def __init__(self, environment: Environment, prefix: str) -> None:
        super().__init__(environment, prefix)
        self._tables = TableSql(STYLE, "", prefix)
        self._path, _, self._options = environment.url.reveal().removeprefix("sqlite:///").partition("?")
        self._connection: sqlite3.Connection | None = None
        self._session_changed = False
        self._keys_enforced = False
        self._unchecked_keys = False
        self._drops_allowed = False
        self._keys = ForeignKeys(self._query)
        self._keys_possible = False
        self._deadline: float | None = None  # of the statement that runs
        self._out_of_time = False
        self._limit: float | None = None  # of a question, in seconds

    # Connection

    def open(self) -> None:
        if self._connection is None and os.path.exists(self._path):
            self._connect()

    def _connect(self) -> sqlite3.Connection:
        """The connection; makes the file where it does not exist yet."""
        target = f"file:{_uri_path(self._path)}?{self._options}" if self._options else self._path
        timeout = self.environment.lock_timeout
        try:
            self._connection = connection = sqlite3.connect(
                target,
                timeout=FOREVER if timeout is None else timeout,
                isolation_level=None,  # BEGIN and COMMIT are sent by us, so that DDL is part of them
                check_same_thread=False,
                uri=bool(self._options),
                factory=self.connection_class,
            )
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").close()
            if self.environment.read_only:
                connection.execute("PRAGMA query_only = ON").close()
            [(enforced,)] = connection.execute("PRAGMA foreign_keys").fetchall()
        except sqlite3.Error as error:
            self.close()
            if not os.path.isdir(os.path.dirname(self._path)):
                hint = "make its folder first"
            else:
                hint = refused(error).hint or "check `url` in miger.toml and the rights on the file and its folder"
            raise UnreachableError(f"cannot open {self._path}: {error}", hint) from error
        connection.set_progress_handler(self._is_over, SIGNAL_STEPS)
        self._keys_enforced = bool(enforced)
        return connection

    @property
    def _open(self) -> sqlite3.Connection:
        return self._connection if self._connection is not None else self._connect()

    def close(self) -> None:
        self._leave_engine()
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def reopen(self) -> None:
        self.close()
        self._connect()

    def clone(self) -> SqliteBackend:
        return SqliteBackend(self.environment, self.prefix)

    def server(self) -> str:
        return f"sqlite {sqlite3.sqlite_version}"

    # Our own statements

    @property
    def driver_connection(self) -> sqlite3.Connection:
        return self._open

    def _cursor(self, sql: str, parameters: Sequence[object]) -> sqlite3.Cursor:
        return self._open.execute(sql, parameters)

    @property
    def tables(self) -> TableSql:
        return self._tables

    def _initialised(self) -> bool:
        self.open()
        name = f"{self.prefix}lock"  # the last one made, in one transaction with the others
        return self._connection is not None and bool(
            self._query("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (name,))
        )

    def _read_snapshot(self) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]] | None:
        self.open()
        if self._connection is None:
            return None
        if self.in_transaction():
            return self._read_both(self._connection)
        try:
            self._connection.execute("BEGIN")
            try:
                return self._read_both(self._connection)
            finally:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise UnreachableError(f"cannot read {self._path}: {error}") from error

    def _read_both(self, connection: sqlite3.Connection) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]] | None:
        try:
            states = connection.execute(self.tables.read_states).fetchall()
            return states, connection.execute(self.tables.read_holder).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return None
            raise

    def read_schema(self) -> dict[str, str]:
        self.open()
        if self._connection is None:
            return {}
        ours = self.tables.names
        return {
            f"{kind} {name}": sql
            for kind, name, table, sql in self._query("SELECT type, name, tbl_name, sql FROM sqlite_master")
            if sql is not None and table not in ours and not name.startswith("sqlite_")
        }

    def definition(self, schema: Mapping[str, str], name: str) -> str:
        from miger.backends.sqlite_schema import definition  # deferred: a schema that is as before has no need of it

        return definition(schema, name)

    def read_catalog(self) -> Catalog:
        from miger.backends.sqlite_objects import read_catalog  # deferred: `status` compares no tables

        self.open()
        return read_catalog(self._query if self._connection is not None else None, self.tables.names)

    def prepare(self) -> None:
        self._refuse_read_only()
        self._connect() if self._connection is None else None
        super().prepare()

    # Lease: the main connection's own; SQLite has no server whose sessions could outlive a process.

    def _session_name(self) -> str:
        return ""

    def _end_session(self, name: str) -> None:
        return

    def acquire(self, owner: Owner, seconds: float, dead: Holder | None = None) -> Lease | Holder:
        try:
            return super().acquire(owner, seconds, dead)
        except StatementError as error:
            holder = self.snapshot().holder if error.retryable else None
            if holder is None:
                raise
            return holder  # its lease has ended, but its transaction still keeps the file locked

    # Running

    def begin(self, migration: Migration | None = None, section: str = "up", *, piece: bool = False) -> None:
        drops, keys = _drops_tables(migration, section) if migration is not None else (False, False)
        if not self._session_changed:
            self._enforce_keys(migration is not None and not drops)
        self._begin_transaction()
        # Between the pieces of a rebuild keys may be broken: only a whole step can be checked.
        self._unchecked_keys = drops and not piece
        self._drops_allowed = drops
        if self._unchecked_keys:
            self._keys_possible = self._keys.note_broken() or keys

    def _enforce_keys(self, wanted: bool) -> None:
        """Without effect inside a transaction, so it is decided before: https://sqlite.org/pragma.html."""
        if wanted != self._keys_enforced:
            self._change(f"PRAGMA foreign_keys = {'ON' if wanted else 'OFF'}")
            self._keys_enforced = wanted

    def commit(self) -> None:
        if self._unchecked_keys:
            if self._keys_possible:
                self._keys.refuse_broken()
            else:
                self._keys.know_of_none()
        self._end_transaction()

    def _begin_transaction(self) -> None:
        self._change("BEGIN" if self.environment.read_only else "BEGIN IMMEDIATE")

    def _end_transaction(self) -> None:
        self._change("COMMIT")

    def rollback(self) -> None:
        self._keys.forget()
        if self.in_transaction():
            try:
                self._open.execute("ROLLBACK").close()
            except sqlite3.Error:
                self.close()  # what is left is a hot journal, which the next one to open the file rolls back

    def in_transaction(self) -> bool:
        try:
            return self._connection is not None and self._connection.in_transaction
        except sqlite3.ProgrammingError:  # SQLAlchemy closes a connection that ctrl+c broke off
            return False

    def execute(self, statements: Sequence[Statement]) -> int:
        execute = self._open.execute
        seconds = self.environment.statement_timeout
        rows = 0
        ran = 0
        try:
            for text in self._texts(statements):
                if seconds is not None:
                    self._deadline = time.monotonic() + seconds
                rows += execute(text).rowcount
                ran += 1
        except sqlite3.Error as error:
            raise self._refused(error, ran) from error
        finally:
            self._deadline = None
        return rows

    @contextlib.contextmanager
    def time_limit(self, kind: str) -> Iterator[None]:
        seconds = self.environment.statement_timeout
        self._deadline = None if seconds is None else time.monotonic() + seconds
        try:
            yield
        finally:
            self._deadline = None

    def ask(self, sql: str, seconds: float) -> list[tuple[Any, ...]]:
        self.open()
        return [] if self._connection is None else super().ask(sql, seconds)

    @contextlib.contextmanager
    def _looking(self, seconds: float) -> Iterator[None]:
        [(patience,)] = self._query("PRAGMA busy_timeout")
        self._query(f"PRAGMA busy_timeout = {max(1, round(min(seconds, PATIENCE) * 1000))}")
        self._query("PRAGMA query_only = ON")
        self._deadline, self._limit = time.monotonic() + seconds, seconds
        try:
            yield
        finally:
            self._deadline = self._limit = None
            self._query(f"PRAGMA query_only = {'ON' if self.environment.read_only else 'OFF'}")
            self._query(f"PRAGMA busy_timeout = {patience}")

    def _is_over(self) -> int:
        """Called by SQLite now and then; that Python code runs is what lets signals in. 1 ends the statement."""
        if self._deadline is None or time.monotonic() < self._deadline:
            return 0
        self._deadline = None
        self._out_of_time = True
        return 1

    def _stopped(self) -> StatementError | None:
        """The error for a statement that was ended for its time, if the last one was."""
        if not self._out_of_time:
            return None
        self._out_of_time = False
        limit = self._limit or self.environment.statement_timeout or 0
        return StatementError(
            f"the statement ran longer than {limit:g} s and was stopped",
            "`statement_timeout` of the environment says how long a statement may take",
            code="SQLITE_INTERRUPT",
        )

    def _texts(self, statements: Sequence[Statement]) -> Iterator[str]:
        from miger.engine.statements import Group  # deferred: `status` splits nothing

        if isinstance(statements, Group):
            yield from statements.texts
            return
        for statement in statements:
            self.note_statement(statement.kind, statement.sql)
            yield statement.sql

    def _verify_rows(self, statement: Statement) -> tuple[list[str], list[tuple[Any, ...]]]:
        try:
            with self.time_limit(statement.kind):
                cursor = self._open.execute(statement.sql)
                return [column[0].lower() for column in cursor.description or ()], cursor.fetchall()
        except sqlite3.Error as error:
            raise self._refused(error) from error

    def may_run_in_transaction(self, statement: Statement) -> bool:
        return OUTSIDE_TRANSACTION.match(statement.sql) is None

    def sets_session(self, statement: Statement) -> bool:
        return statement.kind in {"PRAGMA", "ATTACH", "DETACH"}

    def happened(self, statement: Statement, noted: str) -> Evidence:
        return Evidence(False, f"{statement.kind} does no harm when it runs again")

    def note_statement(self, kind: str, sql: str) -> None:
        if kind in CHANGES_SESSION or (kind.startswith("CREATE") and TEMPORARY.match(sql)):
            self._session_changed = True
        elif kind == "DROP TABLE" and not self._drops_allowed and self.in_transaction():
            [(enforced,)] = self._query("PRAGMA foreign_keys")
            if enforced and self._keys.exist():
                raise StatementError(
                    "DROP TABLE while foreign keys are enforced would delete child rows too",
                    "name `drop_table` in the migration's own file, so that Miger sees it beforehand",
                )

    def clean_session(self, *, thorough: bool = False) -> None:
        if self._session_changed or thorough:
            self.reopen()
        self._session_changed = False

    def _refused(self, error: sqlite3.Error, index: int = 0) -> StatementError:
        return self._stopped() or refused(error, index)

    # Dry runs

    preview_modes = ("rehearse", "rollback", "sql")

    def uncommitted(self) -> SqliteBackend:
        self._refuse_read_only()
        from miger.backends.sqlite_trial import UncommittedSqlite  # deferred: only dry runs need it

        return UncommittedSqlite(self.environment, self.prefix)

    def scratch(self, owner: Owner, rows: int) -> contextlib.AbstractContextManager[Backend]:
        from miger.backends.sqlite_trial import scratch  # deferred: only rehearsals need it

        return scratch(self, owner, self._path)

    def blank(self, owner: Owner) -> contextlib.AbstractContextManager[Backend]:
        from miger.backends.sqlite_trial import blank  # deferred, too

        return blank(self, owner, self._path)


def _uri_path(path: str) -> str:
    from urllib.parse import quote  # deferred: only for URLs with options

    return quote(path)


def _drops_tables(migration: Migration, section: str) -> tuple[bool, bool]:
    """Whether the section's text, or anything in a Python file, may drop or rebuild a table; or add a foreign key.

    Errs on the side of yes: the price is one check of the keys.
    """
    last, drops, keys = "", False, migration.kind == "python"
    for chunk in read_section(migration, section):
        text = last + chunk.lower()
        # `in` is many times faster than the pattern, and nearly always enough
        drops = drops or (("drop" in text or "batch_alter" in text) and DROPS_TABLE.search(text) is not None)
        keys = keys or "references" in text
        if drops and keys:
            break
        last = text[-64:]
    return drops, keys
