"""The wizard's migrations from schema changes: what is taken, what was renamed, what is lost, and the written file."""

from __future__ import annotations

from typing import Any

from textual.pilot import Pilot

from miger.widgets.differences_view import DifferenceRow, DifferencesView
from miger.widgets.file_view import FileView
from miger.workbench.screens.wizard import WizardScreen
from miger.workbench.screens.wizard_losses import LossesModal
from miger.workbench.wizard.answers import CONTENT, REVIEW

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, press, wait_for, wait_for_text
from tests.workbench.wizarding import files, fill_in, text_of, to_content, to_review, told, write

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, mail VARCHAR(50), age VARCHAR(20));"
WANTED = (
    "CREATE TABLE users (id INTEGER PRIMARY KEY, mail VARCHAR(50), age VARCHAR(20), city VARCHAR(20));\n"
    "CREATE INDEX users_city ON users (city);\nCREATE TABLE teams (id INTEGER PRIMARY KEY);\n"
)


def has_users(shop: Sandbox, wanted: str) -> Sandbox:
    """A project with a table of users, whose wanted schema is another one."""
    shop.sql(
        "0001_users", f"{USERS}\nINSERT INTO users VALUES (1, 'a@b', '31'), (2, NULL, 'old');", "DROP TABLE users;"
    )
    shop.configure(project='schema = "schema.sql"')
    shop.miger("up", "--yes")
    shop.write("schema.sql", wanted)
    return shop


async def to_differences(pilot: Pilot[Any], name: str) -> WizardScreen:
    """Goes on to the differences, and waits until they have been compared and there is a file, or none can be made."""
    screen = await to_content(pilot, "generated", name)
    await settled(pilot, screen)
    return screen


async def settled(pilot: Pilot[Any], screen: WizardScreen) -> None:
    await wait_for(pilot, lambda: screen.is_settled, "the comparison, and the file")


def row_of(screen: WizardScreen, key: str) -> DifferenceRow:
    return next(row for row in screen.query_one(DifferencesView).rows if row.key == key)


def go_to(screen: WizardScreen, key: str) -> None:
    view = screen.query_one(DifferencesView)
    view.move_cursor([row.key for row in view.rows].index(key))


