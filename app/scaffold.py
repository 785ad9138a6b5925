"""Writing new migrations and new projects: the same code for the command line and the wizard."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence

from miger.engine.config import CONFIG_NAME
from miger.engine.errors import UsageError
from miger.engine.graph import MigrationGraph

TEMPLATES_FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")
EVERY_TEMPLATE = "_every"  # what is the same in all of them

SQL_BODY = """-- miger:up


-- miger:down

"""
PYTHON_BODY = """from miger import Sql


def up(db: Sql) -> None:
    db.execute("SELECT 1")


def down(db: Sql) -> None:
    db.execute("SELECT 1")
"""
MONGODB_BODY = """from miger import Mongo


def up(db: Mongo) -> None:
    db.log("nothing yet")


def down(db: Mongo) -> None:
    db.log("nothing yet")
"""


def new_id(name: str, now: float | None = None) -> str:
    """A migration's id from what a person calls it: a timestamp (UTC) and the name in snake case.

    Raises UsageError for a name that is none, or that looks like a path.
    """
    if not name.strip() or re.search(r"[/\\\\'\"`\0]|\.\.", name):
        raise UsageError(f"{name!r} is no name for a migration", "use letters, digits and _: `add_user_email`")
    slug = re.sub(r"[^a-z0-9]+", "_", name.strip().lower()).strip("_")
    if not slug or len(slug) > 100:
        raise UsageError(f"{name!r} is no name for a migration", "use up to 100 letters a to z, digits and _")
    return f"{time.strftime('%Y%m%d%H%M%S', time.gmtime(now))}_{slug}"


def migration_text(
    kind: str, title: str, depends: Sequence[str], phase: str | None = None, release: str | None = None
) -> str:
    """The text of a new migration file of kind sql, python or mongodb."""
    mark = "--" if kind == "sql" else "#"
    quoted = ", ".join(f'"{parent}"' for parent in depends)
    metadata = [f"depends = [{quoted}]"]
    metadata += [f'phase = "{phase}"'] if phase else []
    metadata += [f'release = "{_toml(release)}"'] if release else []
    block = "".join(f"{mark} {line}\n" for line in ["/// miger", *metadata, "///"])
    if kind == "sql":
        return block + SQL_BODY
    body = MONGODB_BODY if kind == "mongodb" else PYTHON_BODY
    return f'"""{title}."""\n\n{block}\n{body}'


def create_migration(
    folder: str,
    graph: MigrationGraph,
    name: str,
    *,
    kind: str = "sql",
    depends: Sequence[str] | None = None,
    phase: str | None = None,
    release: str | None = None,
) -> str:
    """Writes a new migration into `folder` and returns its path. Its parents are the heads if not given.

    Raises UsageError, UnknownTarget.
    """
    id = new_id(name)
    if id in graph:
        raise UsageError(f"there is a migration {id} already", "choose another name")
    if release is not None and not (release.strip() and release.isprintable()):
        raise UsageError(f"{release!r} is no name for a release", "use a plain word: `v2`")
    parents = graph.heads if depends is None else tuple(dict.fromkeys(map(graph.resolve, depends)))
    suffix = "sql" if kind == "sql" else "py"
    path = os.path.join(folder, f"{id}.{suffix}")
    title = name.strip().replace("_", " ").capitalize()
    try:
        os.makedirs(folder, exist_ok=True)
        with open(path, "x", encoding="utf-8", newline="\n") as file:
            file.write(migration_text(kind, title, parents, phase, release))
    except FileExistsError as error:
        raise UsageError(f"{path} exists already", "choose another name") from error
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", "check the rights on the folder") from error
    return path


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


def _toml(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
