"""Read a folder of migrations, without running any. A bad file is named and hides no other."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from miger.engine.errors import Problem
from miger.engine.migration import Migration
from miger.engine.source import Source, open_source, read_chunks, read_tiny
from miger.engine.sql_usual import read_usual

SUFFIXES = ("sql", "py")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class Loaded(NamedTuple):
    """The migrations of a folder by id, and everything wrong with its other files."""

    migrations: tuple[Migration, ...]
    problems: tuple[Problem, ...]


def load_folder(folder: str) -> Loaded:
    """Read all migrations in `folder`: `*.sql` and `*.py`, leaving out names that start with `.` or `_`.

    Raises nothing: what cannot be read is a problem.
    """
    problems: list[Problem] = []
    migrations: list[Migration] = []
    names: dict[str, str] = {}  # by id without case
    previous: str | None = None
    prefix = os.path.join(folder, "")
    for id, name, regular in _list(folder, problems):
        twin = names.setdefault(id.casefold(), name)
        if twin != name:
            problems.append(_clash(folder, id, name, twin))
        if id == previous:
            continue
        default = () if previous is None else (previous,)
        previous = id
        if not _ID.fullmatch(id):
            problems.append(_bad_name(folder, name))
            continue
        migration, found = _load(prefix + name, id, default, regular)
        if migration is not None:
            migrations.append(migration)
        problems += found
    return Loaded(tuple(migrations), tuple(problems))


def _list(folder: str, problems: list[Problem]) -> list[tuple[str, str, bool]]:
    """Id and name of each file that is meant as a migration, and whether it is a regular one; by id, then name."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                name = entry.name
                if name[0] in "._":
                    continue
                id, _, suffix = name.rpartition(".")
                if suffix in SUFFIXES:
                    regular = entry.is_file()
                    if regular or not entry.is_dir():
                        found.append((id, name, regular))
                elif suffix.lower() in SUFFIXES and not entry.is_dir():
                    hint = f"rename it to {id}.{suffix.lower()}"
                    problems.append(Problem(_shown(folder, name), None, f"ignored for its suffix .{suffix}", hint))
    except FileNotFoundError:
        hint = "`miger create NAME` makes it; `migrations` in miger.toml names another"
        problems.append(Problem(folder, None, "there is no such folder", hint))
    except OSError as error:
        problems.append(Problem(folder, None, f"cannot be listed: {error.strerror}"))
    found.sort()
    return found


def _load(path: str, id: str, default: tuple[str, ...], regular: bool) -> tuple[Migration | None, list[Problem]]:
    """The migration in one file, or what is wrong with it. `default` are its parents if it names none."""
    kind, source = "python" if path.endswith(".py") else "sql", None
    try:
        if regular and kind == "sql" and (content := read_tiny(path)) is not None:
            source = read_usual(path, content)
        if source is None:
            source = _read_carefully(path, kind)
    except OSError as error:
        return None, [Problem(path, None, f"cannot be read: {error.strerror}")]
    checksum, metadata, sections, title, problems = source
    if problems:
        return None, problems
    depends = default if metadata.depends is None else metadata.depends
    transaction, phase, release = metadata.transaction, metadata.phase, metadata.release
    allow = metadata.allow
    return Migration(id, path, kind, depends, sections, checksum, transaction, phase, release, title, allow), problems


def _read_carefully(path: str, kind: str) -> Source:
    """What a file of any size and shape holds. Raises OSError."""
    descriptor, size = open_source(path)
    try:
        chunks = read_chunks(descriptor, size)
        # Imported when needed: most projects have few such files.
        if kind == "python":
            from miger.engine.python_files import read_python

            return read_python(path, chunks)
        from miger.engine.sql_files import read_sql

        return read_sql(path, chunks, size)
    finally:
        os.close(descriptor)


def _clash(folder: str, id: str, name: str, twin: str) -> Problem:
    """`name` gives an id that `twin` gives already, at least where case does not count."""
    same = twin.rpartition(".")[0] == id
    message = f"has the same id as {twin}" if same else f"differs from {twin} in nothing but case"
    return Problem(_shown(folder, name), None, message, "rename one of them")


def _bad_name(folder: str, name: str) -> Problem:
    hint = "rename the file: up to 200 letters, digits, dots, dashes and underscores, first a letter or digit"
    return Problem(_shown(folder, name), None, "its name is no id for a migration", hint)


def _shown(folder: str, name: str) -> str:
    """A path fit for any terminal, also where the name is not valid in the file system's encoding."""
    return os.path.join(folder, name).encode("utf-8", "backslashreplace").decode()
