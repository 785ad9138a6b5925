"""Conversions on SQLite, where a column may hold anything, and CAST makes 0 of what is no number.

So a value is compared with what it is cast to. In `c = CAST(c AS INTEGER)` SQLite applies the affinity of the right
side to the left one, which leaves text alone that is no number as a whole (https://sqlite.org/datatype3.html, 4.2):
true for '12' and ' 12 ', false for '12a', '', '1.5' and blobs (and, as the one exception, true for the integer next
below the least one, which has no other double). To fail with the value in the message, it is given to
`json_extract` as a path, which is an error for all that does not begin with `$` (https://sqlite.org/json1.html). Some
versions leave the first character out of the message, so that is a space.
"""

from __future__ import annotations

import re

from miger.generate.conversions.conversion import COLUMN, Rule

_FAMILIES = (  # the first that is in a type's name; what SQLAlchemy and people write, then SQLite's own rules
    ("bool", "bool"),
    ("json", "json"),
    ("timestamp", "datetime"),
    ("datetime", "datetime"),
    ("date", "date"),
    ("int", "integer"),
    ("char", "text"),
    ("clob", "text"),
    ("text", "text"),
    ("string", "text"),
    ("blob", "blob"),
    ("binary", "blob"),
    ("real", "real"),
    ("floa", "real"),
    ("doub", "real"),
    ("numeric", "numeric"),
    ("decimal", "numeric"),
)
_TRUE = "'1', 'true', 't', 'yes', 'y', 'on'"
_FALSE = "'0', 'false', 'f', 'no', 'n', 'off'"
_WORD = f"lower(trim({COLUMN}))"
# '+0 days' makes the first of March of the 30th of February, which is else left as it is.
_DAY = f"coalesce(substr(trim({COLUMN}), 1, 10) = date(trim({COLUMN}), '+0 days'), FALSE)"
_MIDNIGHTS = "'', ' 00:00:00', 'T00:00:00', ' 00:00:00.000000', ' 00:00', 'T00:00'"
# Types whose values are in the other type as they are, whatever they are.
_ALIKE = {
    ("integer", "numeric"),
    ("numeric", "real"),
    ("real", "numeric"),
    ("bool", "integer"),
    ("bool", "numeric"),
    ("json", "text"),
    ("date", "text"),
    ("datetime", "text"),
}


def family(type_: str) -> str:
    """What a type is for; "other" where its name tells nothing."""
    name = re.sub(r"\(.*", "", type_).lower()
    return next((found for part, found in _FAMILIES if part in name), "other" if name.strip() else "blob")


def rule(before: str, after: str) -> Rule | None:
    """How values get from a type to another; None where they stay as they are."""
    old, new = family(before), family(after)
    if old == new or (old, new) in _ALIKE or new == "other":
        return None
    found = _to(old, new)
    if not found.converts:
        return found
    words = {"integer": "no integer: ", "bool": "neither true nor false: ", "json": "no JSON: "}
    told = words.get(new, "no number: " if new in ("real", "numeric") else "no date and time: ")
    told = "no date: " if new == "date" else told
    fails = f"json_extract('[]', ' {told}' || {COLUMN})"
    return found._replace(
        strict=f"CASE WHEN {found.converts} THEN {found.cast} WHEN {COLUMN} IS NOT NULL THEN {fails} END"
    )


def _to(old: str, new: str) -> Rule:
    match new:
        case "integer":
            return _integer(old)
        case "real":
            finite = f"{COLUMN} = CAST({COLUMN} AS REAL) AND abs(CAST({COLUMN} AS REAL)) < 9e999"
            exact = f"{COLUMN} = CAST({COLUMN} AS NUMERIC) AND abs(CAST({COLUMN} AS REAL)) < 9e999"
            cut = f"CAST({COLUMN} AS REAL) <> CAST({COLUMN} AS NUMERIC)"
            return Rule(f"CAST({COLUMN} AS REAL)", exact if old == "integer" else finite, _zeros(old, cut))
        case "numeric":
            number = f"{COLUMN} = CAST({COLUMN} AS NUMERIC) AND abs(CAST({COLUMN} AS REAL)) < 9e999"
            return Rule(f"CAST({COLUMN} AS NUMERIC)", number, _zeros(old, ""))
        case "bool":
            return _bool(old)
        case "date":
            time = f"substr(trim({COLUMN}), 11)"
            if old == "text":
                return Rule(f"date(trim({COLUMN}))", f"{_DAY} AND {time} IN ({_MIDNIGHTS})")
            return Rule(f"date(trim({COLUMN}))", _DAY, f"{time} NOT IN ({_MIDNIGHTS})")
        case "datetime":
            return Rule(f"trim({COLUMN})", _DAY)
        case "json":
            return Rule(COLUMN, f"json_valid({COLUMN})")
        case "blob":
            return Rule(f"CAST({COLUMN} AS BLOB)")
        case _:
            digits = f"CAST(CAST({COLUMN} AS TEXT) AS REAL) <> {COLUMN}"
            return Rule(f"CAST({COLUMN} AS TEXT)", loses=digits if old in ("real", "numeric") else "")


def _integer(old: str) -> Rule:
    if old in ("real", "numeric"):
        held = f"typeof({COLUMN}) IN ('integer', 'real') AND abs(round({COLUMN})) < 9223372036854775808.0"
        whole = f"CASE typeof({COLUMN}) WHEN 'integer' THEN {COLUMN} ELSE CAST(round({COLUMN}) AS INTEGER) END"
        return Rule(whole, held, f"{COLUMN} <> round({COLUMN})")
    return Rule(f"CAST({COLUMN} AS INTEGER)", f"{COLUMN} = CAST({COLUMN} AS INTEGER)", _zeros(old, ""))


def _zeros(old: str, cut: str) -> str:
    """Text that is a number with zeros in front, which may have been no number (a post code)."""
    front = f"ltrim(trim({COLUMN}), '-+') GLOB '0[0-9]*'" if old in ("text", "other", "json") else ""
    return " OR ".join(filter(None, (front, cut)))


def _bool(old: str) -> Rule:
    if old in ("integer", "real", "numeric"):
        return Rule(f"{COLUMN} <> 0", f"typeof({COLUMN}) IN ('integer', 'real')", f"{COLUMN} NOT IN (0, 1)")
    return Rule(f"{_WORD} IN ({_TRUE})", f"{_WORD} IN ({_TRUE}, {_FALSE})")
