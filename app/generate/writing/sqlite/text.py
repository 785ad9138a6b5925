"""CREATE TABLE and its parts for SQLite: as somebody wrote it where that is known, else put together."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import sqlalchemy
from alembic.operations import ops
from sqlalchemy.schema import SchemaItem

from miger.backends.sqlite_objects_table import APART, Parsed, finished, parse
from miger.backends.sqlite_objects_words import default_value, is_simple
from miger.backends.sqlite_tokens import folded
from miger.engine.catalog import FOREIGN_KEY, PRIMARY_KEY, UNIQUE, Catalog, Column, Constraint, Index, Table
from miger.engine.errors import RefusedError
from miger.forms.definition import Definition, tokens
from miger.forms.steps import Names, Sql, Step, expression, sql_of
from miger.forms.types import written_type
from miger.generate.compare import compare

NAMES = Names("sqlite")
_ACTIONS = frozenset({"", "CASCADE", "SET NULL", "SET DEFAULT", "RESTRICT"})


class Place(NamedTuple):
    """A table with the catalog it is in, for what its foreign keys leave out."""

    table: Table
    catalog: Catalog


def create_table(place: Place) -> Step:
    """The table alone: an operation where that says the very same and nobody's comments get lost."""
    table = place.table
    text = table_text(place)
    operation = _operation(table) if table.columns and "--" not in text and "/*" not in text else None
    if operation is not None and _means(sql_of(operation, "sqlite").rstrip(";"), place):
        return operation
    return Sql(text)


def create_index(index: Index, table: str) -> Step:
    """An index, as an operation where it is plain."""
    if not index.plain:
        return Sql(index.definition)
    return ops.CreateIndexOp(index.name, table, list(index.columns), unique=index.unique)


def table_text(place: Place, name: str = "") -> str:
    """CREATE TABLE as it was written, or put together; under another name if one is given."""
    table = place.table
    if not table.columns:
        return table.definition
    text = table.definition if table.definition and _means(table.definition, place) else _composed(table)
    if not name:
        return text
    return _under(Definition.read(text).renamed(NAMES.name(name)), table.name, name).text


def _under(made: Definition, old: str, new: str) -> Definition:
    """Where the table's own name stands before a column's, as in `old.column`, it is the new one."""
    return Definition(made.head, [_requalified(part, old, new) for part in made.parts], made.tail)


def _requalified(part: str, old: str, new: str) -> str:
    found = list(tokens(part))
    for token, after in reversed(list(itertools.pairwise(found))):
        if after.text == "." and token.kind in ("word", "quoted") and folded(token.name) == folded(old):
            part = part[: token.start] + NAMES.name(new) + part[token.end :]
    return part


def _means(text: str, place: Place) -> bool:
    """Whether a CREATE TABLE makes the table as its values say."""
    table = place.table
    others: dict[str, Parsed] = {}
    try:
        for name in {constraint.target for constraint in table.constraints if constraint.target}:
            target = place.catalog.table(name)
            if target is not None and target.columns and folded(name) != folded(table.name):
                others[folded(name)] = parse(target.definition or _composed(target), name)
        own = parse(text, table.name)
    except RefusedError:
        return False
    read = finished(own, {**others, folded(table.name): own})
    wanted = table._replace(indexes=(), extras=())
    same = read.name == table.name and _names(read.constraints) == _names(table.constraints)
    return same and not compare(Catalog((read,)), Catalog((wanted,)))


def _names(constraints: Iterable[Constraint]) -> list[str]:
    return sorted(found.name for found in constraints if found.named)


# Put together


def column_line(column: Column, inline: Iterable[Constraint] = ()) -> str:
    """A column as it stands in CREATE TABLE and ADD COLUMN, with constraints that are of this column alone."""
    words = [NAMES.name(column.name), column.definition, *(_inline(found) for found in inline)]
    return " ".join(filter(None, words))


