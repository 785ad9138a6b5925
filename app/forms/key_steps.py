"""The steps of changes of foreign keys and indexes."""

from __future__ import annotations

from typing import Any

from alembic.operations import ops

from miger.forms.changes import AddForeignKey, CreateIndex, DropForeignKey, DropIndex
from miger.forms.shapes import ForeignKeyShape, IndexShape, TableShape
from miger.forms.sqlite_rebuild import rebuild
from miger.forms.steps import Names, Sql, Step, Steps, expression

USUAL = frozenset({"ondelete", "onupdate"})


def add_foreign_key(change: AddForeignKey, table: TableShape, dialect: str) -> Steps:
    """A foreign key more."""
    names = Names(dialect)
    if dialect == "sqlite":
        line = foreign_key_line(change, names)
        back = rebuild(table, lambda made: made)
        return Steps(rebuild(table, lambda made: made.with_added(line, constraint=True)), back)
    drop = ops.DropConstraintOp(change.name, change.table, type_="foreignkey", schema=change.schema)
    if dialect == "mysql" and not _covered(change.columns, table):
        # The server makes an index for the key, and leaves it there.
        return Steps(
            (_create_key(change, dialect),), (drop, ops.DropIndexOp(change.name, change.table, schema=change.schema))
        )
    if dialect == "postgresql" and change.online:
        validate = Sql(
            f"ALTER TABLE {names.table(change.table, change.schema)} VALIDATE CONSTRAINT {names.name(change.name)}"
        )
        return Steps((_create_key(change, dialect, postgresql_not_valid=True), validate), (drop,), transaction=False)
    return Steps((_create_key(change, dialect),), (drop,))


def _create_key(change: AddForeignKey, dialect: str, **options: Any) -> Step:
    if any("." in name for name in (change.target, change.schema or "", *change.target_columns)):
        names, late = Names(dialect), " NOT VALID" if options else ""  # SQLAlchemy would take such a name apart
        line = foreign_key_line(change, names)
        return Sql(f"ALTER TABLE {names.table(change.table, change.schema)} ADD {line}{late}")
    return ops.CreateForeignKeyOp(
        change.name,
        change.table,
        change.target,
        list(change.columns),
        list(change.target_columns),
        source_schema=change.schema,
        referent_schema=change.schema,
        **({"ondelete": change.on_delete.upper()} if change.on_delete else {}),
        **options,
    )


def foreign_key_line(change: AddForeignKey, names: Names) -> str:
    """A foreign key as it stands in CREATE TABLE."""
    name = f"CONSTRAINT {names.name(change.name)} " if change.name else ""
    action = f" ON DELETE {change.on_delete.upper()}" if change.on_delete else ""
    target = f"{names.table(change.target, change.schema)} ({names.names(change.target_columns)})"
    return f"{name}FOREIGN KEY ({names.names(change.columns)}) REFERENCES {target}{action}"


def _covered(columns: tuple[str, ...], table: TableShape) -> bool:
    """Whether an index, or the primary key, begins with these columns."""
    of_indexes = [index.columns for index in table.indexes]
    return any(found[: len(columns)] == columns for found in (table.primary_key, *of_indexes))


def drop_foreign_key(change: DropForeignKey, table: TableShape, dialect: str) -> Steps:
    """A foreign key less."""
    key = table.foreign_key_named(change.name)
    assert key is not None  # see `change_problems`
    if dialect == "sqlite":
        up = rebuild(table, lambda made: made.without_foreign_key(key.name, key.columns))
        return Steps(up, rebuild(table, lambda made: made))
    return Steps((drop_key(table, key),), (add_key(table, key),))


def drop_key(table: TableShape, key: ForeignKeyShape) -> Step:
    """A foreign key that goes."""
    return ops.DropConstraintOp(key.name, table.name, type_="foreignkey", schema=table.schema)


def add_key(table: TableShape, key: ForeignKeyShape) -> Step:
    """A foreign key that there was."""
    options: dict[str, Any] = dict(key.options)
    if key.definition and not set(options) <= USUAL:
        return constraint(table, key.name, key.definition)
    return ops.CreateForeignKeyOp(
        key.name,
        table.name,
        key.target,
        list(key.columns),
        list(key.target_columns),
        source_schema=table.schema,
        referent_schema=key.target_schema,
        **options,
    )


def constraint(table: TableShape, name: str, definition: str) -> Sql:
    """A constraint that there was, word for word."""
    names = Names("postgresql")
    return Sql(f"ALTER TABLE {names.table(table.name, table.schema)} ADD CONSTRAINT {names.name(name)} {definition}")


def create_index(change: CreateIndex, dialect: str) -> Steps:
    """An index more."""
    online = change.online and dialect == "postgresql"
    options: dict[str, Any] = {"postgresql_concurrently": True} if online else {}
    if change.where:
        options[f"{dialect}_where"] = expression(change.where)
    up = ops.CreateIndexOp(
        change.name, change.table, list(change.columns), unique=change.unique, schema=change.schema, **options
    )
    down = _drop(change.name, change.table, change.schema, online=online)
    return Steps((up,), (down,), transaction=not online)


def _drop(name: str, table: str, schema: str | None, *, online: bool) -> Step:
    options: dict[str, Any] = {"postgresql_concurrently": True} if online else {}
    return ops.DropIndexOp(name, table, schema=schema, **options)


def drop_index(table: TableShape, index: IndexShape, dialect: str) -> Step:
    """An index that goes, together with others."""
    return _drop(index.name, table.name, table.schema, online=False)


def drop_index_alone(change: DropIndex, table: TableShape, dialect: str) -> Steps:
    """An index less."""
    index = table.index_named(change.name)
    assert index is not None  # see `change_problems`
    online = change.online and dialect == "postgresql"
    back = add_again(table, index, dialect)
    if online:
        back = Sql(index.definition.replace(" INDEX ", " INDEX CONCURRENTLY ", 1))
    return Steps((_drop(change.name, change.table, change.schema, online=online),), (back,), transaction=not online)


def add_again(table: TableShape, index: IndexShape, dialect: str) -> Step:
    """An index that there was, word for word where it is more than its columns."""
    if index.plain:
        return ops.CreateIndexOp(index.name, table.name, list(index.columns), unique=index.unique, schema=table.schema)
    if dialect == "mysql":
        return Sql(f"ALTER TABLE {Names(dialect).table(table.name)} ADD {index.definition}")
    return Sql(index.definition)
