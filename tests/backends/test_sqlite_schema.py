"""Two texts of a SQLite table read alike exactly where they mean the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest

from miger.backends.sqlite_create_table import NotRead, read_table
from miger.backends.sqlite_schema import definition
from miger.backends.sqlite_tokens import alike, joined, tokens_of
from miger.engine.schema import changed_objects, compare_schemas

PARENTS = "CREATE TABLE Parents (Id INTEGER PRIMARY KEY, a TEXT, b TEXT, UNIQUE (a, b));"

SAME = {
    "spaces": ("CREATE TABLE t (id INT,name TEXT)", "create table t(\n  id   INT , name\tTEXT )"),
    "comments": ("CREATE TABLE t (id INT, a TEXT)", "CREATE TABLE t (id INT, -- the 'id'\n a /* , b */ TEXT)"),
    "quotes": ("CREATE TABLE t (id INT, name TEXT)", 'CREATE TABLE "t" (`id` INT, [name] TEXT)'),
    "names as texts": ("CREATE TABLE t (id INT, UNIQUE (id))", "CREATE TABLE 't' ('id' INT, UNIQUE ('id'))"),
    "a name that is a keyword": ("CREATE TABLE t (key INT UNIQUE)", 'CREATE TABLE t ("key" INT, UNIQUE (key))'),
    "types": (
        "CREATE TABLE t (a VARCHAR(5), b DOUBLE PRECISION)",
        "CREATE TABLE t (a varchar ( 5 ), b Double precision)",
    ),
    "a key of one column": ("CREATE TABLE t (id INTEGER PRIMARY KEY)", "CREATE TABLE t (id INTEGER, PRIMARY KEY (ID))"),
    "autoincrement": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        "CREATE TABLE t (id INTEGER, PRIMARY KEY (id AUTOINCREMENT))",
    ),
    "what is never NULL": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY)",
        "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY)",
    ),
    "ascending": ("CREATE TABLE t (a INT, UNIQUE (a))", "CREATE TABLE t (a INT, UNIQUE (a ASC))"),
    "unique": ("CREATE TABLE t (a INT UNIQUE, b INT)", "CREATE TABLE t (a INT, b INT, UNIQUE (a))"),
    "the order of constraints": (
        "CREATE TABLE t (a INT, b INT, UNIQUE (a), CHECK (a > 0), UNIQUE (b), CHECK (b > 0))",
        "CREATE TABLE t (a INT CHECK (a > 0), b INT, CHECK (b > 0), UNIQUE (b), UNIQUE (a))",
    ),
    "no comma between constraints": (
        "CREATE TABLE t (a INT, UNIQUE (a), CHECK (a > 0))",
        "CREATE TABLE t (a INT, UNIQUE (a) CHECK (a > 0))",
    ),
    "the order in a column": (
        "CREATE TABLE t (a TEXT NOT NULL DEFAULT 'x' COLLATE NOCASE)",
        "CREATE TABLE t (a TEXT COLLATE nocase DEFAULT 'x' NOT NULL)",
    ),
    "parentheses": (
        "CREATE TABLE t (a INT DEFAULT 1 CHECK (a > 0))",
        "CREATE TABLE t (a INT DEFAULT (1) CHECK ((a > 0)))",
    ),
    "a word as default": ("CREATE TABLE t (a TEXT DEFAULT 'Abc')", "CREATE TABLE t (a TEXT DEFAULT Abc)"),
    "a default in double quotes": ("CREATE TABLE t (a TEXT DEFAULT 'A\"b')", 'CREATE TABLE t (a TEXT DEFAULT "A""b")'),
    "a value as default": (
        "CREATE TABLE t (a TEXT DEFAULT CURRENT_TIMESTAMP, b INT DEFAULT TRUE)",
        "CREATE TABLE t (a TEXT DEFAULT (current_timestamp), b INT DEFAULT true)",
    ),
    "nothing as default": ("CREATE TABLE t (a BLOB DEFAULT X'0A')", "CREATE TABLE t (a BLOB DEFAULT (x'0a'))"),
    "NULL that says nothing": ("CREATE TABLE t (a TEXT)", "CREATE TABLE t (a TEXT NULL)"),
    "the usual collation": ("CREATE TABLE t (a TEXT)", "CREATE TABLE t (a TEXT COLLATE BINARY)"),
    "the usual conflict": ("CREATE TABLE t (a INT UNIQUE)", "CREATE TABLE t (a INT UNIQUE ON CONFLICT ABORT)"),
    "a name of NOT NULL": ("CREATE TABLE t (a INT NOT NULL)", "CREATE TABLE t (a INT CONSTRAINT n NOT NULL)"),
    "the case of an expression": (
        "CREATE TABLE t (Name TEXT, CHECK (length(Name) > 1 AND Name <> 'X'))",
        "CREATE TABLE t (Name TEXT, CHECK (LENGTH(\"NAME\")>1 and [name]<>'X'))",
    ),
    "generated": (
        "CREATE TABLE t (a INT, b INT AS (a * 2))",
        "CREATE TABLE t (a INT, b INT GENERATED ALWAYS AS ((a*2)) VIRTUAL)",
    ),
    "a foreign key": (
        "CREATE TABLE t (p INT REFERENCES Parents (Id) ON DELETE CASCADE)",
        'CREATE TABLE t (p INT, FOREIGN KEY (P) REFERENCES "parents" (id) ON UPDATE NO ACTION ON DELETE CASCADE)',
    ),
    "a foreign key to the primary key": (
        "CREATE TABLE t (p INT REFERENCES Parents)",
        "CREATE TABLE t (p INT REFERENCES parents (id))",
    ),
    "a foreign key to its own primary key": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY, p INT REFERENCES t)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, p INT, FOREIGN KEY (p) REFERENCES t (id))",
    ),
    "a foreign key that is checked at once": (
        "CREATE TABLE t (p INT REFERENCES Parents (Id))",
        "CREATE TABLE t (p INT REFERENCES Parents (Id) NOT DEFERRABLE INITIALLY DEFERRED)",
    ),
    "options": (
        "CREATE TABLE t (id INT PRIMARY KEY) STRICT, WITHOUT ROWID",
        "CREATE TABLE t (id INT PRIMARY KEY) without rowid,strict",
    ),
    "an index": (
        "CREATE TABLE t (Name TEXT, b INT); CREATE INDEX i ON t (Name, lower(Name)) WHERE b > 0",
        'CREATE TABLE t (Name TEXT, b INT); CREATE INDEX "i" ON "T" ([name] ASC, LOWER("Name")) WHERE (b>0)',
    ),
    "a view": (
        "CREATE TABLE t (a INT); CREATE VIEW v AS SELECT a FROM t WHERE a > 0",
        'CREATE TABLE t (a INT); CREATE VIEW "v" AS select "a"\nfrom t where a>0 -- all',
    ),
    "a trigger": (
        "CREATE TABLE t (a INT); CREATE TRIGGER g AFTER INSERT ON t BEGIN DELETE FROM t; SELECT 1; END",
        'CREATE TABLE t (a INT); CREATE TRIGGER g after insert on "t" begin delete from t; select 1; end',
    ),
}

DIFFERENT = {
    "a column's name": ("CREATE TABLE t (a INT)", "CREATE TABLE t (b INT)"),
    "the case of a column's name": ("CREATE TABLE t (name INT)", "CREATE TABLE t (Name INT)"),
    "the order of columns": ("CREATE TABLE t (a INT, b INT)", "CREATE TABLE t (b INT, a INT)"),
    "a type": ("CREATE TABLE t (a INT)", "CREATE TABLE t (a INTEGER)"),
    "no type": ("CREATE TABLE t (a)", "CREATE TABLE t (a BLOB)"),
    "a length": ("CREATE TABLE t (a VARCHAR(5))", "CREATE TABLE t (a VARCHAR(50))"),
    "a precision": ("CREATE TABLE t (a DECIMAL(5, 2))", "CREATE TABLE t (a DECIMAL(52))"),
    "NOT NULL": ("CREATE TABLE t (a INT)", "CREATE TABLE t (a INT NOT NULL)"),
    "NOT NULL of a key that may be NULL": (
        "CREATE TABLE t (a INT PRIMARY KEY)",
        "CREATE TABLE t (a INT NOT NULL PRIMARY KEY)",
    ),
    "what NOT NULL does": ("CREATE TABLE t (a INT NOT NULL)", "CREATE TABLE t (a INT NOT NULL ON CONFLICT REPLACE)"),
    "a default": ("CREATE TABLE t (a TEXT DEFAULT 'x')", "CREATE TABLE t (a TEXT DEFAULT 'X')"),
    "spaces of a default": ("CREATE TABLE t (a TEXT DEFAULT 'a b')", "CREATE TABLE t (a TEXT DEFAULT 'a  b')"),
    "no default": ("CREATE TABLE t (a TEXT)", "CREATE TABLE t (a TEXT DEFAULT '')"),
    "the sign of a default": ("CREATE TABLE t (a INT DEFAULT 1)", "CREATE TABLE t (a INT DEFAULT -1)"),
    "a number or a text": ("CREATE TABLE t (a DEFAULT 1)", "CREATE TABLE t (a DEFAULT '1')"),
    "a value or a text": ("CREATE TABLE t (a DEFAULT TRUE)", 'CREATE TABLE t (a DEFAULT "true")'),
    "the time or a text": ("CREATE TABLE t (a DEFAULT CURRENT_DATE)", 'CREATE TABLE t (a DEFAULT "current_date")'),
    "the case of a word as default": ("CREATE TABLE t (a DEFAULT Abc)", "CREATE TABLE t (a DEFAULT abc)"),
    "a collation": ("CREATE TABLE t (a TEXT COLLATE NOCASE)", "CREATE TABLE t (a TEXT COLLATE RTRIM)"),
    "a primary key": (
        "CREATE TABLE t (a INT, b INT, PRIMARY KEY (a))",
        "CREATE TABLE t (a INT, b INT, PRIMARY KEY (b))",
    ),
    "the order in a key": (
        "CREATE TABLE t (a INT, b INT, PRIMARY KEY (a, b))",
        "CREATE TABLE t (a INT, b INT, PRIMARY KEY (b, a))",
    ),
    "unique or primary": ("CREATE TABLE t (a INT UNIQUE)", "CREATE TABLE t (a INT PRIMARY KEY)"),
    "AUTOINCREMENT": (
        "CREATE TABLE t (id INTEGER PRIMARY KEY)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)",
    ),
    "a key that is not the row's id": (
        "CREATE TABLE t (id INTEGER, PRIMARY KEY (id DESC))",
        "CREATE TABLE t (id INTEGER PRIMARY KEY DESC)",
    ),
    "a descending key": ("CREATE TABLE t (a INT, UNIQUE (a))", "CREATE TABLE t (a INT, UNIQUE (a DESC))"),
    "a key's collation": ("CREATE TABLE t (a TEXT, UNIQUE (a))", "CREATE TABLE t (a TEXT, UNIQUE (a COLLATE NOCASE))"),
    "what UNIQUE does": ("CREATE TABLE t (a INT UNIQUE)", "CREATE TABLE t (a INT UNIQUE ON CONFLICT IGNORE)"),
    "one UNIQUE or two": (
        "CREATE TABLE t (a INT, b INT, UNIQUE (a, b))",
        "CREATE TABLE t (a INT UNIQUE, b INT UNIQUE)",
    ),
    "a constraint's name": (
        "CREATE TABLE t (a INT, CONSTRAINT c CHECK (a > 0))",
        "CREATE TABLE t (a INT, CONSTRAINT d CHECK (a > 0))",
    ),
    "a constraint without a name": (
        "CREATE TABLE t (a INT, CONSTRAINT c UNIQUE (a))",
        "CREATE TABLE t (a INT, UNIQUE (a))",
    ),
    "a CHECK": ("CREATE TABLE t (a INT CHECK (a > 0))", "CREATE TABLE t (a INT CHECK (a >= 0))"),
    "a text in a CHECK": ("CREATE TABLE t (a CHECK (a <> 'x  y'))", "CREATE TABLE t (a CHECK (a <> 'x y'))"),
    "a text in double quotes": ('CREATE TABLE t (a CHECK (a <> "Open"))', 'CREATE TABLE t (a CHECK (a <> "open"))'),
    "parentheses that count": (
        "CREATE TABLE t (a, b, CHECK ((a OR b) AND a))",
        "CREATE TABLE t (a, b, CHECK (a OR (b AND a)))",
    ),
    "parentheses that only seem to go around": (
        "CREATE TABLE t (a, b, CHECK ((a) OR (b)))",
        "CREATE TABLE t (a, b, CHECK (a AND b))",
    ),
    "no CHECK": ("CREATE TABLE t (a INT CHECK (a > 0))", "CREATE TABLE t (a INT)"),
    "stored": ("CREATE TABLE t (a INT, b INT AS (a))", "CREATE TABLE t (a INT, b INT AS (a) STORED)"),
    "what generates": ("CREATE TABLE t (a INT, b INT AS (a + 1))", "CREATE TABLE t (a INT, b INT AS (a + 2))"),
    "a foreign key": ("CREATE TABLE t (p INT)", "CREATE TABLE t (p INT REFERENCES Parents)"),
    "its table": ("CREATE TABLE t (p INT REFERENCES Parents)", "CREATE TABLE t (p INT REFERENCES t)"),
    "its columns": (
        "CREATE TABLE t (p, q, FOREIGN KEY (p, q) REFERENCES Parents (a, b))",
        "CREATE TABLE t (p, q, FOREIGN KEY (q, p) REFERENCES Parents (a, b))",
    ),
    "the columns it is to": (
        "CREATE TABLE t (p, q, FOREIGN KEY (p, q) REFERENCES Parents (a, b))",
        "CREATE TABLE t (p, q, FOREIGN KEY (p, q) REFERENCES Parents (b, a))",
    ),
    "ON DELETE": (
        "CREATE TABLE t (p INT REFERENCES Parents ON DELETE SET NULL)",
        "CREATE TABLE t (p INT REFERENCES Parents ON DELETE SET DEFAULT)",
    ),
    "ON UPDATE": (
        "CREATE TABLE t (p INT REFERENCES Parents ON UPDATE CASCADE)",
        "CREATE TABLE t (p INT REFERENCES Parents ON DELETE CASCADE)",
    ),
    "DEFERRED": (
        "CREATE TABLE t (p INT REFERENCES Parents)",
        "CREATE TABLE t (p INT REFERENCES Parents DEFERRABLE INITIALLY DEFERRED)",
    ),
    "WITHOUT ROWID": ("CREATE TABLE t (a INT PRIMARY KEY)", "CREATE TABLE t (a INT PRIMARY KEY) WITHOUT ROWID"),
    "STRICT": ("CREATE TABLE t (a INT)", "CREATE TABLE t (a INT) STRICT"),
    "a name beyond ASCII": ("CREATE TABLE t (ä, Ä, CHECK (Ä))", "CREATE TABLE t (ä, Ä, CHECK (ä))"),
    "an index's columns": (
        "CREATE TABLE t (a, b); CREATE INDEX i ON t (a, b)",
        "CREATE TABLE t (a, b); CREATE INDEX i ON t (b, a)",
    ),
    "an index's uniqueness": (
        "CREATE TABLE t (a); CREATE INDEX i ON t (a)",
        "CREATE TABLE t (a); CREATE UNIQUE INDEX i ON t (a)",
    ),
    "an index's condition": (
        "CREATE TABLE t (a); CREATE INDEX i ON t (a) WHERE a > 0",
        "CREATE TABLE t (a); CREATE INDEX i ON t (a) WHERE a > 1",
    ),
    "an index's order": (
        "CREATE TABLE t (a); CREATE INDEX i ON t (a)",
        "CREATE TABLE t (a); CREATE INDEX i ON t (a DESC)",
    ),
    "an index's expression": (
        "CREATE TABLE t (a); CREATE INDEX i ON t (lower(a))",
        "CREATE TABLE t (a); CREATE INDEX i ON t (upper(a))",
    ),
    "an index's table": (
        "CREATE TABLE t (a); CREATE TABLE u (a); CREATE INDEX i ON t (a)",
        "CREATE TABLE t (a); CREATE TABLE u (a); CREATE INDEX i ON u (a)",
    ),
    "a view's text": ("CREATE VIEW v AS SELECT 'a'", "CREATE VIEW v AS SELECT 'A'"),
    "a view's text in double quotes": ('CREATE VIEW v AS SELECT "a"', 'CREATE VIEW v AS SELECT "A"'),
    "a trigger's time": (
        "CREATE TABLE t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
        "CREATE TABLE t (a); CREATE TRIGGER g BEFORE INSERT ON t BEGIN SELECT 1; END",
    ),
    "the case of a view's column": ("CREATE VIEW v AS SELECT 1 AS Name", "CREATE VIEW v AS SELECT 1 AS name"),
    "the case of a view's column that is a keyword": (
        "CREATE VIEW v AS SELECT 1 AS Desc",
        "CREATE VIEW v AS SELECT 1 AS desc",
    ),
    "the case of a message": (
        "CREATE TABLE t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT RAISE(ABORT, Stop); END",
        "CREATE TABLE t (a); CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT RAISE(ABORT, stop); END",
    ),
    "a module's arguments": (
        "CREATE VIRTUAL TABLE f USING fts5(a, tokenize = 'porter')",
        "CREATE VIRTUAL TABLE f USING fts5(a, tokenize = 'ascii')",
    ),
}


def schema_of(*scripts: str) -> dict[str, str]:
    """What a database keeps after a script: SQLite itself says that the statements are right."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(";".join(scripts))
    rows = connection.execute(
        "SELECT type || ' ' || name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite%'"
    ).fetchall()
    connection.close()
    return dict(rows)


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_texts_of_one_meaning_read_alike(one: str, other: str) -> None:
    before, after = schema_of(PARENTS, one), schema_of(PARENTS, other)
    assert before != after
    assert compare_schemas(before, after, definition=definition) == ()


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_texts_that_differ_in_one_thing_read_differently(one: str, other: str) -> None:
    before, after = schema_of(PARENTS, one), schema_of(PARENTS, other)
    assert len(changed_objects(before, after, definition=definition)) == 1
    assert len(changed_objects(after, before, definition=definition)) == 1


