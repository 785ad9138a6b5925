"""What can be told of a statement by its words alone: which are worth parsing, and whose rows it touches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from miger.engine.hazards.changes import (
    CONCURRENTLY,
    CREATE_TABLE,
    CREATE_VIEW,
    DROP_TABLE,
    IF_EXISTS,
    REFRESH,
    REINDEX,
    REWRITE,
    TRUNCATE,
    UNKNOWN,
    VACUUM,
    WRITE,
    Change,
    Name,
)
from miger.engine.statements import Statement

_KEPT = 4096  # characters of a statement, for what is looked up in it later

_PART = r'(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`|\[[^\]]+\]|[^\W\d][\w$]*)'
NAME = rf"({_PART}(?:\s*\.\s*{_PART})*)"
_part = re.compile(_PART).findall
_create_table = re.compile(rf"(?is)create\s[\w\s]*?table\s+(if\s+not\s+exists\s+)?{NAME}").match
_create_view = re.compile(rf"(?is)create\s.*?\bview\s+(?:if\s+not\s+exists\s+)?{NAME}").match
_written = re.compile(
    rf"(?is)\b(?:(?:insert|replace)(?:\s+(?:or\s+)?\w+)*?\s+into|update(?:\s+or\s+\w+|\s+only|\s+ignore)?"
    rf"|delete\s+from(?:\s+only)?|merge\s+into|copy)\s+{NAME}"
).finditer
_where = re.compile(r"(?i)\bwhere\b").search
_on_table = re.compile(rf"(?is)\bon\s+(?:only\s+)?{NAME}").search
_altered = re.compile(rf"(?is)alter\s+(?:ignore\s+)?table\s+(?:if\s+exists\s+)?(?:only\s+)?{NAME}").match
_dropped = re.compile(rf"(?is)(?:drop\s+table|truncate(?:\s+table)?)\s+(if\s+exists\s+)?(?:only\s+)?{NAME}").match
_of_table = re.compile(
    rf"(?is)\w+\s+(?:\([^)]*\)\s*|full\s+|verbose\s+|table\s+|index\s+|concurrently\s+)*{NAME}"
).match
_rename = re.compile(r"(?i)\brename\b").search


def name_of(text: str, dialect: str) -> Name:
    """The name that is written so: without quotes, and folded where the database folds it."""
    parts = [_unquoted(part, dialect) for part in _part(text)]
    return Name(parts[-1], parts[-2] if len(parts) > 1 else "")


def _unquoted(part: str, dialect: str) -> str:
    mark = part[0]
    if mark in '"`':
        return part[1:-1].replace(mark * 2, mark)
    if mark == "[":
        return part[1:-1]
    return part.lower() if dialect == "postgresql" else part


def changes_by_words(statement: Statement, dialect: str) -> list[Change] | None:
    """The changes of a statement for which its words are enough; None where it has to be parsed."""
    kind, sql = statement.kind, statement.sql
    verb = kind.partition(" ")[0]
    if kind in ("CREATE TABLE", "CREATE TEMP TABLE"):
        return _created(sql, dialect)
    if verb in ("INSERT", "REPLACE", "MERGE", "COPY"):
        return _writes(sql, dialect)
    if verb in ("UPDATE", "DELETE", "WITH"):
        head = sql[:_KEPT]
        return _writes(head, dialect) if _where(sql) or verb == "WITH" else None
    if kind in ("CREATE VIEW", "CREATE MATERIALIZED VIEW"):
        view = _create_view(sql)
        return [Change(CREATE_VIEW, name_of(view[1], dialect))] if view else []
    if verb in ("DO", "CALL"):
        return [Change(UNKNOWN, Name(""))]
    if verb in ("VACUUM", "CLUSTER", "REINDEX", "REFRESH", "OPTIMIZE"):
        return _maintenance(kind, sql, dialect)
    if verb in ("TRUNCATE", "RENAME", "DROP") or kind.startswith(("ALTER TABLE", "CREATE INDEX")):
        return None
    return []


def concerns_only(sql: str, kind: str, dialect: str, new: Callable[[Name], bool]) -> bool:
    """Whether a statement touches nothing but one table that is new in the plan: then nothing can be wrong with it."""
    if _rename(sql):
        return False
    if kind.startswith("CREATE INDEX"):
        found = _on_table(sql)
    elif kind.startswith("ALTER TABLE"):
        found = _altered(sql)
    else:
        found = next(_written(sql), None) if kind in ("UPDATE", "DELETE") else None
    return found is not None and new(name_of(found[1], dialect))


def fallback(statement: Statement, dialect: str) -> list[Change]:
    """What can be said of a statement that could not be parsed."""
    action = {"DROP TABLE": DROP_TABLE, "TRUNCATE": TRUNCATE}.get(statement.kind)
    found = _dropped(statement.sql) if action else None
    if action is None or found is None:
        return []
    return [Change(action, name_of(found[2], dialect), flags=_if_exists(found[1]))]


def _created(sql: str, dialect: str) -> list[Change]:
    found = _create_table(sql)
    if found is None:
        return []
    table = name_of(found[2], dialect)
    return [Change(CREATE_TABLE, table, expression=sql[:_KEPT], flags=_if_exists(found[1]))]


def _if_exists(text: str | None) -> frozenset[str]:
    return frozenset({IF_EXISTS}) if text else frozenset()


def _writes(sql: str, dialect: str) -> list[Change]:
    head = sql[:_KEPT]
    return [Change(WRITE, name_of(found[1], dialect), expression=head) for found in _writes_to(head)]


def _writes_to(sql: str) -> Iterator[re.Match[str]]:
    for number, found in enumerate(_written(sql)):
        if number < 10:
            yield found


def _maintenance(kind: str, sql: str, dialect: str) -> list[Change]:
    found = _of_table(sql)
    table = name_of(found[1], dialect) if found else Name("")
    words = sql.upper()[:200].split()
    concurrently = frozenset({CONCURRENTLY}) if "CONCURRENTLY" in kind or "CONCURRENTLY" in words else frozenset()
    if kind.startswith("REINDEX"):
        return [Change(REINDEX, table, flags=concurrently)]
    if kind.startswith("REFRESH"):
        view = re.compile(rf"(?is)refresh\s+materialized\s+view\s+(?:concurrently\s+)?{NAME}").match(sql)
        return [Change(REFRESH, name_of(view[1], dialect) if view else table, flags=concurrently)]
    if kind.startswith("VACUUM") and (dialect == "sqlite" or not re.search(r"(?i)\bfull\b", sql)):
        return [Change(VACUUM, Name(""))] if dialect == "sqlite" else []
    name = {"VACUUM": "VACUUM FULL", "OPTIMIZE": "OPTIMIZE TABLE"}.get(kind.partition(" ")[0], "CLUSTER")
    return [Change(REWRITE, table, expression=name)]
