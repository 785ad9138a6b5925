"""What PostgreSQL can't run inside a transaction, and what its catalog says of such a statement afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from miger.engine.backend import Evidence

if TYPE_CHECKING:
    from miger.engine.statements import Statement

Query = Callable[[str, Sequence[object]], list[tuple[Any, ...]]]
Change = Callable[[str], int]

# https://www.postgresql.org/docs/current/sql-commands.html: "cannot be executed inside a transaction block"
OUTSIDE = frozenset(
    {
        "CREATE INDEX CONCURRENTLY",
        "DROP INDEX CONCURRENTLY",
        "REINDEX CONCURRENTLY",
        "ALTER TABLE DETACH CONCURRENTLY",
        "VACUUM",
        "ALTER SYSTEM",
        "CREATE DATABASE",
        "DROP DATABASE",
        "CREATE TABLESPACE",
        "DROP TABLESPACE",
        "DISCARD",
    }
)
OUTSIDE_PATTERN = re.compile(
    r"CLUSTER\s*(?:VERBOSE\s*)?$|REINDEX\s+(?:\([^)]*\)\s*)?(?:DATABASE|SYSTEM|SCHEMA)\b", re.I
)

_GAP = r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*"
_NAME = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_PATH = rf"{_NAME}(?:{_GAP}\.{_GAP}{_NAME})?"
CREATE_INDEX = re.compile(
    rf"CREATE{_GAP}(?:UNIQUE{_GAP})?INDEX{_GAP}CONCURRENTLY{_GAP}(?:IF{_GAP}NOT{_GAP}EXISTS{_GAP})?"
    rf"(?P<name>(?!ON\b){_NAME})?{_GAP}ON{_GAP}(?:ONLY{_GAP})?(?P<table>{_PATH})",
    re.IGNORECASE | re.DOTALL,
)
NAMED = re.compile(
    rf"(?:DROP{_GAP}INDEX{_GAP}CONCURRENTLY|(?:CREATE|DROP){_GAP}(?:DATABASE|TABLESPACE)){_GAP}"
    rf"(?:IF{_GAP}(?:NOT{_GAP})?EXISTS{_GAP})?(?P<name>{_PATH})",
    re.IGNORECASE | re.DOTALL,
)

INDEXES_OF = (
    "SELECT i.indexrelid::bigint, i.indisvalid, format('%%I.%%I', n.nspname, c.relname), c.relname::text "
    "FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE i.indrelid = to_regclass(%s)"
)
LEFT_BY_REINDEX = (
    "SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_catalog.pg_index i "
    "JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "WHERE NOT i.indisvalid AND c.relname ~ '_cc(new|old)[0-9]*$' AND NOT i.indexrelid = ANY(%s)"
)


def outside_transaction(kind: str, sql: str) -> bool:
    """Whether PostgreSQL refuses the statement inside a transaction block."""
    return kind in OUTSIDE or OUTSIDE_PATTERN.match(sql) is not None


def note_before(query: Query, statement: Statement) -> list[int]:
    """What to remember before such a statement: the indexes that are there already (their oids)."""
    if statement.kind == "CREATE INDEX CONCURRENTLY" and (match := CREATE_INDEX.match(statement.sql)):
        return [row[0] for row in query(INDEXES_OF, (match["table"],))]
    if statement.kind == "REINDEX CONCURRENTLY":
        return [row[0] for row in query("SELECT indexrelid::bigint FROM pg_catalog.pg_index WHERE NOT indisvalid", ())]
    return []


def judge_after(query: Query, change: Change, statement: Statement, noted: list[int]) -> Evidence:
    """Whether the statement happened; drops an INVALID index that it left behind."""
    kind, sql = statement.kind, statement.sql
    if kind == "CREATE INDEX CONCURRENTLY" and (match := CREATE_INDEX.match(sql)):
        return _index_evidence(query, change, match, noted)
    if kind == "REINDEX CONCURRENTLY":
        left = [name for (name,) in query(LEFT_BY_REINDEX, (noted,))]
        for name in left:
            change(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        dropped = f"dropped what it left: {', '.join(left)}" if left else "nothing of it is left"
        return Evidence(False, f"{dropped}; an index can be built anew once more")
    if kind in {"VACUUM", "ALTER SYSTEM", "DISCARD", "CLUSTER", "REINDEX"}:
        return Evidence(False, f"{kind} does no harm when it runs again")
    if match := NAMED.match(sql):
        return _named_evidence(query, kind, match["name"])
    return Evidence(None, f"the catalog does not tell whether {kind} ran")


def _index_evidence(query: Query, change: Change, match: re.Match[str], noted: list[int]) -> Evidence:
    table, named = match["table"], _folded(match["name"]) if match["name"] else None
    # Others may make indexes on that table too: by its name ours is known, without one by being new.
    new = [row for row in query(INDEXES_OF, (table,)) if row[0] not in noted and named in (None, row[3])]
    for _, valid, name, _ in new:
        if valid:
            return Evidence(True, f"{name} is there and valid")
    for _, _, name, _ in new:
        change(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    if new:
        return Evidence(False, f"dropped the INVALID index {', '.join(row[2] for row in new)} that it left")
    return Evidence(False, f"there is no new index on {table}")


def _named_evidence(query: Query, kind: str, name: str) -> Evidence:
    if kind.endswith("INDEX CONCURRENTLY"):
        [(there,)] = query("SELECT to_regclass(%s) IS NOT NULL", (name,))
    else:
        catalog, column = ("pg_database", "datname") if kind.endswith("DATABASE") else ("pg_tablespace", "spcname")
        [(there,)] = query(f"SELECT EXISTS (SELECT 1 FROM pg_catalog.{catalog} WHERE {column} = %s)", (_folded(name),))
    happened = there if kind.startswith("CREATE") else not there
    return Evidence(happened, f"{name} is {'there' if there else 'not there'}")


def _folded(name: str) -> str:
    """A name as the catalog holds it: without quotes, or in lower case, and cut off at 63 bytes."""
    if name.startswith('"'):
        plain = name[1:-1].replace('""', '"')
    else:
        plain = "".join(letter.lower() if letter.isascii() else letter for letter in name)
    return plain.encode()[:63].decode("utf-8", "ignore")
