"""For each rule: statements that raise its hazard, a near miss, and what its advice comes to."""

from __future__ import annotations

from typing import NamedTuple

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(40), phone VARCHAR(40));\n"
ROWS = USERS + "INSERT INTO users VALUES (1, 'ada', '1'), (2, 'grace', '2'), (3, NULL, '2');\n"
ORDERS = ROWS + "CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER);\n"
LOST = ORDERS + "INSERT INTO orders VALUES (1, 1), (2, 9), (3, 8), (4, NULL);\n"


class Case(NamedTuple):
    """`hazard` raises `code` on a database where `setup` has run (none asked, where that is empty)."""

    code: str
    backend: str
    hazard: str
    near: str
    fixed: str
    severity: str = "warning"
    setup: str = ""
    message: str = ""


REBUILD = (
    "CREATE TABLE new_users (id INTEGER PRIMARY KEY, name TEXT);\nINSERT INTO new_users SELECT id, name FROM users;\n"
    "DROP TABLE users;\nALTER TABLE new_users RENAME TO users;"
)

RENAMED = "ALTER TABLE users RENAME COLUMN phone TO tel; " + REBUILD

DESTRUCTIVE = (
    Case(
        "drop-table",
        "sqlite",
        "DROP TABLE users;",
        "CREATE TABLE other (id INTEGER);\nDROP TABLE other;\nDROP TABLE IF EXISTS nobody;",
        "ALTER TABLE users RENAME TO users_until_june;",
        "error",
        ROWS,
        "table users holds 3 rows that the drop loses",
    ),
    Case(
        "drop-column",
        "postgresql",
        "ALTER TABLE users DROP COLUMN name;",
        "ALTER TABLE users ADD COLUMN nick TEXT;\nALTER TABLE users DROP COLUMN nick, DROP COLUMN IF EXISTS never;",
        "ALTER TABLE users RENAME COLUMN name TO name_until_june;",
        "error",
        ROWS,
        "column users.name holds 2 values that the drop loses",
    ),
    Case(
        "drop-column",
        "sqlite",
        REBUILD,
        REBUILD.replace("id, name FROM", "id, name || phone FROM"),
        "ALTER TABLE users RENAME COLUMN phone TO phone_until_june;",
        "error",
        ROWS,
        "column users.phone holds 3 values that the drop loses",
    ),
    Case(
        "drop-column",
        "sqlite",
        RENAMED,
        RENAMED.replace("name TEXT", "name TEXT, tel TEXT").replace("id, name FROM", "id, name, tel FROM"),
        "ALTER TABLE users RENAME COLUMN phone TO phone_until_june;",
        "error",
        ROWS,
        "column users.phone holds 3 values that the drop loses",
    ),
    Case(
        "drop-column",
        "sqlite",
        "ALTER TABLE users RENAME TO people;\nALTER TABLE people RENAME COLUMN name TO nick;\n"
        "ALTER TABLE people DROP COLUMN nick;",
        "ALTER TABLE users ADD COLUMN a INT;\nALTER TABLE users RENAME a TO b;\nALTER TABLE users DROP b;",
        "ALTER TABLE users RENAME COLUMN name TO nick;",
        "error",
        ROWS,
        "column people.nick holds 2 values that the drop loses",
    ),
    Case(
        "drop-index",
        "sqlite",
        "DROP INDEX by_name;",
        "CREATE INDEX by_phone ON users (phone);\nDROP INDEX by_phone;",
        "CREATE INDEX by_name_and_phone ON users (name, phone);",
    ),
    Case(
        "drop-view",
        "sqlite",
        "DROP VIEW names;",
        "DROP VIEW names;\nCREATE VIEW names AS SELECT name FROM users;",
        "CREATE VIEW all_names AS SELECT name FROM users;",
    ),
    Case(
        "drop-partition",
        "mysql",
        "ALTER TABLE parts DROP PARTITION p0, p1;",
        "ALTER TABLE parts ADD PARTITION (PARTITION p2 VALUES LESS THAN (1000));",
        "ALTER TABLE parts EXCHANGE PARTITION p0 WITH TABLE users;",
        "error",
        "CREATE TABLE parts (id INT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), "
        "PARTITION p1 VALUES LESS THAN (100));\nINSERT INTO parts VALUES (1), (2), (20);",
        "partition parts (p0, p1) holds 3 rows that are lost",
    ),
    Case(
        "drop-cascade",
        "postgresql",
        "DROP TYPE IF EXISTS mood CASCADE;",
        "DROP TABLE users CASCADE;\nDROP VIEW names CASCADE;",
        "DROP TYPE mood;",
    ),
    Case(
        "drop-schema",
        "postgresql",
        "DROP SCHEMA shop CASCADE;",
        "DROP SCHEMA IF EXISTS nobody;",
        "DROP TABLE shop.products;",
        "error",
        "CREATE SCHEMA shop;\nCREATE TABLE shop.products (id INTEGER);",
        "schema shop holds 1 table that go with it, if it can be dropped",
    ),
    Case(
        "drop-database",
        "mysql",
        "DROP DATABASE information_schema;",
        "DROP DATABASE IF EXISTS nobody_has_this;",
        "SELECT 1;",
        "error",
        USERS,
    ),
    Case(
        "truncate",
        "postgresql",
        "TRUNCATE orders, users;",
        "CREATE TABLE more (id INTEGER);\nTRUNCATE more;",
        "CREATE TABLE users_until_june AS SELECT * FROM users;",
        "error",
        LOST,
        "table users holds 3 rows that TRUNCATE loses",
    ),
    Case(
        "delete-without-where",
        "sqlite",
        "DELETE FROM users;",
        "CREATE TABLE other (id INTEGER);\nDELETE FROM other;\nDELETE FROM nobody;",
        "DELETE FROM users WHERE id > 1;",
        "error",
        ROWS,
        "table users holds 3 rows that a DELETE without WHERE loses",
    ),
    Case(
        "update-without-where",
        "mysql",
        "UPDATE users SET name = 'x';",
        "ALTER TABLE users ADD COLUMN nick TEXT;\nUPDATE users SET nick = name;",
        "UPDATE users SET name = 'x' WHERE name IS NULL;",
        setup=ROWS,
        message="an UPDATE without WHERE overwrites 2 values of users.name",
    ),
)

