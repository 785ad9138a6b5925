"""Several changes in one migration: each is written for the tables as those before it leave them."""

from __future__ import annotations

import pytest

from miger.forms.changes import (
    AddColumn,
    AddForeignKey,
    Change,
    ColumnSpec,
    CreateIndex,
    CreateTable,
    DropColumn,
    RenameColumn,
)
from miger.forms.document_changes import AddField, CreateCollection, CreateDocumentIndex
from miger.forms.joining import join_changes
from miger.forms.shapes import ColumnShape, TableShape

from tests.app.forms_shop import fill, open_project, schema_of, write
from tests.app.sandbox import Sandbox
from tests.conftest import SQL_BACKENDS


@pytest.fixture(params=SQL_BACKENDS)
def shop(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> Sandbox:
    """Customers and orders on each SQL database in turn."""
    name: str = request.param
    url: str = request.getfixturevalue(f"{name}_url")
    sandbox = Sandbox(str(tmp_path_factory.mktemp("joined") / "shop"), name, url, capsys)
    fill(sandbox)
    return sandbox


CHANGES = (
    AddColumn("customers", ColumnSpec("nick", "varchar(20)")),
    CreateIndex("customers", "customers_nick", ("nick",)),
    RenameColumn("orders", "note", "remark"),
    CreateTable("phones", (ColumnSpec("id", "bigint", False), ColumnSpec("digits", "varchar(20)")), ("id",)),
    CreateIndex("phones", "phones_digits", ("digits",), unique=True),
)


@pytest.mark.parametrize("kind", ["sql", "python"])
def test_several_changes_apply_hold_and_go_back(shop: Sandbox, kind: str) -> None:
    with open_project(shop) as project:
        before, tables = schema_of(project), project.tables()
        joined = join_changes(CHANGES, shop.backend, kind, tables)
        assert not joined.problems
        assert joined.bodies is not None
        write(shop, joined.bodies)
        shop.miger("up", "--yes")
        assert "nick" in {c.name for t in project.tables() if t.name == "customers" for c in t.columns}
        assert "phones" in {table.name for table in project.tables()}
        shop.miger("verify")
        shop.miger("down", "--yes")
        assert schema_of(project) == before


def test_what_needs_the_definition_of_a_table_altered_before_it_is_refused(shop: Sandbox) -> None:
    with open_project(shop) as project:
        changes = (AddColumn("orders", ColumnSpec("a", "integer")), DropColumn("orders", "note"))
        joined = join_changes(changes, shop.backend, "sql", project.tables())
    [(number, problem)] = joined.problems
    assert (number, problem.field) == (1, "table")
    assert "migration of its own" in problem.hint
    assert joined.bodies is not None
    assert "DROP COLUMN note" not in joined.bodies.up


@pytest.mark.parametrize(
    "changes",
    [
        (RenameColumn("users", "a", "b"), AddColumn("users", ColumnSpec("a", "integer"))),
        (AddColumn("users", ColumnSpec("c", "integer")), RenameColumn("users", "c", "d")),
        (DropColumn("users", "a"), AddColumn("users", ColumnSpec("a", "integer"))),
    ],
)
def test_what_would_break_the_check_of_the_change_before_is_refused(changes: tuple[Change, ...]) -> None:
    columns = tuple(ColumnShape(name, "integer", definition=f"{name} integer") for name in ("a", "z"))
    joined = join_changes(changes, "postgresql", "sql", [TableShape("users", columns)])
    assert [(number, problem.field) for number, problem in joined.problems] == [(1, "table")]


def test_a_column_that_a_change_before_adds_cannot_be_added_again() -> None:
    change = AddColumn("users", ColumnSpec("a", "integer"))
    joined = join_changes((change, change), "sqlite", "sql", [TableShape("users", ())])
    assert [(number, problem.field) for number, problem in joined.problems] == [(1, "name")]


def test_what_runs_outside_of_a_transaction_stands_alone() -> None:
    tables = [TableShape("users", (), rows=0)]
    changes = (
        AddColumn("users", ColumnSpec("a", "integer")),
        CreateIndex("users", "users_a", ("a",), online=True),
    )
    joined = join_changes(changes, "postgresql", "sql", tables)
    assert [(number, problem.field) for number, problem in joined.problems] == [(1, "online")]


def test_python_checks_of_several_changes_all_have_to_hold() -> None:
    changes = (CreateCollection("a"), CreateDocumentIndex("a", "x_1", (("x", 1),)), AddField("b", "y", "1"))
    joined = join_changes(changes, "mongodb", "python", [TableShape("b", ())])
    assert not joined.problems
    assert joined.bodies is not None and joined.bodies.verify is not None
    scope: dict[str, object] = {}
    exec("def verify(db):\n" + "".join(f"    {line}\n" for line in joined.bodies.verify.splitlines()), scope)
    verify = scope["verify"]
    assert callable(verify)
    assert verify(_Answers(True, True, 0)) is True
    for there in ((False, True, 0), (True, False, 0), (True, True, 1)):
        assert verify(_Answers(*there)) is False


class _Answers:
    """What `verify` asks, answered without a database: whether its parts are put together right is all that counts."""

    def __init__(self, collection: bool, index: bool, missing: int) -> None:
        self._collection, self._index, self._missing = collection, index, missing

    def collections(self) -> list[str]:
        return ["a"] if self._collection else []

    def indexes(self, name: str) -> list[str]:
        return ["x_1"] if self._index else []

    def __getitem__(self, name: str) -> _Answers:
        return self

    def count_documents(self, filter: object, limit: int) -> int:
        return self._missing


def test_steps_of_the_same_name_are_refused() -> None:
    changes = (AddField("a", "x"), AddField("b", "x"))
    joined = join_changes(changes, "mongodb", "python", [TableShape("a", ()), TableShape("b", ())])
    assert [(number, problem.field) for number, problem in joined.problems] == [(1, "field")]


def test_names_that_nobody_knows_are_believed_only_where_they_are_enough() -> None:
    key = AddForeignKey("orders", "k", ("customer_id",), "customers", ("id",))
    for change, written in (
        (AddColumn("users", ColumnSpec("a", "integer")), True),
        (RenameColumn("users", "a", "b"), True),
        (DropColumn("users", "a"), False),
        (key, False),  # nothing is known of the table that it points to
    ):
        joined = join_changes((change,), "postgresql", "sql", [], trusting=True)
        assert (joined.bodies is not None) is written, change
        assert join_changes((change,), "postgresql", "sql", []).bodies is None
