"""All that the detail of one migration shows, as one frozen value."""

from __future__ import annotations

from typing import NamedTuple

from miger.engine.hazards.values import Hazard
from miger.engine.preview.values import Preview
from miger.engine.state import Checkpoint, HistoryEntry
from miger.engine.status import MigrationStatus

INFO, UP, DOWN, PREVIEW, HISTORY = "info", "up", "down", "preview", "history"
TABS = (INFO, UP, DOWN, PREVIEW, HISTORY)


class StatementPlace(NamedTuple):
    """Where a statement of a section begins: its number in the section, and its line in the file."""

    number: int
    line: int


class SectionText(NamedTuple):
    """The text of a section of the file, or its start.

    `line` is its first line in the file, `cut` the bytes that were read where there are more (0: it is whole),
    `statements` where each statement begins; empty where that is not known.
    """

    name: str
    text: str
    line: int = 1
    cut: int = 0
    statements: tuple[StatementPlace, ...] = ()


class Stop(NamedTuple):
    """Where a migration stopped: the statement that failed (0: not known), of how many, why, and what to do."""

    statement: int
    total: int | None
    error: str
    hint: str = ""


class MigrationDetail(NamedTuple):
    """One migration with everything that is known of it.

    `kind` of the texts is that of the migration: sql or python. `checkpoints` are those of a step that is
    not finished. `loading` names the tabs (`TABS`) still being read; `problem` says why something could not be.
    `preview_work` says how a preview is being made (`dry run by rollback`), `preview_problem` why there is none.
    """

    status: MigrationStatus
    sections: tuple[SectionText, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    stop: Stop | None = None
    history: tuple[HistoryEntry, ...] = ()
    parents: tuple[str, ...] = ()
    children: tuple[str, ...] = ()
    hazards: tuple[Hazard, ...] = ()
    preview: Preview | None = None
    loading: frozenset[str] = frozenset()
    problem: str = ""
    hint: str = ""
    preview_work: str = ""
    preview_problem: str = ""
    preview_hint: str = ""

    def section(self, name: str) -> SectionText | None:
        """The text of a section; None where the file has none, or it is not read yet."""
        return next((section for section in self.sections if section.name == name), None)
