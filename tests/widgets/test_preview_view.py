"""The preview's keys, states and a run shown in it."""

from __future__ import annotations

from textual.widgets import Static

from miger.engine.events import RunStarted, StepStarted
from miger.widgets.preview_rows import CODE, STATEMENT, STEP
from miger.widgets.preview_tree import PreviewTree
from miger.widgets.preview_view import PreviewView
from miger.widgets.rows_view import RowsView

from tests.widgets.one_widget import OneWidget
from tests.widgets.runs import RUN, both, started, step_events
from tests.widgets.samples import BILLING, FAILURE, SPLIT, SPLIT_STATEMENTS, SUCCESS, statement, step


def word(app: OneWidget) -> str:
    return str(app.query_one("#preview-word", Static).content)


def totals(app: OneWidget) -> str:
    return str(app.query_one("#preview-totals", Static).content)


def shown(view: PreviewView) -> list[str]:
    return [view.body.render_line(y).text for y in range(view.body.room.height)]


async def test_each_state_is_told_in_words() -> None:
    app = OneWidget(PreviewView())
    async with app.run_test() as pilot:
        view = app.query_one(PreviewView)
        assert word(app).startswith("No preview yet")
        view.show_working("dry run by rollback")
        assert "dry run by rollback…" in word(app)
        assert "Nothing of it stays" in word(app)
        view.show_problem("connection refused", "check url in miger.toml")
        assert "connection refused" in word(app)
        assert "→ check url in miger.toml" in word(app)
        view.show(SUCCESS._replace(steps=()))
        assert word(app).startswith("Nothing to do")
        view.show(SUCCESS)
        await pilot.pause()
        assert view.body.display
        assert "would succeed" in totals(app)
        view.show_nothing()
        await pilot.pause()
        assert not view.body.display


async def test_the_line_moves_while_a_preview_is_made_and_only_then() -> None:
    app = OneWidget(PreviewView())
    app.animation_level = "full"
    async with app.run_test() as pilot:
        view = app.query_one(PreviewView)
        view.show_working("dry run by rollback")
        first = word(app)
        view._turn()
        assert word(app) != first
        assert view._timer is not None
        assert view._timer._active.is_set()
        view.show(SUCCESS)
        await pilot.pause()
        assert not view._timer._active.is_set()


async def test_what_was_given_before_it_is_on_a_screen_is_shown() -> None:
    view = PreviewView()
    view.show(SUCCESS)
    async with OneWidget(view).run_test() as pilot:
        await pilot.pause()
        assert SPLIT in shown(view)[0]


async def test_enter_folds_a_step_and_opens_the_whole_text_of_a_statement() -> None:
    app = OneWidget(PreviewView())
    async with app.run_test(size=(100, 40)) as pilot:
        view = app.query_one(PreviewView)
        view.show(SUCCESS)
        view.body.focus()
        await pilot.pause()
        count = view.body.row_count()
        await pilot.press("enter")
        assert view.body._rows[1].kind == STEP
        await pilot.press("space")
        assert view.body.row_count() == count
        await pilot.press("j", "j", "j", "j")
        assert view.body._rows[view.body.cursor].statement == 2
        await pilot.press("enter")
        code = [view.body.render_row(n, 90).plain for n, row in enumerate(view.body._rows) if row.kind == CODE]
        assert [line.partition("│ ")[2] for line in code] == SPLIT_STATEMENTS[2].text.split("\n")


async def test_one_click_folds_a_step() -> None:
    app = OneWidget(PreviewView())
    async with app.run_test(size=(100, 40)) as pilot:
        view = app.query_one(PreviewView)
        view.show(SUCCESS)
        await pilot.pause()
        await pilot.click(view.body, offset=(5, 0))
        assert view.body._rows[1].kind == STEP


