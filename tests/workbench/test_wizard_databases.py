"""The wizard's forms on real servers, and on one that does not answer."""

from __future__ import annotations

import re

import pytest
from textual.widgets import Static

from miger.workbench.wizard.answers import CONTENT

from tests.app.sandbox import Sandbox
from tests.app.thinning import thinned
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, press, screen_text, wait_for
from tests.workbench.wizarding import (
    choose_change,
    field_of,
    fill_in,
    open_wizard,
    text_of,
    to_content,
    to_review,
    wait_for_tables,
    write,
)

TABLES = {
    "postgresql": (
        "CREATE TABLE customers (id bigint PRIMARY KEY, login varchar(50) NOT NULL, city varchar(40))",
        "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, note text)",
    ),
    "mysql": (
        "CREATE TABLE customers (id bigint PRIMARY KEY, login varchar(50) NOT NULL, city varchar(40))",
        "CREATE TABLE orders (id bigint PRIMARY KEY, customer_id bigint NOT NULL, note text)",
    ),
}
ROWS = (
    "INSERT INTO customers VALUES (1, 'ada', 'Wien'), (2, 'alan', NULL)",
    "INSERT INTO orders VALUES (1, 1, 'x')",
)
FORMS = {
    "add_column": ({"table": "customers", "name": "email", "type": "varchar(80)", "nullable": "no", "fill": "login"},
                   "email"),
    "rename_column": ({"table": "orders", "column": "note", "new_name": "remark"}, "remark"),
    "drop_column": ({"table": "customers", "column": "city"}, "DROP COLUMN city"),
    "create_index": ({"table": "customers", "columns": "city, login"}, "customers_city_login_idx"),
    "add_foreign_key": ({"table": "orders", "columns": "customer_id", "target": "customers", "target_columns": "id",
                         "on_delete": "CASCADE"}, "orders_customer_id_fkey"),
}  # fmt: skip


async def write_form(app_of: Opener, shop: Sandbox, form: str) -> str:
    """Fills in a form, looks at the dry run, writes; the id of the migration."""
    for statement in (*TABLES[shop.backend], *ROWS):
        shop.rows(statement)
    texts, seen = FORMS[form]
    app = app_of(shop)
    async with app.run_test(size=HOME) as pilot:
        screen = await to_content(pilot, "form", form)
        await wait_for_tables(pilot, screen)
        assert screen.ground is not None and not screen.ground.trouble
        await choose_change(pilot, form)
        await fill_in(pilot, texts)
        before = shop.dump()
        shown = await to_review(pilot)
        assert shop.dump() == before, "a dry run changes nothing"
        assert seen in text_of_screen(shown)
        if form == "drop_column":
            assert re.search(r"1 value", text_of_screen(shown)), shown
        return await write(pilot)


def text_of_screen(shown: str) -> str:
    """Without the frames, so that what was broken into lines is whole again."""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", shown).split())


@pytest.mark.parametrize("form", thinned(FORMS, 4))
async def test_forms_write_migrations_for_postgresql(
    postgresql_shop: Sandbox, open_workbench: Opener, form: str
) -> None:
    await _check(postgresql_shop, open_workbench, form)


@pytest.mark.parametrize("form", thinned(FORMS, 4, 1))
async def test_forms_write_migrations_for_mariadb(mysql_shop: Sandbox, open_workbench: Opener, form: str) -> None:
    await _check(mysql_shop, open_workbench, form)


async def _check(shop: Sandbox, open_workbench: Opener, form: str) -> None:
    id = await write_form(open_workbench, shop, form)
    before = shop.dump()
    shop.miger("up", "--yes")
    assert shop.states()[id] == "applied"
    assert shop.dump() != before or form == "add_foreign_key"
    shop.miger("down", "--yes")
    assert shop.states()[id] == "pending"


async def test_an_index_can_be_made_concurrently_on_postgresql(
    postgresql_shop: Sandbox, open_workbench: Opener
) -> None:
    for statement in TABLES["postgresql"]:
        postgresql_shop.rows(statement)
    app = open_workbench(postgresql_shop)
    async with app.run_test(size=HOME) as pilot:
        screen = await to_content(pilot, "form", "index_city")
        await wait_for_tables(pilot, screen)
        await choose_change(pilot, "create_index")
        await fill_in(pilot, {"table": "customers", "columns": "city", "online": "yes"})
        shown = await to_review(pilot)
        assert "-- transaction = false" in shown
        id = await write(pilot)
    assert "CREATE INDEX CONCURRENTLY" in text_of(postgresql_shop, id)


async def test_a_form_and_a_backfill_for_mongodb(mongodb_shop: Sandbox, open_workbench: Opener) -> None:
    mongodb_shop.python(
        "0001_users", 'def up(db):\n    db["users"].insert_many([{"login": "ada"}, {"login": "alan", "age": 36}])\n'
    )
    mongodb_shop.miger("up", "--yes")
    app = open_workbench(mongodb_shop)
    async with app.run_test(size=HOME) as pilot:
        await open_wizard(pilot)
        assert "not now: mongodb runs no SQL" in screen_text(app)
        await press(pilot, ["escape"])
        screen = await to_content(pilot, "form", "rename_login")
        await wait_for_tables(pilot, screen)
        await choose_change(pilot, "rename_field")
        field_of(screen, "collection").begin()
        await press(pilot, ["down", "enter"])
        assert field_of(screen, "collection").value == "users"
        assert "login" in field_of(screen, "field").offers
        await fill_in(pilot, {"field": "login", "new_name": "name"})
        await to_review(pilot)
        renamed = await write(pilot)
        screen = await to_content(pilot, "backfill", "fill_age")
        await wait_for_tables(pilot, screen)
        await fill_in(
            pilot, {"collection": "users", "update": '{"$set": {"age": 0}}', "filter": '{"age": {"$exists": false}}'}
        )
        await to_review(pilot)
        filled = await write(pilot)
    assert '"$rename"' in text_of(mongodb_shop, renamed)
    mongodb_shop.miger("up", "--yes")
    assert mongodb_shop.states()[filled] == "applied"


async def test_without_a_database_an_sql_migration_and_a_typed_form_can_still_be_written(
    shop: Sandbox, open_workbench: Opener
) -> None:
    shop.table("0001_first", "first")
    shop.url = "postgresql://nobody:secret@127.0.0.1:9/nowhere"
    shop.configure()
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        screen = await to_content(pilot, "sql", "anyway")
        shown = await to_review(pilot, tried=False)
        word = str(screen.query_one("#preview-word", Static).content)
        assert "127.0.0.1" in word
        assert "written all the same" in word
        assert "secret" not in shown
        assert await write(pilot) == "20260115120431_anyway"
        screen = await to_content(pilot, "form", "typed")
        await wait_for_tables(pilot, screen)
        word = str(screen.query_one("#tables-word", Static).content)
        assert "the tables could not be read" in word
        assert "ctrl+r tries again" in word
        assert "secret" not in word
        await fill_in(pilot, {"table": "first", "name": "email", "type": "text"})
        await press(pilot, ["ctrl+n"])
        await wait_for(pilot, lambda: screen.step != CONTENT, "the review")
        await to_review(pilot, tried=False)
        id = await write(pilot)
    assert "ALTER TABLE first ADD COLUMN email text;" in text_of(shop, id)
