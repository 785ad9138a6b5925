"""Scratch databases on MySQL and MariaDB, for rehearsals: made beside the original, dropped afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pymysql

from miger.backends.mysql import MysqlBackend
from miger.backends.mysql_algorithm import carry_out, change_in
from miger.backends.mysql_catalog import quoted
from miger.backends.mysql_copy import LOCK_WAIT, Copying
from miger.backends.mysql_guard import reaches_out, tells_by_name
from miger.engine.backend import Backend, Effects
from miger.engine.environments import Environment
from miger.engine.errors import RefusedError, StatementError
from miger.engine.owner import Owner
from miger.engine.schema import compare_schemas
from miger.engine.scratch import PREFIX, is_left_over, new_scratch_name
from miger.engine.secrets import Secret

READ_ONLY_DATABASES = frozenset({"information_schema", "performance_schema"})
DENIED = ("1044", "1045", "1142", "1227")


class ScratchMysql(MysqlBackend):
    """A backend on a scratch copy, which lets no statement of a migration out of it.

    `original` is the name of the database it is a copy of, `others` those of all the other databases of
    the server in lower case, `differences` what the copy lacks.
    """

    original = ""
    others: Collection[str] = frozenset()
    differences: tuple[str, ...] = ()
    _effects = Effects()
    _ours = False  # what is being sent is a statement of Miger's own
    _named = False  # a statement of a migration held the original's name

    def open(self) -> None:
        fresh = self._connection is None
        super().open()
        if fresh and self._connection is not None:  # all that a migration sends comes by here
            self._connection.query = self._guarded(self._connection.query)  # type: ignore[method-assign]
            self._connection.select_db = self._refuse_database  # type: ignore[method-assign,assignment]

    def _guarded(self, send: Callable[..., int]) -> Callable[..., int]:
        def query(sql: Any, unbuffered: bool = False) -> int:
            text = sql.decode("utf-8", "surrogateescape") if isinstance(sql, (bytes, bytearray)) else str(sql)
            if self._ours:
                return send(sql, unbuffered)
            outside = reaches_out(text, self.others)
            self._named = self._named or tells_by_name(text, self.original)
            if outside:
                raise RefusedError(
                    f"a statement reaches beyond the copy ({outside}): {' '.join(text.split())[:80]}",
                    "`--dry-run=sql` lists the statements",
                )
            self._effects = Effects()
            change = change_in(text)
            if change is None:
                return send(sql, unbuffered)
            answer, self._effects = carry_out(lambda asked: send(asked, unbuffered), text, change)
            return answer

        return query

    def effects(self) -> Effects:
        """How the server altered a table: it goes by the table's definition, so that few rows tell as well.

        Of what was sent last, by an SQL file or out of a Python migration.
        """
        found, self._effects = self._effects, Effects()
        return found

    def _refuse_database(self, name: object) -> None:
        raise RefusedError(f"a migration changes to the database {name}", "`--dry-run=sql` lists the statements")

    def _cursor(self, sql: str, parameters: Sequence[object]) -> pymysql.cursors.Cursor:
        with self._sending():
            return super()._cursor(sql, parameters)

    def _first_rows(self, statements: Sequence[str]) -> list[tuple[Any, ...]]:
        with self._sending():
            return super()._first_rows(statements)

    @contextlib.contextmanager
    def _sending(self) -> Iterator[None]:
        self.open()
        self._ours = True
        try:
            yield
        finally:
            self._ours = False

    def _refused(self, error: pymysql.MySQLError, index: int = 0) -> StatementError:
        """As it would be said of the original."""
        found = super()._refused(error, index)
        found.message = found.message.replace(self._address["database"], self.original)
        return found

    def caveats(self) -> tuple[str, ...]:
        if not self._named:
            return self.differences
        name = self.original
        return (
            *self.differences,
            f"the copy is not called {name!r}, which a statement asks for: say DATABASE() instead",
        )


@contextlib.contextmanager
def scratch(backend: MysqlBackend, owner: Owner, rows: int) -> Iterator[Backend]:
    """A copy of the backend's database on the same server; see `Backend.scratch`."""
    with _made(backend, owner) as copy:
        with _administrator(backend) as administrator:
            failed = _fill(administrator, copy, rows)
        copy.differences = _differences(backend, copy, rows, failed)
        yield copy


@contextlib.contextmanager
def blank(backend: MysqlBackend, owner: Owner) -> Iterator[Backend]:
    """An empty database on the same server; see `Backend.blank`."""
    with _made(backend, owner) as made:
        yield made


