"""Our own collections on MongoDB: what a SQL database keeps in the tables of `miger.backends.tables`.

The lock is two documents. `lease` says who holds it until when, and is prolonged all the time; `fence` holds
the token and counts our writes. Every write of state or history first counts itself there, under the
condition that the token is still its own: within a transaction, a takeover then cannot get in between.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from pymongo import DeleteOne, ReadPreference, ReplaceOne, ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.database import Database
from pymongo.errors import CollectionInvalid, DuplicateKeyError, OperationFailure
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from miger.backends.mongodb_errors import NAMESPACE_EXISTS
from miger.engine.errors import LeaseLost
from miger.engine.owner import Owner
from miger.engine.state import Checkpoint, HistoryEntry, Holder, StateRow

Document = dict[str, Any]

FORMAT = 1  # of the collections; a newer one is refused
SURE = WriteConcern("majority", j=True)
MAJORITY = ReadConcern("majority")

# The server's clock compared with a date: as numbers, which every server with this protocol compares.
EXPIRED = {"$lt": [{"$toLong": "$expires_at"}, {"$toLong": "$$NOW"}]}


class Records:
    """Reads and writes of our collections in one session. Raises the driver's exceptions."""

    def __init__(self, database: Database[Document], prefix: str, session: ClientSession) -> None:
        self._database = database.with_options(
            read_preference=ReadPreference.PRIMARY, read_concern=MAJORITY, write_concern=SURE
        )
        self._session = session
        names = ("migrations", "history", "lock", "checkpoints", "schema")
        self.names = tuple(f"{prefix}{name}" for name in names)
        self._states, self._history, self._lock, self._checkpoints, self._schema = (
            self._database[name] for name in self.names
        )

    # Making

    def initialised(self) -> bool:
        """Whether our collections exist; the lease is made last."""
        return self._lock.find_one({"_id": "lease"}, {"_id": 1}, session=self._session) is not None

    def create(self) -> None:
        """Makes what is missing; several processes may do so at once."""
        for name in self.names:
            try:
                self._database.create_collection(name, session=self._session, check_exists=False)
            except (CollectionInvalid, OperationFailure) as error:
                if isinstance(error, OperationFailure) and error.code != NAMESPACE_EXISTS:
                    raise
        self._history.create_index([("migration", 1), ("_id", -1)], name="by_migration", session=self._session)
        self._insert_if_missing({"_id": "fence", "token": 0, "sequence": 0})
        self._insert_if_missing({"_id": "lease", "token": 0, "run": "", "format": FORMAT})

    def _insert_if_missing(self, document: Document) -> None:
        values = {name: value for name, value in document.items() if name != "_id"}
        try:
            self._lock.update_one(
                {"_id": document["_id"]}, {"$setOnInsert": values}, upsert=True, session=self._session
            )
        except DuplicateKeyError:  # another process was faster
            return

    # Reading

    def states(self) -> dict[str, StateRow]:
        """All state rows by id."""
        found = self._states.find(session=self._session)
        return {document["_id"]: _state_row(document) for document in found}

    def lease(self) -> Document | None:
        """The lease's document, with `expired` by the server's clock; None where our collections do not exist."""
        pipeline: list[Mapping[str, Any]] = [{"$match": {"_id": "lease"}}, {"$addFields": {"expired": EXPIRED}}]
        with self._lock.aggregate(pipeline, session=self._session) as found:
            return next(iter(found), None)

    def history(self, limit: int | None, id: str | None) -> list[HistoryEntry]:
        """Entries, newest first."""
        if limit == 0:  # which means no limit to the server
            return []
        wanted = {} if id is None else {"migration": id}
        found = self._history.find(wanted, sort=[("_id", -1)], limit=limit or 0, session=self._session)
        return [_entry(document) for document in found]

    def recorded(self, run: str, id: str, event: str) -> bool:
        """Whether that history entry exists."""
        wanted = {"migration": id, "run": run, "event": event}
        return self._history.find_one(wanted, {"_id": 1}, session=self._session) is not None

    def checkpoints(self, id: str, direction: str) -> dict[str, Checkpoint]:
        """Checkpoints by key."""
        found = self._checkpoints.find({"migration": id, "direction": direction}, session=self._session)
        return {
            item["name"]: Checkpoint(item["name"], item["hash"], item["state"], item["rows"], item["data"])
            for item in found
        }

    def noted_schema(self) -> dict[str, str]:
        """Noted definitions by object."""
        return {item["_id"]: item["definition"] for item in self._schema.find(session=self._session)}

    # Fenced writes

    def pass_fence(self, token: int) -> tuple[int, datetime.datetime]:
        """The number of a write and the server's time. Raises LeaseLost where the token is no longer ours."""
        counted: list[Mapping[str, Any]] = [{"$set": {"sequence": {"$add": ["$sequence", 1]}, "at": "$$NOW"}}]
        fence = self._lock.find_one_and_update(
            {"_id": "fence", "token": token},
            counted,
            return_document=ReturnDocument.AFTER,
            session=self._session,
        )
        if fence is None:
            raise LeaseLost
        return fence["sequence"], fence["at"]

    def add_history(self, number: int, at: datetime.datetime, entry: HistoryEntry, token: int) -> None:
        """Appends an entry."""
        values = entry._asdict() | {"at": at, "token": token}
        self._history.insert_one({"_id": number, "migration": values.pop("id"), **values}, session=self._session)

    def put_state(self, row: StateRow, at: datetime.datetime) -> None:
        """Writes a state row in place of the one before."""
        values = row._asdict() | {"at": at}
        self._states.replace_one({"_id": values.pop("id")}, values, upsert=True, session=self._session)

    def drop_state(self, id: str) -> None:
        """Forgets a state row."""
        self._states.delete_one({"_id": id}, session=self._session)

    def drop_checkpoints(self, id: str) -> None:
        """Forgets the checkpoints of a migration."""
        self._checkpoints.delete_many({"migration": id}, session=self._session)

    def put_checkpoint(self, id: str, direction: str, checkpoint: Checkpoint, at: datetime.datetime) -> None:
        """Writes a checkpoint in place of the one before."""
        place = {"migration": id, "direction": direction, "name": checkpoint.key}
        values = {"hash": checkpoint.hash, "state": checkpoint.state, "rows": checkpoint.rows, "data": checkpoint.data}
        self._checkpoints.replace_one({"_id": place}, place | values | {"at": at}, upsert=True, session=self._session)

    def count_done(self, id: str, done: int, at: datetime.datetime) -> None:
        """Notes how many statements of a migration are finished."""
        self._states.update_one({"_id": id}, {"$set": {"done": done, "at": at}}, session=self._session)

    def note_schema(self, changes: Mapping[str, str | None], *, anew: bool) -> None:
        """Notes definitions, None for an object that is gone."""
        if anew:
            self._schema.delete_many({}, session=self._session)
        requests: list[ReplaceOne[Document] | DeleteOne] = [
            DeleteOne({"_id": name}) if text is None else ReplaceOne({"_id": name}, {"definition": text}, upsert=True)
            for name, text in changes.items()
        ]
        if requests:
            self._schema.bulk_write(requests, session=self._session)

    # Lease

    def take(self, owner: Owner, session: str, seconds: float, token: int, *, dead: bool) -> bool:
        """Takes the lease if it still has that token, and is free, expired, or that of a dead process."""
        values = {
            "owner": owner.by,
            "host": owner.host,
            "machine": owner.machine,
            "pid": owner.pid,
            "process": owner.process,
            "run": owner.run,
            "session": session,
            "activity": "",
        }
        wanted: Document = {"_id": "lease", "token": token}
        if not dead:
            wanted["$or"] = [{"run": ""}, {"$expr": EXPIRED}]
        taken: Document = {name: {"$literal": value} for name, value in values.items()}
        taken |= {"token": token + 1, "acquired_at": "$$NOW", "expires_at": _later(seconds)}
        return self._lock.update_one(wanted, [{"$set": taken}], session=self._session).matched_count == 1

    def move_fence(self, token: int) -> None:
        """Shuts out who held the lease before; waits for a transaction of theirs that has passed the fence."""
        self._lock.update_one({"_id": "fence"}, {"$max": {"token": token}}, session=self._session)

    def renew(self, token: int, seconds: float, activity: str) -> None:
        """Prolongs the lease. Raises LeaseLost."""
        values: Document = {"expires_at": _later(seconds), "activity": {"$literal": activity}}
        renewed = self._lock.update_one({"_id": "lease", "token": token}, [{"$set": values}], session=self._session)
        if renewed.matched_count != 1:
            raise LeaseLost

    def release(self, token: int) -> None:
        """Gives the lease up, if it still has that token."""
        values: Document = {"run": "", "expires_at": "$$NOW", "activity": ""}
        self._lock.update_one({"_id": "lease", "token": token}, [{"$set": values}], session=self._session)

    def rename_session(self, former: str, session: str) -> None:
        """Notes the session of the holder that connected anew."""
        change = {"$set": {"session": session}}
        self._lock.update_one({"_id": "lease", "session": former}, change, session=self._session)


def holder_of(document: Document) -> Holder | None:
    """Who the lease's document says holds it; None when nobody does."""
    if not document["run"]:
        return None
    return Holder(
        by=document["owner"],
        host=document["host"],
        machine=document["machine"],
        pid=document["pid"],
        process=document["process"],
        run=document["run"],
        token=document["token"],
        acquired_at=_iso(document["acquired_at"]),
        expires_at=_iso(document["expires_at"]),
        activity=document["activity"],
        session=document["session"],
        expired=document["expired"],
    )


def _later(seconds: float) -> Document:
    return {"$add": ["$$NOW", round(seconds * 1000)]}


def _iso(at: datetime.datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _state_row(document: Document) -> StateRow:
    values = {name: document[name] for name in StateRow._fields if name != "id"}
    return StateRow(id=document["_id"], **(values | {"at": _iso(document["at"])}))


def _entry(document: Document) -> HistoryEntry:
    values = {name: document[name] for name in HistoryEntry._fields if name != "id"}
    return HistoryEntry(id=document["migration"], **(values | {"at": _iso(document["at"])}))
