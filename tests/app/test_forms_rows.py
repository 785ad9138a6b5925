"""Backfills of tables by form, what the live schema offers, and names that are hostile, on real SQL databases."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miger.engine.errors import StepFailed, UsageError
from miger.forms.backfill import Backfill, backfill_problems, write_backfill
from miger.forms.changes import (
    AddColumn,
    AddForeignKey,
    AlterColumn,
    Change,
    ColumnSpec,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropForeignKey,
    DropTable,
    RenameColumn,
    RenameTable,
)
from miger.forms.checks import change_problems
from miger.forms.write import write_change

from tests.app.forms_shop import fill, open_project, schema_of, write
from tests.app.sandbox import Sandbox
from tests.conftest import SQL_BACKENDS

on_sql = pytest.mark.parametrize("backend_name", SQL_BACKENDS)


@pytest.fixture
def shop(sandbox: Sandbox) -> Sandbox:
    fill(sandbox)
    return sandbox


@on_sql
def test_the_live_schema_has_what_a_form_offers_and_nothing_of_ours(shop: Sandbox) -> None:
    with open_project(shop) as project:
        project.up()
        shop.table("20260101000000_more", "more")
        project.reload()
        project.up()
        shapes = {shape.name: shape for shape in project.tables()}
        assert list(shapes) == ["customers", "more", "orders"]
        customers, orders = shapes["customers"], shapes["orders"]
        assert customers.primary_key == orders.primary_key == ("id",)
        city, login = customers.column_named("city"), customers.column_named("login")
        assert city is not None and city.nullable and "Graz" in (city.default or "")
        assert login is not None and not login.nullable
        [key] = [key for key in orders.foreign_keys if key.columns == ("customer_id",)]
        assert (key.name, key.target, key.target_columns) == ("orders_customer", "customers", ("id",))
        by_customer = orders.index_named("orders_by_customer")
        by_state = orders.index_named("orders_by_state")
        assert by_customer is not None and by_customer.plain and by_customer.columns == ("customer_id",)
        assert by_state is not None and not by_state.plain
        assert [shape.name for shape in project.tables(limit=2)] == ["customers", "more"]


def test_no_file_is_made_by_looking_for_tables(sqlite_sandbox: Sandbox) -> None:
    with open_project(sqlite_sandbox) as project:
        assert project.tables() == []
    assert not sqlite_sandbox.sqlite or not __import__("os").path.exists(sqlite_sandbox.url[10:])


def test_other_schemas_of_postgresql_come_behind_and_take_changes(postgresql_sandbox: Sandbox) -> None:
    sandbox = postgresql_sandbox
    sandbox.rows('CREATE SCHEMA "Side"')
    sandbox.rows('CREATE TABLE "Side".parcels (id int PRIMARY KEY, at timestamptz, kind int[] NOT NULL)')
    with open_project(sandbox) as project:
        [shape] = project.tables()
        assert (shape.path, [column.type for column in shape.columns][1:]) == (
            "Side.parcels",
            ["timestamp with time zone", "integer[]"],
        )
        for number, (change, kind) in enumerate(
            [
                (AddColumn("parcels", ColumnSpec("x", "int"), schema="Side"), "python"),
                (CreateIndex("parcels", "by_at", ("at",), schema="Side"), "sql"),
                (DropTable("parcels", schema="Side"), "python"),
            ]
        ):
            before = schema_of(project)
            write(sandbox, write_change(change, "postgresql", kind, project.tables()), f"change{number}")
            project.reload()
            project.up()
            project.down()
            assert schema_of(project) == before
            project.up()


@on_sql
def test_a_backfill_goes_on_in_batches_and_verify_finds_what_is_left(shop: Sandbox) -> None:
    for number in range(3, 40):
        shop.rows(f"INSERT INTO customers (id, login, city) VALUES ({number}, 'c{number}', NULL)")
    backfill = Backfill("customers", "id", "city = 'at:noon'", "city IS NULL", 10, "city = NULL")
    with open_project(shop) as project:
        bodies = write_backfill(backfill, shop.backend, project.tables())
    written = write(shop, bodies, title="Cities")
    assert "transaction = false" in written.text and "size=10" in written.text
    with open_project(shop) as project:
        project.up()
        assert shop.rows("SELECT count(*) FROM customers WHERE city = 'at:noon'") == [(38,)]
        project.down()
        assert shop.rows("SELECT count(*) FROM customers WHERE city IS NULL") == [(39,)]


def test_a_backfill_that_leaves_rows_fails(sqlite_sandbox: Sandbox) -> None:
    fill(sqlite_sandbox)
    with open_project(sqlite_sandbox) as project:
        backfill = Backfill("customers", "id", "age = NULL", "age IS NULL")
        bodies = write_backfill(backfill, "sqlite", project.tables())
    assert bodies.down is None
    write(sqlite_sandbox, bodies)
    with open_project(sqlite_sandbox) as project, pytest.raises(StepFailed):
        project.up()


# Names

NAMES = st.text(
    st.characters(exclude_categories=["C", "Z"], exclude_characters="\0") | st.just(" "), min_size=1, max_size=12
)
REMEMBERED = ["order", """say "x" it's `t` ñ 表""", "per%cent %s %(a)s co:lon back\\slash", "dot.ted"]