CLIENTS = (
    Case(
        "rename-table",
        "mysql",
        "RENAME TABLE users TO people;",
        "CREATE TABLE other (id INT);\nRENAME TABLE other TO more;",
        "ALTER TABLE users RENAME TO people;\nCREATE VIEW users AS SELECT * FROM people;",
    ),
    Case(
        "rename-column",
        "postgresql",
        "ALTER TABLE users RENAME name TO full_name;",
        "ALTER TABLE users ADD COLUMN a INT;\nALTER TABLE users RENAME a TO b;",
        "ALTER TABLE users ADD COLUMN full_name TEXT;",
    ),
    Case(
        "not-null-without-default",
        "sqlite",
        "ALTER TABLE users ADD COLUMN age INTEGER NOT NULL;",
        "CREATE TABLE other (id INTEGER);\nALTER TABLE other ADD COLUMN age INTEGER NOT NULL;",
        "ALTER TABLE users ADD COLUMN age INTEGER NOT NULL DEFAULT 0;",
        "error",
        ROWS,
    ),
    Case(
        "not-null-without-default",
        "postgresql",
        "ALTER TABLE users ADD COLUMN age INTEGER NOT NULL;",
        "ALTER TABLE users ADD COLUMN number SERIAL NOT NULL, ADD COLUMN age INTEGER;",
        "ALTER TABLE users ADD COLUMN age INTEGER NOT NULL DEFAULT 0;",
        "error",
        ROWS,
    ),
    Case(
        "drop-not-null",
        "postgresql",
        "ALTER TABLE users ALTER COLUMN name DROP NOT NULL;",
        "CREATE TABLE more (id INT NOT NULL);\nALTER TABLE more ALTER COLUMN id DROP NOT NULL;",
        "ALTER TABLE users ALTER COLUMN name DROP DEFAULT;",
        "info",
    ),
    Case(
        "narrowed-type",
        "postgresql",
        "ALTER TABLE users ALTER COLUMN name TYPE VARCHAR(20);",
        "ALTER TABLE users ALTER COLUMN name TYPE VARCHAR(60);",
        "ALTER TABLE users ADD COLUMN short_name VARCHAR(20);",
        setup=USERS,
    ),
)

