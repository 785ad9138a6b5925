"""Looking at the folder and the database, again and again, without the screen ever waiting for it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from miger.engine.errors import MigerError
from miger.engine.graph import MigrationGraph
from miger.project import Project
from miger.survey import Glance, Survey, survey_folder
from miger.workbench.threads import in_thread

if TYPE_CHECKING:
    from miger.workbench.app import Workbench

LOOK_SECONDS = 2.0  # between two looks at the database
PATIENCE = 20  # a look that took long is followed by a pause of so many times as long


class Lookout:
    """Keeps the app's `Situation` true. One look at a time; a new one that was asked for takes its place."""

    def __init__(
        self, app: Workbench, seconds: float = LOOK_SECONDS, survey: Callable[[], Survey] | None = None
    ) -> None:
        self._app = app
        self._survey = survey
        self._seconds = seconds
        self._folder_due = False  # stays so where a look at the folder is cut short by another look
        self._latest = 0
        self._under_way = False
        self._next = 0.0

    def start(self) -> None:
        """Looks now, and then every few seconds."""
        self.look()
        self._app.set_interval(self._seconds, self._tick)

    def look(self, *, folder: bool = True) -> None:
        """Looks now: at the folder, if that may have changed, and at the database."""
        self._folder_due = self._folder_due or folder
        self._latest += 1
        look: Callable[[], Awaitable[None]] = partial(self._look, self._latest)
        self._app.run_worker(look, group="look", exclusive=True, name="look")

    def _tick(self) -> None:
        if not self._under_way and time.monotonic() >= self._next:
            self.look(folder=False)

    async def _look(self, number: int) -> None:
        project = self._app.project
        self._under_way = True
        started = time.monotonic()
        try:
            graph = self._app.situation.graph
            if self._folder_due or graph is None:
                graph = await self._look_at_folder(project)
            await self._look_at_database(project, graph)
        finally:
            if number == self._latest:
                self._under_way = False
                took = time.monotonic() - started
                self._next = time.monotonic() + max(0.0, PATIENCE * took - self._seconds)

    async def _look_at_folder(self, project: Project) -> MigrationGraph:
        begun, self._survey = self._survey, None
        survey = await in_thread(begun or partial(survey_folder, project.config.migrations))
        project.take(survey)  # here, not in the thread: that may go on when nobody waits for it any more
        if project is self._app.project:
            self._folder_due = False
            self._app.learn(graph=survey.graph, problems=survey.problems)
        return survey.graph

    async def _look_at_database(self, project: Project, graph: MigrationGraph) -> None:
        glance: Glance | None = None
        trouble: MigerError | None = None
        try:
            glance = await in_thread(lambda: project.glance(graph))
        except MigerError as error:
            trouble = error
        if project is not self._app.project:
            return
        if glance is None:
            self._app.learn(trouble=trouble, looking=False)
            return
        self._app.learn(status=glance.status, server=glance.server, trouble=None, looking=False)
        self._app.journal.watch_holder(self._app.situation.live_holder)
        self._app.journal.hear(glance.history, self._app.project.environment.name)
