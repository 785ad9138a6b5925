"""The list of environments: what each is, which answer, and going on with another."""

from __future__ import annotations

import os
from urllib.parse import unquote, urlsplit, urlunsplit

import pytest
from textual.pilot import Pilot

from miger.engine.events import LogLine
from miger.widgets.environment_rows import ASKING, FAILED, REACHED, UNRESOLVED, EnvironmentRow, environment_line
from miger.widgets.environments_view import EnvironmentsView
from miger.widgets.text_view import TextView
from miger.workbench.app import Workbench
from miger.workbench.screens.environments import EnvironmentsScreen
from miger.workbench.screens.home import HomeScreen
from miger.workbench.settings import load_settings

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, SMALL, press, screen_text, svg_of, wait_for, wait_for_look, wait_for_text
from tests.workbench.valve import Valve


def rows_of(app: Workbench) -> dict[str, EnvironmentRow]:
    return {row.name: row for row in app.screen.query_one(EnvironmentsView).rows}


def reach(app: Workbench) -> dict[str, str]:
    return {name: row.reach for name, row in rows_of(app).items()}


async def open_list(pilot: Pilot[int], app: Workbench) -> None:
    await wait_for_look(pilot)
    await press(pilot, ["E"])
    await wait_for(pilot, lambda: isinstance(app.screen, EnvironmentsScreen), "the list")


@pytest.mark.parametrize("width", [40, 56, 76, 100, 116])
def test_a_row_is_never_wider_than_there_is_room(width: int) -> None:
    row = EnvironmentRow(
        "a" * 60, "postgresql", "postgresql://h/" + "d" * 90, True, True, True, summary="9 pending " * 9
    )
    for reached in (ASKING, REACHED, FAILED, UNRESOLVED):
        line = environment_line(row._replace(reach=reached, ms=65_000.0), width).truncate(width)
        assert line.cell_length <= width
        assert "PROTECTED READ-ONLY" in line.plain


async def test_all_of_them_are_told_with_what_they_are(shop: Sandbox, open_workbench: Opener) -> None:
    shop.table("1_customers", "customers")
    shop.miger("up", "--yes")
    shop.table("2_orders", "orders")
    shop.configure(
        more="[environments.prod]\nurl = 'sqlite:///prod.db'\nprotected = true\nread_only = true\n"
        "[environments.later]\nurl = '${SHOP_LATER_URL}'\n"
    )
    app = open_workbench(shop, "dev")
    async with app.run_test(size=HOME) as pilot:
        await open_list(pilot, app)
        await wait_for(pilot, lambda: ASKING not in reach(app).values(), "all answers")
        assert reach(app) == {"dev": REACHED, "prod": REACHED, "later": UNRESOLVED}
        await wait_for_text(pilot, "▶ dev current", "prod PROTECTED READ-ONLY", "1 pending", "prod.db", "? not set up")
        assert not os.path.exists(shop.path("prod.db")), "looking made a file"
        await press(pilot, ["G"])
        await wait_for_text(pilot, "SHOP_LATER_URL", "miger.toml:")
        await press(pilot, ["enter"])
        await wait_for(pilot, lambda: any("SHOP_LATER_URL" in note.message for note in app._notifications))
        assert app.situation.environment.name == "dev" and isinstance(app.screen, EnvironmentsScreen)


async def test_one_switches_between_sqlite_and_postgresql(
    shop: Sandbox, postgresql_url: str, open_workbench: Opener
) -> None:
    shop.table("1_customers", "customers")
    shop.miger("up", "--yes")
    shop.configure(more=f"[environments.staging]\nurl = '{postgresql_url}'\n")
    app = open_workbench(shop, "dev")
    async with app.run_test(size=HOME) as pilot:
        await open_list(pilot, app)
        await wait_for(pilot, lambda: reach(app) == {"dev": REACHED, "staging": REACHED}, "both answers")
        await press(pilot, ["j"])
        await wait_for_text(pilot, "server      postgresql")
        await press(pilot, ["enter"])
        await wait_for(pilot, lambda: isinstance(app.screen, HomeScreen), "the home screen")
        await wait_for(pilot, lambda: app.situation.server.startswith("postgresql"), "the other database")
        await wait_for(pilot, lambda: app.situation.ids("pending") == ("1_customers",), "its state")
        await wait_for_text(pilot, "staging", "1 pending")
        await press(pilot, ["E"])
        await wait_for_text(pilot, "▶ staging current")
        assert app.screen.query_one(EnvironmentsView).selected == rows_of(app)["staging"], "the cursor is on it"
        await press(pilot, ["k", "enter"])
        await wait_for(pilot, lambda: app.situation.server.startswith("sqlite"), "the first database")
        await wait_for(pilot, lambda: app.situation.ids("applied") == ("1_customers",), "its state")
    assert load_settings(app.project.config.path).environment == "dev"


