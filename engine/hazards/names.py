"""Sets of names in which one without a schema may be any, asked without looking at each."""

from __future__ import annotations

from miger.engine.hazards.changes import Name

_NONE: frozenset[str] = frozenset()


class Names:
    """Names of tables. A plan may hold thousands, and each statement asks about them."""

    def __init__(self) -> None:
        self._by_name: dict[str, set[str]] = {}  # lower-case name -> its schemas

    def add(self, name: Name) -> None:
        """Takes a name in."""
        self._by_name.setdefault(name.name.lower(), set()).add(name.schema)

    def discard(self, name: Name) -> None:
        """Forgets all that may be this one."""
        schemas = self._by_name.get(name.name.lower(), set())
        for schema in [schema for schema in schemas if name.fits(Name(name.name, schema))]:
            schemas.discard(schema)

    def __contains__(self, name: Name) -> bool:
        schemas = self._by_name.get(name.name.lower(), _NONE)
        return bool(schemas) and (not name.schema or name.schema in schemas or "" in schemas)
