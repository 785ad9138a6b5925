"""What every backend has to do, as tests that run on any of them.

A subclass of `BackendContract` in a test module runs them, or one of `SqlContract` for a database with SQL. It
needs two fixtures: `database_url`, the URL of a fresh, empty database for each test, and `snippets`, what
differs between databases.
"""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from miger.backends.registry import backend_for
from miger.engine.backend import Backend
from miger.engine.environments import Environment
from miger.engine.errors import LeaseLost, MigerError, RefusedError, StatementError, UnreachableError
from miger.engine.loader import load_folder
from miger.engine.migration import Migration
from miger.engine.owner import Owner
from miger.engine.secrets import Secret
from miger.engine.state import APPLIED, APPLYING, Checkpoint, HistoryEntry, Holder, Lease, Snapshot, StateRow
from miger.engine.statements import Statement, split


class Snippets(ABC):
    """What differs between databases: how a test works with `items`, numbered things that have a name.

    What changes them raises the backend's errors, and tells how many it changed.
    """

    codes: tuple[str, str] = ("", "")  # the database's own, for what `fail` does and for a number used twice
    busy_hint: str = "lock_timeout"  # words of the hint where another transaction is in the way
    read_only: type[MigerError] = StatementError  # what a change raises in a read-only environment, at the latest

    @abstractmethod
    def create(self, backend: Backend) -> None:
        """Makes the empty items."""

    @abstractmethod
    def insert(self, backend: Backend, number: int) -> int:
        """Adds one."""

    @abstractmethod
    def rename(self, backend: Backend, name: str) -> int:
        """Gives all of them this name."""

    @abstractmethod
    def delete(self, backend: Backend, number: int) -> int:
        """Takes one away."""

    @abstractmethod
    def numbers(self, backend: Backend) -> list[int]:
        """The numbers of all, in order."""

    @abstractmethod
    def fail(self, backend: Backend) -> None:
        """Does what the database refuses, with the first of `codes`."""

    @abstractmethod
    def make_newer(self, backend: Backend) -> None:
        """Marks the records of prefix `miger_` as those of a newer Miger."""

    def bad_urls(self, url: str) -> dict[str, str]:
        """From a good URL others that lead nowhere, each with words of the message."""
        return {}

    def secrets(self, url: str) -> tuple[str, ...]:
        """What must not be in such a message."""
        return ()


@dataclass(frozen=True, slots=True)
class SqlSnippets(Snippets):
    """What differs between databases with SQL.

    `unknown_column` is a statement that fails on its second line; `unknown_column_line` is how many lines
    below its first one the database says so (None: it does not say). `set_session` changes the session in
    a way that `read_session` shows, next to a clean one.
    """

    create_table: str = "CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(50))"
    insert_row: str = "INSERT INTO items (id, name) VALUES ({}, 'x')"
    select: str = "SELECT id FROM items ORDER BY id"
    drop: str = "DROP TABLE items"
    unknown_column: str = "SELECT id,\n  nonsense FROM items"
    unknown_column_line: int | None = None
    codes: tuple[str, str] = ("", "")
    outside: str = "VACUUM"
    set_session: str = ""
    read_session: str = ""
    newer_format: str = "UPDATE {}lock SET format = 999"
    rolls_back_definitions: bool = True
    dead_ends: Callable[[str], dict[str, str]] = lambda url: {}
    hidden: Callable[[str], tuple[str, ...]] = lambda url: ()

    def create(self, backend: Backend) -> None:
        run_sql(backend, self.create_table)

    def insert(self, backend: Backend, number: int) -> int:
        return run_sql(backend, self.insert_row.format(number))

    def rename(self, backend: Backend, name: str) -> int:
        return run_sql(backend, f"UPDATE items SET name = '{name}'")

    def delete(self, backend: Backend, number: int) -> int:
        return run_sql(backend, f"DELETE FROM items WHERE id = {number}")

    def numbers(self, backend: Backend) -> list[int]:
        return [row[0] for row in rows_of(backend, self.select)]

    def fail(self, backend: Backend) -> None:
        run_sql(backend, self.unknown_column)

    def make_newer(self, backend: Backend) -> None:
        run_sql(backend, self.newer_format.format("miger_"))

    def bad_urls(self, url: str) -> dict[str, str]:
        return self.dead_ends(url)

    def secrets(self, url: str) -> tuple[str, ...]:
        return self.hidden(url)


