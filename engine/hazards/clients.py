"""What breaks programs that run while the plan does."""

from __future__ import annotations

from collections.abc import Iterator

from miger.engine.hazards import changes as c
from miger.engine.hazards.changes import Act, Change, subject
from miger.engine.hazards.column_types import is_known, narrower
from miger.engine.hazards.facts import Facts
from miger.engine.hazards.values import ERROR, INFO, WARNING, Finding, Rule

RULES = (
    Rule("rename-table", "Keep the old name as a view until no program uses it, or add a new table and copy."),
    Rule("rename-column", "Add a column with the new name, write to both, and drop the old one in a later release."),
    Rule("not-null-without-default", "Add the column with a default or without NOT NULL, fill it, then set NOT NULL."),
    Rule("drop-not-null", "Teach the programs that read the column to take NULL first."),
    Rule("narrowed-type", "Add a column of the new type, fill it in batches, and move the programs over to it."),
)


def find(act: Act, facts: Facts) -> Iterator[Finding]:
    """The hazards of one change. On the way back programs are changed anyway."""
    change, table = act.change, act.change.table
    if facts.direction != "up" or not facts.concerns(table):
        return
    match change.action:
        case c.RENAME_TABLE if not _takes_its_place(act) and change.other is not None:
            why = f"programs that still say {table} fail once it is called {change.other}"
            yield Finding("rename-table", WARNING, str(table), why)
        case c.RENAME_COLUMN if not facts.is_new_column(table, change.column):
            why = f"programs that still say {change.column} fail once it is called {change.to}"
            yield Finding("rename-column", WARNING, subject(table, change.column), why)
        case c.DROP_NOT_NULL if not facts.is_new_column(table, change.column):
            why = f"programs that read {change.column} may meet NULLs from now on"
            yield Finding("drop-not-null", INFO, subject(table, change.column), why)
        case c.ADD_COLUMN if c.NOT_NULL in change.flags and c.DEFAULT not in change.flags:
            yield _required(change, facts)
        case c.ALTER_TYPE if facts.live is not None and not facts.is_new_column(table, change.column):
            yield from _narrowed(change, facts)


def _takes_its_place(act: Act) -> bool:
    """Whether another table or view gets the old name at once."""
    table = act.change.table
    return any(
        (later.action in (c.CREATE_TABLE, c.CREATE_VIEW) and later.table.fits(table))
        or (later.action == c.RENAME_TABLE and later.other is not None and later.other.fits(table))
        for later in act.later
    )


def _required(change: Change, facts: Facts) -> Finding:
    name, code = subject(change.table, change.column), "not-null-without-default"
    rows = None if facts.live is None else facts.live.rows(facts.now(change.table), 1)
    if rows == 0:
        return Finding(code, INFO, name, f"programs that insert rows without {change.column} fail from now on")
    if rows and (facts.dialect == "sqlite" or (facts.dialect == "postgresql" and is_known(change.type))):
        return Finding(
            code, ERROR, name, f"it fails: table {change.table} has rows, for which {change.column} has no value"
        )
    return Finding(
        code, WARNING, name, f"rows that are there have no value for {change.column}, and inserts without it fail"
    )


def _narrowed(change: Change, facts: Facts) -> Iterator[Finding]:
    assert facts.live is not None
    column = facts.live.column(facts.now(change.table), change.column)
    if column is not None and narrower(column.type, change.type):
        name = subject(change.table, change.column)
        why = f"programs may write values to {name} that {change.type} does not take as {column.type} did"
        yield Finding("narrowed-type", WARNING, name, why)
