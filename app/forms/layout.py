"""Python as one writes it: calls on one line while they fit, else an argument a line; strings in double quotes."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import NamedTuple

WIDTH = 100


class Call(NamedTuple):
    """A call: what is called, its arguments, and those with names. Each is Python already, or another call."""

    name: str
    arguments: Sequence[str | Call] = ()
    keywords: Sequence[tuple[str, str | Call]] = ()


def string(text: str) -> str:
    """A string literal."""
    if text.replace("\n", "").isprintable() and '"' in text and "'" not in text:
        return repr(text)
    if text.isprintable() or "\n" in text:
        return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\x7f")
    return repr(text)


def strings(texts: Sequence[str]) -> str:
    """A list of string literals."""
    return f"[{', '.join(map(string, texts))}]"


def lines_of(call: Call, indent: int = 0, end: str = "") -> list[str]:
    """The lines of a call, `indent` columns in."""
    flat = " " * indent + _flat(call) + end
    if len(flat) + 4 <= WIDTH and "\n" not in flat:  # a function's body is four more columns in
        return [flat]
    inside = ", ".join(_parts(call))
    if indent + 4 + len(inside) + 4 <= WIDTH and "\n" not in inside:
        return [f"{' ' * indent}{call.name}(", f"{' ' * (indent + 4)}{inside}", f"{' ' * indent}){end}"]
    lines = [f"{' ' * indent}{call.name}("]
    items: list[tuple[str, str | Call]] = [("", argument) for argument in call.arguments] + list(call.keywords)
    for name, value in items:
        prefix = f"{name}=" if name else ""
        if isinstance(value, Call):
            inner = lines_of(value._replace(name=prefix + value.name), indent + 4, ",")
            lines += inner
        else:
            lines.append(f"{' ' * (indent + 4)}{prefix}{value},")
    return [*lines, f"{' ' * indent}){end}"]


def _flat(value: str | Call) -> str:
    if isinstance(value, str):
        return value
    return f"{value.name}({', '.join(_parts(value))})"


def _parts(call: Call) -> list[str]:
    return [*map(_flat, call.arguments), *(f"{name}={_flat(item)}" for name, item in call.keywords)]


def execute(sql: str, start: str = "db.execute(", end: str = ")") -> str:
    """A call with a statement, its lines and what is longer than a line put together from pieces."""
    flat = f"{start}{string(sql)}{end}"
    if "\n" not in sql and len(flat) + 4 <= WIDTH:
        return flat
    pieces = [piece for line in sql.splitlines(keepends=True) for piece in _pieces(line)]
    if len(pieces) == 1:
        return f"{start}\n    {string(pieces[0])}\n{end}"
    return "\n".join([start, *(f"    {string(piece)}" for piece in pieces), end])


def _pieces(line: str) -> list[str]:
    """A line in pieces that fit, cut behind spaces."""
    pieces, room = [], WIDTH - 12
    rest = line
    while len(rest) > room and (cut := rest.rfind(" ", 1, room)) > len(rest) - len(rest.lstrip()):
        pieces.append(rest[: cut + 1])
        rest = rest[cut + 1 :]
    return [*pieces, rest]


def comment(text: str, mark: str) -> str:
    """A comment of as many lines as it needs."""
    words, lines = text.split(), [mark]
    for word in words:
        if len(lines[-1]) + len(word) + 5 > WIDTH:
            lines.append(mark)
        lines[-1] += f" {word}"
    return "\n".join(re.sub(r"\s+$", "", line) for line in lines)
