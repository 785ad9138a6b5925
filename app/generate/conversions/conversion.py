"""From one type to another: what the database converts by itself, and what has to be converted value by value.

A value converts where the target type has it as it is, give or take spaces around it and how it is spelled. What is
ambiguous is refused rather than guessed: dates that are not year-month-day, a time with a zone for a type without
one. Times without a zone are taken as UTC where the type wants one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from miger.engine.catalog import Column

SAME, CONVERT = "same", "convert"
COLUMN = "{column}"
"""What stands for the column in an expression."""


class Conversion(NamedTuple):
    """How the values of a column get another type.

    `how` is "same" where the database changes the type in place and no value can be lost or refused (a longer
    VARCHAR, a larger integer), else "convert". `expression` is the new value of the column `{column}`, which stands
    for its name in quotes; it fails for a value that does not convert, in an UPDATE or INSERT. `lenient` is the same
    with NULL for such values. `refuses` is a condition that such rows fulfil, "" where every value converts. `loses`
    is one for rows whose value is another after going there and back (digits cut off, zeros in front), "" where none
    is. There are no other braces in them. `untold`: which values it refuses shows only when it is tried, so
    `lenient` fails as `expression` does, and `refuses` is "".
    """

    how: str
    expression: str = COLUMN
    lenient: str = COLUMN
    refuses: str = ""
    loses: str = ""
    untold: bool = False


class Rule(NamedTuple):
    """A conversion by what it asks: `cast` is the value where `converts` and then `fits` are true ("": always).

    `converts` never fails, and is NULL for no value but NULL; `fits` is asked only where it is true, `loses` and `cast`
    only where both are. `strict` is what fails where one is false; "" where `cast` does.
    """

    cast: str = COLUMN
    converts: str = ""
    loses: str = ""
    strict: str = ""
    untold: bool = False
    fits: str = ""


def conversion_of(dialect: str, before: Column, after: Column, labels: Sequence[str] = ()) -> Conversion:
    """How a column of the type of `before` becomes one of that of `after`, on sqlite, postgresql or mysql.

    `labels` are those of the enum that `after` has as its type, on PostgreSQL; without them it is not known what the
    type accepts (`Conversion.untold`).
    """
    from miger.generate.conversions import mysql as conversions_mysql  # they import this file
    from miger.generate.conversions import postgresql as conversions_postgresql
    from miger.generate.conversions import sqlite as conversions_sqlite

    if dialect == "sqlite":
        rule = conversions_sqlite.rule(before.type, after.type)
    elif dialect == "postgresql":
        rule = conversions_postgresql.rule(before.type, after.type, tuple(labels))
    else:
        rule = conversions_mysql.rule(before.type, after.type)
    return Conversion(SAME) if rule is None else _of(rule)


def with_column(expression: str, column: str) -> str:
    """An expression of a conversion, for a column by its name in quotes."""
    return expression.replace(COLUMN, column)


def _of(rule: Rule) -> Conversion:
    strict = rule.strict or rule.cast
    if not rule.converts:
        return Conversion(CONVERT, strict, strict, "", rule.loses, rule.untold)
    converts = both(rule.converts, rule.fits)
    inner = f"CASE WHEN {rule.fits} THEN {rule.cast} END" if rule.fits else rule.cast
    lenient = f"CASE WHEN {rule.converts} THEN {inner} END"
    refuses = f"{COLUMN} IS NOT NULL AND NOT ({converts})"
    loses = both(converts, rule.loses) if rule.loses else ""
    return Conversion(CONVERT, strict, lenient, refuses, loses)


def both(first: str, second: str) -> str:
    """A condition of which the second part is asked only where the first is true."""
    return f"CASE WHEN {first} THEN {second} ELSE FALSE END" if first and second else first or second
