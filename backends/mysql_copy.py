"""Copying a MySQL database's schema, and some of its rows, into another database of the same server.

The server itself writes the definitions (SHOW CREATE …), and rows go from one database to the other by
INSERT … SELECT, so that none comes through here. Under READ COMMITTED that locks no row of the original.
Definers are not copied: what is copied belongs to who copies it. Definitions that need each other are tried
until nothing more succeeds.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from miger.backends.mysql_catalog import FOREIGN_KEYS, quoted
from miger.backends.mysql_guard import reaches_out, renamed
from miger.engine.errors import RefusedError, StatementError

if TYPE_CHECKING:
    from miger.backends.mysql import MysqlBackend

# So that definitions are written alike, and what is in the original is taken as it is (dates of zeros,
# numbers of 0 in an AUTO_INCREMENT column). Who holds a table locked is not waited for.
SETTINGS = (
    "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION', foreign_key_checks = 0, "
    "sql_quote_show_create = 1, lock_wait_timeout = 1, innodb_lock_wait_timeout = 1"
)
WHERE_ALLOWED = ("SET check_constraint_checks = 0", "SET innodb_strict_mode = 0")
LOCK_WAIT = "1205"

# Others may stand for tables elsewhere (FEDERATED, CONNECT, SPIDER), which a rehearsal must not touch.
ENGINES = frozenset({"innodb", "myisam", "aria", "memory", "archive", "csv", "blackhole", "rocksdb", "ndbcluster"})

TABLES = (
    "SELECT table_name, table_type, COALESCE(engine, '') FROM information_schema.tables "
    "WHERE table_schema = DATABASE() ORDER BY table_name"
)
COLUMNS = (
    "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE() "
    "AND extra NOT LIKE '%VIRTUAL GENERATED%' AND extra NOT LIKE '%STORED GENERATED%' "
    "AND extra NOT LIKE '%PERSISTENT%' ORDER BY table_name, ordinal_position"
)
KEYS = (
    "SELECT table_name, column_name FROM information_schema.statistics WHERE table_schema = DATABASE() "
    "AND index_name = 'PRIMARY' ORDER BY table_name, seq_in_index"
)
ROUTINES = (
    "SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = DATABASE() "
    "ORDER BY routine_type, routine_name"
)
TRIGGERS = (
    "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE() "
    "ORDER BY event_object_table, action_timing, event_manipulation, action_order"
)
EVENTS = "SELECT event_name FROM information_schema.events WHERE event_schema = DATABASE() ORDER BY event_name"

_NAME = r"`(?:[^`]|``)*`"
DEFINER = re.compile(rf"\ADEFINER={_NAME}(?:@{_NAME})? |(?<= )DEFINER={_NAME}(?:@{_NAME})? ")
ENABLED = re.compile(r"(\bON COMPLETION (?:NOT )?PRESERVE) (?:ENABLE|DISABLE(?: ON (?:SLAVE|REPLICA))?)\b")
ELSEWHERE = re.compile(rf",\n +CONSTRAINT [^\n]* REFERENCES {_NAME}\.{_NAME} [^\n]*?(?=,?\n)")


class _Definition(NamedTuple):
    """An object (`view names`), what makes it, and the settings that this needs."""

    object: str
    sql: str
    settings: str = ""


class _Reference(NamedTuple):
    """A foreign key: each column of the child with that of the parent."""

    child: str
    parent: str
    columns: list[tuple[str, str]]


class Copying:
    """One copying, from the database of `source` to that of `target`, each on a connection of its own.

    `others` are the names of all databases but these two, in lower case. `failed` is what could not be
    copied, each with the reason.
    """

    def __init__(self, source: MysqlBackend, target: MysqlBackend, others: Collection[str]) -> None:
        self.failed: list[str] = []
        self._source = source
        self._target = target
        self._others = others
        [(self._original,)] = source._query("SELECT DATABASE()")
        [(self._copy,)] = target._query("SELECT DATABASE()")

    def copy(self, rows: int) -> None:
        """Copies the schema, and up to `rows` rows of each table with those that they refer to.

        Raises RefusedError where somebody holds a table locked.
        """
        for backend in (self._source, self._target):
            backend._change(SETTINGS)
            for setting in WHERE_ALLOWED:
                with contextlib.suppress(StatementError):
                    backend._change(setting)
        found = [row for row in self._source._query(TABLES) if row[0] not in self._source.tables.names]
        sequences = [name for name, kind, _ in found if kind == "SEQUENCE"]
        tables = list(self._tables(found))
        self._define(self._shown("SEQUENCE", sequences, 1))
        self._define(self._shown("TABLE", tables, 1))
        there = {name for (name,) in self._target._query("SHOW TABLES")}
        for name in there.intersection(sequences):
            self._try(f"value of sequence {name}", lambda: self._set_sequence(name))  # noqa: B023 (called at once)
        self._rows([name for name in tables if name in there], rows)
        for kind, name in self._source._query(ROUTINES):
            self._define(self._shown(kind, [name], 2, mode=1))
        self._define(self._shown("VIEW", [name for name, kind, _ in found if "VIEW" in kind], 1))
        self._define(self._shown("TRIGGER", [name for (name,) in self._source._query(TRIGGERS)], 2, mode=1))
        self._define(self._shown("EVENT", [name for (name,) in self._source._query(EVENTS)], 3, mode=1))

    def _tables(self, found: Sequence[tuple[str, str, str]]) -> Iterator[str]:
        for name, kind, engine in found:
            if "VIEW" in kind or kind == "SEQUENCE":
                continue
            if engine.lower() in ENGINES:
                yield name
            else:
                self.failed.append(f"table {name}: its engine {engine or '(unknown)'} may stand for a table elsewhere")

    # Definitions

    def _shown(self, kind: str, names: Sequence[str], column: int, mode: int | None = None) -> list[_Definition]:
        """What the server shows of objects of a kind; `column` is where the definition stands, `mode` its sql_mode."""
        found = []
        for name in names:
            object_ = f"{kind.lower()} {name}"
            try:
                [row] = self._source._query(f"SHOW CREATE {kind} {quoted(name)}")
            except StatementError as error:
                self._note(object_, error)
                continue
            if row[column] is None:
                self.failed.append(f"{object_}: this user may not see its definition")
                continue
            settings = [] if mode is None else [f"sql_mode = '{row[mode]}'"]
            settings += [f"time_zone = '{row[2]}'"] if kind == "EVENT" else []
            settings += [] if kind in ("TABLE", "SEQUENCE") else [f"collation_connection = {row[column + 2]}"]
            sql = self._adapted(kind, str(row[column]))
            outside = reaches_out(sql, {*self._others, self._original.lower()})
            if outside:
                self.failed.append(f"{object_}: it reaches beyond the database ({outside})")
            else:
                found.append(_Definition(object_, sql, f"SET {', '.join(settings)}" if settings else ""))
        return found

    def _adapted(self, kind: str, sql: str) -> str:
        if kind == "TABLE":
            sql = ELSEWHERE.sub("", sql)
        elif kind != "SEQUENCE":
            sql = DEFINER.sub("", sql, count=1)
        if kind == "EVENT":
            sql = ENABLED.sub(r"\1 DISABLE", sql, count=1)
        return renamed(sql, self._original, self._copy)

    def _define(self, definitions: Sequence[_Definition]) -> None:
        """Makes the objects, those that fail again once others are there."""
        waiting = list(definitions)
        while waiting:
            failed: list[tuple[_Definition, StatementError]] = []
            for definition in waiting:
                try:
                    if definition.settings:
                        self._target._change(definition.settings)
                    self._target._change(definition.sql)
                except StatementError as error:
                    failed.append((definition, error))
            if len(failed) == len(waiting):
                for definition, refused in failed:
                    self._note(definition.object, refused)
                break
            waiting = [definition for definition, _ in failed]

    # Rows

    def _set_sequence(self, name: str) -> None:
        [(value,)] = self._source._query(f"SELECT next_not_cached_value FROM {quoted(name)}")  # advances nothing
        self._target._query(f"SELECT SETVAL({quoted(name)}, {int(value)}, 0)")

    def _rows(self, tables: Sequence[str], rows: int) -> None:
        columns, keys = self._by_table(COLUMNS), self._by_table(KEYS)
        for name in tables:
            order = f" ORDER BY {_list(keys[name])}" if name in keys else ""
            query = f"SELECT {_list(columns.get(name, []))} FROM {self._in_original(name)}{order} LIMIT {int(rows)}"
            if name in columns:
                self._try(f"rows of {name}", lambda: self._insert(name, columns[name], query))  # noqa: B023
        references = [found for found in self._references() if {found.child, found.parent} <= set(tables)]
        while any(self._copy_parents(found, columns[found.parent]) for found in references):
            pass

    def _by_table(self, query: str) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for table, column in self._source._query(query):
            found.setdefault(table, []).append(column)
        return found

    def _references(self) -> list[_Reference]:
        found: dict[tuple[str, str], _Reference] = {}
        for name, child, here, schema, parent, there in self._source._query(FOREIGN_KEYS):
            if schema == self._original:
                found.setdefault((child, name), _Reference(child, parent, [])).columns.append((here, there))
        return list(found.values())

    def _copy_parents(self, reference: _Reference, columns: list[str]) -> bool:
        """Copies the rows that the copied children refer to; whether there were any that had been missing."""
        child, parent, pairs = reference
        missing = (
            f"SELECT DISTINCT {', '.join(f'c.{quoted(here)}' for here, _ in pairs)} FROM {quoted(child)} c "
            f"LEFT JOIN {quoted(parent)} q ON {_same('q', 'c', pairs)} "
            f"WHERE {' AND '.join(f'c.{quoted(here)} IS NOT NULL' for here, _ in pairs)} "
            f"AND q.{quoted(pairs[0][1])} IS NULL"
        )
        query = (
            f"SELECT {', '.join(f'p.{quoted(name)}' for name in columns)} FROM ({missing}) m "
            f"STRAIGHT_JOIN {self._in_original(parent)} p ON {_same('p', 'm', pairs)}"
        )
        copied = 0

        def insert() -> None:
            nonlocal copied
            copied = self._insert(parent, columns, query)

        self._try(f"rows of {parent} that {child} refers to", insert)
        return copied > 0

    def _insert(self, table: str, columns: list[str], query: str) -> int:
        return self._target._change(f"INSERT INTO {quoted(table)} ({_list(columns)}) {query}")

    def _in_original(self, table: str) -> str:
        return f"{quoted(self._original)}.{quoted(table)}"

    # Failures

    def _try(self, what: str, action: Callable[[], object]) -> None:
        try:
            action()
        except StatementError as error:
            self._note(what, error)

    def _note(self, what: str, error: StatementError) -> None:
        if error.disconnected:
            raise error
        if error.code == LOCK_WAIT:
            raise RefusedError(f"{what}: another session holds it locked", self._sessions()) from None
        self.failed.append(f"{what}: {error.message}")

    def _sessions(self) -> str:
        """Who else is in the original, the longest idle or busy first: one of them holds the lock."""
        found = self._source._query(
            "SELECT id, user, command, time, COALESCE(LEFT(info, 60), '') FROM information_schema.processlist "
            "WHERE db = DATABASE() AND id <> CONNECTION_ID() ORDER BY time DESC LIMIT 3"
        )
        sessions = [f"connection {id} ({user}), {what} for {s} s {info}".rstrip() for id, user, what, s, info in found]
        return f"in this database are {'; '.join(sessions)}" if sessions else "SHOW PROCESSLIST tells who"


def _list(names: Sequence[str]) -> str:
    return ", ".join(map(quoted, names))


def _same(there: str, here: str, pairs: Sequence[tuple[str, str]]) -> str:
    return " AND ".join(f"{there}.{quoted(parent)} = {here}.{quoted(child)}" for child, parent in pairs)
