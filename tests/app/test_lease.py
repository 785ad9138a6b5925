"""Who may run: waiting, stopped and dead holders, takeovers, and freeing a lease by hand."""

from __future__ import annotations

import os
import signal
import sqlite3
import time

import psycopg
import pytest

from miger import Project
from miger.engine.events import Event, LogLine
from miger.engine.interrupt import Interrupt

from tests.app.mongodb_words import hold_far
from tests.app.sandbox import Process, Sandbox, until

FAR_LEASE = "UPDATE miger_lock SET run = 'feed', owner = 'bob', host = 'far', machine = 'other', pid = 1, token = 7, "
LATER = {
    "sqlite": "strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '{} seconds')",
    "postgresql": "now() + interval '{} seconds'",
    "mysql": "UTC_TIMESTAMP(3) + INTERVAL {} SECOND",
}


def write_waiting(sandbox: Sandbox, id: str, metadata: str = "") -> None:
    """A migration that writes a row, says `ready`, waits for the file `go`, and writes another row."""
    sandbox.python(
        id,
        "import os, time\n"
        "def up(db):\n"
        '    db.execute("INSERT INTO first VALUES (1)")\n'
        '    db.log("ready")\n'
        f"    while not os.path.exists({sandbox.path('go')!r}):\n"
        "        time.sleep(0.02)\n"
        '    db.execute("INSERT INTO first VALUES (2)")\n',
        metadata=metadata,
    )


def start_ready(sandbox: Sandbox) -> Process:
    """A run that has come to the place where it waits."""
    process = sandbox.start("--json", "up")
    process.event("log_line", message="ready")
    return process


def stop_after_a_beat(sandbox: Sandbox, process: Process) -> None:
    """Stops a run that has just renewed its lease: one that is stopped while it does keeps the lock of its write."""
    expiry = sandbox.status()["lock"]["expires_at"]
    until(lambda: sandbox.status()["lock"]["expires_at"] != expiry, "a beat")
    process.signal(signal.SIGSTOP)


def let_go(sandbox: Sandbox) -> None:
    sandbox.write("go", "")


def hold(sandbox: Sandbox, seconds: int) -> None:
    """Makes it look as if a run on another machine held the lease for `seconds` more."""
    if sandbox.on_mongodb:
        hold_far(sandbox.url, seconds)
        return
    sandbox.rows(FAR_LEASE + f"expires_at = {LATER[sandbox.backend].format(seconds)}")


def test_a_live_holder_is_waited_for_and_then_named(sandbox: Sandbox) -> None:
    sandbox.configure('lease = "3s"')
    sandbox.table("0001_first", "first")
    write_waiting(sandbox, "0002_waiting", "transaction = false")
    with start_ready(sandbox) as process:
        refused = sandbox.miger("up", "--wait", "1", code=5)
        assert f"process {process.popen.pid}, run {process.events[0]['run']}" in refused.err
        assert f"alice@{os.uname().nodename}" in refused.err
        until(lambda: sandbox.status()["lock"]["activity"], "the first beat, which tells what goes on")
        status = sandbox.status()
        assert status["lock"]["pid"] == process.popen.pid
        assert status["lock"]["activity"] == "0002_waiting (2 of 2)"
        assert not status["lock"]["expired"]
        assert sandbox.states() == {"0001_first": "applied", "0002_waiting": "running"}
        shown = sandbox.miger("status").out
        assert "running" in shown
        assert f"held by alice@{os.uname().nodename} (process {process.popen.pid}" in shown
        assert sandbox.miger("repair", "0002", "--mark-pending", "--wait", "0", code=5).err
        let_go(sandbox)
        assert process.end().code == 0
    assert sandbox.status()["lock"] is None


