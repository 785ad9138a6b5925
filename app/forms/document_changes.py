"""Changes of collections as a person describes them. Values, conditions and validators are JSON."""

from __future__ import annotations

from typing import NamedTuple


class AddField(NamedTuple):
    """A field, with the same value in each document that has none."""

    collection: str
    field: str
    value: str = "null"


class RenameField(NamedTuple):
    """Another name for a field."""

    collection: str
    field: str
    new_name: str


class RemoveField(NamedTuple):
    """A field goes, with its values."""

    collection: str
    field: str


class CreateCollection(NamedTuple):
    """A new collection, perhaps with a validator."""

    collection: str
    validator: str | None = None


class RenameCollection(NamedTuple):
    """Another name for a collection."""

    collection: str
    new_name: str


class DropCollection(NamedTuple):
    """A collection goes, with its documents."""

    collection: str


class CreateDocumentIndex(NamedTuple):
    """A new index: fields with 1, -1 or a kind such as "text". `where` makes it a partial one."""

    collection: str
    name: str
    keys: tuple[tuple[str, int | str], ...]
    unique: bool = False
    where: str | None = None


class DropDocumentIndex(NamedTuple):
    """An index goes."""

    collection: str
    name: str


class SetValidator(NamedTuple):
    """Another validator; None takes it away. `level` is strict or moderate, `action` error or warn."""

    collection: str
    validator: str | None
    level: str = "strict"
    action: str = "error"


DocumentChange = (
    AddField
    | RenameField
    | RemoveField
    | CreateCollection
    | RenameCollection
    | DropCollection
    | CreateDocumentIndex
    | DropDocumentIndex
    | SetValidator
)
