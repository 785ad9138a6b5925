"""How MySQL and MariaDB are told of columns, indexes, keys and tables: the parts of CREATE and ALTER TABLE."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy
from alembic.operations import ops

from miger.engine.catalog import CHECK, FOREIGN_KEY, PRIMARY_KEY, Column, Constraint, Index, Table
from miger.forms.steps import Names, Sql, Step, expression
from miger.forms.types import placeholder, written_type

NAMES = Names("mysql")
LONGEST = 64  # characters of a name
_WIDTH = re.compile(r"\A(tinyint|smallint|mediumint|int|bigint|year)\((\d+)\)")
_USUAL_WIDTHS = {
    "tinyint": ("4", "3"),  # with and without a sign
    "smallint": ("6", "5"),
    "mediumint": ("9", "8"),
    "int": ("11", "10"),
    "bigint": ("20", "20"),
    "year": ("4", "4"),
}
_STRING = re.compile(r"'(?:[^'\\]|\\.|'')*'", re.DOTALL)
_NAME = re.compile(r"`((?:[^`]|``)*)`")
_SIMPLE_NAME = re.compile(r"`([a-z_][a-z0-9_]*)`")
_INDEX = re.compile(r"\ACREATE (\w+ )?INDEX `(?:[^`]|``)*` ON `(?:[^`]|``)*` (.*)\Z", re.DOTALL)
_ACTION = re.compile(r"ON (DELETE|UPDATE) (CASCADE|RESTRICT|SET NULL|SET DEFAULT|NO ACTION)")
_LITERAL = re.compile(r"-?\d+(\.\d+)?|'[^'\\%:]*'")
_GEOMETRIES = {
    "linestring": "LINESTRING(0 0,1 1)",
    "polygon": "POLYGON((0 0,0 1,1 1,0 0))",
    "multipoint": "MULTIPOINT(0 0)",
    "multilinestring": "MULTILINESTRING((0 0,1 1))",
    "multipolygon": "MULTIPOLYGON(((0 0,0 1,1 1,0 0)))",
    "geometrycollection": "GEOMETRYCOLLECTION(POINT(0 0))",
    "geometry": "POINT(0 0)",
    "point": "POINT(0 0)",
}
_PLACEHOLDERS = {"year": "1970", "inet6": "'::'", "inet4": "'0.0.0.0'", "set": "''", "bit": "0"}


# Names


def table_name(table: str) -> str:
    """A table's name, in quotes where it needs them."""
    return NAMES.name(table)


def alter(table: str, *clauses: str) -> Sql:
    """ALTER TABLE with one clause, or with several that have to be carried out at once."""
    if len(clauses) == 1:
        return Sql(f"ALTER TABLE {table_name(table)} {clauses[0]}")
    inner = ",\n    ".join(clauses)
    return Sql(f"ALTER TABLE {table_name(table)}\n    {inner}")


def mentions(text: str, names: Iterable[str]) -> bool:
    """Whether one of the columns stands in an expression as the server writes it."""
    said = {name.replace("``", "`").lower() for name in _NAME.findall(_STRING.sub("''", text))}
    return not said.isdisjoint(name.lower() for name in names)


# Columns


def short_type(type_: str) -> str:
    """A type without the display width that it has anyway."""
    found = _WIDTH.match(type_)
    if found is None or "zerofill" in type_:
        return type_
    usual = _USUAL_WIDTHS[found[1]]["unsigned" in type_]
    return found[1] + type_[found.end() :] if found[2] == usual else type_


def bare_type(column: Column) -> str:
    """The type with character set and collation where these are not the table's."""
    found = re.match(
        re.escape(column.type) + r"((?: CHARACTER SET \w+)?(?: COLLATE \w+)?(?: /\*[^*]*\*/)?)", column.definition
    )
    return short_type(column.type) + (found[1] if found else "")


def definition(column: Column) -> str:
    """All behind the name but comment and check."""
    text = short_type(column.type) + column.definition[len(column.type) :]
    if column.nullable and column.default is None and " NULL DEFAULT NULL" not in text:  # a TIMESTAMP says both
        text = re.sub(r" DEFAULT NULL(?= |\Z)", "", text, count=1)
    return text


def column_line(column: Column, check: Constraint | None = None, name: str | None = None) -> str:
    """The column as it stands in CREATE TABLE, with a check of its own."""
    comment = f" COMMENT {NAMES.value(column.comment)}" if column.comment else ""
    condition = f" {check.definition}" if check is not None else ""
    return f"{NAMES.name(name or column.name)} {definition(column)}{comment}{condition}"


def nullable_line(column: Column, name: str | None = None) -> str:
    """The column without values, as it is at first."""
    return f"{NAMES.name(name or column.name)} {bare_type(column)} NULL"


def add_column(table: str, column: Column, check: Constraint | None = None, *, nullable: bool = False) -> Step:
    """ADD COLUMN; `nullable`: with nothing but its type."""
    plain = column if not nullable else Column(column.name, column.type, definition=column.type)
    simple = check is None and not plain.comment and not plain.generated and not plain.identity
    type_ = short_type(column.type)
    words = type_ + ("" if plain.nullable else " NOT NULL")
    words += "" if plain.default is None else f" DEFAULT {plain.default}"
    literal = plain.default is None or _LITERAL.fullmatch(plain.default)
    whole = bare_type(column) == type_ if nullable else definition(plain) == words
    if not (simple and literal and whole) or (plain.nullable and "timestamp" in type_):
        return alter(table, f"ADD COLUMN {nullable_line(column) if nullable else column_line(column, check)}")
    default = None if plain.default is None else expression(plain.default)
    made: sqlalchemy.Column[Any] = sqlalchemy.Column(
        column.name, written_type(type_), nullable=plain.nullable, server_default=default, autoincrement=False
    )
    return ops.AddColumnOp(table, made)


