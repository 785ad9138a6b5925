"""The history of a database as a list under the names of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from textual.app import RenderResult
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from miger.engine.state import HistoryEntry
from miger.widgets.history_rows import (
    Day,
    HistoryFilter,
    HistoryRow,
    entry_text,
    heading_line,
    history_rows,
    parse_history_filter,
    row_line,
)
from miger.widgets.rows_view import MARGIN, RowsView
from miger.widgets.words import printable, wrapped

LEFT = 2  # cells that the cursor takes
NEAR_END = 20  # rows left below the cursor when more are asked for


class HistoryHead(Widget):
    """The names of the columns, over the list."""

    DEFAULT_CSS = """
    HistoryHead { height: 1; background: $surface; }
    """

    def render(self) -> RenderResult:
        """One line."""
        return Content.assemble(" " * LEFT, heading_line(max(self.size.width - MARGIN - 1, 1)))


class HistoryView(RowsView):
    """What happened, the newest first, under a heading for each day. `zone` is the time zone, None for that here."""

    DEFAULT_CSS = """
    HistoryView { scrollbar-gutter: stable; }
    """

    filter_text: reactive[str] = reactive("", init=False)
    placeholder: reactive[str] = reactive("Nothing has happened to this database yet.", init=False)

    class Opened(Message):
        """A person wants to see the run of an entry."""

        def __init__(self, entry: HistoryEntry) -> None:
            super().__init__()
            self.entry = entry

    class NearEnd(Message):
        """The cursor is near the oldest entry there is here."""

    def __init__(self, *, zone: tzinfo | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.zone = zone
        self._entries: Sequence[HistoryEntry] = ()
        self._rows: list[HistoryRow] = []
        self._chosen = HistoryFilter()

    @property
    def entries(self) -> Sequence[HistoryEntry]:
        """All entries, the newest first."""
        return self._entries

    @entries.setter
    def entries(self, entries: Sequence[HistoryEntry]) -> None:
        """Shows other entries; the cursor stays on the entry it was on."""
        self._entries = entries
        self._show_anew()

    @property
    def shown(self) -> int:
        """How many entries the filter leaves."""
        return sum(not isinstance(row, Day) for row in self._rows)

    @property
    def selected(self) -> HistoryEntry | None:
        """The entry of the cursor; on a heading, the newest below it."""
        for row in self._rows[self.cursor : self.cursor + 2]:
            if not isinstance(row, Day):
                return row
        return None

    def watch_filter_text(self, text: str) -> None:
        """Chooses anew."""
        self._chosen = parse_history_filter(text)
        self._show_anew()

    def watch_placeholder(self) -> None:
        """Says something else where there are no entries."""
        self.rows_changed()

    def _show_anew(self) -> None:
        at = self.selected
        self._rows = history_rows(self._entries, self._chosen, self.zone)
        self.rows_changed()
        if at is not None and at in self._rows and not self.is_at_top:
            self.cursor = self._rows.index(at)
        elif self._rows and isinstance(self._rows[self.cursor], Day):
            self.cursor = min(self.cursor + 1, len(self._rows) - 1)

    @property
    def is_at_top(self) -> bool:
        """Whether the cursor is on the newest entry: then it follows what comes new."""
        return self.cursor <= 1

    def row_count(self) -> int:
        """The rows, or those that say why there are none."""
        return len(self._rows) or len(self._reason())

    def _reason(self) -> list[str]:
        """Why there are no rows, in lines."""
        text = "No entry fits the filter." if self._entries and self.filter_text else self.placeholder
        width = max(self.room.width - MARGIN, 10)
        return [part for line in text.splitlines() for part in wrapped(printable(line), width)] or [""]

    @property
    def shows_cursor(self) -> bool:
        """Not on a line that is no row."""
        return bool(self._rows)

    def render_row(self, index: int, width: int) -> Content:
        """A row on one line."""
        if not self._rows:
            lines = self._reason()
            style = "$text-error" if lines[0].startswith("✖") else "$text-muted"
            return Content.styled(lines[index] if index < len(lines) else "", style)
        return row_line(self._rows[index], width, self.zone)

    def text_of_row(self, index: int) -> str:
        """All that the entry says."""
        row = self._rows[index] if self._rows else None
        if row is None:
            return ""
        return row.text if isinstance(row, Day) else entry_text(row, self.zone)

    def open_row(self, index: int) -> None:
        """Asks for the run's log."""
        entry = self.selected
        if entry is not None:
            self.post_message(self.Opened(entry))

    def watch_cursor(self, old: int, new: int) -> None:
        """Keeps the cursor in sight, and asks for more near the end."""
        super().watch_cursor(old, new)
        if new >= len(self._rows) - NEAR_END:
            self.post_message(self.NearEnd())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Asks for more near the end, also where the mouse scrolls."""
        super().watch_scroll_y(old_value, new_value)
        if new_value + self.size.height >= len(self._rows) - NEAR_END:
            self.post_message(self.NearEnd())
