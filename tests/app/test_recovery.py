"""What stopped half way, and each way out of it."""

from __future__ import annotations

import os

import pytest

from miger.engine.errors import UsageError
from miger.engine.migration import Migration, Section
from miger.engine.recovery import CHOICES, check_choice, choices_for
from miger.engine.state import StateRow
from miger.engine.status import MigrationStatus

from tests.app.sandbox import Sandbox
from tests.conftest import SQL_BACKENDS

ID = "0002_fill"
FIRST, SECOND = "INSERT INTO first VALUES (1);", "INSERT INTO first VALUES (2);"
WRONG = "INSERT INTO nowhere VALUES (1);"
DOWN = "DELETE FROM first WHERE id IN (1, 2);"
BY_ITSELF = "transaction = false"


def fill(sandbox: Sandbox, up: str, down: str | None = DOWN, metadata: str = BY_ITSELF) -> None:
    sandbox.sql(ID, up, down, metadata=metadata)


@pytest.fixture
def broken(sandbox: Sandbox) -> Sandbox:
    """A project whose second migration stopped after the first of its three statements."""
    sandbox.table("0001_first", "first")
    fill(sandbox, f"{FIRST}\n{WRONG}\n{SECOND}")
    done = sandbox.miger("up", code=1)
    place = f"{ID}.py:6: " if sandbox.on_mongodb else f"{ID}.sql:6, statement 2: "
    assert place in done.err
    assert "it is dirty" in done.err
    assert sandbox.states() == {"0001_first": "applied", ID: "dirty"}
    return sandbox


def ids(sandbox: Sandbox) -> list[int]:
    return sorted(id for (id,) in sandbox.rows("SELECT id FROM first"))


def test_a_dirty_migration_stops_every_other_run_and_is_explained(broken: Sandbox) -> None:
    for command in (["up"], ["down", "--yes"], ["plan"], ["plan", "down"], ["baseline", "--yes"]):
        assert f"miger repair {ID} --resume" in broken.miger(*command, code=4).err
    assert broken.miger("verify", code=4).out
    shown = broken.miger("status").out
    assert broken.half_way("applying", 1, 3) in shown
    assert "nowhere" in shown
    explained = broken.miger("show", "0002").out
    finished = f"step:{FIRST[:-1]}" if broken.on_mongodb else "#1"
    assert f"✔ {finished.removeprefix('#')}" in explained
    for choice in ("resume", "rollback", "mark-applied", "mark-pending"):
        assert f"miger repair {ID} --{choice}" in explained
    document = broken.miger("--json", "show", "0002").document
    assert document["finished"] == [finished]
    assert {item["choice"]: item["unavailable"] for item in document["recovery"]} == {
        "resume": None,
        "rollback": None,
        "mark-applied": None,
        "mark-pending": None,
        "accept-checksum": "it is dirty",
    }


def test_resume_goes_on_behind_the_finished_statements_after_an_edit(broken: Sandbox) -> None:
    fill(broken, f"{FIRST}\n{SECOND}")
    done = broken.miger("repair", "0002", "--resume", "-v")
    assert "already done" in done.err
    assert f"{ID} is applied" in done.err
    assert ids(broken) == [1, 2]
    assert broken.history(ID) == ["started", "failed", "resumed", "applied"]
    assert broken.miger("up").code == 0


def test_resume_that_fails_again_stays_dirty_and_ends_its_events(broken: Sandbox) -> None:
    done = broken.miger("--json", "repair", ID, "--resume", code=1)
    assert done.events[0]["event"] == "run_started"
    assert done.events[-1]["event"] == "run_finished"
    assert done.events[-1]["result"] == "failed"
    assert ids(broken) == [1]
    assert broken.states()[ID] == "dirty"


@pytest.mark.parametrize("backend_name", SQL_BACKENDS)  # on MongoDB steps go by their names
@pytest.mark.parametrize("up", [f"INSERT INTO first VALUES (7);\n{SECOND}", ""])
def test_resume_is_refused_when_what_ran_was_edited(broken: Sandbox, up: str) -> None:
    fill(broken, up)
    before = broken.history()
    done = broken.miger("repair", ID, "--resume", code=6)
    assert "statement 1" in done.err
    assert "its text has changed" in done.err
    assert broken.history() == before
    assert broken.states()[ID] == "dirty"
    assert ids(broken) == [1]


