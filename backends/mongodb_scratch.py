"""Scratch databases on MongoDB, for rehearsals: made beside the original, dropped afterwards."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from miger.backends.mongodb import MongodbBackend
from miger.backends.mongodb_catalog import Document
from miger.backends.mongodb_connection import OWN_SECONDS
from miger.backends.mongodb_copy import RIGHTS, copy_database
from miger.backends.mongodb_errors import UNAUTHORIZED
from miger.backends.mongodb_guard import Guard
from miger.backends.mongodb_tally import Tally
from miger.engine.backend import Backend
from miger.engine.environments import Environment
from miger.engine.errors import MigerError, RefusedError, StatementError
from miger.engine.owner import Owner
from miger.engine.schema import compare_schemas
from miger.engine.scratch import PREFIX, is_left_over, new_scratch_name


class ScratchMongodb(MongodbBackend):
    """A backend on a scratch copy, whose client sends no command beyond it.

    It has the URL of the original, whose users may let it in. `differences` is what a person should know
    of the copy.
    """

    differences: tuple[str, ...] = ()

    def __init__(self, environment: Environment, prefix: str, scratch_name: str) -> None:
        super().__init__(environment._replace(read_only=False, protected=False), prefix)
        self.scratch_name = scratch_name
        self._original = ""
        self._guard = Guard(scratch_name)
        self._tally = Tally(scratch_name)

    def clone(self) -> MongodbBackend:
        return ScratchMongodb(self.environment, self.prefix, self.scratch_name)

    def caveats(self) -> tuple[str, ...]:
        return (*self.differences, *self._tally.lines())

    def count_from_here(self) -> None:
        """What was written before, to fill the copy, is no news."""
        self._tally.without = self._ours.names
        self._tally.clear()

    def _options(self, url: str) -> dict[str, Any]:
        return {**super()._options(url), "event_listeners": [self._guard, self._tally]}

    def _set_up(self, client: MongoClient[Document], database: str) -> None:
        self._original = database
        super()._set_up(client, self.scratch_name)

    def _refused(self, error: PyMongoError) -> StatementError:
        """As it would be said of the original. Raises RefusedError."""
        self._refuse_beyond()  # what was stopped in a transaction makes the next command of it fail
        found = super()._refused(error)
        found.message = found.message.replace(self.scratch_name, self._original)
        return found

    def commit(self) -> None:
        self._refuse_beyond()  # also where a migration has swallowed what stopped it
        super().commit()

    def translate(self, error: BaseException) -> StatementError | None:
        """As everywhere; but raises RefusedError where a migration was stopped that reached out of the copy."""
        self._refuse_beyond()
        return super().translate(error)

    def _refuse_beyond(self) -> None:
        outside, self._guard.outside = self._guard.outside, ""
        if outside:
            raise RefusedError(
                f"a migration reaches beyond the copy ({outside})", "`--dry-run=sql` lists the statements"
            )


@contextlib.contextmanager
def scratch(backend: MongodbBackend, owner: Owner, rows: int) -> Iterator[Backend]:
    """A copy of the backend's database on the same server; see `Backend.scratch`."""
    with blank(backend, owner) as copy:
        failed = copy_database(backend, copy, rows)
        copy.differences = _differences(backend, copy, rows, failed)
        copy.count_from_here()
        yield copy


@contextlib.contextmanager
def blank(backend: MongodbBackend, owner: Owner) -> Iterator[ScratchMongodb]:
    """A database on the same server with nothing in it but what Miger itself keeps; see `Backend.blank`."""
    backend._refuse_read_only()
    _drop_left_over(backend, owner)
    name = new_scratch_name(owner)
    try:
        copy = ScratchMongodb(backend.environment, backend.prefix, name)
        try:
            _prepare(copy)
            copy.count_from_here()
            yield copy
        finally:
            copy.close()  # its transaction ends: the server would wait for it
    finally:
        _drop(backend, name)


def _prepare(copy: ScratchMongodb) -> None:
    """Makes the copy by what Miger itself keeps in it. Raises RefusedError where this user may not."""
    try:
        copy.prepare()
    except MigerError as error:
        cause = error if isinstance(error, StatementError) else error.__cause__
        if isinstance(cause, StatementError) and cause.code == str(UNAUTHORIZED):
            raise RefusedError(*RIGHTS) from error
        raise


def _differences(backend: MongodbBackend, copy: ScratchMongodb, rows: int, failed: Sequence[str]) -> tuple[str, ...]:
    """What a person should know of the copy."""
    missing = compare_schemas(backend.read_schema(), copy.read_schema())
    different = ", ".join(change.object for change in missing)
    return (
        f"on a copy with up to {rows} documents of each collection",
        *([f"the copy is not quite the original: {different}"] if different else []),
        *(f"not copied: {reason}" for reason in failed),
    )


def _drop_left_over(backend: MongodbBackend, owner: Owner) -> None:
    try:
        with backend.told(OWN_SECONDS):
            names = backend._opened.list_database_names(session=backend._aside)
    except StatementError as error:
        if error.code != str(UNAUTHORIZED):  # else no copy can be made either, as will be told
            raise
        return
    for name in names:
        if name.startswith(PREFIX) and is_left_over(name, owner):
            with contextlib.suppress(MigerError):  # another user's
                _drop(backend, name)


def _drop(backend: MongodbBackend, name: str) -> None:
    """Drops a scratch database; but first ends the session that is noted there, whose transaction would keep it."""
    database, session = backend._opened.get_database(name), backend._aside
    try:
        with backend.told(OWN_SECONDS):
            collections = database.list_collection_names(session=session)
            leases = [database[lock].find_one({"_id": "lease"}, session=session) for lock in _locks(collections)]
        for lease in leases:
            backend._end_session((lease or {}).get("session", ""))
        with backend.told(OWN_SECONDS):
            try:
                backend._opened.drop_database(name, session=session)
            except OperationFailure as error:
                if error.code != UNAUTHORIZED:
                    raise
                for collection in collections:  # with the last of which it is gone
                    database.drop_collection(collection, session=session)
    except StatementError as error:
        if error.code == str(UNAUTHORIZED):  # then it could not be made either
            return
        raise StatementError(f"the scratch database {name} could not be dropped: {error.message}") from None


def _locks(collections: Sequence[str]) -> list[str]:
    """Of Miger's own collections, whatever they are prefixed with, those that tell who holds the lease."""
    prefixes = [name.removesuffix("checkpoints") for name in collections if name.endswith("checkpoints")]
    return [f"{prefix}lock" for prefix in prefixes if f"{prefix}lock" in collections]
