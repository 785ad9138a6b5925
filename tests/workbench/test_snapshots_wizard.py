"""How the wizard looks, step by step. `pytest --snapshot-update` takes the pictures anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from miger.workbench.screens import wizard_work
from miger.workbench.screens.wizard_leave import LeaveWizardModal
from miger.workbench.settings import Settings

from tests.app.sandbox import Sandbox
from tests.widgets.samples import SUCCESS
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, LOOKS, SMALL, press, wait_for, wait_for_look
from tests.workbench.wizarding import (
    choose_change,
    choose_kind,
    field_of,
    fill_in,
    open_wizard,
    to_content,
    to_review,
    type_text,
    wait_for_tables,
)

Snap = Callable[..., bool]
Arrange = Callable[[Pilot[Any]], Awaitable[None]]
Picture = Callable[[Sandbox, Arrange, tuple[int, int], str], bool]
SIZES = pytest.mark.parametrize(("size", "theme"), [(HOME, "miger-dark"), (SMALL, "miger-dark")], ids=["home", "small"])


@pytest.fixture
def users(shop: Sandbox) -> Sandbox:
    """A table, and two heads."""
    shop.sql("0001_users", "CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT NOT NULL, city TEXT);")
    shop.sql("0002_teams", "CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT);")
    shop.miger("up", "--yes")
    shop.table("0003_left", "l", metadata='depends = ["0002_teams"]')
    shop.table("0004_right", "r", metadata='depends = ["0002_teams"]')
    return shop


@pytest.fixture
def picture(snap_compare: Snap, open_workbench: Opener, monkeypatch: pytest.MonkeyPatch) -> Picture:
    """Takes the picture of a workbench after `arrange`; a dry run says what the sample says, in fixed times."""
    monkeypatch.setattr(wizard_work, "preview_draft", lambda project, draft, now: SUCCESS)

    def take(shop: Sandbox, arrange: Arrange, size: tuple[int, int], theme: str) -> bool:
        app = open_workbench(shop, settings=Settings(theme=theme), look_seconds=3600)
        app.animation_level = "none"

        async def before(pilot: Pilot[Any]) -> None:
            await wait_for_look(pilot)
            app.learn(server="sqlite 3")
            await arrange(pilot)
            for line in (*app.screen.query(Input), *app.screen.query(TextArea)):
                line.cursor_blink = False
            app.clear_notifications()
            await pilot.pause()

        return snap_compare(app, terminal_size=size, run_before=before)

    return take


@LOOKS
def test_kinds(users: Sandbox, picture: Picture, size: tuple[int, int], theme: str) -> None:
    async def arrange(pilot: Pilot[Any]) -> None:
        await open_wizard(pilot)

    assert picture(users, arrange, size, theme)


@SIZES
def test_name_that_is_none(users: Sandbox, picture: Picture, size: tuple[int, int], theme: str) -> None:
    async def arrange(pilot: Pilot[Any]) -> None:
        await open_wizard(pilot)
        await choose_kind(pilot, "sql")
        await fill_in(pilot, {"transaction": "no", "name": "../x"})

    assert picture(users, arrange, size, theme)


@LOOKS
def test_parents(users: Sandbox, picture: Picture, size: tuple[int, int], theme: str) -> None:
    async def arrange(pilot: Pilot[Any]) -> None:
        await open_wizard(pilot)
        await choose_kind(pilot, "merge")
        await press(pilot, ["enter", "space"])

    assert picture(users, arrange, size, theme)


@LOOKS
def test_sections_written_by_hand(users: Sandbox, picture: Picture, size: tuple[int, int], theme: str) -> None:
    async def arrange(pilot: Pilot[Any]) -> None:
        await to_content(pilot, "sql", "rename ada")
        await type_text(pilot, "UPDATE users SET login = 'ada';")
        await press(pilot, ["enter"])
        await type_text(pilot, "-- miger:down")

    assert picture(users, arrange, size, theme)


@LOOKS
def test_form_with_what_it_offers_and_what_is_wrong(
    users: Sandbox, picture: Picture, size: tuple[int, int], theme: str
) -> None:
    async def arrange(pilot: Pilot[Any]) -> None:
        screen = await to_content(pilot, "form", "contacts")
        await wait_for_tables(pilot, screen)
        await fill_in(pilot, {"table": "users", "name": "email", "type": "varchar(80)"})
        await press(pilot, ["ctrl+g"])
        await wait_for(pilot, lambda: screen.query_one("#others").display, "the list of changes")
        await choose_change(pilot, "create_index")
        await fill_in(pilot, {"table": "users", "columns": "ci"})

    assert picture(users, arrange, size, theme)


@SIZES
def test_form_without_a_database(shop: Sandbox, picture: Picture, size: tuple[int, int], theme: str) -> None:
    shop.table("0001_first", "first")
    shop.url = "postgresql://nobody@127.0.0.1:9/nowhere"
    shop.configure()

    async def arrange(pilot: Pilot[Any]) -> None:
        screen = await to_content(pilot, "form", "typed")
        await wait_for_tables(pilot, screen)

    assert picture(shop, arrange, size, theme)


@LOOKS
def test_backfill_after_an_attempt_to_go_on(
    users: Sandbox, picture: Picture, size: tuple[int, int], theme: str
) -> None:
    async def arrange(pilot: Pilot[Any]) -> None:
        screen = await to_content(pilot, "backfill", "fill_city")
        await wait_for_tables(pilot, screen)
        await fill_in(pilot, {"table": "users"})
        await press(pilot, ["ctrl+n"])
        await wait_for(pilot, lambda: field_of(screen, "values").control.has_focus, "the field that is wrong")

    assert picture(users, arrange, size, theme)


@LOOKS
def test_review(users: Sandbox, picture: Picture, size: tuple[int, int], theme: str) -> None:
    async def arrange(pilot: Pilot[Any]) -> None:
        await to_content(pilot, "sql", "split_name")
        await type_text(pilot, "SELECT 1;")
        await to_review(pilot)

    assert picture(users, arrange, size, theme)


@SIZES
def test_file_alone(users: Sandbox, picture: Picture, size: tuple[int, int], theme: str) -> None:
    async def arrange(pilot: Pilot[Any]) -> None:
        await to_content(pilot, "python", "long_lines")
        await type_text(pilot, 'db.execute("UPDATE users SET city = login WHERE city IS NULL AND login IS NOT NULL")')
        await press(pilot, ["ctrl+f"])

    assert picture(users, arrange, size, theme)


@SIZES
def test_leaving(users: Sandbox, picture: Picture, size: tuple[int, int], theme: str) -> None:
    async def arrange(pilot: Pilot[Any]) -> None:
        await to_content(pilot, "sql", "precious")
        await press(pilot, ["ctrl+q"])
        modal = pilot.app.screen
        assert isinstance(modal, LeaveWizardModal)
        await wait_for(pilot, lambda: modal.heeding, "the question")

    assert picture(users, arrange, size, theme)
