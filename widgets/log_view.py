"""The log: what runs did and do, every statement with its time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from miger.engine.words import counted, duration
from miger.widgets.log_entry import DONE, ERROR, GLYPHS, INFO, RUNNING, WARNING, WORDS, LogEntry
from miger.widgets.rows_view import RowsView
from miger.widgets.words import fit, fit_end, printable

MOST_ENTRIES = 10_000
LOOK_BACK = 8  # entries among which an earlier one about the same is looked for
ID_CELLS = 26
WIDE = 100  # cells, from which on there is room for milliseconds in the time of day
STYLES = {INFO: "", DONE: "$text-success", RUNNING: "$text-primary", WARNING: "$text-warning", ERROR: "$text-error"}
EMPTY = "Nothing has run yet. Every statement that runs is listed here, with its time."
NO_ERRORS = "No errors. t shows all entries."


class LogView(RowsView):
    """The last 10,000 entries. It follows the newest one until a person moves away from it."""

    DEFAULT_CSS = """
    LogView {
        border: round $border-blurred;
        border-title-color: $foreground-muted;
        border-title-background: $surface;
        padding: 0;
    }
    LogView:focus { border: round $border; border-title-color: $foreground; }
    LogView.-one-line { border: none; height: 1; scrollbar-size-vertical: 0; background: $panel; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "toggle_follow", "Follow the newest entry, or stay", show=False),
        Binding("t", "toggle_errors", "Show all entries, or the errors", show=False),
    ]

    follow: reactive[bool] = reactive(True, init=False)
    errors_only: reactive[bool] = reactive(False, init=False)
    one_line: reactive[bool] = reactive(False, init=False)

    class Opened(Message):
        """A person wants to read all of an entry."""

        def __init__(self, entry: LogEntry) -> None:
            super().__init__()
            self.entry = entry

    def __init__(self, title: str = "Log", *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.title = title
        self._entries: list[LogEntry] = []
        self._shown: list[LogEntry] = self._entries

    def on_mount(self) -> None:
        """Shows what it was given before."""
        self._show_anew(0)

    def on_resize(self) -> None:
        """Keeps the newest entry in sight, or the one that is read."""
        if self.follow:
            self._go_to_newest()
        else:
            self.scroll_to_row(self.cursor)

    # Entries

    @property
    def entries(self) -> tuple[LogEntry, ...]:
        """The entries it has, oldest first."""
        return tuple(self._entries)

    @property
    def shown(self) -> tuple[LogEntry, ...]:
        """The entries it shows: all of them, or the errors."""
        return tuple(self._shown)

    def append(self, entries: Iterable[LogEntry]) -> None:
        """Adds a batch. An entry takes the place of an earlier one about the same, among the last few."""
        for entry in entries:
            if entry.subject:
                self._forget(entry.subject)
            self._entries.append(entry)
        gone = len(self._entries) - MOST_ENTRIES
        if gone > 0:
            del self._entries[:gone]
        self._show_anew(gone)

    def clear(self) -> None:
        """Forgets all entries."""
        self._entries.clear()
        self._show_anew(0)

    def _forget(self, subject: str) -> None:
        for index in range(len(self._entries) - 1, max(len(self._entries) - 1 - LOOK_BACK, -1), -1):
            if self._entries[index].subject == subject and self._entries[index].passing:
                del self._entries[index]
                return

    def _show_anew(self, gone: int) -> None:
        before = len(self._shown)
        self._shown = [entry for entry in self._entries if entry.level == ERROR] if self.errors_only else self._entries
        self.rows_changed()
        if self.follow:
            self._go_to_newest()
        elif gone > 0 and self._shown is self._entries and before:
            top = self.scroll_offset.y
            self.set_reactive(LogView.cursor, max(self.cursor - gone, 0))
            self.scroll_to(y=max(top - gone, 0), animate=False, force=True)
        self._tell_title()

    # What is on

    def watch_follow(self) -> None:
        """Goes to the newest entry."""
        if self.follow:
            self._go_to_newest()
        self._tell_title()

    def watch_errors_only(self) -> None:
        """Shows other entries."""
        self._show_anew(0)
        if not self.follow:
            self.move_cursor(len(self._shown) - 1)

    def watch_one_line(self) -> None:
        """Changes its form."""
        self.set_class(self.one_line, "-one-line")
        self.rows_changed()

    def _go_to_newest(self) -> None:
        self.set_reactive(LogView.cursor, max(len(self._shown) - 1, 0))
        if self.is_mounted:
            self.scroll_end(animate=False, immediate=True, x_axis=False, force=True)
            self.refresh()

    def _tell_title(self) -> None:
        errors = sum(entry.level == ERROR for entry in self._entries)
        on, off = "bold $foreground underline", "$foreground-muted"
        self.border_title = Content.assemble(
            f"{self.title} ─ ",
            ("all", off if self.errors_only else on),
            " │ ",
            (f"errors {errors}" if errors else "errors", on if self.errors_only else off),
            " ─ ",
            ("following", "$text-success") if self.follow else ("paused", "$text-warning"),
        ).markup

    def action_toggle_follow(self) -> None:
        """Follows the newest entry, or stays."""
        self.follow = not self.follow

    def action_toggle_errors(self) -> None:
        """Shows all entries, or the errors."""
        self.errors_only = not self.errors_only

    def move_cursor(self, index: int) -> None:
        """Moves, and stops following, unless it moves to the newest."""
        super().move_cursor(index)
        self.follow = bool(self.row_count()) and self.cursor == self.row_count() - 1

    def on_mouse_scroll_up(self) -> None:
        """Who scrolls up wants to read."""
        if self.scroll_offset.y > 0:
            self.follow = False

    # Rows

    def row_count(self) -> int:
        """The entries shown, or one line that says why there are none."""
        return 1 if self.one_line else len(self._shown) or 1

    @property
    def shows_cursor(self) -> bool:
        """Not on a line that is no entry."""
        return bool(self._shown) and not self.one_line

    def render_row(self, index: int, width: int) -> Content:
        """An entry on one line."""
        if not self._shown:
            return Content.styled(NO_ERRORS if self.errors_only and self._entries else EMPTY, "$foreground-muted")
        return line_of(self._shown[-1 if self.one_line else index], width)

    def text_of_row(self, index: int) -> str:
        """All that the entry says."""
        return self._shown[-1 if self.one_line else index].full_text if self._shown else ""

    def open_row(self, index: int) -> None:
        """Asks for all of the entry to be shown."""
        if self._shown:
            self.post_message(self.Opened(self._shown[-1 if self.one_line else index]))


def line_of(entry: LogEntry, width: int) -> Content:
    """An entry in at most `width` cells: when, how, where, what, and how long it took at the right."""
    style = STYLES[entry.level]
    took = duration(entry.ms) if entry.ms >= 0 else WORDS[RUNNING] if entry.level == RUNNING else ""
    took = f"{counted(entry.rows, 'row')}  {took}" if entry.rows else took
    head = f"{entry.at} " if width >= WIDE else f"{entry.at[:8]} "
    id = fit_end(printable(entry.id), min(ID_CELLS, max(width // 4, 8)))
    place = " ".join(part for part in (id, entry.where) if part)
    word = {WARNING: "warning ", ERROR: "failed " if entry.subject else "error "}.get(entry.level, "")
    room = width - cell_len(head) - 2 - cell_len(place) - bool(place) - len(word) - (len(took) + 2 if took else 0)
    text = fit(printable(entry.text), max(room, 1))
    gap = " " * max(room - cell_len(text), 0)
    return Content.assemble(
        (head, "$foreground-muted"),
        (f"{GLYPHS[entry.level]} ", style or "$foreground-muted"),
        (place + " " * bool(place), "$text-secondary"),
        (word, f"bold {style}"),
        (text, style if entry.level in (ERROR, WARNING) else ""),
        gap,
        (f"  {took}" if took else "", "$foreground-muted"),
    )
