"""Pairs of schemas of SQLite, with rows: from each to the other a migration is generated, and back."""

from __future__ import annotations

from typing import NamedTuple

USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT NOT NULL, age TEXT, city TEXT DEFAULT 'Graz');"
USER_ROWS = """INSERT INTO users (id, login, age, city) VALUES (3, 'ada', '36', 'Wien'), (7, 'alan', ' 41 ', NULL),
    (9, 'grace', NULL, 'Graz');"""
SHOP = """
CREATE TABLE customers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    login TEXT NOT NULL UNIQUE,
    code TEXT, -- printed on parcels
    age INTEGER CHECK (age > 0)
);
CREATE TABLE orders (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL CONSTRAINT orders_customer REFERENCES customers (id) ON DELETE CASCADE,
    amount NUMERIC NOT NULL DEFAULT 0,
    state TEXT NOT NULL,
    note TEXT
);
CREATE INDEX orders_by_customer ON orders (customer_id);
CREATE INDEX orders_by_state ON orders (state DESC) WHERE state <> 'open';
CREATE TRIGGER orders_seen AFTER INSERT ON orders
BEGIN UPDATE customers SET code = 'seen' WHERE id = NEW.customer_id; END;
CREATE VIEW rich AS SELECT orders.id, login FROM orders JOIN customers ON customers.id = customer_id; -- buyers
CREATE VIEW richer AS SELECT login FROM rich WHERE id > 1;
"""
SHOP_ROWS = """
INSERT INTO customers (id, login, code, age) VALUES (1, 'ada', 'a', 36), (2, 'alan', 'b', NULL), (50, 'gone', NULL, 1);
DELETE FROM customers WHERE id = 50;
INSERT INTO orders (id, customer_id, amount, state) VALUES (1, 1, 5, 'open'), (4, 1, 7, 'sent');
"""


class Pair(NamedTuple):
    """Two schemas, rows for the first; what a query gives after up, and what some of the SQL must be."""

    before: str
    after: str
    rows: str = USER_ROWS
    look: str = ""
    found: tuple[object, ...] = ()
    has: tuple[str, ...] = ()
    has_not: tuple[str, ...] = ()
    fills: tuple[tuple[str, str, str], ...] = ()
    python: bool = False


def users(columns: str, more: str = "", options: str = "") -> str:
    """The table of users with these columns, and statements behind it."""
    return f"CREATE TABLE users ({columns}){options}; {more}"


def changed(text: str, *pairs: tuple[str, str]) -> str:
    """The text with some words exchanged, all of which must be in it."""
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


BASE = "id INTEGER PRIMARY KEY, login TEXT NOT NULL, age TEXT, city TEXT DEFAULT 'Graz'"
NATIVE = ("__new",)  # what is in no native migration
REBUILT = ("users__new",)

