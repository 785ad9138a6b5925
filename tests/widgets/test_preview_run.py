"""How far a run of a previewed plan has come."""

from __future__ import annotations

from miger.engine.events import (
    LogLine,
    Progress,
    RunFinished,
    StatementFinished,
    StatementStarted,
    StepFinished,
    StepStarted,
)
from miger.engine.preview.values import DONE, FAILED, NOT_RUN, PLANNED, Preview
from miger.widgets.preview_run import RUNNING, PreviewRun

from tests.widgets.runs import FAILURE, RUN, both, finished, started, step_events
from tests.widgets.samples import BILLING, SPLIT, SPLIT_STATEMENTS, SUCCESS, statement, step


def run_of(*events: object, preview: Preview = SUCCESS) -> PreviewRun:
    run = PreviewRun(preview)
    for event in events:
        run.apply(event)  # type: ignore[arg-type]
    return run


def outcomes(run: PreviewRun, step: int, count: int) -> list[str]:
    return [run.statement(step, place).outcome for place in range(count)]


BEGUN = StepStarted(RUN, SPLIT, "up", 1, 3, True, 5)


def test_before_anything_runs_all_is_planned() -> None:
    run = run_of()
    assert run.step(0).outcome == PLANNED
    assert outcomes(run, 0, 5) == [PLANNED] * 5


def test_statements_are_marked_as_they_begin_and_end() -> None:
    run = run_of(BEGUN, *both(SPLIT, SPLIT_STATEMENTS[0]), started(SPLIT, SPLIT_STATEMENTS[1]))
    assert outcomes(run, 0, 5) == [DONE, RUNNING, PLANNED, PLANNED, PLANNED]
    assert (run.step(0).outcome, run.step(0).done, run.step(0).total, run.step(0).fraction) == (RUNNING, 1, 5, 0.2)


def test_rows_and_time_are_those_of_the_run_not_of_the_dry_run() -> None:
    run = run_of(BEGUN, finished(SPLIT, SPLIT_STATEMENTS[2])._replace(rows=7, ms=99.0))
    assert run.statement(0, 2)[1:] == (7, 99.0)


def test_a_finished_step_is_done_with_all_its_statements() -> None:
    run = run_of(*step_events(SPLIT, SPLIT_STATEMENTS))
    assert (run.step(0).outcome, run.step(0).ms, run.step(0).fraction) == (DONE, 31.2, 1.0)
    assert outcomes(run, 0, 5) == [DONE] * 5
    assert run.steps_done == 1


def test_a_failure_marks_its_statement_and_what_did_not_run() -> None:
    run = run_of(
        BEGUN, *both(SPLIT, SPLIT_STATEMENTS[0]), started(SPLIT, SPLIT_STATEMENTS[1]), FAILURE,
        RunFinished(RUN, "up", "failed", (), 20.0),
    )  # fmt: skip
    assert outcomes(run, 0, 5) == [DONE, FAILED, NOT_RUN, NOT_RUN, NOT_RUN]
    assert (run.step(0).error, run.step(0).line, run.step(0).dirty) == (FAILURE.error, 7, True)
    assert run.step(1).outcome == NOT_RUN
    assert run.result == "failed"


def test_statements_sent_together_are_all_marked() -> None:
    event = StatementFinished(RUN, SPLIT, 1, 6, "ALTER", 30, 9.0, 3)
    run = run_of(BEGUN, event)
    assert outcomes(run, 0, 5) == [DONE, DONE, DONE, PLANNED, PLANNED]
    assert run.step(0).done == 3
    assert [run.statement(0, place).rows for place in range(3)] == [30, -1, -1]


def test_statements_listed_together_are_found_by_any_of_their_numbers() -> None:
    listed = (statement(1, 4, "INSERT INTO a VALUES (1)", count=50),)
    run = run_of(
        StepStarted(RUN, BILLING, "up", 1, 1, True, 50),
        StatementFinished(RUN, BILLING, 21, 24, "INSERT INTO a VALUES (21)", 1, 1.0),
        preview=SUCCESS._replace(steps=(step(BILLING, listed),)),
    )
    assert run.statement(0, 0).outcome == DONE


def test_a_step_tried_again_begins_anew() -> None:
    run = run_of(BEGUN, *both(SPLIT, SPLIT_STATEMENTS[0]), BEGUN)
    assert outcomes(run, 0, 2) == [PLANNED, PLANNED]
    assert run.step(0).done == 0


def test_progress_tells_the_part_that_is_done() -> None:
    run = run_of(BEGUN, Progress(RUN, SPLIT, "backfill", 2500, 10_000))
    assert (run.step(0).work, run.step(0).fraction) == ("backfill 2,500 of 10,000", 0.25)
    run.apply(Progress(RUN, SPLIT, "characters", 2500, None))
    assert run.step(0).work == "characters 2,500"


def test_python_statements_are_told_by_order_and_text() -> None:
    listed = (statement(1, 0, "UPDATE a SET b = 1"), statement(2, 0, "DELETE FROM c"))
    python = step(BILLING, listed)._replace(path="migrations/x.py")
    run = run_of(
        StepStarted(RUN, BILLING, "up", 1, 1, True),
        StatementStarted(RUN, BILLING, 7, 0, "UPDATE a  SET b = 1"),
        preview=SUCCESS._replace(steps=(python,)),
    )
    assert outcomes(run, 0, 2) == [RUNNING, PLANNED]
    run.apply(StatementFinished(RUN, BILLING, 7, 0, "UPDATE a  SET b = 1", 3, 1.0))
    run.apply(StatementStarted(RUN, BILLING, 8, 0, "SELECT something else"))
    assert outcomes(run, 0, 2) == [DONE, PLANNED]
    assert run.step(0).current == "SELECT something else"


def test_a_statement_that_the_preview_does_not_list_is_current_while_it_runs() -> None:
    run = run_of(BEGUN, StatementStarted(RUN, SPLIT, 900, 1000, "INSERT INTO late VALUES (1)"))
    assert run.step(0).current == "INSERT INTO late VALUES (1)"
    run.apply(StepFinished(RUN, SPLIT, "up", 1.0))
    assert run.step(0).current == ""


def test_warnings_of_no_migration_are_kept_and_events_of_others_ignored() -> None:
    run = run_of(
        LogLine(RUN, "", "warning", "slow"), LogLine(RUN, "", "info", "x"), StepFinished(RUN, "other", "up", 1.0)
    )
    assert run.notices == ["slow"]
    assert run.steps_done == 0
