"""Find the lines `-- miger:up`, `-- miger:verify` and `-- miger:down` in SQL that comes in chunks."""

from __future__ import annotations

import re
from typing import NamedTuple

SECTIONS = ("up", "verify", "down")

EXACT, UNKNOWN, SLOPPY, BLOCK = "exact", "unknown", "sloppy", "block"

_MARK = re.compile(
    rb"^(?:\A\xef\xbb\xbf)?([ \t]{0,40}--[ \t]{0,40})(miger:|Miger:|MIGER:|/// miger)([^\n]{0,99})",
    re.MULTILINE,
)
_NAMES = {name.encode(): name for name in SECTIONS}
_LITTLE = 1 << 16  # bytes
_LONGEST = 256  # bytes; no match of `_MARK` is longer, its newline included


class Mark(NamedTuple):
    """One marker line.

    `start` and `end` are byte offsets in the file, `end` behind the line's newline; `line` counts from 1.
    `kind` is `EXACT`, `UNKNOWN` (`-- miger:` and a name we do not know), `SLOPPY` (nearly a marker) or
    `BLOCK` (the opening of a metadata block below another mark). `name` is what follows the colon.
    """

    kind: str
    name: str
    line: int
    start: int
    end: int


class MarkScanner:
    """Collects the marks of a file fed to it in chunks. Holds on to no more than a line's worth of bytes."""

    def __init__(self) -> None:
        self.marks: list[Mark] = []
        self._kept = b""
        self._kept_at = 0  # offset in the file of the bytes kept
        self._from = 0  # where in the kept bytes the search goes on; one byte before it is kept for `^`
        self._lines = 0  # newlines before `_counted`
        self._counted = 0  # offset in the file

    def feed(self, chunk: bytes, *, last: bool) -> None:
        """Look through the next chunk; `last` says that no other follows."""
        window = self._kept + chunk if self._kept else chunk
        stop = len(window) if last else max(len(window) - _LONGEST, self._from)
        # In big files the plain search mostly finds nothing, and is many times faster than the pattern.
        if len(window) < _LITTLE or b"miger" in window:
            for match in _MARK.finditer(window, self._from):
                if match.start() >= stop:
                    break
                self._add(window, match)
        if last:
            return
        keep = max(stop - 1, 0)
        self._count_lines(window, keep)
        self._kept, self._kept_at, self._from = window[keep:], self._kept_at + keep, stop - keep

    def lines(self, further: bytes) -> int:
        """How many newlines there are in everything fed so far and in `further`."""
        return self._lines + self._kept.count(b"\n", self._counted - self._kept_at) + further.count(b"\n")

    def _add(self, window: bytes, match: re.Match[bytes]) -> None:
        before, needle, rest = match.groups()
        name = rest.rstrip()
        if needle == b"/// miger":
            kind = BLOCK if self.marks and not name else ""
        elif needle == b"miger:" and before == b"-- ":
            kind = EXACT if name in _NAMES else UNKNOWN
        else:
            kind = SLOPPY if name.strip().lower() in _NAMES else ""
        if not kind:
            return
        start, end = match.start(1), match.end()
        self._count_lines(window, start)
        end += window[end : end + 1] == b"\n"
        text = _NAMES.get(name) or name.decode("utf-8", "replace").strip()
        self.marks.append(Mark(kind, text, self._lines + 1, self._kept_at + start, self._kept_at + end))

    def _count_lines(self, window: bytes, until: int) -> None:
        """Bring `_lines` up to offset `until` of the window."""
        start = self._counted - self._kept_at
        if until > start:
            self._lines += window.count(b"\n", start, until)
            self._counted = self._kept_at + until
