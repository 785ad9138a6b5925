"""The keys of the screen in front."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from miger.widgets.key_bar import KeyHint
from miger.widgets.key_list import KeyList
from miger.widgets.rows_view import RowsView
from miger.workbench.actions import APP, LOOK, Action, bindings_of
from miger.workbench.screens.base import KeyGroup, Modal

HELP_ACTIONS: tuple[Action, ...] = (
    Action("filter", ("slash",), "filter", "Show only keys with these words.", LOOK),
    Action("back", ("escape", "q", "question_mark", "f1"), "close", "Close the list.", APP),
)

EVERYWHERE = KeyGroup(
    "Everywhere", (KeyHint("", "ctrl+c", "Stop the run of this workbench after its current statement"),)
)


class HelpScreen(Modal[None]):
    """All keys, those of the focused pane first."""

    ACTIONS: ClassVar = HELP_ACTIONS
    BINDINGS: ClassVar = bindings_of(HELP_ACTIONS)
    FIRST: ClassVar = "#keys"
    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen #box {
        width: 90;
        max-width: 100%;
        height: 90%;
        border: round $border;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
        background: $surface;
        padding: 0 1;
    }
    HelpScreen #filter { height: 3; border: round $border; display: none; }
    HelpScreen #filter.-open { display: block; }
    """

    def __init__(self, groups: Sequence[KeyGroup]) -> None:
        super().__init__()
        self._groups = groups

    def compose(self) -> ComposeResult:
        """The list, and the filter below."""
        with Vertical(id="box") as box:
            box.border_title = "Keys"
            box.border_subtitle = "/ filters · esc q ? close"
            yield KeyList([*self._groups, EVERYWHERE], id="keys")
            yield Input(placeholder="words, or a key", id="filter")

    def do_filter(self) -> None:
        """Opens the line for it."""
        line = self.query_one("#filter", Input)
        line.add_class("-open")
        line.focus()

    @on(Input.Changed, "#filter")
    def _filter_as_typed(self, message: Input.Changed) -> None:
        self.query_one(KeyList).filter_text = message.value

    @on(Input.Submitted, "#filter")
    def _filter_chosen(self) -> None:
        self.query_one(KeyList).focus()

    @on(RowsView.Copied)
    def _copied(self, message: RowsView.Copied) -> None:
        self.workbench.copy(message.text)
