"""`miger generate` from end to end: what is wanted, the file, and what it does to data."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable
from typing import Any

import pytest

from miger import Project
from miger.backends.registry import backend_for
from miger.engine.errors import MigerError
from miger.engine.owner import this_process
from miger.engine.statements import split
from miger.generate.proof import prove
from miger.scaffold.draft import MigrationDraft

from tests.app.sandbox import Done, Sandbox
from tests.app.test_gates import Terminal
from tests.conftest import SQL_BACKENDS

OWNER = this_process("test")
NOW = 1.8e9  # in 2027, behind the migrations of the tests

pytestmark = pytest.mark.parametrize("backend_name", SQL_BACKENDS, indirect=True)

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL, age VARCHAR(20));\n"
ROWS = "INSERT INTO users (id, name, age) VALUES (1, 'ann', '31'), (2, 'bob', ' 40 '), (3, 'cy', NULL);\n"
FORMS = ("--sql", "--python")
THINNED_FORMS = ("--sql", pytest.param("--python", marks=pytest.mark.soak))


@pytest.fixture
def shop(sandbox: Sandbox) -> Sandbox:
    """A project whose wanted schema is schema.sql, and which has a table with rows."""
    sandbox.configure(project='schema = "schema.sql"')
    sandbox.sql("20260101000000_users", USERS + ROWS, "DROP TABLE users;")
    sandbox.miger("up")
    want(sandbox, USERS)
    return sandbox


def want(sandbox: Sandbox, schema: str) -> None:
    sandbox.write("schema.sql", schema)


def users(*columns: str) -> str:
    """The table with columns added."""
    return USERS.replace("age VARCHAR(20)", ", ".join(["age VARCHAR(20)", *columns]))


def files(done: Done) -> list[str]:
    return done.out.split()


def text(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def written(sandbox: Sandbox) -> set[str]:
    return set(os.listdir(sandbox.migrations))


def rows(sandbox: Sandbox, query: str = "SELECT id, name, age FROM users ORDER BY id") -> list[tuple[Any, ...]]:
    return sandbox.rows(query)


def lines(found: Iterable[dict[str, str]]) -> set[tuple[str, str]]:
    return {(line["verb"], line["object"]) for line in found}


@pytest.mark.parametrize("form", FORMS)
def test_a_new_column_is_one_alter_table(shop: Sandbox, form: str) -> None:
    want(shop, users("email VARCHAR(255)"))
    [path] = files(shop.miger("generate", "add_email", form))
    assert path.endswith("_add_email.py" if form == "--python" else "_add_email.sql")
    content = text(path)
    assert "Adds column email to users." in content
    if form == "--sql":
        up = content.partition("-- miger:up\n")[2].partition("-- miger:verify")[0].lower()
        assert " ".join(up.replace("character varying", "varchar").split()) == (
            "alter table users add column email varchar(255);"
        )
    shop.miger("up")
    assert rows(shop, "SELECT id, name, age, email FROM users ORDER BY id")[0] == (1, "ann", "31", None)
    assert shop.miger("generate", "again").out == ""
    assert shop.miger("verify").code == 0
    shop.miger("down", "--yes")
    assert rows(shop) == [(1, "ann", "31"), (2, "bob", " 40 "), (3, "cy", None)]


@pytest.mark.parametrize("form", FORMS)
def test_text_becomes_a_number_with_its_values_and_goes_back(shop: Sandbox, form: str) -> None:
    want(shop, USERS.replace("age VARCHAR(20)", "age INTEGER"))
    done = shop.miger("generate", "age_number", form)
    assert "change column users.age" in done.err
    shop.miger("up")
    assert rows(shop) == [(1, "ann", 31), (2, "bob", 40), (3, "cy", None)]
    assert shop.miger("generate", "again").out == ""
    shop.miger("down", "--yes")
    assert rows(shop) == [(1, "ann", "31"), (2, "bob", "40"), (3, "cy", None)]
    shop.miger("up")
    assert rows(shop) == [(1, "ann", 31), (2, "bob", 40), (3, "cy", None)]


def test_values_that_do_not_convert_are_counted_and_shown_and_nothing_is_written(shop: Sandbox) -> None:
    shop.rows("INSERT INTO users (id, name, age) VALUES (4, 'di', 'old'), (5, 'ed', '')")
    want(shop, USERS.replace("age VARCHAR(20)", "age INTEGER"))
    before = written(shop)
    done = shop.miger("generate", "age_number", "--yes", code=7)
    assert "2 values do not convert" in done.err
    assert "'old'" in done.err
    assert "--nulls users.age" in done.err
    assert written(shop) == before


def test_values_that_do_not_convert_become_null_where_that_is_said(shop: Sandbox) -> None:
    shop.rows("INSERT INTO users (id, name, age) VALUES (4, 'di', 'old')")
    want(shop, USERS.replace("age VARCHAR(20)", "age INTEGER"))
    assert "1 value becomes NULL" in shop.miger("generate", "age_number", "--nulls", "users.age", code=7).err
    shop.miger("generate", "age_number", "--nulls", "users.age", "--yes")
    shop.miger("up")
    assert rows(shop)[3] == (4, "di", None)


def test_a_column_is_dropped_only_with_yes(shop: Sandbox) -> None:
    want(shop, USERS.replace(", age VARCHAR(20)", ""))
    before = written(shop)
    done = shop.miger("generate", "drop_age", code=7)
    assert "column users.age: is dropped with 2 values" in done.err
    assert "drop   column users.age" in done.err, "what differs is told before what is lost"
    assert written(shop) == before
    [path] = files(shop.miger("generate", "drop_age", "--yes"))
    shop.miger("up", "--yes")
    assert rows(shop, "SELECT * FROM users ORDER BY id")[0] == (1, "ann")
    shop.miger("down", "--yes")
    assert rows(shop)[0] == (1, "ann", None)
    assert "Drops column age from users." in text(path)


def test_a_dry_run_prints_the_file_and_writes_none(shop: Sandbox) -> None:
    want(shop, users("email VARCHAR(255)"))
    before = written(shop)
    done = shop.miger("generate", "add_email", "--dry-run")
    assert "-- miger:up" in done.out
    assert written(shop) == before


def test_a_rename_is_offered_and_done_where_it_is_said(shop: Sandbox) -> None:
    want(shop, USERS.replace("name VARCHAR(50)", "full_name VARCHAR(50)"))
    done = shop.miger("generate", "full_name", code=7)
    assert "--rename users.name:users.full_name" in done.err
    shop.miger("generate", "full_name", "--rename", "users.name:full_name")
    shop.miger("up")
    assert rows(shop, "SELECT full_name FROM users ORDER BY id")[0] == ("ann",)
    assert shop.miger("generate", "again").out == ""
    shop.miger("down", "--yes")
    assert rows(shop)[0] == (1, "ann", "31")


def test_a_table_and_a_column_of_it_are_renamed_and_the_rest_changes_too(shop: Sandbox) -> None:
    people = users("email VARCHAR(99)").replace("users", "people").replace("age VARCHAR", "years VARCHAR")
    want(shop, people)
    shop.miger("generate", "people", "--rename", "users:people", "--rename", "users.age:people.years")
    shop.miger("up")
    found = rows(shop, "SELECT id, name, years, email FROM people ORDER BY id")
    assert found[0] == (1, "ann", "31", None)
    assert shop.miger("generate", "again").out == ""
    shop.miger("down", "--yes")
    assert rows(shop)[0] == (1, "ann", "31")


def test_a_rename_of_nothing_is_refused(shop: Sandbox) -> None:
    want(shop, users("email VARCHAR(99)"))
    assert "no nick" in shop.miger("generate", "x", "--rename", "users.nick:email", code=2).err.replace("users.", "")


@pytest.mark.parametrize("form", THINNED_FORMS)
def test_not_null_without_a_default_is_filled_first(shop: Sandbox, form: str) -> None:
    want(shop, users("email VARCHAR(99) NOT NULL"))
    shop.miger("generate", "add_email", form, "--fill", "users.email='none'")
    shop.miger("up")
    assert {email for (email,) in rows(shop, "SELECT email FROM users")} == {"none"}
    assert shop.miger("generate", "again").out == ""


def test_a_value_that_nobody_has_chosen_is_told(shop: Sandbox) -> None:
    want(shop, users("email VARCHAR(50) NOT NULL", "city VARCHAR(50) NOT NULL DEFAULT 'Graz'", "note VARCHAR(50)"))
    told = shop.miger("generate", "more", "--dry-run").err
    assert "rows there are get a placeholder as users.email: `--fill users.email=VALUE` gives them another" in told
    assert "placeholder as users.city" not in told and "placeholder as users.note" not in told
    assert "placeholder" not in shop.miger("generate", "more", "--dry-run", "--fill", "users.email='x'").err


@pytest.mark.parametrize("option", [("--fill", "users.nope='x'"), ("--nulls", "users.nope")])
def test_a_choice_for_a_column_that_is_not_wanted_is_an_error_also_where_nothing_differs(
    shop: Sandbox, option: tuple[str, str]
) -> None:
    assert "there is no such column in the wanted schema" in shop.miger("generate", "x", *option, code=2).err


def test_a_column_with_nulls_becomes_not_null_only_with_a_fill(shop: Sandbox) -> None:
    want(shop, USERS.replace("age VARCHAR(20)", "age VARCHAR(20) NOT NULL"))
    done = shop.miger("generate", "age_needed", code=7)
    assert "1 row has none" in done.err
    assert "--fill users.age=VALUE" in done.err
    shop.miger("generate", "age_needed", "--fill", "users.age='0'")
    shop.miger("up")
    assert rows(shop)[2] == (3, "cy", "0")


def test_pending_migrations_are_refused(shop: Sandbox) -> None:
    shop.table("20260102000000_orders", "orders")
    want(shop, users("email VARCHAR(99)"))
    done = shop.miger("generate", "add_email", code=7)
    assert "20260102000000_orders" in done.err
    assert "--offline" in done.err


def test_offline_compares_with_what_the_migrations_make(shop: Sandbox) -> None:
    shop.sql("20260102000000_orders", "CREATE TABLE orders (id INTEGER PRIMARY KEY);", "DROP TABLE orders;")
    want(shop, users("email VARCHAR(99)") + "CREATE TABLE orders (id INTEGER PRIMARY KEY);\n")
    [path] = files(shop.miger("generate", "add_email", "--offline"))
    assert "20260102000000_orders" in text(path)
    assert shop.miger("generate", "again", "--offline").out == ""
    shop.miger("up")
    assert shop.miger("generate", "again").out == ""


@pytest.mark.parametrize("form", THINNED_FORMS)
def test_online_makes_two_migrations_of_which_the_second_depends_on_the_first(shop: Sandbox, form: str) -> None:
    want(shop, USERS.replace("age VARCHAR(20)", "age INTEGER"))
    expand, contract = files(shop.miger("generate", "age_number", "--online", form))
    assert ("db.batches(" in text(expand)) == (form == "--python")
    assert 'phase = "expand"' in text(expand)
    assert 'phase = "contract"' in text(contract)
    assert os.path.splitext(os.path.basename(expand))[0] in text(contract)
    shop.miger("up", os.path.splitext(os.path.basename(expand))[0])
    assert rows(shop)[0] == (1, "ann", "31")
    shop.rows("INSERT INTO users (id, name, age) VALUES (4, 'di', '50')")
    shop.miger("up", "--yes")
    assert rows(shop)[0] == (1, "ann", 31)
    assert rows(shop)[3] == (4, "di", 50)
    assert shop.miger("generate", "again").out == ""
    shop.miger("down", "--yes")
    assert rows(shop)[3] == (4, "di", "50")
    shop.miger("up", "--yes")
    assert rows(shop)[3] == (4, "di", 50)
    shop.miger("down", "--to", "20260101000000_users", "--yes")
    assert rows(shop)[3] == (4, "di", "50")


def test_check_tells_by_its_exit_code_and_writes_nothing(shop: Sandbox) -> None:
    before = written(shop)
    assert shop.miger("generate", "--check").out == ""
    want(shop, users("email VARCHAR(99)"))
    done = shop.miger("generate", "--check", code=3)
    assert "add    column users.email" in done.out
    assert shop.miger("generate", "--check", "--offline", code=3).out == done.out
    assert written(shop) == before


def test_json_tells_all_of_it(shop: Sandbox) -> None:
    want(shop, users("email VARCHAR(99)").replace("name VARCHAR", "full_name VARCHAR"))
    document = shop.miger("generate", "change", "--json", "--yes").document
    assert ("add", "column users.email") in lines(document["differences"])
    assert [found["rename"] for found in document["candidates"]] == ["users.name:users.full_name"]
    assert [loss["object"] for loss in document["losses"]] == ["column users.name"]
    [migration] = document["migrations"]
    assert os.path.exists(migration["file"])
    assert migration["kind"] == "sql"


def test_tables_come_and_go_with_their_keys_and_indexes(shop: Sandbox) -> None:
    orders = (
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id), "
        "total NUMERIC(10, 2) DEFAULT 0 NOT NULL, CONSTRAINT positive CHECK (total >= 0));\n"
        "CREATE INDEX orders_user ON orders (user_id);\n"
    )
    want(shop, USERS + orders)
    shop.miger("generate", "orders")
    shop.miger("up")
    assert "orders" in shop.tables()
    assert shop.miger("generate", "again").out == ""
    want(shop, USERS)
    assert "table orders: is dropped with 0 rows" in shop.miger("generate", "no_orders", code=7).err
    shop.miger("generate", "no_orders", "--yes")
    shop.miger("up", "--yes")
    assert "orders" not in shop.tables()
    shop.miger("down", "--yes")
    want(shop, USERS + orders)
    shop.miger("up", code=None)


def test_models_are_a_wanted_schema_and_say_nothing_of_views(shop: Sandbox) -> None:
    shop.rows("CREATE VIEW names AS SELECT name FROM users")
    shop.write(
        "models_of_shop.py",
        "from sqlalchemy import Column, Integer, MetaData, String, Table\n\nmetadata = MetaData()\n"
        'Table("users", metadata, Column("id", Integer, primary_key=True, autoincrement=False),'
        ' Column("name", String(50), nullable=False), Column("age", String(20)), Column("email", String(255)))\n',
    )
    done = shop.miger("generate", "add_email", "--schema", "models_of_shop:metadata", "--json")
    assert lines(done.document["differences"]) == {("add", "column users.email")}
    shop.miger("up")
    assert rows(shop, "SELECT name FROM names ORDER BY name")[0] == ("ann",)
    again = shop.miger("generate", "again", "--schema", "models_of_shop:metadata", "--json")
    assert again.document["differences"] == []


def test_a_rename_may_stand_in_the_schema_for_ever(shop: Sandbox) -> None:
    want(shop, "-- miger:rename users.name:full_name\n" + USERS.replace("name VARCHAR(50)", "full_name VARCHAR(50)"))
    shop.miger("generate", "full_name")
    shop.miger("up")
    assert rows(shop, "SELECT full_name FROM users ORDER BY id")[0] == ("ann",)
    assert shop.miger("generate", "again").out == ""


@pytest.mark.parametrize("answer", ["y\n", "\n"])
def test_a_rename_is_asked_for_on_a_terminal(shop: Sandbox, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    want(shop, USERS.replace("name VARCHAR(50)", "nname VARCHAR(50)"))
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    done = shop.miger("generate", "nname")
    assert "was the column users.name renamed to users.nname? [Y/n]" in done.err
    shop.miger("up")
    assert rows(shop, "SELECT nname FROM users ORDER BY id")[0] == ("ann",)


def test_no_rename_on_a_terminal_drops_the_column_after_another_yes(
    shop: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    want(shop, USERS.replace("age VARCHAR(20)", "page VARCHAR(20)"))
    before = written(shop)
    monkeypatch.setattr(sys, "stdin", Terminal("n\nn\n"))
    done = shop.miger("generate", "page", code=7)
    assert "column users.age: is dropped with 2 values" in done.err
    assert written(shop) == before
    monkeypatch.setattr(sys, "stdin", Terminal("n\ny\n"))
    assert files(shop.miger("generate", "page"))


def test_values_cut_off_are_told_with_examples(shop: Sandbox) -> None:
    shop.rows("CREATE TABLE prices (id INTEGER PRIMARY KEY, price NUMERIC(6, 2))")
    shop.rows("INSERT INTO prices (id, price) VALUES (1, 1.25), (2, 3)")
    want(shop, USERS + "CREATE TABLE prices (id INTEGER PRIMARY KEY, price INTEGER);\n")
    done = shop.miger("generate", "price", code=7)
    assert "column prices.price: 1 value loses something" in done.err
    assert "1.25" in done.err
    shop.miger("generate", "price", "--yes")
    shop.miger("up", "--yes")
    assert [int(price) for (price,) in rows(shop, "SELECT price FROM prices ORDER BY id")] == [1, 3]


def drafted(up: str, down: str) -> MigrationDraft:
    return MigrationDraft("trial", "sql", ("20260101000000_users",), up=up, down=down)


ADD = "ALTER TABLE users ADD COLUMN email VARCHAR(255);\n"
DROP = "ALTER TABLE users DROP COLUMN email;\n"


@pytest.mark.parametrize(
    ("up", "down", "message"),
    [
        (ADD.replace("email", "mail"), DROP.replace("email", "mail"), "after `up` the schema is not what is wanted"),
        (ADD, "SELECT 1;\n", "after `down` the schema is not what it was"),
        (ADD.replace("users", "nobody"), DROP, "up fails on a copy"),
        (ADD, DROP.replace("email", "mail"), "down fails on a copy"),
        (ADD, DROP, ""),
    ],
)
def test_a_draft_that_does_not_do_what_it_should_is_never_offered(
    shop: Sandbox, up: str, down: str, message: str
) -> None:
    with Project.open(shop.folder) as project:
        backend = backend_for(project.environment, project.config.history)
        backend.open()
        try:
            with backend.scratch(OWNER, 0) as copy:
                copy.execute(list(split(ADD, copy.dialect)))
                wanted = copy.read_catalog()
            with backend.scratch(OWNER, 100) as copy:
                found = contextlib.nullcontext() if not message else pytest.raises(MigerError, match=message)
                with found:
                    prove(copy, OWNER, shop.migrations, [drafted(up, down)], wanted, lambda catalog: catalog, NOW)
        finally:
            backend.close()
    assert written(shop) == {"20260101000000_users.sql"}
    assert rows(shop)[0] == (1, "ann", "31")


def test_with_a_server_for_scratch_databases_none_is_made_on_the_live_one(shop: Sandbox) -> None:
    if shop.sqlite:
        pytest.skip("SQLite has no server")
    url = json.dumps(shop.url)
    shop.configure(project='schema = "schema.sql"', environment=f"scratch = {url}")
    want(shop, USERS.replace("name VARCHAR(50)", "full_name VARCHAR(50)"))
    shop.miger("generate", "full_name", "--rename", "users.name:full_name")
    shop.miger("up")
    assert rows(shop, "SELECT full_name FROM users ORDER BY id")[0] == ("ann",)
    assert shop.miger("generate", "again").out == ""
