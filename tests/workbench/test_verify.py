"""What verify says on the screen, and where it leads."""

from __future__ import annotations

import os

from textual.pilot import Pilot

from miger.engine.drift import Drift
from miger.engine.schema import SchemaChange
from miger.engine.verification import VerifyReport
from miger.widgets.findings import findings
from miger.widgets.text_view import TextView
from miger.workbench.screens.home import HomeScreen
from miger.workbench.screens.verify import VerifyScreen

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, SMALL, press, screen_text, wait_for, wait_for_look, wait_for_text


def text_of(report: VerifyReport) -> str:
    return "\n".join(" " * finding.line.indent + finding.line.text for finding in findings(report, None))


NOTHING = VerifyReport((), (), (), (), (), (), 0)


def test_that_all_is_well_is_said_check_by_check() -> None:
    text = text_of(NOTHING._replace(checked=3))
    assert text.count("✔") == 7 and "✖" not in text
    assert "all is well" in text and "all that ran hold" in text


def test_each_finding_comes_with_what_to_do() -> None:
    report = VerifyReport(
        ("1_m",), ("2_gone",), ("3_d",), ("4_l",), (("5_f", "no such column: x"),), (("6_s", "old"),), 2
    )
    text = text_of(report)
    assert "✖ 5 findings" in text
    for id, word in (
        ("1_m", "modified"),
        ("2_gone", "missing"),
        ("3_d", "dirty"),
        ("4_l", "late"),
        ("5_f", "not hold"),
    ):
        assert f"{word}  {id}" in text
    assert text.count("→") == 5 and "no such column: x" in text
    assert "no longer holds  6_s" in text


def test_drift_is_shown_line_by_line() -> None:
    changes = (
        SchemaChange("table users", "a int\nb int", "a int\nc int"),
        SchemaChange("table new", None, "x int"),
        SchemaChange("index gone", "on users (a)", None),
    )
    text = text_of(NOTHING._replace(drift=Drift(changes)))
    assert "✖ 3 findings" in text and "3 objects changed by something else" in text
    for line in ("- b int", "+ c int", "+ x int", "- on users (a)", "changed  table users", "removed  index gone"):
        assert line in text
    assert "a int" not in [line.strip() for line in text.splitlines()]
    assert "not looked for, because" in text_of(NOTHING._replace(drift=Drift(unknown="because")))


async def _open(pilot: Pilot[int]) -> None:
    await wait_for_look(pilot)
    await press(pilot, ["v"])
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, VerifyScreen), "the screen")


async def test_what_is_fine_is_said_on_every_database(shop_anywhere: Sandbox, open_workbench: Opener) -> None:
    shop_anywhere.table("1_customers", "customers")
    shop_anywhere.miger("up", "--yes")
    app = open_workbench(shop_anywhere)
    async with app.run_test(size=HOME) as pilot:
        await _open(pilot)
        await wait_for_text(pilot, "✔ all is well", "● 1 applied", "schema is as the last run left it")
        await press(pilot, ["x"])
        assert any("nothing is dirty" in note.message for note in app._notifications)
        await press(pilot, ["escape"])
        assert isinstance(app.screen, HomeScreen)


async def test_what_is_wrong_is_found_and_r_sees_that_it_is_mended(shop: Sandbox, open_workbench: Opener) -> None:
    path = shop.table("1_customers", "customers")
    gone = shop.table("2_orders", "orders")
    shop.miger("up", "--yes")
    with open(path, encoding="utf-8") as file:
        before = file.read()
    shop.sql("1_customers", "CREATE TABLE customers (id INTEGER, name TEXT);")
    os.rename(gone, gone + ".away")
    shop.rows("ALTER TABLE customers ADD COLUMN sneaked TEXT")
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await _open(pilot)
        await wait_for_text(pilot, "≠ modified  1_customers", "? missing  2_orders", "sneaked", "3 findings")
        with open(path, "w", encoding="utf-8") as file:
            file.write(before)
        os.rename(gone + ".away", gone)
        shop.rows("ALTER TABLE customers DROP COLUMN sneaked")
        await wait_for(pilot, lambda: app.situation.ids("applied") == ("1_customers", "2_orders"), "the mended files")
        await press(pilot, ["r"])
        await wait_for_text(pilot, "✔ all is well")


async def test_x_recovers_the_one_under_the_cursor(shop: Sandbox, open_workbench: Opener) -> None:
    shop.table("1_customers", "customers")
    shop.table("2_orders", "orders")
    shop.miger("up", "--yes")
    shop.sql("1_customers", "CREATE TABLE customers (id INTEGER, name TEXT);")
    shop.sql("2_orders", "CREATE TABLE orders (id INTEGER, name TEXT);")
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await _open(pilot)
        await wait_for_text(pilot, "≠ modified  2_orders")
        await press(pilot, ["x"])
        assert any("move to" in note.message for note in app._notifications)
        view = app.screen.query_one(TextView)
        while (selected := app.screen.context().selected) is None or selected.id != "2_orders":  # type: ignore[attr-defined]
            assert view.cursor < view.row_count() - 1
            await press(pilot, ["j"])
        await press(pilot, ["x"])
        await wait_for(pilot, lambda: type(app.screen).__name__ == "RecoveryScreen", "recovery")
        await wait_for_text(pilot, "2_orders")


async def test_a_verify_section_that_no_longer_holds_is_told_with_its_reason(
    postgresql_shop: Sandbox, open_workbench: Opener
) -> None:
    postgresql_shop.sql(
        "1_customers", "CREATE TABLE customers (id INTEGER);", verify="SELECT id FROM customers LIMIT 0;"
    )
    postgresql_shop.miger("up", "--yes")
    postgresql_shop.rows("DROP TABLE customers")
    app = open_workbench(postgresql_shop)
    async with app.run_test(size=SMALL) as pilot:
        await _open(pilot)
        await wait_for_text(pilot, "does not hold  1_customers", '"customers" does not exist', "removed  table")
        await press(pilot, ["Y"])
        assert "does not hold  1_customers" in app.clipboard


async def test_bad_files_are_told_instead(shop: Sandbox, open_workbench: Opener) -> None:
    shop.table("1_customers", "customers")
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await _open(pilot)
        await wait_for_text(pilot, "all is well")
        shop.write("migrations/2_bad.sql", "-- /// miger\n-- depends = [\n-- ///\nSELECT 1;\n")
        await wait_for_text(pilot, "BAD FILES")
        await press(pilot, ["r"])
        await wait_for_text(pilot, "✖ it cannot be told", "2_bad.sql")
        assert "r looks again" in screen_text(app)
