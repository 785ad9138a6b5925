"""How far a run of a previewed plan has come: pure, fed by the engine's events."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

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
from miger.engine.preview.values import DONE, FAILED, NOT_RUN, PLANNED, Preview, StatementPreview

RUNNING = "running"


class StatementRun(NamedTuple):
    """What became of one statement: outcome, rows (-1: not known) and ms."""

    outcome: str
    rows: int = -1
    ms: float = -1.0


class StepRun(NamedTuple):
    """How far a step is. `work` is its piece of work under way in words, `current` a statement not in the preview.

    `total` is None where statements are not counted beforehand.
    """

    outcome: str = PLANNED
    done: int = 0
    total: int | None = None
    ms: float = -1.0
    work: str = ""
    part: float = -1.0
    current: str = ""
    error: str = ""
    hint: str = ""
    line: int = 0
    dirty: bool = False

    @property
    def fraction(self) -> float | None:
        """The part of the work that is done, 0 to 1; None where nobody knows."""
        if self.outcome == DONE:
            return 1.0
        if self.part >= 0:
            return min(self.part, 1.0)
        return min(self.done / self.total, 1.0) if self.total else None


class PreviewRun:
    """A run of the plan of a preview. `result` is "" while it lasts, then done, failed or interrupted."""

    def __init__(self, preview: Preview) -> None:
        self.result = ""
        self.ms = 0.0
        self.notices: list[str] = []
        self._preview = preview
        self._places = {step.id: place for place, step in enumerate(preview.steps)}
        self._steps: dict[int, StepRun] = {}
        self._statements: dict[tuple[int, int], StatementRun] = {}
        # Of the step under way: places by section and number; for Python the listed statements still to come,
        # and the place of the one that runs.
        self._index: dict[tuple[str, int], int] = {}
        self._in_order: Iterator[tuple[int, StatementPreview]] | None = None
        self._open: list[int] | None = None

    def step(self, place: int) -> StepRun:
        """The step at this place of the plan."""
        return self._steps.get(place) or StepRun(NOT_RUN if self.result else PLANNED)

    def statement(self, step: int, place: int) -> StatementRun:
        """The statement at this place of a step."""
        found = self._statements.get((step, place))
        if found is not None:
            return found
        outcome = self.step(step).outcome
        return StatementRun({DONE: DONE, FAILED: NOT_RUN, NOT_RUN: NOT_RUN}.get(outcome, PLANNED))

    @property
    def steps_done(self) -> int:
        """How many steps are done."""
        return sum(step.outcome == DONE for step in self._steps.values())

    def place_of(self, event: Event) -> int | None:
        """The place of the step that the event is about, None for none."""
        return self._places.get(getattr(event, "id", ""))

    def apply(self, event: Event) -> None:
        """Takes the next event."""
        match event:
            case RunStarted():
                self.result = ""
            case RunFinished():
                self.result, self.ms = event.result, event.ms
            case LogLine(id="", level="warning" | "error"):
                self.notices.append(event.message)
        place = self.place_of(event)
        if place is not None:
            self._steps[place] = self._next(place, event)

    def _next(self, place: int, event: Event) -> StepRun:
        step = self._steps.get(place) or StepRun()
        match event:
            case StepStarted():
                self._begin(place)
                return StepRun(RUNNING, total=event.statements)
            case StatementStarted():
                listed = self._mark(place, event, StatementRun(RUNNING))
                return step._replace(outcome=RUNNING, current="" if listed else event.text)
            case StatementFinished():
                self._mark(place, event, StatementRun(DONE, event.rows, event.ms))
                done = step.done + event.count if event.section != "verify" else step.done
                return step._replace(done=done, current="")
            case Progress():
                known = f" of {event.total:,}" if event.total is not None else ""
                part = event.done / event.total if event.total else -1.0
                return step._replace(work=f"{event.name} {event.done:,}{known}", part=part)
            case StepFinished():
                return step._replace(outcome=DONE, ms=event.ms, work="", current="")
            case StepFailed():
                self._fail_running(place)
                return step._replace(
                    outcome=FAILED,
                    ms=event.ms,
                    error=event.error,
                    hint=event.hint,
                    line=event.line,
                    dirty=event.dirty,
                    current="",
                )
        return step

    def _begin(self, place: int) -> None:
        """The step begins, perhaps not for the first time: nothing of it is done."""
        step = self._preview.steps[place]
        self._index = dict(_numbers(step.statements))
        self._in_order = iter(enumerate(step.statements)) if step.path.endswith(".py") else None
        self._open = None
        for number in range(len(step.statements)):
            self._statements.pop((place, number), None)

    def _mark(self, place: int, event: StatementStarted | StatementFinished, run: StatementRun) -> bool:
        """Whether the statement is one that the preview lists."""
        listed = self._listed(event)
        for statement in listed:
            self._statements[place, statement] = run if statement == listed[0] else run._replace(rows=-1, ms=-1.0)
        return bool(listed)

    def _listed(self, event: StatementStarted | StatementFinished) -> list[int]:
        """The places of the listed statements that it is. Those of Python are told by order and text."""
        if self._in_order is None:
            count = event.count if isinstance(event, StatementFinished) else 1
            keys = [(event.section, event.number + number) for number in range(count)]
            return list(dict.fromkeys(self._index[key] for key in keys if key in self._index))
        if self._open is None:
            place, statement = next(self._in_order, (-1, None))
            self._open = [place] if statement is not None and _same(statement.text, event.text) else []
        listed = self._open
        if isinstance(event, StatementFinished):
            self._open = None
        return listed

    def _fail_running(self, place: int) -> None:
        for key, run in self._statements.items():
            if key[0] == place and run.outcome == RUNNING:
                self._statements[key] = run._replace(outcome=FAILED)


def _numbers(statements: tuple[StatementPreview, ...]) -> Iterator[tuple[tuple[str, int], int]]:
    """Section and number of each statement, to its place."""
    for place, statement in enumerate(statements):
        for number in range(statement.number, statement.number + statement.count):
            yield (statement.section, number), place


def _same(listed: str, run: str) -> bool:
    """Whether two texts, each perhaps cut, are of one statement."""
    one, other = listed.split(), run.split()
    return one[:12] == other[:12] if len(one) > 12 and len(other) > 12 else one == other
