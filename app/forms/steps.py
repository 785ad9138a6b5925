"""What a change consists of: operations of Alembic, SQL of our own, and remarks, in their order."""

from __future__ import annotations

import functools
import io
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy
from alembic.migration import MigrationContext
from alembic.operations import Operations, ops

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Dialect


class Sql(NamedTuple):
    """A statement, without the semicolon."""

    text: str


class Remark(NamedTuple):
    """A comment for those who read the file."""

    text: str


class Fill(NamedTuple):
    """New values in the rows of a table: `values` as behind SET, `where` as behind WHERE.

    In Python it goes by batches where `key` names the column of the primary key, or another unique one.
    """

    table: str
    values: str
    where: str | None = None
    schema: str | None = None
    key: str = ""


Step = ops.MigrateOperation | Sql | Remark | Fill


class Steps(NamedTuple):
    """Both ways of a change."""

    up: tuple[Step, ...]
    down: tuple[Step, ...]
    transaction: bool = True


@functools.cache
def dialect_of(name: str) -> Dialect:
    """How a database writes names and statements. Percent signs and colons stand for themselves."""
    made: Dialect = MigrationContext.configure(dialect_name=name, dialect_opts={"paramstyle": "named"}).dialect
    return made


def sql_of(operation: ops.MigrateOperation, dialect: str) -> str:
    """The statements of an operation, each with its semicolon, as Alembic writes them."""
    buffer = io.StringIO()
    context = MigrationContext.configure(dialect=dialect_of(dialect), opts={"as_sql": True, "output_buffer": buffer})
    Operations(context).invoke(operation)
    lines = buffer.getvalue().strip().split("\n")
    return "\n".join(line.rstrip() for line in lines)


def expression(text: str) -> sqlalchemy.TextClause:
    """SQL as it is: no colon in it begins a parameter."""
    return sqlalchemy.text(text.replace(":", "\\:"))


class Names:
    """Quotes what names and values are, in one dialect."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self._preparer: Any = dialect_of(dialect).identifier_preparer

    def name(self, name: str) -> str:
        """A name, in quotes where it needs them."""
        return str(self._preparer.quote(name))

    def names(self, names: Sequence[str]) -> str:
        """Several, with commas."""
        return ", ".join(map(self.name, names))

    def table(self, name: str, schema: str | None = None) -> str:
        """A table, with its schema if given."""
        return self.name(name) if schema is None else f"{self.name(schema)}.{self.name(name)}"

    def value(self, text: str) -> str:
        """A string as a literal."""
        if self.dialect == "mysql":
            text = text.replace("\\", "\\\\")
        return "'" + text.replace("'", "''") + "'"
