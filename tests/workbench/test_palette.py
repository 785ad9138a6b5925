"""The palette: all commands by their names."""

from __future__ import annotations

from textual.command import CommandList
from textual.pilot import Pilot

from miger.workbench.actions import HOME_ACTIONS
from miger.workbench.commands import Palette
from miger.workbench.screens.history import HistoryScreen
from miger.workbench.screens.home import HomeScreen

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, SMALL, press, screen_text, wait_for, wait_for_look, wait_for_text


def offered(pilot: Pilot[int]) -> list[str]:
    """The texts of what is listed: name with key, and below it what it does."""
    palette = pilot.app.screen
    assert isinstance(palette, Palette)
    return [str(option.prompt) for option in palette.query_one(CommandList).options]


async def open_palette(pilot: Pilot[int], key: str = "colon") -> None:
    await wait_for_look(pilot)
    await press(pilot, [key])
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, Palette) and offered(pilot), "the commands")


async def test_colon_and_ctrl_p_list_every_action_with_its_key(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        for key in ("colon", "ctrl+p"):
            await open_palette(pilot, key)
            listed = offered(pilot)
            wanted = [action for action in HOME_ACTIONS if action.id != "palette"]
            assert len(listed) == len(wanted)
            for action, text in zip(wanted, listed, strict=True):
                assert text.startswith(action.label) and action.key in text.partition("\n")[0].split()
            await press(pilot, ["escape"])
            assert isinstance(app.screen, HomeScreen)


async def test_nothing_of_textuals_own_is_in_it(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await open_palette(pilot)
        text = "\n".join(offered(pilot)).casefold()
        assert not any(word in text for word in ("screenshot", "maximize", "svg", "textual"))
        assert list(app.get_system_commands(app.screen)) == []


async def test_what_cannot_be_done_says_why(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await open_palette(pilot)
        merge = next(text for text in offered(pilot) if text.startswith("merge heads"))
        assert "not now: there is one head: nothing to merge" in merge
        await press(pilot, [*"merge heads", "enter"])
        await wait_for(pilot, lambda: isinstance(app.screen, HomeScreen))
        await wait_for(pilot, lambda: any("one head" in note.message for note in app._notifications), "the reason")


async def test_a_chosen_command_is_done(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=SMALL) as pilot:
        await open_palette(pilot)
        await press(pilot, [*"histo"])
        await wait_for(pilot, lambda: offered(pilot) and offered(pilot)[0].startswith("history"), "what was searched")
        await press(pilot, ["enter"])
        await wait_for(pilot, lambda: isinstance(app.screen, HistoryScreen), "the history")
        await press(pilot, ["colon"])
        await wait_for_text(pilot, "Read the history again now")
        assert "roll back" not in screen_text(app)


async def test_it_searches_what_commands_do_as_well(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await open_palette(pilot)
        await press(pilot, [*"drift"])
        await wait_for(pilot, lambda: offered(pilot) and offered(pilot)[0].startswith("verify"), "verify")
