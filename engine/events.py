"""What a run says while it happens: frozen values, handed to observers in order.

An observer is any callable that takes one event. It must not raise and should be quick: it is
called on the thread that runs the migrations.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""

    run: str


@dataclass(frozen=True, slots=True)
class RunStarted(Event):
    """A run begins: `ids` in the order they will be worked on."""

    direction: str
    environment: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeaseWaiting(Event):
    """Another run holds the lease and this one waits, `waited` seconds so far."""

    holder: str
    waited: float


@dataclass(frozen=True, slots=True)
class StepStarted(Event):
    """Step `number` of `steps` begins. `statements` is None where they are not counted beforehand."""

    id: str
    direction: str
    number: int
    steps: int
    transaction: bool
    statements: int | None = None


@dataclass(frozen=True, slots=True)
class StatementStarted(Event):
    """Statement `number` is about to run; `line` is its line in the file (0: none), `text` its start."""

    id: str
    number: int
    line: int
    text: str
    section: str = "up"


@dataclass(frozen=True, slots=True)
class StatementFinished(Event):
    """Statements `number` to `number + count - 1` ran in `ms` and changed `rows` (-1: not known).

    `skipped` marks one that an earlier, broken-off run had already finished.
    """

    id: str
    number: int
    line: int
    text: str
    rows: int
    ms: float
    count: int = 1
    section: str = "up"
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Progress(Event):
    """`done` of `total` (None: unknown) units of the piece of work called `name`."""

    id: str
    name: str
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class LogLine(Event):
    """A message of the engine or of the migration. `level` is info, warning or error."""

    id: str
    level: str
    message: str


@dataclass(frozen=True, slots=True)
class StepFailed(Event):
    """The step did not finish. `dirty`: part of it stays in the database."""

    id: str
    direction: str
    error: str
    hint: str
    statement: int
    line: int
    file: str
    dirty: bool
    ms: float


@dataclass(frozen=True, slots=True)
class StepFinished(Event):
    """The step is done and recorded."""

    id: str
    direction: str
    ms: float


@dataclass(frozen=True, slots=True)
class RunFinished(Event):
    """The run is over: `result` is done, failed or interrupted; `finished` the ids that were completed."""

    direction: str
    result: str
    finished: tuple[str, ...]
    ms: float


Observer = Callable[[Event], None]


def event_name(event: Event) -> str:
    """The event's name in JSON: `StepStarted` becomes `step_started`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(event).__name__).lower()


def as_record(event: Event) -> dict[str, object]:
    """The event as plain values for JSON, its name first."""
    record: dict[str, object] = {"event": event_name(event)}
    for field in fields(event):
        record[field.name] = getattr(event, field.name)
    return record
