"""What statements change, in the few words that the rules are written in; no matter who read it from where."""

# No annotations from __future__: NamedTuple would have to compile each of them.

from collections.abc import Mapping
from typing import NamedTuple

from miger.engine.hazards.values import Place

# What a change may be; the comment says which fields it fills beside `table`.
CREATE_TABLE = "create table"  # columns
DROP_TABLE = "drop table"
RENAME_TABLE = "rename table"  # other
TRUNCATE = "truncate"
DELETE_ALL = "delete all"
UPDATE_ALL = "update all"  # columns
WRITE = "write"  # some rows
ADD_COLUMN = "add column"  # column, type; NOT_NULL, DEFAULT, VOLATILE, GENERATED, NUMBERED
DROP_COLUMN = "drop column"  # column
RENAME_COLUMN = "rename column"  # column, to
SET_NOT_NULL = "set not null"  # column
DROP_NOT_NULL = "drop not null"  # column
ALTER_TYPE = "alter type"  # column, type, expression
CREATE_INDEX = "create index"  # columns (none where it is over expressions), expression: its WHERE; UNIQUE
DROP_INDEX = "drop index"  # its name stands for the table's
ADD_UNIQUE = "add unique"  # columns
ADD_PRIMARY_KEY = "add primary key"  # columns
ADD_CHECK = "add check"  # expression; NOT_VALID
ADD_FOREIGN_KEY = "add foreign key"  # columns, other, other_columns; NOT_VALID
CREATE_VIEW = "create view"
DROP_VIEW = "drop view"
DROP_SCHEMA = "drop schema"
DROP_DATABASE = "drop database"
DROP_PARTITION = "drop partition"  # columns: the partitions
DROP_CASCADE = "drop cascade"  # expression: the kind of thing, whose name stands for the table's
REWRITE = "rewrite"  # expression: what does it
REBUILD = "rebuild"  # a table made anew and renamed, as SQLite needs it; columns: those it has no more
REINDEX = "reindex"
REFRESH = "refresh"
VACUUM = "vacuum"
COPY_TABLE = "copy table"  # expression: what makes MySQL do so
SET_VALIDATOR = "set validator"  # documents: the condition
LOCK = "lock"
UNCHECKED, CHECKED = "unchecked", "checked"  # MySQL's foreign_key_checks, off and on
UNKNOWN = "unknown"  # something that may write any table

CONCURRENTLY, UNIQUE, NOT_VALID = "concurrently", "unique", "not valid"
NOT_NULL, DEFAULT, VOLATILE, GENERATED = "not null", "default", "volatile", "generated"
IF_EXISTS, SPECIAL = "if exists", "special"  # a FULLTEXT or SPATIAL index
ONLINE = "online"  # MySQL is told to refuse rather than to copy or to lock
NUMBERED = "numbered"  # AUTO_INCREMENT


class Name(NamedTuple):
    """The name of a table and so on, as the database has it: unquoted, and folded where it folds."""

    name: str
    schema: str = ""

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}" if self.schema else self.name

    def fits(self, other: "Name") -> bool:
        """Whether both may be the same; a name without a schema may be in any."""
        same = self.name.lower() == other.name.lower()
        return same and (self.schema == other.schema or not self.schema or not other.schema)


class Change(NamedTuple):
    """One thing that a statement changes. Which fields are filled says the list of actions above."""

    action: str
    table: Name
    column: str = ""
    columns: tuple[str, ...] = ()
    to: str = ""
    other: Name | None = None
    other_columns: tuple[str, ...] = ()
    type: str = ""
    expression: str = ""
    flags: frozenset[str] = frozenset()
    line: int = 0  # in the file; 0: that of the statement
    documents: Mapping[str, object] | None = None  # on MongoDB: which of them


class Act(NamedTuple):
    """A change with its place. What is taken away has `later`: what the section makes of that name after it."""

    place: Place
    change: Change
    later: tuple[Change, ...] = ()


def subject(table: Name, *columns: str) -> str:
    """`table`, `table.column` or `table (one, two)`."""
    if not columns:
        return str(table)
    return f"{table}.{columns[0]}" if len(columns) == 1 else f"{table} ({', '.join(columns)})"


def quote(dialect: str, *parts: str) -> str:
    """A name, quoted for use in a statement."""
    mark = "`" if dialect in ("mysql", "mariadb") else '"'
    return ".".join(mark + part.replace(mark, mark * 2) + mark for part in parts if part)


def quote_table(dialect: str, table: Name) -> str:
    """A table's name, quoted."""
    return quote(dialect, table.schema, table.name)


def literal(dialect: str, text: str) -> str:
    """A text as a literal."""
    if dialect in ("mysql", "mariadb"):
        text = text.replace("\\", "\\\\")
    return "'" + text.replace("'", "''") + "'"
