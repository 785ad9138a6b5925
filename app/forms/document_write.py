"""From a change of a collection to the sections of its migration."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from miger.engine.errors import UsageError
from miger.forms.bodies import Bodies
from miger.forms.document_changes import (
    AddField,
    CreateCollection,
    CreateDocumentIndex,
    DocumentChange,
    DropCollection,
    DropDocumentIndex,
    RemoveField,
    RenameCollection,
    RenameField,
    SetValidator,
)
from miger.forms.document_checks import document_problems
from miger.forms.layout import Call, comment, lines_of, string
from miger.forms.shapes import IndexShape, TableShape
from miger.forms.values import literal

IN_BATCHES = "It works in batches, each committed with its place, so that a run that stops can go on from there."
BY_ITSELF = "MongoDB changes its schema outside of transactions, so each change is committed by itself."
USUAL_VALIDATION = {"validationLevel": "strict", "validationAction": "error"}


def write_document_change(change: DocumentChange, collections: Sequence[TableShape]) -> Bodies:
    """The sections that make the change, undo it, and tell whether it is there.

    Raises UsageError for the first problem there is.
    """
    for problem in document_problems(change, collections):
        raise UsageError(problem.message, problem.hint)
    shape = next((found for found in collections if found.name == change.collection), None)
    shape = shape or TableShape(change.collection, ())
    match change:
        case AddField() | RenameField() | RemoveField():
            up, down, verify = _of_field(change, shape)
            return Bodies("mongodb", up, down, verify, transaction=False, why=IN_BATCHES)
        case _:
            up, down, verify = _of_schema(change, shape)
            return Bodies("mongodb", up, down, verify, why=BY_ITSELF)


def _of_field(change: AddField | RenameField | RemoveField, shape: TableShape) -> tuple[str, str, str]:
    name, field = change.collection, change.field
    there, missing = {field: {"$exists": True}}, {field: {"$exists": False}}
    indexes = [index.name for index in shape.indexes if field in index.columns]
    if isinstance(change, AddField):
        up = batches(f"add {field}", name, missing, {"$set": {field: json.loads(change.value)}})
        lost = comment("This takes the field from every document, also from those that had one before.", "#")
        down = f"{lost}\n{batches(f'remove {field}', name, there, {'$unset': {field: ''}})}"
        return up, down, _none_left(name, missing)
    noted = f"{comment(f'Of the indexes, {_listed(indexes)} still has {field}.', '#')}\n" if indexes else ""
    if isinstance(change, RenameField):
        other = change.new_name
        up = batches(f"rename {field}", name, there, {"$rename": {field: other}})
        back = {other: {"$exists": True}}
        down = batches(f"rename {other}", name, back, {"$rename": {other: field}})
        return noted + up, down, _none_left(name, there)
    up = batches(f"remove {field}", name, there, {"$unset": {field: ""}})
    lost = comment("This brings the field back, but not the values that were in it.", "#")
    down = f"{lost}\n{batches(f'add {field}', name, missing, {'$set': {field: None}})}"
    return noted + up, down, _none_left(name, there)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)


def batches(name: str, collection: str, filter: object, update: object, size: int = 1000) -> str:
    """A loop that changes the documents of a collection that fit a filter."""
    keywords = [] if size == 1000 else [("size", str(size))]
    keywords += [("filter", literal(filter, 4, 8))] if filter else []
    lines = lines_of(Call("for batch in db.batches", [string(name), string(collection)], keywords), end=":")
    return "\n".join([*lines, f"    batch.update({literal(update, 4, 13)})"]) + "\n"


def _none_left(collection: str, filter: object) -> str:
    return f"return db[{string(collection)}].count_documents({literal(filter)}, limit=1) == 0\n"


def _of_schema(change: DocumentChange, shape: TableShape) -> tuple[str, str, str]:
    name = change.collection
    there = f"return {string(name)} in db.collections()\n"
    gone = f"return {string(name)} not in db.collections()\n"
    match change:
        case CreateCollection():
            options = {} if change.validator is None else {"validator": json.loads(change.validator)}
            return _create(name, options), _call("drop_collection", name), there
        case DropCollection():
            lost = comment("This brings the collection back, but not the documents that were in it.", "#")
            again = _create(name, dict(shape.options)) + "".join(_index(name, index) for index in shape.indexes)
            return _call("drop_collection", name), f"{lost}\n{again}", gone
        case RenameCollection():
            other = change.new_name
            verify = f"return {string(other)} in db.collections()\n"
            return _call("rename_collection", name, other), _call("rename_collection", other, name), verify
        case CreateDocumentIndex():
            given: dict[str, object] = {"unique": True} if change.unique else {}
            given |= {"partialFilterExpression": json.loads(change.where)} if change.where is not None else {}
            made = IndexShape(change.name, (), keys=change.keys, options=tuple(given.items()))
            verify = f"return {string(change.name)} in db.indexes({string(name)})\n"
            return _index(name, made), _call("drop_index", name, change.name), verify
        case DropDocumentIndex():
            index = shape.index_named(change.name)
            assert index is not None  # see `document_problems`
            verify = f"return {string(change.name)} not in db.indexes({string(name)})\n"
            return _call("drop_index", name, change.name), _index(name, index), verify
        case SetValidator():
            return _validator(change, shape)
    raise AssertionError(change)


def _validator(change: SetValidator, shape: TableShape) -> tuple[str, str, str]:
    options = dict(shape.options)
    wanted = None if change.validator is None else json.loads(change.validator)
    level, action = {"validationLevel": change.level}, {"validationAction": change.action}
    up = _set_validator(change.collection, wanted, level | action)
    down = _set_validator(change.collection, options.get("validator"), options)
    return up, down, f"return db.validator({string(change.collection)}) == {literal(wanted or {})}\n"


def _set_validator(name: str, validator: object, options: Mapping[str, object]) -> str:
    words = {"level": "validationLevel", "action": "validationAction"}
    keywords = [
        (word, string(str(options[option])))
        for word, option in words.items()
        if options.get(option, USUAL_VALIDATION[option]) != USUAL_VALIDATION[option]
    ]
    lines = lines_of(Call("db.set_validator", [string(name), literal(validator or None, 4)], keywords))
    return "\n".join(lines) + "\n"


def _call(method: str, *arguments: str) -> str:
    return "\n".join(lines_of(Call(f"db.{method}", list(map(string, arguments))))) + "\n"


def _create(name: str, options: Mapping[str, object]) -> str:
    keywords = [(option, literal(value, 4, len(option) + 1)) for option, value in options.items()]
    return "\n".join(lines_of(Call("db.create_collection", [string(name)], keywords))) + "\n"


def _index(name: str, index: IndexShape) -> str:
    pairs = f"[{', '.join(f'({string(field)}, {_flat(kind)})' for field, kind in index.keys)}]"
    usual = len(index.keys) == 1 and index.keys[0][1] == 1
    keys = string(index.keys[0][0]) if usual else pairs
    default = "_".join(f"{field}_{kind}" for field, kind in index.keys)
    keywords = [(option, literal(value, 4, len(option) + 1)) for option, value in index.options]
    keywords += [("name", string(index.name))] if index.name != default else []
    return "\n".join(lines_of(Call("db.create_index", [string(name), keys], keywords))) + "\n"


def _flat(kind: object) -> str:
    number = int(kind) if isinstance(kind, float) and kind.is_integer() else kind
    return string(number) if isinstance(number, str) else repr(number)
