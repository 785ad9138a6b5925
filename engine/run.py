"""One run on one database: its lease, its observers, and when it has to stop."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from miger.engine.backend import Backend
from miger.engine.errors import Interrupted, LeaseLost, StatementError
from miger.engine.events import Event, LogLine, Observer
from miger.engine.interrupt import Interrupt
from miger.engine.lease import Heartbeat
from miger.engine.owner import Owner
from miger.engine.state import HistoryEntry, Lease

LOCK_TRIES = 4


class Run:
    """What the steps of one run share."""

    def __init__(
        self,
        backend: Backend,
        owner: Owner,
        lease: Lease,
        observers: Sequence[Observer] = (),
        interrupt: Interrupt | None = None,
        lock_tries: int = LOCK_TRIES,
    ) -> None:
        self.backend = backend
        self.owner = owner
        self.lease = lease
        self.observers = tuple(observers)
        self.interrupt = interrupt or Interrupt()
        self.lock_tries = lock_tries
        self.activity = ""
        self.heartbeat: Heartbeat | None = None
        backend.on_notice = lambda text: self.emit(LogLine(self.id, "", "info", text))
        backend.on_warning = lambda text: self.emit(LogLine(self.id, "", "warning", text))

    @property
    def id(self) -> str:
        """The run's id."""
        return self.owner.run

    def emit(self, event: Event) -> None:
        """Hands an event to every observer."""
        for observer in self.observers:
            observer(event)

    def check(self) -> None:
        """Raises LeaseLost or Interrupted when the run has to stop here."""
        if self.heartbeat is not None and self.heartbeat.lost:
            raise LeaseLost
        if self.interrupt.requested:
            raise Interrupted("stopped by a person, after the current statement", "`miger status` shows where")

    def entry(self, id: str, event: str, *, checksum: str = "", ms: float = 0, error: str = "") -> HistoryEntry:
        """A history entry of this run."""
        return HistoryEntry(
            run=self.id,
            id=id,
            event=event,
            duration_ms=round(ms),
            by=self.owner.by,
            host=self.owner.host,
            checksum=checksum,
            version=self.owner.version,
            token=self.lease.token,
            error=error,
        )

    def retrying(self, id: str, action: Callable[[], None]) -> None:
        """Calls `action` up to `lock_tries` times while it fails for a lock held by others.

        `action` undoes what it began before it raises.
        """
        for tried in range(1, self.lock_tries + 1):
            try:
                return action()
            except StatementError as error:
                if not error.retryable or tried == self.lock_tries:
                    raise
                import random  # deferred: milliseconds, and hardly ever needed

                pause = 0.25 * 2**tried * random.uniform(0.5, 1.0)
                message = f"{error.message}; try {tried + 1} of {self.lock_tries} in {pause:.1f} s"
                self.emit(LogLine(self.id, id, "warning", message))
                time.sleep(pause)
                self.check()
