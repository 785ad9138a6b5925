"""What differs between two readings of a database's schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import NamedTuple


class SchemaChange(NamedTuple):
    """An object (`table users`) with its definition before and after; None where it is not there."""

    object: str
    before: str | None
    after: str | None

    @property
    def verb(self) -> str:
        """What became of the object: added, removed or changed."""
        if self.before is None:
            return "added"
        return "removed" if self.after is None else "changed"

    def lines(self) -> list[str]:
        """The lines that differ, each after `- ` or `+ `; none for an object that came or went whole."""
        if self.before is None or self.after is None:
            return []
        import difflib  # deferred: a run only compares

        compared = difflib.ndiff(self.before.splitlines(), self.after.splitlines())
        return [line for line in compared if line[:2] in ("- ", "+ ")]


def compare_schemas(
    before: Mapping[str, str], after: Mapping[str, str], ignored: Iterable[str] = ()
) -> tuple[SchemaChange, ...]:
    """What differs between two schemas, by object, but for objects that one of the patterns fits.

    Schemas are as `Backend.read_schema` gives them; patterns are those of a shell, for an object's kind
    and name: `table audit_*`.
    """
    patterns = tuple(ignored)
    return tuple(
        SchemaChange(name, before.get(name), after.get(name))
        for name in sorted({**before, **after})
        if before.get(name) != after.get(name) and not any(fnmatchcase(name, pattern) for pattern in patterns)
    )
