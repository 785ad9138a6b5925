"""The home screen: browsing, filtering, panes, and what changes while it is open."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from textual.widgets import Input

from miger.survey import Survey, survey_folder
from miger.widgets.detail_view import DetailView
from miger.widgets.graph_view import GraphView
from miger.widgets.log_view import LogView
from miger.workbench import lookout
from miger.workbench.actions import HOME_ACTIONS
from miger.workbench.app import Workbench
from miger.workbench.screens.home import HomeScreen
from miger.workbench.settings import Settings, load_settings

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, SMALL, press, screen_text, wait_for, wait_for_look, wait_for_text
from tests.workbench.valve import Valve

NEVER = 3600.0  # seconds between looks


@pytest.fixture
def half_applied(shop: Sandbox) -> Sandbox:
    """Four migrations, two of them applied; the last two are heads of their own."""
    shop.table("0001_customers", "customers")
    shop.sql("0002_email", "ALTER TABLE customers ADD email TEXT;", "ALTER TABLE customers DROP email;")
    shop.miger("up")
    shop.table("0003_orders", "orders")
    shop.table("0004_reviews", "reviews", 'depends = ["0002_email"]')
    return shop


def graph_of(app: Workbench) -> GraphView:
    return app.query_one(GraphView)


def selected(app: Workbench) -> str | None:
    return graph_of(app).cursor_id


def told(app: Workbench, text: str) -> bool:
    """Whether a notification says this; on the screen it may be broken into lines."""
    return any(text in note.message for note in app._notifications)


# Browsing


async def test_all_is_seen_at_a_glance(half_applied: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(half_applied)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await wait_for_text(pilot, "database is here", "2 pending", "2 heads", "sqlite 3.", "12:04:31")
        text = screen_text(app)
        assert text.index("orders") < text.index("database is here") < text.index("email")
        assert text.count("○") >= 2 and text.count("●") >= 2
        assert "m merge heads" in text and "? keys" in text


async def test_arrows_and_vim_keys_move_and_the_detail_follows(half_applied: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(half_applied)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["g", "j", "j"])
        assert selected(app) == "0002_email"
        await wait_for_text(pilot, "needed by")
        detail = app.query_one(DetailView).detail
        assert detail is not None and detail.children == ("0003_orders", "0004_reviews")
        await press(pilot, ["down"])
        assert selected(app) == "0001_customers"
        await press(pilot, ["k", "up"])
        assert selected(app) != "0001_customers"
        await press(pilot, ["G"])
        assert selected(app) == "0001_customers"


async def test_the_detail_shows_the_statements_and_a_dry_run(half_applied: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(half_applied)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        graph_of(app).select("0003_orders")
        await press(pilot, ["2", "right_square_bracket"])
        await wait_for_text(pilot, "CREATE TABLE orders (id INTEGER)")
        await press(pilot, ["4"])
        await wait_for_text(pilot, "would succeed", "nothing stays")
        assert half_applied.tables() == {"customers"}


async def test_enter_on_a_parent_goes_there(half_applied: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(half_applied)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        graph_of(app).select("0002_email")
        await wait_for_text(pilot, "→ 0001_customers")
        await press(pilot, ["2", "g", "j", "j", "j", "enter"])
        assert selected(app) == "0001_customers"


# Panes and sizes


async def test_tab_and_numbers_go_from_pane_to_pane(half_applied: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(half_applied)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        screen = app.screen
        assert isinstance(screen, HomeScreen)
        seen = []
        for key in ("1", "tab", "tab", "tab", "shift+tab", "2"):
            await press(pilot, [key])
            seen.append(screen.context().pane)
        assert seen == ["graph", "detail", "log", "graph", "log", "detail"]


async def test_on_a_small_terminal_the_detail_opens_over_the_graph(
    half_applied: Sandbox, open_workbench: Opener
) -> None:
    app = open_workbench(half_applied)
    async with app.run_test(size=SMALL) as pilot:
        await wait_for_look(pilot)
        assert not app.query_one(DetailView).region.area and app.query_one(LogView).size.height == 1
        await press(pilot, ["enter"])
        await wait_for_text(pilot, "2 Detail", "depends on")
        assert not graph_of(app).region.area
        await press(pilot, ["escape"])
        await wait_for_text(pilot, "1 Graph")
        await press(pilot, ["3"])
        assert app.query_one(LogView).size.height > 10
        await press(pilot, ["3"])
        assert app.query_one(LogView).size.height == 1
        await pilot.resize_terminal(*HOME)
        await wait_for(pilot, lambda: app.query_one(DetailView).region.area, "the detail beside the graph")


async def test_panes_are_enlarged_and_that_is_remembered(half_applied: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(half_applied)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        before = graph_of(app).size.width
        await press(pilot, ["plus", "plus"])
        assert graph_of(app).size.width > before
        await press(pilot, ["3", "underscore"])
        assert app.query_one(LogView).outer_size.height == 8
        await press(pilot, ["1", "slash", *"late", "enter"])
    remembered = load_settings(half_applied.path("miger.toml"))
    assert (remembered.detail_width, remembered.log_height, remembered.filter) == (42, 8, "late")


# Filter


async def test_the_filter_narrows_as_one_types(half_applied: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(half_applied)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["slash", *"status:pending"])
        await wait_for_text(pilot, "2 of 4")
        assert "0001" not in screen_text(app).split("Detail")[0].split("3 Log")[0].replace("0001_customers applied", "")
        await press(pilot, ["enter"])
        assert app.focused is graph_of(app) and graph_of(app).match_count == 2
        await press(pilot, ["escape"])
        assert graph_of(app).filter_text == "" and graph_of(app).match_count == 4


async def test_a_filter_that_is_none_says_what_is_wrong(half_applied: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(half_applied)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["slash", *"colour:red"])
        await wait_for(pilot, lambda: app.query_one("#filter", Input).has_class("-invalid-filter"), "the complaint")
        await press(pilot, ["escape"])
        assert not app.query_one("#filter").display and graph_of(app).match_count == 4


# Keys


async def test_a_key_that_cannot_be_used_now_says_why(half_applied: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(half_applied)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["x"])
        await wait_for(pilot, lambda: told(app, "nothing is dirty, modified or missing"), "the reason")
        assert "x recover" not in screen_text(app)


def test_every_action_is_described_and_no_key_means_two() -> None:
    keys = [key for action in HOME_ACTIONS for key in action.keys]
    assert len(keys) == len(set(keys))
    for action in HOME_ACTIONS:
        assert action.help.endswith(".") and action.label
        assert callable(getattr(HomeScreen, f"do_{action.id}"))


async def test_the_footer_has_eight_keys_at_most_and_never_loses_the_question_mark(
    half_applied: Sandbox, open_workbench: Opener
) -> None:
    app = open_workbench(half_applied)
    for width in (120, 80, 60):
        async with app.run_test(size=(width, 24)) as pilot:
            await wait_for_look(pilot)
            footer = screen_text(app).splitlines()[-1]
            assert "? keys" in footer and len(footer) <= width
        app = open_workbench(half_applied)


async def test_the_selected_id_is_copied(half_applied: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(half_applied)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        graph_of(app).select("0003_orders")
        await press(pilot, ["y"])
        await wait_for(pilot, lambda: app.clipboard, "the clipboard")
        assert "0003_orders" in app.clipboard


# What changes while it is open


async def test_a_migration_added_changed_and_removed_is_seen(half_applied: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(half_applied)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        graph_of(app).select("0002_email")
        path = half_applied.table("0005_invoices", "invoices", 'depends = ["0004_reviews"]')
        await wait_for_text(pilot, "invoices", "3 pending")
        assert selected(app) == "0002_email"
        Path(half_applied.path("migrations", "0002_email.sql")).write_text("-- miger:up\nSELECT 1;\n")
        await wait_for_text(pilot, "1 modified", "≠")
        os.unlink(path)
        await wait_for(pilot, lambda: "invoices" not in screen_text(app), "the file to go")


async def test_a_look_at_the_folder_that_is_cut_short_is_made_up_for(
    half_applied: Sandbox, open_workbench: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_workbench(half_applied, look_seconds=NEVER)
    begun, go_on = threading.Event(), threading.Event()

    def read_slowly(folder: str) -> Survey:
        survey = survey_folder(folder)
        begun.set()
        go_on.wait()
        return survey

    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        app._watch.stop()  # its word comes too late
        project = app.project
        monkeypatch.setattr(lookout, "survey_folder", read_slowly)
        app.lookout.look()
        await wait_for(pilot, begun.is_set, "the first of the two looks")
        monkeypatch.undo()
        half_applied.table("0005_late", "late")
        app.lookout.look(folder=False)  # as after a run
        await wait_for_text(pilot, "late", "3 pending")
        go_on.set()  # what the cut one has read is of before
        await pilot.pause(0.1)
        assert "0005_late" in project.graph


async def test_a_bad_file_is_named_and_hides_no_other(half_applied: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(half_applied)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        path = half_applied.write("migrations/0006_broken.sql", "CREATE TABLE x (id INTEGER);\n")
        await wait_for_text(pilot, "1 BAD FILE", "orders")
        await press(pilot, ["c"])
        await wait_for(pilot, lambda: told(app, "mend them first"), "the reason")
        os.unlink(path)
        await wait_for(pilot, lambda: "BAD FILE" not in screen_text(app), "the problem to go")


async def test_a_broken_config_is_told_and_the_last_good_one_kept(
    half_applied: Sandbox, open_workbench: Opener
) -> None:
    app = open_workbench(half_applied)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        half_applied.write("miger.toml", "[project\n")
        await wait_for_text(pilot, "CONFIG BROKEN")
        assert app.situation.status is not None and "2 pending" in screen_text(app)
        half_applied.configure("read_only = true")
        await wait_for_text(pilot, "READ-ONLY")
        assert "CONFIG BROKEN" not in screen_text(app)
        assert app.project.environment.read_only


async def test_a_run_elsewhere_is_seen_with_its_owner(half_applied: Sandbox, open_workbench: Opener) -> None:
    half_applied.python(
        "0007_slow",
        "import os, time\n"
        "def up(db):\n"
        "    open(os.path.join(os.path.dirname(__file__), '..', 'began'), 'w').close()\n"
        "    while not os.path.exists(os.path.join(os.path.dirname(__file__), '..', 'go')):\n"
        "        time.sleep(0.02)\n",
        'transaction = false\ndepends = ["0002_email"]',
    )
    app = open_workbench(half_applied)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        with half_applied.start("up", "slow", "--yes") as process:
            await wait_for(pilot, lambda: os.path.exists(half_applied.path("began")), "the run to begin")
            await wait_for_text(pilot, "1 running", "◐", "alice@")
            half_applied.write("go", "")
            assert process.end().code == 0
        await wait_for_text(pilot, "is over")
        assert "running" not in screen_text(app).splitlines()[0]


# Databases that do not answer


async def test_every_key_answers_while_the_database_does_not(postgresql_shop: Sandbox, open_workbench: Opener) -> None:
    postgresql_shop.table("0001_a", "a")
    postgresql_shop.table("0002_b", "b")
    with Valve(postgresql_shop.url) as valve:
        postgresql_shop.url = valve.url
        postgresql_shop.configure()
        valve.hold()
        app = open_workbench(postgresql_shop)
        async with app.run_test(size=HOME) as pilot:
            await wait_for_text(pilot, "0002", "looking…")
            began = time.monotonic()
            await press(
                pilot, ["g", "j", "k", "2", "right_square_bracket", "1", "slash", "a", "escape", "question_mark"]
            )
            await press(pilot, ["escape", "u", "3", "1"])
            answered = time.monotonic() - began
            await wait_for(pilot, lambda: told(app, "the database has not answered yet"), "the reason")
            assert app.situation.looking, f"{answered:.1f} s passed, and the database answered before"
            valve.flow()
            await wait_for_text(pilot, "2 pending", "postgresql 1")


async def test_a_server_that_goes_away_and_comes_back(postgresql_shop: Sandbox, open_workbench: Opener) -> None:
    postgresql_shop.table("0001_a", "a")
    with Valve(postgresql_shop.url) as valve:
        postgresql_shop.url = valve.url
        postgresql_shop.configure()
        app = open_workbench(postgresql_shop)
        async with app.run_test(size=HOME) as pilot:
            await wait_for_text(pilot, "1 pending")
            valve.go_away()
            await wait_for_text(pilot, "UNREACHABLE")
            await press(pilot, ["u"])
            await wait_for(pilot, lambda: told(app, "cannot be reached"), "the reason")
            valve.come_back()
            await wait_for(pilot, lambda: "UNREACHABLE" not in screen_text(app), "the server to be seen again")
            await wait_for_text(pilot, "1 pending")


async def test_no_password_is_on_the_screen_when_the_server_refuses_it(
    postgresql_shop: Sandbox, open_workbench: Opener
) -> None:
    from urllib.parse import urlsplit, urlunsplit

    parts = urlsplit(postgresql_shop.url)
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    netloc = f"{user}:hunter2-wrong@{parts.netloc.rpartition('@')[2]}"
    postgresql_shop.url = urlunsplit(parts._replace(netloc=netloc))
    postgresql_shop.configure()
    postgresql_shop.table("0001_a", "a")
    app = open_workbench(postgresql_shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await wait_for_text(pilot, "UNREACHABLE")
        assert "hunter2" not in app.export_screenshot()


# Start


async def test_an_empty_project_says_how_to_begin(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_text(pilot, "no migrations yet", "c create")
        assert not os.path.exists(shop.url.removeprefix("sqlite:///"))


async def test_the_last_filter_is_there_again(half_applied: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(half_applied, settings=Settings(filter="status:pending"))
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await wait_for_text(pilot, "2 of 4")


async def test_a_defect_of_ours_shows_no_values(
    half_applied: Sandbox, open_workbench: Opener, capsys: pytest.CaptureFixture[str]
) -> None:
    app = open_workbench(half_applied)

    def fail(password: str) -> None:
        raise ZeroDivisionError(len(password))

    with pytest.raises(ZeroDivisionError):
        async with app.run_test(size=HOME) as pilot:
            await wait_for_look(pilot)
            app.call_later(fail, "hunter" + "2")
            await pilot.pause()
    told = capsys.readouterr().err
    assert "ZeroDivisionError" in told and "hunter2" not in told
