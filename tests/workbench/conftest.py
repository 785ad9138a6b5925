"""A workbench on a project with a real database, at a fixed time of day."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from miger.project import Project
from miger.workbench.app import Workbench
from miger.workbench.settings import Settings

from tests.app.sandbox import Sandbox
from tests.workbench.driving import NOW, wait_for

__all__ = ["wait_for"]

Opener = Callable[..., Workbench]
"""`open_workbench(sandbox, environment=None, settings=Settings(), **options)`."""


@pytest.fixture(autouse=True)
def _known_place(monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]) -> Iterator[None]:
    """Who one is, what time it is, and a folder of one's own for what is remembered."""
    monkeypatch.setenv("MIGER_USER", "alice")
    monkeypatch.setenv("XDG_STATE_HOME", os.path.join(tmp_path, "state"))
    monkeypatch.setenv("TZ", "UTC")
    for name in ("NO_COLOR", "VISUAL", "EDITOR", "TEXTUAL_THEME"):
        monkeypatch.delenv(name, raising=False)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def shop(tmp_path: os.PathLike[str], sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> Sandbox:
    """An empty project on SQLite: `shop.table(id, name)` and so on write migrations, `shop.miger("up")` runs them."""
    return Sandbox(os.path.join(tmp_path, "shop"), "sqlite", sqlite_url, capsys)


@pytest.fixture
def postgresql_shop(tmp_path: os.PathLike[str], postgresql_url: str, capsys: pytest.CaptureFixture[str]) -> Sandbox:
    """The same on PostgreSQL."""
    return Sandbox(os.path.join(tmp_path, "shop"), "postgresql", postgresql_url, capsys)


@pytest.fixture
def mysql_shop(tmp_path: os.PathLike[str], mysql_url: str, capsys: pytest.CaptureFixture[str]) -> Sandbox:
    """The same on MariaDB."""
    return Sandbox(os.path.join(tmp_path, "shop"), "mysql", mysql_url, capsys)


@pytest.fixture
def mongodb_shop(tmp_path: os.PathLike[str], mongodb_url: str, capsys: pytest.CaptureFixture[str]) -> Sandbox:
    """The same on MongoDB."""
    return Sandbox(os.path.join(tmp_path, "shop"), "mongodb", mongodb_url, capsys)


@pytest.fixture
def shop_anywhere(
    tmp_path: os.PathLike[str], database_url: str, backend_name: str, capsys: pytest.CaptureFixture[str]
) -> Sandbox:
    """The same on every backend in turn."""
    return Sandbox(os.path.join(tmp_path, "shop"), backend_name, database_url, capsys)


@pytest.fixture
def open_workbench() -> Iterator[Opener]:
    """Makes the app for a project, to be run by `app.run_test(size=…)`; its connections are closed after the test."""
    opened: list[Workbench] = []

    def open_one(
        sandbox: Sandbox, environment: str | None = None, settings: Settings | None = None, **options: Any
    ) -> Workbench:
        # The files were written a moment ago; nothing changes between the first look and the watch.
        defaults: dict[str, Any] = {"clock": lambda: NOW, "look_seconds": 0.2, "guard": 0.0, "since": math.inf}
        app = Workbench(Project.open(sandbox.folder, environment), settings or Settings(), **{**defaults, **options})
        opened.append(app)
        return app

    yield open_one
    for app in opened:
        app.project.close()
