"""What the rows that are there now make fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from miger.engine.hazards import changes as c
from miger.engine.hazards.casts import uncastable
from miger.engine.hazards.changes import Act, Change, Name, subject
from miger.engine.hazards.facts import Facts
from miger.engine.hazards.live import EXAMPLES, Live
from miger.engine.hazards.values import ERROR, WARNING, Finding, Rule
from miger.engine.words import counted

RULES = (
    Rule("null-values", "Give these rows a value in an earlier migration."),
    Rule("duplicate-values", "Merge or change the rows that are there twice in an earlier migration."),
    Rule("orphan-rows", "Delete or repair the rows that point nowhere in an earlier migration."),
    Rule("check-violations", "Correct these rows in an earlier migration, or leave them out in the condition."),
    Rule("uncastable-values", "Correct these values in an earlier migration, or say in USING what becomes of them."),
)


def find(act: Act, facts: Facts) -> Iterator[Finding]:
    """The hazards of one change. Where the plan writes the table before, nobody can know."""
    change = act.change
    check = _CHECKS.get(change.action)
    columns = (*change.columns, *([change.column] if change.column else []))
    if check is None or facts.live is None or not facts.exists(change.table) or not facts.concerns(change.table):
        return
    if facts.is_written(change.table) or any(facts.is_new_column(change.table, column) for column in columns):
        return
    yield from check(change, facts.now(change.table), facts)


def _nulls(change: Change, now: Name, facts: Facts) -> Iterator[Finding]:
    live = _live(facts)
    for column in [change.column] if change.column else change.columns:
        column_now = facts.column_now(change.table, column)
        found = live.column(now, column_now)
        if found is None or found.not_null:
            continue
        rows = live.count(now, f"{live.of(column_now)} IS NULL")
        if rows:
            what = "SET NOT NULL" if change.action == c.SET_NOT_NULL else "the primary key"
            name = subject(change.table, column)
            verb = "is" if rows == 1 else "are"
            yield Finding("null-values", ERROR, name, f"{what} fails: {counted(rows, 'row')} of {name} {verb} NULL")


def _duplicates(change: Change, now: Name, facts: Facts) -> Iterator[Finding]:
    if change.action == c.ADD_PRIMARY_KEY:
        yield from _nulls(change, now, facts)
    if not change.columns or (change.action == c.CREATE_INDEX and c.UNIQUE not in change.flags):
        return
    live = _live(facts)
    if not _are_there(live, now, change.columns):
        return
    keys = live.all_of(change.columns)
    present = " AND ".join(f"{live.of(column)} IS NOT NULL" for column in change.columns)
    condition = f"{present} AND ({change.expression})" if change.expression else present
    table = live.quoted(now)
    # In a subquery of its own, so that the index's condition may name columns as it does.
    groups = f"SELECT {keys} FROM {table} AS t WHERE {condition} GROUP BY {keys} HAVING count(*) > 1"
    found = live.number(f"SELECT count(*) FROM ({groups}) AS twice", now)
    if not found:
        return
    examples = live.rows_of(f"{groups} ORDER BY 1 LIMIT {EXAMPLES}", now) or []
    shown = ", ".join("/".join(repr(value) for value in row) for row in examples)
    name = subject(change.table, *change.columns)
    values = counted(found, "value")
    verb = "occurs" if found == 1 else "occur"
    yield Finding("duplicate-values", ERROR, name, f"it fails: {values} of {name} {verb} more than once, e.g. {shown}")


def _orphans(change: Change, now: Name, facts: Facts) -> Iterator[Finding]:
    live, parent = _live(facts), change.other
    if parent is None or not facts.exists(parent) or facts.is_new(parent) or facts.is_written(parent):
        return
    if c.NOT_VALID in change.flags or not _are_there(live, now, change.columns):
        return
    target = facts.now(parent)
    keys = change.other_columns or _primary_key(live, target)
    if len(keys) != len(change.columns) or not _are_there(live, target, keys):
        return
    pairs = " AND ".join(
        f"p.{live.of(key).removeprefix('t.')} = {live.of(column)}"
        for key, column in zip(keys, change.columns, strict=True)
    )
    present = " AND ".join(f"{live.of(column)} IS NOT NULL" for column in change.columns)
    condition = f"{present} AND NOT EXISTS (SELECT 1 FROM {live.quoted(target)} AS p WHERE {pairs})"
    rows = live.count(now, condition)
    if not rows:
        return
    examples = live.examples(now, live.of(change.columns[0]), condition) if len(keys) == 1 else []
    name = subject(change.table, *change.columns)
    shown = f", e.g. {', '.join(examples)}" if examples else ""
    verb = "points" if rows == 1 else "point"
    what = f"{counted(rows, 'row')} of {name} {verb} to nothing in {parent}{shown}"
    if facts.checks_keys:
        yield Finding("orphan-rows", ERROR, name, f"the foreign key fails: {what}")
    else:
        yield Finding("orphan-rows", WARNING, name, f"the foreign key is not checked, and holds though {what}")


def _violations(change: Change, now: Name, facts: Facts) -> Iterator[Finding]:
    if c.NOT_VALID in change.flags or not change.expression:
        return
    rows = _live(facts).count(now, f"NOT ({change.expression})")
    if rows:
        verb = "breaks" if rows == 1 else "break"
        why = f"the check fails: {counted(rows, 'row')} of {change.table} {verb} {change.expression}"
        yield Finding("check-violations", ERROR, str(change.table), why)


def _casts(change: Change, now: Name, facts: Facts) -> Iterator[Finding]:
    live = _live(facts)
    column = live.column(now, change.column)
    if column is None:
        return
    name = subject(change.table, change.column)
    found = uncastable(live, now, change, column.type)
    if found is None:
        return
    rows, examples = found
    which = f", e.g. {', '.join(examples)}" if examples else ""
    values = f"{counted(rows, 'value')} of {name}" if rows else f"some value of {name}"
    verb = "becomes wrong" if facts.dialect == "sqlite" else "fails"
    yield Finding("uncastable-values", ERROR, name, f"the cast to {change.type} {verb} for {values}{which}")


def _live(facts: Facts) -> Live:
    assert facts.live is not None
    return facts.live


def _are_there(live: Live, table: Name, columns: Sequence[str]) -> bool:
    return all(live.column(table, column) is not None for column in columns)


def _primary_key(live: Live, table: Name) -> tuple[str, ...]:
    keys = sorted((column.key, name) for name, column in (live.columns(table) or {}).items() if column.key)
    return tuple(name for _, name in keys)


_CHECKS: dict[str, Callable[[Change, Name, Facts], Iterator[Finding]]] = {
    c.SET_NOT_NULL: _nulls,
    c.CREATE_INDEX: _duplicates,
    c.ADD_UNIQUE: _duplicates,
    c.ADD_PRIMARY_KEY: _duplicates,
    c.ADD_FOREIGN_KEY: _orphans,
    c.ADD_CHECK: _violations,
    c.ALTER_TYPE: _casts,
}
