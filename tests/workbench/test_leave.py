"""Leaving the workbench, with and without a run under way."""

from __future__ import annotations

import threading

from textual.pilot import Pilot

from miger.engine.events import Observer
from miger.engine.interrupt import Interrupt
from miger.project import Project
from miger.workbench.app import Workbench
from miger.workbench.screens.home import HomeScreen
from miger.workbench.screens.leave import LeaveModal

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, SMALL, press, wait_for, wait_for_look, wait_for_text


class LongRun:
    """A run that goes on until it is asked to stop, or let go."""

    def __init__(self, app: Workbench) -> None:
        self.free = threading.Event()
        self.begun = threading.Event()
        self.ended: list[object] = []
        self.stopped = False
        app.runner.start("Apply all that is pending", self._work, self.ended.append)

    def _work(self, project: Project, on_event: Observer, interrupt: Interrupt) -> None:
        self.begun.set()
        while not self.free.wait(0.01):
            if interrupt.requested:
                self.stopped = True
                return


async def _ask(pilot: Pilot[int], app: Workbench) -> LongRun:
    await wait_for_look(pilot)
    run = LongRun(app)
    await press(pilot, ["q"])
    await wait_for(pilot, lambda: isinstance(app.screen, LeaveModal) and app.screen.heeding, "the question")
    return run


async def test_q_quits_at_once_where_nothing_runs(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["q"])
    assert app.return_code == 0


async def test_while_a_run_goes_on_it_asks_and_cancel_comes_first(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=SMALL) as pilot:
        run = await _ask(pilot, app)
        await wait_for_text(pilot, "A run is under way", "Apply all that is pending is still running on dev")
        assert app.screen.focused is app.screen.query_one("#stay")
        await press(pilot, ["enter"])
        assert isinstance(app.screen, HomeScreen) and not run.stopped and not app._exit
        run.free.set()
        await wait_for(pilot, lambda: run.ended, "the end of the run")


async def test_esc_stays(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        run = await _ask(pilot, app)
        await press(pilot, ["escape"])
        assert isinstance(app.screen, HomeScreen)
        assert app.situation.own_run is not None and not app.situation.own_run.stopping
        run.free.set()
        await wait_for(pilot, lambda: run.ended, "the end of the run")


async def test_stop_and_quit_lets_the_statement_end_first(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        run = await _ask(pilot, app)
        await press(pilot, ["right", "enter"])
        await wait_for(pilot, lambda: run.ended or app._exit, "the end")
    assert run.stopped and run.ended and app.return_code == 0


async def test_the_question_goes_when_the_run_is_over(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        run = await _ask(pilot, app)
        run.free.set()
        await wait_for(pilot, lambda: isinstance(app.screen, HomeScreen), "the home screen")
        assert not app._exit


async def test_a_new_question_heeds_no_key_of_who_is_still_typing(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop, guard=3600.0)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        run = LongRun(app)
        await press(pilot, ["q", "s", "enter", "escape", "q"])
        assert isinstance(app.screen, LeaveModal) and not run.stopped
        run.free.set()
        await wait_for(pilot, lambda: run.ended, "the end of the run")


async def test_when_the_screen_goes_a_run_is_stopped_and_waited_for(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        run = LongRun(app)
        await wait_for(pilot, run.begun.is_set, "the run")
        app.exit(0)  # as when the browser's page is closed
    app.runner.settle()
    assert run.stopped
