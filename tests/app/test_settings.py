"""Each setting of an environment, by what it does on SQLite, PostgreSQL and MySQL.

`protected` and the refusal of every command under `read_only` are in test_up_down; what a backend makes of
`read_only` and `lock_timeout` on a bare connection is in its contract tests.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from miger import Project
from miger.engine.errors import ConfigError, MigerError, RefusedError, StatementError, StepFailed
from miger.engine.events import Event, LogLine

from tests.app.sandbox import Sandbox
from tests.servers import mysql

PATIENCE = 60.0

pytestmark = pytest.mark.parametrize("backend_name", ["sqlite", "postgresql", "mysql"], indirect=True)

Hold = Callable[[str], contextlib.AbstractContextManager[Callable[[], object]]]

SLOW = {  # runs for minutes, unless it is stopped
    "sqlite": "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 20000000000) "
    "SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(300)",
    "mysql": "SELECT SLEEP(300)",
}


@pytest.fixture
def hold(sandbox: Sandbox) -> Hold:
    """Runs a statement on another connection and gives how to end its transaction, which the end does at the latest."""

    @contextlib.contextmanager
    def held(statement: str) -> Iterator[Callable[[], object]]:
        connection: Any
        if sandbox.sqlite:
            connection = sqlite3.connect(
                sandbox.url.removeprefix("sqlite:///"), isolation_level=None, check_same_thread=False
            )
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(statement)
            end = connection.rollback
        elif sandbox.backend == "mysql":
            connection = mysql.connect(sandbox.url)
            connection.begin()
            connection.query(statement)
            end = connection.rollback
        else:
            connection = psycopg.connect(sandbox.url)
            connection.execute(statement)
            end = connection.rollback
        try:
            yield end
        finally:
            connection.close()

    return held


# --- environments are apart ----------------------------------------------------------------------


def test_each_environment_has_settings_of_its_own(sandbox: Sandbox) -> None:
    quoted = sandbox.url.replace("\\", "\\\\").replace('"', '\\"')
    sandbox.configure(
        more=f'[environments.prod]\nurl = "{quoted}"\nprotected = true\n'
        f'[environments.replica]\nurl = "{quoted}"\nread_only = true\n'
    )
    sandbox.table("0001_first", "first")
    sandbox.table("0002_second", "second")
    assert "environment replica is read-only" in sandbox.miger("-e", "replica", "up", code=7).err
    assert "environment prod is protected" in sandbox.miger("-e", "prod", "up", code=7).err
    assert sandbox.states() == {"0001_first": "pending", "0002_second": "pending"}
    sandbox.miger("-e", "prod", "up", "0001", "--confirm", "prod")
    sandbox.miger("up")
    assert "second" in sandbox.tables()


# --- read_only -----------------------------------------------------------------------------------


WRITES = [
    "db.execute('INSERT INTO first VALUES (1)')",
    "db.op.execute('INSERT INTO first VALUES (1)')",
    "db.connection.exec_driver_sql('UPDATE first SET id = 2')",
    "db.execute('CREATE TABLE third (id INTEGER)')",
]


@pytest.mark.parametrize("write", WRITES)
def test_a_verify_function_cannot_write_where_it_is_read_only(sandbox: Sandbox, write: str) -> None:
    sandbox.table("0001_first", "first")
    body = "def up(db):\n    db.execute('INSERT INTO first VALUES (0)')\n\ndef verify(db):\n    "
    sandbox.python("0002_second", body + "return db.execute('SELECT 1').scalar() == 1")
    sandbox.miger("up")
    before = sandbox.dump()
    sandbox.python("0002_second", f"{body}{write}\n    return True\n")
    sandbox.miger("repair", "0002", "--accept-checksum")
    sandbox.configure("read_only = true")
    failed = sandbox.miger("--json", "verify", code=6).document["failed"]
    assert set(failed) == {"0002_second"}
    # read-only, readonly, READ ONLY: each server has its words; and MySQL never lets verify commit
    assert any(word in failed["0002_second"].lower() for word in ("read", "would commit"))
    assert sandbox.dump() == before


def test_a_verify_section_cannot_write_where_it_is_read_only(sandbox: Sandbox) -> None:
    sandbox.sql("0001_first", "CREATE TABLE first (id INTEGER);", verify="INSERT INTO first VALUES (1);")
    sandbox.miger("up")
    before = sandbox.rows("SELECT count(*) FROM first")
    sandbox.configure("read_only = true")
    failed = sandbox.miger("--json", "verify", code=6).document["failed"]
    assert "read" in failed["0001_first"].lower()
    assert sandbox.rows("SELECT count(*) FROM first") == before


def test_the_session_itself_is_read_only(sandbox: Sandbox) -> None:
    """Below the engine: what gets past its refusals stands before a server that refuses as well."""
    sandbox.table("0001_first", "first")
    sandbox.miger("up")
    sandbox.configure("read_only = true")
    with Project.open(sandbox.folder) as project, project._pool.connection() as backend:
        session: Any = backend
        for write in ("INSERT INTO first VALUES (1)", "CREATE TABLE second (id INTEGER)", "DELETE FROM miger_history"):
            with pytest.raises(StatementError) as caught:
                session._change(write)
            assert "read" in caught.value.message.lower()
    assert sandbox.tables() == {"first"}
    assert sandbox.history() != []


# --- lock_timeout --------------------------------------------------------------------------------


def test_a_statement_waits_for_a_lock_as_long_as_it_may_and_is_tried_again(sandbox: Sandbox, hold: Hold) -> None:
    sandbox.configure('lock_timeout = "100ms"\nlease_wait = "200ms"')
    sandbox.sql("0001_first", "CREATE TABLE first (id INTEGER);\nINSERT INTO first VALUES (1);")
    sandbox.miger("up")
    sandbox.sql("0002_second", "UPDATE first SET id = 2;")
    with hold("UPDATE first SET id = 3"):
        given_up = sandbox.miger("up", code=None)
    assert given_up.code != 0
    assert "lock_timeout" in given_up.err
    assert sandbox.states()["0002_second"] == "pending"
    sandbox.miger("up")
    assert sandbox.rows("SELECT id FROM first") == [(2,)]


def test_a_lock_that_is_let_go_in_time_does_no_harm(sandbox: Sandbox, hold: Hold) -> None:
    sandbox.configure(f'lock_timeout = "{PATIENCE:.0f}s"')
    sandbox.sql("0001_first", "CREATE TABLE first (id INTEGER);\nINSERT INTO first VALUES (1);")
    sandbox.miger("up")
    sandbox.sql("0002_second", "UPDATE first SET id = 2;")
    tries: list[Event] = []
    with hold("UPDATE first SET id = 3") as let_go, Project.open(sandbox.folder) as project:
        later = threading.Timer(0.3, let_go)  # whenever it is: the run waits
        later.start()
        project.up(on_event=tries.append)
        later.join()
    assert not any(isinstance(event, LogLine) and "try 2" in event.message for event in tries)
    assert sandbox.rows("SELECT id FROM first") == [(2,)]


# --- statement_timeout ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sql", "python", "sql outside", "python outside"])
def test_a_statement_that_takes_longer_than_it_may_is_stopped(sandbox: Sandbox, kind: str) -> None:
    sandbox.configure('statement_timeout = "200ms"')
    sandbox.table("0001_first", "first")
    slow = f"INSERT INTO first {SLOW[sandbox.backend]}"
    if sandbox.backend == "postgresql":
        slow = SLOW["postgresql"]
    metadata = "transaction = false" if "outside" in kind else ""
    if kind.startswith("sql"):
        sandbox.sql("0002_second", f"INSERT INTO first VALUES (1);\n{slow};", metadata=metadata)
    else:
        body = f'def up(db):\n    db.execute("INSERT INTO first VALUES (1)")\n    db.execute("{slow}")\n'
        sandbox.python("0002_second", body, metadata=metadata)
    with Project.open(sandbox.folder) as project:
        with pytest.raises(StepFailed) as caught:
            project.up()
        assert "statement_timeout" in caught.value.hint
        assert caught.value.dirty is ("outside" in kind)
        status = project.status()
    assert status.by_id["0002_second"].state == ("dirty" if "outside" in kind else "pending")
    assert sandbox.rows("SELECT count(*) FROM first") == [(1 if "outside" in kind else 0,)]


def test_a_verify_section_that_takes_longer_than_it_may_is_stopped(sandbox: Sandbox) -> None:
    sandbox.sql("0001_first", "CREATE TABLE first (id INTEGER);", verify="SELECT count(*) FROM first;")
    sandbox.miger("up")
    sandbox.sql("0001_first", "CREATE TABLE first (id INTEGER);", verify=f"{SLOW[sandbox.backend]};")
    sandbox.miger("repair", "0001", "--accept-checksum")
    sandbox.configure('statement_timeout = "200ms"')
    with Project.open(sandbox.folder) as project:
        try:
            told = str(project.verify().failed)
        except MigerError as error:
            told = f"{error.message} {error.hint}"
    assert any(word in told for word in ("statement timeout", "max_statement_time", "longer than", "interrupted"))


def test_a_statement_that_keeps_within_its_time_is_left_alone(sandbox: Sandbox) -> None:
    sandbox.configure(f"statement_timeout = {PATIENCE}")
    many = ", ".join(f"({number})" for number in range(80))
    sandbox.sql("0001_first", f"CREATE TABLE first (id INTEGER);\nINSERT INTO first VALUES {many};")
    join = "SELECT count(*) FROM first a, first b, first c"
    sandbox.python("0002_second", f'def up(db):\n    assert db.execute("{join}").scalar() == 80**3\n')
    sandbox.miger("up")


# --- pool_size -----------------------------------------------------------------------------------


def test_no_more_connections_are_at_work_than_the_pool_may_have(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Six threads verify at once, and each verify waits for a second one: two get in together, and never three."""
    inside = _Inside()
    monkeypatch.setitem(sys.modules, "gate_of_this_test", inside)
    sandbox.python("0001_first", 'def up(db):\n    db.execute("CREATE TABLE first (id INTEGER)")\n')
    sandbox.miger("up")
    verify = "\n\ndef verify(db):\n    from gate_of_this_test import enter\n    enter()\n    return True\n"
    sandbox.python("0001_first", 'def up(db):\n    db.execute("CREATE TABLE first (id INTEGER)")\n' + verify)
    sandbox.miger("repair", "0001", "--accept-checksum")
    sandbox.configure("pool_size = 2\nread_only = true")  # so that SQLite lets in more than one
    reports = []
    with Project.open(sandbox.folder) as project:
        threads = [threading.Thread(target=lambda: reports.append(project.verify())) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [report.failed for report in reports] == [()] * 6
    assert inside.most == 2


class _Inside(types.ModuleType):
    """Counts who is inside at a time; leaves only in pairs."""

    def __init__(self) -> None:
        super().__init__("gate_of_this_test")
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        self._pair = threading.Barrier(2)

    def enter(self) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        self._pair.wait(PATIENCE)
        with self._lock:
            self._now -= 1


# --- out_of_order --------------------------------------------------------------------------------


def late(sandbox: Sandbox) -> None:
    """A project with 0001 and 0003 applied, and 0002 pending."""
    sandbox.table("0001_first", "first")
    sandbox.table("0003_third", "third", 'depends = ["0001_first"]')
    sandbox.miger("up")
    sandbox.table("0002_second", "second", 'depends = ["0001_first"]')


@pytest.mark.parametrize(
    ("project", "environment", "policy"),
    [
        ("", "", "error"),
        ("", 'out_of_order = "error"', "error"),
        ("", 'out_of_order = "warn"', "warn"),
        ("", 'out_of_order = "allow"', "allow"),
        ('out_of_order = "warn"', "", "warn"),
        ('out_of_order = "allow"', 'out_of_order = "error"', "error"),
        ('out_of_order = "error"', 'out_of_order = "allow"', "allow"),
    ],
)
def test_late_migrations_are_met_as_the_environment_says_or_else_the_project(
    sandbox: Sandbox, project: str, environment: str, policy: str
) -> None:
    late(sandbox)
    sandbox.configure(environment, project)
    assert sandbox.miger("verify", code=6 if policy == "error" else 0)
    done = sandbox.miger("up", code=6 if policy == "error" else 0)
    assert ("would run late" in done.err) is (policy == "error")
    assert ("warning: 0002_second" in done.err) is (policy == "warn")
    assert sandbox.states()["0002_second"] == ("pending" if policy == "error" else "applied")


# --- taking over another configuration -----------------------------------------------------------


def test_a_project_takes_over_another_configuration_and_the_old_one_goes_on(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    with Project.open(sandbox.folder) as old:
        assert old.status().counts["pending"] == 1
        os.mkdir(sandbox.path("changes"))
        sandbox.write("changes/0001_other.sql", "-- miger:up\nCREATE TABLE other (id INTEGER);\n")
        sandbox.configure("protected = true", 'migrations = "changes"')
        with old.reconfigured(old.config.read_again()) as new:
            assert [item.id for item in new.status().migrations] == ["0001_other"]
            assert (old.environment.protected, new.environment.protected) == (False, True)
            with pytest.raises(RefusedError, match="protected"):
                new.up()
        assert old.up().finished == ("0001_first",)
    assert sandbox.tables() == {"first"}


def test_a_configuration_without_the_environment_is_refused_and_the_project_goes_on(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    with Project.open(sandbox.folder) as project:
        sandbox.write("miger.toml", '[environments.test]\nurl = "sqlite:///other.db"\n')
        with pytest.raises(ConfigError, match="there is no environment 'dev'"):
            project.reconfigured(project.config.read_again())
        sandbox.write("miger.toml", '[environments.dev]\nurl = "nobody://serves/this"\n')
        with pytest.raises(ConfigError, match="no such kind of database"):
            project.reconfigured(project.config.read_again())
        assert project.up().finished == ("0001_first",)
