"""What a Python migration can do with its `Sql`, on every SQL backend."""

from __future__ import annotations

import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import sqlalchemy

from miger.backends.session import pack_key, unpack_key
from miger.engine.errors import IntegrityError, MigerError, StepFailed
from miger.engine.events import LogLine, StatementFinished

from tests.backends.shop import Shop
from tests.conftest import SQL_BACKENDS

ITEMS = "CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(50), n INTEGER DEFAULT 0);"
MODES = pytest.mark.parametrize("transaction", [True, False])


def rows(shop: Shop, query: str) -> list[tuple[Any, ...]]:
    with engine_of(shop).connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def migrate(shop: Shop, body: str, *, transaction: bool = True, id: str = "2_b") -> None:
    """Writes a Python migration whose `up` has this body, and applies it."""
    write(shop, body, transaction=transaction, id=id)
    shop.up()


def write(shop: Shop, body: str, *, transaction: bool = True, id: str = "2_b", more: str = "") -> None:
    text = "import os, sqlalchemy as sa\nfrom miger import Sql\n\ndef up(db: Sql) -> None:\n"
    text += "".join(f"    {line}\n" if line else "\n" for line in dedent(body).strip("\n").split("\n"))
    shop.python(id, text + dedent(more), transaction=transaction)


def line_of(shop: Shop, words: str, id: str = "2_b") -> int:
    lines = shop.path(id, "py").read_text().split("\n")
    [number] = [number for number, line in enumerate(lines, 1) if words in line]
    return number


def stop_unless(flag: Path) -> str:
    """Python that fails until the file `flag` exists."""
    return f"if not os.path.exists({str(flag)!r}): raise RuntimeError('stopped here')"


@pytest.fixture
def items(shop: Shop) -> Shop:
    shop.sql("1_a", ITEMS)
    return shop


@pytest.fixture
def filled(items: Shop) -> Shop:
    """25 rows, with gaps between their keys."""
    values = ", ".join(f"({number * 7 - 50}, 'name-{number:02}')" for number in range(25))
    items.sql("1_a", f"{ITEMS}\nINSERT INTO items (id, name) VALUES {values};")
    return items


@pytest.fixture(params=SQL_BACKENDS)
def backend_name(request: pytest.FixtureRequest) -> str:
    """MongoDB has a session of its own, and tests of its own."""
    return str(request.param)


# --- execute -------------------------------------------------------------------------------------


@MODES
def test_statements_take_names_lists_and_constructs(items: Shop, transaction: bool) -> None:
    migrate(
        items,
        """
        db.execute("INSERT INTO items (id, name) VALUES (:id, :name)", {"id": 1, "name": "50 % :off"})
        db.execute("INSERT INTO items (id, name) VALUES (:id, :name)", [{"id": 2, "name": "b"}, {"id": 3, "name": "c"}])
        table = sa.table("items", sa.column("id"), sa.column("name"))
        db.execute(sa.insert(table).values(id=4, name="d"))
        db.execute(sa.insert(table), [{"id": 5, "name": "e"}, {"id": 6, "name": "f"}])
        db.execute(sa.text("DELETE FROM items WHERE id = :id"), {"id": 2})
        assert db.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 5
        assert db.execute("SELECT name FROM items WHERE id = :id", {"id": 1}).scalar_one() == "50 % :off"
        assert db.dialect in ("sqlite", "postgresql", "mysql", "mariadb")
        assert db.connection.scalar(sa.select(sa.literal(7))) == 7
        """,
        transaction=transaction,
    )
    assert rows(items, "SELECT id FROM items ORDER BY id") == [(1,), (3,), (4,), (5,), (6,)]


@MODES
def test_percent_signs_and_colons_need_no_escape_without_parameters(items: Shop, transaction: bool) -> None:
    text = "100 %, %s, :x, 10:30, %(n)s, ?"
    migrate(items, f"db.execute(\"INSERT INTO items (id, name) VALUES (1, '{text}')\")", transaction=transaction)
    assert rows(items, "SELECT name FROM items") == [(text,)]


