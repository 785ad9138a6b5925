"""Events as plain values."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from miger.engine.events import Event, LogLine, RunFinished, StepStarted, as_record, event_name


def test_an_event_is_named_after_its_class() -> None:
    assert event_name(RunFinished("r", "up", "done", (), 1.0)) == "run_finished"
    assert event_name(LogLine("r", "a", "info", "x")) == "log_line"


def test_a_record_holds_every_field_and_fits_into_json() -> None:
    record = as_record(StepStarted("r", "a", "up", 1, 2, True))
    assert list(record) == ["event", "run", "id", "direction", "number", "steps", "transaction", "statements"]
    assert json.loads(json.dumps(record))["statements"] is None


def test_events_do_not_change() -> None:
    event = LogLine("r", "a", "info", "x")
    with pytest.raises(AttributeError):
        event.message = "y"  # type: ignore[misc]


def test_all_names_differ() -> None:
    kinds = get_args(Event)
    names = {event_name(tuple.__new__(kind, [""] * len(kind._fields))) for kind in kinds}
    assert len(names) == len(kinds) == 10
    assert all(kind._fields[0] == "run" for kind in kinds)
