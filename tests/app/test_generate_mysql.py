"""Migrations from schema changes on MySQL and MariaDB: written, run both ways, and read again."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from miger.backends.mysql import MysqlBackend
from miger.backends.registry import backend_for
from miger.engine.catalog import Catalog
from miger.engine.environments import Environment
from miger.engine.errors import RefusedError, StatementError
from miger.engine.owner import this_process
from miger.engine.secrets import Secret
from miger.engine.statements import split
from miger.forms.bodies import Bodies, imports_of, python_body, sql_body
from miger.forms.steps import Step
from miger.generate.compare import compare
from miger.generate.writing.mysql.write import write
from miger.generate.writing.written import Choices, Written

from tests.app.forms_shop import open_project
from tests.app.forms_shop import write as write_migration
from tests.app.mysql_pairs import PAIRS, TWO, USERS, Pair
from tests.app.sandbox import Sandbox
from tests.app.thinning import thinned

OWNER = this_process("test")


@contextmanager
def opened(url: str) -> Iterator[MysqlBackend]:
    backend = backend_for(Environment("test", Secret(f"{url}?ssl_disabled=true")), "miger_")  # TLS takes a while
    assert isinstance(backend, MysqlBackend)
    try:
        yield backend
    finally:
        backend.close()


def run(backend: Any, script: str) -> None:
    for statement in split(script, "mysql"):
        backend.execute([statement])


def made(url: str, script: str) -> Catalog:
    """What a script makes of an empty database, as the server tells of it."""
    with opened(url) as backend, backend.blank(OWNER) as blank:
        run(blank, script)
        return blank.read_catalog()


def catalog(url: str) -> Catalog:
    with opened(url) as backend:
        return backend.read_catalog()


def both_ways(pair: Pair, before: Catalog, after: Catalog) -> tuple[Written, Written]:
    found = compare(before, after)
    assert found
    there = write(found, before, after, Choices(pair.fills, pair.nulls))
    back = write(found.reverse(), after, before, Choices(back=True))
    return there, back


@pytest.mark.parametrize("name", PAIRS)
def test_what_is_written_makes_the_one_schema_of_the_other_and_back(name: str, mysql_url: str) -> None:
    pair = PAIRS[name]
    after = made(mysql_url, pair.after)
    with opened(mysql_url) as backend:
        run(backend, pair.before)
        run(backend, pair.rows)
        before = backend.read_catalog()
        kept = backend._query(pair.kept) if pair.kept else []
        there, back = both_ways(pair, before, after)
        for _ in range(2):
            run(backend, sql_body(there.expand, "mysql"))
            assert not compare(backend.read_catalog(), after)
            assert not pair.kept or backend._query(pair.kept) == kept
            run(backend, sql_body(back.expand, "mysql"))
            assert not compare(backend.read_catalog(), before)
            assert not pair.kept or backend._query(pair.kept) == kept
    assert not there.transaction
    assert not there.contract


IN_FILES = (
    "a column that must have a value",
    "a column that is filled",
    "columns of every kind that must have a value",
    "comments and odd names",
    "text becomes a number",
    "rows keep the time of their change",
    "a key that others point to becomes text",
    "a table that others pointed to goes",
    "foreign keys without names",
    "indexes of every kind",
    "another character set of some columns",
    "partitions",
    "triggers",
    "views that need each other",
    "routines and events",
    "names that have to be quoted",
)


@pytest.mark.parametrize("kind", ["sql", "python"])
@pytest.mark.parametrize("name", thinned(IN_FILES, 4))
def test_a_file_runs_both_ways(
    name: str, kind: str, mysql_url: str, tmp_path: os.PathLike[str], capsys: pytest.CaptureFixture[str]
) -> None:
    pair = PAIRS[name]
    after = made(mysql_url, pair.after)
    with opened(mysql_url) as backend:
        run(backend, pair.before)
        run(backend, pair.rows)
        before = backend.read_catalog()
    there, back = both_ways(pair, before, after)
    sandbox = Sandbox(f"{tmp_path}/shop", "mysql", f"{mysql_url}?ssl_disabled=true", capsys)
    write_migration(sandbox, bodies_of(kind, there.expand, back.expand))
    for go, wanted in (("up", after), ("down", before), ("up", after)):
        with open_project(sandbox) as project:
            project.up() if go == "up" else project.down()
        assert not compare(catalog(mysql_url), wanted)


def bodies_of(kind: str, there: Sequence[Step], back: Sequence[Step]) -> Bodies:
    if kind == "sql":
        return Bodies("sql", sql_body(there, "mysql"), sql_body(back, "mysql"), None, transaction=False)
    up, down = (python_body(steps, "mysql", transaction=False) for steps in (there, back))
    return Bodies("python", up, down, None, imports_of(up, down), transaction=False)


# --- what stands in the file ---------------------------------------------------------------------


def text(url: str, before: str, after: str, **choices: Any) -> str:
    """The way there, as SQL."""
    first, second = made(url, before), made(url, after)
    return sql_body(write(compare(first, second), first, second, Choices(**choices)).expand, "mysql")


def test_a_nullable_column_is_one_short_statement(mysql_url: str) -> None:
    said = text(mysql_url, USERS.format(""), USERS.format(", email varchar(255)"))
    assert said == "ALTER TABLE users ADD COLUMN email varchar(255);\n"


def test_a_type_that_has_to_be_converted_is_four_steps(mysql_url: str) -> None:
    said = text(
        mysql_url, "CREATE TABLE t (id int PRIMARY KEY, n varchar(9));", "CREATE TABLE t (id int PRIMARY KEY, n int);"
    )
    lines = [line.strip() for line in said.splitlines() if not line.startswith("--")]
    assert lines[0] == "ALTER TABLE t ADD COLUMN n_new int NULL AFTER n;"
    assert lines[1].startswith("UPDATE t SET n_new = ")
    assert lines[-3:] == ["ALTER TABLE t", "DROP COLUMN n,", "CHANGE COLUMN n_new n int;"]
    assert said.startswith("-- n becomes int(11), value by value; it stops at one that does not convert.")


def test_a_value_that_does_not_convert_stops_it_and_nothing_is_lost(mysql_url: str) -> None:
    with opened(mysql_url) as backend:
        run(backend, "CREATE TABLE t (id int PRIMARY KEY, n varchar(9)); INSERT INTO t VALUES (1, 'old'), (2, '4');")
        before, after = backend.read_catalog(), made(mysql_url, "CREATE TABLE t (id int PRIMARY KEY, n int);")
        with pytest.raises(StatementError):
            run(backend, sql_body(write(compare(before, after), before, after, Choices()).expand, "mysql"))
        assert backend._query("SELECT n FROM t ORDER BY id") == [("old",), ("4",)]


def test_an_index_that_a_foreign_key_makes_is_not_written(mysql_url: str) -> None:
    key = ", CONSTRAINT cp FOREIGN KEY (p) REFERENCES p (id)"
    said = text(mysql_url, f"{TWO}CREATE TABLE c (p int);", f"{TWO}CREATE TABLE c (p int{key});")
    assert said == "ALTER TABLE c ADD CONSTRAINT cp FOREIGN KEY(p) REFERENCES p (id);\n"


def test_what_is_lost_is_said_on_the_way_back(mysql_url: str) -> None:
    before, after = "CREATE TABLE t (a int);", "CREATE TABLE t (a int, b int); CREATE TABLE u (a int);"
    assert "not the values" not in text(mysql_url, before, after)
    back = text(mysql_url, before, after, back=True)
    assert "-- This brings the column back, but not the values that were in it." in back
    assert "-- This brings the table back, but not the rows that were in it." in back


def test_rows_that_need_a_value_of_their_own_get_that_of_the_key(mysql_url: str) -> None:
    said = text(mysql_url, USERS.format(""), USERS.format(", email varchar(90) NOT NULL UNIQUE"))
    assert "UPDATE users SET email = CAST(id AS CHAR) WHERE email IS NULL;" in said


def test_a_trigger_that_a_fill_sets_off_is_named(mysql_url: str) -> None:
    trigger = "CREATE TRIGGER seen BEFORE UPDATE ON users FOR EACH ROW SET NEW.name = OLD.name;"
    said = text(mysql_url, USERS.format("") + trigger, USERS.format(", n int NOT NULL") + trigger)
    assert "-- This runs the UPDATE trigger seen for each row." in said


@pytest.mark.parametrize("after", ["CREATE TABLE t (a int, s date, e date, PERIOD FOR p (s, e));"])
def test_what_no_alter_table_changes_is_refused(mysql_url: str, after: str) -> None:
    with pytest.raises(RefusedError, match="table t has another PERIOD"):
        text(mysql_url, "CREATE TABLE t (a int, s date NOT NULL, e date NOT NULL);", after)


def test_nothing_is_written_where_nothing_differs(mysql_url: str) -> None:
    one, other = (made(mysql_url, PAIRS["indexes of every kind"].after) for _ in range(2))
    assert write(compare(one, other), one, other, Choices()) == Written(())


# --- in two migrations ---------------------------------------------------------------------------


ONLINE = {
    "a column that must have a value": ("MODIFY COLUMN email varchar(255) NOT NULL", "ADD COLUMN email"),
    "text becomes a number": ("DROP COLUMN age", "ADD COLUMN age_new"),
    "a column of an index less": ("DROP COLUMN b", ""),
    "a wider primary key": ("DROP PRIMARY KEY", ""),
    "a foreign key": ("FOREIGN KEY", ""),
    "a key that others point to becomes text": ("CHANGE COLUMN id_new", "id_new"),
    "a larger key that others point to": ("", "MODIFY COLUMN id bigint"),
    "a table that others pointed to goes": ("DROP TABLE p", "DROP FOREIGN KEY"),
    "another generated column": ("ADD COLUMN b", ""),
    "labels more": ("", "MODIFY COLUMN a enum('x','y','z')"),
    "a column that others are made from": ("DROP COLUMN b", "a_new"),
}


@pytest.mark.parametrize("name", ONLINE)
def test_online_the_first_migration_takes_nothing_from_the_old_application(name: str, mysql_url: str) -> None:
    pair, (late, early) = PAIRS[name], ONLINE[name]
    after = made(mysql_url, pair.after)
    with opened(mysql_url) as backend:
        run(backend, pair.before)
        run(backend, pair.rows)
        before = backend.read_catalog()
        kept = backend._query(pair.kept) if pair.kept else []
        written = write(compare(before, after), before, after, Choices(pair.fills, pair.nulls, online=True))
        expand, contract = sql_body(written.expand, "mysql"), sql_body(written.contract, "mysql")
        assert early in expand
        assert late in contract
        assert not late or late not in expand
        run(backend, expand)
        run(backend, contract)
        assert not compare(backend.read_catalog(), after)
        assert not pair.kept or backend._query(pair.kept) == kept


def test_online_rows_that_came_meanwhile_are_converted_too(mysql_url: str) -> None:
    with opened(mysql_url) as backend:
        run(backend, "CREATE TABLE t (id int PRIMARY KEY, n varchar(9)); INSERT INTO t VALUES (1, '5'), (2, '6');")
        before, after = backend.read_catalog(), made(mysql_url, "CREATE TABLE t (id int PRIMARY KEY, n int);")
        written = write(compare(before, after), before, after, Choices(online=True))
        run(backend, sql_body(written.expand, "mysql"))
        run(backend, "UPDATE t SET n = '7' WHERE id = 2; INSERT INTO t (id, n) VALUES (3, '8'); ")
        run(backend, sql_body(written.contract, "mysql"))
        assert backend._query("SELECT id, n FROM t ORDER BY id") == [(1, 5), (2, 7), (3, 8)]
