"""Fill `${NAME}` and `${NAME:-default}` into configuration values."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class InterpolationError(ValueError):
    """A reference that cannot be filled in. The message never holds a value; `hint` says what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def interpolate(text: str, variables: Mapping[str, str]) -> str:
    """`text` with its references filled in from `variables`; raises InterpolationError.

    A default stands in for a variable that is unset or empty, and may hold references itself.
    `$${` is a plain `${`. What is filled in is not looked at again.
    """
    if "${" not in text:
        return text
    filled, _ = _fill(text, 0, variables, nested=False, wanted=True)
    return filled


def _fill(text: str, at: int, variables: Mapping[str, str], *, nested: bool, wanted: bool) -> tuple[str, int]:
    """The text from `at` to its end or, when `nested`, to the closing brace; and the place behind it.

    Not `wanted` is a default that goes unused: it is read only to find its end.
    """
    parts: list[str] = []
    while at < len(text):
        if text.startswith("$${", at):
            parts.append("${")
            at += 3
        elif text.startswith("${", at):
            value, at = _reference(text, at + 2, variables, wanted=wanted)
            parts.append(value)
        elif nested and text[at] == "}":
            return "".join(parts), at + 1
        else:
            parts.append(text[at])
            at += 1
    if nested:
        raise InterpolationError("a ${ is not closed", "write ${NAME}, or $${ for a plain ${")
    return "".join(parts), at


def _reference(text: str, at: int, variables: Mapping[str, str], *, wanted: bool) -> tuple[str, int]:
    """The value of the reference whose name starts at `at`, and the place behind its brace."""
    match = _NAME.match(text, at)
    if match is None:
        raise InterpolationError("a ${ is not followed by a name", "write ${NAME}, or $${ for a plain ${")
    name, at = match[0], match.end()
    value = variables.get(name)
    if text.startswith(":-", at):
        default, at = _fill(text, at + 2, variables, nested=True, wanted=wanted and not value)
        return value or default, at
    if not text.startswith("}", at):
        raise InterpolationError(f"${{{name} is not closed", f"write ${{{name}}} or ${{{name}:-default}}")
    if value is None and wanted:
        raise InterpolationError(f"the variable {name} is not set", f"set {name}, or give a default: ${{{name}:-…}}")
    return value or "", at + 1
