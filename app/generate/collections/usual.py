"""Collections in such words that those which mean the same are equal: the server adds defaults, and keeps no order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from miger.generate.collections.values import ERROR, STRICT, Collection, IndexSpec

# https://www.mongodb.com/docs/manual/reference/collation/#collation-document
COLLATION: dict[str, Any] = {
    "caseLevel": False,
    "caseFirst": "off",
    "strength": 3,
    "numericOrdering": False,
    "alternate": "non-ignorable",
    "maxVariable": "punct",
    "normalization": False,
    "backwards": False,
}
INDEX: dict[str, Any] = {
    "unique": False,
    "sparse": False,
    "hidden": False,
    "default_language": "english",
    "language_override": "language",
    "textIndexVersion": 3,
    "2dsphereIndexVersion": 3,
}
SETS = frozenset({"required", "bsonType", "type", "enum"})  # words of a schema whose order means nothing
SCHEMAS = frozenset({"properties", "patternProperties", "definitions", "dependencies"})


def usual(collection: Collection) -> Collection:
    """The collection in its usual words; of options nothing is said."""
    bare = not collection.validator
    indexes = sorted((usual_index(index, collection) for index in collection.indexes), key=_index_order)
    return Collection(
        collection.name,
        None if bare else usual_validator(collection.validator or {}),
        STRICT if bare else collection.level,
        ERROR if bare else collection.action,
        tuple(indexes),
    )


def usual_index(index: IndexSpec, collection: Collection) -> IndexSpec:
    """The index without what is so anyway. Its name is the one that it has."""
    options = {word: value for word, value in index.options.items() if value != INDEX.get(word, index)}
    weights = options.get("weights")
    if isinstance(weights, Mapping):
        heavy = {field: weight for field, weight in weights.items() if weight != 1}
        options = {word: value for word, value in options.items() if word != "weights"}
        options |= {"weights": heavy} if heavy else {}
    own, inherited = options.pop("collation", None), collection.options.get("collation")
    collation, general = _collation(own), _collation(inherited)
    if collation is not None and collation != general and (general or collation != {"locale": "simple"}):
        options["collation"] = collation
    return IndexSpec(index.keys, options, index.made_name)


def _collation(found: object) -> dict[str, Any] | None:
    if not isinstance(found, Mapping):
        return None
    if found.get("locale") == "simple":
        return {"locale": "simple"}
    return COLLATION | {word: value for word, value in found.items() if word != "version"}


def _index_order(index: IndexSpec) -> str:
    return f"{index.made_name} {index.keys}"


def usual_validator(validator: Mapping[str, Any]) -> dict[str, Any]:
    """A validator with the lists in order whose order means nothing."""
    return {
        word: _schema(value) if word == "$jsonSchema" and isinstance(value, Mapping) else value
        for word, value in validator.items()
    }


def _schema(schema: object) -> Any:
    if isinstance(schema, list):
        return [_schema(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    found: dict[str, Any] = {}
    for word, value in schema.items():
        if word in SETS and isinstance(value, list):
            listed = sorted(value, key=_order)
            found[word] = listed[0] if len(listed) == 1 and word in ("bsonType", "type") else listed
        elif word in SCHEMAS and isinstance(value, Mapping):
            found[word] = {name: _schema(item) if isinstance(item, Mapping) else item for name, item in value.items()}
        elif word in ("items", "not", "anyOf", "oneOf", "allOf", "additionalItems", "additionalProperties"):
            found[word] = _schema(value)
        elif word != "additionalProperties" or value is not True:
            found[word] = value
    return found


def _order(value: object) -> tuple[str, str]:
    """Any values in an order of their own; 1 and 1.0 are the same place."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        return type(value).__name__, json.dumps(value, sort_keys=True)
    except TypeError:
        return type(value).__name__, repr(value)