def test_rollback_runs_down(broken: Sandbox) -> None:
    broken.miger("repair", ID, "--rollback")
    assert ids(broken) == []
    assert broken.states()[ID] == "pending"
    assert broken.history(ID) == ["started", "failed", "started", "reverted", "rolled_back"]
    fill(broken, f"{FIRST}\n{SECOND}")
    broken.miger("up")
    assert ids(broken) == [1, 2]


def test_rollback_whose_down_fails_leaves_it_dirty(broken: Sandbox) -> None:
    fill(broken, f"{FIRST}\n{WRONG}", down=f"{DOWN}\n{WRONG}")
    broken.miger("repair", ID, "--rollback", code=1)
    assert broken.states()[ID] == "dirty"
    assert broken.half_way("reverting", 1, 2) in broken.miger("status").out
    fill(broken, f"{FIRST}\n{WRONG}", down=DOWN)
    broken.miger("repair", ID, "--resume")
    assert broken.states()[ID] == "pending"
    assert ids(broken) == []


def test_mark_applied_runs_nothing(broken: Sandbox) -> None:
    broken.miger("repair", ID, "--mark-applied")
    assert broken.states()[ID] == "applied"
    assert ids(broken) == [1]
    assert broken.history(ID)[-1] == "marked_applied"
    broken.miger("up")
    broken.miger("down", "--yes")
    assert ids(broken) == []


def test_mark_pending_forgets_what_ran(broken: Sandbox) -> None:
    broken.miger("repair", ID, "--mark-pending")
    assert broken.states()[ID] == "pending"
    assert broken.history(ID)[-1] == "marked_pending"
    fill(broken, f"{FIRST}\n{SECOND}")
    broken.miger("up")
    assert ids(broken) == [1, 1, 2]
    assert broken.history(ID)[-2:] == ["started", "applied"]


