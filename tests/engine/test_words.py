"""Numbers and durations as people read them."""

from __future__ import annotations

import pytest

from miger.engine.words import counted, duration


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0.0, "0.0 ms"),
        (0.44, "0.4 ms"),
        (9.96, "10 ms"),
        (31.2, "31 ms"),
        (999.7, "1.0 s"),
        (2_450, "2.5 s"),
        (59_990, "1 min 0 s"),
        (119_600, "2 min 0 s"),
        (200_000, "3 min 20 s"),
        (7_500_000, "2 h 5 min"),
    ],
)
def test_a_duration_is_never_rounded_to_a_full_unit_of_the_smaller_kind(ms: float, words: str) -> None:
    assert duration(ms) == words


@pytest.mark.parametrize(
    ("number", "one", "many", "words"),
    [
        (0, "row", "", "0 rows"),
        (1, "row", "", "1 row"),
        (10_231, "row", "", "10,231 rows"),
        (2, "query", "queries", "2 queries"),
    ],
)
def test_a_count_agrees_with_its_noun(number: int, one: str, many: str, words: str) -> None:
    assert counted(number, one, many) == words
