"""ctrl+c and SIGTERM: after the current statement, or at once when they come twice."""

from __future__ import annotations

import signal

import pytest

from tests.app.sandbox import Sandbox
from tests.app.test_lease import let_go, start_ready, write_waiting

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)


def wait_until_told(process) -> None:  # type: ignore[no-untyped-def]
    line = process.popen.stderr.readline()
    assert "stopping after the current statement" in line


@SIGNALS
def test_of_an_interrupted_transaction_nothing_stays(sandbox: Sandbox, number: signal.Signals) -> None:
    sandbox.table("0001_first", "first")
    write_waiting(sandbox, "0002_waiting")
    with start_ready(sandbox) as process:
        process.signal(number)
        wait_until_told(process)
        let_go(sandbox)
        done = process.end()
    assert done.code == 130, done.err
    assert done.events[-1]["result"] == "interrupted"
    failed = next(event for event in done.events if event["event"] == "step_failed")
    assert failed["dirty"] is False
    assert sandbox.states() == {"0001_first": "applied", "0002_waiting": "pending"}
    assert sandbox.rows("SELECT count(*) FROM first") == [(0,)]
    assert sandbox.history("0002_waiting") == ["interrupted"]
    assert sandbox.status()["lock"] is None
    sandbox.miger("up")


@SIGNALS
def test_an_interrupted_checkpointed_migration_is_dirty_and_can_be_resumed(
    sandbox: Sandbox, number: signal.Signals
) -> None:
    sandbox.table("0001_first", "first")
    write_waiting(sandbox, "0002_waiting", "transaction = false")
    with start_ready(sandbox) as process:
        process.signal(number)
        wait_until_told(process)
        let_go(sandbox)
        done = process.end()
    assert done.code == 130, done.err
    shown = sandbox.miger("status").out
    assert "dirty" in shown
    assert ("interrupted half way" if sandbox.on_mongodb else "interrupted after statement 1") in shown
    assert "`miger show 0002_waiting` tells" in shown
    assert "--resume" in sandbox.miger("show", "0002").out
    assert "0002_waiting" in sandbox.miger("up", code=4).err
    sandbox.miger("repair", "0002", "--resume")
    assert sorted(sandbox.rows("SELECT id FROM first")) == [(1,), (2,)]
    assert sandbox.history("0002_waiting") == ["started", "interrupted", "resumed", "applied"]


def test_a_stop_between_migrations_leaves_the_rest_pending(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    sandbox.python(
        "0002_stop",
        "import os, signal\ndef up(db):\n"
        '    db.execute("INSERT INTO first VALUES (1)")\n'
        "    os.kill(os.getpid(), signal.SIGINT)\n",
    )
    sandbox.table("0003_third", "third")
    done = sandbox.run("up", "--json")
    assert done.code == 130
    assert done.events[-1]["finished"] == ["0001_first", "0002_stop"]
    assert done.events[-1]["result"] == "interrupted"
    assert sandbox.states() == {"0001_first": "applied", "0002_stop": "applied", "0003_third": "pending"}


@pytest.mark.parametrize("metadata", ["", "transaction = false"])
@pytest.mark.parametrize("kind", ["sql", "python"])
def test_a_second_signal_breaks_off_a_long_statement(postgresql_sandbox: Sandbox, kind: str, metadata: str) -> None:
    sandbox = postgresql_sandbox
    sandbox.table("0001_first", "first")
    long = "SELECT pg_sleep(60)"
    if kind == "sql":
        sandbox.sql("0002_long", f"INSERT INTO first VALUES (1);\n{long};", metadata=metadata)
    else:
        sandbox.python(
            "0002_long",
            f'def up(db):\n    db.execute("INSERT INTO first VALUES (1)")\n    db.execute("{long}")',
            metadata=metadata,
        )
    with sandbox.start("--json", "up") as process:
        process.event("statement_started", text=long)
        process.signal(signal.SIGINT)
        wait_until_told(process)
        process.signal(signal.SIGINT)
        done = process.end()
    assert done.code == 130, done.err
    assert done.events[-1]["event"] == "run_finished"
    assert done.events[-1]["result"] == "interrupted"
    assert sandbox.states()["0002_long"] == ("dirty" if metadata else "pending")
    assert sandbox.history("0002_long")[-1] == "interrupted"
    assert sandbox.rows("SELECT count(*) FROM first") == [(1 if metadata else 0,)]
    assert sandbox.status()["lock"] is None
    assert not sandbox.rows(
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)' AND datname = current_database()"
    )


@pytest.mark.parametrize("metadata", ["", "transaction = false"])
def test_a_second_signal_breaks_off_a_python_migration(sandbox: Sandbox, metadata: str) -> None:
    sandbox.table("0001_first", "first")
    write_waiting(sandbox, "0002_waiting", metadata)
    with start_ready(sandbox) as process:
        process.signal(signal.SIGTERM)
        wait_until_told(process)
        process.signal(signal.SIGINT)
        done = process.end()
    assert done.code == 130, done.err
    assert done.events[-1]["result"] == "interrupted"
    assert sandbox.states()["0002_waiting"] == ("dirty" if metadata else "pending")
    assert sandbox.history("0002_waiting")[-1] == "interrupted"
    let_go(sandbox)
    sandbox.miger(*(("repair", "0002", "--resume") if metadata else ("up",)))
    assert sorted(sandbox.rows("SELECT id FROM first")) == [(1,), (2,)]


def test_two_signals_break_off_a_python_migrations_statement_on_sqlite(sqlite_sandbox: Sandbox) -> None:
    sandbox = sqlite_sandbox
    sandbox.table("0001_first", "first")
    count = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 6000000) SELECT max(x) FROM n"
    sandbox.python("0002_long", f'def up(db):\n    db.execute("CREATE TABLE t AS {count}")\n    db.execute("SELECT 1")')
    with sandbox.start("--json", "up") as process:
        process.event("statement_started", text=f"CREATE TABLE t AS {count}")
        process.signal(signal.SIGINT)
        process.signal(signal.SIGTERM)
        done = process.end()
    assert done.code == 130, done.err
    assert done.events[-1]["result"] == "interrupted"
    assert sandbox.states()["0002_long"] == "pending"
    assert sandbox.history("0002_long") == ["interrupted"]


@pytest.mark.parametrize("metadata", ["", "transaction = false"], ids=["transaction", "checkpointed"])
def test_a_second_signal_breaks_off_a_long_statement_on_sqlite(sqlite_sandbox: Sandbox, metadata: str) -> None:
    sandbox = sqlite_sandbox
    sandbox.table("0001_first", "first")
    endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    sandbox.sql("0002_long", f"INSERT INTO first VALUES (1);\n{endless};", metadata=metadata)
    with sandbox.start("--json", "up") as process:
        process.event("statement_started", text=endless)
        process.signal(signal.SIGINT)
        wait_until_told(process)
        process.signal(signal.SIGINT)
        done = process.end()
    assert done.code == 130, done.err
    assert done.events[-1]["result"] == "interrupted"
    assert sandbox.states()["0002_long"] == ("dirty" if metadata else "pending")
    assert sandbox.rows("SELECT count(*) FROM first") == [(1 if metadata else 0,)]
    assert sandbox.status()["lock"] is None
