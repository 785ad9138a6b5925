"""Scratch copies on MySQL and MariaDB: what they hold, what they leave alone, and who may make one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from miger.backends.mysql_scratch import ScratchMysql
from miger.backends.registry import backend_for
from miger.engine.environments import Environment
from miger.engine.errors import RefusedError
from miger.engine.owner import this_process
from miger.engine.scratch import PREFIX, new_scratch_name
from miger.engine.secrets import Secret

from tests.backends.shop import Shop
from tests.servers import mysql

OWNER = this_process("test")

SCHEMA = """
CREATE TABLE countries (code CHAR(2), region INT, name TEXT, PRIMARY KEY (code, region));
CREATE TABLE people (
    id INT AUTO_INCREMENT PRIMARY KEY, boss INT, country CHAR(2), region INT, name VARCHAR(20) COMMENT 'a `b`.c; d',
    born DATE NOT NULL DEFAULT '0000-00-00', upper_name VARCHAR(20) AS (UPPER(name)) STORED, age INT AS (region + 20),
    data JSON, FOREIGN KEY (boss) REFERENCES people (id),
    FOREIGN KEY (country, region) REFERENCES countries (code, region), CHECK (region < 100)
) AUTO_INCREMENT = 500 COMMENT = 'who';
CREATE TABLE b_orders (id INT PRIMARY KEY, person INT, CONSTRAINT o FOREIGN KEY (person) REFERENCES people (id));
CREATE TABLE a_lines (parent INT, n INT, FOREIGN KEY (parent) REFERENCES b_orders (id));
CREATE TABLE `odd ``name``` (`a``b` INT, `select` TEXT) CHARACTER SET latin1 ENGINE = MyISAM;
CREATE TABLE parts (id INT) PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (10), PARTITION rest VALUES
    LESS THAN MAXVALUE);
