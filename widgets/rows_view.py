"""The base of lists and trees: rows of one line each, of which only those in sight are rendered."""

from __future__ import annotations

import re
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.style import Style

CURSOR = "▌"  # the row's background alone would be lost without colours
_COLORS = re.compile(r"\$text-(?:success|warning|primary|secondary|accent)")
MARGIN = 3  # cells beside a row: the cursor's bar and a space, and one at the right


class RowsView(ScrollView, can_focus=True):
    """Rows by number, a cursor on one of them, and the keys to move it.

    A subclass gives `row_count` and `render_row`, and calls `rows_changed` when there are others.
    """

    DEFAULT_CSS = """
    RowsView {
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: auto;
        background: $surface;
        color: $foreground;
    }
    RowsView > .rows--cursor { background: $foreground 8%; }
    RowsView:focus > .rows--cursor { background: $primary 25%; }
    RowsView > .rows--bar { color: $foreground-disabled; }
    RowsView:focus > .rows--bar { color: $primary; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--cursor", "rows--bar"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Move down", show=False),
        Binding("k,up", "move(-1)", "Move up", show=False),
        Binding("g,home", "move_to_first", "To the first row", show=False),
        Binding("G,end", "move_to_last", "To the last row", show=False),
        Binding("ctrl+d", "move_by_pages(0.5)", "Half a page down", show=False),
        Binding("ctrl+u", "move_by_pages(-0.5)", "Half a page up", show=False),
        Binding("pagedown", "move_by_pages(1)", "A page down", show=False),
        Binding("pageup", "move_by_pages(-1)", "A page up", show=False),
        Binding("enter", "open", "Open the row", show=False),
        Binding("y", "copy", "Copy the row", show=False),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)

    class Copied(Message):
        """A person asked for `text` on the clipboard."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._strips: LRUCache[tuple[object, ...], Strip] = LRUCache(512)

    # What a subclass gives

    def row_count(self) -> int:
        """How many rows there are."""
        return 0

    def render_row(self, index: int, width: int) -> Content:
        """The row's content in at most `width` cells; what is wider is cut. Empty, unless a subclass draws it."""
        return Content()

    def text_of_row(self, index: int) -> str:
        """What `y` copies."""
        return self.render_row(index, 10_000).plain.strip()

    def opens_on_click(self, index: int) -> bool:
        """Whether one click does what enter does; otherwise it takes two."""
        return False

    def open_row(self, index: int) -> None:
        """Does what enter means on this row."""

    # Drawing

    @property
    def room(self) -> Size:
        """The cells there are for rows: the widget's without border and scroll bars."""
        return self.scrollable_content_region.size

    def rows_changed(self) -> None:
        """There are other rows, or other things in them."""
        self._strips.clear()
        count = self.row_count()
        self.cursor = min(self.cursor, max(count - 1, 0))
        size = Size(max(self.room.width, 1), count)
        if size.height != self.virtual_size.height:
            self.virtual_size = size
        self.refresh()

    def row_changed(self, index: int) -> None:
        """One row has to be drawn again."""
        for key in [key for key in self._strips.keys() if key[0] == index]:  # noqa: SIM118  # a cache is no mapping
            self._strips.discard(key)
        self.refresh_line(index)

    def notify_style_update(self) -> None:
        """The theme or the focus changed."""
        super().notify_style_update()
        self._strips.clear()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        index = self.scroll_offset.y + y
        width = self.room.width
        if index >= self.row_count():
            return Strip.blank(width, self.rich_style)
        at_cursor = index == self.cursor and self.shows_cursor
        key = (index, width, at_cursor, self.has_focus)
        strip = self._strips.get(key)
        if strip is None:
            strip = self._strips[key] = self._strip_of(index, width, at_cursor)
        return strip

    @property
    def shows_cursor(self) -> bool:
        """Whether the row of the cursor is marked."""
        return True

    def _strip_of(self, index: int, width: int, at_cursor: bool) -> Strip:
        style = self.visual_style
        if at_cursor:
            style += self.get_visual_style("rows--cursor", partial=True)
        bar = self.get_visual_style("rows--bar", partial=True) if at_cursor else Style()
        content = self.render_row(index, max(width - MARGIN, 1)).truncate(max(width - MARGIN, 1), ellipsis=True)
        segments = [Segment((CURSOR if at_cursor else " ") + " ", (style + bar).rich_style)]
        segments += [
            Segment(text, span_style.rich_style)
            for text, span_style in content.render(style, "", parse_style=self._parse_style)
        ]
        return Strip(segments).adjust_cell_length(width, style.rich_style)

    def _parse_style(self, style: Style | str) -> Style:
        if self.app.no_color and isinstance(style, str):  # as shades of grey, errors would be the faintest
            style = _COLORS.sub("", style.replace("$text-error", "bold"))
        return self.app.stylesheet.parse_style(style)

    # Moving

    def watch_cursor(self, old: int, new: int) -> None:
        """Keeps the cursor in sight."""
        self.refresh_line(old)
        self.refresh_line(new)
        self.scroll_to_row(new)

    def scroll_to_row(self, index: int) -> None:
        """Scrolls as little as is needed to have the row in sight."""
        top, height = self.scroll_offset.y, self.room.height
        if not height:
            return
        if index < top:
            self.scroll_to(y=index, animate=False, force=True)
        elif index >= top + height:
            self.scroll_to(y=index - height + 1, animate=False, force=True)

    def move_cursor(self, index: int) -> None:
        """Puts the cursor on a row, or on the nearest there is."""
        self.cursor = max(0, min(index, self.row_count() - 1))

    def action_move(self, rows: int) -> None:
        """Moves by rows."""
        self.move_cursor(self.cursor + rows)

    def action_move_by_pages(self, pages: float) -> None:
        """Moves by parts of what is in sight."""
        self.move_cursor(self.cursor + int(max(self.room.height, 2) * pages))

    def action_move_to_first(self) -> None:
        """Moves to the first row."""
        self.move_cursor(0)

    def action_move_to_last(self) -> None:
        """Moves to the last row."""
        self.move_cursor(self.row_count() - 1)

    def action_open(self) -> None:
        """Opens the row of the cursor."""
        if self.cursor < self.row_count():
            self.open_row(self.cursor)

    def action_copy(self) -> None:
        """Asks for the row's text on the clipboard."""
        if self.cursor < self.row_count():
            self.post_message(self.Copied(self.text_of_row(self.cursor)))

    def on_click(self, event: events.Click) -> None:
        """Moves to the row; opens it where that is meant."""
        offset = event.get_content_offset(self)
        index = -1 if offset is None else offset.y + self.scroll_offset.y
        if not 0 <= index < self.row_count():
            return
        self.move_cursor(index)
        if event.chain == 2 or (event.chain == 1 and self.opens_on_click(index)):
            self.open_row(index)