def test_a_statement_that_returns_rows_gives_them(items: Shop) -> None:
    migrate(
        items,
        """
        ids = db.execute("INSERT INTO items (id, name) VALUES (1, 'a'), (2, 'b') RETURNING id").scalars().all()
        assert sorted(ids) == [1, 2]
        changed = db.execute("UPDATE items SET n = 1")
        assert changed.rowcount == 2
        """,
    )
    assert rows(items, "SELECT sum(n) FROM items") == [(2,)]


def test_every_statement_is_told_with_its_rows(items: Shop) -> None:
    migrate(
        items,
        "db.execute('INSERT INTO items (id) VALUES (1), (2)')\ndb.op.add_column('items', sa.Column('x', sa.Text))",
    )
    told = [(e.number, e.text, e.rows) for e in items.events if isinstance(e, StatementFinished) and e.id == "2_b"]
    assert told[0] == (1, "INSERT INTO items (id) VALUES (1), (2)", 2)
    assert told[1][:2] == (2, "ALTER TABLE items ADD COLUMN x TEXT")


@MODES
def test_typed_definitions_work_and_are_rolled_back_with_their_step(
    items: Shop, backend_name: str, transaction: bool
) -> None:
    body = """
        db.op.create_table("made", sa.Column("id", sa.Integer, primary_key=True), sa.Column("t", sa.String(9)))
        made = sa.table("made", sa.column("id"), sa.column("t"))
        db.op.bulk_insert(made, [{"id": 1, "t": "x%"}, {"id": 2, "t": ":y"}])
        db.op.add_column("items", sa.Column("email", sa.String(90)))
        db.op.create_index("items_email", "items", ["email"])
        with db.op.batch_alter_table("made") as table:
            table.alter_column("t", new_column_name="text", existing_type=sa.String(9))
        """
    if backend_name != "mysql":  # there each definition commits by itself
        write(items, body + "    raise ValueError('no')", transaction=True)
        with pytest.raises(StepFailed, match="ValueError: no"):
            items.up()
        assert set(sqlalchemy.inspect(engine_of(items)).get_table_names()) & {"made", "items"} == {"items"}
    migrate(items, body, transaction=transaction)
    inspector = sqlalchemy.inspect(engine_of(items))
    assert [column["name"] for column in inspector.get_columns("made")] == ["id", "text"]
    assert [index["name"] for index in inspector.get_indexes("items")] == ["items_email"]
    assert rows(items, "SELECT text FROM made ORDER BY id") == [("x%",), (":y",)]


def engine_of(shop: Shop) -> sqlalchemy.Engine:
    url = shop.url.replace("postgresql:", "postgresql+psycopg:").replace("mysql:", "mysql+pymysql:")
    return sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)


@MODES
@pytest.mark.parametrize("statement", ["COMMIT", "rollback", "BEGIN", "/* x */ end"])
def test_transaction_control_is_refused(items: Shop, transaction: bool, statement: str) -> None:
    write(items, f"db.execute('INSERT INTO items (id) VALUES (1)')\ndb.execute({statement!r})", transaction=transaction)
    with pytest.raises(StepFailed, match="in a migration") as caught:
        items.up()
    assert caught.value.line == line_of(items, f"db.execute({statement!r})")
    assert items.state("2_b") == ("pending" if transaction else "dirty")


def test_transaction_control_is_refused_behind_another_statement_too(items: Shop) -> None:
    write(items, "db.execute('SELECT 1; COMMIT; SELECT 2')")
    with pytest.raises(StepFailed, match="COMMIT in a migration"):
        items.up()


# --- batches -------------------------------------------------------------------------------------


