"""The line at the bottom: the keys that matter now."""

from __future__ import annotations

from typing import NamedTuple

from textual.app import RenderResult
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget


class KeyHint(NamedTuple):
    """One key: the action's id, the key as people read it, its label, and whether it can be pressed now."""

    id: str
    key: str
    label: str
    enabled: bool = True


class KeyBar(Widget):
    """As many hints as there is room for; the last one is always shown. A click on one presses it."""

    DEFAULT_CSS = """
    KeyBar { height: 1; background: $panel; color: $foreground; }
    """

    class Pressed(Message):
        """A hint was clicked."""

        def __init__(self, id: str) -> None:
            super().__init__()
            self.id = id

    hints: reactive[tuple[KeyHint, ...]] = reactive(())

    def render(self) -> RenderResult:
        """The hints, one after the other."""
        return Content.assemble(" ", *(self._drawn(hint) for hint in self._fitting()))

    def on_click(self, event: Click) -> None:
        """Presses the hint that is there."""
        left = 1
        for hint in self._fitting():
            left += _width(hint)
            if event.x < left:
                self.post_message(self.Pressed(hint.id))
                return

    def _drawn(self, hint: KeyHint) -> Content:
        if not hint.enabled:
            return Content.styled(f"{hint.key} {hint.label}  ", "dim")
        return Content.assemble((hint.key, "bold $accent"), f" {hint.label}  ")

    def _fitting(self) -> list[KeyHint]:
        if not self.hints:
            return []
        *others, last = self.hints
        room = self.size.width - 1 - _width(last)
        fitting = []
        for hint in others:
            room -= _width(hint)
            if room < 0:
                break
            fitting.append(hint)
        return [*fitting, last]


def _width(hint: KeyHint) -> int:
    return Content(f"{hint.key} {hint.label}  ").cell_length
