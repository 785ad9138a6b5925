"""What commits by itself on MySQL and MariaDB, and what the catalog says of such a statement afterwards."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from miger.engine.backend import Evidence
from miger.engine.errors import StatementError
from miger.engine.sections import read_section
from miger.engine.statements import groups

if TYPE_CHECKING:
    from miger.engine.migration import Migration
    from miger.engine.statements import Statement

Query = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]

# https://mariadb.com/kb/en/sql-statements-that-cause-an-implicit-commit/
TRANSACTIONAL = frozenset(
    "INSERT UPDATE DELETE REPLACE SELECT WITH VALUES SET DO USE LOAD SHOW DESCRIBE EXPLAIN HANDLER SAVEPOINT "
    "RELEASE PREPARE DEALLOCATE TABLE GET SIGNAL HELP".split()
)
TEMPORARY = frozenset({"CREATE TEMP TABLE", "DROP TEMP TABLE"})
# Run again, these change nothing that the first time had not.
REPEATABLE = frozenset("ANALYZE OPTIMIZE REPAIR CHECK FLUSH GRANT REVOKE TRUNCATE LOCK UNLOCK CACHE".split())
GROUPED = frozenset({"INSERT", "UPDATE", "DELETE", "REPLACE"})

# In a Python file: anything that looks as if it changed the schema. Errs on the side of yes.
CHANGES = re.compile(r"\bop\b|\b(?:create|alter|drop|rename|truncate)\b", re.IGNORECASE)

# What a statement names: words, and names in quotes.
NAMES = re.compile(r"`((?:[^`]|``)+)`|\"([^\"]+)\"|([\w$]+)")
COUNTER = re.compile(r" AUTO_INCREMENT=\d+")
STORED = {
    "PROCEDURE": "SELECT routine_name, routine_definition, definer, sql_mode, routine_comment, "
    "dtd_identifier, last_altered FROM information_schema.routines "
    "WHERE routine_type = 'PROCEDURE' AND routine_schema = %s",
    "FUNCTION": "SELECT routine_name, routine_definition, definer, sql_mode, routine_comment, "
    "dtd_identifier, last_altered FROM information_schema.routines "
    "WHERE routine_type = 'FUNCTION' AND routine_schema = %s",
    "TRIGGER": "SELECT trigger_name, event_manipulation, event_object_table, action_timing, action_statement, "
    "definer, sql_mode FROM information_schema.triggers WHERE trigger_schema = %s",
    "EVENT": "SELECT event_name, event_definition, status, interval_value, interval_field, execute_at, starts, ends, "
    "event_comment, last_altered FROM information_schema.events WHERE event_schema = %s",
}
DATABASES = frozenset({"DATABASE", "SCHEMA"})
NO_SUCH_TABLE = "1146"
MOST_CHARACTERS = 1 << 16
TABULAR = frozenset({"TABLE", "INDEX", "VIEW", "SEQUENCE"})
FOREIGN_KEYS = (
    "SELECT constraint_name, table_name, column_name, referenced_table_schema, referenced_table_name, "
    "referenced_column_name FROM information_schema.key_column_usage WHERE table_schema = DATABASE() "
    "AND referenced_table_name IS NOT NULL ORDER BY table_name, constraint_name, ordinal_position"
)


def quoted(name: str) -> str:
    """An identifier in backticks."""
    return "`" + name.replace("`", "``") + "`"


def commits_by_itself(kind: str) -> bool:
    """Whether a statement of this kind commits the open transaction. What is not known, does."""
    return kind not in TEMPORARY and kind.split(" ", 1)[0] not in TRANSACTIONAL


def changes_schema(migration: Migration, section: str) -> bool:
    """Whether a section holds a statement that commits by itself, so that it can't be one transaction."""
    if migration.kind == "python":
        return any(CHANGES.search(text) for text in read_section(migration, section))
    found = migration.section(section)
    line = found.line if found is not None else 1
    items = groups(read_section(migration, section), "mysql", line, kinds=GROUPED, alone=0)
    return any(commits_by_itself(item.kind) for item in items)


def note_before(query: Query, statement: Statement) -> str:
    """What the statement names, as it is before: a fingerprint of each thing, and those that are not there."""
    if not _is_told(statement):
        return ""
    names = sorted({next(filter(None, found)) for found in NAMES.findall(statement.sql[:MOST_CHARACTERS])})
    thing = _thing(statement)
    return json.dumps({"thing": thing, "names": names, "was": _look(query, thing, names)})


