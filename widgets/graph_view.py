"""The graph pane: the migrations as lanes, newest first, with the line where the database is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from miger.engine.graph import MigrationGraph
from miger.engine.status import Status
from miger.widgets.graph_filter import Filter, FilterError, parse_filter
from miger.widgets.graph_line import LOOKS, Columns, Piece, columns, pieces_of
from miger.widgets.graph_rows import DividerRow, FoldRow, MigrationRow, Row
from miger.widgets.graph_shown import ShownGraph
from miger.widgets.rows_view import CURSOR, MARGIN, RowsView
from miger.widgets.words import printable_lines, wrapped

LOADING = "reading the migrations…"
EMPTY = "no migrations yet — c creates one"
_SIGHT = 2  # rows kept in sight above and below the cursor
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Said(Message):
    """The messages of a pane, for `@on(…, "#id")`."""

    def __init__(self, view: GraphView) -> None:
        super().__init__()
        self.view = view

    @property
    def control(self) -> GraphView:
        """The pane that says it."""
        return self.view


class GraphView(RowsView):
    """Shows a graph, with what is known of the database; before the first `show`, that it is being read.

    `filter_text` shows only what matches (see `parse_filter`); while it is not a filter,
    `filter_error` says why and the rows stay as they were. `error`, if not empty, is shown instead of
    everything. The cursor stays on its migration, and that at its place on the screen, whatever changes.
    """

    DEFAULT_CSS = """
    GraphView > .graph--applied { color: $text-success; }
    GraphView > .graph--pending { color: $text-primary; }
    GraphView > .graph--dirty { color: $text-error; text-style: bold; }
    GraphView > .graph--running { color: $text-accent; text-style: bold; }
    GraphView > .graph--modified { color: $text-warning; text-style: bold; }
    GraphView > .graph--missing { color: $text-warning; }
    GraphView > .graph--late { color: $text-warning; }
    GraphView > .graph--unknown { color: $text-muted; }
    GraphView > .graph--lane { color: $text-muted; }
    GraphView > .graph--number { color: $text-disabled; }
    GraphView > .graph--name { color: $foreground; }
    GraphView > .graph--title { color: $text-disabled; text-style: italic; }
    GraphView > .graph--detail { color: $text-muted; }
    GraphView > .graph--head { color: $text-accent; text-style: bold; }
    GraphView > .graph--badge { color: $text-secondary; }
    GraphView > .graph--divider { color: $primary; text-style: bold; }
    GraphView > .graph--fold { color: $text-muted; text-style: italic; }
    GraphView > .graph--message { color: $text-muted; }
    GraphView > .graph--error { color: $text-error; }
    GraphView:nocolor:focus > .rows--cursor { text-style: reverse; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"graph--{look}" for look in LOOKS}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "open", "Open; fold or unfold", show=False),
        Binding("z", "fold", "Fold or unfold the run here", show=False),
        Binding("n", "match(1)", "Next match of the filter", show=False),
        Binding("N", "match(-1)", "Previous match", show=False),
    ]

    filter_text: reactive[str] = reactive("", repaint=False, init=False)
    error: reactive[str] = reactive("", repaint=False, init=False)

    class Highlighted(_Said):
        """The cursor is on another migration; None: on none."""

        def __init__(self, view: GraphView, migration: str | None) -> None:
            super().__init__(view)
            self.migration = migration

    class Opened(_Said):
        """A person wants to see this migration."""

        def __init__(self, view: GraphView, migration: str) -> None:
            super().__init__(view)
            self.migration = migration

    class Filtered(_Said):
        """The filter changed, or what it finds: `shown` of `total` migrations. `error` says why `text` is no filter."""

        def __init__(self, view: GraphView) -> None:
            super().__init__(view)
            self.text = view.filter_text
            self.error = view.filter_error
            self.shown = view.match_count
            self.total = view.total

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.filter_error = ""
        self._shown = ShownGraph()
        self._now = _EPOCH
        self._columns = columns(1, 1, ())
        self._drawn: LRUCache[tuple[int, int, bool], Strip] = LRUCache(512)
        self._looks: dict[tuple[str, bool], Style] = {}
        self._announced: str | None = None
        self._kept: str | None = None  # the last migration under the cursor
        self._placed = False  # by a person, or by a caller: from then on the cursor keeps its migration
        self._centre = False  # the cursor's row is to be put into the middle as soon as there is a size

    # What is shown

    def show(self, graph: MigrationGraph, status: Status | None, now: datetime) -> None:
        """Shows these migrations. `status` None: the database was not read; `now`: what ages are told from."""
        before, place = self._shown.rows, self.cursor
        self._now = now
        self._shown.show(graph, status)
        self._settle(before, place)
        if self.filter_text:
            self.post_message(self.Filtered(self))

    @property
    def cursor_id(self) -> str | None:
        """The migration under the cursor."""
        return None if self.error else self._shown.id_at(self.cursor)

    @property
    def total(self) -> int:
        """How many migrations there are."""
        return self._shown.total

    @property
    def match_count(self) -> int:
        """How many migrations match the filter; all of them without one."""
        return self._shown.matching

    @property
    def count_text(self) -> str:
        """`12 of 10,000`, or `10,000` without a filter."""
        return f"{self.match_count:,} of {self.total:,}" if self._shown.filter.terms else f"{self.total:,}"

    def select(self, migration: str) -> bool:
        """Puts the cursor on a migration, unfolding its run; False if it is not here or is filtered out."""
        rows = self._shown.rows
        if not self._shown.reveal(migration):
            return False
        if self._shown.rows is not rows:
            self.rows_changed()
        self.move_cursor(self._shown.places[migration])
        return True

    def watch_filter_text(self, text: str) -> None:
        """Shows what matches; while the text is no filter, everything stays."""
        wanted = parse_filter(text)
        self.filter_error = wanted.message if isinstance(wanted, FilterError) else ""
        if isinstance(wanted, Filter) and wanted != self._shown.filter:
            before, place = self._shown.rows, self.cursor
            self._shown.look_for(wanted)
            self._settle(before, place)
        self.post_message(self.Filtered(self))

    def watch_error(self) -> None:
        """Shows the error, or the rows again."""
        self.rows_changed()
        self.scroll_to_row(self.cursor)
        self._announce()

    def _settle(self, before: Sequence[Row], place: int) -> None:
        """Draws other rows; the cursor stays on what was `before[place]`, or goes to what is nearest to it."""
        on_screen = place - self.scroll_offset.y
        if self._placed and self._kept is not None:
            at_fold = place < len(before) and isinstance(before[place], FoldRow)
            known = not at_fold and self._shown.reveal(self._kept)
            cursor = self._shown.places[self._kept] if known else self._shown.nearest(before, place)
        else:
            cursor = self._shown.first_to_look_at()
            self._centre = self._centre or self._kept is None or self._shown.id_at(cursor) != self._kept
        self._put_cursor(cursor, on_screen)

    def _put_cursor(self, cursor: int, on_screen: int) -> None:
        """Draws the rows with the cursor at this one, `on_screen` lines below the upper edge if that can be."""
        self.set_reactive(GraphView.cursor, cursor)
        self.rows_changed()
        self.scroll_to(y=cursor - on_screen, animate=False, force=True)
        if self._centre or 0 <= on_screen < self.size.height:  # a person may have scrolled it out of sight
            self.on_resize()
        self._announce()

    # Drawing

    def row_count(self) -> int:
        """How many rows there are; pages (loading, empty, error) have none."""
        return 0 if self.error else len(self._shown.rows)

    def rows_changed(self) -> None:
        """There are other rows, or other things in them; the cursor is where it belongs already."""
        self._drawn.clear()
        self.virtual_size = Size(max(self.size.width, 1), self.row_count())
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width = self.scrollable_content_region.width
        if not self.row_count():
            return self._page_line(y, width)
        index = self.scroll_offset.y + y
        if index >= self.row_count():
            return Strip.blank(width, self._style("name", False))
        key = (index, width, index == self.cursor)
        strip = self._drawn.get(key)
        if strip is None:
            strip = self._drawn[key] = self._drawn_row(*key)
        return strip

    def _drawn_row(self, index: int, width: int, at_cursor: bool) -> Strip:
        room = max(1, width - MARGIN)
        lanes = not self._shown.filter.terms
        pieces = pieces_of(self._shown.rows[index], self._shape(room), self._now, lanes=lanes)
        segments = [Segment((CURSOR if at_cursor else " ") + " ", self._style("bar", at_cursor))]
        segments += [Segment(text, self._style(look, at_cursor)) for text, look in pieces]
        right = width - room - 2
        if right < 0:
            return Strip(segments).crop(0, width)
        segments.append(Segment(" " * right, self._style("name", at_cursor)))
        return Strip(segments, width)

    def _shape(self, room: int) -> Columns:
        if not self._drawn or self._columns.width != room:
            self._columns = columns(room, self._shown.lanes, self._shown.numbers)
        return self._columns

    def _page_line(self, y: int, width: int) -> Strip:
        """A line of what is shown when there are no rows."""
        lines = self._page(max(1, width - 2 * MARGIN))
        line = y - max(0, (self.size.height - len(lines)) // 3)
        piece = lines[line] if 0 <= line < len(lines) else Piece("", "message")
        segments = [Segment("  " + piece.text, self._style(piece.look, False))]
        return Strip(segments).adjust_cell_length(width, self._style("message", False))

    def _page(self, room: int) -> list[Piece]:
        if self.error:
            lines = [part for line in printable_lines(self.error) for part in wrapped(line, max(1, room - 2))]
            return [Piece(("  " if n else "✖ ") + line, "error") for n, line in enumerate(lines)]
        if self._shown.arrangement is None:
            text = LOADING
        elif not self.total:
            text = EMPTY
        else:
            text = f"none of {self.total:,} migrations matches the filter"
        return [Piece(line, "message") for line in wrapped(text, room)]

    def _style(self, look: str, at_cursor: bool) -> Style:
        style = self._looks.get((look, at_cursor))
        if style is None:
            style = self._looks[look, at_cursor] = self._made_style(look, at_cursor)
        return style

    def _made_style(self, look: str, at_cursor: bool) -> Style:
        # Visual styles leave reverse out. It marks the cursor where there are no colours: all of the row alike.
        cursor = self.get_component_styles("rows--cursor").text_style if at_cursor else Style()
        name = "graph--name" if cursor.reverse else "rows--bar" if look == "bar" else f"graph--{look}"
        # Not the partial style: what `auto` colours contrast with is the background.
        visual = self.get_visual_style(name)
        if at_cursor:
            visual += self.get_visual_style("rows--cursor", partial=True)
        return visual.rich_style + cursor

    def notify_style_update(self) -> None:
        """The theme or the focus changed."""
        super().notify_style_update()
        self._looks.clear()
        self._drawn.clear()

    def text_of_row(self, index: int) -> str:
        """What `y` copies: the whole id, or what a fold says."""
        return (
            self._shown.id_at(index)
            or self.render_line(index - self.scroll_offset.y).text.lstrip(f"{CURSOR}┆│… ").rstrip()
        )

    # Moving

    def watch_cursor(self, old: int, new: int) -> None:
        """Keeps the cursor in sight, and says where it is."""
        super().watch_cursor(old, new)
        self._announce()

    def _announce(self) -> None:
        migration = self.cursor_id
        self._kept = migration or self._kept
        if migration != self._announced:
            self._announced = migration
            self.post_message(self.Highlighted(self, migration))

    def move_cursor(self, index: int) -> None:
        """Puts the cursor on a row; the divider is stepped over."""
        last = self.row_count() - 1
        if last < 0:
            return
        self._placed = True
        target = max(0, min(index, last))
        if isinstance(self._shown.rows[target], DividerRow):
            onward = target + 1 if target >= self.cursor else target - 1
            target = onward if 0 <= onward <= last else self.cursor
        self.cursor = target

    def action_move_by_pages(self, pages: float) -> None:
        """Moves by parts of what is in sight; the cursor keeps its place on the screen."""
        rows = int(max(self.size.height, 2) * pages)
        self.scroll_to(y=self.scroll_offset.y + rows, animate=False, force=True)
        self.move_cursor(self.cursor + rows)

    def scroll_to_row(self, index: int) -> None:
        """Scrolls as little as is needed to have the row and its next ones in sight."""
        top, height = self.scroll_offset.y, self.size.height
        if not height:
            return
        sight = min(_SIGHT, (height - 1) // 2)
        if index - sight < top:
            self.scroll_to(y=max(0, index - sight), animate=False, force=True)
        elif index + sight >= top + height:
            self.scroll_to(y=index + sight + 1 - height, animate=False, force=True)

    def on_resize(self) -> None:
        """Keeps the cursor in sight."""
        if self._centre and self.size.height:
            self._centre = False
            self.scroll_to(y=max(0, self.cursor - self.size.height // 2), animate=False, force=True)
        self.scroll_to_row(self.cursor)

    def open_row(self, index: int) -> None:
        """Opens the migration; folds or unfolds a run."""
        row = self._shown.row(index)
        if isinstance(row, FoldRow):
            self._toggle(row.key)
        elif isinstance(row, MigrationRow):
            self.post_message(self.Opened(self, row.id))

    def action_fold(self) -> None:
        """Folds or unfolds the run that the cursor is in."""
        key = self._shown.fold_at(self.cursor)
        if key is not None and not self.error:
            self._toggle(key)

    def _toggle(self, key: str) -> None:
        self._placed = True
        on_screen = self.cursor - self.scroll_offset.y
        self._put_cursor(self._shown.toggle(key), max(0, on_screen))

    def action_match(self, step: int) -> None:
        """Goes to the next or previous migration that the last filter matches, round and round."""
        found = None if self.error else self._shown.next_match(self.cursor, step)
        if found is not None:
            self.select(found)
