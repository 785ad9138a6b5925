"""From the calls of an SQL migration in Python to the changes they make: `execute`, and Alembic's operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from miger.engine.hazards import changes as c
from miger.engine.hazards.changes import Change, Name
from miger.engine.hazards.python_reading import Call, Made

BATCH = "batch_alter_table"
HARMLESS = frozenset("log progress step batches scalar scalars all one first fetchall fetchone mappings text".split())
_TYPES = {
    "biginteger": "bigint",
    "smallinteger": "smallint",
    "datetime": "timestamp",
    "string": "varchar",
    "unicode": "varchar",
    "unicodetext": "text",
}

Reader = Callable[[str, int], list[Change]]


def changes_of(call: Call, read_sql: Reader, rebuilds: bool) -> Iterator[Change]:
    """The changes of one call; `read_sql` reads SQL text. `rebuilds`: a batch makes the table anew, as on SQLite."""
    method = call.path[-1]
    if method == "execute":
        yield from _executed(call, read_sql)
        return
    if "op" not in call.path[:-1]:
        if method not in HARMLESS and not method.startswith(("(", "[")) and len(call.path) == 1:
            yield Change(c.UNKNOWN, Name(""))
        return
    table = _batch_table(call)
    if table is not None:
        found = list(_OPERATIONS[method](_Arguments(call, table))) if method in _OPERATIONS else []
        if rebuilds and any(change.action not in (c.ADD_COLUMN, c.CREATE_INDEX, c.DROP_INDEX) for change in found):
            yield Change(c.REBUILD, table, line=call.line)
        yield from found
    elif method in _OPERATIONS:
        yield from _OPERATIONS[method](_Arguments(call, None))


def _executed(call: Call, read_sql: Reader) -> Iterator[Change]:
    sql = call.arguments[0] if call.arguments else None
    if isinstance(sql, Made) and sql.name == "text" and sql.arguments:
        sql = sql.arguments[0]
    if isinstance(sql, str):
        yield from (change._replace(line=call.line) for change in read_sql(sql, call.line))
    else:
        yield Change(c.UNKNOWN, Name(""))


def _batch_table(call: Call) -> Name | None:
    """The table of the `batch_alter_table` that a call belongs to; without a name where that is not known."""
    if BATCH not in call.path[:-1]:
        return None
    after = call.path[call.path.index(BATCH) + 1]
    return Name(after[1:-1]) if after.startswith("(") else Name("")


class _Arguments:
    """A call's arguments by the names that Alembic gives them."""

    def __init__(self, call: Call, table: Name | None) -> None:
        self.call = call
        self.table = table

    def get(self, name: str, position: int) -> Any:
        """An argument, by name or by its place (that of the operation outside of a batch)."""
        if name in self.call.keywords:
            return self.call.keywords[name]
        return self.call.arguments[position] if 0 <= position < len(self.call.arguments) else None

    def text(self, name: str, position: int) -> str:
        """A text, "" where it is none or not known."""
        value = self.get(name, position)
        return value if isinstance(value, str) else ""

    def texts(self, name: str, position: int) -> tuple[str, ...]:
        """Several texts; none where one of them is not known."""
        value = self.get(name, position)
        known = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return tuple(value) if known else ()

    def target(self, name: str, position: int) -> Name:
        """The table: the batch's, or an argument."""
        return self.table or Name(self.text(name, position), self.text("schema", -1))

    def after_table(self, position: int) -> int:
        """The place of an argument that follows the table's, which a batch leaves out."""
        return position - 1 if self.table is not None else position

    def flag(self, name: str) -> bool:
        """Whether an option is switched on."""
        return self.call.keywords.get(name) is True

    def change(self, action: str, table: Name, **fields: Any) -> Iterator[Change]:
        """The change, unless its table is not known."""
        if table.name:
            yield Change(action, table, line=self.call.line, **fields)


def _drop_column(a: _Arguments) -> Iterator[Change]:
    column = a.text("column_name", a.after_table(1))
    return a.change(c.DROP_COLUMN, a.target("table_name", 0), column=column) if column else iter(())


def _add_column(a: _Arguments) -> Iterator[Change]:
    column = a.get("column", a.after_table(1))
    if not isinstance(column, Made) or not column.arguments or not isinstance(column.arguments[0], str):
        return iter(())
    flags = {c.NOT_NULL} if column.keywords.get("nullable") is False else set()
    default = column.keywords.get("server_default")
    flags |= {c.DEFAULT} if default is not None else set()
    type_ = _type(column.arguments[1]) if len(column.arguments) > 1 else ""
    return a.change(
        c.ADD_COLUMN, a.target("table_name", 0), column=column.arguments[0], type=type_, flags=frozenset(flags)
    )


