"""Plans from a graph and a status that no database was asked for."""

from __future__ import annotations

import pytest

from miger.engine.errors import DirtyError, HistoryMismatch, LateMigrations, RefusedError, UnknownTarget, UsageError
from miger.engine.graph import MigrationGraph
from miger.engine.migration import Migration, Section
from miger.engine.planner import Plan, plan_down, plan_up
from miger.engine.state import Holder, Snapshot, StateRow
from miger.engine.status import Status, status_of

BOTH = (Section("up", 1, 0, 9), Section("down", 2, 9, 18))


def migration(id: str, *depends: str, sections: tuple[Section, ...] = BOTH, transaction: bool = True) -> Migration:
    return Migration(id, f"{id}.sql", "sql", depends, sections, f"sha256:{id}", transaction)


def row(id: str, state: str = "applied", run: str = "r1", checksum: str = "") -> StateRow:
    return StateRow(id, state, "up", checksum or f"sha256:{id}", run=run)


def holder(run: str, expired: bool = False) -> Holder:
    return Holder("bob", "far", "m", 1, "p", run, 3, "2026-01-01", "2026-01-02", "", "", expired)


# a → (b → d, c) → e; f is a root of its own that cannot be reverted
GRAPH = MigrationGraph(
    (
        migration("a"),
        migration("b", "a"),
        migration("c", "a"),
        migration("d", "b", transaction=False),
        migration("e", "c", "d"),
        migration("f", sections=BOTH[:1]),
    )
)


def status(applied: str = "", *rows: StateRow, lease: Holder | None = None) -> Status:
    all_rows = (*map(row, applied), *rows)
    return status_of(GRAPH, Snapshot(True, {each.id: each for each in all_rows}, lease))


def ids(plan: Plan) -> str:
    return "".join(plan.ids)


@pytest.mark.parametrize(
    ("applied", "target", "steps", "planned"),
    [
        ("", None, None, "abcdef"),
        ("ab", None, None, "cdef"),
        ("abcdef", None, None, ""),
        ("", "d", None, "abd"),
        ("", "e", 2, "ab"),
        ("", None, 0, ""),
        ("", "f", None, "f"),
    ],
)
def test_up_plans_what_is_pending_by_dependency(applied: str, target: str, steps: int, planned: str) -> None:
    plan = plan_up(GRAPH, status(applied), target, steps)
    assert ids(plan) == planned
    assert plan.direction == "up"
    assert plan.nothing_to_do is (planned == "")


@pytest.mark.parametrize(
    ("applied", "target", "steps", "to", "planned"),
    [
        ("abcde", None, None, None, "e"),
        ("abcde", None, 3, None, "edc"),
        ("abcde", None, 0, None, ""),
        ("abcde", None, 99, None, "edcba"),
        ("abcde", "b", None, None, "edb"),
        ("abcde", "a", None, None, "edcba"),
        ("abc", "e", None, None, ""),
        ("abcde", None, None, "d", "ec"),
        ("abcde", None, None, "e", ""),
        ("", None, None, None, ""),
    ],
)
def test_down_plans_the_newest_first(applied: str, target: str, steps: int, to: str, planned: str) -> None:
    assert ids(plan_down(GRAPH, status(applied), target, steps, to)) == planned


def test_steps_know_how_they_run_and_whether_there_is_a_way_back() -> None:
    steps = {step.id: step for step in plan_up(GRAPH, status()).steps}
    assert (steps["d"].transaction, steps["e"].transaction) == (False, True)
    assert (steps["f"].irreversible, steps["e"].irreversible) == (True, False)


def test_late_migrations_are_an_error_a_warning_or_allowed() -> None:
    late = status("ad", row("b"))
    with pytest.raises(LateMigrations, match="c would run late: d is already applied") as error:
        plan_up(GRAPH, late)
    assert error.value.late == ("c",)
    assert plan_up(GRAPH, late, out_of_order="warn").late == ("c",)
    assert plan_up(GRAPH, late, out_of_order="allow").late == ()
    assert ids(plan_up(GRAPH, late, "f")) == "f"


def test_a_migration_without_a_way_back_stops_the_whole_plan() -> None:
    with pytest.raises(RefusedError, match="no way back from f"):
        plan_down(GRAPH, status("abcdef"), steps=2)


@pytest.mark.parametrize("plan", [plan_up, plan_down])
def test_nothing_is_planned_on_a_database_that_is_not_fit(plan: object) -> None:
    assert callable(plan)
    with pytest.raises(DirtyError, match="stopped half way: b"):
        plan(GRAPH, status("a", row("b", "dirty"), row("gone")))
    with pytest.raises(HistoryMismatch, match=r"changed .*: b; applied, but without a file: gone"):
        plan(GRAPH, status("a", row("b", checksum="sha256:other"), row("gone")))
    with pytest.raises(UnknownTarget):
        plan(GRAPH, status("a"), "nothing like it")
    with pytest.raises(UsageError, match="--steps -1"):
        plan(GRAPH, status("a"), steps=-1)


def test_ways_to_say_how_far_down_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="exclude each other"):
        plan_down(GRAPH, status("abcde"), "b", to="a")


def test_what_another_run_is_at_is_no_step_but_not_nothing_either() -> None:
    busy = status("abcf", row("d", "applying", run="r9"), lease=holder("r9"))
    plan = plan_up(GRAPH, busy, "d")
    assert (plan.steps, plan.running, plan.nothing_to_do) == ((), ("d",), False)
    assert plan_up(GRAPH, busy, "c").nothing_to_do
    assert not plan_down(GRAPH, busy, steps=0).nothing_to_do
