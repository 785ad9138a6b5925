"""`Mongo`: what `up`, `down` and `verify` of a Python migration on MongoDB get."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bson import json_util
from pymongo.collection import Collection
from pymongo.cursor import Cursor
from pymongo.database import Database
from pymongo.results import BulkWriteResult, UpdateResult

from miger.backends.mongodb_catalog import Catalog, Document, SchemaStatement
from miger.backends.mongodb_changes import SchemaChanges
from miger.backends.pieces import PieceSession
from miger.engine.backend import Work
from miger.engine.errors import StatementError
from miger.engine.events import StatementFinished, StatementStarted
from miger.engine.state import Checkpoint
from miger.engine.step_work import shown

if TYPE_CHECKING:
    from miger.backends.mongodb import MongodbBackend

# In the order that the server sorts by: a comparison finds only values of its own kind.
KINDS = ("minKey", "null", "number", "string", "object", "binData", "objectId", "bool", "date", "timestamp", "maxKey")


class Mongo(PieceSession, SchemaChanges):
    """A migration's hold on the database: `db.database` is pymongo's, with the run's session bound to it.

    On a replica set a migration that changes only data is one transaction. Otherwise each named step
    and each batch is committed together with its checkpoint, and each helper that changes the schema
    (`create_collection`, `create_index`, …) is checkpointed by itself; a resumed run skips what is
    finished. What a migration does outside of these runs again when it is resumed.
    """

    def __init__(self, backend: MongodbBackend, work: Work) -> None:
        PieceSession.__init__(self, backend, work)
        self._backend = backend
        self._number = 0  # of statements
        self._bound = backend.session_of_run.bind(end_session=False)
        self._bound.__enter__()

    def close(self) -> None:
        """Unbinds the session; called by the engine after the transaction has ended."""
        if not self._closed:
            self._closed = True
            self._bound.__exit__(None, None, None)

    # Data

    @property
    def database(self) -> Database[Document]:
        """The database of the URL. What is done with it belongs to the open transaction, or step, or batch.

        Asking for it is where a run stops that a person has stopped, or that has lost its lease.
        """
        self._work.check()
        return self._backend.user_database

    def __getitem__(self, name: str) -> Collection[Document]:
        """A collection: `db["users"]` is `db.database["users"]`."""
        return self.database[name]

    def __getattr__(self, name: str) -> Collection[Document]:
        """A collection whose name is a plain word: `db.users`."""
        if name.startswith("_"):
            raise AttributeError(f"there is no {name!r}; `db[{name!r}]` is the collection")
        return self.database[name]

    def batches(
        self, name: str, collection: str, *, size: int = 1000, filter: Mapping[str, Any] | None = None
    ) -> Iterator[MongoBatch]:
        """Goes through the documents that match `filter`, in the order of `_id`, `size` at a time.

        Where the migration is not one transaction, each batch is committed with its place, and a resumed
        run goes on behind the last finished one; a batch that `break` leaves is not kept.
        """
        mark = self._new_key("batches", name)
        known = self._work.checkpoints.get(mark)
        place = json_util.loads(known.data, json_options=_EXACT) if known is not None else {}
        done = known.rows if known is not None else 0
        total = done + self._rest(collection, filter, place)
        self._tell_progress(name, done, total)
        while ids := self._next_ids(collection, filter, place, size):
            self._work.check()
            place, done = {"after": ids[-1]}, done + len(ids)
            mark_here = Checkpoint(mark, "", "done", done, json_util.dumps(place, json_options=_EXACT))
            with self._batch(name, lambda: mark_here):  # noqa: B023 (called before the next turn)
                yield MongoBatch(self, collection, ids)
            self._tell_progress(name, done, total)

    def _rest(self, collection: str, filter: Mapping[str, Any] | None, place: Document) -> int:
        """How many documents are still to come."""
        if "after" not in place:
            return self.database[collection].count_documents(filter or {})
        bounds = (_and(filter, bound) for bound in _bounds(place["after"]))
        return sum(self.database[collection].count_documents(bound) for bound in bounds)

    def _next_ids(self, collection: str, filter: Mapping[str, Any] | None, place: Document, size: int) -> list[Any]:
        """The ids of the next batch; those of the next kinds only where the kind of the last one is used up."""
        ids: list[Any] = []
        for bound in _bounds(place["after"]) if "after" in place else [{}]:
            found = self.database[collection].find(
                _and(filter, bound), {"_id": 1}, sort=[("_id", 1)], limit=size - len(ids)
            )
            ids += [document["_id"] for document in found]
            if len(ids) >= size:
                break
        return ids

    # Schema: what is there

    def collections(self) -> list[str]:
        """The names of collections and views, sorted, Miger's own among them."""
        return self._backend.catalog.names()

    def indexes(self, collection: str) -> dict[str, Document]:
        """The indexes of a collection by name, without that of `_id`. Works in transactions, too."""
        return self._backend.catalog.indexes(collection)

    def validator(self, collection: str) -> Document:
        """The validator of a collection, empty where it has none. Works in transactions, too."""
        found: Document = self._backend.catalog.validation(collection).get("validator", {})
        return found

    # Schema: changes

    def _change(
        self, kind: str, text: str, collection: str, action: Callable[[], object], target: str = "", index: str = ""
    ) -> None:
        """Runs a change of the schema once, also when the migration is resumed."""
        self._refuse_in_transaction(kind)
        self._number += 1
        statement = SchemaStatement(self._number, text, kind, collection, target, index)
        self._work.checkpointed(statement, lambda: self._timed(statement, action))

    @property
    def _writable(self) -> Database[Document]:
        return self._backend.user_database

    @property
    def _catalog(self) -> Catalog:
        return self._backend.catalog

    def _refuse_in_transaction(self, kind: str) -> None:
        if self._work.section == "verify":
            raise StatementError(f"{kind} in `verify`", "verify only looks: take it out")
        if self._work.transactional:
            hint = "the server allows it outside of transactions only: set `transaction = false`"
            raise StatementError(f"{kind} cannot be part of a transaction", hint, outside_only=True)
        if self._in_piece:
            hint = "steps and batches are transactions: take it out of the step or batch"
            raise StatementError(f"{kind} cannot be part of a step or batch", hint, outside_only=True)

    def _timed(self, statement: SchemaStatement, action: Callable[[], object]) -> int:
        work, id, text = self._work, self._work.migration.id, shown(statement.sql)
        number = statement.number
        work.emit(StatementStarted(work.run, id, number, 0, text, work.section))
        started = time.perf_counter()
        with self._backend.told():
            action()
        ms = (time.perf_counter() - started) * 1000
        work.emit(StatementFinished(work.run, id, number, 0, text, -1, ms, section=work.section))
        return 0


