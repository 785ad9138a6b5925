"""Find the line on which a key of a TOML document is written. Used only once something is wrong."""

from __future__ import annotations

import re
import tomllib

KeyPath = tuple[str | int, ...]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SCALAR = re.compile(r"[^,\]}\n#]*")
_STRING = re.compile(r'"""(?:[^\\]|\\.)*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL)
_ERROR_LINE = re.compile(r"\(at line (\d+), column \d+\)")


def line_of(text: str, path: KeyPath) -> int | None:
    """The line (from 1) of `path` in `text`, which tomllib has read without complaint.

    Where the path itself is not written down, the line of the longest part of it that is; None if none is.
    """
    lines = _Scanner(text).lines()
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


def line_of_error(error: tomllib.TOMLDecodeError, text: str) -> int:
    """The line (from 1) that a message of tomllib names; the last one for the end of the document."""
    match = _ERROR_LINE.search(str(error))
    return int(match[1]) if match else text.rstrip().count("\n") + 1


def reason_of_error(error: tomllib.TOMLDecodeError) -> str:
    """A message of tomllib without its place, ready for the middle of a sentence."""
    reason = str(error).partition(" (at ")[0]
    return reason[:1].lower() + reason[1:]


class _Scanner:
    """One pass over a valid document that notes where each key and each item starts."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lines: dict[KeyPath, int] = {}
        self._counts: dict[KeyPath, int] = {}

    def lines(self) -> dict[KeyPath, int]:
        """Line by path."""
        table: KeyPath = ()
        self._skip_blank()
        while self._at < len(self._text):
            start = self._at
            if self._text[self._at] == "[":
                table = self._header()
                self._note(table, start)
            else:
                self._pair(table)
            self._skip_blank()
        return self._lines

    def _header(self) -> KeyPath:
        """`[a.b]` or `[[a.b]]`; an item of an array of tables adds its index."""
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        self._at += brackets
        table: KeyPath = ()
        keys = self._keys()
        for position, key in enumerate(keys):
            table = (*table, key)
            if brackets == 2 and position == len(keys) - 1:
                self._counts[table] = self._counts.get(table, 0) + 1
            if table in self._counts:
                table = (*table, self._counts[table] - 1)
        self._skip_blank()
        self._at += brackets
        return table

    def _pair(self, table: KeyPath) -> None:
        start = self._at
        path: KeyPath = (*table, *self._keys())
        self._note(path, start)
        self._skip_blank()
        self._at += 1  # the equals sign
        self._skip_blank()
        self._value(path)

    def _keys(self) -> list[str]:
        keys = []
        while True:
            self._skip_blank()
            keys.append(self._key())
            self._skip_blank()
            if not self._text.startswith(".", self._at):
                return keys
            self._at += 1

    def _key(self) -> str:
        start = self._at
        quoted = _STRING.match(self._text, start)
        match = quoted or _BARE_KEY.match(self._text, start)
        if match is None:  # not valid after all: stop, with what is known so far
            self._at = len(self._text)
            return ""
        self._at = match.end()
        return str(tomllib.loads(f"key = {match[0]}")["key"]) if quoted else match[0]

    def _value(self, path: KeyPath) -> None:
        opening = self._text[self._at : self._at + 1]
        if opening in ("[", "{"):
            self._collection(path, "]" if opening == "[" else "}")
            return
        match = _STRING.match(self._text, self._at) or _SCALAR.match(self._text, self._at)
        self._at = match.end() if match else len(self._text)

    def _collection(self, path: KeyPath, closing: str) -> None:
        """The items of an array or the pairs of an inline table."""
        self._at += 1
        index = 0
        while True:
            self._skip_blank()
            if self._at >= len(self._text):
                return
            if self._text[self._at] == closing:
                self._at += 1
                return
            if self._text[self._at] == ",":
                self._at += 1
            elif closing == "}":
                self._pair(path)
            else:
                self._note((*path, index), self._at)
                self._value((*path, index))
                index += 1

    def _note(self, path: KeyPath, at: int) -> None:
        line = self._text.count("\n", 0, at) + 1
        for length in range(1, len(path) + 1):
            self._lines.setdefault(path[:length], line)

    def _skip_blank(self) -> None:
        match = _BLANK.match(self._text, self._at)
        self._at = match.end() if match else self._at