@MODES
def test_batches_visit_each_row_once(filled: Shop, transaction: bool) -> None:
    migrate(
        filled,
        """
        for batch in db.batches("count", "items", key="id", size=10):
            done = batch.execute("UPDATE items SET n = n + :more WHERE id BETWEEN :low AND :high", {"more": 1})
            assert done.rowcount == batch.rows
            db.log(f"{batch.low}..{batch.high}: {batch.rows}")
        """,
        transaction=transaction,
    )
    assert rows(filled, "SELECT count(*), min(n), max(n) FROM items") == [(25, 1, 1)]
    assert filled.log == ["-50..13: 10", "20..83: 10", "90..118: 5"]
    assert filled.progress == [("count", 0, 25), ("count", 10, 25), ("count", 20, 25), ("count", 25, 25)]


@MODES
def test_batches_go_by_text_and_through_a_named_schema(filled: Shop, backend_name: str, transaction: bool) -> None:
    database = filled.url.rpartition("/")[2]
    schema = {"sqlite": "main", "postgresql": "public", "mysql": database}[backend_name]
    migrate(
        filled,
        f"""
        for batch in db.batches("count", "{schema}.items", key="name", size=4):
            batch.execute("UPDATE items SET n = n + 1 WHERE name BETWEEN :low AND :high")
        """,
        transaction=transaction,
    )
    assert rows(filled, "SELECT min(n), max(n) FROM items") == [(1, 1)]
    assert len(filled.progress) == 8


@MODES
def test_an_empty_table_has_no_batches(items: Shop, transaction: bool) -> None:
    migrate(items, 'for batch in db.batches("x", "items", key="id"): raise AssertionError', transaction=transaction)
    assert items.progress == [("x", 0, 0)]


def test_rows_without_a_key_are_left_out(filled: Shop) -> None:
    filled.sql("1_b", "UPDATE items SET name = NULL WHERE id < 0;")
    migrate(
        filled,
        """
        for batch in db.batches("count", "items", key="name", size=5):
            batch.execute("UPDATE items SET n = n + 1 WHERE name BETWEEN :low AND :high")
        """,
    )
    assert rows(filled, "SELECT n, count(*) FROM items GROUP BY n ORDER BY n") == [(0, 8), (1, 17)]
    assert filled.progress[-1] == ("count", 17, 17)


KEYS = {
    "big": ("BIGINT", "3000000000000 + {n}"),
    "text": ("VARCHAR(20)", "'it''s %-{n:02}'"),
    "uuid": ("UUID", "'00000000-0000-0000-0000-0000000000{n:02}'"),
    "date": ("DATE", "'2026-01-{n:02}'"),
    "timestamp": ("TIMESTAMP", "'2026-01-{n:02} 10:30:00.123'"),
    "numeric": ("NUMERIC(20, 5)", "{n}.12345"),
}


@pytest.mark.parametrize("kind", KEYS)
def test_batches_that_broke_off_go_on_behind_the_last_finished_one(shop: Shop, kind: str, tmp_path: Path) -> None:
    type_, value = KEYS[kind]
    values = ", ".join(f"({value.format(n=number)}, 0)" for number in range(1, 26))
    shop.sql("1_a", f"CREATE TABLE items (k {type_} PRIMARY KEY, n INTEGER);\nINSERT INTO items VALUES {values};")
    flag = tmp_path / "go"
    write(
        shop,
        f"""
        for number, batch in enumerate(db.batches("count", "items", key="k", size=4)):
            batch.execute("UPDATE items SET n = n + 1 WHERE k BETWEEN :low AND :high")
            if number == 2:
                {stop_unless(flag)}
        """,
        transaction=False,
    )
    with pytest.raises(StepFailed, match="RuntimeError: stopped here") as caught:
        shop.up()
    assert caught.value.dirty and caught.value.line == line_of(shop, "stopped here")
    assert rows(shop, "SELECT n, count(*) FROM items GROUP BY n ORDER BY n") == [(0, 17), (1, 8)]
    flag.touch()
    shop.repair("2_b")
    assert rows(shop, "SELECT n, count(*) FROM items GROUP BY n") == [(1, 25)]
    assert shop.progress[0] == ("count", 8, 25) and shop.progress[-1] == ("count", 25, 25)
    assert shop.states() == {"1_a": "applied", "2_b": "applied"}


