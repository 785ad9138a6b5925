"""What a start imports: the commands that every deploy runs must not pay for what they don't use."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = frozenset(
    "alembic asyncio dataclasses httpx inspect logging mako markdown_it msgspec networkx psycopg pygments pymongo "
    "pymysql random rich shutil sqlalchemy sqlglot structlog textual traceback typing_extensions watchfiles".split()
)
"""Top-level names that cost milliseconds and that no plain look at a project needs."""
NOT_THESE = frozenset({"importlib.metadata", "multiprocessing", "unittest", "http.client", "email.message"})

PROBE = """
import os, sys
from miger.cli.main import main
try:
    code = main(sys.argv[1:])
except SystemExit as end:
    code = end.code or 0
with open(os.environ["PROBE_FILE"], "w") as file:
    file.write("\\n".join(sys.modules))
sys.exit(code)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """One SQL migration, and two Python migrations that betray whoever runs them."""
    folder = tmp_path / "project"
    migrations = folder / "migrations"
    migrations.mkdir(parents=True)
    (migrations / "20260101000000_users.sql").write_text("-- miger:up\nCREATE TABLE users (id INTEGER);\n")
    (migrations / "20260102000000_mark.py").write_text(
        f"open({str(tmp_path / 'ran')!r}, 'a').close()\n\n\ndef up(db):\n    db.execute('DELETE FROM users')\n"
    )
    (migrations / "20260103000000_import.py").write_text("import no_such_module\n\n\ndef up(db):\n    pass\n")
    return folder


def configure(project: Path, url: str) -> None:
    (project / "miger.toml").write_text(f'[project]\nname = "p"\n[environments.dev]\nurl = "{url}"\n')


def modules_of(project: Path, *arguments: str) -> set[str]:
    """The modules in memory at the end of a command, run in a process of its own."""
    names = project.parent / "modules"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "-C", str(project), *arguments],
        env={**environ, "PROBE_FILE": str(names)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return set(names.read_text().split())


def heavy(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules} & HEAVY | modules & NOT_THESE


def baseline(project: Path) -> None:
    modules_of(project, "baseline", "--yes")


def test_help_imports_no_driver_and_nothing_heavy(project: Path) -> None:
    modules = modules_of(project, "--help")
    assert heavy(modules) == set()
    assert not modules & {"sqlite3", "miger.project", "miger.engine.executor", "tomllib"}


@pytest.mark.parametrize("command", ["status", "up", "plan"])
def test_nothing_to_do_on_sqlite_imports_one_driver_and_nothing_heavy(
    project: Path, sqlite_url: str, command: str
) -> None:
    configure(project, sqlite_url)
    baseline(project)
    assert heavy(modules_of(project, command)) == set()


@pytest.mark.parametrize("command", [["status"], ["plan"], ["status", "--json"]])
def test_looking_at_what_is_pending_on_sqlite_imports_nothing_heavy(
    project: Path, sqlite_url: str, command: list[str]
) -> None:
    configure(project, sqlite_url)
    assert heavy(modules_of(project, *command)) == set()


def test_applying_sql_files_on_sqlite_imports_nothing_heavy(project: Path, sqlite_url: str) -> None:
    configure(project, sqlite_url)
    assert heavy(modules_of(project, "up", "--steps", "1")) == set()


@pytest.mark.parametrize("command", [["status"], ["up"], ["plan"], ["history"]])
def test_looking_on_postgresql_imports_neither_sqlalchemy_nor_another_driver(
    project: Path, postgresql_url: str, command: list[str]
) -> None:
    configure(project, postgresql_url)
    baseline(project)
    by_psycopg = "asyncio logging typing_extensions dataclasses inspect random shutil traceback"
    allowed = {"psycopg", *by_psycopg.split()}
    modules = modules_of(project, *command)
    assert {name.partition(".")[0] for name in modules} & HEAVY <= allowed
    assert "sqlite3" not in modules


@pytest.mark.parametrize("command", [["status"], ["history"], ["plan"]])
def test_looking_on_mongodb_imports_no_other_driver(project: Path, mongodb_url: str, command: list[str]) -> None:
    (project / "migrations" / "20260101000000_users.sql").unlink()
    configure(project, mongodb_url)
    modules = modules_of(project, *command)
    assert {name.partition(".")[0] for name in modules} & {"psycopg", "pymysql", "sqlite3", "sqlalchemy"} == set()
    assert "miger.backends.mongodb_session" not in modules


@pytest.mark.parametrize(
    "command", [["status"], ["status", "--json"], ["plan"], ["graph"], ["show", "mark"], ["history"]]
)
def test_looking_runs_no_migration_file(project: Path, sqlite_url: str, command: list[str]) -> None:
    configure(project, sqlite_url)
    modules_of(project, *command)
    assert not (project.parent / "ran").exists()


def test_the_file_does_run_when_it_is_applied(project: Path, sqlite_url: str) -> None:
    configure(project, sqlite_url)
    modules_of(project, "up", "--steps", "2")
    assert (project.parent / "ran").exists()
