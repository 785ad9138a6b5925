"""The log's rows, keys and messages."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from miger.widgets.log_entry import DONE, ERROR, INFO, RUNNING, LogEntry, Transcript
from miger.widgets.log_view import MOST_ENTRIES, LogView, line_of

from tests.widgets.one_widget import OneWidget
from tests.widgets.runs import FAILED_RUN, ticking


def entry(number: int, level: str = INFO, subject: str = "") -> LogEntry:
    return LogEntry("12:03:58.120", level, "0141_split", "2/5", f"message {number}", "a hint", 14.0, "r", subject)


def numbers(view: LogView) -> list[int]:
    return [int(found.text.split()[1]) for found in view.shown]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120])
@pytest.mark.parametrize("text", ["short", "名前 " * 60, "\x1b[31m red", "x" * 5000, ""])
def test_a_line_fits_and_keeps_its_time_at_the_right(width: int, text: str) -> None:
    line = line_of(LogEntry("12:03:58.120", INFO, "0141_split", "2/5", text, ms=14.0), width)
    assert cell_len(line.plain) <= max(width, 40)
    assert line.plain.endswith("14 ms")
    assert "\x1b" not in line.plain


def test_a_failed_line_says_so_in_words() -> None:
    assert "✖ 0141_split 2/5 error message 1" in line_of(entry(1, ERROR), 100).plain
    assert "✖ 0141_split 2/5 failed message 1" in line_of(entry(1, ERROR, "s"), 100).plain
    assert line_of(entry(1, RUNNING)._replace(ms=-1.0), 100).plain.endswith("running")


async def test_the_last_ten_thousand_entries_are_kept() -> None:
    app = OneWidget(LogView())
    async with app.run_test():
        view = app.query_one(LogView)
        for first in range(0, MOST_ENTRIES + 2000, 500):
            view.append(entry(number) for number in range(first, first + 500))
        assert numbers(view) == list(range(2000, MOST_ENTRIES + 2000))
        assert view.cursor == MOST_ENTRIES - 1


async def test_an_entry_takes_the_place_of_the_one_about_the_same() -> None:
    app = OneWidget(LogView())
    async with app.run_test():
        view = app.query_one(LogView)
        view.append([entry(1, RUNNING, "s1"), entry(2)])
        view.append([entry(3, DONE, "s1")])
        assert numbers(view) == [2, 3]
        view.append([entry(4, RUNNING, "s1")])
        assert numbers(view) == [2, 3, 4]


async def test_it_follows_the_newest_until_a_person_moves_away() -> None:
    app = OneWidget(LogView())
    async with app.run_test(size=(80, 12)) as pilot:
        view = app.query_one(LogView)
        view.append(entry(number) for number in range(100))
        view.focus()
        await pilot.pause()
        assert (view.follow, view.cursor, view.scroll_offset.y) == (True, 99, 100 - view.room.height)
        await pilot.press("k")
        assert (view.follow, view.cursor) == (False, 98)
        top = view.scroll_offset.y
        view.append([entry(100)])
        assert (view.cursor, view.scroll_offset.y) == (98, top)
        await pilot.press("G")
        assert (view.follow, view.cursor) == (True, 100)
        await pilot.press("f")
        view.append([entry(101)])
        assert (view.follow, view.cursor) == (False, 100)
        await pilot.press("f")
        assert (view.follow, view.cursor) == (True, 101)


async def test_a_paused_log_shows_the_same_entries_while_old_ones_go() -> None:
    app = OneWidget(LogView())
    async with app.run_test(size=(80, 12)) as pilot:
        view = app.query_one(LogView)
        view.append(entry(number) for number in range(MOST_ENTRIES))
        view.focus()
        await pilot.pause()
        await pilot.press("ctrl+u", "ctrl+u", "ctrl+u")
        before = (numbers(view)[view.cursor], numbers(view)[view.scroll_offset.y])
        view.append(entry(MOST_ENTRIES + number) for number in range(50))
        await pilot.pause()
        assert (numbers(view)[view.cursor], numbers(view)[view.scroll_offset.y]) == before


async def test_the_wheel_stops_following() -> None:
    app = OneWidget(LogView())
    async with app.run_test(size=(80, 12)) as pilot:
        view = app.query_one(LogView)
        view.append(entry(number) for number in range(100))
        await pilot.pause()
        await pilot._post_mouse_events([_wheel_up()], view, button=0)
        await pilot.pause()
        assert not view.follow


def _wheel_up() -> type:
    from textual.events import MouseScrollUp

    return MouseScrollUp


async def test_the_keys_move_as_in_vim() -> None:
    app = OneWidget(LogView())
    async with app.run_test(size=(80, 12)) as pilot:
        view = app.query_one(LogView)
        view.append(entry(number) for number in range(100))
        view.focus()
        await pilot.pause()
        found = []
        for key in ("g", "j", "down", "k", "up", "ctrl+d", "ctrl+u", "pagedown", "pageup", "end", "home"):
            await pilot.press(key)
            found.append(view.cursor)
        page = view.room.height
        assert found == [0, 1, 2, 1, 0, page // 2, 0, page, 0, 99, 0]


async def test_errors_can_be_shown_alone() -> None:
    app = OneWidget(LogView())
    async with app.run_test() as pilot:
        view = app.query_one(LogView)
        view.append([entry(1), entry(2, ERROR), entry(3)])
        view.focus()
        await pilot.press("t")
        assert numbers(view) == [2]
        view.append([entry(4, ERROR), entry(5)])
        assert numbers(view) == [2, 4]
        await pilot.press("t")
        assert numbers(view) == [1, 2, 3, 4, 5]


async def test_its_title_says_what_is_on() -> None:
    app = OneWidget(LogView("3 Log"))
    async with app.run_test() as pilot:
        view = app.query_one(LogView)
        view.append([entry(1), entry(2, ERROR)])
        view.focus()
        await pilot.press("k")
        title = str(view._border_title)
        assert title == "3 Log ─ all │ errors 1 ─ paused"


async def test_y_gives_all_of_the_entry_and_enter_asks_for_it_to_be_shown() -> None:
    app = OneWidget(LogView())
    async with app.run_test() as pilot:
        view = app.query_one(LogView)
        long = entry(1)._replace(text="x" * 500)
        view.append([long])
        view.focus()
        await pilot.press("y", "enter")
        copied, opened = app.messages
        assert isinstance(copied, LogView.Copied)
        assert copied.text == f"12:03:58.120 0141_split 2/5 {'x' * 500} (14 ms)\n→ a hint"
        assert isinstance(opened, LogView.Opened)
        assert opened.entry == long


async def test_a_double_click_opens_an_entry_and_one_click_only_goes_there() -> None:
    app = OneWidget(LogView())
    async with app.run_test() as pilot:
        view = app.query_one(LogView)
        view.append(entry(number) for number in range(5))
        await pilot.pause()
        await pilot.click(view, offset=(10, 3))
        assert (view.cursor, app.messages) == (2, [])
        await pilot.click(view, offset=(10, 2), times=2)
        (opened,) = app.messages
        assert isinstance(opened, LogView.Opened)
        assert opened.entry.text == "message 1"


async def test_an_empty_log_has_nothing_to_copy_or_open() -> None:
    app = OneWidget(LogView())
    async with app.run_test() as pilot:
        view = app.query_one(LogView)
        view.focus()
        await pilot.press("enter", "j", "G", "t", "f")
        assert app.messages == []
        assert view.render_row(0, 80).plain.startswith("Nothing has run yet")


async def test_in_one_line_it_shows_the_newest_entry() -> None:
    app = OneWidget(LogView())
    async with app.run_test() as pilot:
        view = app.query_one(LogView)
        view.one_line = True
        view.append(Transcript(ticking()).entries(FAILED_RUN))
        await pilot.pause()
        assert (view.size.height, view.row_count()) == (1, 1)
        assert "the run failed" in view.render_line(0).text


async def test_entries_can_be_given_before_it_is_on_a_screen() -> None:
    view = LogView()
    view.append(entry(number) for number in range(100))
    async with OneWidget(view).run_test(size=(80, 12)) as pilot:
        await pilot.pause()
        assert "message 99" in view.render_line(view.room.height - 1).text
        await pilot.resize_terminal(80, 20)
        await pilot.pause()
        assert "message 99" in view.render_line(view.room.height - 1).text
