"""Table and column names for classes: `OrderItem` becomes `order_items`."""

from __future__ import annotations

import re

_IRREGULAR = {"person": "people", "child": "children", "man": "men", "woman": "women"}
_humps = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def table_name(class_name: str) -> str:
    """The plural in snake_case: -y after a consonant becomes -ies, after s, x, z, ch and sh comes -es, else -s."""
    head, mark, last = snake_case(class_name).rpartition("_")
    return head + mark + _plural(last)


def snake_case(name: str) -> str:
    """`HTTPLog` becomes `http_log`."""
    return _humps.sub("_", name).lower()


def _plural(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if re.search(r"[^aeiou]y$", word):
        return word[:-1] + "ies"
    return word + ("es" if re.search(r"(s|x|z|ch|sh)$", word) else "s")
