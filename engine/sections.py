"""Read one section of a migration back from its file, in pieces."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator

from miger.engine.errors import IntegrityError, MigerError
from miger.engine.migration import Migration, Section
from miger.engine.source import open_source

PIECE = 256 * 1024  # bytes


def read_section(migration: Migration, name: str) -> Iterator[str]:
    """The text of section `name`, in pieces of at most 256 KiB; a piece may end anywhere in a line.

    For a Python migration that is the whole file. Nothing comes if there is no such section. Raises
    IntegrityError if the file is no longer the one that was loaded, as far as its size, the section's
    marker and its encoding tell, and MigerError if it cannot be read.
    """
    section = migration.section(name)
    if section is None:
        return
    try:
        descriptor, size = open_source(migration.path)
    except FileNotFoundError as error:
        raise IntegrityError(f"{migration.path} is gone since it was loaded", "bring it back") from error
    except OSError as error:
        raise MigerError(f"{migration.path} cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        if size != max(other.end for other in migration.sections):
            raise _changed(migration)
        if migration.kind == "sql":
            _check_marker(migration, section, file.fileno())
        try:
            yield from _pieces(migration, section, file.fileno())
        except UnicodeDecodeError as error:
            raise _changed(migration) from error
        except OSError as error:
            raise MigerError(f"{migration.path} cannot be read: {error.strerror}") from error


def _check_marker(migration: Migration, section: Section, descriptor: int) -> None:
    """The line before the section must still be its marker."""
    start = max(section.start - 512, 0)
    os.lseek(descriptor, start, os.SEEK_SET)
    before = os.read(descriptor, section.start - start).decode("utf-8", "replace")
    last_line = before.rstrip("\r\n").rpartition("\n")[2]
    if last_line.rstrip().removeprefix("\ufeff") != f"-- miger:{section.name}":
        raise _changed(migration)


def _pieces(migration: Migration, section: Section, descriptor: int) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8" if section.start else "utf-8-sig")()
    os.lseek(descriptor, section.start, os.SEEK_SET)
    left = section.end - section.start
    while left:
        content = os.read(descriptor, min(left, PIECE))
        if not content:
            raise _changed(migration)
        left -= len(content)
        text = decoder.decode(content, final=not left)
        if text:
            yield text


def _changed(migration: Migration) -> MigerError:
    return IntegrityError(f"{migration.path} changed while it was being read", "start again")
