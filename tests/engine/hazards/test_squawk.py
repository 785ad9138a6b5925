"""Running squawk: what it says is told in our words, and whatever it does, linting goes on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from miger.engine.hazards import squawk
from miger.engine.hazards.catalogue import CATALOGUE
from miger.engine.hazards.squawk import ITS_OWN, MISSING, OURS_TOO, Remark, finding_of, remarks_on

PYTHON = Path(sys.executable).resolve()
TEXT = "SELECT 1;\nALTER TABLE users\n  DROP COLUMN name;\n"


def test_all_codes_are_ours() -> None:
    assert {code for code, _ in ITS_OWN.values()} | set(OURS_TOO.values()) <= set(CATALOGUE)
    assert {code for code, _ in ITS_OWN.values()} == {rule.code for rule in squawk.RULES}


def test_it_is_asked_of_all_texts_at_once() -> None:
    remarks, note = remarks_on([TEXT, "SELECT 1;", "DROP TABLE users;"], in_transaction=True)
    assert note == ""
    assert {Remark(0, 2, "ban-drop-column"), Remark(2, 0, "ban-drop-table")} <= set(remarks)


def test_what_we_know_better_is_dropped() -> None:
    remark = Remark(0, 0, "ban-drop-column")
    assert finding_of(remark, understood=True) is None
    found = finding_of(remark, understood=False)
    assert found is not None and found.code == "drop-column"
    assert finding_of(Remark(0, 0, "prefer-robust-stmts"), understood=False) is None


def test_without_it_a_note_says_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    without_it(monkeypatch, tmp_path)
    assert remarks_on([TEXT], in_transaction=True) == ([], MISSING)


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ("print('no JSON')", "could not be read"),
        ("print('[{\"file\": 3}]')", "could not be read"),
        ("print('{}'); raise SystemExit(3)", ""),
        ("raise SystemExit(3)", "squawk ended with 3, and what it said could not be read"),
        ("import time; time.sleep(60)", "did not end within"),
    ],
)
def test_odd_output_is_a_note(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str, note: str) -> None:
    without_it(monkeypatch, tmp_path)
    monkeypatch.setattr(squawk, "SECONDS", 0.5 if "sleep" in body else 30.0)
    program = tmp_path / "squawk"
    program.write_text(f"#!{PYTHON}\n{body}\n")
    program.chmod(0o755)
    remarks, told = remarks_on([TEXT], in_transaction=False)
    assert remarks == []
    assert note in told


def without_it(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """The PATH is one folder, and nothing lies beside Python."""
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(sys, "executable", str(folder / "nothing" / "python"))
