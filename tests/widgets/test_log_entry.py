"""From the events of a run to the entries of the log."""

from __future__ import annotations

from miger.engine.events import (
    LeaseWaiting,
    LogLine,
    Progress,
    RunFinished,
    RunStarted,
    StatementFinished,
    StatementStarted,
    StepStarted,
)
from miger.widgets.log_entry import DONE, ERROR, INFO, RUNNING, WARNING, LogEntry, Transcript

from tests.widgets.runs import BILLING_EVENTS, FAILED_RUN, FAILURE, RUN, SPLIT_EVENTS, both, started, ticking
from tests.widgets.samples import BILLING, BILLING_STATEMENTS, SPLIT, SPLIT_STATEMENTS


def entries_of(*events: object) -> list[LogEntry]:
    return Transcript(ticking()).entries(events)  # type: ignore[arg-type]


def test_every_statement_is_told_once_with_its_place_its_rows_and_its_time() -> None:
    first, second, applied = entries_of(*BILLING_EVENTS)
    assert (first.level, first.id, first.where, first.ms, first.rows) == (DONE, BILLING, "1/2", 1.4, 0)
    assert (second.text, second.where, second.rows) == (BILLING_STATEMENTS[1].text, "2/2", 2)
    assert (applied.text, applied.ms, applied.level) == ("applied", 31.2, DONE)


def test_a_statement_under_way_is_told_before_it_ends() -> None:
    (entry,) = entries_of(*SPLIT_EVENTS[:2])
    assert (entry.level, entry.where, entry.ms) == (RUNNING, "1/5", -1.0)


def test_the_end_of_a_statement_is_about_the_same_as_its_start() -> None:
    transcript = Transcript(ticking())
    (begun,) = transcript.entries([started(BILLING, BILLING_STATEMENTS[0])])
    (ended,) = transcript.entries(both(BILLING, BILLING_STATEMENTS[0])[1:])
    assert begun.subject == ended.subject != ""


def test_statements_sent_together_are_told_as_a_range() -> None:
    (entry,) = entries_of(StatementFinished(RUN, BILLING, 3, 9, "INSERT INTO a VALUES (1)", 40, 2.0, 40))
    assert entry.where == "3–42"


def test_a_statement_of_an_earlier_run_has_no_time_but_is_told() -> None:
    (entry,) = entries_of(StatementFinished(RUN, BILLING, 1, 4, "SELECT 1", -1, 0.0, skipped=True))
    assert (entry.ms, entry.text) == (-1.0, "SELECT 1  already done")


def test_a_statement_of_verify_is_told_apart_from_one_of_up() -> None:
    up, verify = entries_of(
        StatementFinished(RUN, BILLING, 1, 4, "SELECT 1", -1, 0.1),
        StatementFinished(RUN, BILLING, 1, 9, "SELECT 1", -1, 0.1, section="verify"),
    )
    assert (up.where, verify.where) == ("1", "verify 1")


def test_a_failure_tells_the_statement_the_code_the_place_and_what_stays() -> None:
    *_, statement, failure = entries_of(*SPLIT_EVENTS)
    assert (statement.level, statement.text) == (ERROR, SPLIT_STATEMENTS[1].text)
    assert failure.level == ERROR
    assert failure.where == "2/5"
    assert "(42701)" in failure.text
    assert f"migrations/{SPLIT}.sql:7" in failure.text
    assert "it is dirty" in failure.text
    assert failure.hint == "take the statement out"
    assert failure.full_text.endswith("(14 ms)\n→ take the statement out")


def test_a_failure_of_which_nothing_stays_says_so() -> None:
    (entry,) = entries_of(FAILURE._replace(dirty=False))
    assert "nothing of it stays" in entry.text


def test_progress_is_one_entry_however_often_it_is_told() -> None:
    (entry,) = entries_of(*(Progress(RUN, BILLING, "backfill", done, 10_000) for done in range(0, 10_001, 1000)))
    assert (entry.text, entry.level) == ("backfill: 10,000 of 10,000", DONE)


def test_progress_between_statements_is_told_where_it_was_told_last() -> None:
    statement = BILLING_STATEMENTS[0]
    events = [Progress(RUN, BILLING, "b", 1, None), *both(BILLING, statement), Progress(RUN, BILLING, "b", 2, None)]
    assert [entry.text for entry in entries_of(*events)] == [statement.text, "b: 2"]


def test_messages_keep_their_level() -> None:
    levels = [
        entry.level for entry in entries_of(*(LogLine(RUN, "", n, "x") for n in ("info", "warning", "error", "?")))
    ]
    assert levels == [INFO, WARNING, ERROR, INFO]


def test_waiting_for_the_lease_names_the_holder_and_is_one_entry() -> None:
    (entry,) = entries_of(LeaseWaiting(RUN, "bob@laptop", 0.0), LeaseWaiting(RUN, "bob@laptop", 2.5))
    assert entry.text == "waits for bob@laptop, 2.5 s so far"


def test_a_run_has_a_first_and_a_last_entry() -> None:
    first, *_, last = entries_of(*FAILED_RUN)
    assert first.text == "up in dev: 2 migrations"
    assert (last.text, last.level, last.ms) == ("the run failed: 1 migration finished", ERROR, 62_000)


def test_a_run_that_ends_within_a_statement_leaves_none_running() -> None:
    entries = entries_of(
        RunStarted(RUN, "up", "dev", (SPLIT,)),
        StepStarted(RUN, SPLIT, "up", 1, 1, False, 5),
        StatementStarted(RUN, SPLIT, 1, 6, "SELECT 1"),
        RunFinished(RUN, "up", "failed", (), 5.0),
    )
    assert [entry.level for entry in entries] == [INFO, ERROR, ERROR]


def test_times_are_those_of_the_clock() -> None:
    assert [entry.at for entry in entries_of(LogLine(RUN, "", "info", "a"), LogLine(RUN, "", "info", "b"))] == [
        "12:03:58.157",
        "12:03:58.194",
    ]


def test_a_statement_that_runs_again_in_another_try_is_told_again() -> None:
    statement = BILLING_STATEMENTS[0]
    found = entries_of(*both(BILLING, statement), LogLine(RUN, BILLING, "warning", "again"), *both(BILLING, statement))
    assert [entry.level for entry in found] == [DONE, WARNING, DONE]
