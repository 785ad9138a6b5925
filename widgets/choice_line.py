"""A choice among a few words, all of them on one line."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from miger.widgets.words import printable

BETWEEN = "  "


class ChoiceLine(Widget, can_focus=True):
    """Shows `choices`, with a sign before the one that is chosen; arrows, space and a click choose."""

    DEFAULT_CSS = """
    ChoiceLine { height: 1; width: 1fr; background: $panel; color: $foreground; padding: 0 1; }
    ChoiceLine:focus { background: $primary 25%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space,l", "step(1)", "The next choice", show=False),
        Binding("left,h", "step(-1)", "The choice before", show=False),
    ]

    value: reactive[str] = reactive("")

    class Changed(Message):
        """Another one was chosen."""

        def __init__(self, line: ChoiceLine, value: str) -> None:
            super().__init__()
            self.line = line
            self.value = value

        @property
        def control(self) -> ChoiceLine:
            """The line."""
            return self.line

    def __init__(self, choices: tuple[str, ...], value: str = "", *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.choices = choices
        self.set_reactive(ChoiceLine.value, value if value in choices else choices[0])

    def render(self) -> Content:
        """The choices side by side."""
        parts = [
            Content.styled(_text(choice, choice == self.value), "bold" if choice == self.value else "$foreground-muted")
            for choice in self.choices
        ]
        return Content(BETWEEN).join(parts)

    def watch_value(self, value: str) -> None:
        """Tells."""
        self.post_message(self.Changed(self, value))

    def action_step(self, places: int) -> None:
        """Goes on to another one, round at the ends."""
        here = self.choices.index(self.value) if self.value in self.choices else 0
        self.value = self.choices[(here + places) % len(self.choices)]

    def on_click(self, event: events.Click) -> None:
        """Chooses the one that was clicked."""
        offset = event.get_content_offset(self)
        start = 0
        for choice in self.choices if offset is not None else ():
            end = start + Content(_text(choice, False)).cell_length
            if offset is not None and start <= offset.x < end:
                self.value = choice
                return
            start = end + len(BETWEEN)


def _text(choice: str, chosen: bool) -> str:
    return f"{'●' if chosen else '○'} {printable(choice)}"
