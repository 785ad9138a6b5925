"""Projects on each database, to read wanted schemas in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.app.sources.shop import Shop
from tests.conftest import SQL_BACKENDS


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[Callable[[str], Shop]]:
    opened: list[Shop] = []

    def open_url(url: str) -> Shop:
        folder = tmp_path / "project"
        folder.mkdir()
        opened.append(Shop(folder, url))
        return opened[-1]

    yield open_url
    for shop in opened:
        shop.backend.close()


@pytest.fixture(params=SQL_BACKENDS)
def sql_shop(request: pytest.FixtureRequest, open_shop: Callable[[str], Shop]) -> Shop:
    """On each database with SQL in turn."""
    return open_shop(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def shop(open_shop: Callable[[str], Shop], sqlite_url: str) -> Shop:
    """On SQLite, for what is the same everywhere."""
    return open_shop(sqlite_url)


@pytest.fixture
def postgresql_shop(open_shop: Callable[[str], Shop], postgresql_url: str) -> Shop:
    return open_shop(postgresql_url)


@pytest.fixture
def mysql_shop(open_shop: Callable[[str], Shop], mysql_url: str) -> Shop:
    return open_shop(mysql_url)
