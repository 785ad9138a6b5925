"""The table of who may import whom, kept true by import-linter on a copy of the source."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.source_tree import FACE, INNER, copied_tree, linked_tree

ROOT = Path(__file__).parents[1]


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on `tree`/miger, away from an installed miger."""
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    return subprocess.run(
        [sys.executable, "-c", code, "--config", str(ROOT / "pyproject.toml"), "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tree), str(ROOT)]), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_folder_imports_only_what_the_design_lets_it(tmp_path: Path) -> None:
    done = lint_imports(Path(copied_tree(str(tmp_path))))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 kept, 0 broken" in done.stdout


@pytest.mark.parametrize(
    ("file", "statement", "found"),
    [
        ("engine/planted.py", "from miger.backends import sqlite", "miger.engine.planted -> miger.backends"),
        ("engine/planted.py", "import miger.widgets", "miger.engine.planted -> miger.widgets"),
        ("engine/planted.py", "from miger import planted_face", "miger.engine.planted -> miger"),
        ("backends/planted.py", "import miger.widgets", "miger.backends.planted -> miger.widgets"),
        ("backends/planted.py", "import miger.planted_face", "miger.backends.planted -> miger.planted_face"),
        ("widgets/planted.py", "import miger.backends", "miger.widgets.planted -> miger.backends"),
        ("widgets/planted.py", "def f():\n    import miger", "miger.widgets.planted -> miger"),
        ("engine/planted.py", "def f():\n    import sqlite3", "miger.engine.planted -> sqlite3"),
        ("engine/planted.py", "from sqlalchemy import text", "miger.engine.planted -> sqlalchemy"),
        ("engine/planted.py", "import textual.app", "miger.engine.planted -> textual"),
    ],
)
def test_a_bad_import_is_found(tmp_path: Path, file: str, statement: str, found: str) -> None:
    tree = Path(copied_tree(str(tmp_path)))
    (tree / "miger" / "planted_face.py").write_text("")
    (tree / "miger" / file).write_text(statement + "\n")
    done = lint_imports(tree)
    assert done.returncode == 1, done.stdout + done.stderr
    assert found in done.stdout


def test_what_the_folders_may_import_is_found_right(tmp_path: Path) -> None:
    tree = Path(copied_tree(str(tmp_path)))
    allowed = "import miger.engine.planted\n"
    (tree / "miger" / "engine" / "planted.py").write_text("import miger.engine.errors\n")
    for file in ("backends/planted.py", "widgets/planted.py"):
        (tree / "miger" / file).write_text(allowed)
    (tree / "miger" / "planted_face.py").write_text("import miger.backends, miger.engine, miger.widgets, sqlite3\n")
    done = lint_imports(tree)
    assert "Contracts:" in done.stdout, done.stdout + done.stderr
    assert "planted" not in done.stdout


def test_a_linked_tree_shows_every_folder_and_forgets_what_is_gone(tmp_path: Path) -> None:
    root, target = tmp_path / "root", tmp_path / "tree"
    for folder in (FACE, *INNER):
        (root / folder).mkdir(parents=True)
        (root / folder / "__init__.py").write_text("")
    (root / FACE / "old.py").write_text("")
    linked_tree(str(target), str(root))
    (root / FACE / "old.py").rename(root / FACE / "new.py")
    linked_tree(str(target), str(root))
    assert sorted(os.listdir(target / "miger")) == ["__init__.py", "backends", "engine", "new.py", "widgets"]
    assert (target / "miger" / "engine" / "__init__.py").is_file()
