"""Keys under headings, to be read and searched."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive

from miger.widgets.key_bar import KeyHint
from miger.widgets.rows_view import RowsView
from miger.widgets.words import fit

KEY_CELLS = 18

Groups = Sequence[tuple[str, Sequence[KeyHint]]]
"""Headings, each with its keys; a hint's label says what the key does."""


class KeyList(RowsView):
    """One key a row, those that can't be pressed now marked by a word."""

    DEFAULT_CSS = """
    KeyList { scrollbar-gutter: stable; }
    """

    filter_text: reactive[str] = reactive("", init=False)

    def __init__(self, groups: Groups, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._groups = groups
        self._rows: list[str | KeyHint] = []

    def on_mount(self) -> None:
        """Shows all."""
        self.watch_filter_text()

    def watch_filter_text(self) -> None:
        """Shows the keys that fit all the words; headings without keys go."""
        words = self.filter_text.split()
        self._rows = []
        for name, hints in self._groups:
            fitting = [hint for hint in hints if all(_has(hint, name, word) for word in words)]
            if fitting:
                self._rows += ["", name, *fitting] if self._rows else [name, *fitting]
        self.rows_changed()
        self.cursor = 1 if len(self._rows) > 1 else 0

    def row_count(self) -> int:
        """The rows, or one that says that there is none."""
        return len(self._rows) or 1

    @property
    def shows_cursor(self) -> bool:
        """Not on a line that is no key."""
        return bool(self._rows)

    def render_row(self, index: int, width: int) -> Content:
        """A heading, or a key and what it does."""
        if not self._rows:
            return Content.styled("No key has these words.", "$text-muted")
        row = self._rows[index]
        if isinstance(row, str):
            return Content.styled(row, "bold $text-accent")
        off = "" if row.enabled else " (not now)"
        room = max(width - KEY_CELLS - len(off), 4)
        keys = fit(row.key, KEY_CELLS - 1)
        return Content.assemble(
            (keys + " " * (KEY_CELLS - cell_len(keys)), "bold" if row.enabled else "$text-muted"),
            (fit(row.label.rstrip("."), room), "" if row.enabled else "$text-muted"),
            (off, "$text-muted"),
        )


def _has(hint: KeyHint, heading: str, word: str) -> bool:
    """Whether a word is in what the key does, or is the key; one letter is always a key."""
    if word in hint.key.split():
        return True
    small = word.casefold()
    return len(word) > 1 and (small in hint.label.casefold() or small in heading.casefold())
