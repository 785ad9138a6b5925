"""What `miger generate` asks of the rows there are, where databases have words of their own."""

from __future__ import annotations

import os

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
