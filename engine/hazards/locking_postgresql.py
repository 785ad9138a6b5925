"""What PostgreSQL locks or writes anew for so long that others notice."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from miger.engine.hazards import changes as c
from miger.engine.hazards.changes import Act, Change, Name, literal, subject
from miger.engine.hazards.column_types import is_text, length, same
from miger.engine.hazards.facts import Facts
from miger.engine.hazards.rebuilds import copy_loses_writes
from miger.engine.hazards.values import INFO, NOT_ASKED, WARNING, Finding, Rule

RULES = (
    Rule(
        "index-blocks-writes",
        "Build it without blocking: CREATE INDEX CONCURRENTLY in a migration with `transaction = false`; "
        "on MySQL in a quiet hour.",
    ),
    Rule(
        "set-not-null-scans",
        "Add CHECK (column IS NOT NULL) NOT VALID, validate it in the next migration, and only then SET NOT NULL.",
    ),
    Rule(
        "alter-type-rewrites", "Add a column of the new type, fill it in batches, and let it take the old one's place."
    ),
    Rule("foreign-key-locks", "Add the key NOT VALID, and VALIDATE CONSTRAINT in a migration of its own."),
    Rule("check-scans-table", "Add the check NOT VALID, and VALIDATE CONSTRAINT in a migration of its own."),
    Rule("unique-blocks-table", "Build the unique index CONCURRENTLY first, then add the constraint USING INDEX."),
    Rule(
        "volatile-default-rewrites",
        "Add the column without a default, set the default for new rows, and fill the old rows in batches.",
    ),
    Rule(
        "table-rewrite", "Do it in a maintenance window, or with a tool that copies the table beside the running one."
    ),
    Rule("reindex-blocks-writes", "Use REINDEX CONCURRENTLY in a migration with `transaction = false`."),
    Rule("backfill-holds-lock", "Fill the column in a migration of its own, in batches."),
    Rule("refresh-blocks-reads", "Give the view a unique index and use REFRESH MATERIALIZED VIEW CONCURRENTLY."),
)

Rows = Iterator[Finding]


def find(act: Act, facts: Facts) -> Rows:
    """The hazards of one change."""
    check = _CHECKS.get(act.change.action)
    if check is not None and (facts.concerns(act.change.table) or act.change.action == c.REINDEX):
        yield from check(act.change, facts)


def _index(change: Change, facts: Facts) -> Rows:
    if c.CONCURRENTLY not in change.flags and c.SPECIAL not in change.flags:
        why = f"nobody can write to {change.table} while the index is built"
        yield _of(facts, "index-blocks-writes", change.table, why)


def _unique(change: Change, facts: Facts) -> Rows:
    why = f"nobody can read or write {change.table} while the index of the constraint is built"
    yield _of(facts, "unique-blocks-table", change.table, why)


def _not_null(change: Change, facts: Facts) -> Rows:
    table, column = change.table, change.column
    if facts.never_null(table, column) or _is_checked(facts, table, column):
        return
    why = f"nobody can read or write {table} while all its rows are read for NULLs in {column}"
    yield _of(facts, "set-not-null-scans", table, why, column)


def _is_checked(facts: Facts, table: Name, column: str) -> bool:
    """Whether a valid constraint says so already, or the column itself does."""
    if facts.live is None:
        return False
    now = facts.now(table)
    found = facts.live.column(now, column)
    if found is not None and found.not_null:
        return True
    path = literal("postgresql", facts.live.quoted(now))
    rows = facts.live.rows_of(
        f"SELECT pg_get_constraintdef(oid) FROM pg_catalog.pg_constraint WHERE conrelid = to_regclass({path}) "
        "AND contype = 'c' AND convalidated"
    )
    wanted = f"check{column}isnotnull".lower()
    return any(
        "".join(str(text).lower().split()).replace("(", "").replace(")", "").replace('"', "") == wanted
        for (text,) in rows or ()
    )


def _type(change: Change, facts: Facts) -> Rows:
    table, column = change.table, change.column
    old = facts.live.column(facts.now(table), column) if facts.live is not None else None
    if facts.is_new_column(table, column) or _needs_no_rewrite(old.type if old else None, change.type):
        return
    if facts.live is None and length(change.type) is not None:
        why = f"unless {column} is text and only becomes longer, all rows of {table} are written anew or read"
        yield Finding("alter-type-rewrites", INFO, subject(table, column), f"{why} ({NOT_ASKED})")
        return
    why = f"nobody can read or write {table} while all its rows are written anew with {column} as {change.type}"
    yield _of(facts, "alter-type-rewrites", table, why, column)


def _needs_no_rewrite(old: str | None, new: str) -> bool:
    """Text may become longer as it is; where the old type is not known, `text` is given the benefit of the doubt."""
    if old is None:
        return is_text(new) and length(new) is None
    if same(old, new):
        return True
    widened = is_text(old) and is_text(new) and not old.startswith(("character(", "char"))
    return widened and (length(new) is None or (length(old) or 1 << 40) <= (length(new) or 0))


def _foreign_key(change: Change, facts: Facts) -> Rows:
    other = change.other
    if (
        c.NOT_VALID in change.flags
        or other is None
        or (c.DEFAULT not in change.flags and all(facts.is_new_column(change.table, x) for x in change.columns))
    ):
        return
    why = f"nobody can write to {change.table} or {other} while all rows of {change.table} are checked"
    yield _of(facts, "foreign-key-locks", change.table, why, *change.columns)


def _check(change: Change, facts: Facts) -> Rows:
    if c.NOT_VALID not in change.flags:
        why = f"nobody can read or write {change.table} while all its rows are checked"
        yield _of(facts, "check-scans-table", change.table, why)


def _column(change: Change, facts: Facts) -> Rows:
    name, how = change.column, "a new value" if c.VOLATILE in change.flags else "a stored value"
    if c.VOLATILE in change.flags or c.GENERATED in change.flags:
        why = f"nobody can read or write {change.table} while each row is written anew with {how} for {name}"
        yield _of(facts, "volatile-default-rewrites", change.table, why, name)


def _fill(change: Change, facts: Facts) -> Rows:
    if facts.is_altered(change.table):
        why = f"nobody can read or write {change.table} while all its rows are updated: the transaction has altered it"
        yield _of(facts, "backfill-holds-lock", change.table, why)


def _rebuild(change: Change, facts: Facts) -> Rows:
    yield from copy_loses_writes(change.table, facts)


def _rewrite(change: Change, facts: Facts) -> Rows:
    why = f"nobody can read or write {change.table} while {change.expression} writes it anew"
    yield _of(facts, "table-rewrite", change.table, why)


def _reindex(change: Change, facts: Facts) -> Rows:
    if c.CONCURRENTLY in change.flags:
        return
    severity = facts.severity(change.table) if facts.exists(change.table) else WARNING
    why = f"nobody can write to the table, and some cannot read it, while {change.table} is indexed anew"
    yield Finding("reindex-blocks-writes", severity, str(change.table), why)


def _refresh(change: Change, facts: Facts) -> Rows:
    if c.CONCURRENTLY not in change.flags and not facts.is_new_object("view", change.table):
        why = f"nobody can read {change.table} while it is filled anew"
        yield _of(facts, "refresh-blocks-reads", change.table, why)


def _of(facts: Facts, code: str, table: Name, why: str, *columns: str) -> Finding:
    severity = facts.severity(table)
    why = f"{why}; it has few rows now" if severity == INFO else why
    return Finding(code, severity, subject(table, *columns), why)


_CHECKS: dict[str, Callable[[Change, Facts], Rows]] = {
    c.CREATE_INDEX: _index,
    c.ADD_UNIQUE: _unique,
    c.ADD_PRIMARY_KEY: _unique,
    c.SET_NOT_NULL: _not_null,
    c.ALTER_TYPE: _type,
    c.ADD_FOREIGN_KEY: _foreign_key,
    c.ADD_CHECK: _check,
    c.ADD_COLUMN: _column,
    c.UPDATE_ALL: _fill,
    c.REBUILD: _rebuild,
    c.REWRITE: _rewrite,
    c.REINDEX: _reindex,
    c.REFRESH: _refresh,
}
