"""Making a preview of a plan, in the mode that was asked for or the truest there is."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from miger.engine.backend import Backend
from miger.engine.errors import RefusedError, UsageError
from miger.engine.hazards.examine import hazard_of
from miger.engine.hazards.find import find_hazards
from miger.engine.hazards.history import of_plan
from miger.engine.hazards.trace import of_preview
from miger.engine.hazards.values import HazardReport
from miger.engine.migration import Migration
from miger.engine.owner import Owner
from miger.engine.planner import Plan
from miger.engine.preview.listing import OUTSIDE, list_step
from miger.engine.preview.rehearse import rehearse
from miger.engine.preview.rollback import roll_back
from miger.engine.preview.tables import with_tables
from miger.engine.preview.values import Preview, StepPreview

AUTO, SQL, ROLLBACK, REHEARSE = "auto", "sql", "rollback", "rehearse"
MODES = (AUTO, SQL, ROLLBACK, REHEARSE)
SAMPLE_ROWS = 1000  # of each table, in a scratch copy that is not whole


def make_preview(
    backend: Backend,
    plan: Plan,
    owner: Owner,
    mode: str = AUTO,
    *,
    applied: Sequence[Migration] = (),
    rows: int = SAMPLE_ROWS,
) -> Preview:
    """What the plan would do. Nothing of it stays in the database.

    `applied` are the migrations that are applied now, in order: a scratch copy has to know them. `rows`
    is how many of each table it gets at most. In mode `sql` the backend is not even opened.
    Raises UsageError for a mode that the database does not offer, RefusedError where it could not be used.
    """
    if mode not in MODES:
        raise UsageError(f"no dry run is called {mode!r}", f"there are {', '.join(MODES)}")
    offered = backend.preview_modes
    if mode != AUTO and mode not in offered:
        raise UsageError(f"{backend.name} has no dry run by {mode}", f"there are {', '.join(offered)}")
    started = time.perf_counter()
    listed = _Listing(backend, plan)
    modes, notes = ((mode,), []) if mode != AUTO else _choose(offered, plan, listed)
    for tried in modes:
        try:
            preview = MAKERS[tried](backend, plan, owner, listed, applied, rows)
        except RefusedError as error:
            if tried == modes[-1]:
                raise
            notes.append(f"not by {tried}: {error.message}")
        else:
            break
    report = _hazards(backend, plan, preview)
    ms = (time.perf_counter() - started) * 1000
    steps = with_tables(preview.steps, backend.dialect) if backend.runs_sql else preview.steps
    return preview._replace(steps=steps, notes=(*notes, *preview.notes, *report.notes), ms=ms, hazards=report.hazards)


def _hazards(backend: Backend, plan: Plan, preview: Preview) -> HazardReport:
    """What may hurt: in the statements, in the data that is there now, and in what the dry run has seen."""
    report = find_hazards(backend, plan, offline=preview.mode == SQL, static=True)
    migrations = {step.id: step.migration for step in plan.steps}
    seen = [hazard_of(place, found, migrations[place.id]) for place, found in [*of_plan(plan), *of_preview(preview)]]
    return report._replace(hazards=(*report.hazards, *seen))


class _Listing:
    """The steps' statements by id, each read when it is first asked for."""

    def __init__(self, backend: Backend, plan: Plan) -> None:
        self._backend = backend
        self._plan = {step.id: step for step in plan.steps}
        self._direction = plan.direction
        self._listed: dict[str, StepPreview] = {}

    def __call__(self, id: str) -> StepPreview:
        if id not in self._listed:
            self._listed[id] = list_step(self._backend, self._plan[id], self._direction)
        return self._listed[id]


def _choose(
    offered: Sequence[str], plan: Plan, listed: Callable[[str], StepPreview]
) -> tuple[Sequence[str], list[str]]:
    """The modes to try, the truest first, and why not a truer one."""
    if offered[0] == ROLLBACK and REHEARSE in offered:
        for step in plan.steps:
            if step.transaction or step.migration.kind != "sql":
                continue
            outside = next((found for found in listed(step.id).statements if found.note == OUTSIDE), None)
            if outside is not None:
                return offered[1:], [f"not by {ROLLBACK}: {outside.kind} of {step.id} {OUTSIDE}"]
    return offered, []


def _list(
    backend: Backend,
    plan: Plan,
    owner: Owner,
    listed: Callable[[str], StepPreview],
    applied: Sequence[Migration],
    rows: int,
) -> Preview:
    steps = tuple(listed(step.id) for step in plan.steps)
    return Preview(SQL, plan.direction, backend.environment.name, backend.name, steps)


MAKERS = {SQL: _list, ROLLBACK: roll_back, REHEARSE: rehearse}
