"""What is asked before a migration is recovered. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from miger.engine.environments import Environment
from miger.engine.hazards.values import Hazard
from miger.engine.planner import DOWN, UP, Plan, PlanStep
from miger.engine.recovery import RESUME, ROLLBACK
from miger.engine.status import MigrationStatus
from miger.workbench.question import Fact, Question, hazard_facts, name_to_type, place_of
from miger.workbench.recovery_story import Story, Way
from miger.workbench.recovery_words import piece_text

MOST_NAMED = 5  # statements that the question names


def way_question(story: Story, way: Way, hazards: Sequence[Hazard], unsure: str, environment: Environment) -> Question:
    """The question before a way out is taken; `unsure` says why its hazards are not known, or is ""."""
    facts, dangers = hazard_facts(hazards)
    return Question(
        title=f"{way.label.capitalize()} {story.id} in {place_of(environment)}?",
        verb=way.label.partition(":")[0].capitalize(),
        facts=(*_facts(way), *([Fact("warning", unsure)] if unsure else []), *facts),
        dangers=dangers,
        name=name_to_type(environment),
    )


def plan_of_way(status: MigrationStatus, way: Way) -> Plan | None:
    """What a way would run, as a plan whose hazards can be looked for; None where it runs nothing."""
    migration, row = status.migration, status.row
    if migration is None or row is None or way.choice not in (RESUME, ROLLBACK):
        return None
    back = DOWN if row.direction == UP else UP
    direction = row.direction if way.choice == RESUME else back
    return Plan(direction, (PlanStep(migration, migration.transaction, migration.irreversible),))


def _facts(way: Way) -> list[Fact]:
    facts = [Fact("plain", f"it {way.effect}")]
    facts += [Fact("plain", f"runs {piece_text(piece)}") for piece in way.pieces[:MOST_NAMED]]
    more = len(way.pieces) - MOST_NAMED
    facts += [Fact("muted", f"and {more} more")] if more > 0 else []
    return facts + [Fact("warning", caution) for caution in way.cautions]
