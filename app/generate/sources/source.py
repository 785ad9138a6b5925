"""Where the wanted schema is written: models of SQLAlchemy, annotated classes, or SQL files."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Protocol

from miger.engine.errors import UsageError

if TYPE_CHECKING:
    from miger.engine.backend import Backend
    from miger.engine.catalog import Catalog
    from miger.generate.scope import Scope

_MODULE = re.compile(r"(?P<module>[^\W\d]\w*(\.[^\W\d]\w*)*)(:(?P<attribute>[^\W\d]\w*(\.[^\W\d]\w*)*))?")
_EXAMPLES = 'give models ("shop.models:Base.metadata"), a module of classes ("shop.models") or SQL ("schema.sql")'


class Source(Protocol):
    """Where a wanted schema comes from. Nothing of it is read or run before `build`."""

    @property
    def text(self) -> str:
        """What the configuration says: for messages."""

    @property
    def scope(self) -> Scope:
        """What it speaks of; of all else it says neither that it shall be there nor that it shall not."""

    @property
    def renames(self) -> tuple[tuple[str, str], ...]:
        """What it says to have been renamed, as old and new name (`users.mail`, `users.email`). Known after `build`."""

    def build(self, blank: Backend, live: Catalog | None = None) -> None:
        """Makes all that it wants in an empty database, out of a transaction.

        `live` is the database that it is meant for, where that is known. Raises ConfigError with file and line of
        what cannot be read or made.
        """


def find_source(text: str, folder: str) -> Source:
    """The source that `schema = text` in the miger.toml of `folder` means, for a database with SQL.

    Raises UsageError where that is nothing, or not there. No code of the project is run.
    """
    text = text.strip()
    if not text:
        raise UsageError(
            "miger.toml does not say where the wanted schema is written",
            f'put `schema = "…"` into [project]: {_EXAMPLES}',
        )
    path = os.path.normpath(os.path.join(folder, text))
    if _means_sql(text, path):
        from miger.generate.sources.of_sql import SqlSource

        return SqlSource(text, path)
    found = _MODULE.fullmatch(text)
    if found is None or text.endswith(".py"):
        hint = f"write it with dots: {_dotted(text)!r}" if text.endswith(".py") else _EXAMPLES
        raise UsageError(f"schema = {text!r} is neither a module nor SQL", hint)
    if found["attribute"]:
        from miger.generate.sources.of_python import MetadataSource

        return MetadataSource(text, folder, found["module"], found["attribute"])
    from miger.generate.sources.of_python import ClassesSource

    return ClassesSource(text, folder, found["module"])


def _means_sql(text: str, path: str) -> bool:
    """Whether it is an SQL file, or a folder of them; a package of Python beside it holds none."""
    if text.lower().endswith(".sql") or text.endswith(("/", os.sep)):
        return True
    return os.path.isdir(path) and not os.path.exists(os.path.join(path, "__init__.py"))


def _dotted(path: str) -> str:
    return path.removesuffix(".py").replace("\\", "/").strip("./").replace("/", ".")
