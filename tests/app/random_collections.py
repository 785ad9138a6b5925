"""Random collections of MongoDB, as a schema in YAML (which JSON is), and the kinds of things that are in them."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NamedTuple

from hypothesis import strategies as st

COLLECTIONS = ("users", "orders", "notes")
FIELDS = ("login", "age", "city", "born")
TYPES = ("string", "int", "double", "bool", "date", "array")
LEVELS, ACTIONS = ("strict", "moderate", "off"), ("error", "warn")


class DrawnCollections(NamedTuple):
    """The text of the schema, and how many there are of each kind of thing."""

    text: str
    kinds: Counter[str]


@st.composite
def collections(draw: st.DrawFn) -> DrawnCollections:
    """Up to three collections with validators and indexes; others shall not be there."""
    kinds: Counter[str] = Counter()
    names = draw(st.lists(st.sampled_from(COLLECTIONS), unique=True, min_size=1, max_size=3))
    found = {name: draw(_collection(kinds)) for name in names}
    return DrawnCollections(json.dumps({"complete": True, "collections": found}, indent=1), kinds)


@st.composite
def _collection(draw: st.DrawFn, kinds: Counter[str]) -> dict[str, Any]:
    kinds["collection"] += 1
    made: dict[str, Any] = {}
    if draw(st.integers(0, 3)):
        made["validator"] = {"$jsonSchema": draw(_schema(kinds))}
        made["level"] = draw(st.sampled_from(LEVELS))
        made["action"] = draw(st.sampled_from(ACTIONS))
        kinds["validator"] += 1
    keys = draw(st.lists(st.sampled_from(FIELDS), unique=True, max_size=3))
    made["indexes"] = [draw(_index(field, kinds)) for field in keys]
    return made


@st.composite
def _schema(draw: st.DrawFn, kinds: Counter[str]) -> dict[str, Any]:
    fields = draw(st.lists(st.sampled_from(FIELDS), unique=True, min_size=1, max_size=4))
    properties: dict[str, Any] = {}
    for field in fields:
        kind = draw(st.sampled_from(TYPES))
        properties[field] = {"bsonType": draw(st.sampled_from((kind, [kind, "null"])))}
        if kind == "string" and draw(st.booleans()):
            properties[field]["maxLength"] = draw(st.sampled_from((20, 80)))
        kinds["field"] += 1
    schema: dict[str, Any] = {"bsonType": "object", "properties": properties}
    required = [field for field in fields if draw(st.booleans())]
    if required:
        schema["required"] = required
        kinds["required"] += len(required)
    return schema


@st.composite
def _index(draw: st.DrawFn, field: str, kinds: Counter[str]) -> dict[str, Any]:
    index: dict[str, Any] = {"keys": {field: draw(st.sampled_from((1, -1)))}}
    if draw(st.booleans()):
        index["keys"]["_id"] = 1
    kind = draw(st.sampled_from(("plain", "unique", "sparse", "partial", "expiring")))
    if kind in ("unique", "sparse"):
        index[kind] = True
    elif kind == "partial":
        index["partialFilterExpression"] = {"age": {"$gt": draw(st.sampled_from((0, 5)))}}
    elif kind == "expiring" and len(index["keys"]) == 1:
        index["expireAfterSeconds"] = draw(st.sampled_from((60, 3600)))
    else:
        kind = "plain"
    if draw(st.booleans()):
        index["name"] = f"by_{field}"
    kinds[f"{kind} index"] += 1
    return index
