"""Alembic's operations as calls of `db.op`; `NotPlain` where only SQL says the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import sqlalchemy
from alembic.operations import ops

from miger.forms.layout import Call, string, strings
from miger.forms.steps import dialect_of
from miger.forms.types import Written, python_type

DIALECT_OPTIONS = ("postgresql_where", "sqlite_where", "postgresql_concurrently", "postgresql_using")


class NotPlain(Exception):
    """SQLAlchemy has no type, or no words, for it."""


Keywords = list[tuple[str, "str | Call"]]


def call_of(operation: ops.MigrateOperation, dialect: str) -> Call:
    """The call that does what the operation does. Raises NotPlain."""
    write = _WRITERS.get(type(operation))
    if write is None:
        raise NotPlain
    return write(operation, dialect)


def _add_column(operation: ops.AddColumnOp, dialect: str) -> Call:
    arguments: list[str | Call] = [string(operation.table_name), _column(operation.column, dialect)]
    return Call("db.op.add_column", arguments, _schema(operation))


def _drop_column(operation: ops.DropColumnOp, dialect: str) -> Call:
    return Call("db.op.drop_column", [string(operation.table_name), string(operation.column_name)], _schema(operation))


def _alter_column(operation: ops.AlterColumnOp, dialect: str) -> Call:
    keywords: Keywords = []
    if operation.modify_name is not None:
        keywords.append(("new_column_name", string(operation.modify_name)))
    if operation.modify_type is not None:
        keywords.append(("type_", _type(operation.modify_type, dialect)))
    if operation.modify_server_default is not False:
        keywords.append(("server_default", _default(operation.modify_server_default)))
    if operation.modify_nullable is not None:
        keywords.append(("nullable", str(operation.modify_nullable)))
    using = operation.kw.get("postgresql_using")
    keywords += [("postgresql_using", string(using))] if using else []
    arguments = [string(operation.table_name), string(operation.column_name)]
    return Call("db.op.alter_column", arguments, keywords + _schema(operation))


def _create_index(operation: ops.CreateIndexOp, dialect: str) -> Call:
    columns = strings([str(column) for column in operation.columns])
    arguments = [string(str(operation.index_name)), string(operation.table_name), columns]
    keywords: Keywords = [("unique", "True")] if operation.unique else []
    return Call("db.op.create_index", arguments, keywords + _options(operation.kw) + _schema(operation))


def _drop_index(operation: ops.DropIndexOp, dialect: str) -> Call:
    arguments = [string(str(operation.index_name))]
    table: Keywords = [("table_name", string(str(operation.table_name)))]
    return Call("db.op.drop_index", arguments, table + _options(operation.kw) + _schema(operation))


def _options(given: dict[str, Any]) -> Keywords:
    found: Keywords = []
    for name in DIALECT_OPTIONS:
        value = given.get(name)
        if isinstance(value, sqlalchemy.TextClause):
            found.append((name, _text(value)))
        elif value is not None:
            found.append((name, str(value)))
    return found


def _create_foreign_key(operation: ops.CreateForeignKeyOp, dialect: str) -> Call:
    arguments = [
        string(str(operation.constraint_name)),
        string(operation.source_table),
        string(operation.referent_table),
        strings(operation.local_cols),
        strings(operation.remote_cols),
    ]
    keywords: Keywords = []
    for name in ("ondelete", "onupdate", "source_schema", "referent_schema"):
        value = operation.kw.get(name)
        keywords += [(name, string(str(value)))] if value else []
    if operation.kw.get("postgresql_not_valid"):
        keywords.append(("postgresql_not_valid", "True"))
    return Call("db.op.create_foreign_key", arguments, keywords)


def _drop_constraint(operation: ops.DropConstraintOp, dialect: str) -> Call:
    arguments = [string(str(operation.constraint_name)), string(operation.table_name)]
    kind: Keywords = [("type_", string(operation.constraint_type))] if operation.constraint_type else []
    return Call("db.op.drop_constraint", arguments, kind + _schema(operation))


def _rename_table(operation: ops.RenameTableOp, dialect: str) -> Call:
    return Call(
        "db.op.rename_table", [string(operation.table_name), string(operation.new_table_name)], _schema(operation)
    )


def _drop_table(operation: ops.DropTableOp, dialect: str) -> Call:
    return Call("db.op.drop_table", [string(operation.table_name)], _schema(operation))


def _create_table(operation: ops.CreateTableOp, dialect: str) -> Call:
    arguments: list[str | Call] = [string(operation.table_name)]
    keys = {
        name
        for item in operation.columns
        if isinstance(item, sqlalchemy.PrimaryKeyConstraint)
        for name in _pending(item)
    }
    for item in operation.columns:
        if isinstance(item, sqlalchemy.Column):
            call = _column(item, dialect)
            if item.name in keys and item.autoincrement is False:  # else SQLAlchemy lets a number count by itself
                call = call._replace(keywords=[*call.keywords, ("autoincrement", "False")])
            arguments.append(call)
        elif isinstance(item, sqlalchemy.PrimaryKeyConstraint):
            arguments.append(Call("sqlalchemy.PrimaryKeyConstraint", [string(c) for c in _pending(item)]))
        elif isinstance(item, sqlalchemy.ForeignKeyConstraint):
            arguments.append(_foreign_key(item))
        else:
            raise NotPlain
    return Call("db.op.create_table", arguments, _schema(operation))


def _pending(constraint: sqlalchemy.PrimaryKeyConstraint) -> list[str]:
    """The names of its columns, before it belongs to a table."""
    return [str(column) for column in constraint._pending_colargs]


def _foreign_key(constraint: sqlalchemy.ForeignKeyConstraint) -> Call:
    targets = [element._get_colspec() for element in constraint.elements]
    keywords: Keywords = [("name", string(str(constraint.name)))] if constraint.name else []
    keywords += [("ondelete", string(constraint.ondelete))] if constraint.ondelete else []
    arguments = [strings(list(constraint.column_keys)), strings([str(target) for target in targets])]
    return Call("sqlalchemy.ForeignKeyConstraint", arguments, keywords)


def _column(column: sqlalchemy.Column[Any], dialect: str) -> Call:
    arguments: list[str | Call] = [string(column.name), _type(column.type, dialect)]
    keywords: Keywords = []
    if column.identity is not None:
        arguments.append("sqlalchemy.Identity()")
    elif column.autoincrement is True:
        keywords.append(("autoincrement", "True"))
    if not column.nullable:
        keywords.append(("nullable", "False"))
    if column.server_default is not None and column.identity is None:
        keywords.append(("server_default", _default(getattr(column.server_default, "arg", None))))
    return Call("sqlalchemy.Column", arguments, keywords)


def _type(type_: object, dialect: str) -> str:
    python = python_type(type_.text, dialect_of(dialect)) if isinstance(type_, Written) else None
    if python is None:
        raise NotPlain
    return python


def _default(value: object) -> str | Call:
    if value is None:
        return "None"
    if not isinstance(value, sqlalchemy.TextClause):
        raise NotPlain
    plain = re.fullmatch(r"'([^'\\%:]*)'", value.text)
    return string(plain[1]) if plain else _text(value)


def _text(value: sqlalchemy.TextClause) -> Call:
    return Call("sqlalchemy.text", [string(value.text)])  # a colon has its backslash already


def _schema(operation: Any) -> Keywords:
    return [("schema", string(operation.schema))] if operation.schema is not None else []


_WRITERS: dict[type, Callable[[Any, str], Call]] = {
    ops.AddColumnOp: _add_column,
    ops.DropColumnOp: _drop_column,
    ops.AlterColumnOp: _alter_column,
    ops.CreateIndexOp: _create_index,
    ops.DropIndexOp: _drop_index,
    ops.CreateForeignKeyOp: _create_foreign_key,
    ops.DropConstraintOp: _drop_constraint,
    ops.RenameTableOp: _rename_table,
    ops.DropTableOp: _drop_table,
    ops.CreateTableOp: _create_table,
}
