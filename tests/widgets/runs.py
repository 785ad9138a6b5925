"""What the engine says of a run, for the tests of the views."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from miger.engine.events import (
    Event,
    LogLine,
    Progress,
    RunFinished,
    RunStarted,
    StatementFinished,
    StatementStarted,
    StepFailed,
    StepFinished,
    StepStarted,
)
from miger.engine.preview.values import StatementPreview

from tests.widgets.samples import BILLING, BILLING_STATEMENTS, SPLIT, SPLIT_STATEMENTS

RUN = "r-1"


def ticking() -> Callable[[], datetime]:
    """A clock that goes on by 37 ms each time it is asked."""
    now = [datetime(2026, 1, 20, 12, 3, 58, 120_000)]

    def clock() -> datetime:
        now[0] += timedelta(milliseconds=37)
        return now[0]

    return clock


def started(id: str, statement: StatementPreview) -> StatementStarted:
    return StatementStarted(RUN, id, statement.number, statement.line, statement.text, statement.section)


def finished(id: str, statement: StatementPreview) -> StatementFinished:
    return StatementFinished(
        RUN, id, statement.number, statement.line, statement.text, statement.rows, 1.4, 1, statement.section
    )


def both(id: str, statement: StatementPreview) -> list[Event]:
    return [started(id, statement), finished(id, statement)]


def step_events(id: str, statements: tuple[StatementPreview, ...], number: int = 1, steps: int = 1) -> list[Event]:
    told = [event for statement in statements for event in both(id, statement)]
    return [
        StepStarted(RUN, id, "up", number, steps, True, len(statements)),
        *told,
        StepFinished(RUN, id, "up", 31.2),
    ]


BILLING_EVENTS = step_events(BILLING, BILLING_STATEMENTS, 1, 2)
FAILURE = StepFailed(
    RUN,
    SPLIT,
    "up",
    'column "last_name" already exists (42701)',
    "take the statement out",
    2,
    7,
    f"migrations/{SPLIT}.sql",
    True,
    14.0,
)
SPLIT_EVENTS: list[Event] = [
    StepStarted(RUN, SPLIT, "up", 2, 2, False, 5),
    *both(SPLIT, SPLIT_STATEMENTS[0]),
    started(SPLIT, SPLIT_STATEMENTS[1]),
    FAILURE,
]
FAILED_RUN: list[Event] = [
    RunStarted(RUN, "up", "dev", (BILLING, SPLIT)),
    *BILLING_EVENTS[:-1],
    Progress(RUN, BILLING, "backfill", 2000, 10_000),
    Progress(RUN, BILLING, "backfill", 4000, 10_000),
    LogLine(RUN, BILLING, "warning", "lock not available; try 2 of 4 in 0.7 s"),
    BILLING_EVENTS[-1],
    *SPLIT_EVENTS,
    RunFinished(RUN, "up", "failed", (BILLING,), 62_000),
]
