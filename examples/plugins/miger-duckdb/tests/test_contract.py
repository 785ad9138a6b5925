"""What every backend has to do, on DuckDB."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from miger.engine.backend import Backend
from miger.engine.errors import MigerError, StatementError
from miger.engine.migration import Migration
from miger.engine.state import Lease
from miger.testing.contract import SqlContract, SqlSnippets, entry, owner, row, run_sql, take_away


def _dead_ends(url: str) -> dict[str, str]:
    folder = url.rpartition("/")[0]
    return {
        f"{folder}/nowhere/x.duckdb": "No such file or directory",
        folder: "Is a directory",
        "duckdb:///:memory:": "names no DuckDB file",
        f"{url}?threads=1": "names no DuckDB file",
    }


class TestContract(SqlContract):
    @pytest.fixture
    def database_url(self, tmp_path: Path) -> str:
        return f"duckdb:///{tmp_path}/x.duckdb"

    @pytest.fixture
    def snippets(self) -> SqlSnippets:
        return SqlSnippets(
            unknown_column_line=1,
            codes=("BinderException", "ConstraintException"),
            outside="CHECKPOINT",
            set_session="SET integer_division = true",
            read_session="SELECT 3 / 2",
            dead_ends=_dead_ends,
        )

    # What only DuckDB does so: it has no lock on a row, and looks for conflicts column by column

    def test_a_fenced_transaction_is_in_the_way_of_a_takeover_and_not_of_the_heartbeat(
        self, backend: Backend, lease: Lease, connect: Callable[..., Backend], migration: Migration
    ) -> None:
        other = connect(lock_timeout=0.1)
        backend.begin(migration)
        backend.record(lease, entry(), row())
        other.renew(lease, 60, "still at it")
        dead = other.snapshot().holder
        with pytest.raises(StatementError) as caught:
            other.acquire(owner("run2"), 60, dead)
        assert caught.value.retryable
        backend.commit()
        assert isinstance(other.acquire(owner("run2"), 60, dead), Lease)
        assert [item.event for item in other.history()] == ["applied"]

    def test_after_a_takeover_a_transaction_that_began_before_it_writes_nothing(
        self, backend: Backend, lease: Lease, connect: Callable[..., Backend], migration: Migration
    ) -> None:
        other = connect()
        backend.begin(migration)
        assert backend.snapshot().holder is not None  # from here on it sees nothing newer
        take_away(other, lease)
        with pytest.raises(MigerError):
            backend.record(lease, entry(), row())
        backend.rollback()
        assert other.history() == []

    def test_the_schema_is_read_without_counters_and_without_our_own(self, backend: Backend) -> None:
        made = {
            "schema s": "CREATE SCHEMA s",
            "sequence numbers": "CREATE SEQUENCE numbers",
            "type mood": "CREATE TYPE mood AS ENUM ('good', 'bad')",
            "table s.users": "CREATE TABLE s.users (id INTEGER PRIMARY KEY, m mood DEFAULT 'bad', CHECK (id > 0))",
            "index s.users_m": "CREATE INDEX users_m ON s.users (m)",
            "view v": "CREATE VIEW v AS SELECT id FROM s.users",
            "macro twice": "CREATE MACRO twice(a) AS a * 2",
        }
        for text in made.values():
            run_sql(backend, text)
        run_sql(backend, "CREATE TEMP TABLE gone (id INTEGER)")
        before = backend.read_schema()
        assert set(before) == set(made)
        assert before["table s.users"].splitlines()[0] == "id INTEGER NOT NULL"
        run_sql(backend, "SELECT nextval('numbers')")
        assert backend.read_schema() == before

    def test_an_error_that_only_speaks_of_a_conflict_is_not_tried_again(self, items: Backend) -> None:
        with pytest.raises(StatementError) as caught:
            run_sql(items, "INSERT INTO items VALUES (1, 'x') ON CONFLICT (name) DO NOTHING")
        assert "onflict" in caught.value.message and not caught.value.retryable
