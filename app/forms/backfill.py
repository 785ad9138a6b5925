"""Changes of rows or documents, batch by batch, that a run that stopped goes on with."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from miger.engine.errors import UsageError
from miger.forms.bodies import Bodies, python_verify
from miger.forms.checks import column_problems, text_problems
from miger.forms.document_checks import json_problems
from miger.forms.document_write import IN_BATCHES, batches
from miger.forms.filling import batches_of
from miger.forms.layout import string
from miger.forms.shapes import TableShape
from miger.forms.values import literal
from miger.scaffold.draft import FieldProblem

MOST = 1_000_000  # rows in a batch


class Backfill(NamedTuple):
    """New values in the rows of a table: `values` as behind SET, `where` as behind WHERE.

    `where` should no longer fit a row that is done: `verify` counts those that are left. `undo` is what
    `down` sets; without it the migration is irreversible.
    """

    table: str
    key: str
    values: str
    where: str | None = None
    size: int = 1000
    undo: str | None = None
    schema: str | None = None


class DocumentBackfill(NamedTuple):
    """New values in documents: `update` and `filter` are JSON, as MongoDB's updateMany has them. Else as `Backfill`."""

    collection: str
    update: str
    filter: str | None = None
    size: int = 1000
    undo: str | None = None


def backfill_problems(backfill: Backfill | DocumentBackfill, tables: Sequence[TableShape]) -> tuple[FieldProblem, ...]:
    """Everything that stands against a backfill; each names its field."""
    found = [] if 1 <= backfill.size <= MOST else [FieldProblem("size", "is no size for a batch", f"1 to {MOST:,}")]
    if isinstance(backfill, DocumentBackfill):
        return (*found, *_of_documents(backfill, tables))
    return (*found, *_of_rows(backfill, tables))


def _of_rows(backfill: Backfill, tables: Sequence[TableShape]) -> Iterator[FieldProblem]:
    shape = next((t for t in tables if (t.name, t.schema) == (backfill.table, backfill.schema)), None)
    if shape is None:
        yield FieldProblem("table", f"there is no table {backfill.table!r}", "choose one of those there are")
        return
    if "." in backfill.table:
        yield FieldProblem("table", f"{backfill.table!r} has a dot in its name", "batches would look for a schema")
    yield from column_problems(shape, (backfill.key,), "key")
    unique = [shape.primary_key, *(index.columns for index in shape.indexes if index.unique and index.plain)]
    unique += [constraint.columns for constraint in shape.constraints]
    if shape.column_named(backfill.key) is not None and (backfill.key,) not in unique:
        yield FieldProblem("key", f"{backfill.key} may be there twice", "choose the primary key, or one that is unique")
    for field in ("values", "where", "undo"):
        text = getattr(backfill, field)
        if text is not None:
            yield from text_problems(
                field, text, {"values": "assignment", "where": "condition", "undo": "assignment"}[field]
            )
    if backfill.values.strip() and "=" not in backfill.values:
        yield FieldProblem("values", "sets nothing", "write `column = value`, as behind SET")


def _of_documents(backfill: DocumentBackfill, tables: Sequence[TableShape]) -> Iterator[FieldProblem]:
    if not any(shape.name == backfill.collection for shape in tables):
        message = f"there is no collection {backfill.collection!r}"
        yield FieldProblem("collection", message, "choose one of those there are")
    for field in ("update", "filter", "undo"):
        yield from json_problems(field, getattr(backfill, field))


def write_backfill(backfill: Backfill | DocumentBackfill, dialect: str, tables: Sequence[TableShape]) -> Bodies:
    """The sections of a backfill, always in Python. Raises UsageError for the first problem there is."""
    for problem in backfill_problems(backfill, tables):
        raise UsageError(problem.message, problem.hint)
    if isinstance(backfill, DocumentBackfill):
        return _documents(backfill)
    from miger.forms.steps import Fill, Names  # deferred: imports SQLAlchemy

    names = Names(dialect)
    fill = Fill(backfill.table, backfill.values, backfill.where, backfill.schema, backfill.key)
    up = f"{batches_of(fill, names, size=backfill.size)}\n"
    down = None
    if backfill.undo is not None:
        back = fill._replace(values=backfill.undo, where=None)
        down = f"{batches_of(back, names, f'undo {backfill.table}', backfill.size)}\n"
    verify = None
    if backfill.where is not None:
        table = names.table(backfill.table, backfill.schema)
        verify = python_verify([f"SELECT count(*) = 0 AS ok FROM {table} WHERE {backfill.where}"])
    return Bodies("python", up, down, verify, transaction=False, why=IN_BATCHES)


def _documents(backfill: DocumentBackfill) -> Bodies:
    name, filter = backfill.collection, json.loads(backfill.filter or "{}")
    up = batches(f"fill {name}", name, filter, json.loads(backfill.update), backfill.size)
    down = None
    if backfill.undo is not None:
        down = batches(f"undo {name}", name, {}, json.loads(backfill.undo), backfill.size)
    verify = f"return db[{string(name)}].count_documents({literal(filter)}, limit=1) == 0\n" if filter else None
    return Bodies("mongodb", up, down, verify, transaction=False, why=IN_BATCHES)
