from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.backends.shop import Shop

MakeShop = Callable[..., Shop]


@pytest.fixture
def shop(tmp_path: Path, database_url: str) -> Shop:
    """An empty project on each backend in turn."""
    return Shop(tmp_path, database_url)