def judge_after(query: Query, statement: Statement, noted: str) -> Evidence:
    """Whether the statement happened: then what it names is not as it was before.

    Both servers carry out a statement on the schema whole or not at all (MySQL 8, MariaDB 10.6).
    """
    kind = statement.kind
    if kind.split(" ", 1)[0] in REPEATABLE:
        return Evidence(False, f"{kind} does no harm when it runs again")
    if not noted:
        return Evidence(None, f"the catalog does not tell whether {kind} ran")
    before = json.loads(noted)
    now = _look(query, before["thing"], before["names"])
    changed = sorted(name for name in {**now, **before["was"]} if now.get(name) != before["was"].get(name))
    if changed:
        return Evidence(True, f"{', '.join(changed[:3])} is not as it was before it")
    if _may_swap(statement):
        return Evidence(None, f"what {kind} swaps looks the same before and after")
    return Evidence(False, "what it names is as it was before it")


def _thing(statement: Statement) -> str:
    words = statement.kind.split(" ")
    return "TABLE" if words[0] == "RENAME" else words[-1]


def _is_told(statement: Statement) -> bool:
    first, thing = statement.kind.split(" ", 1)[0], _thing(statement)
    if first == "RENAME":
        return re.match(r"\W*rename\s+tables?\b", statement.sql, re.IGNORECASE) is not None
    return first in {"CREATE", "ALTER", "DROP"} and (thing in TABULAR or thing in STORED or thing in DATABASES)


def _may_swap(statement: Statement) -> bool:
    if statement.kind == "RENAME":
        return "," in statement.sql
    return statement.kind == "ALTER TABLE" and "EXCHANGE" in statement.sql.upper()


def _look(query: Query, thing: str, names: Sequence[str]) -> dict[str, str]:
    """A fingerprint of each thing of these names in the current database and in those that are named."""
    wanted = {name.replace("``", "`").casefold() for name in names}
    schemas = [
        (schema, row)
        for schema, current, *row in query(
            "SELECT schema_name, schema_name <=> DATABASE(), default_character_set_name, default_collation_name "
            "FROM information_schema.schemata",
            (),
        )
        if current or schema.casefold() in wanted
    ]
    if thing in DATABASES:
        return {schema: _digest(row) for schema, row in schemas if schema.casefold() in wanted}
    sql = STORED.get(thing, "SELECT table_name FROM information_schema.tables WHERE table_schema = %s")
    found = {}
    for schema, _ in schemas:
        for name, *row in query(sql, (schema,)):
            if name.casefold() in wanted:
                found[f"{schema}.{name}"] = _digest(row) if thing in STORED else _shown(query, schema, name)
    return found


def _shown(query: Query, schema: str, name: str) -> str:
    try:
        [row] = query(f"SHOW CREATE TABLE {quoted(schema)}.{quoted(name)}", ())
    except StatementError as error:  # a view on what is gone
        return f"error {error.code}"
    return _digest(COUNTER.sub("", str(row[1])))


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:16]


def orphans(query: Query) -> list[tuple[str, str, int]]:
    """Table, constraint and count of rows whose foreign key points nowhere, in the current database."""
    keys: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for name, table, *rest in query(FOREIGN_KEYS, ()):
        keys.setdefault((table, name), []).append(tuple(rest))
    found = []
    for (table, name), columns in keys.items():
        _, schema, parent, _ = columns[0]
        same = " AND ".join(f"p.{quoted(there)} = c.{quoted(here)}" for here, _, _, there in columns)
        given = " AND ".join(f"c.{quoted(here)} IS NOT NULL" for here, *_ in columns)
        source = f"{quoted(schema)}.{quoted(parent)}"
        try:
            [(count,)] = query(
                f"SELECT COUNT(*) FROM {quoted(table)} c WHERE {given} "
                f"AND NOT EXISTS (SELECT 1 FROM {source} p WHERE {same})",
                (),
            )
        except StatementError as error:
            if error.code != NO_SUCH_TABLE:
                raise
            [(count,)] = query(f"SELECT COUNT(*) FROM {quoted(table)} c WHERE {given}", ())
        if count:
            found.append((table, name, int(count)))
    return found