def owner(run: str = "run1") -> Owner:
    return Owner(by="ann", host="box", machine="boot/1", pid=1, process="2", run=run, version="1.0")


def entry(id: str = "a", event: str = "applied", *, run: str = "run1", **more: Any) -> HistoryEntry:
    return HistoryEntry(run=run, id=id, event=event, duration_ms=7, by="ann", host="box", version="1.0", **more)


def row(id: str = "a", state: str = APPLIED, **more: object) -> StateRow:
    values = StateRow(id=id, state=state, direction="up", checksum="sha256:1", run="run1", by="ann", host="box")
    return values._replace(**more)  # type: ignore[arg-type]


def statements(text: str, backend: Backend) -> list[Statement]:
    return list(split([text], backend.dialect))


def run_sql(backend: Backend, text: str) -> int:
    return backend.execute(statements(text, backend))


def rows_of(backend: Backend, text: str) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = backend._verify_rows(statements(text, backend)[0])[1]  # type: ignore[attr-defined]
    return rows


def take_away(other: Backend, lease: Lease) -> None:
    """Gives the lease to another run, whose acquiring does not end the former one's session."""
    other.release(lease)
    assert isinstance(other.acquire(owner("run2"), 60), Lease)


class BackendContract:
    """The tests; see the module."""

    @pytest.fixture
    def environment(self, database_url: str) -> Environment:
        return Environment(name="dev", url=Secret(database_url), lock_timeout=1.0)

    @pytest.fixture
    def connect(self, environment: Environment) -> Iterator[Callable[..., Backend]]:
        """Makes open backends, which are closed after the test; keywords change the environment."""
        made: list[Backend] = []

        def open_backend(prefix: str = "miger_", **settings: object) -> Backend:
            backend = backend_for(environment._replace(**settings), prefix)  # type: ignore[arg-type]
            backend.open()
            made.append(backend)
            return backend

        yield open_backend
        for backend in made:
            backend.close()

    @pytest.fixture
    def migration(self, tmp_path: Path) -> Migration:
        """What transactions are begun for."""
        folder = tmp_path / "migrations"
        folder.mkdir()
        (folder / "20260101090000_create_items.sql").write_text("-- miger:up\nSELECT 1;\n")
        [migration] = load_folder(str(folder)).migrations
        return migration

    @pytest.fixture
    def fresh(self, connect: Callable[..., Backend]) -> Backend:
        """A backend on an empty database."""
        return connect()

    @pytest.fixture
    def backend(self, fresh: Backend) -> Backend:
        """A backend whose tables exist."""
        fresh.prepare()
        return fresh

    @pytest.fixture
    def lease(self, backend: Backend) -> Lease:
        taken = backend.acquire(owner(), 60)
        assert isinstance(taken, Lease)
        return taken

    @pytest.fixture
    def items(self, backend: Backend, snippets: Snippets) -> Backend:
        snippets.create(backend)
        return backend

    # Our tables

    def test_a_snapshot_of_an_empty_database_is_empty_and_writes_nothing(
        self, fresh: Backend, connect: Callable[..., Backend]
    ) -> None:
        assert fresh.snapshot() == Snapshot()
        assert fresh.history() == []
        assert not connect().snapshot().initialised
        path = fresh.environment.url.reveal().removeprefix("sqlite:///")
        assert not os.path.exists(path)

    def test_prepare_makes_the_tables_and_may_be_called_again(self, fresh: Backend) -> None:
        fresh.prepare()
        fresh.prepare()
        assert fresh.snapshot() == Snapshot(initialised=True)

    def test_several_processes_may_prepare_at_once(self, connect: Callable[..., Backend]) -> None:
        backends = [connect(lock_timeout=20.0) for _ in range(6)]
        start = threading.Barrier(len(backends))
        errors: list[BaseException] = []

        def prepare(backend: Backend) -> None:
            start.wait()
            try:
                backend.prepare()
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=prepare, args=(backend,)) for backend in backends]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert all(backend.snapshot() == Snapshot(initialised=True) for backend in backends)

    def test_two_projects_with_their_own_prefixes_share_a_database(self, connect: Callable[..., Backend]) -> None:
        one, two = connect(), connect("other_")
        one.prepare()
        assert not two.snapshot().initialised
        two.prepare()
        lease = two.acquire(owner(), 60)
        assert isinstance(lease, Lease)
        two.record(lease, entry(), row())
        assert (len(one.history()), len(two.history())) == (0, 1)
        assert one.snapshot() == Snapshot(initialised=True)
        assert set(two.snapshot().rows) == {"a"}

    def test_records_of_a_newer_miger_are_left_alone(self, backend: Backend, snippets: Snippets) -> None:
        snippets.make_newer(backend)
        with pytest.raises(UnreachableError, match="newer Miger"):
            backend.snapshot()
        with pytest.raises(UnreachableError, match="newer Miger"):
            backend.acquire(owner(), 60)

    # State and history

    def test_what_is_recorded_can_be_read_back(self, backend: Backend, lease: Lease) -> None:
        text = 'it\'s 100 % „quoted“: "x" \\ :y ?\nline 2 🐘'
        written = row("ä-1", done=3, total=4, duration_ms=12, error=text)
        backend.record(lease, entry("ä-1", "failed", error=text, checksum="sha256:2"), written)
        read = backend.snapshot().rows["ä-1"]
        assert read._replace(at="") == written
        assert read.at.endswith("Z") and "T" in read.at
        [found] = backend.history()
        assert (
            found == entry("ä-1", "failed", error=text, checksum="sha256:2", at=found.at) or found.token == lease.token
        )
        assert found._replace(at="", token=0) == entry("ä-1", "failed", error=text, checksum="sha256:2")
        assert found.token == lease.token

    def test_a_state_row_is_replaced_and_forgotten(self, backend: Backend, lease: Lease) -> None:
        backend.record(lease, entry(event="started"), row(state=APPLYING, total=None))
        assert backend.snapshot().rows["a"].total is None
        backend.record(lease, entry(), row(done=2, total=2))
        assert backend.snapshot().rows["a"].state == APPLIED
        backend.record(lease, entry(event="reverted"), None, forget=True)
        assert backend.snapshot().rows == {}
        assert [item.event for item in backend.history()] == ["reverted", "applied", "started"]

    def test_history_comes_newest_first_limited_and_by_id(self, backend: Backend, lease: Lease) -> None:
        for number in range(5):
            backend.record(lease, entry("ab"[number % 2], f"e{number}"), None)
        assert [item.event for item in backend.history()] == ["e4", "e3", "e2", "e1", "e0"]
        assert [item.event for item in backend.history(2)] == ["e4", "e3"]
        assert [item.event for item in backend.history(id="a")] == ["e4", "e2", "e0"]
        assert [item.event for item in backend.history(1, "b")] == ["e3"]
        assert backend.history(0) == []

    def test_whether_an_entry_exists_can_be_asked(self, backend: Backend, lease: Lease) -> None:
        backend.record(lease, entry(), row())
        assert backend.recorded("run1", "a", "applied")
        for question in (("run2", "a", "applied"), ("run1", "b", "applied"), ("run1", "a", "reverted")):
            assert not backend.recorded(*question)

    def test_checkpoints_are_kept_by_step_and_go_when_it_is_done(self, backend: Backend, lease: Lease) -> None:
        backend.record(lease, entry(event="started"), row(state=APPLYING))
        one = Checkpoint("#1", "h1", "done", rows=5)
        batch = Checkpoint("batches:x", "", "done", rows=2, data='"ä"')
        backend.save_checkpoint(lease, "a", "up", Checkpoint("#1", "h1", "intent", data="[1]"), 0)
        backend.save_checkpoint(lease, "a", "up", one, 1)
        backend.save_checkpoint(lease, "a", "up", batch, 1)
        backend.save_checkpoint(lease, "a", "down", Checkpoint("#1", "h9", "done"), 1)
        assert backend.checkpoints("a", "up") == {"#1": one, "batches:x": batch}
        assert backend.snapshot().rows["a"].done == 1
        backend.record(lease, entry(), row())
        assert backend.checkpoints("a", "up") == backend.checkpoints("a", "down") == {}

    def test_writing_without_the_lease_fails_and_writes_nothing(
        self, backend: Backend, lease: Lease, connect: Callable[..., Backend]
    ) -> None:
        backend.record(lease, entry("kept", "applied"), row("kept"))
        take_away(connect(), lease)
        before = backend.snapshot(), backend.history()
        writes: tuple[Callable[[], None], ...] = (
            lambda: backend.record(lease, entry(), row()),
            lambda: backend.record(lease, entry(event="failed"), row(state="dirty")),
            lambda: backend.record(lease, entry("kept", "reverted"), None, forget=True),
            lambda: backend.save_checkpoint(lease, "a", "up", Checkpoint("#1", "h", "done"), 1),
            lambda: backend.renew(lease, 60, ""),
        )
        for write in writes:
            with pytest.raises(LeaseLost):
                write()
            assert not backend.in_transaction()
        assert (backend.snapshot(), backend.history()) == before
        assert backend.checkpoints("a", "up") == {}

    def test_a_change_and_its_record_are_one_transaction(
        self, items: Backend, lease: Lease, snippets: Snippets, connect: Callable[..., Backend], migration: Migration
    ) -> None:
        items.begin(migration)
        snippets.insert(items, 1)
        items.record(lease, entry(), row())
        items.rollback()
        assert snippets.numbers(items) == [] and items.history() == []
        items.begin(migration)
        snippets.insert(items, 1)
        items.record(lease, entry(), row())
        items.commit()
        other = connect()
        assert snippets.numbers(other) == [1]
        assert set(other.snapshot().rows) == {"a"} and other.recorded("run1", "a", "applied")

    # Lease

    def test_only_one_run_holds_the_lease(
        self, backend: Backend, lease: Lease, connect: Callable[..., Backend]
    ) -> None:
        other = connect()
        held = other.acquire(owner("run2"), 60)
        assert isinstance(held, Holder)
        assert (held.by, held.host, held.machine, held.pid, held.process) == ("ann", "box", "boot/1", 1, "2")
        assert (held.run, held.token, held.expired) == ("run1", lease.token, False)
        assert held.acquired_at < held.expires_at
        backend.release(lease)
        assert backend.snapshot().holder is None
        taken = other.acquire(owner("run2"), 60)
        assert isinstance(taken, Lease)
        assert taken.token > lease.token and taken.taken_from is None

    def test_of_many_that_ask_at_once_one_gets_the_lease(self, connect: Callable[..., Backend]) -> None:
        backends = [connect(lock_timeout=20.0) for _ in range(6)]
        backends[0].prepare()
        start = threading.Barrier(len(backends))
        answers: list[Lease | Holder] = []

        def acquire(number: int, backend: Backend) -> None:
            start.wait()
            answers.append(backend.acquire(owner(f"run{number}"), 60))

        threads = [threading.Thread(target=acquire, args=item) for item in enumerate(backends)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        leases = [answer for answer in answers if isinstance(answer, Lease)]
        assert (len(answers), len(leases)) == (6, 1)
        assert {answer.run for answer in answers} == {leases[0].run}

    def test_renewing_prolongs_the_lease_and_tells_what_goes_on(
        self, backend: Backend, lease: Lease, connect: Callable[..., Backend]
    ) -> None:
        before = backend.snapshot().holder
        twin = backend.clone()
        twin.open()
        try:
            twin.renew(lease, 600, "b (1 of 2)")
        finally:
            twin.close()
        after = connect().snapshot().holder
        assert before is not None and after is not None
        assert after.expires_at > before.expires_at
        assert (after.activity, after.token) == ("b (1 of 2)", before.token)

    def test_a_lease_that_ended_is_taken_over_with_a_new_token(
        self, backend: Backend, connect: Callable[..., Backend]
    ) -> None:
        old = backend.acquire(owner(), -1)
        assert isinstance(old, Lease)
        holder = backend.snapshot().holder
        assert holder is not None and holder.expired
        other = connect()
        new = other.acquire(owner("run2"), 60)
        assert isinstance(new, Lease)
        assert new.token > old.token
        assert new.taken_from is not None and new.taken_from.run == "run1"

    def test_the_lease_of_a_dead_owner_is_taken_over_before_it_ends(
        self, backend: Backend, lease: Lease, connect: Callable[..., Backend]
    ) -> None:
        other = connect()
        dead = other.acquire(owner("run2"), 60)
        assert isinstance(dead, Holder)
        stale = dead._replace(token=dead.token - 1)  # known to be dead, but it holds the lease no more
        assert isinstance(other.acquire(owner("run2"), 60, stale), Holder)
        new = other.acquire(owner("run2"), 60, dead)
        assert isinstance(new, Lease)
        assert new.taken_from == dead
        backend.rollback()
        with pytest.raises(MigerError):  # LeaseLost, or its connection was ended
            backend.record(lease, entry(), row())
        assert other.history() == []

    def test_releasing_a_lease_that_was_taken_over_changes_nothing(
        self, backend: Backend, lease: Lease, connect: Callable[..., Backend]
    ) -> None:
        take_away(connect(), lease)
        backend.release(lease)
        holder = backend.snapshot().holder
        assert holder is not None and holder.run == "run2"

    # Transactions and statements

    def test_what_is_rolled_back_is_gone(self, items: Backend, snippets: Snippets, migration: Migration) -> None:
        items.begin(migration)
        assert items.in_transaction()
        snippets.insert(items, 1)
        items.rollback()
        assert not items.in_transaction()
        items.rollback()  # harmless
        assert snippets.numbers(items) == []

    def test_others_see_a_change_only_after_commit(
        self, items: Backend, snippets: Snippets, connect: Callable[..., Backend], migration: Migration
    ) -> None:
        other = connect()
        items.begin(migration)
        snippets.insert(items, 1)
        assert snippets.numbers(other) == []
        items.commit()
        assert snippets.numbers(other) == [1]

    def test_closing_rolls_back(self, items: Backend, snippets: Snippets, connect: Callable[..., Backend]) -> None:
        items.begin()
        snippets.insert(items, 1)
        items.close()
        items.close()  # harmless
        assert snippets.numbers(connect()) == []
        assert snippets.numbers(items) == []  # opened anew when needed

    def test_reopening_rolls_back_and_goes_on(self, items: Backend, snippets: Snippets, lease: Lease) -> None:
        items.begin()
        snippets.insert(items, 1)
        items.reopen()
        assert not items.in_transaction()
        assert snippets.numbers(items) == []
        items.record(lease, entry(), row())

    def test_a_statement_tells_how_many_rows_it_changed(self, items: Backend, snippets: Snippets) -> None:
        items.begin()
        assert snippets.insert(items, 1) == 1
        assert snippets.insert(items, 2) == 1
        assert snippets.rename(items, "y") == 2
        assert snippets.delete(items, 7) == 0
        items.commit()

    def test_a_row_that_others_hold_is_told_as_worth_another_try(
        self, items: Backend, snippets: Snippets, connect: Callable[..., Backend], migration: Migration
    ) -> None:
        snippets.insert(items, 1)
        other = connect(lock_timeout=0.2)
        items.begin()
        snippets.rename(items, "mine")
        with pytest.raises(StatementError) as caught:
            other.begin(migration)
            snippets.rename(other, "theirs")
        other.rollback()
        items.rollback()
        assert caught.value.retryable and not caught.value.disconnected
        assert snippets.busy_hint in caught.value.hint

    def test_a_drivers_exception_is_translated_and_others_are_not(self, items: Backend, snippets: Snippets) -> None:
        try:
            snippets.fail(items)
        except StatementError as error:
            assert items.translate(error) is error
            cause = error.__cause__
        assert cause is not None
        translated = items.translate(cause)
        assert translated is not None and translated.code == snippets.codes[0]
        assert items.translate(ValueError("no")) is None

    # Read-only environments, and no way in

    def test_a_read_only_environment_refuses_every_change(
        self, items: Backend, lease: Lease, snippets: Snippets, connect: Callable[..., Backend], migration: Migration
    ) -> None:
        reader = connect(read_only=True)
        assert reader.snapshot().initialised and reader.history() == []
        with pytest.raises(RefusedError, match="read-only") as caught:
            reader.acquire(owner(), 60)
        assert caught.value.exit_code == 7
        begins: tuple[Callable[[], None], ...] = (lambda: None, reader.begin, lambda: reader.begin(migration))
        for prepare in begins:
            prepare()
            with pytest.raises(snippets.read_only):
                snippets.insert(reader, 1)
                reader.commit()
            reader.rollback()
        reader.clean_session(thorough=True)
        with pytest.raises(snippets.read_only):
            snippets.insert(reader, 1)
        assert snippets.numbers(items) == []

    def test_a_read_only_environment_makes_no_tables(self, connect: Callable[..., Backend]) -> None:
        reader = connect(read_only=True)
        with pytest.raises(RefusedError) as caught:
            reader.prepare()
        assert caught.value.exit_code == 7
        assert not connect().snapshot().initialised

    def test_a_database_that_cannot_be_reached_is_named_without_its_password(
        self, environment: Environment, snippets: Snippets, database_url: str, tmp_path: Path
    ) -> None:
        for url, words in snippets.bad_urls(database_url).items():
            backend = backend_for(environment._replace(url=Secret(url)), "miger_")
            with pytest.raises(UnreachableError, match=words) as caught:
                backend.open()
                backend.prepare()
            backend.close()
            assert caught.value.exit_code == 8
            assert caught.value.hint
            told = f"{caught.value.message} {caught.value.hint} {caught.value!r}"
            for secret in snippets.secrets(database_url):
                assert secret not in told


class SqlContract(BackendContract):
    """What a database with SQL has to do besides."""

    def test_what_is_rolled_back_is_gone_also_definitions(
        self, backend: Backend, snippets: SqlSnippets, migration: Migration
    ) -> None:
        if not snippets.rolls_back_definitions:
            backend.begin(migration)  # they commit by themselves here, so inside a transaction they don't get as far
            with pytest.raises(StatementError, match="would commit") as caught:
                run_sql(backend, snippets.create_table)
            backend.rollback()
            assert caught.value.outside_only
            run_sql(backend, snippets.create_table)  # it was not there
            return
        backend.begin(migration)
        assert backend.in_transaction()
        run_sql(backend, snippets.create_table)
        backend.rollback()
        assert not backend.in_transaction()
        run_sql(backend, snippets.create_table)
        backend.begin()
        run_sql(backend, snippets.drop)
        backend.rollback()
        backend.rollback()  # harmless
        assert snippets.numbers(backend) == []

    def test_statements_sent_together_run_in_order(self, items: Backend, snippets: SqlSnippets) -> None:
        text = ";\n-- one; more\n".join(snippets.insert_row.format(number) for number in range(10)) + ";"
        items.begin()
        assert (
            run_sql(items, text + "UPDATE items SET name = 'last' WHERE id = 9; DELETE FROM items WHERE id < 8;") == 19
        )
        items.commit()
        assert snippets.numbers(items) == [8, 9]

    def test_of_statements_sent_together_the_failing_one_is_named(self, items: Backend, snippets: SqlSnippets) -> None:
        good = [snippets.insert_row.format(number) for number in range(3)]
        for bad, code in zip((snippets.unknown_column, snippets.insert_row.format(1)), snippets.codes, strict=True):
            text = ";\n/* é; */ ".join([*good, bad, snippets.insert_row.format(9)]) + ";"
            items.begin()
            with pytest.raises(StatementError) as caught:
                run_sql(items, text)
            items.rollback()
            assert (caught.value.index, caught.value.code) == (3, code)
            assert not caught.value.retryable and not caught.value.disconnected
        assert snippets.numbers(items) == []

    def test_an_error_tells_its_code_and_where_it_is(self, items: Backend, snippets: SqlSnippets) -> None:
        filler = [snippets.insert_row.format(number) for number in range(3)]
        for text in (snippets.unknown_column, ";\n".join([*filler, snippets.unknown_column]) + ";"):
            items.begin()
            with pytest.raises(StatementError, match="nonsense") as caught:
                run_sql(items, text)
            items.rollback()
            error = caught.value
            assert (error.code, error.retryable, error.disconnected) == (snippets.codes[0], False, False)
            if snippets.unknown_column_line is None:
                assert error.position is None
            else:
                assert error.position is not None
                assert snippets.unknown_column[error.position :].startswith("nonsense")

    def test_verify_holds_unless_it_fails_or_its_column_ok_is_false(
        self, items: Backend, snippets: SqlSnippets
    ) -> None:
        def check(text: str) -> str | None:
            return items.check_verify(statements(text, items)[0])

        items.begin()
        assert check("SELECT id FROM items") is None
        assert check("SELECT count(*) = 0 AS ok FROM items") is None
        assert check("SELECT count(*) = 1 AS OK FROM items") == "its column `ok` is false"
        assert check("SELECT id AS ok FROM items") is None  # no rows, nothing is false
        with pytest.raises(StatementError):
            check(snippets.unknown_column)
        items.rollback()

    def test_the_session_is_clean_again_after_cleaning(self, backend: Backend, snippets: SqlSnippets) -> None:
        def read() -> object:
            return rows_of(backend, snippets.read_session)

        before = read()
        backend.clean_session()
        run_sql(backend, snippets.set_session)
        assert read() != before
        backend.clean_session()
        assert read() == before
        backend.clean_session(thorough=True)
        assert read() == before

    def test_of_a_statement_outside_transactions_it_can_be_told_whether_it_ran(
        self, items: Backend, snippets: SqlSnippets
    ) -> None:
        [outside] = statements(snippets.outside, items)
        [inside] = statements(snippets.insert_row.format(1), items)
        assert items.may_run_in_transaction(inside) and not items.sets_session(inside)
        assert not items.may_run_in_transaction(outside)
        noted = items.evidence_before(outside)
        assert items.execute([outside]) == -1
        evidence = items.happened(outside, noted)
        assert evidence.happened is not None and evidence.reason
        assert items.sets_session(statements(snippets.set_session, items)[0])

    def test_a_drivers_exception_that_a_library_has_wrapped_is_translated(
        self, items: Backend, snippets: SqlSnippets
    ) -> None:
        with pytest.raises(StatementError) as caught:
            snippets.fail(items)
        wrapped = RuntimeError("wrapped by a library")
        wrapped.orig = caught.value.__cause__  # type: ignore[attr-defined]
        again = items.translate(wrapped)
        assert again is not None and again.code == snippets.codes[0]