def _alter_column(a: _Arguments) -> Iterator[Change]:
    table, column = a.target("table_name", 0), a.text("column_name", a.after_table(1))
    if not column:
        return
    type_ = a.call.keywords.get("type_")
    if type_ is not None:
        using = a.text("postgresql_using", -1)
        yield from a.change(c.ALTER_TYPE, table, column=column, type=_type(type_), expression=using)
    if a.call.keywords.get("nullable") is False and a.call.keywords.get("existing_nullable") is not False:
        yield from a.change(c.SET_NOT_NULL, table, column=column)
    if a.call.keywords.get("nullable") is True and a.call.keywords.get("existing_nullable") is not True:
        yield from a.change(c.DROP_NOT_NULL, table, column=column)
    if to := a.text("new_column_name", -1):
        yield from a.change(c.RENAME_COLUMN, table, column=column, to=to)


def _create_index(a: _Arguments) -> Iterator[Change]:
    flags = {c.UNIQUE} if a.flag("unique") else set()
    flags |= {c.CONCURRENTLY} if a.flag("postgresql_concurrently") else set()
    partial = any(name.endswith("_where") for name in a.call.keywords)
    columns = () if partial else a.texts("columns", a.after_table(2))
    to = a.text("index_name", 0)
    return a.change(c.CREATE_INDEX, a.target("table_name", 1), columns=columns, to=to, flags=frozenset(flags))


def _drop_index(a: _Arguments) -> Iterator[Change]:
    table = a.table or Name(a.text("table_name", 1))
    index = Name(a.text("index_name", 0), a.text("schema", -1))
    return a.change(c.DROP_INDEX, index, other=table if table.name else None)


def _foreign_key(a: _Arguments) -> Iterator[Change]:
    flags = frozenset({c.NOT_VALID}) if a.flag("postgresql_not_valid") else frozenset()
    other = Name(a.text("referent_table", a.after_table(2)), a.text("referent_schema", -1))
    table = a.table or Name(a.text("source_table", 1), a.text("source_schema", -1))
    if not other.name:
        return iter(())
    return a.change(
        c.ADD_FOREIGN_KEY,
        table,
        columns=a.texts("local_cols", a.after_table(3)),
        other=other,
        other_columns=a.texts("remote_cols", a.after_table(4)),
        flags=flags,
    )


def _rename_table(a: _Arguments) -> Iterator[Change]:
    other = Name(a.text("new_table_name", 1), a.text("schema", -1))
    return a.change(c.RENAME_TABLE, a.target("old_table_name", 0), other=other) if other.name else iter(())


_OPERATIONS: dict[str, Callable[[_Arguments], Iterator[Change]]] = {
    "drop_table": lambda a: a.change(c.DROP_TABLE, a.target("table_name", 0)),
    "create_table": lambda a: a.change(c.CREATE_TABLE, a.target("table_name", 0)),
    "bulk_insert": lambda a: iter([Change(c.UNKNOWN, Name(""))]),
    "rename_table": _rename_table,
    "drop_column": _drop_column,
    "add_column": _add_column,
    "alter_column": _alter_column,
    "create_index": _create_index,
    "drop_index": _drop_index,
    "create_unique_constraint": lambda a: a.change(
        c.ADD_UNIQUE, a.target("table_name", 1), columns=a.texts("columns", a.after_table(2))
    ),
    "create_primary_key": lambda a: a.change(
        c.ADD_PRIMARY_KEY, a.target("table_name", 1), columns=a.texts("columns", a.after_table(2))
    ),
    "create_check_constraint": lambda a: a.change(
        c.ADD_CHECK, a.target("table_name", 1), expression=a.text("condition", a.after_table(2))
    ),
    "create_foreign_key": _foreign_key,
}


def _type(value: Any) -> str:
    if not isinstance(value, Made):
        return ""
    name = _TYPES.get(value.name.lower(), value.name.lower())
    sizes = [str(argument) for argument in value.arguments if isinstance(argument, int)]
    sizes += [str(value.keywords["length"])] if isinstance(value.keywords.get("length"), int) else []
    if name == "varchar" and not sizes:
        return "text"
    return f"{name}({', '.join(sizes)})" if sizes else name
