"""A plan as it would run: its statements, and what each of them does."""

from __future__ import annotations

from typing import NamedTuple

from miger.engine.hazards.values import Hazard
from miger.engine.schema import SchemaChange

PLANNED, DONE, FAILED, NOT_RUN = "planned", "done", "failed", "not run"


class Lock(NamedTuple):
    """A lock that a statement took on a relation; `ms` is how long a run would hold it.

    One that is not `measured` is derived from the statement: an earlier step of the same dry run held it already.
    """

    relation: str
    mode: str
    ms: float
    measured: bool = True


class StatementPreview(NamedTuple):
    """One statement, or `count` of one kind that are sent together.

    `outcome` is planned (nothing was run), done, failed or not run (an earlier one failed). `number` and
    `line` are those in the section, 0 where there is none; `rows` is -1 where it is not known. `ms` is
    the time it took here. `rewritten` are the tables whose rows were all written anew, `tables`
    those that its text names.
    """

    section: str
    number: int
    line: int
    kind: str
    text: str
    outcome: str = PLANNED
    rows: int = -1
    ms: float = 0.0
    count: int = 1  # type: ignore[assignment]  # hides tuple.count, which nobody needs here
    locks: tuple[Lock, ...] = ()
    rewritten: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    note: str = ""


class StepPreview(NamedTuple):
    """One step of the plan; `error`, `hint` and `line` say why it failed. `log` is what it would log.

    `more` is how many statements there are beyond those listed, None where they were not counted.
    `dirty`: in a real run, what succeeded of a failed step would stay, and the migration would be dirty.
    """

    id: str
    path: str
    direction: str
    transaction: bool
    irreversible: bool
    statements: tuple[StatementPreview, ...]
    outcome: str = PLANNED
    ms: float = 0.0
    error: str = ""
    hint: str = ""
    line: int = 0
    log: tuple[str, ...] = ()
    more: int | None = 0
    dirty: bool = False


class Preview(NamedTuple):
    """What a plan would do on this database, shown in one of the `MODES`.

    `changes` is what becomes of the schema; None where nothing was run. `notes` say what a person
    should know of how it was found out, and what could not be. `hazards` are in the order they stand.
    """

    mode: str
    direction: str
    environment: str
    server: str
    steps: tuple[StepPreview, ...]
    changes: tuple[SchemaChange, ...] | None = None
    notes: tuple[str, ...] = ()
    ms: float = 0.0
    hazards: tuple[Hazard, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether every step that was tried succeeded."""
        return all(step.outcome in (PLANNED, DONE) for step in self.steps)

    @property
    def failure(self) -> StepPreview | None:
        """The step that failed."""
        return next((step for step in self.steps if step.outcome == FAILED), None)