def test_a_batch_that_break_leaves_is_not_kept_and_said_so(filled: Shop) -> None:
    migrate(
        filled,
        """
        for number, batch in enumerate(db.batches("count", "items", key="id", size=10)):
            batch.execute("UPDATE items SET n = n + 1 WHERE id BETWEEN :low AND :high")
            if number == 1:
                break
        db.execute("INSERT INTO items (id, n) VALUES (1000, 5)")
        """,
        transaction=False,
    )
    assert rows(filled, "SELECT n, count(*) FROM items GROUP BY n ORDER BY n") == [(0, 15), (1, 10), (5, 1)]
    assert filled.log == ["count: left within a batch, which is not kept"]


@pytest.mark.parametrize("value", [7, -1, 1 << 70, "ä'\"", "", 1.5, True])
def test_a_key_is_packed_and_unpacked(value: object) -> None:
    assert unpack_key(pack_key(value)) == value


def test_a_key_of_an_unknown_type_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes"):
        pack_key(b"x")


# --- steps, and statements outside of them -------------------------------------------------------


@MODES
def test_steps_run_once_also_when_resumed(items: Shop, transaction: bool, tmp_path: Path) -> None:
    flag = tmp_path / "go"
    write(
        items,
        f"""
        with db.step("one") as todo:
            if todo:
                db.execute("INSERT INTO items (id) VALUES (1)")
                db.execute("INSERT INTO items (id) VALUES (2)")
        with db.step("two") as todo:
            if todo:
                db.execute("INSERT INTO items (id) VALUES (3)")
                {stop_unless(flag)}
        """,
        transaction=transaction,
    )
    with pytest.raises(StepFailed, match="stopped here"):
        items.up()
    assert rows(items, "SELECT id FROM items ORDER BY id") == ([] if transaction else [(1,), (2,)])
    flag.touch()
    items.up() if transaction else items.repair("2_b")
    assert rows(items, "SELECT id FROM items ORDER BY id") == [(1,), (2,), (3,)]
    assert items.log == ([] if transaction else ["step one: already done"])


def test_statements_outside_of_steps_are_resumed_by_number_and_text(items: Shop, tmp_path: Path) -> None:
    flag = tmp_path / "go"
    body = f"""
        count = db.execute("WITH t AS (SELECT count(*) AS c FROM items) SELECT c FROM t").scalar_one()
        db.execute("SELECT 1").all()
        db.execute("INSERT INTO items (id, name) VALUES (:id, 'x')", {{"id": 1}})
        db.execute("INSERT INTO items (id, name) VALUES (:id, 'x')", {{"id": 2}})
        {stop_unless(flag)}
        db.execute("INSERT INTO items (id, name) VALUES (:id, 'x')", {{"id": 3}})
        """
    write(items, body, transaction=False)
    with pytest.raises(StepFailed, match="stopped here"):
        items.up()
    assert items.state("2_b") == "dirty"
    write(items, body.replace('"id": 2', '"id": 9'), transaction=False)
    with pytest.raises(IntegrityError, match="statement 2"):
        items.repair("2_b")
    assert rows(items, "SELECT id FROM items ORDER BY id") == [(1,), (2,)]
    flag.touch()
    write(items, body.replace('"id": 3', '"id": 4'), transaction=False)  # that one has not run yet
    items.repair("2_b")
    assert rows(items, "SELECT id FROM items ORDER BY id") == [(1,), (2,), (4,)]
    assert len([e for e in items.events if isinstance(e, StatementFinished) and e.skipped]) == 2


