"""A preview in one line."""

from __future__ import annotations

from miger.engine.events import Event, RunFinished, RunStarted, StepStarted
from miger.engine.preview.values import Preview
from miger.widgets.preview_run import PreviewRun
from miger.widgets.preview_totals import totals
from miger.widgets.preview_view import totals_lines

from tests.widgets.runs import FAILURE as FAILED_STEP
from tests.widgets.runs import RUN, started, step_events
from tests.widgets.samples import BILLING, FAILURE, HAZARDS, INDEX, SPLIT, SPLIT_STATEMENTS, SUCCESS, step


def line(preview: Preview, *events: Event) -> str:
    run = PreviewRun(preview) if events else None
    for event in events:
        assert run is not None
        run.apply(event)
    return " · ".join(part.text for part in totals(preview, run))


def test_a_success_is_told_with_its_sizes_and_that_nothing_stays() -> None:
    assert line(SUCCESS) == (
        "3 migrations · 8 statements · 1,206 rows · 2 hazards (1 error, 1 warning) · "
        "✔ would succeed in 36 ms · rolled back, nothing stays"
    )


def test_a_failure_is_told_with_what_was_not_tried() -> None:
    assert line(FAILURE).endswith(f"✖ {SPLIT} would fail · 1 migration after it not tried · rolled back, nothing stays")


def test_a_rehearsal_was_on_a_copy() -> None:
    assert line(SUCCESS._replace(mode="rehearse")).endswith("on a copy, nothing stays")


def test_what_was_only_listed_claims_no_rows_and_no_success() -> None:
    told = line(SUCCESS._replace(mode="sql", changes=None))
    assert told.endswith("○ listed only · nothing was run")
    assert "rows" not in told


def test_allowed_hazards_are_no_warning() -> None:
    allowed = tuple(hazard._replace(allowed="yes") for hazard in HAZARDS)
    assert "2 hazards, allowed" in line(SUCCESS._replace(hazards=allowed))
    assert "no hazards" in line(SUCCESS._replace(hazards=()))


def test_statements_that_are_not_listed_count() -> None:
    assert "1,005 statements" in line(SUCCESS._replace(steps=(step(SPLIT, SPLIT_STATEMENTS, more=1000),)))
    assert "5 statements+" in line(SUCCESS._replace(steps=(step(SPLIT, SPLIT_STATEMENTS, more=None),)))


def test_a_run_tells_how_far_it_is_and_how_it_ended() -> None:
    begun = RunStarted(RUN, "up", "dev", (SPLIT, BILLING, INDEX))
    done = step_events(SPLIT, SPLIT_STATEMENTS)
    assert line(SUCCESS, begun, *done).endswith("◐ running: 1 of 3 migrations finished")
    ended = RunFinished(RUN, "up", "done", (), 61_000)
    all_done = [event for found in SUCCESS.steps for event in step_events(found.id, found.statements)]
    assert line(SUCCESS, begun, *all_done, ended).endswith("✔ done in 1 min 1 s")
    stopped = RunFinished(RUN, "up", "interrupted", (SPLIT,), 40.0)
    assert line(SUCCESS, begun, *done, stopped).endswith("! interrupted in 40 ms · 1 of 3 finished")


def test_a_failed_run_tells_whether_something_stays() -> None:
    events = [StepStarted(RUN, SPLIT, "up", 1, 3, False, 5), started(SPLIT, SPLIT_STATEMENTS[1]), FAILED_STEP]
    ended = RunFinished(RUN, "up", "failed", (), 40.0)
    assert f"✖ failed {SPLIT} · it is dirty: x recovers it · 0 of 3 finished" in line(SUCCESS, *events, ended)
    clean = FAILED_STEP._replace(dirty=False)
    assert "it was rolled back, nothing of it stays" in line(SUCCESS, *events[:-1], clean, ended)


def test_the_line_is_broken_between_its_parts_only() -> None:
    lines = totals_lines(totals(FAILURE), 60).plain.split("\n")
    assert all(len(line) <= 60 for line in lines)
    assert [part for line in lines for part in line.split(" · ")] == [part.text for part in totals(FAILURE)]
