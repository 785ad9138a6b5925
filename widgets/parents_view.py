"""The migrations that a new one may depend on, with a mark at those it does."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive

from miger.widgets.rows_view import RowsView
from miger.widgets.words import fit, printable

TICKED, FREE = "[x]", "[ ]"


class ParentsView(RowsView):
    """One row for each id in `ids`, the newest first as they are given; space marks it. `marked` are those chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "open", "Choose the migration, or take that back", show=False),
    ]

    ids: reactive[tuple[str, ...]] = reactive((), init=False)
    marked: reactive[tuple[str, ...]] = reactive((), init=False)
    heads: reactive[frozenset[str]] = reactive(frozenset(), init=False)

    class Toggled(Message):
        """A person wants a migration to be a parent, or no longer."""

        def __init__(self, id: str) -> None:
            super().__init__()
            self.migration = id

    def watch_ids(self) -> None:
        """Other rows."""
        self.rows_changed()

    def watch_marked(self) -> None:
        """Other marks."""
        self.rows_changed()

    def watch_heads(self) -> None:
        """Other heads."""
        self.rows_changed()

    def row_count(self) -> int:
        """One for each migration."""
        return len(self.ids)

    def render_row(self, index: int, width: int) -> Content:
        """The mark, the id, and whether it is a head."""
        id = self.ids[index]
        chosen = id in self.marked
        note = "  head" if id in self.heads else ""
        name = fit(printable(id), max(width - 4 - len(note), 8))
        return Content.assemble(
            (f"{TICKED if chosen else FREE} ", "bold $text-primary" if chosen else "$foreground-muted"),
            (name, "bold" if chosen else ""),
            (note, "$text-muted"),
        )

    def text_of_row(self, index: int) -> str:
        """Its id."""
        return self.ids[index]

    def opens_on_click(self, index: int) -> bool:
        """One click marks."""
        return True

    def open_row(self, index: int) -> None:
        """Marks it, or not."""
        self.post_message(self.Toggled(self.ids[index]))
