"""Changes of the schema that no run has made, as `verify` tells of them."""

from __future__ import annotations

import os
import signal
import sqlite3

import pytest

from tests.app.sandbox import Sandbox

SQL = ("sqlite", "postgresql", "mysql")

pytestmark = pytest.mark.parametrize("backend_name", SQL)


@pytest.fixture
def project(sandbox: Sandbox) -> Sandbox:
    """Two tables, made by two migrations."""
    sandbox.table("0001_one", "one")
    sandbox.table("0002_two", "two")
    sandbox.miger("up")
    return sandbox


def named(sandbox: Sandbox, *names: str) -> list[str]:
    """Tables as they are named in a schema."""
    return [f"table public.{name}" if sandbox.backend == "postgresql" else f"table {name}" for name in names]


def drift(sandbox: Sandbox, code: int | None = None) -> dict[str, str]:
    """What `verify` says has changed, and how."""
    done = sandbox.miger("verify", "--json", code=code)
    found = {item["object"]: item["change"] for item in done.document["drift"]}
    assert done.document["drift_unknown"] is None
    assert (done.code, done.document["ok"]) == ((6, False) if found else (0, True))
    return found


def unknown(sandbox: Sandbox) -> str:
    """Why `verify` could not look for drift."""
    return str(sandbox.miger("verify", "--json", code=None).document["drift_unknown"])


def test_what_migrations_do_is_no_drift(sandbox: Sandbox) -> None:
    assert unknown(sandbox) == "no run has noted the schema yet"
    sandbox.sql("0001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;")
    sandbox.sql("0002_b", "ALTER TABLE a ADD COLUMN b INTEGER;", "ALTER TABLE a DROP COLUMN b;")
    drop = "DROP INDEX c ON a;" if sandbox.backend == "mysql" else "DROP INDEX c;"
    sandbox.sql("0003_c", "CREATE INDEX c ON a (b);", drop, metadata="transaction = false")
    for command in ("up 0002", "up", "down 0003 --yes", "up", "down 0001 --yes", "up"):
        sandbox.miger(*command.split())
        assert drift(sandbox) == {}, command


def test_changes_by_hand_are_told_object_by_object(project: Sandbox) -> None:
    project.rows("ALTER TABLE one ADD COLUMN hand VARCHAR(20)")
    project.rows("CREATE TABLE three (id INTEGER)")
    project.rows("DROP TABLE two")
    one, two, three = named(project, "one", "two", "three")
    assert drift(project) == {one: "changed", three: "added", two: "removed"}
    text = project.miger("verify", code=6).out
    assert f"≠ {one}: changed by something else than migrations\n" in text
    assert [line for line in text.splitlines() if line.startswith("    + ") and "hand" in line]
    project.rows("DROP TABLE three")
    project.rows("ALTER TABLE one DROP COLUMN hand")
    assert set(drift(project)) <= {one, two}, "SQLite keeps the text, and may word it anew"


REMADE = """
CREATE TABLE "new_one" ("id" int4 NOT NULL DEFAULT (0), name varchar( 9 ) COLLATE BINARY,
    CONSTRAINT positive CHECK ((id>=0)), UNIQUE ("name" ASC));
DROP TABLE one; ALTER TABLE new_one RENAME TO one;
CREATE INDEX "by_name" ON "one" ([name]);
"""


def test_a_table_that_was_made_anew_in_other_words_is_no_drift_on_sqlite(sandbox: Sandbox) -> None:
    if not sandbox.sqlite:
        pytest.skip("other databases tell their definitions in one wording")
    made = "CREATE TABLE one (id INT4 DEFAULT 0 NOT NULL, name VARCHAR(9) UNIQUE, CONSTRAINT positive CHECK (id >= 0));"
    sandbox.sql("0001_one", made + "\nCREATE INDEX by_name ON one (name);")
    sandbox.miger("up")
    noted = sandbox.rows("SELECT name, definition FROM miger_schema WHERE name LIKE '%one'")
    assert noted == [("table one", made[:-1])], "a note is the text, as it was in earlier versions: no old one is drift"
    with sqlite3.connect(sandbox.url.removeprefix("sqlite:///")) as connection:
        connection.executescript(REMADE)
    connection.close()
    assert sandbox.rows("SELECT sql FROM sqlite_master WHERE name = 'one'") != [(made[:-1],)]
    assert drift(sandbox) == {}
    sandbox.table("0002_two", "two")
    assert "changed by something else" not in sandbox.miger("up").err
    assert drift(sandbox) == {}
    with sqlite3.connect(sandbox.url.removeprefix("sqlite:///")) as connection:
        connection.executescript(REMADE.replace(">=0", ">0"))
    connection.close()
    assert drift(sandbox) == {"table one": "changed"}
    told = [line for line in sandbox.miger("verify", code=6).out.splitlines() if line.startswith("    ")]
    assert told == ["    - constraint positive check (id >= 0)", "    + constraint positive check (id > 0)"]