RICH = """
CREATE TABLE Parents (Id INTEGER PRIMARY KEY, a TEXT, b TEXT, UNIQUE (a, b));
CREATE TABLE plain (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name VARCHAR ( 50 ) NOT NULL DEFAULT 'it''s', "od d" [double  word],
    p INT CONSTRAINT k REFERENCES Parents ON DELETE SET NULL DEFERRABLE, at DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE keyed (a INT, b TEXT COLLATE NOCASE, c REAL GENERATED ALWAYS AS (a * 2) STORED, d AS (b || ',)'),
    PRIMARY KEY (b DESC, a), UNIQUE (b COLLATE RTRIM), CONSTRAINT u UNIQUE (a, b) ON CONFLICT REPLACE,
    FOREIGN KEY (a, b) REFERENCES Parents (a, b) ON UPDATE CASCADE MATCH FULL, CHECK (a > 0)) WITHOUT ROWID;
CREATE TABLE typed (a INT NOT NULL ON CONFLICT IGNORE PRIMARY KEY, b ANY, c BLOB DEFAULT (x'00')) STRICT;
CREATE TABLE taken AS SELECT a, b AS "two words" FROM Parents;
CREATE TABLE added (a INT);
ALTER TABLE added ADD COLUMN b TEXT DEFAULT 'x' CHECK (b <> '');
ALTER TABLE added RENAME TO Last;
"""


