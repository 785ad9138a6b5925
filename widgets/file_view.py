"""A file with its name, its lines numbered and in colours, as it grows."""

from __future__ import annotations

from textual.content import Content
from textual.events import Resize

from miger.widgets.rows_view import MARGIN, RowsView
from miger.widgets.statement_text import code_lines
from miger.widgets.words import pieces, printable

MOST_COLORED = 12 * 1024  # characters: it is drawn at every key, and a lexer takes some ms for each KiB


class FileView(RowsView):
    """The text of a file. A line that is too long goes on in the next row."""

    DEFAULT_CSS = """
    FileView {
        border: round $border-blurred; border-title-color: $foreground-muted; border-subtitle-color: $foreground-muted;
        scrollbar-gutter: stable;
    }
    FileView:focus { border: round $border; border-title-color: $foreground; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: tuple[Content, ...] = ()
        self._rows: list[tuple[int, int, int]] = []
        self._folded_to = 0
        self.text = ""

    def show(self, name: str, text: str, language: str) -> None:
        """Shows a file, `language` sql or python; the place one had scrolled to is kept."""
        title = Content(printable(name)).markup
        if (title, text) == (self.border_title, self.text):
            return
        self.border_title = title
        before, self.text = self.text, text
        self._lines = code_lines(text.rstrip("\n"), language, len(text) <= MOST_COLORED and not self.app.no_color)
        self._fold()
        if not self.has_focus and before != text:
            self._follow(before, text)

    def _follow(self, before: str, text: str) -> None:
        """Has the first line in sight that is another one now."""
        old, new = before.split("\n"), text.split("\n")
        changed = next((n for n, line in enumerate(new) if n >= len(old) or old[n] != line), len(new) - 1)
        row = next((n for n, (line, _, _) in enumerate(self._rows) if line >= changed), 0)
        self.move_cursor(row)

    @property
    def shows_cursor(self) -> bool:
        """Only who reads here wants one."""
        return self.has_focus

    def on_resize(self, event: Resize) -> None:
        """Folds anew where the width is another."""
        if self.room.width != self._folded_to:
            self._fold()

    def _fold(self) -> None:
        self._folded_to = self.room.width
        room = max(self.room.width - MARGIN - self._digits - 2, 4)
        self._rows = [
            (number, start, end)
            for number, line in enumerate(self._lines)
            for start, end in pieces(line.plain, room)
        ]  # fmt: skip
        self.rows_changed()

    @property
    def _digits(self) -> int:
        return max(len(str(len(self._lines))), 2)

    def row_count(self) -> int:
        """The rows that the lines take."""
        return len(self._rows)

    def render_row(self, index: int, width: int) -> Content:
        """A row with its line's number."""
        number, start, end = self._rows[index]
        gutter = Content.styled(f"{'' if start else number + 1:>{self._digits}}  ", "$foreground-disabled")
        return gutter + self._lines[number][start:end]

    def text_of_row(self, index: int) -> str:
        """The whole line."""
        return self._lines[self._rows[index][0]].plain