@contextlib.contextmanager
def _made(backend: MysqlBackend, owner: Owner) -> Iterator[ScratchMysql]:
    """An empty database like the original, out of which nothing leads; dropped in the end."""
    _drop_left_over(backend, owner)
    name = new_scratch_name(owner)
    try:
        made = ScratchMysql(_environment(backend.environment, name), backend.prefix)
        try:
            with _administrator(backend) as administrator:
                _create(administrator, name)
                [(made.original,)] = administrator._query("SELECT DATABASE()")
                made.others = _others(administrator, name)
            yield made
        finally:
            made.close()
    finally:
        _drop(backend, name)


def _others(backend: MysqlBackend, name: str) -> Collection[str]:
    """All databases of the server but `name`, in lower case."""
    databases = {found.lower() for (found,) in backend._query("SELECT schema_name FROM information_schema.schemata")}
    return databases - READ_ONLY_DATABASES - {name.lower()}


def _environment(environment: Environment, name: str) -> Environment:
    parts = urlsplit(environment.url.reveal())
    url = urlunsplit(parts._replace(path="/" + quote(name)))
    return environment._replace(url=Secret(url), read_only=False, protected=False)


def _create(administrator: MysqlBackend, name: str) -> None:
    """An empty database like the original. Raises RefusedError where this user may not make one."""
    [(characters, collation)] = administrator._query(
        "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata "
        "WHERE schema_name = DATABASE()"
    )
    try:
        administrator._change(f"CREATE DATABASE {quoted(name)} CHARACTER SET {characters} COLLATE {collation}")
    except StatementError as error:
        if error.code == LOCK_WAIT:
            raise RefusedError("another session holds the whole server locked", "SHOW PROCESSLIST tells who") from None
        if error.code not in DENIED:
            raise
        pattern = PREFIX.replace("_", "\\_") + "%"
        raise RefusedError(
            "this user may not create databases, which a rehearsal needs for its copy",
            f"GRANT ALL ON `{pattern}`.* TO this user, or `--dry-run=sql`",
        ) from None


def _fill(source: MysqlBackend, copy: ScratchMysql, rows: int) -> Collection[str]:
    """Copies schema and rows; what of it could not be."""
    beyond, copy.others = copy.others, frozenset()  # what fills it reads the original
    copying = Copying(source, copy, frozenset(beyond) - {copy.original.lower()})
    copying.copy(rows)
    copy.close()  # with the settings that it was filled under
    copy.others = beyond
    return dict.fromkeys(copying.failed)


def _differences(backend: MysqlBackend, copy: ScratchMysql, rows: int, failed: Collection[str]) -> tuple[str, ...]:
    """What a person should know of the copy."""
    missing = compare_schemas(backend.read_schema(), copy.read_schema())
    different = ", ".join(change.object for change in missing)
    return (
        f"on a copy with up to {rows} rows of each table",
        *([f"the copy is not quite the original: {different}"] if different else []),
        *(f"not copied: {reason}" for reason in failed),
    )


@contextlib.contextmanager
def _administrator(backend: MysqlBackend) -> Iterator[MysqlBackend]:
    """A connection of its own to the original, which waits for nobody's lock."""
    administrator = backend.clone()
    try:
        administrator._change("SET lock_wait_timeout = 1")
        yield administrator
    finally:
        administrator.close()


def _drop_left_over(backend: MysqlBackend, owner: Owner) -> None:
    found = backend._query(
        "SELECT schema_name FROM information_schema.schemata WHERE LEFT(schema_name, %s) = %s", (len(PREFIX), PREFIX)
    )
    for (name,) in found:
        if is_left_over(name, owner):
            with contextlib.suppress(StatementError):  # another user's
                _drop(backend, name)


def _drop(backend: MysqlBackend, name: str) -> None:
    """Drops a scratch database, and ends whoever is still in it: an open transaction would keep it."""
    with _administrator(backend) as administrator:
        administrator._change("SET lock_wait_timeout = 10")  # sessions take a while to end
        inside = "SELECT id FROM information_schema.processlist WHERE db = %s AND id <> CONNECTION_ID()"
        for (connection,) in administrator._query(inside, (name,)):
            administrator._kill(int(connection))
        try:
            administrator._change(f"DROP DATABASE IF EXISTS {quoted(name)}")
        except StatementError as error:
            if error.code in DENIED:  # then it could not be made either
                return
            raise StatementError(f"the scratch database {name} could not be dropped: {error.message}") from None
