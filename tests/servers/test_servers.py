"""The servers that the other tests stand on."""

from __future__ import annotations

import os
import pwd
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg
import pytest

from tests.servers import STARTERS, Server, Unavailable, base, postgresql, required_backends

ROOT = Path(__file__).parents[2]
NO_URL = {name: value for name, value in os.environ.items() if not re.fullmatch(r"MIGER_TEST_\w+_(URL|MISSING)", name)}
EVERY_SERVER = pytest.mark.parametrize("backend", STARTERS)


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_running(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def pytest_without_servers(test: str, require: str) -> subprocess.CompletedProcess[str]:
    environ = {name: value for name, value in NO_URL.items() if not name.startswith(("PYTEST_", "COV_"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "--no-servers", "-p", "no:cacheprovider", test],
        cwd=ROOT,
        env={**environ, "MIGER_TEST_REQUIRE": require},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def own_server(postgresql_admin_url: str) -> Iterator[Server]:
    """A second server, for tests that look at its process or end it."""
    try:
        server = postgresql.start(NO_URL)
    except Unavailable as error:  # the tests run on a URL alone
        pytest.skip(str(error))
    yield server
    server.stop()


class TestFreshDatabases:
    def test_the_server_says_its_version(self, postgresql_admin_url: str) -> None:
        assert int(postgresql.server_version(postgresql_admin_url).split(".")[0]) >= 13

    @pytest.mark.parametrize("_again", [1, 2])
    def test_each_test_gets_an_empty_database(self, postgresql_url: str, _again: int) -> None:
        with psycopg.connect(postgresql_url) as connection:
            assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
            connection.execute("CREATE TABLE t (id int)")

    @pytest.mark.parametrize("fixture", [f"{backend}_url" for backend in STARTERS])
    def test_a_fresh_database_is_named_in_its_url(self, fixture: str, request: pytest.FixtureRequest) -> None:
        assert urlsplit(request.getfixturevalue(fixture)).path.startswith("/miger_test_")

    def test_the_password_must_be_quoted_in_the_url(self, own_server: Server) -> None:
        password = urlsplit(own_server.url).password
        assert password != postgresql.PASSWORD
        assert unquote(password or "") == postgresql.PASSWORD

    def test_a_wrong_password_is_refused(self, own_server: Server) -> None:
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(own_server.url, password="wrong")

    def test_a_database_is_dropped_under_an_open_connection(
        self, postgresql_admin: psycopg.Connection, postgresql_admin_url: str
    ) -> None:
        name = f"miger_test_forced_{os.getpid()}"
        postgresql.create_database(postgresql_admin, name)
        with psycopg.connect(postgresql.with_database(postgresql_admin_url, name), autocommit=True) as connection:
            postgresql.drop_database(postgresql_admin, name)
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")

    def test_every_backend_gives_a_url_of_its_scheme(self, database_url: str, backend_name: str) -> None:
        assert urlsplit(database_url).scheme == backend_name


class TestProcess:
    def test_it_runs_as_nobody_for_root_and_as_ourselves_otherwise(self, own_server: Server) -> None:
        assert own_server.process is not None
        assert own_server.folder is not None
        expected = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
        assert os.stat(f"{own_server.folder.path}/data").st_uid == expected
        if os.path.isdir("/proc/self"):
            assert os.stat(f"/proc/{own_server.process.pid}").st_uid == expected

    @EVERY_SERVER
    def test_stopping_ends_the_process_and_deletes_the_folder(
        self, backend: str, request: pytest.FixtureRequest
    ) -> None:
        request.getfixturevalue(f"{backend}_admin_url")  # fails or skips where there is none
        try:
            server = STARTERS[backend](NO_URL)
        except Unavailable as error:  # the tests run on a URL alone
            pytest.skip(str(error))
        assert server.process is not None
        assert server.folder is not None
        assert os.path.isdir(server.folder.path)
        server.stop()
        assert server.process.poll() is not None
        assert not os.path.exists(server.folder.path)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", urlsplit(server.url).port or 0), timeout=5)
        server.stop()  # again: nothing

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="PR_SET_PDEATHSIG is Linux's")
    @EVERY_SERVER
    def test_a_killed_test_run_leaves_no_server_and_the_next_sweeps_its_folder(
        self, backend: str, request: pytest.FixtureRequest, own_server: Server
    ) -> None:
        request.getfixturevalue(f"{backend}_admin_url")
        parent = own_server.folder.path if own_server.folder else ""  # short, and open to every account
        script = (
            "import sys, time\n"
            "from tests.servers import STARTERS\n"
            "server = STARTERS[sys.argv[2]](parent=sys.argv[1])\n"
            "print(server.process.pid, server.folder.path, flush=True)\n"
            "time.sleep(600)\n"
        )
        with subprocess.Popen(
            [sys.executable, "-c", script, parent, backend], cwd=ROOT, env=NO_URL, stdout=subprocess.PIPE, text=True
        ) as run:
            assert run.stdout is not None
            pid, folder = run.stdout.readline().split()
            assert is_running(int(pid))
            run.send_signal(signal.SIGKILL)
        assert wait_until(lambda: not is_running(int(pid)))
        assert os.path.isdir(folder)
        assert base.sweep(backend, parent) == [folder]
        assert not os.path.exists(folder)


class TestSweep:
    def test_a_folder_in_use_stays(self, tmp_path: Path) -> None:
        folder = base.new_folder("postgresql", str(tmp_path))
        assert base.sweep("postgresql", str(tmp_path)) == []
        folder.remove()
        assert os.listdir(tmp_path) == []

    def test_a_folder_without_a_lock_stays_while_it_is_young(self, tmp_path: Path) -> None:
        young, old = tmp_path / "miger-test-postgresql-young", tmp_path / "miger-test-postgresql-old"
        for path in (young, old):
            path.mkdir()
        os.utime(old, (0, 0))
        assert base.sweep("postgresql", str(tmp_path)) == [str(old)]
        assert young.is_dir()

    def test_other_folders_stay(self, tmp_path: Path) -> None:
        other = tmp_path / "miger-test-mongodb-x"
        other.mkdir()
        os.utime(other, (0, 0))
        assert base.sweep("postgresql", str(tmp_path)) == []


class TestMissingServers:
    @EVERY_SERVER
    def test_a_url_that_does_not_answer_is_not_replaced_by_another_server(self, backend: str) -> None:
        variable = base.url_variable(backend)
        url = f"{backend}://u:p@127.0.0.1:{base.free_port()}/x"
        with pytest.raises(Unavailable, match=f"{variable} does not answer"):
            STARTERS[backend]({variable: url})

    @EVERY_SERVER
    def test_an_unknown_origin_names_the_known_ones(self, backend: str) -> None:
        with pytest.raises(Unavailable, match="it is one of url, binaries, "):
            STARTERS[backend]({f"MIGER_TEST_{backend.upper()}_FROM": "moon"})

    def test_all_requires_every_backend_that_has_a_server(self) -> None:
        assert required_backends({"MIGER_TEST_REQUIRE": "all"}) == {"postgresql", "mysql", "mongodb"}
        assert required_backends({"MIGER_TEST_REQUIRE": "postgresql,mysql"}) == {"postgresql", "mysql"}
        assert required_backends({}) == frozenset()

    @pytest.mark.parametrize(("require", "expected"), [("", "3 skipped"), ("all", "3 failed")])
    def test_a_missing_server_is_skipped_at_home_and_fails_where_it_is_required(
        self, require: str, expected: str
    ) -> None:
        test = f"{__file__}::TestFreshDatabases::test_a_fresh_database_is_named_in_its_url"
        done = pytest_without_servers(test, require)
        assert expected in done.stdout, done.stdout + done.stderr
        assert done.returncode == (1 if require else 0)

    def test_what_needs_mongod_is_no_missing_server(self) -> None:
        test = f"{ROOT}/tests/servers/test_mongodb.py::test_what_needs_mongod_runs_on_nothing_else"
        done = pytest_without_servers(test, "all")
        assert "1 skipped" in done.stdout, done.stdout + done.stderr
        assert "needs a real mongod (SecantusDB would say so)" in done.stdout
        assert done.returncode == 0
