"""The history of a database, and the log of a run."""

from __future__ import annotations

import sqlite3
from datetime import timedelta, timezone

import pytest

from miger.engine.state import HistoryEntry
from miger.widgets.history_rows import (
    GLYPHS,
    Day,
    columns_of,
    day_of,
    entry_text,
    event_word,
    history_rows,
    parse_history_filter,
    row_line,
)
from miger.widgets.history_view import HistoryView
from miger.widgets.text_view import TextView
from miger.workbench.app import Workbench
from miger.workbench.screens.history import PAGE, HistoryScreen
from miger.workbench.screens.home import HomeScreen
from miger.workbench.screens.run_log import RunLogScreen

from tests.app.sandbox import Sandbox
from tests.workbench.conftest import Opener
from tests.workbench.driving import HOME, NOW, SMALL, press, screen_text, wait_for, wait_for_look, wait_for_text


def entry(event: str = "applied", id: str = "1_a", at: str = "2026-01-14T22:30:00Z", **more: object) -> HistoryEntry:
    return HistoryEntry(run="r1", id=id, event=event, at=at, by="ann", host="ci")._replace(**more)  # type: ignore[arg-type]


ENTRIES = [
    entry("failed", "0141_split_customer", error="duplicate column\nLINE 2", by="bob"),
    entry("applied", "0140_billing"),
    entry("lease_broken", "", error="of carl@old"),
    entry("reverted", "0139_email", at="2026-01-13T08:00:00Z"),
]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("", ["0141_split_customer", "0140_billing", "", "0139_email"]),
        ("event:failed", ["0141_split_customer"]),
        ("event:lease", [""]),
        ("by:ann", ["0140_billing", "", "0139_email"]),
        ("id:014", ["0141_split_customer", "0140_billing"]),
        ("!by:bob billing", ["0140_billing"]),
        ("DUPLICATE line", ["0141_split_customer"]),
        ("lease broken", [""]),
        ("host:ci run:r1 event:reverted", ["0139_email"]),
        ("nothing:known", []),
        ("! :", ["0141_split_customer", "0140_billing", "", "0139_email"]),
    ],
)
def test_the_filter_chooses(text: str, ids: list[str]) -> None:
    chosen = parse_history_filter(text if text != "! :" else "!")
    assert [entry.id for entry in ENTRIES if chosen.matches(entry)] == ids


def test_days_are_those_of_the_calendar_here() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert day_of("2026-01-14T22:30:00Z", None if NOW.tzinfo is None else NOW.tzinfo) == "Wed 2026-01-14"
    assert day_of("2026-01-14T22:30:00Z", tokyo) == "Thu 2026-01-15"
    rows = history_rows(ENTRIES, parse_history_filter(""), NOW.tzinfo)
    assert [row for row in rows if isinstance(row, Day)] == [Day("Wed 2026-01-14", 3), Day("Tue 2026-01-13", 1)]
    assert "07:30:00" in row_line(ENTRIES[0], 116, tokyo).plain


@pytest.mark.parametrize("width", [20, 56, 76, 99, 100, 116, 200])
def test_a_row_is_never_wider_than_there_is_room(width: int) -> None:
    for row in history_rows(
        [*ENTRIES, entry("baselined", "x" * 90, by="漢" * 30)], parse_history_filter(""), NOW.tzinfo
    ):
        assert row_line(row, width, NOW.tzinfo).cell_length <= max(width, sum(columns_of(width)))


def test_every_event_of_the_engine_has_a_glyph_and_is_told_in_words() -> None:
    for event in GLYPHS:
        glyph, _, words = event_word(event).partition(" ")
        assert glyph == GLYPHS[event] and words.replace(" ", "_") == event
    assert event_word("unheard_of") == "· unheard of"


def test_a_time_that_is_none_and_signs_that_steer_terminals_are_shown_as_they_are() -> None:
    odd = entry(id="\x1b[2J", at="long ago", error="\x1b]0;x\x07")
    assert "\x1b" not in row_line(odd, 116, None).plain
    assert "long ago" in entry_text(odd, None)


@pytest.fixture
def eventful(shop: Sandbox) -> Sandbox:
    """Applied, reverted, applied again, and one that failed."""
    shop.table("1_customers", "customers")
    shop.table("2_orders", "orders")
    shop.miger("up", "--yes")
    shop.miger("down", "--yes")
    shop.miger("up", "--yes")
    shop.sql("3_bad", "CREATE TABLE fine (id INTEGER);\nINSERT INTO nowhere VALUES (1);")
    shop.miger("up", "--yes", code=1)
    return shop


def view_of(app: Workbench) -> HistoryView:
    return app.screen.query_one(HistoryView)


async def test_the_newest_is_first_and_everything_is_told(eventful: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(eventful)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["h"])
        await wait_for_text(
            pilot, "History of dev ─ 5 entries", "✖ failed", "○ reverted", "● applied", "alice@", "nowhere"
        )
        text = screen_text(app)
        assert text.index("3_bad") < text.index("reverted")
        assert "when" in text and "who" in text and "migration" in text
        assert view_of(app).selected is not None and view_of(app).selected.event == "failed"


