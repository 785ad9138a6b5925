"""What `up` and `down` refuse until a person says yes, and what they don't."""

from __future__ import annotations

import io
import sys

import pytest

from miger import Project
from miger.engine.errors import HazardsFound

from tests.app.sandbox import Sandbox

REFUSED = 7
EVERYWHERE = pytest.mark.parametrize("backend_name", ["sqlite", "postgresql", "mysql"])
ALLOW = 'allow = [{ hazard = "drop-table", reason = "nobody reads it" }]'


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def project(sandbox: Sandbox) -> Sandbox:
    """A table with rows, and an empty one."""
    return with_tables(sandbox)


def with_tables(sandbox: Sandbox) -> Sandbox:
    sandbox.sql(
        "0001_users",
        "CREATE TABLE users (id INTEGER PRIMARY KEY);\nINSERT INTO users VALUES (1), (2);\n"
        "CREATE TABLE empty (id INTEGER PRIMARY KEY);",
        "DROP TABLE empty;\nDROP TABLE users;",
    )
    sandbox.miger("up")
    return sandbox


@EVERYWHERE
def test_up_refuses_what_loses_rows_until_yes(project: Sandbox) -> None:
    path = project.sql("0002_drop", "DROP TABLE users;")
    done = project.miger("up", code=REFUSED)
    assert f"{path}:4: table users holds 2 rows that the drop loses (drop-table)" in done.err
    assert "--yes" in done.err
    assert project.tables() == {"users", "empty"}
    project.miger("up", "--yes")
    assert project.tables() == {"empty"}


@EVERYWHERE
def test_what_loses_nothing_just_runs(project: Sandbox) -> None:
    project.sql(
        "0002_drop",
        "DROP TABLE empty;\nCREATE TABLE more (id INTEGER);\nINSERT INTO more VALUES (1);\nDROP TABLE more;\n"
        "DROP TABLE IF EXISTS nobody;",
    )
    project.miger("up")
    assert project.tables() == {"users"}


@EVERYWHERE
def test_what_is_bound_to_fail_is_refused_before_it_starts(project: Sandbox) -> None:
    project.sql("0002_more", "CREATE TABLE orders (user_id INTEGER);\nINSERT INTO orders VALUES (1), (1);")
    project.miger("up")
    project.sql("0003_unique", "CREATE UNIQUE INDEX one ON orders (user_id);")
    done = project.miger("up", code=REFUSED)
    assert "1 value of orders.user_id occurs more than once" in done.err
    assert project.history("0003_unique") == []


@EVERYWHERE
def test_what_is_allowed_runs(project: Sandbox) -> None:
    project.sql("0002_drop", "DROP TABLE users;", metadata=ALLOW)
    project.miger("up")
    assert project.tables() == {"empty"}


@EVERYWHERE
def test_down_shows_what_it_loses_before_it_asks(project: Sandbox) -> None:
    done = project.miger("down", code=REFUSED)
    assert "table users holds 2 rows that the drop loses" in done.err
    assert "revert 0001_users" in done.err
    assert "empty" not in done.err.replace("0001_users", "")
    project.miger("down", "--yes")
    assert project.tables() == set()


@pytest.mark.parametrize(("answer", "code", "left"), [("y\n", 0, {"empty"}), ("n\n", REFUSED, {"users", "empty"})])
def test_on_a_terminal_it_asks(
    sqlite_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, answer: str, code: int, left: set[str]
) -> None:
    sandbox = with_tables(sqlite_sandbox)
    sandbox.sql("0002_drop", "DROP TABLE users;")
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    done = sandbox.miger("up", code=code)
    assert "✖ drop-table" in done.err
    assert "    → Rename the table first" in done.err
    assert "run this in dev all the same? [y/N]" in done.err
    assert sandbox.tables() == left


def test_a_refused_stream_of_events_ends_as_refused(sqlite_sandbox: Sandbox) -> None:
    sandbox = with_tables(sqlite_sandbox)
    sandbox.sql("0002_drop", "DROP TABLE users;")
    done = sandbox.miger("up", "--json", code=REFUSED)
    assert '"event": "run_finished"' in done.out.splitlines()[-1]
    assert '"refused"' in done.out.splitlines()[-1]


def test_a_protected_environment_wants_its_name_as_well(sqlite_sandbox: Sandbox) -> None:
    sandbox = with_tables(sqlite_sandbox)
    sandbox.configure(environment="protected = true")
    sandbox.sql("0002_drop", "DROP TABLE users;")
    assert "protected" in sandbox.miger("up", "--yes", code=REFUSED).err
    assert "drop-table" in sandbox.miger("up", "--confirm", "dev", code=REFUSED).err
    sandbox.miger("up", "--yes", "--confirm", "dev")
    assert sandbox.tables() == {"empty"}


def test_a_read_only_environment_refuses_all(sqlite_sandbox: Sandbox) -> None:
    sandbox = with_tables(sqlite_sandbox)
    sandbox.configure(environment="read_only = true")
    sandbox.sql("0002_drop", "DROP TABLE users;", "SELECT 1;")
    assert "read-only" in sandbox.miger("up", "--yes", code=REFUSED).err
    assert "read-only" in sandbox.miger("up", code=REFUSED).err
    assert "2 rows" in sandbox.miger("lint", code=REFUSED).out


def test_the_python_api_refuses_when_it_is_asked_to(sqlite_sandbox: Sandbox) -> None:
    sandbox = with_tables(sqlite_sandbox)
    sandbox.sql("0002_drop", "DROP TABLE users;")
    with Project.open(sandbox.folder) as project:
        with pytest.raises(HazardsFound) as refused:
            project.up(guarded=True)
        assert [hazard.code for hazard in refused.value.hazards] == ["drop-table"]
        assert project.hazards(project.plan()).refused == refused.value.hazards
        assert project.up().finished == ("0002_drop",)


@EVERYWHERE
def test_a_dry_run_lists_the_hazards(project: Sandbox) -> None:
    project.sql("0002_drop", "DROP TABLE users;")
    out = project.miger("up", "--dry-run").out
    assert "hazards:\n" in out
    assert "holds 2 rows that the drop loses" in out
    document = project.miger("up", "--dry-run=sql", "--json").document
    assert [(found["code"], found["severity"]) for found in document["hazards"]] == [
        ("drop-table", "warning"),
        ("irreversible-migration", "info"),
    ]
    assert project.tables() == {"users", "empty"}