def test_up_does_not_say_nothing_to_do_while_another_run_is_at_the_last_migration(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    write_waiting(sandbox, "0002_waiting", "transaction = false")
    with start_ready(sandbox) as process:
        assert "held by" in sandbox.miger("up", "--wait", "0", code=5).err
        with sandbox.start("up", "-v") as waiting:
            until(lambda: sandbox.status()["lock"], "the first run's lease")
            let_go(sandbox)
            assert process.end().code == 0
            assert waiting.end().code == 0
    assert sandbox.rows("SELECT count(*) FROM first") == [(2,)]


def test_a_stopped_checkpointed_run_that_was_taken_over_writes_nothing_more(sandbox: Sandbox) -> None:
    sandbox.configure('lease = "1s"')
    sandbox.table("0001_first", "first")
    write_waiting(sandbox, "0002_waiting", "transaction = false")
    sandbox.sql("0003_after", "INSERT INTO first VALUES (3);")
    with start_ready(sandbox) as process:
        stop_after_a_beat(sandbox, process)
        until(lambda: sandbox.status()["lock"]["expired"], "the end of the lease")
        assert sandbox.states()["0002_waiting"] == "dirty"
        let_go(sandbox)
        sandbox.miger("repair", "0002", "--resume")
        before = sandbox.history()
        assert "lease_taken" in before
        process.signal(signal.SIGCONT)
        done = process.end()
    assert done.code == 5, done.err
    assert "lost its lease" in done.err
    assert done.events[-1]["event"] == "run_finished"
    assert done.events[-1]["result"] == "failed"
    assert sandbox.history() == before
    assert sandbox.states() == {"0001_first": "applied", "0002_waiting": "applied", "0003_after": "pending"}
    assert sorted(sandbox.rows("SELECT id FROM first")) == [(1,), (2,)]


def test_a_stopped_transaction_that_was_taken_over_is_undone(postgresql_sandbox: Sandbox) -> None:
    sandbox = postgresql_sandbox
    sandbox.configure('lease = "1s"')
    sandbox.table("0001_first", "first")
    write_waiting(sandbox, "0002_waiting")
    with start_ready(sandbox) as process:
        stop_after_a_beat(sandbox, process)
        until(lambda: sandbox.status()["lock"]["expired"], "the end of the lease")
        let_go(sandbox)
        sandbox.miger("up")
        before = sandbox.history()
        process.signal(signal.SIGCONT)
        done = process.end()
    assert done.code == 5, done.err
    assert sandbox.history() == before
    assert sorted(sandbox.rows("SELECT id FROM first")) == [(1,), (2,)]


def test_a_stopped_transaction_on_sqlite_keeps_others_out_and_finishes(sqlite_sandbox: Sandbox) -> None:
    """The file itself is locked, so nobody can take the lease over: waiting is all there is."""
    sandbox = sqlite_sandbox
    sandbox.configure('lease = "1s"\nlock_timeout = "200ms"')
    sandbox.table("0001_first", "first")
    write_waiting(sandbox, "0002_waiting")
    with start_ready(sandbox) as process:
        process.signal(signal.SIGSTOP)
        until(lambda: sandbox.status()["lock"]["expired"], "the end of the lease")
        refused = sandbox.miger("up", "--wait", "0.5", code=5)
        assert f"process {process.popen.pid}" in refused.err
        assert "in the middle of a transaction" in sandbox.miger("unlock", "--yes", code=5).err
        let_go(sandbox)
        process.signal(signal.SIGCONT)
        assert process.end().code == 0
    assert sorted(sandbox.rows("SELECT id FROM first")) == [(1,), (2,)]


def test_a_run_keeps_its_lease_alive_for_longer_than_it_lasts(sandbox: Sandbox) -> None:
    sandbox.configure('lease = "1s"')
    sandbox.table("0001_first", "first")
    write_waiting(sandbox, "0002_waiting", "transaction = false")
    with start_ready(sandbox) as process:
        first = sandbox.status()["lock"]["expires_at"]
        ends = {first}

        def renewed_often() -> bool:
            lock = sandbox.status()["lock"]
            assert not lock["expired"]
            ends.add(lock["expires_at"])
            return len(ends) > 5

        until(renewed_often, "five renewals")
        let_go(sandbox)
        assert process.end().code == 0


def test_unlock_frees_the_lease_of_a_live_run_which_then_stops(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    write_waiting(sandbox, "0002_waiting", "transaction = false")
    with start_ready(sandbox) as process:
        assert "--yes" in sandbox.miger("unlock", code=7).err
        assert "freed the lease of alice@" in sandbox.miger("unlock", "--yes").err
        assert sandbox.status()["lock"] is None
        let_go(sandbox)
        done = process.end()
    assert done.code == 5, done.err
    assert sandbox.history()[-1] == "lease_broken"
    assert sandbox.states()["0002_waiting"] == "dirty"
    assert "nobody holds" in sandbox.miger("unlock").err
    sandbox.miger("repair", "0002", "--resume")
    assert sandbox.rows("SELECT count(*) FROM first") == [(2,)]


def test_unlock_ends_a_transaction_of_the_former_run(postgresql_sandbox: Sandbox) -> None:
    sandbox = postgresql_sandbox
    sandbox.table("0001_first", "first")
    write_waiting(sandbox, "0002_waiting")
    with start_ready(sandbox) as process:
        assert sandbox.miger("--json", "unlock", "--yes").document == {"freed": process.events[0]["run"]}
        sandbox.rows("TRUNCATE first")  # would wait for the open transaction
        let_go(sandbox)
        assert process.end().code == 5
    assert sandbox.states()["0002_waiting"] == "pending"


def test_a_dead_owners_lease_is_taken_over_at_once(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    write_waiting(sandbox, "0002_waiting")
    with start_ready(sandbox) as process:
        process.signal(signal.SIGKILL)
        process.popen.wait()
    shown = sandbox.miger("status").out
    assert "but that run is gone" in shown
    let_go(sandbox)
    began = time.monotonic()
    sandbox.miger("up")
    assert time.monotonic() - began < 10
    assert sandbox.history()[-3:] == ["applied 0001_first", "lease_taken", "applied 0002_waiting"]
    assert sorted(sandbox.rows("SELECT id FROM first")) == [(1,), (2,)]


def test_a_zombie_is_as_dead_as_can_be(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    write_waiting(sandbox, "0002_waiting", "transaction = false")
    with start_ready(sandbox) as process:
        process.signal(signal.SIGKILL)
        until(lambda: sandbox.states()["0002_waiting"] == "dirty", "the zombie to be seen")
        sandbox.miger("up", code=4)


def test_a_holder_on_another_machine_is_waited_for_until_its_lease_ends(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    sandbox.miger("up")
    sandbox.table("0002_second", "second")
    hold(sandbox, 2)
    refused = sandbox.miger("up", "--wait", "0", code=5)
    assert "bob@far (process 1, run feed)" in refused.err
    began = time.monotonic()
    done = sandbox.miger("up", "--wait", "20")
    assert time.monotonic() - began > 1
    assert "waiting for bob@far" in done.err
    told = [event for event in sandbox.history() if not event.startswith("started ")]
    assert told[-2:] == ["lease_taken", "applied 0002_second"]
    errors = [
        entry["error"] for entry in sandbox.miger("history", "--json").document if entry["event"] == "lease_taken"
    ]
    assert len(errors) == 1 and "from bob@far" in errors[0]


def test_a_person_can_stop_the_waiting(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    sandbox.miger("up")
    sandbox.table("0002_second", "second")
    hold(sandbox, 60)
    with sandbox.start("--json", "up") as process:
        process.event("lease_waiting")
        process.signal(signal.SIGINT)
        done = process.end()
    assert done.code == 130
    assert done.events[-1]["event"] == "run_finished"
    assert done.events[-1]["result"] == "interrupted"
    assert sandbox.states()["0002_second"] == "pending"


@pytest.mark.parametrize("command", ["baseline", "repair 0002 --mark-applied", "down 0001"])
def test_what_changes_records_waits_for_the_lease_too(sandbox: Sandbox, command: str) -> None:
    sandbox.table("0001_first", "first")
    sandbox.miger("up")
    sandbox.table("0002_second", "second")
    hold(sandbox, 60)
    before = sandbox.history()
    assert "bob@far" in sandbox.miger(*command.split(), "--yes", "--wait", "0", code=5).err
    assert sandbox.history() == before


def test_a_repair_that_waited_for_the_run_that_did_its_work_has_nothing_to_do(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    write_waiting(sandbox, "0002_waiting", "transaction = false")
    with start_ready(sandbox) as process, sandbox.start("repair", "0002", "--resume", "-v") as repair:
        assert repair.popen.stderr is not None
        assert "waiting for" in repair.popen.stderr.readline()
        let_go(sandbox)
        assert process.end().code == 0
        done = repair.end()
    assert done.code == 0
    assert "nothing to do: 0002_waiting is applied" in done.err


def test_a_transaction_that_outlasts_its_lease_on_sqlite_is_still_recorded(sqlite_sandbox: Sandbox) -> None:
    """The beat cannot write while the file is locked; nor can anyone else take the lease."""
    sandbox = sqlite_sandbox
    sandbox.configure('lease = "500ms"\nlock_timeout = "100ms"')
    sandbox.table("0001_first", "first")
    write_waiting(sandbox, "0002_waiting")
    sandbox.sql("0003_after", "INSERT INTO first VALUES (3);")
    with start_ready(sandbox) as process:
        until(lambda: sandbox.status()["lock"]["expired"], "the end of the lease")
        let_go(sandbox)
        done = process.end()
    assert done.code == 0, done.err
    assert sorted(sandbox.rows("SELECT id FROM first")) == [(1,), (2,), (3,)]


def test_a_file_that_another_program_has_locked_is_waited_for(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    sandbox.configure('lock_timeout = "100ms"')
    sandbox.table("0001_first", "first")
    sandbox.miger("up")
    sandbox.table("0002_second", "second")
    other = sqlite3.connect(sandbox.url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "database is locked" in sandbox.miger("up", "--wait", "0", code=1).err

    class LetGo(Interrupt):
        """Looked at while waiting: then the other program is done."""

        @property
        def requested(self) -> bool:
            if other.in_transaction:
                other.execute("ROLLBACK")
            return False

        @requested.setter
        def requested(self, wanted: bool) -> None: ...

    with Project.open(sandbox.folder) as project:
        assert project.up(wait=20, interrupt=LetGo()).finished == ("0002_second",)
    other.close()


def test_a_locked_table_is_tried_again_a_few_times(postgresql_sandbox: Sandbox) -> None:
    sandbox = postgresql_sandbox
    sandbox.configure('lock_timeout = "50ms"')
    sandbox.table("0001_first", "first")
    sandbox.miger("up")
    sandbox.sql("0002_alter", "ALTER TABLE first ADD COLUMN more INTEGER;")
    with psycopg.connect(sandbox.url) as other:
        other.execute("LOCK TABLE first")
        refused = sandbox.miger("up", code=1)
        assert refused.err.count("warning: canceling statement due to lock timeout") == 3
        assert "another session holds a lock" in refused.err
        assert sandbox.states()["0002_alter"] == "pending"

        def let_go_when_told(event: Event) -> None:
            if isinstance(event, LogLine) and "try 2 of 4" in event.message:
                other.rollback()

        with Project.open(sandbox.folder) as project:
            assert project.up(on_event=let_go_when_told).finished == ("0002_alter",)
