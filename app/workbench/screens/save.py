"""Asking for the name of a file to be written."""

from __future__ import annotations

import os
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Label

from miger.workbench.actions import BACK, bindings_of
from miger.workbench.screens.base import Modal

SAVE_ACTIONS = (BACK._replace(keys=("escape",), label="cancel", help="Write nothing."),)


class SaveModal(Modal[str | None]):
    """Asks where a script is to go; gives the path of a file that does not exist yet, or None."""

    ACTIONS: ClassVar = SAVE_ACTIONS
    BINDINGS: ClassVar = bindings_of(SAVE_ACTIONS)
    FIRST: ClassVar = "#path"
    DEFAULT_CSS = """
    SaveModal { align: center middle; }
    SaveModal #box {
        width: 90%; max-width: 90; height: auto; border: round $border; background: $surface; padding: 0 1;
        border-title-color: $foreground;
    }
    SaveModal Input { background: $panel; }
    SaveModal #word { color: $text-muted; width: 100%; height: auto; }
    SaveModal #word.-wrong { color: $text-error; }
    SaveModal #buttons { height: 1; margin-top: 1; }
    SaveModal #buttons Button { margin-right: 2; }
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name_offered = name

    def compose(self) -> ComposeResult:
        """The line to type in, and where the file would be."""
        with Vertical(id="box") as box:
            box.border_title = "Save the script as"
            yield Input(self.name_offered, id="path", compact=True, select_on_focus=False)
            yield Label("", id="word", markup=False)
            with Horizontal(id="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Save", id="save", compact=True, variant="primary")

    @property
    def path(self) -> str:
        """The whole path; "" where nothing is typed."""
        typed = os.path.expanduser(self.query_one("#path", Input).value.strip())
        return os.path.abspath(typed) if typed else ""

    def _problem(self) -> str:
        if not self.path:
            return "a file needs a name"
        if os.path.lexists(self.path):
            return f"✖ {self.path} exists already: choose another name"
        if not os.path.isdir(os.path.dirname(self.path)):
            return f"✖ there is no folder {os.path.dirname(self.path)}"
        return ""

    @on(Input.Changed)
    def _judge(self) -> None:
        problem = self._problem()
        word = self.query_one("#word", Label)
        word.update(problem or self.path)
        word.set_class(bool(problem), "-wrong")
        self.query_one("#save", Button).disabled = bool(problem)

    @on(Input.Submitted)
    def _submitted(self) -> None:
        if self.heeding and not self._problem():
            self.dismiss(self.path)

    @on(Button.Pressed)
    def _pressed(self, message: Button.Pressed) -> None:
        message.stop()
        if message.button.id == "cancel":
            self.dismiss(None)
        else:
            self._submitted()
