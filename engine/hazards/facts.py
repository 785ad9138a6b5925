"""What is known while the changes of a plan pass by: which tables are new, renamed or written, and what lives."""

from __future__ import annotations

from typing import NamedTuple

from miger.engine.hazards import changes as c
from miger.engine.hazards.changes import Change, Name
from miger.engine.hazards.documents import Documents
from miger.engine.hazards.live import Live
from miger.engine.hazards.values import INFO, TINY_ROWS, WARNING

DOCUMENTS = "documents"  # in the place of an SQL dialect


class Seen(NamedTuple):
    """A statement that went by: its lines, and whether anything was to be said of it.

    `understood` is False where it could not be read, `new` True where it touches only a table of the plan's.
    """

    id: str
    first: int
    last: int
    understood: bool
    new: bool


class Facts:
    """What the rules may ask. `live` and `documents` are None where the database must not be asked."""

    def __init__(self, dialect: str, direction: str, live: Live | None, documents: Documents | None = None) -> None:
        self.dialect = "mysql" if dialect == "mariadb" else dialect
        self.direction = direction
        self.live = live
        self.documents = documents
        self.contents: dict[Name, str] = {}  # of the tables made in this plan: their CREATE TABLE
        self.seen: list[Seen] = []  # statements of SQL files that were parsed
        self.copied: dict[Name, str] = {}  # and the last statement that has filled them
        self._new: list[Name] = []
        self._new_columns: set[tuple[str, str]] = set()
        self._former_columns: dict[tuple[str, str], str] = {}
        self._former: dict[Name, Name] = {}  # names that tables had before the plan
        self._written: list[Name] = []
        self._all_written = False
        self._new_objects: set[tuple[str, str]] = set()  # views and indexes
        self._checked: set[tuple[str, str]] = set()  # conditions that hold for every row

    def note(self, change: Change) -> None:
        """Takes a change as done."""
        table = change.table
        match change.action:
            case c.CREATE_TABLE if c.IF_EXISTS not in change.flags or not self.exists(table):
                self._new.append(table)
                self.contents[table] = change.expression
            case c.ADD_COLUMN:
                self._new_columns.add((table.name.lower(), change.column.lower()))
            case c.RENAME_COLUMN:
                self._rename_column(table, change.column, change.to)
            case c.RENAME_TABLE if change.other is not None:
                self._rename(table, change.other)
            case c.WRITE | c.UPDATE_ALL | c.DELETE_ALL | c.TRUNCATE:
                self._written.append(table)
                if change.expression and self.is_new(table):
                    self.copied[table] = change.expression
            case c.CREATE_VIEW:
                self._new_objects.add(("view", table.name.lower()))
            case c.CREATE_INDEX if change.to:
                self._new_objects.add(("index", change.to.lower()))
            case c.ADD_CHECK:
                self._checked.add((table.name.lower(), _squeezed(change.expression)))
            case c.UNKNOWN:
                self._all_written = True

    def _rename(self, old: Name, new: Name) -> None:
        new = new if new.schema else new._replace(schema=old.schema)
        if self.is_new(old):
            self._new.append(new)
        else:
            self._former[new] = self._former.get(old, old)

    def _rename_column(self, table: Name, old: str, new: str) -> None:
        if self.is_new_column(table, old):
            self._new_columns.add((table.name.lower(), new.lower()))
        else:
            self._former_columns[table.name.lower(), new.lower()] = self.column_now(table, old)

    def rebuilt(self, table: Name) -> None:
        """A table was made anew, copied and renamed: it still is the one that was there."""
        self._new = [name for name in self._new if not name.fits(table)]

    def is_new(self, table: Name) -> bool:
        """Whether the plan itself makes the table."""
        return any(table.fits(name) for name in self._new)

    def is_new_column(self, table: Name, column: str) -> bool:
        """Whether the plan itself makes the column, or its table."""
        return self.is_new(table) or (table.name.lower(), column.lower()) in self._new_columns

    def is_written(self, table: Name) -> bool:
        """Whether the plan changes rows before, so that those of now say nothing of what will be."""
        return self._all_written or any(table.fits(name) for name in self._written)

    def is_new_object(self, kind: str, name: Name) -> bool:
        """Whether the plan itself makes the view or index."""
        return (kind, name.name.lower()) in self._new_objects

    def never_null(self, table: Name, column: str) -> bool:
        """Whether the plan has checked before that a column holds no NULL."""
        forms = (f"not{column}isnull", f"{column}isnotnull")
        return any((table.name.lower(), form.lower()) in self._checked for form in forms)

    def now(self, table: Name) -> Name:
        """The name that a table has in the database now."""
        return self._former.get(table, table)

    def column_now(self, table: Name, column: str) -> str:
        """The name that a column has in the database now."""
        return self._former_columns.get((table.name.lower(), column.lower()), column)

    def exists(self, table: Name) -> bool | None:
        """Whether the table is in the database now; None where nobody knows."""
        return None if self.live is None or not table.name else self.live.exists(self.now(table))

    def concerns(self, table: Name) -> bool:
        """Whether a change to the table can do harm: not to one that the plan makes, nor to one that is not there."""
        return not self.is_new(table) and self.exists(table) is not False

    def severity(self, table: Name, tiny: int = TINY_ROWS) -> str:
        """Of what grows with a table: a warning, but not for a table of few rows."""
        rows = None if self.live is None else self.live.rows(self.now(table), tiny)
        return INFO if rows is not None and rows < tiny else WARNING


def _squeezed(condition: str) -> str:
    return "".join(sign for sign in condition.lower() if sign not in ' \t\n"`()')
