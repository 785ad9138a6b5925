"""Columns and foreign keys of a new table, typed one a line."""

from __future__ import annotations

import re

from miger.forms.changes import AddForeignKey, ColumnSpec
from miger.forms.definition import Column

_IDENTITY = re.compile(
    r"\s+(?:generated\s+(?:always|by\s+default)\s+as\s+)?(?:identity|auto_increment)\b", re.IGNORECASE
)
_PRIMARY = re.compile(r"\s+primary\s+key\b", re.IGNORECASE)
_KEY = re.compile(r"(?P<columns>[^>]+?)\s*->\s*(?P<target>.+?)\s*\.\s*(?P<to>[^.\s]+)(?:\s+(?P<action>\w[\w ]*))?")


def column_specs(text: str) -> tuple[tuple[ColumnSpec, ...], tuple[str, ...]]:
    """The columns, and the names of those that say `identity` or `primary key`.

    A line is name, type, and perhaps `not null`, `default …`, `identity`, `primary key`.
    """
    specs, primary = [], []
    for line in text.splitlines():
        if not line.strip(" ,"):
            continue
        spec, key = _column(line.strip().rstrip(","))
        specs.append(spec)
        primary += [spec.name] if key else []
    return tuple(specs), tuple(primary)


def _column(line: str) -> tuple[ColumnSpec, bool]:
    plain = _PRIMARY.sub("", line)
    bare = _IDENTITY.sub("", plain)
    column = Column(bare)
    default, nullable = column.clause("DEFAULT"), column.clause("NOT") is None
    value = bare[default.start : default.end][len("default") :].strip() if default is not None else None
    identity, primary = bare != plain, plain != line
    known = [clause for clause in (default, column.clause("NOT"), column.clause("NULL")) if clause is not None]
    # What is not understood stays with the type, where it is seen to be wrong.
    rest = [bare[c.start : c.end] for c in column.clauses if c not in known]
    type_ = " ".join([column.type, *rest])
    key = identity or primary
    return ColumnSpec(column.name, type_, nullable and not key, value, identity), key


def table_keys(text: str, table: str) -> tuple[AddForeignKey, ...]:
    """The foreign keys: a line is `column -> table.column`, and perhaps what happens on delete."""
    found = []
    for line in text.splitlines():
        match = _KEY.fullmatch(line.strip())
        if match is None:
            if line.strip():
                found.append(AddForeignKey(table, "", (line.strip(),), line.strip(), (), ""))
            continue
        columns = tuple(part.strip() for part in match["columns"].split(","))
        action = re.sub(r"(?i)^on delete\s+", "", match["action"] or "").upper()
        found.append(AddForeignKey(table, "", columns, match["target"], (match["to"],), action))
    return tuple(found)


def key_problem(text: str) -> str:
    """What is wrong with the lines of the foreign keys; "" where nothing is."""
    for line in text.splitlines():
        if line.strip() and _KEY.fullmatch(line.strip()) is None:
            return f"{line.strip()!r} is no foreign key: write customer_id -> customers.id"
    return ""
