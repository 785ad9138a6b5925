"""Plans for dry runs to be held against the truth: what each starts from, and its migrations."""

from __future__ import annotations

from typing import NamedTuple

SHOP = """
CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL, email VARCHAR(80), age VARCHAR(10));
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers (id), total NUMERIC);
CREATE VIEW names AS SELECT id, name FROM customers;
CREATE INDEX by_customer ON orders (customer);
"""
ROWS = "".join(
    f"INSERT INTO customers VALUES ({number}, 'n{number}', 'e{number % 7}', '{number % 90}');\n"
    for number in range(1, 41)
) + "".join(f"INSERT INTO orders VALUES ({number}, {number % 40 + 1}, {number}.50);\n" for number in range(1, 61))


class Plan(NamedTuple):
    """The `up` of one or more migrations in SQL, or the body of a Python one; `only` on one database."""

    name: str
    up: tuple[str, ...] = ()
    python: str = ""
    verify: str = ""
    transaction: bool = True
    only: str = ""


PLANS = (
    Plan("table", ("CREATE TABLE more (id INTEGER PRIMARY KEY, note TEXT);",)),
    Plan("table twice", ("CREATE TABLE more (id INTEGER);\nCREATE TABLE more (id INTEGER);",)),
    Plan("table that is there", ("CREATE TABLE orders (id INTEGER);",)),
    Plan("column", ("ALTER TABLE customers ADD COLUMN phone VARCHAR(20);",)),
    Plan("column with default", ("ALTER TABLE customers ADD COLUMN points INTEGER NOT NULL DEFAULT 7;",)),
    Plan("column not null", ("ALTER TABLE customers ADD COLUMN points INTEGER NOT NULL;",)),
    Plan("column that is there", ("ALTER TABLE customers ADD COLUMN name TEXT;",)),
    Plan("column and its rows", ("ALTER TABLE orders ADD COLUMN cents INTEGER;\nUPDATE orders SET cents = 100 * id;",)),
    Plan("drop a column", ("ALTER TABLE customers DROP COLUMN age;",)),
    Plan("drop no column", ("ALTER TABLE customers DROP COLUMN nothing;",)),
    Plan("rename a column", ("ALTER TABLE orders RENAME COLUMN total TO amount;",)),
    Plan("rename a table", ("ALTER TABLE orders RENAME TO purchases;",)),
    Plan("drop a table", ("DROP TABLE orders;",)),
    Plan("drop a parent", ("DROP TABLE customers;",)),
    Plan("drop no table", ("DROP TABLE nothing;",)),
    Plan("drop a view", ("DROP VIEW names;",)),
    Plan("replace a view", ("DROP VIEW names;\nCREATE VIEW names AS SELECT id, name, email FROM customers;",)),
    Plan("index", ("CREATE INDEX by_email ON customers (email);",)),
    Plan("unique index", ("CREATE UNIQUE INDEX by_name ON customers (name);",)),
    Plan("unique index on doubles", ("CREATE UNIQUE INDEX by_email ON customers (email);",)),
    Plan("partial index", ("CREATE INDEX some ON customers (email) WHERE id > 3;",)),
    Plan("drop an index", ("DROP INDEX by_customer;",)),
    Plan("insert", ("INSERT INTO customers VALUES (900, 'x', NULL, NULL);",)),
    Plan("insert a double", ("INSERT INTO customers VALUES (1, 'x', NULL, NULL);",)),
    Plan("insert many", ("".join(f"INSERT INTO customers VALUES ({n}, 'x', '', '');\n" for n in range(1000, 1400)),)),
    Plan("insert from select", ("INSERT INTO orders SELECT id + 500, id, 1 FROM customers WHERE id < 20;",)),
    Plan("insert an orphan", ("INSERT INTO orders VALUES (900, 900, 1);",)),
    Plan("update", ("UPDATE customers SET email = 'x' WHERE id <= 25;",)),
    Plan("update nothing", ("UPDATE customers SET email = 'x' WHERE id < 0;",)),
    Plan("update to null", ("UPDATE customers SET name = NULL;",)),
    Plan("delete", ("DELETE FROM orders WHERE id > 10;",)),
    Plan("delete a parent", ("DELETE FROM customers WHERE id = 3;",)),
    Plan("no such column", ("UPDATE customers SET nothing = 1;",)),
    Plan("no SQL", ("CREATE TABEL x (id INTEGER);",)),
    Plan(
        "third of five fails",
        ("CREATE TABLE a (id INTEGER);\nCREATE TABLE b (id INTEGER);\nSELECT nothing;\nSELECT 1;",),
    ),
    Plan("third of five fails, piece by piece", ("CREATE TABLE a (id INTEGER);\nSELECT nothing;",), transaction=False),
    Plan("piece by piece", ("CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1), (2);",), transaction=False),
    Plan("verify holds", ("DELETE FROM orders;",), verify="SELECT count(*) = 0 AS ok FROM orders;"),
    Plan("verify fails", ("DELETE FROM orders;",), verify="SELECT count(*) > 0 AS ok FROM orders;"),
    Plan("three files", ("CREATE TABLE a (id INTEGER);", "INSERT INTO a VALUES (1);", "DROP TABLE a;")),
    Plan("second of three fails", ("CREATE TABLE a (id INTEGER);", "INSERT INTO b VALUES (1);", "DROP TABLE a;")),
    Plan("a trigger", ("CREATE TRIGGER t AFTER INSERT ON orders BEGIN SELECT 1; END;",), only="sqlite"),
    Plan("vacuum", ("DELETE FROM orders;\nVACUUM;",), transaction=False, only="sqlite"),
    Plan("vacuum in a transaction", ("VACUUM;",), only="sqlite"),
    Plan("pragma", ("PRAGMA user_version = 3;",), only="sqlite"),
    Plan(
        "rebuild by hand",
        (
            "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT);\nINSERT INTO new SELECT id, name FROM customers;\n"
            "DROP VIEW names;\nDROP TABLE customers;\nALTER TABLE new RENAME TO customers;",
        ),
        only="sqlite",
    ),
    Plan("type", ("ALTER TABLE customers ALTER COLUMN age TYPE integer USING age::integer;",), only="postgresql"),
    Plan("type without a cast", ("ALTER TABLE customers ALTER COLUMN name TYPE integer;",), only="postgresql"),
    Plan(
        "not null with nulls",
        ("ALTER TABLE orders ADD x int;\nALTER TABLE orders ALTER x SET NOT NULL;",),
        only="postgresql",
    ),
    Plan("not null", ("ALTER TABLE customers ALTER email SET NOT NULL;",), only="postgresql"),
    Plan("check", ("ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 0);",), only="postgresql"),
    Plan("check that rows break", ("ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 5);",), only="postgresql"),
    Plan(
        "foreign key not valid",
        ("ALTER TABLE orders ADD FOREIGN KEY (customer) REFERENCES customers NOT VALID;",),
        only="postgresql",
    ),
    Plan("concurrently", ("CREATE INDEX CONCURRENTLY i ON orders (total);",), transaction=False, only="postgresql"),
    Plan("concurrently in a transaction", ("CREATE INDEX CONCURRENTLY i ON orders (total);",), only="postgresql"),
    Plan(
        "concurrently on doubles",
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON customers (email);",),
        transaction=False,
        only="postgresql",
    ),
    Plan("truncate", ("TRUNCATE orders;",), only="postgresql"),
    Plan(
        "function",
        ("CREATE FUNCTION one() RETURNS int LANGUAGE sql AS $$ SELECT 1; $$;\nSELECT one();",),
        only="postgresql",
    ),
    Plan(
        "enum", ("CREATE TYPE mood AS ENUM ('a');\nALTER TABLE orders ADD mood mood DEFAULT 'a';",), only="postgresql"
    ),
    Plan(
        "copy",
        ("COPY orders (id, total) FROM stdin;\n701\t1\n702\t2\n\\.\nUPDATE orders SET total = 0;",),
        only="postgresql",
    ),
    Plan(
        "deferred",
        (
            "ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (customer) REFERENCES customers "
            "DEFERRABLE INITIALLY DEFERRED;\n"
            "INSERT INTO orders VALUES (801, 801, 1);",
            "CREATE TABLE later (id int);",
        ),
        only="postgresql",
    ),
    Plan(
        "search path",
        ("CREATE SCHEMA s;\nSET search_path = s;\nCREATE TABLE t (id int);", "CREATE TABLE t (id int);"),
        only="postgresql",
    ),
    Plan(
        "third of five leaves it dirty",
        (
            "CREATE TABLE a (id INT PRIMARY KEY);\nINSERT INTO a VALUES (1);\nINSERT INTO late VALUES (1);\n"
            "INSERT INTO a VALUES (2);\nCREATE TABLE b (id INT);",
            "CREATE TABLE c (id INT);",
        ),
        only="mysql",
    ),
    Plan("instant", ("ALTER TABLE customers ADD COLUMN x INT, ALGORITHM=INSTANT;",), only="mysql"),
    Plan("not instant", ("ALTER TABLE orders MODIFY total BIGINT, ALGORITHM=INSTANT;",), only="mysql"),
    Plan("rename two", ("RENAME TABLE orders TO purchases, customers TO people;",), only="mysql"),
    Plan(
        "swap",
        ("CREATE TABLE o LIKE orders;\nRENAME TABLE orders TO gone, o TO orders;\nDROP TABLE gone;",),
        only="mysql",
    ),
    Plan("drop two of which one is missing", ("DROP TABLE orders, nothing;",), only="mysql"),
    Plan(
        "procedure",
        (
            "DELIMITER //\nCREATE PROCEDURE thin_out(IN above INT)\nBEGIN\n  DELETE FROM orders WHERE id > above;\n"
            "  UPDATE customers SET age = '1';\nEND//\nDELIMITER ;\nCALL thin_out(50);",
        ),
        only="mysql",
    ),
    Plan(
        "trigger",
        (
            "CREATE TABLE log (id INT);\nCREATE TRIGGER noted AFTER INSERT ON orders FOR EACH ROW "
            "INSERT INTO log VALUES (NEW.id);\nINSERT INTO orders VALUES (701, 1, 1), (702, 1, 1);\n"
            "UPDATE log SET id = id + 1;",
        ),
        only="mysql",
    ),
    Plan("function", ("CREATE FUNCTION one() RETURNS INT DETERMINISTIC RETURN 1;\nSELECT one();",), only="mysql"),
    Plan(
        "event",
        ("CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' DO DELETE FROM orders;",),
        only="mysql",
    ),
    Plan(
        "insert or update",
        (
            "INSERT INTO customers VALUES (1, 'a', '', ''), (900, 'b', '', '') "
            "ON DUPLICATE KEY UPDATE name = 'c';\nREPLACE INTO orders VALUES (1, 1, 1), (901, 1, 1);\n"
            "INSERT IGNORE INTO orders VALUES (1, 1, 1), (902, 1, 1);\nINSERT INTO orders SET id = 903;",
        ),
        only="mysql",
    ),
    Plan(
        "foreign key that rows break",
        ("ALTER TABLE orders ADD FOREIGN KEY (id) REFERENCES customers (id);",),
        only="mysql",
    ),
    Plan(
        "foreign key",
        ("ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (customer) REFERENCES customers (id);",),
        only="mysql",
    ),
    Plan(
        "prepared",
        (
            "PREPARE s FROM 'DELETE FROM orders WHERE id > ?';\nSET @n = 30;\nEXECUTE s USING @n;\n"
            "DEALLOCATE PREPARE s;",
        ),
        only="mysql",
    ),
    Plan(
        "json",
        (
            "ALTER TABLE customers ADD data JSON;\nUPDATE customers SET data = JSON_OBJECT('id', id);\n"
            "SELECT JSON_EXTRACT(data, '$.id') FROM customers;\nUPDATE customers SET data = '{' WHERE id = 1;",
        ),
        only="mysql",
    ),
    Plan(
        "generated",
        (
            "ALTER TABLE orders ADD cents BIGINT AS (total * 100) STORED, ADD INDEX by_cents (cents);\n"
            "INSERT INTO orders (id, total) VALUES (801, 3);\nUPDATE orders SET cents = 1;",
        ),
        only="mysql",
    ),
    Plan(
        "mixed",
        (
            "INSERT INTO customers VALUES (900, 'x', '', '');\nALTER TABLE customers ADD x INT;\n"
            "UPDATE customers SET x = id;\nTRUNCATE orders;\nDELETE FROM customers WHERE x > 20;",
        ),
        only="mysql",
    ),
    Plan(
        "null that rows break",
        ("ALTER TABLE orders ADD x INT;\nALTER TABLE orders MODIFY x INT NOT NULL;",),
        only="mysql",
    ),
    Plan("type without a cast", ("ALTER TABLE customers MODIFY name INT;",), only="mysql"),
    Plan("shorter", ("ALTER TABLE customers MODIFY name VARCHAR(2);",), only="mysql"),
    Plan("check that rows break", ("ALTER TABLE orders ADD CONSTRAINT c CHECK (total > 5);",), only="mysql"),
    Plan(
        "character set",
        (
            "ALTER TABLE customers CONVERT TO CHARACTER SET latin1;\n"
            "ALTER DATABASE CHARACTER SET latin1;\nCREATE TABLE a (t TEXT);",
        ),
        only="mysql",
    ),
    Plan(
        "partitions",
        (
            "CREATE TABLE p (id INT) PARTITION BY HASH (id) PARTITIONS 3;\n"
            "INSERT INTO p SELECT id FROM customers;\nALTER TABLE p TRUNCATE PARTITION p1;",
        ),
        only="mysql",
    ),
    Plan("unchecked", ("SET foreign_key_checks = 0;\nINSERT INTO orders VALUES (900, 900, 1);",), only="mysql"),
    Plan(
        "zero dates",
        (
            "SET sql_mode = '';\nCREATE TABLE d (at DATE NOT NULL DEFAULT '0000-00-00');\n"
            "INSERT INTO d VALUES ('0000-00-00');",
            "INSERT INTO d VALUES ('0000-00-01');",
        ),
        only="mysql",
    ),
    Plan(
        "temporary",
        (
            "CREATE TEMPORARY TABLE t AS SELECT id FROM customers;\nDELETE FROM orders WHERE id IN (SELECT id FROM t);",
            "SELECT * FROM t;",
        ),
        only="mysql",
    ),
    Plan(
        "numbers",
        (
            "CREATE TABLE a (id INT AUTO_INCREMENT PRIMARY KEY, n INT);\n"
            "INSERT INTO a (n) SELECT id FROM customers;\nUPDATE a SET n = 0 WHERE id > 30;",
        ),
        only="mysql",
    ),
    Plan("no right to commit", ("INSERT INTO orders VALUES (900, 1, 1);\nCOMMIT;",), only="mysql"),
    Plan(
        "python operations and batches",
        python="""
import sqlalchemy as sa

def up(db):
    db.op.add_column("customers", sa.Column("points", sa.Integer))
    for batch in db.batches("all", "customers", key="id", size=15):
        batch.execute("UPDATE customers SET points = 3 WHERE id BETWEEN :low AND :high")
    db.op.create_index("by_points", "customers", ["points"])
    db.execute("DELETE FROM orders WHERE id > :id", {"id": 20})
""",
        only="mysql",
    ),
    Plan(
        "python half way",
        python="""
def up(db):
    db.execute("CREATE TABLE a (id INT)")
    with db.step("rows") as todo:
        if todo:
            db.execute("INSERT INTO a SELECT id FROM customers")
    db.execute("ALTER TABLE a ADD UNIQUE (nothing)")
""",
        only="mysql",
    ),
    Plan(
        "python",
        python="""
def up(db):
    db.execute("UPDATE customers SET email = :mail WHERE id < 5", {"mail": "x"})
    db.execute("INSERT INTO orders VALUES (:id, 1, 1)", [{"id": 950}, {"id": 951}])
""",
    ),
    Plan(
        "python operations",
        python="""
import sqlalchemy as sa

def up(db):
    db.op.create_table("more", sa.Column("id", sa.Integer, primary_key=True), sa.Column("note", sa.Text))
    with db.op.batch_alter_table("orders") as table:
        table.add_column(sa.Column("note", sa.String(20)))
""",
    ),
    Plan(
        "python batches",
        python="""
def up(db):
    for batch in db.batches("all", "customers", key="id", size=15):
        batch.execute("UPDATE customers SET age = '1' WHERE id BETWEEN :low AND :high")
""",
    ),
    Plan(
        "python batches, piece by piece",
        transaction=False,
        python="""
def up(db):
    for batch in db.batches("all", "customers", key="id", size=15):
        batch.execute("UPDATE customers SET age = '1' WHERE id BETWEEN :low AND :high")
    with db.step("last") as todo:
        if todo:
            db.execute("DELETE FROM orders WHERE id > 50")
""",
    ),
    Plan(
        "python reads",
        python="""
def up(db):
    most = db.execute("SELECT max(id) FROM orders").scalar()
    db.execute(f"INSERT INTO orders VALUES ({most + 1}, 1, 1)")
""",
    ),
    Plan(
        "python fails",
        python="""
def up(db):
    db.execute("DELETE FROM orders")
    raise RuntimeError("on purpose")
""",
    ),
)


def plans_for(backend: str) -> list[Plan]:
    """The plans that make sense on a database."""
    return [plan for plan in PLANS if plan.only in ("", backend)]
