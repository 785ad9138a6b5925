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
    "mongodb": "miger.backends.mongodb:MongodbBackend",
    "mongodb+srv": "miger.backends.mongodb:MongodbBackend",
}


def backend_for(environment: Environment, prefix: str, file: str = "miger.toml") -> Backend:
    """The backend for an environment, not yet open. Raises ConfigError for a scheme that nobody serves."""
    return backend_class_for(environment, file)(environment, prefix)


def backend_class_for(environment: Environment, file: str = "miger.toml") -> type[Backend]:
    """The class that serves an environment's URL.

    Raises ConfigError for a scheme that nobody serves, or whose plugin cannot be imported.
    """
    scheme = environment.url.reveal().partition(":")[0].lower()
    if scheme in OURS:
        return _load(OURS[scheme])
    plugins = _plugins()
    if scheme not in plugins:
        names = ", ".join([*OURS, *sorted(plugins.keys() - OURS.keys())])
        raise _unserved(
            environment, file, f"no backend serves {scheme!r}", f"there are {names}; a plugin may add others"
        )
    try:
        return _load(plugins[scheme])
    except (ImportError, AttributeError) as error:
        message = f"the plugin for {scheme!r} cannot be imported: {error}"
        raise _unserved(environment, file, message, f"install it anew; it says that it is {plugins[scheme]}") from error


def _load(path: str) -> type[Backend]:
    module, _, name = path.partition(":")
    return cast("type[Backend]", getattr(importlib.import_module(module), name))


def _plugins() -> dict[str, str]:
    """Where the class for each scheme is, as installed packages say."""
    from importlib.metadata import entry_points  # deferred: reads every installed package

    return {entry_point.name: entry_point.value for entry_point in entry_points(group="miger.backends")}


def _unserved(environment: Environment, file: str, message: str, hint: str) -> ConfigError:
    problem = Problem(file, None, f"environments.{environment.name}.url: {message}", hint)
    return ConfigError("no such kind of database", [problem])
