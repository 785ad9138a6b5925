"""How a run is asked to stop."""

from __future__ import annotations


class Interrupt:
    """A wish to stop, set from a signal handler or another thread, seen between statements."""

    def __init__(self) -> None:
        self.requested = False

    def request(self) -> None:
        """Asks the run to stop after the current statement."""
        self.requested = True
