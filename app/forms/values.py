"""Values of documents as Python."""

from __future__ import annotations

from collections.abc import Mapping

from miger.forms.layout import WIDTH, string


def is_plain(value: object) -> bool:
    """Whether it can be written with Python's own literals."""
    if isinstance(value, Mapping):
        return all(isinstance(key, str) and is_plain(item) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return all(map(is_plain, value))
    return value is None or type(value) in (bool, int, float, str)


def literal(value: object, indent: int = 0, used: int = 0) -> str:
    """A value as Python; over several lines where it does not fit. `used` columns stand before it."""
    flat = _flat(value)
    if indent + used + len(flat) + 8 <= WIDTH or not isinstance(value, (Mapping, list, tuple)) or not value:
        return flat
    inner, outer = " " * (indent + 4), " " * indent
    if isinstance(value, Mapping):
        items = [(f"{string(str(key))}: ", item) for key, item in value.items()]
        opening, closing = "{}"
    else:
        items = [("", item) for item in value]
        opening, closing = "[]"
    lines = [f"{inner}{key}{literal(item, indent + 4, len(key))}," for key, item in items]
    return "\n".join([opening, *lines, f"{outer}{closing}"])


def _flat(value: object) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{string(str(key))}: {_flat(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(_flat, value))}]"
    return string(value) if isinstance(value, str) else repr(value)
