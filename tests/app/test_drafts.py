"""Drafts: the text they become, what stands against them, and how they are written."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from miger.cli.main import main
from miger.engine.errors import UsageError
from miger.engine.graph import MigrationGraph
from miger.engine.loader import load_folder
from miger.scaffold import MigrationDraft, create_project, draft_problems, draft_text, merge_draft, write_draft

NOON = 1_768_478_400.0  # 2026-01-15 12:00 UTC
NOTHING = MigrationGraph([])
DRAFT = MigrationDraft("add email", up="SELECT 1;", down="SELECT 2;")


def fields(draft: MigrationDraft, graph: MigrationGraph = NOTHING) -> list[str]:
    return [problem.field for problem in draft_problems(draft, graph, NOON)]


def test_an_sql_draft_is_a_file_of_sections() -> None:
    draft = MigrationDraft("x", "sql", ("a", "b"), "expand", 'v "2"', False, "It's new", "UP;", "DOWN;", "SELECT 1;\n")
    assert draft_text(draft) == (
        '-- It\'s new\n-- /// miger\n-- depends = ["a", "b"]\n-- phase = "expand"\n-- transaction = false\n'
        '-- release = "v \\"2\\""\n-- ///\n-- miger:up\nUP;\n-- miger:verify\nSELECT 1;\n-- miger:down\nDOWN;\n'
    )


def test_a_python_draft_is_a_file_of_functions() -> None:
    imports = ("from sqlalchemy.dialects import mysql", "import json")
    draft = MigrationDraft("x", "python", title='Say "x\\', up="db.log('a')", verify="return True", imports=imports)
    assert draft_text(draft) == (
        '"""Say \\"x\\\\"""\n\n# /// miger\n# depends = []\n# ///\n\n'
        "import json\nfrom sqlalchemy.dialects import mysql\n\n"
        "from miger import Sql\n\n\ndef up(db: Sql) -> None:\n    db.log('a')\n\n\n"
        "def verify(db: Sql) -> bool:\n    return True\n"
    )


def test_the_lines_of_a_string_are_not_moved() -> None:
    text = draft_text(MigrationDraft("x", "python", up='db.execute("""a\nb\n""")\nif 1:\n    pass'))
    assert '    db.execute("""a\nb\n""")\n    if 1:\n        pass\n' in text
    assert draft_text(MigrationDraft("x", "python", up="# nothing")).endswith("    # nothing\n    pass\n")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "../x"}, "name"),
        ({"kind": "perl", "up": "pass", "down": None}, "kind"),
        ({"parents": ("nobody",)}, "parents"),
        ({"phase": "shrink"}, "phase"),
        ({"release": "a\nb"}, "release"),
        ({"title": "a\nb"}, "title"),
        ({"title": "a\x1b[1m"}, "title"),
        ({"title": "/// miger"}, "title"),
        ({"title": "miger:up"}, "title"),
        ({"up": "SELECT 1;\n-- miger:down\n"}, "up"),
        ({"verify": "-- /// miger"}, "verify"),
        ({"down": "a\0b"}, "down"),
        ({"kind": "python", "up": "def", "down": None}, "up"),
        ({"kind": "python", "up": "pass", "down": "  indented\nnot"}, "down"),
        ({"kind": "python", "up": "pass", "down": None, "imports": ("print()",)}, "imports"),
    ],
)
def test_a_problem_names_its_field(change: dict[str, object], field: str) -> None:
    assert fields(DRAFT) == []
    assert fields(DRAFT._replace(**change)) == [field]  # type: ignore[arg-type]


def test_an_error_in_python_is_told_by_the_line_of_the_body() -> None:
    draft = MigrationDraft("x", "python", up="a = 1\nb = = 2\n")
    [problem] = draft_problems(draft, NOTHING)
    assert "line 2" in problem.message


def test_a_draft_is_written_once_and_over_nothing(tmp_path: Path) -> None:
    path = write_draft(str(tmp_path / "new"), NOTHING, DRAFT, NOON)
    assert Path(path).read_text() == draft_text(DRAFT)
    assert os.listdir(tmp_path / "new") == ["20260115120000_add_email.sql"]
    with pytest.raises(UsageError, match="exists already"):
        write_draft(str(tmp_path / "new"), NOTHING, DRAFT._replace(up="other"), NOON)
    python = DRAFT._replace(kind="python", up="pass", down=None)
    with pytest.raises(UsageError, match="exists already"):  # the same id, whatever the suffix
        write_draft(str(tmp_path / "new"), NOTHING, python, NOON)
    graph = MigrationGraph(load_folder(str(tmp_path / "new")).migrations)
    assert fields(DRAFT, graph) == ["name"]
    assert Path(path).read_text() == draft_text(DRAFT)


@pytest.mark.parametrize("step", ["fsync", "link"])
def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, fail)
    if step == "link":
        monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(UsageError, match="No space left"):
        write_draft(str(tmp_path), NOTHING, DRAFT, NOON)
    assert os.listdir(tmp_path) == []


def test_a_file_system_without_second_names_is_written_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    path = write_draft(str(tmp_path), NOTHING, DRAFT, NOON)
    assert Path(path).read_text() == draft_text(DRAFT)
    assert len(os.listdir(tmp_path)) == 1


@pytest.fixture
def branched(tmp_path: Path) -> Path:
    create_project(str(tmp_path / "shop"), "sqlite")
    folder = tmp_path / "shop" / "migrations"
    [first] = folder.iterdir()
    first.rename(folder / "20260101000000_users.sql")
    for name in ("left", "right"):
        assert main(["-C", str(tmp_path / "shop"), "create", name, "--depends", "users", "--python"]) == 0
    return tmp_path / "shop"


def test_a_merge_has_all_heads_as_parents_and_nothing_to_run(branched: Path) -> None:
    assert main(["-C", str(branched), "create", "--merge"]) == 0
    loaded = load_folder(str(branched / "migrations"))
    [merge] = [migration for migration in loaded.migrations if "merge" in migration.id]
    assert merge.id.endswith("_merge_left_and_right")
    assert {parent.partition("_")[2] for parent in merge.depends} == {"left", "right"}
    text = Path(merge.path).read_text()
    assert text.startswith("-- Merge left and right\n") and text.endswith("-- miger:up\n-- miger:down\n")
    assert main(["-C", str(branched), "up"]) == 0
    assert main(["-C", str(branched), "down", "--yes"]) == 0
    assert main(["-C", str(branched), "create", "again", "--merge"]) == 2  # one head is left


def test_a_merge_may_have_a_name_and_be_python(branched: Path) -> None:
    assert main(["-C", str(branched), "create", "both come together", "--merge", "--python"]) == 0
    assert main(["-C", str(branched), "up"]) == 0
    assert main(["-C", str(branched), "down", "--yes"]) == 0


def test_many_heads_make_a_short_name(branched: Path) -> None:
    for number in range(8):
        assert main(["-C", str(branched), "create", f"branch number {number}", "--depends", "users"]) == 0
    graph = MigrationGraph(load_folder(str(branched / "migrations")).migrations)
    draft = merge_draft(graph)
    assert draft.name == "merge_heads" and len(draft.parents) == 10


def test_a_name_is_asked_for(branched: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", str(branched), "create"]) == 2
    assert "needs a name" in capsys.readouterr().err
