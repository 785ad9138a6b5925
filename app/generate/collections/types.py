"""BSON's types: which ones a schema allows, and how the values of one become values of another, in the server's words.

How the server converts: https://www.mongodb.com/docs/manual/reference/operator/aggregation/convert/
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Expression = Any  # of an aggregation
Schema = Mapping[str, Any]

NUMBERS = ("int", "long", "double", "decimal")
JSON_TYPES = {"number": NUMBERS, "boolean": ("bool",)}
SHORT = {
    "string": "$toString",
    "int": "$toInt",
    "long": "$toLong",
    "double": "$toDouble",
    "decimal": "$toDecimal",
    "date": "$toDate",
    "objectId": "$toObjectId",
}
TRUE, FALSE = ("true", "1"), ("false", "0")
_TO_ALL = frozenset({*NUMBERS, "bool", "date", "objectId"})
CONVERTS = {
    "string": _TO_ALL,
    "bool": frozenset({"string", *NUMBERS}),
    "date": frozenset({"string"}),
    "objectId": frozenset({"string"}),
    **{number: frozenset({"string", "bool", *NUMBERS}) for number in NUMBERS},
}


def types_of(schema: Schema) -> tuple[str, ...]:
    """The types that a schema allows, in its order; empty where it allows all."""
    kinds = schema.get("bsonType", schema.get("type"))
    if kinds is None and "anyOf" in schema:
        inner = [types_of(branch) for branch in schema["anyOf"]]
        return tuple(dict.fromkeys(kind for found in inner for kind in found)) if all(inner) else ()
    listed = [kinds] if isinstance(kinds, str) else list(kinds or ())
    return tuple(dict.fromkeys(kind for found in listed for kind in JSON_TYPES.get(found, (found,))))


def target_of(types: Sequence[str]) -> str:
    """The type that values get where several are allowed; of several numbers each the first it fits: int|long."""
    real = [kind for kind in types if kind != "null"]
    return "|".join(kind for kind in NUMBERS if kind in real) if real[0] in NUMBERS else real[0]


def can_convert(source: str, target: str) -> bool:
    """Whether the server has a conversion that says what a person would."""
    return all(source == one or one in CONVERTS.get(source, ()) for one in target.split("|"))


def is_of(value: Expression, types: Sequence[str]) -> Expression:
    """Whether a value has one of these types; an array is one of arrays, whatever is in it."""
    kind = {"$type": value}
    return {"$eq": [kind, types[0]]} if len(types) == 1 else {"$in": [kind, list(types)]}


def converted(value: Expression, sources: Sequence[str], target: str, *, lenient: bool = False) -> Expression:
    """The value in another type. Fails where it has none there, or with `lenient` gives null."""
    ways = [(source, _from(value, source, target, lenient)) for source in sources]
    first = ways[0][1]
    if all(way == first for _, way in ways):
        return first
    groups: list[tuple[list[str], Expression]] = []
    for source, way in ways:
        same = next((group for group in groups if group[1] == way), None)
        if same is None:
            groups.append(([source], way))
        else:
            same[0].append(source)
    branches = [{"case": is_of(value, kinds), "then": way} for kinds, way in groups]
    return {"$switch": {"branches": branches, "default": value}}


def _from(value: Expression, source: str, target: str, lenient: bool) -> Expression:
    if target == "bool":
        return _to_bool(value, source, lenient)
    kinds = target.split("|")
    whole = [kind for kind in kinds if kind in ("int", "long")]
    if whole and source in ("double", "decimal"):  # the server would cut digits off without a word
        rest = [kind for kind in kinds if kind not in whole]
        refused = None if lenient else {"$toInt": {"$toString": value}}
        cut = _first_of(value, rest, lenient) if rest else refused
        return {"$cond": [{"$eq": [value, {"$trunc": value}]}, _first_of(value, kinds, lenient), cut]}
    return _first_of(value, kinds, lenient)


def _first_of(value: Expression, kinds: Sequence[str], lenient: bool) -> Expression:
    """The value in the first of these types that it fits."""
    kind, *others = kinds
    if others:
        return {"$convert": {"input": value, "to": kind, "onError": _first_of(value, others, lenient)}}
    if lenient:
        return {"$convert": {"input": value, "to": kind, "onError": None}}
    return {SHORT[kind]: value}


def _to_bool(value: Expression, source: str, lenient: bool) -> Expression:
    """By what is written: to the server every text is true, `false` too."""
    if source in NUMBERS:
        cases = [({"$eq": [value, 1]}, True), ({"$eq": [value, 0]}, False)]
    else:
        small = {"$toLower": value}
        cases = [({"$in": [small, list(TRUE)]}, True), ({"$in": [small, list(FALSE)]}, False)]
    refused = None if lenient else {"$toInt": {"$concat": ["neither true nor false: ", {"$toString": value}]}}
    branches = [{"case": case, "then": then} for case, then in cases]
    return {"$switch": {"branches": branches, "default": refused}}


def is_refused(value: Expression, sources: Sequence[str], target: str) -> Expression:
    """Whether a value has one of these types and does not convert."""
    return {"$and": [is_of(value, sources), {"$eq": [converted(value, sources, target, lenient=True), None]}]}


def is_rewritten(value: Expression, source: str, target: str) -> Expression:
    """Whether a value of this type converts, and would be another after going there and back."""
    there = converted(value, [source], target, lenient=True)
    back = {"$convert": {"input": there, "to": source, "onError": None, "onNull": None}}
    return {"$and": [is_of(value, [source]), {"$ne": [there, None]}, {"$ne": [back, value]}]}
