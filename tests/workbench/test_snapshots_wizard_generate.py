"""How the wizard looks at the differences of schemas. `pytest --snapshot-update` takes the pictures anew."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from miger.project import Project
from miger.workbench.screens import wizard_changes, wizard_work
from miger.workbench.screens.wizard import WizardScreen
from miger.workbench.screens.wizard_losses import LossesModal
from miger.workbench.settings import Settings
from miger.workbench.wizard.changes import Changes

from tests.app.sandbox import Sandbox
from tests.widgets.samples import SUCCESS
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, SMALL, press, wait_for, wait_for_look
from tests.workbench.wizarding import to_content, to_review

Arrange = Callable[[Pilot[Any]], Awaitable[None]]
Picture = Callable[[Arrange, tuple[int, int]], bool]
SIZES = pytest.mark.parametrize("size", [HOME, SMALL], ids=["home", "small"])

HAS = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, mail VARCHAR(50), age VARCHAR(20), nick VARCHAR(20));\n"
    "CREATE TABLE old (id INTEGER PRIMARY KEY);\n"
    "INSERT INTO users VALUES (1, 'a@b', 'old', 'ann');"
)
WANTED = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(50), age INTEGER, city VARCHAR(20));\n"
    "CREATE INDEX users_city ON users (city);\nCREATE TABLE teams (id INTEGER PRIMARY KEY, name VARCHAR(20));\n"
)


@pytest.fixture
def has(shop: Sandbox) -> Sandbox:
    """Two tables, and another schema that is wanted."""
    shop.sql("0001_users", HAS, "DROP TABLE old; DROP TABLE users;")
    shop.configure(project='schema = "schema.sql"')
    shop.miger("up", "--yes")
    shop.write("schema.sql", WANTED)
    return shop


@pytest.fixture
def picture(
    has: Sandbox, snap_compare: Callable[..., bool], open_workbench: Opener, monkeypatch: pytest.MonkeyPatch
) -> Picture:
    """Takes the picture of the workbench after `arrange`; a dry run says what the sample says, in fixed times."""
    monkeypatch.setattr(wizard_work, "preview_draft", lambda project, draft, now: SUCCESS)

    def take(arrange: Arrange, size: tuple[int, int]) -> bool:
        app = open_workbench(has, settings=Settings(theme="miger-dark"), look_seconds=3600)
        app.animation_level = "none"

        async def before(pilot: Pilot[Any]) -> None:
            await wait_for_look(pilot)
            app.learn(server="sqlite 3")
            await arrange(pilot)
            for line in app.screen.query(Input):
                line.cursor_blink = False
            app.clear_notifications()
            await pilot.pause()

        return snap_compare(app, terminal_size=size, run_before=before)

    return take


async def to_differences(pilot: Pilot[Any]) -> WizardScreen:
    screen = await to_content(pilot, "generated", "cities")
    await wait_for(pilot, lambda: screen.is_settled, "the comparison, and the file")
    return screen


@SIZES
def test_renames_are_asked_first(picture: Picture, size: tuple[int, int]) -> None:
    async def arrange(pilot: Pilot[Any]) -> None:
        await to_differences(pilot)

    assert picture(arrange, size)


@SIZES
def test_differences_taken_left_lost_and_in_the_way(picture: Picture, size: tuple[int, int]) -> None:
    async def arrange(pilot: Pilot[Any]) -> None:
        screen = await to_differences(pilot)
        await press(pilot, ["r"])
        await wait_for(pilot, lambda: screen.is_settled, "the file")
        await press(pilot, ["j", "j", "j", "j", "space", "k", "k"])
        await wait_for(pilot, lambda: screen.is_settled, "the file")

    assert picture(arrange, size)


@SIZES
def test_differences_with_their_file(has: Sandbox, picture: Picture, size: tuple[int, int]) -> None:
    has.write("schema.sql", WANTED.replace("email", "mail").replace("age INTEGER", "age VARCHAR(20)"))

    async def arrange(pilot: Pilot[Any]) -> None:
        screen = await to_differences(pilot)
        await press(pilot, ["j", "j", "space"])
        await wait_for(pilot, lambda: screen.is_settled, "the file")

    assert picture(arrange, size)


def test_what_is_lost(has: Sandbox, picture: Picture) -> None:
    has.write("schema.sql", HAS.partition("CREATE TABLE old")[0].replace(", nick VARCHAR(20)", ""))

    async def arrange(pilot: Pilot[Any]) -> None:
        await to_differences(pilot)
        await to_review(pilot)
        await press(pilot, ["w"])
        modal = pilot.app.screen
        assert isinstance(modal, LossesModal)
        await wait_for(pilot, lambda: modal.heeding, "the question")

    assert picture(arrange, SMALL)


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A comparison that does not end before the test does."""
    done = threading.Event()

    def wait(project: Project, renamed: frozenset[str]) -> Changes:
        done.wait()
        return Changes()

    monkeypatch.setattr(wizard_changes, "compared", wait)
    yield
    done.set()


def test_while_it_compares(endless: None, picture: Picture) -> None:
    async def arrange(pilot: Pilot[Any]) -> None:
        await to_content(pilot, "generated", "cities")

    assert picture(arrange, HOME)


def test_no_wanted_schema_is_configured(has: Sandbox, picture: Picture) -> None:
    has.configure()

    async def arrange(pilot: Pilot[Any]) -> None:
        await to_differences(pilot)

    assert picture(arrange, HOME)


def test_pending_migrations_come_first(has: Sandbox, picture: Picture) -> None:
    has.table("0002_more", "more")

    async def arrange(pilot: Pilot[Any]) -> None:
        await to_differences(pilot)

    assert picture(arrange, SMALL)


def test_nothing_differs(has: Sandbox, picture: Picture) -> None:
    has.write("schema.sql", HAS)

    async def arrange(pilot: Pilot[Any]) -> None:
        await to_differences(pilot)

    assert picture(arrange, HOME)
