"""From a preview to a run: what is asked, what is shown, and that a key alone runs nothing."""

from __future__ import annotations

import os
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from miger.engine.errors import LockHeld
from miger.engine.events import StatementFinished
from miger.workbench.app import GUARD_SECONDS, Workbench
from miger.workbench.screens.confirm import ConfirmModal
from miger.workbench.screens.home import HomeScreen
from miger.workbench.screens.leave import LeaveModal
from miger.workbench.screens.preview import PreviewScreen
from miger.workbench.screens.preview_actions import ENDED, RUNNING, SHOWN

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, press, screen_text, wait_for, wait_for_look, wait_for_text


@pytest.fixture
def two(shop: Sandbox) -> Sandbox:
    """Two pending migrations."""
    shop.table("0001_first", "first")
    shop.table("0002_second", "second")
    return shop


def preview_of(app: Workbench) -> PreviewScreen:
    """The preview screen, also behind a question."""
    return next(screen for screen in reversed(app.screen_stack) if isinstance(screen, PreviewScreen))


def told(app: Workbench) -> str:
    """What was said for a moment."""
    return "\n".join(notification.message for notification in app._notifications)


async def open_preview(pilot: Pilot[Any], key: str = "u") -> PreviewScreen:
    """Presses a key on the home screen, and waits until the dry run is over."""
    await wait_for_look(pilot)
    await press(pilot, key)
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, PreviewScreen), "the preview screen")
    screen = pilot.app.screen
    assert isinstance(screen, PreviewScreen)
    await wait_for(pilot, lambda: screen.phase not in ("planning", "trying"), "the preview")
    return screen


async def ask(pilot: Pilot[Any]) -> ConfirmModal:
    """Presses `a` and waits until the question heeds keys."""
    await press(pilot, "a")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, ConfirmModal), "the question")
    modal = pilot.app.screen
    assert isinstance(modal, ConfirmModal)
    await wait_for(pilot, lambda: modal.heeding, "a question that heeds keys")
    return modal


async def run_to_end(pilot: Pilot[Any], key: str = "R") -> str:
    """Says yes and waits for the end; what is on the screen then."""
    screen = preview_of(pilot.app)  # type: ignore[arg-type]
    await press(pilot, [key])
    await wait_for(pilot, lambda: screen.phase == ENDED, "the end of the run")
    return screen_text(pilot.app)


