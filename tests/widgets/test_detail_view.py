"""The detail's tabs, keys, links and messages."""

from __future__ import annotations

from textual.widgets import Static

from miger.widgets.detail_body import DetailBody
from miger.widgets.detail_values import HISTORY, INFO, PREVIEW, TABS, UP
from miger.widgets.detail_view import DetailView
from miger.widgets.preview_view import PreviewView
from miger.widgets.rows_view import RowsView
from miger.widgets.tab_row import TabRow

from tests.widgets.one_widget import OneWidget
from tests.widgets.samples import APPLIED, BILLING, DIRTY, NOW, SUCCESS, UP_TEXT


def make() -> DetailView:
    return DetailView("2 Detail", clock=lambda: NOW)


def shown(view: DetailView) -> str:
    return "\n".join(view.body.render_line(y).text for y in range(view.body.room.height))


async def test_keys_turn_the_tabs_round_and_the_focus_goes_with_them() -> None:
    app = OneWidget(make())
    async with app.run_test(size=(80, 30)) as pilot:
        view = app.query_one(DetailView)
        view.detail = DIRTY
        view.body.focus()
        seen = []
        for key in ("]", "right", "]", "]", "[", "left"):
            await pilot.press(key)
            seen.append(view.tab)
            assert app.focused is view.body
        assert seen == [*TABS[1:], PREVIEW, "down"]
        assert [message.tab for message in app.messages if isinstance(message, DetailView.TabShown)] == seen


async def test_a_click_brings_a_tab_to_the_front() -> None:
    app = OneWidget(make())
    async with app.run_test(size=(80, 30)) as pilot:
        view = app.query_one(DetailView)
        view.detail = DIRTY
        await pilot.pause()
        labels = view.query_one(TabRow).render().plain
        for label, tab in (("History", HISTORY), ("Preview", PREVIEW), ("Up", UP), ("Info", INFO)):
            await pilot.click(TabRow, offset=(2 + labels.index(label), 0))
            assert view.tab == tab


async def test_the_tabs_say_what_is_in_them() -> None:
    app = OneWidget(make())
    async with app.run_test(size=(80, 30)) as pilot:
        view = app.query_one(DetailView)
        view.detail = APPLIED
        await pilot.pause()
        assert view.query_one(TabRow).render().plain == "Info │ Up │ Down │ Preview │ History 4"


async def test_enter_on_a_parent_jumps_there_and_so_does_one_click() -> None:
    app = OneWidget(make())
    async with app.run_test(size=(80, 30)) as pilot:
        view = app.query_one(DetailView)
        view.detail = APPLIED
        view.body.focus()
        await pilot.pause()
        row = next(n for n in range(view.body.row_count()) if BILLING in view.body.render_row(n, 70).plain)
        view.body.move_cursor(row)
        await pilot.press("enter")
        await pilot.click(view.body, offset=(20, row))
        assert [message.id for message in app.messages if isinstance(message, DetailView.Jump)] == [BILLING, BILLING]


async def test_enter_on_an_entry_of_the_history_opens_its_run() -> None:
    app = OneWidget(make())
    async with app.run_test(size=(80, 30)) as pilot:
        view = app.query_one(DetailView)
        view.detail, view.tab = DIRTY, HISTORY
        view.body.focus()
        await pilot.press("G", "enter")
        assert [message.run for message in app.messages if isinstance(message, DetailView.RunOpened)] == [
            "r-20260114-0b9d"
        ]


async def test_y_gives_the_line_of_code_not_what_is_drawn() -> None:
    app = OneWidget(make())
    async with app.run_test(size=(40, 30)) as pilot:
        view = app.query_one(DetailView)
        view.detail, view.tab = APPLIED, UP
        view.body.focus()
        await pilot.press("y")
        assert [message.text for message in app.messages if isinstance(message, RowsView.Copied)] == [
            UP_TEXT.split("\n")[0]
        ]


async def test_news_of_the_same_migration_leave_the_cursor_where_it_is_and_another_one_does_not() -> None:
    app = OneWidget(make())
    async with app.run_test(size=(80, 30)) as pilot:
        view = app.query_one(DetailView)
        view.detail = APPLIED
        view.body.focus()
        await pilot.press("j", "j", "j")
        view.detail = APPLIED._replace(loading=frozenset({HISTORY}))
        await pilot.pause()
        assert view.body.cursor == 3
        view.detail = APPLIED._replace(status=APPLIED.status._replace(id=BILLING))
        await pilot.pause()
        assert view.body.cursor == 0


async def test_news_that_are_no_preview_leave_the_folds_of_the_preview_as_they_are() -> None:
    app = OneWidget(make())
    async with app.run_test(size=(80, 30)) as pilot:
        view = app.query_one(DetailView)
        view.detail, view.tab = DIRTY._replace(preview=SUCCESS), PREVIEW
        view.body.focus()
        await pilot.press("enter")
        count = view.body.row_count()
        view.detail = view.detail._replace(loading=frozenset({HISTORY}))
        await pilot.pause()
        assert view.body.row_count() == count


async def test_the_preview_tab_tells_what_becomes_of_a_preview() -> None:
    app = OneWidget(make())
    async with app.run_test(size=(80, 30)) as pilot:
        view = app.query_one(DetailView)
        view.detail, view.tab = APPLIED, PREVIEW
        word = view.query_one("#preview-word", Static)
        for news, told in (
            ({}, "No preview yet"),
            ({"preview_work": "dry run by rollback"}, "dry run by rollback…"),
            ({"preview_problem": "connection refused", "preview_hint": "look at url"}, "connection refused"),
        ):
            view.detail = APPLIED._replace(**news)  # type: ignore[arg-type]
            await pilot.pause()
            assert told in str(word.content)
        view.detail = APPLIED._replace(preview=SUCCESS)
        await pilot.pause()
        assert view.query_one(PreviewView).preview is SUCCESS
        assert "ALTER TABLE" in shown(view)


async def test_nothing_selected_says_so_and_has_no_links() -> None:
    app = OneWidget(make())
    async with app.run_test(size=(80, 30)) as pilot:
        view = app.query_one(DetailView)
        view.body.focus()
        await pilot.press("enter", "j", "]", "]")
        assert "No migration is selected." in shown(view)
        view.detail = APPLIED
        await pilot.pause()
        view.detail = None
        await pilot.pause()
        assert "No migration is selected." in shown(view)


async def test_what_was_given_before_it_is_on_a_screen_is_shown() -> None:
    view = make()
    view.detail = DIRTY
    view.tab = UP
    async with OneWidget(view).run_test(size=(80, 30)) as pilot:
        await pilot.pause()
        assert isinstance(view.body, DetailBody)
        assert "2 ✖ ALTER TABLE" in shown(view)
        assert "stopped at statement 2 of 5" in str(view.query_one("#detail-header", Static).content)


async def test_an_unknown_tab_is_info() -> None:
    app = OneWidget(make())
    async with app.run_test():
        view = app.query_one(DetailView)
        view.tab = "nonsense"
        assert view.tab == INFO
