"""What the log shows: one entry for each thing that a run says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from miger.engine.events import (
    Event,
    LeaseWaiting,
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
from miger.engine.words import counted, duration

INFO, WARNING, ERROR, RUNNING, DONE = "info", "warning", "error", "running", "done"
GLYPHS = {INFO: "·", WARNING: "!", ERROR: "✖", RUNNING: "◐", DONE: "✔"}
WORDS = {INFO: "", WARNING: "warning", ERROR: "error", RUNNING: "running", DONE: ""}

Clock = Callable[[], datetime]


class LogEntry(NamedTuple):
    """One line of the log.

    `at` is the time of day to the millisecond, `level` one of `GLYPHS`, `where` the statement (`2/5`, `2`) or the
    step, `ms` how long it took (-1: nothing to say). `subject` names what the entry is about: an entry takes
    the place of an earlier one about the same, as that of a statement which runs; "" never does. `rows` is how
    many were changed (0: nothing to say).
    """

    at: str
    level: str
    id: str
    where: str
    text: str
    hint: str = ""
    ms: float = -1.0
    run: str = ""
    subject: str = ""
    rows: int = 0

    @property
    def passing(self) -> bool:
        """Whether another entry about the same takes its place: not that of a statement that ran, however often."""
        return bool(self.subject) and self.level not in (DONE, ERROR)

    @property
    def full_text(self) -> str:
        """Everything there is to say, for the clipboard."""
        parts = [self.at, self.id, self.where, WORDS[self.level], self.text]
        line = " ".join(part for part in parts if part)
        took = [counted(self.rows, "row")] if self.rows else []
        took += [duration(self.ms)] if self.ms >= 0 else []
        return line + (f" ({', '.join(took)})" if took else "") + (f"\n→ {self.hint}" if self.hint else "")


class Transcript:
    """Turns the events of runs into entries; `clock` gives the time of day.

    It remembers how many statements a step has, and which one is running.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._totals: dict[str, int | None] = {}
        self._running: dict[str, LogEntry] = {}  # by run

    def entries(self, events: Iterable[Event]) -> list[LogEntry]:
        """The entries of a batch of events; one that replaces another within the batch stands alone."""
        return latest([entry for event in events for entry in self.entries_of(event)])

    def entries_of(self, event: Event) -> list[LogEntry]:
        """The entries of one event: none, one, or two where a failure ends a statement too."""
        now = self._clock()
        at = f"{now:%H:%M:%S}.{now.microsecond // 1000:03}"
        match event:
            case StepStarted():
                self._totals[event.id] = event.statements
                return []
            case StatementStarted():
                self._running[event.run] = self._statement(event, at, RUNNING)
                return [self._running[event.run]]
            case StatementFinished():
                self._running.pop(event.run, None)
                return [self._statement(event, at, DONE)]
            case StepFailed():
                return self._failure(event, at)
        entry = entry_of(event, at)
        broken_off = self._running.pop(event.run, None) if isinstance(event, RunFinished) else None
        found = [] if broken_off is None else [broken_off._replace(level=ERROR, at=at)]
        return found if entry is None else [*found, entry]

    def _statement(self, event: StatementStarted | StatementFinished, at: str, level: str) -> LogEntry:
        number, total = str(event.number), self._totals.get(event.id)
        subject = f"{event.run}:{event.id}:{event.section}:{number}"
        text, ms, rows = event.text, -1.0, 0
        if isinstance(event, StatementFinished):
            number += f"–{event.number + event.count - 1}" if event.count > 1 else ""
            rows = max(event.rows, 0)
            text += "  already done" if event.skipped else ""
            ms = -1.0 if event.skipped else event.ms
        where = f"{number}/{total}" if total and event.section != "verify" else number
        where = f"verify {number}" if event.section == "verify" else where
        return LogEntry(at, level, event.id, where, text, ms=ms, run=event.run, subject=subject, rows=rows)

    def _failure(self, event: StepFailed, at: str) -> list[LogEntry]:
        running = self._running.pop(event.run, None)
        total = self._totals.get(event.id)
        where = str(event.statement or "") + (f"/{total}" if event.statement and total else "")
        left = "it is dirty: part of it stays" if event.dirty else "nothing of it stays"
        place = f" · {event.file}:{event.line}" if event.line else ""
        told = LogEntry(at, ERROR, event.id, where, f"{event.error} · {left}{place}", event.hint, event.ms, event.run)
        return [told] if running is None else [running._replace(level=ERROR, at=at), told]


def latest(entries: Sequence[LogEntry]) -> list[LogEntry]:
    """The entries without those that a later one takes the place of."""
    kept: list[LogEntry] = []
    seen: set[str] = set()
    for entry in reversed(entries):
        if entry.subject in seen and entry.passing:
            continue
        if entry.subject:
            seen.add(entry.subject)
        kept.append(entry)
    kept.reverse()
    return kept


def entry_of(event: Event, at: str) -> LogEntry | None:
    """The entry of an event that needs no other to be understood; None for one not worth a line."""
    match event:
        case RunStarted(run=run, direction=direction, environment=environment, ids=ids):
            text = f"{direction} in {environment}: {counted(len(ids), 'migration')}"
            return LogEntry(at, INFO, "", "", text, run=run)
        case LeaseWaiting(run=run, holder=holder, waited=waited):
            text = f"waits for {holder}, {duration(waited * 1000)} so far"
            return LogEntry(at, WARNING, "", "", text, run=run, subject=f"{run}:lease")
        case Progress(run=run, id=id, name=name, done=done, total=total):
            text = f"{name}: {done:,}" + (f" of {total:,}" if total is not None else "")
            return LogEntry(at, DONE if done == total else INFO, id, "", text, run=run, subject=f"{run}:{id}:{name}")
        case LogLine(run=run, id=id, level=level, message=message):
            return LogEntry(at, level if level in GLYPHS else INFO, id, "", message, run=run)
        case StepFinished(run=run, id=id, direction=direction, ms=ms):
            return LogEntry(at, DONE, id, "", "applied" if direction == "up" else "reverted", ms=ms, run=run)
        case RunFinished(run=run, result=result, finished=finished, ms=ms):
            level = {"done": DONE, "failed": ERROR}.get(result, WARNING)
            text = result if result == "done" else f"the run {'failed' if result == 'failed' else f'was {result}'}"
            text += f": {counted(len(finished), 'migration')} finished"
            return LogEntry(at, level, "", "", text, ms=ms, run=run)
    return None
