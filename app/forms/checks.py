"""What stands against a change, field by field, by the tables there are. Asks no database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

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
    RenameColumn,
    RenameTable,
)
from miger.forms.shapes import TableShape
from miger.forms.sqlite_limits import can_drop, users_of
from miger.scaffold.draft import FieldProblem

if TYPE_CHECKING:
    from miger.forms.definition import Token

LONGEST = {"postgresql": 63, "mysql": 64}
ACTIONS = ("", "CASCADE", "RESTRICT", "SET NULL", "SET DEFAULT", "NO ACTION")


def change_problems(change: Change, dialect: str, tables: Sequence[TableShape]) -> tuple[FieldProblem, ...]:
    """Everything that stands against a change; each names the field of the change."""
    table = next((found for found in tables if (found.name, found.schema) == (change.table, change.schema)), None)
    if isinstance(change, CreateTable):
        return tuple(_create_table(change, dialect, table))
    if table is None:
        return (FieldProblem("table", f"there is no table {change.table!r}", "choose one of those there are"),)
    return tuple(_of_table(change, dialect, table, tables))


def _of_table(change: Change, dialect: str, table: TableShape, tables: Sequence[TableShape]) -> Iterator[FieldProblem]:
    match change:
        case AddColumn():
            yield from _add_column(change, dialect, table)
        case AlterColumn():
            yield from _alter_column(change, dialect, table)
        case RenameColumn():
            yield from _known(table, change.column)
            yield from _new_name("new_name", change.new_name, dialect, [column.name for column in table.columns])
        case DropColumn():
            yield from _drop_column(change, dialect, table)
        case RenameTable():
            taken = [other.name for other in tables if other.schema == change.schema]
            yield from _new_name("new_name", change.new_name, dialect, taken)
        case CreateIndex():
            yield from _create_index(change, dialect, table)
        case DropIndex() if table.index_named(change.name) is None:
            yield FieldProblem("name", f"{table.path} has no index {change.name!r}", "choose one of those there are")
        case DropForeignKey() if table.foreign_key_named(change.name) is None:
            yield FieldProblem("name", f"{table.path} has no foreign key {change.name!r}", "choose one of its own")
        case AddForeignKey():
            yield from _add_foreign_key(change, dialect, table, tables)


def _create_table(change: CreateTable, dialect: str, there: TableShape | None) -> Iterator[FieldProblem]:
    yield from _new_name("table", change.table, dialect, [there.name] if there is not None else [])
    if not change.columns:
        yield FieldProblem("columns", "a table needs a column", "add one: `id`, of type bigint")
    names: list[str] = []
    for spec in change.columns:
        yield from _new_name("columns", spec.name, dialect, names)
        yield from text_problems("columns", spec.type, "type")
        if spec.default is not None:
            yield from text_problems("columns", spec.default, "default")
        if spec.identity and spec.name not in change.primary_key:
            yield FieldProblem("columns", f"{spec.name} is counted, but no part of the primary key", "add it there")
        names.append(spec.name)
    for name in change.primary_key:
        if name not in names:
            yield FieldProblem("primary_key", f"there is no column {name!r}", "choose columns of the table")
    for key in change.foreign_keys:
        if any("." in name for name in (key.target, *key.target_columns)):
            yield FieldProblem("foreign_keys", f"{key.target!r} has a dot in its name", "add that key afterwards")


def _add_column(change: AddColumn, dialect: str, table: TableShape) -> Iterator[FieldProblem]:
    spec = change.column
    yield from _new_name("name", spec.name, dialect, [column.name for column in table.columns])
    yield from text_problems("type", spec.type, "type")
    for field, text in (("default", spec.default), ("fill", change.fill)):
        if text is not None:
            yield from text_problems(field, text, field)
    if spec.identity:
        yield FieldProblem("identity", "a column that counts is made with its table", "make a new table")
    empty = spec.default is None or spec.default.strip().upper() == "NULL"
    if not spec.nullable and empty and change.fill is None and table.rows != 0:
        hint = "give a default, or a value to fill in, or allow NULL"
        yield FieldProblem("fill", f"the rows of {table.path} would have no value in {spec.name}", hint)


def _alter_column(change: AlterColumn, dialect: str, table: TableShape) -> Iterator[FieldProblem]:
    yield from _known(table, change.column)
    for field in ("type", "using", "default", "fill"):
        text = getattr(change, field)
        if text is not None:
            yield from text_problems(field, text, field)
    if change.default is not None and change.drop_default:
        yield FieldProblem("default", "a default cannot be set and dropped at once", "choose one of the two")
    if change.using is not None and (dialect != "postgresql" or change.type is None):
        yield FieldProblem("using", "only PostgreSQL converts by an expression, to another type", "leave it empty")
    if (change.type, change.nullable, change.default, change.drop_default) == (None, None, None, False):
        yield FieldProblem("type", "nothing is changed", "give a type, a default, or say whether NULL is allowed")
    column = table.column_named(change.column)
    if column is not None and column.generated:
        yield FieldProblem("column", f"{change.column} is computed by the database", "drop it and add it anew")
    if column is not None and not (table.definition or column.definition) and dialect in ("sqlite", "mysql"):
        yield FieldProblem("table", f"the definition of {table.path} is not known", "read the tables again")


def _drop_column(change: DropColumn, dialect: str, table: TableShape) -> Iterator[FieldProblem]:
    yield from _known(table, change.column)
    if change.column in table.primary_key:
        hint = "give the table another primary key first"
        yield FieldProblem("column", f"{change.column} is part of the primary key of {table.path}", hint)
    if len(table.columns) == 1:
        yield FieldProblem("column", f"{change.column} is the only column of {table.path}", "drop the table")
    column, keys = table.column_named(change.column), [k for k in table.foreign_keys if change.column in k.columns]
    if change.fill is not None:
        yield from text_problems("fill", change.fill, "fill")
    elif column is not None and keys and not column.nullable and column.default is None and table.rows != 0:
        hint = f"give one that {keys[0].target} has"
        yield FieldProblem("fill", f"`down` needs a value for {change.column} that its foreign key allows", hint)
    if dialect == "sqlite" and column is not None and not can_drop(table, change.column):
        for user in users_of(table, change.column)[:1]:
            said = " ".join(user.split())[:60]
            yield FieldProblem("column", f"{change.column} seems to be used by {said}…", "change that first")


def _create_index(change: CreateIndex, dialect: str, table: TableShape) -> Iterator[FieldProblem]:
    yield from _new_name("name", change.name, dialect, [index.name for index in table.indexes])
    yield from column_problems(table, change.columns, "columns")
    if change.where is not None:
        yield from text_problems("where", change.where, "condition")
        if dialect == "mysql":
            yield FieldProblem("where", "MySQL has no partial indexes", "leave the condition out")


def _add_foreign_key(
    change: AddForeignKey, dialect: str, table: TableShape, tables: Sequence[TableShape]
) -> Iterator[FieldProblem]:
    yield from _new_name("name", change.name, dialect, [key.name for key in table.foreign_keys])
    yield from column_problems(table, change.columns, "columns")
    target = next((found for found in tables if (found.name, found.schema) == (change.target, change.schema)), None)
    if target is None:
        yield FieldProblem("target", f"there is no table {change.target!r}", "choose one of those there are")
    else:
        yield from column_problems(target, change.target_columns, "target_columns")
        if target.primary_key and not _unique(target, change.target_columns):
            hint = "point to its primary key, or to columns with a unique index"
            yield FieldProblem("target_columns", f"these columns of {target.path} are not unique", hint)
    if len(change.columns) != len(change.target_columns):
        yield FieldProblem("target_columns", "as many columns must point as are pointed to", "choose as many")
    if change.on_delete.upper() not in ACTIONS:
        yield FieldProblem("on_delete", f"there is no action {change.on_delete!r}", "CASCADE, SET NULL or RESTRICT")


def _unique(table: TableShape, columns: tuple[str, ...]) -> bool:
    of_indexes = [index.columns for index in table.indexes if index.unique]
    of_constraints = [constraint.columns for constraint in table.constraints if constraint.columns]
    wanted = sorted(columns)
    return any(sorted(found) == wanted for found in (table.primary_key, *of_indexes, *of_constraints))


def column_problems(table: TableShape, columns: tuple[str, ...], field: str) -> Iterator[FieldProblem]:
    """What stands against a choice of columns."""
    if not columns:
        yield FieldProblem(field, "no column is chosen", f"choose one of {table.path}")
    for name in columns:
        if table.column_named(name) is None:
            yield FieldProblem(field, f"{table.path} has no column {name!r}", "choose one of those there are")


def _known(table: TableShape, column: str) -> Iterator[FieldProblem]:
    if table.column_named(column) is None:
        yield FieldProblem("column", f"{table.path} has no column {column!r}", "choose one of those there are")


def _new_name(field: str, name: str, dialect: str, taken: Sequence[str]) -> Iterator[FieldProblem]:
    most = LONGEST.get(dialect, 1000)
    size = len(name.encode()) if dialect == "postgresql" else len(name)
    if not name.strip():
        yield FieldProblem(field, "has no name yet", "give it one")
    elif not name.isprintable():
        yield FieldProblem(field, f"{name!r} has a line break or a control character", "take it out")
    elif size > most:
        yield FieldProblem(field, f"{name[:20]!r}… is too long for a name", f"{dialect} takes {most}")
    elif dialect == "mysql" and max(name) > "\uffff":
        yield FieldProblem(field, f"{name!r} has a character that MySQL takes in no name", "leave it out")
    elif dialect == "mysql" and name != name.rstrip():
        yield FieldProblem(field, f"{name!r} ends with a space", "take it out")
    elif (name in taken) if dialect == "postgresql" else name.lower() in (other.lower() for other in taken):
        yield FieldProblem(field, f"there is a {name!r} already", "choose another name")


def text_problems(field: str, text: str, what: str) -> Iterator[FieldProblem]:
    """What a person writes in SQL stays within its place: no second statement, no comment, brackets closed."""
    from miger.forms.definition import tokens

    if not text.strip():
        yield FieldProblem(field, f"the {what} is empty", "write it, or leave it out")
        return
    if not text.isprintable():
        yield FieldProblem(field, f"the {what} has a line break or a control character", "make it one line")
        return
    found = list(tokens(text))
    bare = "".join(" " if token.kind == "string" else token.text for token in found)
    if "--" in bare or _commented(text, found) or any(token.text in (";", "'", '"', "`") for token in found):
        quotes = "a semicolon, a comment or an open quote"
        yield FieldProblem(field, f"the {what} has {quotes}", "it becomes a part of a statement")
    if sum((token.text == "(") - (token.text == ")") for token in found) or any(token.depth < 0 for token in found):
        yield FieldProblem(field, f"the brackets of the {what} do not match", "close what is opened")
    if (
        field in ("type", "columns")
        and what == "type"
        and any(token.text == "," and not token.depth for token in found)
    ):
        yield FieldProblem(field, "the type has a comma", "give one type")


def _commented(text: str, found: Sequence[Token]) -> bool:
    """Whether anything between the pieces is more than space."""
    ends = [0, *(token.end for token in found)]
    starts = [*(token.start for token in found), len(text)]
    return any(text[end:start].strip() for end, start in zip(ends, starts, strict=True))
