"""Text made fit for a screen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from rich.cells import cell_len

from miger.widgets.words import age, fit, fit_end, moment, pieces, printable, printable_lines, wrapped

NOW = datetime(2026, 1, 20, 12, 0, 0, tzinfo=UTC)


def test_nothing_in_a_text_can_steer_the_terminal() -> None:
    hostile = "a\x1b[31mb\x07c\x9bd\u202ee\u2028f\ud800g\x7f"
    shown = printable(hostile)
    assert shown == "a␛[31mb␇c�d�e f�g␡"
    assert all(sign.isprintable() for sign in shown)
    assert all(sign.isprintable() for line in printable_lines(hostile) for sign in line)


def test_white_space_is_folded_on_one_line_and_kept_in_code() -> None:
    assert printable("a\n\t b  c ") == "a b c"
    assert printable_lines("a\r\n\tb\n") == ["a", "    b", ""]


def test_a_huge_text_on_one_line_is_cut_before_it_is_measured() -> None:
    assert len(printable("x" * 10_000_000)) < 5000


@pytest.mark.parametrize("text", ["short", "a text that is too long", "名前は山田太郎です", "", "é̂́ combining"])
@pytest.mark.parametrize("cells", [1, 2, 7, 8, 40])
def test_what_is_fitted_is_never_wider_than_asked(text: str, cells: int) -> None:
    assert cell_len(fit(text, cells)) <= cells
    assert cell_len(fit_end(text, cells)) <= cells
    assert all(cell_len(line) <= max(cells, 2) for line in wrapped(text, cells))
    assert all(cell_len(text[start:end]) <= max(cells, 2) for start, end in pieces(text, cells))


def test_a_cut_text_says_so_at_the_side_where_it_was_cut() -> None:
    assert fit("customer_name", 8) == "custome…"
    assert fit_end("migrations/0001.sql", 9) == "…0001.sql"


@pytest.mark.parametrize("text", ["ALTER TABLE a ADD COLUMN b varchar(80);", "x" * 100, "名" * 50, "a " * 60, ""])
def test_the_pieces_of_a_line_are_all_of_it(text: str) -> None:
    assert "".join(text[start:end] for start, end in pieces(text, 20)) == text


def test_words_are_kept_whole_where_they_fit() -> None:
    assert list(wrapped("the drop loses 1,204 values", 12)) == ["the drop", "loses 1,204", "values"]
    line = "ALTER TABLE customer DROP COLUMN name"
    assert [line[start:end] for start, end in pieces(line, 22)] == ["ALTER TABLE customer ", "DROP COLUMN name"]


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-01-20T12:00:00.000Z", "now"),
        ("2026-01-20T12:00:09Z", "now"),
        ("2026-01-20T11:59:20Z", "40s"),
        ("2026-01-20T11:55:00+00:00", "5min"),
        ("2026-01-20T09:00:00", "3h"),
        ("2026-01-08T09:00:00Z", "12d"),
        ("2025-05-20T09:00:00Z", "8mo"),
        ("2024-01-10T09:00:00Z", "2y"),
        ("", ""),
        ("yesterday", ""),
    ],
)
def test_an_age_is_told_in_its_largest_unit(at: str, words: str) -> None:
    assert age(at, NOW) == words


def test_a_moment_is_told_to_the_second() -> None:
    assert moment("2026-01-20T12:00:09.123Z") == "2026-01-20 12:00:09"
