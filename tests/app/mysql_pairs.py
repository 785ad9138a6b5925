"""Pairs of schemas for MySQL and MariaDB, each a change that somebody makes, there and back."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple


class Pair(NamedTuple):
    """Two schemas, rows for the first; `kept` is a query that gives the same before, after, and once more before.

    `fills` and `nulls` are the choices of the way there.
    """

    before: str
    after: str
    rows: str = ""
    kept: str = ""
    fills: Mapping[tuple[str, str], str] = MappingProxyType({})
    nulls: frozenset[tuple[str, str]] = frozenset()


USERS = "CREATE TABLE users (id int AUTO_INCREMENT PRIMARY KEY, name varchar(50) NOT NULL{});"
ADA = "INSERT INTO users (id, name) VALUES (3, 'ada'), (7, 'alan');"
NAMES = "SELECT id, name FROM users ORDER BY id"


def users(more: str, *, rows: str = ADA, kept: str = NAMES, was: str = "", end: str = "", **choices: Any) -> Pair:
    """The table of users, and the same with something more."""
    return Pair(USERS.format(was), USERS.format(more) + end, rows, kept, **choices)


def table(before: str, after: str, rows: str = "", kept: str = "", **choices: Any) -> Pair:
    """A table `t` of other columns."""
    return Pair(f"CREATE TABLE t ({before});", f"CREATE TABLE t ({after});", rows, kept, **choices)


TWO = "CREATE TABLE p (id int PRIMARY KEY, code varchar(9)); "
ROWS_OF_TWO = "INSERT INTO p VALUES (1, 'a'), (2, 'b'); INSERT INTO c (id, p) VALUES (1, 1), (2, NULL);"
COUNTED = "SELECT id, p FROM c ORDER BY id"

PAIRS = {
    "a nullable column": users(", email varchar(255)"),
    "a column with a default": users(", stars int NOT NULL DEFAULT 3"),
    "a column with a default that is computed": users(", at datetime(3) NOT NULL DEFAULT current_timestamp(3)"),
    "a column that must have a value": users(", email varchar(255) NOT NULL"),
    "a column that is filled": users(", upper varchar(50) NOT NULL", fills={("users", "upper"): "UPPER(name)"}),
    "columns of every kind that must have a value": users(
        ", a enum('x','y') NOT NULL, b set('p','q') NOT NULL, c point NOT NULL, d year NOT NULL, e json NOT NULL, "
        "f uuid NOT NULL, g inet6 NOT NULL, h bit(3) NOT NULL, i longblob NOT NULL, j time NOT NULL, "
        "k timestamp(3) NOT NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3), l date NOT NULL, "
        "m decimal(8,2) NOT NULL, n double NOT NULL, o binary(4) NOT NULL, q polygon NOT NULL"
    ),
    "comments and odd names": users(
        ", `a ``b``, 'c'` int COMMENT 'it''s \\\\ \"so\"\n', INDEX `an ``index` (`a ``b``, 'c'`) COMMENT 'x''y'"
    ),
    "a comment of a table": Pair(
        USERS.format(""), USERS.format("").replace(";", "COMMENT 'who''s there';"), ADA, NAMES
    ),
    "a column with a check": users(", age int CHECK (age > 0)"),
    "a column with a check that must have a value": users(", age int NOT NULL DEFAULT 1 CHECK (age > 0)"),
    "a check in a column's line": table("a int", "a int CHECK (a > 0)", "INSERT INTO t VALUES (1)", "SELECT a FROM t"),
    "another check in a column's line": table("a int CHECK (a > 5)", "a int CHECK (a > 0)", "INSERT INTO t VALUES (9)"),
    "a check of a table": table("a int, b int", "a int, b int, CONSTRAINT more CHECK (a > b)"),
    "checks without names": table(
        "a int, b int, CHECK (a > 0), CHECK (b > 0)", "a int, b int, CHECK (b > 1), CHECK (a > 0), CHECK (a > b)"
    ),
    "another name of a check": table("a int, CONSTRAINT x CHECK (a > 0)", "a int, CONSTRAINT y CHECK (a > 0)"),
    "a column that a check names": table("a int, b int, CHECK (a > b), CHECK (b > 0)", "a int, CHECK (a > 1)"),
    "a longer text": users("", was=", note varchar(10)", end="ALTER TABLE users ADD note varchar(100);"),
    "a larger number": Pair(USERS.format(""), USERS.format("").replace("id int", "id bigint unsigned"), ADA, NAMES),
    "another default": table("a int DEFAULT 1, b int DEFAULT 2", "a int DEFAULT 3, b int"),
    "null and not null": table(
        "a int, b int NOT NULL", "a int NOT NULL, b int", "INSERT INTO t VALUES (1, 2)", "SELECT a, b FROM t"
    ),
    "not null where there are nulls": table(
        "id int PRIMARY KEY, a int",
        "id int PRIMARY KEY, a int NOT NULL",
        "INSERT INTO t VALUES (1, 5), (2, NULL)",
        "SELECT id FROM t",
        fills={("t", "a"): "id * 2"},
    ),
    "text becomes a number": table(
        "id int AUTO_INCREMENT PRIMARY KEY, age varchar(10) NOT NULL DEFAULT '1' COMMENT 'years', "
        "KEY ages (age, id), CONSTRAINT old CHECK (age <> '7')",
        "id int AUTO_INCREMENT PRIMARY KEY, age int NOT NULL DEFAULT 1 COMMENT 'years', "
        "KEY ages (age, id), CONSTRAINT old CHECK (age <> '7')",
        "INSERT INTO t VALUES (1, '36'), (2, '41')",
        "SELECT id, CAST(age AS CHAR) FROM t ORDER BY id",
    ),
    "text becomes a number where it can": table(
        "id int AUTO_INCREMENT PRIMARY KEY, age varchar(10)",
        "id int AUTO_INCREMENT PRIMARY KEY, age int",
        "INSERT INTO t VALUES (1, '36'), (2, 'old')",
        "SELECT id, CAST(IF(age = '36', age, NULL) AS CHAR) FROM t ORDER BY id",
        nulls=frozenset({("t", "age")}),
    ),
    "rows keep the time of their change": table(
        "id int PRIMARY KEY, n varchar(9), seen timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE "
        "current_timestamp()",
        "id int PRIMARY KEY, n int, seen timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE "
        "current_timestamp(), must int NOT NULL",
        "INSERT INTO t VALUES (1, '5', '2001-02-03 04:05:06')",
        "SELECT seen, CAST(n AS CHAR) FROM t",
    ),
    "a key of numbers becomes one of text": table(
        "id int AUTO_INCREMENT PRIMARY KEY, a int, KEY (a, id)",
        "id varchar(20) PRIMARY KEY, a int, KEY (a, id)",
        "INSERT INTO t VALUES (1, 5), (4, 6)",
        "SELECT CAST(id AS CHAR), a FROM t ORDER BY a",
    ),
    "a key that others point to becomes text": Pair(
        TWO + "CREATE TABLE c (id int PRIMARY KEY, p int, CONSTRAINT cp FOREIGN KEY (p) REFERENCES p (id));",
        TWO.replace("id int", "id varchar(12)")
        + "CREATE TABLE c (id int PRIMARY KEY, p varchar(12), CONSTRAINT cp FOREIGN KEY (p) REFERENCES p (id));",
        ROWS_OF_TWO,
        "SELECT id, CAST(p AS CHAR) FROM c ORDER BY id",
    ),
    "a larger key that others point to": Pair(
        TWO + "CREATE TABLE c (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES p (id) ON DELETE SET NULL);",
        TWO.replace("id int", "id bigint")
        + "CREATE TABLE c (id int PRIMARY KEY, p bigint, FOREIGN KEY (p) REFERENCES p (id) ON DELETE SET NULL);",
        ROWS_OF_TWO,
        COUNTED,
    ),
    "labels more": table(
        "a enum('x','y') NOT NULL DEFAULT 'x'",
        "a enum('x','y','z') NOT NULL DEFAULT 'z'",
        "INSERT INTO t VALUES ('y')",
        "SELECT a FROM t",
    ),
    "labels in another order": table(
        "a enum('x','y')", "a enum('y','x')", "INSERT INTO t VALUES ('y')", "SELECT a FROM t"
    ),
    "words of a set": table("a set('x','y')", "a set('x','y','z')", "INSERT INTO t VALUES ('x,y')", "SELECT a FROM t"),
    "a generated column": table(
        "a int",
        "a int, b int AS (a + 1) STORED, c int AS (a * 2), KEY (b)",
        "INSERT INTO t VALUES (1)",
        "SELECT a FROM t",
    ),
    "another generated column": table(
        "a int, b int AS (a + 1), c int AS (b + 1) STORED, KEY kc (c)",
        "a int, b int AS (a + 2), c int AS (b + 1) STORED, KEY kc (c)",
        "INSERT INTO t (a) VALUES (1)",
        "SELECT a, c - b FROM t",
    ),
    "generated and stored": table(
        "a int, b int AS (a + 1)", "a int, b int AS (a + 1) STORED", "INSERT INTO t (a) VALUES (1)", "SELECT * FROM t"
    ),
    "generated and plain": table(
        "a int, b int AS (a + 1), c int",
        "a int, b int, c int AS (a + 3)",
        "INSERT INTO t (a) VALUES (1)",
        "SELECT a, b FROM t",
    ),
    "a column that others are made from": table(
        "a varchar(9), b int AS (length(a)) STORED, c int DEFAULT (length(a)), KEY kb (b), CHECK (length(a) < 8)",
        "a int, b int AS (length(a)) STORED, c int DEFAULT (length(a)), KEY kb (b), CHECK (length(a) < 8)",
        "INSERT INTO t (a) VALUES ('12')",
        "SELECT CAST(a AS CHAR), b, c FROM t",
    ),
    "an invisible column": table("a int, b int", "a int, b int INVISIBLE DEFAULT 4"),
    "another collation of a column": table(
        "a varchar(9), b varchar(9) COLLATE utf8mb4_bin",
        "a varchar(9) COLLATE utf8mb4_bin, b varchar(9) CHARACTER SET latin1",
        "INSERT INTO t VALUES ('é', 'ü')",
        "SELECT a, b FROM t",
    ),
    "indexes of every kind": table(
        "a varchar(90), b int, c text, d point NOT NULL",
        "a varchar(90), b int, c text, d point NOT NULL, UNIQUE KEY u (a), KEY p (a(5), b), KEY ds (b DESC), "
        "FULLTEXT KEY f (c) COMMENT 'words', SPATIAL KEY s (d), KEY ig (b, a) IGNORED, KEY h (a, b) USING HASH",
    ),
    "another name of an index": table(
        "a int, b int, KEY x (a), UNIQUE KEY u (b)", "a int, b int, KEY y (a), UNIQUE KEY w (b)"
    ),
    "names of indexes that change places": table(
        "a int, b int, KEY x (a), KEY y (b)", "a int, b int, KEY y (a), KEY x (b)"
    ),
    "an index that becomes unique": table("a int, KEY x (a)", "a int, UNIQUE KEY x (a)"),
    "a text with an index": table(
        "a varchar(90), KEY x (a)", "a text, KEY x (a(20))", "INSERT INTO t VALUES ('x')", "SELECT a FROM t"
    ),
    "a column of an index less": table("a int, b int, KEY x (a, b), UNIQUE KEY u (b, a)", "a int, KEY x (a)"),
    "a primary key": table(
        "a int NOT NULL, b int",
        "a int NOT NULL, b int, PRIMARY KEY (a)",
        "INSERT INTO t VALUES (1, 2)",
        "SELECT * FROM t",
    ),
    "a wider primary key": table("a int, b int NOT NULL, PRIMARY KEY (a)", "a int, b int, PRIMARY KEY (a, b)"),
    "a primary key of nullable columns": table(
        "a int, b int, PRIMARY KEY (a)",
        "a int, b int, PRIMARY KEY (b)",
        "INSERT INTO t VALUES (1, 2)",
        "SELECT * FROM t",
    ),
    "a counted column": table(
        "a int", "a int, id int AUTO_INCREMENT PRIMARY KEY", "INSERT INTO t VALUES (5), (6)", "SELECT a FROM t"
    ),
    "a column that counts": table(
        "id int PRIMARY KEY", "id int AUTO_INCREMENT PRIMARY KEY", "INSERT INTO t VALUES (4)", "SELECT * FROM t"
    ),
    "another column that counts": table(
        "id int AUTO_INCREMENT PRIMARY KEY, n int NOT NULL",
        "id int NOT NULL, n int AUTO_INCREMENT, PRIMARY KEY (n), UNIQUE KEY (id)",
        "INSERT INTO t VALUES (4, 9)",
        "SELECT id, n FROM t",
    ),
    "a counted key without a primary key": table(
        "id int AUTO_INCREMENT, a int, KEY ids (id)",
        "id int AUTO_INCREMENT, a int, UNIQUE KEY uids (id), PRIMARY KEY (a, id)",
    ),
    "another primary key that is pointed to": Pair(
        "CREATE TABLE p (id int AUTO_INCREMENT PRIMARY KEY, code varchar(9) NOT NULL); "
        "CREATE TABLE c (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES p (id));",
        "CREATE TABLE p (id int AUTO_INCREMENT, code varchar(9) PRIMARY KEY, UNIQUE KEY (id)); "
        "CREATE TABLE c (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES p (id));",
        ROWS_OF_TWO,
        COUNTED,
    ),
    "a foreign key": Pair(
        TWO + "CREATE TABLE c (id int PRIMARY KEY, p int);",
        TWO + "CREATE TABLE c (id int PRIMARY KEY, p int, CONSTRAINT cp FOREIGN KEY (p) REFERENCES p (id) "
        "ON DELETE CASCADE ON UPDATE SET NULL);",
        ROWS_OF_TWO,
        COUNTED,
    ),
    "foreign keys without names": Pair(
        TWO + "CREATE TABLE c (id int PRIMARY KEY, p int, q int, FOREIGN KEY (q) REFERENCES p (id));",
        TWO + "CREATE TABLE c (id int PRIMARY KEY, p int, q int, r int, FOREIGN KEY (p) REFERENCES p (id), "
        "FOREIGN KEY (q) REFERENCES p (id) ON DELETE CASCADE, FOREIGN KEY (r) REFERENCES c (id));",
        ROWS_OF_TWO,
        COUNTED,
    ),
    "another name of a foreign key": Pair(
        TWO + "CREATE TABLE c (p int, CONSTRAINT x FOREIGN KEY (p) REFERENCES p (id));",
        TWO + "CREATE TABLE c (p int, CONSTRAINT y FOREIGN KEY (p) REFERENCES p (id));",
    ),
    "another index under a foreign key": Pair(
        TWO + "CREATE TABLE c (p int, q int, FOREIGN KEY (p) REFERENCES p (id));",
        TWO + "CREATE TABLE c (p int, q int, FOREIGN KEY (p) REFERENCES p (id), KEY pq (p, q));",
        "INSERT INTO p VALUES (1, 'a'); INSERT INTO c VALUES (1, 2)",
        "SELECT * FROM c",
    ),
    "a column of a foreign key less": Pair(
        TWO + "CREATE TABLE c (id int, p int, FOREIGN KEY (p) REFERENCES p (id));",
        TWO + "CREATE TABLE c (id int);",
    ),
    "new tables in a ring": Pair(
        "",
        "CREATE TABLE a (id int AUTO_INCREMENT PRIMARY KEY, b int, j json, CHECK (b > 0)); "
        "CREATE TABLE b (id int PRIMARY KEY, a int, FOREIGN KEY (a) REFERENCES a (id), "
        "FOREIGN KEY (id) REFERENCES b (id)); "
        "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id);",
    ),
    "a table takes the place of another": Pair(
        TWO + "CREATE TABLE old (p int, CONSTRAINT cp FOREIGN KEY (p) REFERENCES p (id));",
        TWO + "CREATE TABLE new (p int, CONSTRAINT cp FOREIGN KEY (p) REFERENCES p (id));",
    ),
    "a table that others pointed to goes": Pair(
        TWO + "CREATE TABLE c (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES p (id));",
        "CREATE TABLE c (id int PRIMARY KEY, p int);",
        ROWS_OF_TWO,
        "SELECT id FROM c ORDER BY id",
    ),
    "all columns are others": table("a int", "b int", "INSERT INTO t VALUES (1)", "SELECT COUNT(*) FROM t"),
    "another character set": Pair(
        "CREATE TABLE t (a varchar(9), e enum('x','y'), KEY (a)) CHARACTER SET latin1;",
        "CREATE TABLE t (a varchar(9), e enum('x','y'), KEY (a)) CHARACTER SET utf8mb4;",
        "INSERT INTO t VALUES ('é', 'x')",
        "SELECT a, e FROM t",
    ),
    "another character set of some columns": Pair(
        "CREATE TABLE t (a varchar(9), b text, c varchar(9) COLLATE latin1_bin, d varchar(5)) CHARACTER SET latin1;",
        "CREATE TABLE t (a varchar(9), b text, c varchar(9) CHARACTER SET latin1 COLLATE latin1_bin, "
        "d varchar(50) CHARACTER SET latin1, n varchar(3)) CHARACTER SET utf8mb4;",
        "INSERT INTO t VALUES ('é', 'é', 'é', 'é')",
        "SELECT a, b, c, d FROM t",
    ),
    "options": Pair(
        "CREATE TABLE t (a int) ENGINE=MyISAM;",
        "CREATE TABLE t (a int) ENGINE=InnoDB ROW_FORMAT=DYNAMIC STATS_PERSISTENT=1;",
        "INSERT INTO t VALUES (1)",
        "SELECT a FROM t",
    ),
    "partitions": Pair(
        "CREATE TABLE t (a int, d date);",
        "CREATE TABLE t (a int, d date) PARTITION BY RANGE (a) (PARTITION low VALUES LESS THAN (10) COMMENT = 'x', "
        "PARTITION rest VALUES LESS THAN MAXVALUE);",
        "INSERT INTO t VALUES (1, '2026-01-01')",
        "SELECT a FROM t",
    ),
    "history of rows": Pair(
        "CREATE TABLE t (a int);",
        "CREATE TABLE t (a int) WITH SYSTEM VERSIONING;",
        "INSERT INTO t VALUES (1)",
        "SELECT a FROM t",
    ),
    "triggers": Pair(
        USERS.format("") + "CREATE TRIGGER one BEFORE INSERT ON users FOR EACH ROW SET NEW.name = LOWER(NEW.name);"
        "CREATE TRIGGER two BEFORE INSERT ON users FOR EACH ROW SET NEW.name = TRIM(NEW.name);",
        USERS.format(", n int") + "DELIMITER //\nCREATE TRIGGER one BEFORE INSERT ON users FOR EACH ROW BEGIN\n"
        "  DECLARE x int DEFAULT 3; -- it's\n  SET NEW.n = x; SET NEW.name = ';';\nEND//\n"
        "CREATE TRIGGER two BEFORE INSERT ON users FOR EACH ROW SET NEW.name = TRIM(NEW.name)//\nDELIMITER ;\n"
        "CREATE TRIGGER three AFTER UPDATE ON users FOR EACH ROW SET @n = 1;",
        ADA,
    ),
    "views that need each other": Pair(
        USERS.format("") + "CREATE VIEW a AS SELECT id FROM users; CREATE VIEW gone AS SELECT id FROM a;",
        USERS.format(", n int")
        + "CREATE VIEW z AS SELECT id, n FROM users; CREATE SQL SECURITY INVOKER VIEW a AS SELECT n FROM z;",
    ),
    "routines and events": Pair(
        USERS.format("") + "CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1;"
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM users WHERE id < 0;",
        USERS.format("") + "DELIMITER //\nCREATE FUNCTION f(a int) RETURNS int DETERMINISTIC BEGIN RETURN a; END//\n"
        "CREATE PROCEDURE p(OUT a int) COMMENT 'x' BEGIN SELECT f(1) INTO a; END//\nDELIMITER ;\n"
        "CREATE VIEW v AS SELECT f(id) FROM users;"
        "CREATE EVENT e ON SCHEDULE EVERY 2 DAY COMMENT 'x' DO DELETE FROM users WHERE id < 0;",
    ),
    "sequences": Pair(
        "CREATE SEQUENCE s; CREATE SEQUENCE old; CREATE TABLE t (a int);",
        "CREATE SEQUENCE s INCREMENT BY 5 CYCLE; CREATE SEQUENCE n START WITH 9; "
        "CREATE TABLE t (a int, b bigint DEFAULT (NEXT VALUE FOR n));",
    ),
    "JSON": table(
        "id int PRIMARY KEY, a json, b longtext",
        "id int PRIMARY KEY, a longtext, b json",
        "INSERT INTO t VALUES (1, '{\"x\": 1}', '[1]')",
        "SELECT a, b FROM t",
    ),
    "names that have to be quoted": Pair(
        "CREATE TABLE `order` (`select` int, `key` varchar(9), KEY `index` (`key`));",
        "CREATE TABLE `order` (`select` int NOT NULL, `key` int, `from` int, UNIQUE KEY `index` (`key`));",
        "INSERT INTO `order` VALUES (1, '5')",
        "SELECT `select`, CAST(`key` AS CHAR) FROM `order`",
    ),
}
