"""What there is in a database that a form can offer: tables or collections with what they consist of."""

from __future__ import annotations

from typing import NamedTuple


class ColumnShape(NamedTuple):
    """A column, or a field that documents have.

    `type` is as the database writes it; of a field, every kind seen, as in `string | null`. `default` is an
    expression. `generated`: its value is computed, or counted by the database (`identity`).
    `definition` is its line of CREATE TABLE where the database keeps one.
    """

    name: str
    type: str
    nullable: bool = True
    default: str | None = None
    generated: bool = False
    identity: str = ""  # "", "always", "by default" or "serial" (PostgreSQL)
    definition: str = ""
    comment: str | None = None


class IndexShape(NamedTuple):
    """An index. `columns` leaves out expressions; `definition` is what makes it again, word for word.

    On MongoDB `keys` and `options` are what made it.
    """

    name: str
    columns: tuple[str, ...]
    unique: bool = False
    definition: str = ""
    plain: bool = True  # nothing but columns: no expression, condition, order or method
    keys: tuple[tuple[str, object], ...] = ()
    options: tuple[tuple[str, object], ...] = ()


class ForeignKeyShape(NamedTuple):
    """A foreign key; `name` is "" where SQLite has none. `options` are ondelete, onupdate and so on.

    `definition` is what makes it again behind its name, where the database says so.
    """

    name: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    target_schema: str | None = None
    options: tuple[tuple[str, object], ...] = ()
    definition: str = ""


class ConstraintShape(NamedTuple):
    """A unique or check constraint; `definition` is what makes it again behind its name."""

    name: str
    definition: str
    columns: tuple[str, ...] = ()  # of a unique one


class TableShape(NamedTuple):
    """A table or a collection.

    `schema` is None in the schema that names without one mean. `rows` is the database's own estimate, None
    where it has none. `definition` is its CREATE TABLE where the database keeps that, `related` the
    statements that make what goes with it (indexes, triggers). `mentions` are the views, and triggers of
    other tables, that have its name in them (SQLite).
    `validation` are the options of a collection's validator.
    """

    name: str
    columns: tuple[ColumnShape, ...]
    indexes: tuple[IndexShape, ...] = ()
    foreign_keys: tuple[ForeignKeyShape, ...] = ()
    primary_key: tuple[str, ...] = ()
    primary_key_name: str = ""
    constraints: tuple[ConstraintShape, ...] = ()
    rows: int | None = None
    schema: str | None = None
    definition: str = ""
    related: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    options: tuple[tuple[str, object], ...] = ()  # of a collection

    @property
    def path(self) -> str:
        """Its name, after that of its schema where it needs one."""
        return self.name if self.schema is None else f"{self.schema}.{self.name}"

    def column_named(self, name: str) -> ColumnShape | None:
        """The column of that name."""
        return next((column for column in self.columns if column.name == name), None)

    def index_named(self, name: str) -> IndexShape | None:
        """The index of that name."""
        return next((index for index in self.indexes if index.name == name), None)

    def foreign_key_named(self, name: str) -> ForeignKeyShape | None:
        """The foreign key of that name; SQLite's nameless ones go by their columns: `a,b`."""
        return next((key for key in self.foreign_keys if name in (key.name, ",".join(key.columns))), None)
