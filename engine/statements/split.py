"""Splitting a stream of text into statements, at constant memory and in linear time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import cast

from miger.engine.errors import MigerError
from miger.engine.statements.buffer import Buffer
from miger.engine.statements.copy_data import copy_data, end_of_data
from miger.engine.statements.group import Group
from miger.engine.statements.kinds import KIND_OF_WORD, kind_of
from miger.engine.statements.scanner import Malformed, Scanner
from miger.engine.statements.statement import Statement

GROUP_STATEMENTS = 2000

_only_blanks = re.compile(r"[ \t\n\r\f]*+\Z").match


class SplitError(MigerError):
    """The text cannot be split into statements. `line` is where the trouble starts, say the open quote."""

    def __init__(self, message: str, hint: str = "", *, line: int) -> None:
        super().__init__(message, hint)
        self.line = line


def split(chunks: Iterable[str], dialect: str, line: int = 1) -> Iterator[Statement]:
    """The statements of a text, each as soon as its end is read.

    `chunks` may be cut anywhere; `dialect` is "sqlite", "postgresql", "mysql" or "mariadb"; `line` is
    the file line that the text starts on. Text without a token (blanks, comments, a lone `;`, a
    `DELIMITER` line) yields nothing. Raises `SplitError` where a quote, a comment or a body does not end.
    """
    return cast("Iterator[Statement]", _statements(chunks, _scanner(dialect), line))  # nothing is grouped


def groups(
    chunks: Iterable[str], dialect: str, line: int = 1, *, kinds: frozenset[str], alone: int
) -> Iterator[Statement | Group]:
    """As `split`, but plain statements of these kinds that follow each other come together.

    The first `alone` statements come one by one all the same. A group holds at most `GROUP_STATEMENTS`
    statements of one chunk.
    """
    return _statements(chunks, _scanner(dialect), line, kinds=kinds, alone=alone, dialect=dialect)


def pieces(chunks: Iterable[str], dialect: str) -> Iterator[str]:
    """The whole text, cut where the statements end: joined again, it is what came in."""
    found = _statements(chunks, _scanner(dialect), 1, blanks=True)
    return _raw(cast("Iterator[Statement]", found))


def _scanner(dialect: str) -> Scanner:
    # Imported when needed: each compiles big regular expressions, and a run needs one dialect.
    match dialect:
        case "sqlite":
            from miger.engine.statements.sqlite import SqliteScanner

            return SqliteScanner()
        case "postgresql":
            from miger.engine.statements.postgresql import PostgresqlScanner

            return PostgresqlScanner()
        case "mysql" | "mariadb":
            from miger.engine.statements.mysql import MysqlScanner

            return MysqlScanner()
    raise ValueError(f"no dialect {dialect!r}; there are sqlite, postgresql, mysql and mariadb")


def _raw(statements: Iterator[Statement]) -> Iterator[str]:
    for statement in statements:
        yield statement.raw
        if statement.data is not None:
            yield from statement.data


def _statements(
    chunks: Iterable[str],
    scanner: Scanner,
    line: int,
    *,
    blanks: bool = False,
    kinds: frozenset[str] = frozenset(),
    alone: int = 0,
    dialect: str = "",
) -> Iterator[Statement | Group]:
    """The statements, and with `blanks` also what lies between them, as statements of no kind.

    Those of `kinds` come in groups, from number `alone` on.
    """
    buffer = Buffer(chunks)
    start = number = 0
    if buffer.text.startswith("\ufeff"):
        start = 1
        if blanks:
            yield Statement(0, line, "\ufeff", "")
    while True:
        # The short cut: nearly all statements of a big file are ordinary, and one match finds their end.
        text, plain = buffer.text, scanner.plain.match
        while found := plain(text, start):
            kind = KIND_OF_WORD.get(found[2], "")
            if kind in kinds and number >= alone:
                texts = _texts(scanner.plain, text, start, kinds)
                yield Group(number + 1, line, kind, texts, dialect)
                number += len(texts)
                end = start + sum(map(len, texts))
                line += text.count("\n", start, end)
                start = end
                continue
            end, lead = found.end(), found.end(1) - start
            raw = text[start:end]
            number += 1
            kind = kind or kind_of(raw, lead)
            yield Statement(number, line + raw.count("\n", 0, lead), raw, kind, None, lead, -1)
            line += raw.count("\n")
            start = end
        if buffer.at_end and not blanks and _only_blanks(text, start):
            return
        del text, found
        start = _advance(scanner, buffer, start, line)
        end = scanner.pos
        raw, lead = buffer.text[start:end], scanner.lead - start
        if scanner.lead < 0:
            if blanks and raw:
                yield Statement(0, line, raw, "")
            line += raw.count("\n")
            start = end
            if start >= buffer.limit and buffer.at_end:
                return
            continue
        number += 1
        kind = kind_of(raw, lead)
        first = line + raw.count("\n", 0, lead)
        stop = scanner.stop - start
        line += raw.count("\n")
        if not scanner.copies:
            start = end
            yield Statement(number, first, raw, kind, None, lead, stop)
            continue
        buffer.start = end
        data = _copied(buffer, first)
        yield Statement(number, first, raw, kind, data, lead, stop)
        for _ in data:
            pass
        start, end = buffer.start, end_of_data(buffer)
        line += buffer.copied_lines + 1
        if blanks:
            yield Statement(0, line - 1, buffer.text[start:end], "")
        start = end


def _texts(plain: re.Pattern[str], text: str, start: int, kinds: frozenset[str]) -> list[str]:
    """The statements of these kinds that stand side by side from `start` on."""
    texts: list[str] = []
    word = KIND_OF_WORD.get
    match = plain.scanner(text, start).match  # type: ignore[attr-defined]  # typeshed lacks it
    for found in iter(match, None):
        if word(found[2]) not in kinds or len(texts) == GROUP_STATEMENTS:
            break
        texts.append(found[0])
    return texts


def _advance(scanner: Scanner, buffer: Buffer, start: int, line: int) -> int:
    """Bring the scanner to the end of the piece at `start`; returns where the piece starts then."""
    scanner.begin(start)
    try:
        while not scanner.advance(buffer.text, buffer.limit, buffer.at_end):
            buffer.more(start)
            scanner.shift(start)
            start = 0
    except Malformed as trouble:
        at = line + buffer.text.count("\n", start, trouble.offset)
        raise SplitError(trouble.message, trouble.hint, line=at) from None
    return start


def _copied(buffer: Buffer, line: int) -> Iterator[str]:
    try:
        yield from copy_data(buffer)
    except Malformed as trouble:
        raise SplitError(trouble.message, trouble.hint, line=line) from None
