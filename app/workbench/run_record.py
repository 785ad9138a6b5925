"""A run that was begun from a preview: what it is, all it has said, and how it ended."""

from __future__ import annotations

from miger.engine.errors import MigerError
from miger.engine.events import Event, LeaseWaiting, RunFinished, RunStarted, StepFailed
from miger.engine.planner import Plan
from miger.engine.preview.values import Preview
from miger.workbench.aim import Aim


class RunRecord:
    """Outlives the screen that began the run, so that a person may leave it and come back.

    `started` is a time of `time.monotonic`.
    `note` is called on the thread that runs, everything else on the screen's.
    """

    def __init__(self, aim: Aim, plan: Plan, preview: Preview, environment: str, started: float) -> None:
        self.aim = aim
        self.plan = plan
        self.preview = preview
        self.environment = environment
        self.started = started
        self.events: list[Event] = []
        self.over = False
        self.error: MigerError | None = None

    def note(self, event: Event) -> None:
        """Keeps what the run says."""
        self.events.append(event)

    def end(self, error: MigerError | None) -> None:
        """The run is over; `error` is what went wrong."""
        self.over, self.error = True, error

    @property
    def begun(self) -> bool:
        """Whether it got as far as its first step: with the lease, and with the plan that was previewed."""
        return any(isinstance(event, RunStarted) for event in list(self.events))

    @property
    def waiting(self) -> LeaseWaiting | None:
        """Who keeps it waiting now."""
        last = self.events[-1] if self.events else None
        return last if isinstance(last, LeaseWaiting) else None

    @property
    def finished(self) -> RunFinished | None:
        """What it said at its end."""
        return next((event for event in reversed(self.events) if isinstance(event, RunFinished)), None)

    @property
    def failed_step(self) -> StepFailed | None:
        """The step that did not finish."""
        return next((event for event in reversed(self.events) if isinstance(event, StepFailed)), None)
