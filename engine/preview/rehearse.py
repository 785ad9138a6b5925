"""A dry run by rehearsal: up, verify, down and up again, on a scratch copy of the database."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from miger.engine.backend import Backend
from miger.engine.errors import MigerError, RefusedError
from miger.engine.executor import check_code, execute_plan
from miger.engine.lease import lease_of_copy
from miger.engine.migration import Migration
from miger.engine.owner import Owner
from miger.engine.planner import DOWN, UP, Plan
from miger.engine.preview.collector import Collector
from miger.engine.preview.rollback import run_to_its_end
from miger.engine.preview.values import Preview, StepPreview
from miger.engine.recovery import mark_applied
from miger.engine.run import Run
from miger.engine.schema import compare_schemas


def rehearse(
    backend: Backend,
    plan: Plan,
    owner: Owner,
    listed: Callable[[str], StepPreview],
    applied: Sequence[Migration],
    rows: int,
) -> Preview:
    """Runs the plan on a copy, and there and back again.

    Raises RefusedError where no copy can be made, UnreachableError.
    """
    check_code(plan)
    with backend.scratch(owner, rows) as copy:
        lease = lease_of_copy(copy, owner)
        known = copy.snapshot().rows
        collector = Collector(listed, copy.effects)
        run = Run(copy, owner, lease, [collector])
        mark_applied(run, tuple(migration for migration in applied if migration.id not in known))
        before = copy.read_schema()
        run_to_its_end(run, plan)
        after = copy.read_schema()
        notes = list(copy.caveats())
        if all(step.id in collector.steps and not collector.steps[step.id].error for step in plan.steps):
            notes += _there_and_back(Run(copy, owner, lease), plan, before, after)
        notes += collector.log
    steps = tuple(collector.step(step.id) for step in plan.steps)
    changes = compare_schemas(before, after, definition=backend.definition)
    return Preview(
        "rehearse", plan.direction, backend.environment.name, backend.name, steps, changes, tuple(dict.fromkeys(notes))
    )


def _there_and_back(run: Run, plan: Plan, before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Reverts what was done and does it again; what a person should know of that."""
    other = DOWN if plan.direction == UP else UP
    steps = [
        step._replace(transaction=run.backend.runs_in_transaction(step.migration, other))
        for step in reversed(plan.steps)
        if step.migration.section(other) is not None
    ]
    missing = [step.id for step in plan.steps if step.migration.section(other) is None]
    if missing:
        return [f"not tried back: {', '.join(missing)} has no `{other}`"]
    notes = []
    try:
        execute_plan(run, Plan(other, tuple(steps)))
        notes.append(f"`{other}` works" + _different(run.backend, before))
    except RefusedError as error:
        return [f"`{other}` was not tried to its end: {error.message}"]
    except MigerError as error:
        return [f"`{other}` fails: {error.message}"]
    try:
        execute_plan(run, plan)
        notes.append(f"`{plan.direction}` works again" + _different(run.backend, after))
    except MigerError as error:
        notes.append(f"`{plan.direction}` fails the second time: {error.message}")
    return notes


def _different(copy: Backend, wanted: dict[str, str]) -> str:
    changes = compare_schemas(wanted, copy.read_schema(), definition=copy.definition)
    if not changes:
        return ", and the schema is as before"
    return f", but leaves another schema: {', '.join(f'{change.object} {change.verb}' for change in changes)}"
