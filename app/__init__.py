"""Miger: see, rehearse, run and recover database migrations.

`Project` is the Python face of everything; `Sql` (on MongoDB `Mongo`) is what a Python migration gets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from miger.backends.mongodb_session import Mongo, MongoBatch
    from miger.backends.session import Batch, Sql
    from miger.engine.errors import MigerError
    from miger.project import Project

__all__ = ["Batch", "MigerError", "Mongo", "MongoBatch", "Project", "Sql", "__version__"]

_HOMES = {
    "Batch": "miger.backends.session",
    "MigerError": "miger.engine.errors",
    "Mongo": "miger.backends.mongodb_session",
    "MongoBatch": "miger.backends.mongodb_session",
    "Project": "miger.project",
    "Sql": "miger.backends.session",
}


def __getattr__(name: str) -> object:
    """Imports a public name when it is first used, so that `import miger` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
