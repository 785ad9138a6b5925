"""Times as people write them."""

from __future__ import annotations

import pytest

from miger.engine.durations import parse_duration


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("5s", 5),
        ("500ms", 0.5),
        ("10min", 600),
        ("1h", 3600),
        (" 1.5 s ", 1.5),
        ("7", 7),
        (3, 3),
        (0.25, 0.25),
    ],
)
def test_a_time_is_a_number_of_seconds(value: str | float, seconds: float) -> None:
    assert parse_duration(value) == pytest.approx(seconds)


@pytest.mark.parametrize("value", ["", "s", "5 d", "-1s", "1e3", "\uff15s", "600h", -1, float("nan"), float("inf")])
def test_anything_else_is_refused(value: str | float) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_duration(value)
