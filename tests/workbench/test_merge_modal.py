"""Two heads, and the migration that joins them."""

from __future__ import annotations

import os
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from miger.widgets.graph_view import GraphView
from miger.workbench.app import Workbench
from miger.workbench.screens.home import HomeScreen
from miger.workbench.screens.merge import MergeModal

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, press, screen_text, wait_for, wait_for_look


@pytest.fixture
def forked(shop: Sandbox) -> Sandbox:
    """Two heads on one root."""
    fork(shop)
    return shop


def fork(shop: Sandbox) -> None:
    shop.table("0001_first", "first")
    shop.table("0002_a", "a", metadata='depends = ["0001_first"]')
    shop.table("0002_b", "b", metadata='depends = ["0001_first"]')


async def open_merge(pilot: Pilot[Any]) -> MergeModal:
    """Presses m on the home screen, and waits until the question heeds keys."""
    await wait_for_look(pilot)
    await press(pilot, "m")
    modal = pilot.app.screen
    assert isinstance(modal, MergeModal)
    await wait_for(pilot, lambda: modal.heeding, "a question that heeds keys")
    return modal


async def write(pilot: Pilot[Any], id: str) -> None:
    """Writes, and waits until the home screen has the migration selected."""
    app = pilot.app
    assert isinstance(app, Workbench)
    await press(pilot, "w")
    await wait_for(pilot, lambda: isinstance(app.screen, HomeScreen), "the home screen")
    await wait_for(pilot, lambda: app.screen.query_one(GraphView).cursor_id == id, "the new migration")


async def test_the_file_that_is_shown_is_written_and_selected(forked: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(forked)
    async with app.run_test(size=HOME) as pilot:
        modal = await open_merge(pilot)
        shown = screen_text(app)
        assert "2 heads" in shown and "○ 0002_a" in shown and "○ 0002_b" in shown
        assert '-- depends = ["0002_a", "0002_b"]' in shown
        assert "20260115120431_merge_a_and_b.sql" in shown
        assert app.focused is modal.query_one("#cancel")
        assert len(os.listdir(forked.migrations)) == 3
        await write(pilot, "20260115120431_merge_a_and_b")
        assert app.situation.heads == ("20260115120431_merge_a_and_b",)
    assert forked.miger("up").code == 0


async def test_the_name_is_the_persons(forked: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(forked)
    async with app.run_test(size=HOME) as pilot:
        modal = await open_merge(pilot)
        name = modal.query_one("#name", Input)
        name.focus()
        name.value = ""
        await pilot.pause()
        assert "a migration needs a name" in screen_text(app)
        assert modal.query_one("#write", Button).disabled
        await press(pilot, "join 7")
        assert "20260115120431_join_7.sql" in screen_text(app)
        await press(pilot, ["enter"])  # goes to the button
        assert app.focused is modal.query_one("#write")
        assert len(os.listdir(forked.migrations)) == 3
        await write(pilot, "20260115120431_join_7")


async def test_cancel_writes_nothing(forked: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(forked)
    async with app.run_test(size=HOME) as pilot:
        await open_merge(pilot)
        await press(pilot, ["enter"])
        assert isinstance(app.screen, HomeScreen)
        await open_merge(pilot)
        await press(pilot, ["escape"])
        assert isinstance(app.screen, HomeScreen)
    assert len(os.listdir(forked.migrations)) == 3


async def test_heads_on_mongodb_are_merged_in_python(mongodb_shop: Sandbox, open_workbench: Opener) -> None:
    fork(mongodb_shop)
    app = open_workbench(mongodb_shop)
    async with app.run_test(size=HOME) as pilot:
        await open_merge(pilot)
        assert "20260115120431_merge_a_and_b.py" in screen_text(app)
        await write(pilot, "20260115120431_merge_a_and_b")
    assert mongodb_shop.miger("up").code == 0