def round_trip(sandbox: Sandbox, table: str, column: str, other: str, kind: str, run: int) -> None:
    """Every form on a table with these names, each up, down and up again."""
    spec = ColumnSpec(column, "varchar(20)" if sandbox.backend != "sqlite" else "TEXT", True, "'a:b %s'")
    key = ColumnSpec("id", "bigint", False, identity=True)
    sequence: list[Change] = [
        CreateTable(table, (key, spec), ("id",)),
        AddColumn(table, ColumnSpec(other, "integer", False, "3")),
        AlterColumn(table, column, default="'c:d %%'", nullable=False, fill="'x'"),
        CreateIndex(table, f"{other[:40]}_i", (column, other)),
        RenameColumn(table, other, f"{other}2"),
        DropColumn(table, f"{other}2"),
        AddColumn(table, ColumnSpec("parent", "bigint")),
        RenameTable(table, f"{table}2"),
        DropTable(f"{table}2"),
    ]
    if "." not in table:
        sequence.insert(7, AddForeignKey(table, f"{table[:40]}_fk", ("parent",), table, ("id",)))
        sequence.insert(8, DropForeignKey(table, f"{table[:40]}_fk"))
    for number, change in enumerate(sequence):
        with open_project(sandbox) as project:
            tables, before = project.tables(), schema_of(project)
            bodies = write_change(change, sandbox.backend, kind, tables)
            write(sandbox, bodies, f"run {run} change {number}", title="")
            project.reload()
            project.up()
            if number not in (5,):
                project.down()
                after = schema_of(project)
                assert {key_.replace('"', ""): None for key_ in after} == {
                    key_.replace('"', ""): None for key_ in before
                }
                project.up()


@on_sql
@pytest.mark.parametrize("kind", ["sql", "python"])
def test_reserved_and_odd_names_are_safe(sandbox: Sandbox, kind: str) -> None:
    for run, (table, column) in enumerate(zip(REMEMBERED, reversed(REMEMBERED), strict=True)):
        round_trip(sandbox, table, column, f"{column}x", kind, run)


@on_sql
@pytest.mark.parametrize("kind", ["sql", "python"])
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(table=NAMES, column=NAMES)
def test_any_name_is_safe_or_refused(sandbox: Sandbox, kind: str, table: str, column: str) -> None:
    with open_project(sandbox) as project:
        create = CreateTable(table, (ColumnSpec("id", "bigint", False), ColumnSpec(column, "integer")), ("id",))
        try:
            bodies = write_change(create, sandbox.backend, kind, project.tables())
        except UsageError:
            return
        before = schema_of(project)
        id = write(sandbox, bodies, f"names {len(project.graph)}", title="").id
        project.reload()
        project.up()
        columns = {shape.name: shape.columns for shape in project.tables()}[table]
        assert columns[1].name == column
        project.down(id)
        assert schema_of(project) == before
        project.up()


# Problems


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (AddColumn("nobody", ColumnSpec("x", "int")), "table"),
        (AddColumn("orders", ColumnSpec("note", "int")), "name"),
        (AddColumn("orders", ColumnSpec("", "int")), "name"),
        (AddColumn("orders", ColumnSpec("a\nb", "int")), "name"),
        (AddColumn("orders", ColumnSpec("x", "int; DROP TABLE orders")), "type"),
        (AddColumn("orders", ColumnSpec("x", "int, y int")), "type"),
        (AddColumn("orders", ColumnSpec("x", "int", True, "5 -- five")), "default"),
        (AddColumn("orders", ColumnSpec("x", "int", True, "(5")), "default"),
        (AddColumn("orders", ColumnSpec("x", "int", True, "'open")), "default"),
        (AddColumn("orders", ColumnSpec("x", "int", False)), "fill"),
        (AlterColumn("orders", "note"), "type"),
        (AlterColumn("orders", "nothing", nullable=True), "column"),
        (AlterColumn("orders", "note", type="int", using="1"), "using"),
        (DropColumn("orders", "id"), "column"),
        (CreateIndex("orders", "orders_by_state", ("note",)), "name"),
        (CreateIndex("orders", "x", ("nothing",)), "columns"),
        (CreateIndex("orders", "x", ()), "columns"),
        (AddForeignKey("orders", "x", ("note",), "customers", ("city",)), "target_columns"),
        (AddForeignKey("orders", "x", ("note",), "customers", ("id",), "EXPLODE"), "on_delete"),
        (RenameTable("orders", "CUSTOMERS"), "new_name"),
        (CreateTable("x", (ColumnSpec("a", "int", identity=True),)), "columns"),
        (CreateTable("x", ()), "columns"),
    ],
)
def test_what_stands_against_a_change_is_told_by_field(sqlite_sandbox: Sandbox, change: Change, field: str) -> None:
    fill(sqlite_sandbox)
    with open_project(sqlite_sandbox) as project:
        assert {problem.field for problem in change_problems(change, "sqlite", project.tables())} == {field}
        with pytest.raises(UsageError):
            write_change(change, "sqlite", "sql", project.tables())


def test_what_stands_against_a_backfill_is_told_by_field(sqlite_sandbox: Sandbox) -> None:
    fill(sqlite_sandbox)
    with open_project(sqlite_sandbox) as project:
        tables = project.tables()
        assert [p.field for p in backfill_problems(Backfill("none", "id", "a = 1"), tables)] == ["table"]
        assert [p.field for p in backfill_problems(Backfill("orders", "state", "note = 1"), tables)] == ["key"]
        assert [p.field for p in backfill_problems(Backfill("orders", "id", "note", "1;", 0), tables)] == [
            "size",
            "where",
            "values",
        ]
