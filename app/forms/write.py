"""From a change to the sections of its migration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from miger.engine.errors import UsageError
from miger.forms.bodies import Bodies, imports_of, python_body, python_verify, sql_body, sql_verify
from miger.forms.changes import (
    AddColumn,
    AddForeignKey,
    AlterColumn,
    Change,
    CreateIndex,
    CreateTable,
    DropColumn,
    DropForeignKey,
    DropIndex,
    DropTable,
    RenameColumn,
    RenameTable,
)
from miger.forms.checks import change_problems
from miger.forms.shapes import TableShape
from miger.forms.verifying import queries_of

if TYPE_CHECKING:
    from miger.forms.steps import Steps

ALONE = "It cannot be part of a transaction, so it is committed by itself."


def write_change(change: Change, dialect: str, kind: str, tables: Sequence[TableShape]) -> Bodies:
    """The sections that make the change, undo it, and tell whether it is there.

    `dialect` is sqlite, postgresql or mysql, `kind` sql or python, `tables` are those there are.
    Raises UsageError for the first problem there is.
    """
    for problem in change_problems(change, dialect, tables):
        raise UsageError(problem.message, problem.hint)
    table = find_table(tables, change.table, change.schema)
    steps = _steps(change, dialect, table)
    queries = queries_of(change, table, dialect)
    why = "" if steps.transaction else ALONE
    if kind == "sql":
        up, down = sql_body(steps.up, dialect), sql_body(steps.down, dialect)
        return Bodies("sql", up, down, sql_verify(queries), transaction=steps.transaction, why=why)
    up, down = python_body(steps.up, dialect), python_body(steps.down, dialect)
    verify = python_verify(queries)
    return Bodies("python", up, down, verify, imports_of(up, down, verify), steps.transaction, why)


def find_table(tables: Sequence[TableShape], name: str, schema: str | None = None) -> TableShape | None:
    """The table of that name."""
    return next((table for table in tables if (table.name, table.schema) == (name, schema)), None)


def _steps(change: Change, dialect: str, table: TableShape | None) -> Steps:
    from miger.forms import column_steps, key_steps, table_steps  # deferred: they import SQLAlchemy and Alembic

    if isinstance(change, CreateTable):
        return table_steps.create_table(change, dialect)
    assert table is not None  # see `change_problems`
    match change:
        case AddColumn():
            return column_steps.add_column(change, table, dialect)
        case AlterColumn():
            return column_steps.alter_column(change, table, dialect)
        case RenameColumn():
            return column_steps.rename_column(change, dialect)
        case DropColumn():
            return column_steps.drop_column(change, table, dialect)
        case AddForeignKey():
            return key_steps.add_foreign_key(change, table, dialect)
        case DropForeignKey():
            return key_steps.drop_foreign_key(change, table, dialect)
        case CreateIndex():
            return key_steps.create_index(change, dialect)
        case DropIndex():
            return key_steps.drop_index_alone(change, table, dialect)
        case RenameTable():
            return table_steps.rename_table(change)
        case DropTable():
            return table_steps.drop_table(change, table, dialect)
