"""A whole project on DuckDB, with the real command line in processes of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

COMMAND = (sys.executable, "-c", "from miger.cli.main import run; run()")
PATIENCE = 60.0  # seconds until what should come counts as missed

CREATE = """-- miger:up
CREATE TABLE customers (id INTEGER PRIMARY KEY, login VARCHAR NOT NULL, email VARCHAR);
INSERT INTO customers (id, login) SELECT range, 'user' || range FROM range(1, 1001);
-- miger:verify
SELECT count(*) = 1000 AS ok FROM customers;
-- miger:down
DROP TABLE customers;
"""
EMAIL = """def up(db):
    done = db.execute("UPDATE customers SET email = lower(login) || :at WHERE email IS NULL", {"at": "@example.org"})
    db.log(f"{done.rowcount} rows on {db.dialect}")

def verify(db):
    return db.execute("SELECT count(*) FROM customers WHERE email IS NULL").scalar() == 0

def down(db):
    db.execute("UPDATE customers SET email = NULL")
"""
ORDERS = """import sqlalchemy as sa

def up(db):
    db.op.create_table("orders", sa.Column("id", sa.Integer, primary_key=True, autoincrement=False))
    db.op.add_column("orders", sa.Column("total", sa.Numeric(10, 2), server_default="0"))
    db.op.create_index("orders_total", "orders", ["total"])
    db.op.bulk_insert(sa.table("orders", sa.column("id")), [{"id": 1}, {"id": 2}])

def down(db):
    db.op.drop_index("orders_total", "orders")
    db.op.drop_table("orders")
"""
BATCHES = """# /// miger
# transaction = false
# ///
import os, time

def up(db):
    with db.step("table") as todo:
        if todo:
            db.execute("CREATE TABLE logs (low INTEGER)")
    for batch in db.batches("count", "customers", key="id", size=100):
        batch.execute("INSERT INTO logs SELECT id FROM customers WHERE id BETWEEN :low AND :high")
        db.log(f"at {batch.low}")
        while batch.low == 401 and not os.path.exists("go"):
            time.sleep(0.02)
"""
LONG = "-- miger:up\nCREATE TABLE t (a INTEGER);\nSELECT count(*) FROM range(10000000000000) WHERE hash(range) = 7;\n"
LONGER_THAN_ITS_LEASE = """import time
import duckdb

def up(db):
    db.execute("CREATE TABLE t (a INTEGER)")
    with duckdb.connect({file!r}) as other:
        ends = lambda: other.execute("SELECT expires_at FROM miger_lock").fetchone()
        first = ends()
        while ends() == first:
            time.sleep(0.02)
"""


class Shop:
    """A folder with `miger.toml` and migrations."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "shop.duckdb"
        (folder / "migrations").mkdir()
        self.configure('lock_timeout = "30s"')

    def configure(self, *settings: str) -> None:
        text = '[project]\nname = "shop"\n[environments.dev]\nurl = "duckdb:///shop.duckdb"\n'
        (self.folder / "miger.toml").write_text(text + "\n".join(settings) + "\n")

    def write(self, name: str, text: str) -> None:
        (self.folder / "migrations" / name).write_text(text)

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        # From another folder: the path in the URL is relative to that of miger.toml.
        return subprocess.Popen(
            [*COMMAND, "-C", str(self.folder), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.folder / "migrations",
        )

    def end(self, process: subprocess.Popen[str], code: int = 0) -> tuple[str, str]:
        out, err = process.communicate(timeout=PATIENCE)
        assert "Traceback" not in err
        assert process.returncode == code, out + err
        return out, err

    def miger(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        return self.end(self.start(*arguments), code)

    def states(self) -> dict[str, str]:
        status = json.loads(self.miger("--json", "status")[0])
        assert status["backend"] == "duckdb"
        return {item["id"]: item["state"] for item in status["migrations"]}

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.file)) as connection:
            return connection.execute(query).fetchall()

    def tables(self) -> set[str]:
        return {name for (name,) in self.rows("SELECT table_name FROM duckdb_tables()") if "miger_" not in name}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    pytest.fail(f"{words} did not come: {process.communicate()[1]}")


