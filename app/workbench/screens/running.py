"""Asking whether a previewed plan is to be run, running it, and showing the run."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from textual import work

from miger.engine.environments import Environment
from miger.engine.errors import MigerError, PlanChanged
from miger.engine.events import Event, Observer
from miger.engine.hazards.values import Hazard
from miger.engine.interrupt import Interrupt
from miger.engine.planner import Plan
from miger.engine.preview.values import Preview
from miger.project import Project
from miger.widgets.preview_view import PreviewView
from miger.workbench.actions import needs_writing
from miger.workbench.aim import Aim
from miger.workbench.outcome import outcome_of
from miger.workbench.question import place_of, run_question
from miger.workbench.run_record import RunRecord
from miger.workbench.screens.confirm import Agreed, ConfirmModal
from miger.workbench.screens.preview_actions import ENDED, RUNNING, SHOWN
from miger.workbench.screens.script import ScriptScreen

if TYPE_CHECKING:
    from miger.workbench.app import Workbench

LISTED = "sql"


class RunningScreen(ScriptScreen):
    """Gives `do_execute` and what follows from it to a screen that makes previews.

    `shown_preview` is that of `plan`, made in `environment`; `is_outdated` where it would be another one now.
    `note` is a line on why it was made anew, `since` when the run began.
    """

    aim: Aim
    phase: str
    environment: Environment
    record: RunRecord | None = None
    shown_preview: Preview | None = None
    is_outdated = False
    note = ""
    since = 0.0
    _told = 0  # events of the record that are on the screen
    _running_on_screen = False

    @property
    def view(self) -> PreviewView:
        """The preview's view."""
        return self.query_one(PreviewView)

    if TYPE_CHECKING:  # what the screen that makes the previews has

        def turn_to(self, phase: str) -> None:
            """Goes on to another phase."""

        def renew(self, note: str = "") -> None:
            """Makes the preview anew; `note` says why, where nobody asked for it."""

        def tell_word(self) -> None:
            """Draws the lines under the preview."""

    def do_execute(self) -> None:
        """Asks; what was previewed is shown again first where it has changed."""
        if self.is_outdated:
            self.renew("it had changed since the preview: this is the new one, nothing was run")
            return
        self._ask()

    @work(exclusive=True, group="ask")
    async def _ask(self) -> None:
        plan, preview, environment = self.plan, self.shown_preview, self.environment
        if plan is None or preview is None:
            return
        hazards: Sequence[Hazard] = preview.hazards
        if preview.mode == LISTED:  # then the data has not been asked yet
            try:
                report = await self.ask_engine(lambda project: project.hazards(plan))
            except MigerError as error:
                self.workbench.tell(error)
                return
            hazards = (*report.hazards, *(hazard for hazard in hazards if hazard not in report.hazards))
        if plan is self.plan and self.phase == SHOWN and self.app.screen is self:
            question = run_question(plan, preview, hazards, environment)
            self.app.push_screen(ConfirmModal(question), lambda agreed: self._run(agreed, plan, preview))

    def _run(self, agreed: Agreed | None, plan: Plan, preview: Preview) -> None:
        """Runs what was agreed to, unless it is not that any more."""
        if agreed is None:
            return
        if plan is not self.plan or self.is_outdated or self.situation.environment != self.environment:
            self.renew("it changed before you agreed: this is the new preview, nothing was run")
            return
        if why := needs_writing(self.context()):
            self.notify(why, severity="warning", markup=False)
            return
        record = RunRecord(self.aim, plan, preview, place_of(self.environment), time.monotonic())
        self.record = self.workbench.runner.record = record
        self.note, self._told, self.since = "", 0, record.started
        self.turn_to(RUNNING)

        def run(project: Project, on_event: Observer, interrupt: Interrupt) -> object:
            def both(event: Event) -> None:
                record.note(event)
                on_event(event)

            return project.run(plan, exactly=True, confirm=agreed.name, on_event=both, interrupt=interrupt)

        app = self.workbench  # this screen may be gone by then

        def ended(error: MigerError | None) -> None:
            record.end(error)
            shown = [screen for screen in app.acting_screens if isinstance(screen, RunningScreen)]
            if not any(screen.show_end(record) for screen in shown):
                _tell_elsewhere(app, record)

        app.runner.start(record.aim.title, run, ended)

    def show_events(self, events: Sequence[Event]) -> None:
        """What the run has done since the last call."""
        record = self.record
        if record is None or self.phase != RUNNING:
            return
        if not self._running_on_screen:
            if not record.begun:
                self.tell_word()
                return
            self._running_on_screen = True
            self.view.begin_run()
        fresh = record.events[self._told :]
        self._told += len(fresh)
        self.view.apply(*fresh)

    def show_end(self, record: RunRecord) -> bool:
        """The run is over. False where it is not the one on this screen."""
        if record is not self.record:
            return False
        self.show_events(())
        if isinstance(record.error, PlanChanged):
            self.renew(f"{record.error.message}. This is the new preview; nothing was run")
            return True
        self.turn_to(ENDED)
        return True

    def show_record(self, record: RunRecord) -> None:
        """Shows a run that was begun before."""
        self.plan, self.shown_preview, self.since = record.plan, record.preview, record.started
        self.view.show(record.preview)
        self.turn_to(RUNNING)
        if record.over:
            self.show_end(record)
        else:
            self.show_events(())


def _tell_elsewhere(app: Workbench, record: RunRecord) -> None:
    """Tells how a run has ended whose screen was left."""
    outcome = outcome_of(record)
    severity: Literal["information", "error"] = "information" if outcome.tone == "good" else "error"
    text = "\n".join([outcome.title, *outcome.lines, *([f"→ {outcome.next}"] if outcome.next else [])])
    app.notify(text, title=record.aim.title, severity=severity, timeout=15, markup=False)
