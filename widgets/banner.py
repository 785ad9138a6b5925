"""What stands in the way, told where it cannot be overlooked: cause, place, next key."""

from __future__ import annotations

from typing import NamedTuple

from textual.app import RenderResult
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from miger.widgets.words import fit, printable

ERROR, WARNING, INFO = "error", "warning", "info"
GLYPHS = {ERROR: "✖", WARNING: "!", INFO: "·"}


class Notice(NamedTuple):
    """One thing: `level` is error, warning or info; `place` and `key` may be ""."""

    level: str
    cause: str
    place: str = ""
    key: str = ""


class Banner(Widget):
    """The gravest notice in one to three lines, and how many more there are; nothing at all where there is none."""

    DEFAULT_CSS = """
    Banner {
        height: auto;
        max-height: 3;
        display: none;
        background: $panel;
        color: $foreground;
        &.-error { display: block; border-left: outer $error; }
        &.-warning { display: block; border-left: outer $warning; }
        &.-info { display: block; border-left: outer $border-blurred; }
    }
    """

    notices: reactive[tuple[Notice, ...]] = reactive((), layout=True)

    class Opened(Message):
        """A person wants to read all of it."""

    def watch_notices(self) -> None:
        """Takes as much room as it needs."""
        level = self.notices[0].level if self.notices else ""
        for name in GLYPHS:
            self.set_class(name == level, f"-{name}")

    def on_click(self) -> None:
        """Asks for all of it."""
        self.post_message(self.Opened())

    def render(self) -> RenderResult:
        """The lines, each cut to the width."""
        if not self.notices:
            return ""
        notice, more = self.notices[0], len(self.notices) - 1
        width = max(self.size.width - 1, 1)
        style = {ERROR: "$text-error", WARNING: "$text-warning"}.get(notice.level, "")
        word = "" if notice.level == INFO else f" {notice.level}"
        others = f"  (and {more} more)" if more else ""
        cause = fit(printable(notice.cause), max(width - len(word) - len(others) - 3, 1))
        lines = [Content.assemble((f" {GLYPHS[notice.level]}{word} ", f"bold {style}"), cause, (others, "$text-muted"))]
        lines += [Content(f"   {fit(printable(text), width - 3)}") for text in (notice.place,) if text]
        lines += [
            Content.styled(f" → {fit(printable(text), width - 3)}", "$text-accent") for text in (notice.key,) if text
        ]
        return Content("\n").join(lines)
