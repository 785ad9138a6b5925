"""What of a table on MySQL and MariaDB has to be changed in one statement, because one thing rests on another."""

from __future__ import annotations

from collections.abc import Sequence

from miger.engine.catalog import Index
from miger.generate.writing.mysql.changes import Changes


class Bound:
    """`columns` are those that the one statement alters; `held` the columns of foreign keys that stay."""

    def __init__(self, changes: Changes, held: Sequence[tuple[str, ...]]) -> None:
        self.changes, self._held = changes, held
        moving = [*changes.indexes_going, *changes.indexes_aside]
        self._rests = any(self._holds(index.columns) for index in moving) or (
            changes.key_changes and changes.key_before is not None and self._holds(changes.key_before.columns)
        )
        self.columns = self._find_columns()

    def _find_columns(self) -> set[str]:
        """The columns that are altered in the one statement which changes keys.

        A counted column must have a key at every moment, a foreign key an index, and a primary key its columns.
        """
        changes = self.changes
        found = set(changes.counted) if changes.counting_changes else set()
        found |= changes.keyed if changes.key_changes else set()
        more = True
        while more:
            parts = [index for index in self._moving() if self._joins(index, found)]
            wider = found | {name for index in parts for name in index.columns if name in changes.leaving}
            more, found = wider != found, wider
        return found

    def _moving(self) -> list[Index]:
        changes = self.changes
        return [*changes.indexes_going, *changes.indexes_coming, *changes.indexes_aside]

    def _joins(self, index: Index, together: set[str]) -> bool:
        return bool(
            self.changes.counted.intersection(index.columns)
            or (self._rests and self._holds(index.columns))
            or (together and not self.changes.leaving.isdisjoint(index.columns) and together >= set(index.columns))
        )

    def _holds(self, columns: Sequence[str]) -> bool:
        """Whether a foreign key may rest on an index of these columns."""
        return any(set(columns[: len(held)]) == set(held) for held in self._held)

    def joins(self, index: Index) -> bool:
        """Whether an index is dropped or made in that statement."""
        return self._joins(index, self.columns)

    def would_go(self, index: Index) -> Index | None:
        """The index of a foreign key that would go by itself: one that the key has made goes for a wider one."""
        moving = self._moving()
        for other in self.changes.before.indexes:
            front = index.columns[: len(other.columns)] == other.columns and len(index.columns) > len(other.columns)
            if front and other not in moving and other in self.changes.after.indexes and other.columns in self._held:
                return other
        return None
