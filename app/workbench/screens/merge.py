"""Two heads or more: writing the migration that joins them."""

from __future__ import annotations

import os
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Label, Static

from miger.engine.errors import MigerError
from miger.engine.graph import MigrationGraph
from miger.project import Project
from miger.scaffold import MigrationDraft, draft_problems, draft_text, merge_draft, new_id, write_draft
from miger.widgets.key_bar import KeyBar
from miger.widgets.text_view import TextView, plain_lines
from miger.widgets.words import printable
from miger.workbench.actions import BACK, KEYS, WRITE, Action, Context, bindings_of
from miger.workbench.screens.base import Modal
from miger.workbench.situation import Situation

MERGE_ACTIONS: tuple[Action, ...] = (
    Action("write", ("w",), "write it", "Write the file that is shown; nothing is run.", WRITE, 1,
           lambda context: context.phase),
    BACK._replace(keys=("escape", "q"), label="cancel", help="Write nothing."),
    KEYS,
)  # fmt: skip
MOST_NAMED = 6


class MergeModal(Modal[str | None]):
    """Shows the migration that would join the heads; gives the id of the file written, or None."""

    ACTIONS: ClassVar = MERGE_ACTIONS
    BINDINGS: ClassVar = bindings_of(MERGE_ACTIONS)
    FIRST: ClassVar = "#cancel"
    DEFAULT_CSS = """
    MergeModal { align: center middle; }
    MergeModal #box {
        width: 90%; max-width: 100; height: auto; max-height: 95%; border: round $border; background: $surface;
        border-title-color: $foreground; border-title-style: bold;
    }
    MergeModal #heads { height: auto; padding: 0 1; }
    MergeModal #ask { height: auto; padding: 0 1; margin-top: 1; }
    MergeModal #ask Input { width: 1fr; background: $panel; }
    MergeModal #word { width: 100%; height: auto; color: $text-muted; }
    MergeModal #word.-wrong { color: $text-error; }
    MergeModal #file { height: auto; max-height: 12; border: round $border-blurred; margin: 0 1; }
    MergeModal #file:focus { border: round $border; }
    MergeModal #buttons { height: 1; margin: 0 1; }
    MergeModal #buttons Button { margin-right: 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._heads: tuple[str, ...] = ()
        self._now = 0.0
        self._name = ""
        self._problem = "not yet"

    def compose(self) -> ComposeResult:
        """The heads, the name, the file, the buttons."""
        with Vertical(id="box") as box:
            box.border_title = "Merge heads"
            yield Static(id="heads")
            with Vertical(id="ask"):
                yield Label("Name of the migration that joins them:")
                yield Input(id="name", compact=True)
                yield Label("", id="word", markup=False)
            yield TextView(id="file")
            with Horizontal(id="buttons"):
                yield Button("Cancel", id="cancel", compact=True)
                yield Button("Write the file", id="write", compact=True, variant="primary")
            yield KeyBar()

    def on_mount(self) -> None:
        """Offers the usual name."""
        self._now = self.workbench.clock().timestamp()
        graph = self.situation.graph
        if graph is not None and len(graph.heads) > 1:
            self.query_one("#name", Input).value = merge_draft(graph).name
        super().on_mount()

    def show(self, situation: Situation) -> None:
        """Draws heads and file by the folder as it is now."""
        heads = situation.heads
        if heads != self._heads:
            self._heads = heads
            lines = [Content(f"{len(heads)} heads: nothing says in which order they come")]
            lines += [Content(f"  ○ {printable(head)}") for head in heads[:MOST_NAMED]]
            lines += [Content(f"  … and {len(heads) - MOST_NAMED} more")] if len(heads) > MOST_NAMED else []
            self.query_one("#heads", Static).update(Content("\n").join(lines))
        self._judge()

    def context(self) -> Context:
        """What stands against writing it."""
        return Context(self.situation, phase=self._problem)

    # The file

    def _draft(self, graph: MigrationGraph) -> MigrationDraft:
        """The migration by what is typed. Raises UsageError where there is nothing to merge."""
        kind = "sql" if self.workbench.project.runs_sql else "mongodb"
        return merge_draft(graph, self.query_one("#name", Input).value, kind=kind)

    @on(Input.Changed)
    def _judge(self) -> None:
        """Shows the file, and what is wrong with it."""
        problem, name, text = self._look()
        self._problem = problem
        word = self.query_one("#word", Label)
        word.update(f"✖ {problem}" if problem else name)
        word.set_class(bool(problem), "-wrong")
        self.query_one("#file", TextView).lines = plain_lines(text.rstrip("\n"))
        self.query_one("#write", Button).disabled = bool(problem)
        self.show_keys()

    def _look(self) -> tuple[str, str, str]:
        """What stands against it, the file's name, and its text."""
        graph = self.situation.graph
        if graph is None:
            return "the folder has not been read yet", "", ""
        if not self.query_one("#name", Input).value.strip():
            return "a migration needs a name", "", ""
        try:
            draft = self._draft(graph)
            text = draft_text(draft)
            for problem in draft_problems(draft, graph, self._now):
                return problem.message, "", text
            return "", f"{new_id(draft.name, self._now)}.{draft.suffix}", text
        except MigerError as error:
            return error.message, "", ""

    # Writing it

    def do_back(self) -> None:
        """Writes nothing."""
        self.dismiss(None)

    def do_write(self) -> None:
        """Writes the file."""
        graph = self.situation.graph
        if graph is not None and self.heeding:
            self._write(graph, self._draft(graph))

    @work(exclusive=True, group="write")
    async def _write(self, graph: MigrationGraph, draft: MigrationDraft) -> None:
        now = self._now

        def write(project: Project) -> str:
            return write_draft(project.config.migrations, graph, draft, now)

        try:
            path = await self.ask_engine(write)
        except MigerError as error:
            self.workbench.tell(error)
            return
        self.notify(path, title="written", markup=False)
        self.workbench.lookout.look()
        self.dismiss(os.path.splitext(os.path.basename(path))[0])

    @on(Input.Submitted)
    def _typed(self) -> None:
        """Goes on to the button."""
        if not self._problem:
            self.query_one("#write", Button).focus()

    @on(Button.Pressed)
    def _pressed(self, message: Button.Pressed) -> None:
        message.stop()
        if message.button.id == "cancel":
            self.do_back()
        elif self.heeding:
            self.action_act("write")