def test_rows_are_no_drift(project: Sandbox) -> None:
    project.rows("INSERT INTO one VALUES (1), (2)")
    project.rows("DELETE FROM one WHERE id = 1")
    if project.backend != "mysql":
        project.rows("VACUUM")
    assert drift(project) == {}


def test_a_later_run_does_not_hide_drift_but_warns_of_it(project: Sandbox) -> None:
    project.rows("ALTER TABLE one ADD COLUMN hand INTEGER")
    project.table("0003_three", "three")
    done = project.miger("up")
    [one] = named(project, "one")
    assert f"changed by something else than migrations: {one} changed" in done.err
    assert drift(project) == {one: "changed"}


def test_a_migration_that_changes_the_object_itself_takes_it_over(project: Sandbox) -> None:
    project.rows("ALTER TABLE one ADD COLUMN hand INTEGER")
    project.sql("0003_more", "ALTER TABLE one ADD COLUMN more INTEGER;")
    project.miger("up")
    assert drift(project) == {}


def test_drift_can_be_accepted_once_a_person_says_so(project: Sandbox) -> None:
    project.rows("ALTER TABLE one ADD COLUMN hand INTEGER")
    [one] = named(project, "one")
    refused = project.miger("verify", "--accept-drift", code=7)
    assert "--yes" in refused.err
    assert drift(project) == {one: "changed"}
    assert project.miger("verify", "--accept-drift", "--yes", "--json").document["drift"] == []
    assert drift(project) == {}
    newest = project.miger("history", "--json", "--limit", "1").document[0]
    assert (newest["event"], newest["error"]) == ("drift_accepted", f"{one} changed")


def test_what_the_configuration_names_is_no_drift(project: Sandbox) -> None:
    project.rows("CREATE TABLE audit_2026 (id INTEGER)")
    project.rows("CREATE TABLE other (id INTEGER)")
    project.configure(project='drift_ignore = ["table *audit_*"]')
    assert drift(project) == dict.fromkeys(named(project, "other"), "added")


def test_a_failed_run_notes_what_it_left_and_a_mark_what_was_mended_by_hand(project: Sandbox) -> None:
    project.sql(
        "0003_half", "CREATE TABLE three (id INTEGER);\nDROP TABLE nothing_like_it;", metadata="transaction = false"
    )
    project.miger("up", code=1)
    assert unknown(project) == "None"
    project.rows("CREATE TABLE four (id INTEGER)")
    marked = project.miger("repair", "0003", "--mark-applied", "--yes")
    assert "four added; is noted as it should be" in marked.err
    assert drift(project) == {}


def test_after_a_killed_run_drift_is_unknown_until_the_next_one(project: Sandbox) -> None:
    slow = "import time\n\ndef up(db):\n    db.execute('CREATE TABLE three (id INTEGER)')\n    db.log('here')\n"
    project.python("0003_slow", slow + "    time.sleep(60)\n", metadata="transaction = false")
    with project.start("up", "--json") as process:
        process.event("log_line", message="here")
        process.signal(signal.SIGKILL)
        process.popen.wait()
    assert "ended before it could note the schema" in unknown(project)
    project.python("0003_slow", slow, metadata="transaction = false")
    project.miger("repair", "0003", "--resume", "--yes")
    assert drift(project) == {}


def test_while_a_run_is_under_way_drift_is_not_looked_for(project: Sandbox) -> None:
    project.python(
        "0003_slow",
        "import os, time\n\ndef up(db):\n    db.log('here')\n"
        f"    while not os.path.exists({project.path('go')!r}):\n        time.sleep(0.02)\n",
        metadata="transaction = false",
    )
    with project.start("up", "--json") as process:
        process.event("log_line", message="here")
        assert "a run is under way" in unknown(project)
        project.write("go", "")
        assert process.end().code == 0
    os.unlink(project.path("go"))
    assert drift(project) == {}


def test_a_baseline_notes_the_schema_it_found(sandbox: Sandbox) -> None:
    sandbox.table("0001_one", "one")
    sandbox.rows("CREATE TABLE one (id INTEGER)")
    sandbox.miger("baseline", "--yes")
    assert drift(sandbox) == {}
    sandbox.rows("DROP TABLE one")
    assert drift(sandbox) == dict.fromkeys(named(sandbox, "one"), "removed")


def test_a_read_only_environment_can_be_looked_at(project: Sandbox) -> None:
    project.rows("CREATE TABLE three (id INTEGER)")
    project.configure("read_only = true")
    assert drift(project) == dict.fromkeys(named(project, "three"), "added")
    assert "read-only" in project.miger("verify", "--accept-drift", "--yes", code=7).err