DATA = (
    Case(
        "null-values",
        "postgresql",
        "ALTER TABLE users ALTER COLUMN name SET NOT NULL;",
        "ALTER TABLE users ALTER COLUMN phone SET NOT NULL;",
        "UPDATE users SET name = 'x' WHERE name IS NULL;\nALTER TABLE users ALTER COLUMN name SET NOT NULL;",
        "error",
        ROWS,
        "SET NOT NULL fails: 1 row of users.name is NULL",
    ),
    Case(
        "null-values",
        "mysql",
        "ALTER TABLE users MODIFY name VARCHAR(40) NOT NULL;",
        "ALTER TABLE users MODIFY phone VARCHAR(40) NOT NULL;",
        "UPDATE users SET name = 'x' WHERE name IS NULL;\nALTER TABLE users MODIFY name VARCHAR(40) NOT NULL;",
        "error",
        ROWS,
    ),
    Case(
        "duplicate-values",
        "sqlite",
        "CREATE UNIQUE INDEX by_phone ON users (phone);",
        "CREATE UNIQUE INDEX by_phone ON users (phone) WHERE id < 3;\nCREATE UNIQUE INDEX by_name ON users (name);",
        "UPDATE users SET phone = '3' WHERE id = 3;\nCREATE UNIQUE INDEX by_phone ON users (phone);",
        "error",
        ROWS,
        "it fails: 1 value of users.phone occurs more than once, e.g. '2'",
    ),
    Case(
        "duplicate-values",
        "mysql",
        "ALTER TABLE users ADD UNIQUE KEY by_phone (phone);",
        "ALTER TABLE users ADD UNIQUE KEY by_name (name);",
        "DELETE FROM users WHERE id = 3;\nALTER TABLE users ADD UNIQUE KEY by_phone (phone);",
        "error",
        ROWS,
    ),
    Case(
        "orphan-rows",
        "postgresql",
        "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users;",
        "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users NOT VALID;",
        "DELETE FROM orders WHERE user_id > 3;\nALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id);",
        "error",
        LOST,
        "the foreign key fails: 2 rows of orders.user_id point to nothing in users, e.g. '8', '9'",
    ),
    Case(
        "orphan-rows",
        "mysql",
        "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id);",
        "ALTER TABLE orders ADD FOREIGN KEY (id) REFERENCES orders (id);",
        "DELETE FROM orders WHERE user_id > 3;\nALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id);",
        "error",
        LOST,
    ),
    Case(
        "check-violations",
        "postgresql",
        "ALTER TABLE users ADD CHECK (id < 3 OR phone IS NULL);",
        "ALTER TABLE users ADD CHECK (length(name) < 9);",
        "ALTER TABLE users ADD CONSTRAINT few CHECK (id < 3 OR phone IS NULL) NOT VALID;",
        "error",
        ROWS,
    ),
    Case(
        "uncastable-values",
        "postgresql",
        "ALTER TABLE users ALTER COLUMN name TYPE integer USING name::integer;",
        "ALTER TABLE users ALTER COLUMN phone TYPE integer USING phone::integer;",
        "ALTER TABLE users ALTER COLUMN name TYPE integer USING length(name);",
        "error",
        ROWS,
        "the cast to INT fails for 2 values of users.name, e.g. 'ada', 'grace'",
    ),
    Case(
        "uncastable-values",
        "mysql",
        "ALTER TABLE users MODIFY name INT;",
        "ALTER TABLE users MODIFY phone INT;",
        "UPDATE users SET name = NULL;\nALTER TABLE users MODIFY name INT;",
        "error",
        ROWS,
    ),
)

