"""Times as people write them: `500ms`, `5s`, `10min`, `1h`, or a number of seconds."""

from __future__ import annotations

import re

_SECONDS = {"ms": 0.001, "s": 1.0, "": 1.0, "min": 60.0, "h": 3600.0}
_LONGEST = (2**31 - 1) / 1000  # databases count milliseconds in 32 bits


def parse_duration(value: str | int | float) -> float:
    """The seconds that `value` stands for. Raises ValueError with what is wrong, ready for a sentence."""
    seconds = _from_text(value) if isinstance(value, str) else float(value)
    if not 0 <= seconds <= _LONGEST:  # also false for nan
        raise ValueError("must be between 0 and 24 days")
    return seconds


def _from_text(text: str) -> float:
    match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ms|s|min|h|)\s*", text, re.ASCII)
    if match is None:
        raise ValueError('must be a time such as "500ms", "5s", "10min" or "1h", or a number of seconds')
    return float(match[1]) * _SECONDS[match[2]]
