"""From the calls of a MongoDB migration to the changes they make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from miger.engine.hazards import changes as c
from miger.engine.hazards.changes import Change, Name
from miger.engine.hazards.python_reading import Call, Made, Session, Unknown

_HELPERS = frozenset(
    "create_collection drop_collection rename_collection modify_collection create_index drop_index "
    "set_validator".split()
)
_READS = frozenset(
    "find find_one count_documents distinct aggregate log progress step batches collections indexes validator filter "
    "get list_indexes index_information estimated_document_count".split()
)


def changes_of(call: Call) -> Iterator[Change]:
    """The changes of one call of `Mongo`, or of a collection had from it."""
    *owners, method = call.path
    owners = [owner for owner in owners if owner != "database"]
    if method.startswith(("(", "[")) or method in _READS:
        return
    if not owners and method in _HELPERS:
        collection, arguments = _text(call.arguments, 0), call.arguments[1:]
        yield from _named(call, method.removesuffix("_collection"), collection, arguments)
        return
    if owners[:1] == ["batches"] and len(owners) > 1:
        yield from _updated(call, owners[1][1:-1], {}, call.arguments[0] if call.arguments else None)
        return
    collection = owners[0].strip("[]") if len(owners) == 1 else ""
    yield from _named(call, method, collection, call.arguments)


def _named(call: Call, method: str, collection: str, arguments: tuple[Any, ...]) -> Iterator[Change]:
    if not collection:
        yield Change(c.UNKNOWN, Name(""))
        return
    table, line = Name(collection), call.line
    match method:
        case "create":
            yield Change(c.CREATE_TABLE, table, line=line)
        case "drop":
            yield Change(c.DROP_TABLE, table, line=line)
        case "rename":
            yield Change(c.RENAME_TABLE, table, other=Name(_text(arguments, 0)), line=line)
        case "create_index":
            yield _index(call, table, arguments[0] if arguments else None)
        case "drop_index":
            yield Change(c.DROP_INDEX, Name(_text(arguments, 0)), other=table, line=line)
        case "set_validator" | "modify":
            validator = call.keywords.get("validator", arguments[0] if arguments else None)
            if isinstance(validator, dict) and validator and is_known(validator):
                yield Change(c.SET_VALIDATOR, table, documents=validator, line=line)
        case "delete_many" if arguments and arguments[0] == {}:
            yield Change(c.DELETE_ALL, table, line=line)
        case "update_many":
            yield from _updated(
                call, collection, arguments[0] if arguments else {}, arguments[1] if arguments[1:] else None
            )
        case _:
            yield Change(c.WRITE, table)


def _updated(call: Call, collection: str, condition: object, update: object) -> Iterator[Change]:
    table = Name(collection)
    fields = update.get("$unset") if isinstance(update, dict) else None
    for field in fields if isinstance(fields, dict) else ():
        known = condition if isinstance(condition, dict) and is_known(condition) else {}
        yield Change(c.DROP_COLUMN, table, column=str(field), documents=known, line=call.line)
    yield Change(c.WRITE, table)


def _index(call: Call, table: Name, keys: object) -> Change:
    pairs = list(keys.items()) if isinstance(keys, dict) else keys
    names: list[object] = []
    if isinstance(pairs, str):
        names = [pairs]
    elif isinstance(pairs, list):
        names = [pair[0] if isinstance(pair, (list, tuple)) and len(pair) == 2 else pair for pair in pairs]
    plain = "partialFilterExpression" not in call.keywords and "collation" not in call.keywords
    columns = tuple(name for name in names if isinstance(name, str)) if plain else ()
    flags = frozenset({c.UNIQUE}) if call.keywords.get("unique") is True else frozenset()
    flags |= frozenset({c.SPECIAL}) if call.keywords.get("sparse") is True else frozenset()
    whole = columns if len(columns) == len(names) else ()
    return Change(c.CREATE_INDEX, table, columns=whole, flags=flags, line=call.line)


def is_known(value: object) -> bool:
    """Whether nothing in a document is unknown."""
    if isinstance(value, (Unknown, Made, Session)):
        return False
    if isinstance(value, Mapping):
        return all(map(is_known, value.values()))
    return all(map(is_known, value)) if isinstance(value, (list, tuple)) else True


def _text(arguments: tuple[Any, ...], position: int) -> str:
    value = arguments[position] if position < len(arguments) else ""
    return value if isinstance(value, str) else ""
