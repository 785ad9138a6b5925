"""Which backend serves a URL: our own by name, others by the entry-point group `miger.backends`."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

from miger.engine.errors import ConfigError, Problem

if TYPE_CHECKING:
    from miger.engine.backend import Backend
    from miger.engine.environments import Environment

OURS = {
    "sqlite": "miger.backends.sqlite:SqliteBackend",
    "postgresql": "miger.backends.postgresql:PostgresqlBackend",
    "postgres": "miger.backends.postgresql:PostgresqlBackend",
    "mysql": "miger.backends.mysql:MysqlBackend",
    "mariadb": "miger.backends.mysql:MysqlBackend",
}


def backend_for(environment: Environment, prefix: str, file: str = "miger.toml") -> Backend:
    """The backend for an environment, not yet open. Raises ConfigError for a scheme that nobody serves."""
    return backend_class_for(environment, file)(environment, prefix)


def backend_class_for(environment: Environment, file: str = "miger.toml") -> type[Backend]:
    """The class that serves an environment's URL. Raises ConfigError for a scheme that nobody serves."""
    scheme = environment.url.reveal().partition(":")[0].lower()
    path = OURS.get(scheme) or _installed(scheme)
    if path is None:
        problem = Problem(
            file,
            None,
            f"environments.{environment.name}.url: no backend serves {scheme!r}",
            f"there are {', '.join(OURS)}; a plugin may add others",
        )
        raise ConfigError("no such kind of database", [problem])
    module, _, name = path.partition(":")
    return cast("type[Backend]", getattr(importlib.import_module(module), name))


def _installed(scheme: str) -> str | None:
    from importlib.metadata import entry_points  # deferred: reads every installed package

    for entry_point in entry_points(group="miger.backends", name=scheme):
        return entry_point.value
    return None
