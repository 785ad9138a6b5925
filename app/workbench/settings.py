"""What the workbench remembers from one start to the next. Never a secret: names, sizes and a filter."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
from typing import NamedTuple

from platformdirs import user_state_dir


class Settings(NamedTuple):
    """What was last chosen in one project. Sizes are in cells of the terminal, 0 for the usual ones."""

    environment: str = ""
    theme: str = "miger-dark"
    filter: str = ""
    detail_width: int = 0
    log_height: int = 0


def settings_path(config_path: str) -> str:
    """The file that belongs to a project; its name does not tell the path."""
    digest = hashlib.sha256(os.path.realpath(config_path).encode()).hexdigest()[:16]
    return os.path.join(user_state_dir("miger", appauthor=False), f"workbench-{digest}.json")


def load_settings(config_path: str) -> Settings:
    """What was remembered; the usual ones where there is nothing, or nothing that can be read."""
    try:
        with open(settings_path(config_path), encoding="utf-8") as file:
            found = json.load(file)
    except (OSError, ValueError, RecursionError):  # the last: brackets in brackets in brackets
        return Settings()
    if not isinstance(found, dict):
        return Settings()
    usual = Settings()._asdict()
    return Settings(**{name: found[name] for name in usual if type(found.get(name)) is type(usual[name])})


def save_settings(config_path: str, settings: Settings) -> None:
    """Remembers; where that cannot be written, nothing is remembered, and nobody is bothered with it."""
    path = settings_path(config_path)
    folder, name = os.path.split(path)
    with contextlib.suppress(OSError):
        os.makedirs(folder, mode=0o700, exist_ok=True)
        # A file of its own, replaced in one stroke: several workbenches may save at once, the last one counts.
        descriptor, temporary = tempfile.mkstemp(prefix=f"{name}.", dir=folder)
        try:
            with open(descriptor, "w", encoding="utf-8") as file:
                json.dump(settings._asdict(), file)
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
