"""Two runs at the same moment on a fresh database."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.app.sandbox import Sandbox

MIGRATIONS, ROUNDS = 10, 20


def write_migrations(sandbox: Sandbox) -> list[str]:
    """One that makes the counting table, and nine more; every one counts itself."""
    ids = [f"{number:04d}_count" for number in range(1, MIGRATIONS + 1)]
    for number, id in enumerate(ids, 1):
        count = f"INSERT INTO counting VALUES ('{id}');"
        if number == 1:
            sandbox.sql(id, f"CREATE TABLE counting (id VARCHAR(40));\n{count}")
        elif number == 4:
            sandbox.python(id, f'def up(db):\n    db.execute("{count[:-1]}")')
        elif number in (6, 9):
            sandbox.sql(id, f"{count}\nSELECT 1;", metadata="transaction = false")
        else:
            sandbox.sql(id, count)
    return ids


def race(sandbox: Sandbox, ids: list[str]) -> None:
    with sandbox.start("up", "-v") as one, sandbox.start("up", "-v") as other:
        for done in (one.end(), other.end()):
            assert done.code == 0, done.err
            assert "Traceback" not in done.err
    assert Counter(id for (id,) in sandbox.rows("SELECT id FROM counting")) == dict.fromkeys(ids, 1)
    events = sandbox.history()
    assert [event for event in events if event.startswith("applied")] == [f"applied {id}" for id in ids]
    assert not [event for event in events if "failed" in event or "lease" in event]


def test_two_runs_at_once_run_each_migration_exactly_once(sandbox: Sandbox) -> None:
    ids = write_migrations(sandbox)
    for _ in range(3):
        sandbox.wipe()
        race(sandbox, ids)


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_two_runs_at_once_run_each_migration_exactly_once_many_times(sandbox: Sandbox) -> None:
    ids = write_migrations(sandbox)
    for _ in range(ROUNDS):
        sandbox.wipe()
        race(sandbox, ids)
    print(f"{sandbox.backend}: {ROUNDS} races of {MIGRATIONS} migrations, each ran exactly once")