@MODES
@pytest.mark.parametrize(
    ("inner", "words"),
    [
        ('with db.step("inner"): pass', "inside another"),
        ('for batch in db.batches("inner", "items", key="id"): pass', "inside another"),
        ('with db.step("outer"): pass', "two pieces of work"),
    ],
)
def test_steps_within_steps_and_names_used_twice_are_refused(
    filled: Shop, transaction: bool, inner: str, words: str
) -> None:
    write(filled, f'with db.step("outer"):\n    {inner}', transaction=transaction)
    with pytest.raises(StepFailed, match=words) as caught:
        filled.up()
    assert caught.value.line == line_of(filled, inner)
    assert caught.value.dirty is not transaction
    assert filled.state("2_b") == ("pending" if transaction else "dirty")


# --- what a migration says, and how it fails ------------------------------------------------------


@MODES
def test_what_a_migration_says_reaches_the_observers_and_not_stdout(
    items: Shop, transaction: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    migrate(
        items,
        """
        db.log("hello")
        db.log("careful", "warning")
        db.progress(3, 10)
        db.progress(4, name="files")
        print("printed", 1, sep="-")
        print("two\\nlines")
        print()
        """,
        transaction=transaction,
    )
    told = [(event.level, event.message) for event in items.events if isinstance(event, LogLine)]
    said = ["hello", "careful", "printed-1", "two", "lines", ""]
    assert told == list(zip(["info", "warning", *["info"] * 4], said, strict=True))
    assert items.progress == [("progress", 3, 10), ("files", 4, None)]
    assert capsys.readouterr().out == ""


@MODES
def test_a_verify_that_returns_false_fails_the_step(items: Shop, transaction: bool) -> None:
    verify = "def verify(db):\n    return db.execute('SELECT count(*) FROM items').scalar_one() == {}\n"
    write(items, "db.execute('INSERT INTO items (id) VALUES (1)')", more=verify.format(7), transaction=transaction)
    with pytest.raises(StepFailed, match="verify: it returned False"):
        items.up()
    assert items.state("2_b") == ("pending" if transaction else "dirty")
    write(items, "db.execute('INSERT INTO items (id) VALUES (1)')", more=verify.format(1), transaction=transaction)
    items.up() if transaction else items.repair("2_b")
    assert items.state("2_b") == "applied"
    with items.project() as project:
        report = project.verify()
    assert report.ok and report.checked == 1


@MODES
def test_what_verify_writes_is_part_of_no_checkpoint(items: Shop, transaction: bool) -> None:
    """It may even name its pieces like those of up."""
    more = """
    def verify(db):
        with db.step("fill") as todo:
            assert todo
            db.execute("CREATE TEMPORARY TABLE probe (id INTEGER)")
            db.execute("INSERT INTO probe VALUES (1)")
        for batch in db.batches("all", "items", key="id"):
            assert batch.rows == 1
        db.log("verified")
    """
    write(
        items,
        "with db.step('fill'): db.execute('INSERT INTO items (id) VALUES (1)')",
        more=more,
        transaction=transaction,
    )
    items.up()
    assert items.log == ["verified"]
    assert {e.section for e in items.events if isinstance(e, StatementFinished) and "probe" in e.text} == {"verify"}
    with items.project() as project:
        assert project.verify().ok


@MODES
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("db.execute('SELECT nonsense FROM items')", "nonsense"),
        ("db.execute('INSERT INTO items (id) VALUES (:x)', {'x': 1}) and 1 / 0", "ZeroDivisionError"),
        ("undefined_name", "NameError"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("db.op.add_column('nowhere', sa.Column('x', sa.Text))", "nowhere"),
        ("from nowhere_at_all import x", "ModuleNotFoundError"),
    ],
)
def test_an_exception_carries_the_line_of_the_migrations_file(
    items: Shop, backend_name: str, transaction: bool, statement: str, words: str
) -> None:
    write(items, f"db.execute('SELECT 1')\n{statement}\ndb.log('never')", transaction=transaction)
    with pytest.raises(StepFailed, match=words) as caught:
        items.up()
    assert caught.value.line == line_of(items, statement)
    assert "never" not in items.log
    in_transaction = transaction and not (backend_name == "mysql" and "op." in statement)
    assert items.state("2_b") == ("pending" if in_transaction else "dirty")


