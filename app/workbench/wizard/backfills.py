"""The forms of a backfill: of rows, and of documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from miger.forms.backfill import Backfill, DocumentBackfill, backfill_problems, write_backfill
from miger.forms.bodies import Bodies
from miger.forms.shapes import ColumnShape, TableShape
from miger.scaffold.draft import FieldProblem
from miger.widgets.form_field import FieldSpec
from miger.workbench.wizard.change_forms import COLLECTION, TABLE, place_of

SIZE = FieldSpec("size", "Batch size", "1000 rows at a time")

ROW_FIELDS = (
    TABLE,
    FieldSpec("key", "Key", "the primary key", offers="columns"),
    FieldSpec("values", "Set", "email = lower(login), state = 'new'"),
    FieldSpec("where", "Where", "email IS NULL: must not fit what is done"),
    SIZE,
    FieldSpec("undo", "Down sets", "email = NULL; empty: no way back"),
)
DOCUMENT_FIELDS = (
    COLLECTION,
    FieldSpec("update", "Update", 'JSON: {"$set": {"state": "new"}}', rows=2),
    FieldSpec("filter", "Filter", 'JSON: {"state": null}', rows=2),
    SIZE._replace(hint="1000 documents at a time"),
    FieldSpec("undo", "Down updates", 'JSON: {"$unset": {"state": ""}}; empty: no way back', rows=2),
)


class Filling(NamedTuple):
    """The sections of a backfill, None with what stands against it."""

    bodies: Bodies | None
    problems: tuple[FieldProblem, ...] = ()


def fields_for(dialect: str) -> tuple[FieldSpec, ...]:
    """The fields for a kind of database."""
    return DOCUMENT_FIELDS if dialect == "mongodb" else ROW_FIELDS


def fill(texts: Mapping[str, str], dialect: str, tables: Sequence[TableShape], *, trusting: bool) -> Filling:
    """What a form of a backfill comes to. `trusting` as in `join_changes`."""
    size, wrong = _size(texts.get("size", ""))
    backfill = _documents(texts, size) if dialect == "mongodb" else _rows(texts, size, tables)
    name = backfill.collection if isinstance(backfill, DocumentBackfill) else backfill.table
    known = list(tables)
    if trusting and name and not any(shape.path == name or shape.name == name for shape in tables):
        columns = () if isinstance(backfill, DocumentBackfill) else (ColumnShape(backfill.key, ""),)
        known.append(TableShape(name, columns, primary_key=tuple(column.name for column in columns)))
    problems = (*wrong, *backfill_problems(backfill, known))
    return Filling(None, problems) if problems else Filling(write_backfill(backfill, dialect, known))


def _rows(texts: Mapping[str, str], size: int, tables: Sequence[TableShape]) -> Backfill:
    table, schema = place_of(texts.get("table", ""), tables)
    shape = next((found for found in tables if (found.name, found.schema) == (table, schema)), None)
    usual = shape.primary_key[0] if shape is not None and len(shape.primary_key) == 1 else ""
    return Backfill(
        table,
        texts.get("key", "").strip() or usual,
        texts.get("values", "").strip(),
        texts.get("where", "").strip() or None,
        size,
        texts.get("undo", "").strip() or None,
        schema,
    )


def _documents(texts: Mapping[str, str], size: int) -> DocumentBackfill:
    return DocumentBackfill(
        texts.get("collection", "").strip(),
        texts.get("update", "").strip(),
        texts.get("filter", "").strip() or None,
        size,
        texts.get("undo", "").strip() or None,
    )


def _size(text: str) -> tuple[int, tuple[FieldProblem, ...]]:
    typed = text.strip().replace("_", "").replace(",", "")
    if not typed:
        return 1000, ()
    if not typed.isascii() or not typed.isdigit() or len(typed) > 9:
        return 1000, (FieldProblem("size", f"{text.strip()!r} is no number", "write 1000"),)
    return int(typed), ()
