"""What the documents of a collection say, asked before a migration is written. Reads alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from bson import json_util

if TYPE_CHECKING:
    from miger.backends.mongodb import MongodbBackend

SECONDS = 120.0  # for one pass over a collection
MOST_EXAMPLES = 3
LONGEST = 40  # characters of an example
NO_VALUE = frozenset({"missing", "null", "undefined"})


class Documents:
    """The documents of one collection. Raises StatementError."""

    def __init__(self, backend: MongodbBackend, collection: str) -> None:
        self._backend = backend
        self._collection = collection

    def count(self, filter: Mapping[str, Any]) -> int:
        """How many match a filter."""
        found = self._ask([{"$match": dict(filter)}, {"$count": "count"}])
        return int(found[0]["count"]) if found else 0

    def any(self, filter: Mapping[str, Any]) -> bool:
        """Whether one matches a filter."""
        return bool(self._ask([{"$match": dict(filter)}, {"$limit": 1}, {"$project": {"_id": 1}}]))

    def examples(self, filter: Mapping[str, Any], field: str) -> tuple[str, ...]:
        """A few different values of a field in those that match, as JSON."""
        group: list[dict[str, Any]] = [
            {"$group": {"_id": f"${field}"}},
            {"$sort": {"_id": 1}},
            {"$limit": MOST_EXAMPLES},
        ]
        return tuple(_shown(found["_id"]) for found in self._ask([{"$match": dict(filter)}, *group]))

    def types(self, fields: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """The types that the values of fields have, in one pass; null is none."""
        if not fields:
            return {}
        sets = {f"f{number}": {"$addToSet": {"$type": f"${field}"}} for number, field in enumerate(fields)}
        found = self._ask([{"$group": {"_id": None, **sets}}])
        seen = found[0] if found else {}
        return {field: tuple(sorted(set(seen.get(f"f{number}", ())) - NO_VALUE)) for number, field in enumerate(fields)}

    def _ask(self, pipeline: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return self._backend.ask_documents(self._collection, pipeline, SECONDS)


def _shown(value: object) -> str:
    text = json.dumps(json.loads(json_util.dumps(value)), ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