@pytest.fixture
def rich() -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(":memory:")
    connection.executescript(RICH)
    yield connection
    connection.close()


def test_what_is_read_from_the_text_is_what_sqlite_tells(rich: sqlite3.Connection) -> None:
    tables = rich.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    for name, sql in tables.fetchall():
        table = read_table(sql)
        assert table.name == name
        told = rich.execute("SELECT * FROM pragma_table_xinfo(?)", (name,)).fetchall()
        columns = [(column.name, squeezed(column.type), column.not_null) for column in table.columns]
        in_key = {pk for *_, pk, _ in told if pk} if table.without_rowid or table.strict else set()
        assert columns == [
            (column, squeezed(type), bool(not_null) and not (pk in in_key and not table.columns[cid].not_null))
            for cid, column, type, not_null, _, pk, _ in told
        ]
        hidden = {
            column.name: {(False, False): 0, (True, False): 2, (True, True): 3}[bool(column.generated), column.stored]
            for column in table.columns
        }
        assert hidden == {column: hidden for _, column, *_, hidden in told}
        key = [words.split()[0] for words in table.primary_key.columns] if table.primary_key else []
        assert key == [column.lower() for _, column in sorted((pk, column) for _, column, _, _, _, pk, _ in told if pk)]
        uniques = rich.execute("SELECT * FROM pragma_index_list(?) WHERE origin = 'u'", (name,)).fetchall()
        assert len(uniques) == len(table.uniques)
        links = rich.execute("SELECT * FROM pragma_foreign_key_list(?)", (name,)).fetchall()
        assert {(link[2].lower(), link[5].lower(), link[6].lower()) for link in links} == {
            (key.parent, key.on_update or "no action", key.on_delete or "no action") for key in table.foreign_keys
        }


