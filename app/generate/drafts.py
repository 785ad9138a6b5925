"""From written steps to the drafts of one migration, or of two (`--online`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from miger.forms.bodies import imports_of, python_body, python_verify, sql_body, sql_verify
from miger.forms.verifying import Queries
from miger.generate.differences import Differences, TableDifference
from miger.generate.renames import Renaming
from miger.scaffold.draft import Allowance, MigrationDraft

if TYPE_CHECKING:
    from miger.forms.steps import Step

EXPAND, CONTRACT = "expand", "contract"


class Way(NamedTuple):
    """One migration: its steps both ways, what differs by it, and whether each way can be one transaction.

    `converted` are the columns, by path of the table, whose old ones are dropped when their values are in the new.
    """

    title: str
    up: tuple[Step, ...]
    down: tuple[Step, ...]
    found: Differences
    transaction: bool = True
    phase: str | None = None
    renamings: tuple[Renaming, ...] = ()
    converted: frozenset[tuple[str, str]] = frozenset()


def draft_of(
    way: Way, name: str, kind: str, dialect: str, parents: Sequence[str], release: str | None
) -> MigrationDraft:
    """The draft, as an SQL file or as Python (`kind`). Raises nothing."""
    queries = list(dict.fromkeys([*_of_names(way.renamings, dialect), *_queries(way.found, dialect)]))
    allow = tuple(_allowed(way.found, way.converted))
    transaction = way.transaction and not (kind == "python" and way.phase == EXPAND and _in_batches(way.up))
    head = (name, kind, tuple(parents), way.phase, release, transaction, way.title)
    if kind == "sql":
        verify = sql_verify(queries) if queries else None
        return MigrationDraft(*head, sql_body(way.up, dialect), sql_body(way.down, dialect), verify, (), allow)
    together = transaction and dialect != "mysql"  # which commits at each change of a table
    up = python_body(way.up, dialect, transaction=together)
    down = python_body(way.down, dialect, transaction=together)
    verified = python_verify(queries) if queries else None
    return MigrationDraft(*head, up, down, verified, imports_of(up, down, verified), allow)


def _in_batches(steps: Sequence[Step]) -> bool:
    """Whether rows are filled that can be gone through by a key: then no lock is held on all of them at once."""
    from miger.forms.steps import Fill

    return any(isinstance(step, Fill) and step.key for step in steps)


def _allowed(found: Differences, converted: frozenset[tuple[str, str]]) -> Iterator[Allowance]:
    """The drop of a column whose values are in another one by then loses nothing."""
    for table in found.tables:
        for column in table.columns:
            if column.before is not None and (table.table.path, column.before.name) in converted:
                yield Allowance("drop-column", f"{table.table.path}.{column.before.name}", "its values are converted")


def _of_names(renamings: Sequence[Renaming], dialect: str) -> Iterator[str]:
    for one in renamings:
        schema, _, table = one.new_table.rpartition(".")
        yield Queries(dialect, schema or None).reads(table, [one.new_column] if one.column else [])


def _queries(found: Differences, dialect: str) -> Iterator[str]:
    """Queries that hold when the change has been made, where that is sure."""
    for table in found.tables:
        yield from _of_table(table, Queries(dialect, table.table.schema))


def _of_table(found: TableDifference, ask: Queries) -> Iterator[str]:
    name = found.table.name
    if found.after is None:
        yield ask.no_table(name)
        return
    if found.before is None:
        yield ask.reads(name, [column.name for column in found.after.columns])
    there = [column.after.name for column in found.columns if column.after is not None]
    if there:
        yield ask.reads(name, there)
    for column in found.columns:
        if column.after is None and column.before is not None:
            yield ask.no_column(name, column.before.name)
    for index in found.indexes:
        if index.after is not None and index.before is None:
            yield ask.index(name, index.after.name, there=True)
        elif index.before is not None and index.after is None:
            yield ask.index(name, index.before.name, there=False)