def test_a_project_goes_there_and_back(shop: Shop) -> None:
    shop.write("1_customers.sql", CREATE)
    shop.write("2_email.py", EMAIL)
    shop.write("3_orders.py", ORDERS)
    ids = ["1_customers", "2_email", "3_orders"]
    assert shop.states() == dict.fromkeys(ids, "pending")
    assert not shop.file.exists()
    assert "1000 rows on duckdb" in shop.miger("--json", "up")[0]
    assert shop.states() == dict.fromkeys(ids, "applied")
    assert shop.rows("SELECT id, total FROM orders ORDER BY id")[0][0] == 1
    shop.miger("verify")
    shop.miger("down", "--steps", "99", "--yes")
    assert shop.tables() == set()
    shop.miger("up")
    assert shop.tables() == {"customers", "orders"}


def test_a_renamed_file_goes_on(shop: Shop) -> None:
    shop.write("1_customers.sql", CREATE)
    shop.miger("up")
    shop.file.rename(shop.folder / "other.duckdb")
    text = (shop.folder / "miger.toml").read_text()
    (shop.folder / "miger.toml").write_text(text.replace("shop.duckdb", "other.duckdb"))
    shop.miger("down", "--yes")
    shop.miger("up")
    assert shop.states() == {"1_customers": "applied"}


def test_a_change_by_hand_is_drift(shop: Shop) -> None:
    shop.write("1_customers.sql", CREATE)
    shop.miger("up")
    shop.miger("verify")
    shop.rows("ALTER TABLE customers ADD COLUMN phone VARCHAR DEFAULT 'none'")
    shop.rows("CREATE SEQUENCE numbers")
    out, err = shop.miger("verify", code=6)
    assert "phone VARCHAR DEFAULT 'none'" in out + err
    assert "sequence numbers" in out + err


def test_a_failing_migration_leaves_nothing_and_names_the_line(shop: Shop) -> None:
    shop.write(
        "1_a.sql", "-- miger:up\nCREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);\nSELECT\n  nix FROM a;\n"
    )
    _, err = shop.miger("up", code=1)
    assert "nix" in err and "1_a.sql:5" in err
    assert shop.states() == {"1_a": "pending"}
    assert shop.tables() == set()
    assert "failed" in shop.miger("--json", "history")[0]


def test_an_error_that_a_migration_swallowed_is_no_success(shop: Shop) -> None:
    body = 'try:\n        db.execute("INSERT INTO a VALUES (1)")\n    except Exception:\n        pass\n'
    shop.write("1_a.sql", "-- miger:up\nCREATE TABLE a (id INTEGER PRIMARY KEY);\nINSERT INTO a VALUES (1);\n")
    shop.write("2_b.py", f"def up(db):\n    {body}")
    _, err = shop.miger("up", code=1)
    assert "aborted" in err
    assert shop.states() == {"1_a": "applied", "2_b": "pending"}


def test_batches_go_on_where_a_killed_run_stopped(shop: Shop) -> None:
    shop.write("1_customers.sql", CREATE)
    shop.write("2_logs.py", BATCHES)
    with shop.start("--json", "up") as process:
        wait_for(process, "at 401")
        process.send_signal(signal.SIGKILL)
    (shop.folder / "migrations" / "go").write_text("")
    assert shop.states() == {"1_customers": "applied", "2_logs": "dirty"}
    shop.miger("repair", "2_logs", "--resume")
    assert shop.rows("SELECT count(*), count(DISTINCT low) FROM logs") == [(1000, 1000)]


