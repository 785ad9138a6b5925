"""A schema that is wanted by SQL, in one file or a folder of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from miger.engine.errors import ConfigError
from miger.generate.compare import compare
from miger.generate.scope import EVERYTHING

from tests.app.sources.shop import Shop, names, tables_of

SCHEMA = """
    -- what shall be
    CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL);
    BEGIN;
    CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id));
    COMMIT;
    CREATE INDEX by_user ON orders (user_id);
    INSERT INTO users VALUES (1, 'semi;colon');
    CREATE VIEW buyers AS SELECT name FROM users;
"""


def test_an_sql_file_is_made_and_twice_is_the_same(sql_shop: Shop) -> None:
    sql_shop.write("schema.sql", SCHEMA)
    source = sql_shop.source("schema.sql")
    assert source.scope == EVERYTHING
    wanted = sql_shop.wanted("schema.sql")
    assert names(wanted) == ["orders", "users"]
    assert [(thing.kind, thing.name) for thing in wanted.things] == [("view", "buyers")]
    assert not compare(wanted, sql_shop.wanted("schema.sql"))
    assert tables_of(sql_shop) == []


def test_the_files_of_a_folder_are_made_in_order_of_their_names(sql_shop: Shop) -> None:
    sql_shop.write("db/10_orders.sql", "CREATE TABLE orders (id INTEGER, user_id INTEGER REFERENCES users (id));")
    sql_shop.write("db/01_users.sql", "\ufeffCREATE TABLE users (id INTEGER PRIMARY KEY);\r\n-- the end\r\n")
    sql_shop.write("db/20_more.SQL", "CREATE VIEW v AS SELECT id FROM orders")
    sql_shop.write("db/notes.txt", "no SQL at all")
    for text in ("db", "db/"):
        wanted = sql_shop.wanted(text)
        assert names(wanted) == ["orders", "users"]
        assert len(wanted.things) == 1


def test_triggers_and_bodies_with_semicolons_are_made(sql_shop: Shop) -> None:
    function = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n NULL; RETURN NULL; END $$;\n"
    bodies = {
        "sqlite": "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; DELETE FROM a; END;",
        "postgresql": function + "CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f();",
        "mysql": "DELIMITER //\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET @a=1; SET @b=2; END//\n",
    }
    sql_shop.write("schema.sql", "CREATE TABLE a (id INTEGER);\n" + bodies[sql_shop.backend.name])
    table = sql_shop.wanted("schema.sql").table("a")
    assert table is not None
    assert [(extra.kind, extra.name) for extra in table.extras] == [("trigger", "t")]


def test_a_statement_that_fails_is_told_with_file_and_line(sql_shop: Shop) -> None:
    sql_shop.write("schema.sql", "CREATE TABLE a (id INTEGER);\n\n-- next\nINSERT INTO nobody\nVALUES (1);\n")
    error = sql_shop.fails("schema.sql")
    assert isinstance(error, ConfigError)
    [problem] = error.problems
    assert (Path(problem.file).name, problem.line) == ("schema.sql", 4)
    assert "nobody" in problem.message


def test_the_line_is_that_within_a_long_statement(postgresql_shop: Shop) -> None:
    postgresql_shop.write("schema.sql", "-- one\nCREATE TABLE a (\n  id integer,\n  x no_such_type\n);\n")
    error = postgresql_shop.fails("schema.sql")
    assert isinstance(error, ConfigError)
    assert error.problems[0].line == 4


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("\\connect other", r"\connect is a command of the database's client"),
        ("\\i more.sql", r"\i is a command of the database's client"),
        (".read more.sql", ".read is a command of the database's client"),
        ("ROLLBACK;", "ROLLBACK in a wanted schema"),
        ("CREATE DATABASE other;", "CREATE DATABASE reaches beyond the one database"),
        ("ATTACH 'other.db' AS other;", "reaches beyond the one database"),
        ("CREATE ROLE boss;", "CREATE ROLE reaches beyond"),
        ("USE other;", "USE OTHER reaches beyond"),
        ("CREATE TABLE b (x VARCHAR(3) DEFAULT 'abc);", "this string does not end"),
    ],
)
def test_what_is_no_part_of_a_schema_is_refused_with_its_line(shop: Shop, statement: str, told: str) -> None:
    shop.write("schema.sql", f"CREATE TABLE a (id INTEGER);\n\n{statement}\n")
    error = shop.fails("schema.sql")
    assert isinstance(error, ConfigError)
    [problem] = error.problems
    assert told.lower() in problem.message.lower()
    assert problem.line == 3


def test_nothing_reaches_another_database_of_the_server(mysql_shop: Shop, mysql_url: str) -> None:
    own = mysql_url.rpartition("/")[2]
    for statement in (f"CREATE TABLE {own}.b (id INTEGER)", f"CREATE SCHEMA {own}_b", "SET GLOBAL max_connections = 2"):
        mysql_shop.write("schema.sql", f"CREATE TABLE a (id INTEGER);\n{statement};\n")
        error = mysql_shop.fails("schema.sql")
        assert isinstance(error, ConfigError), statement
        assert error.problems[0].line == 2
    assert tables_of(mysql_shop) == []


def test_the_output_of_pg_dump_is_read(postgresql_shop: Shop, postgresql_url: str) -> None:
    postgresql_shop.write(
        "schema.sql",
        r"""
        --
        -- PostgreSQL database dump
        --

        \restrict 2hQ3xyz

        -- Dumped from database version 17.6
        SET statement_timeout = 0;
        SET client_encoding = 'UTF8';
        SELECT pg_catalog.set_config('search_path', '', false);

        CREATE TYPE public.mood AS ENUM ('sad', 'ok');
        ALTER TYPE public.mood OWNER TO nobody_here;
        ALTER TYPE public.mood ADD VALUE 'happy';

        CREATE TABLE public.users (
            id integer NOT NULL,
            mood public.mood DEFAULT 'happy'
        );
        ALTER TABLE public.users OWNER TO nobody_here;
        ALTER TABLE ONLY public.users ADD CONSTRAINT users_pkey PRIMARY KEY (id);
        CREATE INDEX CONCURRENTLY by_mood ON public.users (mood);
        GRANT SELECT ON TABLE public.users TO nobody_here;
        ALTER DEFAULT PRIVILEGES FOR ROLE nobody_here IN SCHEMA public GRANT SELECT ON TABLES TO nobody_here;

        \unrestrict 2hQ3xyz
        """,
    )
    wanted = postgresql_shop.wanted("schema.sql")
    assert names(wanted) == ["users"]
    users = wanted.table("users")
    assert users is not None
    assert users.primary_key == ("id",)
    assert [index.name for index in users.indexes] == ["by_mood"]
    assert [thing.labels for thing in wanted.things if thing.kind == "enum"] == [("sad", "ok", "happy")]
    postgresql_shop.write("schema.sql", "\\restrict abc\n\nSELECT 1;\n\n\\connect x\n")
    error = postgresql_shop.fails("schema.sql")
    assert isinstance(error, ConfigError)
    assert error.problems[0].line == 5


def test_the_output_of_mysqldump_is_read(mysql_shop: Shop) -> None:
    mysql_shop.write(
        "schema.sql",
        r"""
        /*M!999999\- enable the sandbox mode */
        -- MariaDB dump 10.19  Distrib 10.11.14-MariaDB

        /*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
        /*!40101 SET NAMES utf8mb4 */;
        /*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
        DROP TABLE IF EXISTS `users`;
        /*!40101 SET @saved_cs_client     = @@character_set_client */;
        /*!40101 SET character_set_client = utf8 */;
        CREATE TABLE `users` (
          `id` int(11) NOT NULL AUTO_INCREMENT,
          `name` varchar(40) DEFAULT NULL COMMENT 'it''s',
          PRIMARY KEY (`id`),
          KEY `by_name` (`name`)
        ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
        /*!40101 SET character_set_client = @saved_cs_client */;
        DELIMITER ;;
        /*!50003 CREATE*/ /*!50017 DEFINER=CURRENT_USER*/ /*!50003 TRIGGER t BEFORE INSERT ON users
        FOR EACH ROW BEGIN SET NEW.name = lower(NEW.name); SET @x = 1; END */;;
        DELIMITER ;
        /*!50001 CREATE VIEW `v` AS SELECT 1 AS `name`*/;
        /*!50001 DROP VIEW IF EXISTS `v`*/;
        /*!50001 CREATE ALGORITHM=UNDEFINED */
        /*!50013 DEFINER=CURRENT_USER SQL SECURITY DEFINER */
        /*!50001 VIEW `v` AS select `users`.`name` AS `name` from `users` */;
        /*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
        """,
    )
    wanted = mysql_shop.wanted("schema.sql")
    [users] = wanted.tables
    assert [index.name for index in users.indexes] == ["by_name"]
    assert [extra.name for extra in users.extras] == ["t"]
    assert [(thing.kind, thing.name) for thing in wanted.things] == [("view", "v")]


def test_the_output_of_sqlite_is_read(shop: Shop) -> None:
    shop.write(
        "schema.sql",
        """
        PRAGMA foreign_keys=OFF;
        BEGIN TRANSACTION;
        CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
        CREATE TABLE sqlite_sequence(name,seq);
        INSERT INTO users VALUES (7, 'ada');
        DELETE FROM sqlite_sequence;
        INSERT INTO sqlite_sequence VALUES ('users', 7);
        CREATE VIEW v(name) AS SELECT name FROM users
        /* v(name) */;
        COMMIT;
        """,
    )
    wanted = shop.wanted("schema.sql")
    assert names(wanted) == ["users"]
    assert len(wanted.things) == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no statement is in"),
        (b"-- nothing\n;\n", "no statement is in"),
        (b"SELECT 1;\n-- \xff", "is not UTF-8 text"),
    ],
)
def test_files_without_sql_are_refused(shop: Shop, content: bytes, told: str) -> None:
    (shop.folder / "schema.sql").write_bytes(content)
    error = shop.fails("schema.sql")
    assert told in error.message
    if b"\xff" in content:
        assert isinstance(error, ConfigError)
        assert error.problems[0].line == 2


def test_a_file_that_is_not_there_and_a_folder_without_files_are_told(shop: Shop) -> None:
    assert "there is no" in shop.fails("schema.sql").message
    (shop.folder / "db").mkdir()
    assert "no .sql file is in" in shop.fails("db").message
