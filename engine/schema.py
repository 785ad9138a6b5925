"""What differs between two readings of a database's schema."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
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


Definition = Callable[[Mapping[str, str], str], str]
"""`Backend.definition`: that of one object of a schema, the same for texts of the same meaning."""


def _as_read(schema: Mapping[str, str], name: str) -> str:
    return schema[name]


def compare_schemas(
    before: Mapping[str, str],
    after: Mapping[str, str],
    ignored: Iterable[str] = (),
    *,
    definition: Definition = _as_read,
) -> tuple[SchemaChange, ...]:
    """What differs between two schemas, by object, but for objects that one of the patterns fits.

    Schemas are as `Backend.read_schema` gives them; patterns are those of a shell, for an object's kind
    and name: `table audit_*`. `definition` is only asked where the texts differ.
    """
    patterns = tuple(ignored)
    return tuple(
        SchemaChange(
            name,
            definition(before, name) if name in before else None,
            definition(after, name) if name in after else None,
        )
        for name in changed_objects(before, after, definition=definition)
        if not any(fnmatchcase(name, pattern) for pattern in patterns)
    )


def changed_objects(
    before: Mapping[str, str], after: Mapping[str, str], *, definition: Definition = _as_read
) -> tuple[str, ...]:
    """The names of the objects that differ, in order. Objects that came or went cost nothing here."""
    return tuple(
        name
        for name in sorted({**before, **after})
        if before.get(name) != after.get(name)
        and (name not in before or name not in after or definition(before, name) != definition(after, name))
    )
