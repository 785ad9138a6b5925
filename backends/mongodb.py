"""MongoDB: data in transactions where the server is a replica set, everything else piece by piece."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import pymongo
from pymongo import ReadPreference
from pymongo.errors import PyMongoError
from pymongo.read_concern import ReadConcern

from miger.backends import mongodb_catalog
from miger.backends.mongodb_connection import OWN_SECONDS, MongodbConnection
from miger.backends.mongodb_records import FORMAT, SURE, Records, holder_of
from miger.engine.backend import Backend, Evidence, ScriptWords, Session, Work
from miger.engine.errors import BadMigrations, Problem, StatementError, UnreachableError
from miger.engine.state import APPLIED, Checkpoint, HistoryEntry, Holder, Lease, Snapshot, StateRow

if TYPE_CHECKING:
    from miger.engine.migration import Migration
    from miger.engine.owner import Owner
    from miger.engine.statements import Statement

NO_SQL = "write it in Python: `miger create NAME --python`"


class MongodbBackend(MongodbConnection):
    """A MongoDB database."""

    name: ClassVar[str] = "mongodb"
    runs_sql: ClassVar[bool] = False
    answers: ClassVar[bool] = True
    dialect: ClassVar[str] = mongodb_catalog.SQL
    grouped_kinds: ClassVar[frozenset[str]] = frozenset()
    preview_modes: ClassVar[tuple[str, ...]] = ("rehearse", "sql")
    script_words: ClassVar[ScriptWords] = ScriptWords(comment="//", begin="", commit="")

    def clone(self) -> MongodbBackend:
        return MongodbBackend(self.environment, self.prefix)

    def ask_documents(self, collection: str, pipeline: list[dict[str, Any]], seconds: float) -> list[dict[str, Any]]:
        self.open()
        with self.told(seconds), self._database[collection].aggregate(pipeline, session=self._aside) as found:
            return list(found)

    # State

    def snapshot(self) -> Snapshot:
        if self.in_transaction() or not self._knows_transactions:
            return self._read_snapshot()
        with self.told(OWN_SECONDS):
            self._session.start_transaction(read_concern=ReadConcern("snapshot"))
            try:
                return self._read_snapshot()
            finally:
                self._session.abort_transaction()

    @property
    def _knows_transactions(self) -> bool:
        self.open()
        return self.transactions

    def _read_snapshot(self) -> Snapshot:
        """Rows between two looks at the lease that agree: without transactions, that is one moment."""
        with self._asking() as records:
            while True:
                lease = records.lease()
                if lease is None:
                    return Snapshot()
                _check_format(lease)
                rows = records.states()
                again = records.lease() if not self.transactions else lease
                if again is not None and (again["token"], again["run"]) == (lease["token"], lease["run"]):
                    return Snapshot(True, rows, holder_of(lease))

    def history(self, limit: int | None = None, id: str | None = None) -> list[HistoryEntry]:
        with self._asking() as records:
            return records.history(limit, id)

    def checkpoints(self, id: str, direction: str) -> dict[str, Checkpoint]:
        with self._asking() as records:
            return records.checkpoints(id, direction)

    def recorded(self, run: str, id: str, event: str) -> bool:
        with self._asking() as records:
            return records.recorded(run, id, event)

    def prepare(self) -> None:
        with self._asking() as records:
            if records.initialised():
                return
        self._refuse_read_only()
        try:
            with self._asking() as records:
                records.create()
        except StatementError as error:
            if error.retryable or error.disconnected:
                raise
            raise UnreachableError(
                f"the collections for Miger's own records cannot be made: {error.message}", error.hint
            ) from error

    def record(self, lease: Lease, entry: HistoryEntry, row: StateRow | None, *, forget: bool = False) -> None:
        with self._atomically() as records:
            number, at = records.pass_fence(lease.token)
            if row is not None:
                records.put_state(row, at)
            if forget:
                records.drop_state(entry.id)
            if forget or (row is not None and row.state == APPLIED):
                records.drop_checkpoints(entry.id)
            records.add_history(number, at, entry, lease.token)  # last: `recorded` then vouches for the rest

    def save_checkpoint(self, lease: Lease, id: str, direction: str, checkpoint: Checkpoint, done: int) -> None:
        with self._atomically() as records:
            _, at = records.pass_fence(lease.token)
            records.put_checkpoint(id, direction, checkpoint, at)
            records.count_done(id, done, at)

    # Schema

    def read_schema(self) -> dict[str, str]:
        with self.told(OWN_SECONDS):
            return self.catalog.schema(self._ours.names)

    def noted_schema(self) -> dict[str, str]:
        with self._asking() as records:
            return records.noted_schema()

    def note_schema(self, lease: Lease, changes: Mapping[str, str | None], *, anew: bool = False) -> None:
        with self._atomically() as records:
            records.pass_fence(lease.token)
            records.note_schema(changes, anew=anew)

    # Lease

    def acquire(self, owner: Owner, seconds: float, dead: Holder | None = None) -> Lease | Holder:
        self._refuse_read_only()
        while True:
            with self._asking() as records:
                document = records.lease()
                if document is None:  # someone emptied the collection
                    records.create()
                    continue
            _check_format(document)
            holder = holder_of(document)
            known_dead = holder is not None and dead is not None and holder.token == dead.token
            if holder is not None and not holder.expired and not known_dead:
                return holder
            if holder is not None:
                self._end_session(holder.session)
            token = document["token"]
            with self._waiting() as records:
                taken = records.take(owner, self._session_name(), seconds, token, dead=known_dead)
            if taken:
                self._move_fence(token + 1)
                return Lease(owner.run, token + 1, taken_from=holder)

    def _move_fence(self, token: int) -> None:
        try:
            with self._waiting() as records:
                records.move_fence(token)
        except BaseException:
            with contextlib.suppress(StatementError):  # it ends by itself
                self.release(Lease("", token))
            raise

    def renew(self, lease: Lease, seconds: float, activity: str) -> None:
        with self._waiting() as records:
            records.renew(lease.token, seconds, activity)

    def release(self, lease: Lease) -> None:
        with self._waiting() as records:
            records.release(lease.token)

    @contextlib.contextmanager
    def _waiting(self) -> Iterator[Records]:
        """For what another's transaction may hold up: `lock_timeout` says how long."""
        limit = self.environment.lock_timeout
        try:
            with self.told(OWN_SECONDS if limit is None else max(limit, 1.0)):
                yield self._ours
        except StatementError as error:
            cause = error.__cause__
            if isinstance(cause, PyMongoError) and cause.timeout:
                error.retryable, error.disconnected = True, False
            raise

    # Running

    def begin(self, migration: Migration | None = None, section: str = "up", *, piece: bool = False) -> None:
        if self._knows_transactions:
            self._session.start_transaction(ReadConcern("snapshot"), SURE, ReadPreference.PRIMARY)
        self._begun = True

    def commit(self) -> None:
        self._refuse_read_only()
        with self.told():
            if self._session.in_transaction:
                self._session.commit_transaction()
        self._begun = False

    def rollback(self) -> None:
        self._begun = False
        if self._client is not None and self._session.in_transaction:
            with contextlib.suppress(PyMongoError), pymongo.timeout(OWN_SECONDS):
                self._session.abort_transaction()

    def in_transaction(self) -> bool:
        return self._begun

    @contextlib.contextmanager
    def _atomically(self) -> Iterator[Records]:
        """The open transaction, or one of its own. A standalone server knows none: then one write at a time."""
        if self.in_transaction():
            with self._asking() as records:
                yield records
            return
        self._refuse_read_only()
        self.begin()
        try:
            with self._asking() as records:
                yield records
            self.commit()
        except BaseException:
            self.rollback()
            raise

    def execute(self, statements: Sequence[Statement]) -> int:
        raise StatementError("MongoDB runs no SQL", NO_SQL)

    def check_verify(self, statement: Statement) -> str | None:
        raise StatementError("MongoDB runs no SQL", NO_SQL)

    def runs_in_transaction(self, migration: Migration, section: str) -> bool:
        if migration.kind == "sql" and mongodb_catalog.holds_sql(migration, section):
            file = os.path.basename(migration.path)
            raise BadMigrations("MongoDB runs no SQL:", [Problem(file, None, "is an SQL file", NO_SQL)])
        if not migration.transaction or not self._knows_transactions:
            return False
        return migration.kind == "sql" or not mongodb_catalog.changes_schema(migration, section)

    def may_run_in_transaction(self, statement: Statement) -> bool:
        return False

    def sets_session(self, statement: Statement) -> bool:
        return False

    def evidence_before(self, statement: Statement) -> str:
        with self.told(OWN_SECONDS):
            return self.catalog.note_before(statement)

    def happened(self, statement: Statement, noted: str) -> Evidence:
        with self.told(OWN_SECONDS):
            return self.catalog.judge_after(statement, noted)

    def session(self, work: Work) -> Session:
        from miger.backends.mongodb_session import Mongo  # deferred: status needs it not

        return Mongo(self, work)

    def scratch(self, owner: Owner, rows: int) -> contextlib.AbstractContextManager[Backend]:
        """A database beside this one, on the same server."""
        from miger.backends.mongodb_scratch import scratch  # deferred: only rehearsals need it

        return scratch(self, owner, rows)

    def blank(self, owner: Owner) -> contextlib.AbstractContextManager[Backend]:
        from miger.backends.mongodb_scratch import blank  # deferred, too

        return blank(self, owner)

    def recorder(self, work: Work) -> Session:
        from miger.backends.mongodb_recording import RecordedMongo  # deferred: only a listing needs it

        return RecordedMongo(work)

    def translate(self, error: BaseException) -> StatementError | None:
        if isinstance(error, StatementError):
            return error
        return self._refused(error) if isinstance(error, PyMongoError) else None

    def clean_session(self, *, thorough: bool = False) -> None:
        """There is nothing that a migration could leave behind in a session here."""


def _check_format(lease: Mapping[str, Any]) -> None:
    if lease["format"] > FORMAT:
        raise UnreachableError(
            f"this database was last used by a newer Miger (its records have format {lease['format']}, not {FORMAT})",
            "update Miger",
        )
