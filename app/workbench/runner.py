"""Runs that this workbench starts: on a thread of their own, one at a time, told to the screens as they go on."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from textual.timer import Timer

from miger.engine.errors import Interrupted, MigerError
from miger.engine.events import Observer
from miger.engine.interrupt import Interrupt
from miger.project import Project
from miger.workbench.feed import Feed
from miger.workbench.situation import OwnRun
from miger.workbench.threads import in_thread

if TYPE_CHECKING:
    from miger.workbench.app import Workbench
    from miger.workbench.run_record import RunRecord

RUN_THREAD = "miger-run"
FRAME_SECONDS = 0.05  # between two drawings of what a run says

Work = Callable[[Project, Observer, Interrupt], object]
Ended = Callable[[MigerError | None], object]


class Runner:
    """Starts and stops what changes the database."""

    def __init__(self, app: Workbench) -> None:
        self._app = app
        self._feed = Feed()
        self._interrupt = Interrupt()
        self._frames: Timer | None = None
        self._afterwards: list[Callable[[], object]] = []
        self.record: RunRecord | None = None  # what was begun from a preview last, for whoever comes back to it

    def start(self, title: str, work: Work, ended: Ended = lambda error: None) -> None:
        """Runs `work` with the project; `ended` is called on the screen's thread, with what went wrong or None.

        Only where none is under way: the actions see to that.
        """
        self._interrupt = Interrupt()
        self._app.learn(own_run=OwnRun(title))
        self._frames = self._app.set_interval(FRAME_SECONDS, self.tell)
        run: Callable[[], Awaitable[None]] = partial(self._run, work, ended)
        self._app.run_worker(run, group="run", exclusive=False, name=title)

    def stop(self) -> None:
        """Asks the run to stop after the current statement."""
        own_run = self._app.situation.own_run
        if own_run is None:
            return
        self._interrupt.request()
        self._app.learn(own_run=own_run._replace(stopping=True))

    def settle(self) -> None:
        """Once the screen is gone, however that came: stops a run after its current statement, and waits for it."""
        for thread in threading.enumerate():
            if thread.name == RUN_THREAD:
                self._interrupt.request()
                thread.join()

    def when_over(self, call: Callable[[], object]) -> None:
        """Calls `call` when the run under way is over, or now."""
        if self._app.situation.own_run is None:
            call()
        else:
            self._afterwards.append(call)

    def tell(self) -> None:
        """Hands what was said since the last time to the log and to the screens."""
        events = self._feed.take()
        if events:
            self._app.journal.note(events)
            for screen in self._app.acting_screens:
                screen.show_events(events)

    async def _run(self, work: Work, ended: Ended) -> None:
        project, feed, interrupt = self._app.project, self._feed, self._interrupt
        error: MigerError | None = None
        try:
            await in_thread(lambda: work(project, feed, interrupt), RUN_THREAD)
        except MigerError as raised:
            error = raised
        finally:
            if self._frames is not None:
                self._frames.stop()
            self.tell()
            self._app.learn(own_run=None)
        if error is not None and not isinstance(error, Interrupted):
            self._app.journal.warn(error)
        ended(error)
        self._app.lookout.look(folder=False)
        afterwards, self._afterwards = self._afterwards, []
        for call in afterwards:
            call()
