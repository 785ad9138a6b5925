"""What is known while the changes of a plan pass by: which tables are new, renamed or written, and what lives."""

from __future__ import annotations

from bisect import bisect_left
from typing import NamedTuple

from miger.engine.hazards import changes as c
from miger.engine.hazards.changes import Change, Name
from miger.engine.hazards.documents import Documents
from miger.engine.hazards.live import Live
from miger.engine.hazards.names import Names
from miger.engine.hazards.values import INFO, TINY_ROWS, WARNING

DOCUMENTS = "documents"  # in the place of an SQL dialect


class Seen(NamedTuple):
    """A statement that went by: its lines, and whether anything was to be said of it.

    `understood` is False where it could not be read, `new` True where it touches only a table of the plan's.
    `subject` is the table it changes first.
    """

    first: int
    last: int
    understood: bool
    new: bool
    subject: str = ""


class Facts:
    """What the rules may ask. `live` and `documents` are None where the database must not be asked."""

    def __init__(self, dialect: str, direction: str, live: Live | None, documents: Documents | None = None) -> None:
        self.dialect = "mysql" if dialect == "mariadb" else dialect
        self.direction = direction
        self.live = live
        self.documents = documents
        self.contents: dict[Name, str] = {}  # of the tables made in this plan: their CREATE TABLE
        self._seen: dict[str, list[Seen]] = {}  # by migration: its statements, as they stand
        self.copied: dict[Name, str] = {}  # and the last statement that has filled them
        self._new = Names()
        self._new_columns: set[tuple[str, str]] = set()
        self._former_columns: dict[tuple[str, str], str] = {}
        self._former: dict[Name, Name] = {}  # names that tables had before the plan
        self._written = Names()
        self._all_written = False
        self._new_objects: set[tuple[str, str]] = set()  # views and indexes
        self._kept = Names()  # tables that are dropped only to be made anew with their rows
        self._locks: list[str] = []  # statements that lock tables
        self._altered = Names()  # tables that the transaction has altered
        self._in_transaction = False
        self.checks_keys = True  # MySQL's foreign_key_checks
        self._checked: set[tuple[str, str]] = set()  # conditions that hold for every row

    def see(self, id: str, seen: Seen) -> None:
        """Remembers a statement of a migration's SQL."""
        self._seen.setdefault(id, []).append(seen)

    def seen_at(self, id: str, line: int) -> Seen | None:
        """The statement that a line of a migration's file belongs to."""
        seen = self._seen.get(id, [])
        at = bisect_left(seen, line, key=lambda each: each.last)
        return seen[at] if at < len(seen) and seen[at].first <= line else None

    def note(self, change: Change) -> None:
        """Takes a change as done."""
        table = change.table
        match change.action:
            case c.CREATE_TABLE if c.IF_EXISTS not in change.flags or not self.exists(table) or table in self._kept:
                if table in self._kept:
                    self._kept.discard(table)
                else:
                    self._new.add(table)
                self.contents[table] = change.expression
            case c.ADD_COLUMN:
                self._new_columns.add((table.name.lower(), change.column.lower()))
                self._altered.add(table)
            case c.RENAME_COLUMN:
                self._rename_column(table, change.column, change.to)
            case c.RENAME_TABLE if change.other is not None:
                self._rename(table, change.other)
            case c.WRITE | c.UPDATE_ALL | c.DELETE_ALL | c.TRUNCATE:
                self._written.add(table)
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
            case c.LOCK:
                self._locks.append(change.expression.lower())
            case c.CHECKED | c.UNCHECKED:
                self.checks_keys = change.action == c.CHECKED
            case c.DROP_COLUMN | c.ALTER_TYPE | c.SET_NOT_NULL | c.DROP_NOT_NULL:
                self._altered.add(table)

    def _rename(self, old: Name, new: Name) -> None:
        new = new if new.schema else new._replace(schema=old.schema)
        if old in self.copied:
            self.contents[new], self.copied[new] = self.contents.get(old, ""), self.copied[old]
        if self.is_new(old):
            self._new.add(new)
        else:
            self._former[new] = self._former.get(old, old)

    def _rename_column(self, table: Name, old: str, new: str) -> None:
        if self.is_new_column(table, old):
            self._new_columns.add((table.name.lower(), new.lower()))
        else:
            self._former_columns[table.name.lower(), new.lower()] = self.column_now(table, old)

    def start(self, *, transaction: bool) -> None:
        """A step begins, in a transaction of its own or in none."""
        self._in_transaction = transaction
        self._altered = Names()
        self._locks = []

    def is_altered(self, table: Name) -> bool:
        """Whether the transaction of the step has altered the table, and so keeps everyone out of it until its end."""
        return self._in_transaction and table in self._altered

    def is_locked(self, table: Name) -> bool:
        """Whether the step has locked the table itself."""
        return any(table.name.lower() in words for words in self._locks[:10])

    def keep(self, table: Name) -> None:
        """The table will be dropped and made anew, and its rows come back."""
        self._kept.add(table)

    def rebuilt(self, table: Name) -> None:
        """A table was made anew, copied and renamed: it still is the one that was there."""
        self._new.discard(table)

    def is_new(self, table: Name) -> bool:
        """Whether the plan itself makes the table."""
        return table in self._new

    def is_new_column(self, table: Name, column: str) -> bool:
        """Whether the plan itself makes the column, or its table."""
        return self.is_new(table) or (table.name.lower(), column.lower()) in self._new_columns

    def is_written(self, table: Name) -> bool:
        """Whether the plan changes rows before, so that those of now say nothing of what will be."""
        return self._all_written or table in self._written

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

    def column_later(self, table: Name, column: str) -> str:
        """The name that the plan has given by now to a column of the database, in lower case."""
        here = table.name.lower()
        renamed = (new for (name, new), old in self._former_columns.items() if (name, old.lower()) == (here, column))
        return next(renamed, column)

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
