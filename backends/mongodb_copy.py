"""Filling a scratch database on MongoDB: collections with their options, indexes, views, and some documents."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.errors import BulkWriteError

from miger.backends.mongodb_catalog import Document
from miger.backends.mongodb_connection import OWN_SECONDS
from miger.backends.mongodb_errors import UNAUTHORIZED
from miger.engine.errors import RefusedError, StatementError

if TYPE_CHECKING:
    from miger.backends.mongodb import MongodbBackend

INSERTED_TOGETHER = 100  # documents
RAW: CodecOptions[RawBSONDocument] = CodecOptions(document_class=RawBSONDocument)  # whatever they hold
RIGHTS = (
    "this user may not make a database beside this one, which a rehearsal needs for its copy",
    "give the user of `url` the roles readWriteAnyDatabase and dbAdminAnyDatabase, or `--dry-run=sql`",
)


def copy_database(source: MongodbBackend, copy: MongodbBackend, rows: int) -> list[str]:
    """Copies what is not Miger's own; what of it could not be, and why. Raises RefusedError."""
    return _Copying(source, copy).run(rows)


class _Copying:
    """One copy under way. Sessions are named in each call: another may be bound in this thread."""

    def __init__(self, source: MongodbBackend, copy: MongodbBackend) -> None:
        self._source = source
        self._copy = copy
        self._failed: list[str] = []

    def run(self, rows: int) -> list[str]:
        """Collections first, each with its indexes and documents; then what is seen through views."""
        with self._source.told(OWN_SECONDS):
            listed = [item for item in self._source.catalog.listed() if item["name"] not in self._source._ours.names]
        for item in sorted(listed, key=lambda item: str(item["name"])):
            if item.get("type") != "view" and self._tried(f"collection {item['name']}", self._create, item):
                self._copy_indexes(item["name"])
                self._tried(f"documents of {item['name']}", self._copy_documents, item, rows)
        self._make_views([item for item in listed if item.get("type") == "view"])
        return self._failed

    def _tried(self, what: str, act: Any, *arguments: Any) -> bool:
        """Whether it could be done; else it is noted. Raises RefusedError where it is a right that lacks."""
        try:
            act(*arguments)
        except StatementError as error:
            if error.code == str(UNAUTHORIZED):
                raise RefusedError(*RIGHTS) from error
            if error.disconnected:
                raise
            self._failed.append(f"{what}: {error.message}")
            return False
        return True

    def _send(self, command: Document) -> None:
        with self._copy.told(OWN_SECONDS):
            self._copy.user_database.command(command, session=self._copy.session_of_run)

    def _create(self, item: Document) -> None:
        self._send({"create": item["name"], **item["options"]})

    def _copy_indexes(self, name: str) -> None:
        """One by one, and before there are documents: then each is made at once."""
        with self._source.told(OWN_SECONDS):
            indexes = self._source.catalog.indexes(name)
        for index in indexes.values():
            if not index.get("clustered"):
                options = {key: value for key, value in index.items() if key != "ns"}
                command = {"createIndexes": name, "indexes": [options]}
                self._tried(f"index {index['name']} of {name}", self._send, command)

    def _copy_documents(self, item: Document, rows: int) -> None:
        """The first documents in the order they lie in, byte for byte, also those that break the validator."""
        name, bypass = item["name"], True if item["options"].get("validator") else None
        target = self._copy.user_database.get_collection(name, codec_options=RAW)
        broken, reason = 0, ""
        for documents in self._read(name, rows):
            try:
                with self._copy.told(OWN_SECONDS):
                    target.insert_many(
                        documents,
                        ordered=False,
                        bypass_document_validation=bypass,
                        session=self._copy.session_of_run,
                    )
            except StatementError as error:
                cause = error.__cause__
                if not isinstance(cause, BulkWriteError):
                    raise
                broken += len(cause.details["writeErrors"])
                reason = error.message
        if broken:
            self._failed.append(f"{broken} documents of {name}: {reason}")

    def _read(self, name: str, rows: int) -> Iterator[list[Document]]:
        if not rows:
            return
        source = self._source._database.get_collection(name, codec_options=RAW)
        with self._source.told(OWN_SECONDS):
            found = source.find(limit=rows, batch_size=INSERTED_TOGETHER, session=self._source.session_of_run)
        with found:
            while True:
                with self._source.told(OWN_SECONDS):
                    documents = list(islice(found, INSERTED_TOGETHER))
                if not documents:
                    return
                yield documents

    def _make_views(self, views: list[Document]) -> None:
        """Until nothing more succeeds: a view may need another."""
        while views:
            failed = self._failed
            self._failed = []
            left = [item for item in views if not self._tried(f"view {item['name']}", self._create, item)]
            self._failed = failed + (self._failed if len(left) == len(views) else [])
            if len(left) == len(views):
                return
            views = left
