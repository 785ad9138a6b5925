"""What is special about SQLite: definitions in transactions, keys around rebuilds, one file, one writer."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from miger.backends.sqlite import SqliteBackend
from miger.engine.errors import MigerError, StatementError, StepFailed, UnreachableError
from miger.engine.events import LogLine

from tests.backends.shop import Shop

FAMILY = """
CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE children (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parents (id) ON DELETE CASCADE);
INSERT INTO parents VALUES (1, 'ann'), (2, 'bob');
INSERT INTO children VALUES (10, 1), (20, 2), (21, 2);
"""
REBUILD = """
CREATE TABLE new_parents (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
INSERT INTO new_parents SELECT id, name FROM parents{};
DROP TABLE parents;
ALTER TABLE new_parents RENAME TO parents;
"""


@pytest.fixture
def shop(tmp_path: Path, sqlite_url: str) -> Shop:
    return Shop(tmp_path, sqlite_url, lock_timeout="200ms", lease_wait="100ms")


@contextmanager
def opened(shop: Shop) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path_of(shop), isolation_level=None)) as connection:
        yield connection


def path_of(shop: Shop) -> str:
    return shop.url.removeprefix("sqlite:///").partition("?")[0]


def rows(shop: Shop, query: str) -> list[tuple[Any, ...]]:
    with opened(shop) as connection:
        return connection.execute(query).fetchall()


def run_outside(shop: Shop, script: str) -> None:
    with opened(shop) as connection:
        connection.executescript(script)


# --- definitions and transactions ----------------------------------------------------------------


def test_a_definition_is_rolled_back_with_its_step(shop: Shop) -> None:
    shop.sql("1_a", "CREATE TABLE a (id INTEGER);\nCREATE INDEX a_id ON a (id);\nSELECT nonsense;")
    with pytest.raises(StepFailed, match="nonsense") as caught:
        shop.up()
    assert (caught.value.statement, caught.value.line, caught.value.dirty) == (3, 4, False)
    assert rows(shop, "SELECT name FROM sqlite_master WHERE name NOT LIKE '%miger_%'") == []
    assert shop.states() == {"1_a": "pending"}
    assert shop.happenings() == [("1_a", "failed")]


def test_a_trigger_with_statements_of_its_own_is_one_statement(shop: Shop) -> None:
    shop.sql(
        "1_a",
        "CREATE TABLE a (id INTEGER, n INTEGER DEFAULT 0);\n"
        "CREATE TRIGGER a_count AFTER INSERT ON a BEGIN\n"
        "  UPDATE a SET n = CASE WHEN n IS NULL THEN 0 ELSE n + 1 END; -- ; END\n"
        "  DELETE FROM a WHERE id < 0;\nEND;\n"
        "INSERT INTO a (id) VALUES (1), (-1);",
    )
    shop.up()
    assert len(shop.ran) == 3
    assert rows(shop, "SELECT id FROM a") == [(1,)]


def test_percent_signs_colons_and_question_marks_in_sql_are_left_alone(shop: Shop) -> None:
    shop.sql("1_a", "CREATE TABLE a (t TEXT);\nINSERT INTO a VALUES ('100 %s :x ? @y $z %(n)s');")
    shop.up()
    assert rows(shop, "SELECT t FROM a") == [("100 %s :x ? @y $z %(n)s",)]


def test_vacuum_runs_without_a_transaction_and_says_so_otherwise(shop: Shop) -> None:
    shop.sql("1_a", "CREATE TABLE a (id INTEGER);\nVACUUM;", transaction=False)
    shop.sql("2_b", "VACUUM;")
    with pytest.raises(StepFailed, match="VACUUM") as caught:
        shop.up()
    assert "`transaction = false`" in caught.value.hint
    assert shop.states() == {"1_a": "applied", "2_b": "pending"}


def test_a_statement_that_rolls_the_transaction_back_leaves_nothing(shop: Shop) -> None:
    shop.sql(
        "1_a",
        "CREATE TABLE a (id INTEGER PRIMARY KEY);\nINSERT INTO a VALUES (1);\nINSERT OR ROLLBACK INTO a VALUES (1);",
    )
    with pytest.raises(StepFailed, match="UNIQUE"):
        shop.up()
    assert shop.states() == {"1_a": "pending"}
    assert rows(shop, "SELECT count(*) FROM sqlite_master WHERE name = 'a'") == [(0,)]


# --- foreign keys --------------------------------------------------------------------------------


def test_a_rebuild_in_sql_keeps_the_child_rows(shop: Shop) -> None:
    shop.sql("1_a", FAMILY)
    shop.sql("2_b", REBUILD.format(""))
    shop.up()
    assert rows(shop, "SELECT * FROM children") == [(10, 1), (20, 2), (21, 2)]
    assert "NOT NULL" in rows(shop, "SELECT sql FROM sqlite_master WHERE name = 'parents'")[0][0]


def test_a_rebuild_in_python_keeps_the_child_rows(shop: Shop) -> None:
    shop.sql("1_a", FAMILY)
    shop.python(
        "2_b",
        "def up(db):\n"
        "    with db.op.batch_alter_table('parents') as table:\n"
        "        table.alter_column('name', nullable=False)\n",
    )
    shop.up()
    assert rows(shop, "SELECT * FROM children") == [(10, 1), (20, 2), (21, 2)]
    assert "NOT NULL" in rows(shop, "SELECT sql FROM sqlite_master WHERE name = 'parents'")[0][0]


def test_a_rebuild_in_steps_of_its_own_keeps_the_child_rows(shop: Shop) -> None:
    shop.sql("1_a", FAMILY)
    shop.sql("2_b", REBUILD.format(""), transaction=False)
    shop.up()
    assert rows(shop, "SELECT * FROM children") == [(10, 1), (20, 2), (21, 2)]


def test_a_rebuild_that_leaves_orphans_is_rolled_back(shop: Shop) -> None:
    shop.sql("1_a", FAMILY)
    shop.sql("2_b", REBUILD.format(" WHERE id = 1"))
    with pytest.raises(StepFailed, match="2 rows of children would point to nothing in parents"):
        shop.up()
    assert shop.states() == {"1_a": "applied", "2_b": "pending"}
    assert rows(shop, "SELECT count(*) FROM parents") == [(2,)]
    assert rows(shop, "SELECT count(*) FROM children") == [(3,)]


def test_orphans_that_were_there_before_a_rebuild_do_not_matter(shop: Shop) -> None:
    shop.sql("1_a", FAMILY)
    shop.up()
    run_outside(shop, "INSERT INTO children VALUES (30, 99)")
    shop.sql("2_b", REBUILD.format(""))
    shop.up()
    assert rows(shop, "SELECT * FROM children WHERE id = 30") == [(30, 99)]


def test_a_key_that_names_no_unique_column_does_not_stop_a_rebuild(shop: Shop) -> None:
    shop.sql("1_a", FAMILY + "CREATE TABLE odd (name TEXT REFERENCES parents (name));")
    shop.up()
    run_outside(shop, "INSERT INTO odd VALUES ('x')")
    shop.sql("2_b", REBUILD.format(" WHERE id = 1"))
    with pytest.raises(StepFailed, match="2 rows of children"):  # what can be checked still is
        shop.up()
    shop.sql("2_b", REBUILD.format(""))
    assert shop.up() == ("2_b",)


def test_keys_are_enforced_and_cascade_where_rows_are_changed(shop: Shop) -> None:
    shop.sql("1_a", FAMILY)
    shop.sql("2_b", "DELETE FROM parents WHERE id = 2;")
    shop.sql("3_c", "INSERT INTO children VALUES (40, 77);")
    with pytest.raises(StepFailed, match="FOREIGN KEY"):
        shop.up()
    assert rows(shop, "SELECT * FROM children") == [(10, 1)]
    assert shop.states() == {"1_a": "applied", "2_b": "applied", "3_c": "pending"}


def test_a_drop_table_that_could_not_be_seen_beforehand_is_refused(shop: Shop) -> None:
    (shop.folder / "hidden.py").write_text("def tidy(db):\n    db.execute('DR' 'OP TABLE parents')\n")
    shop.sql("1_a", FAMILY)
    shop.python("2_b", "from hidden import tidy\n\ndef up(db):\n    tidy(db)\n")
    try:
        with pytest.raises(StepFailed, match="DROP TABLE while foreign keys are enforced") as caught:
            shop.up()
    finally:
        sys.modules.pop("hidden", None)
    assert "drop_table" in caught.value.hint and caught.value.line == 4
    assert rows(shop, "SELECT count(*) FROM children") == [(3,)]
    shop.python(
        "2_b",
        "def up(db):  # drop_table parents\n    db.execute('DELETE FROM children')\n    db.op.drop_table('parents')\n",
    )
    assert shop.up() == ("2_b",)


# --- what a migration leaves in its session ------------------------------------------------------


@pytest.mark.parametrize("transaction", [True, False])
def test_settings_attached_files_and_temporary_tables_do_not_reach_the_next_migration(
    shop: Shop, transaction: bool, tmp_path: Path
) -> None:
    attach = f"ATTACH '{tmp_path}/other.db' AS other;\nCREATE TABLE other.x (id INTEGER);" if not transaction else ""
    shop.sql(
        "1_a",
        f"PRAGMA case_sensitive_like = ON;\nPRAGMA foreign_keys = OFF;\n{attach}\n"
        "CREATE TEMP TABLE scratch (id INTEGER);\nCREATE TABLE temp.scratch2 (id INTEGER);",
        transaction=transaction,
    )
    shop.sql(
        "2_b",
        "CREATE TABLE seen AS SELECT 'a' LIKE 'A' AS like_,\n"
        "  (SELECT foreign_keys FROM pragma_foreign_keys) AS keys,\n"
        "  (SELECT count(*) FROM pragma_database_list WHERE name = 'other') AS others,\n"
        "  (SELECT count(*) FROM sqlite_temp_master) AS temporary;",
    )
    shop.up()
    assert rows(shop, "SELECT * FROM seen") == [(1, 1, 0, 0)]


def test_a_temporary_table_alone_does_not_reach_the_next_migration(shop: Shop) -> None:
    shop.sql("1_a", "CREATE TABLE temp.scratch (id INTEGER);")
    shop.python("2_b", "def up(db):\n    db.execute('CREATE TABLE temp.scratch (id INTEGER)')\n")
    shop.sql("3_c", "CREATE TABLE seen AS SELECT count(*) AS n FROM sqlite_temp_master;")
    shop.up()
    assert rows(shop, "SELECT * FROM seen") == [(0,)]


# --- the file ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sql", "python"])
def test_a_busy_file_is_tried_again_until_it_is_free(shop: Shop, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.sql("1_a", "CREATE TABLE a (id INTEGER);")
    shop.up()
    if kind == "sql":
        shop.sql("2_b", "INSERT INTO a VALUES (1);")
    else:
        shop.python("2_b", "def up(db):\n    db.execute('INSERT INTO a VALUES (1)')\n")
    with opened(shop) as other, shop.project() as project:
        real, tries = SqliteBackend.begin, []

        def begin(backend: SqliteBackend, *args: Any, **options: Any) -> None:
            if args and not tries:
                other.execute("BEGIN IMMEDIATE")  # comes between the lease and the migration
            tries.extend(args[:1])
            real(backend, *args, **options)

        def on_event(event: object) -> None:
            if isinstance(event, LogLine) and "try 2" in event.message:
                other.execute("ROLLBACK")

        monkeypatch.setattr(SqliteBackend, "begin", begin)
        project.up(on_event=on_event)
    assert len(tries) == 2
    assert rows(shop, "SELECT count(*) FROM a") == [(1,)]


def test_a_file_that_stays_busy_is_said_to_be(shop: Shop) -> None:
    shop.sql("1_a", "CREATE TABLE a (id INTEGER);")
    shop.up()
    shop.sql("2_b", "CREATE TABLE b (id INTEGER);")
    with opened(shop) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StatementError, match="database is locked") as caught:
            shop.up()
        assert "lock_timeout" in caught.value.hint
        assert shop.states() == {"1_a": "applied", "2_b": "pending"}  # reading goes on
    assert shop.up() == ("2_b",)


def test_a_file_locked_against_reading_is_said_to_be_busy(shop: Shop) -> None:
    shop.sql("1_a", "CREATE TABLE a (id INTEGER);")
    shop.up()
    with opened(shop) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(UnreachableError, match="locked") as caught:
            shop.states()
    assert "lock_timeout" in caught.value.hint


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    shop = Shop(tmp_path, f"sqlite:///{tmp_path}/nowhere/x.db")
    shop.sql("1_a", "SELECT 1;")
    assert shop.states() == {"1_a": "pending"}
    with pytest.raises(UnreachableError, match="nowhere") as caught:
        shop.up()
    assert "folder" in caught.value.hint
    assert not (tmp_path / "nowhere").exists()


def test_a_file_that_is_no_database_is_refused_and_left_alone(shop: Shop) -> None:
    Path(path_of(shop)).write_bytes(b"dear diary, " * 100)
    shop.sql("1_a", "SELECT 1;")
    for action in (shop.states, shop.up):
        with pytest.raises(UnreachableError, match="not a database"):
            action()
    assert Path(path_of(shop)).read_bytes() == b"dear diary, " * 100


def test_an_empty_file_is_an_empty_database(shop: Shop) -> None:
    Path(path_of(shop)).touch()
    shop.sql("1_a", "CREATE TABLE a (id INTEGER);")
    assert shop.up() == ("1_a",)


def test_a_file_that_may_only_be_read_shows_its_status_and_refuses_changes(shop: Shop) -> None:
    shop.sql("1_a", "CREATE TABLE a (id INTEGER);")
    shop.up()
    shop.sql("2_b", "CREATE TABLE b (id INTEGER);")
    shop.url += "?mode=ro"
    shop.configure()
    assert shop.states() == {"1_a": "applied", "2_b": "pending"}
    with pytest.raises(StatementError, match="readonly") as caught:
        shop.up()
    assert "rights" in caught.value.hint


def test_a_full_disk_loses_nothing(shop: Shop) -> None:
    shop.sql("1_a", "CREATE TABLE a (t TEXT);\nINSERT INTO a VALUES ('kept');")
    shop.up()
    with opened(shop) as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
    fill = (
        "INSERT INTO a WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)\n"
        "  SELECT hex(randomblob(500)) FROM n;"
    )
    shop.sql("2_b", f"PRAGMA max_page_count = {pages + 20};\n{fill}")
    with pytest.raises(StepFailed, match="full") as caught:
        shop.up()
    assert "nothing of this transaction was kept" in caught.value.hint
    assert rows(shop, "SELECT * FROM a") == [("kept",)]
    assert rows(shop, "PRAGMA integrity_check") == [("ok",)]
    assert shop.states() == {"1_a": "applied", "2_b": "pending"}
    shop.sql("2_b", fill)
    assert shop.up() == ("2_b",)


def test_status_reads_a_file_whose_writer_was_killed(shop: Shop) -> None:
    """A journal is left, and the first to read rolls back what it undoes."""
    shop.sql("1_a", "CREATE TABLE a (t TEXT);\nINSERT INTO a VALUES ('before');")
    shop.up()
    script = (
        "import os, sqlite3, sys\n"
        "c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA cache_size = 1'); c.execute('PRAGMA cache_spill = 1'); c.execute('BEGIN IMMEDIATE')\n"
        "c.execute(\"UPDATE a SET t = 'after'\"); c.execute(\"UPDATE miger_migrations SET state = 'dirty'\")\n"
        "for _ in range(400): c.execute('INSERT INTO a VALUES (hex(randomblob(900)))')\n"
        "os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", script, path_of(shop)], check=False).returncode == 9
    assert os.path.getsize(path_of(shop) + "-journal") > 0
    assert shop.states() == {"1_a": "applied"}
    assert rows(shop, "SELECT * FROM a") == [("before",)]


def test_status_writes_nothing(shop: Shop) -> None:
    shop.sql("1_a", "CREATE TABLE a (t TEXT);")
    assert shop.states() == {"1_a": "pending"}
    assert not os.path.exists(path_of(shop))
    shop.up()
    before = Path(path_of(shop)).read_bytes()
    assert shop.states() == {"1_a": "applied"}
    assert len(shop.history()) == 1
    assert shop.up() == ()
    assert Path(path_of(shop)).read_bytes() == before
    assert sorted(os.listdir(os.path.dirname(path_of(shop)))) == ["shop", "x.db"]


def test_a_write_ahead_log_works_as_well(shop: Shop) -> None:
    shop.sql("1_a", "PRAGMA journal_mode = WAL;\nCREATE TABLE a (id INTEGER);", transaction=False)
    shop.sql("2_b", FAMILY)
    shop.sql("3_c", REBUILD.format(""))
    assert shop.up() == ("1_a", "2_b", "3_c")
    assert rows(shop, "PRAGMA journal_mode") == [("wal",)]
    assert rows(shop, "SELECT count(*) FROM children") == [(3,)]


def test_a_resumed_migration_repeats_its_settings(shop: Shop) -> None:
    shop.sql(
        "1_a",
        "PRAGMA case_sensitive_like = ON;\nCREATE TABLE a (x INTEGER);\nINSERT INTO b SELECT 'a' LIKE 'A';",
        transaction=False,
    )
    with pytest.raises(MigerError, match="no such table: b"):
        shop.up()
    assert shop.states() == {"1_a": "dirty"}
    run_outside(shop, "CREATE TABLE b (x INTEGER)")
    assert shop.repair("1_a")
    assert rows(shop, "SELECT x FROM b") == [(0,)]
    assert [text.split()[0] for text in shop.ran] == ["PRAGMA", "INSERT"]
