"""SIGKILL at random moments of a run, recovery after each, and a database like that of a quiet run."""

from __future__ import annotations

import os
import random
import signal
import time
from typing import Any

import pytest

from tests.app.sandbox import Process, Sandbox

MIGRATIONS = 30

BATCHES = """
def up(db):
    with db.step("first") as todo:
        if todo:
            db.execute("INSERT INTO logs VALUES ({number}, 'first')")
            db.execute("INSERT INTO logs VALUES ({number}, 'also first')")
    for batch in db.batches("double", "items", key="id", size=40):
        batch.execute("UPDATE items SET amount = amount * 2 + 1 WHERE id BETWEEN :low AND :high")
    db.execute("INSERT INTO logs VALUES ({number}, 'alone')")
    with db.step("last") as todo:
        if todo:
            db.execute("INSERT INTO logs VALUES ({number}, 'last')")
"""


MONGODB_BATCHES = """
def up(db):
    with db.step("first") as todo:
        if todo:
            db.logs.insert_one({{"number": {number}, "what": "first"}})
            db.logs.insert_one({{"number": {number}, "what": "also first"}})
    for batch in db.batches("double", "items", size=40):
        batch.update([{{"$set": {{"amount": {{"$add": [{{"$multiply": ["$amount", 2]}}, 1]}}}}}}])
    db.create_index("items", [("amount", 1), ("x{number}", 1)])
    with db.step("last") as todo:
        if todo:
            db.logs.insert_one({{"number": {number}, "what": "last"}})
"""


def write_migrations(sandbox: Sandbox) -> list[str]:
    """Thirty that need their predecessors, of all kinds that are recorded differently."""
    ids = [f"{number:04d}_step" for number in range(1, MIGRATIONS + 1)]
    numbers = ", ".join(f"({number}, {number})" for number in range(1, 121 if sandbox.on_mongodb else 301))
    sandbox.sql(
        ids[0],
        "CREATE TABLE items (id INTEGER PRIMARY KEY, amount NUMERIC);\n"
        "CREATE TABLE logs (number INTEGER, what VARCHAR(40));\n"
        f"INSERT INTO items VALUES {numbers};",
    )
    for number, id in enumerate(ids[1:], 2):
        kind = number % 5
        if kind == 0:
            batches = MONGODB_BATCHES if sandbox.on_mongodb else BATCHES
            sandbox.python(id, batches.format(number=number), metadata="transaction = false")
        elif kind == 1:
            several = "\n".join(f"INSERT INTO logs VALUES ({number}, 'piece {piece}');" for piece in range(6))
            sandbox.sql(id, f"CREATE TABLE t{number} (x INTEGER);\n{several}", metadata="transaction = false")
        elif kind == 2:
            outside = {
                "sqlite": "VACUUM;",
                "postgresql": f"CREATE INDEX CONCURRENTLY i{number} ON items (amount, (id + {number}));",
                "mysql": f"CREATE INDEX i{number} ON items (amount, id);",
                "mongodb": f"CREATE TABLE other{number} (x INTEGER);",
            }[sandbox.backend]
            sandbox.sql(
                id,
                f"INSERT INTO logs VALUES ({number}, 'before');\n{outside}\n"
                f"INSERT INTO logs VALUES ({number}, 'after');",
                metadata="transaction = false",
            )
        elif kind == 3:
            sandbox.python(id, f"def up(db):\n    db.execute(\"INSERT INTO logs VALUES ({number}, 'python')\")")
        else:
            sandbox.sql(id, f"CREATE TABLE t{number} (x INTEGER);\nINSERT INTO logs VALUES ({number}, 'sql');")
    return ids


def kill_somewhere(process: Process, chance: random.Random, most_events: int) -> bool:
    """Kills a run after a number of its events and a moment more. False if it was over before."""
    for _ in range(chance.randrange(most_events)):
        if process.next_event() is None:
            return False
    time.sleep(chance.random() * 0.02)
    if process.popen.poll() is not None:
        return False
    process.signal(signal.SIGKILL)
    process.popen.wait()
    return True


def dirty_id(sandbox: Sandbox) -> str | None:
    [*dirty] = (id for id, state in sandbox.states().items() if state == "dirty")
    assert len(dirty) <= 1
    return dirty[0] if dirty else None


