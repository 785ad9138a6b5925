"""Costs that do not depend on the machine: syncs, commits, statements, writes."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import unquote, urlsplit

import psycopg
import pytest

from miger.project import Project

from tests.benchmarks.project import TinyProject
from tests.benchmarks.relay import Relay, relay_to
from tests.servers import launch
from tests.servers.base import Unavailable

MOST_STATEMENTS = {"up": 5, "down": 5}
SYNCS = 4  # the journal twice, its folder, the database: what SQLite needs for one safe transaction
FEW, MORE = 5, 15


@pytest.fixture
def sqlite_project(tmp_path: Path, sqlite_url: str) -> TinyProject:
    return TinyProject(tmp_path / "project", sqlite_url)


@pytest.fixture
def postgresql_relay(postgresql_url: str) -> Iterator[Relay]:
    with relay_to(postgresql_url) as relay:
        yield relay


@pytest.fixture
def postgresql_project(tmp_path: Path, postgresql_relay: Relay) -> TinyProject:
    return TinyProject(tmp_path / "project", postgresql_relay.url)


# --- SQLite --------------------------------------------------------------------------------------


def database_file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


def transactions(file: Path) -> int:
    """How many transactions have written to the file: https://sqlite.org/fileformat.html, offset 24."""
    return int.from_bytes(file.read_bytes()[24:28], "big")


@pytest.mark.parametrize("verb", ["up", "down"])
def test_each_migration_writes_to_sqlite_in_one_transaction(
    sqlite_project: TinyProject, sqlite_url: str, verb: str
) -> None:
    file = database_file(sqlite_url)
    sqlite_project.grow(FEW + MORE)
    if verb == "down":
        sqlite_project.run("up")
    else:
        sqlite_project.run("up", "--steps", "0")
        sqlite_project.run("up", "--steps", "1")
    costs = []
    for steps in (FEW, MORE - 1):
        before = transactions(file)
        sqlite_project.run(verb, "--steps", str(steps), "--yes")
        costs.append(transactions(file) - before)
    assert costs[1] - costs[0] == MORE - 1 - FEW
    assert costs[0] - FEW <= 3, "besides, only the schema is noted, the lease taken and given back"


@pytest.fixture
def strace() -> None:
    """The program, fetched where it may be."""
    if shutil.which("strace") is None:
        try:
            launch.apt_install("strace")
        except (Unavailable, OSError) as error:
            pytest.skip(f"needs strace (Debian: `apt-get install strace`): {error}")


@pytest.mark.usefixtures("strace")
def test_each_migration_costs_four_syncs_on_sqlite(tmp_path: Path) -> None:
    assert (syncs_of_up(tmp_path / "b", MORE) - syncs_of_up(tmp_path / "a", FEW)) == SYNCS * (MORE - FEW)


def syncs_of_up(folder: Path, count: int) -> int:
    project = TinyProject(folder, f"sqlite:///{folder}/x.db")
    project.grow(count)
    trace = folder / "trace"
    code = "import sys; from miger.cli.main import main; sys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        ["strace", "-f", "-o", trace, "-e", "trace=fsync,fdatasync", sys.executable, "-c", code, "-C", folder, "up"],
        capture_output=True,
        text=True,
        env={name: value for name, value in os.environ.items() if not name.startswith("COV")},
        check=False,
    )
    if "ptrace" in done.stderr and "not permitted" in done.stderr:
        pytest.skip("strace is not permitted here")
    assert done.returncode == 0, done.stderr
    return sum("sync(" in line for line in trace.read_text().splitlines())


