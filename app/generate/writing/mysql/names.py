"""Names for constraints that nobody has named, so that the way back knows what to drop.

What MySQL and MariaDB make up (`CONSTRAINT_1`, `orders_ibfk_1`) depends on what was there before, so that the name
in one database says nothing about that in another. What a migration adds is therefore given a name, which follows
from what it is: the way there and the way back find the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from miger.engine.catalog import CHECK, FOREIGN_KEY, Catalog, Constraint, Table
from miger.generate.differences import Differences
from miger.generate.writing.mysql.words import LONGEST

_ENDINGS = {CHECK: "check", FOREIGN_KEY: "fk"}


class ConstraintNames:
    """The names of constraints as they are in the database that the migration runs on.

    On the way `back` that database has what the way there has added, under the names that this gave; and what was
    there before, under the names that it has in `after`.
    """

    def __init__(self, found: Differences, before: Catalog, after: Catalog, *, back: bool) -> None:
        self._back = back
        self._given = _given(found, before, after)

    def coming(self, table: str, found: Constraint) -> str:
        """Under which name one is added."""
        if self._back and found.name:  # as it was, so that the way there finds it once more
            return found.name
        return found.name if found.named else self._given.get(_key(table, found), found.name)

    def going(self, table: str, found: Constraint) -> str:
        """Under which name one is there that goes."""
        if found.named or not self._back:
            return found.name
        return self._given.get(_key(table, found), found.name)

    def live(self, before: Table, after: Table) -> Table:
        """Which of the two tables has the names that are there of what stays."""
        return after if self._back else before


def _key(table: str, found: Constraint) -> tuple[str, str, str]:
    return (table, found.kind, found.definition)


def _given(found: Differences, before: Catalog, after: Catalog) -> Mapping[tuple[str, str, str], str]:
    """The same for both ways: what comes or goes, in an order of its own."""
    taken = {one.name for catalog in (before, after) for table in catalog.tables for one in table.constraints}
    given: dict[tuple[str, str, str], str] = {}
    for table, one in sorted(_unnamed(found)):
        base = "_".join([table, *one.columns, _ENDINGS[one.kind]])
        name, number = base[:LONGEST], 1
        while name in taken:
            number += 1
            name = f"{base[: LONGEST - 4]}_{number}"
        if _key(table, one) not in given:
            given[_key(table, one)] = name
            taken.add(name)
    return given


def _unnamed(found: Differences) -> Iterator[tuple[str, Constraint]]:
    for difference in found.tables:
        if difference.before is None or difference.after is None:
            constraints = [one for one in difference.table.constraints if one.kind == FOREIGN_KEY]
        else:
            constraints = [one for pair in difference.constraints for one in pair if one is not None]
        for one in constraints:
            if not one.named and one.kind in _ENDINGS:
                yield difference.table.name, one._replace(name="")
