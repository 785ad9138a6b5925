"""All that is known of one migration, in tabs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from miger.widgets.detail_body import DetailBody
from miger.widgets.detail_header import header_of
from miger.widgets.detail_row import DetailRow
from miger.widgets.detail_rows import rows_of
from miger.widgets.detail_values import HISTORY, INFO, PREVIEW, TABS, MigrationDetail
from miger.widgets.preview_view import PreviewView
from miger.widgets.rows_view import RowsView
from miger.widgets.tab_row import Tab, TabRow

EMPTY = "No migration is selected."


class DetailView(Vertical):
    """Shows `detail`, a `MigrationDetail`, or that none is selected; `tab` is the name of the tab in front."""

    DEFAULT_CSS = """
    DetailView {
        border: round $border-blurred;
        border-title-color: $foreground-muted;
        border-title-background: $surface;
        background: $surface;
    }
    DetailView:focus-within { border: round $border; border-title-color: $foreground; }
    DetailView > #detail-header { height: 2; padding: 0 2; color: $foreground; background: $surface; }
    DetailView > TabRow { padding: 0 2; }
    DetailView > DetailBody { height: 1fr; }
    DetailView > PreviewView { height: 1fr; display: none; }
    DetailView.-preview > DetailBody { display: none; }
    DetailView.-preview > PreviewView { display: block; }
    DetailView.-empty > TabRow { visibility: hidden; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket,right", "turn_tab(1)", "Next tab", show=False),
        Binding("left_square_bracket,left", "turn_tab(-1)", "Tab before", show=False),
    ]

    detail: reactive[MigrationDetail | None] = reactive(None)
    tab: reactive[str] = reactive(INFO)

    Jump = DetailBody.Jump
    RunOpened = DetailBody.RunOpened
    Copied = RowsView.Copied

    class TabShown(Message):
        """Another tab came to the front."""

        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(
        self,
        title: str = "Detail",
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.border_title = Content(title).markup
        self._clock = clock
        self._ready = False  # whether there are widgets to show it in

    def compose(self) -> ComposeResult:
        """Header, tabs, and what is in the one in front."""
        yield Static(id="detail-header")
        yield TabRow()
        yield DetailBody(id="detail-body")
        yield PreviewView(id="detail-preview")

    @property
    def preview(self) -> PreviewView:
        """The preview in its tab; a run of it can be applied to it."""
        return self.query_one(PreviewView)

    @property
    def body(self) -> RowsView:
        """What takes the focus: the rows of the tab in front."""
        return self.preview.body if self.tab == PREVIEW else self.query_one(DetailBody)

    # What is shown

    def watch_detail(self, old: MigrationDetail | None, new: MigrationDetail | None) -> None:
        """Shows another migration, or what is new of the same one."""
        if not self._ready:
            return
        anew = old is None or new is None or old.status.id != new.status.id
        self.set_class(new is None, "-empty")
        self._show_header()
        self._show_tabs()
        self._show_body(anew=anew)
        if new is not None and (anew or old is None or _preview_part(old) != _preview_part(new)):
            self._show_preview(new)

    def on_mount(self) -> None:
        """Shows what it was given before."""
        self._ready = True
        self.set_class(self.tab == PREVIEW, "-preview")
        self.watch_detail(None, self.detail)

    def on_resize(self) -> None:
        """Cuts the header anew."""
        self._show_header()

    def watch_tab(self, old: str, new: str) -> None:
        """Brings the tab to the front, with the focus if that was here."""
        if not self._ready or old == new:
            return
        focused = self.has_focus_within
        self.set_class(new == PREVIEW, "-preview")
        self._show_tabs()
        self._show_body(anew=True)
        if focused:
            self.body.focus(scroll_visible=False)
        self.post_message(self.TabShown(new))

    def validate_tab(self, tab: str) -> str:
        """Only the tabs there are."""
        return tab if tab in TABS else INFO

    def action_turn_tab(self, by: int) -> None:
        """Goes to the next tab, or to the one before."""
        self.tab = TABS[(TABS.index(self.tab) + by) % len(TABS)]

    @on(TabRow.Chosen)
    def _choose(self, event: TabRow.Chosen) -> None:
        event.stop()
        self.tab = event.name

    def _show_header(self) -> None:
        width = max(self.size.width - 4, 20)
        header = Content("") if self.detail is None else header_of(self.detail, width, self._clock())
        self.query_one("#detail-header", Static).update(header)

    def _show_tabs(self) -> None:
        detail, row = self.detail, self.query_one(TabRow)
        row.active = self.tab
        row.tabs = tuple(Tab(name, *_label(detail, name)) for name in TABS)

    def _show_body(self, *, anew: bool) -> None:
        if self.tab != PREVIEW:
            self.query_one(DetailBody).show(self._rows, anew=anew)

    def _rows(self, width: int) -> list[DetailRow]:
        if self.detail is None:
            return [DetailRow(Content.styled(EMPTY, "$foreground-muted"))]
        return rows_of(self.detail, self.tab, width, self._clock(), colored=not self.app.no_color)

    def _show_preview(self, detail: MigrationDetail) -> None:
        if detail.preview_work:
            self.preview.show_working(detail.preview_work)
        elif detail.preview_problem:
            self.preview.show_problem(detail.preview_problem, detail.preview_hint)
        elif detail.preview is not None:
            self.preview.show(detail.preview)
        else:
            self.preview.show_nothing()


def _preview_part(detail: MigrationDetail) -> tuple[object, ...]:
    return (id(detail.preview), detail.preview_work, detail.preview_problem, detail.preview_hint)


def _label(detail: MigrationDetail | None, name: str) -> tuple[str, bool]:
    """What a tab is called, and whether there is anything in it."""
    label = name.capitalize()
    if detail is None or name == INFO:
        return label, True
    if name == HISTORY:
        return (f"{label} {len(detail.history)}", True) if detail.history else (label, False)
    if name == PREVIEW:
        return label, True
    migration = detail.status.migration
    return label, migration is not None and migration.section(name) is not None
