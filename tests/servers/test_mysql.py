"""The MariaDB (or MySQL) server that the other tests stand on."""

from __future__ import annotations

import os
from urllib.parse import unquote, urlsplit

import pymysql
import pytest
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from tests.servers import mysql


def asked(url: str, statement: str) -> list[tuple[object, ...]]:
    with mysql.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return list(cursor.fetchall())


@pytest.fixture
def second_database(mysql_admin: Connection[Cursor], mysql_admin_url: str) -> str:
    name = f"miger_test_second_{os.getpid()}"
    mysql.create_database(mysql_admin, name)
    return mysql.with_database(mysql_admin_url, name)


def test_the_server_says_its_version(mysql_admin_url: str) -> None:
    assert int(mysql.server_version(mysql_admin_url).split(".")[0]) >= 8


@pytest.mark.parametrize("_again", [1, 2])
def test_each_test_gets_an_empty_database(mysql_url: str, _again: int) -> None:
    assert asked(mysql_url, "SHOW TABLES") == []
    asked(mysql_url, "CREATE TABLE t (id int PRIMARY KEY)")


def test_two_databases_do_not_see_each_other(
    mysql_url: str, second_database: str, mysql_admin: Connection[Cursor]
) -> None:
    asked(mysql_url, "CREATE TABLE t (id int PRIMARY KEY)")
    assert asked(second_database, "SHOW TABLES") == []
    mysql.drop_database(mysql_admin, urlsplit(second_database).path.removeprefix("/"))
    assert asked(mysql_url, "SHOW TABLES") == [("t",)]


def test_ddl_of_many_kinds_works(mysql_url: str) -> None:
    with mysql.connect(mysql_url) as connection, connection.cursor() as cursor:
        for statement in (
            "CREATE TABLE customer (id int AUTO_INCREMENT PRIMARY KEY, name varchar(80) NOT NULL UNIQUE)",
            "CREATE TABLE purchase (id int PRIMARY KEY, customer int, FOREIGN KEY (customer) REFERENCES customer (id))",
            "ALTER TABLE customer ADD COLUMN email varchar(80), ADD INDEX by_email (email)",
            "CREATE VIEW names AS SELECT name FROM customer",
            "CREATE TRIGGER lower_name BEFORE INSERT ON customer FOR EACH ROW SET NEW.name = lower(NEW.name)",
            "CREATE PROCEDURE clear_purchases() DELETE FROM purchase",
            "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DO DELETE FROM purchase",
            "INSERT INTO customer (name) VALUES ('ÅSA 🛒')",
            "RENAME TABLE purchase TO orders",
        ):
            cursor.execute(statement)
        cursor.execute("SELECT name FROM names")
        assert cursor.fetchall() == (("åsa 🛒",),)
        cursor.execute("SELECT engine FROM information_schema.tables WHERE table_name = 'orders'")
        assert cursor.fetchall() == (("InnoDB",),)


def test_a_wrong_password_is_refused(mysql_url: str) -> None:
    parts = urlsplit(mysql_url)
    wrong = parts._replace(netloc=parts.netloc.replace(str(parts.password), "wrong")).geturl()
    with pytest.raises(pymysql.OperationalError, match="Access denied"):
        mysql.connect(wrong)


def test_the_servers_own_account_needs_its_password(mysql_url: str) -> None:
    parts = urlsplit(mysql_url)
    if unquote(parts.password or "") != mysql.PASSWORD:
        pytest.skip("the server is not ours")
    for user in ("root", ""):
        with pytest.raises(pymysql.OperationalError, match="Access denied"):
            pymysql.connect(host=parts.hostname, port=parts.port or 3306, user=user, password="")


def test_a_database_is_dropped_under_an_open_transaction(mysql_admin: Connection[Cursor], second_database: str) -> None:
    with mysql.connect(second_database) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE t (id int PRIMARY KEY)")
        cursor.execute("START TRANSACTION")
        cursor.execute("INSERT INTO t VALUES (1)")
        mysql.drop_database(mysql_admin, urlsplit(second_database).path.removeprefix("/"))
        with pytest.raises(pymysql.Error):
            cursor.execute("SELECT 1")
