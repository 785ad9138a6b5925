"""What kind of statement a text is, from its leading keywords.

A kind is upper-case with one space between words: "INSERT", "CREATE TABLE", "ALTER TYPE". CREATE,
ALTER and DROP come with what they make, all other statements with the first word, except where more
words make it another matter for a migration:

    CREATE TEMP TABLE (VIEW, …)         TEMPORARY too; OR REPLACE, UNIQUE, UNLOGGED, DEFINER=… are left out
    CREATE VIRTUAL TABLE, CREATE MATERIALIZED VIEW, CREATE FOREIGN TABLE, CREATE EVENT TRIGGER, …
    CREATE INDEX CONCURRENTLY, DROP INDEX CONCURRENTLY, REINDEX CONCURRENTLY,
    REFRESH MATERIALIZED VIEW [CONCURRENTLY], ALTER TABLE DETACH CONCURRENTLY
    START TRANSACTION, PREPARE TRANSACTION, SET TRANSACTION, ROLLBACK TO (a savepoint),
    COMMIT PREPARED, ROLLBACK PREPARED, SET LOCAL, SET CONSTRAINTS

Text that does not start with a word is of kind "?".
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from miger.engine.statements.scanner import START

#: Kinds of one word that need no look at the second, by that word as it is mostly written.
KIND_OF_WORD = {
    written: word
    for word in re.findall(
        "[A-Z]+",
        "INSERT SELECT UPDATE DELETE REPLACE MERGE VALUES WITH PRAGMA GRANT REVOKE COMMENT TRUNCATE VACUUM "
        "ANALYZE EXPLAIN CALL DO SAVEPOINT RELEASE USE LOCK UNLOCK SHOW NOTIFY COPY CLUSTER BEGIN END ABORT",
    )
    for written in (word, word.lower())
}

_MOST_WORDS = 60
_MOST_CHARACTERS = 8192

#: Most statements of most migrations, told without a look at their words.
_table = re.compile(r"(?ai:(create|drop)[ \t\n\r\f\v]+table)(?![\w$])").match

# Compiled when the first word is looked at: that takes longer than running a migration.
_TOKEN = rf"""(?x)[ \t\n\r\f\v\ufeff]++|--[^\n]*+|\#[^\n]*+
    |/\*M?![0-9]*+|\*/                                   # MySQL: what is in them counts
    |/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/
    |(?P<word>{START}[\w$]*+)
    |(?P<name>"[^"]*+"|`[^`]*+`|'[^']*+'|\[[^\]]*+\])
    |(?P<sign>[^ ])"""

#: Words between CREATE, ALTER or DROP and the thing, which do not make it another thing.
_NOISE = frozenset(
    re.findall(
        "[A-Z]+",
        "OR REPLACE UNIQUE FULLTEXT SPATIAL CLUSTERED NONCLUSTERED GLOBAL LOCAL UNLOGGED RECURSIVE "
        "CONSTRAINT TRUSTED PROCEDURAL AGGREGATE ONLINE OFFLINE IGNORE",
    )
)
#: Things whose name has two words.
_COMPOUND = {
    ("MATERIALIZED", "VIEW"),
    ("FOREIGN", "TABLE"),
    ("FOREIGN", "DATA"),
    ("VIRTUAL", "TABLE"),
    ("EVENT", "TRIGGER"),
    ("DEFAULT", "PRIVILEGES"),
    ("ACCESS", "METHOD"),
    ("OPERATOR", "CLASS"),
    ("OPERATOR", "FAMILY"),
    ("TEXT", "SEARCH"),
    ("USER", "MAPPING"),
}
#: A first word and a second that belongs to the kind.
_PAIRS = {
    ("START", "TRANSACTION"),
    ("PREPARE", "TRANSACTION"),
    ("COMMIT", "PREPARED"),
    ("SET", "TRANSACTION"),
    ("SET", "LOCAL"),
    ("SET", "CONSTRAINTS"),
}
_OFF = frozenset(("FALSE", "OFF", "0", "'FALSE'", "'OFF'"))


def kind_of(text: str, start: int = 0, stop: int | None = None) -> str:
    """The kind of the statement whose first token is at `start` of `text`. Only its head is read."""
    stop = min(len(text) if stop is None else stop, start + _MOST_CHARACTERS)
    if found := _table(text, start, stop):
        return f"{found[1].upper()} TABLE"
    words = _words(text, start, stop)
    first = next((word for word in words if word != "("), "")
    if not first or not (first[0].isalpha() or first[0] == "_"):
        return "?"
    if first in KIND_OF_WORD:
        return first
    if first in ("CREATE", "ALTER", "DROP"):
        return _definition(first, _without_clauses(words))
    rest = [word for _, word in zip(range(_MOST_WORDS), words, strict=False)]
    if rest and (first, rest[0]) in _PAIRS:
        return f"{first} {rest[0]}"
    if first == "ROLLBACK":
        return _rollback(rest)
    if first == "REINDEX":
        return "REINDEX CONCURRENTLY" if _reindexes_concurrently(rest) else first
    if first == "REFRESH" and rest[:2] == ["MATERIALIZED", "VIEW"]:
        return " ".join([first, *rest[: 3 if rest[2:3] == ["CONCURRENTLY"] else 2]])
    return first


def reads_stdin(text: str) -> bool:
    """Whether a COPY statement reads the lines after it (for the server, FROM STDOUT says the same)."""
    depth, previous = 0, ""
    for word in _words(text, 0, len(text)):
        if not depth and previous == "FROM" and word in ("STDIN", "STDOUT"):
            return True
        depth += (word == "(") - (word == ")")
        previous = word
    return False


def _words(text: str, start: int, stop: int) -> Iterator[str]:
    """Words in upper case, quoted names as written but in upper case, other signs one by one."""
    for token in re.compile(_TOKEN).finditer(text, start, stop):
        if token.lastgroup is not None:
            yield token[0].upper()


def _without_clauses(words: Iterator[str]) -> list[str]:
    """Without noise, and without MySQL's DEFINER = …, ALGORITHM = … and SQL SECURITY …; the object first."""
    kept = [word for _, word in zip(range(_MOST_WORDS), words, strict=False)]
    while kept:
        if kept[0] in _NOISE:
            del kept[0]
        elif kept[0] in ("DEFINER", "ALGORITHM") and kept[1:2] == ["="]:
            account = kept[3:4] == ["@"]
            del kept[: 5 if account else 5 if kept[3:5] == ["(", ")"] else 3]
        elif kept[:2] == ["SQL", "SECURITY"]:
            del kept[:3]
        else:
            return kept
    return kept


