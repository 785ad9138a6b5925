"""Pictures of the smaller screens: at the size they are made for and the smallest usual one, dark and light."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable

import pytest
from textual.command import CommandList
from textual.pilot import Pilot

from miger.engine.drift import Drift
from miger.engine.errors import ConfigError, Problem, UnreachableError
from miger.engine.schema import SchemaChange
from miger.engine.state import HistoryEntry
from miger.engine.verification import VerifyReport
from miger.widgets.environment_rows import ASKING, FAILED, REACHED, UNRESOLVED, EnvironmentRow
from miger.widgets.environments_view import EnvironmentsView
from miger.widgets.findings import findings
from miger.widgets.history_view import HistoryView
from miger.widgets.text_view import TextView
from miger.workbench.app import Workbench
from miger.workbench.commands import Palette
from miger.workbench.screens.config_error import TroubleScreen
from miger.workbench.screens.environments import EnvironmentsScreen
from miger.workbench.screens.help import HelpScreen
from miger.workbench.screens.history import HistoryScreen
from miger.workbench.screens.leave import LeaveModal
from miger.workbench.screens.run_log import RunLogScreen
from miger.workbench.screens.text import TextModal
from miger.workbench.screens.too_small import TooSmallScreen
from miger.workbench.screens.verify import VerifyScreen
from miger.workbench.settings import Settings
from miger.workbench.situation import OwnRun
from miger.workbench.themes import DARK, HIGH_CONTRAST, LIGHT

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, SMALL, press, wait_for, wait_for_look

Snap = Callable[..., bool]
Step = Callable[[Pilot[int], Workbench], Awaitable[None]]

LOOKS = [
    (HOME, DARK),
    pytest.param(HOME, LIGHT, marks=pytest.mark.soak),
    pytest.param(SMALL, DARK, marks=pytest.mark.soak),
    (SMALL, LIGHT),
    (HOME, HIGH_CONTRAST),
]
everywhere = pytest.mark.parametrize(
    ("size", "theme"), LOOKS, ids=lambda value: getattr(value, "name", None) or str(value[0])
)


def _entry(minute: int, event: str, id: str, ms: int = 0, error: str = "", day: int = 14) -> HistoryEntry:
    at = f"2026-01-{day}T09:{minute:02}:31Z"
    return HistoryEntry("5f1c0a2e", id, event, at, ms, "ann" if day == 14 else "deploy", "ci-7", "", "0.1.0", 3, error)


HISTORY = [
    _entry(
        42,
        "failed",
        "20260114090000_split_customer_name",
        1204,
        "duplicate column name: last_name (line 7)",
    ),
    _entry(41, "started", "20260114090000_split_customer_name"),
    _entry(40, "applied", "20260112090000_add_customer_email", 31),
    _entry(12, "lease_broken", "", error="of bob@laptop (process 77, run 11aa22bb)"),
    _entry(55, "reverted", "20260107090000_load_shop", 88, day=13),
    _entry(50, "marked_applied", "20260106090000_create_orders", day=13),
    _entry(49, "applied", "20260105090000_create_customers", 65_000, day=13),
]
REFUSED = UnreachableError("no connection to db.example:5432: Connection refused", "is the server up?")
ROWS = (
    EnvironmentRow("dev", "sqlite", "shop.db", current=True, default=True, reach=REACHED, ms=3.2,
                   server="sqlite 3.46.0", summary="3 pending", rules="lock timeout 5.0 s · out of order: error"),
    EnvironmentRow("staging", "postgresql", "postgresql://shop:***@db.example:5432/shop", reach=ASKING, ms=12_000.0),
    EnvironmentRow("prod", "postgresql", "postgresql://shop:***@db.example:5432/prod", True, True, reach=REACHED,
                   ms=41.0, server="postgresql 16.2", summary="1 dirty · 3 pending", alarm=True),
    EnvironmentRow("reports", "mysql", "mysql://shop:***@10.0.0.9/reports", reach=FAILED, ms=5031.0, summary="–",
                   error="no connection to 10.0.0.9:3306: Connection refused", hint="is the server up?"),
    EnvironmentRow("later", reach=UNRESOLVED, summary="–",
                   error="miger.toml:19: environments.later.url cannot be filled in: SHOP_LATER_URL is not set"),
)  # fmt: skip
REPORT = VerifyReport(
    ("20260106090000_create_orders",), ("20260107090000_load_shop",), (), (),
    (("20260112090000_add_customer_email", "no such column: email"),), (), 3,
    Drift((SchemaChange("table customers", "id INTEGER\nname TEXT", "id INTEGER\nname TEXT\nsneaked TEXT"),)),
)  # fmt: skip


@pytest.fixture
def take(shop: Sandbox, open_workbench: Opener, snap_compare: Snap) -> Callable[..., bool]:
    """Compares a picture of the app after `step`; server, times and paths are always the same."""
    shop.table("20260105090000_create_customers", "customers")
    shop.table("20260106090000_create_orders", "orders")

    def compare(size: tuple[int, int], theme: object, step: Step) -> bool:
        app = open_workbench(shop, settings=Settings(theme=getattr(theme, "name", "")), look_seconds=3600.0)

        async def before(pilot: Pilot[int]) -> None:
            await wait_for_look(pilot)
            app.learn(server="sqlite 3.46.0")
            await step(pilot, app)
            await pilot.pause()

        return snap_compare(app, terminal_size=size, run_before=before)

    return compare


async def _history(pilot: Pilot[int], app: Workbench, entries: list[HistoryEntry]) -> None:
    app.push_screen(HistoryScreen())
    await wait_for(pilot, lambda: isinstance(app.screen, HistoryScreen) and "Nothing" in _list(app).placeholder)
    _list(app).entries = entries
    assert isinstance(app.screen, HistoryScreen)
    app.screen.show(app.situation)


def _list(app: Workbench) -> HistoryView:
    return app.screen.query_one(HistoryView)


@everywhere
def test_history(take: Snap, size: tuple[int, int], theme: object) -> None:
    assert take(size, theme, lambda pilot, app: _history(pilot, app, HISTORY))


def test_history_without_entries(take: Snap) -> None:
    assert take(SMALL, DARK, lambda pilot, app: _history(pilot, app, []))


def test_history_that_cannot_be_read(take: Snap, shop: Sandbox) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        await _history(pilot, app, [])
        assert isinstance(app.screen, HistoryScreen)
        app.screen._show_error(
            UnreachableError("no connection to db.example:5432: Connection refused", "is the server up?")
        )

    assert take(SMALL, DARK, step)


def test_history_filtered(take: Snap) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        await _history(pilot, app, HISTORY)
        await press(pilot, ["slash", *"by:ann !event:lease"])

    assert take(HOME, DARK, step)


@everywhere
def test_run_log(take: Snap, size: tuple[int, int], theme: object) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        app.push_screen(RunLogScreen(HISTORY[0]))
        await wait_for(pilot, lambda: isinstance(app.screen, RunLogScreen) and app.screen.focused)
        screen = app.screen
        assert isinstance(screen, RunLogScreen)
        await wait_for(pilot, lambda: "Nothing of this run" in screen.query_one(TextView).text)
        screen._show_run(list(reversed(HISTORY[:4])))

    assert take(size, theme, step)


@everywhere
def test_environments(take: Snap, size: tuple[int, int], theme: object) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        app.push_screen(EnvironmentsScreen())
        await wait_for(pilot, lambda: isinstance(app.screen, EnvironmentsScreen) and _reached(app))
        assert isinstance(app.screen, EnvironmentsScreen)
        app.screen._rows = {row.name: row for row in ROWS}
        app.screen._show_rows()
        await press(pilot, ["j", "j", "j"])

    assert take(size, theme, step)


def _reached(app: Workbench) -> bool:
    return all(row.reach == REACHED for row in app.screen.query_one(EnvironmentsView).rows)


@everywhere
def test_verify(take: Snap, size: tuple[int, int], theme: object) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        await _verify(pilot, app)
        assert isinstance(app.screen, VerifyScreen)
        app.screen._draw(findings(REPORT, app.situation.status), "-wrong")

    assert take(size, theme, step)


def test_verify_where_all_is_well(take: Snap) -> None:
    assert take(SMALL, DARK, _verify)


async def _verify(pilot: Pilot[int], app: Workbench) -> None:
    app.push_screen(VerifyScreen())
    await wait_for(pilot, lambda: isinstance(app.screen, VerifyScreen) and "all is well" in _text(app))


def _text(app: Workbench) -> str:
    return app.screen.query_one(TextView).text


@everywhere
def test_help(take: Snap, size: tuple[int, int], theme: object) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        app.show_help()
        await wait_for(pilot, lambda: isinstance(app.screen, HelpScreen) and app.screen.focused)

    assert take(size, theme, step)


@everywhere
def test_palette(take: Snap, size: tuple[int, int], theme: object) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        app.action_command_palette()
        await wait_for(
            pilot, lambda: isinstance(app.screen, Palette) and app.screen.query_one(CommandList).option_count
        )
        for blinking in app.screen.query("CommandInput").results():
            blinking.cursor_blink = False  # type: ignore[attr-defined]

    assert take(size, theme, step)


def _commands(app: Workbench) -> int:
    return app.screen.query_one(CommandList).option_count


def test_text(take: Snap) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        app.push_screen(
            TextModal("Log entry", "12:04:31.000 0141 2/5 error duplicate column\n→ x recovers\n" + "long " * 60)
        )
        await wait_for(pilot, lambda: isinstance(app.screen, TextModal) and app.screen.focused)

    assert take(SMALL, LIGHT, step)


@everywhere
def test_leave(take: Snap, size: tuple[int, int], theme: object) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        app.learn(own_run=OwnRun("Apply all that is pending"))
        app.push_screen(LeaveModal())
        await wait_for(pilot, lambda: isinstance(app.screen, LeaveModal) and app.screen.focused)

    assert take(size, theme, step)


@pytest.mark.parametrize("size", [(59, 15), (20, 5)], ids=["59x15", "20x5"])
def test_too_small(take: Snap, size: tuple[int, int]) -> None:
    async def step(pilot: Pilot[int], app: Workbench) -> None:
        await wait_for(pilot, lambda: isinstance(app.screen, TooSmallScreen))

    assert take(size, DARK, step)


@everywhere
def test_troubles(take: Snap, shop: Sandbox, size: tuple[int, int], theme: object) -> None:
    shop.write("migrations/20260115_bad.sql", "-- /// miger\n-- depends = [\n-- ///\nSELECT 1;\n")

    shop.write("miger.toml", '[project]\nname = "shop"\n\n[environments.dev]\nurl = "sqlite:///shop.db"\n')

    async def step(pilot: Pilot[int], app: Workbench) -> None:
        problem = Problem("miger.toml", 5, "is not valid TOML: unclosed string", "close it with a quotation mark")
        bad = Problem("migrations/20260115_bad.sql", 2, "the metadata is not valid TOML")
        environment = app.situation.environment._replace(read_only=True)
        app.learn(config_error=ConfigError("x", [problem]), problems=(bad,), environment=environment,
                  trouble=REFUSED)  # fmt: skip
        app.push_screen(TroubleScreen())
        await wait_for(pilot, lambda: isinstance(app.screen, TroubleScreen) and app.screen.focused)
        view = app.screen.query_one(TextView)
        view.lines = tuple(line._replace(text=line.text.replace(shop.folder, "/home/ann/shop")) for line in view.lines)

    assert take(size, theme, step)


def test_the_pictures_of_history_show_what_the_engine_writes(shop: Sandbox) -> None:
    shop.table("1_customers", "customers")
    shop.miger("up", "--yes")
    with sqlite3.connect(shop.url.removeprefix("sqlite:///")) as connection:
        [(at,)] = connection.execute("SELECT at FROM miger_history").fetchall()
    connection.close()
    assert len(at) >= len(HISTORY[0].at) and at[10] == "T" and at.endswith("Z")
