"""From the events of a run to what each of its statements did."""

from __future__ import annotations

from collections.abc import Callable

from miger.engine.backend import Effects
from miger.engine.events import (
    Event,
    LogLine,
    StatementFinished,
    StatementStarted,
    StepFailed,
    StepFinished,
    StepStarted,
)
from miger.engine.preview.values import DONE, FAILED, NOT_RUN, Lock, StatementPreview, StepPreview


class Collector:
    """An observer that builds the previews of a run's steps.

    `listed` gives a step's statements as they stand in its file; `effects` what the last statement did.
    """

    def __init__(self, listed: Callable[[str], StepPreview], effects: Callable[[], Effects]) -> None:
        self.steps: dict[str, StepPreview] = {}
        self.log: list[str] = []  # of no step
        self._listed = listed
        self._effects = effects
        self._step: _Step | None = None

    def __call__(self, event: Event) -> None:
        """Takes the next event."""
        match event:
            case StepStarted():  # also when it is tried again
                self._step = _Step(self._listed(event.id))
            case LogLine() if self._step is not None:
                self._step.log.append(event.message)
            case LogLine():
                self.log.append(event.message)
            case StatementStarted() if self._step is not None:
                self._step.begun = event
            case StatementFinished() if self._step is not None:
                self._step.finish(event, self._effects())
            case StepFinished() | StepFailed() if self._step is not None:
                self.steps[event.id] = self._step.close(event)
                self._step = None

    def step(self, id: str) -> StepPreview:
        """A step as it went, or as it was not run."""
        found = self.steps.get(id)
        if found is not None:
            return found
        listed = self._listed(id)
        statements = tuple(statement._replace(outcome=NOT_RUN) for statement in listed.statements)
        return listed._replace(statements=statements, outcome=NOT_RUN)


class _Step:
    """A step under way."""

    def __init__(self, listed: StepPreview) -> None:
        self.listed = listed
        self.log: list[str] = []
        self.begun: StatementStarted | None = None
        self._python = bool(listed.path.endswith(".py"))
        self._texts = {(found.section, found.number): found for found in listed.statements}
        self._ran: dict[tuple[str, int], StatementPreview] = {}

    def finish(self, event: StatementFinished, effects: Effects) -> None:
        """A statement, or several that were sent together, succeeded."""
        self.begun = None
        for number in range(event.number, event.number + event.count):
            self._texts.pop((event.section, number), None) if number > event.number else None
        self._ran[self._key(event)] = self._of(event)._replace(
            outcome=DONE,
            rows=event.rows,
            ms=event.ms,
            count=event.count,
            locks=_locks(effects, event.ms),
            rewritten=effects.rewritten,
        )

    def close(self, event: StepFinished | StepFailed) -> StepPreview:
        """The step as it went."""
        failed = isinstance(event, StepFailed)
        if failed and self.begun is not None:
            begun = self.begun
            self._ran[self._key(begun)] = self._of(begun)._replace(outcome=FAILED)
        left = {} if self._python else {key: found for key, found in self._texts.items() if key not in self._ran}
        rest = [found._replace(outcome=NOT_RUN if failed else DONE) for found in left.values()]
        ran = list(self._ran.values())
        if self.listed.transaction:
            ran = _held_to_the_end(ran)
        step = self.listed._replace(
            statements=(*ran, *rest), outcome=FAILED if failed else DONE, ms=event.ms, log=tuple(self.log), more=0
        )
        if isinstance(event, StepFailed):
            return step._replace(error=event.error, hint=event.hint, line=event.line, dirty=event.dirty)
        return step

    def _key(self, event: StatementStarted | StatementFinished) -> tuple[str, int]:
        """Where a statement stands. Those of Python come in any order, and what resumes counts apart from the rest."""
        return event.section, len(self._ran) if self._python else event.number

    def _of(self, event: StatementStarted | StatementFinished) -> StatementPreview:
        known = None if self._python else self._texts.get((event.section, event.number))
        return known or StatementPreview(event.section, event.number, event.line, "", event.text)


def _locks(effects: Effects, ms: float) -> tuple[Lock, ...]:
    seen = [Lock(relation, mode, ms) for relation, mode in effects.locks]
    return tuple(sorted(seen + [Lock(relation, mode, ms, measured=False) for relation, mode in effects.derived]))


def _held_to_the_end(statements: list[StatementPreview]) -> list[StatementPreview]:
    """In a transaction a lock is held from its statement to the end."""
    held, found = 0.0, []
    for statement in reversed(statements):
        held += statement.ms
        locks = tuple(lock._replace(ms=held) for lock in statement.locks)
        found.append(statement._replace(locks=locks))
    return found[::-1]
