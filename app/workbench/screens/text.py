"""A long text in front of everything."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult

from miger.widgets.rows_view import RowsView
from miger.widgets.text_view import TextView, plain_lines
from miger.widgets.words import as_title
from miger.workbench.actions import APP, LOOK, Action, bindings_of
from miger.workbench.screens.base import Modal

TEXT_ACTIONS: tuple[Action, ...] = (
    Action("copy", ("y",), "copy", "Copy the whole text.", LOOK),
    Action("back", ("escape", "q"), "close", "Close the text.", APP),
)


class TextModal(Modal[None]):
    """A text to read, folded to the width; nothing of it is left out."""

    ACTIONS: ClassVar = TEXT_ACTIONS
    BINDINGS: ClassVar = bindings_of(TEXT_ACTIONS)
    FIRST: ClassVar = "#text"
    DEFAULT_CSS = """
    TextModal { align: center middle; background: $background 60%; }
    TextModal #text {
        width: 90%;
        height: auto;
        min-height: 5;
        max-height: 90%;
        border: round $border;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
        padding: 0 1;
    }
    """

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self.heading = title
        self.text = text

    def compose(self) -> ComposeResult:
        """The text."""
        view = TextView(plain_lines(self.text), id="text")
        view.border_title = as_title(self.heading)
        view.border_subtitle = "y copies all · esc q close"
        yield view

    @on(RowsView.Copied)
    def _copied(self) -> None:
        self.do_copy()

    def do_copy(self) -> None:
        """Copies all of it."""
        self.workbench.copy(self.text)
