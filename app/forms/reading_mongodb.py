"""The collections of MongoDB, with the fields that a sample of their documents has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from miger.engine.errors import StatementError
from miger.forms.shapes import ColumnShape, IndexShape, TableShape

if TYPE_CHECKING:
    from miger.backends.mongodb import MongodbBackend

SAMPLE = 200  # documents of each collection
MOST_FIELDS = 100  # of each collection; where data are keys, documents have thousands
SECONDS = 10.0  # for the sample of one collection
LISTING_SECONDS = 30.0
OURS = ("migrations", "history", "lock", "checkpoints", "schema")
NOT_OPTIONS = frozenset({"key", "name", "v", "ns"})

# Names and kinds alone: a document may have 16 MB, none of which is wanted here.
KINDS: list[dict[str, Any]] = [
    {"$limit": SAMPLE},
    {
        "$project": {
            "_id": 0,
            "fields": {
                "$map": {
                    "input": {"$objectToArray": "$$ROOT"},
                    "as": "field",
                    "in": {"name": "$$field.k", "kind": {"$type": "$$field.v"}},
                }
            },
        }
    },
]
COUNT: list[dict[str, Any]] = [{"$collStats": {"count": {}}}]


def read_collections(backend: MongodbBackend, limit: int) -> list[TableShape]:
    """The first `limit` collections by name; no views, and not Miger's own."""
    backend.open()
    ours = {f"{backend.prefix}{name}" for name in OURS}
    with backend.told(LISTING_SECONDS):
        listed = {item["name"]: item for item in backend.catalog.listed() if item.get("type") != "view"}
        names = sorted(set(listed) - ours)[:limit]
        indexes = {name: backend.catalog.indexes(name) for name in names}
    return [
        TableShape(
            name,
            tuple(_fields(backend.ask_documents(name, KINDS, SECONDS))),
            tuple(_index(index_name, index) for index_name, index in sorted(indexes[name].items())),
            primary_key=("_id",),
            rows=_count(backend, name),
            options=tuple(listed[name].get("options", {}).items()),
        )
        for name in names
    ]


def _fields(documents: list[dict[str, Any]]) -> Iterator[ColumnShape]:
    """The fields in the order they are met, with every kind seen; nullable where one has it not, or null."""
    kinds: dict[str, dict[str, int]] = {}
    for document in documents:
        for field in document["fields"]:
            seen = kinds.setdefault(field["name"], {})
            seen[field["kind"]] = seen.get(field["kind"], 0) + 1
    for name, seen in list(kinds.items())[:MOST_FIELDS]:
        missing = sum(seen.values()) < len(documents)
        yield ColumnShape(name, " | ".join(sorted(seen)), missing or "null" in seen)


def _index(name: str, index: dict[str, Any]) -> IndexShape:
    keys = tuple(dict(index["key"]).items())
    options = tuple((option, value) for option, value in index.items() if option not in NOT_OPTIONS)
    plain = all(option == "unique" for option, _ in options)
    return IndexShape(name, tuple(field for field, _ in keys), bool(index.get("unique")), "", plain, keys, options)


def _count(backend: MongodbBackend, name: str) -> int | None:
    try:
        found = backend.ask_documents(name, COUNT, SECONDS)
    except StatementError:  # a time series, or a user who may not
        return None
    return int(found[0]["count"]) if found and "count" in found[0] else None
