"""The rows of a preview, what folds, and what a run changes in them."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from miger.engine.events import LogLine, StatementFinished, StatementStarted, StepStarted
from miger.engine.hazards.values import Hazard
from miger.engine.preview.values import PLANNED, Lock, Preview
from miger.widgets.preview_rows import CODE, DIFF, FACT, HEADING, STATEMENT, STEP, PreviewRows, Row
from miger.widgets.schema_diff import diff_lines

from tests.widgets.runs import FAILURE as FAILED_STEP
from tests.widgets.runs import RUN, both, started, step_events
from tests.widgets.samples import BILLING, CHANGES, FAILURE, HAZARDS, SPLIT, SPLIT_STATEMENTS, SUCCESS, statement, step

WIDTH = 100


def rows(preview: Preview, width: int = WIDTH) -> list[Row]:
    return PreviewRows(preview).rows(width)


def facts(found: list[Row]) -> list[str]:
    return [row.text for row in found if row.kind == FACT]


def many(steps: int, statements: int) -> Preview:
    listed = tuple(statement(n, n, f"SELECT {n}") for n in range(1, statements + 1))
    return SUCCESS._replace(
        steps=tuple(step(f"{n:04}", listed) for n in range(steps)), hazards=(), changes=None, notes=()
    )


def test_steps_stand_over_their_statements_and_these_over_their_facts() -> None:
    kinds = [row.kind for row in rows(SUCCESS)]
    assert kinds[:5] == [STEP, STATEMENT, FACT, STATEMENT, STATEMENT]
    assert kinds.count(STEP) == 3
    assert kinds.count(STATEMENT) == 8
    assert kinds.count(DIFF) == len(list(diff_lines(CHANGES)))


def test_locks_say_on_what_how_and_for_how_long() -> None:
    assert "locks customer (AccessExclusiveLock) for 31 ms, until its transaction ends" in facts(rows(SUCCESS))
    outside = step(SPLIT, SPLIT_STATEMENTS[:1], transaction=False)
    assert "locks customer (AccessExclusiveLock) for 31 ms" in facts(rows(SUCCESS._replace(steps=(outside,))))


def test_a_hazard_stands_under_the_statement_it_is_about_with_its_advice() -> None:
    found = rows(SUCCESS)
    places = [(n, row) for n, row in enumerate(found) if row.text.startswith(("error:", "warning:"))]
    assert [row.text for _, row in places] == [
        "warning: an UPDATE without WHERE overwrites 1,204 values of customer [update-all-rows]",
        "error: column customer.name holds 1,204 values that the drop loses [drop-column]",
    ]
    for (number, row), place in zip(places, (2, 4), strict=True):
        before = [other.statement for other in found[:number] if other.kind == STATEMENT]
        assert (row.step, before[-1]) == (0, place)
        assert found[number + 1].glyph == "→"


def test_a_hazard_within_a_statement_of_several_lines_belongs_to_it() -> None:
    hazard = HAZARDS[0]._replace(line=10)
    found = rows(SUCCESS._replace(hazards=(hazard,)))
    number = next(n for n, row in enumerate(found) if row.text.startswith("warning:"))
    assert [row.statement for row in found[:number] if row.kind == STATEMENT][-1] == 2


@pytest.mark.parametrize(
    "hazard", [HAZARDS[0]._replace(line=0), HAZARDS[0]._replace(section="down"), HAZARDS[0]._replace(line=1)]
)
def test_a_hazard_of_no_statement_stands_behind_the_statements_of_its_step(hazard: Hazard) -> None:
    found = rows(SUCCESS._replace(hazards=(hazard,)))
    number = next(n for n, row in enumerate(found) if row.text.startswith("warning:"))
    assert (found[number].step, found[number].depth) == (0, 1)
    assert [row.statement for row in found[:number] if row.kind == STATEMENT] == [0, 1, 2, 3, 4]


def test_a_hazard_of_no_step_of_the_plan_stands_under_a_heading_of_its_own() -> None:
    found = rows(SUCCESS._replace(hazards=(HAZARDS[0]._replace(id="other"),)))
    heading = next(n for n, row in enumerate(found) if row.text == "Hazards of the plan")
    assert found[heading + 1].text.startswith("warning:")


def test_an_allowed_hazard_says_why_and_is_no_warning() -> None:
    found = rows(SUCCESS._replace(hazards=(HAZARDS[1]._replace(allowed="nobody reads it"),)), 200)
    number = next(n for n, row in enumerate(found) if row.text.startswith("error, allowed:"))
    assert (found[number].tone, found[number + 1].text) == ("good", "nobody reads it")


def test_a_failure_says_where_why_what_to_do_and_what_would_stay() -> None:
    found = rows(FAILURE, 200)
    number = next(n for n, row in enumerate(found) if row.glyph == "✖")
    assert found[number - 1].statement == 1
    assert found[number].text.startswith(f"migrations/{SPLIT}.sql:7: column")
    assert found[number + 1].text.startswith("the column is there already")
    assert found[number + 2].text.endswith("what succeeded stays, and the migration is dirty")


def test_a_failure_of_no_statement_stands_behind_them() -> None:
    failed = step(SPLIT, SPLIT_STATEMENTS, "failed", error="verify: it returned False")
    assert facts(rows(FAILURE._replace(steps=(failed,))))[-1] == "verify: it returned False"


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
def test_facts_are_wrapped_to_the_width(width: int) -> None:
    for row in rows(SUCCESS, width) + rows(FAILURE, width):
        if row.kind == FACT:
            assert cell_len(row.text) <= max(width - 4 * row.depth - 4, 16)


def test_what_is_not_listed_is_counted_or_said_not_to_be() -> None:
    more = SUCCESS._replace(steps=(step(SPLIT, SPLIT_STATEMENTS, more=9000),), hazards=())
    assert "and 9,000 statements more, not listed" in facts(rows(more))
    uncounted = SUCCESS._replace(steps=(step(SPLIT, SPLIT_STATEMENTS, more=None),), hazards=())
    assert "and more, not counted" in facts(rows(uncounted))


def test_a_long_plan_is_folded_and_a_short_one_is_not() -> None:
    assert [row.kind for row in rows(many(41, 5))] == [STEP] * 41
    assert len(rows(many(40, 5))) == 40 * 6


def test_the_step_that_failed_is_open_in_a_folded_plan() -> None:
    plan = many(300, 5)
    failed = plan.steps[7]._replace(outcome="failed", error="no")
    steps = (*plan.steps[:7], failed, *plan.steps[8:])
    assert {row.step for row in rows(plan._replace(steps=steps)) if row.kind == STATEMENT} == {7}


def test_steps_and_statements_fold_and_unfold() -> None:
    model = PreviewRows(SUCCESS)
    whole = model.rows(WIDTH)
    assert model.toggle(whole[0])
    assert [row.kind for row in model.rows(WIDTH)[:2]] == [STEP, STEP]
    assert model.toggle(whole[0])
    assert model.rows(WIDTH) == whole
    update = next(row for row in whole if row.statement == 2)
    assert model.toggle(update)
    assert sum(row.kind == CODE for row in model.rows(WIDTH)) == 3
    assert not model.toggle(Row(HEADING, "Notes"))


def test_a_long_line_of_an_open_statement_is_broken_and_nothing_left_out() -> None:
    text = "SELECT " + ", ".join(f"column_{n}" for n in range(60))
    model = PreviewRows(SUCCESS._replace(steps=(step(SPLIT, (statement(1, 1, text),)),)))
    model.toggle(model.rows(60)[1])
    code = [row for row in model.rows(60) if row.kind == CODE]
    assert len(code) > 5
    assert "".join(text[row.start : row.end] for row in code) == text


def test_all_steps_fold_and_unfold_at_once() -> None:
    model = PreviewRows(many(50, 5))
    model.toggle_all()
    assert len(model.rows(WIDTH)) == 300
    model.toggle_all()
    assert len(model.rows(WIDTH)) == 50


def test_a_run_opens_the_step_that_runs_and_folds_it_when_it_is_done() -> None:
    model = PreviewRows(many(50, 5))
    id = "0003"
    assert model.apply(StepStarted(RUN, id, "up", 4, 50, True, 5))
    assert model.open_steps == {3}
    events = step_events(id, model.preview.steps[3].statements)
    assert [model.apply(event) for event in events[1:-1]] == [False] * 10
    assert model.apply(events[-1])
    assert model.open_steps == set()


def test_a_run_shows_its_own_failure_instead_of_the_dry_run() -> None:
    model = PreviewRows(SUCCESS)
    begun = StepStarted(RUN, SPLIT, "up", 1, 3, False, 5)
    for event in [begun, *both(SPLIT, SPLIT_STATEMENTS[0]), started(SPLIT, SPLIT_STATEMENTS[1])]:
        model.apply(event)
    assert model.apply(FAILED_STEP)
    found = model.rows(200)
    number = next(n for n, row in enumerate(found) if "(42701)" in row.text)
    assert found[number - 1].statement == 1
    assert found[number + 2].text == "what succeeded stays, and the migration is dirty"


def test_a_run_shows_what_runs_although_it_is_not_listed() -> None:
    model = PreviewRows(SUCCESS)
    model.apply(StepStarted(RUN, BILLING, "up", 2, 3, True))
    assert model.apply(StatementStarted(RUN, BILLING, 50, 0, "INSERT INTO late VALUES (1)"))
    assert "INSERT INTO late VALUES (1)" in facts(model.rows(WIDTH))
    assert model.apply(StatementFinished(RUN, BILLING, 50, 0, "INSERT INTO late VALUES (1)", 1, 1.0))
    assert "INSERT INTO late VALUES (1)" not in facts(model.rows(WIDTH))


def test_a_warning_of_the_run_becomes_a_note() -> None:
    model = PreviewRows(SUCCESS)
    assert model.apply(LogLine(RUN, "", "warning", "the schema drifted"))
    assert facts(model.rows(WIDTH))[-1] == "the schema drifted"


def test_nothing_in_a_fact_can_steer_the_terminal() -> None:
    lock = Lock("a\x1b[2Jb", "mode", 1.0)
    hostile = step(SPLIT, (statement(1, 1, "SELECT 1", PLANNED, locks=(lock,), note="x\x07"),), error="\x1b]0;")
    assert not any("\x1b" in row.text or "\x07" in row.text for row in rows(SUCCESS._replace(steps=(hostile,))))
