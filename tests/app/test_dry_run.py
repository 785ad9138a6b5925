"""Dry runs from the command line."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import tempfile

import psycopg
import pytest
from pymysql.constants import CLIENT

from miger.engine.scratch import PREFIX

from tests.app.sandbox import Sandbox
from tests.servers import mysql

pytestmark = pytest.mark.parametrize("backend_name", ["sqlite", "postgresql", "mysql"])

SLOW = """
import time

def up(db):
    db.execute("CREATE TABLE slow (id INTEGER)")
    open(GO, "w").close()
    time.sleep(60)
"""


@pytest.fixture
def project(sandbox: Sandbox) -> Sandbox:
    """A table with rows, and two migrations pending."""
    rows = "".join(f"INSERT INTO users VALUES ({number}, 'n{number}');\n" for number in range(1, 31))
    sandbox.sql("0001_users", f"CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);\n{rows}", "DROP TABLE users;")
    sandbox.miger("up")
    sandbox.sql(
        "0002_email",
        "ALTER TABLE users ADD COLUMN email TEXT;\nUPDATE users SET email = name;",
        "ALTER TABLE users DROP COLUMN email;",
        verify="SELECT count(*) = 0 AS ok FROM users WHERE email IS NULL;",
    )
    sandbox.table("0003_more", "more")
    return sandbox


def in_python(sandbox: Sandbox, body: str) -> None:
    """Puts a Python migration in the place of the last one."""
    os.unlink(sandbox.path("migrations", "0003_more.sql"))
    sandbox.python("0003_more", body)


def scratches(sandbox: Sandbox) -> set[str]:
    if sandbox.sqlite:
        return {name for name in os.listdir(tempfile.gettempdir()) if name.startswith(PREFIX)}
    query = "SHOW DATABASES" if sandbox.backend == "mysql" else "SELECT datname FROM pg_database"
    return {name for (name,) in sandbox.rows(query) if name.startswith(PREFIX)}


def test_the_text_tells_each_statement_its_rows_and_the_schema(project: Sandbox) -> None:
    before = project.dump()
    out = project.miger("up", "--dry-run").out
    assert project.dump() == before
    lines = out.splitlines()
    how = "in one transaction" if project.transactional_ddl else "statement by statement"
    assert lines[0].startswith(f"✓ up 0002_email  ({how}, ")
    assert any("UPDATE users SET email = name  [30 rows; " in line for line in lines)
    assert any("[verify" in line for line in lines)
    assert [line for line in lines if line.startswith("  table ") and "users: changed" in line]
    assert [line for line in lines if line.startswith("  table ") and "more: added" in line]
    assert "2 migrations would succeed; nothing of it stays" in lines[-1]
    assert project.states() == {"0001_users": "applied", "0002_email": "pending", "0003_more": "pending"}
    assert {entry.split()[1] for entry in project.history()} == {"0001_users"}


def test_a_target_may_follow_the_option(project: Sandbox) -> None:
    document = project.miger("up", "--dry-run", "0002", "--json").document
    assert [step["id"] for step in document["steps"]] == ["0002_email"]
    document = project.miger("up", "--dry-run=sql", "0002", "--json").document
    assert (document["mode"], document["schema"], document["ok"]) == ("sql", None, True)
    assert [found["text"].split()[0] for found in document["steps"][0]["statements"]] == ["ALTER", "UPDATE", "SELECT"]


def test_what_would_fail_is_told_with_its_line_and_what_is_not_run_then(project: Sandbox) -> None:
    project.sql("0003_more", "CREATE TABLE a (id INTEGER);\nSELECT nonsense;\nCREATE TABLE b (id INTEGER);")
    project.table("0004_last", "last")
    done = project.miger("up", "--dry-run", code=1)
    path = project.path("migrations", "0003_more.sql")
    assert f"    {path}:5: " in done.out
    assert "nonsense  [fails]" in done.out
    assert "CREATE TABLE b (id INTEGER)  [not run]" in done.out
    assert "· up 0004_last" in done.out
    assert "0003_more would fail; nothing of it stays" in done.out
    assert ("what succeeded stays, and the migration is dirty" in done.out) != project.transactional_ddl
    assert project.states()["0003_more"] == "pending"


def test_down_can_be_tried_too_and_asks_nothing(project: Sandbox) -> None:
    project.rows("UPDATE users SET name = 'x'")
    before = project.dump()
    document = project.miger("down", "--dry-run", "--json").document
    assert (document["direction"], document["ok"]) == ("down", True)
    assert [change["change"] for change in document["schema"]] == ["removed"]
    assert project.dump() == before
    assert project.states()["0001_users"] == "applied"


def test_with_nothing_to_do_there_is_nothing_to_show(project: Sandbox) -> None:
    project.miger("up")
    done = project.miger("up", "--dry-run", "--json")
    assert (done.document["steps"], done.document["ok"]) == ([], True)


def test_a_rehearsal_goes_back_and_up_again(project: Sandbox) -> None:
    notes = project.miger("up", "--dry-run=rehearse", "--json").document["notes"]
    assert "`down` works, and the schema is as before" in notes
    assert "`up` works again, and the schema is as before" in notes
    project.sql("0003_more", "CREATE TABLE more (id INTEGER);", "DROP TABLE nothing;")
    notes = project.miger("up", "--dry-run=rehearse", "--json").document["notes"]
    assert [note for note in notes if note.startswith("`down` fails: ") and "nothing" in note]
    project.sql("0003_more", "CREATE TABLE more (id INTEGER);")
    notes = project.miger("up", "--dry-run=rehearse", "--json").document["notes"]
    assert "not tried back: 0003_more has no `down`" in notes


REBUILD = """
def up(db):
    with db.op.batch_alter_table("users") as users:
        users.alter_column("name", nullable=False)

