"""Looking at migrations without running any: those that are pending as one plan, others one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from miger.engine.backend import Backend
from miger.engine.graph import MigrationGraph
from miger.engine.hazards.examine import hazard_of
from miger.engine.hazards.find import find_hazards
from miger.engine.hazards.history import of_plan, of_status
from miger.engine.hazards.values import Hazard, HazardReport
from miger.engine.migration import Migration
from miger.engine.planner import UP, Plan, PlanStep
from miger.engine.status import Status


def lint(
    backend: Backend,
    graph: MigrationGraph,
    ids: Sequence[str] | None,
    status: Status | None,
    out_of_order: str = "error",
) -> HazardReport:
    """The hazards of the `up` of these migrations; of all that are pending without ids.

    Pending ones are one plan, and the database is asked about its rows. Those that are applied, and all of
    them where there is no `status`, are looked at one by one, and the database is not asked. Raises what
    `find_hazards` raises.
    """
    pending = set(status.ids("pending")) if status is not None else set()
    chosen = [id for id in graph if (id in pending or status is None if ids is None else id in ids)]
    together = [graph.migrations[id] for id in chosen if id in pending]
    alone = [graph.migrations[id] for id in chosen if id not in pending]
    reports = [find_hazards(backend, plan_of([migration]), offline=True, static=True) for migration in alone]
    plan = plan_of(together)
    reports.append(find_hazards(backend, plan, static=True))
    history = [hazard_of(place, found, graph.migrations[place.id]) for place, found in of_plan(plan)]
    if status is not None:
        history += [
            hazard_of(place, found, graph.migrations.get(place.id))
            for place, found in of_status(status, out_of_order)
            if ids is None or place.id in ids
        ]
    notes = dict.fromkeys(note for report in reports for note in report.notes)
    hazards = [*history, *(hazard for report in reports for hazard in report.hazards)]
    return HazardReport(_in_order(graph, hazards), (*notes, *_odd_allowances([*alone, *together])))


def plan_of(migrations: Iterable[Migration]) -> Plan:
    """A plan to apply these, as far as it is only looked at."""
    return Plan(UP, tuple(PlanStep(each, each.transaction, each.irreversible) for each in migrations))


def _in_order(graph: MigrationGraph, hazards: Iterable[Hazard]) -> tuple[Hazard, ...]:
    places = {id: number for number, id in enumerate(graph)}
    return tuple(sorted(hazards, key=lambda hazard: (places.get(hazard.id, -1), hazard.line)))


def _odd_allowances(migrations: Iterable[Migration]) -> list[str]:
    """What is wrong with the `allow` entries of some migrations."""
    from miger.engine.hazards.catalogue import CATALOGUE

    notes = []
    for migration in migrations:
        for entry in migration.allow:
            code, reason = entry.get("hazard"), entry.get("reason")
            if code not in CATALOGUE:
                notes.append(f"{migration.path} allows {code!r}, which is no hazard")
            elif not (isinstance(reason, str) and reason.strip()):
                notes.append(f"{migration.path} allows {code} without a `reason`, so that it is not allowed")
    return notes