CREATE TABLE heard (what TEXT);
CREATE FUNCTION doubled(n INT) RETURNS INT DETERMINISTIC RETURN n * 2;
CREATE PROCEDURE tell(IN what TEXT) INSERT INTO heard VALUES (what);
CREATE VIEW b_view AS SELECT id, name FROM people WHERE name <> 'x';
CREATE VIEW a_view AS SELECT id, doubled(id) AS two FROM b_view;
CREATE TRIGGER later AFTER INSERT ON people FOR EACH ROW INSERT INTO heard VALUES ('later');
CREATE TRIGGER sooner AFTER INSERT ON people FOR EACH ROW PRECEDES later INSERT INTO heard VALUES ('sooner');
CREATE EVENT every_second ON SCHEDULE EVERY 1 SECOND DO INSERT INTO heard VALUES ('event');
CREATE EVENT one_day ON SCHEDULE AT '2037-01-01 00:00:00' ON COMPLETION PRESERVE DO DELETE FROM heard;
"""


def rows(connection: Connection[Cursor], query: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return list(cursor.fetchall())


def run(connection: Connection[Cursor], script: str) -> None:
    for statement in script.split(";\n"):
        if statement.strip():
            rows(connection, statement)


@pytest.fixture
def admin(mysql_url: str) -> Iterator[Connection[Cursor]]:
    """A session in the database, in autocommit."""
    with mysql.connect(mysql_url) as connection:
        yield connection


@pytest.fixture
def shop(tmp_path: Path, mysql_url: str) -> Shop:
    return Shop(tmp_path, mysql_url)


@contextmanager
def scratch(url: str, most: int = 1000, owner: Any = OWNER) -> Iterator[ScratchMysql]:
    backend = backend_for(Environment("test", Secret(url)), "miger_")
    try:
        with backend.scratch(owner, most) as copy:
            assert isinstance(copy, ScratchMysql)
            yield copy
    finally:
        backend.close()


def scratches(connection: Connection[Cursor]) -> list[str]:
    return [name for (name,) in rows(connection, "SHOW DATABASES") if name.startswith(PREFIX)]


def ours(connection: Connection[Cursor]) -> list[str]:
    return [name for name in scratches(connection) if f"_{os.getpid()}_" in name]


def fill(admin: Connection[Cursor]) -> None:
    rows(admin, "SET sql_mode = ''")
    run(admin, SCHEMA)
    rows(admin, "SET foreign_key_checks = 0")
    countries = ", ".join(f"('c{n % 9}', {n}, 'é{n}')" for n in range(30))
    rows(admin, f"INSERT INTO countries VALUES {countries}")
    people = ", ".join(f"({n}, {n + 1 if n < 60 else 'NULL'}, 'c{n % 9}', {n % 30}, 'n{n}')" for n in range(1, 61))
    rows(admin, f"INSERT INTO people (id, boss, country, region, name) VALUES {people}")
    rows(admin, "UPDATE people SET country = CONCAT('c', region % 9)")
    rows(admin, "INSERT INTO b_orders SELECT id, 61 - id FROM people")
    rows(admin, "INSERT INTO a_lines SELECT 61 - id, id FROM people")
    rows(admin, "INSERT INTO parts SELECT id FROM people")


# --- what is copied ------------------------------------------------------------------------------


def test_the_copy_has_the_schema_the_counters_and_the_rows_and_nothing_of_the_original_changes(
    mysql_url: str, admin: Connection[Cursor]
) -> None:
    fill(admin)
    rows(admin, "DROP EVENT every_second")
    before = rows(admin, "SHOW CREATE TABLE people"), rows(admin, "CHECKSUM TABLE people, countries, a_lines, heard")
    with scratch(mysql_url) as copy:
        assert copy.caveats() == ("on a copy with up to 1000 rows of each table",)
        assert "AUTO_INCREMENT=500 " in copy._query("SHOW CREATE TABLE people")[0][1]
        for table in ("people", "countries", "b_orders", "a_lines", "parts", "heard"):
            mine = sorted(map(repr, rows(admin, f"SELECT * FROM {table}")))
            assert sorted(map(repr, copy._query(f"SELECT * FROM {table}"))) == mine
        assert copy._query("SELECT two FROM a_view WHERE id = 7") == [(14,)]
        copy._change("INSERT INTO people (name) VALUES ('new')")
        assert copy._query("SELECT MAX(id), COUNT(*) FROM people") == [(500, 61)]
        assert copy._query("SELECT what FROM heard")[-2:] == [("sooner",), ("later",)]
        copy._change("CALL tell('it')")
        assert copy._query("SELECT what FROM heard")[-1:] == [("it",)]
    assert (
        rows(admin, "SHOW CREATE TABLE people"),
        rows(admin, "CHECKSUM TABLE people, countries, a_lines, heard"),
    ) == before
    assert not ours(admin)


@pytest.mark.parametrize("most", [1, 5])
def test_a_sample_holds_the_rows_that_it_refers_to(mysql_url: str, admin: Connection[Cursor], most: int) -> None:
    fill(admin)
    with scratch(mysql_url, most) as copy:
        assert most <= copy._query("SELECT COUNT(*) FROM b_orders")[0][0] <= 2 * most
        assert not copy._query("SELECT 1 FROM a_lines l LEFT JOIN b_orders o ON o.id = l.parent WHERE o.id IS NULL")
        assert copy._query("SELECT COUNT(*) FROM people") == [(60,)]  # each has a boss
        assert copy._query("SELECT COUNT(*) FROM a_lines") == [(most,)]
        assert not copy._query("SELECT 1 FROM people p LEFT JOIN countries c USING (region) WHERE c.name IS NULL")
        assert copy._query("SELECT COUNT(*) FROM parts") == [(most,)]


def test_events_do_not_fire_in_the_copy(mysql_url: str, admin: Connection[Cursor]) -> None:
    fill(admin)
    with scratch(mysql_url) as copy:
        assert copy._query(
            "SELECT event_name, status FROM information_schema.events WHERE event_schema = DATABASE() ORDER BY 1"
        ) == [("every_second", "DISABLED"), ("one_day", "DISABLED")]
        assert not [note for note in copy.caveats() if "event" in note]
    assert (
        dict(rows(admin, "SELECT event_name, status FROM information_schema.events WHERE event_schema = DATABASE()"))[
            "every_second"
        ]
        == "ENABLED"
    )


def test_the_character_set_of_the_database_is_kept(mysql_url: str, admin: Connection[Cursor]) -> None:
    rows(admin, "ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_german2_ci")
    with scratch(mysql_url) as copy:
        copy._change("CREATE TABLE t (a TEXT)")
        assert "latin1_german2_ci" in copy._query("SHOW CREATE TABLE t")[0][1]


def test_sequences_go_on_where_they_were(mysql_url: str, admin: Connection[Cursor]) -> None:
    if not hasattr(admin, "get_server_info") or "mariadb" not in str(admin.get_server_info()).lower():
        pytest.skip("only MariaDB has sequences")
    rows(admin, "CREATE SEQUENCE numbers START WITH 5 INCREMENT BY 3 NOCACHE")
    rows(admin, "SELECT NEXTVAL(numbers), NEXTVAL(numbers)")
    rows(admin, "CREATE TABLE t (id INT DEFAULT NEXTVAL(numbers), n INT)")
    with scratch(mysql_url) as copy:
        copy._change("INSERT INTO t (n) VALUES (1)")
        assert copy._query("SELECT id FROM t") == [(11,)]
        assert len(copy.caveats()) == 1
    assert rows(admin, "SELECT NEXTVAL(numbers)") == [(11,)]


def test_what_reaches_beyond_the_database_is_not_copied_and_named(
    mysql_url: str, admin: Connection[Cursor], mysql_admin: Connection[Cursor]
) -> None:
    [(name,)] = rows(admin, "SELECT DATABASE()")
    other = f"{name}_other"
    rows(mysql_admin, f"CREATE DATABASE {other}")
    try:
        run(
            admin,
            f"CREATE TABLE {other}.parents (id INT PRIMARY KEY);\n"
            f"CREATE TABLE children (id INT, CONSTRAINT f FOREIGN KEY (id) REFERENCES {other}.parents (id));\n"
            f"CREATE VIEW there AS SELECT * FROM {other}.parents;\n"
            f"CREATE PROCEDURE far() DELETE FROM {other}.parents;\n"
            f"CREATE PROCEDURE hidden() EXECUTE IMMEDIATE 'DELETE FROM {name}.children';\n"
            f"CREATE PROCEDURE near() DELETE FROM {name}.children;\n"
            f"CREATE TRIGGER far AFTER INSERT ON children FOR EACH ROW DELETE FROM {other}.parents;\n"
            "CREATE PROCEDURE powerful() GRANT SELECT ON *.* TO nobody;\n",
        )
        with scratch(mysql_url) as copy:
            notes = "\n".join(copy.caveats())
            for what in ("view there", "procedure far", "procedure hidden", "trigger far", "procedure powerful"):
                assert f"not copied: {what}: it reaches beyond the database" in notes
            assert (
                "the copy is not quite the original: procedure far, procedure hidden, procedure powerful, "
                "table children, trigger far, view there" in notes
            )
            copy._change("INSERT INTO children VALUES (1)")
            copy._change("CALL near()")
            assert copy._query("SELECT * FROM children") == []
    finally:
        rows(admin, "DROP TABLE children")
        rows(mysql_admin, f"DROP DATABASE {other}")


# --- what a rehearsal keeps its hands off --------------------------------------------------------


def refusal(shop: Shop) -> str:
    with shop.project() as project, pytest.raises(RefusedError) as caught:
        project.preview(project.plan(), "rehearse")
    assert "--dry-run=sql" in caught.value.hint
    return caught.value.message


@pytest.mark.parametrize(
    ("statement", "outside"),
    [
        ("DELETE FROM {db}.t;", "database {db}"),
        ("DELETE FROM `{db}` . `t`;", "database {db}"),
        ("/*!40000 DELETE FROM {db}.t */;", "database {db}"),
        ("PREPARE s FROM 'DELETE FROM {db}.t';\nEXECUTE s;", "database {db}"),
        ("USE {db};\nDELETE FROM t;", "USE"),
        ("CREATE PROCEDURE p() DELETE FROM {db}.t;", "database {db}"),
        ("ALTER DATABASE {db} CHARACTER SET latin1;", "ALTER DATABASE"),
        ("CREATE USER miger_nobody;", "CREATE USER"),
        ("SET GLOBAL max_connections = 100;", "GLOBAL MAX_CONNECTIONS"),
        ("RENAME TABLE t TO {db}.u;", "database {db}"),
    ],
)
def test_a_statement_that_would_reach_the_original_is_refused_before_it_runs(
    shop: Shop, admin: Connection[Cursor], statement: str, outside: str
) -> None:
    [(name,)] = rows(admin, "SELECT DATABASE()")
    run(admin, "CREATE TABLE t (id INT);\nINSERT INTO t VALUES (1);\n")
    shop.sql("1_a", "INSERT INTO t VALUES (2);\n" + statement.format(db=name))
    assert f"({outside.format(db=name)})" in refusal(shop)
    assert rows(admin, "SELECT * FROM t") == [(1,)]
    assert not ours(admin)
    with shop.project() as project:
        preview = project.preview(project.plan())
    assert (preview.mode, preview.ok) == ("sql", True)
    assert "not by rehearse: a statement reaches beyond the copy" in preview.notes[0]


@pytest.mark.parametrize(
    "call",
    [
        "db.execute(f'DELETE FROM {DB}.t')",
        "db.connection.connection.driver_connection.cursor().execute(f'DELETE FROM {DB}.t')",
        "db.connection.connection.driver_connection.select_db(DB)",
        "db.connection.connection.driver_connection.query(f'SELECT 1; DELETE FROM {DB}.t')",
    ],
)
def test_nor_does_python_reach_it(shop: Shop, admin: Connection[Cursor], call: str) -> None:
    [(name,)] = rows(admin, "SELECT DATABASE()")
    run(admin, "CREATE TABLE t (id INT);\nINSERT INTO t VALUES (1);\n")
    shop.python("1_a", f"DB = {name!r}\n\ndef up(db):\n    {call}\n    db.execute('DELETE FROM t')\n")
    assert name in refusal(shop)
    assert rows(admin, "SELECT * FROM t") == [(1,)]


def test_a_statement_that_asks_for_the_database_by_its_name_is_told(shop: Shop, admin: Connection[Cursor]) -> None:
    [(name,)] = rows(admin, "SELECT DATABASE()")
    tables = "SELECT COUNT(*) = 1 AS ok FROM information_schema.tables WHERE table_name = 't' AND table_schema = "
    shop.sql("1_a", "CREATE TABLE t (id INT);", verify=f"{tables}'{name}';")
    with shop.project() as project:
        preview = project.preview(project.plan())
    assert (preview.mode, preview.ok) == ("rehearse", False)
    assert [note for note in preview.notes if note.startswith(f"the copy is not called '{name}'")]
    shop.sql("1_a", "CREATE TABLE t (id INT);", verify=f"{tables}DATABASE();")
    with shop.project() as project:
        preview = project.preview(project.plan())
    assert preview.ok and len(preview.notes) == 2


def test_a_way_back_that_leaves_the_copy_is_not_taken(shop: Shop, admin: Connection[Cursor]) -> None:
    [(name,)] = rows(admin, "SELECT DATABASE()")
    rows(admin, "CREATE TABLE t (id INT)")
    shop.sql("1_a", "CREATE TABLE u (id INT);", down=f"DROP TABLE {name}.t;")
    with shop.project() as project:
        preview = project.preview(project.plan())
    assert preview.ok
    assert "`down` was not tried to its end: a statement reaches beyond the copy" in preview.notes[-1]
    assert rows(admin, "SHOW TABLES") == [("t",)]


def test_a_table_that_somebody_holds_locked_is_told_with_who_is_there(
    shop: Shop, admin: Connection[Cursor], mysql_url: str
) -> None:
    run(admin, "CREATE TABLE t (id INT);\nINSERT INTO t VALUES (1);\n")
    shop.sql("1_a", "DELETE FROM t;")
    with mysql.connect(mysql_url) as holder:
        rows(holder, "LOCK TABLES t WRITE")
        with shop.project() as project, pytest.raises(RefusedError) as caught:
            project.preview(project.plan(), "rehearse")
        assert "t: another session holds it locked" in caught.value.message
        assert f"connection {holder.thread_id()} (" in caught.value.hint
    assert not ours(admin)


def test_rows_that_others_change_are_neither_waited_for_nor_locked(
    mysql_url: str, admin: Connection[Cursor], shop: Shop
) -> None:
    run(admin, "CREATE TABLE t (id INT PRIMARY KEY);\nINSERT INTO t VALUES (1), (2);\n")
    with mysql.connect(mysql_url) as other:
        rows(other, "BEGIN")
        rows(other, "UPDATE t SET id = id + 10")
        with scratch(mysql_url) as copy:
            assert copy._query("SELECT id FROM t") == [(1,), (2,)]
            rows(other, "UPDATE t SET id = id + 10")
            rows(other, "COMMIT")


# --- who may make one, and what is left over -----------------------------------------------------


def as_user(url: str, user: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{user}:{quote('p@ss')}@{parts.hostname}:{parts.port}"))


@pytest.fixture
def user(admin: Connection[Cursor]) -> Iterator[str]:
    """A user with all rights in the database alone."""
    name = f"miger_u{os.getpid()}"
    [(database,)] = rows(admin, "SELECT DATABASE()")
    rows(admin, f"CREATE USER {name} IDENTIFIED BY 'p@ss'")
    rows(admin, f"GRANT ALL ON `{database}`.* TO {name}")
    yield name
    rows(admin, f"DROP USER {name}")


def test_without_the_right_to_make_databases_it_is_refused_with_the_grant_that_is_enough(
    mysql_url: str, admin: Connection[Cursor], user: str
) -> None:
    fill(admin)
    with pytest.raises(RefusedError, match="may not create databases") as caught, scratch(as_user(mysql_url, user)):
        pass
    grant = caught.value.hint.partition(", or")[0]
    rows(admin, grant.replace("this user", user))
    with scratch(as_user(mysql_url, user)) as copy:
        assert copy._query("SELECT COUNT(*) FROM people") == [(60,)]
        assert copy._query("SELECT COUNT(*) FROM b_view") == [(60,)]
        assert "not copied: procedure tell: this user may not see its definition" in copy.caveats()  # it is another's
    assert not ours(admin)


def test_leftovers_go_even_if_a_session_still_works_in_them_and_others_stay(
    mysql_url: str, admin: Connection[Cursor]
) -> None:
    gone = OWNER._replace(pid=2**22 + 1, process="1")
    dead, alive, foreign = new_scratch_name(gone), new_scratch_name(OWNER), f"{PREFIX}by_hand"
    for name in (dead, alive, foreign):
        rows(admin, f"CREATE DATABASE {name}")
    rows(admin, f"CREATE TABLE {dead}.t (id INT)")
    busy = mysql.connect(mysql_url)
    busy.select_db(dead)
    rows(busy, "BEGIN")
    rows(busy, "SELECT * FROM t")
    try:
        with scratch(mysql_url):
            assert dead not in scratches(admin)
        assert {alive, foreign} <= set(scratches(admin))
    finally:
        for name in (dead, alive, foreign):
            rows(admin, f"DROP DATABASE IF EXISTS {name}")
        busy._force_close()  # type: ignore[attr-defined]  # it was ended
