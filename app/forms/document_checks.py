"""What stands against a change of a collection, field by field. Asks no database."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

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
from miger.forms.shapes import TableShape
from miger.forms.values import is_plain
from miger.scaffold.draft import FieldProblem

LONGEST = 200  # bytes of a name


def document_problems(change: DocumentChange, collections: Sequence[TableShape]) -> tuple[FieldProblem, ...]:
    """Everything that stands against a change; each names the field of the change."""
    shape = next((found for found in collections if found.name == change.collection), None)
    names = [found.name for found in collections]
    if isinstance(change, CreateCollection):
        return (*_new("collection", change.collection, names), *json_problems("validator", change.validator))
    if shape is None:
        message = f"there is no collection {change.collection!r}"
        return (FieldProblem("collection", message, "choose one of those there are"),)
    return tuple(_of_collection(change, shape, names))


def _of_collection(change: DocumentChange, shape: TableShape, names: Sequence[str]) -> Iterator[FieldProblem]:
    match change:
        case AddField():
            yield from field_problems("field", change.field)
            yield from json_problems("value", change.value)
        case RenameField():
            yield from field_problems("field", change.field)
            yield from field_problems("new_name", change.new_name)
            if shape.column_named(change.new_name) is not None:
                message = f"documents of {shape.name} have a field {change.new_name!r} already"
                yield FieldProblem("new_name", message, "its values would be lost: choose another name")
        case RemoveField():
            yield from field_problems("field", change.field)
            for unique in shape.indexes:
                if unique.unique and unique.plain and unique.columns == (change.field,):
                    message = f"{unique.name} allows one document without {change.field}"
                    yield FieldProblem("field", message, "drop that index first")
        case RenameCollection():
            yield from _new("new_name", change.new_name, names)
        case DropCollection():
            yield from _written(shape, "collection")
        case CreateDocumentIndex():
            yield from _new("name", change.name, [index.name for index in shape.indexes])
            yield from json_problems("where", change.where)
            if not change.keys:
                yield FieldProblem("keys", "no field is chosen", "choose one")
        case DropDocumentIndex():
            index = shape.index_named(change.name)
            if index is None:
                message = f"{shape.name} has no index {change.name!r}"
                yield FieldProblem("name", message, "choose one of those there are")
            elif not is_plain(dict(index.options)):
                yield FieldProblem("name", f"{change.name} cannot be written as Python here", "write it by hand")
        case SetValidator():
            yield from json_problems("validator", change.validator)
            yield from _written(shape, "validator")
            if change.level not in ("strict", "moderate", "off"):
                yield FieldProblem("level", f"there is no level {change.level!r}", "strict, moderate or off")
            if change.action not in ("error", "warn"):
                yield FieldProblem("action", f"there is no action {change.action!r}", "error or warn")


def _written(shape: TableShape, field: str) -> Iterator[FieldProblem]:
    """`down` has to write the options that there are."""
    if not is_plain(dict(shape.options)) or not all(is_plain(dict(index.options)) for index in shape.indexes):
        message = f"the options of {shape.name} cannot be written as Python here"
        yield FieldProblem(field, message, "write the migration by hand")


def _new(field: str, name: str, taken: Sequence[str]) -> Iterator[FieldProblem]:
    if not name.strip():
        yield FieldProblem(field, "has no name yet", "give it one")
    elif not name.isprintable() or "$" in name or name.startswith("system."):
        yield FieldProblem(field, f"{name!r} is no name here", "no $, no `system.`, no control characters")
    elif len(name.encode()) > LONGEST:
        yield FieldProblem(field, f"{name[:20]!r}… is too long for a name", f"up to {LONGEST} bytes")
    elif name in taken:
        yield FieldProblem(field, f"there is a {name!r} already", "choose another name")


def field_problems(field: str, name: str) -> Iterator[FieldProblem]:
    """What stands against the name of a field of documents."""
    if not name.strip():
        yield FieldProblem(field, "has no name yet", "give it one")
    elif not name.isprintable() or name.startswith("$") or name == "_id" or ".." in f".{name}.":
        yield FieldProblem(field, f"{name!r} is no field that can be changed", "another than _id, without $ before it")


def json_problems(field: str, text: str | None) -> Iterator[FieldProblem]:
    """What stands against a text that should be JSON."""
    if text is None:
        return
    try:
        value = json.loads(text)
    except ValueError as error:
        yield FieldProblem(field, f"is no JSON: {error}", "strings, and names too, stand in double quotes")
        return
    if field != "value" and not isinstance(value, (dict, list)):
        yield FieldProblem(field, "is no JSON object", "write it in braces")