def test_status_asks_sqlite_the_same_however_many_migrations_there_are(
    sqlite_project: TinyProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    connect = sqlite3.connect

    def traced(*args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **options)
        connection.set_trace_callback(asked.append)
        return connection

    costs = []
    for count in (FEW, MORE):
        sqlite_project.grow(count)
        sqlite_project.run("up")
        with monkeypatch.context() as patch:
            patch.setattr(sqlite3, "connect", traced)
            asked.clear()
            sqlite_project.run("status")
            costs.append(len(asked))
    assert costs[0] == costs[1] <= 8


@pytest.mark.parametrize("command", [["status"], ["up"], ["plan"]])
def test_nothing_to_do_writes_nothing_to_sqlite(
    sqlite_project: TinyProject, sqlite_url: str, command: list[str]
) -> None:
    sqlite_project.grow(FEW)
    sqlite_project.run("up")
    file = database_file(sqlite_url)
    before = hashlib.sha256(file.read_bytes()).digest(), file.stat().st_mtime_ns
    sqlite_project.run(*command)
    assert (hashlib.sha256(file.read_bytes()).digest(), file.stat().st_mtime_ns) == before


# --- PostgreSQL ----------------------------------------------------------------------------------


def commits(admin: psycopg.Connection, url: str) -> int:
    """Transactions committed in a database, once all its sessions have ended and counted theirs."""
    name = unquote(urlsplit(url).path[1:])
    deadline = time.monotonic() + 20
    while admin.execute("SELECT 1 FROM pg_stat_activity WHERE datname = %s", (name,)).fetchone():
        assert time.monotonic() < deadline, "a session does not end"
    row = admin.execute("SELECT xact_commit FROM pg_stat_database WHERE datname = %s", (name,)).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize("verb", ["up", "down"])
def test_each_migration_is_one_commit_on_postgresql(
    tmp_path: Path, postgresql_url: str, postgresql_admin: psycopg.Connection, verb: str
) -> None:
    project = TinyProject(tmp_path / "project", postgresql_url)
    project.grow(1 + FEW + MORE)
    project.run("up", *(["--steps", "1"] if verb == "up" else []))
    costs = []
    for steps in (FEW, MORE):
        before = commits(postgresql_admin, postgresql_url)
        project.run(verb, "--steps", str(steps), "--yes")
        costs.append(commits(postgresql_admin, postgresql_url) - before)
    assert costs[1] - costs[0] == MORE - FEW


@pytest.mark.parametrize("verb", ["up", "down"])
def test_each_migration_is_a_handful_of_statements_on_postgresql(
    postgresql_project: TinyProject, postgresql_relay: Relay, verb: str
) -> None:
    project = postgresql_project
    project.grow(1 + FEW + MORE)
    project.run("up", *(["--steps", "1"] if verb == "up" else []))
    costs = []
    for steps in (FEW, MORE):
        postgresql_relay.asked.clear()
        project.run(verb, "--steps", str(steps), "--yes")
        costs.append(len(postgresql_relay.statements()))
    assert (costs[1] - costs[0]) % (MORE - FEW) == 0, "the same for each"
    assert (costs[1] - costs[0]) // (MORE - FEW) <= MOST_STATEMENTS[verb]


def test_status_asks_postgresql_the_same_however_many_migrations_there_are(
    postgresql_project: TinyProject, postgresql_relay: Relay
) -> None:
    asked = []
    for count in (FEW, MORE):
        postgresql_project.grow(count)
        postgresql_project.run("up")
        postgresql_relay.asked.clear()
        postgresql_project.run("status")
        asked.append(list(postgresql_relay.asked))
    assert asked[0] == asked[1]
    assert len(asked[0]) <= 3


@pytest.mark.parametrize("command", [["status"], ["up"], ["plan"]])
def test_nothing_to_do_only_reads_from_postgresql(
    postgresql_project: TinyProject, postgresql_relay: Relay, command: list[str]
) -> None:
    postgresql_project.grow(FEW)
    postgresql_project.run("up")
    postgresql_relay.asked.clear()
    postgresql_project.run(*command)
    assert postgresql_relay.statements()
    for statement in postgresql_relay.statements():
        assert statement.startswith(("SELECT", "BEGIN", "COMMIT", "SHOW")), statement
        assert not statement.startswith("BEGIN") or "READ ONLY" in statement


# --- dry runs ------------------------------------------------------------------------------------


def calls_of_a_listing(project: Project) -> int:
    """How many Python functions are called to list what is pending."""
    plan = project.plan()
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        preview = project.preview(plan, "sql")
    finally:
        sys.setprofile(None)
    assert len(preview.steps) == len(plan.steps)
    return calls


def test_listing_a_plan_costs_in_proportion_to_its_steps(sqlite_project: TinyProject) -> None:
    costs = []
    for more in (10, 100, 100):
        sqlite_project.grow(more)
        with Project.open(str(sqlite_project.folder)) as project:
            calls_of_a_listing(project)  # imports
            costs.append(calls_of_a_listing(project))
    assert costs[2] - costs[1] <= 1.05 * (costs[1] - costs[0])
