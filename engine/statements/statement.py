"""One statement, as it stands in its file."""

from __future__ import annotations

from collections.abc import Iterator

_BLANK = " \t\n\r\f\v"


class Statement:
    r"""One statement and where it came from.

    A plain slotted class, because a file may hold millions of them: not to be changed once made.

    `number` counts the statements of this text from 1; `line` is the file line of its first token.
    `raw` is its exact text with leading blanks and comments and its terminator.
    `kind` is its leading keywords, see `miger.engine.statements.kinds`; "" for text without a token.
    `data` streams the lines that follow a `COPY … FROM stdin`, without the closing `\.` line; None
    otherwise. It must be read before the next statement is asked for: what is left then is skipped.
    """

    __slots__ = ("_lead", "_stop", "data", "kind", "line", "number", "raw")

    def __init__(
        self,
        number: int,
        line: int,
        raw: str,
        kind: str,
        data: Iterator[str] | None = None,
        lead: int = 0,
        stop: int | None = None,
    ) -> None:
        """`raw[lead:stop]` is what is sent; without `stop` there is no terminator."""
        self.number = number
        self.line = line
        self.raw = raw
        self.kind = kind
        self.data = data
        self._lead = lead
        self._stop = stop

    @property
    def sql(self) -> str:
        """What is sent: without what comes before the first token, and without the terminator."""
        return self.raw[self._lead : self._stop].rstrip(_BLANK)

    def __repr__(self) -> str:
        return f"Statement({self.number}, line {self.line}, {self.kind!r}, {self.raw[:60]!r})"