PAIRS: dict[str, Pair] = {
    # Columns that come and go
    "a nullable column": Pair(
        USERS,
        users(f"{BASE}, email VARCHAR(255)"),
        has=("ALTER TABLE users ADD COLUMN email VARCHAR(255);", "ALTER TABLE users DROP COLUMN email;"),
        has_not=NATIVE,
        python=True,
    ),
    "a nullable column between others": Pair(
        USERS,
        users("id INTEGER PRIMARY KEY, email VARCHAR(255), login TEXT NOT NULL, age TEXT, city TEXT DEFAULT 'Graz'"),
        has_not=NATIVE,
    ),
    "a nullable column with a fill": Pair(
        USERS,
        users(f"{BASE}, email VARCHAR(255)"),
        look="SELECT email FROM users ORDER BY id",
        found=("ada@x", "alan@x", "grace@x"),
        fills=(("users", "email", "login || '@x'"),),
        has_not=NATIVE,
        python=True,
    ),
    "a column with a default": Pair(
        USERS,
        users(f"{BASE}, stars INTEGER NOT NULL DEFAULT 3"),
        look="SELECT stars FROM users",
        found=(3, 3, 3),
        has_not=NATIVE,
        python=True,
    ),
    "a column with a text as default": Pair(
        USERS, users(f"{BASE}, x TEXT DEFAULT 'it''s: %d'"), has_not=NATIVE, python=True
    ),
    "a column with a negative default": Pair(
        USERS, users(f"{BASE}, x INTEGER DEFAULT -5"), has_not=NATIVE, python=True
    ),
    "a column with a default and a fill": Pair(
        USERS,
        users(f"{BASE}, stars INTEGER NOT NULL DEFAULT 3"),
        look="SELECT stars FROM users",
        found=(3, 4, 5),
        fills=(("users", "stars", "length(login)"),),
    ),
    "a column with a computed default": Pair(
        USERS, users(f"{BASE}, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP"), has=REBUILT, python=True
    ),
    "a column with an expression as default": Pair(
        USERS,
        users(f"{BASE}, x TEXT DEFAULT (lower('ABC'))"),
        look="SELECT x FROM users",
        found=("abc",) * 3,
        has=REBUILT,
    ),
    "a column that must have a value": Pair(
        USERS,
        users(f"{BASE}, x TEXT NOT NULL"),
        look="SELECT x FROM users",
        found=("", "", ""),
        has=("x cannot be NULL: the rows there are get ''; put a better one here.",),
        python=True,
    ),
    "a column that must have a value, with a fill": Pair(
        USERS,
        users(f"{BASE}, x TEXT NOT NULL"),
        look="SELECT x FROM users",
        found=("ADA", "ALAN", "GRACE"),
        fills=(("users", "x", "upper(login)"),),
        python=True,
    ),
    "a column that points elsewhere": Pair(
        USERS + "CREATE TABLE teams (id INTEGER PRIMARY KEY);",
        users(
            f"{BASE}, team INTEGER REFERENCES teams ON DELETE SET NULL", "CREATE TABLE teams (id INTEGER PRIMARY KEY);"
        ),
        has=("ADD COLUMN team INTEGER REFERENCES teams (id) ON DELETE SET NULL;",),
    ),
    "a column that points elsewhere, with a name": Pair(
        USERS + "CREATE TABLE teams (id INTEGER PRIMARY KEY);",
        users(
            f"{BASE}, team INTEGER, CONSTRAINT of_team FOREIGN KEY (team) REFERENCES teams (id)",
            "CREATE TABLE teams (id INTEGER PRIMARY KEY);",
        ),
        has=("ADD COLUMN team INTEGER CONSTRAINT of_team REFERENCES teams (id);",),
    ),
    "a column with a check": Pair(
        USERS,
        users(f"{BASE}, x INTEGER, CONSTRAINT positive CHECK (x > 0)"),
        has=("CONSTRAINT positive CHECK (x > 0);",),
    ),
    "two columns with a check of both": Pair(USERS, users(f"{BASE}, x INTEGER, y INTEGER, CHECK (x < y)"), python=True),
    "a column with a collation": Pair(USERS, users(f"{BASE}, x TEXT COLLATE NOCASE"), has_not=NATIVE, python=True),
    "a unique column": Pair(USERS, users(f"{BASE}, x TEXT UNIQUE"), has=REBUILT),
    "a virtual column": Pair(
        USERS,
        users(f"{BASE}, x TEXT GENERATED ALWAYS AS (upper(login))"),
        look="SELECT x FROM users",
        found=("ADA", "ALAN", "GRACE"),
        has_not=NATIVE,
    ),
    "a stored column": Pair(
        USERS,
        users(f"{BASE}, x TEXT AS (upper(login)) STORED"),
        look="SELECT x FROM users",
        found=("ADA", "ALAN", "GRACE"),
        has=REBUILT,
        python=True,
    ),
    "a column that another is computed from": Pair(
        USERS, users(f"{BASE}, x INTEGER, y INTEGER AS (x + 1), z INTEGER AS (y + 1)"), python=True
    ),
    "several columns": Pair(USERS, users("id INTEGER PRIMARY KEY, login TEXT NOT NULL, a, b BLOB"), has_not=NATIVE),
    "all columns but the key": Pair(USERS, users("id INTEGER PRIMARY KEY, x TEXT, y TEXT")),
    "all columns": Pair(
        "CREATE TABLE users (a TEXT, b TEXT);",
        "CREATE TABLE users (c TEXT, d TEXT);",
        "INSERT INTO users VALUES ('x', 'y'), ('z', NULL);",
        "SELECT count(*) FROM users",
        (2,),
    ),
    "a column with an index": Pair(
        USERS,
        users(f"{BASE}, email TEXT", "CREATE UNIQUE INDEX by_email ON users (email);"),
        has=("DROP INDEX by_email;",),
        has_not=NATIVE,
        python=True,
    ),
    "names that need quotes": Pair(
        'CREATE TABLE "user list" ("Order No" INTEGER PRIMARY KEY, "select" TEXT, a TEXT);',
        'CREATE TABLE "user list" ("Order No" INTEGER PRIMARY KEY, "select" TEXT UNIQUE, "the ""x""" TEXT);',
        """INSERT INTO "user list" VALUES (1, 'x', 'y');""",
        'SELECT "select" FROM "user list"',
        ("x",),
        python=True,
    ),
    "another case of a column": Pair(
        USERS,
        users("id INTEGER PRIMARY KEY, Login TEXT NOT NULL, age TEXT, city TEXT DEFAULT 'Graz'"),
        look="SELECT Login FROM users",
        found=("ada", "alan", "grace"),
    ),
    "another case of a table": Pair(
        USERS,
        "CREATE TABLE Users (id INTEGER PRIMARY KEY, login TEXT NOT NULL, age TEXT, city TEXT DEFAULT 'Graz');",
        look="SELECT login FROM users",
        found=("ada", "alan", "grace"),
    ),
    # Columns that change
    "text to integer": Pair(
        USERS,
        users("id INTEGER PRIMARY KEY, login TEXT NOT NULL, age INTEGER, city TEXT DEFAULT 'Graz'"),
        look="SELECT age FROM users ORDER BY id",
        found=(36, 41, None),
        has=("ALTER TABLE users ADD COLUMN age_new INTEGER;", "ALTER TABLE users RENAME COLUMN age_new TO age;"),
        has_not=NATIVE,
        python=True,
    ),
    "text to integer with an index": Pair(
        users(BASE, "CREATE INDEX by_age ON users (age);"),
        users(
            "id INTEGER PRIMARY KEY, login TEXT NOT NULL, age INTEGER, city TEXT DEFAULT 'Graz'",
            "CREATE INDEX by_age ON users (age);",
        ),
        look="SELECT age FROM users ORDER BY id",
        found=(36, 41, None),
        has=REBUILT,
        python=True,
    ),
    "text to integer that must have a value": Pair(
        USERS,
        users("id INTEGER PRIMARY KEY, login TEXT NOT NULL, age INTEGER NOT NULL, city TEXT DEFAULT 'Graz'"),
        look="SELECT age FROM users ORDER BY id",
        found=(36, 41, -1),
        fills=(("users", "age", "-1"),),
        has=REBUILT,
    ),
    "text to integer with a default": Pair(
        USERS,
        users("id INTEGER PRIMARY KEY, login TEXT NOT NULL, age INTEGER DEFAULT 5, city TEXT DEFAULT 'Graz'"),
        look="SELECT age FROM users ORDER BY id",
        found=(36, 41, None),
    ),
    "text to integer in a view": Pair(
        users(BASE, "CREATE VIEW old AS SELECT age FROM users;"),
        users(
            "id INTEGER PRIMARY KEY, login TEXT NOT NULL, age INTEGER, city TEXT DEFAULT 'Graz'",
            "CREATE VIEW old AS SELECT age FROM users;",
        ),
        look="SELECT age FROM old",
        found=(36, 41, None),
    ),
    "a longer text": Pair(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, login VARCHAR(10));",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, login VARCHAR(100));",
        "INSERT INTO users VALUES (1, 'ada');",
        "SELECT login FROM users",
        ("ada",),
    ),
    "no NULL": Pair(
        USERS,
        users("id INTEGER PRIMARY KEY, login TEXT NOT NULL, age TEXT, city TEXT NOT NULL DEFAULT 'Graz'"),
        look="SELECT city FROM users",
        found=("Wien", "Linz", "Graz"),
        fills=(("users", "city", "'Linz'"),),
        python=True,
    ),
    "NULL": Pair(USERS, users("id INTEGER PRIMARY KEY, login TEXT, age TEXT, city TEXT DEFAULT 'Graz'")),
    "another default": Pair(
        USERS, users("id INTEGER PRIMARY KEY, login TEXT NOT NULL, age TEXT, city TEXT DEFAULT 'Linz'")
    ),
    "no default": Pair(USERS, users("id INTEGER PRIMARY KEY, login TEXT NOT NULL, age TEXT, city TEXT")),
    "a collation": Pair(
        USERS, users("id INTEGER PRIMARY KEY, login TEXT NOT NULL COLLATE NOCASE, age TEXT, city TEXT DEFAULT 'Graz'")
    ),
    "computed or not": Pair(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, a INT, b INT AS (a * 2));",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, a INT, b INT);",
        "INSERT INTO users (id, a) VALUES (1, 5), (2, 6);",
        "SELECT b FROM users",
        (10, 12),
        python=True,
    ),
    # Keys and constraints
    "a primary key": Pair(
        "CREATE TABLE users (id INT, login TEXT);",
        "CREATE TABLE users (id INT PRIMARY KEY, login TEXT);",
        "INSERT INTO users (rowid, id, login) VALUES (4, 1, 'a'), (8, 2, 'b');",
        "SELECT rowid FROM users",
        (4, 8),
    ),
    "a primary key that is the row's id": Pair(
        "CREATE TABLE users (login TEXT);",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, login TEXT);",
        "INSERT INTO users (rowid, login) VALUES (4, 'a'), (8, 'b');",
        "SELECT id FROM users",
        (4, 8),
        python=True,
    ),
    "a primary key of two": Pair(
        "CREATE TABLE users (a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a));",
        "CREATE TABLE users (a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (b, a));",
        "INSERT INTO users VALUES (1, 2), (2, 1);",
    ),
    "a descending key apart": Pair(
        "CREATE TABLE users (id INTEGER, x TEXT, PRIMARY KEY (id DESC));",
        "CREATE TABLE users (id INTEGER PRIMARY KEY DESC, x TEXT);",
        "INSERT INTO users VALUES (1, 'a'), (5, 'b');",
    ),
    "AUTOINCREMENT": Pair(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, x TEXT);",
        "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT);",
        "INSERT INTO users VALUES (1, 'a'), (5, 'b');",
        "SELECT seq FROM sqlite_sequence WHERE name = 'users'",
        (5,),
    ),
    "a counter that is ahead": Pair(
        "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT);",
        "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT UNIQUE);",
        "INSERT INTO users VALUES (1, 'a'), (99, 'b'); DELETE FROM users WHERE id = 99;",
        "SELECT seq FROM sqlite_sequence WHERE name = 'users'",
        (99,),
        python=True,
    ),
    "a counter of an empty table": Pair(
        "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT);",
        "CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, x TEXT UNIQUE);",
        "INSERT INTO users VALUES (99, 'b'); DELETE FROM users;",
        "SELECT seq FROM sqlite_sequence WHERE name = 'users'",
        (99,),
    ),
    "a unique constraint": Pair(USERS, users(f"{BASE}, CONSTRAINT one_login UNIQUE (login)"), python=True),
    "another name of a constraint": Pair(
        users(f"{BASE}, CONSTRAINT one_login UNIQUE (login)"), users(f"{BASE}, CONSTRAINT unique_login UNIQUE (login)")
    ),
    "a unique constraint that replaces": Pair(
        USERS, users(f"{BASE}, UNIQUE (login) ON CONFLICT REPLACE"), has=("OR ABORT",)
    ),
    "a check": Pair(USERS, users(f"{BASE}, CHECK (length(login) > 1)")),
    "another check of the same name": Pair(
        users(f"{BASE}, CONSTRAINT c CHECK (length(login) > 1)"),
        users(f"{BASE}, CONSTRAINT c CHECK (length(login) > 2)"),
    ),
    "a check that names its table": Pair(USERS, users(f"{BASE}, CHECK (length(users.login) > 1)")),
    "a column of a check": Pair(
        users(f"{BASE}, x INT, CHECK (x > 0 OR city <> '')"), users(f"{BASE}, CHECK (city <> 'Rom')"), python=True
    ),
    "a foreign key": Pair(
        "CREATE TABLE teams (id INTEGER PRIMARY KEY); CREATE TABLE users (id INTEGER PRIMARY KEY, team INT);",
        "CREATE TABLE teams (id INTEGER PRIMARY KEY); CREATE TABLE users (id INTEGER PRIMARY KEY, team INT, "
        "FOREIGN KEY (team) REFERENCES teams ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED);",
        "INSERT INTO teams VALUES (1), (2); INSERT INTO users VALUES (1, 2), (2, NULL);",
        python=True,
    ),
    "a foreign key to itself": Pair(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, boss INT);",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, boss INT REFERENCES users ON DELETE CASCADE);",
        "INSERT INTO users VALUES (1, NULL), (2, 1), (3, 2);",
        "SELECT id FROM users",
        (1, 2, 3),
    ),
    "a table that others point to": Pair(
        SHOP,
        changed(SHOP, ("code TEXT, --", "code TEXT UNIQUE, --")),
        SHOP_ROWS,
        "SELECT count(*) FROM orders",
        (2,),
        python=True,
    ),
    "both tables at once": Pair(
        SHOP,
        changed(
            SHOP,
            ("code TEXT, --", "code TEXT UNIQUE, --"),
            ("state TEXT NOT NULL", "state TEXT NOT NULL CHECK (state > '')"),
        ),
        SHOP_ROWS,
        "SELECT login FROM richer",
        ("ada",),
        python=True,
    ),
    "a column that a view and a trigger have": Pair(
        SHOP,
        changed(
            SHOP,
            ("    code TEXT, -- printed on parcels\n", ""),
            ("SET code = 'seen'", "SET age = 1"),
            ("(age > 0)\n", "(age > 0)\n"),
        ),
        SHOP_ROWS,
        has=("ALTER TABLE customers DROP COLUMN code;",),
        has_not=NATIVE,
        python=True,
    ),
    # Tables
    "a table": Pair(
        USERS,
        USERS + "CREATE TABLE teams (id INTEGER NOT NULL, name VARCHAR(40), PRIMARY KEY (id));"
        "CREATE INDEX t ON teams (name);",
        python=True,
    ),
    "tables that point to each other": Pair(
        USERS,
        USERS + "CREATE TABLE a (id INTEGER PRIMARY KEY, b INTEGER REFERENCES b (id)); "
        "CREATE TABLE b (id INTEGER PRIMARY KEY, a INTEGER REFERENCES a (id), u INTEGER, "
        "FOREIGN KEY (u) REFERENCES users (id));",
        python=True,
    ),
    "a table with everything": Pair(USERS, USERS + SHOP, python=True),
    "all other tables": Pair(USERS, SHOP),
    "WITHOUT ROWID": Pair(
        "CREATE TABLE users (login TEXT PRIMARY KEY, x);",
        "CREATE TABLE users (login TEXT PRIMARY KEY, x) WITHOUT ROWID;",
        "INSERT INTO users VALUES ('b', 1), ('a', 2);",
    ),
    "STRICT": Pair(USERS, users(BASE, options=" STRICT")),
    "a virtual table": Pair(
        USERS, USERS + "CREATE VIRTUAL TABLE words USING fts5(title, body, tokenize = 'porter');", python=True
    ),
    "another virtual table": Pair(
        USERS + "CREATE VIRTUAL TABLE words USING fts5(title);",
        USERS + "CREATE VIRTUAL TABLE words USING fts5(title, body);",
    ),
    # Indexes
    "an index": Pair(users(BASE), users(BASE, "CREATE INDEX i ON users (login, city);"), has_not=NATIVE, python=True),
    "another index of the same name": Pair(
        users(BASE, "CREATE INDEX i ON users (login);"), users(BASE, "CREATE INDEX i ON users (city);"), python=True
    ),
    "another name of an index": Pair(
        users(BASE, "CREATE INDEX i ON users (login);"), users(BASE, "CREATE INDEX j ON users (login);")
    ),
    "odd indexes": Pair(
        users(BASE),
        users(
            BASE,
            "CREATE UNIQUE INDEX i ON users (lower(login), city DESC) WHERE age > '1' AND city IS NOT NULL;"
            "CREATE INDEX j ON users (login COLLATE NOCASE);",
        ),
        python=True,
    ),
    "an index that goes to another table": Pair(
        "CREATE TABLE a (x INT); CREATE TABLE b (x INT); CREATE INDEX i ON b (x);",
        "CREATE TABLE a (x INT); CREATE TABLE b (x INT UNIQUE); CREATE INDEX i ON a (x);",
        "INSERT INTO b VALUES (1);",
    ),
    # Views and triggers
    "a view": Pair(USERS, USERS + "CREATE VIEW v AS SELECT login AS Name FROM users;", python=True),
    "another view": Pair(
        USERS + "CREATE VIEW v AS SELECT login FROM users; CREATE VIEW w AS SELECT * FROM v;",
        USERS + "CREATE VIEW v AS SELECT login, city FROM users; CREATE VIEW w AS SELECT * FROM v;",
    ),
    "a view of everything with its own names": Pair(
        "CREATE TABLE users (a INT, c INT); CREATE VIEW v (x, y) AS SELECT * FROM users;",
        "CREATE TABLE users (a INT, b INT, c INT); CREATE VIEW v (x, y, z) AS SELECT * FROM users;",
        "INSERT INTO users VALUES (1, 3);",
        "SELECT z FROM v",
        (3,),
    ),
    "a view in place of a table": Pair(
        USERS + "CREATE TABLE names (x TEXT);", USERS + "CREATE VIEW names AS SELECT login AS x FROM users;"
    ),
    "a trigger of a view": Pair(
        USERS + "CREATE VIEW v AS SELECT login FROM users;",
        USERS
        + "CREATE VIEW v AS SELECT login FROM users; CREATE TRIGGER g INSTEAD OF INSERT ON v BEGIN "
        + "INSERT INTO users (login) VALUES (NEW.login); SELECT 1; END;",
        python=True,
    ),
    "a trigger": Pair(
        SHOP,
        changed(SHOP, ("code = 'seen'", "code = 'new'")),
        SHOP_ROWS,
        has=("DROP TRIGGER orders_seen;",),
        python=True,
    ),
    "a trigger that goes to another table": Pair(
        "CREATE TABLE a (x INT); CREATE TABLE b (x INT); CREATE TRIGGER g AFTER INSERT ON a BEGIN DELETE FROM b; END;",
        "CREATE TABLE a (x INT); CREATE TABLE b (x INT); CREATE TRIGGER g AFTER INSERT ON b BEGIN DELETE FROM a; END;",
        "",
    ),
    "triggers of tables that change and name each other": Pair(
        "CREATE TABLE a (x INT); CREATE TABLE b (x INT);"
        "CREATE TRIGGER g AFTER INSERT ON a BEGIN DELETE FROM b; END;"
        "CREATE TRIGGER h AFTER INSERT ON b BEGIN DELETE FROM a; END;",
        "CREATE TABLE a (x INT UNIQUE); CREATE TABLE b (x INT UNIQUE);"
        "CREATE TRIGGER g AFTER INSERT ON a BEGIN DELETE FROM b; END;"
        "CREATE TRIGGER h AFTER INSERT ON b BEGIN DELETE FROM a; END;",
        "",
        python=True,
    ),
    "a trigger elsewhere that names a table that changes": Pair(
        USERS
        + "CREATE TABLE log (x TEXT); CREATE TRIGGER g AFTER INSERT ON log BEGIN UPDATE users SET city = NEW.x; END;",
        users(BASE.replace("age TEXT", "age TEXT CHECK (age > '')"))
        + "CREATE TABLE log (x TEXT); CREATE TRIGGER g AFTER INSERT ON log BEGIN UPDATE users SET city = NEW.x; END;",
    ),
    "columns in a table whose triggers have all": Pair(
        users(BASE, "CREATE TRIGGER g AFTER UPDATE OF age ON users BEGIN UPDATE users SET city = NEW.age; END;"),
        users(
            f"{BASE}, x TEXT", "CREATE TRIGGER g AFTER UPDATE OF age ON users BEGIN UPDATE users SET x = NEW.age; END;"
        ),
        has_not=NATIVE,
    ),
}
