"""Read `miger.toml`: the project, and the environments it can run against."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from miger.engine.environments import OUT_OF_ORDER, Environment, KeyPath, resolve_environment
from miger.engine.errors import ConfigError, Problem
from miger.engine.interpolation import InterpolationError, interpolate
from miger.engine.schemas.validators import validate_config
from miger.engine.schemas.violation import JsonSchemaValuesException

__all__ = ["CONFIG_NAME", "Config", "Environment", "find_config", "load_config"]

CONFIG_NAME = "miger.toml"

_Tables = Mapping[str, Mapping[str, object]]


class Config:
    """What `miger.toml` says. `path`, `folder` and `migrations` are absolute; `default` names an environment.

    `schema` says where the wanted schema is written, for environments that say nothing else; "" if nowhere.
    Environments are resolved when they are asked for, so that a variable that only `prod` needs may be
    unset as long as nobody asks for `prod`.
    """

    def __init__(
        self,
        path: str,
        name: str,
        migrations: str,
        default: str,
        history: str,
        out_of_order: str,
        drift_ignore: tuple[str, ...],
        tables: _Tables,
        text: str,
        variables: Mapping[str, str],
        schema: str = "",
    ) -> None:
        self.path = path
        self.folder = os.path.dirname(path)
        self.name = name
        self.migrations = migrations
        self.default = default
        self.history = history
        self.out_of_order = out_of_order
        self.drift_ignore = drift_ignore
        self.schema = schema
        self._tables = tables
        self._text = text
        self._variables = variables

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Config) and (self.path, self._text) == (other.path, other._text)

    def __hash__(self) -> int:
        return hash((self.path, self._text))

    def read_again(self) -> Config:
        """What the file says now; equal to this one if that is the same. Raises ConfigError."""
        return load_config(self.path, self._variables)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the environments, in the order of the file. Resolves none of them."""
        return tuple(self._tables)

    @property
    def environments(self) -> dict[str, Environment]:
        """All environments, resolved. Raises ConfigError with the problems of all of them."""
        problems: list[Problem] = []
        resolved = {name: self._resolve(name, problems) for name in self._tables}
        if problems:
            raise _invalid(problems)
        return {name: environment for name, environment in resolved.items() if environment is not None}

    def environment(self, name: str | None = None) -> Environment:
        """The environment called `name`, or the default one. Raises ConfigError if it is not right."""
        name = self.default if name is None else name
        if name not in self._tables:
            raise ConfigError(f"there is no environment {name!r}", hint=_did_you_mean(name, self.names))
        problems: list[Problem] = []
        environment = self._resolve(name, problems)
        if environment is None:
            raise _invalid(problems)
        return environment

    def _resolve(self, name: str, problems: list[Problem]) -> Environment | None:
        def complain(path: KeyPath, message: str, hint: str) -> None:
            problems.append(_problem(self.path, self._text, path, message, hint))

        return resolve_environment(
            name,
            self._tables[name],
            folder=self.folder,
            out_of_order=self.out_of_order,
            variables=self._variables,
            complain=complain,
            schema=self.schema,
        )


def find_config(start: str = ".") -> str:
    """The path of the nearest `miger.toml` in `start` or above it. Raises ConfigError if there is none."""
    try:
        folder = os.path.abspath(start)
    except FileNotFoundError:
        raise ConfigError("the current folder has been deleted", hint="change to another, or -C DIR") from None
    while True:
        path = os.path.join(folder, CONFIG_NAME)
        if os.path.isfile(path):
            return path
        parent = os.path.dirname(folder)
        if parent == folder:
            break
        folder = parent
    raise ConfigError(f"there is no {CONFIG_NAME} in {os.path.abspath(start)} or above it", hint=_INIT)