async def test_all_that_differs_is_taken_at_first_and_written(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(has_users(shop, WANTED))
    async with app.run_test(size=HOME) as pilot:
        screen = await to_differences(pilot, "cities")
        await wait_for_text(pilot, "3 of 3 differences taken, and tried on a copy")
        assert "ADD COLUMN city" in screen.query_one(FileView).text
        shown = await to_review(pilot)
        assert "+ city" in shown
        assert files(shop) == ["0001_users.sql"], "nothing is written before w"
        id = await write(pilot)
    assert id == "20260115120431_cities"
    assert 'depends = ["0001_users"]' in text_of(shop, id)
    shop.miger("up", "--yes")
    assert shop.miger("generate", "--check").code == 0


async def test_what_is_left_is_not_in_the_file_nor_what_needs_it(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(has_users(shop, WANTED))
    async with app.run_test(size=HOME) as pilot:
        screen = await to_differences(pilot, "teams")
        go_to(screen, "add column users.city")
        await press(pilot, ["space"])
        await settled(pilot, screen)
        assert row_of(screen, "add column users.city").state == "left"
        assert row_of(screen, "add index users_city on users").state == "fallen"
        await wait_for_text(pilot, "left, too:", "1 of 3 differences taken, and tried")
        assert row_of(screen, "add index users_city on users").note == "it needs column users.city"
        await press(pilot, ["a", "a"])
        await press(pilot, ["ctrl+n"])
        assert screen.step == CONTENT
        assert "no difference is taken" in told(app)
        go_to(screen, "add table teams")
        await press(pilot, ["space"])
        await fill_in(pilot, {"written": "Python"})
        await settled(pilot, screen)
        await to_review(pilot)
        id = await write(pilot)
    text = text_of(shop, id)
    assert "teams" in text
    assert "city" not in text
    assert text.startswith('"""Adds table teams."""')


async def test_renames_are_asked_and_what_is_lost_is_agreed_to(shop: Sandbox, open_workbench: Opener) -> None:
    wanted = USERS.replace("mail VARCHAR(50)", "email VARCHAR(50)").replace(", age VARCHAR(20)", "")
    app = open_workbench(has_users(shop, wanted))
    async with app.run_test(size=HOME) as pilot:
        screen = await to_differences(pilot, "renamed")
        await wait_for_text(pilot, "users.mail → users.email  renamed?", "1 rename to be answered")
        await press(pilot, ["ctrl+n"])
        assert screen.step == CONTENT
        assert "was users.mail renamed to users.email?" in told(app)
        await press(pilot, ["d"])
        await settled(pilot, screen)
        assert row_of(screen, "drop column users.mail").state == "taken"
        await press(pilot, ["r"])
        await settled(pilot, screen)
        await wait_for_text(pilot, "→ rename column users.mail", "- drop   column users.age  ! is dropped")
        assert "loses column users.age: is dropped with 2 values" in await to_review(pilot)
        await press(pilot, ["w"])
        await wait_for(pilot, lambda: isinstance(app.screen, LossesModal) and app.screen.heeding, "the question")
        await press(pilot, ["escape"])
        await wait_for(pilot, lambda: app.screen is screen, "the wizard")
        assert files(shop) == ["0001_users.sql"]
        await press(pilot, ["w"])
        await wait_for(pilot, lambda: isinstance(app.screen, LossesModal) and app.screen.heeding, "the question")
        await press(pilot, ["l"])
        await wait_for(pilot, lambda: len(files(shop)) == 2, "the file")
    shop.miger("up", "--yes")
    assert shop.rows("SELECT id, email FROM users") == [(1, "a@b"), (2, None)]


async def test_without_a_wanted_schema_it_says_where_to_write_it_and_goes_on(
    shop: Sandbox, open_workbench: Opener
) -> None:
    has_users(shop, WANTED).configure()
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        screen = await to_differences(pilot, "nothing")
        await wait_for_text(pilot, "miger.toml does not say where the wanted schema", 'put `schema = "…"`')
        await press(pilot, ["ctrl+n"])
        assert screen.step == CONTENT
        shop.write("schema.sql", USERS)
        shop.configure(project='schema = "schema.sql"')
        await wait_for_text(pilot, "nothing differs")


async def test_values_that_do_not_convert_stand_against_it_until_a_person_lets_them_go(
    postgresql_shop: Sandbox, open_workbench: Opener
) -> None:
    shop = has_users(postgresql_shop, USERS.replace("age VARCHAR(20)", "age INTEGER"))
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        screen = await to_differences(pilot, "ages")
        await wait_for_text(
            pilot, "1 change cannot be made with the rows there are", "1 value does not convert", "'old'"
        )
        await press(pilot, ["ctrl+n"])
        assert screen.step == CONTENT
        await press(pilot, ["n"])
        await settled(pilot, screen)
        await wait_for_text(pilot, "1 value becomes NULL")
        await to_review(pilot)
        assert screen.step == REVIEW
        await press(pilot, ["w"])
        await wait_for(pilot, lambda: isinstance(app.screen, LossesModal) and app.screen.heeding, "the question")
        await press(pilot, ["l"])
        await wait_for(pilot, lambda: len(files(shop)) == 2, "the file")
    shop.miger("up", "--yes")
    assert shop.rows("SELECT age FROM users ORDER BY id") == [(31,), (None,)]


async def test_of_collections_all_is_taken(mongodb_shop: Sandbox, open_workbench: Opener) -> None:
    mongodb_shop.write("schema.yaml", "collections: {users: {indexes: [{keys: {email: 1}}]}}")
    mongodb_shop.configure(project='schema = "schema.yaml"')
    app = open_workbench(mongodb_shop)
    async with app.run_test(size=HOME) as pilot:
        screen = await to_differences(pilot, "users")
        await wait_for_text(pilot, "of collections all differences are taken")
        await press(pilot, ["space"])
        assert {row.state for row in screen.query_one(DifferencesView).rows} == {"all"}
        assert not screen.answers.taken.left
        await to_review(pilot)
        id = await write(pilot)
    mongodb_shop.miger("up", "--yes")
    assert mongodb_shop.states() == {id: "applied"}
    assert mongodb_shop.miger("generate", "--check").code == 0
