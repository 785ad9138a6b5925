"""The rows of one tab of a migration's detail."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.message import Message

from miger.widgets.detail_row import DetailRow
from miger.widgets.rows_view import MARGIN, RowsView

Layout = Callable[[int], Sequence[DetailRow]]


class DetailBody(RowsView):
    """Rows laid out for the width there is; some lead to a migration or to a run."""

    class Jump(Message):
        """A person wants to see another migration."""

        def __init__(self, id: str) -> None:
            super().__init__()
            self.id = id

    class RunOpened(Message):
        """A person wants to see what a run did."""

        def __init__(self, run: str) -> None:
            super().__init__()
            self.run = run

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._layout: Layout = lambda width: ()
        self._rows: Sequence[DetailRow] = ()
        self._width = 0

    def show(self, layout: Layout, *, anew: bool) -> None:
        """Shows the rows that `layout` gives for a width; `anew` goes to the first."""
        self._layout = layout
        if anew:
            self.set_reactive(DetailBody.cursor, 0)
        self._lay_out()
        if anew:
            self.scroll_home(animate=False, immediate=True, force=True)

    def on_resize(self) -> None:
        """Wraps anew."""
        if self.room.width != self._width:
            self._lay_out()

    def _lay_out(self) -> None:
        self._width = self.room.width
        self._rows = self._layout(max(self._width - MARGIN, 20))
        self.rows_changed()

    def row_count(self) -> int:
        """How many rows the tab has."""
        return len(self._rows)

    def render_row(self, index: int, width: int) -> Content:
        """The row."""
        return self._rows[index].content

    def text_of_row(self, index: int) -> str:
        """What is behind the row, not cut: a path, an id, a line of code."""
        row = self._rows[index]
        return row.text or row.content.plain.strip()

    def opens_on_click(self, index: int) -> bool:
        """A link opens by one click."""
        return bool(self._rows[index].link)

    def open_row(self, index: int) -> None:
        """Goes where the row leads."""
        row = self._rows[index]
        if row.link:
            self.post_message(self.Jump(row.link))
        elif row.run:
            self.post_message(self.RunOpened(row.run))