POSTGRESQL = (
    Case(
        "index-blocks-writes",
        "postgresql",
        "CREATE INDEX by_name ON users (name);",
        "CREATE TABLE other (id INTEGER);\nCREATE INDEX by_id ON other (id);",
        "CREATE INDEX CONCURRENTLY by_name ON users (name);",
    ),
    Case(
        "set-not-null-scans",
        "postgresql",
        "ALTER TABLE users ALTER name SET NOT NULL;",
        "ALTER TABLE users ALTER name DROP NOT NULL;",
        "ALTER TABLE users ADD CONSTRAINT named CHECK (name IS NOT NULL) NOT VALID;\n"
        "ALTER TABLE users VALIDATE CONSTRAINT named;\nALTER TABLE users ALTER name SET NOT NULL;",
    ),
    Case(
        "alter-type-rewrites",
        "postgresql",
        "ALTER TABLE users ALTER id TYPE bigint;",
        "ALTER TABLE users ALTER name TYPE text;",
        "ALTER TABLE users ADD COLUMN big_id bigint;",
    ),
    Case(
        "foreign-key-locks",
        "postgresql",
        "ALTER TABLE orders ADD CONSTRAINT of_user FOREIGN KEY (user_id) REFERENCES users (id);",
        "CREATE TABLE more (id INT);\nALTER TABLE more ADD CONSTRAINT a FOREIGN KEY (id) REFERENCES users (id);",
        "ALTER TABLE orders ADD CONSTRAINT of_user FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID;",
    ),
    Case(
        "check-scans-table",
        "postgresql",
        "ALTER TABLE users ADD CHECK (id > 0);",
        "CREATE TABLE more (id INT);\nALTER TABLE more ADD CHECK (id > 0);",
        "ALTER TABLE users ADD CONSTRAINT positive CHECK (id > 0) NOT VALID;",
    ),
    Case(
        "unique-blocks-table",
        "postgresql",
        "ALTER TABLE users ADD CONSTRAINT one UNIQUE (name);",
        "CREATE TABLE more (id INT);\nALTER TABLE more ADD UNIQUE (id);",
        "CREATE UNIQUE INDEX CONCURRENTLY one ON users (name);\n"
        "ALTER TABLE users ADD CONSTRAINT one UNIQUE USING INDEX one;",
    ),
    Case(
        "volatile-default-rewrites",
        "postgresql",
        "ALTER TABLE users ADD COLUMN key uuid DEFAULT gen_random_uuid();",
        "ALTER TABLE users ADD COLUMN added timestamptz DEFAULT now(), ADD COLUMN a int DEFAULT 0;",
        "ALTER TABLE users ADD COLUMN key uuid;\nALTER TABLE users ALTER COLUMN key SET DEFAULT gen_random_uuid();",
    ),
    Case(
        "backfill-holds-lock",
        "postgresql",
        "ALTER TABLE users ADD COLUMN nick TEXT;\nUPDATE users SET nick = name;",
        "UPDATE users SET name = 'x';\nALTER TABLE users ADD COLUMN a TEXT;\nUPDATE users SET a = 'x' WHERE id = 1;",
        "UPDATE users SET nick = name;",
    ),
    Case("table-rewrite", "postgresql", "VACUUM FULL users;", "VACUUM users;", "VACUUM (ANALYZE) users;"),
    Case(
        "reindex-blocks-writes",
        "postgresql",
        "REINDEX TABLE users;",
        "REINDEX (CONCURRENTLY) TABLE users;",
        "REINDEX TABLE CONCURRENTLY users;",
    ),
    Case(
        "refresh-blocks-reads",
        "postgresql",
        "REFRESH MATERIALIZED VIEW totals;",
        "CREATE MATERIALIZED VIEW totals AS SELECT 1;\nREFRESH MATERIALIZED VIEW totals;",
        "REFRESH MATERIALIZED VIEW CONCURRENTLY totals;",
    ),
)

OTHERS = (
    Case(
        "table-copy",
        "mysql",
        "ALTER TABLE users MODIFY id BIGINT;",
        "ALTER TABLE users ADD COLUMN a BIGINT, ADD INDEX (name);",
        "ALTER TABLE users ADD COLUMN big_id BIGINT, ALGORITHM=INPLACE, LOCK=NONE;",
    ),
    Case(
        "index-blocks-writes",
        "mysql",
        "ALTER TABLE users ADD FULLTEXT INDEX words (name);",
        "ALTER TABLE users ADD INDEX by_name (name);",
        "CREATE INDEX by_name ON users (name);",
    ),
    Case(
        "table-rebuild",
        "sqlite",
        REBUILD,
        "CREATE TABLE more (id INTEGER);\nINSERT INTO more SELECT id FROM users;\nALTER TABLE more RENAME TO many;",
        "ALTER TABLE users ADD COLUMN nick TEXT;",
    ),
    Case(
        "table-rebuild",
        "postgresql",
        REBUILD,
        f"LOCK TABLE users IN EXCLUSIVE MODE;\n{REBUILD}",
        "ALTER TABLE users ADD COLUMN nick TEXT;",
    ),
    Case(
        "table-rebuild",
        "mysql",
        REBUILD,
        f"LOCK TABLES users WRITE;\n{REBUILD}",
        "ALTER TABLE users ADD COLUMN nick TEXT;",
    ),
    Case("whole-file-lock", "sqlite", "VACUUM;", "CREATE INDEX by_name ON users (name);", "ANALYZE;"),
)

SQUAWK = (
    Case(
        "truncate-cascade",
        "postgresql",
        "TRUNCATE users CASCADE;",
        "TRUNCATE users RESTRICT;",
        "TRUNCATE users, orders;",
    ),
    Case(
        "detach-locks",
        "postgresql",
        "ALTER TABLE users DETACH PARTITION users_2020;",
        "ALTER TABLE users ATTACH PARTITION users_2020 FOR VALUES IN (2020);",
        "ALTER TABLE users DETACH PARTITION users_2020 CONCURRENTLY;",
    ),
    Case(
        "domain-check-scans",
        "postgresql",
        "ALTER DOMAIN email ADD CONSTRAINT long CHECK (length(value) > 3);",
        "ALTER DOMAIN email SET DEFAULT 'nobody@example.org';",
        "ALTER TABLE users ADD CONSTRAINT long CHECK (length(name) > 3) NOT VALID;",
    ),
)

CASES = (*DESTRUCTIVE, *CLIENTS, *DATA, *POSTGRESQL, *OTHERS, *SQUAWK)
