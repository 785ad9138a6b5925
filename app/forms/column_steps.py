"""The steps of changes of columns."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy
from alembic.operations import ops

from miger.forms.changes import AddColumn, AlterColumn, ColumnSpec, DropColumn, RenameColumn
from miger.forms.definition import Column, Definition
from miger.forms.key_steps import add_again, add_key, constraint, drop_index, drop_key
from miger.forms.shapes import ColumnShape, TableShape
from miger.forms.sqlite_limits import can_add, can_drop, mentions
from miger.forms.sqlite_rebuild import rebuild
from miger.forms.steps import Names, Remark, Sql, Step, Steps, expression
from miger.forms.types import placeholder, written_type

LOST = "This brings the column back, but not the values that were in it."
AT_THE_END = "It comes back as the last one: this database has no other place for a new column."


def sql_column(spec: ColumnSpec, *, nullable: bool | None = None) -> sqlalchemy.Column[object]:
    """The column as SQLAlchemy's, its type and default by their text."""
    return sqlalchemy.Column(
        spec.name,
        written_type(spec.type),
        nullable=spec.nullable if nullable is None else nullable,
        server_default=None if spec.default is None else expression(spec.default),
        autoincrement=False,
    )


def add_column(change: AddColumn, table: TableShape, dialect: str) -> Steps:
    """A column more; in three steps where the rows there are must have a value first."""
    spec, names = change.column, Names(dialect)
    drop = ops.DropColumnOp(change.table, spec.name, schema=change.schema)
    plain = ops.AddColumnOp(change.table, sql_column(spec), schema=change.schema)
    fills = change.fill is not None
    if dialect == "sqlite" and not can_add(spec, fills=fills):
        item = _line(spec, names)
        value = change.fill if change.fill is not None else spec.default
        up = rebuild(table, lambda made: made.with_added(item, constraint=False), values={spec.name: value or "NULL"})
        return Steps(up, (drop,))
    if not fills:
        return Steps((plain,), (drop,))
    fill = _fill(change.table, change.schema, spec.name, change.fill or "NULL", names)
    if spec.nullable:
        return Steps((plain, fill), (drop,))
    first = ops.AddColumnOp(change.table, sql_column(spec, nullable=True), schema=change.schema)
    return Steps((first, fill, _not_null(change, spec, names)), (drop,))


def _not_null(change: AddColumn, spec: ColumnSpec, names: Names) -> Step:
    if names.dialect == "mysql":
        return Sql(f"ALTER TABLE {names.table(change.table, change.schema)} MODIFY COLUMN {_line(spec, names)}")
    return ops.AlterColumnOp(change.table, spec.name, modify_nullable=False, schema=change.schema)


def _line(spec: ColumnSpec, names: Names) -> str:
    """A column as it stands in CREATE TABLE."""
    default = "" if spec.default is None else f" DEFAULT {bracketed(spec.default, names.dialect)}"
    return f"{names.name(spec.name)} {spec.type.strip()}{'' if spec.nullable else ' NOT NULL'}{default}"


def bracketed(default: str, dialect: str) -> str:
    """A default, in the brackets that SQLite wants around all but the simplest ones."""
    simple = re.fullmatch(r"[+-]?[\w.]+|'(?:[^']|'')*'|\(.*\)", default.strip(), re.DOTALL)
    return default.strip() if dialect != "sqlite" or simple else f"({default.strip()})"


def _fill(table: str, schema: str | None, column: str, value: str, names: Names) -> Sql:
    name = names.name(column)
    return Sql(f"UPDATE {names.table(table, schema)} SET {name} = {value} WHERE {name} IS NULL")


def rename_column(change: RenameColumn, dialect: str) -> Steps:
    """Another name, and back."""
    if dialect == "mysql":  # Alembic's way says type and default anew, and would lose the rest
        names = Names(dialect)
        table, one, other = (
            names.table(change.table, change.schema),
            names.name(change.column),
            names.name(change.new_name),
        )
        return Steps(
            (Sql(f"ALTER TABLE {table} RENAME COLUMN {one} TO {other}"),),
            (Sql(f"ALTER TABLE {table} RENAME COLUMN {other} TO {one}"),),
        )
    up = ops.AlterColumnOp(change.table, change.column, modify_name=change.new_name, schema=change.schema)
    down = ops.AlterColumnOp(change.table, change.new_name, modify_name=change.column, schema=change.schema)
    return Steps((up,), (down,))


