"""What ALTER TABLE of SQLite can do to a column: https://sqlite.org/lang_altertable.html."""

from __future__ import annotations

import re

from miger.forms.changes import ColumnSpec
from miger.forms.definition import Definition
from miger.forms.shapes import TableShape

_CONSTANT = re.compile(r"\s*(?:[+-]?\d[\w.]*|'(?:[^']|'')*'|null|true|false|x'[0-9a-f]*')\s*", re.IGNORECASE)
_TRIGGER = re.compile(r"\s*CREATE\s+(?:TEMP\w*\s+)?TRIGGER\b", re.IGNORECASE)


def can_add(spec: ColumnSpec, *, fills: bool) -> bool:
    """Whether it can add the column: not with a default to be computed, nor NOT NULL without one."""
    if spec.default is not None and not _CONSTANT.fullmatch(spec.default):
        return False
    empty = spec.default is None or spec.default.strip().upper() == "NULL"
    return spec.nullable or not (empty or fills)


def can_drop(table: TableShape, name: str) -> bool:
    """Whether it can drop the column: not one of a key or a constraint, nor one that others are computed from."""
    made = Definition.read(table.definition)
    if made.column(name).clause("PRIMARY", "UNIQUE", "REFERENCES", "CHECK", "GENERATED", "AS"):
        return False
    others = [column for _, column in made.columns() if column.name.lower() != name.lower()]
    inside = [column.text for column in others if column.clause("CHECK", "GENERATED", "AS")]
    return not made.constraints_on(name) and not any(mentions(text, name) for text in inside)


def users_of(table: TableShape, name: str) -> list[str]:
    """The triggers and views that have a word like the column, as far as they concern its table."""
    triggers = [sql for sql in table.related if _TRIGGER.match(sql)]
    return [sql for sql in (*triggers, *table.mentions) if mentions(sql, name)]


def mentions(text: str, name: str) -> bool:
    """Whether a name is a word of a text."""
    return bool(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE))
