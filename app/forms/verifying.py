"""Queries that tell whether a change is there: what `verify` asks.

A query with a column `ok` says so by its value; another one is refused by the database where something is missing.
"""

from __future__ import annotations

import re

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
from miger.forms.shapes import TableShape
from miger.forms.steps import Names
from miger.forms.types import taken_apart

# As PostgreSQL's format_type() calls them.
_SHOWN = {"varchar": "character varying", "char": "character"}
_SIMPLE = re.compile(r"\d+(?:\.\d+)?|'[^'\\]*'")


def queries_of(change: Change, table: TableShape | None, dialect: str) -> tuple[str, ...]:
    """The queries that hold once `change` has been made; `table` is how its table was before."""
    ask = Queries(dialect, change.schema)
    match change:
        case AddColumn():
            return (ask.reads(change.table, [change.column.name]),)
        case RenameColumn():
            return (ask.reads(change.table, [change.new_name]),)
        case DropColumn():
            return (ask.no_column(change.table, change.column),)
        case AlterColumn():
            return ask.altered(change)
        case CreateTable():
            return (ask.reads(change.table, [column.name for column in change.columns]),)
        case RenameTable():
            return (ask.reads(change.new_name, [column.name for column in table.columns] if table else []),)
        case DropTable():
            return (ask.no_table(change.table),)
        case CreateIndex():
            return (ask.index(change.table, change.name, there=True),)
        case DropIndex():
            return (ask.index(change.table, change.name, there=False),)
        case AddForeignKey():
            return (ask.key(change.table, change.name, change.columns, change.target, there=True),)
        case DropForeignKey():
            key = table.foreign_key_named(change.name) if table is not None else None
            assert key is not None  # see `change_problems`
            return (ask.key(change.table, key.name, key.columns, key.target, there=False),)