def _inline(constraint: Constraint) -> str:
    words = constraint.definition
    if constraint.kind == FOREIGN_KEY:
        words = words[words.index(" REFERENCES ") + 1 :]
    elif constraint.kind in (PRIMARY_KEY, UNIQUE):
        inside = words[words.index("(") + 1 : words.rindex(")")]
        last = inside.rpartition(" ")[2]
        words = words[: words.index(" (")] + (f" {last}" if last in ("DESC", "AUTOINCREMENT") else "")
        words += constraint.definition[constraint.definition.rindex(")") + 1 :].removesuffix(APART)
    return f"{_called(constraint)}{words}"


def _called(constraint: Constraint) -> str:
    return f"CONSTRAINT {NAMES.name(constraint.name)} " if constraint.named and constraint.name else ""


def constraint_line(constraint: Constraint) -> str:
    """A constraint as it stands behind the columns."""
    return f"{_called(constraint)}{constraint.definition}"


def _composed(table: Table) -> str:
    """The key of one column stands behind it, which is what one expects of `INTEGER PRIMARY KEY`."""
    alone = [found for found in table.constraints if _stands_behind(found)]
    lines = [column_line(column, [one for one in alone if one.columns == (column.name,)]) for column in table.columns]
    lines += [constraint_line(found) for found in table.constraints if found not in alone]
    inner = ",\n    ".join(lines)
    options = f" {table.options}" if table.options else ""
    return f"CREATE TABLE {NAMES.name(table.name)} (\n    {inner}\n){options}"


def _stands_behind(constraint: Constraint) -> bool:
    plain = len(constraint.columns) == 1 and "COLLATE" not in constraint.definition
    ordered = " DESC)" in constraint.definition and not constraint.definition.endswith(APART)
    return constraint.kind == PRIMARY_KEY and plain and not ordered


# As operations


def sql_column(column: Column, name: str = "") -> sqlalchemy.Column[object]:
    """The column as SQLAlchemy's. Collation and what generates it are left out."""
    default = None if column.default is None else expression(_written_default(column.default))
    return sqlalchemy.Column(
        name or column.name,
        written_type(column.type),
        nullable=column.nullable,
        server_default=default,
        autoincrement=False,
    )


def _written_default(default: str) -> str:
    return default if is_simple(default_value(default)) else f"({default})"


def is_plain(column: Column) -> bool:
    """Whether `sql_column` says all of it."""
    parts: Mapping[str, object] = {"generated": column.generated, "collation": column.collation}
    return bool(column.type) and not any(parts.values()) and " ON CONFLICT " not in column.definition


def _operation(table: Table) -> ops.CreateTableOp | None:
    """None where there is no plain operation for it."""
    usual = all(found.kind in (PRIMARY_KEY, FOREIGN_KEY) for found in table.constraints)
    if table.options or not usual or not all(map(is_plain, table.columns)):
        return None
    items: list[SchemaItem] = [sql_column(column) for column in table.columns]
    for found in table.constraints:
        on_delete = found.definition.partition(" ON DELETE ")[2]
        if found.kind == FOREIGN_KEY and on_delete in _ACTIONS and _is_pointed(found):
            items.append(_sql_key(found, on_delete))
        elif found.kind == PRIMARY_KEY and not found.named:
            items.append(sqlalchemy.PrimaryKeyConstraint(*found.columns))
        else:
            return None
    return ops.CreateTableOp(table.name, items)


def _is_pointed(key: Constraint) -> bool:
    """Whether SQLAlchemy can say what it points to: a name with a dot it would take apart."""
    return bool(key.target_columns) and "." not in "".join((key.target, *key.target_columns))


def _sql_key(found: Constraint, on_delete: str) -> sqlalchemy.ForeignKeyConstraint:
    return sqlalchemy.ForeignKeyConstraint(
        list(found.columns),
        [f"{found.target}.{column}" for column in found.target_columns],
        name=found.name or None,
        ondelete=on_delete or None,
    )
