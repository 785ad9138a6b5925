"""Open the files of migrations, and tell by a checksum whether they changed."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

from miger.engine.errors import Problem
from miger.engine.metadata import Metadata
from miger.engine.migration import Section

BOM = b"\xef\xbb\xbf"
SMALL = 1 << 20  # bytes; up to here a file is read at once
CHUNK = 1 << 19  # bytes
TINY = 1 << 16  # bytes; up to here a single read fetches all of it (a larger buffer is slow to get)

# Opening a pipe must not wait for a writer; Windows must not touch line endings.
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Source(NamedTuple):
    """What a migration's file holds, as far as it can be told without running it."""

    checksum: str
    metadata: Metadata
    sections: tuple[Section, ...]
    title: str
    problems: list[Problem]


def open_source(path: str) -> tuple[int, int]:
    """A descriptor of the file, which the caller closes, and its size. Raises OSError."""
    descriptor = os.open(path, _FLAGS)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError(0, "not a regular file")
    return descriptor, status.st_size


def read_tiny(path: str) -> bytes | None:
    """The content of a regular file of at most `TINY` bytes, None of a larger one. Raises OSError."""
    descriptor = os.open(path, _FLAGS)
    try:
        content = os.read(descriptor, TINY)
        # Where the file ends only an empty read tells, and not its size: it may be growing.
        return None if os.read(descriptor, 1) else content
    finally:
        os.close(descriptor)


def read_chunks(descriptor: int, size: int) -> Iterator[bytes]:
    """The content of an open file: in one piece if `size` is small, else in chunks of at most 1 MiB."""
    if size <= SMALL:
        content = os.read(descriptor, size + 1)
        if len(content) == size:
            yield content
            return
        yield content  # it is being written to, or came in parts: read on to its end
    while chunk := os.read(descriptor, CHUNK):
        yield chunk


def checksum_of(content: bytes) -> str:
    """`sha256:…` of a whole file, the same for both kinds of line endings, with and without a BOM."""
    if content.startswith(BOM):
        content = content[3:]
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n")
    return "sha256:" + hashlib.sha256(content).hexdigest()


class Checksum:
    """The same as `checksum_of`, for content that comes in chunks (the first of at least three bytes)."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._started = False
        self._held = b""  # a final \r, whose \n may come with the next chunk

    def feed(self, chunk: bytes) -> None:
        """Take the next chunk."""
        if not self._started:
            self._started = True
            chunk = chunk.removeprefix(BOM)
        if self._held:
            chunk = self._held + chunk
            self._held = b""
        if b"\r" in chunk:
            if chunk.endswith(b"\r"):
                chunk, self._held = chunk[:-1], b"\r"
            chunk = chunk.replace(b"\r\n", b"\n")
        self._hash.update(chunk)

    def result(self) -> str:
        """The checksum of everything fed."""
        self._hash.update(self._held)
        self._held = b""
        return "sha256:" + self._hash.hexdigest()


def not_utf8(file: str, line: int) -> Problem:
    """The problem of a byte on `line` that is not UTF-8."""
    return Problem(file, line, "is not UTF-8 text", "save it as UTF-8")
