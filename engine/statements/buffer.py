"""A window on a stream of text."""

from __future__ import annotations

from collections.abc import Iterable

#: The least text to take in at once, in characters. Results do not depend on it.
LEAST = 1 << 16


class Buffer:
    """A window on the text. At the end of the input, `text` has one newline after its `limit`."""

    __slots__ = ("_chunks", "at_end", "copied_lines", "limit", "start", "text")

    def __init__(self, chunks: Iterable[str]) -> None:
        self._chunks = iter(chunks)
        self.text = ""
        self.limit = self.start = self.copied_lines = 0
        self.at_end = False
        self.more(0)

    def more(self, start: int) -> None:
        """Drop what is before `start` and take in more: at least as much again as is left."""
        parts = [self.text[start:]]
        self.text = ""
        wanted = max(LEAST, len(parts[0]))
        taken = 0
        while taken < wanted:
            chunk = next(self._chunks, None)
            if chunk is None:
                parts.append("\n")
                self.at_end = True
                break
            parts.append(chunk)
            taken += len(chunk)
        self.text = "".join(parts)
        self.limit = len(self.text) - self.at_end
