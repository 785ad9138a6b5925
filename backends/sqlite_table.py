"""A table of SQLite as a value."""

from __future__ import annotations

from typing import NamedTuple

from miger.backends.sqlite_tokens import folded, in_quotes


class Column(NamedTuple):
    """A column. `type` is as declared, in capitals; `default` and `generated` are expressions, "" for none.

    `collation` is "" for BINARY. `conflict` is what NOT NULL does but abort.
    """

    name: str
    type: str = ""
    not_null: bool = False
    conflict: str = ""
    default: str = ""
    collation: str = ""
    generated: str = ""
    stored: bool = False


class Key(NamedTuple):
    """A PRIMARY KEY or UNIQUE; `columns` in lower case, each with its collation and order if it has one.

    `apart`: a column that is `INTEGER PRIMARY KEY DESC`, which is the one way not to be the row's id.
    """

    columns: tuple[str, ...]
    name: str = ""
    conflict: str = ""
    autoincrement: bool = False
    apart: bool = False


class Check(NamedTuple):
    """A CHECK of the table or of one of its columns, which is the same to SQLite."""

    expression: str
    name: str = ""


class ForeignKey(NamedTuple):
    """A foreign key; without `parent_columns` it is to the primary key of `parent`. Names in lower case."""

    columns: tuple[str, ...]
    parent: str
    parent_columns: tuple[str, ...] = ()
    on_delete: str = ""
    on_update: str = ""
    match: str = ""
    deferred: bool = False
    name: str = ""


class Table(NamedTuple):
    """A table; columns in their order, all else in that of the text."""

    name: str
    columns: tuple[Column, ...]
    primary_key: Key | None = None
    uniques: tuple[Key, ...] = ()
    checks: tuple[Check, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    without_rowid: bool = False
    strict: bool = False

    @property
    def row_id(self) -> str:
        """The column that is another name of the row's id, in lower case; "" where none is."""
        key = self.primary_key
        if key is None or key.apart or self.without_rowid or len(key.columns) != 1:
            return ""
        name = key.columns[0].removesuffix(" desc")
        return name if any(in_quotes(folded(c.name)) == name and c.type == "INTEGER" for c in self.columns) else ""
