"""A Python migration is compiled to check it, and not run."""

from __future__ import annotations

from pathlib import Path

import pytest

from miger.engine.errors import Problem
from miger.engine.loader import load_folder
from miger.engine.python_files import check_python


def check(folder: Path, text: str) -> Problem | None:
    (folder / "a.py").write_text(text, encoding="utf-8")
    (migration,) = load_folder(str(folder)).migrations
    return check_python(migration)


def test_good_python_has_no_problem_and_is_not_run(tmp_path: Path) -> None:
    assert check(tmp_path, "raise SystemExit('\\d')\ndef up(db): pass\n") is None


def test_a_syntax_error_is_named_with_its_line(tmp_path: Path) -> None:
    problem = check(tmp_path, "def up(db):\n    pass\n\nx = = 1\n")
    assert problem is not None
    assert (problem.line, "not valid Python" in problem.message) == (4, True)


@pytest.mark.parametrize("text", ["\0", "x = " + "(" * 5000, "x = " + "-" * 200_000 + "1"])
def test_what_the_compiler_cannot_take_is_a_problem(tmp_path: Path, text: str) -> None:
    problem = check(tmp_path, f"def up(db): pass\n{text}\n")
    assert problem is not None
    assert "not valid Python" in problem.message


def test_a_file_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def up(db): pass\n")
    (migration,) = load_folder(str(tmp_path)).migrations
    (tmp_path / "a.py").unlink()
    problem = check_python(migration)
    assert problem is not None
    assert "cannot be read" in problem.message
