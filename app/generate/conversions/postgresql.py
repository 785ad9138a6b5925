"""Conversions on PostgreSQL, whose CAST fails for what does not convert.

What it accepts of a text is asked beforehand by its form, because before PostgreSQL 16 there is no
`pg_input_is_valid`. Times with and without a zone are converted in UTC, whatever the session's zone is.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from miger.generate.conversions.conversion import COLUMN, Rule

_LIMITS = {"smallint": 15, "integer": 31, "bigint": 63}
_DIGITS = {"smallint": 5, "integer": 10, "bigint": 19}
_NAMES = {
    "character varying": "text",
    "varchar": "text",
    "character": "text",
    "char": "text",
    "bpchar": "text",
    "text": "text",
    "citext": "text",
    "smallint": "integer",
    "integer": "integer",
    "bigint": "integer",
    "numeric": "numeric",
    "decimal": "numeric",
    "real": "float",
    "double precision": "float",
    "boolean": "bool",
    "date": "date",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "time without time zone": "time",
    "uuid": "uuid",
    "json": "json",
    "jsonb": "json",
    "bytea": "bytea",
}
_SPACE = r"[ \t\n\r\f\v]*"
_NUMBER = r"[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)(e[-+]?[0-9]?[0-9]?[0-9]?[0-9])?"
_YES = "'1', 'y', 'ye', 'yes', 't', 'tr', 'tru', 'true', 'on'"
_NO = "'0', 'n', 'no', 'f', 'fa', 'fal', 'fals', 'false', 'of', 'off'"
_DATE = "(?!0000)[0-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?"
_ZONE = "(Z|[-+](0[0-9]|1[0-4])(:?[0-5][0-9])?)"
_FLOATS = {"real": ("3.4028235e38", "1e-45"), "double precision": ("1.7976931348623157e308", "5e-324")}


class _Type(NamedTuple):
    """A type: its family, its name, and the numbers in its brackets."""

    family: str
    name: str
    numbers: tuple[int, ...]
    text: str


def _type(text: str) -> _Type:
    flat = " ".join(text.lower().split())
    name, _, rest = flat.partition("(")
    numbers, _, more = rest.partition(")")
    name = " ".join((name + more).split())
    aliases = {"timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone"}
    aliases |= {"int": "integer", "int4": "integer", "int8": "bigint", "int2": "smallint", "bool": "boolean"}
    aliases |= {"float8": "double precision", "float4": "real", "time": "time without time zone"}
    name = aliases.get(name, name)
    counts = tuple(int(number) for number in re.findall(r"-?\d+", numbers))
    if name in ("character", "char", "bpchar") and not counts and name != "bpchar":
        counts = (1,)
    return _Type(_NAMES.get(name, "other"), name, counts, text)


def rule(before: str, after: str, labels: tuple[str, ...] = ()) -> Rule | None:
    """How values get from a type to another; None where the server does it in place and each is kept.

    `labels` are those of `after`, if it is an enum.
    """
    old, new = _type(before), _type(after)
    if _contains(old, new):
        return None
    found = _from_text(new, labels) if old.family == "text" else _between(old, new)
    if found is not None:
        return found
    if labels:  # from another enum, or what has words for its values
        return _enum(new, f"CAST({COLUMN} AS text)", labels)
    if new.family == "text":
        return _to_text(old, new)
    direct = old.family == "text" or (old.name == "jsonb" and new.family in ("integer", "numeric", "float", "bool"))
    # Each type has a text, and can be read from one; whether one can be cast to the other is not known here.
    value = COLUMN if direct else f"CAST({COLUMN} AS text)"
    return Rule(f"CAST({value} AS {after})", untold=True)


def _contains(old: _Type, new: _Type) -> bool:
    """Whether each value of the old type is one of the new, and the server changes it in place."""
    if old[:3] == new[:3]:
        return old.family != "other" or old.text == new.text
    if old.family == new.family == "text":
        variable = old.name not in ("character", "char", "bpchar")
        longer = not new.numbers or (bool(old.numbers) and new.numbers >= old.numbers)
        return variable and longer and new.name in ("character varying", "varchar", "text")
    if old.family == "integer" and new.family == "integer":
        return _LIMITS[new.name] >= _LIMITS[old.name]
    if old.family == "integer" and new.family == "numeric":
        return not new.numbers or _room(new)[0] >= _DIGITS[old.name]
    if old.family == "numeric" and new.family == "numeric":
        return not new.numbers or (
            bool(old.numbers) and all(a >= b for a, b in zip(_room(new), _room(old), strict=True))
        )
    if old.family == new.family and old.family in ("timestamp", "timestamptz", "time"):
        return (new.numbers or (6,)) >= (old.numbers or (6,))
    return False


def _room(type_: _Type) -> tuple[int, int]:
    """How many digits a numeric type has before and after the point."""
    precision, scale = (*type_.numbers, 0)[:2]
    return precision - scale, scale


def _between(old: _Type, new: _Type) -> Rule | None:
    """Between types that are no text; None where there is no rule."""
    target = f"CAST({COLUMN} AS {new.text})"
    match old.family, new.family:
        case ("integer" | "numeric" | "float", "integer"):
            low, high = -(2 ** _LIMITS[new.name]), 2 ** _LIMITS[new.name]
            whole = COLUMN if old.family == "integer" else f"round({COLUMN})"
            cut = "" if old.family == "integer" else f"{COLUMN} <> round({COLUMN})"
            return Rule(target, f"{whole} >= {low} AND {whole} < {high}", cut)
        case ("integer" | "numeric" | "float", "numeric"):
            return _to_numeric(old, new)
        case ("integer" | "numeric" | "float", "float"):
            return _to_float(old, new)
        case ("integer" | "numeric" | "float", "bool"):
            return Rule(f"{COLUMN} <> 0", loses=f"{COLUMN} NOT IN (0, 1)")
        case ("bool", "integer" | "numeric" | "float"):
            return Rule(f"CAST({COLUMN} AS integer)", _room_for_one(new))
        case ("date", "timestamp"):
            return Rule(target)
        case ("date", "timestamptz"):
            return Rule(f"CAST({COLUMN} AS timestamp) AT TIME ZONE 'UTC'")
        case ("timestamp" | "timestamptz", "timestamp" | "timestamptz" | "date" | "time"):
            return _of_moment(old, new)
        case ("time", "time"):
            return Rule(target, loses=f"{COLUMN} <> {target}")
        case ("json", "json"):
            return Rule(target, untold=old.name == "json")
    return None


def _room_for_one(new: _Type) -> str:
    """Whether 1 is in the range of a type: it is not in NUMERIC(2, 2)."""
    return f"NOT {COLUMN}" if new.family == "numeric" and new.numbers and _room(new)[0] < 1 else ""


def _to_numeric(old: _Type, new: _Type) -> Rule:
    value = f"CAST({COLUMN} AS numeric)"
    target = f"CAST({COLUMN} AS {new.text})"
    if not new.numbers:
        cut = f"CAST({target} AS {old.text}) <> {COLUMN}" if old.family == "float" else ""
        return Rule(target, loses=cut)
    room, scale = _room(new)
    cut = "" if old.family == "integer" and scale >= 0 else f"CAST({target} AS {old.name}) <> {COLUMN}"
    fits = f"abs(round({value}, {scale})) < 1e{room}"
    if old.family == "integer":
        return Rule(target, fits, cut)
    finite = f"CAST({COLUMN} AS text) NOT IN ('NaN', 'Infinity', '-Infinity')"
    return Rule(target, f"CASE WHEN {finite} THEN {fits} ELSE CAST({COLUMN} AS text) = 'NaN' END", cut)


def _to_float(old: _Type, new: _Type) -> Rule:
    target = f"CAST({COLUMN} AS {new.text})"
    if old.family == "integer":
        top = {"real": 9223371487098961920, "double precision": 9223372036854774784}[new.name]
        top = top if old.name == "bigint" else {"real": 2147483520, "double precision": 2147483647}[new.name]
        if old.name == "smallint":
            return Rule(target)
        back = f"CAST({target} AS {old.text}) <> {COLUMN}"
        return Rule(
            target, loses=f"CASE WHEN {COLUMN} BETWEEN -{top} AND {top} THEN {back} ELSE {COLUMN} IS NOT NULL END"
        )
    most, least = _FLOATS[new.name]
    if old.family == "float":
        if new.name == "double precision":
            return Rule(target)
        words = f"{COLUMN} IN ('NaN', 'Infinity', '-Infinity')"
        fits = f"{words} OR {COLUMN} = 0 OR abs({COLUMN}) BETWEEN {least} AND {most}"
        return Rule(target, f"({fits})", f"CAST({target} AS double precision) <> {COLUMN}")
    words = f"CAST({COLUMN} AS text) IN ('NaN', 'Infinity', '-Infinity')"
    fits = f"({words} OR {COLUMN} = 0 OR abs({COLUMN}) BETWEEN {least} AND {most})"
    return Rule(target, fits, f"CAST(CAST({target} AS text) AS numeric) <> {COLUMN}")


def _of_moment(old: _Type, new: _Type) -> Rule:
    """From a timestamp to one of another kind, to its day or its time of day."""
    here = COLUMN if old.family == "timestamp" else f"{COLUMN} AT TIME ZONE 'UTC'"
    if new.family == "timestamptz" and old.family == "timestamp":
        there = f"{COLUMN} AT TIME ZONE 'UTC'"
        return Rule(there if not new.numbers else f"CAST({there} AS {new.text})", loses=_finer(old, new))
    if new.family in ("timestamp", "timestamptz"):
        value = COLUMN if old.family == new.family else here
        return Rule(value if not new.numbers else f"CAST({value} AS {new.text})", loses=_finer(old, new))
    if new.family == "date":
        return Rule(f"CAST({here} AS date)", loses=f"{here} <> CAST(CAST({here} AS date) AS timestamp)")
    return Rule(f"CAST({here} AS {new.text})", loses="TRUE")


def _finer(old: _Type, new: _Type) -> str:
    """Parts of a second that the new type has no digits for."""
    if (new.numbers or (6,)) >= (old.numbers or (6,)):
        return ""
    zone = "with" if old.family == "timestamptz" else "without"
    return f"{COLUMN} <> CAST({COLUMN} AS timestamp({new.numbers[0]}) {zone} time zone)"


def _to_text(old: _Type, new: _Type) -> Rule:
    if old.family == "bytea":
        return Rule(f"convert_from({COLUMN}, 'UTF8')", untold=True)
    value = f"CAST({COLUMN} AS text)"
    return Rule(value, f"char_length({value}) <= {new.numbers[0]}" if new.numbers else "")


def _enum(new: _Type, value: str, labels: tuple[str, ...]) -> Rule:
    known = ", ".join("'" + label.replace("'", "''") + "'" for label in labels)
    return Rule(f"CAST({value} AS {new.text})", f"{value} IN ({known})")


def _from_text(new: _Type, labels: tuple[str, ...]) -> Rule | None:
    """From a text; None where there is no rule."""
    target = f"CAST({COLUMN} AS {new.text})"
    match new.family:
        case "text":
            length = (new.numbers or (0,))[0]
            if not length:
                return Rule(COLUMN)
            return Rule(COLUMN, f"char_length(rtrim({COLUMN}, ' ')) <= {length}", f"char_length({COLUMN}) > {length}")
        case "integer":
            low, high = -(2 ** _LIMITS[new.name]), 2 ** _LIMITS[new.name] - 1
            digits = f"{COLUMN} ~ '^{_SPACE}[-+]?[0-9]+{_SPACE}$'"
            return Rule(target, digits, _ZEROS, fits=f"CAST({COLUMN} AS numeric) BETWEEN {low} AND {high}")
        case "numeric" | "float":
            return _number(new)
        case "bool":
            return Rule(target, f"lower(btrim({COLUMN}, E' \\t\\n\\r\\f\\v')) IN ({_YES}, {_NO})")
        case "date" | "timestamp" | "timestamptz" | "time":
            return _moment(new)
        case "uuid":
            digits = "-?".join(["[0-9a-f]" * 4] * 8)
            return Rule(target, f"{COLUMN} ~* '^{digits}$'")
        case "bytea":
            return Rule(f"convert_to({COLUMN}, 'UTF8')")
    return _enum(new, COLUMN, labels) if labels else None


_ZEROS = f"{COLUMN} ~ '^{_SPACE}[-+]?0[0-9]'"  # in front of a number, which may have been no number (a post code)


def _number(new: _Type) -> Rule:
    target = f"CAST({COLUMN} AS {new.text})"
    number = f"{COLUMN} ~* '^{_SPACE}{_NUMBER}{_SPACE}$'"
    value = f"CAST({COLUMN} AS numeric)"
    guarded = f"CAST(CASE WHEN {number} THEN {COLUMN} ELSE 'no number: ' || {COLUMN} END AS {new.text})"
    if new.family == "float":
        most, least = _FLOATS[new.name]
        fits = f"({value} = 0 OR abs({value}) BETWEEN {least} AND {most})"
        cut = f"CAST(CAST({target} AS text) AS numeric) <> {value}"
        return Rule(target, number, f"({_ZEROS} OR {cut})", guarded, fits=fits)
    if not new.numbers:
        return Rule(target, number, _ZEROS, guarded)
    room, scale = _room(new)
    fits = f"abs(round({value}, {scale})) < 1e{room}"
    return Rule(target, number, f"({_ZEROS} OR {target} <> {value})", guarded, fits=fits)


def _moment(new: _Type) -> Rule:
    """A day, a time, or both. The day is counted from the first of its month, which fails for no number of days."""
    if new.family == "time":
        form = f"{COLUMN} ~ '^ *{_CLOCK} *$'"
        return _guarded(new.text, f"CAST({COLUMN} AS {new.text})", form, "", "no time: ")
    first = f"CAST(left(btrim({COLUMN}), 8) || '01' AS date)"
    day = f"{first} + CAST(substr(btrim({COLUMN}), 9, 2) AS integer) - 1"
    real = f"to_char({day}, 'YYYY-MM-DD') = left(btrim({COLUMN}), 10)"
    clock = {"date": "", "timestamp": f"([ T]{_CLOCK})?", "timestamptz": f"([ T]{_CLOCK}{_ZONE}?)?"}[new.family]
    form = f"{COLUMN} ~ '^ *{_DATE}{clock} *$'"
    target = f"CAST({COLUMN} AS {new.text})"
    if new.family == "timestamptz":
        zoned = f"{COLUMN} ~ '{_CLOCK}{_ZONE} *$'"
        target = f"CASE WHEN {zoned} THEN {target} ELSE CAST({COLUMN} AS timestamp) AT TIME ZONE 'UTC' END"
    told = "no date: " if new.family == "date" else "no date and time: "
    return _guarded(new.text, target, form, real, told)


def _guarded(type_: str, target: str, form: str, fits: str, told: str) -> Rule:
    """A cast that also fails for what the server would accept, but read in its own way (yesterday, 1/2/2024)."""
    strict = f"CASE WHEN {form} THEN {target} ELSE CAST('{told}' || {COLUMN} AS {type_}) END"
    return Rule(target, form, strict=strict, fits=fits)
