"""Which migrations `up` and `down` run, in which order, and when they refuse to."""

from __future__ import annotations

import sqlite3

import psycopg
import pytest

from miger import Project
from miger.engine.errors import UsageError

from tests.app.sandbox import Sandbox

TYPED = """
import sqlalchemy as sa
def up(db):
    db.op.create_table("typed", sa.Column("id", sa.Integer, primary_key=True), sa.Column("n", sa.String(9)))
    db.op.create_index("typed_n", "typed", ["n"])
    db.execute("INSERT INTO typed (id, n) VALUES (:id, 'x')", {"id": 1})
def down(db):
    db.op.drop_table("typed")
"""
TYPED_MONGODB = """
def up(db):
    db.create_collection("typed", validator={"$jsonSchema": {"required": ["n"]}})
    db.create_index("typed", "n", unique=True)
    with db.step("fill") as todo:
        if todo:
            db.typed.insert_one({"id": 1, "n": "x"})
def down(db):
    db.drop_collection("typed")
"""


def write_diamond(sandbox: Sandbox) -> None:
    """0001 → (0002 → 0004, 0003) → 0005, which merges and holds no statement; 0006 behind it."""
    sandbox.table("0001_root", "root", "depends = []")
    sandbox.table("0002_left", "left_side", 'depends = ["0001_root"]')
    sandbox.table("0003_right", "right_side", 'depends = ["0001_root"]')
    sandbox.table("0004_further", "further", 'depends = ["0002_left"]')
    sandbox.sql("0005_merge", "", "", metadata='depends = ["0003_right", "0004_further"]')
    sandbox.table("0006_last", "last_one", 'depends = ["0005_merge"]')


def applied(sandbox: Sandbox) -> list[str]:
    return [id[:4] for id, state in sandbox.states().items() if state == "applied"]


def reverted(done_events: list[dict[str, object]]) -> list[str]:
    return [str(event["id"])[:4] for event in done_events if event["event"] == "step_finished"]


def test_everything_down_and_up_again_gives_the_same_schema(sandbox: Sandbox) -> None:
    write_diamond(sandbox)
    sandbox.python("0007_python", TYPED_MONGODB if sandbox.on_mongodb else TYPED, 'depends = ["0006_last"]')
    sandbox.miger("up")
    first = sandbox.dump()
    sandbox.miger("down", "--steps", "99", "--yes")
    assert sandbox.tables() == set()
    assert set(sandbox.states().values()) == {"pending"}
    sandbox.miger("up")
    assert sandbox.dump() == first
    assert "nothing to do" in sandbox.miger("up").err


def test_up_takes_a_target_with_its_ancestors_or_a_number_of_steps(sandbox: Sandbox) -> None:
    write_diamond(sandbox)
    sandbox.miger("up", "--steps", "0")
    assert applied(sandbox) == []
    sandbox.miger("up", "further")
    assert applied(sandbox) == ["0001", "0002", "0004"]
    sandbox.miger("up", "0005", "--steps", "1", "--out-of-order", "allow")
    assert applied(sandbox) == ["0001", "0002", "0003", "0004"]
    sandbox.miger("up", "--steps", "1")
    assert applied(sandbox)[-1] == "0005"
    sandbox.miger("up")
    assert applied(sandbox)[-1] == "0006"


@pytest.mark.parametrize(
    ("arguments", "gone"),
    [
        ([], ["0006"]),
        (["--steps", "3"], ["0006", "0005", "0004"]),
        (["--steps", "0"], []),
        (["--to", "0003"], ["0006", "0005", "0004", "0002"]),
        (["--to", "0006"], []),
        (["0002"], ["0006", "0005", "0004", "0002"]),
        (["0003_right"], ["0006", "0005", "0003"]),
    ],
)
def test_down_reverts_what_it_names_newest_first(
    sqlite_sandbox: Sandbox, arguments: list[str], gone: list[str]
) -> None:
    sandbox = sqlite_sandbox
    write_diamond(sandbox)
    sandbox.miger("up")
    assert [step["id"][:4] for step in sandbox.miger("--json", "plan", "down", *arguments).document["steps"]] == gone
    done = sandbox.miger("--json", "down", *arguments, "--yes")
    assert reverted(done.events) == gone
    assert applied(sandbox) == [f"000{n}" for n in range(1, 7) if f"000{n}" not in gone]


