"""What one may type to filter the graph."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miger.engine.status import MigrationStatus
from miger.widgets.graph_filter import Filter, FilterError, parse_filter

from tests.widgets.graph_cases import migration, shop, shop_status


def found(text: str) -> list[str]:
    """The names in the shop that a filter matches, in running order."""
    graph = shop()
    wanted = parse_filter(text)
    assert isinstance(wanted, Filter)
    statuses = shop_status(graph).migrations
    return [one.id[15:] for one in statuses if wanted.matches(one, one.id in graph.heads)]


def error(text: str) -> str:
    wanted = parse_filter(text)
    assert isinstance(wanted, FilterError)
    return wanted.message


def test_a_state_is_found_by_the_beginning_of_its_word() -> None:
    assert found("status:dirty") == ["split_customer_name"]
    assert found("state:mod") == ["create_orders"]
    assert found("STATUS:Missing") == ["gone_astray"]
    assert found("status:m") == ["create_orders", "gone_astray"]


def test_phase_and_release_are_found() -> None:
    assert found("phase:contract") == ["drop_fax", "experiment"]
    assert found("release:v2 phase:expand") == ["billing_tables", "split_customer_name"]


def test_a_release_is_a_whole_name_or_a_pattern() -> None:
    assert found("release:v") == []
    assert found("release:V1") == found("release:*1")
    assert len(found("release:v*")) == 7


def test_late_and_head_stand_alone() -> None:
    late = MigrationStatus("a", "pending", True, migration("a"), None)
    plain = late._replace(late=False)
    for text in ("late", "state:late"):
        wanted = parse_filter(text)
        assert isinstance(wanted, Filter)
        assert wanted.matches(late, False)
        assert not wanted.matches(plain, True)
    assert found("head") == ["add_invoice_index", "experiment"]


def test_plain_text_is_looked_for_in_ids_and_titles_in_any_case() -> None:
    assert found("BILLING") == ["billing_tables", "billing_backfill", "merge_billing"]
    assert found("what is due") == ["billing_backfill"]
    assert found('"what is"') == ["billing_backfill"]
    assert found('"is what"') == []


def test_quotes_take_away_special_meaning() -> None:
    assert found('"head"') == []
    assert found('!"experiment" head') == ["add_invoice_index"]


def test_all_terms_must_hold_and_a_mark_inverts_one() -> None:
    assert found("billing !status:pending") == []
    assert found("!billing status:pending") == ["add_invoice_index", "experiment"]
    assert found("!!head") == found("head")


@pytest.mark.parametrize("half", ["", "  ", "!", "status:", "!phase:", '"', "release:", '!"'])
def test_half_a_term_does_not_count_yet(half: str) -> None:
    assert parse_filter(half) == Filter()


def test_an_unknown_key_says_which_ones_there_are() -> None:
    assert error("colour:red") == (
        "there is no filter “colour:” — use status:, phase:, release:, late, head or plain text"
    )


def test_a_word_that_no_state_or_phase_begins_with_says_which_ones_there_are() -> None:
    assert error("status:done").startswith("no state begins with “done” — there are applied, pending, dirty")
    assert error("phase:x") == "no phase begins with “x” — there are expand, contract"


def test_a_colon_without_a_key_is_plain_text() -> None:
    wanted = parse_filter(":x")
    assert isinstance(wanted, Filter)
    assert [(term.key, term.value) for term in wanted.terms] == [("text", ":x")]


@settings(deadline=None)  # the machine may be busy
@given(st.text(alphabet=st.one_of(st.sampled_from(" :!\"'statuphelrx*[\\"), st.characters())))
def test_nothing_that_can_be_typed_raises(text: str) -> None:
    wanted = parse_filter(text)
    if isinstance(wanted, FilterError):
        assert wanted.message
        return
    status = MigrationStatus("a_b", "pending", False, migration("a_b", release="v1", title="T"), None)
    assert wanted.matches(status, False) in (True, False)


@settings(deadline=None)  # the machine may be busy
@given(st.sampled_from(["status:pending", "phase:expand", "release:v2", "late", "head", "bill"]))
def test_an_inverted_term_matches_exactly_the_others(term: str) -> None:
    everything = found("")
    assert sorted(found(term) + found(f"!{term}")) == sorted(everything)
