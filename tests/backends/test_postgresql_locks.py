"""A dry run by rollback tells of each step the locks that the step takes when it is run alone."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from miger.backends.postgresql_locks import ALL, MODES, ROW_EXCLUSIVE, Taken, locks_of, target_of
from miger.engine.preview.values import StepPreview

from tests.backends.shop import Shop

SHOP = """
CREATE TABLE parents (id integer PRIMARY KEY, name text UNIQUE);
CREATE TABLE items (id integer PRIMARY KEY, name varchar(20), parent integer CONSTRAINT to_parents REFERENCES parents);
CREATE TABLE "Odd name" (id integer);
ALTER TABLE "Odd name" ADD CONSTRAINT positive CHECK (id > 0) NOT VALID;
CREATE TABLE events (at date) PARTITION BY RANGE (at);
CREATE TABLE events_1 (at date);
CREATE SCHEMA other;
CREATE TABLE other.items (id integer);
CREATE INDEX items_by_name ON items (name);
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
CREATE TRIGGER look AFTER UPDATE ON items FOR EACH STATEMENT EXECUTE FUNCTION nothing();
INSERT INTO parents VALUES (1, 'a');
INSERT INTO items VALUES (1, 'a', NULL);
INSERT INTO "Odd name" VALUES (1);
"""
TABLES = ("parents", "items", '"Odd name"', "events", "events_1", "other.items")
# After this step every lock on a table has been taken, so that none of the next step's is seen again.
ALL_OF_THEM = "".join(
    f"LOCK TABLE {', '.join(TABLES)} IN {words} MODE;\n"
    for words in (
        *("ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE", "SHARE UPDATE EXCLUSIVE"),
        *("SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"),
    )
)

STATEMENTS = [
    "SELECT * FROM items",
    "SELECT * FROM items JOIN other.items o ON o.id = items.id, parents",
    "WITH here AS (SELECT * FROM parents) SELECT * FROM here",
    "SELECT * FROM items FOR UPDATE",
    "TABLE parents",
    "INSERT INTO items (id, name) SELECT id + 10, name FROM parents",
    'INSERT INTO "Odd name" VALUES (2)',
    "UPDATE items SET name = 'b'",
    "UPDATE ONLY other.items AS o SET id = 2 FROM parents p WHERE p.id = o.id",
    "DELETE FROM items USING parents WHERE parents.id = items.id",
    "WITH gone AS (DELETE FROM other.items RETURNING id) SELECT count(*) FROM gone",
    "TRUNCATE TABLE items, ONLY other.items",
    "ALTER TABLE items ADD COLUMN note text",
    "ALTER TABLE IF EXISTS ONLY items ADD COLUMN note text",
    "ALTER TABLE items ALTER COLUMN name TYPE text, ALTER id SET STATISTICS 200",
    "ALTER TABLE items ALTER COLUMN name SET STATISTICS 200",
    "ALTER TABLE items ALTER name SET (n_distinct = 5)",
    "ALTER TABLE items SET (fillfactor = 70)",
    "ALTER TABLE items RENAME COLUMN name TO title",
    "ALTER TABLE items RENAME TO things",
    "ALTER TABLE items ADD CONSTRAINT more CHECK (id > 0)",
    "ALTER TABLE items ADD CONSTRAINT to_more FOREIGN KEY (parent) REFERENCES parents (id)",
    "ALTER TABLE items ADD FOREIGN KEY (parent) REFERENCES parents (id) NOT VALID",
    "ALTER TABLE other.items ADD COLUMN parent integer REFERENCES parents",
    'ALTER TABLE "Odd name" VALIDATE CONSTRAINT positive',
    "ALTER TABLE items DISABLE TRIGGER look",
    "ALTER TABLE items ENABLE ROW LEVEL SECURITY",
    "ALTER TABLE items CLUSTER ON items_by_name",
    "ALTER TABLE events ATTACH PARTITION events_1 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    "CREATE INDEX ON items (name, id)",
    "CREATE UNIQUE INDEX IF NOT EXISTS more ON ONLY other.items USING btree (id)",
    "CREATE TRIGGER more BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION nothing()",
    "CREATE OR REPLACE RULE quiet AS ON DELETE TO items DO INSTEAD NOTHING",
    "CREATE POLICY mine ON items USING (id > 0)",
    "CREATE STATISTICS pairs ON id, name FROM items",
    "CREATE VIEW seen AS SELECT * FROM items",
    "CREATE MATERIALIZED VIEW kept AS SELECT items.id FROM items, parents",
    "CREATE TABLE copied AS SELECT * FROM items",
    "CREATE TABLE children (id integer, parent integer REFERENCES parents, FOREIGN KEY (id) REFERENCES items)",
    "CREATE TABLE alike (LIKE items INCLUDING ALL)",
    "CREATE TABLE heir (more integer) INHERITS (items)",
    "CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM ('2027-01-01') TO ('2028-01-01')",
    "DROP TABLE items",
    "DROP TABLE IF EXISTS other.items, events_1",
    "DROP TABLE parents CASCADE",
    "DROP INDEX items_by_name",
    "DROP TRIGGER look ON items",
    "COMMENT ON TABLE items IS 'things'",
    "COMMENT ON COLUMN other.items.id IS 'things'",
    "ANALYZE items",
    "CLUSTER items USING items_by_name",
    "REINDEX TABLE items",
    "REINDEX INDEX items_by_name",
    "LOCK TABLE items, parents IN SHARE ROW EXCLUSIVE MODE",
    "COPY items TO '/dev/null'",
    "/* LOCK TABLE parents */ UPDATE items SET name = 'LOCK TABLE parents' -- parents",
    "SELECT 1",
    "CREATE TABLE apart (id integer)",
]


@pytest.fixture
def shop(tmp_path: Path, postgresql_url: str) -> Shop:
    shop = Shop(tmp_path, postgresql_url)
    shop.sql("1_shop", SHOP)
    shop.up()
    return shop


def previewed(shop: Shop) -> list[StepPreview]:
    with shop.project() as project:
        return list(project.preview(project.plan(), "rollback").steps)


def strongest(steps: StepPreview) -> dict[str, str]:
    """The strongest lock on each table that a step is told to take."""
    found: dict[str, str] = {}
    for statement in steps.statements:
        for lock in statement.locks:
            found[lock.relation] = max(found.get(lock.relation, lock.mode), lock.mode, key=MODES.index)
    return found


def taken_alone(url: str, *statements: str) -> dict[str, str]:
    """The strongest lock on each table that a transaction of these statements alone takes."""
    found: dict[str, str] = {}
    with psycopg.connect(url) as client, psycopg.connect(url, autocommit=True) as other:
        rows = other.execute(
            "SELECT c.oid, format('%I.%I', n.nspname, c.relname) FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.relkind IN ('r', 'p', 'm') AND n.nspname IN ('public', 'other')"
        )
        names = dict(rows.fetchall())
        for statement in statements:
            client.execute(statement)  # type: ignore[call-overload]  # not a literal
        pid = client.info.backend_pid
        held = other.execute(
            "SELECT relation, mode FROM pg_locks WHERE pid = %s AND locktype = 'relation' AND granted", (pid,)
        ).fetchall()
        client.rollback()
    for oid, mode in held:
        if oid in names:
            found[names[oid]] = max(found.get(names[oid], mode), mode, key=MODES.index)
    return found


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_later_step_is_told_to_take_what_it_takes_when_it_runs_alone(shop: Shop, statement: str) -> None:
    shop.sql("2_locks", ALL_OF_THEM)
    shop.sql("3_change", f"{statement};")
    [first, second] = previewed(shop)
    assert second.outcome == "done", second.error
    told = {name: mode for name, mode in strongest(second).items() if name not in NEW}
    if "RENAME TO" in statement:
        told = {"public.items": told["public.things"]}
    assert told == taken_alone(shop.url, statement)
    assert not [
        lock for found in second.statements for lock in found.locks if lock.measured and lock.relation not in NEW
    ]
    assert all(lock.measured for found in first.statements for lock in found.locks)


NEW = {f"public.{name}" for name in ("children", "alike", "heir", "events_2", "kept", "copied", "apart")}
"""Tables that a statement makes itself, which nobody else can wait for."""


def test_the_same_statement_in_two_steps_is_told_twice_and_the_second_time_as_derived(shop: Shop) -> None:
    for id in ("2_a", "3_b"):
        shop.sql(id, "UPDATE items SET name = 'b';")
    steps = previewed(shop)
    assert [
        [(lock.relation, lock.mode, lock.measured) for found in step.statements for lock in found.locks]
        for step in steps
    ] == [[("public.items", ROW_EXCLUSIVE, True)], [("public.items", ROW_EXCLUSIVE, False)]]
    assert all(lock.ms > 0 for step in steps for found in step.statements for lock in found.locks)


def test_a_weaker_lock_of_a_later_step_is_measured_where_nobody_held_it(shop: Shop) -> None:
    shop.sql("2_a", "ALTER TABLE items ADD COLUMN note text;")
    shop.sql("3_b", "UPDATE items SET note = name; UPDATE items SET note = ''; ALTER TABLE items DROP COLUMN note;")
    [_, second] = previewed(shop)
    assert [[(lock.mode, lock.measured) for lock in found.locks] for found in second.statements] == [
        [(ROW_EXCLUSIVE, True)],
        [],
        [(ALL, False)],
    ]


def test_a_step_of_several_transactions_takes_its_locks_in_each(shop: Shop) -> None:
    shop.sql("2_a", "UPDATE items SET name = 'b'; UPDATE items SET name = 'c';", transaction=False)
    [step] = previewed(shop)
    assert [[(lock.mode, lock.measured) for lock in found.locks] for found in step.statements] == [
        [(ROW_EXCLUSIVE, True)],
        [(ROW_EXCLUSIVE, False)],
    ]


def test_a_python_migration_is_told_its_locks_as_well(shop: Shop) -> None:
    shop.sql("2_a", "ALTER TABLE items ADD COLUMN note text;")
    shop.python("3_b", "def up(db):\n    db.op.drop_column('items', 'note')\n")
    [_, second] = previewed(shop)
    assert strongest(second) == {"public.items": ALL}
    assert [lock.measured for found in second.statements for lock in found.locks] == [False]


def test_several_statements_in_one_text_of_python_are_told_their_locks(shop: Shop) -> None:
    shop.sql("2_a", "UPDATE items SET name = 'b'; UPDATE parents SET name = 'b';")
    shop.python("3_b", "def up(db):\n    db.execute('UPDATE items SET id = id; UPDATE parents SET name = name')\n")
    [_, second] = previewed(shop)
    assert {"public.items", "public.parents"} <= {
        name for name, mode in strongest(second).items() if mode == ROW_EXCLUSIVE
    }


def test_a_statement_that_failed_and_was_rolled_back_lends_its_locks_to_no_other(shop: Shop) -> None:
    shop.sql("2_a", "UPDATE items SET name = 'b';")
    shop.python(
        "3_b",
        "def up(db):\n    point = db.connection.begin_nested()\n    try:\n"
        "        db.execute('UPDATE items SET id = 1 / 0')\n    except Exception:\n        point.rollback()\n"
        "    db.execute('SELECT 1')\n",
    )
    [_, second] = previewed(shop)
    assert second.outcome == "done", second.error
    assert strongest(second) == {}


def test_rows_that_are_sent_together_are_told_their_lock(shop: Shop) -> None:
    rows = "".join(f"INSERT INTO items (id) VALUES ({number});\n" for number in range(100, 400))
    for number, id in enumerate(("2_a", "3_b"), 1):
        shop.sql(id, rows.replace("VALUES (", f"VALUES ({number}"))
    [_, second] = previewed(shop)
    assert second.outcome == "done"
    assert any(found.count > 1 for found in second.statements)
    assert strongest(second) == {"public.items": ROW_EXCLUSIVE}


def test_rows_of_a_copy_are_told_their_lock_in_both_steps(shop: Shop) -> None:
    for number, id in enumerate(("2_a", "3_b"), 5):
        shop.sql(id, f"COPY items (id) FROM stdin;\n{number}\n\\.\n")
    steps = previewed(shop)
    assert [step.outcome for step in steps] == ["done", "done"]
    assert [[lock.measured for found in step.statements for lock in found.locks] for step in steps] == [[True], [False]]
    assert strongest(steps[1]) == {"public.items": ROW_EXCLUSIVE}


def test_a_table_that_a_statement_drops_was_locked(shop: Shop) -> None:
    shop.sql("2_a", "DROP TABLE items;")
    [step] = previewed(shop)
    assert strongest(step)["public.items"] == ALL
    assert all(lock.measured for found in step.statements for lock in found.locks)


def test_a_name_that_nobody_can_look_up_does_not_hurt(shop: Shop) -> None:
    shop.sql("2_a", "UPDATE items SET name = 'b';")
    shop.python(
        "3_b",
        "def up(db):\n    with db.connection.begin_nested() as point:\n        try:\n"
        "            db.execute('UPDATE a.b.c SET d = 1')\n        except Exception:\n            point.rollback()\n"
        "    db.execute('UPDATE items SET name = 7')\n",
    )
    [_, second] = previewed(shop)
    assert second.outcome == "done", second.error
    assert strongest(second) == {"public.items": ROW_EXCLUSIVE}


@pytest.mark.parametrize(
    ("sql", "locks"),
    [
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY counts", [Taken("counts", "ExclusiveLock")]),
        ("REFRESH MATERIALIZED VIEW counts WITH NO DATA", [Taken("counts", ALL)]),
        ("COPY items FROM stdin", [Taken("items", ROW_EXCLUSIVE)]),
        ("COPY (SELECT 1 FROM items) TO stdout", [Taken("items", "AccessShareLock")]),
        ("ANALYZE (VERBOSE) items", [Taken("items", "ShareUpdateExclusiveLock")]),
        ("ALTER TABLE events DETACH PARTITION events_1", [Taken("events_1", ALL), Taken("events", ALL)]),
        ("DROP VIEW seen", []),
        ("DO $$ BEGIN UPDATE items SET id = 1; END $$", []),
        ("ALTER", []),
        ("SELECT (", []),
        ("", []),
    ],
)
def test_what_a_statement_says_is_read_as_far_as_it_can_be(sql: str, locks: list[Taken]) -> None:
    assert [lock for lock in locks_of(sql) if lock.name] == locks


def test_only_the_start_of_rows_is_read() -> None:
    assert target_of("insert into a.b values ('" + "x" * 1000 + "')") == (Taken("a.b", ROW_EXCLUSIVE),)
    assert target_of("SELECT 1 FROM a") == ()
