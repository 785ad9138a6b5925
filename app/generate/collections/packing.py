"""Wanted collections as text and back, from one process to another."""

from __future__ import annotations

from typing import Any

from bson import json_util

from miger.generate.collections.values import Collection, IndexSpec, WantedCollection, WantedSchema

OPTIONS = json_util.RELAXED_JSON_OPTIONS


def pack(schema: WantedSchema) -> str:
    """The schema as MongoDB's JSON."""
    collections = [
        {
            **item._asdict(),
            "collection": {
                **item.collection._asdict(),
                "indexes": [index._asdict() for index in item.collection.indexes],
            },
        }
        for item in schema.collections
    ]
    return json_util.dumps({"collections": collections, "complete": schema.complete}, json_options=OPTIONS)


def unpack(text: str) -> WantedSchema:
    """The schema again."""
    found = json_util.loads(text, json_options=OPTIONS)
    return WantedSchema(tuple(_wanted(item) for item in found["collections"]), bool(found["complete"]))


def _wanted(item: dict[str, Any]) -> WantedCollection:
    collection = dict(item["collection"])
    collection["indexes"] = tuple(
        IndexSpec(tuple((field, kind) for field, kind in index["keys"]), index["options"], index["name"])
        for index in collection["indexes"]
    )
    return WantedCollection(Collection(**collection), item["renamed_from"], item["renames"], item["fills"])
