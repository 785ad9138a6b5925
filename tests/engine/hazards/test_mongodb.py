"""What a MongoDB migration loses, and which documents stand in its way."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient

from miger import Project
from miger.engine.hazards import mongodb
from miger.engine.hazards.values import Hazard

CODES = {"drop-collection", "drop-field", "validator-violations", "index-build"}
USERS = [{"_id": 1, "name": "ada", "age": 3}, {"_id": 2, "name": "ada"}, {"_id": 3, "phone": None}]


@pytest.fixture
def folder(tmp_path: Path, mongodb_url: str) -> Path:
    """A project on a database with three documents."""
    (tmp_path / "migrations").mkdir()
    (tmp_path / "miger.toml").write_text(f'[project]\nname = "p"\n[environments.dev]\nurl = "{mongodb_url}"\n')
    with MongoClient(mongodb_url) as client:  # type: ignore[var-annotated]
        client[urlsplit(mongodb_url).path.removeprefix("/")]["users"].insert_many(USERS)
    return tmp_path


def hazards_of(folder: Path, *lines: str, offline: bool = False) -> dict[str, Hazard]:
    body = "".join(f"    {line}\n" for line in lines)
    (folder / "migrations" / "0001_next.py").write_text(f"def up(db):\n{body}\n\ndef down(db):\n    pass\n")
    with Project.open(str(folder)) as project:
        report = project.lint(offline=offline)
    assert report.notes == ()
    return {hazard.code: hazard for hazard in report.hazards}


@pytest.mark.parametrize("line", ["db.drop_collection('users')", "db.users.drop()", "db.database['users'].drop()"])
def test_a_collection_with_documents_is_a_loss(folder: Path, line: str) -> None:
    hazard = hazards_of(folder, line)["drop-collection"]
    assert (hazard.severity, hazard.line) == ("error", 2)
    assert hazard.message == "collection users holds 3 documents that the drop loses"
    assert hazards_of(folder, line, offline=True)["drop-collection"].severity == "warning"
    assert hazards_of(folder, "db.drop_collection('empty')")["drop-collection"].severity == "info"
    assert hazards_of(folder, "db.create_collection('more')", "db.more.drop()") == {}
    assert set(hazards_of(folder, "db.rename_collection('users', 'users_until_june')")) == {"rename-table"}


@pytest.mark.parametrize(
    "lines",
    [
        ["db.users.update_many({}, {'$unset': {'name': ''}})"],
        ["for batch in db.batches('name', 'users'):", "    batch.update({'$unset': {'name': ''}})"],
    ],
)
def test_a_field_with_values_is_a_loss(folder: Path, lines: list[str]) -> None:
    hazard = hazards_of(folder, *lines)["drop-field"]
    assert (hazard.severity, hazard.message) == ("error", "users.name holds 2 values that the $unset loses")
    assert hazards_of(folder, *[line.replace("name", "phone") for line in lines])["drop-field"].severity == "info"
    assert hazards_of(folder, "db.users.update_many({}, {'$rename': {'name': 'old_name'}})") == {}


def test_a_filter_counts(folder: Path) -> None:
    found = hazards_of(folder, "db.users.update_many({'age': 3}, {'$unset': {'name': ''}})")
    assert "1 value " in found["drop-field"].message


def test_documents_that_break_a_validator_are_counted(folder: Path) -> None:
    hazard = hazards_of(folder, "db.set_validator('users', {'name': {'$type': 'string'}})")["validator-violations"]
    assert hazard.severity == "warning"
    assert hazard.message.startswith("1 document of users breaks the validator")
    assert hazards_of(folder, "db.set_validator('users', {'_id': {'$exists': True}})") == {}
    fixed = ["db.users.delete_one({'_id': 3})", "db.set_validator('users', {'name': {'$type': 'string'}})"]
    assert hazards_of(folder, *fixed) == {}


def test_duplicates_under_a_unique_index(folder: Path) -> None:
    hazard = hazards_of(folder, "db.create_index('users', 'name', unique=True)")["duplicate-values"]
    assert hazard.message == "it fails: 1 value of users.name occurs more than once, e.g. 'ada'"
    assert hazards_of(folder, "db.create_index('users', [('name', 1), ('_id', 1)], unique=True)") == {}
    assert hazards_of(folder, "db.users.delete_one({'_id': 2})", "db.users.create_index('name', unique=True)") == {}


def test_an_index_on_many_documents(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert hazards_of(folder, "db.create_index('users', 'name')") == {}
    monkeypatch.setattr(mongodb, "LARGE", 3)
    assert hazards_of(folder, "db.create_index('users', 'name')")["index-build"].severity == "warning"
    assert hazards_of(folder, "db.create_index('others', 'name')") == {}


def test_all_documents_at_once(folder: Path) -> None:
    assert hazards_of(folder, "db.users.delete_many({})")["delete-without-where"].severity == "error"
    assert hazards_of(folder, "db.users.delete_many({'age': 3})") == {}
