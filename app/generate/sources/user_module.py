"""Importing a module of the project, and finding something in it: every failure is told with file and line.

For a process apart: see `apart`.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
from collections.abc import Iterable
from types import ModuleType
from typing import Any

from miger.engine.errors import ConfigError, Problem


def import_module(name: str, folder: str) -> ModuleType:
    """The module of the project in `folder`, looked for as `python -c` there would.

    What else this process needs should be imported before: a `psycopg.py` of the project's would come first.
    Raises ConfigError for whatever stands against it.
    """
    if folder not in sys.path[:1]:
        sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (error.name == name or name.startswith(f"{error.name}.")):
            hint = f"modules are looked for in {folder} first, then where Python finds its packages"
            raise ConfigError(f"there is no module {error.name!r}", hint=hint) from error
        raise failed(f"the module {name} cannot be imported", error, folder) from error
    except (Exception, SystemExit) as error:
        raise failed(f"the module {name} cannot be imported", error, folder) from error


def failed(what: str, error: BaseException, folder: str) -> ConfigError:
    """The ConfigError for an exception that the project's code has raised, with the place nearest to its cause."""
    text = str(error) or "no message"
    if isinstance(error, SystemExit):
        text = f"it ends the process: sys.exit({error.code!r})"
    if isinstance(error, SyntaxError):
        text = error.msg
    message = " ".join(f"{type(error).__name__}: {text}".split())
    file, line = _place(error, folder)
    if not file:
        return ConfigError(f"{what}: {message}")
    return ConfigError(what, [Problem(file, line, message)])


def _place(error: BaseException, folder: str) -> tuple[str, int | None]:
    """File and line: of a syntax error its own, else of the innermost frame in the project; "" where there is none."""
    if isinstance(error, SyntaxError) and error.filename:
        return error.filename, error.lineno
    inside = os.path.join(os.path.realpath(folder), "")
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if os.path.realpath(frame.filename).startswith(inside)
        and "site-packages" not in frame.filename
        and not frame.filename.startswith("<")  # `<frozen os>` is no file, and would be one of this folder
    ]
    return (frames[-1].filename, frames[-1].lineno) if frames else ("", None)


def find_attribute(module: ModuleType, path: str, instead: Iterable[str]) -> Any:
    """What `path` (`Base.metadata`) names in the module. Raises ConfigError that says what there is `instead`."""
    found: Any = module
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            there = ", ".join(f"{module.__name__}:{one}" for one in instead)
            hint = f"there is {there}" if there else "there is nothing else in it that could be meant"
            raise ConfigError(f"{module.__name__} has no {path}", hint=hint) from None
    return found
