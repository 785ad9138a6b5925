"""The graph pane under keys, mouse and new data."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from textual.events import MouseScrollDown
from textual.pilot import Pilot
from textual.widgets import Input

from miger.engine.graph import MigrationGraph
from miger.widgets.graph_view import GraphView

from tests.widgets.graph_cases import NOW, PaneApp, applied, applied_up_to, chain, migration, shop, shop_status, status

SIZE = (60, 20)


def long_app(size: int = 100, done: int = 95) -> PaneApp:
    """Five pending on top (places 0 to 4), the divider (5), ten applied (6 to 15), a fold (16)."""
    graph = MigrationGraph(chain(size))
    return PaneApp(graph, applied_up_to(graph, done))


def line(pane: GraphView, y: int) -> str:
    return pane.render_line(y).text


def cursor_line(pane: GraphView) -> int:
    """The line on the screen that has the cursor's bar."""
    [y] = [y for y in range(pane.size.height) if line(pane, y).startswith("▌")]
    return y


async def wait_for_scroll(pilot: Pilot[None], pane: GraphView) -> None:
    while pane.scroll_offset.y == 0:
        await pilot.pause()


async def press(pilot: Pilot[None], *keys: str) -> str | None:
    """The migration under the cursor after these keys."""
    await pilot.press(*keys)
    await pilot.pause()
    assert isinstance(pilot.app, PaneApp)
    return pilot.app.pane.cursor_id


async def test_the_cursor_starts_at_the_next_migration_to_be_applied() -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert app.pane.cursor_id == "m0095"
        assert app.said == [("highlighted", "m0095")]


async def test_the_cursor_starts_at_what_is_dirty_if_something_is() -> None:
    async with (app := PaneApp(graph := shop(), shop_status(graph))).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert app.pane.cursor_id == "20260121080000_split_customer_name"


async def test_the_cursor_starts_at_the_newest_if_all_is_applied() -> None:
    async with long_app(5, 5).run_test(size=SIZE) as pilot:
        assert await press(pilot) == "m0004"


async def test_the_cursor_goes_to_the_database_once_that_is_known_unless_someone_has_moved_it() -> None:
    graph = MigrationGraph(chain(100))
    for keys, expected in (((), "m0095"), (("j",), "m0098")):
        async with (app := PaneApp(graph)).run_test(size=SIZE) as pilot:
            assert await press(pilot, *keys) == ("m0098" if keys else "m0099")
            app.pane.show(graph, applied_up_to(graph, 95), NOW)
            assert await press(pilot) == expected


MOVES: Mapping[tuple[str, ...], str | None] = {
    ("j",): "m0094",  # over the divider
    ("down", "down"): "m0093",
    ("k",): "m0096",
    ("up", "up"): "m0097",
    ("j", "k"): "m0095",  # over the divider, upward
    ("g",): "m0099",
    ("home", "k"): "m0099",
    ("G",): None,  # the fold
    ("end", "k"): "m0085",
    ("ctrl+d",): "m0086",
    ("ctrl+u",): "m0099",
    ("G", "ctrl+u"): "m0094",
    ("pagedown",): None,
    ("G", "pageup"): "m0099",
}


@pytest.mark.parametrize("keys", MOVES, ids="-".join)
async def test_keys_move_the_cursor(keys: tuple[str, ...]) -> None:
    async with long_app().run_test(size=SIZE) as pilot:
        assert await press(pilot, *keys) == MOVES[keys]


async def test_each_move_is_told_once() -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        await press(pilot, "k", "g", "g", "G", "G", "k")
        highlighted = [("highlighted", id) for id in ("m0095", "m0096", "m0099", None, "m0085")]
        assert app.said == highlighted


async def test_the_cursor_stays_in_sight_with_rows_around_it() -> None:
    async with (app := long_app(300, 0)).run_test(size=SIZE) as pilot:
        await press(pilot, "g", *["j"] * 30)
        assert cursor_line(app.pane) == 17
        await press(pilot, *["k"] * 20)
        assert cursor_line(app.pane) == 2


async def test_half_a_page_keeps_the_cursor_at_its_place_on_the_screen() -> None:
    async with (app := long_app(300, 0)).run_test(size=SIZE) as pilot:
        await press(pilot, "g", "j", "j", "j", "j")
        assert await press(pilot, "ctrl+d") == "m0285"
        assert cursor_line(app.pane) == 4


