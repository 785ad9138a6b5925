"""What a database consists of, as plain values in the database's own words.

Each thing has a `definition`: all that makes it what it is, as the server itself words it. Two things with the
same definition are the same, whoever wrote them and however; the other fields tell what it is that differs.
"""

from __future__ import annotations

from typing import NamedTuple

PRIMARY_KEY, UNIQUE, CHECK, FOREIGN_KEY, EXCLUDE = "primary key", "unique", "check", "foreign key", "exclude"


class Column(NamedTuple):
    """A column of a table.

    `definition` is all that stands behind its name in CREATE TABLE, but for keys, checks and comments. `default` is
    an expression; None also where the value is generated or counted. `identity` is "", "always", "by default" or
    "serial" (PostgreSQL), "auto_increment" (MySQL), "autoincrement" (SQLite). `collation` is "" for the usual one.
    """

    name: str
    type: str
    nullable: bool = True
    default: str | None = None
    generated: str = ""
    stored: bool = False
    identity: str = ""
    collation: str = ""
    comment: str = ""
    definition: str = ""


class Constraint(NamedTuple):
    """A primary key, a unique, check or foreign key constraint, or PostgreSQL's EXCLUDE.

    `definition` is all that stands behind its name. `named` is False where the database has made the name up (or has
    none): then it says nothing. `target` is the path of the table that a foreign key points to.
    """

    kind: str
    name: str
    definition: str
    columns: tuple[str, ...] = ()
    target: str = ""
    target_columns: tuple[str, ...] = ()
    named: bool = True


class Index(NamedTuple):
    """An index that no constraint has made; `definition` is the statement that makes it.

    `columns` are those it names, also within expressions; `plain`: nothing but them, in their usual order and way.
    """

    name: str
    definition: str
    columns: tuple[str, ...] = ()
    unique: bool = False
    plain: bool = True
    comment: str = ""


class Extra(NamedTuple):
    """A trigger, rule or policy of a table; `definition` is the statement that makes it.

    `needs` and `text` are as those of `Thing`.
    """

    kind: str
    name: str
    definition: str
    needs: tuple[str, ...] = ()
    text: str = ""


class Table(NamedTuple):
    """A table. `schema` is None in the schema that names without one mean.

    `options` are all that concerns the whole table, in words that compare (partitioning, engine, WITHOUT ROWID).
    `definition` is its CREATE TABLE where the database keeps one; it is not compared. `rows` is the database's own
    estimate, None where it has none. `needs` are the things that its columns, constraints and indexes are made of, as
    of `Thing`, where the database tells.
    """

    name: str
    columns: tuple[Column, ...] = ()
    constraints: tuple[Constraint, ...] = ()
    indexes: tuple[Index, ...] = ()
    extras: tuple[Extra, ...] = ()
    schema: str | None = None
    comment: str = ""
    options: str = ""
    definition: str = ""
    rows: int | None = None
    needs: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Its name, after that of its schema where it needs one."""
        return self.name if self.schema is None else f"{self.schema}.{self.name}"

    @property
    def primary_key(self) -> tuple[str, ...]:
        """The columns of the primary key; none where there is none."""
        return next((found.columns for found in self.constraints if found.kind == PRIMARY_KEY), ())

    def column(self, name: str) -> Column | None:
        """The column of that name."""
        return next((column for column in self.columns if column.name == name), None)


class Thing(NamedTuple):
    """What is no table.

    It is a view, materialized view, function, procedure, aggregate, event, sequence, schema, extension, enum, domain,
    composite or range; or a trigger of a view (SQLite).

    `name` is its path, of a function with the types of its arguments; `definition` the statement that makes it.
    `labels` are those of an enum, in order. `needs` are the names of tables and things that it is made of, as
    `path` and `name` give them. `comment` as of a table. `text` is the statement as somebody wrote it, where the
    database keeps that; it is not compared. `columns` are what a view gives, each with its type, where the database
    tells.
    """

    kind: str
    name: str
    definition: str
    labels: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    comment: str = ""
    text: str = ""
    columns: tuple[str, ...] = ()


class Catalog(NamedTuple):
    """All that is in a database, but for what is Miger's own; tables by path, things by kind and name."""

    tables: tuple[Table, ...] = ()
    things: tuple[Thing, ...] = ()

    def table(self, path: str) -> Table | None:
        """The table of that path."""
        return next((table for table in self.tables if table.path == path), None)