def load_config(path: str, variables: Mapping[str, str] | None = None) -> Config:
    """Read the configuration at `path`, the file itself or its folder.

    `variables` are what `${NAME}` is filled in from: the process environment if left out. Raises
    ConfigError with every problem found.
    """
    path = os.path.abspath(path)
    if os.path.isdir(path):
        path = os.path.join(path, CONFIG_NAME)
    text = _read(path)
    document = _parse(path, text)
    variables = os.environ if variables is None else variables
    problems: list[Problem] = []
    try:
        validate_config(document)
    except JsonSchemaValuesException as violations:
        from miger.engine.schemas.explain import explain  # only once something is wrong

        for finding in explain(violations, document):
            problems.append(_problem(path, text, finding.path, finding.message, finding.hint))
    config = _config(path, text, document, variables, problems)
    if problems:
        raise _invalid(problems)
    return config


_INIT = "`miger init` makes one; -C DIR looks elsewhere"
_HISTORY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")


def _read(path: str) -> str:
    """The text of the file. Raises ConfigError where there is none, or none to read."""
    try:
        with open(path, "rb") as file:
            content = file.read()
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except FileNotFoundError:
        raise ConfigError(f"there is no {path}", hint=_INIT) from None
    except OSError as error:
        problem = Problem(path, None, f"cannot be read: {error.strerror}", "check the rights of the file")
        raise _invalid([problem]) from error
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _invalid([Problem(path, line, "is not UTF-8 text", "save it as UTF-8")]) from None


def _parse(path: str, text: str) -> dict[str, object]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        from miger.engine.config_lines import line_of_error, reason_of_error

        message = f"is not valid TOML: {reason_of_error(error)}"
        raise _invalid([Problem(path, line_of_error(error, text), message)]) from None


def _config(
    path: str,
    text: str,
    document: Mapping[str, object],
    variables: Mapping[str, str],
    problems: list[Problem],
) -> Config:
    """The configuration in `document`. Adds to `problems` what the schema cannot tell; skips what it told."""
    folder = os.path.dirname(path)
    project = _table(document.get("project"))
    tables = {name: _table(table) for name, table in _table(document.get("environments")).items()}

    def complain(key: str, message: str, hint: str) -> None:
        problems.append(_problem(path, text, ("project", key), f"project.{key} {message}", hint))

    def value(key: str, default: str) -> str:
        written = project.get(key)
        if not isinstance(written, str):
            return default
        try:
            return interpolate(written, variables)
        except InterpolationError as error:
            complain(key, f"cannot be filled in: {error}", error.hint)
            return default

    first = next(iter(tables), "")
    default = value("default", first)
    if tables and default and default not in tables:
        complain("default", f"names no environment: {default!r}", _did_you_mean(default, tuple(tables)))
    history = value("history", "miger_")
    if not _HISTORY.fullmatch(history):
        complain("history", f"is no prefix for a table: {history!r}", _HISTORY_HINT)
    out_of_order = value("out_of_order", "error")
    if out_of_order not in OUT_OF_ORDER and "${" in str(project.get("out_of_order")):
        complain("out_of_order", f'must be "error", "warn" or "allow", not {out_of_order!r}', "")
    return Config(
        path=path,
        name=value("name", "") or os.path.basename(folder),
        migrations=os.path.normpath(os.path.join(folder, value("migrations", "migrations"))),
        default=default,
        history=history,
        out_of_order=out_of_order,
        drift_ignore=tuple(map(str, _list(project.get("drift_ignore")))),
        tables=tables,
        text=text,
        variables=variables,
        schema=value("schema", "").strip(),
    )


_HISTORY_HINT = "up to 40 letters, digits and underscores, not starting with a digit"


def _table(value: object) -> dict[str, Any]:
    """`value` if it is a table, else an empty one: the schema has told already."""
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    """`value` if it is a list, else an empty one: the schema has told already."""
    return value if isinstance(value, list) else []


def _problem(path: str, text: str, keys: KeyPath, message: str, hint: str) -> Problem:
    from miger.engine.config_lines import line_of  # only once something is wrong

    return Problem(path, line_of(text, keys), message, hint)


def _invalid(problems: list[Problem]) -> ConfigError:
    return ConfigError(f"{CONFIG_NAME} is not valid", problems)


def _did_you_mean(name: str, names: tuple[str, ...]) -> str:
    import difflib  # only once something is wrong

    close = difflib.get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else "there are: " + ", ".join(names)