@pytest.mark.parametrize("key", ["enter", "space"])
async def test_a_migration_is_opened(key: str) -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        await press(pilot, key)
        assert app.said[-1] == ("opened", "m0095")


@pytest.mark.parametrize("key", ["enter", "space", "z"])
async def test_a_fold_is_unfolded_and_folded_again(key: str) -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        await press(pilot, "G", key)
        here = cursor_line(app.pane)
        assert line(app.pane, here).rstrip().endswith("85 applied — enter folds them again")
        assert "m0084" in line(app.pane, here + 1)
        await press(pilot, key)
        assert line(app.pane, cursor_line(app.pane)).rstrip().endswith("85 applied — enter unfolds")
        assert app.pane.virtual_size.height == 17
        assert all(kind != "opened" for kind, _ in app.said)


async def test_z_folds_the_run_around_the_cursor_and_goes_to_its_row() -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        await press(pilot, "G", "enter", "G")
        assert app.pane.cursor_id == "m0000"
        assert await press(pilot, "z") is None
        assert app.pane.virtual_size.height == 17
        assert await press(pilot, "g", "z") == "m0099"  # in no run: nothing happens


async def test_y_copies_the_whole_id_or_what_a_fold_says() -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        await press(pilot, "y", "G", "y")
        assert app.copied == ["m0095", "85 applied — enter unfolds"]


# Mouse


async def test_a_click_selects_and_a_second_one_opens() -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        await pilot.click(GraphView, offset=(12, 1))
        assert await press(pilot) == "m0098"
        assert app.said[-1] == ("highlighted", "m0098")
        await pilot.click(GraphView, offset=(12, 2), times=2)
        await pilot.pause()
        assert app.said[-2:] == [("highlighted", "m0097"), ("opened", "m0097")]


async def test_a_click_below_the_last_row_does_nothing() -> None:
    async with (app := long_app(3, 0)).run_test(size=SIZE) as pilot:
        await pilot.click(GraphView, offset=(12, 15), times=2)
        await pilot.pause()
        assert app.said == [("highlighted", "m0000")]


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    graph = MigrationGraph(chain(300))
    state = applied_up_to(graph, 0)
    async with (app := PaneApp(graph, state)).run_test(size=SIZE) as pilot:
        await press(pilot, "g")
        app.pane.post_message(MouseScrollDown(app.pane, 5, 5, 0, 1, 0, False, False, False))
        await wait_for_scroll(pilot, app.pane)
        scrolled = app.pane.scroll_offset.y
        assert app.pane.cursor_id == "m0299"
        app.pane.show(graph, state, NOW)
        await pilot.pause()
        assert app.pane.scroll_offset.y == scrolled  # also when the same is read again


# Other data


async def test_the_cursor_keeps_its_migration_and_its_line_when_there_are_new_ones() -> None:
    graph = MigrationGraph(chain(300))
    async with (app := PaneApp(graph, applied_up_to(graph, 0))).run_test(size=SIZE) as pilot:
        await press(pilot, "g", *["j"] * 30, *["k"] * 5)
        before = cursor_line(app.pane)
        newer = MigrationGraph(chain(307))
        app.pane.show(newer, applied_up_to(newer, 0), NOW)
        assert await press(pilot) == "m0274"
        assert cursor_line(app.pane) == before
        assert app.said[-1] == ("highlighted", "m0274")


async def test_a_migration_that_goes_leaves_the_cursor_to_its_neighbour() -> None:
    graph = MigrationGraph([migration(name) for name in ("a", "b", "c")])
    without_b = MigrationGraph([migration(name) for name in ("a", "c")])
    only_c = MigrationGraph([migration("c")])
    async with (app := PaneApp(graph, status(graph, []))).run_test(size=SIZE) as pilot:
        app.pane.select("b")
        app.pane.show(without_b, status(without_b, []), NOW)
        assert await press(pilot) == "a"
        app.pane.show(only_c, status(only_c, []), NOW)
        assert await press(pilot) == "c"
        assert app.said == [("highlighted", id) for id in ("a", "b", "a", "c")]


async def test_a_migration_that_would_be_folded_away_under_the_cursor_is_not() -> None:
    graph = MigrationGraph(chain(100))
    async with (app := PaneApp(graph, applied_up_to(graph, 10))).run_test(size=SIZE) as pilot:
        app.pane.select("m0010")
        app.pane.show(graph, applied_up_to(graph, 100), NOW)
        assert await press(pilot) == "m0010"


