"""Migrations for PostgreSQL written from differences: they make what is wanted, keep the rows, and take it all back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from miger.backends.registry import backend_for
from miger.engine.backend import Backend
from miger.engine.catalog import Catalog
from miger.engine.environments import Environment
from miger.engine.errors import RefusedError
from miger.engine.owner import this_process
from miger.engine.secrets import Secret
from miger.forms.bodies import Bodies, imports_of, python_body, sql_body
from miger.generate.compare import compare
from miger.generate.writing.postgresql.write import write as write_steps
from miger.generate.writing.written import Choices, Written

from tests.app.forms_shop import open_project, write
from tests.app.postgresql_pairs import PAIRS, PLAIN, Pair
from tests.app.sandbox import Sandbox
from tests.app.thinning import thinned

OWNER = this_process("test")


class Place:
    """A project with its database, and what it is compared with."""

    def __init__(self, tmp_path: Path, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.url = url
        self.sandbox = Sandbox(f"{tmp_path}/shop", "postgresql", url, capsys)
        self.backend: Backend = backend_for(Environment("test", Secret(url)), "miger_")

    def run(self, sql: str) -> None:
        if sql.strip():
            with psycopg.connect(self.url, autocommit=True) as connection:
                connection.execute(sql)  # type: ignore[call-overload]

    def rows(self, queries: tuple[str, ...]) -> list[Any]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return [connection.execute(query).fetchall() for query in queries]  # type: ignore[call-overload]

    def catalog(self) -> Catalog:
        self.backend.open()
        return self.backend.read_catalog()

    def wanted(self, sql: str) -> Catalog:
        with self.backend.blank(OWNER) as blank:
            blank.open()
            if sql.strip():
                blank.driver_connection.execute(sql)  # type: ignore[attr-defined]
            return blank.read_catalog()


@pytest.fixture
def place(tmp_path: Path, postgresql_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Place]:
    """A project on a fresh database."""
    made = Place(tmp_path, postgresql_url, capsys)
    with contextlib.closing(made.backend):
        yield made


def bodies(kind: str, up: Written, down: Written) -> Bodies:
    """One migration with all steps of both ways."""
    if kind == "sql":
        texts = [sql_body(found.expand + found.contract, "postgresql") for found in (up, down)]
    else:
        transaction = up.transaction and down.transaction
        texts = [
            python_body(found.expand + found.contract, "postgresql", transaction=transaction) for found in (up, down)
        ]
    imports = imports_of(*texts) if kind == "python" else ()
    return Bodies(kind, texts[0], texts[1] or None, None, imports, up.transaction and down.transaction)


def both(pair: Pair, before: Catalog, after: Catalog, *, online: bool = False) -> tuple[Written, Written]:
    """The ways there and back."""
    found = compare(before, after)
    fills = {(table, column): value for table, column, value in pair.fills}
    up = write_steps(found, before, after, Choices(fills=fills, online=online))
    return up, write_steps(found.reverse(), after, before, Choices(online=online, back=True))


def carried_out(place: Place, pair: Pair, kind: str, *, online: bool = False) -> None:
    """Makes the first schema, goes to the second one and back, and there again, and looks each time."""
    place.run(pair.before + pair.rows)
    kept = place.rows(pair.kept)
    before, after = place.catalog(), place.wanted(pair.after)
    if before == after:
        assert pair.before == pair.after
        assert not compare(before, after)
        return
    assert compare(before, after)
    written = write(place.sandbox, bodies(kind, *both(pair, before, after, online=online)))
    with open_project(place.sandbox) as project:
        project.up()
        assert not compare(place.catalog(), after), written.text
        assert place.rows(pair.kept) == kept, written.text
        project.down()
        assert not compare(place.catalog(), before), written.text
        assert place.rows(pair.kept) == kept, written.text
        project.up()
        assert not compare(place.catalog(), after), written.text


@pytest.mark.parametrize("name", PAIRS)
def test_what_is_written_makes_what_is_wanted_and_takes_it_back(place: Place, name: str) -> None:
    carried_out(place, PAIRS[name], "sql")


@pytest.mark.parametrize("name", thinned(PAIRS, 8))
def test_the_same_in_python(place: Place, name: str) -> None:
    carried_out(place, PAIRS[name], "python")


@pytest.mark.parametrize("name", thinned(PAIRS, 8, 1))
def test_from_the_second_schema_to_the_first(place: Place, name: str) -> None:
    pair = PAIRS[name]
    carried_out(place, Pair(pair.after, pair.before), "sql")


REFUSED = {
    "PARTITION BY": ("CREATE TABLE t (a int);", "CREATE TABLE t (a int) PARTITION BY RANGE (a);"),
    "INHERITS": (
        "CREATE TABLE p (a int); CREATE TABLE t () INHERITS (p);",
        "CREATE TABLE p (a int); CREATE TABLE t (a int);",
    ),
    "decides on the partition": (
        "CREATE TABLE t (a int) PARTITION BY LIST (a);",
        "CREATE TABLE t (a bigint) PARTITION BY LIST (a);",
    ),
    "composite type pair": (
        "CREATE TYPE pair AS (a int, b int); CREATE TABLE t (p pair);",
        "CREATE TYPE pair AS (b int); CREATE TABLE t (p pair);",
    ),
    "counts in its own way": (
        "CREATE TABLE t (id serial); ALTER TABLE t ALTER id DROP NOT NULL;",
        "CREATE TABLE t (id serial);",
    ),
    "is made of it": (
        "CREATE TYPE mood AS ENUM ('a', 'b'); CREATE DOMAIN d AS mood; CREATE TABLE t (d d);",
        "CREATE TYPE mood AS ENUM ('a'); CREATE DOMAIN d AS mood; CREATE TABLE t (d d);",
    ),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_postgresql_cannot_alter_is_refused_with_a_way_out(place: Place, reason: str) -> None:
    before, after = REFUSED[reason]
    place.run(before)
    catalogs = place.catalog(), place.wanted(after)
    with pytest.raises(RefusedError, match=reason) as refused:
        write_steps(compare(*catalogs), *catalogs, Choices())
    assert "by hand" in refused.value.hint


def statements(place: Place, before: str, after: str, choices: Choices | None = None) -> Written:
    place.run(before)
    catalogs = place.catalog(), place.wanted(after)
    return write_steps(compare(*catalogs), *catalogs, choices or Choices())


def test_a_column_more_is_one_plain_statement(place: Place) -> None:
    written = statements(place, "CREATE TABLE users (id int)", "CREATE TABLE users (id int, email varchar(255))")
    assert sql_body(written.expand, "postgresql").strip() == "ALTER TABLE users ADD COLUMN email VARCHAR(255);"
    python = python_body(written.expand, "postgresql")
    assert python.strip() == 'db.op.add_column("users", sqlalchemy.Column("email", sqlalchemy.String(255)))'


def test_a_value_that_does_not_convert_stops_the_migration_and_stays(place: Place) -> None:
    written = statements(
        place, PLAIN + "INSERT INTO users (name, age) VALUES ('x', 'old')", PLAIN.replace("age text", "age integer")
    )
    with pytest.raises(psycopg.Error):
        place.run(f"BEGIN; {sql_body(written.expand, 'postgresql')} COMMIT")
    assert place.rows(("SELECT age FROM users",)) == [[("old",)]]


def test_values_that_do_not_convert_become_null_where_that_was_chosen(place: Place) -> None:
    choices = Choices(nulls=frozenset({("users", "age")}))
    written = statements(
        place,
        PLAIN + "INSERT INTO users (name, age) VALUES ('x', 'old'), ('y', '7')",
        PLAIN.replace("age text", "age integer"),
        choices,
    )
    place.run(sql_body(written.expand, "postgresql"))
    assert place.rows(("SELECT age FROM users ORDER BY name",)) == [[(None,), (7,)]]


def test_a_label_that_is_used_at_once_needs_a_commit_before(place: Place) -> None:
    enum, days = "CREATE TYPE mood AS ENUM ('sad'{}); ", "CREATE TABLE days (mood mood DEFAULT '{}')"
    found = statements(place, enum.format("") + days.format("sad"), enum.format(", 'mad'") + days.format("mad"))
    assert not found.transaction


def test_a_label_that_is_only_added_does_not(place: Place) -> None:
    enum = "CREATE TYPE mood AS ENUM ('sad'{})"
    assert statements(place, enum.format(""), enum.format(", 'mad'")).transaction


def test_a_label_that_rows_have_is_not_lost(place: Place) -> None:
    enum, days = "CREATE TYPE mood AS ENUM ('sad'{}); ", "CREATE TABLE days (mood mood);"
    rows = "INSERT INTO days VALUES ('mad')"
    written = statements(place, enum.format(", 'mad'") + days + rows, enum.format("") + days)
    with pytest.raises(psycopg.Error, match="mad"):
        place.run(f"BEGIN; {sql_body(written.expand, 'postgresql')} COMMIT")
    assert place.rows(("SELECT mood::text FROM days",)) == [[("mad",)]]


def test_counting_goes_on_behind_the_largest_value(place: Place) -> None:
    written = statements(
        place,
        "CREATE TABLE t (id int NOT NULL, a int); INSERT INTO t VALUES (41)",
        "CREATE TABLE t (id int GENERATED BY DEFAULT AS IDENTITY, a int)",
    )
    place.run(sql_body(written.expand, "postgresql"))
    place.run("INSERT INTO t (a) VALUES (1)")
    assert place.rows(("SELECT id FROM t ORDER BY id",)) == [[(41,), (42,)]]


def test_what_comes_back_without_its_values_says_so(place: Place) -> None:
    written = statements(
        place, "CREATE TABLE t (a int)", "CREATE TABLE t (a int, b int); CREATE TABLE u (a int)", Choices(back=True)
    )
    text = sql_body(written.expand, "postgresql")
    assert "brings the column back" in text
    assert "brings the table back" in text


def test_online_indexes_are_built_beside_writers_and_constraints_looked_at_later(place: Place) -> None:
    written = statements(
        place,
        PLAIN,
        PLAIN.replace("age text", "age text UNIQUE CHECK (age <> '')") + "CREATE INDEX i ON users (name)",
        Choices(online=True),
    )
    text = sql_body(written.expand, "postgresql")
    assert "CREATE INDEX CONCURRENTLY i" in text
    assert "UNIQUE USING INDEX users_age_key" in text
    assert "NOT VALID;" in text
    assert "VALIDATE CONSTRAINT" in text
    assert not written.transaction
    assert not written.contract


def test_online_what_only_the_new_version_can_live_with_comes_second(place: Place) -> None:
    written = statements(
        place,
        "CREATE TABLE t (a text, b int NOT NULL, c int)",
        "CREATE TABLE t (a int, c int NOT NULL, d int)",
        Choices(online=True),
    )
    first, second = (sql_body(steps, "postgresql") for steps in (written.expand, written.contract))
    assert "DROP COLUMN" not in first
    assert "ADD COLUMN d" in first
    assert "ADD COLUMN a_new" in first
    assert "ALTER COLUMN b DROP NOT NULL" in first
    assert "RENAME a_new TO a" in second
    assert "DROP COLUMN b" in second
    assert "ALTER COLUMN c SET NOT NULL" in second


ONLINE = (
    "a table",
    "tables that point",
    "a column",
    "a column that must be filled",
    "a column that is filled by itself",
    "not null",
    "a longer text",
    "text to integer",
    "text to integer with all around it",
    "a key and what points to it become integers",
    "a column of a view less",
    "a column that much depends on",
    "a unique constraint",
    "another check",
    "two checks",
    "a foreign key",
    "a foreign key to a new column",
    "odd indexes",
    "another index",
    "a label more",
    "other labels with much around",
    "a view that becomes a table",
    "views on a column of another type",
    "a trigger on a column of another type",
    "another view with others on it",
    "a changed partitioned table",
)


@pytest.mark.parametrize("kind", ["sql", "python"])
@pytest.mark.parametrize("name", thinned(ONLINE, 3))
def test_in_two_migrations_beside_a_working_application(place: Place, name: str, kind: str) -> None:
    carried_out(place, PAIRS[name], kind, online=True)
