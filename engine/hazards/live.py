"""Questions to the live database, read-only and limited in time. What it does not answer stays unknown."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from miger.engine.errors import MigerError, StatementError, UnreachableError
from miger.engine.hazards.changes import Name, literal, quote, quote_table

Ask = Callable[[str, float], list[tuple[Any, ...]]]

SECONDS = 2.0  # for one question
BUDGET = 15.0  # for all of a plan's
EXAMPLES = 3

_COLUMNS = {
    "sqlite": 'SELECT name, type, "notnull", pk FROM pragma_table_xinfo({name}{schema})',
    "postgresql": (
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, coalesce((SELECT "
        "array_position(i.indkey::int[], a.attnum::int) + 1 FROM pg_catalog.pg_index i "
        "WHERE i.indrelid = a.attrelid AND i.indisprimary), 0) FROM pg_catalog.pg_attribute a "
        "JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'm', 'f') "
        "WHERE a.attrelid = to_regclass({path}) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum"
    ),
    "mysql": (
        "SELECT c.column_name, c.column_type, c.is_nullable = 'NO', IF(c.column_key = 'PRI', 1, 0) "
        "FROM information_schema.columns c JOIN information_schema.tables t ON t.table_schema = c.table_schema "
        "AND t.table_name = c.table_name AND t.table_type <> 'VIEW' "
        "WHERE c.table_schema = {schema} AND c.table_name = {name} ORDER BY c.ordinal_position"
    ),
}


class Column(NamedTuple):
    """A column as it is now; `key` is its place in the primary key (from 1; 0: none)."""

    type: str
    not_null: bool
    key: int


class Live:
    """What a database says of its tables and their rows, each asked once."""

    def __init__(self, ask: Ask, dialect: str, seconds: float = SECONDS, budget: float = BUDGET) -> None:
        self.dialect = "mysql" if dialect == "mariadb" else dialect
        self._ask = ask
        self._seconds = seconds
        self._until = time.monotonic() + budget
        self._answers: dict[str, list[tuple[Any, ...]] | None] = {}
        self._columns: dict[Name, dict[str, Column] | None] = {}
        self._locked: set[Name] = set()  # by others; they are not asked about again
        self.reasons: dict[str, None] = {}  # why something stayed unknown

    def rows_of(self, sql: str, table: Name | None = None) -> list[tuple[Any, ...]] | None:
        """The answer to a question, None where there is none; `table` is the one that it reads."""
        if sql not in self._answers:
            self._answers[sql] = self._answer(sql, table)
        return self._answers[sql]

    def _answer(self, sql: str, table: Name | None) -> list[tuple[Any, ...]] | None:
        if table in self._locked:
            return None
        left = self._until - time.monotonic()
        if left <= 0:
            self.reasons.setdefault("there was no time left for more questions to the database")
            return None
        try:
            return self._ask(sql, min(self._seconds, left))
        except UnreachableError:
            raise
        except StatementError as error:
            if error.disconnected:
                raise
            if error.retryable and table is not None:
                self._locked.add(table)
            self.reasons.setdefault(f"the database gave no answer: {error.message}")
            return None
        except MigerError as error:
            self.reasons.setdefault(error.message)
            return None

    def number(self, sql: str, table: Name | None = None) -> int | None:
        """The single number that answers a question."""
        rows = self.rows_of(sql, table)
        return int(rows[0][0]) if rows and rows[0][0] is not None else None

    # Tables

    def columns(self, table: Name) -> dict[str, Column] | None:
        """The columns of a table by name in lower case; empty where it does not exist, None where nobody knows."""
        if table not in self._columns:
            rows = self.rows_of(self._columns_question(table))
            self._columns[table] = (
                None
                if rows is None
                else {str(name).lower(): Column(str(kind), bool(strict), int(key)) for name, kind, strict, key in rows}
            )
        return self._columns[table]

    def _columns_question(self, table: Name) -> str:
        schema = literal(self.dialect, table.schema)
        if self.dialect == "sqlite":
            schema = f", {schema}" if table.schema else ""
        elif not table.schema:
            schema = "DATABASE()"
        path = literal(self.dialect, quote_table(self.dialect, table))
        return _COLUMNS[self.dialect].format(name=literal(self.dialect, table.name), schema=schema, path=path)

    def column(self, table: Name, name: str) -> Column | None:
        """One column, None where it is not there or not known."""
        return (self.columns(table) or {}).get(name.lower())

    def exists(self, table: Name) -> bool | None:
        """Whether there is such a table; None where nobody knows."""
        columns = self.columns(table)
        return None if columns is None else bool(columns)

    def rows(self, table: Name, most: int) -> int | None:
        """How many rows there are, `most` meaning as many or more; cheap, also for a large table."""
        if not self.exists(table):
            return None
        return self.number(f"SELECT count(*) FROM (SELECT 1 FROM {self.quoted(table)} LIMIT {most}) AS few", table)

    def all_rows(self, table: Name) -> int | None:
        """How many rows there are."""
        return self.number(f"SELECT count(*) FROM {self.quoted(table)}", table) if self.exists(table) else None

    def values(self, table: Name, column: str) -> int | None:
        """How many values other than NULL a column holds."""
        if self.column(table, column) is None:
            return None
        return self.number(f"SELECT count({self.of(column)}) FROM {self.quoted(table)} AS t", table)

    def count(self, table: Name, condition: str) -> int | None:
        """How many rows of a table, called `t`, a condition holds for."""
        return self.number(f"SELECT count(*) FROM {self.quoted(table)} AS t WHERE {condition}", table)

    def examples(self, table: Name, expression: str, condition: str) -> list[str]:
        """A few different values for which a condition holds."""
        sql = (
            f"SELECT DISTINCT {expression} FROM {self.quoted(table)} AS t WHERE {condition} ORDER BY 1 LIMIT {EXAMPLES}"
        )
        return [_shown(value) for (value,) in self.rows_of(sql, table) or ()]

    # Text

    def quoted(self, table: Name) -> str:
        """A table's name for a statement."""
        return quote_table(self.dialect, table)

    def of(self, column: str) -> str:
        """A column of the table called `t`. Without that, SQLite takes an unknown name for a text."""
        return f"t.{quote(self.dialect, column)}"

    def all_of(self, columns: Sequence[str]) -> str:
        """Several columns."""
        return ", ".join(self.of(column) for column in columns)


def _shown(value: object) -> str:
    text = str(value)
    return f"'{text[:39]}…'" if len(text) > 40 else f"'{text}'"
