"""What differs between two schemas, one row for each difference, to be taken or left; renames are asked first."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from miger.widgets.rows_view import RowsView
from miger.widgets.words import fit, printable

TAKEN, LEFT, FALLEN, ALL = "taken", "left", "fallen", "all"
OPEN, RENAMED, APART = "open", "renamed", "apart"
MARKS = {TAKEN: "[x]", LEFT: "[ ]", FALLEN: "[-]", ALL: "   ", OPEN: "[?]", RENAMED: "[r]", APART: "[d]"}
SIGNS = {"add": "+", "drop": "-", "change": "~", "rename": "→"}
STYLES = {"add": "$text-success", "drop": "$text-error", "change": "$text-warning", "rename": "$text-primary"}
ANSWERS = {
    OPEN: "renamed? r or d",
    RENAMED: "renamed",
    APART: "dropped and added",
}


class DifferenceRow(NamedTuple):
    """A difference, or a question whether something was renamed (`verb` is "").

    `state` is taken, left, fallen (it could not be taken) or all (it cannot be left); of a question open, renamed or
    apart. `alarm` is what would be lost, `stops` whether it cannot be made so; `note` says more.
    """

    key: str
    state: str
    verb: str
    object: str
    detail: str = ""
    alarm: str = ""
    stops: bool = False
    note: str = ""

    @property
    def is_question(self) -> bool:
        """Whether it asks for a rename."""
        return not self.verb


class DifferencesView(RowsView):
    """Rows of differences. Space takes or leaves one, or changes an answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "open", "Take the difference, or leave it; change the answer", show=False),
        Binding("a", "say('all')", "Take all, or none", show=False),
        Binding("r", "say('renamed')", "It was renamed", show=False),
        Binding("d", "say('apart')", "One was dropped, and the other one added", show=False),
        Binding("n", "say('nulls')", "Values that do not convert become NULL, or not", show=False),
    ]

    rows: reactive[tuple[DifferenceRow, ...]] = reactive((), init=False)

    class Said(Message):
        """A person has said something to a row: toggle, all, renamed, apart, nulls."""

        def __init__(self, row: DifferenceRow, what: str) -> None:
            super().__init__()
            self.row = row
            self.what = what

    class Highlighted(Message):
        """The cursor is on another row, or the row says something else."""

    def watch_rows(self) -> None:
        """Other rows."""
        self.rows_changed()
        self.post_message(self.Highlighted())

    def watch_cursor(self, old: int, new: int) -> None:
        """Tells where the cursor is."""
        super().watch_cursor(old, new)
        self.post_message(self.Highlighted())

    @property
    def row(self) -> DifferenceRow | None:
        """The row of the cursor."""
        return self.rows[self.cursor] if self.cursor < len(self.rows) else None

    def row_count(self) -> int:
        """One for each."""
        return len(self.rows)

    def render_row(self, index: int, width: int) -> Content:
        """The mark; what is done to what; what is lost by it; more about it."""
        row = self.rows[index]
        off = row.state in (LEFT, FALLEN)
        mark = (f"{MARKS[row.state]} ", "$foreground-muted" if off else "bold $text-primary")
        if row.is_question:
            answer = ANSWERS[row.state]
            name = fit(printable(row.object), max(width - len(answer) - 7, 12))
            style = "bold $text-warning" if row.state == OPEN else "$text-muted"
            return Content.assemble(mark, (f"{name}  ", "bold"), (answer, style))
        sign = (f"{SIGNS[row.verb]} {row.verb:<6} ", "$foreground-muted" if off else f"bold {STYLES[row.verb]}")
        parts: list[tuple[str, str]] = [mark, sign, (printable(row.object), "$foreground-muted" if off else "bold")]
        if row.state == FALLEN:
            parts.append((f"  left, too: {printable(row.note)}", "$text-warning"))
        elif row.alarm and not off:
            style = "$text-error" if row.stops else "$text-warning"
            parts.append((f"  {'✖' if row.stops else '!'} {printable(row.alarm)}", style))
        parts.append((f"  {printable(row.detail)}" if row.detail else "", "$foreground-muted"))
        return Content.assemble(*parts)

    def opens_on_click(self, index: int) -> bool:
        """One click takes or leaves."""
        return True

    def open_row(self, index: int) -> None:
        """Takes it, or leaves it."""
        self.post_message(self.Said(self.rows[index], "toggle"))

    def action_say(self, what: str) -> None:
        """Says something to the row of the cursor."""
        if self.row is not None:
            self.post_message(self.Said(self.row, what))
