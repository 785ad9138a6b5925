"""What the history and the folder say: late, modified, missing, and no way back."""

from __future__ import annotations

from collections.abc import Iterator

from miger.engine.hazards.values import ERROR, INFO, WARNING, Finding, Place, Rule
from miger.engine.planner import UP, Plan
from miger.engine.status import Status

RULES = (
    Rule(
        "late-migration", "Check that the order does not matter and use --out-of-order allow, or give it a newer name."
    ),
    Rule("modified-migration", "Put the old text back and write a new migration, or `repair ID --accept-checksum`."),
    Rule("missing-migration", "Bring the file back from version control, or `repair ID --mark-pending` to forget it."),
    Rule("irreversible-migration", "Write a `down`, or make sure of a backup before it runs."),
)


def of_status(status: Status, out_of_order: str) -> Iterator[tuple[Place, Finding]]:
    """What is wrong with the history as it is."""
    late = {"error": ERROR, "warn": WARNING}.get(out_of_order, INFO)
    for item in status.migrations:
        file = item.migration.path if item.migration is not None else ""
        place = Place(item.id, file, "", 0)
        if item.late:
            why = "it would run after newer ones, which were not written with it in mind"
            yield place, Finding("late-migration", late, item.id, why)
        if item.state == "modified":
            why = "its file was changed after it was applied, so that other databases get something else"
            yield place, Finding("modified-migration", ERROR, item.id, why)
        if item.state == "missing":
            yield place, Finding("missing-migration", ERROR, item.id, "it was applied here, and its file is gone")


def of_plan(plan: Plan) -> Iterator[tuple[Place, Finding]]:
    """Steps with no way back. A merge has nothing to take back."""
    for step in plan.steps:
        if plan.direction == UP and step.irreversible and len(step.migration.depends) < 2:
            place = Place(step.id, step.migration.path, UP, 0)
            yield place, Finding("irreversible-migration", INFO, step.id, "there is no `down`: it can't be taken back")
