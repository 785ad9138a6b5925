"""The whole app in a real terminal, and that nothing opens where there is none."""

from __future__ import annotations

import os

from tests.app.sandbox import Sandbox
from tests.workbench.terminal import Terminal


def test_miger_alone_opens_the_workbench_and_q_leaves_it(shop: Sandbox) -> None:
    shop.table("0001_customers", "customers")
    for size in ((120, 36), (80, 24)):
        with Terminal(["-C", shop.folder], shop.environ, size) as terminal:
            terminal.wait_for("customers")
            terminal.wait_for("1 pending")
            terminal.press("u")
            terminal.wait_for("would succeed")
            terminal.press("\x1b")
            terminal.wait_for("Graph")
            terminal.press("q")
            assert terminal.end() == 0
    assert not os.path.exists(shop.url.removeprefix("sqlite:///"))


def test_a_terminal_of_two_by_two_is_no_crash(shop: Sandbox) -> None:
    shop.table("0001_customers", "customers")
    with Terminal(["-C", shop.folder], shop.environ, (10, 2)) as terminal:
        terminal.wait_for("terminal")
        terminal.press("q")
        assert terminal.end() == 0


def test_without_a_terminal_there_is_the_help(shop: Sandbox) -> None:
    done = shop.run()
    assert done.code == 0 and done.out.startswith("usage: miger")
