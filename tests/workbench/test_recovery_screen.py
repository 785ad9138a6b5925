"""Recovery from the workbench: what is told, and each way out."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from miger.workbench.app import Workbench
from miger.workbench.screens.confirm import ConfirmModal
from miger.workbench.screens.recovery import RecoveryScreen

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, press, screen_text, wait_for, wait_for_look, wait_for_text

ID = "0002_fill"
FIRST, SECOND = "INSERT INTO first VALUES (1);", "INSERT INTO first VALUES (2);"
WRONG = "INSERT INTO nowhere VALUES (1);"
DOWN = "DELETE FROM first WHERE id IN (1, 2);"
BY_ITSELF = "transaction = false"


def break_half_way(shop: Sandbox) -> None:
    """The second migration stops after the first of its three statements."""
    shop.table("0001_first", "first")
    shop.sql(ID, f"{FIRST}\n{WRONG}\n{SECOND}", DOWN, verify="SELECT id FROM first LIMIT 0;", metadata=BY_ITSELF)
    shop.miger("up", code=1)


@pytest.fixture
def broken(shop: Sandbox) -> Sandbox:
    break_half_way(shop)
    return shop


async def open_recovery(pilot: Pilot[Any]) -> RecoveryScreen:
    """Presses x on the home screen, and waits until the story is told."""
    await wait_for_look(pilot)
    await press(pilot, "x")
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, RecoveryScreen), "the recovery screen")
    screen = pilot.app.screen
    assert isinstance(screen, RecoveryScreen)
    await wait_for(pilot, lambda: screen.story is not None and screen.story.ways, "the story")
    return screen


async def choose(pilot: Pilot[Any], key: str) -> ConfirmModal:
    """Chooses a way by its key, and waits until the question heeds keys."""
    await press(pilot, [key])
    await wait_for(pilot, lambda: isinstance(pilot.app.screen, ConfirmModal), "the question")
    modal = pilot.app.screen
    assert isinstance(modal, ConfirmModal)
    await wait_for(pilot, lambda: modal.heeding, "a question that heeds keys")
    assert pilot.app.focused is modal.query_one("#cancel")
    return modal


async def recover(pilot: Pilot[Any], key: str, agree: bool = False) -> str:
    """Chooses, agrees, waits for the end and for the new state; what is on the screen then."""
    app, screen = pilot.app, pilot.app.screen
    assert isinstance(app, Workbench) and isinstance(screen, RecoveryScreen)
    before = screen.story
    await choose(pilot, key)
    if agree:
        await press(pilot, "A")
    await press(pilot, "R")
    await wait_for(pilot, lambda: app.screen is screen and app.situation.own_run is None, "the end")
    await wait_for(pilot, lambda: screen.story is not before, "the new story")
    return screen_text(app)


def ids(shop: Sandbox) -> list[int]:
    return sorted(id for (id,) in shop.rows("SELECT id FROM first"))


async def test_what_ran_what_failed_and_what_is_left_is_told(broken: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(broken)
    async with app.run_test(size=HOME) as pilot:
        await open_recovery(pilot)
        shown = screen_text(app)
        assert f"✖ {ID} dirty, 1 of 3 done" in shown
        assert "error: no such table: nowhere (statement 2, line" in shown
        assert "✔ 1  INSERT INTO first VALUES (1)" in shown
        assert "✖ 2  INSERT INTO nowhere VALUES (1)" in shown
        assert "○ 3  INSERT INTO first VALUES (2)" in shown
        assert "verify now: holds" in shown
        assert "It would run 2 statements" in shown
        await press(pilot, "j")
        assert "○ 1  DELETE FROM first WHERE id IN (1, 2)" in screen_text(app)
        await press(pilot, "5")
        assert app.screen.query_one("#ways").cursor == 4  # type: ignore[attr-defined]
        assert isinstance(app.screen, RecoveryScreen)  # it can't be taken, and says why
    assert ids(broken) == [1]


async def test_cancel_and_the_key_that_asked_do_nothing(broken: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(broken)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_recovery(pilot)
        await choose(pilot, "3")
        await press(pilot, ["3", "x", "enter"])  # enter is on Cancel
        assert app.screen is screen
        assert app.situation.own_run is None
    assert broken.states()[ID] == "dirty"


@pytest.mark.parametrize("backend_name", ["sqlite", "mysql"])
async def test_resume_goes_on_after_an_edit(shop_anywhere: Sandbox, open_workbench: Opener) -> None:
    break_half_way(shop_anywhere)
    app = open_workbench(shop_anywhere)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_recovery(pilot)
        shop_anywhere.sql(ID, f"{FIRST}\n{SECOND}", DOWN, metadata=BY_ITSELF)
        await wait_for(pilot, lambda: screen.story and len(screen.story.pieces) == 2, "the new text")
        shown = await recover(pilot, "1")
        assert f"✔ Resume {ID}: done" in shown
        assert f"{ID} is applied: there is nothing to recover here" in shown
        assert "INSERT INTO first VALUES (2)" in shown  # the live statements
    assert ids(shop_anywhere) == [1, 2]
    assert shop_anywhere.states()[ID] == "applied"


async def test_resume_that_fails_again_says_so(broken: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(broken)
    async with app.run_test(size=HOME) as pilot:
        await open_recovery(pilot)
        shown = await recover(pilot, "1")
        assert f"✖ Resume {ID}: no such table: nowhere" in shown
        assert f"✖ {ID} dirty, 1 of 3 done" in shown
    assert broken.states()[ID] == "dirty"


async def test_what_ran_and_was_edited_is_told_and_not_run_again(broken: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(broken)
    async with app.run_test(size=HOME) as pilot:
        await open_recovery(pilot)
        broken.sql(ID, f"INSERT INTO first VALUES (7);\n{SECOND}", DOWN, metadata=BY_ITSELF)
        await wait_for_text(pilot, "≠ 1  INSERT INTO first VALUES (7)", "changed since it ran")
        shown = await recover(pilot, "1")
        assert "its text has changed since" in shown
    assert ids(broken) == [1]


@pytest.mark.parametrize("backend_name", ["sqlite", "mysql"])
async def test_rollback_runs_down(shop_anywhere: Sandbox, open_workbench: Opener) -> None:
    break_half_way(shop_anywhere)
    app = open_workbench(shop_anywhere)
    async with app.run_test(size=HOME) as pilot:
        await open_recovery(pilot)
        shown = await recover(pilot, "2")
        assert f"✔ Rollback {ID}: done" in shown
        assert f"{ID} is pending: there is nothing to recover here" in shown
    assert ids(shop_anywhere) == []
    assert shop_anywhere.states()[ID] == "pending"


@pytest.mark.parametrize(("key", "state"), [("3", "applied"), ("4", "pending")])
async def test_marking_runs_nothing(broken: Sandbox, open_workbench: Opener, key: str, state: str) -> None:
    app = open_workbench(broken)
    async with app.run_test(size=HOME) as pilot:
        await open_recovery(pilot)
        shown = await recover(pilot, key)
        assert f"{ID} is {state}: there is nothing to recover here" in shown
    assert ids(broken) == [1]
    assert broken.states()[ID] == state


async def test_rollback_tells_what_it_loses_first(shop: Sandbox, open_workbench: Opener) -> None:
    shop.table("0001_first", "first")
    shop.sql(
        ID,
        f"CREATE TABLE more (id INTEGER);\nINSERT INTO more VALUES (1);\n{WRONG}",
        "DROP TABLE more;",
        metadata=BY_ITSELF,
    )
    shop.miger("up", code=1)
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await open_recovery(pilot)
        modal = await choose(pilot, "2")
        assert "table more holds 1 row that the drop loses" in screen_text(app)
        assert modal.query_one("#run", Button).disabled
        await press(pilot, ["escape"])
        await recover(pilot, "2", agree=True)
    assert shop.tables() == {"first"}


async def test_a_protected_environment_has_to_be_named(broken: Sandbox, open_workbench: Opener) -> None:
    broken.configure("protected = true")
    app = open_workbench(broken)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_recovery(pilot)
        modal = await choose(pilot, "3")
        await press(pilot, "R")
        assert app.screen is modal
        modal.query_one("#name", Input).focus()
        await press(pilot, "dev")
        await press(pilot, ["enter", "enter"])
        await wait_for(pilot, lambda: app.screen is screen and app.situation.own_run is None, "the end")
        await wait_for_text(pilot, f"{ID} is applied")
    assert broken.states()[ID] == "applied"


async def test_a_read_only_environment_refuses_with_its_reason(broken: Sandbox, open_workbench: Opener) -> None:
    broken.configure("read_only = true")
    app = open_workbench(broken)
    async with app.run_test(size=HOME) as pilot:
        screen = await open_recovery(pilot)
        await press(pilot, ["enter"])
        assert app.screen is screen
        assert "read_only in miger.toml" in "".join(notice.message for notice in app._notifications)
    assert ids(broken) == [1]


async def test_several_are_listed_and_each_has_its_own_ways(shop: Sandbox, open_workbench: Opener) -> None:
    shop.table("0001_first", "first")
    shop.table("0002_second", "second")
    shop.miger("up")
    shop.sql("0001_first", "CREATE TABLE first (id INTEGER); -- changed", "DROP TABLE first;")
    os.unlink(shop.path("migrations", "0002_second.sql"))
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for(pilot, lambda: len(app.situation.ids("modified", "missing")) == 2, "both")
        await press(pilot, "G")
        screen = await open_recovery(pilot)
        assert screen.migration_id == "0001_first"
        shown = screen_text(app)
        assert "≠ 0001_first" in shown and "? 0002_second" in shown
        assert "Its file is not the one that was applied." in shown
        assert "The text that was applied is not kept in the database" in shown
        shown = await recover(pilot, "5")
        assert "0001_first is applied: there is nothing to recover here" in shown
        await wait_for(pilot, lambda: app.situation.ids("modified", "missing") == ("0002_second",), "one left")
        await press(pilot, ["escape"])
        screen = await open_recovery(pilot)
        assert "the migrations folder has no file of it" in screen_text(app)
        await choose(pilot, "4")
        assert "what it has changed stays in the database" in screen_text(app)
        await press(pilot, "R")
        await wait_for_text(pilot, "0002_second is forgotten")
    assert shop.states() == {"0001_first": "applied"}
    assert shop.tables() == {"first", "second"}


async def test_the_list_turns_to_another_migration(shop: Sandbox, open_workbench: Opener) -> None:
    shop.table("0001_first", "first")
    shop.table("0002_second", "second")
    shop.miger("up")
    for id in ("0001_first", "0002_second"):
        os.unlink(shop.path("migrations", f"{id}.sql"))
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for(pilot, lambda: len(app.situation.ids("missing")) == 2, "both")
        screen = await open_recovery(pilot)
        other = next(id for id in ("0001_first", "0002_second") if id != screen.migration_id)
        screen.query_one("#wrong").focus()
        await press(pilot, "j" if other == "0002_second" else "k")
        await wait_for(pilot, lambda: screen.story and screen.story.id == other, "the other one")
        await press(pilot, ["enter"])
        assert app.focused is screen.query_one("#ways")


@pytest.fixture
def half_called(postgresql_shop: Sandbox) -> Sandbox:
    """A procedure that has committed a part of its work and then failed: nobody can tell whether it ran."""
    shop = postgresql_shop
    shop.table("0001_first", "first")
    shop.sql(
        "0002_procedure",
        "CREATE PROCEDURE fill() LANGUAGE plpgsql AS $$ BEGIN INSERT INTO first VALUES (1); COMMIT; "
        "INSERT INTO first VALUES (2); RAISE EXCEPTION 'half way'; END $$;",
    )
    shop.sql("0003_call", "CALL fill();\nINSERT INTO first VALUES (3);", metadata=BY_ITSELF)
    shop.miger("up", code=1)
    return shop


async def test_a_statement_whose_end_nobody_knows_is_settled_by_a_persons_word(
    half_called: Sandbox, open_workbench: Opener
) -> None:
    app = open_workbench(half_called)
    async with app.run_test(size=HOME) as pilot:
        await open_recovery(pilot)
        shown = screen_text(app)
        assert "? 1  CALL fill()" in shown and "nobody knows" in shown
        assert "2  resume: it ran" in shown and "3  resume: it did not" in shown
        shown = await recover(pilot, "1")
        assert "nobody knows whether it ran" in shown
        assert "choose `resume: it ran` or `resume: it did not`" in shown
        assert ids(half_called) == [1]
        shown = await recover(pilot, "3")  # then it is called once more
        assert "half way" in shown
        assert ids(half_called) == [1, 1]
        await choose(pilot, "2")
        assert "nothing checks your word" in screen_text(app)
        await press(pilot, ["escape"])
        shown = await recover(pilot, "2")
        assert "0003_call is applied" in shown
    assert ids(half_called) == [1, 1, 3]


async def test_a_run_that_died_without_a_word_is_told(mysql_shop: Sandbox, open_workbench: Opener) -> None:
    mysql_shop.table("0001_first", "first")
    mysql_shop.sql("0002_slow", "INSERT INTO first VALUES (1);\nDO SLEEP(60);", metadata=BY_ITSELF)
    mysql_shop.miger("up", "0001_first")
    with mysql_shop.start("--json", "up", "--yes") as run:
        run.event("statement_started", id="0002_slow", number=2)
        run.signal(signal.SIGKILL)
        run.end()
    app = open_workbench(mysql_shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for(pilot, lambda: app.situation.ids("dirty"), "the dead run to be seen")
        await open_recovery(pilot)
        shown = screen_text(app)
        assert "the run ended without a word" in shown
        assert "✔ 1  INSERT INTO first VALUES (1)" in shown
        assert "DO SLEEP(60)" in shown


async def test_pieces_of_a_mongodb_migration_are_told_by_their_names(
    mongodb_shop: Sandbox, open_workbench: Opener
) -> None:
    mongodb_shop.table("0001_first", "first")
    mongodb_shop.sql(ID, f"{FIRST}\n{WRONG}\n{SECOND}", DOWN, metadata=BY_ITSELF)
    mongodb_shop.miger("up", code=1)
    app = open_workbench(mongodb_shop)
    async with app.run_test(size=HOME) as pilot:
        await open_recovery(pilot)
        assert "✔ step INSERT INTO first VALUES (1)" in screen_text(app)
        shown = await recover(pilot, "2")
        assert f"{ID} is pending: there is nothing to recover here" in shown
    assert mongodb_shop.states()[ID] == "pending"
