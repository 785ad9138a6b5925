"""Databases for the tests: a fresh, empty one per test on every backend.

The servers are started from the main thread of the one process that pytest began in (with xdist:
the controller, before its workers), because they end with the thread that started them. Workers
find them in the environment.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator

import psycopg
import pytest

from tests.servers import STARTERS, Server, Unavailable, postgresql, required_backends, url_variable

BACKENDS = ("sqlite", "postgresql")
"""Every backend the contract tests run on."""

_servers = pytest.StashKey[dict[str, Server]]()
_numbers = itertools.count(1)


# --- starting and stopping -----------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-servers", action="store_true", help="start no database server; such tests are skipped")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_servers] = {}
    if _is_controller(config) and not config.option.collectonly:
        for backend in STARTERS:
            _start(config, backend)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start what the collected tests need, outside the time limit of the first of them."""
    config = session.config
    if _is_worker(config) or _is_controller(config) or config.option.collectonly:
        return
    for backend in STARTERS:
        if any(_needs(item, backend) for item in session.items):
            _start(config, backend)


def pytest_unconfigure(config: pytest.Config) -> None:
    for backend, server in config.stash.get(_servers, {}).items():
        server.stop()
        if server.process is not None:
            os.environ.pop(url_variable(backend), None)


def pytest_report_header(config: pytest.Config) -> list[str]:
    servers = config.stash.get(_servers, {}).values()
    return [f"{server.backend}: {server.version} ({server.origin})" for server in servers]


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _is_controller(config: pytest.Config) -> bool:
    return not _is_worker(config) and bool(config.getoption("tx", default=None))


def _needs(item: pytest.Item, backend: str) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    if "backend_name" in fixtures:
        return bool(getattr(item, "callspec").params.get("backend_name") == backend)  # noqa: B009  # mypy
    return any(name.startswith(f"{backend}_") for name in fixtures)


def _start(config: pytest.Config, backend: str) -> None:
    """Start the server, or note why not; either way in the environment, where workers look."""
    if config.getoption("--no-servers"):
        os.environ[_missing_variable(backend)] = "--no-servers was given"
        return
    try:
        server = STARTERS[backend]()
    except Unavailable as error:
        os.environ[_missing_variable(backend)] = str(error)
        return
    os.environ.pop(_missing_variable(backend), None)
    os.environ[url_variable(backend)] = server.url
    config.stash[_servers][backend] = server


def _missing_variable(backend: str) -> str:
    return f"MIGER_TEST_{backend.upper()}_MISSING"


def _server_url(config: pytest.Config, backend: str) -> str:
    """The URL of the backend's server; without one the test fails where it is required, else is skipped."""
    if not _is_worker(config) and backend not in config.stash[_servers]:
        _start(config, backend)
    reason = os.environ.get(_missing_variable(backend))
    if reason is None:
        return os.environ[url_variable(backend)]
    if backend in required_backends():
        pytest.fail(f"MIGER_TEST_REQUIRE asks for {backend}: {reason}", pytrace=False)
    pytest.skip(reason)


# --- fixtures ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgresql_admin_url(pytestconfig: pytest.Config) -> str:
    """The server's own URL, for tests about the server rather than a database."""
    return _server_url(pytestconfig, "postgresql")


@pytest.fixture(scope="session")
def postgresql_admin(postgresql_admin_url: str) -> Iterator[psycopg.Connection]:
    """An administrator's connection in autocommit."""
    with psycopg.connect(postgresql_admin_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def postgresql_url(postgresql_admin: psycopg.Connection, postgresql_admin_url: str) -> Iterator[str]:
    """The URL of a fresh, empty PostgreSQL database, dropped after the test. Its password needs quoting."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    name = f"miger_test_{worker}_{os.getpid()}_{next(_numbers)}"
    postgresql.create_database(postgresql_admin, name)
    yield postgresql.with_database(postgresql_admin_url, name)
    postgresql.drop_database(postgresql_admin, name)


@pytest.fixture
def sqlite_url(tmp_path: os.PathLike[str]) -> str:
    """The URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{os.fspath(tmp_path)}/x.db"


@pytest.fixture(params=BACKENDS)
def backend_name(request: pytest.FixtureRequest) -> str:
    """Each backend in turn."""
    return str(request.param)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, backend_name: str) -> str:
    """The URL of a fresh, empty database on each backend in turn."""
    return str(request.getfixturevalue(f"{backend_name}_url"))