def first_value(column: Column) -> str | None:
    """A value for rows that must have one; None where none comes to mind."""
    name = re.split(r"[ (]", column.type, maxsplit=1)[0]
    if name == "enum":
        label = _STRING.search(column.type)
        return label[0] if label else None
    if name in _GEOMETRIES:
        return f"ST_GeomFromText('{_GEOMETRIES[name]}')"
    return _PLACEHOLDERS.get(name) or placeholder(name)


def is_text(column: Column) -> bool:
    """Whether it has a character set."""
    return bool(re.match(r"(var)?char\b|(tiny|medium|long)?text\b|enum\b|set\b", column.type))


# Indexes and constraints


def index_part(index: Index) -> str:
    """The index as it stands in CREATE TABLE."""
    found = _INDEX.match(index.definition)
    assert found is not None  # as our reader writes it
    comment = f" COMMENT {NAMES.value(index.comment)}" if index.comment else ""
    return f"{found[1] or ''}KEY {NAMES.name(index.name)} {plainly(found[2])}{comment}"


def again(index: Index) -> tuple[str, str]:
    """The clauses that make an index a person's own, which a foreign key may have made by itself.

    The server drops such a one when another takes its place. For one that is a person's own they do nothing.
    """
    return f"DROP KEY {NAMES.name(index.name)}", f"ADD {index_part(index)}"


def create_index(table: str, index: Index) -> Step:
    """CREATE INDEX."""
    if index.plain and not index.comment:
        return ops.CreateIndexOp(index.name, table, list(index.columns), unique=index.unique)
    found = _INDEX.match(index.definition)
    assert found is not None
    comment = f" COMMENT {NAMES.value(index.comment)}" if index.comment else ""
    head = f"CREATE {found[1] or ''}INDEX {NAMES.name(index.name)} ON {table_name(table)}"
    return Sql(f"{head} {plainly(found[2])}{comment}")


def plainly(text: str) -> str:
    """Names without quotes where they need none; strings are left alone."""

    def bare(found: re.Match[str]) -> str:
        simple = _SIMPLE_NAME.fullmatch(found[0])
        return NAMES.name(simple[1]) if simple else found[0]

    spaced = re.sub(rf"{_STRING.pattern}|`(?:[^`]|``)*`", bare, text, flags=re.DOTALL)
    return re.sub(r"(?<=\w|\)),(?=\w)", ", ", spaced) if "'" not in spaced else spaced


def constraint_part(found: Constraint, name: str) -> str:
    """A constraint as it stands in CREATE TABLE; without a name where that is ""."""
    head = f"CONSTRAINT {NAMES.name(name)} " if name else ""
    return f"{head}{plainly(found.definition)}"


def add_constraint(table: str, found: Constraint, name: str) -> Step:
    """ADD CONSTRAINT, with Alembic where it is a plain foreign key."""
    actions = {f"on{what.lower()}": action for what, action in _ACTION.findall(found.definition)}
    if found.kind != FOREIGN_KEY or any("." in said for said in (found.target, *found.target_columns)):
        return alter(table, f"ADD {constraint_part(found, name)}")
    return ops.CreateForeignKeyOp(name, table, found.target, list(found.columns), list(found.target_columns), **actions)


def drop_constraint(table: str, found: Constraint, name: str) -> Step:
    """DROP FOREIGN KEY or DROP CONSTRAINT."""
    if found.kind == FOREIGN_KEY:
        return ops.DropConstraintOp(name, table, type_="foreignkey")
    return alter(table, f"DROP CONSTRAINT {NAMES.name(name)}")


def own_check(constraints: Iterable[Constraint], column: str) -> Constraint | None:
    """The check that stands in the line of a column (MariaDB)."""
    return next((found for found in constraints if is_own_check(found) and found.columns[0] == column), None)


def is_own_check(found: Constraint) -> bool:
    """Whether it stands in a column's line: then it has no name at all."""
    return found.kind == CHECK and not found.name


def create_table(table: Table, keys: Sequence[tuple[Constraint, str]]) -> Sql:
    """CREATE TABLE with these of its foreign keys, each with its name."""
    parts = [column_line(column, own_check(table.constraints, column.name)) for column in table.columns]
    first, *rest = table.options.split("\n")
    parts += [plainly(line) for line in rest if line.startswith("PERIOD ")]
    parts += [plainly(found.definition) for found in table.constraints if found.kind == PRIMARY_KEY]
    parts += [index_part(index) for index in table.indexes]
    checks = [found for found in table.constraints if found.kind == CHECK and found.name]
    parts += [constraint_part(found, found.name if found.named else "") for found in checks]
    parts += [constraint_part(found, name) for found, name in keys]
    comment = f" COMMENT={NAMES.value(table.comment)}" if table.comment else ""
    behind = "".join(f"\n{line}" for line in rest if not line.startswith("PERIOD "))
    inner = ",\n    ".join(parts)
    return Sql(f"CREATE TABLE {table_name(table.name)} (\n    {inner}\n) {first}{comment}{behind}")
