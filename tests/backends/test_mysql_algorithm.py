"""A rehearsal on MySQL says whether the server alters a table at once or copies it."""

from __future__ import annotations

from pathlib import Path

import pytest

from miger.backends.mysql_algorithm import NO_WRITES, WAYS, change_in
from miger.engine.preview.values import StatementPreview

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


PYTHON = {
    "db.op.add_column('items', sa.Column('note', sa.Text))": ((), ()),
    "db.op.create_index('by_name', 'items', ['name'])": ((), ()),
    "db.op.create_index('by_name', 'items', ['name'], unique=True)": None,
    "db.op.alter_column('items', 'price', type_=sa.Integer, existing_type=sa.String(20))": (("items",), (NO_WRITES,)),
    "db.op.alter_column('items', 'name', new_column_name='title', existing_type=sa.String(20))": ((), ()),
    "db.op.drop_index('by_price', 'items')": ((), ()),
    "db.op.drop_column('items', 'price')": ((), ()),
    "db.execute('ALTER TABLE items MODIFY price INT')": (("items",), (NO_WRITES,)),
    "db.execute(sa.text('ALTER TABLE items ADD FULLTEXT INDEX words (name)'))": ((), (NO_WRITES,)),
    "db.execute('CREATE FULLTEXT INDEX words ON items (name)')": ((), (NO_WRITES,)),
}


@pytest.mark.parametrize("body", PYTHON)
def test_what_a_python_migration_sends_is_asked_for_as_well(shop: Shop, body: str) -> None:
    shop.sql("2_index", "CREATE INDEX by_price ON items (price);")
    shop.up()
    shop.python("3_change", f"import sqlalchemy as sa\n\n\ndef up(db):\n    {body}\n")
    with shop.project() as project:
        preview = project.preview(project.plan())
    if PYTHON[body] is None:  # two rows have the same name
        assert preview.failure is not None
        assert "Duplicate entry" in preview.failure.error
        assert "ALGORITHM" not in preview.failure.error
        return
    [told] = [found for found in preview.steps[0].statements if not found.text.startswith(("SELECT", "SHOW"))]
    assert (told.outcome, (told.rewritten, tuple(lock.mode for lock in told.locks))) == ("done", PYTHON[body])
    assert "ALGORITHM" not in told.text


def test_an_effect_belongs_to_the_statement_that_had_it(shop: Shop) -> None:
    shop.python(
        "2_change",
        "def up(db):\n    db.execute('ALTER TABLE items MODIFY price INT')\n"
        "    db.execute('UPDATE items SET price = 7')\n    db.execute('ALTER TABLE items ADD note TEXT')\n",
    )
    with shop.project() as project:
        [step] = project.preview(project.plan()).steps
    assert [found.rewritten for found in step.statements] == [("items",), (), ()]


@pytest.mark.parametrize("statement", ["CREATE INDEX by_name ON items (name)", "DROP INDEX by_price ON items"])
def test_an_index_of_a_file_is_made_and_dropped_in_place(shop: Shop, statement: str) -> None:
    shop.sql("2_index", "CREATE INDEX by_price ON items (price);")
    shop.up()
    shop.sql("3_change", f"{statement};")
    with shop.project() as project:
        preview = project.preview(project.plan())
    [told] = preview.steps[0].statements
    assert (told.outcome, told.rewritten, told.locks, told.text) == ("done", (), (), statement)
    assert [change.object for change in preview.changes or ()] == ["table items"]


@pytest.mark.parametrize(
    ("sql", "table", "asked"),
    [
        ("ALTER TABLE a ADD b INT", "a", "ALTER TABLE a ADD b INT\n, ALGORITHM=INPLACE, LOCK=NONE"),
        ("/* x */ ALTER TABLE a ADD b INT; ", "a", "ALTER TABLE a ADD b INT\n, ALGORITHM=INPLACE, LOCK=NONE"),
        ("ALTER ONLINE IGNORE TABLE IF EXISTS `a b`.`c` DROP d", "a b.c", None),
        ("CREATE INDEX i ON a (b)", "a", "CREATE INDEX i ON a (b)\nALGORITHM=INPLACE LOCK=NONE"),
        ("create or replace unique index if not exists `i` using btree on `a b`(c)", "a b", None),
        ("DROP INDEX i ON a", "a", "ALTER TABLE a DROP INDEX i, ALGORITHM=INPLACE, LOCK=NONE"),
        ("DROP INDEX `PRIMARY` ON a", "", None),
        ("DROP INDEX i ON a LOCK=NONE", "", None),
        ("ALTER TABLE a ADD b INT, ALGORITHM=COPY", "", None),
        ("ALTER TABLE a ADD b INT, LOCK=NONE", "", None),
        ("ALTER TABLE a DROP PARTITION p", "", None),
        ("ALTER VIEW a AS SELECT 1", "", None),
        ("ALTER TABLE a ADD b INT; ALTER TABLE a ADD c INT", "", None),
        ("CREATE TABLE a (b INT)", "", None),
        ("SELECT 1 -- alter table a add b int", "", None),
        ("", "", None),
    ],
)
def test_a_statement_that_says_how_is_left_as_it_is(sql: str, table: str, asked: str | None) -> None:
    change = change_in(sql)
    assert (change.table if change is not None else "") == table
    if asked is not None and change is not None:
        assert change.asking(WAYS[2]) == asked
