"""Values that a change of a column's type does not take."""

from __future__ import annotations

import re

from miger.engine.hazards.changes import Change, Name, literal
from miger.engine.hazards.column_types import is_integer, is_text, length
from miger.engine.hazards.live import Live

_plain_cast = re.compile(r"(?is)(?:cast\s*\(\s*)?\(?\"?([\w$]+)\"?\)?\s*(?:::|\bas\b)\s*[\w\s(),]+\)?").fullmatch
_BOUNDS = {"tinyint": 7, "smallint": 15, "int2": 15, "mediumint": 23, "int": 31, "integer": 31, "int4": 31}


def uncastable(live: Live, table: Name, change: Change, old: str) -> tuple[int, list[str]] | None:
    """How many values are not taken (0: nobody knows how many), and examples; None where all are, or nobody knows."""
    if live.dialect == "postgresql":
        return _postgresql(live, table, change)
    condition = _condition(live, change, old)
    if condition is None:
        return None
    rows = live.count(table, condition)
    return (rows, live.examples(table, live.of(change.column), condition)) if rows else None


def _postgresql(live: Live, table: Name, change: Change) -> tuple[int, list[str]] | None:
    column = live.of(change.column)
    using = change.expression
    cast = _plain_cast(using) if using else None
    if using and (cast is None or cast[1].lower() != change.column.lower()):
        return None  # what becomes of each value only the expression knows
    if using and is_text(change.type):
        return None  # cut off, as was asked for
    kind = literal(live.dialect, change.type)
    condition = f"{column} IS NOT NULL AND NOT pg_input_is_valid({column}::text, {kind})"
    [(version,)] = live.rows_of("SELECT current_setting('server_version_num')::int") or [(0,)]
    if version < 160000:
        before = _before_16(column, change)
        if before is None:
            return None
        condition = before
    rows = live.count(table, condition)
    return (rows, live.examples(table, column, condition)) if rows else None


def _before_16(column: str, change: Change) -> str | None:
    if is_integer(change.type):
        return f"{column}::text !~ '^\\s*[+-]?[0-9]+\\s*$'"
    most = length(change.type)
    return None if most is None else f"length({column}::text) > {most}"


def _condition(live: Live, change: Change, old: str) -> str | None:
    """What holds for the values that MySQL refuses, or that SQLite silently makes another value of."""
    column = live.of(change.column)
    if live.dialect == "sqlite":
        if not is_integer(change.type):
            return None
        return f"typeof({column}) = 'text' AND CAST(CAST({column} AS INTEGER) AS TEXT) <> {column}"
    if is_text(old) and is_integer(change.type):
        return f"{column} NOT REGEXP '^[[:space:]]*[+-]?[0-9]+[[:space:]]*$'"
    most = length(change.type)
    if is_text(old) and most is not None:
        return f"CHAR_LENGTH({column}) > {most}"
    bits = _BOUNDS.get(change.type.lower().partition("(")[0].strip())
    if is_integer(old) and bits is not None and "unsigned" not in change.type.lower():
        return f"{column} NOT BETWEEN {-(1 << bits)} AND {(1 << bits) - 1}"
    return None
