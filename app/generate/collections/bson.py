"""From the JSON schema of pydantic to the `$jsonSchema` of MongoDB, which is draft 4 with BSON's types and no `$ref`.

What MongoDB leaves out: https://www.mongodb.com/docs/manual/reference/operator/query/jsonSchema/#omissions
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from miger.engine.errors import ConfigError

Schema = dict[str, Any]

UNKNOWN = "bsonType?"  # a Python class of which pydantic cannot say what it is stored as
TYPES: dict[str, Any] = {
    "string": "string",
    "integer": ["int", "long"],
    "number": "double",
    "boolean": "bool",
    "null": "null",
    "object": "object",
    "array": "array",
}
PLAIN = (
    *("enum", "pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("multipleOf", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties", "required"),
    "description",
)
BRANCHES = ("anyOf", "oneOf", "allOf")
IN_STRINGS = frozenset({"pattern", "minLength", "maxLength"})


class Remarks(NamedTuple):
    """What `json_schema_extra` of fields says to us: by path, a dot leading into an object."""

    renames: dict[str, str]  # old path → new path
    fills: dict[str, Any]
    indexes: dict[str, bool]  # path → unique


class Bson:
    """One conversion. `remarks` fills while the schema is walked."""

    def __init__(self, definitions: Mapping[str, Schema], model: str) -> None:
        self.remarks = Remarks({}, {}, {})
        self._definitions = definitions
        self._model = model

    def convert(self, schema: Schema, path: str = "", within: tuple[str, ...] = ()) -> Schema:
        """The schema in MongoDB's words. Raises ConfigError for a class that has no BSON type."""
        schema, within = self._inlined(schema, within)
        if not schema:
            return {"bsonType": "object"}  # a model within itself: that deep nobody looks
        if UNKNOWN in schema and "bsonType" not in schema:
            hint = 'say it with `Field(json_schema_extra={"bsonType": "string"})`'
            raise ConfigError(f"{self._model}: {path} is a {schema[UNKNOWN]}, which has no BSON type", hint=hint)
        found: Schema = {}
        kind = schema.get("bsonType") or _bson_type(schema.get("type"))
        if kind:
            found["bsonType"] = kind
        found |= {word: schema[word] for word in PLAIN if word in schema}
        if "const" in schema:
            found["enum"] = [schema["const"]]
        _in_draft_4(found)
        found |= dict(self._of_object(schema, path, within))
        found |= dict(self._of_array(schema, path, within))
        for word in BRANCHES:
            if word in schema:
                branches = [self.convert(branch, path, within) for branch in schema[word]]
                found = _joined(word, branches, found)
        if "bsonType" in schema and schema["bsonType"] != "string":  # `type` was of the JSON, not of what is stored
            found = {word: value for word, value in found.items() if word not in IN_STRINGS}
        return found

    def _inlined(self, schema: Schema, within: tuple[str, ...]) -> tuple[Schema, tuple[str, ...]]:
        """Without `$ref`; empty where a model holds itself. The docstring of a class is no description of a field."""
        while "$ref" in schema:
            name = str(schema["$ref"]).rpartition("/")[2]
            if name in within:
                return {}, within
            inner = {word: value for word, value in self._definitions[name].items() if word != "description"}
            schema = inner | {word: value for word, value in schema.items() if word != "$ref"}
            within = (*within, name)
        return schema, within

    def _of_object(self, schema: Schema, path: str, within: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        properties = schema.get("properties") or {}
        for name, inner in properties.items():
            self._remark(inner, path, name)
        required = list(schema.get("required", ()))
        required += [name for name, inner in properties.items() if inner.get("required") is True]
        if required:
            yield "required", list(dict.fromkeys(required))
        if properties:
            below = f"{path}." if path else ""
            yield (
                "properties",
                {name: self.convert(_own(p), f"{below}{name}", within) for name, p in properties.items()},
            )
        more = schema.get("additionalProperties", True)
        if more is not True:
            yield "additionalProperties", more if more is False else self.convert(more, f"{path}[]", within)
        if "patternProperties" in schema:
            patterns = schema["patternProperties"].items()
            yield "patternProperties", {name: self.convert(inner, f"{path}[]", within) for name, inner in patterns}

    def _of_array(self, schema: Schema, path: str, within: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
        if "prefixItems" in schema:
            yield "items", [self.convert(item, f"{path}[]", within) for item in schema["prefixItems"]]
        elif schema.get("items"):
            yield "items", self.convert(schema["items"], f"{path}[]", within)

    def _remark(self, schema: Schema, path: str, name: str) -> None:
        """Keeps what a field says of itself to us."""
        below = f"{path}." if path else ""
        place = f"{below}{name}"
        if "renamed_from" in schema:
            if "[]" in place:
                raise ConfigError(
                    f"{self._model}: {place} is within a list, where MongoDB renames no field",
                    hint="write that migration by hand: `miger create NAME`",
                )
            self.remarks.renames[f"{below}{schema['renamed_from']}"] = place
        if "fill" in schema:
            self.remarks.fills[place] = schema["fill"]
        elif schema.get("required") is True and "default" in schema:
            self.remarks.fills[place] = schema["default"]
        if schema.get("unique") or schema.get("index"):
            self.remarks.indexes[place.replace("[]", "")] = bool(schema.get("unique"))


def _own(schema: Schema) -> Schema:
    """Without `required: true`, which is a remark to us."""
    return {word: value for word, value in schema.items() if word != "required" or value is not True}


def _bson_type(kind: object) -> Any:
    if isinstance(kind, list):
        found = [name for item in kind for name in _listed(TYPES.get(item, item))]
        return list(dict.fromkeys(found))
    return TYPES.get(kind) if isinstance(kind, str) else None


def _listed(kind: Any) -> list[str]:
    return list(kind) if isinstance(kind, list) else [kind]


def _in_draft_4(schema: Schema) -> None:
    """Exclusive bounds are a number today, and were a yes or no."""
    for word, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if word in schema and not isinstance(schema[word], bool):
            exclusive = schema[word]
            other = schema.get(bound)
            inside = other is not None and (other > exclusive if bound == "minimum" else other < exclusive)
            if inside:
                del schema[word]
            else:
                schema[bound], schema[word] = exclusive, True


def _joined(word: str, branches: list[Schema], found: Schema) -> Schema:
    """The branches of a union as one list of types where they are no more than that."""
    if word == "allOf" and len(branches) == 1:
        return branches[0] | found
    if word == "allOf":
        return found | {word: branches}
    if any(not branch for branch in branches):  # one of them is anything
        return found
    null = {"bsonType": "null"} in branches
    others = [branch for branch in branches if branch != {"bsonType": "null"}]
    if all(set(branch) == {"bsonType"} for branch in others):
        kinds = [kind for branch in others for kind in _listed(branch["bsonType"])]
        return found | {"bsonType": _one(list(dict.fromkeys([*kinds, *(["null"] if null else [])])))}
    if null and len(others) == 1:
        return _nullable(others[0]) | found
    return found | {word: branches}


def _nullable(schema: Schema) -> Schema:
    """The same or null. What else is asked of it is asked of values of its own type alone."""
    found = dict(schema)
    if "bsonType" in found:
        found["bsonType"] = list(dict.fromkeys([*_listed(found["bsonType"]), "null"]))
    if "enum" in found:
        found["enum"] = [*found["enum"], *([] if None in found["enum"] else [None])]
    if any(word in found for word in BRANCHES) and "bsonType" not in found:
        return {"anyOf": [schema, {"bsonType": "null"}]}
    return found


def _one(kinds: list[str]) -> Any:
    return kinds[0] if len(kinds) == 1 else kinds
