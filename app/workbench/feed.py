"""What a run says, on its way from the run's thread to the screen."""

from __future__ import annotations

import threading

from miger.engine.events import Event


class Feed:
    """An observer that keeps events until the screen takes them, many at a time."""

    def __init__(self) -> None:
        self._events: list[Event] = []
        self._lock = threading.Lock()

    def __call__(self, event: Event) -> None:
        """Keeps an event. Called on the thread that runs."""
        with self._lock:
            self._events.append(event)

    def take(self) -> list[Event]:
        """The events since the last call, in order."""
        with self._lock:
            events, self._events = self._events, []
        return events
