"""What a plan loses: rows, values, indexes, views, schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miger.engine.hazards import changes as c
from miger.engine.hazards.changes import Act, Change, Name, literal, quote, subject
from miger.engine.hazards.facts import Facts
from miger.engine.hazards.values import ERROR, INFO, NOT_ASKED, WARNING, Finding, Rule
from miger.engine.words import counted

RULES = (
    Rule("drop-table", "Rename the table first, and drop it once a backup is made and nobody has missed it."),
    Rule("drop-column", "Stop using the column in one release, keep a copy of its values, and drop it in a later one."),
    Rule("drop-index", "Make the index that takes its place first, and look whether any query still uses the old one."),
    Rule("drop-view", "Change the clients that read the view first, or replace it with CREATE OR REPLACE VIEW."),
    Rule("drop-partition", "Exchange the partition with an empty table first, and drop that once nobody misses it."),
    Rule("drop-cascade", "Leave CASCADE out, see what the database names, and drop that by its name."),
    Rule("drop-schema", "Move or drop its tables one by one, so that each loss is seen by itself."),
    Rule("drop-database", "Take it out of the migration: a database is dropped by hand, after a backup."),
    Rule("truncate", "Copy the rows to another table first, or delete only those that are meant."),
    Rule("delete-without-where", "Name the rows that are meant in a WHERE, or keep a copy of the table."),
    Rule(
        "update-without-where",
        "Name the rows that are meant in a WHERE, or write to a new column and keep the old values.",
    ),
)


def find(act: Act, facts: Facts) -> Iterator[Finding]:
    """The hazards of one change."""
    change, table = act.change, act.change.table
    match change.action:
        case c.DROP_TABLE if _is_scratch(act) and facts.concerns(table):
            why = f"what table {table} still holds is lost: it is made anew, used and gone again in this migration"
            yield Finding("drop-table", INFO, str(table), why)
        case c.DROP_TABLE | c.TRUNCATE | c.DELETE_ALL if facts.concerns(table):
            yield _rows_lost(change, facts)
        case c.DROP_COLUMN if facts.concerns(table):
            yield from _values_lost(table, change.column, facts)
        case c.REBUILD:
            for column in change.columns:
                yield from _values_lost(table, column, facts)
        case c.UPDATE_ALL if facts.concerns(table):
            yield from _overwritten(change, facts)
        case c.DROP_INDEX if not facts.is_new_object("index", table) and not _of_new_table(change, facts):
            yield from _index_lost(act, facts)
        case c.DROP_VIEW if not facts.is_new_object("view", table) and not _made_again(act):
            yield Finding("drop-view", WARNING, str(table), f"clients that read view {table} fail once it is gone")
        case c.DROP_PARTITION if facts.concerns(table):
            yield from _partitions_lost(change, facts)
        case c.DROP_CASCADE if change.expression == "OWNED":
            why = f"all that {table} owns in this database goes, tables with their rows, unnamed"
            yield Finding("drop-cascade", WARNING if facts.live is None else ERROR, str(table), why)
        case c.DROP_CASCADE:
            kind, loss = change.expression.lower(), _WITH_IT.get(change.expression, "views and all else that use it")
            yield Finding("drop-cascade", WARNING, str(table), f"CASCADE drops with {kind} {table} {loss}, unnamed")
        case c.DROP_SCHEMA:
            yield from _schema_lost(table.name, facts)
        case c.DROP_DATABASE:
            yield from _database_lost(table.name, facts)


_WITH_IT = {
    "TYPE": "all columns of the type, with their values",
    "DOMAIN": "all columns of the domain, with their values",
    "EXTENSION": "all that is of its types, with the values",
    "SEQUENCE": "the defaults of columns that use it",
    "FUNCTION": "triggers, indexes, views and checks that use it",
}
_HOW = {
    c.DROP_TABLE: ("drop-table", "the drop"),
    c.TRUNCATE: ("truncate", "TRUNCATE"),
    c.DELETE_ALL: ("delete-without-where", "a DELETE without WHERE"),
}


def _is_scratch(act: Act) -> bool:
    """Whether a table that may be left over is dropped, made, and dropped or given another name once it was used."""
    if c.IF_EXISTS not in act.change.flags:
        return False
    made = False
    for later in act.later:
        if not later.table.fits(act.change.table):
            continue
        if made and later.action in (c.DROP_TABLE, c.RENAME_TABLE):
            return True
        made = made or later.action == c.CREATE_TABLE
    return False


def _rows_lost(change: Change, facts: Facts) -> Finding:
    code, how = _HOW[change.action]
    table, name = change.table, str(change.table)
    bookkeeping = change.action == c.DELETE_ALL and _is_version(table)
    if facts.live is None:
        severity = INFO if bookkeeping else WARNING
        return Finding(code, severity, name, f"{how} loses all rows of table {name} ({NOT_ASKED})")
    now = facts.now(table)
    rows = facts.live.all_rows(now)
    if rows == 1 and bookkeeping:
        return Finding(code, INFO, name, f"{how} loses the row of table {name}")
    if rows is None and facts.live.rows(now, 1):
        return Finding(code, ERROR, name, f"table {name} holds more rows than could be counted, and {how} loses them")
    if rows is None:
        return Finding(code, ERROR, name, f"{how} loses all rows of table {name}, which could not be counted")
    if rows == 0:
        return Finding(code, INFO, name, f"table {name} is empty, so that {how} loses nothing")
    return Finding(code, ERROR, name, f"table {name} holds {counted(rows, 'row')} that {how} loses")


def _partitions_lost(change: Change, facts: Facts) -> Iterator[Finding]:
    which, code = subject(change.table, *change.columns), "drop-partition"
    if facts.live is None:
        yield Finding(code, WARNING, which, f"all rows of partition {which} are lost ({NOT_ASKED})")
        return
    now = facts.now(change.table)
    partitions = ", ".join(quote(facts.dialect, name) for name in change.columns)
    rows = facts.live.number(f"SELECT count(*) FROM {facts.live.quoted(now)} PARTITION ({partitions})", now)
    if rows is None:
        yield Finding(code, ERROR, which, f"all rows of partition {which} are lost, which could not be counted")
    elif rows:
        yield Finding(code, ERROR, which, f"partition {which} holds {counted(rows, 'row')} that are lost")
    else:
        yield Finding(code, INFO, which, f"partition {which} is empty, so that nothing is lost")


def _values_lost(table: Name, column: str, facts: Facts) -> Iterator[Finding]:
    if facts.is_new_column(table, column):
        return
    code, name = "drop-column", subject(table, column)
    if facts.live is None:
        yield Finding(code, WARNING, name, f"the drop loses all values of column {name} ({NOT_ASKED})")
        return
    now, column_now = facts.now(table), facts.column_now(table, column)
    columns = facts.live.columns(now)
    if columns is not None and column_now.lower() not in columns:
        return
    values = facts.live.values(now, column_now)
    if values is None:
        yield Finding(code, ERROR, name, f"the drop loses all values of column {name}, which could not be counted")
    elif values == 0:
        yield Finding(code, INFO, name, f"column {name} holds no value, so that the drop loses nothing")
    else:
        yield Finding(code, ERROR, name, f"column {name} holds {counted(values, 'value')} that the drop loses")


def _overwritten(change: Change, facts: Facts) -> Iterator[Finding]:
    table, code = change.table, "update-without-where"
    old = [column for column in change.columns if not facts.is_new_column(table, column)]
    if not old:
        return
    name = subject(table, *old)
    if facts.live is None:
        severity = INFO if _is_version(table) else WARNING
        yield Finding(code, severity, name, f"an UPDATE without WHERE overwrites all values of {name} ({NOT_ASKED})")
        return
    values = [facts.live.values(facts.now(table), column) for column in old]
    most = max((count for count in values if count is not None), default=0)
    if most:
        # One row: no WHERE is needed to say which.
        severity = INFO if most == 1 and facts.live.all_rows(facts.now(table)) == 1 else WARNING
        yield Finding(code, severity, name, f"an UPDATE without WHERE overwrites {counted(most, 'value')} of {name}")


def _index_lost(act: Act, facts: Facts) -> Iterator[Finding]:
    """An index that is made anew under its name is none that is lost."""
    index = act.change.table
    if any(later.action == c.CREATE_INDEX for later in act.later):
        return
    why = f"queries that use index {index.name} read the whole table once it is gone"
    if facts.dialect == "postgresql" and c.CONCURRENTLY not in act.change.flags:
        why += "; everyone waits while the drop waits for its lock, unless it is CONCURRENTLY"
    yield Finding("drop-index", WARNING, str(index), why)


def _is_version(table: Name) -> bool:
    """Whether it is a table of one row that says which version of the schema there is."""
    return re.search(r"(?i)(?:^|_)(?:schema_?|db_?)?version$", table.name) is not None


def _of_new_table(change: Change, facts: Facts) -> bool:
    return change.other is not None and facts.is_new(change.other)


def _made_again(act: Act) -> bool:
    return any(later.action == c.CREATE_VIEW and later.table.fits(act.change.table) for later in act.later)


def _schema_lost(name: str, facts: Facts) -> Iterator[Finding]:
    if facts.live is None:
        yield Finding("drop-schema", WARNING, name, f"the drop loses all that is in schema {name} ({NOT_ASKED})")
        return
    quoted = literal(facts.dialect, name)
    found = facts.live.rows_of(
        "SELECT count(c.oid) FROM pg_catalog.pg_namespace n LEFT JOIN pg_catalog.pg_class c "
        f"ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'm') WHERE n.nspname = {quoted} GROUP BY n.oid"
    )
    if found is None:
        yield Finding(
            "drop-schema", ERROR, name, f"the drop loses all that is in schema {name}, which could not be asked"
        )
    elif found and found[0][0]:
        tables = counted(int(found[0][0]), "table")
        yield Finding("drop-schema", ERROR, name, f"schema {name} holds {tables} that go with it, if it can be dropped")
    elif found:
        yield Finding("drop-schema", INFO, name, f"schema {name} holds no table, so that the drop loses no rows")


def _database_lost(name: str, facts: Facts) -> Iterator[Finding]:
    if facts.live is None:
        yield Finding("drop-database", WARNING, name, f"the drop loses all that is in database {name} ({NOT_ASKED})")
        return
    quoted = literal(facts.dialect, name)
    catalog = {
        "postgresql": f"SELECT 1 FROM pg_catalog.pg_database WHERE datname = {quoted}",
        "mysql": f"SELECT 1 FROM information_schema.schemata WHERE schema_name = {quoted}",
    }.get(facts.dialect)
    if catalog is None or facts.live.rows_of(catalog) == []:
        return
    yield Finding("drop-database", ERROR, name, f"database {name} and all that is in it are lost")
