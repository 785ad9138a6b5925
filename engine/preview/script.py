"""A plan as a script for the database's own client."""

from __future__ import annotations

from collections.abc import Iterator

from miger.engine.backend import Backend
from miger.engine.planner import Plan, PlanStep
from miger.engine.preview.listing import list_step
from miger.engine.sections import read_section


def script(backend: Backend, plan: Plan) -> Iterator[str]:
    """The script of a plan, in pieces: the text of SQL files as it is, of Python what could be recorded.

    It records nothing in Miger's tables. Opens no connection.
    """
    comment = backend.script_words.comment
    yield f"{comment} {plan.direction}: {len(plan.steps)} migrations, by Miger. Afterwards Miger has to be told:\n"
    yield f"{comment} `miger repair ID --mark-applied` or `--mark-pending` for each.\n"
    for step in plan.steps:
        yield f"\n{comment} {step.id} ({plan.direction})\n"
        yield from _step(backend, step, plan.direction)


def _step(backend: Backend, step: PlanStep, direction: str) -> Iterator[str]:
    words = backend.script_words
    if step.transaction:
        yield f"{words.begin or f'{words.comment} in one transaction, when Miger runs it'}\n"
    if step.migration.kind == "sql":
        last = "\n"
        for piece in read_section(step.migration, direction):
            yield piece
            last = piece
        if not last.endswith("\n"):
            yield "\n"
    else:
        listed = list_step(backend, step, direction)
        yield from (f"{words.comment} {line}\n" for line in listed.log)
        for statement in listed.statements:
            yield f"{statement.text};\n" if statement.text else f"{words.comment} INCOMPLETE: {statement.note}\n"
    if step.transaction and words.commit:
        yield f"{words.commit}\n"
