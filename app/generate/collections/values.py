"""A collection of MongoDB as it shall be, or as it is; and what a source says beyond that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

STRICT, ERROR = "strict", "error"  # what the server takes where nobody says anything
Keys = tuple[tuple[str, "int | str"], ...]


class IndexSpec(NamedTuple):
    """An index: its fields with 1, -1 or a kind such as "text"; `name` is "" where nobody has given it one."""

    keys: Keys
    options: Mapping[str, object] = {}
    name: str = ""

    @property
    def made_name(self) -> str:
        """The name it has, or that the driver makes up."""
        return self.name or "_".join(f"{field}_{kind}" for field, kind in self.keys)


class Collection(NamedTuple):
    """A collection. `validator` is None where it has none; `options` are those that only its making can give."""

    name: str
    validator: Mapping[str, object] | None = None
    level: str = STRICT
    action: str = ERROR
    indexes: tuple[IndexSpec, ...] = ()
    options: Mapping[str, object] = {}

    @property
    def schema(self) -> Mapping[str, object]:
        """The `$jsonSchema` of the validator, empty where it has none."""
        found = (self.validator or {}).get("$jsonSchema")
        return found if isinstance(found, Mapping) else {}


class WantedCollection(NamedTuple):
    """A collection as a source wants it.

    `renamed_from` is what it was called, `renames` what its fields were called (old path → new path; a dot leads
    into an object), `fills` the values by path for documents that would have none.
    """

    collection: Collection
    renamed_from: str = ""
    renames: Mapping[str, str] = {}
    fills: Mapping[str, object] = {}


class WantedSchema(NamedTuple):
    """What a source names. `complete`: there shall be no collection beside these."""

    collections: tuple[WantedCollection, ...]
    complete: bool = False
