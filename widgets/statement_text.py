"""SQL and Python in colours, and plain where there are none."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from pygments.lexers import get_lexer_by_name  # type: ignore[import-untyped]  # it has no types
from pygments.token import Token  # type: ignore[import-untyped]
from textual.content import Content, Span
from textual.highlight import HighlightTheme

from miger.widgets.words import printable_lines

SQL, PYTHON = "sql", "python"
MOST_CHARACTERS = 32 * 1024  # what is longer is shown plain: a lexer takes some ms for each KiB
_MOST_SHOWN = 500  # characters of a statement on one line
_MOST_OF_LINE = 2000  # characters of a line; a lexer's patience ends somewhere


@lru_cache(maxsize=32)
def code_lines(text: str, language: str, colored: bool = True) -> tuple[Content, ...]:
    """The lines of a piece of code, `language` sql or python. Control signs are made visible."""
    lines = printable_lines(text)
    if not colored or len(text) > MOST_CHARACTERS or any(len(line) > _MOST_OF_LINE for line in lines):
        return tuple(map(Content, lines))
    return tuple(_colored("\n".join(lines), language))


def _colored(text: str, language: str) -> Iterator[Content]:
    """Line by line: Textual's `highlight` and a split of what it gives take four times as long."""
    lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    line: list[str] = []
    spans: list[Span] = []
    length = 0
    for kind, token in lexer.get_tokens(text):
        style = _style_of(kind)
        for number, part in enumerate(token.split("\n")):
            if number:
                yield Content("".join(line), spans, strip_control_codes=False)
                line, spans, length = [], [], 0
            if part:
                line.append(part)
                if style:
                    spans.append(Span(length, length + len(part), style))
                length += len(part)
    yield Content("".join(line), spans, strip_control_codes=False)


@lru_cache(maxsize=256)
def _style_of(kind: Any) -> str:
    for ancestor in reversed(kind.split()):
        if ancestor in (Token.Name, Token.Error):  # names stay plain, and what a lexer does not know is no error
            return ""
        if ancestor is Token.Keyword.Namespace:
            return "$text-accent"
        if style := HighlightTheme.STYLES.get(ancestor):
            return style.replace(" underline", "")
    return ""


@lru_cache(maxsize=512)
def code_line(text: str, language: str, colored: bool = True) -> Content:
    """The start of a statement on one line: its white space folded."""
    line = text if len(text) <= _MOST_SHOWN else text[:_MOST_SHOWN] + "…"
    return code_lines(" ".join(line.split()), language, colored)[0]