async def test_the_filter_narrows_as_it_is_typed_and_esc_takes_it_back(
    eventful: Sandbox, open_workbench: Opener
) -> None:
    app = open_workbench(eventful)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["h"])
        await wait_for(pilot, lambda: view_of(app).shown == 5)
        await press(pilot, ["slash", *"event:rev"])
        assert view_of(app).shown == 1
        await press(pilot, ["enter"])
        assert view_of(app).has_focus
        await wait_for_text(pilot, "1 of 5 entries", "filter: event:rev")
        await press(pilot, ["escape"])
        assert view_of(app).shown == 5 and isinstance(app.screen, HistoryScreen)
        await press(pilot, ["slash", *"zzz"])
        await wait_for_text(pilot, "No entry fits the filter.")
        await press(pilot, ["escape", "q"])
        assert isinstance(app.screen, HomeScreen)


async def test_enter_opens_the_run_with_its_error_whole(eventful: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(eventful)
    async with app.run_test(size=SMALL) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["h"])
        await wait_for(pilot, lambda: view_of(app).shown == 5)
        await press(pilot, ["enter"])
        await wait_for(pilot, lambda: isinstance(app.screen, RunLogScreen) and app.screen.entries)
        await wait_for_text(pilot, "✖ failed", "3_bad", "no such table: nowhere", "alice@")
        await press(pilot, ["Y"])
        assert "no such table: nowhere" in app.clipboard and "run" in app.clipboard
        await press(pilot, ["escape"])
        assert isinstance(app.screen, HistoryScreen)


async def test_a_run_of_several_migrations_is_told_in_order(eventful: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(eventful)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["h", "G"])
        await wait_for(pilot, lambda: view_of(app).shown == 5)
        await press(pilot, ["G", "enter"])
        await wait_for(pilot, lambda: isinstance(app.screen, RunLogScreen) and len(app.screen.entries) == 2)
        text = app.screen.query_one(TextView).text
        assert text.index("1_customers") < text.index("2_orders")


async def test_more_is_read_as_one_scrolls(shop: Sandbox, open_workbench: Opener) -> None:
    shop.table("1_customers", "customers")
    shop.miger("up", "--yes")
    count = 3 * PAGE
    with sqlite3.connect(shop.url.removeprefix("sqlite:///")) as connection:
        known = connection.execute("PRAGMA table_info(miger_history)").fetchall()
        names = ", ".join(name for _, name, *_, key in known if not key)
        connection.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
            f"INSERT INTO miger_history ({names}) SELECT {names} FROM miger_history, n"
        )
    connection.close()
    app = open_workbench(shop)
    async with app.run_test(size=SMALL) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["h"])
        await wait_for_text(pilot, f"{PAGE} entries, more below")
        await press(pilot, ["G"])
        await wait_for(pilot, lambda: len(view_of(app).entries) == count, "the older entries")
        await wait_for_text(pilot, f"{count} entries")
        assert "more below" not in screen_text(app)


async def test_y_copies_all_of_an_entry(eventful: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(eventful)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["h"])
        await wait_for(pilot, lambda: view_of(app).shown == 5)
        await press(pilot, ["y"])
        assert app.clipboard.count("\n") >= 2 and "3_bad" in app.clipboard and "token" in app.clipboard


async def test_what_happens_meanwhile_comes_by_itself(eventful: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(eventful)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["h"])
        await wait_for(pilot, lambda: view_of(app).shown == 5)
        assert eventful.run("repair", "3_bad", "--mark-applied", "--yes").code == 0
        await wait_for_text(pilot, "marked applied")


async def test_an_empty_history_says_so(shop: Sandbox, open_workbench: Opener) -> None:
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["h"])
        await wait_for_text(pilot, "Nothing has happened to this database yet")
        await press(pilot, ["enter", "y"])
        assert isinstance(app.screen, HistoryScreen)


async def test_a_history_that_cannot_be_read_says_why_and_r_tries_again(shop: Sandbox, open_workbench: Opener) -> None:
    shop.table("1_customers", "customers")
    shop.miger("up", "--yes")
    app = open_workbench(shop)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        _rename(shop, "miger_history", "hidden")
        await press(pilot, ["h"])
        await wait_for_text(pilot, "✖ error", "miger_history", "r tries again")
        _rename(shop, "hidden", "miger_history")
        await press(pilot, ["r"])
        await wait_for_text(pilot, "1 entry", "● applied")


def _rename(shop: Sandbox, old: str, new: str) -> None:
    shop.rows(f"ALTER TABLE {old} RENAME TO {new}")


async def test_the_history_is_told_on_every_database(shop_anywhere: Sandbox, open_workbench: Opener) -> None:
    shop_anywhere.table("1_customers", "customers")
    shop_anywhere.miger("up", "--yes")
    shop_anywhere.miger("down", "--yes")
    app = open_workbench(shop_anywhere)
    async with app.run_test(size=HOME) as pilot:
        await wait_for_look(pilot)
        await press(pilot, ["h"])
        await wait_for_text(pilot, "○ reverted", "● applied", "1_customers")
        await press(pilot, ["enter"])
        await wait_for_text(pilot, "○ reverted", "Run ")
