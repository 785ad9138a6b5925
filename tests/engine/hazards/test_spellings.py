"""The same changes in the many ways that real projects write them: each raises what it should, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from miger import Project
from miger.engine.hazards.comments import without_comments
from miger.engine.hazards.values import Hazard

from tests.engine.hazards.cases import LOST, ORDERS, ROWS
from tests.engine.hazards.projects import project_of
from tests.engine.hazards.test_rules import NOWHERE, hazards_of

Told = list[tuple[str, str, str]]


def told(hazards: list[Hazard]) -> Told:
    return [(hazard.code, hazard.severity, hazard.subject) for hazard in hazards]


def offline(folder: Path, backend: str, sql: str) -> Told:
    return told(hazards_of(project_of(folder, NOWHERE[backend], ""), sql, offline=True))


# Comments

COMMENTED = """CREATE TABLE /*_*/users_tmp (id INTEGER, name TEXT) /*$options*/;
INSERT INTO /*_*/users_tmp -- all of them
  SELECT id, name FROM /*_*/users;
DROP TABLE /*_*/users;
ALTER TABLE /*_*/users_tmp RENAME TO /*_*/users;
"""


def test_comments_between_the_words_hide_nothing(tmp_path: Path) -> None:
    assert offline(tmp_path, "sqlite", COMMENTED) == [("table-rebuild", "warning", "users")]


def test_a_comment_is_no_part_of_a_name(tmp_path: Path) -> None:
    sql = "ALTER TABLE /*_*/logs DROP INDEX /*i*/by_time;"
    assert offline(tmp_path, "mysql", sql) == [("drop-index", "warning", "by_time")]


@pytest.mark.parametrize(
    ("dialect", "sql", "left"),
    [
        ("sqlite", "a /* x */ b -- c", "a   b"),
        ("sqlite", "a '/* x */' \"--\" b", "a '/* x */' \"--\" b"),
        ("sqlite", "a\n/* x\ny */ b", "a\n \n b"),
        ("postgresql", "$f$ -- x $f$ E'\\'--' # 1 -- y", "$f$ -- x $f$ E'\\'--' # 1"),
        ("mysql", "a # b\nc --d\n'\\'#'", "a  \nc --d\n'\\'#'"),
        ("mysql", "/*!40014 SET foreign_key_checks=0 */", "SET foreign_key_checks=0"),
        ("mysql", "a /* never closed", "a /* never closed"),
    ],
)
def test_comments_go_and_all_else_stays(dialect: str, sql: str, left: str) -> None:
    found = without_comments(sql, dialect)
    assert found.split() == left.split()
    assert found.count("\n") == left.count("\n")


# Tables that are made anew

THROUGH_A_COPY = """CREATE TEMPORARY TABLE __temp__users AS SELECT id, name FROM users;
DROP TABLE users;
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO users (id, name) SELECT id, name FROM __temp__users;
DROP TABLE __temp__users;
"""


def test_rows_that_come_back_from_a_copy_are_not_lost(tmp_path: Path, sqlite_url: str) -> None:
    folder = project_of(tmp_path, sqlite_url, ROWS)
    assert told(hazards_of(folder, THROUGH_A_COPY)) == [
        ("drop-column", "error", "users.phone"),
        ("table-rebuild", "info", "users"),
    ]


def test_rows_that_do_not_come_back_are_lost(tmp_path: Path, sqlite_url: str) -> None:
    folder = project_of(tmp_path, sqlite_url, ROWS)
    elsewhere = THROUGH_A_COPY.replace("INSERT INTO users (id, name) SELECT id, name FROM __temp__users;", "")
    assert ("drop-table", "error", "users") in told(hazards_of(folder, elsewhere))


def test_a_table_that_got_its_rows_back_is_not_new(tmp_path: Path, sqlite_url: str) -> None:
    folder = project_of(tmp_path, sqlite_url, ROWS)
    (folder / "migrations" / "0003_drop.sql").write_text("-- miger:up\nDROP TABLE users;\n")
    hazards_of(folder, THROUGH_A_COPY)
    with Project.open(str(folder)) as project:
        codes = [hazard.code for hazard in project.lint().hazards if hazard.id == "0003_drop"]
    assert "drop-table" in codes


def test_a_scratch_table_that_may_be_left_over_is_no_loss(tmp_path: Path) -> None:
    sql = f"DROP TABLE IF EXISTS users_tmp;\n{COMMENTED}"
    assert offline(tmp_path, "sqlite", sql) == [
        ("drop-table", "info", "users_tmp"),
        ("table-rebuild", "warning", "users"),
    ]


def test_a_table_that_is_only_made_anew_loses_its_rows(tmp_path: Path) -> None:
    sql = "DROP TABLE IF EXISTS users;\nCREATE TABLE users (id INT);"
    assert offline(tmp_path, "sqlite", sql) == [("drop-table", "warning", "users")]


def test_a_table_that_is_swapped_for_its_copy_is_rebuilt(tmp_path: Path) -> None:
    sql = (
        "CREATE TABLE new LIKE users;\nINSERT INTO new SELECT * FROM users;\nRENAME TABLE users TO old, new TO users;\n"
        "DROP TABLE old;"
    )
    assert offline(tmp_path, "mysql", sql) == [("table-rebuild", "warning", "old")]
    other = sql.replace("SELECT * FROM users", "SELECT * FROM people")
    assert told(hazards_of(tmp_path, other, offline=True)) == [("drop-table", "warning", "old")]


# Told once, and no more than is known


@pytest.mark.parametrize(
    ("backend", "sql", "code"),
    [
        (
            "postgresql",
            "ALTER TABLE users ALTER a TYPE bigint, ALTER b TYPE bigint, ALTER c TYPE bigint;",
            "alter-type-rewrites",
        ),
        ("mysql", "ALTER TABLE users MODIFY a BIGINT, MODIFY b BIGINT, MODIFY c BIGINT;", "table-copy"),
    ],
)
def test_one_statement_writes_a_table_anew_once(backend: str, sql: str, code: str, tmp_path: Path) -> None:
    folder = project_of(tmp_path, NOWHERE[backend], "")
    [hazard] = hazards_of(folder, sql, offline=True)
    assert (hazard.code, hazard.subject) == (code, "users.a")
    assert hazard.message.endswith(", and 2 other changes of the statement")
    assert len(hazards_of(folder, sql.replace(", ", ";\nALTER TABLE users "), offline=True)) == 3


def test_the_worst_of_several_is_told(tmp_path: Path) -> None:
    sql = "ALTER TABLE users ALTER a TYPE varchar(30), ALTER b TYPE jsonb USING b::jsonb;"
    assert offline(tmp_path, "postgresql", sql) == [("alter-type-rewrites", "warning", "users.b")]


def test_dropping_an_index_is_one_hazard(tmp_path: Path) -> None:
    folder = project_of(tmp_path, NOWHERE["postgresql"], "")
    [hazard] = hazards_of(folder, "DROP INDEX by_name;", offline=True)
    assert hazard.code == "drop-index" and "CONCURRENTLY" in hazard.message
    [hazard] = hazards_of(folder, "DROP INDEX CONCURRENTLY by_name;", offline=True)
    assert hazard.code == "drop-index" and "CONCURRENTLY" not in hazard.message


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_an_index_that_is_made_anew_is_not_lost(backend: str, tmp_path: Path) -> None:
    again = "DROP INDEX by_name;\nCREATE INDEX by_name ON users (name, id);"
    assert "drop-index" not in {code for code, _, _ in offline(tmp_path, backend, again)}


def test_a_text_may_only_become_longer(tmp_path: Path) -> None:
    folder = project_of(tmp_path, NOWHERE["postgresql"], "")
    [hazard] = hazards_of(folder, "ALTER TABLE users ALTER name TYPE varchar(80);", offline=True)
    assert (hazard.code, hazard.severity) == ("alter-type-rewrites", "info")
    assert "unless name is text and only becomes longer" in hazard.message
    [hazard] = hazards_of(folder, "ALTER TABLE users ALTER name TYPE date;", offline=True)
    assert hazard.severity == "warning"


def test_without_the_old_type_nobody_knows_whether_mysql_copies(tmp_path: Path) -> None:
    folder = project_of(tmp_path, NOWHERE["mysql"], "")
    [hazard] = hazards_of(folder, "ALTER TABLE users MODIFY id BIGINT COMMENT 'key';", offline=True)
    assert hazard.message.endswith(", if that is another type than it has")


@pytest.mark.parametrize(
    ("sql", "severity"),
    [
        ("UPDATE app_version SET version = 8;", "info"),
        ("UPDATE schema_version SET version = 8;", "info"),
        ("DELETE FROM Version;\nINSERT INTO Version VALUES (8);", "info"),
        ("UPDATE document_versions SET version = 8;", "warning"),
        ("DELETE FROM conversion;", "warning"),
        ("DROP TABLE schema_version;", "warning"),
    ],
)
def test_the_row_that_says_the_version_has_no_where(sql: str, severity: str, tmp_path: Path) -> None:
    assert [found[1] for found in offline(tmp_path, "sqlite", sql)] == [severity]


def test_the_only_row_needs_no_where(tmp_path: Path, sqlite_url: str) -> None:
    setup = "CREATE TABLE settings (a INT, b INT);\nINSERT INTO settings VALUES (1, 2);\n"
    setup += "CREATE TABLE app_version (n INT);\nINSERT INTO app_version VALUES (1);\n"
    folder = project_of(tmp_path, sqlite_url, setup + ROWS)
    sql = "UPDATE settings SET a = 2;\nDELETE FROM app_version;\nUPDATE users SET name = 'x';\nDELETE FROM settings;"
    assert told(hazards_of(folder, sql)) == [
        ("update-without-where", "info", "settings.a"),
        ("delete-without-where", "info", "app_version"),
        ("update-without-where", "warning", "users.name"),
        ("delete-without-where", "error", "settings"),
    ]


def test_a_foreign_key_that_is_not_checked_copies_nothing(tmp_path: Path) -> None:
    key = "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id);"
    assert offline(tmp_path, "mysql", key) == [("table-copy", "warning", "orders")]


@pytest.mark.parametrize("off", ["SET foreign_key_checks = 0", "/*!40014 SET FOREIGN_KEY_CHECKS=0 */"])
def test_and_one_is_checked_again_when_that_is_switched_on(off: str, tmp_path: Path) -> None:
    key = "ALTER TABLE {} ADD FOREIGN KEY (user_id) REFERENCES users (id);"
    sql = f"{off};\n{key.format('a')}\nSET foreign_key_checks = 1;\n{key.format('b')}"
    assert offline(tmp_path, "mysql", sql) == [("table-copy", "warning", "b")]


def test_a_key_that_is_not_checked_does_not_fail(tmp_path: Path, mysql_url: str) -> None:
    folder = project_of(tmp_path, mysql_url, LOST)
    key = "ALTER TABLE orders ADD FOREIGN KEY (user_id) REFERENCES users (id);"
    assert ("orphan-rows", "error", "orders.user_id") in told(hazards_of(folder, key))
    unchecked = f"SET foreign_key_checks = 0;\n{key}"
    assert told(hazards_of(folder, unchecked)) == [("orphan-rows", "warning", "orders.user_id")]


def test_a_column_with_a_new_name_is_asked_by_its_old_one(tmp_path: Path, postgresql_url: str) -> None:
    folder = project_of(tmp_path, postgresql_url, ROWS)
    sql = "ALTER TABLE users RENAME {0} TO called;\nALTER TABLE users ALTER called SET NOT NULL;"
    assert ("null-values", "error", "users.called") in told(hazards_of(folder, sql.format("name")))
    assert "null-values" not in {code for code, _, _ in told(hazards_of(folder, sql.format("phone")))}


# Where a WHERE is


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE users SET name = (SELECT o.name FROM orders o WHERE o.user_id = users.id);",
        "UPDATE users SET name = 'where';",
        "DELETE FROM users WHERE 1=1;",
        "DELETE FROM users WHERE TRUE;",
    ],
)
def test_a_where_that_leaves_out_no_row_is_none(sql: str, tmp_path: Path) -> None:
    [(code, severity, _)] = offline(tmp_path, "sqlite", sql)
    assert code.endswith("-without-where") and severity == "warning"


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE users SET name = (SELECT max(name) FROM orders) WHERE id IN (SELECT user_id FROM orders);",
        "UPDATE users SET name = 'x' WHERE (id > 1);",
        "DELETE FROM users WHERE 1 = 1 AND id > 3;",
        "DELETE FROM users WHERE true_name = 'x';",
    ],
)
def test_a_where_of_the_statement_itself_is_one(sql: str, tmp_path: Path) -> None:
    assert offline(tmp_path, "sqlite", sql) == []


# Statements inside of others

DO = """DO $$
DECLARE n int;
BEGIN
  -- only once; not again
  IF EXISTS (SELECT 1 FROM information_schema.columns WHERE column_name = 'phone') THEN
    ALTER TABLE users DROP COLUMN phone;
  END IF;
  SELECT count(*) INTO n FROM users;
  EXECUTE 'DROP TABLE old_users';
  RAISE NOTICE 'DROP TABLE users';