async def test_the_cursor_stays_on_a_fold_that_grows() -> None:
    graph = MigrationGraph(chain(100))
    async with (app := PaneApp(graph, applied_up_to(graph, 95))).run_test(size=SIZE) as pilot:
        await press(pilot, "G")
        app.pane.show(graph, applied_up_to(graph, 97), NOW)
        assert await press(pilot) is None
        assert "87 applied — enter unfolds" in line(app.pane, cursor_line(app.pane))


async def test_select_unfolds_what_it_needs_and_says_what_is_not_there() -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        assert app.pane.select("m0040")
        assert await press(pilot) == "m0040"
        assert not app.pane.select("m0400")
        assert app.pane.cursor_id == "m0040"


async def test_ages_are_told_from_the_time_given() -> None:
    graph = MigrationGraph(chain(1))
    async with (app := PaneApp(graph, status(graph, [applied("m0000", days=12)]))).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert line(app.pane, 1).rstrip().endswith("applied    12d")


# Filter


async def test_a_filter_shows_what_matches_and_counts_it() -> None:
    async with (app := PaneApp(graph := shop(), shop_status(graph))).run_test(size=SIZE) as pilot:
        assert app.pane.count_text == "12"
        app.pane.filter_text = "status:pending billing"
        await pilot.pause()
        assert app.pane.count_text == "3 of 12"
        assert app.counts == ["3/12"]
        assert [line(app.pane, y)[2:].split()[2] for y in range(3)] == [
            "merge_billing",
            "billing_backfill",
            "billing_tables",
        ]
        assert not line(app.pane, 3).strip()


async def test_a_filter_that_cannot_be_leaves_the_rows_and_says_why() -> None:
    async with (app := PaneApp(graph := shop(), shop_status(graph))).run_test(size=SIZE) as pilot:
        app.pane.filter_text = "billing"
        app.pane.filter_text = "billing colour:red"
        await pilot.pause()
        assert app.pane.filter_error.startswith("there is no filter “colour:”")
        assert app.counts[-1] == app.pane.filter_error
        assert app.pane.match_count == 3
        app.pane.filter_text = "billing"
        assert app.pane.filter_error == ""


async def test_the_cursor_keeps_its_migration_through_a_filter_and_back() -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        app.pane.select("m0091")
        app.pane.filter_text = "m009"
        assert await press(pilot) == "m0091"
        app.pane.filter_text = ""
        assert await press(pilot) == "m0091"
        assert app.said == [("highlighted", "m0095"), ("highlighted", "m0091")]


async def test_a_match_chosen_in_a_filter_is_unfolded_when_that_is_cleared() -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        app.pane.filter_text = "m0040"
        await press(pilot, "g")
        app.pane.filter_text = ""
        assert await press(pilot) == "m0040"


async def test_a_filter_that_matches_nothing_says_so_and_keeps_the_cursor_for_later() -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        await press(pilot, "k")
        app.pane.filter_text = "nothing"
        assert await press(pilot, "j", "enter", "n", "z", "ctrl+d") is None
        assert "none of 100 migrations matches the filter" in "\n".join(line(app.pane, y) for y in range(20))
        app.pane.filter_text = ""
        assert await press(pilot) == "m0096"


async def test_new_data_is_filtered_too() -> None:
    graph = MigrationGraph(chain(100))
    async with (app := PaneApp(graph, applied_up_to(graph, 95))).run_test(size=SIZE) as pilot:
        app.pane.filter_text = "status:pending"
        app.pane.show(graph, applied_up_to(graph, 98), NOW)
        await pilot.pause()
        assert app.pane.count_text == "2 of 100"
        assert app.counts[-1] == "2/100"


async def test_n_goes_round_the_matches_of_the_last_filter_unfolding_them() -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        assert await press(pilot, "n") == "m0095"  # there was no filter yet
        app.pane.filter_text = "5"
        app.pane.filter_text = ""
        app.pane.select("m0095")
        assert [await press(pilot, key) for key in ("n", "n", "N", "N", "N")] == [
            "m0085",
            "m0075",
            "m0085",
            "m0095",
            "m0005",
        ]


