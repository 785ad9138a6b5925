"""Text in lines, folded to the width there is, with a cursor to read and to copy by."""

from __future__ import annotations

from typing import NamedTuple

from textual.content import Content
from textual.events import Resize
from textual.message import Message
from textual.reactive import reactive

from miger.widgets.rows_view import MARGIN, RowsView
from miger.widgets.words import pieces, printable_lines


class TextLine(NamedTuple):
    """A line: its text, a colour of the theme, how many cells it is moved in, and whether it is bold."""

    text: str
    style: str = ""
    indent: int = 0
    bold: bool = False


def plain_lines(text: str) -> tuple[TextLine, ...]:
    """The lines of a text as it is."""
    return tuple(map(TextLine, printable_lines(text)))


class TextView(RowsView):
    """Lines of text; one that is too long goes on in the next row. Nothing is left out."""

    DEFAULT_CSS = """
    TextView { scrollbar-gutter: stable; }
    """

    lines: reactive[tuple[TextLine, ...]] = reactive((), init=False)

    class Highlighted(Message):
        """The cursor is on another line, or the line on it is another one."""

    def __init__(self, lines: tuple[TextLine, ...] = (), *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._rows: list[tuple[int, str]] = []
        self._folded_to = 0
        self.set_reactive(TextView.lines, lines)

    def on_resize(self, event: Resize) -> None:
        """Folds anew where the width is another."""
        if self.room.width != self._folded_to:
            self._fold()

    def watch_lines(self) -> None:
        """Shows another text."""
        self._fold()

    def _fold(self) -> None:
        self._folded_to = self.room.width
        room = max(self.room.width - MARGIN, 4)
        self._rows = []
        for number, line in enumerate(self.lines):
            text = "".join(printable_lines(line.text))
            indent = " " * min(line.indent, room // 3)
            for start, end in pieces(text, max(room - len(indent), 2)):
                self._rows.append((number, indent + text[start:end]))
        self.rows_changed()
        self.post_message(self.Highlighted())

    def watch_cursor(self, old: int, new: int) -> None:
        """Tells where the cursor is."""
        super().watch_cursor(old, new)
        self.post_message(self.Highlighted())

    def row_count(self) -> int:
        """The rows that the lines take."""
        return len(self._rows)

    def render_row(self, index: int, width: int) -> Content:
        """One row, in the colour of its line."""
        number, text = self._rows[index]
        line = self.lines[number]
        return Content.styled(text, f"{'bold ' if line.bold else ''}{line.style}".strip())

    def text_of_row(self, index: int) -> str:
        """The whole line, however many rows it takes."""
        return self.lines[self._rows[index][0]].text

    @property
    def line_number(self) -> int:
        """The number of the line under the cursor, counted from 0; -1 where there is none."""
        return self._rows[self.cursor][0] if self.cursor < len(self._rows) else -1

    @property
    def text(self) -> str:
        """The whole text."""
        return "\n".join(line.text for line in self.lines)
