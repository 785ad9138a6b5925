"""What is special about MySQL and MariaDB: DDL that commits by itself, and what the catalog tells of it."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from miger.backends.registry import backend_for
from miger.engine.environments import Environment
from miger.engine.errors import IntegrityError, RefusedError, StepFailed, UnreachableError
from miger.engine.events import Event, LogLine, StatementFinished
from miger.engine.secrets import Secret

from tests.backends.shop import Shop
from tests.servers import mysql

WAIT = 20.0


@pytest.fixture
def shop(tmp_path: Path, mysql_url: str) -> Shop:
    return Shop(tmp_path, mysql_url, lease_wait="20s")


@pytest.fixture
def admin(mysql_url: str) -> Iterator[Connection[Cursor]]:
    """Another session in the same database, in autocommit."""
    with mysql.connect(mysql_url) as connection:
        yield connection


@pytest.fixture
def other(mysql_url: str) -> Iterator[Connection[Cursor]]:
    """One more, to hold locks with."""
    with mysql.connect(mysql_url) as connection:
        yield connection


def rows(connection: Connection[Cursor], query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def tables(connection: Connection[Cursor]) -> set[str]:
    return {name for (name,) in rows(connection, "SHOW TABLES") if not name.startswith("miger_")}


def wait_until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, f"not within {WAIT:.0f} s: {what}"
        time.sleep(0.02)


# --- what is transactional, and what is not ------------------------------------------------------

FIVE = (
    "CREATE TABLE a (id INT PRIMARY KEY);\nINSERT INTO a VALUES (1);\nINSERT INTO late VALUES (1);\n"
    "INSERT INTO a VALUES (2);\nCREATE TABLE b (id INT);"
)


def test_a_migration_whose_third_statement_fails_is_dirty_and_resumed_behind_its_prefix(
    shop: Shop, admin: Connection[Cursor]
) -> None:
    shop.sql("1_a", FIVE)
    with pytest.raises(StepFailed, match="late' doesn't exist") as caught:
        shop.up()
    assert (caught.value.statement, caught.value.line, caught.value.dirty) == (3, 4, True)
    with shop.project() as project:
        row = project.status().by_id["1_a"].row
    assert row is not None and (row.state, row.done, row.total) == ("dirty", 2, 5)
    shop.sql("1_a", FIVE.replace("a VALUES (1)", "a VALUES (7)").replace("late", "a (id)"))
    with pytest.raises(IntegrityError, match=r"statement 2 .* already ran"):
        shop.repair("1_a")
    shop.sql("1_a", FIVE.replace("late VALUES (1)", "a VALUES (3)"))
    assert shop.repair("1_a")
    assert len(shop.ran) == 3
    assert rows(admin, "SELECT id FROM a ORDER BY id") == [(1,), (2,), (3,)]
    assert shop.states() == {"1_a": "applied"}


def test_what_a_person_does_by_hand_after_a_failure_does_not_pass_for_the_failed_statement(
    shop: Shop, admin: Connection[Cursor]
) -> None:
    shop.sql("1_a", "CREATE TABLE a (id INT);\nALTER TABLE late ADD COLUMN n INT;\nDROP TABLE IF EXISTS a;")
    with pytest.raises(StepFailed, match="late"):
        shop.up()
    rows(admin, "CREATE TABLE late (id INT)")
    shop.repair("1_a")
    assert [name for name, *_ in rows(admin, "SHOW COLUMNS FROM late")] == ["id", "n"]
    assert tables(admin) == {"late"}


@pytest.mark.parametrize("kind", ["sql", "python"])
def test_a_migration_of_data_alone_is_one_transaction(shop: Shop, admin: Connection[Cursor], kind: str) -> None:
    shop.sql("1_a", "CREATE TABLE a (id INT PRIMARY KEY);")
    statements = ["INSERT INTO a VALUES (1)", "UPDATE a SET id = 2", "INSERT INTO a VALUES (2)"]
    if kind == "sql":
        shop.sql("2_b", ";\n".join(statements) + ";")
    else:
        shop.python("2_b", "def up(db):\n" + "".join(f"    db.execute({text!r})\n" for text in statements))
    with pytest.raises(StepFailed, match="Duplicate entry") as caught:
        shop.up()
    assert caught.value.line == 4 and not caught.value.dirty
    assert rows(admin, "SELECT * FROM a") == []
    assert shop.states() == {"1_a": "applied", "2_b": "pending"}


@pytest.mark.parametrize("piece", [False, True])
def test_a_definition_in_what_was_taken_for_data_is_refused_before_it_runs(
    shop: Shop, admin: Connection[Cursor], piece: bool
) -> None:
    shop.sql("1_a", "CREATE TABLE a (id INT);")
    (shop.folder / "sibling.py").write_text("def work(db):\n    db.execute('CREATE TABLE b (id INT)')\n")
    body = "from sibling import work\n\ndef up(db):\n    db.execute('INSERT INTO a VALUES (1)')\n"
    body += "    with db.step('x') as todo:\n        work(db)\n" if piece else "    work(db)\n"
    shop.python("2_b", body, transaction=not piece)
    with pytest.raises(StepFailed, match="CREATE TABLE would commit") as caught:
        shop.up()
    assert ("out of the step" if piece else "`transaction = false`") in caught.value.hint
    assert tables(admin) == {"a"}
    assert shop.state("2_b") == ("dirty" if piece else "pending")
    assert rows(admin, "SELECT count(*) FROM a") == [(int(piece),)]


def test_several_statements_in_one_call_are_refused(shop: Shop) -> None:
    shop.python("1_a", "def up(db):\n    db.execute('SELECT 1; CREATE TABLE b (id INT)')\n", transaction=False)
    with pytest.raises(StepFailed, match="several statements in one call"):
        shop.up()


# --- between a statement and its checkpoint ------------------------------------------------------


@contextlib.contextmanager
def starting(shop: Shop, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    script = "import sys; from miger.cli.main import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", script, "-C", str(shop.folder), *arguments]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


SETUP = (
    "CREATE TABLE a (id INT PRIMARY KEY, n INT);\nCREATE TABLE old (id INT);\nCREATE TABLE gone (id INT);\n"
    "CREATE VIEW seen AS SELECT id FROM a;\nINSERT INTO a VALUES (1, 1);"
)
BLOCK = "DELIMITER //\n{} BEGIN INSERT INTO a VALUES (9, 9); UPDATE a SET n = 1; END //\nDELIMITER ;"
DEFINITIONS = {
    "create table": "CREATE TABLE b (id INT);",
    "create table as": "CREATE TABLE b AS SELECT * FROM a;",
    "alter": "ALTER TABLE a ADD INDEX (n);",
    "alter elsewhere": "ALTER TABLE {elsewhere}.e ADD INDEX (id);",
    "drop": "DROP TABLE gone;",
    "index": "CREATE INDEX a_n ON a (n);",
    "drop index": "ALTER TABLE a DROP COLUMN n;",
    "rename": "RENAME TABLE old TO new;",
    "view": "CREATE OR REPLACE VIEW seen AS SELECT n FROM a;",
    "procedure": BLOCK.format("CREATE PROCEDURE fill()"),
    "trigger": BLOCK.format("CREATE TRIGGER t BEFORE INSERT ON old FOR EACH ROW"),
    "event": BLOCK.format("CREATE EVENT e ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO"),
    "database": "CREATE DATABASE {elsewhere}_more;",
}


@pytest.fixture
def elsewhere(mysql_url: str, mysql_admin: Connection[Cursor]) -> Iterator[str]:
    """Another database, with a table `e`."""
    name = mysql_url.rpartition("/")[2] + "_else"
    mysql.create_database(mysql_admin, name)
    rows(mysql_admin, f"CREATE TABLE {name}.e (id INT)")
    yield name
    mysql.drop_database(mysql_admin, name)
    mysql.drop_database(mysql_admin, f"{name}_more")


@pytest.mark.parametrize("happened", [True, False])
@pytest.mark.parametrize("definition", DEFINITIONS)
def test_of_a_statement_whose_checkpoint_is_missing_the_catalog_tells_whether_it_ran(
    shop: Shop, admin: Connection[Cursor], elsewhere: str, definition: str, happened: bool
) -> None:
    statement = DEFINITIONS[definition].format(elsewhere=elsewhere)
    shop.sql("1_a", SETUP)
    shop.sql("2_b", f"{statement}\nINSERT INTO {'new' if definition == 'rename' else 'old'} (id) VALUES (1);")
    shop.up("1_a")
    crash(shop, after_statement=happened)
    assert shop.state("2_b") == "dirty"
    shop.repair("2_b")
    assert shop.states() == {"1_a": "applied", "2_b": "applied"}
    assert len(shop.ran) == (1 if happened else 2)
    assert any("was begun by an earlier run" in line for line in shop.log)


class Crash(BaseException):
    """Stands for a process that ends here."""


def crash(shop: Shop, *, after_statement: bool) -> None:
    """A run whose process "dies" between the intent and the end of the first statement that has one."""
    from miger.backends.mysql import MysqlBackend
    from miger.engine.state import Checkpoint

    with pytest.MonkeyPatch.context() as patch:
        save, happened = MysqlBackend.save_checkpoint, []

        def dying(self: Any, lease: Any, id: str, direction: str, checkpoint: Checkpoint, done: int) -> None:
            if not after_statement or happened:
                if not happened:
                    save(self, lease, id, direction, checkpoint, done)
                raise Crash
            happened.append(checkpoint.state)
            save(self, lease, id, direction, checkpoint, done)

        def gone(*arguments: object, **named: object) -> None:
            raise Crash

        patch.setattr(MysqlBackend, "save_checkpoint", dying)
        patch.setattr(MysqlBackend, "release", gone)
        with contextlib.suppress(BaseException):
            shop.up()
    with mysql.connect(shop.url) as connection:  # nobody is there to prolong its lease
        rows(connection, "UPDATE miger_lock SET expires_at = UTC_TIMESTAMP(3) - INTERVAL 1 SECOND")


def test_a_process_killed_between_a_statement_and_its_checkpoint_is_taken_over(
    shop: Shop, admin: Connection[Cursor], other: Connection[Cursor]
) -> None:
    shop.configure(lock_timeout="60s")
    shop.sql("1_a", "CREATE TABLE a (id INT);\nINSERT INTO a VALUES (1);")
    shop.up()
    shop.sql("2_b", "ALTER TABLE a ADD INDEX (id);\nINSERT INTO a VALUES (2);")
    rows(other, "BEGIN")
    rows(other, "SELECT * FROM a")  # the ALTER waits for the end of this transaction
    with starting(shop, "up") as process:
        waiting = "SELECT id FROM information_schema.processlist WHERE state LIKE '%metadata lock%'"
        wait_until(lambda: rows(admin, waiting), "the ALTER waiting")
        rows(other, "COMMIT")
        rows(other, "LOCK TABLES miger_checkpoints READ")
        wait_until(lambda: rows(admin, "SHOW INDEX FROM a"), "the index")
        process.send_signal(signal.SIGKILL)
        process.wait()
    rows(other, "UNLOCK TABLES")
    assert shop.state("2_b") == "dirty"
    shop.repair("2_b")
    assert len(rows(admin, "SHOW INDEX FROM a")) == 1
    assert rows(admin, "SELECT id FROM a ORDER BY id") == [(1,), (2,)]


def test_a_statement_that_a_killed_process_left_running_is_ended_by_the_next(
    shop: Shop, admin: Connection[Cursor]
) -> None:
    shop.sql("1_a", "CREATE TABLE a (id INT);\nINSERT INTO a SELECT 1 + SLEEP(60);")
    sleeping = "SELECT id FROM information_schema.processlist WHERE info LIKE 'INSERT INTO a SELECT 1 +%'"
    with starting(shop, "up") as process:
        wait_until(lambda: rows(admin, sleeping), "the statement")
        process.send_signal(signal.SIGKILL)
        process.wait()
    shop.sql("1_a", "CREATE TABLE a (id INT);\nINSERT INTO a VALUES (5);")
    shop.repair("1_a")
    assert rows(admin, sleeping) == []
    assert rows(admin, "SELECT id FROM a") == [(5,)]


@pytest.mark.parametrize("done", [True, False])
@pytest.mark.parametrize(
    "statement", ["CALL fill()", "RENAME TABLE a TO x, b TO a, x TO b", "CREATE USER nobody_{}@localhost"]
)
def test_where_nobody_can_tell_a_person_is_asked(
    shop: Shop, admin: Connection[Cursor], statement: str, done: bool
) -> None:
    statement = statement.format(shop.url.rpartition("_")[2] + "x" * done)
    shop.sql(
        "1_a",
        "CREATE TABLE a (id INT);\nCREATE TABLE b (id INT);\nINSERT INTO b VALUES (3);\n"
        "CREATE PROCEDURE fill() INSERT INTO a VALUES (1);",
    )
    shop.up()
    shop.sql("2_b", f"{statement};\nINSERT INTO a VALUES (2);")
    crash(shop, after_statement=done)
    with pytest.raises(StepFailed, match="nobody knows whether it ran") as caught:
        shop.repair("2_b")
    assert "--assume done" in caught.value.hint and "--assume not-done" in caught.value.hint
    shop.repair("2_b", assume=done)
    assert len(shop.ran) == (1 if done else 2)
    expected = [(1,), (2,)] if "CALL" in statement else [(2,), (3,)] if "RENAME" in statement else [(2,)]
    assert rows(admin, "SELECT id FROM a ORDER BY id") == expected
    if "USER" in statement:
        rows(admin, statement.replace("CREATE", "DROP"))


def test_an_intent_whose_text_was_edited_after_it_ran_is_refused(shop: Shop, admin: Connection[Cursor]) -> None:
    shop.sql("1_a", "CREATE TABLE a (id INT);\nCREATE TABLE z (id INT);")
    crash(shop, after_statement=True)
    shop.sql("1_a", "CREATE TABLE a (id BIGINT);\nCREATE TABLE z (id INT);")
    with pytest.raises(IntegrityError, match="already ran, and its text has changed"):
        shop.repair("1_a")


# --- settings of the session ---------------------------------------------------------------------

SETTINGS = {
    "ansi quotes": "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'",
    "oracle": "SET sql_mode = 'ORACLE,EMPTY_STRING_IS_NULL'",
    "autocommit": "SET autocommit = 0",
    "names": "SET NAMES latin1",
    "database": "USE information_schema",
    "time zone": "SET time_zone = '+09:00'",
    "foreign keys": "SET foreign_key_checks = 0, unique_checks = 0",
    "role": "SET ROLE NONE",
    "locked tables": "LOCK TABLES {database}.t WRITE",
    "temporary table": "CREATE TEMPORARY TABLE {database}.scratch (id INT)",
    "time limit": "SET max_statement_time = 0.5",
    "read only": "SET SESSION TRANSACTION READ ONLY",
    "isolation": "SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    "variable": "SET @x = 1",
    "named lock": "SELECT GET_LOCK('mine', 0)",
    "insert id": "SET insert_id = 5, last_insert_id = 7, timestamp = 1000",
}
SEEN = (
    "INSERT INTO {database}.seen SELECT '{name}', CONCAT_WS('|', @@sql_mode, @@autocommit, "
    "@@character_set_client, DATABASE(), @@time_zone, @@foreign_key_checks, @@unique_checks, CURRENT_ROLE(), "
    "@@max_statement_time, @@tx_read_only, @@tx_isolation, @x, IS_USED_LOCK('mine'));"
)


@pytest.mark.parametrize("transaction", [True, False])
@pytest.mark.parametrize("setting", SETTINGS)
def test_a_setting_hinders_no_record_and_does_not_reach_the_next_migration(
    shop: Shop, admin: Connection[Cursor], setting: str, transaction: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIGER_USER", "o'жук \\ 🐘")
    database = shop.url.rpartition("/")[2]
    statement = SETTINGS[setting].format(database=database)
    shop.sql("1_a", "CREATE TABLE seen (name VARCHAR(9), text LONGTEXT);\nCREATE TABLE t (id INT);")
    shop.sql("2_before", SEEN.format(name="before", database=database))
    after = "" if setting == "read only" else f"\nINSERT INTO {database}.t VALUES (1);"
    shop.sql("3_set", f"{statement};{after}", transaction=transaction)
    shop.sql("4_after", SEEN.format(name="after", database=database))
    assert len(shop.up()) == 4
    [(before,), (after_,)] = rows(admin, "SELECT text FROM seen ORDER BY name DESC")
    assert before == after_
    assert [entry.by for entry in shop.history() if entry.event == "applied"] == ["o'жук \\ 🐘"] * 4
    assert rows(admin, "SELECT count(*) FROM t") == [(int(bool(after)),)]


def test_a_resumed_run_repeats_the_settings(shop: Shop, admin: Connection[Cursor]) -> None:
    shop.sql(
        "1_a",
        "SET sql_mode = 'ANSI_QUOTES';\nSET time_zone = '+09:00';\nCREATE TABLE \"t\" (z VARCHAR(9));\n"
        'INSERT INTO "late" VALUES (1);\nINSERT INTO "t" VALUES (@@time_zone);',
    )
    with pytest.raises(StepFailed, match="late"):
        shop.up()
    rows(admin, "CREATE TABLE late (id INT)")
    shop.repair("1_a")
    assert [text.split()[0] for text in shop.ran] == ["SET", "SET", "INSERT", "INSERT"]
    assert rows(admin, "SELECT z FROM t") == [("+09:00",)]


def test_rows_that_point_nowhere_are_told_after_foreign_keys_went_unchecked(shop: Shop) -> None:
    shop.sql(
        "1_a",
        "CREATE TABLE p (id INT PRIMARY KEY);\nCREATE TABLE c (id INT, p INT, CONSTRAINT c_p FOREIGN KEY (p) "
        "REFERENCES p (id));\nINSERT INTO p VALUES (1), (2);\nINSERT INTO c VALUES (1, 1), (2, 2), (3, NULL);",
    )
    shop.up()
    shop.sql("2_b", "DROP TABLE p;")
    with pytest.raises(StepFailed, match="foreign key constraint"):
        shop.up()
    shop.sql("2_b", "SET foreign_key_checks = 0;\nDELETE FROM p WHERE id = 2;")
    shop.repair("2_b")
    assert "foreign keys were not checked: 1 rows of c point nowhere (c_p)" in shop.log
    shop.sql("3_c", "SET foreign_key_checks = 0;\nDROP TABLE p;")
    shop.up()
    assert "foreign keys were not checked: 2 rows of c point nowhere (c_p)" in shop.log


# --- locks, lost connections, no way in ----------------------------------------------------------


def _on_second_try(event: Event, action: Callable[[], object]) -> None:
    if isinstance(event, LogLine) and "try 2" in event.message:
        action()


@pytest.mark.parametrize("text", ["UPDATE a SET id = 2;", "ALTER TABLE a ADD COLUMN n INT;"])
def test_a_lock_that_others_hold_is_waited_for_in_tries(shop: Shop, other: Connection[Cursor], text: str) -> None:
    shop.configure(lock_timeout="1s")
    shop.sql("1_a", "CREATE TABLE a (id INT);\nINSERT INTO a VALUES (1);")
    shop.up()
    shop.sql("2_b", text)
    rows(other, "BEGIN")
    rows(other, "UPDATE a SET id = 3")
    with shop.project() as project:
        project.up(on_event=lambda event: _on_second_try(event, other.rollback))
    assert shop.states() == {"1_a": "applied", "2_b": "applied"}


def test_a_deadlock_is_tried_again(shop: Shop, admin: Connection[Cursor], other: Connection[Cursor]) -> None:
    shop.sql(
        "1_a", "CREATE TABLE a (n INT);\nCREATE TABLE b (n INT);\nINSERT INTO a VALUES (0);\nINSERT INTO b VALUES (0);"
    )
    shop.up()
    shop.sql("2_b", "UPDATE a SET n = n + 1;\nUPDATE b SET n = n + 1;")
    rows(other, "BEGIN")
    rows(other, "UPDATE b SET n = n + 10")
    for number in range(50):  # who has changed more is not the one that is rolled back
        rows(other, f"INSERT INTO b VALUES ({number + 100})")
    rivals: list[threading.Thread] = []
    log: list[str] = []

    def rival() -> None:
        rows(other, "UPDATE a SET n = n + 10")
        rows(other, "COMMIT")

    def on_event(event: Event) -> None:
        if isinstance(event, StatementFinished) and event.text.startswith("UPDATE a") and not rivals:
            rivals.append(threading.Thread(target=rival))
            rivals[0].start()
            query = (
                "SELECT 1 FROM information_schema.processlist WHERE info = 'UPDATE a SET n = n + 10' AND time_ms > 50"
            )
            wait_until(lambda: rows(admin, query), "the rival waiting for our lock")
        if isinstance(event, LogLine):
            log.append(event.message)

    with shop.project() as project:
        project.up(on_event=on_event)
    rivals[0].join(WAIT)
    assert any("Deadlock" in line and "try 2" in line for line in log)
    assert rows(admin, "SELECT n FROM a") == [(11,)]


@pytest.mark.parametrize("definition", [False, True])
def test_a_connection_lost_in_mid_run_is_told(shop: Shop, admin: Connection[Cursor], definition: bool) -> None:
    shop.sql("1_a", "CREATE TABLE a (id INT);")
    shop.up()
    first = "CREATE TABLE b (id INT);" if definition else "INSERT INTO a VALUES (1);"
    shop.sql("2_b", f"{first}\nINSERT INTO a SELECT 2 + SLEEP(20);\nINSERT INTO a VALUES (3);")

    def kill() -> None:
        query = "SELECT id FROM information_schema.processlist WHERE info LIKE 'INSERT INTO a SELECT 2%'"
        wait_until(lambda: rows(admin, query), "the statement")
        rows(admin, f"KILL {rows(admin, query)[0][0]}")

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(StepFailed) as caught:
        shop.up()
    killer.join(WAIT)
    assert caught.value.statement == 2 and caught.value.dirty == definition
    assert shop.state("2_b") == ("dirty" if definition else "pending")
    assert shop.happenings()[-1] == ("2_b", "failed")
    assert rows(admin, "SELECT id FROM a") == []
    shop.sql("2_b", f"{first}\nINSERT INTO a VALUES (2);")
    if definition:
        shop.repair("2_b")
    else:
        shop.up()
    assert shop.state("2_b") == "applied"


def test_a_statement_that_takes_too_long_is_stopped(shop: Shop) -> None:
    shop.configure(statement_timeout="200ms")
    shop.sql("1_a", "CREATE TABLE a (id INT);\nINSERT INTO a SELECT SLEEP(5);")
    with pytest.raises(StepFailed, match="max_statement_time") as caught:
        shop.up()
    assert "statement_timeout" in caught.value.hint


def test_an_account_whose_name_and_password_need_quoting_gets_in(
    shop: Shop, admin: Connection[Cursor], mysql_url: str
) -> None:
    parts = urlsplit(mysql_url)
    database = parts.path.removeprefix("/")
    user, password = f"u@{database[-9:]}", "p:/?#[]@%20 é'\\"
    with admin.cursor() as cursor:
        cursor.execute(f"CREATE USER `{user}`@'%%' IDENTIFIED BY %s", (password,))
    try:
        rows(admin, f"GRANT ALL ON `{database}`.* TO `{user}`@'%'")
        place = parts.netloc.rpartition("@")[2]
        netloc = f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"
        shop.url = urlunsplit(parts._replace(scheme="mariadb", netloc=netloc, query="ssl_disabled=true"))
        shop.configure()
        shop.sql("1_a", "CREATE TABLE a (id INT);")
        shop.python("2_b", "def up(db):\n    assert db.dialect in ('mysql', 'mariadb')\n")
        assert shop.up() == ("1_a", "2_b")
        shop.sql("3_c", "INSERT INTO a VALUES (1);\nDROP TABLE mysql.user;")
        with pytest.raises(StepFailed, match="denied") as caught:
            shop.up()
        assert password not in str(caught.value) and quote(password) not in str(caught.value)
    finally:
        rows(admin, f"DROP USER `{user}`@'%'")


def test_read_only_reaches_the_session(shop: Shop, mysql_url: str) -> None:
    backend = backend_for(Environment(name="dev", url=Secret(mysql_url), read_only=True), "miger_")
    backend.open()
    try:
        assert backend.server().startswith(("mariadb ", "mysql "))
        with pytest.raises(RefusedError):
            backend.prepare()
    finally:
        backend.close()
    with pytest.raises(UnreachableError, match="no option is called 'charset'"):
        backend_for(Environment(name="dev", url=Secret(mysql_url + "?charset=x")), "miger_").open()


# --- texts, groups, scripts ----------------------------------------------------------------------


def test_texts_are_left_alone(shop: Shop, admin: Connection[Cursor]) -> None:
    text = "100 %s :x ? %(n)s % 🐘 ''\\\\ \\n; -- no comment # neither /* nor */"
    shop.sql("1_a", f"CREATE TABLE a (t VARCHAR(99));\nINSERT INTO a VALUES ('{text}');")
    shop.up()
    assert rows(admin, "SELECT t FROM a") == [("100 %s :x ? %(n)s % 🐘 '\\ \n; -- no comment # neither /* nor */",)]


INSERTS = [f"INSERT INTO a\n  VALUES ({number});" for number in range(1, 301)]


@pytest.mark.parametrize(
    ("bad", "words"),
    [("INSERT INTO a\n VALUES (7);", "Duplicate"), ("INSERT INTO a (x) VALUES (1);", "Unknown column")],
)
def test_in_a_group_the_failing_statement_and_its_line_are_named(
    shop: Shop, admin: Connection[Cursor], bad: str, words: str
) -> None:
    shop.sql("1_a", "CREATE TABLE a (id INT PRIMARY KEY);")
    shop.sql("2_b", "\n".join([*INSERTS[:250], bad, *INSERTS[250:]]))
    with pytest.raises(StepFailed, match=words) as caught:
        shop.up()
    assert (caught.value.statement, caught.value.line) == (251, 502)
    assert rows(admin, "SELECT count(*) FROM a") == [(0,)]
    shop.sql("2_b", "\n".join(INSERTS))
    shop.up()
    assert rows(admin, "SELECT count(*), sum(id) FROM a") == [(300, 300 * 301 // 2)]


def test_scripts_with_routines_triggers_and_events_run(shop: Shop, admin: Connection[Cursor]) -> None:
    shop.sql(
        "1_a",
        "CREATE TABLE a (id INT);\nCREATE TABLE log (id INT);\nDELIMITER $$\n"
        "CREATE PROCEDURE fill(n INT)\nBEGIN\n  DECLARE i INT DEFAULT 0;\n  WHILE i < n DO\n"
        "    INSERT INTO a VALUES (i);\n    SET i = i + 1;\n  END WHILE;\n  SELECT i;\nEND$$\n"
        "CREATE FUNCTION twice(n INT) RETURNS INT DETERMINISTIC BEGIN RETURN n * 2; END$$\n"
        "CREATE TRIGGER noting AFTER INSERT ON a FOR EACH ROW BEGIN INSERT INTO log VALUES (NEW.id); END$$\n"
        "CREATE EVENT clean ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO BEGIN DELETE FROM log; END$$\nDELIMITER ;\n"
        "CALL fill(3);\nINSERT INTO a VALUES (twice(21));",
        down="DROP EVENT clean;\nDROP TRIGGER noting;\nDROP FUNCTION twice;\nDROP PROCEDURE fill;\n"
        "DROP TABLE a;\nDROP TABLE log;",
    )
    shop.up()
    assert rows(admin, "SELECT id FROM log ORDER BY id") == [(0,), (1,), (2,), (42,)]
    shop.down()
    assert tables(admin) == set()


def test_a_procedure_that_leaves_its_transaction_open_does_not_take_ours_along(
    shop: Shop, admin: Connection[Cursor]
) -> None:
    shop.sql(
        "1_a",
        "CREATE TABLE a (id INT);\nDELIMITER $$\nCREATE PROCEDURE fill() BEGIN START TRANSACTION; "
        "INSERT INTO a VALUES (1); END$$\nDELIMITER ;",
    )
    shop.sql("2_b", "CALL fill();\nINSERT INTO late VALUES (1);")
    shop.python("3_c", "def up(db):\n    db.execute('CALL fill()')\n    db.execute('CREATE TABLE c (id INT)')\n")
    with pytest.raises(StepFailed, match="late"):
        shop.up()
    assert rows(admin, "SELECT id FROM a") == [(1,)]
    rows(admin, "CREATE TABLE late (id INT)")
    shop.repair("2_b")
    shop.up()
    assert rows(admin, "SELECT id FROM a") == [(1,), (1,)]


def test_ids_keep_their_case_and_may_be_long(shop: Shop) -> None:
    long = "2_" + "x" * 198
    for number, id in enumerate(["1_a", long]):
        shop.sql(id, f"CREATE TABLE t{number} (id INT);\nINSERT INTO t{number} VALUES (1);")
    shop.up()
    assert shop.states() == {"1_a": "applied", long: "applied"}
    shop.path("1_a").rename(shop.path("1_A"))
    assert shop.states() == {"1_a": "missing", "1_A": "pending", long: "applied"}
