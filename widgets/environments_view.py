"""The list of environments, with a cursor."""

from __future__ import annotations

from textual.app import RenderResult
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from miger.widgets.environment_rows import EnvironmentRow, environment_line, environments_heading
from miger.widgets.rows_view import MARGIN, RowsView

LEFT = 2  # cells that the cursor takes


class EnvironmentsHead(Widget):
    """The names of the columns, over the list."""

    DEFAULT_CSS = """
    EnvironmentsHead { height: 1; background: $surface; }
    """

    def render(self) -> RenderResult:
        """One line."""
        return Content.assemble(" " * LEFT, environments_heading(max(self.size.width - MARGIN - 1, 1)))


class EnvironmentsView(RowsView):
    """One environment a row."""

    DEFAULT_CSS = """
    EnvironmentsView { scrollbar-gutter: stable; }
    """

    rows: reactive[tuple[EnvironmentRow, ...]] = reactive((), init=False)

    class Highlighted(Message):
        """The cursor is on another environment."""

    class Chosen(Message):
        """A person wants to go on with an environment."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    @property
    def selected(self) -> EnvironmentRow | None:
        """The row of the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def watch_rows(self) -> None:
        """Draws other rows."""
        self.rows_changed()

    def watch_cursor(self, old: int, new: int) -> None:
        """Tells where the cursor is."""
        super().watch_cursor(old, new)
        self.post_message(self.Highlighted())

    def row_count(self) -> int:
        """One for each environment."""
        return len(self.rows)

    def render_row(self, index: int, width: int) -> Content:
        """An environment on one line."""
        return environment_line(self.rows[index], width)

    def text_of_row(self, index: int) -> str:
        """Where it is, without a password."""
        return self.rows[index].where or self.rows[index].name

    def open_row(self, index: int) -> None:
        """Asks to switch."""
        self.post_message(self.Chosen(self.rows[index].name))
