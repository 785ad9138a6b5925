"""Whether to write a migration that loses data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Static

from miger.widgets.words import printable
from miger.workbench.actions import APP, WRITE, Action, bindings_of
from miger.workbench.screens.base import Modal

LOSSES_ACTIONS: tuple[Action, ...] = (
    Action("lose", ("l",), "write it", "Write the file; nothing is lost before it is run.", WRITE),
    Action("back", ("escape", "q", "c"), "cancel", "Write nothing.", APP),
)


class LossesModal(Modal[bool]):
    """What would be lost: True to write it all the same, or False."""

    ACTIONS: ClassVar = LOSSES_ACTIONS
    BINDINGS: ClassVar = [
        *bindings_of(LOSSES_ACTIONS),
        ("left,h", "app.focus_previous", ""),
        ("right", "app.focus_next", ""),
    ]
    FIRST: ClassVar = "#stay"
    DEFAULT_CSS = """
    LossesModal { align: center middle; background: $background 60%; }
    LossesModal #box {
        width: 74; max-width: 100%; height: auto; border: round $error; border-title-color: $text-error;
        background: $surface; padding: 1 2;
    }
    LossesModal #losses { height: auto; max-height: 10; margin: 1 0; }
    LossesModal #losses Static { color: $text-error; }
    LossesModal #buttons { height: auto; margin-top: 1; }
    LossesModal Button { margin-right: 2; }
    """

    def __init__(self, losses: Sequence[str]) -> None:
        super().__init__()
        self._losses = tuple(losses)

    def compose(self) -> ComposeResult:
        """What is lost, and the two ways."""
        with Vertical(id="box") as box:
            box.border_title = "This loses data"
            yield Static("When it is run, the migration loses:")
            with VerticalScroll(id="losses"):
                yield Static("\n".join(f"✖ {printable(loss)}" for loss in self._losses), markup=False)
            yield Static("Nothing is run now: only the file is written.")
            with Horizontal(id="buttons"):
                yield Button("Cancel", id="stay", compact=True)
                yield Button("l  write it all the same", id="lose", compact=True)

    @on(Button.Pressed, "#stay")
    def do_back(self) -> None:
        """Writes nothing."""
        self.dismiss(False)

    def do_quit(self) -> None:
        """ctrl+q answers no question."""

    @on(Button.Pressed, "#lose")
    def do_lose(self) -> None:
        """Writes it."""
        if self.heeding:
            self.dismiss(True)