async def test_keys_go_from_step_to_step_and_fold_all() -> None:
    app = OneWidget(PreviewView())
    async with app.run_test(size=(100, 40)) as pilot:
        view = app.query_one(PreviewView)
        view.show(SUCCESS)
        view.body.focus()
        await pilot.pause()
        await pilot.press("}")
        assert view.body._rows[view.body.cursor].step == 1
        await pilot.press("}", "}", "{")
        assert view.body._rows[view.body.cursor].step == 1
        await pilot.press("O")
        assert sum(row.kind == STATEMENT for row in view.body._rows) == 0
        assert view.body._rows[view.body.cursor] == view.body._rows[1]
        await pilot.press("O")
        assert sum(row.kind == STATEMENT for row in view.body._rows) == 8


async def test_y_gives_the_whole_statement_or_the_id() -> None:
    app = OneWidget(PreviewView())
    async with app.run_test(size=(60, 40)) as pilot:
        view = app.query_one(PreviewView)
        view.show(SUCCESS)
        view.body.focus()
        await pilot.pause()
        await pilot.press("y", "j", "y")
        assert [message.text for message in app.messages if isinstance(message, RowsView.Copied)] == [
            SPLIT,
            SPLIT_STATEMENTS[0].text,
        ]


async def test_a_run_is_followed_from_statement_to_statement() -> None:
    app = OneWidget(PreviewView())
    async with app.run_test(size=(100, 12)) as pilot:
        view = app.query_one(PreviewView)
        view.show(SUCCESS)
        await pilot.pause()
        view.begin_run()
        view.apply(RunStarted(RUN, "up", "dev", (SPLIT, BILLING)))
        view.apply(*step_events(SPLIT, SPLIT_STATEMENTS, 1, 3))
        view.apply(StepStarted(RUN, BILLING, "up", 2, 3, True, 2), started(BILLING, SUCCESS.steps[1].statements[0]))
        await pilot.pause()
        row = view.body._rows[view.body.cursor]
        assert (row.step, row.statement) == (1, 0)
        assert any("◐" in line and "CREATE TABLE invoice" in line and "running" in line for line in shown(view))
        assert "1 of 3 migrations finished" in totals(app)


async def test_a_person_who_moves_is_left_alone_by_the_run() -> None:
    app = OneWidget(PreviewView())
    async with app.run_test(size=(100, 12)) as pilot:
        view = app.query_one(PreviewView)
        view.show(SUCCESS)
        view.body.focus()
        await pilot.pause()
        await pilot.press("j")
        view.apply(*step_events(SPLIT, SPLIT_STATEMENTS, 1, 3)[:-1])
        await pilot.pause()
        assert view.body.cursor == 1


async def test_a_thousand_steps_are_folded_and_only_what_is_in_sight_is_rendered() -> None:
    statements = tuple(statement(n, n, f"SELECT {n}") for n in range(1, 6))
    big = SUCCESS._replace(
        steps=tuple(step(f"{n:04}", statements) for n in range(1000)), hazards=(), changes=None, notes=()
    )
    rendered: list[int] = []

    class Counting(PreviewTree):
        def render_row(self, index: int, width: int) -> object:  # type: ignore[override]
            rendered.append(index)
            return super().render_row(index, width)

    tree = Counting()
    app = OneWidget(tree)
    async with app.run_test(size=(100, 30)) as pilot:
        tree.show(big)
        await pilot.pause()
        assert tree.row_count() == 1000
        assert set(rendered) == set(range(30))
        tree.focus()
        await pilot.press("G")
        assert "0999" in tree.render_line(tree.room.height - 1).text


async def test_other_widths_wrap_anew() -> None:
    app = OneWidget(PreviewView())
    async with app.run_test(size=(120, 40)) as pilot:
        view = app.query_one(PreviewView)
        view.show(FAILURE)
        await pilot.pause()
        wide = view.body.row_count()
        await pilot.resize_terminal(60, 40)
        await pilot.pause()
        assert view.body.row_count() > wide
        assert all(len(line) <= view.body.room.width for line in shown(view))


async def test_events_of_a_run_without_a_preview_do_no_harm() -> None:
    app = OneWidget(PreviewView())
    async with app.run_test():
        app.query_one(PreviewView).apply(*both(SPLIT, SPLIT_STATEMENTS[0]))
        assert word(app).startswith("No preview yet")
