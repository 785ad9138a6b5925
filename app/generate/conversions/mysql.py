"""Conversions on MySQL and MariaDB, in strict mode, which is how Miger's sessions run.

There an UPDATE fails for a CAST that cuts something off, and for a value that the column has no room for; but both
round '1.5' to an integer, take the day of a time and the number of an ENUM's label without a word. So what is read is
asked by its form, and given to a CAST that fails with the words of what is wrong where it does not fit.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from miger.generate.conversions.conversion import COLUMN, Rule

_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
_NAMES = {
    **dict.fromkeys(_BITS, "integer"),
    "decimal": "decimal",
    "float": "float",
    "double": "float",
    "char": "text",
    "varchar": "text",
    "tinytext": "text",
    "text": "text",
    "mediumtext": "text",
    "longtext": "text",
    "date": "date",
    "datetime": "datetime",
    "timestamp": "timestamp",
    "enum": "enum",
    "json": "json",
    "binary": "blob",
    "varbinary": "blob",
    "tinyblob": "blob",
    "blob": "blob",
    "mediumblob": "blob",
    "longblob": "blob",
}
_BYTES = {"tinytext": 255, "text": 65535, "mediumtext": 16777215, "longtext": 4294967295}
_TRUE = "'1', 'true', 't', 'yes', 'y', 'on'"
_FALSE = "'0', 'false', 'f', 'no', 'n', 'off'"
_SPACE = "[[:space:]]*"
_WHOLE = "[-+]?[0-9]+"
_DECIMAL = "[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)"
_EXPONENT = "(e[-+]?([0-9][0-9]?|[12][0-9][0-9]))?"
_DAY = "[0-9][0-9][0-9][0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?"
_ZEROS = f"{COLUMN} REGEXP '^{_SPACE}[-+]?0[0-9]'"  # in front of a number, which may have been no number


class _Type(NamedTuple):
    """A type: its family, its name, the numbers in its brackets, whether it has no sign, the labels of an enum."""

    family: str
    name: str
    numbers: tuple[int, ...]
    unsigned: bool
    labels: tuple[str, ...]
    text: str


def _type(text: str) -> _Type:
    found = re.match(r"\s*([a-z0-9]+(?: precision)?)\s*(?:\((.*)\))?", text, re.IGNORECASE | re.DOTALL)
    name, inside = (found[1].lower(), found[2] or "") if found else (text.lower(), "")
    aliases = {"integer": "int", "numeric": "decimal", "dec": "decimal", "bool": "tinyint", "boolean": "tinyint"}
    aliases |= {"double precision": "double", "real": "double"}
    numbers = tuple(map(int, re.findall(r"\d+", inside))) if name not in ("enum", "set") else ()
    numbers = (1,) if name in ("bool", "boolean") else numbers
    labels = tuple(re.findall(r"'((?:[^']|'')*)'", inside)) if name == "enum" else ()
    name = aliases.get(name, name)
    numbers = (10, 0) if name == "decimal" and not numbers else numbers
    numbers = (1,) if name == "char" and not numbers else numbers
    return _Type(_NAMES.get(name, "other"), name, numbers, "unsigned" in text.lower(), labels, text)


def rule(before: str, after: str) -> Rule | None:
    """How values get from a type to another; None where the server does it in place and each is kept."""
    old, new = _type(before), _type(after)
    if _contains(old, new):
        return None
    found = _from_text(new) if old.family == "text" else _between(old, new)
    return found if found is not None else Rule(COLUMN, untold=True)


def _contains(old: _Type, new: _Type) -> bool:
    """Whether each value of the old type is one of the new, and the server changes it in place."""
    if old.family == new.family == "integer":
        return (old.unsigned == new.unsigned and _limits(new)[1] >= _limits(old)[1]) or _within(old, new)
    if old.family == "integer" and new.family == "decimal":
        precision, scale = (*new.numbers, 0)[:2]
        return precision - scale >= len(str(_limits(old)[1])) and not (new.unsigned and not old.unsigned)
    if old.family == new.family == "decimal":
        (precision, scale), (wide, deep) = (*old.numbers, 0)[:2], (*new.numbers, 0)[:2]
        return wide - deep >= precision - scale and deep >= scale and new.unsigned <= old.unsigned
    if old.family in ("text", "enum") and new.family == "text":
        return _length(new) >= _length(old)
    if old.family == new.family == "enum":
        return set(old.labels) <= set(new.labels)
    if old.family == new.family in ("datetime", "timestamp"):
        return (new.numbers or (0,)) >= (old.numbers or (0,))
    if old.family == new.family == "float":
        return new.name == "double" or old.name == "float"
    return old[:5] == new[:5] and (old.family != "other" or old.text.lower() == new.text.lower())


def _limits(type_: _Type) -> tuple[int, int]:
    """The least and the largest of an integer type."""
    bits = _BITS[type_.name]
    return (0, 2**bits - 1) if type_.unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def _within(old: _Type, new: _Type) -> bool:
    (low, high), (least, most) = _limits(old), _limits(new)
    return least <= low and high <= most


def _length(type_: _Type) -> int:
    """How many characters a text type takes at least; of an enum, how many the longest label has."""
    if type_.family == "enum":
        return max((len(label) for label in type_.labels), default=0)
    if type_.name in ("char", "varchar"):
        return (*type_.numbers, 1)[0]
    return _BYTES[type_.name]


def _between(old: _Type, new: _Type) -> Rule | None:
    """Between types that are no text; None where there is no rule."""
    number = old.family in ("integer", "decimal", "float")
    if number and new.family == "integer":
        low, high = _limits(new)
        whole = COLUMN if old.family == "integer" else f"ROUND({COLUMN})"
        top = f"< {high + 1}" if old.family == "float" else f"<= {high}"
        cut = "" if old.family == "integer" else f"{COLUMN} <> ROUND({COLUMN})"
        fits = f"{whole} >= {low} AND {whole} {top}"
        if old.family == "float" and new.name == "bigint":  # the first beyond its range becomes the last within
            return _failing(whole, fits, cut, "no integer in range: ")
        return Rule(whole, fits, cut)
    if number and new.family == "decimal":
        return _to_decimal(old, new)
    if number and new.family == "float":
        return _to_float(old, new)
    if new.family == "text":
        return _to_text(old, new)
    if new.family == "enum":
        return _labelled(new, f"CAST({COLUMN} AS CHAR)")
    match old.family, new.family:
        case ("date", "datetime"):
            return Rule(COLUMN)
        case ("datetime" | "timestamp", "date"):
            return Rule(f"CAST({COLUMN} AS DATE)", loses=f"{COLUMN} <> CAST({COLUMN} AS DATE)")
        case ("date" | "datetime", "timestamp"):
            return Rule(COLUMN, _IN_TIMESTAMP, _finer(old, new))
        case ("datetime" | "timestamp", "datetime" | "timestamp"):
            return Rule(COLUMN, loses=_finer(old, new))
    return None


_IN_TIMESTAMP = f"{COLUMN} >= '1970-01-02' AND {COLUMN} < '2038-01-19'"  # in every time zone


def _finer(old: _Type, new: _Type) -> str:
    """Parts of a second that the new type has no digits for."""
    digits = (new.numbers or (0,))[0]
    return "" if digits >= (old.numbers or (0,))[0] else f"{COLUMN} <> CAST({COLUMN} AS DATETIME({digits}))"


def _to_decimal(old: _Type, new: _Type) -> Rule:
    precision, scale = (*new.numbers, 0)[:2]
    value = f"ROUND({COLUMN}, {scale})"
    fits = f"ABS({value}) < 1{'0' * (precision - scale)}"
    fits = f"{COLUMN} >= 0 AND {fits}" if new.unsigned and not old.unsigned else fits
    return Rule(value, fits, "" if old.family == "integer" else f"{value} <> {COLUMN}")


def _to_float(old: _Type, new: _Type) -> Rule:
    positive = f"{COLUMN} >= 0" if new.unsigned and not old.unsigned else ""
    if new.name == "double":
        held = {"integer": _limits(old)[1] < 2**53 if old.family == "integer" else False}.get(old.family, False)
        exact = "" if held else f"CAST({COLUMN} + 0e0 AS DECIMAL(65, 30)) <> {COLUMN}"
        return Rule(COLUMN, positive, exact)
    fits = f"ABS({COLUMN}) <= 3.4028234e38"
    return Rule(COLUMN, f"{positive} AND {fits}" if positive else fits, f"CAST({COLUMN} AS FLOAT) <> {COLUMN}")


def _to_text(old: _Type, new: _Type) -> Rule | None:
    if old.family in ("blob", "other"):
        return None
    value = COLUMN if old.family == "text" else f"CAST({COLUMN} AS CHAR)"
    if new.name in ("char", "varchar"):
        return Rule(value, f"CHAR_LENGTH({value}) <= {_length(new)}")
    return Rule(value, f"LENGTH({value}) <= {_length(new)}" if old.family == "json" and new.name != "longtext" else "")


def _labelled(new: _Type, value: str) -> Rule:
    known = ", ".join(f"'{label}'" for label in new.labels)
    converts = f"{value} IN ({known})"
    return Rule(value, converts, strict=f"IF({converts}, {value}, CONCAT('no label: ', {value}))")


def _from_text(new: _Type) -> Rule | None:
    """From a text; None where there is no rule."""
    match new.family:
        case "text":
            if new.name not in ("char", "varchar"):
                return Rule(COLUMN, f"LENGTH({COLUMN}) <= {_length(new)}")
            length = _length(new)  # what is longer by spaces alone is cut off
            fits = f"CHAR_LENGTH(TRIM(TRAILING ' ' FROM {COLUMN})) <= {length}"
            return Rule(COLUMN, fits, f"CHAR_LENGTH({COLUMN}) > {length}")
        case "integer" if new.name == "tinyint" and new.numbers == (1,):
            word = f"LOWER(TRIM({COLUMN}))"
            value = f"{word} IN ({_TRUE})"
            return _failing(value, f"{word} IN ({_TRUE}, {_FALSE})", "", "neither true nor false: ")
        case "integer":
            low, high = _limits(new)
            digits = "[+]?[0-9]+" if new.unsigned else _WHOLE  # CAST AS UNSIGNED takes -1 for a large one
            form = f"{COLUMN} REGEXP '^{_SPACE}{digits}{_SPACE}$' AND CHAR_LENGTH({COLUMN}) <= 60"
            fits = f"CAST({COLUMN} AS DECIMAL(65)) BETWEEN {low} AND {high}"
            value = f"CAST({COLUMN} AS {'UNSIGNED' if new.unsigned else 'SIGNED'})"
            found = _failing(value, form, _ZEROS, "no integer in range: ", fits)
            return found if new.unsigned else found._replace(strict=value)
        case "decimal":
            return _decimal(new)
        case "float":
            form = f"{COLUMN} REGEXP '^{_SPACE}{_DECIMAL}{_EXPONENT}{_SPACE}$' AND CHAR_LENGTH({COLUMN}) <= 60"
            fits = "" if new.name == "double" else f"ABS({COLUMN} + 0e0) <= 3.4028234e38"
            fits = " AND ".join(filter(None, (fits, f"{COLUMN} + 0e0 >= 0" if new.unsigned else "")))
            return _failing(f"{COLUMN} + 0e0", form, _ZEROS, "no number in range: ", fits)
        case "date" | "datetime" | "timestamp":
            return _moment(new)
        case "enum":
            return _labelled(new, COLUMN)
        case "json":
            return _failing(COLUMN, f"JSON_VALID({COLUMN})", "", "no JSON: ")
        case "blob":
            return Rule(COLUMN)
    return None


def _failing(value: str, converts: str, loses: str, told: str, fits: str = "") -> Rule:
    """A value, and what fails in an UPDATE with what is wrong where it does not convert; what does not fit does so."""
    fails = f"CAST(CONCAT('{told}', {COLUMN}) AS SIGNED)"
    strict = f"CASE WHEN {converts} THEN {value} WHEN {COLUMN} IS NOT NULL THEN {fails} END"
    return Rule(value, converts, loses, strict, fits=fits)


def _decimal(new: _Type) -> Rule:
    precision, scale = (*new.numbers, 0)[:2]
    whole = f"CHAR_LENGTH(SUBSTRING_INDEX(TRIM({COLUMN}), '.', 1)) <= 34"
    form = f"{COLUMN} REGEXP '^{_SPACE}{_DECIMAL}{_SPACE}$' AND {whole}"
    value = f"CAST({COLUMN} AS DECIMAL(65, 30))"
    fits = f"ABS(ROUND({value}, {scale})) < 1{'0' * (precision - scale)}"
    fits = f"{value} >= 0 AND {fits}" if new.unsigned else fits
    target = f"CAST({COLUMN} AS DECIMAL({precision}, {scale}))"
    return _failing(target, form, f"({_ZEROS} OR {target} <> {value})", "no number in range: ", fits)


def _moment(new: _Type) -> Rule:
    """A day, or a day and a time. The day is counted from the first of its month, which fails for no number of days."""
    first = f"CAST(CONCAT(LEFT(TRIM({COLUMN}), 8), '01') AS DATE)"
    day = f"{first} + INTERVAL (CAST(SUBSTRING(TRIM({COLUMN}), 9, 2) AS SIGNED) - 1) DAY"
    real = f"CAST({day} AS CHAR) = LEFT(TRIM({COLUMN}), 10)"
    if new.family == "timestamp":
        real += f" AND LEFT(TRIM({COLUMN}), 10) BETWEEN '1970-01-02' AND '2038-01-18'"
    clock = "" if new.family == "date" else f"([ T]{_CLOCK})?"
    form = f"{COLUMN} REGEXP '^ *{_DAY}{clock} *$' AND TRIM({COLUMN}) >= '0001'"
    target = "DATE" if new.family == "date" else f"DATETIME({(new.numbers or (0,))[0]})"
    told = "no date: " if new.family == "date" else "no date and time: "
    return _failing(f"CAST(TRIM({COLUMN}) AS {target})", form, "", told, real)
