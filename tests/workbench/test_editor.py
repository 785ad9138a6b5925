"""Opening a file in a person's editor."""

from __future__ import annotations

import os
import shlex
import sys

import pytest

from miger.engine.errors import UsageError
from miger.workbench.editor import editor_command

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, press, wait_for, wait_for_look


def test_visual_comes_before_editor_and_may_have_options(monkeypatch: pytest.MonkeyPatch) -> None:
    python = shlex.quote(sys.executable)
    monkeypatch.setenv("EDITOR", "of-no-use")
    monkeypatch.setenv("VISUAL", f"{python} --wait 'a b'")
    assert editor_command("x.sql") == [sys.executable, "--wait", "a b", "x.sql"]


def test_a_line_is_told_to_those_who_know_lines(monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]) -> None:
    for name, expected in (("vim", ["+7", "x.sql"]), ("nano", ["+7", "x.sql"]), ("code", ["--goto", "x.sql:7"]),
                           ("subl", ["x.sql:7"]), ("ed", ["x.sql"])):  # fmt: skip
        path = os.path.join(tmp_path, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\n")
        os.chmod(path, 0o755)
        monkeypatch.setenv("EDITOR", path)
        assert editor_command("x.sql", 7) == [path, *expected]
        assert editor_command("x.sql") == [path, "x.sql"]


@pytest.mark.parametrize("editor", ["of-no-use-at-all", "'unclosed"])
def test_an_editor_that_cannot_be_is_told(
    editor: str, monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    monkeypatch.setenv("EDITOR", editor)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError) as told:
        editor_command("x.sql")
    assert "EDITOR" in told.value.hint


def test_without_any_editor_it_is_told_how_to_set_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="no editor"):
        editor_command("x.sql")


async def test_where_there_is_no_terminal_to_give_away_it_is_told(
    shop: Sandbox, open_workbench: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.table("1_customers", "customers")
    monkeypatch.setenv("EDITOR", "true")
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["e"])
        await wait_for(pilot, lambda: any("no terminal" in note.message for note in app._notifications), "the reason")
