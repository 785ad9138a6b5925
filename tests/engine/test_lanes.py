"""The lanes of the drawn graph: lines never share a lane, and every edge can be followed along its lane."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miger.engine.lanes import LaneRow, draw, layout

Parents = dict[str, tuple[str, ...]]


@st.composite
def dags(draw_value: st.DrawFn, most: int = 24) -> Parents:
    """Parents of ids that are numbered in a valid running order."""
    size = draw_value(st.integers(0, most))
    parents: Parents = {}
    for number in range(size):
        known = list(parents)
        links = draw_value(st.lists(st.sampled_from(known), max_size=4, unique=True)) if known else []
        parents[f"{number:02}"] = tuple(links)
    return parents


def rows_of(parents: Parents) -> list[LaneRow]:
    return layout(list(parents)[::-1], parents.__getitem__)


def lanes_in(mask: int) -> set[int]:
    return {lane for lane in range(mask.bit_length()) if mask >> lane & 1}


def followed_edges(rows: Sequence[LaneRow]) -> list[tuple[str, str]]:
    """The edges (child, parent) read from the rows alone, as an eye follows the lines downward."""
    on_lane: dict[int, list[str]] = {}
    edges = []
    for row in rows:
        for lane in lanes_in(row.ends):
            edges += [(child, row.id) for child in on_lane.pop(lane)]
        for lane in lanes_in(row.joins):
            on_lane[lane].append(row.id)
        for lane in lanes_in(row.starts):
            assert lane not in on_lane
            on_lane[lane] = [row.id]
    assert not on_lane, "a line ends nowhere"
    return edges


def edges_of(parents: Mapping[str, Sequence[str]]) -> list[tuple[str, str]]:
    return [(child, parent) for child, links in parents.items() for parent in links]


@given(dags())
def test_every_edge_of_the_graph_can_be_followed_along_its_lanes_and_no_other(parents: Parents) -> None:
    assert sorted(followed_edges(rows_of(parents))) == sorted(edges_of(parents))


@given(dags())
def test_no_two_lines_share_a_lane_in_a_row(parents: Parents) -> None:
    for row in rows_of(parents):
        own = 1 << row.lane
        assert not row.through & (row.ends | row.starts | own)
        assert not row.ends & row.starts & ~own
        assert row.joins & row.through == row.joins


@given(dags())
def test_every_line_goes_on_where_the_row_above_left_it(parents: Parents) -> None:
    leaving = 0
    for row in rows_of(parents):
        assert row.through | row.ends == leaving
        leaving = row.through | row.starts
    assert leaving == 0


@given(dags())
def test_a_migration_is_never_right_below_one_that_it_has_no_line_to(parents: Parents) -> None:
    rows = rows_of(parents)
    for above, below in pairwise(rows):
        if above.lane == below.lane:
            assert bool(above.starts >> above.lane & 1) == bool(below.ends >> below.lane & 1)


@given(dags())
def test_the_drawing_is_one_lane_wider_at_most_than_the_lines_side_by_side(parents: Parents) -> None:
    rows = rows_of(parents)
    most = max(((row.through | row.ends | row.starts | 1 << row.lane).bit_count() for row in rows), default=0)
    assert all(row.width <= most + 1 for row in rows)


@given(dags(), st.integers(1, 30))
def test_a_drawn_row_has_two_characters_for_each_lane_shown_and_always_its_glyph(parents: Parents, lanes: int) -> None:
    for row in rows_of(parents):
        drawn = draw(row, "●", lanes)
        assert len(drawn) == 2 * lanes
        assert drawn.count("●") == 1


def test_a_lane_is_used_again_after_its_line_has_ended() -> None:
    ladder: Parents = {"0": ()}
    for step in range(0, 300, 3):
        base, left, right, merge = (str(step + n) for n in range(4))
        ladder |= {left: (base,), right: (base,), merge: (left, right)}
    assert max(row.width for row in rows_of(ladder)) == 3


def test_an_edge_to_an_id_that_is_not_shown_is_not_drawn() -> None:
    assert layout(["b"], {"b": ("a",)}.__getitem__) == [LaneRow("b", lane=0, through=0, ends=0, starts=0)]


def test_the_edges_of_a_cycle_that_go_up_are_not_drawn() -> None:
    parents = {"b": ("a",), "a": ("b", "a")}
    assert followed_edges(layout(["b", "a"], parents.__getitem__)) == [("b", "a")]


def test_no_migrations_have_no_rows() -> None:
    assert layout([], dict[str, tuple[str, ...]]().__getitem__) == []


def test_lanes_beyond_the_last_shown_become_an_ellipsis() -> None:
    row = LaneRow("a", lane=0, through=0b1110, ends=0, starts=0)
    assert draw(row, "○", 4) == "○ │ │ │ "
    assert draw(row, "○", 2) == "○ │…"


def test_a_migration_beyond_the_last_lane_shown_takes_the_place_of_the_ellipsis() -> None:
    row = LaneRow("a", lane=3, through=0b0111, ends=0, starts=0, joins=0b0010)
    assert draw(row, "○", 4) == "│ ├─│─○ "
    assert draw(row, "○", 2) == "│ ├○"


def chain(size: int) -> Parents:
    return {f"{n:05}": (f"{n - 1:05}",) if n else () for n in range(size)}


def merged_branches(size: int) -> Parents:
    """A trunk with a branch of nine every twenty migrations, merged back into it."""
    parents = chain(size)
    for base in range(0, size, 20):
        for n in range(base + 2, base + 20):
            parents[f"{n:05}"] = (f"{max(base + 1, n - 2):05}",)
        if base:
            parents[f"{base:05}"] = (f"{base - 2:05}", f"{base - 1:05}")
    return parents


def open_branches(size: int, branches: int = 500) -> Parents:
    """Branches that all stay open side by side."""
    return {f"{n:05}": (f"{max(0, n - branches):05}",) if n else () for n in range(size)}


@pytest.mark.parametrize("shape", [chain, merged_branches, open_branches])
def test_four_times_as_many_migrations_take_about_four_times_as_long(shape: Callable[[int], Parents]) -> None:
    def fastest(size: int) -> float:
        parents = shape(size)
        newest_first = list(parents)[::-1]
        took = []
        for _ in range(5):
            start = time.process_time()
            rows = layout(newest_first, parents.__getitem__)
            took.append(time.process_time() - start)
        assert len(rows) == size
        return min(took)

    assert fastest(20_000) < 10 * fastest(5_000)  # sixteen times, were it quadratic
