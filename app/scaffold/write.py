"""Writing a draft into the migrations folder: whole or not at all, and over nothing."""

from __future__ import annotations

import contextlib
import os

from miger.engine.errors import UsageError
from miger.engine.graph import MigrationGraph
from miger.engine.loader import SUFFIXES
from miger.scaffold.draft import MigrationDraft, draft_text
from miger.scaffold.ids import new_id
from miger.scaffold.problems import draft_problems


def write_draft(folder: str, graph: MigrationGraph, draft: MigrationDraft, now: float | None = None) -> str:
    """Writes the draft's file into `folder`, made if missing, and returns its path.

    `now` is the time that its id begins with. Raises UsageError: for the first problem of the draft, where a
    file of that id is there, and where the file cannot be written, of which nothing is left then.
    """
    for problem in draft_problems(draft, graph, now):
        raise UsageError(problem.message, problem.hint)
    id = new_id(draft.name, now)
    path = os.path.join(folder, f"{id}.{draft.suffix}")
    try:
        os.makedirs(folder, exist_ok=True)
        for suffix in SUFFIXES:
            twin = os.path.join(folder, f"{id}.{suffix}")
            if os.path.lexists(twin):
                raise FileExistsError(twin)
        _write_new(path, draft_text(draft))
    except FileExistsError as error:
        raise UsageError(
            f"{error.args[0] if len(error.args) == 1 else path} exists already", "choose another name"
        ) from error
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}", "check the rights on the folder, and its disk"
        ) from error
    return path


def _write_new(path: str, text: str) -> None:
    """Makes the file at once with all its text, so that nobody who watches the folder reads half of it.

    Raises FileExistsError, and OSError with nothing left behind.
    """
    folder, name = os.path.split(path)
    unfinished = os.path.join(folder, f".{name}.{os.getpid()}")  # names with a dot are no migrations
    try:
        with open(unfinished, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _give_name(unfinished, path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(unfinished)


def _give_name(unfinished: str, path: str) -> None:
    """The second name of a file can be had only where it is free; not every file system knows second names."""
    try:
        os.link(unfinished, path)
    except FileExistsError:
        raise
    except OSError:
        with open(path, "x"):
            pass
        try:
            os.replace(unfinished, path)  # over the empty file that is ours
        except OSError:
            os.unlink(path)
            raise