async def test_what_is_previewed_is_run_once_it_was_agreed_to(two: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(two)
    async with app.run_test(size=HOME) as pilot:
        await open_preview(pilot)
        shown = screen_text(app)
        assert "Apply all that is pending · 2 migrations · in dev" in shown
        assert "CREATE TABLE second (id INTEGER)" in shown
        assert "+ table first  added" in shown
        assert two.tables() == set()
        await ask(pilot)
        assert app.focused is app.screen.query_one("#cancel")
        assert "applies 0001_first" in screen_text(app)
        assert two.tables() == set()
        ended = await run_to_end(pilot)
        assert "✔ Done: 2 migrations applied in dev" in ended
        assert "+ table first  added" in ended
        assert two.tables() == {"first", "second"}
        await wait_for(pilot, lambda: app.situation.ids("applied") == ("0001_first", "0002_second"), "the new state")
        await press(pilot, ["escape"])
        assert isinstance(app.screen, HomeScreen)


async def test_no_key_that_led_to_the_question_runs_anything(two: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(two)
    async with app.run_test(size=HOME) as pilot:
        await open_preview(pilot)
        await ask(pilot)
        await press(pilot, ["u", "a", "p", "d", "y", "s", "enter"])  # enter is on Cancel
        assert isinstance(app.screen, PreviewScreen)
        assert app.situation.own_run is None
    assert two.tables() == set()


async def test_a_new_question_heeds_no_key_in_its_first_moment(two: Sandbox, open_workbench: Opener) -> None:
    assert GUARD_SECONDS == 0.3
    app = open_workbench(two, guard=3.0)  # longer, as this machine may be slow at sending keys
    async with app.run_test(size=HOME) as pilot:
        await open_preview(pilot)
        await press(pilot, "a")
        await wait_for(pilot, lambda: isinstance(app.screen, ConfirmModal), "the question")
        found = app.screen
        assert isinstance(found, ConfirmModal)
        modal: ConfirmModal = found
        assert not modal.heeding
        await pilot.press("R", "R", "escape", "tab", "tab", "enter", "q")
        assert not modal.heeding, "this machine was too slow to send keys within 3 s"
        assert app.screen is modal
        assert app.situation.own_run is None
        await wait_for(pilot, lambda: modal.heeding, "a question that heeds keys")
        assert app.focused is modal.query_one("#cancel")
        assert await run_to_end(pilot)
    assert two.tables() == {"first", "second"}


async def test_up_to_the_selected_and_all_that_is_pending_are_one_key_apart(
    two: Sandbox, open_workbench: Opener
) -> None:
    app = open_workbench(two)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, "G")
        screen = await open_preview(pilot, "p")
        assert "Apply 0001_first and what it needs · 1 migration" in screen_text(app)
        await press(pilot, "t")
        await wait_for(pilot, lambda: screen.phase == SHOWN and screen.plan and len(screen.plan.steps) == 2, "both")
        assert "Apply all that is pending · 2 migrations" in screen_text(app)
        await press(pilot, "t")
        await wait_for(pilot, lambda: screen.phase == SHOWN and screen.plan and len(screen.plan.steps) == 1, "one")


async def test_the_modes_go_round(two: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(two)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_preview(pilot)
        assert "auto (rehearse)" in screen_text(app)
        for mode, word in (
            ("rehearse", "on a copy"),
            ("rollback", "rolled back"),
            ("sql", "listed only"),
            ("auto", "on a copy"),
        ):
            await press(pilot, "M")
            await wait_for(pilot, lambda: screen.phase == SHOWN, mode)
            assert f"M mode: {mode}" in screen_text(app)
            assert word in screen_text(app)


async def test_the_script_is_saved_into_a_new_file_alone_and_copied(
    two: Sandbox, open_workbench: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(two.folder)
    app = open_workbench(two)
    async with app.run_test(size=HOME) as pilot:
        await open_preview(pilot)
        path = two.path("up-20260115-120431.sql")
        await press(pilot, "s")
        await wait_for_text(pilot, "Save the script as")
        await wait_for(pilot, lambda: isinstance(app.focused, Input), "the line to type in")
        await press(pilot, ["enter"])
        await wait_for(pilot, lambda: os.path.exists(path), "the file")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        assert "CREATE TABLE second" in text
        await wait_for(pilot, lambda: isinstance(app.screen, PreviewScreen), "the preview again")
        await press(pilot, "s")
        await wait_for_text(pilot, "exists already")
        await wait_for(pilot, lambda: isinstance(app.focused, Input), "the line to type in")
        await press(pilot, ["enter"])
        assert "exists already" in screen_text(app)
        assert app.screen.query_one("#save", Button).disabled
        await press(pilot, ["escape"])
        await press(pilot, "y")
        await wait_for(pilot, lambda: app.clipboard == text, "the script on the clipboard")


async def test_a_failure_in_one_transaction_leaves_nothing_and_tells_where(
    shop: Sandbox, open_workbench: Opener
) -> None:
    shop.table("0001_first", "first")
    shop.sql("0002_bad", "INSERT INTO first VALUES (1);\nINSERT INTO nowhere VALUES (1);")
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await open_preview(pilot)
        assert "0002_bad would fail" in screen_text(app)
        modal = await ask(pilot)
        assert "the dry run failed: 0002_bad" in screen_text(app)
        await press(pilot, "R")
        assert app.screen is modal
        await press(pilot, "A")
        ended = await run_to_end(pilot)
        assert "✖ Failed: 0002_bad" in ended
        assert "0002_bad.sql, line 5: no such table: nowhere" in ended
        assert "it was rolled back, nothing of it stays" in ended
        assert "1 of 2 migrations applied" in ended
        assert "e edits the file" in ended
    assert shop.states() == {"0001_first": "applied", "0002_bad": "pending"}


async def test_a_loss_of_rows_has_to_be_agreed_to(shop: Sandbox, open_workbench: Opener) -> None:
    shop.sql(
        "0001_first", "CREATE TABLE first (id INTEGER);\nINSERT INTO first VALUES (1), (2), (3);", "DROP TABLE first;"
    )
    shop.miger("up")
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await open_preview(pilot, "d")
        modal = await ask(pilot)
        assert "table first holds 3 rows that the drop loses" in screen_text(app)
        assert modal.query_one("#run", Button).disabled
        await press(pilot, "R")
        assert app.screen is modal
        assert "agree to the dangers first" in told(app)
        await press(pilot, ["A", "A"])
        assert modal.query_one("#run", Button).disabled
        await press(pilot, "A")
        assert not modal.query_one("#run", Button).disabled
        assert "Done: 1 migration rolled back" in await run_to_end(pilot)
    assert shop.tables() == set()


async def test_a_listing_alone_asks_the_data_before_anything_is_run(shop: Sandbox, open_workbench: Opener) -> None:
    shop.sql(
        "0001_first", "CREATE TABLE first (id INTEGER);\nINSERT INTO first VALUES (1), (2), (3);", "DROP TABLE first;"
    )
    shop.miger("up")
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_preview(pilot, "d")
        screen.way = "rollback"
        await press(pilot, "M")
        await wait_for_text(pilot, "listed only")
        await ask(pilot)
        shown = screen_text(app)
        assert "nothing was tried" in shown
        assert "table first holds 3 rows that the drop loses" in shown


async def test_a_protected_environment_has_to_be_named(two: Sandbox, open_workbench: Opener) -> None:
    two.configure("protected = true")
    app = open_workbench(two)
    async with app.run_test(size=HOME) as pilot:
        await open_preview(pilot)
        assert "in DEV" in screen_text(app)
        modal = await ask(pilot)
        run = modal.query_one("#run", Button)
        assert app.focused is modal.query_one("#cancel")
        await press(pilot, "R")
        assert "type the name of the environment first" in told(app)
        await press(pilot, ["tab"])
        assert app.focused is modal.query_one("#name")
        await press(pilot, "DEV")
        assert "that is not its name" in screen_text(app)
        await press(pilot, ["enter"])
        assert run.disabled
        assert app.screen is modal
        modal.query_one("#name", Input).value = ""
        await press(pilot, "dev")
        assert "that is its name" in screen_text(app)
        await press(pilot, ["enter"])  # goes to the button, and runs nothing
        assert app.focused is run
        assert app.situation.own_run is None
        assert "Done: 2 migrations applied in DEV" in await run_to_end(pilot, "enter")
    assert two.tables() == {"first", "second"}


async def test_a_read_only_environment_says_why_it_runs_nothing(two: Sandbox, open_workbench: Opener) -> None:
    two.configure("read_only = true")
    app = open_workbench(two)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_preview(pilot)
        assert screen.phase == SHOWN
        assert "a cannot execute it: environment dev is read-only" in screen_text(app)
        assert screen.query_one("#execute", Button).disabled
        await press(pilot, "a")
        assert "read_only in miger.toml" in told(app)
        assert app.screen is screen
    assert two.tables() == set()


async def test_nothing_to_do_is_said(two: Sandbox, open_workbench: Opener) -> None:
    two.miger("up")
    app = open_workbench(two)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, "u")
        assert isinstance(app.screen, HomeScreen)
        two.table("0003_third", "third")
        await open_preview_when_pending(pilot)
        os.unlink(two.path("migrations", "0003_third.sql"))
        await press(pilot, "r")
        await wait_for_text(pilot, "Nothing to do")
        assert "esc goes back" in screen_text(app)


async def open_preview_when_pending(pilot: Pilot[Any]) -> None:
    """Waits until the new file was noticed, and previews it."""
    app = pilot.app
    assert isinstance(app, Workbench)
    await wait_for(pilot, lambda: app.situation.ids("pending"), "the new file")
    await open_preview(pilot)


async def test_a_plan_that_cannot_be_made_says_why_and_what_is_next(two: Sandbox, open_workbench: Opener) -> None:
    two.miger("up")
    app = open_workbench(two)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        two.sql("0001_first", "CREATE TABLE first (id INTEGER); -- changed", "DROP TABLE first;")
        two.table("0003_third", "third")
        await wait_for(pilot, lambda: app.situation.ids("modified"), "the change")
        await open_preview(pilot)
        shown = screen_text(app)
        assert "No preview" in shown
        assert "changed after they were applied: 0001_first" in shown
        assert "x tells what can be done about each" in shown
        await press(pilot, "a")
        assert isinstance(app.screen, PreviewScreen)
        assert two.tables() == {"first", "second"}


async def test_what_another_run_has_done_meanwhile_is_shown_and_not_run(two: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(two, look_seconds=3600)  # it does not notice by itself
    async with app.run_test(size=HOME) as pilot:
        screen = await open_preview(pilot)
        await ask(pilot)
        two.run("up", "0001_first")
        await press(pilot, "R")
        await wait_for(
            pilot, lambda: screen.phase == SHOWN and screen.plan and screen.plan.ids == ("0002_second",), "the new plan"
        )
        shown = screen_text(app)
        assert "the plan has changed meanwhile: now it is 0002_second" in shown
        assert "nothing was run" in shown
        assert two.tables() == {"first"}
        await ask(pilot)
        assert "Done: 1 migration applied" in await run_to_end(pilot)
    assert two.tables() == {"first", "second"}


async def test_a_preview_that_is_outdated_says_so_and_is_made_anew(two: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(two)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_preview(pilot)
        two.run("up", "0001_first")
        await wait_for_text(pilot, "outdated: what is pending has changed")
        await press(pilot, "a")
        await wait_for(
            pilot, lambda: screen.phase == SHOWN and screen.plan and screen.plan.ids == ("0002_second",), "the new plan"
        )
        assert app.screen is screen
        assert "nothing was run" in screen_text(app)


async def test_a_file_changed_after_the_preview_is_previewed_again(two: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(two)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_preview(pilot)
        await ask(pilot)
        two.table("0002_second", "renamed")
        await wait_for(pilot, lambda: screen.is_outdated, "the change")
        await press(pilot, "R")
        await wait_for(
            pilot, lambda: screen.phase == SHOWN and "CREATE TABLE renamed" in screen_text(app), "the new text"
        )
        assert two.tables() == set()


def write_held(shop: Sandbox, transaction: bool) -> str:
    """A migration that waits, after its first statement, until the file is there whose path this is."""
    go = shop.path("go")
    shop.python(
        "0002_held",
        "import os, time\nfrom miger import Sql\n\n\n"
        "def up(db: Sql) -> None:\n"
        "    db.execute('CREATE TABLE held (id INTEGER)')\n"
        f"    while not os.path.exists({go!r}):\n"
        "        time.sleep(0.01)\n"
        "    db.execute('INSERT INTO held VALUES (1)')\n",
        "" if transaction else "transaction = false",
    )
    return shop.write("go", "")


async def run_until_held(pilot: Pilot[Any], go: str) -> PreviewScreen:
    """Previews and runs it until it waits for its file."""
    screen = await open_preview(pilot)
    await ask(pilot)
    os.unlink(go)
    await press(pilot, "R")
    await wait_for(pilot, lambda: screen.phase == RUNNING and "0002_held" in _began(screen), "its first statement")
    return screen


def _began(screen: PreviewScreen) -> set[str]:
    """The migrations of whose statements its run has finished one."""
    assert screen.record is not None
    return {event.id for event in list(screen.record.events) if isinstance(event, StatementFinished)}


async def test_ctrl_c_stops_after_the_current_statement(shop: Sandbox, open_workbench: Opener) -> None:
    shop.table("0001_first", "first")
    go = write_held(shop, transaction=True)
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        screen = await run_until_held(pilot, go)
        await press(pilot, ["ctrl+c"])
        assert "stopping after the current statement" in screen_text(app)
        shop.write("go", "")
        await wait_for(pilot, lambda: screen.phase == ENDED, "the end")
        shown = screen_text(app)
        assert "! Stopped in 0002_held" in shown
        assert "0002_held was rolled back, nothing of it stays" in shown
        assert "1 of 2 migrations applied" in shown
        assert "r previews what is left" in shown
    assert shop.states() == {"0001_first": "applied", "0002_held": "pending"}
    assert shop.tables() == {"first"}


async def test_a_run_goes_on_when_its_screen_is_left_and_can_be_come_back_to(
    shop: Sandbox, open_workbench: Opener
) -> None:
    shop.table("0001_first", "first")
    go = write_held(shop, transaction=True)
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        screen = await run_until_held(pilot, go)
        await press(pilot, ["escape"])
        assert isinstance(app.screen, HomeScreen)
        assert app.situation.own_run is not None
        assert "RUNNING" in screen_text(app)
        await press(pilot, ["ctrl+q"])  # asks first
        await wait_for(pilot, lambda: isinstance(app.screen, LeaveModal), "the question whether to leave")
        await wait_for(pilot, lambda: isinstance(app.focused, Button), "a question that heeds keys")
        await press(pilot, ["escape"])
        await press(pilot, "u")
        again = app.screen
        assert isinstance(again, PreviewScreen) and again is not screen
        assert again.phase == RUNNING
        await wait_for(pilot, lambda: "◐ 0002_held" in screen_text(app), "how far it is")
        assert "1 of 2 migrations finished" in screen_text(app)
        await press(pilot, ["escape"])
        shop.write("go", "")
        await wait_for(pilot, lambda: app.situation.own_run is None, "the end")
        assert "Done: 2 migrations applied" in told(app)  # where one is
    assert shop.rows("SELECT id FROM held") == [(1,)]


async def test_a_lease_held_by_another_run_is_named(shop: Sandbox, open_workbench: Opener) -> None:
    shop.configure('lease_wait = "0s"')
    go = write_held(shop, transaction=False)
    app = open_workbench(shop, look_seconds=3600)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_preview(pilot)
        await ask(pilot)
        os.unlink(go)
        with shop.start("--json", "up", "--yes") as other:
            other.event("statement_finished", id="0002_held")
            await press(pilot, "R")
            await wait_for(pilot, lambda: screen.phase == ENDED, "the refusal")
            shown = screen_text(app)
            assert screen.record is not None and isinstance(screen.record.error, LockHeld)
            assert "Not run: another run holds the database" in shown
            assert f"process {other.popen.pid}" in shown
            assert "r looks again when that run is over" in shown
            shop.write("go", "")
            other.end()


async def test_a_run_that_waits_for_another_names_it_and_can_be_given_up(shop: Sandbox, open_workbench: Opener) -> None:
    go = write_held(shop, transaction=False)
    app = open_workbench(shop, look_seconds=3600)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_preview(pilot)
        await ask(pilot)
        os.unlink(go)
        with shop.start("--json", "up", "--yes") as other:
            other.event("statement_finished", id="0002_held")
            await press(pilot, "R")
            await wait_for_text(pilot, "waiting for alice@", "ctrl+c gives up")
            await press(pilot, ["ctrl+c"])
            await wait_for(pilot, lambda: screen.phase == ENDED, "the end")
            assert "Stopped before it began" in screen_text(app)
            assert "nothing was changed" in screen_text(app)
            shop.write("go", "")
            other.end()


async def test_the_screen_answers_while_a_dry_run_takes_long(postgresql_shop: Sandbox, open_workbench: Opener) -> None:
    postgresql_shop.sql("0001_slow", "SELECT pg_sleep(25);")
    postgresql_shop.table("0002_second", "second")
    app = open_workbench(postgresql_shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, "u")
        screen = preview_of(app)
        await wait_for_text(pilot, "under way", "CREATE TABLE second")  # listed already
        assert screen.phase == "trying"
        rows = screen.view.body
        await press(pilot, ["j", "j"])
        assert rows.cursor == 2
        await press(pilot, "a")
        assert app.screen is screen
        assert "the preview is not ready yet" in told(app)
        assert screen.phase == "trying"
        await press(pilot, ["escape"])
        assert isinstance(app.screen, HomeScreen)
        await press(pilot, "k")


@pytest.mark.parametrize("backend_name", ["postgresql", "mysql", "mongodb"])
async def test_a_preview_leads_to_a_run_on_servers_too(shop_anywhere: Sandbox, open_workbench: Opener) -> None:
    shop_anywhere.table("0001_first", "first")
    shop_anywhere.table("0002_second", "second")
    app = open_workbench(shop_anywhere)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_preview(pilot)
        assert screen.phase == SHOWN, screen_text(app)
        assert "would succeed" in screen_text(app)
        assert shop_anywhere.tables() == set()
        await ask(pilot)
        assert "Done: 2 migrations applied" in await run_to_end(pilot)
    assert shop_anywhere.tables() == {"first", "second"}


@pytest.mark.parametrize("backend_name", ["mysql"])
async def test_a_failure_on_mariadb_is_dirty_and_leads_to_recovery(
    shop_anywhere: Sandbox, open_workbench: Opener
) -> None:
    shop_anywhere.table("0001_first", "first")
    shop_anywhere.sql(
        "0002_bad", "CREATE TABLE second (id INTEGER);\nALTER TABLE nowhere ADD x INTEGER;", "DROP TABLE second;"
    )
    app = open_workbench(shop_anywhere)
    async with app.run_test(size=HOME) as pilot:
        await open_preview(pilot)
        await ask(pilot)
        await press(pilot, "A")
        ended = await run_to_end(pilot)
        assert "✖ Failed: 0002_bad" in ended
        assert "it is dirty" in ended
        assert "x recovers it" in ended
        await wait_for(pilot, lambda: app.situation.ids("dirty"), "the look after it")
        await press(pilot, "x")
        await wait_for_text(pilot, "1 of 2 done", "CREATE TABLE second", "What can be done")
