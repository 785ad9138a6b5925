"""Pictures of the graph pane alone. After a change that is meant: `pytest --snapshot-update`, and look at each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot

from miger.engine.graph import MigrationGraph
from miger.engine.state import Holder, Snapshot, StateRow
from miger.engine.status import Status, status_of

from tests.widgets.graph_cases import PaneApp, applied, applied_up_to, chain, migration, shop, shop_status

Compare = Callable[..., bool]
SIZE = (60, 20)


def every_state() -> tuple[MigrationGraph, Status]:
    """One migration in each state, one of them late, and names of other scripts."""
    names = (
        "applied_one",
        "modified_one",
        "late_one",
        "applied_two",
        "dirty_one",
        "running_one",
        "漢字の名前",
        "שלום_עולם",
    )
    ids = [f"{n:04}_{name}" for n, name in enumerate(names)]
    graph = MigrationGraph([migration(id, *ids[n - 1 : n] if n else ()) for n, id in enumerate(ids)])
    rows = [
        applied(ids[0], 400),
        applied(ids[1], 90, "sha256:other"),
        applied(ids[3], 3),
        StateRow(ids[4], "dirty", "up", "sha256:0", 2, 5, run="old"),
        StateRow(ids[5], "applying", "up", "sha256:0", 1, 3, run="now"),
        applied("0002_lost_its_file", 60),
    ]
    holder = Holder("ann", "here", "m", 1, "p", "now", 1, "", "", "", "", False)
    return graph, status_of(graph, Snapshot(True, {row.id: row for row in rows}, holder))


def shop_app(theme: str = "") -> PaneApp:
    graph = shop()
    return PaneApp(graph, shop_status(graph), theme)


def branched() -> tuple[MigrationGraph, Status]:
    """More branches side by side than lanes fit."""
    side = [migration(f"b{n:02}", f"b{n - 14:02}" if n >= 14 else "a") for n in range(28)]
    graph = MigrationGraph([migration("a"), *side])
    return graph, applied_up_to(graph, 20)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
def test_every_state_has_its_glyph_and_word(snap_compare: Compare, theme: str) -> None:
    assert snap_compare(PaneApp(*every_state(), theme=theme), terminal_size=SIZE)


def test_without_colours_glyphs_words_and_the_cursor_are_still_there(
    snap_compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(PaneApp(*every_state()), terminal_size=SIZE)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
def test_a_branched_project_with_badges(snap_compare: Compare, theme: str) -> None:
    assert snap_compare(shop_app(theme), terminal_size=SIZE)


def test_a_wide_pane_has_room_for_days_and_titles(snap_compare: Compare) -> None:
    assert snap_compare(shop_app(), terminal_size=(100, 16))


def test_a_pane_of_forty_columns(snap_compare: Compare) -> None:
    assert snap_compare(shop_app(), terminal_size=(40, 16))


def test_more_branches_than_fit(snap_compare: Compare) -> None:
    assert snap_compare(PaneApp(*branched()), terminal_size=SIZE)


def test_a_long_history_is_folded(snap_compare: Compare) -> None:
    graph = MigrationGraph([*chain(8300), migration("side", "m0100")])
    state = applied_up_to(graph, 8297, m4000=applied("m4000", 30, "sha256:other"))
    assert snap_compare(PaneApp(graph, state), terminal_size=SIZE, press=["G", "k", "k", "k", "k", "k", "k"])


def test_an_unfolded_history(snap_compare: Compare) -> None:
    graph = MigrationGraph(chain(60))
    assert snap_compare(PaneApp(graph, applied_up_to(graph, 58)), terminal_size=SIZE, press=["G", "enter"])


def test_a_filtered_pane(snap_compare: Compare) -> None:
    async def narrow(pilot: Pilot[None]) -> None:
        assert isinstance(pilot.app, PaneApp)
        pilot.app.pane.filter_text = "release:v2 !head"

    assert snap_compare(shop_app(), terminal_size=SIZE, run_before=narrow)


def test_a_pane_without_the_focus(snap_compare: Compare) -> None:
    async def blur(pilot: Pilot[None]) -> None:
        await pilot.pause()
        pilot.app.set_focus(None)
        await pilot.pause()

    assert snap_compare(shop_app(), terminal_size=SIZE, run_before=blur)


def test_a_database_that_was_not_read(snap_compare: Compare) -> None:
    assert snap_compare(PaneApp(shop()), terminal_size=SIZE)


def test_a_pane_that_is_loading(snap_compare: Compare) -> None:
    assert snap_compare(PaneApp(), terminal_size=SIZE)


def test_a_project_without_migrations(snap_compare: Compare) -> None:
    graph = MigrationGraph([])
    assert snap_compare(PaneApp(graph, applied_up_to(graph, 0)), terminal_size=SIZE)


@pytest.mark.parametrize("theme", ["textual-dark", "textual-light"])
def test_an_error(snap_compare: Compare, theme: str) -> None:
    async def fail(pilot: Pilot[None]) -> None:
        assert isinstance(pilot.app, PaneApp)
        pilot.app.pane.error = (
            "cannot read the database: connection to server at db.example.org, port 5432 failed\n"
            "check the url of environment prod in miger.toml, then press r"
        )

    assert snap_compare(PaneApp(shop(), theme=theme), terminal_size=SIZE, run_before=fail)
