"""Questions to a live document database, limited in time. What it does not answer stays unknown."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from miger.engine.errors import MigerError, StatementError, UnreachableError
from miger.engine.hazards.live import BUDGET, EXAMPLES, SECONDS

Pipeline = list[dict[str, Any]]
Ask = Callable[[str, Pipeline, float], list[dict[str, Any]]]


class Documents:
    """What a database says of its collections."""

    def __init__(self, ask: Ask, seconds: float = SECONDS, budget: float = BUDGET) -> None:
        self._ask = ask
        self._seconds = seconds
        self._until = time.monotonic() + budget
        self.reasons: dict[str, None] = {}  # why something stayed unknown

    def count(self, collection: str, condition: dict[str, Any], most: int | None = None) -> int | None:
        """How many documents a condition holds for; `most` meaning as many or more."""
        limit: Pipeline = [{"$limit": most}] if most is not None else []
        found = self._answer(collection, [{"$match": condition}, *limit, {"$count": "n"}])
        return None if found is None else int(found[0]["n"]) if found else 0

    def twice(self, collection: str, fields: Sequence[str], *, sparse: bool) -> tuple[int, list[str]] | None:
        """How many values (of several fields together) occur more than once, and examples."""
        present: Pipeline = [{"$match": {"$or": [{field: {"$exists": True}} for field in fields]}}] if sparse else []
        key: Any = f"${fields[0]}" if len(fields) == 1 else {f"f{at}": f"${field}" for at, field in enumerate(fields)}
        groups = [*present, {"$group": {"_id": key, "n": {"$sum": 1}}}, {"$match": {"n": {"$gt": 1}}}]
        found = self._answer(collection, [*groups, {"$count": "n"}])
        if not found or not found[0]["n"]:
            return None
        examples = self._answer(collection, [*groups, {"$sort": {"_id": 1}}, {"$limit": EXAMPLES}]) or []
        return int(found[0]["n"]), [repr(example["_id"]) for example in examples]

    def _answer(self, collection: str, pipeline: Pipeline) -> list[dict[str, Any]] | None:
        left = self._until - time.monotonic()
        if left <= 0:
            self.reasons.setdefault("there was no time left for more questions to the database")
            return None
        try:
            return self._ask(collection, pipeline, min(self._seconds, left))
        except UnreachableError:
            raise
        except StatementError as error:
            if error.disconnected:
                raise
            self.reasons.setdefault(f"the database gave no answer: {error.message}")
        except MigerError as error:
            self.reasons.setdefault(error.message)
        return None
