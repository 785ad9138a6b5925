"""PostgreSQL's words for an expression as they are once they were read back.

The server words `currency IN ('EUR', 'USD')` over a VARCHAR with a cast around the list. Made anew from those words,
the cast is around each value: the same check, which would look like another one. Both are worded here as a list of
texts, which stays what it is however often it is made and read.
"""

from __future__ import annotations

import re

_TEXT = r"(?:E?'(?:[^']|'')*'|NULL)"
_VALUE = rf"{_TEXT}::character varying(?:\(\d+\))?"
_LIST = re.compile(rf"ARRAY\[({_VALUE}(?:, {_VALUE})*)\]::text\[\]")
_ONE = re.compile(_VALUE)
_TWICE = re.compile(rf"({_TEXT})::character varying::text\b(?!\[)")


def settled(words: str) -> str:
    """The words, in the form that does not change when they are made and read again."""
    if "::character varying" not in words:
        return words
    return _TWICE.sub(r"\1::text", _LIST.sub(_each_cast, words))


def _each_cast(found: re.Match[str]) -> str:
    return f"ARRAY[{_ONE.sub(lambda value: f'{value[0]}::text', found[1])}]"
