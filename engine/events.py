"""What a run says while it happens: frozen values, handed to observers in order.

An observer is any callable that takes one event. It must not raise and should be quick: it is
called on the thread that runs the migrations. `run` is the run's id.
"""

# No annotations from __future__: NamedTuple would have to compile each of them, at every start.

import re
from collections.abc import Callable
from typing import NamedTuple


class RunStarted(NamedTuple):
    """A run begins: `ids` in the order they will be worked on."""

    run: str
    direction: str
    environment: str
    ids: tuple[str, ...]


class LeaseWaiting(NamedTuple):
    """Another run holds the lease and this one waits, `waited` seconds so far."""

    run: str
    holder: str
    waited: float


class StepStarted(NamedTuple):
    """Step `number` of `steps` begins. `statements` is None where they are not counted beforehand."""

    run: str
    id: str
    direction: str
    number: int
    steps: int
    transaction: bool
    statements: int | None = None


class StatementStarted(NamedTuple):
    """Statement `number` is about to run; `line` is its line in the file (0: none), `text` its start."""

    run: str
    id: str
    number: int
    line: int
    text: str
    section: str = "up"


class StatementFinished(NamedTuple):
    """Statements `number` to `number + count - 1` ran in `ms` and changed `rows` (-1: not known).

    `skipped` marks one that an earlier, broken-off run had already finished.
    """

    run: str
    id: str
    number: int
    line: int
    text: str
    rows: int
    ms: float
    count: int = 1  # type: ignore[assignment]  # hides tuple.count, which nobody needs here
    section: str = "up"
    skipped: bool = False


class Progress(NamedTuple):
    """`done` of `total` (None: unknown) units of the piece of work called `name`."""

    run: str
    id: str
    name: str
    done: int
    total: int | None


class LogLine(NamedTuple):
    """A message of the engine or of the migration. `level` is info, warning or error."""

    run: str
    id: str
    level: str
    message: str


class StepFailed(NamedTuple):
    """The step did not finish. `dirty`: part of it stays in the database."""

    run: str
    id: str
    direction: str
    error: str
    hint: str
    statement: int
    line: int
    file: str
    dirty: bool
    ms: float


class StepFinished(NamedTuple):
    """The step is done and recorded."""

    run: str
    id: str
    direction: str
    ms: float


class RunFinished(NamedTuple):
    """The run is over: `result` is done, failed or interrupted; `finished` the ids that were completed."""

    run: str
    direction: str
    result: str
    finished: tuple[str, ...]
    ms: float


Event = (
    RunStarted
    | LeaseWaiting
    | StepStarted
    | StatementStarted
    | StatementFinished
    | Progress
    | LogLine
    | StepFailed
    | StepFinished
    | RunFinished
)
Observer = Callable[[Event], None]


def event_name(event: Event) -> str:
    """The event's name in JSON: `StepStarted` becomes `step_started`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(event).__name__).lower()


def as_record(event: Event) -> dict[str, object]:
    """The event as plain values for JSON, its name first."""
    return {"event": event_name(event), **event._asdict()}
