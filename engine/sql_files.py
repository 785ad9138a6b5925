"""Read an SQL migration: its head, and where its sections lie. Holds no more than a chunk of the file."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from miger.engine.errors import Problem
from miger.engine.metadata import NO_METADATA, SQL_COMMENT, read_metadata
from miger.engine.migration import Section
from miger.engine.source import BOM, SMALL, Checksum, Source, checksum_of, not_utf8
from miger.engine.sql_marks import BLOCK, EXACT, SECTIONS, SLOPPY, Mark, MarkScanner
from miger.engine.sql_usual import read_head

_UP_HINT = 'put a line "-- miger:up" before the statements'


def read_sql(path: str, chunks: Iterator[bytes], size: int) -> Source:
    """What the SQL file at `path` holds, its content coming in `chunks`."""
    scanner = MarkScanner()
    content = next(chunks, b"")
    if size <= SMALL and len(content) == size:
        scanner.feed(content, last=True)
        checksum, bad_line = checksum_of(content), _bad_line(content)
    else:
        checksum, bad_line, size = _stream(content, chunks, scanner)
    if bad_line is not None:
        return Source(checksum, NO_METADATA, (), "", [not_utf8(path, bad_line)])
    return _source(path, content, size, scanner.marks, checksum)


def _bad_line(content: bytes) -> int | None:
    """The line of the first byte that is not UTF-8."""
    if content.isascii():
        return None
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return content.count(b"\n", 0, error.start) + 1
    return None


def _stream(first: bytes, chunks: Iterator[bytes], scanner: MarkScanner) -> tuple[str, int | None, int]:
    """Feed all chunks to the scanner. The checksum, the line of the first bad byte, the number of bytes."""
    checksum, decoder = Checksum(), codecs.getincrementaldecoder("utf-8")()
    size = 0
    chunk = first
    while True:
        following = next(chunks, b"")
        size += len(chunk)
        checksum.feed(chunk)
        try:
            # Pure ASCII needs no decoding, unless a character is still open.
            if not chunk.isascii() or decoder.getstate()[0]:
                decoder.decode(chunk, final=not following)
        except UnicodeDecodeError as error:
            return "", scanner.lines(error.object[: error.start]) + 1, size
        scanner.feed(chunk, last=not following)
        if not following:
            return checksum.result(), None, size
        chunk = following


def _source(path: str, content: bytes, size: int, marks: list[Mark], checksum: str) -> Source:
    """Put together what was found; `content` is the file, or its first chunk."""
    exact = [mark for mark in marks if mark.kind == EXACT]
    head_end = marks[0].start if marks else size
    head = content[3 if content.startswith(BOM) else 0 : head_end].decode("utf-8", "ignore")
    metadata, problems = read_metadata(head, SQL_COMMENT, path)
    title, statement_line = read_head(head, metadata)
    if exact and statement_line:
        problems.append(Problem(path, statement_line, "SQL before the first section", _UP_HINT))
    elif head_end > len(content):
        problems.append(Problem(path, None, "the first section starts too late", _UP_HINT))
    if len(exact) < len(marks):
        problems += _bad_marks(path, marks)
    sections = _sections(exact, size)
    names = [section.name for section in sections]
    if "up" not in names:
        problems.append(Problem(path, statement_line or None, "has no section -- miger:up", _UP_HINT))
    if len(set(names)) < len(names):
        problems += [
            Problem(path, mark.line, f"a second section -- miger:{mark.name}", "make them one")
            for position, mark in enumerate(exact)
            if mark.name in names[:position]
        ]
    return Source(checksum, metadata, sections, title, problems)


def _sections(marks: list[Mark], size: int) -> tuple[Section, ...]:
    """Each section reaches from behind its marker to the next one, or to the end of the file."""
    ends = [mark.start for mark in marks[1:]] + [size]
    return tuple(Section(mark.name, mark.line + 1, mark.end, end) for mark, end in zip(marks, ends, strict=False))


def _bad_marks(path: str, marks: list[Mark]) -> list[Problem]:
    problems = []
    known = ", ".join(f"-- miger:{name}" for name in SECTIONS)
    for mark in marks:
        if mark.kind == EXACT:
            continue
        if mark.kind == BLOCK:
            message, hint = "a metadata block after the first section", "move it to the head of the file"
        elif mark.kind == SLOPPY:
            message = "this is nearly a section marker, but not one"
            hint = f"write it as -- miger:{mark.name.lower()}, at the start of the line"
        else:
            message, hint = f"unknown section -- miger:{mark.name}", f"there are {known}"
        problems.append(Problem(path, mark.line, message, hint))
    return problems
