"""`miger demo`: the shop, its story, and that nothing is lost on the way there and back."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from miger import Project
from miger.cli.commands.demo import PROJECT, copy_project
from miger.cli.main import main
from miger.demo.story import STORY
from miger.engine.errors import UsageError

from tests.workbench.terminal import Terminal

USAGE = 2
LAST_TWO = ("20260209090000_add_currency", "20260209100000_create_stock")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo has been played."""
    folder = tmp_path_factory.mktemp("demo") / "shop"
    assert main(["demo", str(folder)]) == 0
    return folder


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Project]:
    """The demo's project before anything was run."""
    with Project.open(copy_project(str(tmp_path / "shop"))) as project:
        yield project


def rows(project: Path, query: str) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(project / "shop.db")) as connection:
        return connection.execute(query).fetchall()


def tables(project: Project) -> dict[str, tuple[list[str], list[tuple[object, ...]]]]:
    """Columns and rows of each table that is not Miger's own."""
    folder = Path(project.config.folder)
    names = rows(folder, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'miger%'")
    return {
        str(name): (
            [str(column) for (column,) in rows(folder, f"SELECT name FROM pragma_table_info('{name}')")],
            rows(folder, f"SELECT * FROM {name} ORDER BY id"),
        )
        for (name,) in names
    }


def indexes(project: Project) -> list[tuple[object, ...]]:
    query = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' ORDER BY name"
    return rows(Path(project.config.folder), query)


# --- the project ---------------------------------------------------------------------------------


def test_there_is_enough_to_see(shop: Project) -> None:
    graph = shop.graph
    assert len(graph) >= 12
    assert any(len(graph.children(id)) > 1 for id in graph), "a branch"
    assert any(len(graph.parents(id)) > 1 for id in graph), "a merge"
    migrations = graph.migrations.values()
    assert {migration.kind for migration in migrations} == {"sql", "python"}
    assert {migration.phase for migration in migrations} == {None, "expand", "contract"}
    assert {migration.release for migration in migrations} >= {"v2", "v3"}
    assert all(not migration.irreversible for migration in migrations)
    assert all(migration.section("verify") for migration in migrations if len(graph.parents(migration.id)) < 2)
    assert any(not migration.transaction for migration in migrations)


def test_prices_go_to_cents_and_back_with_nothing_lost(shop: Project) -> None:
    shop.up("add_price_in_cents")
    before, indexes_before = tables(shop), indexes(shop)
    shop.up("drop_text_prices")
    cents = tables(shop)
    for name in ("products", "order_items"):
        columns, old = before[name]
        new_columns, new = cents[name]
        assert set(columns) - set(new_columns) == {"price"}
        expected = [round(float(str(row[columns.index("price")])) * 100) for row in old]
        assert [row[new_columns.index("price_in_cents")] for row in new] == expected
    shop.down("convert_prices")
    assert tables(shop) == before
    assert indexes(shop) == indexes_before


def test_everything_can_be_reverted_and_applied_again(shop: Project) -> None:
    shop.up()
    first, first_indexes = row_counts(shop), indexes(shop)
    assert shop.verify().ok
    shop.down(steps=100)
    assert tables(shop) == {}
    shop.up()
    assert row_counts(shop) == first
    assert indexes(shop) == first_indexes
    assert shop.verify().ok


def row_counts(project: Project) -> dict[str, int]:
    folder = Path(project.config.folder)
    names = ["customers", "categories", "products", "orders", "order_items", "reviews", "stock"]
    return {name: int(str(rows(folder, f"SELECT count(*) FROM {name}")[0][0])) for name in names}


def test_odd_prices_are_refused_instead_of_guessed(shop: Project) -> None:
    shop.up("add_price_in_cents")
    with contextlib.closing(sqlite3.connect(Path(shop.config.folder) / "shop.db")) as connection, connection:
        connection.execute("UPDATE products SET price = '12,50' WHERE id = 3")
    with pytest.raises(Exception, match="1 prices in products do not look like"):
        shop.up("convert_prices")


def test_the_backfill_goes_on_where_it_broke_off(shop: Project) -> None:
    shop.up("add_customer_email")
    folder = Path(shop.config.folder)
    with contextlib.closing(sqlite3.connect(folder / "shop.db")) as connection, connection:
        connection.execute(
            "CREATE TRIGGER bad BEFORE UPDATE OF email ON customers WHEN NEW.id = 250 "
            "BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    with pytest.raises(Exception, match="no"):
        shop.up("backfill_customer_email")
    [(filled,)] = rows(folder, "SELECT count(email) FROM customers")
    assert filled == 200
    assert shop.status().ids("dirty") == ("20260113090000_backfill_customer_email",)
    with contextlib.closing(sqlite3.connect(folder / "shop.db")) as connection, connection:
        connection.execute("DROP TRIGGER bad")
    ranges: list[object] = []
    shop.repair("backfill_customer_email", "resume", on_event=ranges.append)
    assert sum("UPDATE customers" in getattr(event, "text", "") for event in ranges) == 4  # two, begun and ended
    assert rows(folder, "SELECT count(email) FROM customers") == [(400,)]


# --- the story -----------------------------------------------------------------------------------


def test_most_is_applied_and_the_last_two_are_pending(played: Path) -> None:
    with Project.open(str(played)) as project:
        status = project.status()
        assert status.ids("pending") == LAST_TWO
        assert status.counts["applied"] == len(status.migrations) - 2
        assert status.release == "v2"
        assert project.verify().ok
        events = [entry.event for entry in project.history()]
        assert events.count("reverted") == 1


def test_the_shop_has_real_rows(played: Path) -> None:
    assert rows(played, "SELECT count(*) FROM customers") == [(400,)]
    assert rows(played, "SELECT count(*), count(DISTINCT name), count(DISTINCT sku) FROM products") == [(160,) * 3]
    assert rows(played, "SELECT count(*) FROM orders") == [(1200,)]
    assert rows(played, "PRAGMA foreign_key_check") == []
    assert rows(played, "SELECT price_in_cents FROM products WHERE id = 26") == [(2999,)]


def test_without_a_terminal_it_runs_to_the_end(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from miger.cli.main import run; run()", "demo", str(tmp_path / "shop")]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    told = done.stdout
    for scene in STORY:
        assert scene.meaning in told
        assert f"$ miger {scene.command}" in told if scene.command else scene.query in told
    assert "29.99" in told and "2999" in told
    assert "13 applied, 2 pending" in told
    assert f"cd {tmp_path / 'shop'}" in told
    assert "applied 20260202090000_drop_text_prices" in done.stderr


def test_without_a_folder_it_takes_a_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["--json", "demo"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert os.path.basename(document["directory"]).startswith("miger-demo-")
    assert os.path.dirname(document["directory"]) == str(tmp_path)
    assert len(document["commands"]) > 5 and {played["exit_code"] for played in document["commands"]} == {0}
    assert "$ miger status" in err


@pytest.mark.parametrize("kind", ["full", "file", "link"])
def test_only_an_empty_folder_is_taken(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "shop"
    if kind == "full":
        target.mkdir()
        (target / ".hidden").write_text("")
    elif kind == "file":
        target.write_text("")
    else:
        target.symlink_to(tmp_path / "nowhere")
    assert main(["demo", str(target)]) == USAGE
    assert not (tmp_path / "nowhere").exists()


def test_an_empty_folder_is_taken_and_databases_are_not_copied(tmp_path: Path) -> None:
    assert copy_project(str(tmp_path)) == str(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["miger.toml", "migrations"]
    assert not [name for name in os.listdir(tmp_path / "migrations") if name[0] != "2"]


def test_a_folder_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError):
        copy_project(str(tmp_path / "file" / "shop"))


def test_on_a_terminal_the_workbench_opens_on_it(tmp_path: Path) -> None:
    directory = tmp_path / "shop"
    with Terminal(["demo", str(directory)], {"XDG_STATE_HOME": str(tmp_path / "state")}) as terminal:
        terminal.wait_for("database is here")
        terminal.press("q")
        assert terminal.end() == 0
        assert b"is yours to play with" in terminal.written
    with Project.open(str(directory)) as project:
        assert project.status().counts["applied"] == 13
        assert [entry.event for entry in project.history(3)] == ["applied", "reverted", "applied"]


def test_a_command_that_fails_ends_it_with_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = shutil.copytree(PROJECT, tmp_path / "broken")
    (broken / "migrations" / "20260105090000_create_customers.sql").write_text("-- miger:up\nCREATE nonsense;\n")
    monkeypatch.setattr("miger.cli.commands.demo.PROJECT", str(broken))
    assert main(["demo", str(tmp_path / "shop")]) == 1
    assert "that ended with exit code 1" in capsys.readouterr().out


def test_quietly_only_the_commands_speak(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-q", "demo", str(tmp_path / "shop")]) == 0
    assert "shop · dev" in capsys.readouterr().out
