"""What a statement must not do in a rehearsal on MySQL: reach another database, or the server as a whole.

A copy lies on the same server as its original, and the same user may write to both. So each statement of a
rehearsal is looked at before it is sent. Where its text leaves a doubt it counts as reaching out. What a
statement puts together while it runs (PREPARE from what a table holds) cannot be seen.
"""

from __future__ import annotations

import re
from collections.abc import Collection

# Strings, comments but for those that the server runs, and names in backticks.
_PIECES = re.compile(
    r"""(?P<string>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")"""
    r"""|(?P<comment>/\*(?!M?!).*?\*/|\#[^\n]*|--(?=\s|$)[^\n]*)"""
    r"""|(?P<name>`(?:[^`]|``)*`)"""
    r"""|(?P<word>[\w$]+)""",
    re.DOTALL,
)
_EXECUTED = re.compile(r"/\*M?!\d*")
_DOTTED = re.compile(r"""(?<![.@\w$`"])(`(?:[^`]|``)+`|"[^"]+"|[\w$]+)\s*\.\s*(?=[`"\w$*])""")

# Statements whose strings may be run later: what they hold is looked at, too.
_PROGRAM = re.compile(
    r"\s*(?:BEGIN\b|(?:CREATE|ALTER)\b(?:(?!\bTABLE\b|\bVIEW\b).)*?\b(?:PROCEDURE|FUNCTION|TRIGGER|EVENT|PACKAGE)\b)",
    re.IGNORECASE | re.DOTALL,
)
_DYNAMIC = re.compile(r"\s*(?:PREPARE|EXECUTE|SET|SELECT|WITH|CALL|DO)\b", re.IGNORECASE)

_SERVER = (
    r"(?:GRANT|REVOKE|KILL|FLUSH\s+\w+|RESET\s+\w+|PURGE\s+(?:BINARY|MASTER)|(?:UN)?INSTALL\s+\w+|BINLOG\s+['\"]|"
    r"BACKUP\s+\w+|CLONE\s+\w+|IMPORT\s+TABLE|XA\s+\w+|CHANGE\s+(?:MASTER|REPLICATION)|"
    r"(?:START|STOP)\s+(?:ALL\s+)?(?:SLAVES?|REPLICAS?|GROUP_REPLICATION)|LOCK\s+INSTANCE|"
    r"(?:CREATE|DROP|RENAME)\s+(?:OR\s+REPLACE\s+)?(?:UNDO\s+)?(?:DATABASE|SCHEMA|USER|ROLE|SERVER|TABLESPACE|LOGFILE|"
    r"RESOURCE)|ALTER\s+(?:USER|SERVER|TABLESPACE|INSTANCE|RESOURCE|LOGFILE)|"
    r"ALTER\s+(?:DATABASE|SCHEMA)(?!\s+(?:DEFAULT|CHARACTER|CHARSET|COLLATE|COMMENT)\b)|"
    r"SET\s+(?:PASSWORD|DEFAULT\s+ROLE))"
)
_AT_START = re.compile(rf"(?:^|[;'\"])\s*({_SERVER}|USE|SHUTDOWN|RESTART)\b", re.IGNORECASE)
_IN_PROGRAM = re.compile(rf"(?<![.@\w])({_SERVER})\b", re.IGNORECASE)
_ANYWHERE = re.compile(
    r"(\b(?:GLOBAL|PERSIST|PERSIST_ONLY)\s+\w+(?=\s*:?=)|@@\s*(?:GLOBAL|PERSIST|PERSIST_ONLY)\s*\.\s*\w+(?=\s*:?=)|"
    r"\bINTO\s+(?:OUTFILE|DUMPFILE))\b",
    re.IGNORECASE,
)


def reaches_out(sql: str, others: Collection[str]) -> str:
    """What of a statement (or several) reaches beyond its database: "database shop", "GRANT"; "" for nothing.

    `others` are the names of all other databases, in lower case.
    """
    sql = _EXECUTED.sub(" ", sql)
    bare = _without(sql, strings=False)
    program = _PROGRAM.match(bare) is not None
    text = _without(sql, strings=True) if program or _DYNAMIC.match(bare) else bare
    for found in _DOTTED.finditer(text):
        name = _unquoted(found[1])
        if name.lower() in others:
            return f"database {name}"
    words = re.sub(r"`(?:[^`]|``)*`", "``", text)
    beyond = _AT_START.search(words) or (_IN_PROGRAM.search(words) if program else None) or _ANYWHERE.search(words)
    return " ".join(beyond[1].upper().split()) if beyond else ""


def renamed(definition: str, old: str, new: str) -> str:
    """A definition in which what was qualified with the database `old` is with `new`; with nothing if that is ""."""

    def replaced(found: re.Match[str]) -> str:
        text, start, end = found[0], found.start(), found.end()
        before, behind = definition[max(start - 1, 0) : start], definition[end : end + 1]
        qualifies = found.lastgroup in ("name", "word") and before not in (".", "@") and behind == "."
        if not qualifies or _unquoted(text) != old:
            return text
        return "`" + new.replace("`", "``") + "`" if new else CUT

    return _PIECES.sub(replaced, definition).replace(CUT + ".", "")


def tells_by_name(sql: str, database: str) -> bool:
    """Whether a string of a statement is the name of a database, as in `table_schema = 'shop'`."""
    return f"'{database}'" in sql or f'"{database}"' in sql


CUT = "\0"  # in no definition


def _without(sql: str, *, strings: bool) -> str:
    """The text without comments, and its strings emptied unless they are wanted, too."""

    def shown(found: re.Match[str]) -> str:
        if found.lastgroup == "comment":
            return " "
        if found.lastgroup != "string" or strings:
            return found[0]
        quoted_name = found[0].startswith('"') and sql[found.end() : found.end() + 9].lstrip().startswith(".")
        return found[0] if quoted_name else "''"

    return _PIECES.sub(shown, sql)


def _unquoted(name: str) -> str:
    return name[1:-1].replace("``", "`") if name[:1] in ("`", '"') else name
