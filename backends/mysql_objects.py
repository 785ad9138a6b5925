"""All that is in a MySQL or MariaDB database, as plain values in the server's own words.

SHOW CREATE tells of an object as it was made, and of hundreds in one message. For 1,000 tables it takes a sixth of
what information_schema takes, which leaves out much besides (expressions of defaults, names of checks).
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from miger.backends.mysql_catalog import quoted
from miger.backends.mysql_copy import DEFINER
from miger.backends.mysql_objects_table import read_table
from miger.engine.catalog import Catalog, Extra, Thing
from miger.engine.errors import RefusedError

Query = Callable[[str], list[tuple[Any, ...]]]
Shown = Callable[[Sequence[str]], list[tuple[Any, ...]]]

PORTION = 250  # statements in one message
TABLES = (
    "SELECT table_name, table_type, table_rows FROM information_schema.tables WHERE table_schema = DATABASE() "
    "ORDER BY table_name"
)
ROUTINES = (
    "SELECT routine_type, routine_name FROM information_schema.routines WHERE routine_schema = DATABASE() "
    "ORDER BY routine_type, routine_name"
)
TRIGGERS = (
    "SELECT event_object_table, trigger_name, action_timing, event_manipulation, action_statement "
    "FROM information_schema.triggers WHERE trigger_schema = DATABASE() "
    "ORDER BY event_object_table, action_timing, event_manipulation, action_order"
)
# An event without STARTS starts when it is made or altered: that is nobody's wish.
EVENTS = (
    "SELECT event_name, COALESCE(starts IN (created, last_altered), 0) FROM information_schema.events "
    "WHERE event_schema = DATABASE() ORDER BY event_name"
)
MODES = ("ANSI", "NO_BACKSLASH_ESCAPES", "ORACLE", "MSSQL", "DB2", "POSTGRESQL", "NO_FIELD", "NO_TABLE", "NO_KEY")
_STARTS = re.compile(r" STARTS '[^']*'")
_ENGINE = re.compile(r" ENGINE=\w+\Z")
_USUAL_VIEW = re.compile(r"\ACREATE ALGORITHM=UNDEFINED (SQL SECURITY DEFINER )?VIEW ")
_QUOTED = r"`(?:[^`]|``)*`"
_WORD = re.compile(r"`((?:[^`]|``)*)`|([\w$]+)|'(?:[^'\\]|\\.|'')*'")


class _Object(NamedTuple):
    """What SHOW CREATE is asked for; `column` is where its answer stands."""

    kind: str
    name: str
    column: int = 1
    rows: int | None = None
    starts_by_itself: bool = False


def read_catalog(query: Query, shown: Shown, database: str, ours: Sequence[str]) -> Catalog:
    """The current database, called `database`, but for our tables `ours`.

    `shown` runs several statements in one message and gives the first row of each. Definers, counters and the
    database's own name are left out. Raises RefusedError where this user may not see a definition.
    """
    tables = [row for row in query(TABLES) if row[0] not in ours]
    objects = [_listed(str(name), str(kind), rows) for name, kind, rows in tables]
    objects += [_Object(str(kind).upper(), str(name), 2) for kind, name in query(ROUTINES)]
    objects += [_Object("EVENT", str(name), 3, starts_by_itself=bool(implicit)) for name, implicit in query(EVENTS)]
    triggers = query(TRIGGERS)
    bare = _Unqualified(database, [found.name for found in objects])
    words = [
        bare(text, view=each.kind == "VIEW") for each, text in zip(objects, _definitions(objects, shown), strict=True)
    ]
    names = {found.name.casefold(): found.name for found in objects}
    extras = _extras(triggers, bare, names)
    made = list(zip(objects, words, strict=True))
    return Catalog(
        tuple(
            read_table(found.name, text, found.rows, extras.get(found.name, ()))
            for found, text in made
            if found.kind == "TABLE"
        ),
        tuple(_thing(found, text, names) for found, text in made if found.kind != "TABLE"),
    )


@contextlib.contextmanager
def shown_plainly(query: Query, change: Callable[[str], object]) -> Iterator[None]:
    """While it lasts the server writes names in backticks, backslashes as such and all that a table has."""
    [(mode, quotes)] = query("SELECT @@sql_mode, @@sql_quote_show_create")
    kept = [name for name in str(mode).split(",") if not name.startswith(MODES)]
    usual = quotes and ",".join(kept) == mode
    if not usual:
        change(f"SET sql_mode = '{','.join(kept)}', sql_quote_show_create = 1")
    try:
        yield
    finally:
        if not usual:
            change(f"SET sql_mode = '{mode}', sql_quote_show_create = {int(quotes)}")


def _listed(name: str, kind: str, rows: object) -> _Object:
    if "VIEW" in kind:
        return _Object("VIEW", name)
    if kind == "SEQUENCE":
        return _Object("SEQUENCE", name)
    return _Object("TABLE", name, rows=int(str(rows)) if rows is not None else None)


def _definitions(objects: Sequence[_Object], shown: Shown) -> list[str]:
    found: list[str] = []
    for start in range(0, len(objects), PORTION):
        portion = objects[start : start + PORTION]
        statements = [f"SHOW CREATE {each.kind} {quoted(each.name)}" for each in portion]
        for each, row in zip(portion, shown(statements), strict=True):
            if row[each.column] is None:
                raise RefusedError(f"this user may not see the definition of {each.kind.lower()} {each.name}")
            found.append(str(row[each.column]))
    return found


class _Unqualified:
    """Takes the database's own name away from before those of its objects, wherever the server has put it."""

    def __init__(self, database: str, names: Sequence[str]) -> None:
        self._database = database
        self._names = {name.casefold() for name in names}
        own, plain = re.escape(quoted(database)), re.escape(database)
        self._of_three = re.compile(rf"{re.escape(quoted(database))}\.{_QUOTED}\.{_QUOTED}")
        self._pattern = re.compile(
            rf"""('(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")"""
            rf"|(?<![.@\w$`])(?:{own}|{plain}(?![\w$`]))\.(`(?:[^`]|``)*`|[\w$]+)"
        )

    def __call__(self, text: str, *, view: bool = False) -> str:
        if self._database not in text or (view and not self._of_three.search(text)):
            return text  # in a view a table may be called as the database
        return self._pattern.sub(self._replaced, text)

    def _replaced(self, found: re.Match[str]) -> str:
        name = found[2]
        if not name:
            return found[0]
        known = name.strip("`").replace("``", "`").casefold() in self._names
        column_follows = found.string.startswith(".", found.end())  # of a view on what is gone
        return name if known or column_follows else found[0]


