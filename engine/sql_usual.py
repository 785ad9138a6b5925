"""The short way through an SQL migration of the usual shape: what `sql_files` finds, found faster.

Each `status` reads every file, and nearly all of them are small and faultless. Whatever is not exactly as
it should be is left to the careful reader, which also finds the words for it.
"""

from __future__ import annotations

from miger.engine.metadata import NO_METADATA, SQL_COMMENT, Metadata, read_metadata
from miger.engine.migration import Section
from miger.engine.source import BOM, Source, checksum_of

_MARKER = b"-- miger:"
_NAMES = {name.encode() + end: name for name in ("up", "verify", "down") for end in (b"", b"\r")}


def read_usual(path: str, content: bytes) -> Source | None:
    """What the whole `content` of the SQL file at `path` holds; None where only `read_sql` can tell."""
    head, *pieces = content.split(_MARKER)
    sections = _sections(head, pieces)
    if sections is None or content.lower().count(b"miger:") != len(pieces) or content.startswith(BOM):
        return None
    if content.find(b"/// miger", len(head)) >= 0:  # maybe a metadata block that comes too late
        return None
    if not content.isascii():
        try:
            content.decode()
        except UnicodeDecodeError:
            return None
    metadata, title = NO_METADATA, ""
    if head:
        text = head.decode()
        metadata, problems = read_metadata(text, SQL_COMMENT, path)
        title, statement_line = read_head(text, metadata)
        if problems or statement_line:
            return None
    return Source(checksum_of(content), metadata, sections, title, [])


def _sections(head: bytes, pieces: list[bytes]) -> tuple[Section, ...] | None:
    """The sections if each of `pieces` is one, begins on a line of its own, and one is `up`; else None."""
    sections: dict[str, Section] = {}
    before, at, line = head, len(head), head.count(b"\n") + 1
    for piece in pieces:
        newline = piece.find(b"\n")
        name = _NAMES.get(piece[:newline])
        if name is None or newline < 0 or (before and not before.endswith(b"\n")):
            return None
        at += len(_MARKER)
        end = at + len(piece)
        sections[name] = Section(name, line + 1, at + newline + 1, end)
        before, at, line = piece, end, line + piece.count(b"\n")
    return tuple(sections.values()) if "up" in sections and len(sections) == len(pieces) else None


def read_head(head: str, metadata: Metadata) -> tuple[str, int]:
    """The title in the comments before the first section, and the line of the first statement there, or 0."""
    title, in_comment = "", False
    for number, line in enumerate(head.split("\n"), 1):
        if metadata.first_line <= number <= metadata.last_line:
            continue
        text = line.strip()
        while text:
            if in_comment:
                _, closing, text = text.partition("*/")
                in_comment, text = not closing, text.strip()
            elif text.startswith("--"):
                title = title or text.strip("-").strip()
                break
            elif text.startswith("/*"):
                in_comment, text = True, text[2:]
            else:
                return title, number
    return title, 0
