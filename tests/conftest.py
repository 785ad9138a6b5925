"""Databases for the tests: a fresh, empty one per test on every backend.

The servers are started from the main thread of the one process that pytest began in (with xdist:
the controller, before its workers), because they end with the thread that started them. Workers
find them in the environment.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import os
from collections.abc import Callable, Iterator

import psycopg
import pytest
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from tests.servers import STARTERS, Server, Unavailable, mongodb, mysql, postgresql, required_backends, url_variable

BACKENDS = ("sqlite", "postgresql", "mysql", "mongodb")
SQL_BACKENDS = ("sqlite", "postgresql", "mysql")
"""Every backend the contract tests run on, and those with SQL."""

UNCOUNTED = (
    "test_snapshots_",
    "test_view_snapshots",
    "test_wizard_databases",
    "test_preview_truth",
    "test_kill",
    "test_race",
    "test_generate_round_trip",
)
"""Files of tests that go over the same lines again and again: counting them twice would double their time."""

LONG_FIRST = {"workbench": 0, "app": 1, "backends": 2}
"""The folders whose files of tests take minutes, and their place; all others come behind them."""

_servers = pytest.StashKey[dict[str, Server]]()
_is_mongod = pytest.StashKey[bool]()
_numbers = itertools.count(1)


# --- starting and stopping -----------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--no-servers", action="store_true", help="start no database server; such tests are skipped")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_servers] = {}
    if _is_controller(config) and not config.option.collectonly:
        for backend in STARTERS:
            _start(config, backend)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first, so that no worker ends long before the others (with --no-loadscope-reorder).

    Coverage is not measured where it would cost much and tell nothing new.
    """
    items.sort(key=lambda item: min(LONG_FIRST.get(folder, len(LONG_FIRST)) for folder in item.nodeid.split("/")))
    for item in items:
        if item.path.name.startswith(UNCOUNTED):
            item.add_marker("no_cover")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Start what the collected tests need, outside the time limit of the first of them."""
    config = session.config
    if not _is_controller(config):
        gc.freeze()  # what is imported stays until the end: to look it through for garbage takes as long as some tests
        gc.set_threshold(20_000, 20, 50)
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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tells how many plans were previewed and then run, on each backend."""
    counts = dict.fromkeys(BACKENDS, 0)
    for report in terminalreporter.getreports("passed"):
        name, _, case = report.nodeid.rpartition("::")[2].partition("[")
        if report.when == "call" and name == "test_what_is_previewed_is_what_happens":
            counts[next((backend for backend in BACKENDS if case.startswith(backend)), "mongodb")] += 1
    if any(counts.values()):
        told = ", ".join(f"{backend} {count}" for backend, count in counts.items())
        terminalreporter.write_line(f"plans that did what their dry run had said: {told}")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs a real mongod where there is none, even where every backend is required."""
    marker = item.get_closest_marker("mongod_only")
    if marker is not None and _on_backend(item) in ("mongodb", None) and not _has_mongod(item.config):
        pytest.skip(f"needs a real mongod ({marker.args[0]}): set MIGER_TEST_MONGODB_URL")


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _is_controller(config: pytest.Config) -> bool:
    return not _is_worker(config) and bool(config.getoption("tx", default=None))


def _needs(item: pytest.Item, backend: str) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    if "backend_name" in fixtures:
        return _on_backend(item) == backend
    return any(name.startswith(f"{backend}_") for name in fixtures)


def _on_backend(item: pytest.Item) -> str | None:
    """Which of the backends in turn a test is on; None for other tests."""
    callspec = getattr(item, "callspec", None)
    return callspec.params.get("backend_name") if callspec else None


def _has_mongod(config: pytest.Config) -> bool:
    if _is_mongod not in config.stash:
        url = _find_url(config, "mongodb")
        config.stash[_is_mongod] = url is not None and mongodb.is_mongod(url)
    return config.stash[_is_mongod]


def _start(config: pytest.Config, backend: str) -> None:
    """Start the server, or note why not; either way in the environment, where workers look."""
    if config.getoption("--no-servers"):
        os.environ[_missing(backend)] = "--no-servers was given"
        return
    try:
        server = STARTERS[backend]()
    except Unavailable as error:
        os.environ[_missing(backend)] = str(error)
        return
    os.environ.pop(_missing(backend), None)
    os.environ[url_variable(backend)] = server.url
    config.stash[_servers][backend] = server


def _missing(backend: str) -> str:
    return f"MIGER_TEST_{backend.upper()}_MISSING"


def _find_url(config: pytest.Config, backend: str) -> str | None:
    """The URL of the backend's server, which is started if it is ours to start; None where it is missing."""
    if not _is_worker(config) and backend not in config.stash[_servers] and not os.environ.get(_missing(backend)):
        _start(config, backend)
    return None if os.environ.get(_missing(backend)) else os.environ[url_variable(backend)]


