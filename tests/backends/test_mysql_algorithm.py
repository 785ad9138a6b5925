"""A rehearsal on MySQL says whether the server alters a table at once or copies it."""

from __future__ import annotations

from pathlib import Path

import pytest

from miger.backends.mysql_algorithm import NO_WRITES, altered
from miger.engine.preview import StatementPreview
from miger.engine.statements import split

from tests.backends.shop import Shop


@pytest.fixture
def shop(tmp_path: Path, mysql_url: str) -> Shop:
    """A project with a table of a few rows."""
    shop = Shop(tmp_path, mysql_url)
    shop.sql(
        "1_items",
        "CREATE TABLE items (id INT PRIMARY KEY, name VARCHAR(20), price VARCHAR(20));\n"
        "INSERT INTO items VALUES (1, 'a', '1'), (2, 'b', '2'), (3, 'b', '3');",
    )
    shop.up()
    return shop


def rehearse(shop: Shop, statement: str) -> StatementPreview:
    """What the rehearsal says of one statement."""
    shop.sql("2_change", f"{statement};")
    with shop.project() as project:
        [step] = project.preview(project.plan()).steps
    [told] = step.statements
    return told


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE items ADD COLUMN note TEXT",
        "ALTER TABLE items ADD COLUMN note TEXT -- with a word behind it\n",
        "ALTER TABLE items ADD INDEX by_name (name)",
        "ALTER TABLE items RENAME COLUMN name TO title",
        "ALTER TABLE items ALTER COLUMN name SET DEFAULT 'x'",
    ],
)
def test_what_is_done_in_place_copies_and_locks_nothing(shop: Shop, statement: str) -> None:
    told = rehearse(shop, statement)
    assert (told.outcome, told.rewritten, told.locks) == ("done", (), ())
    assert told.text.startswith(statement.rstrip())


@pytest.mark.parametrize(
    "statement", ["ALTER TABLE items MODIFY price INT", "alter table `items` MODIFY name CHAR(3) CHARACTER SET latin1"]
)
def test_what_copies_all_rows_is_told_to_and_that_nobody_can_write_meanwhile(shop: Shop, statement: str) -> None:
    told = rehearse(shop, statement)
    assert (told.outcome, told.rewritten) == ("done", ("items",))
    assert [(lock.relation, lock.mode) for lock in told.locks] == [("items", NO_WRITES)]


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("ALTER TABLE items ADD UNIQUE (name)", "Duplicate entry"),
        ("ALTER TABLE items DROP COLUMN nothing", "check that column/key exists|check that it exists"),
        ("ALTER TABLE nothing ADD COLUMN a INT", "doesn't exist"),
        ("ALTER TABLE items ADD COLUMN a NONSENSE", "Unknown data type|SQL syntax"),
    ],
)
def test_what_fails_fails_as_it_would_without_asking(shop: Shop, statement: str, error: str) -> None:
    shop.sql("2_change", f"{statement};")
    with shop.project() as project:
        preview = project.preview(project.plan())
    assert preview.failure is not None
    assert any(part in preview.failure.error for part in error.split("|"))
    assert "ALGORITHM" not in preview.failure.error


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("ALTER TABLE a ADD b INT", "a"),
        ("ALTER ONLINE IGNORE TABLE IF EXISTS `a b`.`c` DROP d", "a b.c"),
        ("ALTER TABLE a ADD b INT, ALGORITHM=COPY", ""),
        ("ALTER TABLE a ADD b INT, LOCK=NONE", ""),
        ("ALTER TABLE a DROP PARTITION p", ""),
        ("ALTER VIEW a AS SELECT 1", ""),
        ("CREATE TABLE a (b INT)", ""),
    ],
)
def test_a_statement_that_says_how_is_left_as_it_is(sql: str, table: str) -> None:
    [statement] = split([sql], "mysql")
    assert altered(statement) == table