def test_a_changed_file_is_refused_until_its_checksum_is_accepted(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    sandbox.miger("up")
    sandbox.sql("0001_first", "CREATE TABLE first (id INTEGER); -- with a remark", "DROP TABLE first;")
    sandbox.table("0002_second", "second")
    for command in (["up"], ["down", "--yes"], ["plan"]):
        refused = sandbox.miger(*command, code=6)
        assert "0001_first" in refused.err
        assert "--accept-checksum" in refused.err
    assert "changed after it was applied" in sandbox.miger("verify", code=6).out
    before = sandbox.status()["migrations"][0]
    sandbox.miger("repair", "0001", "--accept-checksum")
    after = sandbox.status()["migrations"][0]
    assert (before["state"], after["state"]) == ("modified", "applied")
    assert sandbox.history("0001_first")[-2:] == ["applied", "checksum_accepted"]
    assert "nothing to do" in sandbox.miger("repair", "0001", "--accept-checksum").err
    sandbox.miger("up")


def test_an_applied_migration_without_a_file_can_be_forgotten(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    path = sandbox.table("0002_second", "second")
    sandbox.miger("up")
    with open(path) as file:
        text = file.read()
    os.unlink(path)
    assert sandbox.states()["0002_second"] == "missing"
    for command in (["up"], ["down", "--yes"]):
        assert "without a file: 0002_second" in sandbox.miger(*command, code=6).err
    assert "applied, but without a file" in sandbox.miger("verify", code=6).out
    assert "it has no file" in sandbox.miger("show", "0002").out
    for choice in ("--rollback", "--resume", "--accept-checksum"):
        sandbox.miger("repair", "0002_second", choice, code=2)
    assert "0002_second is forgotten" in sandbox.miger("repair", "0002", "--mark-pending").err
    assert sandbox.states() == {"0001_first": "applied"}
    with open(path, "w") as file:
        file.write(text)
    assert sandbox.states()["0002_second"] == "pending"


def test_a_dirty_migration_without_a_file_can_only_be_forgotten(broken: Sandbox) -> None:
    os.unlink(broken.path("migrations", f"{ID}.{broken.suffix}"))
    for choice in ("--rollback", "--resume", "--mark-applied"):
        refused = broken.miger("repair", ID, choice, code=2)
        assert "its file is missing" in refused.err
    broken.miger("repair", ID, "--mark-pending")
    assert broken.states() == {"0001_first": "applied"}


def test_a_failed_down_is_recovered_by_resume_or_by_up_again(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    fill(sandbox, f"{FIRST}\n{SECOND}", f"DELETE FROM first WHERE id = 2;\n{WRONG}\nDELETE FROM first WHERE id = 1;")
    sandbox.miger("up")
    assert "it is dirty" in sandbox.miger("down", "--yes", code=1).err
    assert ids(sandbox) == [1]
    assert sandbox.half_way("reverting", 1, 3) in sandbox.miger("status").out
    assert "goes on to revert it, after" in sandbox.miger("show", ID).out
    fill(sandbox, f"{FIRST}\n{SECOND}", "DELETE FROM first WHERE id = 2;\nDELETE FROM first WHERE id = 1;")
    sandbox.miger("repair", ID, "--resume")
    assert ids(sandbox) == []
    assert sandbox.states()[ID] == "pending"
    assert sandbox.history(ID) == ["started", "applied", "started", "failed", "resumed", "reverted"]


def test_a_failed_down_is_rolled_back_by_up(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    fill(sandbox, f"{DOWN}\n{FIRST}\n{SECOND}", f"DELETE FROM first WHERE id = 2;\n{WRONG}")
    sandbox.miger("up")
    sandbox.miger("down", "--yes", code=1)
    sandbox.miger("repair", ID, "--rollback")
    assert ids(sandbox) == [1, 2]
    assert sandbox.states()[ID] == "applied"


def test_a_down_that_was_taken_out_of_the_file_cannot_be_resumed(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    fill(sandbox, f"{FIRST}\n{SECOND}", f"DELETE FROM first WHERE id = 2;\n{WRONG}")
    sandbox.miger("up")
    sandbox.miger("down", "--yes", code=1)
    fill(sandbox, f"{FIRST}\n{SECOND}", None)
    assert "has no `down`" in sandbox.miger("repair", ID, "--resume", code=2).err


@pytest.mark.parametrize("backend_name", SQL_BACKENDS)
@pytest.mark.parametrize(
    ("up", "told"),
    [
        (f"{FIRST}\nCOMMIT;", "COMMIT in a migration"),
        (f"{FIRST}\nBEGIN;\n{SECOND}", "BEGIN in a migration"),
    ],
)
def test_a_statement_that_is_refused_behind_others_leaves_the_migration_dirty(
    sandbox: Sandbox, up: str, told: str
) -> None:
    sandbox.table("0001_first", "first")
    fill(sandbox, up)
    done = sandbox.miger("up", code=1)
    assert told in done.err
    assert "part of it stays: it is dirty" in done.err
    assert told in sandbox.status()["migrations"][1]["error"]
    fill(sandbox, f"{FIRST}\n{SECOND}")
    sandbox.miger("repair", ID, "--resume")
    assert ids(sandbox) == [1, 2]


def test_a_python_migration_resumes_behind_its_steps_and_batches(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    body = (
        "def up(db):\n"
        '    with db.step("one") as todo:\n'
        '        if todo:\n            db.execute("INSERT INTO first VALUES (1)")\n'
        '    db.execute("INSERT INTO first VALUES (2)")\n'
        '    with db.step("two") as todo:\n'
        '        if todo:\n            db.execute("INSERT INTO first VALUES (3)")\n'
        "            {}\n"
    )
    sandbox.python(ID, body.format('raise RuntimeError("half way")'), metadata=BY_ITSELF)
    done = sandbox.miger("up", code=1)
    assert "RuntimeError: half way" in done.err
    assert ids(sandbox) == [1, 2]
    assert "✔ step:one" in sandbox.miger("show", ID).out
    sandbox.python(ID, body.format("pass"), metadata=BY_ITSELF)
    sandbox.miger("repair", ID, "--resume")
    assert ids(sandbox) == [1, 2, 3]


def test_a_statement_of_unknown_end_is_settled_by_a_persons_word(postgresql_sandbox: Sandbox) -> None:
    sandbox = postgresql_sandbox
    sandbox.table("0001_first", "first")
    sandbox.sql(
        "0002_procedure",
        "CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO first VALUES (1); COMMIT; "
        "INSERT INTO first VALUES (2); RAISE EXCEPTION 'half way'; END $$;",
    )
    sandbox.sql("0003_call", "CALL fill();\nINSERT INTO first VALUES (3);", metadata=BY_ITSELF)
    assert "half way" in sandbox.miger("up", code=1).err
    assert "nobody knows whether it ran" in sandbox.miger("repair", "0003", "--resume", code=1).err
    assert sandbox.states()["0003_call"] == "dirty"
    sandbox.miger("repair", "0003", "--resume", "--assume", "not-done", code=1)
    assert ids(sandbox) == [1, 1]
    sandbox.miger("repair", "0003", "--resume", "--assume", "done")
    assert ids(sandbox) == [1, 1, 3]
    assert sandbox.states()["0003_call"] == "applied"


@pytest.mark.parametrize(
    ("id", "choice", "code", "told"),
    [
        ("0001", "--resume", 0, "nothing to do: 0001_first is applied"),
        ("0001", "--mark-applied", 0, "nothing to do"),
        ("0001", "--accept-checksum", 0, "nothing to do"),
        ("0001", "--rollback", 2, "it is applied, not dirty"),
        ("0002", "--resume", 0, "nothing to do: 0002_second is pending"),
        ("0002", "--rollback", 0, "nothing to do"),
        ("0002", "--mark-pending", 0, "nothing to do"),
        ("0002", "--accept-checksum", 2, "it is pending"),
        ("0009", "--resume", 2, "no migration is named '0009'"),
    ],
)
def test_a_repair_that_has_nothing_to_do_or_makes_no_sense_changes_nothing(
    sqlite_sandbox: Sandbox, id: str, choice: str, code: int, told: str
) -> None:
    sqlite_sandbox.table("0001_first", "first")
    sqlite_sandbox.miger("up")
    sqlite_sandbox.table("0002_second", "second")
    before = sqlite_sandbox.history()
    assert told in sqlite_sandbox.miger("repair", id, choice, code=code).err
    assert sqlite_sandbox.history() == before


def test_a_pending_migration_can_be_marked_as_applied_and_an_applied_one_as_pending(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    sandbox.miger("repair", "0001", "--mark-applied")
    assert sandbox.tables() == set()
    sandbox.miger("repair", "0001", "--mark-pending")
    assert sandbox.history("0001_first") == ["marked_applied", "marked_pending"]
    sandbox.miger("up")
    assert sandbox.tables() == {"first"}


def status(state: str, direction: str = "up", sections: str = "up down", done: int = 3) -> MigrationStatus:
    migration = None
    if sections:
        parts = tuple(Section(name, 1, 0, 0) for name in sections.split())
        migration = Migration("0001_x", "0001_x.sql", "sql", (), parts, "sha256:1")
    row = None if state == "pending" else StateRow("0001_x", state, direction, "sha256:1", done=done)
    return MigrationStatus("0001_x", state, False, migration, row)


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        (status("dirty"), ["goes on to apply it, after 3 finished", "runs its `down`"]),
        (status("dirty", "down"), ["goes on to revert it, after 3 finished", "runs its `up`"]),
        (status("pending"), ["goes on to apply it, from the start", "runs its `down`"]),
    ],
)
def test_a_choice_says_what_it_will_do(given: MigrationStatus, texts: list[str]) -> None:
    choices = choices_for(given)
    assert [choice.name for choice in choices] == list(CHOICES)
    assert [choice.effect for choice in choices][:2] == texts


@pytest.mark.parametrize(
    ("given", "available"),
    [
        (status("dirty"), "resume rollback mark-applied mark-pending"),
        (status("dirty", sections="up"), "resume mark-applied mark-pending"),
        (status("dirty", "down", sections="up"), "rollback mark-applied mark-pending"),
        (status("dirty", sections=""), "mark-pending"),
        (status("missing", sections=""), "mark-pending"),
        (status("modified"), "mark-pending accept-checksum"),
        (status("applied"), "mark-pending"),
        (status("pending"), "mark-applied"),
        (status("running"), ""),
    ],
)
def test_only_what_makes_sense_can_be_chosen(given: MigrationStatus, available: str) -> None:
    assert " ".join(choice.name for choice in choices_for(given) if not choice.unavailable) == available


def test_an_unknown_choice_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no recovery is called 'guess'"):
        check_choice(status("dirty"), "guess")
