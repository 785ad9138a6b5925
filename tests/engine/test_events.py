"""Events as plain values."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError

import pytest

from miger.engine import events
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
    with pytest.raises(FrozenInstanceError):
        event.message = "y"  # type: ignore[misc]


def test_all_names_differ() -> None:
    classes = [
        value
        for value in vars(events).values()
        if isinstance(value, type) and issubclass(value, Event) and value is not Event
    ]
    names = {event_name(object.__new__(kind)) for kind in classes}
    assert len(names) == len(classes) == 10