def test_a_module_that_cannot_be_loaded_names_its_line(items: Shop) -> None:
    items.python("2_b", "import os\n\n1 / 0\n\ndef up(db):\n    pass\n")
    with pytest.raises(StepFailed, match="ZeroDivisionError") as caught:
        items.up()
    assert caught.value.line == 3


def test_a_file_that_does_not_compile_is_named_before_anything_runs(items: Shop) -> None:
    items.python("2_b", "def up(db):\n    return (\n")
    with pytest.raises(MigerError, match=r"2_b\.py:2"):
        items.up()
    assert items.states() == {"1_a": "pending", "2_b": "pending"}


def test_modules_of_the_project_can_be_imported(items: Shop) -> None:
    (items.folder / "shop_models.py").write_text("NAME = 'from a sibling'\n")
    path = list(sys.path)
    try:
        migrate(
            items,
            "from shop_models import NAME\ndb.execute('INSERT INTO items (id, name) VALUES (1, :n)', {'n': NAME})",
        )
    finally:
        sys.modules.pop("shop_models", None)
    assert rows(items, "SELECT name FROM items") == [("from a sibling",)]
    assert sys.path == path


def test_a_dataclass_in_a_migration_works(items: Shop) -> None:
    items.python(
        "2_b",
        "from __future__ import annotations\nfrom dataclasses import dataclass\n\n@dataclass(slots=True)\n"
        "class Row:\n    id: int\n\ndef up(db):\n    db.execute(f'INSERT INTO items (id) VALUES ({Row(3).id})')\n",
    )
    items.up()
    assert rows(items, "SELECT id FROM items") == [(3,)]


def test_a_generator_that_outlives_its_run_rolls_nothing_of_the_next_one_back(items: Shop, tmp_path: Path) -> None:
    flag = tmp_path / "go"
    items.sql("1_a", f"{ITEMS}\nINSERT INTO items (id) VALUES (1), (2);")
    body = f"""
        batches = db.batches("all", "items", key="id", size=1)
        for batch in batches:
            batch.execute("UPDATE items SET n = n + 1 WHERE id BETWEEN :low AND :high")
            {stop_unless(flag)}
        """
    write(items, body, transaction=False)
    kept: list[BaseException] = []  # its traceback holds the generator
    with items.project() as project:
        try:
            project.up()
        except StepFailed as error:
            kept.append(error)
        flag.touch()
        project.repair("2_b", "resume", on_event=lambda event: kept.clear() if "UPDATE" in str(event) else None)
    assert kept == []
    assert rows(items, "SELECT n FROM items") == [(1,), (1,)]


def test_down_is_run_and_forgets_the_step(items: Shop) -> None:
    more = "\ndef down(db):\n    db.execute('DELETE FROM items')\n"
    write(items, "db.execute('INSERT INTO items (id) VALUES (1)')", more=more)
    items.up()
    assert items.down() == ("2_b",)
    assert rows(items, "SELECT count(*) FROM items") == [(0,)]
    assert items.states() == {"1_a": "applied", "2_b": "pending"}


def test_many_python_migrations_share_one_connection(items: Shop) -> None:
    for number in range(2, 8):
        write(
            items,
            f"db.execute('INSERT INTO items (id) VALUES ({number})')",
            id=f"{number}_x",
            transaction=number % 2 == 0,
        )
    items.up()
    assert rows(items, "SELECT sum(id) FROM items") == [(27,)]


def test_an_error_that_the_migration_swallows_does_not_pass_for_success(items: Shop, backend_name: str) -> None:
    write(
        items,
        """
        try:
            db.execute("INSERT INTO items (id) VALUES ('x', 'y')")
        except Exception:
            db.log("swallowed")
        """,
    )
    if backend_name != "postgresql":
        items.up()  # the failed statement alone was undone, as everywhere in SQLite and MySQL
        assert items.state("2_b") == "applied"
    else:
        with pytest.raises(MigerError, match="transaction"):
            items.up()
        assert items.state("2_b") == "pending"
