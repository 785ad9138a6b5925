"""The steps of a wizard as a trail at the top: which are done, which one is open, which are still to come."""

from __future__ import annotations

from typing import NamedTuple

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

BETWEEN = " ▸ "
GLYPHS = {"done": "✔", "open": "◐", "wrong": "✖", "ahead": "○", "skipped": "–"}
STYLES = {
    "done": "$text-success",
    "open": "bold underline $text-primary",
    "wrong": "$text-error",
    "ahead": "$foreground-muted",
    "skipped": "$foreground-disabled",
}


class TrailStep(NamedTuple):
    """A step: its name, what it is called, and how it stands: done, open, wrong, ahead or skipped."""

    name: str
    label: str
    state: str = "ahead"


class WizardTrail(Widget):
    """One line of steps. A click on one that can be gone to asks for it."""

    DEFAULT_CSS = """
    WizardTrail { height: 1; padding: 0 1; background: $surface; color: $foreground; }
    """

    steps: reactive[tuple[TrailStep, ...]] = reactive(())

    class Chosen(Message):
        """A step was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def render(self) -> Content:
        """The steps side by side, each with its sign."""
        parts = [Content.styled(_text(step), STYLES[step.state]) for step in self.steps]
        return Content.styled(BETWEEN, "$foreground-disabled").join(parts)

    def on_click(self, event: events.Click) -> None:
        """Asks for the step that was clicked."""
        offset = event.get_content_offset(self)
        start = 0
        for step in self.steps if offset is not None else ():
            end = start + Content(_text(step)).cell_length
            if offset is not None and start <= offset.x < end and step.state != "skipped":
                self.post_message(self.Chosen(step.name))
                return
            start = end + len(BETWEEN)


def _text(step: TrailStep) -> str:
    return f"{GLYPHS[step.state]} {step.label}"