class MongoBatch:
    """Some documents of a collection: their `ids`, in order, the first and last of them, and how many they are."""

    def __init__(self, db: Mongo, collection: str, ids: list[Any]) -> None:
        self._db = db
        self._collection = collection
        self.ids = ids
        self.low = ids[0]
        self.high = ids[-1]
        self.rows = len(ids)

    @property
    def filter(self) -> Document:
        """A filter for exactly these documents."""
        return {"_id": {"$in": self.ids}}

    def find(self, projection: Mapping[str, Any] | None = None) -> Cursor[Document]:
        """These documents, in order."""
        return self._db[self._collection].find(self.filter, projection, sort=[("_id", 1)])

    def update(self, update: Mapping[str, Any] | Sequence[Mapping[str, Any]], **options: Any) -> UpdateResult:
        """Changes each of them: an update document, or a pipeline."""
        return self._db[self._collection].update_many(self.filter, update, **options)

    def write(self, requests: Sequence[Any], **options: Any) -> BulkWriteResult | None:
        """Sends writes such as `pymongo.UpdateOne` together; None where there are none."""
        return self._db[self._collection].bulk_write(requests, **options) if requests else None


_EXACT = json_util.CANONICAL_JSON_OPTIONS


def _bounds(last: Any) -> list[Document]:
    """Filters for what comes behind an id: of its own kind, and of the kinds that sort behind it."""
    behind: Document = {"_id": {"$gt": last}}
    kind = KINDS.index(_kind(last))
    further = list(KINDS[kind + 1 :])
    return [behind, {"_id": {"$type": further}}] if further else [behind]


def _kind(value: Any) -> str:
    """What the server calls the kind of an id."""
    packed = json_util.dumps(value, json_options=_EXACT)
    names = {
        "$minKey": "minKey",
        "$maxKey": "maxKey",
        "$binary": "binData",
        "$uuid": "binData",
        "$oid": "objectId",
        "$date": "date",
        "$timestamp": "timestamp",
        **dict.fromkeys(("$numberInt", "$numberLong", "$numberDouble", "$numberDecimal"), "number"),
    }
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if packed.startswith('"'):
        return "string"
    return names.get(packed.split('"', 2)[1], "object") if '"' in packed else "object"


def _and(filter: Mapping[str, Any] | None, bound: Document) -> Document:
    return {"$and": [dict(filter), bound]} if filter and bound else dict(filter or bound)