class Queries:
    """Questions to the catalog of one kind of database."""

    def __init__(self, dialect: str, schema: str | None) -> None:
        self._names = Names(dialect)
        self._dialect = dialect
        self._schema = schema

    def reads(self, table: str, columns: list[str]) -> str:
        """A query that only a table with these columns answers."""
        listed = self._names.names(columns) or "1"
        return f"SELECT {listed} FROM {self._names.table(table, self._schema)} LIMIT 0"

    def no_table(self, table: str) -> str:
        """Whether there is no such table."""
        value = self._names.value(table)
        if self._dialect == "sqlite":
            return f"SELECT count(*) = 0 AS ok FROM sqlite_master WHERE type = 'table' AND name = {value}"
        return (
            "SELECT count(*) = 0 AS ok FROM information_schema.tables "
            f"WHERE table_schema = {self._home} AND table_name = {value}"
        )

    def no_column(self, table: str, column: str) -> str:
        """Whether the table has no such column."""
        return f"SELECT count(*) = 0 AS ok {self._column(table, column)}"

    def altered(self, change: AlterColumn) -> tuple[str, ...]:
        """Whether a column is as it should have become."""
        conditions = []
        if change.type is not None:
            conditions += self._of_type(change.type)
        if change.nullable is not None:
            conditions.append(self._nullable(change.nullable))
        if change.default is not None or change.drop_default:
            conditions += self._default(change.default)
        listed = "".join(f" AND {condition}" for condition in conditions)
        return (f"SELECT count(*) = 1 AS ok {self._column(change.table, change.column)}{listed}",)

    def _column(self, table: str, column: str) -> str:
        if self._dialect == "sqlite":
            return f"FROM pragma_table_info({self._names.value(table)}) WHERE name = {self._names.value(column)}"
        if self._dialect == "postgresql":
            name = self._names.value(column)
            return f"FROM pg_attribute WHERE {self._relation(table)} AND attname = {name} AND attnum > 0"
        return (
            f"FROM information_schema.columns WHERE table_schema = {self._home} "
            f"AND table_name = {self._names.value(table)} AND column_name = {self._names.value(column)}"
        )

    def _relation(self, table: str, column: str = "attrelid") -> str:
        return f"{column} = {self._names.value(self._names.table(table, self._schema))}::regclass"

    @property
    def _home(self) -> str:
        if self._schema is not None:
            return self._names.value(self._schema)
        return "current_schema()" if self._dialect == "postgresql" else "DATABASE()"

    def _of_type(self, type_: str) -> list[str]:
        name, numbers, more = taken_apart(type_, self._dialect)
        if self._dialect == "sqlite":
            return [f"lower(type) = {self._names.value(' '.join(type_.lower().split()))}"]
        if more:
            return []  # its spelling in the catalog is not known
        brackets = f"({numbers})" if numbers else ""
        if self._dialect == "postgresql":
            if name in ("numeric", "varchar", "char") or not numbers:
                shown = f"{_SHOWN.get(name, name)}{brackets}"
                return [f"atttypid = {self._names.value(shown)}::regtype", *self._with_numbers(name, shown, numbers)]
            return []
        stored = {"numeric": "decimal", "integer": "int", "boolean": "tinyint"}.get(name, name)
        found = [f"data_type = {self._names.value(stored)}"]
        if numbers and name in ("varchar", "char", "numeric"):
            text = f"{stored}({numbers if ',' in numbers or name != 'numeric' else numbers + ',0'})"
            found.append(f"column_type = {self._names.value(text)}")
        return found

    def _with_numbers(self, name: str, shown: str, numbers: str) -> list[str]:
        if not numbers:
            return []
        if name == "numeric" and "," not in numbers:
            shown = f"numeric({numbers},0)"
        return [f"format_type(atttypid, atttypmod) = {self._names.value(shown)}"]

    def _nullable(self, nullable: bool) -> str:
        if self._dialect == "sqlite":
            return f'"notnull" = {int(not nullable)}'
        if self._dialect == "postgresql":
            return "NOT attnotnull" if nullable else "attnotnull"
        return f"is_nullable = '{'YES' if nullable else 'NO'}'"

    def _default(self, default: str | None) -> list[str]:
        """A plain number or string has to be the very one; of what is computed only that there is something."""
        simple = _SIMPLE.fullmatch(default.strip()) if default is not None else None
        if self._dialect == "postgresql":
            shown = "(SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum)"
            same = [f"split_part({shown}, '::', 1) = {self._names.value(simple[0])}"] if simple is not None else []
            return ["NOT atthasdef"] if default is None else same or ["atthasdef"]
        if self._dialect == "sqlite":
            return [f"dflt_value = {self._names.value(default.strip())}" if default else "dflt_value IS NULL"]
        # MariaDB says 'NULL', in words, of a column that may be NULL and has no default, and quotes strings.
        if simple is not None:
            return [f"trim(BOTH '''' FROM column_default) = {self._names.value(simple[0].strip(chr(39)))}"]
        return [f"coalesce(column_default, 'NULL') {'=' if default is None else '<>'} 'NULL'"]

    def index(self, table: str, name: str, *, there: bool) -> str:
        """Whether there is an index of that name, ready for use; or none."""
        wanted, value = int(there), self._names.value(name)
        if self._dialect == "sqlite":
            return f"SELECT count(*) = {wanted} AS ok FROM sqlite_master WHERE type = 'index' AND name = {value}"
        if self._dialect == "postgresql":
            valid = " AND indisvalid" if there else ""
            return (
                f"SELECT count(*) = {wanted} AS ok FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
                f"WHERE {self._relation(table, 'indrelid')} AND relname = {value}{valid}"
            )
        return (
            f"SELECT count(DISTINCT index_name) = {wanted} AS ok FROM information_schema.statistics "
            f"WHERE table_schema = {self._home} AND table_name = {self._names.value(table)} AND index_name = {value}"
        )

    def key(self, table: str, name: str, columns: tuple[str, ...], target: str, *, there: bool) -> str:
        """Whether there is a foreign key of that name (on SQLite: of these columns), or none."""
        wanted, value = int(there), self._names.value(name)
        if self._dialect == "sqlite":
            listed = ", ".join(map(self._names.value, columns))
            count = len(columns) if there else 0
            return (
                f"SELECT count(*) = {count} AS ok FROM pragma_foreign_key_list({self._names.value(table)}) "
                f'WHERE "table" = {self._names.value(target)} AND "from" IN ({listed})'
            )
        if self._dialect == "postgresql":
            return (
                f"SELECT count(*) = {wanted} AS ok FROM pg_constraint "
                f"WHERE {self._relation(table, 'conrelid')} AND conname = {value} AND contype = 'f'"
            )
        return (
            f"SELECT count(*) = {wanted} AS ok FROM information_schema.table_constraints "
            f"WHERE table_schema = {self._home} AND table_name = {self._names.value(table)} "
            f"AND constraint_name = {value} AND constraint_type = 'FOREIGN KEY'"
        )