END $$;
"""


def test_a_block_is_read_line_by_line(tmp_path: Path) -> None:
    hazards = hazards_of(project_of(tmp_path, NOWHERE["postgresql"], ""), DO, offline=True)
    assert [(hazard.code, hazard.subject, hazard.line) for hazard in hazards] == [
        ("drop-column", "users.phone", 7),
        ("drop-table", "old_users", 10),
    ]


def test_a_block_asks_the_data_as_well(tmp_path: Path, postgresql_url: str) -> None:
    folder = project_of(tmp_path, postgresql_url, ORDERS)
    assert ("drop-column", "error", "users.phone") in told(hazards_of(folder, DO))
    assert told(hazards_of(folder, DO.replace("phone", "fax"))) == []


KEY = """DO $$ BEGIN
  IF EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'k') THEN ALTER TABLE orders DROP CONSTRAINT k; END IF;
END $$;
DO $$ BEGIN
  ALTER TABLE orders ADD CONSTRAINT k FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL;
END $$;
"""


def test_after_a_block_that_writes_nothing_the_data_is_asked(tmp_path: Path, postgresql_url: str) -> None:
    folder = project_of(tmp_path, postgresql_url, LOST)
    assert ("orphan-rows", "error", "orders.user_id") in told(hazards_of(folder, KEY))
    writes = KEY.replace("END IF;", "END IF; PERFORM repair_orders();")
    assert "orphan-rows" not in {code for code, _, _ in told(hazards_of(folder, writes))}


def test_a_text_that_is_prepared_is_read(tmp_path: Path) -> None:
    sql = (
        "SET @text = (SELECT IF((SELECT count(*) FROM information_schema.columns) > 0,\n"
        "  'ALTER TABLE users DROP COLUMN phone;', 'SELECT 1'));\nPREPARE s FROM @text;\nEXECUTE s;\n"
        "SET @hint = 'we never DROP TABLE users';"
    )
    hazards = hazards_of(project_of(tmp_path, NOWHERE["mysql"], ""), sql, offline=True)
    assert [(hazard.code, hazard.subject, hazard.line) for hazard in hazards] == [("drop-column", "users.phone", 3)]


def test_a_procedure_does_what_it_says_when_it_is_called(tmp_path: Path) -> None:
    made = (
        "DELIMITER //\nCREATE PROCEDURE upgrade()\nBEGIN\n  IF 1 THEN\n    DROP TABLE users;\n  END IF;\nEND//\n"
        "DELIMITER ;\n"
    )
    assert offline(tmp_path, "mysql", made) == []
    hazards = hazards_of(tmp_path, f"{made}CALL upgrade();\nDROP PROCEDURE upgrade;", offline=True)
    assert [(hazard.code, hazard.line) for hazard in hazards] == [("drop-table", 6)]


# Spellings


@pytest.mark.parametrize(
    ("backend", "sql", "code", "subject"),
    [
        ("postgresql", "ALTER TABLE users ADD COLUMN x int UNIQUE;", "unique-blocks-table", "users"),
        ("postgresql", "ALTER TABLE users ADD COLUMN x int CHECK (x > 0);", "check-scans-table", "users"),
        ("postgresql", "ALTER TABLE users ADD x int DEFAULT 3 REFERENCES orgs (id);", "foreign-key-locks", "users.x"),
        ("postgresql", "ALTER TABLE users SET SCHEMA archive;", "rename-table", "users"),
        ("postgresql", "ALTER TABLE users ADD EXCLUDE USING gist (a WITH =);", "check-scans-table", "users"),
        ("postgresql", "DROP OWNED BY app;", "drop-cascade", "app"),
        ("postgresql", "REINDEX DATABASE shop;", "reindex-blocks-writes", "shop"),
        ("mysql", "ALTER TABLE users RENAME AS people;", "rename-table", "users"),
        ("mysql", "ALTER TABLE users TRUNCATE PARTITION p0;", "drop-partition", "users.p0"),
        ("mysql", "ALTER TABLE users TRUNCATE PARTITION ALL;", "truncate", "users"),
        ("mysql", "ALTER TABLE users PARTITION BY HASH (id) PARTITIONS 4;", "table-copy", "users"),
        ("mysql", "ALTER TABLE users ADD x INT AUTO_INCREMENT UNIQUE;", "table-copy", "users"),
        ("mysql", "ALTER TABLE users ADD x INT AS (id + 1) STORED;", "table-copy", "users"),
        ("mysql", "ALTER TABLE users ADD CONSTRAINT c CHECK (id > 0);", "table-copy", "users"),
        ("mysql", "CREATE FULLTEXT INDEX words ON users (name);", "index-blocks-writes", "users"),
        ("mysql", "DELETE QUICK FROM users;", "delete-without-where", "users"),
        ("sqlite", "UPDATE OR IGNORE users SET name = 'x';", "update-without-where", "users.name"),
    ],
)
def test_other_ways_to_say_it(backend: str, sql: str, code: str, subject: str, tmp_path: Path) -> None:
    assert offline(tmp_path, backend, sql) == [(code, "warning", subject)]


@pytest.mark.parametrize(
    ("backend", "sql"),
    [
        ("postgresql", "ALTER TABLE users ADD COLUMN x int REFERENCES orgs (id);"),
        ("postgresql", "ALTER TABLE users ADD COLUMN x int NULL DEFAULT 3;"),
        ("mysql", "ALTER TABLE users MODIFY id BIGINT, ALGORITHM=INPLACE, LOCK=NONE;"),
        ("mysql", "ALTER TABLE users ADD x INT AS (id + 1) VIRTUAL, ADD y INT AS (id + 2);"),
        ("mysql", "ALTER TABLE users ADD x INT CHECK (x > 0) REFERENCES orgs (id);"),
        ("mysql", "ALTER TABLE users COMMENT = 'DROP PARTITION p0', AUTO_INCREMENT = 7;"),
        ("sqlite", "VACUUM INTO 'backup.db';"),
        ("sqlite", "INSERT INTO log VALUES ('DROP TABLE users; DELETE FROM users');"),
    ],
)
def test_what_sounds_like_it_and_is_not(backend: str, sql: str, tmp_path: Path) -> None:
    assert offline(tmp_path, backend, sql) == []


def test_a_new_column_with_a_check_asks_nothing_of_the_data(tmp_path: Path, postgresql_url: str) -> None:
    folder = project_of(tmp_path, postgresql_url, ROWS)
    sql = "ALTER TABLE users ADD COLUMN age int CHECK (age > 0) UNIQUE;"
    assert {severity for _, severity, _ in told(hazards_of(folder, sql))} == {"info"}


@pytest.mark.parametrize(("options", "codes"), [("", ["drop-not-null"]), (", existing_nullable=True", [])])
def test_a_python_migration_may_allow_null(options: str, codes: list[str], tmp_path: Path) -> None:
    folder = project_of(tmp_path, NOWHERE["postgresql"], "")
    body = f"def up(db):\n    db.op.alter_column('users', 'name', nullable=True{options})\n\ndef down(db):\n    pass\n"
    (folder / "migrations" / "0001_null.py").write_text(body)
    with Project.open(str(folder)) as project:
        assert [hazard.code for hazard in project.lint(offline=True).hazards] == codes


# Large files


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE t{0} (a INT);\nALTER TABLE t{0} ADD COLUMN b INT;\n",
        "DROP TABLE t{0};\n",
        "ALTER TABLE t{0} RENAME TO u{0};\n",
    ],
)
def test_what_is_known_of_names_is_not_walked_through_for_each_statement(
    statement: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from miger.engine.hazards.changes import Name

    asked = []
    fits = Name.fits
    monkeypatch.setattr(Name, "fits", lambda self, other: asked.append(1) or fits(self, other))
    hazards_of(
        project_of(tmp_path, NOWHERE["sqlite"], ""),
        "".join(statement.format(number) for number in range(400)),
        offline=True,
    )
    assert len(asked) < 4 * 400


def test_a_long_alter_table_is_read_to_its_end(tmp_path: Path) -> None:
    columns = ", ".join(f"DROP COLUMN {'c' * 50}{number}" for number in range(2000))
    assert len(columns) > 100_000
    assert len(offline(tmp_path, "sqlite", f"ALTER TABLE users {columns};")) == 2000