def squeezed(type: str) -> str:
    """A type as SQLite tells it, which has all the spaces that were written, in capitals and without them."""
    return type.upper().replace(" ", "").replace("[", "").replace("]", "")


@pytest.mark.parametrize(
    "sql", ["CREATE TABLE t (id INTEGER PRIMARY KEY)", "CREATE TABLE t (id INTEGER NOT NULL PRIMARY KEY)"]
)
def test_a_column_that_is_the_rows_id_takes_null_for_the_next_one(sql: str) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute(sql)
    assert connection.execute("INSERT INTO t VALUES (NULL) RETURNING id").fetchall() == [(1,)]
    connection.close()


def test_a_definition_has_a_line_for_each_part() -> None:
    schema = schema_of(
        PARENTS,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, Name TEXT NOT NULL DEFAULT 'x' UNIQUE, "
        "p INT REFERENCES Parents ON DELETE CASCADE, CONSTRAINT c CHECK (length(Name) > 1)) STRICT".replace(
            "TEXT", "TEXT"
        ),
    )
    assert definition(schema, "table t").splitlines() == [
        "id INTEGER",
        "Name TEXT not null default 'x'",
        "p INT",
        "primary key (id)",
        "unique (name)",
        "constraint c check (length(name) > 1)",
        "foreign key (p) references parents (id) on delete cascade",
        "strict",
    ]