def _server_url(config: pytest.Config, backend: str) -> str:
    """The URL of the backend's server; without one the test fails where it is required, else is skipped."""
    url = _find_url(config, backend)
    if url is not None:
        return url
    reason = os.environ[_missing(backend)]
    if backend in required_backends():
        pytest.fail(f"MIGER_TEST_REQUIRE asks for {backend}: {reason}", pytrace=False)
    pytest.skip(reason)


# --- fixtures ------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _uncounted_processes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test that is not counted starts is not, either."""
    if request.node.get_closest_marker("no_cover") is not None:
        monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


@pytest.fixture(scope="session")
def postgresql_admin_url(pytestconfig: pytest.Config) -> str:
    """The server's own URL, for tests about the server rather than a database."""
    return _server_url(pytestconfig, "postgresql")


@pytest.fixture(scope="session")
def postgresql_admin(postgresql_admin_url: str) -> Iterator[psycopg.Connection]:
    """An administrator's connection in autocommit."""
    with psycopg.connect(postgresql_admin_url, autocommit=True) as connection:
        yield connection


def _fresh_name() -> str:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
    return f"miger_test_{worker}_{os.getpid()}_{next(_numbers)}"


@pytest.fixture
def postgresql_url(postgresql_admin: psycopg.Connection, postgresql_admin_url: str) -> Iterator[str]:
    """The URL of a fresh, empty PostgreSQL database, dropped after the test. Its password needs quoting."""
    name = _fresh_name()
    postgresql.create_database(postgresql_admin, name)
    yield postgresql.with_database(postgresql_admin_url, name)
    postgresql.drop_database(postgresql_admin, name)


@pytest.fixture(scope="session")
def mysql_admin_url(pytestconfig: pytest.Config) -> str:
    """The server's own URL, for tests about the server rather than a database."""
    return _server_url(pytestconfig, "mysql")


@pytest.fixture(scope="session")
def mysql_admin(mysql_admin_url: str) -> Iterator[Connection[Cursor]]:
    """An administrator's connection in autocommit."""
    with mysql.connect(mysql_admin_url) as connection:
        yield connection


@pytest.fixture
def mysql_url(mysql_admin: Connection[Cursor], mysql_admin_url: str) -> Iterator[str]:
    """The URL of a fresh, empty MariaDB (or MySQL) database, dropped after the test. Its password needs quoting."""
    name = _fresh_name()
    mysql.create_database(mysql_admin, name)
    yield mysql.with_database(mysql_admin_url, name)
    mysql.drop_database(mysql_admin, name)


@pytest.fixture(scope="session")
def mongodb_admin_url(pytestconfig: pytest.Config) -> str:
    """The server's own URL, for tests about the server rather than a database."""
    return _server_url(pytestconfig, "mongodb")


@pytest.fixture(scope="session")
def mongodb_admin(mongodb_admin_url: str) -> Iterator[mongodb.Administrator]:
    """What drops databases."""
    with contextlib.closing(mongodb.Administrator(mongodb_admin_url)) as administrator:
        yield administrator


@pytest.fixture
def mongodb_url(mongodb_admin: mongodb.Administrator, mongodb_admin_url: str) -> Iterator[str]:
    """The URL of a fresh MongoDB database, which begins to be with its first document, dropped after the test."""
    name = _fresh_name()
    yield mongodb.with_database(mongodb_admin_url, name)
    mongodb_admin.drop_database(name)


@pytest.fixture(scope="session")
def own_mongodb() -> Iterator[Server]:
    """A MongoDB server of this worker alone, whose commands a test may make fail: that holds for every client."""
    yield from _own_server(lambda: mongodb.start({}))


@pytest.fixture(scope="session")
def standalone_mongodb() -> Iterator[Server]:
    """A MongoDB server that is no replica set, and so knows no transactions."""
    yield from _own_server(mongodb.start_standalone)


def _own_server(start: Callable[[], Server]) -> Iterator[Server]:
    try:
        server = start()
    except Unavailable as error:
        if "mongodb" in required_backends():
            pytest.fail(f"MIGER_TEST_REQUIRE asks for mongodb: {error}", pytrace=False)
        pytest.skip(str(error))
    yield server
    server.stop()


@pytest.fixture
def fragile_url(own_mongodb: Server) -> str:
    """The URL of a fresh database on a server whose commands may be made to fail."""
    return mongodb.with_database(own_mongodb.url, _fresh_name())


@pytest.fixture
def standalone_url(standalone_mongodb: Server) -> str:
    """The URL of a fresh database on a MongoDB server without transactions."""
    return mongodb.with_database(standalone_mongodb.url, _fresh_name())


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
