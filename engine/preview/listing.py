"""The statements of a plan as they stand in the files, nothing run and no database asked."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from miger.engine.backend import Backend
from miger.engine.planner import Plan, PlanStep
from miger.engine.preview.recording import record_function
from miger.engine.preview.values import StatementPreview, StepPreview
from miger.engine.sections import read_section
from miger.engine.statements import Statement, split

MOST_LISTED = 1000  # statements of one step
OUTSIDE = "cannot run in a transaction"


def list_steps(backend: Backend, plan: Plan) -> Iterator[StepPreview]:
    """Each step with its statements; those of Python are recorded as far as they need no answer."""
    for step in plan.steps:
        yield list_step(backend, step, plan.direction)


def list_step(backend: Backend, step: PlanStep, direction: str) -> StepPreview:
    """A step with its statements. Opens no connection."""
    listed = StepPreview(
        step.id, step.migration.path, direction, step.transaction, step.irreversible and direction == "up", ()
    )
    if step.migration.kind == "python":
        recorded = record_function(backend, step, direction)
        return listed._replace(statements=recorded.statements, log=recorded.log)
    statements: list[StatementPreview] = []
    more = 0
    for section in (direction, "verify") if direction == "up" else (direction,):
        found = (_shown(backend, section, statement) for statement in _statements(backend, step, section))
        statements += islice(found, MOST_LISTED - len(statements))
        more += sum(1 for _ in found)
    return listed._replace(statements=tuple(statements), more=more)


def _statements(backend: Backend, step: PlanStep, name: str) -> Iterator[Statement]:
    section = step.migration.section(name)
    if section is None:
        return iter(())
    return split(read_section(step.migration, name), backend.dialect, section.line)


def _shown(backend: Backend, section: str, statement: Statement) -> StatementPreview:
    note = ""
    if statement.data is not None:
        note = "its rows follow in the file"
    elif "rollback" in backend.preview_modes and not backend.may_run_in_transaction(statement):
        note = OUTSIDE  # elsewhere that is so of every statement on the schema
    return StatementPreview(section, statement.number, statement.line, statement.kind, statement.sql, note=note)
