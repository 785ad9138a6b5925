"""Driving the workbench in tests: waiting for what must come, and reading what is on the screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from textual.pilot import Pilot

from miger.workbench.app import Workbench

PATIENCE = 30.0  # seconds until a condition that should come counts as missed
NOW = datetime(2026, 1, 15, 12, 4, 31, tzinfo=UTC)
"""The time of day on every screen of the tests."""
HOME, SMALL = (120, 36), (80, 24)
"""The size of the terminal that Miger is made for, and the smallest usual one."""

LOOKS = pytest.mark.parametrize(
    ("size", "theme"),
    [
        pytest.param(HOME, "miger-dark", id="home-dark"),
        pytest.param(HOME, "miger-light", id="home-light", marks=pytest.mark.soak),
        pytest.param(SMALL, "miger-dark", id="small-dark", marks=pytest.mark.soak),
        pytest.param(SMALL, "miger-light", id="small-light"),
    ],
)
"""Both sizes and both themes; `make test` takes each once, `make soak` all of them together."""


async def wait_for(pilot: Pilot[Any], condition: Callable[[], object], message: str = "the condition") -> None:
    """Lets the app go on until `condition` holds; fails with `message` and the screen where it never does."""
    deadline = time.monotonic() + PATIENCE
    while True:
        await pilot.pause()
        if condition():
            return
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s for {message}:\n{screen_text(pilot.app)}"
        await asyncio.sleep(0.01)  # hands the processor to the threads that are waited for


async def wait_for_look(pilot: Pilot[Any]) -> None:
    """Waits until folder and database have been looked at, or could not be."""
    app = pilot.app
    assert isinstance(app, Workbench)
    await wait_for(pilot, lambda: app.situation.graph is not None and not app.situation.looking, "the first look")


async def wait_for_text(pilot: Pilot[Any], *texts: str) -> None:
    """Waits until all of these are on the screen."""
    await wait_for(pilot, lambda: all(text in screen_text(pilot.app) for text in texts), f"{texts} on the screen")


async def press(pilot: Pilot[Any], keys: Iterable[str]) -> None:
    """Presses one key after the other, as a person does, not all at once."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()


def svg_of(app: Any) -> str:
    """The screen as it is exported, which holds everything that is on it."""
    return str(app.export_screenshot())


def screen_text(app: Any) -> str:
    """The lines of the screen, without colours."""
    # As App.export_screenshot does it; but to make a picture takes many times as long, and this is asked for often.
    drawn = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    lines = ("".join(strip.text for strip in strips) for strips in drawn.strips)
    return "\n".join(line.replace("\xa0", " ").rstrip() for line in lines)
