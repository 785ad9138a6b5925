"""`miger create` without a name, on a real terminal and without one."""

from __future__ import annotations

import os

from tests.app.sandbox import Sandbox
from tests.workbench.terminal import Terminal


def test_create_without_a_name_opens_the_wizard_on_a_terminal(shop: Sandbox) -> None:
    shop.table("0001_first", "first")
    with Terminal(["-C", shop.folder, "create"], {"XDG_STATE_HOME": os.environ["XDG_STATE_HOME"]}) as terminal:
        terminal.wait_for("What kind of migration")
        terminal.wait_for("Schema change by form")
        terminal.press("\x1b")
        terminal.wait_for("Graph")
        terminal.press("q")
        assert terminal.end() == 0
    assert os.listdir(shop.migrations) == ["0001_first.sql"]


def test_create_without_a_name_asks_for_one_where_nobody_is_looking(shop: Sandbox) -> None:
    done = shop.run("create")
    assert done.code == 2
    assert "a new migration needs a name" in done.err
