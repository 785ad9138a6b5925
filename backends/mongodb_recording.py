"""`Mongo` without a database: what a Python migration would send becomes events."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from miger.backends.mongodb_catalog import path_of
from miger.backends.mongodb_catalog import shown as as_json
from miger.backends.mongodb_changes import SchemaChanges
from miger.engine.backend import Work
from miger.engine.errors import NeedsDatabase
from miger.engine.events import LogLine, StatementFinished

# Methods of a collection that change something, as the shell calls them.
WRITES = {
    "insert_one": "insertOne",
    "insert_many": "insertMany",
    "update_one": "updateOne",
    "update_many": "updateMany",
    "replace_one": "replaceOne",
    "delete_one": "deleteOne",
    "delete_many": "deleteMany",
    "bulk_write": "bulkWrite",
    "create_index": "createIndex",
    "drop_index": "dropIndex",
    "rename": "renameCollection",
    "drop": "drop",
}


class RecordedMongo(SchemaChanges):
    """What `up` and `down` get in place of `Mongo` while a plan is only listed.

    Changes are told as events and sent nowhere. Whatever needs an answer raises NeedsDatabase.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._number = 0

    def turn_to(self, work: Work) -> None:
        """Goes on with another section; called by the engine."""
        self._work = work

    def close(self) -> None:
        """Nothing is held."""

    @property
    def database(self) -> RecordedDatabase:
        """One that only notes what is written."""
        return RecordedDatabase(self._tell)

    def __getitem__(self, name: str) -> RecordedCollection:
        """A collection that only notes what is written."""
        return RecordedCollection(self._tell, name)

    def __getattr__(self, name: str) -> RecordedCollection:
        """The same, by an attribute."""
        if name.startswith("_"):
            raise AttributeError(name)
        return RecordedCollection(self._tell, name)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[bool]:
        """A named piece of work; every one is still to do."""
        self.log(f"step {name}")
        yield True

    def batches(
        self, name: str, collection: str, *, size: int = 1000, filter: Mapping[str, Any] | None = None
    ) -> Iterator[RecordedBatch]:
        """One batch that stands for all: how many there are, only the database knows."""
        those = f" that match {as_json(dict(filter))}" if filter else ""
        self.log(f"{name}: once for every {size} documents of {collection}{those}")
        yield RecordedBatch(self._tell, collection, filter or {})

    def log(self, message: str, level: str = "info") -> None:
        """Writes a line to the log."""
        self._work.emit(LogLine(self._work.run, self._work.migration.id, level, message))

    def progress(self, done: int, total: int | None = None, name: str = "progress") -> None:
        """Nothing progresses here."""

    def collections(self) -> NoReturn:
        """Raises NeedsDatabase."""
        raise NeedsDatabase("it asks for the collections")

    def indexes(self, collection: str) -> NoReturn:
        """Raises NeedsDatabase."""
        raise NeedsDatabase(f"it asks for the indexes of {collection}")

    def validator(self, collection: str) -> NoReturn:
        """Raises NeedsDatabase."""
        raise NeedsDatabase(f"it asks for the validator of {collection}")

    @property
    def _writable(self) -> NoReturn:
        raise NeedsDatabase("it uses the database itself")

    @property
    def _catalog(self) -> NoReturn:
        raise NeedsDatabase("it asks the catalog")

    def _change(
        self, kind: str, text: str, collection: str, action: Callable[[], object], target: str = "", index: str = ""
    ) -> None:
        self._tell(text)

    def _tell(self, text: str) -> None:
        self._number += 1
        work = self._work
        id = work.migration.id
        work.emit(StatementFinished(work.run, id, self._number, 0, text, rows=-1, ms=0.0, section=work.section))


class RecordedDatabase:
    """What stands for pymongo's `Database`."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell

    def __getitem__(self, name: str) -> RecordedCollection:
        return RecordedCollection(self._tell, name)

    def __getattr__(self, name: str) -> RecordedCollection:
        return RecordedCollection(self._tell, name)

    def command(self, command: Any, value: Any = 1, **options: Any) -> Answer:
        """Tells of a command."""
        document = command if isinstance(command, Mapping) else {command: value, **options}
        self._tell(f"db.runCommand({_json(document)})")
        return Answer("a command")


class RecordedCollection:
    """What stands for pymongo's `Collection`: notes what is written, and can answer nothing."""

    def __init__(self, tell: Callable[[str], None], name: str) -> None:
        self._tell = tell
        self._name = name

    def __getitem__(self, name: str) -> RecordedCollection:
        return RecordedCollection(self._tell, f"{self._name}.{name}")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name not in WRITES:
            raise NeedsDatabase(f"it asks {self._name} for {name}")
        return lambda *arguments, **options: self._write(WRITES[name], arguments, options)

    def _write(self, method: str, arguments: Sequence[Any], options: Mapping[str, Any]) -> Answer:
        values = [_json(argument) for argument in arguments] + ([_json(_options(options))] if options else [])
        self._tell(f"{path_of(self._name)}.{method}({', '.join(values)})")
        return Answer(f"{method} on {self._name}")


class RecordedBatch:
    """The batch that stands for all: what it is asked needs the database, what it writes does not."""

    def __init__(self, tell: Callable[[str], None], collection: str, filter: Mapping[str, Any]) -> None:
        self._tell = tell
        self._collection = collection
        self._filter = filter

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NeedsDatabase(f"it asks a batch of {self._collection} for its {name}")

    def update(self, update: Mapping[str, Any] | Sequence[Mapping[str, Any]], **options: Any) -> Answer:
        """Tells what is done to the documents of all batches."""
        more = f", {_json(_options(options))}" if options else ""
        self._tell(f"{path_of(self._collection)}.updateMany({_json(self._filter)}, {_json(update)}{more})")
        return Answer("the update of a batch")


class Answer:
    """What a write would have given."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NeedsDatabase(f"it reads the answer to {self._what}")


def _json(value: Any) -> str:
    """A value as the shell would take it; what has no form there, such as `UpdateOne`, as Python shows it."""
    try:
        text = as_json(value)
    except TypeError:
        return repr(value)
    try:
        json.dumps(value)
    except TypeError:  # an ObjectId, a date
        return f"EJSON.deserialize({text})"
    return text


def _options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options by the names that the shell has for them: `arrayFilters`, not `array_filters`."""
    return {re.sub(r"_(\w)", lambda found: found[1].upper(), name): value for name, value in options.items()}
