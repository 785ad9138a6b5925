"""Terminals that are too small."""

from __future__ import annotations

import pytest
from textual.geometry import Size

from miger.workbench.screens.history import HistoryScreen
from miger.workbench.screens.home import HomeScreen
from miger.workbench.screens.text import TextModal
from miger.workbench.screens.too_small import TooSmallScreen, is_too_small

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, press, wait_for, wait_for_look, wait_for_text


def test_the_least_size_is_60_by_16() -> None:
    assert not is_too_small(Size(60, 16))
    assert is_too_small(Size(59, 16)) and is_too_small(Size(60, 15))


@pytest.mark.parametrize("size", [(59, 40), (200, 15), (20, 5), (1, 1), (5, 1), (1, 40)])
async def test_one_that_starts_too_small_says_so_and_comes_alive(
    size: tuple[int, int], shop: Sandbox, open_workbench: Opener
) -> None:
    shop.table("1_customers", "customers")
    app = open_workbench(shop)
    async with app.run_test(size=size) as pilot:
        await wait_for_look(pilot)
        await wait_for(pilot, lambda: isinstance(app.screen, TooSmallScreen), "the page")
        if size[0] > 26 and size[1] > 4:
            await wait_for_text(pilot, f"it is {size[0]}x{size[1]}", "miger needs 60x16")
        await pilot.resize_terminal(*HOME)
        await wait_for_text(pilot, "1 Graph", "1 pending")
        assert isinstance(app.screen, HomeScreen)


async def test_shrinking_covers_every_screen_and_growing_uncovers_it(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["h"])
        await wait_for(pilot, lambda: isinstance(app.screen, HistoryScreen))
        for size in ((50, 20), (20, 5), (1, 1), (3, 60)):
            await pilot.resize_terminal(*size)
            await wait_for(pilot, lambda: isinstance(app.screen, TooSmallScreen), f"the page at {size}")
        await press(pilot, ["u", "enter", "escape", "d"])
        assert isinstance(app.screen, TooSmallScreen), "keys do nothing that cannot be seen"
        await pilot.resize_terminal(60, 16)
        await wait_for(pilot, lambda: isinstance(app.screen, HistoryScreen), "the history")
        assert app.screen.focused is not None


async def test_a_window_that_opens_meanwhile_leaves_nothing_behind(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await pilot.resize_terminal(40, 10)
        await wait_for(pilot, lambda: isinstance(app.screen, TooSmallScreen))
        app.push_screen(TextModal("title", "text"))
        await wait_for(pilot, lambda: isinstance(app.screen, TextModal))
        await pilot.resize_terminal(*HOME)
        await press(pilot, ["escape"])
        await wait_for(pilot, lambda: isinstance(app.screen, HomeScreen), "the home screen")


async def test_q_quits_there_too(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=(30, 8)) as pilot:
        await wait_for(pilot, lambda: isinstance(app.screen, TooSmallScreen))
        await press(pilot, ["q"])
    assert app.return_code == 0
