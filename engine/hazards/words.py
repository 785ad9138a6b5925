"""What can be told of a statement by its words alone: which are worth parsing, and whose rows it touches."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from miger.engine.hazards.changes import (
    CHECKED,
    CONCURRENTLY,
    CREATE_TABLE,
    CREATE_VIEW,
    DROP_CASCADE,
    DROP_TABLE,
    IF_EXISTS,
    LOCK,
    REFRESH,
    REINDEX,
    REWRITE,
    TRUNCATE,
    UNCHECKED,
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
# A WHERE of the statement itself is one outside of all parentheses and quotes.
_deep = re.compile(
    r"""(?is)'(?:[^'\\]|\\.|'')*+'|"[^"]*+"|`[^`]*+`|[()]|\bwhere\s+(?P<all>(?:true|1|1\s*=\s*1)\s*\Z)?+"""
).finditer
_sources = re.compile(rf"(?is)\b(?:from|join)\s+(?:only\s+)?{NAME}").finditer
_selects = re.compile(r"(?is)\b(?:as|\))\s*\(?\s*(?:select|with)\b").search
_checks_off = re.compile(r"(?i)\bforeign_key_checks\s*=\s*(?:(0|off)|\S)").search
_may_write = re.compile(
    r"(?i)(?<!on )\b(?:insert|update|delete|merge|copy|truncate|perform|call|execute)\b"
).search  # of a block
_owned = re.compile(rf"(?is)drop\s+owned\s+by\s+{NAME}").match
_cascades = re.compile(
    rf"(?is)drop\s+(type|domain|extension|function|procedure|sequence|aggregate|collation|operator|cast)\s"
    rf"+(?:if\s+exists\s+)?{NAME}.*\bcascade\s*\Z"
).match
_on_table = re.compile(rf"(?is)\bon\s+(?:only\s+)?{NAME}").search
_altered = re.compile(rf"(?is)alter\s+(?:ignore\s+)?table\s+(?:if\s+exists\s+)?(?:only\s+)?{NAME}").match
_dropped = re.compile(rf"(?is)(?:drop\s+table|truncate(?:\s+table)?)\s+(if\s+exists\s+)?(?:only\s+)?{NAME}").match
_of_table = re.compile(
    rf"(?is)\w+\s+(?:\([^)]*\)\s*|(?:full|verbose|table|index|database|schema|system|concurrently)\s+)*{NAME}"
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
        return _writes(head, dialect) if verb == "WITH" or (_where(sql) and _has_where(sql)) else None
    if kind in ("CREATE VIEW", "CREATE MATERIALIZED VIEW"):
        view = _create_view(sql)
        return [Change(CREATE_VIEW, name_of(view[1], dialect))] if view else []
    if verb in ("DO", "CALL"):
        return [Change(UNKNOWN, Name(""))] if verb == "CALL" or _may_write(sql) else []
    if verb in ("VACUUM", "CLUSTER", "REINDEX", "REFRESH", "OPTIMIZE"):
        return _maintenance(kind, sql, dialect)
    if verb == "SET" and (checks := _checks_off(sql)):
        return [Change(UNCHECKED if checks[1] else CHECKED, Name(""))]
    if verb == "DROP" and (found := _owned(sql)):
        return [Change(DROP_CASCADE, name_of(found[1], dialect), expression="OWNED")]
    if verb == "DROP" and (found := _cascades(sql)):
        return [Change(DROP_CASCADE, name_of(found[2], dialect), expression=found[1].upper())]
    if verb == "LOCK":
        return [Change(LOCK, Name(""), expression=sql[:_KEPT])]
    if verb in ("TRUNCATE", "RENAME", "DROP") or kind.startswith(("ALTER TABLE", "CREATE INDEX")):
        return None
    return []


def _has_where(sql: str) -> bool:
    depth = 0
    for found in _deep(sql):
        depth += (found[0] == "(") - (found[0] == ")")
        if depth == 0 and found[0][:1] in "wW":
            return found["all"] is None
    return False


def sources_of(sql: str, dialect: str) -> Iterator[Name]:
    """The tables that a statement reads, as far as its words tell."""
    for number, found in enumerate(_sources(sql)):
        if number < 10:
            yield name_of(found[1], dialect)


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


def altered_table(sql: str, dialect: str) -> str:
    """The table that an ALTER TABLE is about; "" for another statement."""
    found = _altered(sql)
    return str(name_of(found[1], dialect)) if found is not None else ""


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
    head = sql[:_KEPT]
    filled = [Change(WRITE, table, expression=head)] if _selects(head) else []
    return [Change(CREATE_TABLE, table, expression=head, flags=_if_exists(found[1])), *filled]


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
    if kind.startswith("VACUUM") and dialect == "sqlite" and re.search(r"(?i)\binto\b", sql):
        return []  # a copy for a backup: it only reads
    if kind.startswith("VACUUM") and (dialect == "sqlite" or not re.search(r"(?i)\bfull\b", sql)):
        return [Change(VACUUM, Name(""))] if dialect == "sqlite" else []
    name = {"VACUUM": "VACUUM FULL", "OPTIMIZE": "OPTIMIZE TABLE"}.get(kind.partition(" ")[0], "CLUSTER")
    return [Change(REWRITE, table, expression=name)]
