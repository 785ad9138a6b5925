"""Migrations of SQLite from one schema to another: there and back nothing differs, and nothing is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

import pytest

from miger.backends.sqlite_objects import read_catalog
from miger.engine.catalog import Catalog, Column
from miger.engine.errors import StepFailed
from miger.engine.owner import this_process
from miger.forms.bodies import Bodies, imports_of, python_body, sql_body
from miger.forms.steps import Remark, Step
from miger.generate.compare import compare
from miger.generate.writing.sqlite.write import write as write_steps
from miger.generate.writing.written import Choices, Written
from miger.project import Project

from tests.app.forms_shop import open_project, write
from tests.app.sandbox import Sandbox
from tests.app.sqlite_pairs import PAIRS, SHOP, SHOP_ROWS, USER_ROWS, USERS, Pair, changed, users
from tests.backends.test_sqlite_schema import DIFFERENT, PARENTS

OWNER = this_process("test")
MATRIX = [
    pytest.param(name, kind, id=f"{name.replace(' ', '-')}-{kind}")
    for name, pair in PAIRS.items()
    for kind in (("sql", "python") if pair.python else ("sql",))
]


def run_script(sandbox: Sandbox, script: str) -> None:
    with sqlite3.connect(sandbox.url.removeprefix("sqlite:///")) as connection:
        connection.executescript(script)
    connection.close()


def catalog_of(project: Project) -> Catalog:
    with project._pool.connection() as backend:
        return backend.read_catalog()


def wanted_of(project: Project, script: str) -> Catalog:
    """The catalog that a script makes in an empty database."""
    with project._pool.connection() as backend, backend.blank(OWNER) as empty:
        empty.open()
        empty._connect().executescript(script)  # type: ignore[attr-defined]
        return empty.read_catalog()


def choices_of(pair: Pair) -> Choices:
    return Choices({(table, column): value for table, column, value in pair.fills})


def bodies_of(kind: str, up: Written, down: Written) -> Bodies:
    body = sql_body if kind == "sql" else python_body
    texts = (body(up.expand, "sqlite"), body(down.expand, "sqlite"))
    return Bodies(kind, *texts, None, imports_of(*texts) if kind == "python" else ())


def generate(sandbox: Sandbox, kind: str, after: str, choices: Choices) -> tuple[Catalog, Catalog, str]:
    """Writes the migration; what was, what is wanted, and its text."""
    with open_project(sandbox) as project:
        live, wanted = catalog_of(project), wanted_of(project, after)
        found = compare(live, wanted)
        up = write_steps(found, live, wanted, choices)
        down = write_steps(found.reverse(), wanted, live, Choices(back=True))
        written = write(sandbox, bodies_of(kind, up, down))
    return live, wanted, written.text


def rows_of(sandbox: Sandbox, catalog: Catalog, other: Catalog) -> dict[str, list[tuple[object, ...]]]:
    """The rows of each table that both have, in the columns that are the same in both, with the row's number."""
    found = {}
    for table in catalog.tables:
        twin = other.table(table.path)
        if twin is None or not table.columns:
            continue
        alike = [
            f'"{column.name}"'.replace('"the "x""', '"the ""x"""')
            for column in table.columns
            if (same := twin.column(column.name)) is not None and same.type == column.type
        ]
        number = "" if "WITHOUT ROWID" in table.options + twin.options else "rowid, "
        columns = ", ".join(alike) or "NULL"
        found[table.name] = sandbox.rows(
            f'SELECT {number}{columns} FROM "{table.name}" ORDER BY {alike[0] if alike else 1}'
        )
    return found


def loses(live: Catalog, wanted: Catalog) -> bool:
    """Whether a table or a column goes."""
    twins = [(table, wanted.table(table.path)) for table in live.tables]
    return any(
        twin is None or {column.name for column in table.columns} - {column.name for column in twin.columns}
        for table, twin in twins
    )


def counters(sandbox: Sandbox) -> Mapping[str, int]:
    if not sandbox.rows("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"):
        return {}
    return dict(sandbox.rows("SELECT name, seq FROM sqlite_sequence WHERE name NOT LIKE 'miger%'"))