def test_an_added_column_is_one_line() -> None:
    before = schema_of("CREATE TABLE t (a INT, CHECK (a > 0))")
    after = schema_of("CREATE TABLE t (a INT, CHECK (a > 0))", "ALTER TABLE t ADD COLUMN b TEXT NOT NULL DEFAULT ''")
    [change] = compare_schemas(before, after, definition=definition)
    assert change.lines() == ["+ b TEXT not null default ''"]


def test_a_text_that_cannot_be_read_is_compared_word_by_word() -> None:
    for sql in ("CREATE TABLE t (a INT,, b)", "CREATE TABLE t (a INT", "CREATE TABLE t (a INT) SOON", "nonsense", ""):
        with pytest.raises(NotRead):
            read_table(sql)
    assert not changed_objects(
        {"table t": "CREATE TABLE t (a,, b)"}, {"table t": "create table t(a,,b)"}, definition=definition
    )
    assert changed_objects(
        {"table t": "CREATE TABLE t (a,, b)"}, {"table t": "create table t(a,,c)"}, definition=definition
    )


@pytest.mark.parametrize(
    "text",
    [
        "a.b",
        "1.5",
        "a . 5",
        "- 1",
        "- -1",
        "f (x)",
        "f(x)",
        "IN (1)",
        "'a , b'",
        '"a b"',
        "a->>'$.b'",
        "x'0a'",
        "(a).b",
        "1 .a",
    ],
)
def test_words_that_are_joined_come_apart_as_they_were(text: str) -> None:
    words = alike(tokens_of(text))
    assert tokens_of(joined(words)) == words


def test_a_thousand_tables_that_are_as_before_are_not_taken_apart() -> None:
    schema = {f"table t{number}": f"CREATE TABLE t{number} (a INT)" for number in range(1000)}
    asked: list[str] = []
    after = {**schema, "table t7": "CREATE TABLE t7 (a  INT)", "table new": "CREATE TABLE new (a)"}
    assert changed_objects(schema, after, definition=lambda of, name: asked.append(name) or definition(of, name)) == (
        "table new",
    )
    assert asked == ["table t7", "table t7"]
