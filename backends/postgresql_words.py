"""A statement of PostgreSQL, word by word."""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?\*/|[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$"
    r"|\"(?:[^\"]|\"\")*\"|[^\W\d][\w$]*|\d[\w.]*|\S",
    re.DOTALL,
)


class Words:
    """A statement's words without its comments, to be gone over once; what is quoted is one word."""

    def __init__(self, sql: str) -> None:
        found = (match[0] for match in _TOKEN.finditer(sql))
        self.tokens = [token for token in found if not token.startswith(("--", "/*"))]
        self.at = 0

    def look(self, ahead: int = 0) -> str:
        """The next word in capitals, or one after it; "" at the end. A name in quotes keeps them."""
        place = self.at + ahead
        return self.tokens[place].upper() if place < len(self.tokens) else ""

    def take(self) -> str:
        """Goes past the next word, which it gives in capitals."""
        word = self.look()
        self.at += 1
        return word

    def skip(self, *words: str) -> bool:
        """Goes past these words, if all of them are next."""
        if any(self.look(ahead) != word for ahead, word in enumerate(words)):
            return False
        self.at += len(words)
        return True

    def skip_any(self, *words: str) -> None:
        """Goes past any of these words, as long as one is next."""
        while self.look() in words:
            self.at += 1

    def name(self) -> str:
        """A name, with its schema if it has one, as it is written."""
        name = self._raw()
        while self.look() == "." and self.look(1):
            self.at += 1
            name += f".{self._raw()}"
        self.skip("*")
        return name

    def _raw(self) -> str:
        self.at += 1
        return self.tokens[self.at - 1] if self.at <= len(self.tokens) else ""

    def names(self) -> Iterator[str]:
        """Names with commas between them, whatever ONLY stands before them."""
        yield self._one()
        while self.skip(","):
            yield self._one()

    def _one(self) -> str:
        self.skip("ONLY")
        return self.name()

    def parenthesised(self) -> list[str]:
        """Goes behind the parentheses that open here; what is in them."""
        start, depth = self.at + 1, 0
        while self.look():
            word = self.take()
            depth += (word == "(") - (word == ")")
            if not depth:
                break
        return self.tokens[start : self.at - 1]

    def upto(self, *words: str) -> bool:
        """Goes behind the next of these words that is in no parentheses."""
        depth = 0
        while self.look():
            word = self.take()
            depth += (word == "(") - (word == ")")
            if not depth and word in words:
                return True
        return False