@pytest.mark.parametrize(("name", "kind"), MATRIX)
def test_there_and_back_gives_what_was_wanted_and_keeps_the_rows(sqlite_sandbox: Sandbox, name: str, kind: str) -> None:
    pair, sandbox = PAIRS[name], sqlite_sandbox
    run_script(sandbox, pair.before)
    has_users = "CREATE TABLE users (id" in pair.before
    run_script(sandbox, pair.rows if pair.rows != USER_ROWS or has_users else "")
    live, wanted, text = generate(sandbox, kind, pair.after, choices_of(pair))
    assert compare(live, wanted), "the pair must differ"
    if kind == "sql":
        assert all(words in text for words in pair.has), text
        assert not any(words in text for words in pair.has_not), text
    rows, counted = rows_of(sandbox, live, wanted), counters(sandbox)
    with open_project(sandbox) as project:
        refused = {hazard.code for hazard in project.lint().refused}
        assert refused <= ({"drop-column", "drop-table"} if loses(live, wanted) or "age_new" in text else set())
        project.up()
        assert not compare(catalog_of(project), wanted), text
        assert list(rows_of(sandbox, wanted, live).values()) == list(rows.values()) or pair.fills, text
        if pair.look:
            assert tuple(value for (value,) in sandbox.rows(pair.look)) == pair.found, text
        assert sandbox.rows("PRAGMA foreign_key_check") == []
        project.down()
        assert not compare(catalog_of(project), live), text
        assert list(rows_of(sandbox, live, wanted).values()) == list(rows.values()) or pair.fills, text
        assert counters(sandbox) == counted or name == "AUTOINCREMENT"
        assert sandbox.rows("PRAGMA foreign_key_check") == []
        project.up()
        assert not compare(catalog_of(project), wanted), text


# Step by step, in memory


def opened(*scripts: str) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.executescript(";".join(scripts))
    return connection


def read(connection: sqlite3.Connection) -> Catalog:
    return read_catalog(lambda query: connection.execute(query).fetchall(), ())


def made(*scripts: str) -> Catalog:
    return read(opened(*scripts))


def run(connection: sqlite3.Connection, steps: tuple[Step, ...]) -> str:
    text = sql_body(steps, "sqlite")
    connection.executescript(f"BEGIN; {text} COMMIT;")
    return text


def bare(catalog: Catalog) -> Catalog:
    """The catalog without the texts of its tables, as one that was put together."""
    tables = [table._replace(definition="") if table.columns else table for table in catalog.tables]
    return catalog._replace(tables=tuple(tables))


TWO = {
    **{f"pair {name}": (pair.before, pair.after) for name, pair in PAIRS.items()},
    **{f"one thing: {name}": pair for name, pair in DIFFERENT.items()},
}


@pytest.mark.parametrize(("one", "other"), TWO.values(), ids=TWO)
def test_there_and_back_from_values_alone(one: str, other: str) -> None:
    connection = opened(PARENTS, one)
    before, after = made(PARENTS, one), made(PARENTS, other)
    found = compare(before, after)
    run(connection, write_steps(found, before, bare(after), Choices()).expand)
    assert not compare(read(connection), after)
    run(connection, write_steps(found.reverse(), after, bare(before), Choices(back=True)).expand)
    assert not compare(read(connection), before)


def is_row(column: Column) -> bool:
    """Whether it is a name of what every row has."""
    return column.definition == "INTEGER" and not column.nullable


@pytest.mark.parametrize("name", PAIRS)
def test_online_there_is_a_schema_between_the_two(name: str) -> None:
    pair = PAIRS[name]
    connection = opened(pair.before)
    if pair.rows != USER_ROWS or "CREATE TABLE users (id" in pair.before:
        connection.executescript(pair.rows)
    before, after = made(pair.before), made(pair.after)
    written = write_steps(compare(before, after), before, after, choices_of(pair)._replace(online=True))
    run(connection, written.expand)
    middle = read(connection)
    for table in before.tables:
        found = next(other for other in middle.tables if other.name.lower() == table.name.lower())
        names = {column.name.lower() for column in found.columns}
        assert names >= {column.name.lower() for column in table.columns}, "the old version's columns are there"
    for table in after.tables:
        if any(thing.name == table.name for thing in before.things):
            continue  # it is a view until then
        found = next(other for other in middle.tables if other.name.lower() == table.name.lower())
        names = {column.name.lower() for column in (*found.columns, *filter(is_row, table.columns))}
        assert names >= {column.name.lower() for column in table.columns}, "the new version's columns are there"
    run(connection, written.contract)
    assert not compare(read(connection), after)
    if pair.look:
        assert tuple(value for (value,) in connection.execute(pair.look)) == pair.found
    back = write_steps(compare(after, middle), after, middle, Choices(back=True))
    run(connection, back.expand)
    assert not compare(read(connection), middle)


T = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT{});"


def test_online_both_versions_write_while_it_runs() -> None:
    before = made(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, gone TEXT NOT NULL, age TEXT); CREATE UNIQUE INDEX i ON t (gone)"
    )
    after = made(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, fresh TEXT NOT NULL, age INTEGER); CREATE UNIQUE INDEX j ON t (fresh)"
    )
    connection = opened(before.tables[0].definition, "INSERT INTO t VALUES (1, 'x', '1')")
    choices = Choices({("t", "fresh"): "'f' || id"}, online=True)
    written = write_steps(compare(before, after), before, after, choices)
    run(connection, written.expand)
    connection.execute("INSERT INTO t (gone, age) VALUES ('y', '2')")
    connection.execute("UPDATE t SET age = '11' WHERE id = 1")
    connection.execute("INSERT INTO t (fresh, age_new) VALUES ('new', 3)")
    connection.execute("UPDATE t SET age = '3' WHERE fresh = 'new'")
    connection.commit()
    run(connection, written.contract)
    assert not compare(read(connection), after)
    assert connection.execute("SELECT id, fresh, age FROM t ORDER BY id").fetchall() == [
        (1, "f1", 11),
        (2, "f2", 2),
        (3, "new", 3),
    ]


def test_equal_schemas_need_no_step() -> None:
    for pair in PAIRS.values():
        one = made(pair.before)
        assert write_steps(compare(one, one), one, one, Choices()) == Written(())
        assert write_steps(compare(one, one), one, one, Choices(online=True)) == Written(())


# What must not get lost


def attempt(before: str, after: str, rows: str, choices: Choices) -> tuple[sqlite3.Connection, str]:
    """Runs the way up; what it fails with, "" where it does not."""
    connection = opened(before, rows)
    one, other = made(before), made(after)
    text = sql_body(write_steps(compare(one, other), one, other, choices).expand, "sqlite")
    try:
        connection.executescript(f"BEGIN; {text} COMMIT;")
    except sqlite3.Error as error:
        connection.rollback()
        assert not compare(read(connection), one)
        return connection, str(error)
    assert not compare(read(connection), other)
    return connection, ""


ROWS = "INSERT INTO t VALUES (1, '12', 'x'), (2, 'twelve', 'x'), (3, NULL, 'y')"


@pytest.mark.parametrize("index", ["", "CREATE INDEX i ON t (a)"], ids=["beside", "anew"])
def test_a_value_that_does_not_convert_stops_it_unless_it_may_become_null(index: str) -> None:
    before = f"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT); {index}"
    after = f"CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT); {index}"
    connection, message = attempt(before, after, ROWS, Choices())
    assert "no integer: twelve" in message
    assert connection.execute("SELECT a FROM t ORDER BY id").fetchall() == [("12",), ("twelve",), (None,)]
    connection, message = attempt(before, after, ROWS, Choices(nulls=frozenset({("t", "a")})))
    assert not message
    assert connection.execute("SELECT a FROM t ORDER BY id").fetchall() == [(12,), (None,), (None,)]


def test_rows_without_a_value_stop_not_null() -> None:
    after = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT)"
    _, message = attempt(T.format(""), after, ROWS, Choices())
    assert message == "NOT NULL constraint failed: t__new.a"


@pytest.mark.parametrize("action", ["REPLACE", "IGNORE"])
def test_rows_that_a_new_constraint_would_leave_out_stop_it(action: str) -> None:
    after = T.format(f", UNIQUE (b) ON CONFLICT {action}")
    connection, message = attempt(T.format(""), after, ROWS, Choices())
    assert message == "UNIQUE constraint failed: t__new.b"
    assert connection.execute("SELECT count(*) FROM t").fetchone() == (3,)


