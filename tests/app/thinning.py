"""Long lists of cases of which `make test` takes some, and `make soak` the rest."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def thinned(cases: Iterable[Any], every: int, first: int = 0) -> list[Any]:
    """The cases; all but the `first`, and each so many behind it, are left to `make soak`."""
    return [
        case if number % every == first else pytest.param(*_values(case), marks=pytest.mark.soak)
        for number, case in enumerate(cases)
    ]


def _values(case: Any) -> tuple[Any, ...]:
    """The arguments of a case; a value with names for its parts is one."""
    return case if type(case) is tuple else (case,)
