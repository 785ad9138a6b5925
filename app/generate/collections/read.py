"""The collections as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from miger.forms.reading_mongodb import LISTING_SECONDS, OURS
from miger.generate.collections.values import ERROR, STRICT, Collection, IndexSpec

if TYPE_CHECKING:
    from miger.backends.mongodb import MongodbBackend

NOT_OPTIONS = frozenset({"key", "name", "v", "ns", "background"})
VALIDATION = frozenset({"validator", "validationLevel", "validationAction"})


def read_live(backend: MongodbBackend) -> tuple[Collection, ...]:
    """The collections by name; no views, none of the server's, none of Miger's own. Raises StatementError."""
    backend.open()
    ours = {f"{backend.prefix}{name}" for name in OURS}
    with backend.told(LISTING_SECONDS):
        listed = {item["name"]: item for item in backend.catalog.listed() if item.get("type") != "view"}
        names = sorted(set(listed) - ours)
        indexes = {name: backend.catalog.indexes(name) for name in names}
    return tuple(_collection(name, listed[name].get("options", {}), indexes[name]) for name in names)


def _collection(name: str, options: Mapping[str, Any], indexes: Mapping[str, Mapping[str, Any]]) -> Collection:
    return Collection(
        name,
        _plain(options.get("validator")) or None,
        str(options.get("validationLevel", STRICT)),
        str(options.get("validationAction", ERROR)),
        tuple(_index(index) for _, index in sorted(indexes.items())),
        {word: _plain(value) for word, value in options.items() if word not in VALIDATION},
    )


def _index(index: Mapping[str, Any]) -> IndexSpec:
    """What made it. A text index has its fields in its weights."""
    options = {word: _plain(value) for word, value in index.items() if word not in NOT_OPTIONS}
    pairs: list[tuple[str, Any]] = []
    for field, kind in index["key"].items():
        if field == "_fts":
            pairs += [(name, "text") for name in index.get("weights", {})]
        elif field != "_ftsx":
            pairs.append((field, int(kind) if isinstance(kind, float) and kind.is_integer() else kind))
    return IndexSpec(tuple(pairs), options, index["name"])


def _plain(value: Any) -> Any:
    """Dictionaries and lists in place of the driver's own."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
