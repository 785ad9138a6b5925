"""What MySQL and MariaDB copy or lock for so long that others notice."""

from __future__ import annotations

from collections.abc import Iterator

from miger.engine.hazards import changes as c
from miger.engine.hazards.changes import Act, Change, subject
from miger.engine.hazards.column_types import is_text, length, same
from miger.engine.hazards.facts import Facts
from miger.engine.hazards.rebuilds import copy_loses_writes
from miger.engine.hazards.values import INFO, Finding, Rule

RULES = (
    Rule(
        "table-copy",
        "Say `ALGORITHM=INPLACE, LOCK=NONE` to be told at once where that can't be, and then use gh-ost or "
        "pt-online-schema-change.",
    ),
)

SHORT = 63  # characters of utf8mb4, up to which a length takes one byte


def find(act: Act, facts: Facts) -> Iterator[Finding]:
    """The hazards of one change."""
    change, table = act.change, act.change.table
    if not facts.concerns(table) or c.ONLINE in change.flags:
        return
    what, column = "", ""
    match change.action:
        case c.COPY_TABLE:
            what = change.expression
        case c.ALTER_TYPE if not facts.is_new_column(table, change.column) and _changes_type(change, facts):
            what, column = f"{change.column} as {change.type}", change.column
        case c.ADD_COLUMN if c.GENERATED in change.flags or c.NUMBERED in change.flags:
            what = f"{change.column}, which each of them gets a value for"
        case c.ADD_CHECK:
            what = "the check"
        case c.REBUILD:
            yield from copy_loses_writes(table, facts)
        case c.ADD_FOREIGN_KEY if facts.checks_keys:
            what = "the foreign key"
        case c.REWRITE:
            yield _of(facts, "table-rewrite", change, f"all rows of {table} are written anew by {change.expression}")
        case c.CREATE_INDEX if c.SPECIAL in change.flags:
            yield _of(facts, "index-blocks-writes", change, f"nobody can write to {table} while the index is built")
    if what:
        only = ", if that is another type than it has" if act.change.action == c.ALTER_TYPE and not facts.live else ""
        why = f"nobody can write to {table} while all its rows are copied for {what}{only}"
        yield _of(facts, "table-copy", change, why, column)


def _changes_type(change: Change, facts: Facts) -> bool:
    old = facts.live.column(facts.now(change.table), change.column) if facts.live is not None else None
    if old is None:
        return facts.live is None
    if same(old.type, change.type):
        return False
    before, after = length(old.type), length(change.type)
    grows = is_text(old.type) and is_text(change.type) and before is not None and after is not None and after >= before
    return not ((grows and (after or 0) <= SHORT) or (grows and (before or 0) > SHORT))


def _of(facts: Facts, code: str, change: Change, why: str, column: str = "") -> Finding:
    severity = facts.severity(change.table)
    why = f"{why}; it has few rows now" if severity == INFO else why
    return Finding(code, severity, subject(change.table, *([column] if column else [])), why)
