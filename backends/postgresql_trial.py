"""Dry runs by rollback on PostgreSQL: what each statement locks and writes anew, and who is in its way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.sql import Composable

from miger.backends.postgresql import PostgresqlBackend
from miger.backends.postgresql_locks import MODES, Taken, locks_of, target_of
from miger.backends.uncommitted import Uncommitted, refuse_commit
from miger.engine.backend import Effects
from miger.engine.errors import StatementError
from miger.engine.sql_step import TRANSACTION_CONTROL
from miger.engine.statements import Group, SplitError, split

if TYPE_CHECKING:
    from miger.engine.environments import Environment
    from miger.engine.migration import Migration
    from miger.engine.statements import Statement

# A name that PostgreSQL looks up rather than refuses, with or without a schema.
NAME = re.compile(r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)(?:\.(?:"(?:[^"]|"")+"|[^\W\d][\w$]*))?')
# Its name means nothing, or something else, once it has run.
LOSES_NAME = re.compile(r"DROP\b|ALTER\b.*\b(?:RENAME|SCHEMA)\b", re.IGNORECASE | re.DOTALL)
PATIENCE = 1.0  # seconds that a dry run waits for a lock, so that nobody queues behind it for long

_TABLE = "c.relkind IN ('r', 'p', 'm', 'f') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' "
_COLUMNS = "format('%I.%I', n.nspname, c.relname), pg_relation_filenode(c.oid)::bigint FROM pg_catalog."
# Without a name: what is no table, or one that the statement has dropped, which the catalog knows no more.
HELD = (
    f"SELECT l.relation::bigint, l.mode, t.* FROM pg_catalog.pg_locks l LEFT JOIN (SELECT c.oid, {_COLUMNS}pg_class c "
    f"JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE {_TABLE}) t ON t.oid = l.relation "
    "WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted"
)
TABLES = (
    f"SELECT c.oid::bigint, {_COLUMNS}pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    f"WHERE {_TABLE}"
)
# What a name means where the statement stands, and the table that a derived lock is on.
RESOLVE = {
    "": "SELECT to_regclass(%s)::oid::bigint",
    "index": "SELECT indrelid::bigint FROM pg_catalog.pg_index WHERE indexrelid = to_regclass(%s)",
    "keys": "SELECT CASE WHEN conrelid = to_regclass(%s) THEN confrelid ELSE conrelid END::bigint "
    "FROM pg_catalog.pg_constraint WHERE contype = 'f' AND to_regclass(%s) IN (conrelid, confrelid)",
}
SEQUENCES = (
    "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_catalog.pg_sequences "
    "WHERE last_value IS NOT NULL"
)
CLEAN = "RESET ALL; SET LOCAL SESSION AUTHORIZATION DEFAULT; DEALLOCATE ALL; UNLISTEN *"


class EffectsWatch:
    """What the statements of a connection lock and write anew, seen from its own transaction.

    All steps share that one transaction, and PostgreSQL tells a lock only when it is first taken in it:
    a lock that an earlier step took in the same mode is derived from the statement (`postgresql_locks`).
    """

    def __init__(self, backend: PostgresqlBackend) -> None:
        self._query = backend._query
        self._names: dict[int, str] = {}
        self._files: dict[int, int | None] = {}
        self._held: set[tuple[int, str]] = set()
        self._earlier: frozenset[tuple[int, str]] = frozenset()  # what was held when this step began
        self._told: dict[int, str] = {}  # the strongest lock of this step on each table
        self._noted: dict[str, bool] = {}
        self._expected: set[tuple[int, str]] = set()

    def start(self) -> None:
        """Notes the tables and the file of each."""
        for oid, name, file in self._query(TABLES):
            self._names[oid], self._files[oid] = name, file

    def begin_step(self) -> None:
        """From here on locks are those of another transaction, in a real run."""
        rows = self._query(HELD)
        self._rewritten(rows)
        self._held = {(oid, mode) for oid, mode, *_ in rows}
        self._earlier = frozenset(lock for lock in self._held if lock[0] in self._names)
        self._told.clear()
        self.forget()

    def note(self, sql: str, *, among: bool = False) -> None:
        """To be told before a statement. `among` others that are sent with it: rows, of which only the table counts.

        Most names are looked up afterwards, so that it takes none of the statement's time; not those that
        it takes away.
        """
        if not self._earlier or sql in self._noted:
            return
        self._noted[sql] = among
        if not among and LOSES_NAME.match(sql):
            self._expect(locks_of(sql))

    def forget(self) -> None:
        """What was noted has failed, or was looked at."""
        self._noted.clear()
        self._expected.clear()

    def has_noted(self, sql: str) -> bool:
        """Whether it is part of what is about to be sent."""
        return sql in self._noted

    def _derive(self) -> set[tuple[int, str]]:
        """The locks of what was noted that the step could not be seen to take, by what the statements say."""
        rows = {lock for sql, among in self._noted.items() if among for lock in target_of(sql)}
        self._expect(rows)
        for sql, among in self._noted.items():
            if not among and not LOSES_NAME.match(sql):
                for text in _each(sql):
                    self._expect(locks_of(text))
        return self._expected & self._earlier

    def _expect(self, locks: Iterable[Taken]) -> None:
        modes = {mode for _, mode in self._earlier}
        try:
            for lock in locks:
                if lock.mode in modes and NAME.fullmatch(lock.name):
                    sql = RESOLVE[lock.of]
                    for (oid,) in self._query(sql, (lock.name,) * sql.count("%s")):
                        self._expected.add((oid, lock.mode))
        except StatementError:  # the transaction has failed, and so will the statement
            return

    def look(self) -> Effects:
        """Locks stronger than those that this step had on a table, and tables with a new file."""
        try:
            rows = self._query(HELD)
        except StatementError:
            return Effects()
        rewritten = self._rewritten(rows)
        held = {(oid, mode) for oid, mode, *_ in rows}
        measured = self._stronger(held - self._held)
        derived = self._stronger(self._derive())
        self._held = held
        self.forget()
        return Effects(
            tuple(sorted((name, mode) for name, mode in measured.items() if name not in derived)),
            rewritten,
            tuple(sorted(derived.items())),
        )

    def _stronger(self, locks: Iterable[tuple[int, str]]) -> dict[str, str]:
        """The strongest of these on each table, where the step had none as strong."""
        found: dict[str, str] = {}
        for oid, mode in locks:
            if oid in self._names and _strength(mode) > _strength(self._told.get(oid, "")):
                self._told[oid] = found[self._names[oid]] = mode
        return found

    def _rewritten(self, rows: Iterable[tuple[Any, ...]]) -> tuple[str, ...]:
        """The tables whose file is another one than before; notes names and files."""
        found: dict[str, None] = {}
        for oid, _, known, name, file in rows:
            if known is None:
                continue
            if file is not None and self._files.get(oid, file) not in (file, None):
                found[name] = None
            self._names[oid], self._files[oid] = name, file
        return tuple(found)


class UncommittedPostgresql(Uncommitted, PostgresqlBackend):
    """See `Uncommitted`."""

    _sending = False  # what is noted belongs together

    def __init__(self, environment: Environment, prefix: str) -> None:
        asked = environment.lock_timeout
        limit = PATIENCE if asked is None else min(asked, PATIENCE)
        super().__init__(environment._replace(lock_timeout=limit), prefix)
        self._watch = EffectsWatch(self)
        self._sequences: dict[str, int] = {}

    def open(self) -> None:
        fresh = self._connection is None
        super().open()
        if fresh:
            self._initialised()
            self._hold()

    def _hold(self) -> None:
        # What a migration, or SQLAlchemy between two of them, asks of the driver must not end the transaction.
        self._open.commit = refuse_commit  # type: ignore[method-assign]
        self._open.rollback = _ignore  # type: ignore[method-assign]
        self._change("BEGIN ISOLATION LEVEL READ COMMITTED" + self._limits("SET LOCAL"))
        self._open.cursor_factory = _HeldCursor
        self._holding = True
        self._watch.start()
        self._sequences = dict(self._query(SEQUENCES))

    def _check_deferred(self) -> None:
        self._change("SAVEPOINT miger_deferred")
        self._change("SET CONSTRAINTS ALL IMMEDIATE")
        self._change("ROLLBACK TO SAVEPOINT miger_deferred")  # and they are deferred again
        self._change("RELEASE SAVEPOINT miger_deferred")

    def clean_session(self, *, thorough: bool = False) -> None:
        if self._session_changed and self.in_transaction():
            self._change(CLEAN)
            self._change("SELECT 1" + self._limits("SET LOCAL"))
        self._session_changed = False
        self._own_limits.clear()

    def begin(self, migration: Migration | None = None, section: str = "up", *, piece: bool = False) -> None:
        super().begin(migration, section, piece=piece)
        self._watch.begin_step()

    def execute(self, statements: Sequence[Statement]) -> int:
        self._watch.forget()
        for text in statements.texts if isinstance(statements, Group) else ():
            self._watch.note(text, among=True)
        self._sending = True
        try:
            return super().execute(statements)
        finally:
            self._sending = False

    def note_statement(self, kind: str, sql: str) -> None:
        super().note_statement(kind, sql)
        if not self._sending and not self._watch.has_noted(sql):
            self._watch.forget()  # the one before has failed, and its migration goes on
        self._watch.note(sql)

    def effects(self) -> Effects:
        return self._watch.look()

    def caveats(self) -> tuple[str, ...]:
        """Sequences that went on: they never roll back."""
        if not self.in_transaction():
            return ()
        moved = [name for name, value in self._query(SEQUENCES) if self._sequences.get(name, value) != value]
        return (f"sequences do not roll back: {', '.join(moved)} went on",) if moved else ()


class _HeldCursor(psycopg.Cursor[Any]):
    """What a migration sends past SQLAlchemy does not end the transaction either.

    What it sends past psycopg's cursors, by the C library itself, is not seen.
    """

    def execute(self, query: Any, *arguments: Any, **options: Any) -> _HeldCursor:
        """Raises StatementError for what begins or ends a transaction."""
        self._check(query)
        return super().execute(query, *arguments, **options)

    def executemany(self, query: Any, *arguments: Any, **options: Any) -> None:
        """As `execute`."""
        self._check(query)
        super().executemany(query, *arguments, **options)

    def stream(self, query: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
        """As `execute`."""
        self._check(query)
        return super().stream(query, *arguments, **options)

    def _check(self, query: Any) -> None:
        text = query.as_string(self) if isinstance(query, Composable) else query
        text = text.decode() if isinstance(text, bytes) else str(text)
        if any(statement.kind in TRANSACTION_CONTROL for statement in split([text], "postgresql")):
            refuse_commit()


def _each(sql: str) -> list[str]:
    """The statements of a text: Python may send several in one."""
    try:
        return [statement.sql for statement in split([sql], "postgresql")]
    except SplitError:  # a COPY, without the rows that follow it in the file
        return [sql]


def _ignore() -> None:
    """The savepoints of the run are rolled back by Miger."""


def _strength(mode: str) -> int:
    return MODES.index(mode) if mode in MODES else -1
