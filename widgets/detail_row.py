"""One row of a migration's detail, and rows made of sentences."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from textual.content import Content

from miger.widgets.words import age, printable, wrapped

MUTED, FAINT = "$foreground-muted", "$foreground-disabled"
GOOD, WARNING, ERROR, LINK = "$text-success", "$text-warning", "$text-error", "$text-accent"


class DetailRow(NamedTuple):
    """One row. `link` is the migration it leads to, `run` the run whose log it opens, `text` what is copied."""

    content: Content
    link: str = ""
    run: str = ""
    text: str = ""


def sentence(lead: str, text: str, style: str, width: int) -> Iterator[DetailRow]:
    """A sentence, wrapped; `lead` stands before its first line."""
    for number, line in enumerate(wrapped(printable(text), max(width - len(lead), 16)) if text else ()):
        yield DetailRow(Content.styled((" " * len(lead) if number else lead) + line, style), text=text)


def blank() -> DetailRow:
    """An empty row."""
    return DetailRow(Content(""))


def ago(at: str, now: datetime) -> str:
    """How long ago that was, in words; "" where nobody knows."""
    told = age(at, now)
    return told if told in ("", "now") else f"{told} ago"
