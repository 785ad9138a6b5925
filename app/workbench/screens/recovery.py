"""Recovery: what stopped half way or does not agree, and each way out of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static

from miger.engine.errors import Interrupted, MigerError
from miger.engine.events import Observer
from miger.engine.hazards.values import Hazard
from miger.engine.interrupt import Interrupt
from miger.engine.status import GLYPHS, MigrationStatus
from miger.project import Project
from miger.widgets.choice_view import Choice, ChoiceView
from miger.widgets.log_entry import LogEntry
from miger.widgets.log_view import LogView
from miger.widgets.rows_view import RowsView
from miger.widgets.text_view import TextLine, TextView
from miger.widgets.words import printable
from miger.workbench.actions import Context, bindings_of, needs_writing
from miger.workbench.outcome import advice_for
from miger.workbench.recovery_question import plan_of_way, way_question
from miger.workbench.recovery_story import Story, Way, read_story
from miger.workbench.recovery_words import head_of, story_lines, way_lines
from miger.workbench.screens.base import WorkScreen
from miger.workbench.screens.confirm import Agreed, ConfirmModal
from miger.workbench.screens.recovery_actions import RECOVERY_ACTIONS
from miger.workbench.situation import Situation

NARROW = 100
WRONG = ("dirty", "modified", "missing")


class RecoveryScreen(WorkScreen[None]):
    """Shows a migration that is dirty, modified or missing, and recovers it as a person chooses."""

    ACTIONS: ClassVar = RECOVERY_ACTIONS
    BINDINGS: ClassVar = [
        *bindings_of(action for action in RECOVERY_ACTIONS if action.id not in ("choose", "stop")),
        *(Binding(str(number), f"pick({number - 1})", show=False) for number in range(1, 8)),
    ]
    AUTO_FOCUS = "#ways"
    DEFAULT_CSS = """
    RecoveryScreen #columns { height: 1fr; }
    RecoveryScreen .pane {
        border: round $border-blurred; background: $surface;
        border-title-color: $foreground; border-subtitle-color: $text-muted;
    }
    RecoveryScreen .pane:focus { border: round $border; }
    RecoveryScreen #wrong { width: 36; display: none; }
    RecoveryScreen.-several #wrong { display: block; }
    RecoveryScreen #right { width: 1fr; }
    RecoveryScreen #story { height: 1fr; min-height: 5; }
    RecoveryScreen #ways { height: auto; min-height: 3; max-height: 9; }
    RecoveryScreen #what { height: 30%; min-height: 4; }
    RecoveryScreen #log { height: 30%; min-height: 4; display: none; }
    RecoveryScreen.-ran #log { display: block; }
    RecoveryScreen.-ran #what { display: none; }
    RecoveryScreen #word { height: auto; max-height: 4; padding: 0 1; background: $panel; display: none; }
    RecoveryScreen.-narrow #columns { layout: vertical; }
    RecoveryScreen.-narrow #wrong { width: 1fr; height: auto; max-height: 5; }
    """

    def __init__(self, id: str) -> None:
        super().__init__()
        self.migration_id = id
        self.story: Story | None = None
        self._known: MigrationStatus | None = None
        self._wrong: tuple[str, ...] = ()
        self._place = 0  # of the way that is shown

    def compose_content(self) -> ComposeResult:
        """What is wrong on the left where it is several; story, ways and what they do on the right."""
        with Horizontal(id="columns"):
            yield ChoiceView(id="wrong", classes="pane")
            with Vertical(id="right"):
                yield TextView(id="story", classes="pane")
                yield ChoiceView(id="ways", classes="pane")
                yield TextView(id="what", classes="pane")
                yield LogView("Log", id="log")
        yield Static(id="word")

    def on_mount(self) -> None:
        """Reads the story; until it is there, that is said."""
        self.query_one("#wrong").border_title = "Needs recovery"
        self.query_one("#ways").border_title = "What can be done"
        self._story_view.lines = (TextLine("◐ reading what happened…", "$text-muted"),)
        super().on_mount()
        self._read()

    def on_resize(self, event: Resize) -> None:
        """Puts the list above the rest where there is no room beside it."""
        self.set_class(event.size.width < NARROW, "-narrow")

    @property
    def _story_view(self) -> TextView:
        return self.query_one("#story", TextView)

    @property
    def _ways_view(self) -> ChoiceView:
        return self.query_one("#ways", ChoiceView)

    # What is known

    def context(self) -> Context:
        """The migration that is shown."""
        return Context(self.situation, self.situation.of(self.migration_id))

    def show(self, situation: Situation) -> None:
        """Lists what is wrong; reads the story again where the migration's state or file is another."""
        self._wrong = situation.ids(*WRONG)
        self.set_class(len(self._wrong) > 1, "-several")
        states = [situation.of(id) for id in self._wrong]
        wrong = self.query_one("#wrong", ChoiceView)
        wrong.choices = tuple(
            Choice(f"{GLYPHS[status.state]} {status.id}", status.state) for status in states if status is not None
        )
        if self.migration_id in self._wrong:
            wrong.move_cursor(self._wrong.index(self.migration_id))
        known = situation.of(self.migration_id)
        if known != self._known and situation.own_run is None:
            self._known = known
            self._read()

    @work(exclusive=True, group="story")
    async def _read(self) -> None:
        id, place = self.migration_id, self.workbench.project
        try:
            story: Story | None = await self.ask_engine(lambda project: read_story(project, id))
        except MigerError as error:
            self._show_problem(error)
            return
        if id == self.migration_id and place is self.workbench.project:
            self.story = story
            self._show_story()

    def _show_problem(self, error: MigerError) -> None:
        self.story = None
        lines = [TextLine(f"✖ error: {error.message}", "$text-error", bold=True), TextLine("")]
        lines += [TextLine(f"→ {advice_for(error)}", "$text-muted")] if advice_for(error) else []
        self._story_view.lines = (*lines, TextLine("→ r looks again", "$text-muted"))
        self._ways_view.choices = ()

    def _show_story(self) -> None:
        story = self.story
        pane = self._story_view
        if story is None:
            pane.border_title = Content(printable(self.migration_id)).markup
            line = f"✔ {self.migration_id} is forgotten: it has neither a file nor a record any more"
            pane.lines = (TextLine(line, "$text-success"),)
            self._ways_view.choices = ()
            self.query_one("#what", TextView).lines = ()
            return
        pane.border_title = Content(printable(head_of(story))).markup
        pane.lines = story_lines(story)
        self._ways_view.choices = tuple(Choice(way.label, way.effect, way.unavailable) for way in story.ways)
        self._show_way(self._ways_view.cursor)

    @on(ChoiceView.Highlighted, "#ways")
    def _other_way(self, message: ChoiceView.Highlighted) -> None:
        if message.place != self._place and self.situation.own_run is None:
            self.remove_class("-ran")  # until then the log of the run stays
        self._show_way(message.place)

    def _show_way(self, place: int) -> None:
        ways = self.story.ways if self.story is not None else ()
        pane = self.query_one("#what", TextView)
        self._place = place
        if place < len(ways):
            pane.border_title = Content(f"{place + 1} {ways[place].label}").markup
            pane.lines = way_lines(ways[place])

    @on(ChoiceView.Highlighted, "#wrong")
    def _other_migration(self, message: ChoiceView.Highlighted) -> None:
        if message.place < len(self._wrong) and self.query_one("#wrong").has_focus:
            self._turn_to(self._wrong[message.place])

    @on(ChoiceView.Chosen, "#wrong")
    def _chosen_migration(self, message: ChoiceView.Chosen) -> None:
        if message.place < len(self._wrong):
            self._turn_to(self._wrong[message.place])
            self._ways_view.focus()

    def _turn_to(self, id: str) -> None:
        if id != self.migration_id:
            self.migration_id, self._known = id, self.situation.of(id)
            self._tell("", "")
            self._read()
            self.show_keys()

    # The keys

    def do_next(self) -> None:
        """Goes to the next pane."""
        self.focus_next()

    def do_previous(self) -> None:
        """Goes to the pane before."""
        self.focus_previous()

    def do_refresh(self) -> None:
        """Looks again."""
        self.workbench.lookout.look()
        self._read()

    def do_edit(self) -> None:
        """Opens the file where it stopped."""
        status = self.situation.of(self.migration_id)
        if status is not None and status.migration is not None:
            pieces = self.story.pieces if self.story is not None else ()
            line = next((piece.line for piece in pieces if piece.state == "failed"), 0)
            self.workbench.edit(status.migration.path, line)

    def do_stop(self) -> None:
        """Stops the run after the current statement."""
        self.workbench.action_stop_run()

    @on(RowsView.Copied)
    def _copied(self, message: RowsView.Copied) -> None:
        message.stop()
        self.workbench.copy(message.text)

    # Recovering

    def action_pick(self, place: int) -> None:
        """Chooses by number."""
        ways = self.story.ways if self.story is not None else ()
        if place < len(ways):
            self._ways_view.move_cursor(place)
            self._choose(place)

    def do_choose(self) -> None:
        """Chooses the way under the cursor."""
        self._choose(self._ways_view.cursor)

    @on(ChoiceView.Chosen, "#ways")
    def _chosen_way(self, message: ChoiceView.Chosen) -> None:
        self._choose(message.place)

    def _choose(self, place: int) -> None:
        story = self.story
        if story is None or place >= len(story.ways):
            return
        way = story.ways[place]
        if why := way.unavailable or needs_writing(self.context()):
            self.notify(why, title=way.label, severity="warning", markup=False)
            return
        self._ask(story, way)

    @work(exclusive=True, group="ask")
    async def _ask(self, story: Story, way: Way) -> None:
        environment = self.situation.environment
        hazards: Sequence[Hazard] = ()
        unsure = ""
        plan = plan_of_way(story.status, way)
        if plan is not None:
            try:
                hazards = (await self.ask_engine(lambda project: project.hazards(plan))).hazards
            except MigerError as error:
                unsure = f"what it may lose could not be looked at: {error.message}"
        if self.story is not story or self.app.screen is not self:
            return
        question = way_question(story, way, hazards, unsure, environment)
        self.app.push_screen(ConfirmModal(question), lambda agreed: self._recover(agreed, story, way))

    def _recover(self, agreed: Agreed | None, story: Story, way: Way) -> None:
        if agreed is None:
            return
        if self.situation.of(story.id) != story.status:
            self.notify("it has changed before you agreed: nothing was done", severity="warning")
            self._read()
            return
        if why := needs_writing(self.context()):
            self.notify(why, severity="warning", markup=False)
            return
        app, title = self.workbench, f"{way.label.capitalize()} {story.id}"
        self.query_one(LogView).clear()
        self.add_class("-ran")
        self._tell("muted", f"◐ {title} · ctrl+c stops after the current statement")

        def recover(project: Project, on_event: Observer, interrupt: Interrupt) -> None:
            project.repair(
                story.id,
                way.choice,
                assume=way.assume,
                confirm=agreed.name,
                on_event=on_event,
                interrupt=interrupt,
            )

        def ended(error: MigerError | None) -> None:
            if self.is_attached:
                self._show_end(title, error)
            elif error is not None:
                app.tell(error, title)
            else:
                app.notify("done", title=title, markup=False)

        app.runner.start(title, recover, ended)

    def show_entries(self, entries: Sequence[LogEntry]) -> None:
        """What the run says, statement by statement."""
        self.query_one(LogView).append(list(entries))

    def _show_end(self, title: str, error: MigerError | None) -> None:
        self._known = None  # what is known is of before it
        if error is None:
            self._tell("good", f"✔ {title}: done")
        elif isinstance(error, Interrupted):
            self._tell("warning", f"! {title}: {error.message}")
        else:
            advice = advice_for(error)
            if "nobody knows" in error.message:
                advice = "look at the database, then choose `resume: it ran` or `resume: it did not`"
            self._tell(
                "error", f"✖ {title}: {printable(error.message)}" + (f"\n  → {printable(advice)}" if advice else "")
            )
        self._read()

    def _tell(self, tone: str, text: str) -> None:
        styles = {"good": "$text-success", "error": "$text-error", "warning": "$text-warning", "muted": "$text-muted"}
        word = self.query_one("#word", Static)
        word.display = bool(text)
        word.update(Content.styled(text, styles.get(tone, "")))
