"""The catalog of a SQLite database: equal where two mean the same, and in words that make it again."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from miger.backends.sqlite import SqliteBackend
from miger.backends.sqlite_objects import read_catalog
from miger.backends.sqlite_objects_words import stated
from miger.backends.sqlite_tokens import tokens_of
from miger.engine.catalog import CHECK, FOREIGN_KEY, PRIMARY_KEY, UNIQUE, Catalog, Constraint, Table
from miger.engine.environments import Environment
from miger.engine.errors import RefusedError
from miger.engine.owner import this_process
from miger.engine.scratch import PREFIX
from miger.engine.secrets import Secret
from miger.generate.compare import compare
from miger.generate.writing.sqlite.text import Place, table_text

from tests.app.sqlite_pairs import PAIRS
from tests.backends.test_sqlite_schema import DIFFERENT, PARENTS, SAME

OWNER = this_process("test")
# What is no difference between catalogs: `miger.generate.compare`.
NO_DIFFERENCE = frozenset({"the order of columns", "a constraint without a name"})


def connected(*scripts: str) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.executescript(";".join(scripts))
    return connection


def catalog_in(connection: sqlite3.Connection) -> Catalog:
    return read_catalog(lambda query: connection.execute(query).fetchall(), ())


def catalog_of(*scripts: str) -> Catalog:
    return catalog_in(connected(*scripts))


def table_of(script: str, name: str = "t") -> Table:
    found = catalog_of(script).table(name)
    assert found is not None
    return found


def constraint_of(script: str, kind: str) -> Constraint:
    [found] = [found for found in table_of(script).constraints if found.kind == kind]
    return found


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_catalogs_of_one_meaning_are_equal(one: str, other: str) -> None:
    assert not compare(catalog_of(PARENTS, one), catalog_of(PARENTS, other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_catalogs_differ_where_one_thing_does(one: str, other: str, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.id
    assert bool(compare(catalog_of(PARENTS, one), catalog_of(PARENTS, other))) == (name not in NO_DIFFERENCE)


SCRIPTS = {
    **{f"same: {name}, {number}": pair[number] for name, pair in SAME.items() for number in (0, 1)},
    **{f"different: {name}, {number}": pair[number] for name, pair in DIFFERENT.items() for number in (0, 1)},
    **{f"pair: {name}, {number}": pair[number] for name, pair in PAIRS.items() for number in (0, 1)},
}


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_the_values_alone_make_the_same_database_again(script: str) -> None:
    catalog = catalog_of(PARENTS, str(script))
    again = connected()
    for table in catalog.tables:
        again.execute(table_text(Place(table._replace(definition="") if table.columns else table, catalog)))
    for table in catalog.tables:
        for index in table.indexes:
            again.execute(index.definition)
    texts = [thing.text for thing in catalog.things]
    for text in [*texts, *(extra.text for table in catalog.tables for extra in table.extras)]:
        again.execute(text)
    made = catalog_in(again)
    assert not compare(catalog, made)
    assert not compare(made, catalog)
    assert [table.indexes for table in made.tables] == [table.indexes for table in catalog.tables]


def test_a_rebuilt_table_is_the_same() -> None:
    connection = connected(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, Name TEXT CHECK (t.Name <> ''), p INT REFERENCES t); "
        "CREATE INDEX i ON t (Name)"
    )
    before = catalog_in(connection)
    connection.executescript(
        'CREATE TABLE t__new ("id" INTEGER, "Name" TEXT, "p" INT, PRIMARY KEY ("id"), FOREIGN KEY ("p") REFERENCES "t",'
        "CHECK (t__new.Name <> '')); DROP TABLE t; ALTER TABLE t__new RENAME TO t; create index `i` on [t]([name]);"
    )
    assert not compare(before, catalog_in(connection))


# What the values say


def test_a_column_says_what_it_is() -> None:
    table = table_of(
        "CREATE TABLE t (Id INTEGER PRIMARY KEY AUTOINCREMENT, name varchar(20) NOT NULL DEFAULT 'x' COLLATE nocase, "
        "d DEFAULT (lower('A')), n INT DEFAULT -1, g INT AS (n * 2) STORED, at DEFAULT current_timestamp)"
    )
    id, name, d, n, g, at = table.columns
    assert (id.type, id.nullable, id.identity, id.definition) == ("INTEGER", False, "autoincrement", "INTEGER")
    assert (name.type, name.nullable, name.default, name.collation) == ("VARCHAR(20)", False, "'x'", "NOCASE")
    assert name.definition == "VARCHAR(20) NOT NULL DEFAULT 'x' COLLATE NOCASE"
    assert (d.type, d.default, d.definition) == ("", "lower('A')", "DEFAULT (lower('A'))")
    assert (n.default, n.definition) == ("-1", "INT DEFAULT -1")
    assert (g.generated, g.stored, g.definition) == ("n * 2", True, "INT GENERATED ALWAYS AS (n * 2) STORED")
    assert at.default == "CURRENT_TIMESTAMP"
    assert table.definition.startswith("CREATE TABLE t (Id")


def test_names_keep_their_case_in_keys_checks_and_indexes() -> None:
    script = (
        'CREATE TABLE Parents ("Order No" INTEGER PRIMARY KEY);'
        "CREATE TABLE t (UserId INT, Other TEXT, P INT, UNIQUE (userid, OTHER COLLATE nocase DESC), "
        'CHECK (length("other") > 1 AND USERID IN (1, 2)), FOREIGN KEY (p) REFERENCES parents ("order no"));'
        "CREATE INDEX I ON T (lower(OTHER), userid DESC) WHERE p IS NOT NULL"
    )
    unique = constraint_of(script, UNIQUE)
    assert (unique.definition, unique.columns) == ("UNIQUE (UserId, Other COLLATE NOCASE DESC)", ("UserId", "Other"))
    check = constraint_of(script, CHECK)
    assert check.definition == "CHECK (length(Other) > 1 AND UserId IN (1, 2))"
    assert check.columns == ("UserId", "Other")
    key = constraint_of(script, FOREIGN_KEY)
    assert key.definition == 'FOREIGN KEY (P) REFERENCES Parents ("Order No")'
    assert (key.columns, key.target, key.target_columns) == (("P",), "Parents", ("Order No",))
    [index] = table_of(script).indexes
    assert index.definition == "CREATE INDEX I ON t (lower(Other), UserId DESC) WHERE P IS NOT NULL"
    assert (index.columns, index.unique, index.plain) == (("Other", "UserId", "P"), False, False)


def test_a_key_says_whether_it_counts_and_whether_it_is_the_row() -> None:
    counting = constraint_of("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)", PRIMARY_KEY)
    assert counting.definition == "PRIMARY KEY (id AUTOINCREMENT)"
    apart = constraint_of("CREATE TABLE t (id INTEGER PRIMARY KEY DESC)", PRIMARY_KEY)
    assert apart.definition == "PRIMARY KEY (id DESC) /* not the row's id */"
    assert apart.columns == ("id",)
    named = constraint_of("CREATE TABLE t (id INT CONSTRAINT k PRIMARY KEY ON CONFLICT REPLACE)", PRIMARY_KEY)
    assert (named.name, named.named, named.definition) == ("k", True, "PRIMARY KEY (id) ON CONFLICT REPLACE")


def test_a_text_in_double_quotes_is_written_as_one() -> None:
    assert constraint_of('CREATE TABLE t (a CHECK (a <> "Open"))', CHECK).definition == "CHECK (a <> 'Open')"
    assert constraint_of('CREATE TABLE t (a CHECK ("A" <> "o\'k"))', CHECK).definition == "CHECK (a <> 'o''k')"


def test_a_text_as_key_of_an_index_is_written_so_that_it_is_no_column() -> None:
    [index] = table_of('CREATE TABLE t (a); CREATE INDEX i ON t ("b" DESC, a) WHERE "c" <> a').indexes
    assert index.definition == "CREATE INDEX i ON t (\"b\" DESC, a) WHERE 'c' <> a"
    assert catalog_of("CREATE TABLE t (a)", index.definition).tables[0].indexes == (index,)


def test_names_in_double_quotes_that_are_no_columns_stay_names() -> None:
    tokens = tokens_of('"lower"("t"."A") = "rowid" COLLATE "nocase"')
    assert stated(tokens, {"a": "A"}) == "lower(t.A) = rowid COLLATE nocase"


def test_a_primary_key_is_never_null_without_rowid_and_in_a_strict_table() -> None:
    for options in ("WITHOUT ROWID", "STRICT"):
        one = catalog_of(f"CREATE TABLE t (a TEXT PRIMARY KEY) {options}")
        assert not compare(one, catalog_of(f"CREATE TABLE t (a TEXT NOT NULL PRIMARY KEY) {options}"))
        assert not one.tables[0].columns[0].nullable
        assert one.tables[0].options == options


def test_views_and_triggers_know_what_they_need_and_how_they_were_written() -> None:
    catalog = catalog_of(
        "CREATE TABLE t (a); CREATE TABLE Log (x); CREATE VIEW v AS select a -- all\nFROM T;"
        "CREATE VIEW w AS SELECT a FROM v; CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (1); END;"
        "CREATE TRIGGER h INSTEAD OF DELETE ON w BEGIN DELETE FROM t; END"
    )
    assert [(thing.kind, thing.name, thing.needs) for thing in catalog.things] == [
        ("view", "v", ("t",)),
        ("view", "w", ("v",)),
        ("trigger", "h", ("t", "w")),
    ]
    assert catalog.things[0].definition == "CREATE VIEW v AS\nSELECT a\nFROM T"
    assert catalog.things[0].text == "CREATE VIEW v AS select a -- all\nFROM T"
    [trigger] = [extra for table in catalog.tables for extra in table.extras]
    assert (trigger.kind, trigger.name, trigger.needs) == ("trigger", "g", ("Log",))


def test_a_virtual_table_is_one_without_its_shadows() -> None:
    catalog = catalog_of(
        "CREATE VIRTUAL TABLE words USING fts5(title, tokenize = 'porter'); CREATE TABLE words_more (a);"
        "CREATE VIRTUAL TABLE places USING rtree(id, x0, x1)"
    )
    assert [table.name for table in catalog.tables] == ["places", "words", "words_more"]
    words = catalog.tables[1]
    assert (words.columns, words.options) == ((), "USING fts5(title, tokenize = 'porter')")
    assert words.definition.startswith("CREATE VIRTUAL TABLE words")


def test_the_number_of_queries_does_not_grow() -> None:
    connection = connected(*(f"CREATE TABLE t{n} (a INT UNIQUE); CREATE INDEX i{n} ON t{n} (a)" for n in range(50)))
    asked: list[str] = []

    def query(sql: str) -> list[tuple[object, ...]]:
        asked.append(sql)
        return connection.execute(sql).fetchall()

    assert len(read_catalog(query, ()).tables) == 50
    assert len(asked) == 1


def test_a_table_that_cannot_be_read_is_refused_by_its_name() -> None:
    rows = [("table", "odd", "odd", "CREATE TABLE odd AS SELECT 1")]
    with pytest.raises(RefusedError, match="table odd"):
        read_catalog(lambda query: list(rows), ())


# On a backend


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[SqliteBackend]:
    made = SqliteBackend(Environment("dev", Secret(f"sqlite:///{tmp_path}/shop.db"), read_only=False), "miger_")
    yield made
    made.close()


def test_what_is_not_there_has_an_empty_catalog_and_is_not_made(backend: SqliteBackend, tmp_path: Path) -> None:
    assert backend.read_catalog() == Catalog()
    assert not os.listdir(tmp_path)


def test_the_tables_of_miger_are_left_out(backend: SqliteBackend) -> None:
    backend.prepare()
    backend.driver_connection.execute("CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT)")
    assert [table.name for table in backend.read_catalog().tables] == ["users"]


def test_a_blank_database_is_empty_and_gone_in_the_end(
    backend: SqliteBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    backend.prepare()
    backend.driver_connection.execute("CREATE TABLE users (id INTEGER)")
    with backend.blank(OWNER) as empty:
        assert isinstance(empty, SqliteBackend)
        assert empty.read_catalog() == Catalog()
        empty.prepare()
        empty.driver_connection.execute("CREATE TABLE users (id INTEGER)")
        assert not compare(backend.read_catalog(), empty.read_catalog())
        [folder] = [name for name in os.listdir(tmp_path) if name.startswith(PREFIX)]
    assert folder not in os.listdir(tmp_path)
    assert "users" in backend.read_schema()["table users"]


def test_a_blank_database_of_a_read_only_environment_can_be_written(backend: SqliteBackend) -> None:
    backend.environment = backend.environment._replace(read_only=True)
    with backend.blank(OWNER) as empty:
        empty.prepare()
        assert empty.snapshot().holder is None
