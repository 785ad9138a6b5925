"""Which rows the graph pane has, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from miger.engine.graph import MigrationGraph
from miger.engine.state import StateRow
from miger.engine.status import Status
from miger.widgets.graph_filter import Filter, parse_filter
from miger.widgets.graph_rows import (
    CONTEXT,
    FOLDED_FROM,
    KEPT,
    DividerRow,
    FoldRow,
    MigrationRow,
    Row,
    arrange,
    matching_rows,
    shown_rows,
)

from tests.widgets.graph_cases import applied, applied_up_to, chain, migration, shop, shop_status, status


def told(rows: Sequence[Row]) -> list[str]:
    """The rows as words: an id, `--` for the divider, or how many are folded."""
    words = []
    for row in rows:
        if isinstance(row, MigrationRow):
            words.append(row.id)
        else:
            words.append("--" if isinstance(row, DividerRow) else f"{row.size} {'open' if row.unfolded else 'folded'}")
    return words


def rows_of(graph: MigrationGraph, state: Status | None) -> list[Row]:
    return shown_rows(arrange(graph, state))


def ids_from(first: int, last: int) -> list[str]:
    """The ids of a chain, newest first, both ends included."""
    return [f"m{n:04}" for n in range(first, last - 1, -1)]


def test_what_is_not_applied_is_above_the_divider_newest_first() -> None:
    graph = MigrationGraph(chain(5))
    assert told(rows_of(graph, applied_up_to(graph, 3))) == ["m0004", "m0003", "--", "m0002", "m0001", "m0000"]


def test_dirty_and_running_ones_are_above_the_divider_modified_ones_below() -> None:
    graph = MigrationGraph(chain(4))
    rows = [applied("m0000", checksum="other"), applied("m0001"), StateRow("m0002", "dirty", "up", "", 1, 2)]
    assert told(rows_of(graph, status(graph, rows))) == ["m0003", "m0002", "--", "m0001", "m0000"]


def test_without_a_status_there_is_no_divider_and_every_state_is_unknown() -> None:
    rows = rows_of(MigrationGraph(chain(3)), None)
    assert told(rows) == ["m0002", "m0001", "m0000"]
    assert {row.status.state for row in rows if isinstance(row, MigrationRow)} == {"unknown"}


def test_missing_ones_are_right_below_the_divider() -> None:
    graph = MigrationGraph(chain(2))
    state = applied_up_to(graph, 1, gone=applied("gone"), lost=applied("lost"))
    assert told(rows_of(graph, state)) == ["m0001", "--", "lost", "gone", "m0000"]


def test_the_divider_says_when_there_is_nothing_on_one_side() -> None:
    graph = MigrationGraph(chain(2))
    assert rows_of(graph, applied_up_to(graph, 2))[0] == DividerRow(0, "up to date")
    assert rows_of(graph, applied_up_to(graph, 0))[-1] == DividerRow(0, "nothing applied yet")


def test_nothing_at_all_has_no_rows() -> None:
    empty = MigrationGraph([])
    assert rows_of(empty, None) == rows_of(empty, status(empty, [])) == []


def test_lanes_cross_the_divider() -> None:
    rows = rows_of(graph := shop(), shop_status(graph))
    [divider] = [row for row in rows if isinstance(row, DividerRow)]
    assert divider.through == 0b101


def test_where_history_is_broken_the_line_upward_is_left_out() -> None:
    graph = MigrationGraph(chain(3))
    rows = rows_of(graph, status(graph, [applied("m0000"), applied("m0002")]))
    assert told(rows) == ["m0001", "--", "m0002", "m0000"]
    late, _, broken, base = rows
    assert isinstance(late, MigrationRow) and late.status.late
    assert isinstance(broken, MigrationRow) and broken.lanes.starts == 0
    assert isinstance(base, MigrationRow) and base.lanes.ends == late.lanes.starts


def test_heads_are_marked() -> None:
    rows = rows_of(graph := shop(), shop_status(graph))
    assert [row.id[15:] for row in rows if isinstance(row, MigrationRow) and row.head] == [
        "experiment",
        "add_invoice_index",
    ]


def test_a_graph_newer_than_the_status_shows_what_the_database_was_not_asked_about_as_unknown() -> None:
    older = MigrationGraph(chain(2))
    rows = rows_of(MigrationGraph(chain(3)), applied_up_to(older, 2))
    assert told(rows) == ["m0002", "--", "m0001", "m0000"]
    assert isinstance(rows[0], MigrationRow) and rows[0].status.state == "unknown"


def test_a_file_that_went_after_the_status_was_read_is_missing_if_applied_and_gone_if_pending() -> None:
    older = MigrationGraph(chain(4))
    rows = rows_of(MigrationGraph(chain(2)), applied_up_to(older, 3))
    assert told(rows) == ["--", "m0002", "m0001", "m0000"]
    assert isinstance(rows[1], MigrationRow) and rows[1].status.state == "missing"


# Folds


def test_a_long_applied_run_is_folded_below_the_newest() -> None:
    graph = MigrationGraph(chain(100))
    rows = rows_of(graph, applied_up_to(graph, 98))
    assert told(rows) == [*ids_from(99, 98), "--", *ids_from(97, 98 - KEPT), f"{98 - KEPT} folded"]


def test_a_short_run_is_not_folded() -> None:
    graph = MigrationGraph(chain(KEPT + FOLDED_FROM - 1))
    assert not any(isinstance(row, FoldRow) for row in rows_of(graph, applied_up_to(graph, len(graph))))
    longer = MigrationGraph(chain(KEPT + FOLDED_FROM))
    assert isinstance(rows_of(longer, applied_up_to(longer, len(longer)))[-1], FoldRow)


def test_what_needs_a_look_is_never_folded_nor_its_neighbours() -> None:
    graph = MigrationGraph(chain(100))
    rows = rows_of(graph, applied_up_to(graph, 100, m0050=applied("m0050", checksum="other")))
    top = 99 - KEPT
    assert told(rows)[1:] == [
        *ids_from(99, top + 1),
        f"{top - 50 - CONTEXT} folded",
        *ids_from(50 + CONTEXT, 50 - CONTEXT),
        f"{50 - CONTEXT} folded",
    ]


def test_the_neighbours_of_the_last_one_that_is_always_shown_are_shown_if_it_needs_a_look() -> None:
    graph = MigrationGraph(chain(100))
    last = f"m{100 - KEPT:04}"
    rows = rows_of(graph, applied_up_to(graph, 100, **{last: applied(last, checksum="other")}))
    assert told(rows)[1:] == [*ids_from(99, 100 - KEPT - CONTEXT), f"{100 - KEPT - CONTEXT} folded"]


def test_an_applied_head_is_not_folded() -> None:
    graph = MigrationGraph([*chain(100), migration("m0050_stray", "m0049")])
    assert "m0050_stray" in told(rows_of(graph, applied_up_to(graph, 101)))


def test_an_unfolded_run_keeps_a_heading_and_is_known_by_its_oldest_migration() -> None:
    graph = MigrationGraph(chain(100))
    arrangement = arrange(graph, applied_up_to(graph, 100))
    unfolded = shown_rows(arrangement, {"m0000"})
    assert told(unfolded)[: KEPT + 2] == ["--", *ids_from(99, 100 - KEPT), f"{100 - KEPT} open"]
    assert told(unfolded)[KEPT + 2 :] == ids_from(99 - KEPT, 0)
    assert arrangement.key_of_fold(50) == "m0000"
    assert arrangement.key_of_fold(0) is None


def test_lanes_that_pass_a_folded_run_are_known() -> None:
    graph = MigrationGraph([*chain(100), migration("z_side", "m0005")])
    rows = rows_of(graph, applied_up_to(graph, 100))
    [fold] = [row for row in rows if isinstance(row, FoldRow)]
    assert fold.through == 0b11


# Any graph, any state


@dataclass(frozen=True)
class Case:
    graph: MigrationGraph
    status: Status
    closed: bool  # whether the ancestors of what is applied are applied


@st.composite
def cases(draw: st.DrawFn) -> Case:
    size = draw(st.integers(0, 60))
    migrations = []
    for n in range(size):
        links = draw(st.lists(st.integers(max(0, n - 6), n - 1), max_size=3, unique=True)) if n else []
        migrations.append(migration(f"m{n:02}", *(f"m{link:02}" for link in links)))
    graph = MigrationGraph(migrations)
    closed = draw(st.booleans())
    ids = draw(st.sets(st.sampled_from(graph.order))) if size else set()
    if closed:
        ids |= graph.ancestors(ids)
    changed = draw(st.sets(st.sampled_from(sorted(ids)))) if ids else set()
    missing = draw(st.sets(st.sampled_from(["x1", "x2"])))
    rows = [applied(id, checksum="other" if id in changed else "sha256:0") for id in sorted(ids | missing)]
    return Case(graph, status(graph, rows), closed)


@settings(deadline=None)  # the machine may be busy
@given(cases())
def test_unfolded_every_migration_appears_exactly_once(case: Case) -> None:
    arrangement = arrange(case.graph, case.status)
    keys = {arrangement.rows[stop - 1].id for _, stop in arrangement.folds}
    shown = [row.id for row in shown_rows(arrangement, keys) if isinstance(row, MigrationRow)]
    assert sorted(shown) == sorted(one.id for one in case.status.migrations)


@settings(deadline=None)  # the machine may be busy
@given(cases())
def test_folded_rows_and_shown_ones_add_up(case: Case) -> None:
    rows = shown_rows(arrange(case.graph, case.status))
    folded = sum(row.size for row in rows if isinstance(row, FoldRow))
    assert folded + sum(isinstance(row, MigrationRow) for row in rows) == len(case.status.migrations)
    assert all(row.size >= FOLDED_FROM for row in rows if isinstance(row, FoldRow))


@settings(deadline=None)  # the machine may be busy
@given(cases())
def test_children_come_before_their_parents_but_for_broken_history(case: Case) -> None:
    rows = arrange(case.graph, case.status).rows
    place = {row.id: n for n, row in enumerate(rows)}
    is_applied = {row.id: row.status.row is not None for row in rows}
    for id in case.graph:
        for parent in case.graph.parents(id):
            assert place[id] < place[parent] or (is_applied[id] and not is_applied[parent] and not case.closed)


@settings(deadline=None)  # the machine may be busy
@given(cases(), st.sampled_from(["status:applied", "head", "late", "m1", "!m1 status:pending"]))
def test_a_filter_shows_what_matches_in_the_same_order(case: Case, text: str) -> None:
    arrangement = arrange(case.graph, case.status)
    wanted = parse_filter(text)
    assert isinstance(wanted, Filter)
    expected = [row for row in arrangement.rows if wanted.matches(row.status, row.head)]
    assert matching_rows(arrangement, wanted) == expected
