"""A project on a fresh database, on each backend in turn or on one."""

from __future__ import annotations

import os

import pytest

from tests.app.sandbox import Sandbox


@pytest.fixture(autouse=True)
def _known_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIGER_USER", "alice")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture
def sandbox(
    tmp_path: os.PathLike[str], database_url: str, backend_name: str, capsys: pytest.CaptureFixture[str]
) -> Sandbox:
    """An empty project on every backend in turn."""
    return Sandbox(os.path.join(tmp_path, "shop"), backend_name, database_url, capsys)


@pytest.fixture
def sqlite_sandbox(tmp_path: os.PathLike[str], sqlite_url: str, capsys: pytest.CaptureFixture[str]) -> Sandbox:
    """An empty project on SQLite, for what is the same everywhere."""
    return Sandbox(os.path.join(tmp_path, "shop"), "sqlite", sqlite_url, capsys)


@pytest.fixture
def postgresql_sandbox(tmp_path: os.PathLike[str], postgresql_url: str, capsys: pytest.CaptureFixture[str]) -> Sandbox:
    """An empty project on PostgreSQL."""
    return Sandbox(os.path.join(tmp_path, "shop"), "postgresql", postgresql_url, capsys)
