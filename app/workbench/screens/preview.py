"""The preview of what a person wants to run, and the run of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from miger.engine.errors import BadMigrations, MigerError
from miger.engine.planner import Plan
from miger.engine.preview.values import Preview
from miger.engine.words import counted
from miger.widgets.preview_view import PreviewView
from miger.widgets.words import printable
from miger.workbench.actions import Context, needs_writing
from miger.workbench.aim import Aim, outdated
from miger.workbench.outcome import advice_for
from miger.workbench.preview_words import Standing, words
from miger.workbench.question import place_of
from miger.workbench.run_record import RunRecord
from miger.workbench.screens.base import WorkScreen
from miger.workbench.screens.preview_actions import (
    ENDED,
    NOTHING,
    PLANNING,
    PREVIEW_ACTIONS,
    PREVIEW_BINDINGS,
    PROBLEM,
    RUNNING,
    SHOWN,
    TRYING,
)
from miger.workbench.screens.running import LISTED, RunningScreen
from miger.workbench.situation import Situation

if TYPE_CHECKING:
    pass

AUTO = "auto"
STYLES = {"good": "$text-success", "error": "$text-error", "warning": "$text-warning", "muted": "$text-muted"}
TICK_SECONDS = 0.5  # between two looks at the time that a run or a dry run takes


class PreviewScreen(RunningScreen):
    """Shows what an `Aim` would do; runs it when that was agreed to, and shows the run.

    With `record` it shows the run that this is of. Leaving it leaves a run going.
    """

    ACTIONS: ClassVar = PREVIEW_ACTIONS
    BINDINGS: ClassVar = PREVIEW_BINDINGS
    AUTO_FOCUS = "#cancel"
    DEFAULT_CSS = """
    PreviewScreen #frame {
        height: 1fr; border: round $border-blurred; background: $surface;
        border-title-color: $foreground; border-title-style: bold; border-subtitle-color: $text-muted;
    }
    PreviewScreen #frame:focus-within { border: round $border; }
    PreviewScreen.-protected #frame { border: heavy $error; }
    PreviewScreen #preview { height: 1fr; }
    PreviewScreen.-trying #preview-totals { display: none; }
    PreviewScreen #word { height: auto; max-height: 8; padding: 0 1; background: $surface; }
    PreviewScreen #buttons { height: 1; padding: 0 1; background: $background; }
    PreviewScreen #buttons Button { margin-right: 2; }
    """

    def __init__(self, aim: Aim, record: RunRecord | None = None) -> None:
        super().__init__()
        self.aim = aim
        self.record = record
        self.phase = PLANNING
        self.way = AUTO
        self._other: Aim | None = None
        self._error: MigerError | None = None
        self.note = ""
        self.since = 0.0

    def compose_content(self) -> ComposeResult:
        """The preview, a word on how things stand, and the buttons."""
        with Vertical(id="frame"):
            yield PreviewView(id="preview")
            yield Static(id="word")
        with Horizontal(id="buttons"):
            yield Button("Cancel", id="cancel", compact=True)
            yield Button("Execute…", id="execute", compact=True, variant="warning")
            yield Button("Save script", id="save", compact=True)

    def on_mount(self) -> None:
        """Begins with the plan, or with the run that there is already."""
        below = self.workbench.screen_stack[0]
        selected = below.context().selected if isinstance(below, WorkScreen) else None
        self._other = self.aim.other(selected)
        self.environment = self.situation.environment
        super().on_mount()
        self.set_interval(TICK_SECONDS, self.tell_word)
        if self.record is None:
            self._make()
        else:
            self.show_record(self.record)

    # Making it

    @work(exclusive=True, group="preview")
    async def _make(self) -> None:
        """Plans, lists, tries; each as soon as it is known."""
        self.plan = self.shown_preview = self._error = self.record = None
        self.is_outdated = self._running_on_screen = False
        self.environment = self.situation.environment
        self.since = time.monotonic()
        self.turn_to(PLANNING)
        self.view.show_working("making the plan")
        way = self.way
        try:
            plan: Plan = await self.ask_engine(self.aim.plan_anew)
            self.plan = plan
            if plan.steps:
                preview = await self._list_and_try(plan, way)
        except MigerError as error:
            self._show_problem(error)
            return
        if not plan.steps:
            self.view.show(Preview(way, plan.direction, self.environment.name, "", ()))
            self.turn_to(NOTHING)
            return
        self.shown_preview = preview
        self.view.show(preview)
        self.turn_to(SHOWN)
        self._look_for_changes()

    async def _list_and_try(self, plan: Plan, way: str) -> Preview:
        """The statements at once, then what they do. Raises MigerError."""
        if way != LISTED:
            self.view.show(await self.ask_engine(lambda project: project.listing(plan)))
            self.turn_to(TRYING)
        preview: Preview = await self.ask_engine(lambda project: project.preview(plan, way))
        return preview

    def _show_problem(self, error: MigerError) -> None:
        self._error = error
        self.turn_to(PROBLEM)
        more = "" if self.plan is None else "M previews in another way"
        self.view.show_problem(error.message, " · ".join(part for part in (advice_for(error), more) if part))

    def turn_to(self, phase: str) -> None:
        """Goes on to another phase."""
        self.phase = phase
        self.set_class(phase == TRYING, "-trying")
        self._show_state()

    # Drawing

    def context(self) -> Context:
        """What is known, and how far it is."""
        return Context(self.situation, phase=self.phase)

    def show(self, situation: Situation) -> None:
        """Notices what has changed since the preview was made."""
        if situation.environment != self.environment and self.phase not in (RUNNING, ENDED):
            self.note = "miger.toml has changed: this is the preview by its new text"
            self._make()
            return
        self._look_for_changes()
        self._show_state()

    def _look_for_changes(self) -> None:
        if self.phase == SHOWN and self.plan is not None:
            was, self.is_outdated = self.is_outdated, outdated(self.plan, self.situation)
            if was != self.is_outdated:
                self.tell_word()

    def _show_state(self) -> None:
        """Title, word and buttons."""
        if not self.is_mounted:
            return
        frame = self.query_one("#frame")
        frame.border_title = Content(printable(self._title())).markup
        frame.border_subtitle = Content(self._way_in_words()).markup
        self.set_class(self.environment.protected, "-protected")
        self.query_one("#cancel", Button).label = "Back" if self.phase in (RUNNING, ENDED) else "Cancel"
        context = self.context()
        for name in ("execute", "save"):
            action = next(action for action in self.ACTIONS if action.id == name)
            self.query_one(f"#{name}", Button).disabled = bool(action.why_not(context))
        self.tell_word()
        self.show_keys()

    def _title(self) -> str:
        steps = [counted(len(self.plan.steps), "migration")] if self.plan is not None else []
        return " · ".join([self.aim.title, *steps, f"in {place_of(self.environment)}"])

    def _way_in_words(self) -> str:
        if self.phase in (RUNNING, ENDED):
            return "the run"
        found = self.shown_preview.mode if self.shown_preview is not None else self.way
        if self.way == AUTO and found != AUTO:
            return f"M mode: auto ({found})"
        return f"M mode: {found}"

    def tell_word(self) -> None:
        """The lines under the preview: what goes on, how it ended, what to do."""
        if self.is_mounted:
            lines = [Content.styled(text, STYLES.get(tone, "")) for tone, text in words(self._standing())]
            word = self.query_one("#word", Static)
            word.display = bool(lines)
            word.update(Content("\n").join(lines))

    def _standing(self) -> Standing:
        own_run = self.situation.own_run
        return Standing(
            phase=self.phase,
            way=self.way,
            note=self.note,
            seconds=time.monotonic() - self.since,
            outdated=self.is_outdated,
            refused=needs_writing(self.context()),
            elsewhere=self.plan.running if self.plan is not None else (),
            stopping=own_run is not None and own_run.stopping,
            record=self.record,
        )

    # The keys

    def do_turn(self) -> None:
        """Goes over to the other aim."""
        if self._other is None:
            self.notify("there is no other aim: select a migration on the home screen first", severity="warning")
            return
        self.aim, self._other = self._other, self.aim
        self.renew()

    def do_mode(self) -> None:
        """Goes on to the next way to preview."""
        ways = [AUTO, *self.workbench.project.preview_modes]
        self.way = ways[(ways.index(self.way) + 1) % len(ways)] if self.way in ways else AUTO
        self.renew()

    def do_again(self) -> None:
        """Makes it anew."""
        self.renew()

    def renew(self, note: str = "") -> None:
        """Makes it anew; `note` says why, where nobody asked for it."""
        self.note = note
        self._make()

    def do_edit(self) -> None:
        """Opens the file of the line under the cursor, or the one to mend."""
        path, line = self._file()
        if path:
            self.workbench.edit(path, line)
        else:
            self.notify("there is no file to open here", severity="warning")

    def _file(self) -> tuple[str, int]:
        failed = self.record.failed_step if self.record is not None else None
        if failed is not None:
            return failed.file, failed.line
        if isinstance(self._error, BadMigrations) and self._error.problems:
            return self._error.problems[0].file, self._error.problems[0].line or 0
        if self.shown_preview is not None and self.shown_preview.failure is not None:
            return self.shown_preview.failure.path, self.shown_preview.failure.line
        steps = self.plan.steps if self.plan is not None else ()
        return (steps[0].migration.path, 0) if steps else ("", 0)

    def do_recover(self) -> None:
        """Goes over to recovery."""
        from miger.workbench.screens.recovery import RecoveryScreen  # deferred: hardly ever needed

        wrong = self.situation.ids("dirty", "modified", "missing")
        self.app.push_screen(RecoveryScreen(wrong[0]))

    def do_stop(self) -> None:
        """Stops the run after the current statement."""
        self.workbench.action_stop_run()

    def do_back(self) -> None:
        """Leaves; a run goes on."""
        if self.phase == RUNNING:
            self.notify("it goes on; u or p shows it again", title=self.aim.title, markup=False)
        self.dismiss()

    def action_list(self, name: str, *arguments: float) -> None:
        """Does with the list what a key means there, while the focus is elsewhere."""
        getattr(self.view.body, f"action_{name}")(*arguments)

    @on(Button.Pressed)
    def _pressed(self, message: Button.Pressed) -> None:
        message.stop()
        self.action_act({"cancel": "back"}.get(message.button.id or "", message.button.id or ""))
