"""What comparing a schema costs, whatever the machine: queries, messages, looks at the same things."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.generate_models import DIFFERENCES, models
from miger.backends.postgresql import PostgresqlBackend
from miger.backends.sqlite import SqliteBackend
from miger.engine.backend import Backend
from miger.engine.catalog import Catalog
from miger.engine.environments import Environment
from miger.engine.errors import MigerError
from miger.engine.owner import this_process
from miger.engine.secrets import Secret
from miger.engine.statements import Statement, split
from miger.generate.carrying_out import MOST_TOGETHER, carry_out
from miger.generate.compare import compare
from miger.generate.wanted import blank_database

from tests.benchmarks.relay import Relay, relay_to

FEW, MANY = 8, 32
TABLE = (
    "CREATE TABLE t{number} (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES t{before}, name VARCHAR(20) DEFAULT 'a'"
    " CHECK (name <> ''), UNIQUE (parent, name));\nCREATE INDEX t{number}_name ON t{number} (name);\n"
)


@pytest.fixture
def postgresql_relay(postgresql_url: str) -> Iterator[Relay]:
    with relay_to(postgresql_url) as relay:
        yield relay


def opened(kind: type[SqliteBackend | PostgresqlBackend], url: str) -> Backend:
    backend = kind(Environment("dev", Secret(url)), "miger_")
    backend.open()
    return backend


def statements(first: int, count: int, dialect: str) -> Iterator[Statement]:
    texts = [TABLE.format(number=number, before=max(number - 1, 0)) for number in range(first, first + count)]
    return split(texts, dialect)


def make(backend: Backend, first: int, count: int) -> None:
    carry_out(backend, statements(first, count, backend.dialect), lambda statement, error: error)


def test_the_queries_that_read_sqlite_do_not_grow_with_the_tables(sqlite_url: str) -> None:
    backend = opened(SqliteBackend, sqlite_url)
    costs, made = [], 0
    for count in (FEW, MANY):
        make(backend, made, count - made)
        made = count
        asked: list[str] = []
        backend.driver_connection.set_trace_callback(asked.append)  # type: ignore[attr-defined]
        assert len(backend.read_catalog().tables) == count
        backend.driver_connection.set_trace_callback(None)  # type: ignore[attr-defined]
        costs.append(asked)
    assert costs[0] == costs[1]
    assert len(costs[0]) == 1
    backend.close()


def test_the_queries_that_read_postgresql_do_not_grow_with_the_tables(postgresql_relay: Relay) -> None:
    backend = opened(PostgresqlBackend, postgresql_relay.url)
    backend.read_catalog()  # where its own tables are is asked once
    costs, made = [], 0
    for count in (FEW, MANY):
        make(backend, made, count - made)
        made = count
        postgresql_relay.asked.clear()
        assert len(backend.read_catalog().tables) == count
        costs.append(list(postgresql_relay.asked))
    assert costs[0] == costs[1]
    assert len(costs[0]) <= 22
    backend.close()


def test_a_wanted_schema_is_sent_to_postgresql_in_one_message_for_many_statements(postgresql_relay: Relay) -> None:
    backend = opened(PostgresqlBackend, postgresql_relay.url)
    costs = []
    for first, count in ((0, FEW), (FEW, MANY)):
        assert count * 2 <= MOST_TOGETHER
        postgresql_relay.asked.clear()
        make(backend, first, count)
        costs.append(len(postgresql_relay.asked))
    assert costs[0] == costs[1] <= 5, "BEGIN, all statements, COMMIT, and what cleans the session"
    assert len(backend.read_catalog().tables) == FEW + MANY
    backend.close()


@pytest.mark.parametrize("kind", [SqliteBackend, PostgresqlBackend])
def test_what_is_refused_among_statements_sent_together_is_told_by_itself(
    kind: type[SqliteBackend | PostgresqlBackend], request: pytest.FixtureRequest
) -> None:
    backend = opened(kind, request.getfixturevalue("sqlite_url" if kind is SqliteBackend else "postgresql_url"))
    text = "CREATE TABLE a (x INTEGER);\nCREATE TABLE b (y INTEGER);\n\n{};\nCREATE TABLE c (z INTEGER);\n"
    for wrong in ("CREATE TABLE a (x INTEGER)", "CREATE INDEX i ON b (nothing)", "ALTER TABLE b ADD y INTEGER"):
        refused: list[Statement] = []

        def failure(statement: Statement, error: MigerError) -> MigerError:
            refused.append(statement)  # noqa: B023
            return error

        with pytest.raises(MigerError):
            carry_out(backend, split([text.format(wrong)], backend.dialect), failure)
        assert [(statement.number, statement.line, statement.sql) for statement in refused] == [(3, 4, wrong)]
        assert backend.read_catalog() == Catalog()
    backend.close()


@pytest.mark.parametrize("url", ["sqlite_url", "postgresql_url"])
def test_the_three_differences_that_are_measured_are_found(
    url: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    from miger.generate.sources.source import find_source

    kind = SqliteBackend if url == "sqlite_url" else PostgresqlBackend
    backend = opened(kind, request.getfixturevalue(url))
    sides = []
    for name in ("live", "wanted"):
        (tmp_path / f"{name}.py").write_text(models(FEW, live=name == "live"))
        with blank_database(backend, this_process("test")) as blank:
            find_source(f"{name}:metadata", str(tmp_path)).build(blank)
            sides.append(blank.read_catalog())
    found = compare(*sides)
    parts = [(len(one.columns), len(one.indexes)) for one in found.changed]
    assert not found.things
    assert sorted(parts) == [(0, 1), (1, 0), (1, 0)]
    assert len(found.tables) == DIFFERENCES
    backend.close()