def test_a_reverted_branch_is_late_until_that_is_allowed(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    write_diamond(sandbox)
    sandbox.miger("up", "0004")
    refused = sandbox.miger("up", code=6)
    assert "0003_right would run late: 0004_further is already applied" in refused.err
    assert "late" in sandbox.miger("status").out
    assert sandbox.miger("verify", code=6).out.startswith("○ 0003_right: pending, but sorts before")
    assert sandbox.miger("plan", code=6).err == refused.err
    assert "(late)" in sandbox.miger("plan", "--out-of-order", "warn").out
    warned = sandbox.miger("up", "--out-of-order", "warn")
    assert "warning: 0003_right run late" in warned.err
    sandbox.miger("down", "0003", "--yes")
    sandbox.configure('out_of_order = "allow"')
    assert sandbox.miger("verify").code == 0
    assert "late" not in sandbox.miger("up").err
    assert len(applied(sandbox)) == 6


def test_several_heads_are_all_applied_and_shown(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    sandbox.table("0001_root", "root")
    sandbox.table("0002_left", "left_side", 'depends = ["0001_root"]')
    sandbox.table("0003_right", "right_side", 'depends = ["0001_root"]')
    sandbox.miger("up")
    assert sandbox.status()["heads"] == ["0002_left", "0003_right"]
    assert "2 heads: 0002_left, 0003_right" in sandbox.miger("status").out
    created = sandbox.miger("create", "merge them").out.strip()
    with open(created) as file:
        assert 'depends = ["0002_left", "0003_right"]' in file.read()


def test_an_irreversible_migration_stops_down_before_anything_runs(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    sandbox.table("0001_first", "first")
    sandbox.sql("0002_final", "CREATE TABLE final (id INTEGER);")
    sandbox.table("0003_third", "third")
    sandbox.miger("up")
    before = sandbox.history()
    assert "no way back from 0002_final" in sandbox.miger("down", "0001", "--yes", code=7).err
    assert sandbox.history() == before
    sandbox.miger("down", "--yes")
    sandbox.miger("down", "--yes", code=7)


def test_down_asks_for_a_word_where_nobody_can_be_asked(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    sandbox.table("0001_first", "first")
    sandbox.miger("up")
    refused = sandbox.miger("down", code=7)
    assert "revert 0001_first in dev" in refused.err
    assert "--yes" in refused.err
    assert applied(sandbox) == ["0001"]


@pytest.mark.parametrize(
    "command", ["up", "down --yes", "baseline --yes", "repair 0001 --mark-pending", "repair 0002 --mark-applied"]
)
def test_a_protected_environment_wants_its_name(sandbox: Sandbox, command: str) -> None:
    sandbox.table("0001_first", "first")
    sandbox.miger("up")
    sandbox.table("0002_second", "second")
    sandbox.configure("protected = true")
    before = sandbox.history()
    assert "`--confirm dev`" in sandbox.miger(*command.split(), code=7).err
    sandbox.miger(*command.split(), "--confirm", "prod", code=7)
    assert sandbox.history() == before
    sandbox.miger(*command.split(), "--confirm", "dev")
    told = [event for event in sandbox.history()[len(before) :] if not event.startswith("started ")]
    assert len(told) == 1


@pytest.mark.parametrize(
    "command",
    ["up", "down --yes", "baseline --yes", "repair 0001 --mark-pending", "repair 0002 --mark-applied"],
)
def test_a_read_only_environment_is_never_written(sandbox: Sandbox, command: str) -> None:
    sandbox.table("0001_first", "first")
    sandbox.miger("up")
    sandbox.table("0002_second", "second")
    sandbox.configure("read_only = true")
    before = sandbox.history()
    assert "read-only" in sandbox.miger(*command.split(), code=7).err
    assert sandbox.history() == before
    assert sandbox.miger("status", "--check", code=3)
    assert sandbox.miger("verify").code == 0


def test_a_read_only_environment_with_nothing_to_do_is_fine(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    sandbox.miger("up")
    sandbox.configure("read_only = true")
    assert "nothing to do" in sandbox.miger("up").err
    assert "nobody holds" in sandbox.miger("unlock").err


def test_baseline_records_without_running(sandbox: Sandbox) -> None:
    write_diamond(sandbox)
    assert "without running them" in sandbox.miger("baseline", "0004", code=7).err
    assert "recorded 0004_further" in sandbox.miger("baseline", "0004", "--yes").err
    assert applied(sandbox) == ["0001", "0002", "0004"]
    assert sandbox.tables() == set()
    assert sandbox.history("0001_root") == ["baselined"]
    assert sandbox.miger("--json", "baseline", "--yes").document == {
        "baselined": ["0003_right", "0005_merge", "0006_last"]
    }
    assert "nothing to do" in sandbox.miger("baseline", "--yes").err
    assert "nothing to do" in sandbox.miger("up").err


def test_a_merge_may_be_empty_and_nothing_else(sandbox: Sandbox) -> None:
    write_diamond(sandbox)
    sandbox.miger("up")
    sandbox.sql("0007_empty", "-- nothing but a remark")
    refused = sandbox.miger("up", code=1)
    assert "its up section holds no statement" in refused.err
    assert sandbox.states()["0007_empty"] == "pending"


def test_an_empty_migration_without_a_transaction_leaves_nothing_dirty(sandbox: Sandbox) -> None:
    sandbox.sql("0001_empty", "-- nothing", metadata="transaction = false")
    assert "holds no statement" in sandbox.miger("up", code=1).err
    assert sandbox.states()["0001_empty"] == "pending"


def test_a_failure_keeps_what_was_applied_before_it_and_says_so(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    sandbox.sql("0002_wrong", "INSERT INTO first VALUES (1);\nINSERT INTO nowhere VALUES (1);")
    sandbox.table("0003_third", "third")
    done = sandbox.miger("--json", "up", code=1)
    assert done.events[-1]["result"] == "failed"
    assert done.events[-1]["finished"] == ["0001_first"]
    assert sandbox.states() == {"0001_first": "applied", "0002_wrong": "pending", "0003_third": "pending"}
    assert sandbox.rows("SELECT count(*) FROM first") == [(0,)]
    assert sandbox.history("0002_wrong") == ["failed"]


def test_verify_gates_success(sandbox: Sandbox) -> None:
    sandbox.sql("0001_first", "CREATE TABLE first (id INTEGER);", verify="SELECT other FROM first LIMIT 0;")
    refused = sandbox.miger("up", code=1)
    assert ("verify: it returned False" if sandbox.on_mongodb else "verify: line 6") in refused.err
    assert sandbox.tables() == (set() if sandbox.transactional_ddl else {"first"})
    if not sandbox.transactional_ddl:
        sandbox.miger("repair", "0001", "--mark-pending")
        sandbox.rows("DROP TABLE first")
    sandbox.sql(
        "0001_first",
        "CREATE TABLE first (id INTEGER);",
        verify="SELECT other FROM first LIMIT 0;",
        metadata="transaction = false",
    )
    assert "it is dirty" in sandbox.miger("up", code=1).err
    assert sandbox.tables() == {"first"}
    sandbox.sql(
        "0001_first",
        "CREATE TABLE first (id INTEGER);",
        verify="SELECT id FROM first LIMIT 0;",
        metadata="transaction = false",
    )
    sandbox.miger("repair", "0001", "--resume")


def test_verify_tells_what_no_longer_holds(sandbox: Sandbox) -> None:
    sandbox.sql("0001_first", "CREATE TABLE first (id INTEGER);", verify="SELECT id FROM first LIMIT 0;")
    count = (
        "db.second.count_documents({})" if sandbox.on_mongodb else 'db.execute("SELECT count(*) FROM second").scalar()'
    )
    sandbox.python(
        "0002_second",
        f'def up(db):\n    db.execute("CREATE TABLE second (id INTEGER)")\ndef verify(db):\n    return {count} == 0\n',
    )
    sandbox.miger("up")
    assert "all is well; 2 verify sections ran" in sandbox.miger("verify").out
    sandbox.rows("INSERT INTO second VALUES (1)")
    failed = sandbox.miger("--json", "verify", code=6).document
    assert failed["failed"] == {"0002_second": "it returned False"}
    assert failed["superseded"] == {}
    sandbox.rows("DROP TABLE first")
    told = sandbox.miger("verify", code=6).out
    assert "✖ 0002_second: verify does not hold" in told
    assert "· 0001_first: verify no longer holds, maybe changed on purpose" in told


def test_the_python_face_takes_the_same_words(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    with Project.open(sandbox.folder) as project:
        assert project.up().finished == ("0001_first",)
        assert project.up().finished == ()
        sandbox.table("0002_second", "second")
        assert project.plan().ids == ()
        project.reload()
        assert project.plan().ids == ("0002_second",)
        with pytest.raises(UsageError, match="--to belongs to"):
            project.plan("up", to="0001")
        with pytest.raises(UsageError, match="exclude each other"):
            project.down("0001", steps=1)
        with pytest.raises(UsageError, match="0 or more"):
            project.up(steps=-1)
        assert project.down("0001").finished == ("0001_first",)
        assert [entry.event for entry in project.history(1)] == ["reverted"]
        assert project.unlock() is None


def test_verify_does_not_call_a_busy_database_a_broken_one(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    sandbox.configure('lock_timeout = "100ms"')
    sandbox.sql("0001_first", "CREATE TABLE first (id INTEGER);", verify="SELECT id FROM first LIMIT 0;")
    sandbox.miger("up")
    other = sqlite3.connect(sandbox.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    busy = sandbox.miger("verify", code=None)
    other.close()
    assert busy.code not in (0, 6)
    assert "database is locked" in busy.err
    assert sandbox.miger("verify").code == 0


def test_verify_does_not_wait_for_a_lock_for_ever(postgresql_sandbox: Sandbox) -> None:
    sandbox = postgresql_sandbox
    sandbox.configure('lock_timeout = "100ms"')
    sandbox.sql("0001_first", "CREATE TABLE first (id INTEGER);", verify="SELECT id FROM first LIMIT 0;")
    sandbox.miger("up")
    with psycopg.connect(sandbox.url) as other:
        other.execute("LOCK TABLE first")
        busy = sandbox.miger("verify", code=1)
    assert "lock timeout" in busy.err
    assert sandbox.miger("verify").code == 0


def test_a_session_that_the_server_ends_fails_the_step_and_leaves_nothing(postgresql_sandbox: Sandbox) -> None:
    sandbox = postgresql_sandbox
    sandbox.table("0001_first", "first")
    end = "SELECT pg_terminate_backend(pg_backend_pid())"
    sandbox.sql("0002_ends", f"INSERT INTO first VALUES (1);\n{end};")
    done = sandbox.miger("up", code=1)
    assert "terminating connection" in done.err
    assert "it was rolled back: nothing of it stays" in done.err
    assert sandbox.states()["0002_ends"] == "pending"
    assert sandbox.history("0002_ends") == ["failed"]
    sandbox.sql("0002_ends", f"INSERT INTO first VALUES (1);\n{end};", metadata="transaction = false")
    assert "it is dirty" in sandbox.miger("up", code=1).err
    assert sandbox.states()["0002_ends"] == "dirty"
    sandbox.sql("0002_ends", "INSERT INTO first VALUES (1);\nINSERT INTO first VALUES (2);")
    sandbox.miger("repair", "0002", "--resume")
    assert sorted(sandbox.rows("SELECT id FROM first")) == [(1,), (2,)]
