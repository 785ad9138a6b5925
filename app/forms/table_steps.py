"""The steps of making, renaming and dropping tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy
from alembic.operations import ops
from sqlalchemy.schema import SchemaItem

from miger.forms.changes import AddForeignKey, CreateTable, DropTable, RenameTable
from miger.forms.column_steps import sql_column
from miger.forms.key_steps import add_again
from miger.forms.shapes import TableShape
from miger.forms.steps import Names, Remark, Sql, Step, Steps
from miger.forms.types import written_type

LOST = "This brings the table back, but not the rows that were in it."


def create_table(change: CreateTable, dialect: str) -> Steps:
    """A table more."""
    columns: list[SchemaItem] = []
    for spec in change.columns:
        column = sql_column(spec)
        if spec.identity:
            column = _counted(spec.name, spec.type, dialect)
        columns.append(column)
    if change.primary_key:
        columns.append(sqlalchemy.PrimaryKeyConstraint(*change.primary_key))
    columns += [_foreign_key(key) for key in change.foreign_keys]
    return Steps(
        (ops.CreateTableOp(change.table, columns, schema=change.schema),),
        (ops.DropTableOp(change.table, schema=change.schema),),
    )


def _counted(name: str, type_: str, dialect: str) -> sqlalchemy.Column[Any]:
    """A column whose values the database counts."""
    if dialect == "postgresql":
        return sqlalchemy.Column(name, written_type(type_), sqlalchemy.Identity(always=False), nullable=False)
    if dialect == "sqlite":  # by that name alone it counts: https://sqlite.org/autoinc.html
        return sqlalchemy.Column(name, written_type("INTEGER"), nullable=False)
    return sqlalchemy.Column(name, written_type(type_), nullable=False, autoincrement=True)


def _foreign_key(key: AddForeignKey) -> sqlalchemy.ForeignKeyConstraint:
    prefix = f"{key.schema}.{key.target}" if key.schema is not None else key.target
    return sqlalchemy.ForeignKeyConstraint(
        list(key.columns),
        [f"{prefix}.{column}" for column in key.target_columns],
        name=key.name or None,
        ondelete=key.on_delete.upper() or None,
    )


def rename_table(change: RenameTable) -> Steps:
    """Another name, and back."""
    up = ops.RenameTableOp(change.table, change.new_name, schema=change.schema)
    return Steps((up,), (ops.RenameTableOp(change.new_name, change.table, schema=change.schema),))


def drop_table(change: DropTable, table: TableShape, dialect: str) -> Steps:
    """A table less. Where the database keeps its definition, that makes it again, word for word."""
    up = (ops.DropTableOp(change.table, schema=change.schema),)
    remark = Remark(LOST)
    if table.definition:
        return Steps(up, (remark, Sql(table.definition), *map(Sql, table.related)))
    down: list[Step] = [remark, Sql(_definition(table, Names(dialect)))]
    down += [add_again(table, index, dialect) for index in table.indexes]
    return Steps(up, tuple(down))


def _definition(table: TableShape, names: Names) -> str:
    """A CREATE TABLE for PostgreSQL, which keeps none."""
    lines = [column.definition for column in table.columns]
    if table.primary_key:
        usual = table.primary_key_name == f"{table.name}_pkey"
        name = "" if usual else f"CONSTRAINT {names.name(table.primary_key_name)} "
        lines.append(f"{name}PRIMARY KEY ({names.names(table.primary_key)})")
    constraints = [(found.name, found.definition) for found in table.constraints]
    constraints += [(key.name, key.definition) for key in table.foreign_keys]
    lines += [f"CONSTRAINT {names.name(name)} {definition}" for name, definition in constraints]
    inner = ",\n    ".join(lines)
    return f"CREATE TABLE {names.table(table.name, table.schema)} (\n    {inner}\n)"
