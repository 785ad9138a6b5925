"""Leaving the wizard with something typed."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from miger.workbench.actions import APP, Action, bindings_of
from miger.workbench.screens.base import Modal

LEAVE_ACTIONS: tuple[Action, ...] = (
    Action("leave", ("l",), "leave", "Leave the wizard; what was typed is lost.", APP),
    Action("back", ("escape", "q", "c"), "cancel", "Go on with the migration.", APP),
)


class LeaveWizardModal(Modal[bool]):
    """Whether to leave: True, or to go on: False."""

    ACTIONS: ClassVar = LEAVE_ACTIONS
    BINDINGS: ClassVar = [
        *bindings_of(LEAVE_ACTIONS),
        ("left,h", "app.focus_previous", ""),
        ("right", "app.focus_next", ""),
    ]
    FIRST: ClassVar = "#stay"
    DEFAULT_CSS = """
    LeaveWizardModal { align: center middle; background: $background 60%; }
    LeaveWizardModal #box {
        width: 60; max-width: 100%; height: auto; border: round $warning; border-title-color: $text-warning;
        background: $surface; padding: 1 2;
    }
    LeaveWizardModal #buttons { height: auto; margin-top: 1; }
    LeaveWizardModal Button { margin-right: 2; }
    """

    def compose(self) -> ComposeResult:
        """What would be lost, and the two ways."""
        with Vertical(id="box") as box:
            box.border_title = "Leave the wizard?"
            yield Static("No file was written yet. What you have typed would be lost.")
            with Horizontal(id="buttons"):
                yield Button("Cancel", id="stay", compact=True)
                yield Button("l  leave", id="leave", compact=True)

    @on(Button.Pressed, "#stay")
    def do_back(self) -> None:
        """Goes on."""
        self.dismiss(False)

    def do_quit(self) -> None:
        """ctrl+q brought the question; pressed again it does not answer it."""

    @on(Button.Pressed, "#leave")
    def do_leave(self) -> None:
        """Leaves."""
        if self.heeding:
            self.dismiss(True)
