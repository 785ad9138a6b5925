"""Dry runs by rollback on PostgreSQL: what each statement locks and writes anew, and who is in its way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.sql import Composable

from miger.backends.postgresql import PostgresqlBackend
from miger.backends.uncommitted import Uncommitted, refuse_commit
from miger.engine.backend import Effects
from miger.engine.errors import StatementError
from miger.engine.sql_step import TRANSACTION_CONTROL
from miger.engine.statements import split

if TYPE_CHECKING:
    from miger.engine.environments import Environment

PATIENCE = 1.0  # seconds that a dry run waits for a lock, so that nobody queues behind it for long

# https://www.postgresql.org/docs/current/explicit-locking.html, weakest first
MODES = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
HELD = (
    "SELECT c.oid::bigint, format('%I.%I', n.nspname, c.relname), l.mode, pg_relation_filenode(c.oid)::bigint "
    "FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND c.relkind IN ('r', 'p', 'm', 'f') "
    "AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
)
FILES = (
    "SELECT c.oid::bigint, pg_relation_filenode(c.oid)::bigint FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'm') "
    "AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
)
SEQUENCES = (
    "SELECT format('%I.%I', schemaname, sequencename), last_value FROM pg_catalog.pg_sequences "
    "WHERE last_value IS NOT NULL"
)
CLEAN = "RESET ALL; SET LOCAL SESSION AUTHORIZATION DEFAULT; DEALLOCATE ALL; UNLISTEN *"


class EffectsWatch:
    """What the statements of a connection lock and write anew, seen from its own transaction."""

    def __init__(self, backend: PostgresqlBackend) -> None:
        self._query = backend._query
        self._held: dict[int, str] = {}  # the strongest lock on each relation
        self._files: dict[int, int] = {}

    def start(self) -> None:
        """Notes the file of each table."""
        self._files = dict(self._query(FILES))

    def look(self) -> Effects:
        """Locks stronger than those that the transaction had on a relation, and tables with a new file."""
        try:
            held = self._query(HELD)
        except StatementError:
            return Effects()
        locks: dict[str, str] = {}
        rewritten = []
        for oid, name, mode, file in held:
            if _strength(mode) > _strength(self._held.get(oid, "")):
                self._held[oid] = locks[name] = mode
            if file is not None and oid in self._files and self._files[oid] != file:
                self._files[oid] = file
                rewritten.append(name)
        return Effects(tuple(sorted(locks.items())), tuple(dict.fromkeys(rewritten)))


class UncommittedPostgresql(Uncommitted, PostgresqlBackend):
    """See `Uncommitted`."""

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


def _ignore() -> None:
    """The savepoints of the run are rolled back by Miger."""


def _strength(mode: str) -> int:
    return MODES.index(mode) if mode in MODES else -1
