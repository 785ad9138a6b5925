"""Changes of collections by form, and backfills, on a real MongoDB."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pymongo
import pytest
from pymongo.database import Database

from miger.forms.backfill import DocumentBackfill, backfill_problems, write_backfill
from miger.forms.document_changes import (
    AddField,
    CreateCollection,
    CreateDocumentIndex,
    DocumentChange,
    DropCollection,
    DropDocumentIndex,
    RemoveField,
    RenameCollection,
    RenameField,
    SetValidator,
)
from miger.forms.document_checks import document_problems
from miger.forms.document_write import write_document_change

from tests.app.forms_shop import open_project, schema_of, write
from tests.app.sandbox import Sandbox

VALIDATOR = '{"$jsonSchema": {"required": ["login"], "properties": {"login": {"bsonType": "string", "maxLength": 40}}}}'


@pytest.fixture
def users(tmp_path: object, mongodb_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[Sandbox, Any]]:
    """A collection of 25 users with a validator and indexes, and another one."""
    with pymongo.MongoClient[dict[str, Any]](mongodb_url) as client:
        database: Database[dict[str, Any]] = client.get_default_database()
        database.create_collection("users", validator={"login": {"$exists": True}}, validationLevel="moderate")
        database["users"].create_index([("login", 1)], unique=True)
        partial = {"age": {"$exists": True}}
        database["users"].create_index([("age", -1), ("login", 1)], name="old", partialFilterExpression=partial)
        documents = [{"login": f"u{n}", "age": n if n % 2 else None, "tags": ["x"]} for n in range(25)]
        database["users"].insert_many(documents)
        database["users"].insert_one({"login": "odd", "age": "old", "city": "Graz"})
        database.create_collection("logs")
        yield Sandbox(f"{tmp_path}/shop", "mongodb", mongodb_url, capsys), database


CHANGES: dict[str, DocumentChange] = {
    "add a field": AddField("users", "plan", '{"name": "free", "since": [2026, "it\'s \\"new\\""]}'),
    "rename a field": RenameField("users", "city", "town"),
    "remove a field": RemoveField("users", "city"),
    "create a collection": CreateCollection("orders", VALIDATOR),
    "create a plain collection": CreateCollection("odd name"),
    "rename a collection": RenameCollection("logs", "events"),
    "drop a collection": DropCollection("users"),
    "create an index": CreateDocumentIndex(
        "users", "by_city", (("city", 1), ("login", -1)), True, '{"city": {"$exists": true}}'
    ),
    "create a plain index": CreateDocumentIndex("users", "city_1", (("city", 1),)),
    "drop an index": DropDocumentIndex("users", "login_1"),
    "drop an odd index": DropDocumentIndex("users", "old"),
    "set a validator": SetValidator("users", VALIDATOR, "moderate", "warn"),
    "take a validator away": SetValidator("users", None),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_by_form_runs_holds_and_takes_itself_back(users: tuple[Sandbox, Any], name: str) -> None:
    sandbox, database = users
    change = CHANGES[name]
    with open_project(sandbox) as project:
        bodies, before = write_document_change(change, project.tables()), schema_of(project)
    documents = list(database["users"].find(sort=[("_id", 1)]))
    written = write(sandbox, bodies)
    with open_project(sandbox) as project:
        project.lint()
        project.up()
        assert not project.verify().failed
        changed = schema_of(project) != before or list(database["users"].find(sort=[("_id", 1)])) != documents
        assert changed, written.text
        project.down()
        assert usual(schema_of(project)) == usual(before)
        again = list(database["users"].find(sort=[("_id", 1)]))
        if name in ("rename a field", "add a field"):
            assert [dict(sorted(d.items())) for d in again] == [dict(sorted(d.items())) for d in documents]
        project.up()


def usual(schema: dict[str, str]) -> dict[str, str]:
    """Without what the server takes for granted where nobody says it."""
    said = ('"validationAction": "error", ', '"validationLevel": "strict", ', '"validator": {}')
    for words in said:
        schema = {name: text.replace(words, "") for name, text in schema.items()}
    return schema


def test_verify_fails_where_the_change_is_not_there(users: tuple[Sandbox, Any]) -> None:
    sandbox, database = users
    with open_project(sandbox) as project:
        bodies = write_document_change(AddField("users", "plan", '"free"'), project.tables())
    write(sandbox, bodies)
    with open_project(sandbox) as project:
        project.up()
        database["users"].update_one({"login": "u3"}, {"$unset": {"plan": ""}})
        assert project.verify().failed


def test_a_collection_has_the_fields_of_its_documents_with_their_kinds(users: tuple[Sandbox, Any]) -> None:
    sandbox, _ = users
    with open_project(sandbox) as project:
        project.up()
        shapes = {shape.name: shape for shape in project.tables()}
        assert list(shapes) == ["logs", "users"]  # no miger_
        fields = {field.name: (field.type, field.nullable) for field in shapes["users"].columns}
        assert fields["login"] == ("string", False)
        assert fields["age"] == ("int | null | string", True)
        assert fields["city"] == ("string", True)
        assert [index.name for index in shapes["users"].indexes] == ["login_1", "old"]
        assert dict(shapes["users"].options)["validationLevel"] == "moderate"
        assert len(project.tables(limit=1)) == 1


def test_a_backfill_changes_documents_in_batches_and_counts_what_is_left(users: tuple[Sandbox, Any]) -> None:
    sandbox, database = users
    backfill = DocumentBackfill("users", '[{"$set": {"age": 0}}]', '{"age": null}', 5, '{"$set": {"age": null}}')
    with open_project(sandbox) as project:
        bodies = write_backfill(backfill, "mongodb", project.tables())
    write(sandbox, bodies)
    with open_project(sandbox) as project:
        project.up()
        assert database["users"].count_documents({"age": 0}) == 13
        project.down()
        assert database["users"].count_documents({"age": None}) == 26


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (AddField("nobody", "x"), "collection"),
        (AddField("users", "$x"), "field"),
        (AddField("users", "a..b"), "field"),
        (AddField("users", "plan", "{"), "value"),
        (RenameField("users", "city", "age"), "new_name"),
        (RemoveField("users", "login"), "field"),
        (CreateCollection("users"), "collection"),
        (CreateCollection("system.x"), "collection"),
        (CreateCollection("x", "[1"), "validator"),
        (DropDocumentIndex("users", "none"), "name"),
        (CreateDocumentIndex("users", "old", (("x", 1),)), "name"),
        (CreateDocumentIndex("users", "new", ()), "keys"),
        (SetValidator("users", None, "hard"), "level"),
    ],
)
def test_what_stands_against_a_change_is_told_by_field(
    users: tuple[Sandbox, Any], change: DocumentChange, field: str
) -> None:
    with open_project(users[0]) as project:
        assert [problem.field for problem in document_problems(change, project.tables())] == [field]


def test_what_stands_against_a_backfill_is_told_by_field(users: tuple[Sandbox, Any]) -> None:
    with open_project(users[0]) as project:
        found = backfill_problems(DocumentBackfill("none", "x", "1", 0), project.tables())
        assert [problem.field for problem in found] == ["size", "collection", "update", "filter"]
