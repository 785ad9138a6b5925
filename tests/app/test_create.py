"""`miger create`: the files it writes, and what it refuses."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from miger.cli.main import main
from miger.engine.errors import UsageError
from miger.engine.graph import MigrationGraph
from miger.engine.loader import load_folder
from miger.engine.migration import Migration
from miger.scaffold import create_migration, create_project, migration_text, new_id

USAGE = 2
NOON = 1_768_478_400.0  # 2026-01-15 12:00 UTC


@pytest.fixture
def project(tmp_path: Path) -> Path:
    create_project(str(tmp_path / "shop"), "sqlite")
    [first] = (tmp_path / "shop" / "migrations").iterdir()
    first.rename(first.with_name("20260101000000_create_users.sql"))
    return tmp_path / "shop"


def create(project: Path, *arguments: str) -> int:
    return main(["-C", str(project), "create", *arguments])


def load(project: Path) -> dict[str, Migration]:
    """The migrations by name, without the time before it."""
    loaded = load_folder(str(project / "migrations"))
    assert not loaded.problems
    return {migration.id.partition("_")[2]: migration for migration in loaded.migrations}


@pytest.mark.parametrize(
    "name", ["../evil", "a/b", "a\\b", "it's", 'say "x"', "back`tick", "..", "", "  ", "___", "é", "x" * 101, "a\0b"]
)
def test_a_name_that_is_none_is_refused(project: Path, name: str) -> None:
    assert create(project, name) == USAGE
    assert set(load(project)) == {"create_users"}


@pytest.mark.parametrize(
    ("name", "slug"),
    [("add_email", "add_email"), ("Add e-mail!", "add_e_mail"), ("  ADD  Email ", "add_email"), ("v2.1", "v2_1")],
)
def test_an_id_is_the_time_and_the_name_in_snake_case(name: str, slug: str) -> None:
    assert new_id(name, NOON) == f"20260115120000_{slug}"


def test_the_parents_are_the_heads(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert create(project, "left", "--depends", "create_users") == 0
    assert create(project, "right", "--depends", "create_users") == 0
    assert create(project, "both") == 0
    migrations = load(project)
    assert migrations["left"].depends == migrations["right"].depends == ("20260101000000_create_users",)
    assert sorted(migrations["both"].depends) == sorted([migrations["left"].id, migrations["right"].id])
    assert migrations["both"].id in capsys.readouterr().out


def test_a_parent_named_twice_counts_once(project: Path) -> None:
    assert create(project, "more", "--depends", "create_users", "20260101000000") == 0
    assert load(project)["more"].depends == ("20260101000000_create_users",)


def test_an_unknown_parent_is_refused(project: Path) -> None:
    assert create(project, "more", "--depends", "nobody") == USAGE
    assert set(load(project)) == {"create_users"}


def test_phase_and_release_are_written(project: Path) -> None:
    assert create(project, "more", "--phase", "expand", "--release", 'v2 "beta"') == 0
    migration = load(project)["more"]
    assert (migration.kind, migration.phase, migration.release) == ("sql", "expand", 'v2 "beta"')
    assert create(project, "more", "--phase", "shrink") == USAGE


@pytest.mark.parametrize("release", ["", " ", "v2\n-- miger:up", "\x7f"])
def test_a_release_that_is_no_name_is_refused(project: Path, release: str) -> None:
    assert create(project, "more", "--release", release) == USAGE
    assert set(load(project)) == {"create_users"}


def test_a_python_migration_runs_as_it_is_written(project: Path) -> None:
    assert create(project, "fill_names", "--python", "--release", "v2") == 0
    migration = load(project)["fill_names"]
    assert (migration.kind, migration.title, migration.release) == ("python", "Fill names.", "v2")
    assert main(["-C", str(project), "up"]) == 0
    assert main(["-C", str(project), "down", "--yes"]) == 0


def test_an_empty_sql_migration_is_refused_when_it_runs(project: Path) -> None:
    assert create(project, "empty", "--sql") == 0
    assert main(["-C", str(project), "up"]) == 1


def test_the_same_name_in_the_same_second_is_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    moment = time.gmtime(NOON)
    monkeypatch.setattr("time.gmtime", lambda now=None: moment)
    assert create(project, "twice") == 0
    assert create(project, "twice", "--python") == USAGE
    assert "already" in capsys.readouterr().err


def test_a_file_that_the_graph_does_not_know_is_not_overwritten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("miger.scaffold.write.new_id", lambda name, now=None: "0001_more")
    (tmp_path / "0001_more.sql").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        create_migration(str(tmp_path), MigrationGraph([]), "more")
    assert (tmp_path / "0001_more.sql").read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError):
        create_migration(str(tmp_path / "file" / "migrations"), MigrationGraph([]), "more")


def test_the_folder_is_made_where_it_is_missing(tmp_path: Path) -> None:
    path = create_migration(str(tmp_path / "new"), MigrationGraph([]), "first")
    assert Path(path).read_text() == migration_text("sql", "First", ())


def test_json_names_id_and_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(project), "--json", "create", "more"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert Path(document["file"]).stem == document["id"] == load(project)["more"].id
