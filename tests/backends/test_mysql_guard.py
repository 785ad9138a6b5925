"""What counts as reaching out of a scratch copy on MySQL."""

from __future__ import annotations

import time

import pytest

from miger.backends.mysql_guard import reaches_out, renamed

OTHERS = {"shop", "crm", "mysql"}


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("DELETE FROM shop.t", "database shop"),
        ("DELETE FROM SHOP.t", "database SHOP"),
        ("DELETE FROM `shop` /* here */ . `t`", "database shop"),
        ('DELETE FROM "shop".t', "database shop"),
        ("SELECT 1; DELETE FROM crm.t", "database crm"),
        ("CALL crm.p()", "database crm"),
        ("SELECT crm.f()", "database crm"),
        ("DROP TABLE t, shop.t", "database shop"),
        ("INSERT INTO t SELECT * FROM mysql.user", "database mysql"),
        ("SET @q = 'DELETE FROM shop.t'", "database shop"),
        ("EXECUTE IMMEDIATE 'DROP DATABASE x'", "DROP DATABASE"),
        ("CREATE PROCEDURE p() BEGIN DELETE FROM shop.t; END", "database shop"),
        ("CREATE TRIGGER t AFTER INSERT ON t FOR EACH ROW FLUSH TABLES", "FLUSH TABLES"),
        ("/*!50003 USE shop */", "USE"),
        ("-- first\nUSE shop", "USE"),
        ("GRANT SELECT ON t TO x", "GRANT"),
        ("create or replace user x", "CREATE OR REPLACE USER"),
        ("DROP SCHEMA x", "DROP SCHEMA"),
        ("ALTER DATABASE x COLLATE utf8mb4_bin", "ALTER DATABASE"),
        ("SET GLOBAL max_connections = 3", "GLOBAL MAX_CONNECTIONS"),
        ("SET @@global.max_connections = 3", "@@GLOBAL.MAX_CONNECTIONS"),
        ("SET PASSWORD = 'x'", "SET PASSWORD"),
        ("SELECT * FROM t INTO OUTFILE '/x'", "INTO OUTFILE"),
        ("STOP ALL SLAVES", "STOP ALL SLAVES"),
        ("KILL 3", "KILL"),
    ],
)
def test_it_reaches_out(sql: str, what: str) -> None:
    assert reaches_out(sql, OTHERS) == what


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM t WHERE t.shop = 3",
        "INSERT INTO t VALUES ('see shop.example.org', \"crm.x\", 'it''s \\' shop.t')",
        "INSERT INTO t VALUES ('GRANT'), ('; USE shop')",
        "SELECT 1 -- shop.t\n FROM t # crm.t\n",
        "SELECT a.shop.b FROM t",
        "SELECT * FROM t USE INDEX (i)",
        "SELECT @shop.x, 1.5, @@global.max_connections FROM information_schema.tables",
        "CREATE TABLE t (`grant` INT, user INT COMMENT 'Use shop.t; GRANT') DEFAULT CHARACTER SET utf8mb4",
        "ALTER TABLE t CHANGE a b INT, RENAME TO u",
        "ALTER DATABASE CHARACTER SET utf8mb4",
        "ALTER SEQUENCE s RESTART 5",
        "CREATE PROCEDURE p() BEGIN UPDATE t SET stop = 1, `flush` = 2; SET ROLE NONE; END",
        "SET sql_mode = '', foreign_key_checks = 0",
        "PREPARE s FROM 'DELETE FROM t WHERE id > 1.5'",
        "LOCK TABLES t WRITE",
    ],
)
def test_it_stays_inside(sql: str) -> None:
    assert reaches_out(sql, OTHERS) == ""


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("select `shop`.`t`.`a` from `shop`.`t`", "select `new`.`t`.`a` from `new`.`t`"),
        ("select shop.t.a, 'shop.t', `t`.`shop` -- shop.t", "select `new`.t.a, 'shop.t', `t`.`shop` -- shop.t"),
        ("select @shop.x, `a`.shop.`b`", "select @shop.x, `a`.shop.`b`"),
        ("nextval(`shop`.`s`)", "nextval(`new`.`s`)"),
    ],
)
def test_a_definition_moves_to_another_database(definition: str, expected: str) -> None:
    assert renamed(definition, "shop", "new") == expected
    assert renamed(definition, "shop", "") == expected.replace("`new`.", "")


def test_long_statements_take_time_in_proportion() -> None:
    def cpu(rows: int) -> float:
        sql = "INSERT INTO t VALUES " + ", ".join(f"({n}, 'it''s `n{n}`', -1.5)" for n in range(rows))
        started = time.process_time()
        assert reaches_out(sql, OTHERS) == "" == reaches_out(f"SELECT ({sql})", OTHERS)
        return time.process_time() - started

    cpu(100)
    assert cpu(20_000) < 40 * max(cpu(2_000), 0.001)
