"""A new project from a template."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from miger.engine.config import CONFIG_NAME
from miger.engine.errors import UsageError
from miger.scaffold.ids import new_id

TEMPLATES_FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "templates")
EVERY_TEMPLATE = "_every"  # what is the same in all of them


def template_names() -> list[str]:
    """The templates there are for a new project."""
    with os.scandir(TEMPLATES_FOLDER) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir() and entry.name[0] not in "._")


def project_files(directory: str, template: str) -> dict[str, str]:
    """What a new project in `directory` consists of: the text of each file by its path in there.

    `miger.toml` comes last; a folder with migrations of its own gets no first one. Raises UsageError.
    """
    names = template_names()
    if template not in names:
        raise UsageError(f"there is no template {template!r}", f"there are {', '.join(names)}")
    project = _project_name(directory)
    database = re.sub(r"[^A-Za-z0-9_]+", "_", project).strip("_") or "app"
    texts: dict[str, str] = {}
    for path, text in (*_template_files(EVERY_TEMPLATE), *_template_files(template)):
        texts[_dated(path)] = text.replace("__NAME__", project).replace("__DATABASE__", database)
    if _has_files(os.path.join(directory, "migrations")):
        texts = {path: text for path, text in texts.items() if os.path.dirname(path) != "migrations"}
    texts[CONFIG_NAME] = texts.pop(CONFIG_NAME)
    return texts


def create_project(directory: str, template: str) -> list[str]:
    """Writes a new project into `directory`, made if missing, and returns the paths written, relative to it.

    A file that is there already stays as it is. Raises UsageError, also where there is a `miger.toml`.
    """
    config = os.path.normpath(os.path.join(directory, CONFIG_NAME))
    if os.path.lexists(config):
        raise UsageError(f"{config} exists already", "`miger status` in that folder shows the project")
    written = []
    for path, text in project_files(directory, template).items():
        target = os.path.join(directory, path)
        try:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            with open(target, "x", encoding="utf-8", newline="\n") as file:
                file.write(text)
        except OSError as error:
            if isinstance(error, FileExistsError) and os.path.lexists(target):
                continue
            raise UsageError(f"cannot write {target}: {error.strerror}", "check the folder and its rights") from error
        written.append(path)
    return written


def _template_files(template: str) -> Iterator[tuple[str, str]]:
    """Path, relative to the template, and text of each file."""
    root = os.path.join(TEMPLATES_FOLDER, template)
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                yield os.path.normpath(os.path.join(os.path.relpath(folder, root), name)), file.read()


def _project_name(directory: str) -> str:
    """The folder's name as a project's: nothing in it means anything in TOML, a URL or a path."""
    name = os.path.basename(os.path.abspath(directory))
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "app"


def _dated(path: str) -> str:
    """The path of a template's file in a project: a migration's name gets the time before it."""
    folder, name = os.path.split(path)
    stem, suffix = os.path.splitext(name)
    return os.path.join(folder, new_id(stem) + suffix) if folder == "migrations" else path


def _has_files(folder: str) -> bool:
    try:
        return any(not name.startswith(".") for name in os.listdir(folder))
    except OSError:
        return False
