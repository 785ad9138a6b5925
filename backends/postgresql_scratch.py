"""Scratch databases on PostgreSQL, copies and empty ones: made beside the original, dropped afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
from psycopg import sql

from miger.backends.postgresql import PostgresqlBackend
from miger.backends.postgresql_copy import copy_database
from miger.backends.postgresql_trial import EffectsWatch
from miger.engine.backend import Backend, Effects
from miger.engine.environments import Environment
from miger.engine.errors import RefusedError, StatementError
from miger.engine.migration import Migration
from miger.engine.owner import Owner
from miger.engine.schema import compare_schemas
from miger.engine.scratch import PREFIX, is_left_over, new_scratch_name
from miger.engine.secrets import Secret

LIKE_THIS = (
    "SELECT format('TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L', pg_encoding_to_char(encoding), "
    "datcollate, datctype) FROM pg_catalog.pg_database WHERE datname = current_database()"
)
"""As the original, but for the provider of its collations."""


class ScratchPostgresql(PostgresqlBackend):
    """A backend on a scratch copy; `differences` are what the copy lacks."""

    differences: tuple[str, ...] = ()

    def begin(self, migration: Migration | None = None, section: str = "up", *, piece: bool = False) -> None:
        super().begin(migration, section, piece=piece)
        if migration is not None:
            self._watch = EffectsWatch(self)
            self._watch.start()

    def effects(self) -> Effects:
        """Of a statement by itself nothing is known any more: its transaction has ended."""
        return self._watch.look() if self.in_transaction() else Effects()

    def caveats(self) -> tuple[str, ...]:
        return self.differences


@contextlib.contextmanager
def scratch(backend: PostgresqlBackend, owner: Owner, rows: int) -> Iterator[Backend]:
    """A copy of the backend's database on the same server; see `Backend.scratch`."""
    refusal = RefusedError(
        "this user may not create databases, which a rehearsal needs for its copy",
        "`ALTER ROLE … CREATEDB`, or `--dry-run=rollback`",
    )
    with _made(backend, owner, refusal) as copy:
        copy.differences = _fill(backend, copy, rows)
        yield copy


@contextlib.contextmanager
def blank(backend: PostgresqlBackend, owner: Owner) -> Iterator[Backend]:
    """An empty database on the same server; see `Backend.blank`. Names without a schema mean the same one there."""
    refusal = RefusedError(
        "this user may not create databases, which is needed to make what is wanted beside what there is",
        "`ALTER ROLE … CREATEDB`, or a URL with a user that may",
    )
    original = backend.driver_connection
    with _made(backend, owner, refusal) as empty:
        try:
            [(home, path)] = original.execute("SELECT current_schema(), current_setting('search_path')").fetchall()
            made = empty.driver_connection
            if home is not None:
                made.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(home)))
            if made.execute("SELECT current_setting('search_path')").fetchall() != [(path,)]:
                this = sql.Identifier(made.info.dbname)
                made.execute(sql.SQL("ALTER DATABASE {} SET search_path = ").format(this) + sql.SQL(path))
                empty.close()
        except psycopg.Error as error:
            raise backend.translate(error) or error from error
        yield empty


@contextlib.contextmanager
def _made(backend: PostgresqlBackend, owner: Owner, refusal: RefusedError) -> Iterator[ScratchPostgresql]:
    """A new database beside the backend's, as long as it is needed. Raises `refusal` if the user may not make one."""
    original = backend.driver_connection
    _drop_left_over(original, owner)
    name = new_scratch_name(owner)
    try:
        [(like,)] = original.execute(LIKE_THIS).fetchall()
        original.execute(sql.SQL("CREATE DATABASE {} ").format(sql.Identifier(name)) + sql.SQL(like))
    except psycopg.errors.InsufficientPrivilege:
        raise refusal from None
    except psycopg.Error as error:
        raise backend.translate(error) or error from None
    try:
        made = ScratchPostgresql(_environment(backend.environment, name), backend.prefix)
        try:
            yield made
        finally:
            made.close()
    finally:
        _drop(original, name)


def _environment(environment: Environment, name: str) -> Environment:
    parts = urlsplit(environment.url.reveal())
    url = urlunsplit(parts._replace(path="/" + quote(name)))
    return environment._replace(url=Secret(url), read_only=False, protected=False)


def _fill(backend: PostgresqlBackend, copy: PostgresqlBackend, rows: int) -> tuple[str, ...]:
    """Copies schema and rows; what of it could not be."""
    source, target = backend.driver_connection, copy.driver_connection
    source.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ''")
    try:
        failed = copy_database(source, target, rows)
    except psycopg.Error as error:
        raise backend.translate(error) or error from error
    finally:
        source.execute("ROLLBACK")
    target.execute("RESET ALL")
    ours = sql.SQL(", ").join(sql.Identifier(backend.home, name) for name in backend.tables.names)
    target.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(ours))
    missing = compare_schemas(backend.read_schema(), copy.read_schema())
    different = ", ".join(change.object for change in missing)
    return (
        f"on a copy with up to {rows} rows of each table",
        *([f"the copy is not quite the original: {different}"] if different else []),
        *(f"not copied: {reason}" for reason in failed),
    )


def _drop_left_over(connection: psycopg.Connection[Any], owner: Owner) -> None:
    found = connection.execute("SELECT datname FROM pg_catalog.pg_database WHERE starts_with(datname, %s)", (PREFIX,))
    for (name,) in found.fetchall():
        if is_left_over(name, owner):
            with contextlib.suppress(psycopg.Error):  # another user's
                _drop(connection, name)


def _drop(connection: psycopg.Connection[Any], name: str) -> None:
    try:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    except psycopg.OperationalError as error:
        raise StatementError(f"the scratch database {name} could not be dropped: {error}") from None