def _definition(first: str, words: list[str]) -> str:
    temporary = bool(words) and words[0] in ("TEMP", "TEMPORARY")
    if temporary:
        first, words = f"{first} TEMP", [word for word in words[1:2] if word not in _NOISE] + words[2:]
    if not words or not words[0].isidentifier():
        return first
    thing = f"{words[0]} {words[1]}" if tuple(words[:2]) in _COMPOUND else words[0]
    if thing == "INDEX" and words[1:2] == ["CONCURRENTLY"]:
        thing = "INDEX CONCURRENTLY"
    elif first == "ALTER" and thing == "TABLE" and "CONCURRENTLY" in words:
        detach = words.index("DETACH") if "DETACH" in words else len(words)
        if words[detach + 1 : detach + 2] == ["PARTITION"] and "CONCURRENTLY" in words[detach + 2 :]:
            thing = "TABLE DETACH CONCURRENTLY"
    return f"{first} {thing}"


def _rollback(rest: list[str]) -> str:
    if rest[:1] == ["PREPARED"]:
        return "ROLLBACK PREPARED"
    to_savepoint = "TO" in rest[:2] and rest[0] in ("TO", "WORK", "TRANSACTION")
    return "ROLLBACK TO" if to_savepoint else "ROLLBACK"


def _reindexes_concurrently(rest: list[str]) -> bool:
    if rest[:1] == ["("] and ")" in rest:
        close = rest.index(")")
        if "CONCURRENTLY" in rest[:close]:
            return rest[rest.index("CONCURRENTLY") + 1] not in _OFF
        rest = rest[close + 1 :]
    return rest[1:2] == ["CONCURRENTLY"]
