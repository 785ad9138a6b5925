"""What becomes of a schema: the definitions before and after, object by object."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from textual.content import Content

from miger.engine.schema import SchemaChange
from miger.engine.words import counted
from miger.widgets.rows_view import RowsView
from miger.widgets.words import fit, printable, printable_lines

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
SIGNS = {ADDED: "+", REMOVED: "-", CHANGED: "~"}
STYLES = {ADDED: "$text-success", REMOVED: "$text-error", CHANGED: "$text-warning"}
MOST_LINES = 40  # of one object
UNCHANGED = "The schema stays as it is."


class DiffLine(NamedTuple):
    """One line: of an object (`heading`), or of its definition. `verb` is added, removed or changed."""

    verb: str
    text: str
    heading: bool = False

    @property
    def content(self) -> Content:
        """The line with its sign, in its colour."""
        style = STYLES[self.verb]
        if self.heading:
            return Content.assemble((f"{SIGNS[self.verb]} {self.text}", f"bold {style}"), (f"  {self.verb}", style))
        sign = SIGNS[self.verb] if self.verb != CHANGED else " "
        return Content.styled(f"  {sign} {self.text}", style if self.verb != CHANGED else "$foreground-muted")


def diff_lines(changes: Sequence[SchemaChange]) -> Iterator[DiffLine]:
    """The lines of all changes, each object under a heading of its own."""
    for change in changes:
        yield DiffLine(change.verb, printable(change.object), heading=True)
        lines = list(_lines_of(change))
        yield from lines[:MOST_LINES]
        if len(lines) > MOST_LINES:
            yield DiffLine(CHANGED, f"… {counted(len(lines) - MOST_LINES, 'line')} more")


def _lines_of(change: SchemaChange) -> Iterator[DiffLine]:
    if change.before is None or change.after is None:
        definition = change.after if change.before is None else change.before
        for line in printable_lines(definition or ""):
            yield DiffLine(change.verb, line)
        return
    for line in change.lines():
        for part in printable_lines(line[2:]):
            yield DiffLine(ADDED if line.startswith("+") else REMOVED, part)


class SchemaDiff(RowsView):
    """A schema diff by itself; `show` gives it the changes."""

    def __init__(
        self, changes: Sequence[SchemaChange] = (), *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._lines = list(diff_lines(changes))

    def on_mount(self) -> None:
        """Lays out what it was given."""
        self.rows_changed()

    def show(self, changes: Sequence[SchemaChange]) -> None:
        """Shows these changes."""
        self._lines = list(diff_lines(changes))
        self.rows_changed()

    def row_count(self) -> int:
        """The lines, or one that says there are none."""
        return len(self._lines) or 1

    @property
    def shows_cursor(self) -> bool:
        """Not on the line that says there is nothing."""
        return bool(self._lines)

    def render_row(self, index: int, width: int) -> Content:
        """One line of the diff."""
        if not self._lines:
            return Content.styled(fit(UNCHANGED, width), "$foreground-muted")
        return self._lines[index].content
