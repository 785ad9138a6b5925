"""`${NAME}` in configuration values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miger.engine.interpolation import InterpolationError, interpolate

VARIABLES = {"A": "one", "EMPTY": "", "ODD": "${A}}"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain $A {A} $", "plain $A {A} $"),
        ("x${A}y", "xoney"),
        ("${A}${A}", "oneone"),
        ("${EMPTY}", ""),
        ("${EMPTY:-d}", "d"),
        ("${NO:-}", ""),
        ("${NO:-a:-b}", "a:-b"),
        ("${NO:-${A}!}", "one!"),
        ("${NO:-${ALSO:-deep}}", "deep"),
        ("${A:-${NO}}", "one"),
        ("${ODD}", "${A}}"),
        ("$${A}", "${A}"),
        ("$$${A}", "$${A}"),
    ],
)
def test_references_are_filled_in(text: str, filled: str) -> None:
    assert interpolate(text, VARIABLES) == filled


@pytest.mark.parametrize("text", ["${NO}", "${", "${A", "${}", "${1}", "${A-b}", "${A:-b", "${ A }"])
def test_references_that_cannot_be_filled_in_are_refused_with_a_hint(text: str) -> None:
    with pytest.raises(InterpolationError) as caught:
        interpolate(text, VARIABLES)
    assert caught.value.hint


@given(st.text())
def test_a_value_is_never_looked_at_again(value: str) -> None:
    assert interpolate("<${V}>", {"V": value}) == f"<{value}>"


@given(st.text())
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    text = text.replace("$", "")
    assert interpolate(f"$${{{text}", {}) == f"${{{text}"
