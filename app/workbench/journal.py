"""The log: what runs of this workbench do, statement by statement, and what others do to the same database."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from miger.engine.errors import MigerError
from miger.engine.events import Event, RunStarted
from miger.engine.state import HistoryEntry, Holder
from miger.widgets.log_entry import DONE, ERROR, INFO, WARNING, LogEntry, Transcript

if TYPE_CHECKING:
    from miger.workbench.app import Workbench

MOST = 10_000  # entries kept
FIRST = 20  # entries of the history that an empty log begins with
BAD = frozenset({"failed", "lease_taken", "lease_broken"})


class Journal:
    """Entries in order, the newest last; the screens are told of new ones."""

    def __init__(self, app: Workbench) -> None:
        self._app = app
        self._transcript = Transcript(app.clock)
        self._own_runs: set[str] = set()
        self._heard: dict[str, HistoryEntry | None] = {}  # the newest entry of the history, by environment
        self._holder: Holder | None = None
        self.entries: deque[LogEntry] = deque(maxlen=MOST)

    def note(self, events: Sequence[Event]) -> None:
        """Notes what a run of this workbench says."""
        self._own_runs.update(event.run for event in events if isinstance(event, RunStarted) and event.run)
        self._add(self._transcript.entries(events))

    def say(self, text: str, level: str = INFO, id: str = "", ms: float = -1.0) -> None:
        """Notes something that is no event of a run."""
        self._add([LogEntry(self._now(), level, id, "", text, ms=ms)])

    def warn(self, error: MigerError) -> None:
        """Notes an error with its advice."""
        self._add([LogEntry(self._now(), ERROR, "", "", error.message, error.hint)])

    def hear(self, history: Sequence[HistoryEntry], environment: str) -> None:
        """Notes what is new in the database's history, the newest first, and was not done by this workbench."""
        first = environment not in self._heard
        last = self._heard.get(environment)
        self._heard[environment] = history[0] if history else last
        fresh: list[HistoryEntry] = []
        for entry in history[: FIRST if first else None]:
            if entry == last:
                break
            if entry.run not in self._own_runs:
                fresh.append(entry)
        self._add([_of_history(entry) for entry in reversed(fresh)])

    def watch_holder(self, holder: Holder | None) -> None:
        """Notes that another run begins, what it is at, and that it is over."""
        former, self._holder = self._holder, holder
        if holder is not None and holder.run not in self._own_runs:
            if former is None or (former.run, former.activity) != (holder.run, holder.activity):
                doing = f" is at {holder.activity}" if holder.activity else " is running"
                text = f"{holder.by}@{holder.host} (process {holder.pid}){doing}"
                self._add(
                    [LogEntry(self._now(), WARNING, "", "", text, run=holder.run, subject=f"{holder.run}:holder")]
                )
        elif holder is None and former is not None and former.run not in self._own_runs:
            self._add([LogEntry(self._now(), INFO, "", "", f"the run of {former.by}@{former.host} is over")])

    def _add(self, entries: Iterable[LogEntry]) -> None:
        found = list(entries)
        if not found:
            return
        self.entries.extend(found)
        if self._app.ending:
            return
        for screen in self._app.acting_screens:
            screen.show_entries(found)

    def _now(self) -> str:
        now = self._app.clock()
        return f"{now:%H:%M:%S}.{now.microsecond // 1000:03}"


def _of_history(entry: HistoryEntry) -> LogEntry:
    level = ERROR if entry.event in BAD else DONE
    who = f"{entry.by}@{entry.host}"
    text = f"{entry.event.replace('_', ' ')} by {who}" + (f": {entry.error}" if entry.error else "")
    ms = float(entry.duration_ms) if entry.event != "started" else -1.0
    return LogEntry(_local_time(entry.at), level, entry.id, "", text, ms=ms, run=entry.run)


def _local_time(at: str) -> str:
    """The database's time (ISO 8601, UTC) as a time of day here; with the date where that is another day's."""
    try:
        then = datetime.fromisoformat(at).astimezone()
    except ValueError:
        return at
    if then.date() != datetime.now(then.tzinfo).date():
        return f"{then:%Y-%m-%d}"
    return f"{then:%H:%M:%S}.{then.microsecond // 1000:03}"
