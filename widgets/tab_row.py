"""One line of tabs."""

from __future__ import annotations

from typing import NamedTuple

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

BETWEEN = " │ "


class Tab(NamedTuple):
    """A tab: its name, what it is called on the screen, and whether there is anything in it."""

    name: str
    label: str
    full: bool = True


class TabRow(Widget):
    """Shows tabs and tells which was clicked; the keys belong to the widget around it."""

    DEFAULT_CSS = """
    TabRow { height: 1; width: 1fr; background: $surface; color: $foreground; }
    """

    tabs: reactive[tuple[Tab, ...]] = reactive(())
    active: reactive[str] = reactive("")

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    def render(self) -> Content:
        """The tabs side by side; the active one is underlined, also without colours."""
        parts: list[Content] = []
        for tab in self.tabs:
            style = "$foreground-muted" if tab.full else "$foreground-disabled"
            parts.append(
                Content.styled(tab.label, "bold underline $text-primary" if tab.name == self.active else style)
            )
        return Content.styled(BETWEEN, "$foreground-disabled").join(parts)

    def on_click(self, event: events.Click) -> None:
        """Tells which tab was clicked."""
        offset = event.get_content_offset(self)
        start = 0
        for tab in self.tabs if offset is not None else ():
            end = start + Content(tab.label).cell_length
            if offset is not None and start <= offset.x < end:
                self.post_message(self.Chosen(tab.name))
                return
            start = end + len(BETWEEN)
