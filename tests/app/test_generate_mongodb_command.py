"""`miger generate` on MongoDB from the command line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pymongo
import pytest

from tests.app.sandbox import Sandbox

WITH_AGE = """
collections:
  users:
    validator: {$jsonSchema: {properties: {age: {bsonType: AGE}}}}
    indexes: [{keys: {age: 1}}]
"""


@pytest.fixture
def project(tmp_path: object, mongodb_url: str, capsys: pytest.CaptureFixture[str]) -> Sandbox:
    """A project that wants users whose age is text."""
    sandbox = Sandbox(f"{tmp_path}/shop", "mongodb", mongodb_url, capsys)
    sandbox.configure(project='schema = "schema.yaml"')
    sandbox.write("schema.yaml", WITH_AGE.replace("AGE", "string"))
    return sandbox


@pytest.fixture
def database(mongodb_url: str) -> Iterator[Any]:
    with pymongo.MongoClient[dict[str, Any]](mongodb_url) as client:
        yield client.get_default_database()


def test_generate_writes_a_file_that_runs_and_then_has_nothing_to_do(project: Sandbox, database: Any) -> None:
    done = project.miger("generate", "users")
    (path,) = done.out.split()
    assert os.path.basename(path).endswith("_users.py")
    assert "add    collection users" in done.err
    project.miger("up")
    assert database["users"].index_information().keys() == {"_id_", "age_1"}
    done = project.miger("generate", "again")
    assert done.out == ""
    assert "nothing to do" in done.err
    project.miger("generate", "--check")
    assert len(os.listdir(project.migrations)) == 1


def test_what_differs_is_told_as_json_and_by_the_exit_code(project: Sandbox, database: Any) -> None:
    project.miger("generate", "users")
    project.miger("up")
    database["users"].insert_one({"age": "3"})
    project.write("schema.yaml", WITH_AGE.replace("AGE", "int"))
    assert project.miger("generate", "--check", code=3).out.splitlines() == [
        "change field users.age: string → int",
        "change validator of users",
    ]
    document = project.miger("--json", "generate", "numbers").document
    assert [item["kind"] for item in document["migrations"]] == ["mongodb"]
    assert document["losses"] == []


def test_losses_are_refused_without_a_word_for_them(project: Sandbox, database: Any) -> None:
    project.miger("generate", "users")
    project.miger("up")
    database["users"].insert_many([{"age": "old"}, {"age": "007"}])
    project.write("schema.yaml", WITH_AGE.replace("AGE", "[int, 'null']"))
    refused = project.miger("generate", "numbers", "--yes", code=7)
    assert 'field users.age: 1 value does not convert to int ("old")' in refused.err
    assert "--nulls users.age" in refused.err
    refused = project.miger("generate", "numbers", "--nulls", "users.age", code=7)
    assert "`--yes` writes it all the same" in refused.err
    project.miger("generate", "numbers", "--nulls", "users.age", "--yes")
    project.miger("up")
    assert sorted(str(found["age"]) for found in database["users"].find()) == ["7", "None"]


def test_without_the_database_the_migrations_are_replayed(project: Sandbox, database: Any) -> None:
    project.miger("generate", "users")
    project.write("schema.yaml", WITH_AGE.replace("AGE", "int"))
    done = project.miger("generate", "numbers", "--offline")
    assert "change field users.age: string → int" in done.err
    assert database.list_collection_names() == []
    project.miger("up")
    project.miger("generate", "--check")
    project.miger("generate", "--check", "--offline")


def test_a_pending_migration_stands_against_it(project: Sandbox) -> None:
    project.miger("generate", "users")
    assert "not yet applied" in project.miger("generate", "more", code=7).err


def test_a_dry_run_prints_the_file_and_writes_none(project: Sandbox) -> None:
    done = project.miger("generate", "users", "--dry-run")
    assert "db.create_collection(" in done.out
    assert os.listdir(project.migrations) == []


def test_collections_that_drift_ignores_are_left_alone(project: Sandbox, database: Any) -> None:
    project.configure(project='schema = "schema.yaml"\ndrift_ignore = ["collection audit_*"]')
    project.write("schema.yaml", "complete: true\ncollections: {}\n")
    database.create_collection("audit_log")
    project.miger("generate", "--check")
    database.create_collection("other")
    assert project.miger("generate", "--check", code=3).out == "drop   collection other\n"


def test_what_makes_no_sense_here_is_told(project: Sandbox) -> None:
    assert "one migration" in project.miger("generate", "x", "--online", code=2).err
    assert "COLLECTION.FIELD" in project.miger("generate", "x", "--fill", "people.age=1", code=2).err
    assert "is no JSON" in project.miger("generate", "x", "--fill", "users.age=old", code=2).err