def down(db):
    with db.op.batch_alter_table("users") as users:
        users.alter_column("name", nullable=True)
"""


def test_a_rehearsal_sees_that_a_table_which_is_rebuilt_there_and_back_is_as_before(project: Sandbox) -> None:
    if not project.sqlite:
        pytest.skip("other databases alter their tables in place")
    in_python(project, REBUILD)
    document = project.miger("up", "--dry-run=rehearse", "--json").document
    assert "`down` works, and the schema is as before" in document["notes"]
    assert "`up` works again, and the schema is as before" in document["notes"]
    [change] = document["schema"]
    assert change["after"].splitlines()[1:] == ["name TEXT not null", "email TEXT", "primary key (id)"]


def test_the_script_can_be_saved_printed_and_run_by_hand(project: Sandbox) -> None:
    in_python(project, "def up(db):\n    db.execute('CREATE TABLE more (id INTEGER)')\n")
    file = project.path("script.sql")
    project.miger("up", "--dry-run=sql", "--save", file)
    with open(file, encoding="utf-8") as script:
        text = script.read()
    assert project.miger("plan", "--sql").out == text
    assert "exists already" in project.miger("up", "--dry-run=sql", "--save", file, code=2).err
    if project.sqlite:
        connection = sqlite3.connect(project.url.removeprefix("sqlite:///"), isolation_level=None)
        connection.executescript(text)
        connection.close()
    elif project.backend == "mysql":
        with mysql.connect(project.url, client_flag=CLIENT.MULTI_STATEMENTS) as client, client.cursor() as cursor:
            cursor.execute(text)
            while cursor.nextset():
                pass
    else:
        with psycopg.connect(project.url, autocommit=True) as server:
            server.execute(text)  # type: ignore[arg-type]  # not a literal
    assert project.tables() == {"users", "more"}
    assert project.rows("SELECT count(*) FROM users WHERE email = name") == [(30,)]
    for id in ("0002", "0003"):
        project.miger("repair", id, "--mark-applied", "--yes")
    assert json.loads(project.miger("verify", "--json").out)["ok"]


def test_a_recorded_python_migration_says_where_it_needs_the_database(project: Sandbox) -> None:
    in_python(
        project,
        "def up(db):\n    db.execute('DELETE FROM users WHERE id = :id', {'id': 3})\n    db.op.drop_table('users')\n"
        "    n = db.execute('SELECT count(*) FROM users').scalar()\n    db.execute('DELETE FROM more')\n",
    )
    step = project.miger("up", "--dry-run=sql", "0003", "--json").document["steps"][1]
    texts = [found["text"] for found in step["statements"]]
    assert texts == [
        "DELETE FROM users WHERE id = :id  -- id = 3",
        "DROP TABLE users",
        "SELECT count(*) FROM users",
        "",
    ]
    assert step["statements"][-1]["note"].startswith("from here on it needs the database: it reads the answer to")


@pytest.mark.parametrize("mode", ["rollback", "rehearse"])
def test_a_killed_dry_run_leaves_nothing_but_what_the_next_one_removes(project: Sandbox, mode: str) -> None:
    if project.backend == "mysql" and mode == "rollback":
        pytest.skip("MySQL cannot roll back what changes the schema")
    go = project.path("go")
    in_python(project, f"GO = {go!r}\n{SLOW}")
    before = project.dump()
    with project.start("up", f"--dry-run={mode}") as process:
        while not os.path.exists(go):
            assert process.popen.poll() is None
        left = {name for name in scratches(project) if f"_{process.popen.pid}_" in name}
        process.signal(signal.SIGKILL)
        process.popen.wait()
    assert bool(left) == (mode == "rehearse")  # which any dry run on this server may remove from now on
    assert project.dump() == before
    os.unlink(project.path("migrations", "0003_more.py"))
    project.miger("up", "--dry-run=rehearse")
    assert not left & scratches(project)
    assert project.dump() == before
    assert {entry.split()[1] for entry in project.history()} == {"0001_users"}


def test_a_lock_held_by_somebody_else_fails_the_dry_run_soon_and_names_them(project: Sandbox) -> None:
    if project.sqlite:
        holder = sqlite3.connect(project.url.removeprefix("sqlite:///"), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        done = project.miger("up", "--dry-run=rollback", code=None)
        assert done.code in (1, 8)
        assert "another program holds the file" in done.out + done.err
        holder.close()
        return
    if project.backend == "mysql":
        with mysql.connect(project.url) as holding, holding.cursor() as cursor:
            cursor.execute("LOCK TABLES users WRITE")
            done = project.miger("up", "--dry-run=rehearse", code=7)
            assert "rows of users: another session holds it locked" in done.err
            assert f"connection {holding.thread_id()} (" in done.err
            document = project.miger("up", "--dry-run", "--json").document
            assert (document["mode"], document["notes"][0].startswith("not by rehearse: ")) == ("sql", True)
            cursor.execute("UPDATE users SET name = 'z' WHERE id = 1")  # blocked by nobody
        return
    with psycopg.connect(project.url, application_name="the other") as other:
        other.execute("UPDATE users SET name = 'y' WHERE id = 1")
        done = project.miger("up", "--dry-run", code=1)
        assert "lock timeout" in done.out
        assert "it was held by process " in done.out
        assert "(the other), idle in transaction since" in done.out
        assert "UPDATE users SET name" in done.out
        other.execute("UPDATE users SET name = 'z' WHERE id = 1")  # blocked by nobody


def test_a_read_only_environment_can_only_be_rehearsed_or_listed(project: Sandbox) -> None:
    project.configure("read_only = true")
    refused = "rehearse" if project.backend == "mysql" else "rollback"
    assert "read-only" in project.miger("up", f"--dry-run={refused}", code=7).err
    document = project.miger("up", "--dry-run", "--json").document
    assert (document["mode"], document["ok"]) == ("rehearse" if project.sqlite else "sql", True)


def test_an_unknown_mode_is_refused(project: Sandbox) -> None:
    if project.backend == "mysql":
        assert "mysql has no dry run by rollback" in project.miger("up", "--dry-run=rollback", code=2).err
    assert "invalid choice" in project.miger("up", "--dry-run=blindly", code=2).err