async def test_one_that_does_not_answer_keeps_nobody_waiting(
    shop: Sandbox, postgresql_url: str, open_workbench: Opener
) -> None:
    shop.table("1_customers", "customers")
    valve = Valve(postgresql_url)
    valve.hold()
    shop.configure(more=f"[environments.slow]\nurl = '{valve.url}'\n[environments.last]\nurl = 'sqlite:///last.db'\n")
    app = open_workbench(shop, "dev")
    try:
        async with app.run_test(size=HOME) as pilot:
            await open_list(pilot, app)
            await wait_for(pilot, lambda: reach(app)["dev"] == reach(app)["last"] == REACHED, "the others' answers")
            assert reach(app)["slow"] == ASKING
            await press(pilot, ["j"])
            await wait_for_text(pilot, "asking…", "2 of 3 environments reachable, asking 1")
            valve.flow()
            await wait_for(pilot, lambda: reach(app)["slow"] == REACHED, "the slow answer")
    finally:
        valve.flow()
        valve.go_away()


async def test_t_tests_the_connection_again(shop: Sandbox, postgresql_url: str, open_workbench: Opener) -> None:
    shop.table("1_customers", "customers")
    valve = Valve(postgresql_url)
    shop.configure(more=f"[environments.staging]\nurl = '{valve.url}'\n")
    app = open_workbench(shop, "dev")
    try:
        async with app.run_test(size=HOME) as pilot:
            await open_list(pilot, app)
            await wait_for(pilot, lambda: reach(app)["staging"] == REACHED, "its answer")
            valve.go_away()
            await press(pilot, ["j", "t"])
            await wait_for(pilot, lambda: reach(app)["staging"] == FAILED, "that it is gone")
            await wait_for_text(pilot, "✖ unreachable", "t tries again")
            valve.come_back()
            await press(pilot, ["t"])
            await wait_for(pilot, lambda: reach(app)["staging"] == REACHED, "that it is back")
            await wait_for_text(pilot, "server      postgresql", " ms")
    finally:
        valve.go_away()


@pytest.mark.parametrize("backend", ["postgresql", "mysql", "mongodb"])
async def test_a_wrong_password_is_told_and_no_password_is_seen(
    backend: str, shop: Sandbox, request: pytest.FixtureRequest, open_workbench: Opener
) -> None:
    parts = urlsplit(request.getfixturevalue(f"{backend}_url"))
    right, wrong = parts.password or "", "Wr0ng-pass%2Fword"
    netloc = f"{parts.username}:{wrong}@{parts.netloc.rpartition('@')[2]}"
    shop.table("1_customers", "customers")
    shop.configure(more=f'[environments.staging]\nurl = "{urlunsplit(parts._replace(netloc=netloc))}"\n')
    app = open_workbench(shop, "dev")
    async with app.run_test(size=HOME) as pilot:
        await open_list(pilot, app)
        await press(pilot, ["j"])
        await wait_for(pilot, lambda: reach(app)["staging"] == FAILED, "that it is refused")
        await wait_for_text(pilot, "✖ unreachable", "***@")
        seen = [svg_of(app)]
        await press(pilot, ["enter"])
        await wait_for(pilot, lambda: app.situation.trouble is not None, "that the database is refused")
        await wait_for_text(pilot, "UNREACHABLE")
        seen += [svg_of(app), app.clipboard]
        await press(pilot, ["E", "y"])
        seen += [svg_of(app), app.clipboard, str(app.situation.trouble), repr(app.situation)]
        for password in (wrong, unquote(wrong), right, unquote(right)):
            assert password and not any(password in text for text in seen)


async def test_a_change_of_the_configuration_comes_by_itself(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop, "dev")
    async with app.run_test(size=SMALL) as pilot:
        await open_list(pilot, app)
        await wait_for_text(pilot, "1 of 1 environment reachable")
        shop.configure(more="[environments.other]\nurl = 'sqlite:///other.db'\n")
        await wait_for_text(pilot, "2 of 2 environments reachable")


async def test_nobody_switches_while_a_run_goes_on(shop: Sandbox, open_workbench: Opener) -> None:
    shop.configure(more="[environments.other]\nurl = 'sqlite:///other.db'\n")
    app = open_workbench(shop, "dev")
    async with app.run_test(size=HOME) as pilot:
        await open_list(pilot, app)
        ended: list[object] = []
        app.runner.start("Apply all", lambda project, on_event, interrupt: _wait(on_event, interrupt), ended.append)
        await press(pilot, ["j", "enter"])
        assert app.situation.environment.name == "dev" and isinstance(app.screen, EnvironmentsScreen)
        assert any("still running" in note.message for note in app._notifications)
        await press(pilot, ["ctrl+c"])
        await wait_for(pilot, lambda: ended, "the end of the run")


def _wait(on_event: object, interrupt: object) -> None:
    """A run that does nothing until it is asked to stop."""
    import threading

    assert callable(on_event)
    on_event(LogLine("r", "", "info", "waiting"))
    pause = threading.Event()
    while not interrupt.requested:  # type: ignore[attr-defined]
        pause.wait(0.01)


async def test_about_tells_the_rules_of_the_environment(shop: Sandbox, open_workbench: Opener) -> None:
    shop.configure("lock_timeout = '7s'\nstatement_timeout = '2min'\n")
    app = open_workbench(shop)
    async with app.run_test(size=SMALL) as pilot:
        await open_list(pilot, app)
        await wait_for_text(pilot, "✔ reachable")
        text = app.screen.query_one("#about", TextView).text
        assert "lock timeout 7.0 s" in text and "statement timeout 2 min" in text
        assert "the current one, the default" in screen_text(app)
