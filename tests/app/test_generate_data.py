"""What `miger generate` asks of the rows there are, where databases have words of their own."""

from __future__ import annotations

import os

import pytest

from tests.app.sandbox import Sandbox


def shop(sandbox: Sandbox, up: str, wanted: str) -> set[str]:
    """A project with one migration applied and another schema wanted; the files there are."""
    sandbox.configure(project='schema = "schema.sql"')
    sandbox.sql("20260101000000_first", up)
    sandbox.miger("up")
    sandbox.write("schema.sql", wanted)
    return set(os.listdir(sandbox.migrations))


def test_text_becomes_an_enum_that_is_not_there_yet(postgresql_sandbox: Sandbox) -> None:
    sandbox = postgresql_sandbox
    before = shop(
        sandbox,
        "CREATE TABLE t (id int PRIMARY KEY, mood text); INSERT INTO t VALUES (1, 'good'), (2, 'odd'), (3, NULL);",
        "CREATE TYPE mood AS ENUM ('good', 'bad'); CREATE TABLE t (id int PRIMARY KEY, mood mood);",
    )
    done = sandbox.miger("generate", "mood", code=7)
    assert "column t.mood: 1 value does not convert, text → mood ('odd')" in done.err
    assert set(os.listdir(sandbox.migrations)) == before
    sandbox.miger("generate", "mood", "--nulls", "t.mood", "--yes")
    sandbox.miger("up")
    assert sandbox.rows("SELECT mood::text FROM t ORDER BY id") == [("good",), (None,), (None,)]
    assert sandbox.miger("generate", "again").out == ""


def test_a_table_of_another_schema_goes_by_its_path(postgresql_sandbox: Sandbox) -> None:
    sandbox = postgresql_sandbox
    shop(
        sandbox,
        'CREATE SCHEMA shop; CREATE TABLE shop.users (id int PRIMARY KEY, "Age" text, mail text);'
        "INSERT INTO shop.users VALUES (1, 'old', 'a'), (2, '7', 'b');",
        'CREATE SCHEMA shop; CREATE TABLE shop.users (id int PRIMARY KEY, "Age" int, email text);',
    )
    done = sandbox.miger("generate", "age", "--rename", "shop.users.mail:email", code=7)
    assert "column shop.users.Age: 1 value does not convert" in done.err
    sandbox.miger("generate", "age", "--rename", "shop.users.mail:email", "--nulls", "shop.users.Age", "--yes")
    sandbox.miger("up")
    assert sandbox.rows('SELECT "Age", email FROM shop.users ORDER BY id') == [(None, "a"), (7, "b")]
    assert sandbox.miger("generate", "again").out == ""


def test_what_shows_only_when_it_runs_is_said_and_a_sample_tries_it(postgresql_sandbox: Sandbox) -> None:
    sandbox = postgresql_sandbox
    before = shop(
        sandbox,
        "CREATE TABLE t (id int PRIMARY KEY, data text); INSERT INTO t VALUES (1, '{');",
        "CREATE TABLE t (id int PRIMARY KEY, data jsonb);",
    )
    done = sandbox.miger("generate", "data", code=1)
    assert "up fails on a copy" in done.err
    assert set(os.listdir(sandbox.migrations)) == before
    sandbox.rows("UPDATE t SET data = '{}'")
    done = sandbox.miger("generate", "data")
    assert "whether all values of t.data become jsonb shows only when it runs" in done.err


def test_what_drift_ignores_is_neither_made_nor_dropped(postgresql_sandbox: Sandbox) -> None:
    sandbox = postgresql_sandbox
    shop(sandbox, "CREATE TABLE t (id int PRIMARY KEY);", "CREATE TABLE t (id int PRIMARY KEY, name text);")
    sandbox.rows("CREATE TABLE audit_t (id int)")
    sandbox.configure(project='schema = "schema.sql"\ndrift_ignore = ["table audit_*"]')
    document = sandbox.miger("generate", "name", "--json").document
    assert document["differences"] == [{"verb": "add", "object": "column t.name", "detail": "text"}]


def test_rows_that_come_later_stop_the_migration_rather_than_lose_their_values(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    shop(
        sandbox,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n TEXT);\nINSERT INTO t VALUES (1, '5');",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER);",
    )
    sandbox.miger("generate", "number")
    sandbox.rows("INSERT INTO t VALUES (2, 'five')")
    done = sandbox.miger("up", "--yes", code=1)
    assert "no integer: five" in done.err
    assert sandbox.rows("SELECT n FROM t ORDER BY id") == [("5",), ("five",)]


