"""Dry runs on SQLite: on a copy of the file, or in a transaction that is rolled back."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from miger.backends.sqlite import SqliteBackend
from miger.backends.uncommitted import COMMITS_NOTHING, SAVEPOINT, Uncommitted, refuse_commit
from miger.engine.backend import Backend
from miger.engine.errors import RefusedError, StatementError
from miger.engine.scratch import PREFIX, is_left_over, new_scratch_name
from miger.engine.secrets import Secret

if TYPE_CHECKING:
    from miger.engine.environments import Environment
    from miger.engine.migration import Migration
    from miger.engine.owner import Owner

PATIENCE = 1.0  # seconds that a dry run waits for another writer
SPARE = 2  # times the file's size: the copy, and what is written to it


class _Held(sqlite3.Connection):
    """What a migration, or SQLAlchemy between two of them, asks of the driver does not end the transaction.

    No statement is kept prepared, so that SQLite asks the authorizer about each.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **{**options, "cached_statements": 0})

    def commit(self) -> None:
        """Raises StatementError."""
        refuse_commit()

    def rollback(self) -> None:
        """The savepoints of the run are rolled back by Miger."""


class UncommittedSqlite(Uncommitted, SqliteBackend):
    """See `Uncommitted`. SQLite itself refuses the COMMIT."""

    connection_class = _Held

    def __init__(self, environment: Environment, prefix: str) -> None:
        asked = environment.lock_timeout
        super().__init__(environment._replace(lock_timeout=PATIENCE if asked is None else min(asked, PATIENCE)), prefix)

    def begin(self, migration: Migration | None = None, section: str = "up", *, piece: bool = False) -> None:
        SqliteBackend.begin(self, migration, section, piece=piece)  # which calls what is overridden below

    def commit(self) -> None:
        SqliteBackend.commit(self)

    def _enforce_keys(self, wanted: bool) -> None:
        if not self._holding:
            super()._enforce_keys(wanted)
        elif wanted != self._keys_enforced:
            raise RefusedError(
                "foreign keys are on for some of these migrations and off for others, which needs several transactions",
                "`--dry-run=rehearse` runs them on a copy",
            )

    def _begin_transaction(self) -> None:
        if not self._holding:
            self._hold()
        self._change(f"SAVEPOINT {SAVEPOINT}")
        self._inside = True

    def _end_transaction(self) -> None:
        self._change(f"RELEASE SAVEPOINT {SAVEPOINT}")
        self._inside = False

    def _hold(self) -> None:
        self._change("BEGIN IMMEDIATE")
        connection = self._open
        connection.set_authorizer(lambda action, *rest: _only_inside(connection, action))
        self._holding = True

    def _refused(self, error: sqlite3.Error, index: int = 0) -> StatementError:
        if "not authorized" in str(error):
            return StatementError(COMMITS_NOTHING, "Miger begins and commits by itself", index=index)
        return super()._refused(error, index)

    def clean_session(self, *, thorough: bool = False) -> None:
        if self._session_changed:
            raise RefusedError(
                "a migration changes the session, which only a new connection undoes",
                "`--dry-run=rehearse` runs it on a copy",
            )

    def close(self) -> None:
        if self._connection is not None:
            self._connection.set_authorizer(None)
        super().close()


def _only_inside(connection: sqlite3.Connection, action: int) -> int:
    """An authorizer: nothing ends the transaction, and nothing runs once SQLite itself has ended it.

    `INSERT OR ROLLBACK` does; what follows would be committed at once. https://sqlite.org/c3ref/set_authorizer.html
    """
    ends = action == sqlite3.SQLITE_TRANSACTION or not connection.in_transaction
    return sqlite3.SQLITE_DENY if ends else sqlite3.SQLITE_OK


@contextlib.contextmanager
def scratch(backend: SqliteBackend, owner: Owner, path: str) -> Iterator[Backend]:
    """A whole copy of the file at `path`; see `Backend.scratch`."""
    parent = tempfile.gettempdir()
    _drop_left_over(parent, owner)
    size = os.path.getsize(path) if os.path.exists(path) else 0
    free = shutil.disk_usage(parent).free
    if free < size * SPARE:
        raise RefusedError(
            f"a copy needs {size * SPARE >> 20} MiB, and {parent} has {free >> 20} MiB left",
            "set TMPDIR to a larger disk, or `--dry-run=rollback`",
        )
    with _folder(parent, owner) as folder, _in_folder(backend, folder, path) as copy:
        if size:
            _back_up(backend, os.path.join(folder, os.path.basename(path)))
        yield copy


@contextlib.contextmanager
def blank(backend: SqliteBackend, owner: Owner, path: str) -> Iterator[Backend]:
    """An empty file of the name of `path`; see `Backend.blank`."""
    parent = tempfile.gettempdir()
    _drop_left_over(parent, owner)
    with _folder(parent, owner) as folder, _in_folder(backend, folder, path) as empty:
        yield empty


@contextlib.contextmanager
def _folder(parent: str, owner: Owner) -> Iterator[str]:
    """A folder of our own, gone in the end."""
    folder = os.path.join(parent, new_scratch_name(owner))
    os.mkdir(folder, 0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _in_folder(backend: SqliteBackend, folder: str, path: str) -> Iterator[SqliteBackend]:
    """A backend for a file in that folder, with the name of the one at `path`; it is not open yet."""
    url = Secret(f"sqlite:///{os.path.join(folder, os.path.basename(path))}")
    made = SqliteBackend(backend.environment._replace(url=url, read_only=False, protected=False), backend.prefix)
    try:
        yield made
    finally:
        made.close()


def _back_up(backend: SqliteBackend, target: str) -> None:
    """By SQLite's own backup: a state between two transactions, whoever writes meanwhile."""
    copy = sqlite3.connect(target)
    try:
        backend.driver_connection.backup(copy)
    except sqlite3.Error as error:
        raise backend.translate(error) or StatementError(str(error)) from error
    finally:
        copy.close()


def _drop_left_over(parent: str, owner: Owner) -> None:
    with os.scandir(parent) as entries:
        names = [entry.name for entry in entries if entry.name.startswith(PREFIX)]
    for name in names:
        if is_left_over(name, owner):
            shutil.rmtree(os.path.join(parent, name), ignore_errors=True)
