"""A row of the graph pane as text: nothing is ever wider than its cells, and nothing steers the terminal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from miger.engine.graph import MigrationGraph
from miger.engine.lanes import LaneRow
from miger.engine.state import StateRow
from miger.engine.status import MigrationStatus
from miger.widgets.graph_line import LOOKS, columns, detail, pieces_of, short_number, split_id
from miger.widgets.graph_rows import DividerRow, FoldRow, MigrationRow, Row, arrange, shown_rows

from tests.widgets.graph_cases import NOW, applied, applied_up_to, chain, migration, shop, shop_status


def text(row: Row, width: int, lanes: int = 3, numbers: tuple[int, ...] = (14,)) -> str:
    return "".join(piece.text for piece in pieces_of(row, columns(width, lanes, numbers), NOW))


def shop_lines(width: int) -> list[str]:
    graph = shop()
    return [text(row, width) for row in shown_rows(arrange(graph, shop_status(graph)))]


def lone(id: str, **more: str) -> MigrationRow:
    status = MigrationStatus(id, "pending", False, migration(id, **more), None)
    return MigrationRow(status, LaneRow(id, 0, 0, 0, 0), False)


def test_there_is_room_for_the_day_and_the_title_in_a_wide_pane() -> None:
    assert shop_lines(76)[3:7] == [
        "│   ○  2026-01-22 billing_backfill  Fill what is due.         pending       ",
        "✖   │  2026-01-21 split_customer_name expand v2               dirty      2/5",
        "│   ○  2026-01-20 billing_tables expand v2                    pending       ",
        "│───│──── database is here ─────────────────────────────────────────────────",
    ]


def test_a_narrow_pane_keeps_glyph_name_head_and_state() -> None:
    assert shop_lines(38)[:8] == [
        "○      experiment head    pending     ",
        "│ ○    add_invoice_… head pending     ",
        "○─┴─╮  merge_billing v2   pending     ",
        "│   ○  billing_backfill   pending     ",
        "✖   │  split_customer_na… dirty    2/5",
        "│   ○  billing_tables     pending     ",
        "│───│──── database is here ───────────",
        "│ ? │  gone_astray        missing  1mo",
    ]


def test_a_fold_says_how_many_it_hides_and_how_to_see_them() -> None:
    closed = FoldRow("a", 0, 8214, 0b101, False)
    assert text(closed, 50).rstrip() == "┆   ┆  8,214 applied — enter unfolds"
    assert text(closed._replace(unfolded=True), 50).rstrip() == "│   │  8,214 applied — enter folds them again"


def test_lanes_beyond_the_last_shown_are_an_ellipsis_on_divider_and_fold() -> None:
    assert text(DividerRow(0b1001, ""), 40).startswith("│────…─── database")
    assert text(FoldRow("a", 0, 30, 0b1001, False), 40).startswith("┆    …")


def test_a_divider_says_why_one_side_is_empty() -> None:
    assert "database is here — up to date ─" in text(DividerRow(0, "up to date"), 60)


@pytest.mark.parametrize(
    ("id", "number", "name"),
    [
        ("20260115101500_add_email", "20260115101500", "add_email"),
        ("0143-add-email", "0143", "add-email"),
        ("add_email", "", "add_email"),
        ("20260115101500", "", "20260115101500"),
        ("0143_", "", "0143_"),
    ],
)
def test_an_id_is_split_into_number_and_name(id: str, number: str, name: str) -> None:
    assert split_id(id) == (number, name)


@pytest.mark.parametrize(
    ("number", "cells", "shown"),
    [
        ("20260115101500", 10, "2026-01-15"),
        ("20260115101500", 5, "01-15"),
        ("20260115101500", 4, ""),
        ("20261315101500", 5, "…1500"),
        ("0143", 5, "0143"),
        ("1768471200", 5, "…1200"),
    ],
)
def test_a_number_is_shortened_to_its_day_or_its_end(number: str, cells: int, shown: str) -> None:
    assert short_number(number, cells) == shown


def state(word: str, row: StateRow | None, late: bool = False) -> MigrationStatus:
    return MigrationStatus("a", word, late, None, row)


def test_details_of_states() -> None:
    dirty = StateRow("a", "dirty", "up", "", 2, 5)
    assert detail(state("dirty", dirty), NOW) == "2/5"
    assert detail(state("running", dirty._replace(total=None)), NOW) == "2/?"
    assert detail(state("dirty", dirty._replace(done=0, total=None)), NOW) == ""
    assert detail(state("pending", None, late=True), NOW) == "late"
    assert detail(state("pending", None), NOW) == ""
    assert detail(state("applied", applied("a", 5)), NOW) == "5d"
    assert detail(state("missing", applied("a", 400)), NOW) == "1y"


def test_a_long_detail_is_cut_visibly() -> None:
    row = lone("a")._replace(status=state("dirty", StateRow("a", "dirty", "up", "", 12345, 200000)))
    assert text(row, 40).endswith("dirty 12345…")


def test_a_filtered_row_has_its_glyph_but_no_lanes() -> None:
    row = lone("0143_add")._replace(lanes=LaneRow("0143_add", 2, 0b1011, 0, 0))
    pieces = pieces_of(row, columns(40, 16, (4,)), NOW, lanes=False)
    assert "".join(piece.text for piece in pieces).startswith("○ 0143 add ")


def test_control_characters_and_direction_marks_of_ids_are_made_visible() -> None:
    drawn = text(lone("a\x1b[31m_\u202eb\n_c\x07", title="\x9b2J", release="\x1b]0;x"), 76)
    assert drawn.isprintable()
    assert "␛[31m" in drawn


def test_looks_are_all_known() -> None:
    graph = shop()
    for row in shown_rows(arrange(graph, shop_status(graph))):
        assert {piece.look for piece in pieces_of(row, columns(60, 3, (14,)), NOW)} <= set(LOOKS)


WORDS = st.text(
    st.one_of(st.sampled_from("aé_-0漢字한👩🏽\u200d🚀\u0301\u202eשלוםمرحبا\x1b\t\n"), st.characters()), max_size=40
)


@settings(deadline=None)  # the machine may be busy
@given(WORDS, WORDS, WORDS, st.integers(1, 130), st.integers(0, 40), st.booleans())
def test_a_row_is_exactly_as_wide_as_asked_whatever_is_in_it(
    id: str, title: str, release: str, width: int, lane: int, head: bool
) -> None:
    status = MigrationStatus(id, "pending", False, migration(id, title=title, release=release), None)
    row = MigrationRow(status, LaneRow(id, lane, 0b1010, 0, 0), head)
    for lanes in (True, False):
        for piece in (pieces := pieces_of(row, columns(width, lane + 1, (4, 14)), NOW, lanes=lanes)):
            assert "\x1b" not in piece.text and "\n" not in piece.text
        assert sum(cell_len(piece.text) for piece in pieces) == width


@settings(deadline=None)  # the machine may be busy
@given(st.integers(1, 130), st.integers(1, 40), st.integers(0, 2**40), st.booleans())
def test_dividers_and_folds_are_exactly_as_wide_as_asked(width: int, lanes: int, through: int, unfolded: bool) -> None:
    for row in (DividerRow(through, "up to date"), FoldRow("a", 0, 12_345, through, unfolded)):
        assert cell_len(text(row, width, lanes)) == width


def test_without_numbers_the_name_follows_the_lanes() -> None:
    graph = MigrationGraph(chain(3))
    rows = shown_rows(arrange(graph, applied_up_to(graph, 1)))
    assert text(rows[0], 38, lanes=1, numbers=()).startswith("○  m0002 head ")
