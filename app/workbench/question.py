"""What is asked before anything is run: what it will do, where, and what may hurt. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from miger.engine.environments import Environment
from miger.engine.hazards.values import WARNING, Hazard
from miger.engine.planner import UP, Plan
from miger.engine.preview.values import Preview
from miger.engine.words import counted, duration

PLAIN, GOOD, MUTED, WARN, DANGER = "plain", "good", "muted", "warning", "error"
MOST_NAMED = 6  # migrations of a plan that are named one by one


class Fact(NamedTuple):
    """One thing to know before saying yes. `tone` is plain, good, muted, warning or error."""

    tone: str
    text: str
    advice: str = ""


class Question(NamedTuple):
    """What a person has to agree to.

    `verb` is what the button says. `dangers` have to be agreed to one step earlier; `name`, where it is not "",
    has to be typed.
    """

    title: str
    verb: str
    facts: tuple[Fact, ...] = ()
    dangers: tuple[Fact, ...] = ()
    name: str = ""


def place_of(environment: Environment) -> str:
    """An environment's name as it is shown: capitals where it is protected."""
    return environment.name.upper() if environment.protected else environment.name


def name_to_type(environment: Environment) -> str:
    """What has to be typed before anything is changed there; "" for nothing."""
    return environment.name if environment.protected else ""


def run_question(plan: Plan, preview: Preview, hazards: Sequence[Hazard], environment: Environment) -> Question:
    """The question before a plan is run."""
    number = counted(len(plan.steps), "migration")
    notes, dangers = hazard_facts(hazards)
    doing = "Apply" if plan.direction == UP else "Roll back"
    return Question(
        title=f"{doing} {number} in {place_of(environment)}?",
        verb=f"{'Run' if plan.direction == UP else 'Roll back'} {number}",
        facts=(*_steps(plan), *_tried(preview), *_cautions(plan), *notes),
        dangers=(*_failure(preview), *dangers),
        name=name_to_type(environment),
    )


def hazard_facts(hazards: Sequence[Hazard]) -> tuple[tuple[Fact, ...], tuple[Fact, ...]]:
    """What is to know of hazards, and those that have to be agreed to."""
    notes = [Fact(GOOD, f"allowed: {_told(hazard)}", hazard.allowed) for hazard in hazards if hazard.allowed]
    warnings = [hazard for hazard in hazards if hazard.severity == WARNING and not hazard.allowed]
    notes += [Fact(WARN, _told(hazard), hazard.advice) for hazard in warnings[:MOST_NAMED]]
    more = len(warnings) - MOST_NAMED
    notes += [Fact(WARN, f"and {counted(more, 'more warning')}")] if more > 0 else []
    return tuple(notes), tuple(Fact(DANGER, _told(hazard), hazard.advice) for hazard in hazards if hazard.refused)


def _steps(plan: Plan) -> list[Fact]:
    verb = "applies" if plan.direction == UP else "rolls back"
    named = [Fact(PLAIN, f"{verb} {step.id}") for step in plan.steps[:MOST_NAMED]]
    more = len(plan.steps) - len(named)
    return named + ([Fact(MUTED, f"and {counted(more, 'migration')} more")] if more else [])


def _tried(preview: Preview) -> list[Fact]:
    if preview.mode == "sql":
        return [Fact(WARN, "nothing was tried: the statements were only listed")]
    how = f"the dry run by {preview.mode} took {duration(preview.ms)}"
    return [Fact(GOOD, f"{how}, and succeeded")] if preview.ok else []


def _failure(preview: Preview) -> list[Fact]:
    failure = preview.failure
    if failure is None:
        return []
    return [Fact(DANGER, f"the dry run failed: {failure.id}: {failure.error}", failure.hint)]


def _cautions(plan: Plan) -> list[Fact]:
    found = [Fact(WARN, f"{id} runs late: a newer one is applied already") for id in plan.late]
    found += [
        Fact(WARN, f"{step.id} runs statement by statement: if it fails, what ran before stays")
        for step in plan.steps
        if not step.transaction
    ][:MOST_NAMED]
    if plan.direction == UP:
        found += [Fact(WARN, f"{step.id} has no way back") for step in plan.steps if step.irreversible][:MOST_NAMED]
    return found


def _told(hazard: Hazard) -> str:
    where = f"{hazard.id}, line {hazard.line}" if hazard.line else hazard.id
    return f"{hazard.message}  ({where})" if where else hazard.message
