"""Changes of tables by form: what is written loads, runs, holds, and takes itself back, on real databases."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import NamedTuple

import pytest

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
    DropIndex,
    DropTable,
    RenameColumn,
    RenameTable,
)
from miger.forms.verifying import queries_of
from miger.forms.write import find_table, write_change
from miger.project import Project

from tests.app.forms_shop import fill, open_project, schema_of, write
from tests.app.sandbox import Sandbox
from tests.app.thinning import thinned
from tests.conftest import SQL_BACKENDS


class Case(NamedTuple):
    change: Change
    only: tuple[str, ...] = SQL_BACKENDS
    moves: bool = False  # the column comes back at another place


TEXT = {"sqlite": "TEXT", "postgresql": "text", "mysql": "varchar(100)"}
CASES = {
    "add a column": Case(AddColumn("orders", ColumnSpec("color", "varchar(20)"))),
    "add a column with a default": Case(AddColumn("orders", ColumnSpec("stars", "integer", False, "3"))),
    "add a column with a computed default": Case(
        AddColumn("orders", ColumnSpec("at", "timestamp", False, "CURRENT_TIMESTAMP"))
    ),
    "add a column that must be filled": Case(
        AddColumn("orders", ColumnSpec("color", "varchar(20)", False), fill="lower(state)")
    ),
    "add a column of a type that SQLAlchemy has not": Case(
        AddColumn("orders", ColumnSpec("size", "tinyint unsigned")), ("mysql", "sqlite")
    ),
    "add an array": Case(AddColumn("orders", ColumnSpec("tags", "text[]", True, "'{a:b}'::text[]")), ("postgresql",)),
    "alter a type": Case(AlterColumn("orders", "state", type="varchar(200)")),
    "alter a type by an expression": Case(
        AlterColumn("orders", "note", type="integer", using="length(note)"), ("postgresql",)
    ),
    "forbid null": Case(AlterColumn("customers", "age", nullable=False, fill="1")),
    "allow null": Case(AlterColumn("orders", "state", nullable=True)),
    "set a default": Case(AlterColumn("orders", "state", default="'it''s new'")),
    "change a default": Case(AlterColumn("customers", "city", default="'Linz'")),
    "drop a default": Case(AlterColumn("customers", "city", drop_default=True)),
    "alter everything": Case(
        AlterColumn("customers", "city", type="varchar(90)", nullable=False, default="'Ulm'", fill="'Ulm'")
    ),
    "rename a column": Case(RenameColumn("orders", "note", "remark")),
    "drop the last column": Case(DropColumn("customers", "age")),
    "drop a column": Case(DropColumn("orders", "note"), ("mysql",)),
    "drop a column between others": Case(DropColumn("customers", "city"), ("sqlite", "postgresql"), moves=True),
    "drop a column that an index has": Case(DropColumn("orders", "state"), ("mysql",)),
    "drop a column of a partial index": Case(DropColumn("orders", "state"), ("sqlite", "postgresql"), moves=True),
    "drop a column of a foreign key": Case(DropColumn("orders", "customer_id", fill="1"), ("mysql",), moves=True),
    "drop a column that points elsewhere": Case(DropColumn("orders", "friend_id"), ("sqlite",)),
    "drop a unique column": Case(DropColumn("customers", "code"), ("sqlite",)),
    "add a foreign key": Case(
        AddForeignKey("orders", "orders_friend", ("note",), "customers", ("login",), "SET NULL"),
        ("sqlite", "postgresql"),
    ),
    "add a foreign key that needs an index": Case(
        AddForeignKey("orders", "orders_friend", ("friend",), "customers", ("login",)), ("mysql",)
    ),
    "add a foreign key that an index covers": Case(
        AddForeignKey("orders", "orders_buyer", ("customer_id",), "customers", ("id",)), ("mysql",)
    ),
    "add a foreign key online": Case(
        AddForeignKey("orders", "orders_buyer", ("customer_id",), "customers", ("id",), online=True), ("postgresql",)
    ),
    "drop a column that others point by": Case(
        DropColumn("orders", "customer_id", fill="1"), ("postgresql",), moves=True
    ),
    "drop a foreign key": Case(DropForeignKey("orders", "orders_customer")),
    "add an index": Case(CreateIndex("orders", "orders_by_amount", ("amount", "id"))),
    "add a unique index": Case(CreateIndex("customers", "customers_by_login", ("login",), unique=True)),
    "add a partial index": Case(
        CreateIndex("orders", "orders_big", ("amount",), where="amount > 6"), ("sqlite", "postgresql")
    ),
    "add an index online": Case(CreateIndex("orders", "orders_big", ("amount",), online=True), ("postgresql",)),
    "drop an index": Case(DropIndex("orders", "orders_by_customer"), ("sqlite", "postgresql")),
    "drop an odd index": Case(DropIndex("orders", "orders_by_state")),
    "drop an index online": Case(DropIndex("orders", "orders_by_state", online=True), ("postgresql",)),
    "create a table": Case(
        CreateTable(
            "parcels",
            (
                ColumnSpec("id", "bigint", False, identity=True),
                ColumnSpec("customer_id", "bigint", False),
                ColumnSpec("weight", "numeric(8, 3)", False, "0"),
                ColumnSpec("words", "varchar(80)", default="'none'"),
            ),
            ("id",),
            (AddForeignKey("parcels", "parcels_customer", ("customer_id",), "customers", ("id",), "cascade"),),
        )
    ),
    "rename a table": Case(RenameTable("orders", "purchases"), ("postgresql", "mysql")),
    "drop a table": Case(DropTable("orders")),
}
SQL, PYTHON = (
    [(backend, name, kind) for name, case in CASES.items() for backend in case.only] for kind in ("sql", "python")
)
MATRIX = [*SQL, *thinned(PYTHON, 2)]


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: object, capsys: pytest.CaptureFixture[str]) -> Sandbox:
    """The shop on the backend that the test names."""
    backend = request.getfixturevalue("backend")
    sandbox = Sandbox(f"{tmp_path}/shop", backend, str(request.getfixturevalue(f"{backend}_url")), capsys)
    fill(sandbox)
    return sandbox


def holds(project: Project, queries: tuple[str, ...]) -> bool:
    """Whether every query does, as `verify` sees it."""
    with project._pool.connection() as backend:
        backend.open()
        cursor = backend.driver_connection.cursor()  # type: ignore[attr-defined]
        for query in queries:
            try:
                cursor.execute(query)
            except Exception:
                return False
            names = [column[0].lower() for column in cursor.description]
            rows = cursor.fetchall()
            if "ok" in names and not all(row[names.index("ok")] for row in rows):
                return False
    return True


@pytest.mark.parametrize(("backend", "name", "kind"), MATRIX, ids=lambda value: value.replace(" ", "-"))
def test_a_change_by_form_runs_holds_and_takes_itself_back(shop: Sandbox, backend: str, name: str, kind: str) -> None:
    case = CASES[name]
    with open_project(shop) as project:
        tables, before = project.tables(), schema_of(project)
        bodies = write_change(case.change, backend, kind, tables)
        queries = queries_of(case.change, find_table(tables, case.change.table), backend)
        assert not holds(project, queries), "verify must fail where the change is not there"
    written = write(shop, bodies)
    if kind == "python":
        formatted = subprocess.run(
            [sys.executable, "-m", "ruff", "format", "--line-length", "100", "--isolated", "--diff", written.path],
            capture_output=True,
            text=True,
            check=False,
        )
        assert formatted.returncode == 0, formatted.stdout
    with open_project(shop) as project:
        refused = project.lint().refused
        assert isinstance(case.change, (DropColumn, DropTable)) or not refused, refused
        project.up()
        assert holds(project, queries)
        assert schema_of(project) != before
        project.down()
        after = schema_of(project)
        assert (shuffled(after) == shuffled(before)) if case.moves else (spaced(after) == spaced(before))
        assert project.status().counts["dirty"] == 0
        project.up()
        assert holds(project, queries)


def spaced(schema: dict[str, str]) -> dict[str, str]:
    return {name: " ".join(text.replace(",", " , ").replace(")", " )").split()) for name, text in schema.items()}


def shuffled(schema: dict[str, str]) -> dict[str, list[str]]:
    bare = {name: re.sub(r"--[^\n]*", "", text) for name, text in schema.items()}
    return {name: sorted(filter(None, map(str.strip, re.split(r"[,\n)]", text)))) for name, text in bare.items()}
