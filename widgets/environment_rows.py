"""The environments as rows: what each is, and whether its database answers."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content

from miger.engine.words import duration
from miger.widgets.words import fit, printable

ASKING, REACHED, FAILED, UNRESOLVED = "asking", "reachable", "unreachable", "not set up"
GLYPHS = {ASKING: "◐", REACHED: "✔", FAILED: "✖", UNRESOLVED: "?"}
STYLES = {ASKING: "$text-primary", REACHED: "$text-success", FAILED: "$text-error", UNRESOLVED: "$text-warning"}


class EnvironmentRow(NamedTuple):
    """One environment.

    `where` is its URL without a password; `reach` one of `GLYPHS`; `ms` how long the answer took, or so far.
    `error` and `hint` say why there is none; `summary` how its migrations stand, `alarm` if badly.
    """

    name: str
    backend: str = ""
    where: str = ""
    protected: bool = False
    read_only: bool = False
    current: bool = False
    default: bool = False
    reach: str = ASKING
    ms: float = 0.0
    server: str = ""
    summary: str = ""
    alarm: bool = False
    error: str = ""
    hint: str = ""
    rules: str = ""

    @property
    def notes(self) -> str:
        """The words that must not be overlooked."""
        return " ".join(word for word, on in (("PROTECTED", self.protected), ("READ-ONLY", self.read_only)) if on)

    @property
    def reach_text(self) -> str:
        """Whether it answers, with the time."""
        took = f" {duration(self.ms)}" if self.reach == REACHED or (self.reach == ASKING and self.ms >= 1000) else ""
        word = "asking…" if self.reach == ASKING else self.reach
        return f"{GLYPHS[self.reach]} {word}{took}"


class _Widths(NamedTuple):
    name: int
    backend: int
    reach: int
    state: int
    where: int


def _widths(width: int) -> _Widths:
    if width >= 100:
        fixed = (34, 12, 20, 26)
    elif width >= 70:
        fixed = (27, 11, 20, width - 58)
    else:
        fixed = (max(width - 36, 10), 0, 20, 16)
    return _Widths(*fixed, max(width - sum(fixed), 0))


def environments_heading(width: int) -> Content:
    """The names of the columns."""
    names = ("environment", "database", "connection", "migrations", "where")
    cells = [name.ljust(cells)[:cells] for name, cells in zip(names, _widths(width), strict=True)]
    return Content.styled("".join(cells), "$text-muted")


def environment_line(row: EnvironmentRow, width: int) -> Content:
    """A row in at most `width` cells."""
    widths = _widths(width)
    mark = "▶ " if row.current else "  "
    notes = f" {row.notes}" if row.notes else ""
    here = " current" if row.current else ""
    name = fit(printable(row.name), max(widths.name - 3 - len(notes) - len(here), 4))
    used = 2 + cell_len(name) + len(here) + len(notes)
    return Content.assemble(
        (mark, "bold $text-primary"),
        (name, "bold"),
        (here, "$text-primary"),
        (notes, "bold $text-error" if row.protected else "bold $text-warning"),
        " " * max(widths.name - used, 1),
        _cell(row.backend or "–", widths.backend),
        (_cell(row.reach_text, widths.reach), STYLES[row.reach]),
        (_cell(row.summary, widths.state), "bold $text-error" if row.alarm else ""),
        (fit(printable(row.where), widths.where), "$text-muted"),
    )


def _cell(text: str, cells: int) -> str:
    if not cells:
        return ""
    cut = fit(printable(text), cells - 1)
    return cut + " " * (cells - cell_len(cut))
