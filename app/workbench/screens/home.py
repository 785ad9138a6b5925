"""The home screen: graph, detail, log."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.events import Resize
from textual.widgets import Input

from miger.engine.errors import MigerError
from miger.widgets.banner import Banner
from miger.widgets.detail_body import DetailBody
from miger.widgets.detail_values import PREVIEW
from miger.widgets.detail_view import DetailView
from miger.widgets.graph_view import GraphView
from miger.widgets.log_entry import LogEntry
from miger.widgets.log_view import LogView
from miger.workbench.actions import HOME_ACTIONS, Context, bindings_of
from miger.workbench.details import read_detail, sketch_detail
from miger.workbench.notices import banner_of
from miger.workbench.screens.home_ways import HomeWays, aim_at
from miger.workbench.situation import Situation

NARROW = 100  # columns; with fewer, the detail opens over the graph and the log is one line
REST_SECONDS = 0.08  # for which the cursor must rest before a file is read
STEP = 4  # columns by which + and _ change a pane; a row for the log
DETAIL_WIDTH, LOG_HEIGHT = 50, 9
PANES = ("graph", "detail", "log")


class HomeScreen(HomeWays):
    """All of a database's migrations at a glance."""

    ACTIONS: ClassVar = HOME_ACTIONS
    BINDINGS: ClassVar = bindings_of(HOME_ACTIONS)

    def compose_content(self) -> ComposeResult:
        """What stands in the way, graph and detail side by side, the filter, the log below."""
        yield Banner(id="banner")
        with Horizontal(id="panes"):
            yield GraphView(id="graph")
            yield DetailView("2 Detail", clock=self.workbench.aware_clock, id="detail")
        yield Input(placeholder="status:pending  phase:expand  late  !inverse  words", id="filter")
        yield LogView("3 Log", id="log")

    def on_mount(self) -> None:
        """Begins on the graph, as it was left."""
        self.query_one("#filter").display = False
        graph = self.query_one(GraphView)
        graph.filter_text = self.workbench.settings.filter
        log = self.query_one(LogView)
        log.clear()  # it may have been told of some already
        log.append(list(self.workbench.journal.entries))
        self._size_panes()
        graph.focus()
        super().on_mount()

    def on_resize(self, event: Resize) -> None:
        """Chooses the layout for the size."""
        self.set_class(event.size.width < NARROW, "-narrow")
        self._size_panes()

    # Drawing

    def show(self, situation: Situation) -> None:
        """Graph, detail and titles from what is known."""
        graph = self.query_one(GraphView)
        if situation.graph is not None:
            graph.show(situation.graph, situation.status, self.workbench.aware_clock())
        graph.error = _trouble(situation)
        self.go_to_awaited()
        self.query_one(Banner).notices = banner_of(situation)
        self._tell_graph_title()
        self._show_detail()

    def show_entries(self, entries: Sequence[LogEntry]) -> None:
        """New entries go to the log."""
        if self.is_mounted:
            self.query_one(LogView).append(list(entries))

    def context(self) -> Context:
        """The migration under the cursor, and the pane that has the focus."""
        return Context(self.situation, self.situation.of(self.selected_id()), self._pane())

    def _pane(self) -> str:
        """The pane that has the focus; "" where something else has it."""
        if self.focused is None:
            return ""
        ids = {node.id for node in self.focused.ancestors_with_self}
        return next((pane for pane in PANES if pane in ids), "")

    def _tell_graph_title(self) -> None:
        graph = self.query_one(GraphView)
        graph.border_title = f"1 Graph ─ {graph.count_text}" + (" shown" if graph.filter_text else "")
        graph.border_subtitle = f"filter: {graph.filter_text}" if graph.filter_text else ""

    @on(GraphView.Highlighted)
    def _other_migration(self) -> None:
        self._show_detail()
        self.show_keys()

    def _show_detail(self) -> None:
        """What is known at once; what has to be read follows."""
        view = self.query_one(DetailView)
        view.detail = sketch_detail(self.situation, self.selected_id(), view.detail)
        if view.detail is not None and (not self.has_class("-narrow") or self.has_class("-detail-open")):
            self._read_detail(view.detail.status.id)
            if view.tab == PREVIEW:
                self._make_preview()

    @work(exclusive=True, group="detail")
    async def _read_detail(self, id: str) -> None:
        """Reads once the cursor rests: who runs through the graph wants no file of each."""
        await asyncio.sleep(REST_SECONDS)
        situation = self.situation
        detail = await self.ask_engine(lambda project: read_detail(project, situation, id))
        view = self.query_one(DetailView)
        if detail is not None and self.selected_id() == id:
            former = view.detail
            if former is not None and former.status == detail.status:
                detail = detail._replace(preview=former.preview)
            view.detail = detail

    @on(DetailView.TabShown)
    def _other_tab(self, message: DetailView.TabShown) -> None:
        if message.tab == PREVIEW:
            self._make_preview()

    @work(exclusive=True, group="detail-preview")
    async def _make_preview(self) -> None:
        """A dry run of the selected migration alone, into its tab: of the way there, or of the way back."""
        await asyncio.sleep(REST_SECONDS)
        view = self.query_one(DetailView)
        detail = view.detail
        if detail is None or detail.preview is not None or detail.status.state not in ("pending", "applied"):
            return
        id = detail.status.id
        aim = aim_at(detail.status)
        view.detail = detail._replace(preview_work="dry run", preview_problem="", preview_hint="")
        news: dict[str, Any] = {}
        try:
            news["preview"] = await self.ask_engine(lambda project: project.preview(aim.plan(project)))
        except MigerError as error:
            news = {"preview_problem": error.message, "preview_hint": error.hint}
        shown = self.query_one(DetailView).detail  # it may be another one by now
        if shown is not None and shown.status.id == id:
            view.detail = shown._replace(preview_work="", **news)

    # The panes

    def do_pane_graph(self) -> None:
        """Goes to the graph."""
        self.remove_class("-detail-open")
        self.query_one(GraphView).focus()

    def do_pane_detail(self) -> None:
        """Goes to the detail; on a small terminal it opens over the graph."""
        self.add_class("-detail-open")
        self._show_detail()
        self.query_one(DetailView).body.focus()

    def do_pane_log(self) -> None:
        """Goes to the log; on a small terminal it opens, and closes."""
        log = self.query_one(LogView)
        if self.has_class("-narrow"):
            self.toggle_class("-log-open")
            self._size_panes()
            if log.one_line:
                self.query_one(GraphView).focus()
                return
        log.focus()

    def do_pane_preview(self) -> None:
        """Goes to the preview in the detail."""
        self.query_one(DetailView).tab = PREVIEW
        self.do_pane_detail()

    def do_follow(self) -> None:
        """Follows the log, or holds it."""
        self.query_one(LogView).action_toggle_follow()

    def do_pane_next(self) -> None:
        """Goes to the next pane."""
        self._go_round(1)

    def do_pane_previous(self) -> None:
        """Goes to the pane before."""
        self._go_round(-1)

    def _go_round(self, step: int) -> None:
        here = self.context().pane
        place = PANES.index(here) if here in PANES else 0
        getattr(self, f"do_pane_{PANES[(place + step) % len(PANES)]}")()

    @on(GraphView.Opened)
    def _open_detail(self) -> None:
        self.do_pane_detail()

    @on(DetailBody.Jump)
    def _jump(self, message: DetailBody.Jump) -> None:
        graph = self.query_one(GraphView)
        if not graph.select(message.id) and graph.filter_text:
            self._set_filter("")
            graph.select(message.id)

    def do_enlarge(self) -> None:
        """Makes the focused pane larger."""
        self._resize_pane(1)

    def do_shrink(self) -> None:
        """Makes the focused pane smaller."""
        self._resize_pane(-1)

    def _resize_pane(self, direction: int) -> None:
        settings, pane = self.workbench.settings, self.context().pane
        if pane == "log":
            height = (settings.log_height or LOG_HEIGHT) + direction
            settings = settings._replace(log_height=min(max(height, 4), max(4, self.size.height - 12)))
        else:
            sign = direction if pane == "detail" else -direction
            width = (settings.detail_width or DETAIL_WIDTH) + sign * STEP
            settings = settings._replace(detail_width=min(max(width, 20), 80))
        self.workbench.settings = settings
        self._size_panes()

    def _size_panes(self) -> None:
        """Widths in hundredths of the screen, so that they fit another terminal, too."""
        settings, narrow = self.workbench.settings, self.has_class("-narrow")
        log = self.query_one(LogView)
        log.one_line = narrow and not self.has_class("-log-open")
        log.styles.height = 1 if log.one_line else "1fr" if narrow else settings.log_height or LOG_HEIGHT
        self.query_one(DetailView).styles.width = "1fr" if narrow else f"{settings.detail_width or DETAIL_WIDTH}%"

    # The filter

    def do_filter(self) -> None:
        """Opens the line for it."""
        line = self.query_one("#filter", Input)
        line.display = True
        line.value = self.query_one(GraphView).filter_text
        line.focus()

    @on(Input.Changed, "#filter")
    def _filter_as_typed(self, message: Input.Changed) -> None:
        if self.query_one("#filter").display:
            self._set_filter(message.value)

    @on(Input.Submitted, "#filter")
    def _filter_chosen(self) -> None:
        self._close_filter()

    @on(GraphView.Filtered)
    def _filtered(self, message: GraphView.Filtered) -> None:
        line = self.query_one("#filter", Input)
        line.border_title = message.error or f"{message.shown:,} of {message.total:,}"
        line.set_class(bool(message.error), "-invalid-filter")
        self._tell_graph_title()

    def _set_filter(self, text: str) -> None:
        self.query_one(GraphView).filter_text = text
        self.workbench.settings = self.workbench.settings._replace(filter=text)
        self._tell_graph_title()

    def _close_filter(self) -> None:
        self.query_one("#filter").display = False
        self.query_one(GraphView).focus()

    def key_escape(self) -> None:
        """Closes what is open, innermost first: the filter, the detail, the log."""
        if self.query_one("#filter").display or (self.context().pane == "graph" and self._filter_is_on()):
            self._set_filter("")
            self._close_filter()
        elif self.has_class("-log-open"):
            self.do_pane_log()
        else:
            self.do_pane_graph()

    def _filter_is_on(self) -> bool:
        return bool(self.query_one(GraphView).filter_text)


def _trouble(situation: Situation) -> str:
    """What the graph says instead of itself, where there is nothing to draw."""
    if situation.graph is None or len(situation.graph):
        return ""
    return "\n".join(str(problem) for problem in situation.problems)
