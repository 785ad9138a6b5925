"""MySQL and MariaDB: data in transactions, each statement on the schema committed by itself."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

import pymysql
from pymysql.constants import CLIENT, SERVER_STATUS

from miger.backends import mysql_catalog, mysql_schema
from miger.backends.sql import SqlBackend
from miger.backends.tables import TableSql, TableStyle
from miger.engine.errors import StatementError, UnreachableError
from miger.engine.secrets import scrub, secrets_of

if TYPE_CHECKING:
    from miger.engine.backend import Backend, Evidence
    from miger.engine.catalog import Catalog
    from miger.engine.environments import Environment
    from miger.engine.migration import Migration
    from miger.engine.owner import Owner
    from miger.engine.statements import Statement

STYLE = TableStyle(
    now="UTC_TIMESTAMP(3)",
    iso="CONCAT(REPLACE(CAST({} AS CHAR(23)), ' ', 'T'), 'Z')",
    later="UTC_TIMESTAMP(3) + INTERVAL ? SECOND",
    lock=" LOCK IN SHARE MODE",  # a takeover then waits until the transaction that is fenced has ended
    text="LONGTEXT",
    key="VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
    timestamp="DATETIME(3)",
    serial="BIGINT AUTO_INCREMENT",
    placeholder="%s",
    quote="`",
    on_conflict="ON DUPLICATE KEY UPDATE",
    excluded="VALUES({})",
    from_nothing=" FROM DUAL",
    table=" ENGINE=InnoDB",  # the server's default may know no transactions
)
CONNECT_SECONDS = 10
END_SESSION_SECONDS = 20.0

# Error numbers of server and client: https://mariadb.com/kb/en/mariadb-error-code-reference/
LOST = frozenset({1053, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 2055, 3169, 4031})
RETRYABLE = frozenset({1205, 1213})  # lock wait timeout, deadlock
STOPPED = frozenset({1969, 3024})  # max_statement_time, max_execution_time
NO_SUCH_TABLE = 1146

# Options of a URL, as the driver calls them.
OPTIONS = ("unix_socket", "ssl_ca", "ssl_cert", "ssl_key", "ssl_disabled", "ssl_verify_cert", "ssl_verify_identity")
SWITCHES = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}

# First words of statements that leave no trace in the session; anything else may.
HARMLESS = frozenset(
    "ALTER ANALYZE CREATE DELETE DROP GRANT INSERT OPTIMIZE RENAME REPAIR REPLACE REVOKE SELECT TRUNCATE "
    "UPDATE WITH VALUES SAVEPOINT RELEASE".split()
)

# CREATE TRIGGER … BEGIN … END, with a label or without.
_PROGRAM = re.compile(
    r"\s*CREATE\b[^;]*?\b(?:PROCEDURE|FUNCTION|TRIGGER|EVENT)\b.*?\b(?:BEGIN|CASE|IF|LOOP|REPEAT|WHILE)\b.*"
    r"\bEND(?:\s+(?:CASE|IF|LOOP|REPEAT|WHILE))?(?:\s+[\w$`]+)?\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)


class MysqlBackend(SqlBackend):
    """A MySQL or MariaDB database."""

    name: ClassVar[str] = "mysql"
    answers: ClassVar[bool] = True
    dialect: ClassVar[str] = "mysql"
    grouped_kinds: ClassVar[frozenset[str]] = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})
    several_at_once: ClassVar[bool] = False
    driver_error = pymysql.MySQLError

    def __init__(self, environment: Environment, prefix: str) -> None:
        super().__init__(environment, prefix)
        url = environment.url.reveal()
        self._address = _address(url)
        self._secrets = secrets_of(url)
        self._tables = TableSql(STYLE, mysql_catalog.quoted(self._address["database"]) + ".", prefix)
        self._connection: pymysql.connections.Connection[Any] | None = None
        self._session = ""
        self._session_changed = False
        self._unchecked = False  # foreign keys were switched off
        self._begun = self._piece = False

    # Connection

    def open(self) -> None:
        if self._connection is not None:
            return
        self._check_address()
        try:
            self._connection = pymysql.connect(
                **self._address,
                charset="utf8mb4",
                autocommit=True,  # transactions are begun and ended by us
                connect_timeout=CONNECT_SECONDS,
                # rows found instead of rows changed; and groups of statements in one message
                client_flag=CLIENT.FOUND_ROWS | CLIENT.MULTI_STATEMENTS,
            )
            self._set_limits()
        except (pymysql.MySQLError, StatementError) as error:
            self.close()
            message = error.message if isinstance(error, StatementError) else _message(error)
            raise UnreachableError(
                f"cannot connect to {self.environment.url}: {scrub(message, self._secrets)}",
                "check `url` of the environment in miger.toml, and that the server runs and lets you in",
            ) from None  # the driver's traceback may hold the password

    def _check_address(self) -> None:
        unknown = [name for name, _ in parse_qsl(urlsplit(self.environment.url.reveal()).query) if name not in OPTIONS]
        wrong = ""
        if unknown:
            wrong = f"no option is called {unknown[0]!r}; there are {', '.join(OPTIONS)}"
        elif not self._address["database"]:
            wrong = "the URL names no database"
        elif not self._address["port"]:
            wrong = "the port is not a number from 1 to 65535"
        if wrong:
            raise UnreachableError(f"cannot connect to {self.environment.url}: {wrong}", "mend `url` in miger.toml")

    @property
    def _open(self) -> pymysql.connections.Connection[Any]:
        self.open()
        assert self._connection is not None
        return self._connection

    def _set_limits(self) -> None:
        """The environment's limits, for the whole session. Locks are waited for in whole seconds."""
        environment = self.environment
        settings = ["SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED"]
        if environment.lock_timeout is not None:
            seconds = max(1, round(environment.lock_timeout))
            settings += [f"SESSION innodb_lock_wait_timeout = {seconds}", f"SESSION lock_wait_timeout = {seconds}"]
        if environment.statement_timeout is not None:
            mariadb = f"SESSION max_statement_time = {environment.statement_timeout}"
            mysql = f"SESSION max_execution_time = {max(1, round(environment.statement_timeout * 1000))}"
            settings.append(mariadb if self._is_mariadb else mysql)
        if environment.read_only:
            settings.append("SESSION TRANSACTION READ ONLY")
        for setting in settings:
            self._change(f"SET {setting}")

    @property
    def _version(self) -> str:
        return str(self._open.get_server_info())  # type: ignore[no-untyped-call]

    @property
    def _is_mariadb(self) -> bool:
        return "mariadb" in self._version.lower()

    def close(self) -> None:
        self._leave_engine()
        if self._connection is not None:
            self._connection._force_close()  # type: ignore[attr-defined]  # close() raises on a dead one
            self._connection = None
        self._begun = self._piece = False

    def reopen(self) -> None:
        former, self._session = self._session, ""
        self.close()
        self.open()
        if former:
            self._end_session(former)
            if self._initialised():  # so that whoever takes the lease over can end this session in turn
                self._change(self.tables.rename_session, (self._session_name(), former))

    def clone(self) -> MysqlBackend:
        return MysqlBackend(self.environment, self.prefix)

    def server(self) -> str:
        version = self._version.removeprefix("5.5.5-").partition("-")[0]
        return f"{'mariadb' if self._is_mariadb else 'mysql'} {version}"

    # Our own statements

    @property
    def driver_connection(self) -> pymysql.connections.Connection[Any]:
        return self._open

    @property
    def sqlalchemy_url(self) -> str:
        return "mariadb+pymysql://" if self._connection is not None and self._is_mariadb else "mysql+pymysql://"

    def _cursor(self, sql: str, parameters: Sequence[object]) -> pymysql.cursors.Cursor:
        cursor: pymysql.cursors.Cursor = self._open.cursor()
        cursor.execute(sql, parameters or None)
        return cursor

    @property
    def tables(self) -> TableSql:
        """The statements on our tables, qualified with the database of the URL."""
        return self._tables

    def _initialised(self) -> bool:
        try:
            return bool(self._query(f"SELECT 1 FROM {self.tables.lock}"))  # its row is made last
        except StatementError as error:
            if error.code == str(NO_SUCH_TABLE):
                return False
            raise

    def _read_snapshot(self) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]] | None:
        if not self._initialised():
            return None
        states, locks = self.tables.read_states, self.tables.read_holder
        if self.in_transaction():
            return self._query(states), self._query(locks)
        self._change("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        self._change("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")
        try:
            return self._query(states), self._query(locks)
        finally:
            self.rollback()

    def read_schema(self) -> dict[str, str]:
        return mysql_schema.read_schema(self._query, self._first_rows, self._address["database"], self.tables.names)

    def read_catalog(self) -> Catalog:
        from miger.backends.mysql_objects import read_catalog, shown_plainly  # deferred: only `generate` needs it

        with shown_plainly(self._query, self._change):
            return read_catalog(self._query, self._first_rows, self._address["database"], self.tables.names)

    def _first_rows(self, statements: Sequence[str]) -> list[tuple[Any, ...]]:
        """The first row of each of several statements, sent in one message. Raises StatementError."""
        try:
            with self._open.cursor() as cursor:
                cursor.execute(";\n".join(statements))
                rows = [cursor.fetchone()]
                while cursor.nextset():
                    rows.append(cursor.fetchone())
                return [row for row in rows if row is not None]
        except pymysql.MySQLError as error:
            raise self._refused(error) from error

    # Lease

    def _session_name(self) -> str:
        """A lock of the server's that this session holds: connection numbers are given again, it is not."""
        if not self._session:
            name = f"miger-{os.urandom(8).hex()}"
            self._query("SELECT GET_LOCK(%s, 0)", (name,))
            self._session = name
        return self._session

    def _end_session(self, name: str) -> None:
        """A process that was killed or stopped may have left a statement running on the server."""
        deadline = time.monotonic() + END_SESSION_SECONDS
        while name:
            [(connection, own)] = self._query("SELECT IS_USED_LOCK(%s), CONNECTION_ID()", (name,))
            if connection in (None, own):
                return
            self._kill(connection)
            if time.monotonic() > deadline:
                raise UnreachableError(
                    f"the former run's session (connection {connection} of the server) does not end",
                    f"have an administrator end it: KILL {connection}",
                )
            time.sleep(0.05)

    def _kill(self, connection: int) -> None:
        try:
            self._change(f"KILL {connection}")
        except StatementError as error:
            if error.code not in ("1094", "1095"):  # gone by itself; not ours to kill: it is waited for
                raise

    # Running

    def begin(self, migration: Migration | None = None, section: str = "up", *, piece: bool = False) -> None:
        self._change(f"START TRANSACTION {'READ ONLY' if self.environment.read_only else 'READ WRITE'}")
        self._begun, self._piece = True, piece

    @contextlib.contextmanager
    def _looking(self, seconds: float) -> Iterator[None]:
        limit, factor = ("max_statement_time", 1) if self._is_mariadb else ("max_execution_time", 1000)
        [(before, wait)] = self._query(f"SELECT @@{limit}, @@lock_wait_timeout")
        most = max(1, round(seconds * factor))
        self._change(f"SET {limit} = {most}, lock_wait_timeout = 1")  # it counts in whole seconds
        try:
            self._change("START TRANSACTION READ ONLY")
            yield
        finally:
            self.rollback()
            if self._connection is not None:
                self._change(f"SET {limit} = {before}, lock_wait_timeout = {wait}")

    def commit(self) -> None:
        self._change("COMMIT")
        self._begun = False
        self._commit_the_rest()

    def rollback(self) -> None:
        if self._connection is not None and (self._begun or self.in_transaction()):
            try:
                self._connection.query("ROLLBACK")
            except pymysql.MySQLError:
                self.close()  # the server rolls back what it can no longer answer for
        self._begun = False

    def _commit_the_rest(self) -> None:
        """After a statement by itself nothing stays open: not by SET autocommit = 0, nor by a procedure's START."""
        connection = self._open
        if not connection.server_status & SERVER_STATUS.SERVER_STATUS_AUTOCOMMIT:  # type: ignore[attr-defined]
            self._change("SET autocommit = 1")  # commits, too
        elif self.in_transaction():
            self._change("COMMIT")

    @contextlib.contextmanager
    def _atomically(self) -> Iterator[None]:
        """Our rows are written whatever the migration has set for its session; then its settings apply again."""
        if not self._session_changed:
            with super()._atomically():
                yield
            return
        if not self._begun:
            self._commit_the_rest()
        limit = "max_statement_time" if self._is_mariadb else "max_execution_time"
        names = "character_set_client, @@character_set_connection, @@character_set_results, @@collation_connection"
        with super()._atomically():
            [(mode, seconds, *encoding)] = self._query(f"SELECT @@sql_mode, @@{limit}, @@{names}")
            self._change(f"SET NAMES utf8mb4, sql_mode = 'STRICT_ALL_TABLES', {limit} = 0")
            yield
            self._change(
                f"SET character_set_client = %s, character_set_connection = %s, character_set_results = %s, "
                f"collation_connection = %s, sql_mode = %s, {limit} = %s",
                (*encoding, mode, seconds),
            )

    def in_transaction(self) -> bool:
        connection = self._connection
        return (
            connection is not None
            and connection.open
            and bool(connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)  # type: ignore[attr-defined]
        )

    def execute(self, statements: Sequence[Statement]) -> int:
        for statement in statements[:1]:  # a group is of kinds that change no session
            self.note_statement(statement.kind, statement.sql)
        if len(statements) > 1:
            return self._execute_together(statements)
        [statement] = statements
        try:
            with self._open.cursor() as cursor:
                cursor.execute(statement.sql)
                rows = int(cursor.rowcount)
                while cursor.nextset():  # a procedure's results
                    pass
            if not self._begun:
                self._commit_the_rest()
            return -1 if mysql_catalog.commits_by_itself(statement.kind) else rows
        except pymysql.MySQLError as error:
            raise self._refused(error) from error

    def _execute_together(self, statements: Sequence[Statement]) -> int:
        """One message for all; the server stops at the first that fails."""
        rows = ran = 0
        try:
            with self._open.cursor() as cursor:
                cursor.execute(";\n".join(statement.sql for statement in statements))
                rows, ran = max(int(cursor.rowcount), 0), 1
                while cursor.nextset():
                    rows, ran = rows + max(cursor.rowcount, 0), ran + 1
            return rows
        except pymysql.MySQLError as error:
            raise self._refused(error, ran) from error

    def _verify_rows(self, statement: Statement) -> tuple[list[str], list[tuple[Any, ...]]]:
        self.note_statement(statement.kind, statement.sql)
        try:
            with self._open.cursor() as cursor:
                cursor.execute(statement.sql)
                return [column[0].lower() for column in cursor.description or ()], list(cursor.fetchall())
        except pymysql.MySQLError as error:
            raise self._refused(error) from error

    def runs_in_transaction(self, migration: Migration, section: str) -> bool:
        return migration.transaction and not mysql_catalog.changes_schema(migration, section)

    def may_run_in_transaction(self, statement: Statement) -> bool:
        return not mysql_catalog.commits_by_itself(statement.kind)

    def is_program(self, sql: str) -> bool:
        return _PROGRAM.fullmatch(sql) is not None

    def sets_session(self, statement: Statement) -> bool:
        return statement.kind.split(" ")[0] in {"SET", "USE", "PREPARE"}

    def evidence_before(self, statement: Statement) -> str:
        return mysql_catalog.note_before(self._query, statement)

    def happened(self, statement: Statement, noted: str) -> Evidence:
        return mysql_catalog.judge_after(self._query, statement, noted)

    def note_statement(self, kind: str, sql: str) -> None:
        if kind.split(" ", 1)[0] not in HARMLESS or " TEMP " in kind or "@" in sql or "GET_LOCK" in sql.upper():
            self._session_changed = True
            self._unchecked = self._unchecked or "FOREIGN_KEY_CHECKS" in sql.upper()
        if self._begun and mysql_catalog.commits_by_itself(kind):
            where = "take it out of the step or batch" if self._piece else "set `transaction = false`"
            raise StatementError(
                f"{kind} would commit the transaction it runs in",
                f"here each statement on the schema commits by itself: {where}",
                outside_only=True,
            )

    def clean_session(self, *, thorough: bool = False) -> None:
        if self._connection is not None and (self._session_changed or thorough):
            self.reopen()
            if self._unchecked:
                self._tell_orphans()
        self._session_changed = self._unchecked = False

    def _tell_orphans(self) -> None:
        """After SET foreign_key_checks = 0: the server never looks again at what came in meanwhile."""
        for table, name, count in mysql_catalog.orphans(self._query):
            self.on_warning(f"foreign keys were not checked: {count} rows of {table} point nowhere ({name})")

    # Dry runs

    preview_modes = ("rehearse", "sql")

    def scratch(self, owner: Owner, rows: int) -> contextlib.AbstractContextManager[Backend]:
        self._refuse_read_only()
        from miger.backends.mysql_scratch import scratch  # deferred: only rehearsals need it

        return scratch(self, owner, rows)

    def blank(self, owner: Owner) -> contextlib.AbstractContextManager[Backend]:
        self._refuse_read_only()
        from miger.backends.mysql_scratch import blank  # deferred: only `generate` needs it

        return blank(self, owner)

    # Errors

    def _refused(self, error: pymysql.MySQLError, index: int = 0) -> StatementError:
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        lost = number in LOST or self._connection is None or not self._connection.open
        hints = {1205: "another session holds a lock; `lock_timeout` says how long to wait for it"}
        if number in STOPPED:
            hints[number] = "`statement_timeout` of the environment says how long a statement may take"
        return StatementError(
            scrub(f"{_message(error)} ({number})" if number else _message(error), self._secrets),
            hints.get(number, ""),
            code=str(number or ""),
            index=index,
            retryable=number in RETRYABLE,
            disconnected=lost,
        )


def _message(error: pymysql.MySQLError) -> str:
    return str(error.args[1]) if len(error.args) > 1 else str(error) or "the connection is gone"


def _address(url: str) -> dict[str, Any]:
    """What the driver is called with; port 0 for one that makes no sense."""
    parts = urlsplit(url)
    options = {name: _switch(name, value) for name, value in parse_qsl(parts.query) if name in OPTIONS}
    try:
        port = 3306 if parts.port is None else parts.port
    except ValueError:
        port = 0
    return {
        "host": unquote(parts.hostname or "localhost"),
        "port": port,
        "user": unquote(parts.username or ""),
        "password": unquote(parts.password or "").encode(),  # the driver would take text for Latin-1
        "database": unquote(parts.path.removeprefix("/")),
        **options,
    }


def _switch(name: str, value: str) -> str | bool:
    return SWITCHES.get(value.lower(), True) if name.startswith(("ssl_verify", "ssl_disabled")) else value
