"""How the server changes a table: at once, in place, or by copying all rows. It is asked by trying."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import pymysql

from miger.engine.backend import Effects
from miger.engine.statements import Statement, split

NO_WRITES = "no writes"  # a lock, as MySQL's LOCK=SHARED

# https://mariadb.com/kb/en/mariadb-error-code-reference/: it can't be done that way; or not said there
SYNTAX = 1064
REFUSALS = frozenset({SYNTAX, 1221, 1235, 1800, 1801, 1845, 1846, 1847})

_NAME = r"(?:`(?:[^`]|``)+`|[\w$]+)"
_TABLE = rf"({_NAME}(?:\s*\.\s*{_NAME})?)"
_ALTER = re.compile(
    rf"alter\s+(?:online\s+)?(?:ignore\s+)?table\s+(?:if\s+exists\s+)?{_TABLE}",
    re.IGNORECASE,
)
_CREATE_INDEX = re.compile(
    r"create\s+(?:or\s+replace\s+)?(?:online\s+|offline\s+)?(?:unique\s+|fulltext\s+|spatial\s+)?index\s+"
    rf"(?:if\s+not\s+exists\s+)?{_NAME}\s+(?:using\s+\w+\s+)?on\s+{_TABLE}",
    re.IGNORECASE,
)
_DROP_INDEX = re.compile(rf"drop\s+index\s+((?:if\s+exists\s+)?{_NAME})\s+on\s+{_TABLE}\s*$", re.IGNORECASE)
_MAY_CHANGE = re.compile(r"\b(?:alter|index)\b", re.IGNORECASE)
_HEAD = 2000  # characters of a text that are looked at before all of it is
_SAID = re.compile(r"\b(?:algorithm|lock|partition|wait|nowait)\b", re.IGNORECASE)  # by the statement itself


class Change(NamedTuple):
    """A change of a table whose way can be asked for: the statement without words for that, and what precedes them."""

    table: str
    sql: str
    before: str = "\n"
    between: str = " "

    def asking(self, way: Way) -> str:
        """The statement that says in which way it is to be done."""
        return self.sql + self.before + self.between.join(way.words)


class Way(NamedTuple):
    """One way to do it, and what it means for others."""

    words: tuple[str, ...]
    locks: bool = False


WAYS = (
    Way(("ALGORITHM=INSTANT",)),
    Way(("ALGORITHM=NOCOPY", "LOCK=NONE")),
    Way(("ALGORITHM=INPLACE", "LOCK=NONE")),
    Way(("ALGORITHM=INPLACE",), locks=True),
)
"""The gentlest first. MySQL has no NOCOPY, and takes it for a mistake. What is left is to copy all rows."""


def change_in(text: str) -> Change | None:
    """The change that a text asks the server for; None where it is something else, or says itself how to do it."""
    if _MAY_CHANGE.search(text, 0, _HEAD) is None:
        return None
    found = list(split([text], "mysql"))
    return change_of(found[0]) if len(found) == 1 else None


def change_of(statement: Statement) -> Change | None:
    """As `change_in`, of a statement."""
    sql = statement.sql
    if _SAID.search(sql):
        return None
    if found := _ALTER.match(sql):
        return Change(_bare(found[1]), sql, "\n, ", ", ")
    if found := _CREATE_INDEX.match(sql):
        return Change(_bare(found[1]), sql)
    found = _DROP_INDEX.match(sql)
    if found is None or _bare(found[1]).lower() == "primary":
        return None
    # MariaDB's DROP INDEX takes no such words, and is the same as this.
    return Change(_bare(found[2]), f"ALTER TABLE {found[2]} DROP INDEX {found[1]}", ", ", ", ")


def carry_out(send: Callable[[str], int], text: str, change: Change) -> tuple[int, Effects]:
    """Sends the `text` in the gentlest way that the server takes; what it answers. Raises the driver's error for it."""
    known = False
    for way in WAYS:
        try:
            answer = send(change.asking(way))
        except pymysql.MySQLError as error:
            code = error.args[0] if error.args else 0
            if code not in REFUSALS:
                raise
            known = known or code != SYNTAX
        else:
            return answer, Effects(((change.table, NO_WRITES),) if way.locks else ())
    answer = send(text)
    # Where it was only not understood, nothing is known of how it went.
    return answer, Effects(((change.table, NO_WRITES),), (change.table,)) if known else Effects()


def _bare(name: str) -> str:
    return name.replace("`", "")