def _extras(
    triggers: Sequence[tuple[Any, ...]], bare: Callable[[str], str], names: Mapping[str, str]
) -> dict[str, list[Extra]]:
    """The triggers of each table in the order in which they run."""
    found: dict[str, list[Extra]] = {}
    former: dict[tuple[str, str, str], str] = {}
    for table, name, timing, event, body in triggers:
        place = (table, timing, event)
        behind = f" FOLLOWS {quoted(former[place])}" if place in former else ""
        former[place] = name
        body = bare(str(body))
        sql = f"CREATE TRIGGER {quoted(name)} {timing} {event} ON {quoted(table)} FOR EACH ROW{behind} {body}"
        found.setdefault(table, []).append(Extra("trigger", name, sql, _needs(body, "", names)))
    return found


def _thing(found: _Object, text: str, names: Mapping[str, str]) -> Thing:
    text = text if found.kind == "SEQUENCE" else DEFINER.sub("", text, count=1)
    if found.kind == "VIEW":
        text = _USUAL_VIEW.sub("CREATE VIEW ", text)
    elif found.kind == "SEQUENCE":
        text = _ENGINE.sub("", text)
    elif found.kind == "EVENT" and found.starts_by_itself:
        text = _STARTS.sub("", text, count=1)
    return Thing(found.kind.lower(), found.name, text, needs=_needs(text, found.name, names))


def _needs(text: str, own: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """The objects whose names stand in a definition: maybe more than it needs, never fewer."""
    said = ((quoted_ or word).replace("``", "`").casefold() for quoted_, word in _WORD.findall(text))
    found = dict.fromkeys(names[word] for word in said if word in names)
    return tuple(name for name in found if name != own)
