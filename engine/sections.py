"""Read one section of a migration back from its file, in pieces."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator

from miger.engine.errors import IntegrityError, MigerError
from miger.engine.migration import Migration, Section
from miger.engine.source import TINY, checksum_of, open_source, read_tiny

PIECE = 256 * 1024  # bytes


def read_section(migration: Migration, name: str) -> Iterator[str]:
    """The text of section `name`, in pieces of at most 256 KiB; a piece may end anywhere in a line.

    For a Python migration that is the whole file. Nothing comes if there is no such section. Raises
    IntegrityError if the file is no longer the one that was loaded, and MigerError if it cannot be read.
    Of a tiny file the checksum tells, of others the size, the section's marker and its encoding.
    """
    section = migration.section(name)
    if section is None:
        return
    size = max(other.end for other in migration.sections)
    try:
        if size <= TINY:
            yield from _from_tiny(migration, section, size)
        else:
            yield from _from_large(migration, section, size)
    except FileNotFoundError as error:
        raise IntegrityError(f"{migration.path} is gone since it was loaded", "bring it back") from error
    except UnicodeDecodeError as error:
        raise _changed(migration) from error
    except OSError as error:
        raise MigerError(f"{migration.path} cannot be read: {error.strerror}") from error


def _from_tiny(migration: Migration, section: Section, size: int) -> Iterator[str]:
    content = read_tiny(migration.path)
    # The size as well: other line endings leave the checksum as it is, and move the sections.
    if content is None or len(content) != size or checksum_of(content) != migration.checksum:
        raise _changed(migration)
    _check_marker(migration, section, content[: section.start])
    text = content[section.start : section.end].decode("utf-8" if section.start else "utf-8-sig")
    if text:
        yield text


def _from_large(migration: Migration, section: Section, size: int) -> Iterator[str]:
    descriptor, size_now = open_source(migration.path)
    try:
        if size_now != size:
            raise _changed(migration)
        start = max(section.start - 512, 0)
        os.lseek(descriptor, start, os.SEEK_SET)
        _check_marker(migration, section, os.read(descriptor, section.start - start))
        yield from _pieces(migration, section, descriptor)
    finally:
        os.close(descriptor)


def _check_marker(migration: Migration, section: Section, before: bytes) -> None:
    """The line before the section, the last one of `before`, must still be its marker."""
    if migration.kind != "sql":
        return
    last_line = before[-512:].decode("utf-8", "replace").rstrip("\r\n").rpartition("\n")[2]
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
