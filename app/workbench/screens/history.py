"""The history: what happened to the database, who did it, and how it ended."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input

from miger.engine.errors import MigerError
from miger.engine.words import counted
from miger.widgets.history_view import HistoryHead, HistoryView
from miger.widgets.rows_view import RowsView
from miger.widgets.words import as_title
from miger.workbench.actions import BACK, KEYS, LOOK, PALETTE, Action, bindings_of
from miger.workbench.screens.base import WorkScreen
from miger.workbench.situation import Situation

LIVE_SECONDS = 1.0  # at least so long lies between two readings that the log calls for
PAGE = 200  # entries read at first; four times as many whenever the end comes near

HISTORY_ACTIONS: tuple[Action, ...] = (
    Action("filter", ("slash",), "filter", "Show some only: event:failed, by:ann, id:0141, !host:ci, words.", LOOK, 2),
    Action("open", ("enter",), "run's log", "All that the run of this entry has done, errors whole.", LOOK, 1),
    Action("refresh", ("r",), "refresh", "Read the history again now.", LOOK, 4),
    PALETTE,
    BACK,
    KEYS,
)


class HistoryScreen(WorkScreen[None]):
    """The database's own history, the newest first; more is read as one scrolls."""

    ACTIONS: ClassVar = HISTORY_ACTIONS
    BINDINGS: ClassVar = bindings_of(action for action in HISTORY_ACTIONS if action.id != "open")
    DEFAULT_CSS = """
    HistoryScreen #frame {
        border: round $border-blurred;
        border-title-color: $text-muted;
        border-subtitle-color: $text-muted;
        background: $surface;
    }
    HistoryScreen #frame:focus-within { border: round $border; border-title-color: $foreground; }
    HistoryScreen #frame.-failed { border: round $error; }
    HistoryScreen #filter { border: round $border; height: 3; display: none; }
    HistoryScreen #filter.-open { display: block; }
    """

    def compose_content(self) -> ComposeResult:
        """The list under its head; the filter below."""
        with Vertical(id="frame"):
            yield HistoryHead()
            yield HistoryView(zone=self.workbench.clock().tzinfo, id="history")
        yield Input(placeholder="event:failed  by:ann  id:0141  !host:ci  words", id="filter")

    def on_mount(self) -> None:
        """Reads the first page."""
        self._limit = PAGE
        self._complete = False
        self._place = self.workbench.project
        self._error: MigerError | None = None
        self._due = False
        self.set_interval(LIVE_SECONDS, self._read_if_due)
        view = self.query_one(HistoryView)
        view.placeholder = "reading the history…"
        view.focus()
        super().on_mount()
        self._read()

    def show(self, situation: Situation) -> None:
        """Reads again where the environment is another one; otherwise only the title changes."""
        if self.workbench.project is not self._place:
            self._place = self.workbench.project
            self._limit, self._complete = PAGE, False
            self.query_one(HistoryView).entries = ()
            self._read()
        self._tell_title()

    def show_entries(self, entries: object) -> None:
        """The log has grown, so the history may have."""
        self._due = True

    def _read_if_due(self) -> None:
        if self._due:
            self._due = False
            self._read()

    # Reading

    @work(exclusive=True, group="history")
    async def _read(self) -> None:
        place, limit = self.workbench.project, self._limit
        try:
            entries = await self.ask_engine(lambda project: project.history(limit))
        except MigerError as error:
            if self.is_open and place is self.workbench.project:
                self._show_error(error)
            return
        if not self.is_open or place is not self.workbench.project:
            return
        self._error = None
        self._complete = len(entries) < limit
        view = self.query_one(HistoryView)
        view.placeholder = "Nothing has happened to this database yet. p on the home screen previews a migration."
        if list(view.entries) != entries:
            view.entries = entries
        self._tell_title()

    def _show_error(self, error: MigerError) -> None:
        self._error = error
        view = self.query_one(HistoryView)
        hint = f"\n→ {error.hint}" if error.hint else ""
        view.placeholder = f"✖ error: {error.message}{hint}\n\nr tries again · esc goes back"
        self._tell_title()

    @on(HistoryView.NearEnd)
    def _read_more(self) -> None:
        if not self._complete and self._error is None and len(self.query_one(HistoryView).entries) == self._limit:
            self._limit *= 4
            self._read()

    def _tell_title(self) -> None:
        view, frame = self.query_one(HistoryView), self.query_one("#frame")
        told = counted(len(view.entries), "entry", "entries") + ("" if self._complete else ", more below")
        if view.filter_text:
            told = f"{view.shown:,} of {told}"
        if not view.entries:
            told = "cannot be read" if self._error is not None else "empty" if self._complete else "reading…"
        frame.border_title = as_title(f"History of {self.situation.environment.name} ─ {told}")
        frame.set_class(self._error is not None, "-failed")
        note = f"filter: {view.filter_text}" if view.filter_text else ""
        if self._error is not None and view.entries:
            note = f"✖ cannot be read: {self._error.message} · r tries again"
        frame.border_subtitle = as_title(note)

    # Keys

    @on(HistoryView.Opened)
    def _open_run(self, message: HistoryView.Opened) -> None:
        from miger.workbench.screens.run_log import RunLogScreen  # deferred: until one is asked for

        self.app.push_screen(RunLogScreen(message.entry))

    def do_open(self) -> None:
        """Opens the run of the entry under the cursor."""
        self.query_one(HistoryView).action_open()

    @on(RowsView.Copied)
    def _copied(self, message: RowsView.Copied) -> None:
        self.workbench.copy(message.text)

    def do_refresh(self) -> None:
        """Reads again now."""
        self._read()

    def do_filter(self) -> None:
        """Opens the line for it."""
        line = self.query_one("#filter", Input)
        line.add_class("-open")
        line.value = self.query_one(HistoryView).filter_text
        line.focus()

    @on(Input.Changed, "#filter")
    def _filter_as_typed(self, message: Input.Changed) -> None:
        if message.input.has_class("-open"):
            self.query_one(HistoryView).filter_text = message.value
            self._tell_title()

    @on(Input.Submitted, "#filter")
    def _filter_chosen(self) -> None:
        self.query_one("#filter").remove_class("-open")
        self.query_one(HistoryView).focus()

    def do_back(self) -> None:
        """Closes what is open, innermost first: the line of the filter, the filter, the history."""
        line, view = self.query_one("#filter", Input), self.query_one(HistoryView)
        if line.has_class("-open") or view.filter_text:
            line.remove_class("-open")
            view.filter_text = ""
            view.focus()
            self._tell_title()
            return
        super().do_back()
