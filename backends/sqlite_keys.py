"""SQLite's foreign keys around a table rebuild, while they are not enforced."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from miger.engine.errors import StatementError

Query = Callable[[str], list[tuple[Any, ...]]]


class ForeignKeys:
    """What is known of a database's foreign keys, and which rows break them."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._seen: tuple[int, bool] | None = None  # in which version of the schema there are any
        self._broken_before: dict[tuple[str, str], int] = {}

    def forget(self) -> None:
        """To be called after a rollback: the number of the schema's version will be given again."""
        self._seen = None

    def know_of_none(self) -> None:
        """Takes it as known that the schema, as it is now, has none."""
        self._seen = (self._version(), False)

    def exist(self) -> bool:
        """Reads the whole schema, hence once for each version of it."""
        version = self._version()
        if self._seen is None or self._seen[0] != version:
            found = self._query("SELECT 1 FROM sqlite_master WHERE sql LIKE '%references%' LIMIT 1")
            self._seen = (version, bool(found))
        return self._seen[1]

    def note_broken(self) -> bool:
        """Notes what is broken now, so that it is nobody's fault later. Whether there are keys at all."""
        exist = self.exist()
        self._broken_before = self._broken() if exist else {}
        return exist

    def refuse_broken(self) -> None:
        """Keys were off while tables were dropped: what is broken now must have been so. Raises StatementError."""
        for (table, parent), count in self._broken().items():
            new = count - self._broken_before.get((table, parent), 0)
            if new > 0:
                raise StatementError(
                    f"{new} rows of {table} would point to nothing in {parent}",
                    "foreign keys are off while a table is rebuilt; change or delete the child rows as well",
                    code="SQLITE_CONSTRAINT_FOREIGNKEY",
                )

    def _version(self) -> int:
        [(version,)] = self._query("PRAGMA schema_version")
        return int(version)

    def _broken(self) -> dict[tuple[str, str], int]:
        """How many rows of which table point to nothing in which parent table."""
        if not self.exist():
            return {}
        counts: dict[tuple[str, str], int] = {}
        try:
            found = self._query("PRAGMA foreign_key_check")
        except StatementError:  # a key that names no unique column of its parent: it can't be checked at all
            found = self._check_each_table()
        for table, _, parent, _ in found:
            counts[table, parent] = counts.get((table, parent), 0) + 1
        return counts

    def _check_each_table(self) -> list[tuple[Any, ...]]:
        """As `PRAGMA foreign_key_check`, without the tables whose keys it refuses to check."""
        found: list[tuple[Any, ...]] = []
        for (table,) in self._query("SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE '%references%'"):
            with contextlib.suppress(StatementError):
                found += self._query(f'PRAGMA foreign_key_check("{table.replace(chr(34), chr(34) * 2)}")')
        return found
