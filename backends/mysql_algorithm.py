"""How the server carries out an ALTER TABLE: at once, in place, or by copying all rows. It is asked by trying."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from miger.engine.backend import Effects
from miger.engine.errors import StatementError
from miger.engine.statements import Statement

if TYPE_CHECKING:
    from collections.abc import Sequence

NO_WRITES = "no writes"  # a lock, as MySQL's LOCK=SHARED

# https://mariadb.com/kb/en/mariadb-error-code-reference/: it can't be done that way; or not said there
REFUSALS = frozenset({"1064", "1221", "1235", "1845", "1846", "1847"})

_ALTER = re.compile(
    r"alter\s+(?:online\s+)?(?:ignore\s+)?table\s+(?:if\s+exists\s+)?((?:`(?:[^`]|``)+`|[\w$]+)(?:\s*\.\s*"
    r"(?:`(?:[^`]|``)+`|[\w$]+))?)",
    re.IGNORECASE,
)
_SAID = re.compile(r"\b(?:algorithm|lock|partition|wait|nowait)\b", re.IGNORECASE)  # by the statement itself


class Way(NamedTuple):
    """One way to do it, and what it means for others."""

    words: str
    copies: bool = False
    locks: bool = False


WAYS = (
    Way("ALGORITHM=INSTANT"),
    Way("ALGORITHM=NOCOPY, LOCK=NONE"),
    Way("ALGORITHM=INPLACE, LOCK=NONE"),
    Way("ALGORITHM=INPLACE", locks=True),
    Way("", copies=True, locks=True),
)
"""The gentlest first. MySQL has no NOCOPY, and takes it for a mistake."""


def altered(statement: Statement) -> str:
    """The table of an ALTER TABLE that does not say itself how it is to be done; "" of any other statement."""
    found = _ALTER.match(statement.sql) if statement.kind == "ALTER TABLE" else None
    return "" if found is None or _SAID.search(statement.sql) else found[1].replace("`", "")


def alter(execute: Callable[[Sequence[Statement]], int], statement: Statement, table: str) -> tuple[int, Effects]:
    """Alters the table in the gentlest way that the server takes. Raises StatementError as the statement itself."""
    for way in WAYS[:-1]:
        words = Statement(statement.number, statement.line, f"{statement.sql}\n, {way.words}", statement.kind)
        try:
            rows = execute([words])
        except StatementError as error:
            if error.code not in REFUSALS:
                raise
        else:
            return rows, _effects(way, table)
    return execute([statement]), _effects(WAYS[-1], table)


def _effects(way: Way, table: str) -> Effects:
    return Effects(((table, NO_WRITES),) if way.locks else (), (table,) if way.copies else ())
