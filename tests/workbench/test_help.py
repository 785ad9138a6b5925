"""The list of keys, and long texts in front of everything."""

from __future__ import annotations

import pytest

from miger.widgets.key_list import KeyList
from miger.workbench.screens.environments import EnvironmentsScreen
from miger.workbench.screens.help import HelpScreen
from miger.workbench.screens.history import HistoryScreen
from miger.workbench.screens.home import HomeScreen
from miger.workbench.screens.text import TextModal
from miger.workbench.screens.verify import VerifyScreen

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, SMALL, press, screen_text, wait_for, wait_for_look, wait_for_text


@pytest.mark.parametrize("key", ["escape", "q", "question_mark"])
async def test_the_keys_of_the_focused_pane_come_first(key: str, shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["3", "question_mark"])
        await wait_for_text(pilot, "In the pane log", "Follow the newest entry", "j ↓", "Move down")
        text = screen_text(app)
        assert text.index("In the pane log") < text.index("Run\n" if "Run\n" in text else "In the pane log") + 1
        assert text.index("Follow the newest") < text.index("Half a page down")
        await press(pilot, [key])
        assert isinstance(app.screen, HomeScreen)


async def test_each_key_is_listed_once_with_what_it_does(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        for keys in ([], ["2"], ["3"]):
            await press(pilot, keys)
            screen = app.screen
            assert isinstance(screen, HomeScreen)
            pane, *others = screen.help_groups()
            assert pane.name.startswith("In the pane")
            listed = [key for hint in pane.hints for key in hint.key.split()]
            assert len(listed) == len(set(listed)), pane
            for group in (pane, *others):
                for hint in group.hints:
                    assert len(hint.label) > 3 and "_" not in hint.key.strip("_"), hint


@pytest.mark.parametrize("screen", [HistoryScreen, VerifyScreen, EnvironmentsScreen])
async def test_no_key_of_a_screen_is_also_one_of_its_list(screen: type, shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        app.push_screen(screen())
        await wait_for(pilot, lambda: isinstance(app.screen, screen) and app.screen.focused)
        current = app.screen
        assert isinstance(current, (HistoryScreen, VerifyScreen, EnvironmentsScreen))
        pane = {key for group in current.pane_keys() for hint in group.hints for key in hint.key.split()}
        own = {key for action in current.ACTIONS for key in action.keys if action.keys != ("enter",)}
        assert pane and not pane & own


async def test_the_list_is_searched_by_words_and_keys(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=SMALL) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["question_mark"])
        await wait_for(pilot, lambda: isinstance(app.screen, HelpScreen) and app.screen.heeding)
        await press(pilot, ["slash", *"high contrast"])
        await wait_for_text(pilot, "Dark, light, high contrast")
        assert app.screen.query_one(KeyList).row_count() == 2
        await press(pilot, [*(["backspace"] * 13), "E"])
        await wait_for_text(pilot, "See all environments")
        await press(pilot, ["backspace", *"ctrl+c"])
        await wait_for_text(pilot, "Stop the run of this workbench")
        await press(pilot, [*"xyz"])
        await wait_for_text(pilot, "No key has these words.")
        await press(pilot, ["enter", "q"])
        assert isinstance(app.screen, HomeScreen)


async def test_what_cannot_be_done_now_is_marked(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["question_mark", "slash", *"join heads"])
        await wait_for(pilot, lambda: isinstance(app.screen, HelpScreen), "the list")
        await wait_for_text(pilot, "(not now)")


async def test_a_long_text_is_read_to_its_end_and_copied_whole(shop: Sandbox, open_workbench: Opener) -> None:
    text = "\n".join(f"line {number} " + "x" * 200 for number in range(1, 301)) + "\n\x1b[31mred"
    app = open_workbench(shop)
    async with app.run_test(size=SMALL) as pilot:
        await wait_for_look(pilot)
        app.push_screen(TextModal("An error [bold]", text))
        await wait_for_text(pilot, "line 1 ", "An error [bold]")
        await press(pilot, ["G"])
        await wait_for_text(pilot, "line 300", "␛[31mred")
        await press(pilot, ["y"])
        assert app.clipboard == text
        await press(pilot, ["escape"])
        assert isinstance(app.screen, HomeScreen)


async def test_a_short_text_is_a_small_window(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        app.push_screen(TextModal("Log entry", "one\ntwo"))
        await wait_for_text(pilot, "two", "y copies all")
        assert app.screen.query_one("#text").size.height < 10