def test_the_heartbeat_goes_on_beside_an_open_transaction(shop: Shop) -> None:
    shop.configure('lease = "1s"')
    shop.write("1_long.py", LONGER_THAN_ITS_LEASE.format(file=str(shop.file)))
    shop.miger("up")
    assert shop.states() == {"1_long": "applied"}
    events = [entry["event"] for entry in json.loads(shop.miger("--json", "history")[0])]
    assert events == ["applied"]


def test_two_runs_at_once_run_each_migration_once(shop: Shop) -> None:
    shop.write("01_n.sql", "-- miger:up\nCREATE TABLE counting (id INTEGER);\nINSERT INTO counting VALUES (1);\n")
    for number in range(2, 11):
        shop.write(f"{number:02}_n.sql", f"-- miger:up\nINSERT INTO counting VALUES ({number});\n")
    with shop.start("up") as one, shop.start("up") as other:
        for process in (one, other):
            shop.end(process)
    assert Counter(shop.rows("SELECT id FROM counting")) == {(number,): 1 for number in range(1, 11)}


def test_a_file_that_another_process_holds_is_told_with_its_number(shop: Shop) -> None:
    shop.write("1_customers.sql", CREATE)
    shop.configure('lock_timeout = "200ms"')
    code = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(shop.file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        wait_for(holder, "open")
        for arguments in (["status"], ["up"]):
            _, err = shop.miger(*arguments, code=8)
            assert f"PID {holder.pid}" in err and "lock_timeout" in err
        assert holder.stdin is not None
        holder.stdin.close()
    shop.miger("up")


def test_a_wrong_path_is_told(shop: Shop) -> None:
    shop.write("1_customers.sql", CREATE)
    text = (shop.folder / "miger.toml").read_text()
    (shop.folder / "miger.toml").write_text(text.replace("shop.duckdb", "nowhere/shop.duckdb"))
    assert "No such file or directory" in shop.miger("up", code=8)[1]


def test_a_read_only_environment_looks_and_changes_nothing(shop: Shop) -> None:
    shop.write("1_customers.sql", CREATE)
    shop.miger("up")
    shop.write("2_email.py", EMAIL)
    shop.configure("read_only = true")
    assert shop.states() == {"1_customers": "applied", "2_email": "pending"}
    shop.miger("verify")
    assert "read-only" in shop.miger("up", code=7)[1]


def test_a_long_statement_is_broken_off_by_a_second_ctrl_c(shop: Shop) -> None:
    shop.write("1_long.sql", LONG)
    with shop.start("--json", "up") as process:
        wait_for(process, '"statement_finished"')
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert "once more" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        shop.end(process, 130)
    assert shop.states() == {"1_long": "pending"}
    assert shop.tables() == set()


def test_a_statement_that_takes_too_long_is_stopped(shop: Shop) -> None:
    shop.configure('statement_timeout = "300ms"')
    shop.write("1_long.sql", LONG)
    assert "ran longer than 0.3 s" in shop.miger("up", code=1)[1]
    shop.write("1_long.sql", LONG.replace("SELECT", "-- SELECT"))
    shop.miger("up")


def test_a_session_setting_and_an_attached_file_do_not_outlive_their_migration(shop: Shop) -> None:
    other = "-- /// miger\n-- transaction = false\n-- ///\n-- miger:up\nATTACH 'other.duckdb' AS other;\n"
    shop.write(
        "1_a.sql", other + "CREATE TABLE other.x (a INTEGER);\nUSE other;\nSET integer_division = true;\nCHECKPOINT;\n"
    )
    shop.write("2_b.sql", other + "INSERT INTO other.x VALUES (1);\nCREATE TABLE y AS SELECT 3 / 2 AS a;\n")
    shop.miger("up")
    assert shop.rows("SELECT a FROM y") == [(1.5,)]


def test_the_statements_of_python_migrations_are_listed(shop: Shop) -> None:
    shop.write("3_orders.py", ORDERS)
    assert "CREATE TABLE orders" in shop.miger("up", "--dry-run")[0]
    assert not shop.file.exists()