def test_rows_that_would_point_to_nothing_stop_it(sqlite_sandbox: Sandbox) -> None:
    parents = "CREATE TABLE parents (id INTEGER PRIMARY KEY);"
    run_script(sqlite_sandbox, f"{parents} CREATE TABLE children (id INTEGER PRIMARY KEY, parent INT);")
    run_script(sqlite_sandbox, "INSERT INTO children VALUES (1, 99)")
    after = f"{parents} CREATE TABLE children (id INTEGER PRIMARY KEY, parent INT REFERENCES parents);"
    live, _, _ = generate(sqlite_sandbox, "sql", after, Choices())
    with open_project(sqlite_sandbox) as project:
        with pytest.raises(StepFailed, match="1 rows of children would point to nothing in parents"):
            project.up()
        assert not compare(catalog_of(project), live)


def test_deleting_rows_of_a_rebuilt_parent_does_not_reach_its_children(sqlite_sandbox: Sandbox) -> None:
    run_script(sqlite_sandbox, SHOP + SHOP_ROWS)
    generate(sqlite_sandbox, "sql", changed(SHOP, ("code TEXT, --", "code TEXT UNIQUE, --")), Choices())
    with open_project(sqlite_sandbox) as project:
        project.up()
        assert sqlite_sandbox.rows("SELECT count(*) FROM orders") == [(2,)]
        project.down()
        assert sqlite_sandbox.rows("SELECT count(*) FROM orders") == [(2,)]


def test_names_that_are_taken_are_not_used() -> None:
    before = "CREATE TABLE t (a TEXT, a_new TEXT); CREATE TABLE t__new (x); CREATE VIEW t__new2 AS SELECT 1"
    after = "CREATE TABLE t (a INTEGER, a_new TEXT UNIQUE); CREATE TABLE t__new (x); CREATE VIEW t__new2 AS SELECT 1"
    connection, message = attempt(before, after, "INSERT INTO t VALUES ('1', 'b')", Choices())
    assert not message
    assert connection.execute("SELECT a, a_new FROM t").fetchall() == [(1, "b")]
    after = "CREATE TABLE t (a INTEGER, a_new TEXT); CREATE TABLE t__new (x); CREATE VIEW t__new2 AS SELECT 1"
    connection, message = attempt(before, after, "INSERT INTO t VALUES ('1', 'b')", Choices())
    assert not message
    assert connection.execute("SELECT a, a_new FROM t").fetchall() == [(1, "b")]


def test_what_somebody_wrote_stays_as_it_was_written() -> None:
    wanted = changed(SHOP, ("code TEXT, --", "code TEXT UNIQUE, --"))
    connection = opened(SHOP, SHOP_ROWS)
    before, after = made(SHOP), made(wanted)
    run(connection, write_steps(compare(before, after), before, after, Choices()).expand)
    texts = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall())
    assert "code TEXT UNIQUE, -- printed on parcels" in texts["customers"]
    assert (
        texts["rich"]
        == "CREATE VIEW rich AS SELECT orders.id, login FROM orders JOIN customers ON customers.id = customer_id"
    )


def test_the_way_back_says_what_does_not_come_back() -> None:
    one, other = made(SHOP), made(USERS)
    back = write_steps(compare(other, one), other, one, Choices(back=True)).expand
    assert back.count(Remark("This brings the table back, but not the rows that were in it.")) == 2
    there = write_steps(compare(other, one), other, one, Choices()).expand
    assert not any(isinstance(step, Remark) for step in there)
    less, more = made(users("id INTEGER PRIMARY KEY")), made(users("id INTEGER PRIMARY KEY, a TEXT, b TEXT NOT NULL"))
    texts = [
        step.text
        for step in write_steps(compare(less, more), less, more, Choices(back=True)).expand
        if isinstance(step, Remark)
    ]
    assert len(texts) == 1
    assert texts[0].startswith("This brings the column back, but not the values that were in it. SQLite cannot")
