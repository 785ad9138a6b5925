"""The wizard: from a kind to the file of a new migration, step by step."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.events import Resize
from textual.widget import Widget
from textual.widgets import Button, ContentSwitcher, Static

from miger.scaffold import FieldProblem, draft_text
from miger.widgets.file_view import FileView
from miger.widgets.wizard_trail import TrailStep, WizardTrail
from miger.workbench.actions import Context
from miger.workbench.screens.wizard_actions import WIZARD_ACTIONS, WIZARD_BINDINGS
from miger.workbench.screens.wizard_changes import WizardChanges
from miger.workbench.screens.wizard_leave import LeaveWizardModal
from miger.workbench.situation import Situation
from miger.workbench.wizard.answers import (
    BACKFILL,
    CONTENT,
    FORM,
    GENERATED,
    KIND,
    LABELS,
    REVIEW,
    STEPS,
    steps_of,
)
from miger.workbench.wizard.backfill_step import BackfillStep
from miger.workbench.wizard.changes_step import ChangesStep
from miger.workbench.wizard.drafting import Drafted, drafted
from miger.workbench.wizard.form_step import FormStep
from miger.workbench.wizard.kind_step import KindStep
from miger.workbench.wizard.name_step import NameStep
from miger.workbench.wizard.parents_step import ParentsStep
from miger.workbench.wizard.review_step import ReviewStep
from miger.workbench.wizard.step import WizardStep, said
from miger.workbench.wizard.write_step import WriteStep

NARROW = 100  # columns; with fewer, the file is shown instead of the step
READING = "The migrations folder is still being read…"
PROBLEMS = "the migrations folder has problems: mend them first"


class WizardScreen(WizardChanges):
    """Asks step by step, shows the file as it grows, and writes it at the end; gives its id, or None."""

    ACTIONS: ClassVar = WIZARD_ACTIONS
    BINDINGS: ClassVar = WIZARD_BINDINGS
    DEFAULT_CSS = """
    WizardScreen #body { height: 1fr; }
    WizardScreen #side {
        width: 1fr; border: round $border-blurred; background: $surface; border-title-color: $foreground-muted;
    }
    WizardScreen #side.-at { border: round $border; border-title-color: $foreground; }
    WizardScreen #reading { padding: 1 2; color: $foreground-muted; }
    WizardScreen #step { height: 1fr; }
    WizardScreen FileView { width: 1fr; }
    WizardScreen.-bare FileView { display: none; }
    WizardScreen.-narrow FileView { display: none; }
    WizardScreen.-narrow.-file FileView { display: block; }
    WizardScreen.-narrow.-file #side { display: none; }
    WizardScreen #buttons { height: 1; padding: 0 1; background: $background; }
    WizardScreen #buttons Button { margin-right: 2; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._reached = {KIND}

    def compose_content(self) -> ComposeResult:
        """The trail, the step beside the file, the buttons."""
        yield WizardTrail()
        with Horizontal(id="body"):
            with Vertical(id="side"):
                yield Static(READING, id="reading")
                with ContentSwitcher(initial="kind-step", id="step"):
                    yield KindStep(id="kind-step")
                    yield NameStep(id="name-step")
                    yield ParentsStep(id="parents-step")
                    yield WriteStep(id="write-step")
                    yield FormStep(id="form-step")
                    yield BackfillStep(id="backfill-step")
                    yield ChangesStep(id="changes-step")
                    yield ReviewStep(id="review-step")
            yield FileView(id="file")
        with Horizontal(id="buttons"):
            yield Button("Cancel", id="leave", compact=True)
            yield Button("‹ Back", id="back", compact=True)
            yield Button("Next ›", id="next", compact=True, variant="primary")
            yield Button("Write the file", id="write", compact=True, variant="primary")

    def on_mount(self) -> None:
        """Begins with the kind."""
        self._environment = self.situation.environment
        self._set_clock()
        super().on_mount()
        self.open_step(KIND)

    def on_resize(self, event: Resize) -> None:
        """Chooses the layout for the size."""
        self.set_class(event.size.width < NARROW, "-narrow")

    def watch_focused(self, focused: Widget | None) -> None:
        """Tells the pane that has the keys. `:focus-within` would style all its widgets anew at each move."""
        for side in self.query("#side"):
            side.set_class(focused is not None and side in focused.ancestors, "-at")

    # What is known

    @property
    def opened(self) -> WizardStep:
        """The step that is open."""
        return self._widget_of(self.step)

    def _widget_of(self, step: str) -> WizardStep:
        content = {FORM: "form", BACKFILL: "backfill", GENERATED: "changes"}.get(self.answers.kind, "write")
        return self.query_one(f"#{content if step == CONTENT else step}-step", WizardStep)

    def context(self) -> Context:
        """The step, the kind, and what stands against writing."""
        return Context(self.situation, pane=f"{self.step} {self.answers.kind}", phase=self._against_writing())

    # Drawing

    def show(self, situation: Situation) -> None:
        """Draws by what is known now; another database is read anew."""
        if self._environment is not None and situation.environment != self._environment:
            self._environment = situation.environment
            self._tables, self._trouble, self._asked_tables = None, "", False
            self.forget_changes()
            if self.step in (CONTENT, REVIEW):
                self._read_tables_once()
        ready = self.ground is not None
        first = ready and self.query_one("#reading").display
        self.query_one("#reading").display = not ready
        self.query_one("#step").display = ready
        if ready:
            self.show_ground()
        if ready and self.step == REVIEW:
            self._try()  # of another file, if the folder has changed
        if first:
            self.call_after_refresh(self.opened.begin)

    @on(WizardStep.Changed)
    def _changed(self, message: WizardStep.Changed) -> None:
        message.stop()
        self.judge()

    def show_ground(self) -> None:
        """Draws the steps by what is known, then all else."""
        ground = self.ground
        if ground is not None:
            for step in self._answering():
                step.show(self.answers, ground)
            self.judge()

    def judge(self) -> None:
        """Collects the answers, and shows the file and what is wrong with it."""
        ground = self.ground
        if ground is None:
            return
        answers = self.answers
        for step in self._answering():
            answers = step.collect(answers)
        self.answers = answers
        found = drafted(answers, ground)
        if self.situation.problems:
            hint = "`!` on the home screen lists them"
            found = found._replace(problems=(*found.problems, (REVIEW, -1, FieldProblem("folder", PROBLEMS, hint))))
        self.found = found
        self.opened.tell(found, found.of(self.step))
        self.set_class(not answers.kind, "-bare")
        name = f"{found.id}.{found.draft.suffix}" if found.id else "no name yet"
        self.query_one(FileView).show(name, draft_text(found.draft), "sql" if found.draft.kind == "sql" else "python")
        self._show_way()
        self.pursue_changes()

    def _answering(self) -> list[WizardStep]:
        content: dict[str, type[WizardStep]] = {FORM: FormStep, BACKFILL: BackfillStep, GENERATED: ChangesStep}
        kind = content.get(self.answers.kind, WriteStep)
        return [self.query_one(step) for step in (KindStep, NameStep, ParentsStep, kind)]

    def _show_way(self) -> None:
        """Trail, title and buttons."""
        found = self.found
        states = {step: self._state(step, found) for step in STEPS}
        self.query_one(WizardTrail).steps = tuple(TrailStep(step, LABELS[step], states[step]) for step in STEPS)
        self.query_one("#side").border_title = LABELS[self.step]
        review = self.step == REVIEW
        self.query_one("#back", Button).display = self.step != KIND
        self.query_one("#next", Button).display = not review
        write = self.query_one("#write", Button)
        write.display = review
        write.disabled = bool(self._against_writing())
        self.show_keys()

    def _state(self, step: str, found: Drafted | None) -> str:
        if step == self.step:
            return "open"
        if self.answers.kind and step not in steps_of(self.answers.kind):
            return "skipped"
        if step not in self._reached or found is None:
            return "ahead"
        return "wrong" if found.of(step) else "done"

    # From step to step

    def open_step(self, step: str) -> None:
        """Shows a step."""
        self.step = step
        self._reached.add(step)
        self.remove_class("-file")
        if step == REVIEW:  # migrations may have come since the wizard was opened: the new one sorts behind them
            self._set_clock()
        if step in (CONTENT, REVIEW):
            self._read_tables_once()
            self.forget_trouble()
        self.query_one("#step", ContentSwitcher).current = self.opened.id
        self.show_ground()
        if step == REVIEW:
            self.query_one("#leave", Button).focus()
            self._try()
        elif self.ground is not None:
            self.opened.begin()

    def do_next(self) -> None:
        """Goes on, where nothing stands against this step."""
        if self.step == KIND:
            self.query_one(KindStep).take()
            return
        self.judge()
        found = self.found
        if found is None:
            return
        wrong = found.of(self.step)
        if wrong:
            self.opened.tried = True
            self.opened.tell(found, wrong)
            self.opened.show_wrong()
            self.notify(said(wrong[0][1]), title=LABELS[self.step], severity="warning", markup=False)
            return
        self._go(1)

    @on(WizardStep.Finished)
    def _finished(self) -> None:
        if self.step == KIND:
            self.judge()
            self._go(1)
        else:
            self.do_next()

    def _go(self, places: int) -> None:
        steps = steps_of(self.answers.kind)
        self.open_step(steps[steps.index(self.step) + places])

    def do_back(self) -> None:
        """One step back; from the first one out of the wizard."""
        if self.has_class("-file"):
            self.do_file()
        elif self.step == KIND:
            self.do_leave()
        else:
            self._go(-1)

    @on(WizardTrail.Chosen)
    def _chosen(self, message: WizardTrail.Chosen) -> None:
        """Goes to a step that was open before; to the next one as `next` does."""
        steps = steps_of(self.answers.kind)
        if message.name == self.step or message.name not in steps:
            return
        if message.name in self._reached and steps.index(message.name) < steps.index(self.step):
            self.open_step(message.name)
        else:
            self.do_next()

    def do_leave(self) -> None:
        """Leaves; asks first where something was typed."""
        if self.typed:
            self.app.push_screen(LeaveWizardModal(), self._leave)
        else:
            self.dismiss(None)

    def do_quit(self) -> None:
        """ctrl+q leaves the wizard alone, not the workbench."""
        self.do_leave()

    def _leave(self, leave: bool | None) -> None:
        if leave:
            self.dismiss(None)

    @property
    def typed(self) -> bool:
        """Whether something would be lost."""
        answers = self.answers
        texts = (answers.up, answers.verify, answers.down, *(text for _, text in answers.backfill.texts))
        said = bool(answers.entries) or self.query_one(ChangesStep).typed
        return said or self.query_one(NameStep).typed or any(text.strip() for text in texts)

    def do_file(self) -> None:
        """Shows the file instead of the step, where there is no room for both; else goes to it."""
        view = self.query_one(FileView)
        if not self.has_class("-narrow"):
            if view.has_focus:
                self.opened.begin() if self.step != REVIEW else self.query_one("#leave").focus()
            else:
                view.focus()
            return
        self.toggle_class("-file")
        if self.has_class("-file"):
            self.call_after_refresh(view.focus)
        elif self.step != REVIEW:
            self.call_after_refresh(self.opened.begin)

    @on(Button.Pressed)
    def _pressed(self, message: Button.Pressed) -> None:
        message.stop()
        self.action_act(message.button.id or "")
