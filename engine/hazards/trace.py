"""What a dry run by rollback has seen: tables written anew, and strong locks that were held for long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from miger.engine.hazards.values import WARNING, Finding, Place, Rule

if TYPE_CHECKING:  # the preview shows hazards, and these come from a preview
    from miger.engine.preview.values import Preview, StatementPreview, StepPreview

RULES = (
    Rule("rewrites-table", "Do it in a maintenance window, or in steps that leave the rows where they are."),
    Rule("holds-lock", "Move what takes the lock into a migration of its own, with as little as can be after it."),
)

LONG_MS = 1000.0
BLOCKING = frozenset(
    f"{mode}Lock" for mode in ("Share", "ShareRowExclusive", "Exclusive", "AccessExclusive")
)  # of PostgreSQL, that keep others from writing


def of_preview(preview: Preview) -> Iterator[tuple[Place, Finding]]:
    """The hazards that a dry run has seen happen. Tables that it made itself are nobody's."""
    new = {change.object.partition(" ")[2] for change in preview.changes or () if change.before is None}
    for step in preview.steps:
        for statement in step.statements:
            yield from _of_statement(step, statement, new)


def _of_statement(step: StepPreview, statement: StatementPreview, new: set[str]) -> Iterator[tuple[Place, Finding]]:
    place = Place(step.id, step.path, statement.section, statement.line)
    for table in statement.rewritten:
        if not _among(table, new):
            why = f"all rows of {table} were written anew, and nobody could read or write it meanwhile"
            yield place, Finding("rewrites-table", WARNING, table, why)
    for lock in statement.locks:
        if lock.ms >= LONG_MS and lock.mode in BLOCKING and not _among(lock.relation, new):
            why = f"others could not write to {lock.relation} for {lock.ms / 1000:.1f} s ({lock.mode})"
            yield place, Finding("holds-lock", WARNING, lock.relation, why)


def _among(table: str, names: set[str]) -> bool:
    return any(table in (name, name.rpartition(".")[2]) or table.rpartition(".")[2] == name for name in names)
