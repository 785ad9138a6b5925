"""What is special about PostgreSQL: sessions with settings, statements outside transactions, lost connections."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from miger.engine.errors import MigerError, RefusedError, StepFailed
from miger.engine.events import Event, LogLine, StatementFinished

from tests.backends.relay import Relay
from tests.backends.shop import Shop

WAIT = 20.0
_numbers = itertools.count(1)

VALID = (
    "SELECT c.relname::text, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
    "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('public', 'app', 'My \"App') "
    "AND c.relname NOT LIKE 'miger%' ORDER BY 1"
)


@pytest.fixture
def shop(tmp_path: Path, postgresql_url: str) -> Shop:
    return Shop(tmp_path, postgresql_url, lease_wait="20s")


@pytest.fixture
def admin(postgresql_url: str) -> Iterator[psycopg.Connection]:
    """Another session in the same database, in autocommit."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def other(postgresql_url: str) -> Iterator[psycopg.Connection]:
    """One more, to hold locks with."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def role(admin: psycopg.Connection) -> Iterator[str]:
    """A role that may do nothing but create in the schema `app`, which is its own."""
    name = f"shop_{os.getpid()}_{next(_numbers)}"
    if not rows(admin, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")[0][0]:
        pytest.skip("needs a superuser, to make a role and to become it")
    admin.execute(f"CREATE ROLE {name}; CREATE SCHEMA app AUTHORIZATION {name}")
    admin.execute("REVOKE ALL ON SCHEMA public FROM public")
    yield name
    admin.execute(f"DROP OWNED BY {name} CASCADE")
    admin.execute(f"DROP ROLE {name}")


def rows(connection: psycopg.Connection, query: str, *parameters: object) -> list[tuple[Any, ...]]:
    return connection.execute(query, parameters or None).fetchall()  # type: ignore[call-overload, no-any-return]


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, f"not within {WAIT:.0f} s: {what}"
        time.sleep(0.02)


# --- settings of the session ---------------------------------------------------------------------

SETTINGS = {
    "search path": "SET search_path = app",
    "search path by function": "SELECT pg_catalog.set_config('search_path', '', false)",
    "role": "SET ROLE {role}",
    "session authorization": "SET SESSION AUTHORIZATION {role}",
    "both": "SET SESSION AUTHORIZATION {role}; SET ROLE {role}",
    "in a block": "DO $$ BEGIN EXECUTE 'SET ROLE {role}'; END $$",
    "statement timeout": "SET statement_timeout = '2s'",
    "lock timeout": "SET lock_timeout = '1ms'",
    "read only": "SET default_transaction_read_only = on",
    "temporary table": "CREATE TEMP TABLE scratch (id int)",
    "temporary function": "CREATE FUNCTION pg_temp.scratch() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "advisory lock": "SELECT pg_advisory_lock(7)",
    "client encoding": "SET client_encoding = 'LATIN1'",
    "date style": "SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo'",
    "strings": "SET standard_conforming_strings = off",
    "replica": "SET session_replication_role = replica",
    "prepared": "PREPARE scratch AS SELECT 1",
    "listening": "LISTEN scratch",
}
SEEN = """
CREATE TABLE app.{name} AS SELECT current_user, session_user, current_setting('role'),
    current_setting('search_path') AS p, current_setting('statement_timeout') AS st,
    current_setting('lock_timeout') AS lt,
    current_setting('default_transaction_read_only') AS ro, current_setting('client_encoding') AS ce,
    current_setting('datestyle') AS ds, current_setting('timezone') AS tz,
    current_setting('standard_conforming_strings') AS scs, current_setting('session_replication_role') AS rr,
    (SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
    (SELECT count(*) FROM pg_prepared_statements) AS prepared,
    (SELECT count(*) FROM pg_listening_channels()) AS listening,
    to_regclass('pg_temp.scratch') IS NOT NULL AS temporary,
    to_regproc('pg_temp.scratch') IS NOT NULL AS function;
GRANT ALL ON app.{name} TO public;
"""


@pytest.mark.parametrize("transaction", [True, False])
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_hinders_no_record_and_does_not_reach_the_next_migration(
    shop: Shop, admin: psycopg.Connection, role: str, setting: str, transaction: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGER_USER", "жук €")  # in no single-byte encoding
    shop.configure(statement_timeout="30s")
    statement = SETTINGS[setting].format(role=role)
    shop.sql("1_before", SEEN.format(name="before"))
    shop.sql(
        "2_set", f"{statement};\nCREATE TABLE app.t (id int);\nINSERT INTO app.t VALUES (1);", transaction=transaction
    )
    shop.sql("3_after", SEEN.format(name="after"))
    assert shop.up() == ("1_before", "2_set", "3_after")
    assert rows(admin, "SELECT id FROM app.t") == [(1,)]
    assert rows(admin, "SELECT * FROM app.after") == rows(admin, "SELECT * FROM app.before")
    assert [entry.by for entry in shop.history() if entry.event == "applied"] == ["жук €"] * 3


@pytest.mark.parametrize("transaction", [True, False])
def test_a_failure_under_settings_is_recorded_and_a_resumed_run_repeats_them(
    shop: Shop, admin: psycopg.Connection, role: str, transaction: bool
) -> None:
    shop.sql(
        "1_a",
        f"SET search_path = app;\nSET ROLE {role};\nSET client_encoding = 'LATIN1';\nCREATE TABLE t (id int);\n"
        "INSERT INTO late VALUES (1);\nINSERT INTO t VALUES (1);",
        transaction=transaction,
    )
    with pytest.raises(StepFailed, match='"late" does not exist') as caught:
        shop.up()
    assert (caught.value.statement, caught.value.line) == (5, 6 if transaction else 9)
    assert shop.state("1_a") == ("pending" if transaction else "dirty")
    assert shop.happenings()[-1] == ("1_a", "failed")
    admin.execute(f"CREATE TABLE app.late (id int); ALTER TABLE app.late OWNER TO {role}")
    if transaction:
        shop.up()
    else:
        shop.repair("1_a")
        assert [text.split()[0] for text in shop.ran] == ["SET", "SET", "SET", "INSERT", "INSERT"]
    assert shop.state("1_a") == "applied"
    assert rows(admin, "SELECT tableowner FROM pg_tables WHERE tablename = 't'") == [(role,)]
    assert rows(admin, "SELECT (SELECT count(*) FROM app.late), (SELECT count(*) FROM app.t)") == [(1, 1)]


def test_a_role_given_by_the_url_is_kept_through_settings_and_cleaning(
    shop: Shop, admin: psycopg.Connection, role: str, tmp_path: Path
) -> None:
    shop.url += "?options=" + quote(f"-crole={role} -csearch_path=app", safe="")
    shop.configure()
    shop.sql("1_a", "SET statement_timeout = 0; CREATE TABLE t (id int);")
    shop.sql("2_b", "SELECT 1; RESET ROLE; CREATE TABLE u (id int);")
    shop.sql("3_c", "CREATE TABLE v (id int);")
    shop.up()
    owners = rows(admin, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'app'")
    assert owners == [(role,)]
    assert len(rows(admin, "SELECT 1 FROM pg_tables WHERE schemaname = 'app'")) == 8


def test_deferred_triggers_still_run_in_the_migrations_surroundings(
    shop: Shop, admin: psycopg.Connection, role: str
) -> None:
    shop.sql(
        "1_a",
        "SET search_path = app;\nCREATE TABLE t (id int);\nCREATE TABLE log (id int, who text);\n"
        "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS\n"
        "  $$ BEGIN INSERT INTO log VALUES (NEW.id, current_user); RETURN NULL; END $$;\n"
        "CREATE CONSTRAINT TRIGGER noting AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED\n"
        "  FOR EACH ROW EXECUTE FUNCTION note();\n"
        f"GRANT ALL ON t, log TO {role}; SET ROLE {role}; INSERT INTO t VALUES (1);",
    )
    shop.up()
    assert rows(admin, "SELECT * FROM app.log") == [(1, role)]


def test_time_limits_that_a_migration_sets_for_itself_win(shop: Shop) -> None:
    shop.configure(statement_timeout="100ms")
    body = "SET statement_timeout = 0;\nSELECT pg_sleep(0.2);\n"
    shop.sql("1_a", body)
    shop.sql("2_b", body + "VACUUM;\nSELECT pg_sleep(0.2);", transaction=False)
    shop.sql("3_c", "SELECT pg_sleep(5);", transaction=False)
    with pytest.raises(StepFailed, match="statement timeout") as caught:
        shop.up()
    assert caught.value.id == "3_c" and "statement_timeout" in caught.value.hint
    assert shop.states() == {"1_a": "applied", "2_b": "applied", "3_c": "dirty"}


@pytest.mark.parametrize("schema", ["we\"ird ' schema", "Ünïcode.dot", "a b;--"])
def test_our_tables_live_in_a_schema_of_any_name(shop: Shop, admin: psycopg.Connection, schema: str) -> None:
    quoted = '"' + schema.replace('"', '""') + '"'
    admin.execute(f"CREATE SCHEMA {quoted}")
    path = quoted.replace("\\", "\\\\").replace(" ", "\\ ")
    shop.url += "?options=" + quote(f"-csearch_path={path}", safe="")
    shop.configure()
    shop.sql("1_a", "CREATE TABLE t (id int);")
    shop.sql("2_b", "SET search_path = pg_catalog; SELECT 1;", transaction=False)
    assert shop.up() == ("1_a", "2_b")
    assert shop.states() == {"1_a": "applied", "2_b": "applied"}
    assert rows(admin, "SELECT count(*) FROM pg_tables WHERE schemaname = %s", schema) == [(6,)]


def test_a_schema_that_no_parameter_could_follow_is_refused(shop: Shop, admin: psycopg.Connection) -> None:
    admin.execute('CREATE SCHEMA "100%"')
    shop.url += "?options=" + quote('-csearch_path="100%"', safe="")
    shop.configure()
    shop.sql("1_a", "SELECT 1;")
    with pytest.raises(RefusedError, match="100%"):
        shop.up()


def test_a_search_path_that_leads_nowhere_is_said_to(shop: Shop) -> None:
    shop.url += "?options=-csearch_path%3Dnowhere"
    shop.configure()
    shop.sql("1_a", "SELECT 1;")
    with pytest.raises(MigerError, match="search path") as caught:
        shop.up()
    assert caught.value.exit_code == 8


def test_a_database_without_an_encoding_works(tmp_path: Path, postgresql_url: str, admin: psycopg.Connection) -> None:
    name = f"miger_test_ascii_{os.getpid()}_{next(_numbers)}"
    admin.execute(f"CREATE DATABASE {name} ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    try:
        shop = Shop(tmp_path, postgresql_url.rpartition("/")[0] + f"/{name}")
        shop.sql("1_a", "CREATE TABLE a (t text);\nINSERT INTO a VALUES ('é €');")
        shop.python("2_b", "def up(db):\n    assert db.execute('SELECT t FROM a').scalar() == 'é €'\n")
        shop.up()
        assert shop.states() == {"1_a": "applied", "2_b": "applied"}
    finally:
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


# --- statements that cannot run in a transaction -------------------------------------------------

INDEXES = [
    "CREATE UNIQUE INDEX CONCURRENTLY a_id ON a (id)",
    "CREATE UNIQUE INDEX CONCURRENTLY ON a (id)",
    "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS a_id ON public.a (id)",
    'CREATE UNIQUE INDEX /* now */ CONCURRENTLY "A ""id" -- on\n ON ONLY "public" . "a" USING btree (id)',
    "create unique index concurrently A_ID on PUBLIC.A (ID)",
]


@pytest.mark.parametrize("statement", INDEXES)
def test_an_index_that_cannot_be_built_leaves_nothing_and_is_resumed(
    shop: Shop, admin: psycopg.Connection, statement: str
) -> None:
    shop.sql("1_a", "CREATE TABLE a (id int, n int);\nINSERT INTO a VALUES (1), (1);\nCREATE INDEX a_n ON a (n);")
    shop.sql("2_b", f"INSERT INTO a VALUES (2);\n{statement};\nINSERT INTO a VALUES (3);", transaction=False)
    with pytest.raises(StepFailed, match="could not create unique index") as caught:
        shop.up()
    assert (caught.value.statement, caught.value.line, caught.value.dirty) == (2, 6, True)
    assert rows(admin, VALID) == [("a_n", True)]
    assert shop.states() == {"1_a": "applied", "2_b": "dirty"}
    with pytest.raises(StepFailed):
        shop.repair("2_b")
    assert rows(admin, VALID) == [("a_n", True)]
    admin.execute("DELETE FROM a WHERE ctid = (SELECT min(ctid) FROM a WHERE id = 1)")
    assert shop.repair("2_b")
    assert [valid for _, valid in rows(admin, VALID)] == [True, True]
    assert rows(admin, "SELECT id FROM a ORDER BY 1") == [(1,), (2,), (3,)]
    assert shop.states() == {"1_a": "applied", "2_b": "applied"}


def test_an_index_of_another_session_is_left_alone(shop: Shop, admin: psycopg.Connection) -> None:
    """One of another name that appears meanwhile does not pass for ours, and an INVALID one stays."""
    shop.sql("1_a", "CREATE TABLE a (id int);\nINSERT INTO a VALUES (1), (1);")
    shop.sql("2_b", "CREATE UNIQUE INDEX CONCURRENTLY mine ON a (id);", transaction=False)

    def on_event(event: Event) -> None:
        if type(event).__name__ == "StatementStarted" and getattr(event, "id", "") == "2_b":
            admin.execute("CREATE INDEX theirs ON a (id)")
            admin.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'theirs'::regclass")

    with shop.project() as project, pytest.raises(StepFailed):
        project.up(on_event=on_event)
    assert rows(admin, VALID) == [("theirs", False)]


def start_up(shop: Shop) -> subprocess.Popen[bytes]:
    script = "import sys; from miger.cli.main import main; sys.exit(main(sys.argv[1:]))"
    arguments = [sys.executable, "-c", script, "-C", str(shop.folder), "up"]
    return subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def building(admin: psycopg.Connection) -> list[tuple[Any, ...]]:
    return rows(
        admin,
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND query ILIKE 'create%%index concurrently%%' AND wait_event_type = 'Lock'",
    )


@pytest.fixture
def killed_build(shop: Shop, admin: psycopg.Connection, other: psycopg.Connection) -> Shop:
    """A run that was killed while its CREATE INDEX CONCURRENTLY waits for `other`, and goes on waiting."""
    shop.configure(lock_timeout="60s")
    shop.sql("1_a", "CREATE TABLE a (id int);\nINSERT INTO a VALUES (1);")
    shop.up()
    shop.sql("2_b", "CREATE INDEX CONCURRENTLY a_id ON a (id);\nINSERT INTO a VALUES (2);", transaction=False)
    other.execute("BEGIN; INSERT INTO a VALUES (0)")
    process = start_up(shop)
    try:
        wait_until(lambda: building(admin), "the index being built")
    finally:
        process.kill()
        process.wait()
    assert rows(admin, VALID) == [("a_id", False)]
    return shop


def test_an_index_build_that_was_killed_is_ended_cleaned_up_and_done_again(
    killed_build: Shop, admin: psycopg.Connection, other: psycopg.Connection
) -> None:
    [(pid,)] = building(admin)
    errors: list[BaseException] = []

    def repair() -> None:
        try:
            killed_build.repair("2_b")
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=repair)
    thread.start()
    wait_until(
        lambda: errors or not rows(admin, "SELECT 1 FROM pg_stat_activity WHERE pid = %s", pid), "the old session's end"
    )
    other.execute("COMMIT")
    thread.join(WAIT)
    assert errors == []
    assert rows(admin, VALID) == [("a_id", True)]
    assert rows(admin, "SELECT id FROM a ORDER BY 1") == [(0,), (1,), (2,)]
    assert any("dropped the INVALID index public.a_id" in line for line in killed_build.log)


def test_an_index_build_that_ends_after_its_run_was_killed_is_not_done_again(
    killed_build: Shop, admin: psycopg.Connection, other: psycopg.Connection
) -> None:
    other.execute("COMMIT")
    wait_until(lambda: rows(admin, VALID) == [("a_id", True)], "the index")
    [(oid,)] = rows(admin, "SELECT 'a_id'::regclass::oid")
    killed_build.repair("2_b")
    assert rows(admin, "SELECT 'a_id'::regclass::oid") == [(oid,)]
    assert any("public.a_id is there and valid" in line for line in killed_build.log)
    assert rows(admin, "SELECT id FROM a ORDER BY 1") == [(0,), (1,), (2,)]


def test_reindexing_that_fails_is_cleaned_up_by_the_resumed_run(
    shop: Shop, admin: psycopg.Connection, other: psycopg.Connection
) -> None:
    shop.configure(statement_timeout="300ms")
    shop.sql("1_a", "CREATE TABLE a (id int);\nCREATE INDEX a_id ON a (id);")
    shop.sql("2_b", "REINDEX INDEX CONCURRENTLY a_id;", transaction=False)
    shop.up("1_a")
    other.execute("BEGIN; INSERT INTO a VALUES (0)")
    with pytest.raises(MigerError, match="statement timeout"):
        shop.up()
    assert shop.states()["2_b"] == "dirty"
    other.execute("COMMIT")
    shop.repair("2_b")
    assert rows(admin, VALID) == [("a_id", True)]


def test_what_runs_concurrently_waits_for_others_longer_than_the_lock_timeout(
    shop: Shop, admin: psycopg.Connection, other: psycopg.Connection
) -> None:
    shop.configure(lock_timeout="50ms")
    shop.sql("1_a", "CREATE TABLE a (id int);")
    shop.sql("2_b", "CREATE INDEX CONCURRENTLY a_id ON a (id);", transaction=False)
    shop.up("1_a")
    other.execute("BEGIN; INSERT INTO a VALUES (0)")
    ended = threading.Timer(1, other.execute, ["COMMIT"])
    ended.start()
    shop.up()
    ended.join()
    assert rows(admin, VALID) == [("a_id", True)]


def test_statements_that_need_to_be_outside_run_there(shop: Shop, admin: psycopg.Connection) -> None:
    database = f'"Made_{os.getpid()}_{next(_numbers)}"'
    shop.sql("1_a", "CREATE TABLE a (id int);\nCREATE INDEX a_id ON a (id);\nCREATE TYPE mood AS ENUM ('sad');")
    shop.sql(
        "2_b",
        "REINDEX (CONCURRENTLY) TABLE a;\nDROP INDEX CONCURRENTLY IF EXISTS a_id;\nVACUUM a;\n"
        f"CREATE DATABASE {database};\n"
        "ALTER TYPE mood ADD VALUE 'glad';\nCREATE TABLE m (m mood DEFAULT 'glad');",
        down=f"DROP DATABASE {database};\nDROP TABLE m;",
        transaction=False,
    )
    shop.sql("3_c", "ALTER TYPE mood ADD VALUE 'mad';")
    shop.up()
    try:
        assert rows(admin, VALID) == []
        assert rows(admin, "SELECT 1 FROM pg_database WHERE datname = %s", database.strip('"')) == [(1,)]
        assert rows(admin, "SELECT enum_range(NULL::mood)::text") == [("{sad,glad,mad}",)]
        shop.sql("3_c", "ALTER TYPE mood ADD VALUE 'mad';", down="SELECT 1;")
        shop.repair("3_c", "accept-checksum")
        assert shop.down("2_b") == ("3_c", "2_b")
    finally:
        admin.execute(f"DROP DATABASE IF EXISTS {database}")


def test_a_statement_for_outside_says_so_inside_a_transaction(shop: Shop) -> None:
    shop.sql("1_a", "CREATE TABLE a (id int);\nVACUUM a;")
    with pytest.raises(StepFailed, match="VACUUM") as caught:
        shop.up()
    assert "`transaction = false`" in caught.value.hint
    assert shop.states() == {"1_a": "pending"}


PROCEDURE = (
    "CREATE TABLE a (id int);\nCREATE PROCEDURE fill() LANGUAGE plpgsql AS\n"
    "  $$ BEGIN INSERT INTO a VALUES (1); COMMIT; INSERT INTO a VALUES (2); END $$;"
)


@pytest.mark.parametrize("call", ["CALL fill()", "DO $$ BEGIN INSERT INTO a VALUES (1); COMMIT; END $$"])
def test_a_commit_hidden_in_a_procedure_is_refused_in_a_transaction(
    shop: Shop, admin: psycopg.Connection, call: str
) -> None:
    shop.sql("1_a", PROCEDURE)
    shop.sql("2_b", f"CREATE TABLE b (id int);\n{call};")
    with pytest.raises(StepFailed, match="transaction termination") as caught:
        shop.up()
    assert (caught.value.line, caught.value.dirty) == (3, False)
    assert "`transaction = false`" in caught.value.hint
    assert rows(admin, "SELECT count(*), to_regclass('b') FROM a") == [(0, None)]
    assert shop.states() == {"1_a": "applied", "2_b": "pending"}


def test_a_procedure_that_commits_runs_without_a_transaction(shop: Shop, admin: psycopg.Connection) -> None:
    shop.sql("1_a", PROCEDURE)
    shop.sql("2_b", "CALL fill();\nINSERT INTO a VALUES (3);", transaction=False)
    assert shop.up() == ("1_a", "2_b")
    assert rows(admin, "SELECT id FROM a ORDER BY 1") == [(1,), (2,), (3,)]


def test_a_python_migration_may_run_what_needs_to_be_outside(shop: Shop, admin: psycopg.Connection) -> None:
    shop.sql("1_a", f"{PROCEDURE}\nINSERT INTO a VALUES (7), (7);")
    body = (
        "def up(db):\n    db.execute('VACUUM a')\n    db.execute('CALL fill()')\n"
        "    db.op.create_index('a_id', 'a', ['id'], unique=True, postgresql_concurrently=True)\n"
        "    db.execute('INSERT INTO a VALUES (3)')\n"
    )
    shop.python("2_b", body, transaction=False)
    with pytest.raises(StepFailed, match="could not create unique index") as caught:
        shop.up()
    assert caught.value.line == 7
    assert rows(admin, VALID) == []
    admin.execute("DELETE FROM a WHERE id = 7")
    shop.repair("2_b")
    assert rows(admin, VALID) == [("a_id", True)]
    assert rows(admin, "SELECT id FROM a ORDER BY 1") == [(1,), (2,), (3,)]


# --- COPY, large files, groups -------------------------------------------------------------------


@pytest.mark.parametrize("transaction", [True, False])
def test_rows_of_a_copy_are_loaded(shop: Shop, admin: psycopg.Connection, transaction: bool) -> None:
    shop.sql(
        "1_a",
        "CREATE TABLE a (id int, t text);\nCOPY a (id, t) FROM stdin;\n1\tone; two\n2\t\\N\n3\t-- é\n\\.\n"
        "INSERT INTO a VALUES (4, '%s');\nCOPY a FROM stdin WITH (FORMAT csv);\n5,\"a,b\"\n\\.\n",
        transaction=transaction,
    )
    shop.up()
    expected = [(1, "one; two"), (2, None), (3, "-- é"), (4, "%s"), (5, "a,b")]
    assert rows(admin, "SELECT * FROM a ORDER BY 1") == expected
    counts = [e.rows for e in shop.events if isinstance(e, StatementFinished) and e.text.startswith("COPY")]
    assert counts == [3, 1]


def test_a_bad_row_of_a_copy_is_named(shop: Shop, admin: psycopg.Connection) -> None:
    shop.sql("1_a", "CREATE TABLE a (id int);\nCOPY a FROM stdin;\n1\nx\n\\.")
    with pytest.raises(StepFailed, match=r"invalid input syntax.*COPY a, line 2, column id") as caught:
        shop.up()
    assert (caught.value.statement, caught.value.line) == (2, 3)
    assert rows(admin, "SELECT to_regclass('a')") == [(None,)]


def test_rows_of_a_copy_are_not_sent_twice_when_a_lock_is_in_the_way(
    shop: Shop, admin: psycopg.Connection, other: psycopg.Connection
) -> None:
    """They come out of the file only once: with `transaction = false` that is a failure to resume from."""
    shop.configure(lock_timeout="50ms")
    shop.sql("1_a", "CREATE TABLE a (id int);")
    shop.up()
    shop.sql("2_b", "COPY a FROM stdin;\n1\n2\n\\.", transaction=False)
    shop.sql("3_c", "COPY a FROM stdin;\n3\n\\.")
    other.execute("BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
    with pytest.raises(MigerError, match="lock timeout"):
        shop.up()
    other.execute("ROLLBACK")
    shop.repair("2_b")
    other.execute("BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
    with shop.project() as project:
        project.up(on_event=lambda event: _on_second_try(event, lambda: other.execute("ROLLBACK")))
    assert rows(admin, "SELECT id FROM a ORDER BY 1") == [(1,), (2,), (3,)]


def _on_second_try(event: Event, action: Callable[[], object]) -> None:
    if isinstance(event, LogLine) and "try 2" in event.message:
        action()


def test_a_big_copy_streams(shop: Shop, admin: psycopg.Connection) -> None:
    line, count = "{}\t" + "x" * 190 + "\n", 100_000
    shop.sql("1_a", "CREATE TABLE a (id int, t text);\nINSERT INTO a VALUES (-1, '');")
    shop.up()
    with shop.path("2_b").open("w") as file:
        file.write("-- miger:up\nCOPY a FROM stdin;\n")
        file.writelines(line.format(number) for number in range(count))
        file.write("\\.\nINSERT INTO a VALUES (-2, '');\n")
    tracemalloc.start()
    try:
        shop.up()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 12_000_000
    assert rows(admin, "SELECT count(*), max(id) FROM a") == [(count + 2, count - 1)]


INSERTS = [f"INSERT INTO a\n  VALUES ({number});" for number in range(1, 301)]


@pytest.mark.parametrize(
    ("bad", "words", "line_within"),
    [
        ("INSERT INTO a (id,\n  nonsense) VALUES (1, 2);", "nonsense", 1),
        ("INSERT INTO a\n VALUES (7);", "a_pkey.*already exists", 0),
        ("INSERT INTO a\n VALUES (7,);", "syntax error", 1),
    ],
)
@pytest.mark.parametrize("encoding", ["UTF8", "LATIN1"])
def test_in_a_group_the_failing_statement_and_its_line_are_named(
    shop: Shop, admin: psycopg.Connection, bad: str, words: str, line_within: int, encoding: str
) -> None:
    before = ["CREATE TABLE a (id int PRIMARY KEY);", f"SET client_encoding = '{encoding}';", "-- é ü"]
    shop.sql("1_a", "\n".join([*before, *INSERTS[:250], bad, *INSERTS[250:]]))
    with pytest.raises(StepFailed, match=words) as caught:
        shop.up()
    assert (caught.value.statement, caught.value.line) == (253, 5 + 500 + line_within)
    assert rows(admin, "SELECT to_regclass('a')") == [(None,)]
    shop.sql("1_a", "\n".join([*before, *INSERTS]))
    shop.up()
    assert rows(admin, "SELECT count(*), sum(id) FROM a") == [(300, 300 * 301 // 2)]
    assert sum(e.count for e in shop.events if isinstance(e, StatementFinished)) == 302


def test_an_sql_standard_function_body_is_one_statement(shop: Shop, admin: psycopg.Connection) -> None:
    if admin.info.server_version < 140000:
        pytest.skip("BEGIN ATOMIC came with PostgreSQL 14")
    shop.sql(
        "1_a",
        "CREATE TABLE a (id int);\nCREATE FUNCTION f(x int) RETURNS int LANGUAGE sql BEGIN ATOMIC\n"
        "  INSERT INTO a VALUES (CASE WHEN x > 0 THEN x END);\n  SELECT x + 1;\nEND;\nSELECT f(1);",
    )
    shop.up()
    assert len(shop.ran) == 3
    assert rows(admin, "SELECT id FROM a") == [(1,)]


def test_percent_signs_and_colons_in_sql_are_left_alone(shop: Shop, admin: psycopg.Connection) -> None:
    shop.sql("1_a", "CREATE TABLE a (t text);\nINSERT INTO a VALUES ('100 %s :x ? $1 %(n)s %'::text);")
    shop.up()
    assert rows(admin, "SELECT t FROM a") == [("100 %s :x ? $1 %(n)s %",)]


def test_what_the_server_remarks_becomes_log_lines(shop: Shop) -> None:
    shop.sql("1_a", "DO $$ BEGIN RAISE NOTICE 'dear %', 'reader'; RAISE WARNING 'mind the gap'; END $$;")
    shop.up()
    assert shop.log == ["dear reader", "mind the gap"]


# --- locks, time limits, lost connections --------------------------------------------------------


def test_a_lock_that_others_hold_is_waited_for_in_tries(
    shop: Shop, admin: psycopg.Connection, other: psycopg.Connection
) -> None:
    shop.configure(lock_timeout="50ms")
    shop.sql("1_a", "CREATE TABLE a (id int);")
    shop.up()
    shop.sql("2_b", "CREATE TABLE b (id int);\nALTER TABLE a ADD n int;")
    other.execute("BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
    with shop.project() as project:
        project.up(on_event=lambda event: _on_second_try(event, lambda: other.execute("ROLLBACK")))
    assert shop.states() == {"1_a": "applied", "2_b": "applied"}
    assert shop.happenings() == [("1_a", "applied"), ("2_b", "applied")]


def test_a_lock_that_is_never_let_go_ends_in_a_failure_soon(
    shop: Shop, admin: psycopg.Connection, other: psycopg.Connection
) -> None:
    shop.configure(lock_timeout="50ms")
    shop.sql("1_a", "CREATE TABLE a (id int);")
    shop.up()
    shop.sql("2_b", "CREATE TABLE b (id int);\nALTER TABLE a ADD n int;")
    other.execute("BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE")
    started = time.monotonic()
    with pytest.raises(StepFailed, match="lock timeout") as caught:
        shop.up()
    assert time.monotonic() - started < 10
    assert (caught.value.statement, caught.value.line) == (2, 3)
    assert "another session holds a lock" in caught.value.hint
    assert len([line for line in shop.log if "of 4 in" in line]) == 3
    assert rows(admin, "SELECT to_regclass('b')") == [(None,)]
    assert shop.happenings()[-1] == ("2_b", "failed")


def test_a_deadlock_is_tried_again(shop: Shop, admin: psycopg.Connection, other: psycopg.Connection) -> None:
    shop.sql(
        "1_a", "CREATE TABLE a (n int);\nCREATE TABLE b (n int);\nINSERT INTO a VALUES (0);\nINSERT INTO b VALUES (0);"
    )
    shop.up()
    shop.sql("2_b", "SET deadlock_timeout = '50ms';\nUPDATE a SET n = n + 1;\nUPDATE b SET n = n + 1;")
    other.execute("SET deadlock_timeout = '60s'; BEGIN; UPDATE b SET n = n + 10")
    threads: list[threading.Thread] = []

    def rival() -> None:
        other.execute("UPDATE a SET n = n + 10")
        other.execute("COMMIT")

    def on_event(event: Event) -> None:
        if isinstance(event, StatementFinished) and event.text.startswith("UPDATE a") and not threads:
            threads.append(threading.Thread(target=rival))
            threads[0].start()
            query = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event_type = 'Lock'"
            wait_until(lambda: rows(admin, query, other.info.backend_pid), "the rival waiting for our lock")
        if isinstance(event, LogLine):
            log.append(event.message)

    log: list[str] = []
    with shop.project() as project:
        project.up(on_event=on_event)
    threads[0].join(WAIT)
    assert any("deadlock detected" in line and "try 2" in line for line in log)
    assert rows(admin, "SELECT a.n, b.n FROM a, b") == [(11, 11)]


TERMINATE = "INSERT INTO a SELECT 1 WHERE pg_terminate_backend(pg_backend_pid());"


@pytest.mark.parametrize("text", [TERMINATE, "\n".join([*INSERTS[:150], TERMINATE, *INSERTS[150:]])])
def test_a_connection_lost_within_a_step_leaves_nothing_of_it(shop: Shop, admin: psycopg.Connection, text: str) -> None:
    shop.sql("1_a", "CREATE TABLE a (id int);")
    shop.sql("2_b", f"CREATE TABLE b (id int);\n{text}")
    with pytest.raises(StepFailed, match="terminating connection") as caught:
        shop.up()
    assert caught.value.line > 0
    assert shop.states() == {"1_a": "applied", "2_b": "pending"}
    assert shop.happenings() == [("1_a", "applied"), ("2_b", "failed")]
    assert rows(admin, "SELECT to_regclass('b'), count(*) FROM a") == [(None, 0)]


def test_a_connection_lost_without_a_transaction_leaves_the_step_to_resume(
    shop: Shop, admin: psycopg.Connection
) -> None:
    shop.sql("1_a", "CREATE TABLE a (id int);")
    shop.sql(
        "2_b",
        "INSERT INTO a VALUES (1);\nDO $$ BEGIN IF to_regclass('calm') IS NULL THEN\n"
        "  PERFORM pg_terminate_backend(pg_backend_pid()); END IF; END $$;\nINSERT INTO a VALUES (3);",
        transaction=False,
    )
    with pytest.raises(StepFailed, match="terminating connection") as caught:
        shop.up()
    assert caught.value.dirty
    assert shop.states() == {"1_a": "applied", "2_b": "dirty"}
    admin.execute("CREATE TABLE calm ()")
    shop.repair("2_b")
    assert rows(admin, "SELECT id FROM a ORDER BY 1") == [(1,), (3,)]


@pytest.mark.parametrize("transaction", [True, False])
@pytest.mark.parametrize("kind", ["sql", "python"])
def test_a_commit_whose_answer_was_lost_counts_as_done(
    tmp_path: Path, postgresql_url: str, admin: psycopg.Connection, transaction: bool, kind: str
) -> None:
    with Relay(postgresql_url) as relay:
        shop = Shop(tmp_path, relay.url)
        if kind == "sql":
            shop.sql("1_a", "CREATE TABLE a (id int);", verify="SELECT * FROM a;", transaction=transaction)
        else:
            body = "def up(db):\n    db.execute('CREATE TABLE a (id int)')\n\ndef verify(db):\n    db.log('checking')\n"
            shop.python("1_a", body, transaction=transaction)
        shop.sql("2_b", "CREATE TABLE b (id int);")

        def on_event(event: Event) -> None:
            in_verify = isinstance(event, LogLine) and event.message == "checking"
            if in_verify or (kind == "sql" and isinstance(event, StatementFinished) and event.id == "1_a"):
                if not cuts:
                    relay.cut_commit()
                cuts.append(event)

        cuts: list[Event] = []
        with shop.project() as project:
            if transaction or kind == "python":
                assert project.up(on_event=on_event).finished == ("1_a", "2_b")
            else:  # it was the statement's own commit, not the step's: that is left to a resumed run
                with pytest.raises(StepFailed):
                    project.up(on_event=on_event)
                assert project.status().by_id["1_a"].state == "dirty"
                assert project.repair("1_a", "resume")
                assert project.up().finished == ("2_b",)
        assert relay.was_cut.is_set()
        assert relay.named == []
        assert shop.states() == {"1_a": "applied", "2_b": "applied"}
        assert [event for _, event in shop.happenings()].count("applied") == 2
    assert rows(admin, "SELECT to_regclass('a') IS NOT NULL, to_regclass('b') IS NOT NULL") == [(True, True)]


# --- what a migration costs ----------------------------------------------------------------------


def test_a_tiny_migration_costs_five_statements_and_one_commit(tmp_path: Path, postgresql_url: str) -> None:
    with Relay(postgresql_url) as relay:
        shop = Shop(tmp_path, relay.url)

        def cost(count: int, first: int) -> list[str]:
            for number in range(first, first + count):
                shop.sql(f"{number}_a", f"CREATE TABLE t{number} (id int);")
            relay.queries.clear()
            assert len(shop.up()) == count
            return [part.strip() for query in relay.queries for part in query.split(";") if part.strip()]

        cost(1, 1000)
        few, many = cost(5, 2000), cost(25, 3000)
        assert many.count("COMMIT") - few.count("COMMIT") == 20
        assert (len(many) - len(few)) / 20 <= 5, many
        assert relay.named == []  # a prepared statement would not survive a transaction pooler
