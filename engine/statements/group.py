"""A run of plain statements that may be sent together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

from miger.engine.statements.statement import Statement


class Group(Sequence[Statement]):
    """Statements that follow each other, kept as texts: millions of them pass by without an object each.

    `number` is that of the first, `line` where its text begins. `texts` are their `raw`s; only when one is looked at
    is a `Statement` made of it. `kind` is that of the first.
    """

    __slots__ = ("_dialect", "kind", "line", "number", "texts")

    def __init__(self, number: int, line: int, kind: str, texts: list[str], dialect: str) -> None:
        self.number = number
        self.line = line
        self.kind = kind
        self.texts = texts
        self._dialect = dialect

    def __len__(self) -> int:
        return len(self.texts)

    @overload
    def __getitem__(self, index: int) -> Statement: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Statement]: ...

    def __getitem__(self, index: int | slice) -> Statement | Sequence[Statement]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        index = range(len(self))[index]
        return self._statement(index, self.line + sum(text.count("\n") for text in self.texts[:index]))

    def __iter__(self) -> Iterator[Statement]:
        line = self.line
        for index, text in enumerate(self.texts):
            yield self._statement(index, line)
            line += text.count("\n")

    def _statement(self, index: int, line: int) -> Statement:
        from miger.engine.statements.split import split

        [found] = split([self.texts[index]], self._dialect, line)
        found.number = self.number + index
        return found
