"""The tables of MySQL or MariaDB, by what SHOW CREATE TABLE says of each.

SQLAlchemy's inspector reads the same text, but stumbles over quotes in names, and leaves out what `down` needs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from miger.forms.definition import Column, Token, tokens
from miger.forms.shapes import ColumnShape, ForeignKeyShape, IndexShape, TableShape

if TYPE_CHECKING:
    from collections.abc import Sequence

    from miger.backends.sql import SqlBackend

SECONDS = 10.0
ROWS = "SELECT table_name, table_rows FROM information_schema.tables WHERE table_schema = DATABASE()"
_ACTION = re.compile(r"ON (DELETE|UPDATE) (CASCADE|RESTRICT|SET NULL|SET DEFAULT|NO ACTION)")


def read_mysql_tables(backend: SqlBackend, limit: int) -> list[TableShape]:
    """As `read_tables`."""
    backend.open()
    rows = {str(name): None if count is None else int(count) for name, count in backend.ask(ROWS, SECONDS)}
    schema = backend.read_schema()
    named = {name.removeprefix("table "): text for name, text in schema.items() if name.startswith("table ")}
    return [_shape(name, named[name], rows.get(name)) for name in sorted(named)[:limit]]


def _shape(name: str, definition: str, rows: int | None) -> TableShape:
    columns, indexes, keys = [], [], []
    primary: tuple[str, ...] = ()
    for line in definition.split("\n")[1:-1]:
        said = line.strip().removesuffix(",")
        found = list(tokens(said, backslashes=True))
        words = [token.word if not token.depth else "" for token in found]
        if said.startswith("`"):
            columns.append(_column(said))
        elif words[0] == "PRIMARY":
            primary = _names(found)
        elif "FOREIGN" in words and words[0] == "CONSTRAINT":
            keys.append(_key(said, found, words))
        elif "KEY" in words[:2]:
            indexes.append(_index(said, found, words))
    ordered = tuple(sorted(indexes, key=lambda index: index.name))
    return TableShape(name, tuple(columns), ordered, tuple(keys), primary, rows=rows, definition=definition)


def _column(line: str) -> ColumnShape:
    column = Column(line, backslashes=True)
    clause = column.clause("DEFAULT")
    default = line[clause.start : clause.end].removeprefix("DEFAULT").strip() if clause is not None else None
    return ColumnShape(
        column.name,
        column.type,
        column.clause("NOT") is None,
        None if default == "NULL" else default,
        column.clause("GENERATED", "AS") is not None,
        "by default" if column.clause("AUTO_INCREMENT") is not None else "",
        line,
    )


def _names(found: Sequence[Token]) -> tuple[str, ...]:
    """The names in brackets."""
    return tuple(token.name for token in found if token.depth == 1 and token.kind == "quoted")


def _index(line: str, found: Sequence[Token], words: Sequence[str]) -> IndexShape:
    name, columns = found[words.index("KEY") + 1].name, _names(found)
    unique = words[0] == "UNIQUE"
    listed = [part for column in columns for part in (column, ",")][:-1]
    said = [token.name for token in found]
    usual = [*(["UNIQUE"] if unique else []), "KEY", name, "(", *listed, ")"]
    return IndexShape(name, columns, unique, line, said in (usual, [*usual, "USING", "BTREE"]))


def _key(line: str, found: Sequence[Token], words: Sequence[str]) -> ForeignKeyShape:
    middle = words.index("REFERENCES")
    opening = next(number for number in range(middle, len(found)) if found[number].text == "(")
    target = found[middle + 1 : opening]  # the table, after its database where that is another one
    behind = max(token.end for token in found if token.text == ")")
    options = tuple((f"on{what.lower()}", action) for what, action in _ACTION.findall(line[behind:]))
    return ForeignKeyShape(
        found[1].name,
        _names(found[:middle]),
        target[-1].name,
        _names(found[middle:]),
        target[0].name if len(target) > 1 else None,
        options,
        line[found[words.index("FOREIGN")].start :],
    )