def kill_until_done(sandbox: Sandbox, chance: random.Random, most: int) -> int:
    """Kills up to `most` runs and recoveries, then lets them finish; how many were killed."""
    kills = 0
    while kills < most:
        dirty = dirty_id(sandbox) if chance.random() < 0.5 else None
        command = ("repair", dirty, "--resume") if dirty else ("up",)
        with sandbox.start("--json", *command) as process:
            # An `up` of everything has some 400 events; a recovery a dozen.
            if kill_somewhere(process, chance, 15 if dirty else 150):
                kills += 1
                continue
            done = process.end()
        assert done.code in (0, 4), done.err
        if done.code == 4:
            resume(sandbox, dirty_id(sandbox))
        elif not dirty:
            break
    while (done := sandbox.miger("up", "--json", code=None)).code != 0:
        assert done.code == 4, done.err
        resume(sandbox, dirty_id(sandbox))
    return kills


def resume(sandbox: Sandbox, id: str | None) -> None:
    assert id is not None
    sandbox.miger("repair", id, "--resume")


def check_history(sandbox: Sandbox, ids: list[str], kills: int) -> None:
    events = sandbox.history()
    assert [event for event in events if event.startswith("applied ")] == [f"applied {id}" for id in ids]
    for id in ids:
        told = sandbox.history(id)
        assert told[-1] == "applied"
        assert set(told) <= {"started", "resumed", "applied"}
        checkpointed = int(id[:4]) % 5 in (0, 1, 2) and id != ids[0]
        if not sandbox.transactional_ddl:
            checkpointed = int(id[:4]) % 5 != 3
        assert told[0] == ("started" if checkpointed else "applied")
    assert events.count("lease_taken") <= kills


def rounds(sandbox: Sandbox, count: int, most_kills: int, seed: int) -> list[int]:
    ids = write_migrations(sandbox)
    sandbox.miger("up", "-q")
    quiet = sandbox.dump()
    assert len(quiet["rows"]["logs"]) > MIGRATIONS
    kills, taken = [], 0
    for number in range(count):
        print(f"{sandbox.backend} round {number}, seed {seed + number}")
        sandbox.wipe()
        kills.append(kill_until_done(sandbox, random.Random(seed + number), most_kills))
        assert set(sandbox.states().values()) == {"applied"}
        differences = differing(quiet, sandbox.dump())
        assert not differences, differences
        check_history(sandbox, ids, kills[-1])
        taken += sandbox.history().count("lease_taken")
    assert taken > 0
    return kills


def differing(quiet: dict[str, Any], killed: dict[str, Any]) -> list[str]:
    if quiet["schema"] != killed["schema"]:
        return [f"schema: {quiet['schema']}\nis now {killed['schema']}"]
    return [
        f"{table}: {set(quiet['rows'][table]) ^ set(killed['rows'][table])}, "
        f"{len(quiet['rows'][table])} rows, now {len(killed['rows'][table])}"
        for table in quiet["rows"]
        if quiet["rows"][table] != killed["rows"][table]
    ]


def test_a_killed_run_is_finished_by_others_without_loss_or_repetition(sandbox: Sandbox) -> None:
    count = 2 if sandbox.on_mongodb else 4  # whose server is slow
    rounds(sandbox, count, most_kills=3, seed=int(os.environ.get("MIGER_TEST_SEED", "1")))


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_many_killed_runs_are_finished_by_others_without_loss_or_repetition(sandbox: Sandbox) -> None:
    kills = rounds(sandbox, 40, most_kills=6, seed=int(os.environ.get("MIGER_TEST_SEED", "1000")))
    print(f"{sandbox.backend}: {len(kills)} rounds, {sum(kills)} kills, all as after a quiet run")


def test_after_a_kill_a_repair_needs_no_up_before_it(sandbox: Sandbox) -> None:
    sandbox.table("0001_first", "first")
    go = sandbox.path("go")
    sandbox.python(
        "0002_long",
        "import os, time\n"
        "def up(db):\n"
        '    db.execute("INSERT INTO first VALUES (1)")\n'
        '    db.log("ready")\n'
        f"    while not os.path.exists({go!r}):\n"
        "        time.sleep(0.02)\n",
        metadata="transaction = false",
    )
    with sandbox.start("--json", "up") as process:
        process.event("log_line", message="ready")
        assert sandbox.states()["0002_long"] == "running"
        process.signal(signal.SIGKILL)
    sandbox.write("go", "")
    assert sandbox.states()["0002_long"] == "dirty"
    began = time.monotonic()
    sandbox.miger("repair", "0002", "--resume")
    assert time.monotonic() - began < 10  # the lease would end after 30 seconds
    assert sandbox.rows("SELECT count(*) FROM first") == [(1,)]
    assert sandbox.history()[-4:] == ["started 0002_long", "lease_taken", "resumed 0002_long", "applied 0002_long"]
