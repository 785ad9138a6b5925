"""Leaving while a run goes on."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from miger.widgets.words import printable
from miger.workbench.actions import APP, RUN, Action, bindings_of
from miger.workbench.screens.base import Modal
from miger.workbench.situation import Situation

LEAVE_ACTIONS: tuple[Action, ...] = (
    Action("stop", ("s",), "stop and quit", "Stop the run after its current statement, then leave.", RUN),
    Action("back", ("escape", "q", "c"), "cancel", "Stay; the run goes on.", APP),
)


class LeaveModal(Modal[bool]):
    """Whether to stop the run and leave: True, or to stay: False."""

    ACTIONS: ClassVar = LEAVE_ACTIONS
    BINDINGS: ClassVar = [
        *bindings_of(LEAVE_ACTIONS),
        ("left,h", "app.focus_previous", ""),
        ("right,l", "app.focus_next", ""),
    ]
    FIRST: ClassVar = "#stay"
    DEFAULT_CSS = """
    LeaveModal { align: center middle; background: $background 60%; }
    LeaveModal #box {
        width: 66;
        max-width: 100%;
        height: auto;
        border: round $warning;
        border-title-color: $text-warning;
        background: $surface;
        padding: 1 2;
    }
    LeaveModal #buttons { height: auto; margin-top: 1; }
    LeaveModal Button { margin-right: 2; min-width: 10; }
    """

    def compose(self) -> ComposeResult:
        """What goes on, and the two ways."""
        with Vertical(id="box") as box:
            box.border_title = "A run is under way"
            yield Static(id="what")
            with Horizontal(id="buttons"):
                yield Button("Cancel", id="stay", compact=True)
                yield Button("s  stop and quit", id="stop", compact=True)

    def show(self, situation: Situation) -> None:
        """Says what is running; closes by itself once nothing is."""
        own_run = situation.own_run
        if own_run is None:
            if self.is_current:
                self.notify("the run is over: q quits")
                self.dismiss(False)
            return
        self.query_one("#what", Static).update(
            Content.assemble(
                (printable(own_run.title), "bold"),
                f" is still running on {situation.environment.name}"
                + (", and stops after its current statement." if own_run.stopping else ".")
                + "\n\nCancel: stay; the run goes on.\n"
                "Stop and quit: the run ends after its current statement; what it has finished stays, and the "
                "history tells where it stopped.",
            )
        )

    @on(Button.Pressed, "#stay")
    def do_back(self) -> None:
        """Stays."""
        self.dismiss(False)

    @on(Button.Pressed, "#stop")
    def do_stop(self) -> None:
        """Stops the run, and leaves after it."""
        self.dismiss(True)
