"""Writing new migrations and new projects: the same code for the command line and the wizard."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Sequence

from miger.engine.errors import UsageError
from miger.engine.graph import MigrationGraph

SQL_BODY = """-- miger:up


-- miger:down

"""
PYTHON_BODY = """from miger import Sql


def up(db: Sql) -> None:
    db.execute("SELECT 1")


def down(db: Sql) -> None:
    db.execute("SELECT 1")
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
    """The text of a new migration file of kind sql or python."""
    mark = "--" if kind == "sql" else "#"
    quoted = ", ".join(f'"{parent}"' for parent in depends)
    metadata = [f"depends = [{quoted}]"]
    metadata += [f'phase = "{phase}"'] if phase else []
    metadata += [f'release = "{_toml(release)}"'] if release else []
    block = "".join(f"{mark} {line}\n" for line in ["/// miger", *metadata, "///"])
    if kind == "sql":
        return block + SQL_BODY
    return f'"""{title}."""\n\n{block}\n{PYTHON_BODY}'


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
    parents = graph.heads if depends is None else [graph.resolve(parent) for parent in depends]
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


def _toml(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
