"""Collections in YAML: what is wrong with a file is told with its line."""

from __future__ import annotations

import datetime
import os

import pytest

from miger.engine.errors import ConfigError, UsageError
from miger.generate.collections import yaml as collections_yaml
from miger.generate.collections.source import read_wanted
from miger.generate.collections.values import Collection, IndexSpec, WantedCollection, WantedSchema


def read(folder: os.PathLike[str], text: str) -> WantedSchema:
    with open(os.path.join(folder, "schema.yaml"), "w", encoding="utf-8") as file:
        file.write(text)
    return read_wanted("schema.yaml", os.fspath(folder))


def test_a_file_says_all_there_is_to_say(tmp_path: os.PathLike[str]) -> None:
    text = """
complete: true
collections:
  users:
    validator: {age: {$gte: 0}, since: {$gt: 2026-01-01}}
    level: off
    action: warn
    indexes:
      - keys: {email: 1, age: -1}
        unique: true
        name: by_email
    options: {capped: true, size: 4096}
    renamed_from: people
    renamed: {mail: email}
    fills: {plan: free}
  logs:
"""
    indexes = (IndexSpec((("email", 1), ("age", -1)), {"unique": True}, "by_email"),)
    validator = {"age": {"$gte": 0}, "since": {"$gt": datetime.datetime(2026, 1, 1)}}
    users = Collection("users", validator, "off", "warn", indexes, {"capped": True, "size": 4096})
    assert read(tmp_path, text) == WantedSchema(
        (
            WantedCollection(users, "people", {"mail": "email"}, {"plan": "free"}),
            WantedCollection(Collection("logs")),
        ),
        True,
    )


BAD = {
    "colections: {}": "schema.yaml:1: the file has no 'colections'\n    did you mean collections",
    "collections:\n  users:\n    validater: {}": "schema.yaml:3: users has no 'validater'\n    did you mean validator",
    "collections:\n  users:\n    indexes:\n      - unique: true": "schema.yaml:4: an index has no `keys`",
    "collections:\n  users:\n    indexes: {a: 1}": "schema.yaml:3: `indexes` is no list",
    "collections:\n  users:\n    indexes:\n      - keys: {a: 2}": "schema.yaml:4: the index on a has no direction 2",
    "collections:\n  users:\n    indexes:\n      - keys: {a: 1}\n        uniqe: 1": "schema.yaml:5: .* no 'uniqe'",
    "collections:\n  users:\n    level: hard": "schema.yaml:3: 'hard' is none of strict, moderate, off",
    "collections:\n  users: {}\n  users: {}": "schema.yaml:3: 'users' is there twice",
    "collections:\n  users:\n    validator:\n      a: 1\n      a: 2": "schema.yaml:5: 'a' is there twice",
    "collections:\n  users:\n    renamed: [a]": "schema.yaml:3: this is no list of names",
    "collections:\n  users:\n    renamed: {a: 1}": "schema.yaml:3: `renamed` is a list of `old: new`",
    "complete: often": "schema.yaml:1: 'often' is not true or false",
    "collections:\n  3: {}": "schema.yaml:2: 3 is no name here",
    "- a": "schema.yaml:1: the file is no list of names with values",
    "collections: {": "schema.yaml:1: is no YAML",
    "collections: !!python/name:os.system {}": "schema.yaml:1: collections has the tag",
    "a: 1\nb: \x07": "is no text",
}


@pytest.mark.parametrize("text", BAD)
def test_what_is_wrong_is_told_with_its_line(tmp_path: os.PathLike[str], text: str) -> None:
    with pytest.raises(ConfigError, match=BAD[text].replace("(", r"\(")):
        read(tmp_path, text)


def test_every_problem_is_told_at_once(tmp_path: os.PathLike[str]) -> None:
    with pytest.raises(ConfigError) as wrong:
        read(tmp_path, "collections:\n  users:\n    level: hard\n    action: none\n    odd: 1\n")
    assert [problem.line for problem in wrong.value.problems] == [5, 3, 4]


def test_an_empty_file_names_nothing(tmp_path: os.PathLike[str]) -> None:
    assert read(tmp_path, "# nothing yet\n") == WantedSchema(())


def test_a_file_that_is_not_there_is_told(tmp_path: os.PathLike[str]) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*none\.yml"):
        read_wanted("none.yml", os.fspath(tmp_path))


def test_a_missing_pyyaml_is_told_with_what_to_do(tmp_path: os.PathLike[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collections_yaml, "yaml", None)
    with pytest.raises(UsageError, match="needs PyYAML") as missing:
        read(tmp_path, "collections: {}")
    assert "pip install" in missing.value.hint
