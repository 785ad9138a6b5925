"""What a MongoDB migration loses, and which documents stand in its way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from miger.engine.hazards import changes as c
from miger.engine.hazards.changes import Act, Change, subject
from miger.engine.hazards.documents import Documents
from miger.engine.hazards.facts import Facts
from miger.engine.hazards.values import ERROR, INFO, NOT_ASKED, WARNING, Finding, Rule
from miger.engine.words import counted

RULES = (
    Rule("drop-collection", "Rename the collection first, and drop it once a backup is made and nobody has missed it."),
    Rule("drop-field", "Stop using the field in one release, keep a copy of its values, and unset it in a later one."),
    Rule("validator-violations", "Correct these documents first, or set the validator with the level `moderate`."),
    Rule("index-build", "Build it in a quiet hour, on a replica set one member after the other."),
)

LARGE = 100_000  # documents


def find(act: Act, facts: Facts) -> Iterator[Finding]:
    """The hazards of one change."""
    change, table = act.change, act.change.table
    if facts.is_new(table):
        return
    match change.action:
        case c.DROP_TABLE:
            yield _lost(change, facts, "drop-collection", "the drop", {})
        case c.DELETE_ALL:
            yield _lost(change, facts, "delete-without-where", "delete_many with an empty filter", {})
        case c.DROP_COLUMN:
            yield _field_lost(change, facts)
        case c.SET_VALIDATOR if facts.documents is not None and not facts.is_written(table):
            yield from _violations(change, facts.documents)
        case c.CREATE_INDEX if facts.documents is not None:
            yield from _index(change, facts, facts.documents)


def _lost(change: Change, facts: Facts, code: str, how: str, condition: dict[str, Any]) -> Finding:
    name = change.table.name
    if facts.documents is None:
        return Finding(code, WARNING, name, f"{how} loses all documents of collection {name} ({NOT_ASKED})")
    count = facts.documents.count(facts.now(change.table).name, condition)
    if count is None:
        return Finding(code, ERROR, name, f"{how} loses all documents of collection {name}, which could not be counted")
    if not count:
        return Finding(code, INFO, name, f"collection {name} is empty, so that {how} loses nothing")
    return Finding(code, ERROR, name, f"collection {name} holds {counted(count, 'document')} that {how} loses")


def _field_lost(change: Change, facts: Facts) -> Finding:
    name = subject(change.table, change.column)
    if facts.documents is None:
        return Finding("drop-field", WARNING, name, f"the $unset loses the values of {name} ({NOT_ASKED})")
    holds = {"$and": [dict(change.documents or {}), {change.column: {"$exists": True, "$ne": None}}]}
    count = facts.documents.count(facts.now(change.table).name, holds)
    if count is None:
        return Finding("drop-field", ERROR, name, f"the $unset loses the values of {name}, which could not be counted")
    if not count:
        return Finding("drop-field", INFO, name, f"{name} holds no value, so that the $unset loses nothing")
    return Finding("drop-field", ERROR, name, f"{name} holds {counted(count, 'value')} that the $unset loses")


def _violations(change: Change, documents: Documents) -> Iterator[Finding]:
    count = documents.count(change.table.name, {"$nor": [dict(change.documents or {})]})
    if count:
        breaks = "breaks" if count == 1 else "break"
        why = f"{counted(count, 'document')} of {change.table} {breaks} the validator, and can't be updated as they are"
        yield Finding("validator-violations", WARNING, change.table.name, why)


def _index(change: Change, facts: Facts, documents: Documents) -> Iterator[Finding]:
    collection, name = facts.now(change.table).name, subject(change.table, *change.columns)
    if c.UNIQUE in change.flags and change.columns and not facts.is_written(change.table):
        found = documents.twice(collection, change.columns, sparse=c.SPECIAL in change.flags)
        if found:
            count, examples = found
            occurs = "occurs" if count == 1 else "occur"
            why = f"it fails: {counted(count, 'value')} of {name} {occurs} more than once, e.g. {', '.join(examples)}"
            yield Finding("duplicate-values", ERROR, name, why)
    if (documents.count(collection, {}, most=LARGE) or 0) >= LARGE:
        why = f"{LARGE:,} documents or more are read for the index, which slows down everything else"
        yield Finding("index-build", WARNING, name, why)