def alter_column(change: AlterColumn, table: TableShape, dialect: str) -> Steps:
    """Another type, nullability or default, each only where it differs from what there is."""
    column = table.column_named(change.column)
    assert column is not None  # see `change_problems`
    names = Names(dialect)
    fills: tuple[Step, ...] = ()
    if change.nullable is False and change.fill is not None:
        fills = (_fill(change.table, change.schema, change.column, change.fill, names),)
    if dialect == "sqlite":
        edited = _edited(change, _parsed(table).column(column.name))
        return Steps(
            (*fills, *rebuild(table, lambda made: made.with_column(column.name, edited))),
            rebuild(table, lambda made: made),
        )
    if dialect == "mysql":
        line = Column(column.definition, backslashes=True)
        start = f"ALTER TABLE {names.table(change.table, change.schema)} MODIFY COLUMN "
        return Steps((*fills, Sql(start + _edited(change, line).text)), (Sql(start + line.text),))
    return Steps((*_postgresql_up(change, column, fills),), tuple(_postgresql_down(change, column)))


def _parsed(table: TableShape) -> Definition:
    return Definition.read(table.definition)


def _edited(change: AlterColumn, line: Column) -> Column:
    if change.type is not None:
        line = line.with_type(change.type)
    if change.default is not None or change.drop_default:
        line = line.with_default(change.default)
    return line if change.nullable is None else line.with_nullable(change.nullable)


def _postgresql_up(change: AlterColumn, column: ColumnShape, fills: tuple[Step, ...]) -> list[Step]:
    def alter(**what: Any) -> Step:
        return ops.AlterColumnOp(change.table, change.column, schema=change.schema, **what)

    steps: list[Step] = []
    if change.type is not None:
        # A default of the old type may not fit the new one, so it steps aside.
        aside = change.default is not None and column.default is not None
        steps += [alter(modify_server_default=None)] if aside or change.drop_default else []
        using = {"postgresql_using": change.using} if change.using else {}
        steps.append(alter(modify_type=written_type(change.type), **using))
    elif change.drop_default:
        steps.append(alter(modify_server_default=None))
    if change.default is not None:
        steps.append(alter(modify_server_default=expression(change.default)))
    steps += fills
    if change.nullable is not None:
        steps.append(alter(modify_nullable=change.nullable))
    return steps


def _postgresql_down(change: AlterColumn, column: ColumnShape) -> list[Step]:
    back = AlterColumn(
        change.table,
        change.column,
        column.type if change.type is not None else None,
        f"{Names('postgresql').name(column.name)}::{column.type}" if change.type is not None and change.using else None,
        column.nullable if change.nullable is not None else None,
        column.default if change.default is not None or change.drop_default else None,
        change.default is not None and column.default is None,
        schema=change.schema,
    )
    now = column._replace(default=change.default if change.default is not None else column.default)
    return _postgresql_up(back, now, ())


def drop_column(change: DropColumn, table: TableShape, dialect: str) -> Steps:
    """A column less, after the indexes and constraints that hold it."""
    column = table.column_named(change.column)
    assert column is not None  # see `change_problems`
    indexes = tuple(index for index in table.indexes if _holds(index.definition, index.columns, column.name, dialect))
    if dialect == "sqlite":
        return _drop_on_sqlite(change, table, column)
    keys = tuple(key for key in table.foreign_keys if column.name in key.columns)
    names = Names(dialect)
    backed = {found.name for found in table.constraints}
    up: list[Step] = [drop_key(table, key) for key in keys]
    up += [drop_index(table, index, dialect) for index in indexes if index.name not in backed]
    rest = [found for found in table.constraints if mentions(found.definition, column.name)]
    up += [ops.DropConstraintOp(found.name, table.name, schema=table.schema) for found in rest]
    up.append(ops.DropColumnOp(table.name, column.name, schema=table.schema))
    down: list[Step] = [Remark(LOST), *_column_again(change, table, column, names)]
    down += [constraint(table, found.name, found.definition) for found in rest]
    down += [add_again(table, index, dialect) for index in indexes if index.name not in backed]
    down += [add_key(table, key) for key in keys]
    return Steps(tuple(up), tuple(down))


