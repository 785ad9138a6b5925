"""What state a migration is in, from its file and its row."""

from __future__ import annotations

import pytest

from miger.engine.graph import MigrationGraph
from miger.engine.migration import Migration
from miger.engine.state import Holder, Snapshot, StateRow
from miger.engine.status import GLYPHS, status_of

HOLDER = Holder("bob", "far", "m", 1, "p", "r9", 3, "2026-01-01", "2026-01-02", "", "", False)
A, B, C = (
    Migration("a", "a.sql", "sql", (), (), "sha256:a", release="v1"),
    Migration("b", "b.sql", "sql", ("a",), (), "sha256:b", release="v2"),
    Migration("c", "c.sql", "sql", ("a",), (), "sha256:c"),
)
GRAPH = MigrationGraph((A, B, C))


def snapshot(*rows: StateRow, holder: Holder | None = None) -> Snapshot:
    return Snapshot(True, {row.id: row for row in rows}, holder)


def row(id: str, state: str = "applied", checksum: str = "", run: str = "r1") -> StateRow:
    return StateRow(id, state, "up", checksum or f"sha256:{id}", run=run)


@pytest.mark.parametrize(
    ("found", "holder", "state"),
    [
        (row("b"), None, "applied"),
        (row("b", checksum="sha256:x"), None, "modified"),
        (row("b", "dirty"), None, "dirty"),
        (row("b", "dirty", run="r9"), HOLDER, "dirty"),
        (row("b", "applying", run="r9"), HOLDER, "running"),
        (row("b", "reverting", run="r9"), HOLDER, "running"),
        (row("b", "applying", run="r9"), HOLDER._replace(expired=True), "dirty"),
        (row("b", "applying", run="r1"), HOLDER, "dirty"),
        (row("b", "applying", run="r9"), None, "dirty"),
    ],
)
def test_a_row_its_file_and_the_lease_give_the_state(found: StateRow, holder: Holder | None, state: str) -> None:
    status = status_of(GRAPH, snapshot(found, holder=holder))
    assert status.by_id["b"].state == state
    assert status.by_id["b"].migration is B
    assert status.holder is holder
    assert status.counts == {**dict.fromkeys(GLYPHS, 0), "pending": 2, state: 1}


def test_rows_without_a_file_come_last() -> None:
    status = status_of(GRAPH, snapshot(row("z"), row("0", "dirty"), row("a")))
    assert [(item.id, item.state) for item in status.migrations] == [
        ("a", "applied"),
        ("b", "pending"),
        ("c", "pending"),
        ("0", "dirty"),
        ("z", "missing"),
    ]
    assert status.ids("missing", "dirty") == ("0", "z")


def test_pending_before_an_applied_one_is_late() -> None:
    status = status_of(GRAPH, snapshot(row("a"), row("c")))
    assert [item.id for item in status.migrations if item.late] == ["b"]
    assert not any(item.late for item in status_of(GRAPH, snapshot(row("a"), row("z"))).migrations)


def test_the_release_is_that_of_the_last_applied_migration_that_names_one() -> None:
    assert status_of(GRAPH, snapshot()).release is None
    assert status_of(GRAPH, snapshot(row("a"), row("c"))).release == "v1"
    assert status_of(GRAPH, snapshot(row("a"), row("b"), row("c"))).release == "v2"
    assert status_of(GRAPH, snapshot(row("a"), row("b", "dirty"))).release == "v1"


def test_a_database_without_our_tables_has_everything_pending() -> None:
    status = status_of(GRAPH, Snapshot())
    assert not status.initialised
    assert status.ids("pending") == ("a", "b", "c")
    assert status.heads == ("b", "c")
