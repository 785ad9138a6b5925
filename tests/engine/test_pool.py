"""The pool on real databases."""

from __future__ import annotations

import threading

import pytest

from miger.backends.registry import backend_for
from miger.engine.backend import Backend
from miger.engine.environments import Environment
from miger.engine.errors import StatementError, UnreachableError
from miger.engine.pool import Pool
from miger.engine.secrets import Secret


def pool_of(url: str, size: int, patience: float = 5.0) -> tuple[Pool, list[Backend]]:
    made: list[Backend] = []

    def make() -> Backend:
        made.append(backend_for(Environment("test", Secret(url)), "miger_"))
        return made[-1]

    return Pool(make, size, patience), made


def test_a_connection_is_used_again(database_url: str) -> None:
    pool, made = pool_of(database_url, 3)
    for _ in range(3):
        with pool.connection() as backend:
            backend.snapshot()
    assert len(made) == 1
    pool.close()


def test_no_more_are_open_than_allowed_and_the_wait_ends_with_a_reason(database_url: str) -> None:
    pool, made = pool_of(database_url, 2, patience=0.05)
    refused = pytest.raises(UnreachableError, match="all 2 connections are in use")
    with pool.connection(), pool.connection(), refused, pool.connection():
        pass
    assert len(made) == 2
    pool.close()


def test_one_in_use_when_all_are_closed_is_closed_when_it_comes_back(database_url: str) -> None:
    pool, made = pool_of(database_url, 1)
    with pool.connection():
        pool.close()
    with pool.connection():
        pass
    assert len(made) == 2
    pool.close()


def test_threads_wait_for_each_other(database_url: str) -> None:
    pool, made = pool_of(database_url, 2)
    snapshots = []

    def look() -> None:
        for _ in range(5):
            snapshots.append(pool.read(lambda backend: backend.snapshot()))

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(snapshots) == 30
    assert len(made) <= 2
    pool.close()


def test_an_open_transaction_is_rolled_back_when_it_comes_back(database_url: str) -> None:
    pool, _ = pool_of(database_url, 1)
    with pool.connection() as backend:
        backend.begin()
    with pool.connection() as backend:
        assert not backend.in_transaction()
    pool.close()


def test_a_backend_is_dropped_after_an_error_that_is_not_a_statements(database_url: str) -> None:
    pool, made = pool_of(database_url, 1)
    with pytest.raises(KeyError), pool.connection():
        raise KeyError("x")
    with pytest.raises(StatementError), pool.connection() as backend:
        raise StatementError("refused")
    with pool.connection() as again:
        assert again is backend
    assert len(made) == 2
    pool.close()


def test_one_that_cannot_be_opened_does_not_count(tmp_path: object) -> None:
    pool, _ = pool_of("postgresql://nobody:x@127.0.0.1:1/none", 1, patience=0.05)
    for _ in range(2):
        with pytest.raises(UnreachableError, match="cannot connect"), pool.connection():
            pass


def test_a_read_is_repeated_when_an_idle_connection_was_cut(postgresql_url: str) -> None:
    import psycopg

    pool, made = pool_of(postgresql_url, 2)
    pool.read(lambda backend: backend.snapshot())
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'miger'"
        )
    assert not pool.read(lambda backend: backend.snapshot()).initialised
    assert len(made) == 2
    pool.close()


def test_an_error_of_the_first_read_is_not_hidden(postgresql_url: str) -> None:
    pool, made = pool_of(postgresql_url, 2)

    def fail(backend: Backend) -> None:
        raise StatementError("gone", disconnected=True)

    with pytest.raises(StatementError, match="gone"):
        pool.read(fail)
    assert len(made) == 1