async def test_n_from_a_fold_finds_what_is_in_it() -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        app.pane.filter_text = "m0084"
        app.pane.filter_text = ""
        await pilot.pause()
        for key in ("n", "N"):
            if app.pane.cursor_id == "m0084":
                await press(pilot, "z")
            else:
                await press(pilot, "G")
            assert await press(pilot, key) == "m0084"


async def test_n_moves_among_what_is_shown_while_the_filter_is_on() -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        app.pane.filter_text = "m009"
        app.pane.select("m0090")
        assert await press(pilot, "n") == "m0099"
        assert await press(pilot, "N") == "m0090"


# Pages instead of rows


async def test_before_anything_is_read_the_pane_says_that_it_is_being_read() -> None:
    async with (app := PaneApp()).run_test(size=SIZE) as pilot:
        assert await press(pilot, "j", "G", "enter", "n", "z", "ctrl+d") is None
        assert "reading the migrations…" in "\n".join(line(app.pane, y) for y in range(20))
        assert app.said == []


async def test_a_project_without_migrations_says_how_to_make_one() -> None:
    async with (app := PaneApp(graph := MigrationGraph([]), status(graph, []))).run_test(size=SIZE) as pilot:
        await press(pilot, "j", "enter")
        assert "no migrations yet — c creates one" in "\n".join(line(app.pane, y) for y in range(20))


async def test_an_error_is_shown_instead_of_the_rows_and_goes_again() -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        await press(pilot, "k")
        app.pane.error = "the server does not answer\n\x1b[31mconnection refused"
        assert await press(pilot, "j", "enter", "n", "z") is None
        shown = "\n".join(line(app.pane, y).rstrip() for y in range(20))
        assert "  ✖ the server does not answer\n    ␛[31mconnection refused" in shown
        app.pane.error = ""
        assert await press(pilot) == "m0096"
        assert app.said[-2:] == [("highlighted", None), ("highlighted", "m0096")]


# Looks


async def test_lines_are_as_wide_as_the_pane_at_any_width() -> None:
    graph = MigrationGraph(
        [migration("0001_漢字漢字漢字漢字漢字漢字"), migration("0002_ok", "0001_漢字漢字漢字漢字漢字漢字")]
    )
    async with (app := PaneApp(graph, status(graph, []))).run_test(size=SIZE) as pilot:
        for width in (1, 2, 7, 40, 61, 130):
            await pilot.resize_terminal(width, 10)
            await pilot.pause()
            assert {app.pane.render_line(y).cell_length for y in range(10)} == {width}


async def test_the_scrollbar_covers_nothing() -> None:
    async with (app := long_app(300, 0)).run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert app.pane.show_vertical_scrollbar
        assert line(app.pane, 0).endswith("pending        ")
        assert app.pane.render_line(0).cell_length == SIZE[0] - 1


async def test_the_cursor_is_dimmer_without_the_focus() -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        await app.mount(Input())
        await pilot.pause()
        row = cursor_line(app.pane)
        focused = app.pane.render_line(row)
        app.query_one(Input).focus()
        await pilot.pause()
        blurred = app.pane.render_line(row)
        assert focused.text == blurred.text
        assert [part.style for part in focused] != [part.style for part in blurred]


async def test_without_colours_the_cursor_is_reversed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        await pilot.pause()
        row = cursor_line(app.pane)
        assert all(part.style is not None and part.style.reverse for part in app.pane.render_line(row))
        assert not any(part.style is not None and part.style.reverse for part in app.pane.render_line(row + 1))


async def test_another_theme_draws_the_rows_anew() -> None:
    async with (app := long_app()).run_test(size=SIZE) as pilot:
        await pilot.pause()
        dark = app.pane.render_line(0)
        app.theme = "textual-light"
        await pilot.pause()
        assert [part.style for part in dark] != [part.style for part in app.pane.render_line(0)]
        assert dark.text == app.pane.render_line(0).text


async def test_only_what_is_in_sight_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    make = GraphView._drawn_row

    def counted(self: GraphView, index: int, width: int, at_cursor: bool) -> object:
        drawn.append(index)
        return make(self, index, width, at_cursor)

    monkeypatch.setattr(GraphView, "_drawn_row", counted)
    async with long_app(10_000, 0).run_test(size=SIZE) as pilot:
        await press(pilot, "g")
        drawn.clear()
        await press(pilot, "j")
        assert drawn == [0, 1]
        drawn.clear()
        await press(pilot, "G")
        assert len(drawn) <= SIZE[1] + 2