def test_a_list_of_texts_is_the_same_check_however_often_it_is_made(postgresql_sandbox: Sandbox) -> None:
    sandbox = postgresql_sandbox
    shop(
        sandbox,
        "CREATE TABLE t (id int PRIMARY KEY);",
        "CREATE DOMAIN size AS varchar(2) CHECK (VALUE IN ('s', 'm'));"
        "CREATE TABLE t (id int PRIMARY KEY, size size, currency varchar(3) CHECK (currency IN ('EUR', 'it''s')), "
        "local boolean GENERATED ALWAYS AS (currency NOT IN ('EUR', 'USD')) STORED);"
        "CREATE INDEX few ON t (id) WHERE currency IN ('EUR', 'USD');"
        "CREATE VIEW euros AS SELECT id FROM t WHERE currency IN ('EUR', 'EUX');",
    )
    sandbox.miger("generate", "currency")
    sandbox.miger("up")
    assert sandbox.miger("generate", "again").out == ""
    assert sandbox.miger("generate", "--check", "--offline").out == ""
    sandbox.miger("down", "--yes")
    sandbox.miger("up")


def test_a_rename_leaves_all_else_as_it_is(postgresql_sandbox: Sandbox) -> None:
    sandbox = postgresql_sandbox
    rest = (
        "COMMENT ON TABLE t IS 'it''s t'; COMMENT ON COLUMN t.id IS 'the key';"
        "ALTER TABLE t REPLICA IDENTITY FULL;"
        "CREATE VIEW safe WITH (security_barrier=true) AS SELECT id FROM t; COMMENT ON VIEW safe IS 'view';"
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'; COMMENT ON FUNCTION one() IS 'one';"
        "CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');"
        "CREATE TYPE mood AS ENUM ('good'); COMMENT ON TYPE mood IS 'mood';"
        "CREATE INDEX i ON t (id); COMMENT ON INDEX i IS 'index';"
    )
    table = (
        "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY (START WITH 1000 INCREMENT BY 10) PRIMARY KEY, {} text);"
    )
    shop(sandbox, table.format("mail") + rest, table.format("email") + rest)
    done = sandbox.miger("generate", "mail", "--rename", "t.mail:t.email")
    with open(done.out.strip(), encoding="utf-8") as file:
        content = file.read()
    assert content.startswith("-- Renames column mail of t to email.\n")
    assert content.count("ALTER TABLE") == 2
    assert not [line for line in content.splitlines() if line.startswith(("COMMENT", "DROP", "CREATE"))]


def test_tables_of_models_are_laid_out_without_tabs_and_blanks_at_the_end(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    sandbox.configure(project='schema = "models:metadata"')
    sandbox.write(
        "models.py",
        "from sqlalchemy import CheckConstraint, Column, Integer, MetaData, String, Table, text\n"
        "metadata = MetaData()\n"
        "Table('t', metadata, Column('id', Integer, primary_key=True), Column('a b', String, "
        "server_default=text(\"'x \\n\\ty'\")), CheckConstraint('id > 0', name='positive'))\n",
    )
    with open(sandbox.miger("generate", "t").out.strip(), encoding="utf-8") as file:
        content = file.read()
    assert "    \"a b\" VARCHAR DEFAULT 'x \n\ty',\n" in content
    assert not [line for line in content.replace("x \n\ty", "").splitlines() if "\t" in line or line != line.rstrip()]


def test_each_half_says_what_it_does_itself(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    shop(
        sandbox,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, mail TEXT);",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, login TEXT NOT NULL);",
    )
    titles = []
    for path in sandbox.miger("generate", "login", "--online", "--yes").out.split():
        with open(path, encoding="utf-8") as file:
            titles.append(file.readline())
    assert titles == [
        "-- Adds column login to t. Old and new versions of the application both work with it.\n",
        "-- Drops column mail from t and changes column login of t (NOT NULL). "
        "For when no old version of the application runs any more.\n",
    ]


@pytest.mark.parametrize("backend_name", ["mysql"], indirect=True)
def test_between_both_halves_a_foreign_key_that_changes_still_holds(sandbox: Sandbox) -> None:
    tables = (
        "CREATE TABLE shops (id int PRIMARY KEY); CREATE TABLE t (id int PRIMARY KEY, shop int, {}KEY by_shop (shop), "
        "CONSTRAINT of_shop FOREIGN KEY (shop) REFERENCES shops (id){});"
    )
    shop(sandbox, tables.format("", ""), tables.format("more int, ", " ON DELETE CASCADE"))
    first, second = sandbox.miger("generate", "cascade", "--online").out.split()
    with open(first, encoding="utf-8") as file:
        assert "of_shop" not in file.read().partition("-- miger:up")[2]
    with open(second, encoding="utf-8") as file:
        assert "DROP FOREIGN KEY of_shop" in file.read()
    sandbox.miger("up")
    assert sandbox.miger("generate", "again").out == ""