def _holds(definition: str, columns: tuple[str, ...], column: str, dialect: str) -> bool:
    """Whether an index has to do with a column, also in an expression or a condition."""
    if column in columns:
        return True
    behind = definition.partition("(")[2] if dialect == "sqlite" else definition.partition(" USING ")[2]
    return mentions(behind, column)


def _drop_on_sqlite(change: DropColumn, table: TableShape, column: ColumnShape) -> Steps:
    gone = tuple(i for i in table.indexes if i.definition and _holds(i.definition, i.columns, column.name, "sqlite"))
    statements = {index.definition for index in gone}
    kept = tuple(sql for sql in table.related if sql not in statements)
    again = tuple(Sql(index.definition) for index in gone)
    names = Names("sqlite")
    spec = ColumnSpec(column.name, column.type, column.nullable, column.default)
    simple = can_drop(table, column.name)
    if simple:
        up: tuple[Step, ...] = (
            *(ops.DropIndexOp(index.name, table.name) for index in gone),
            ops.DropColumnOp(table.name, column.name),
        )
    else:
        up = rebuild(table, lambda made: made.with_column(column.name, None), without=column.name, related=kept)
    last = table.columns[-1].name == column.name
    if simple and can_add(spec, fills=False):
        line = _parsed(table).column(column.name).bare
        back = Sql(f"ALTER TABLE {names.table(table.name)} ADD COLUMN {line}")
        remark = LOST if last else f"{LOST} {AT_THE_END}"
        return Steps(up, (Remark(remark), back, *again))
    value = change.fill or ("NULL" if column.nullable else column.default or placeholder(column.type) or "''")
    less = table._replace(columns=tuple(other for other in table.columns if other is not column))
    down = rebuild(less, lambda made: made, values={column.name: value}, related=table.related)
    return Steps(up, (Remark(LOST), *down))


def _column_again(change: DropColumn, table: TableShape, column: ColumnShape, names: Names) -> list[Step]:
    path = names.table(table.name, table.schema)
    if names.dialect == "mysql":
        place = next(number for number, other in enumerate(table.columns) if other.name == column.name)
        behind = f"AFTER {names.name(table.columns[place - 1].name)}" if place else "FIRST"
        end = "" if place == len(table.columns) - 1 else f" {behind}"
        back = Sql(f"ALTER TABLE {path} ADD COLUMN {column.definition}{end}")
        fill = Sql(f"UPDATE {path} SET {names.name(column.name)} = {change.fill}")
        return [back, fill] if change.fill is not None else [back]
    last = table.columns[-1].name == column.name
    steps: list[Step] = [] if last else [Remark(AT_THE_END)]
    if column.identity in ("always", "by default") or column.generated:
        return [*steps, Sql(f"ALTER TABLE {path} ADD COLUMN {column.definition}")]
    spec = ColumnSpec(column.name, column.type, column.nullable, column.default)
    if change.fill is not None:
        nullable = ops.AddColumnOp(table.name, sql_column(spec, nullable=True), schema=table.schema)
        filled = _fill(table.name, table.schema, column.name, change.fill, names)
        strict = ops.AlterColumnOp(table.name, column.name, modify_nullable=False, schema=table.schema)
        return [*steps, nullable, filled, *([] if column.nullable else [strict])]
    value = placeholder(column.type)
    if column.nullable or column.default is not None or value is None:
        return [*steps, ops.AddColumnOp(table.name, sql_column(spec), schema=table.schema)]
    # The rows there are need a value at once.
    first = sql_column(spec._replace(default=value))
    return [
        *steps,
        ops.AddColumnOp(table.name, first, schema=table.schema),
        ops.AlterColumnOp(table.name, column.name, modify_server_default=None, schema=table.schema),
    ]
