"""What a person has answered so far, and what the database is known to have."""

from __future__ import annotations

from typing import NamedTuple

from miger.engine.graph import MigrationGraph
from miger.forms.shapes import TableShape
from miger.workbench.wizard.changes import Changes, Taken

KIND, NAME, PARENTS, CONTENT, REVIEW = "kind", "name", "parents", "content", "review"
STEPS = (KIND, NAME, PARENTS, CONTENT, REVIEW)
LABELS = {KIND: "Kind", NAME: "Name", PARENTS: "Parents", CONTENT: "Content", REVIEW: "Review"}

SQL, PYTHON, FORM, BACKFILL, GENERATED, MERGE = "sql", "python", "form", "backfill", "generated", "merge"
KINDS = (SQL, PYTHON, FORM, BACKFILL, GENERATED, MERGE)


class Entry(NamedTuple):
    """A form and what is filled into it, by field."""

    form: str
    texts: tuple[tuple[str, str], ...] = ()

    @property
    def filled(self) -> dict[str, str]:
        """The texts by field."""
        return dict(self.texts)


class Answers(NamedTuple):
    """All that was answered. `sections` are up, verify and down of a migration that is written by hand.

    `entries` are the changes of a form, `written` the kind of file they go into; `backfill` is a form, too. `taken`
    is what was said to the differences of schemas.
    """

    kind: str = ""
    name: str = ""
    title: str = ""
    phase: str = ""
    release: str = ""
    transaction: bool = True
    parents: tuple[str, ...] = ()
    up: str = ""
    verify: str = ""
    down: str = ""
    entries: tuple[Entry, ...] = ()
    written: str = SQL
    backfill: Entry = Entry(BACKFILL)
    taken: Taken = Taken()


class Ground(NamedTuple):
    """What a migration is written for.

    `backend` is sqlite, postgresql, mysql or mongodb, or a plugin's; `runs_sql` whether migrations may be SQL. `graph`
    is what the folder holds. `tables` are those of the database, None while they are not known; `trouble` is why they
    could not be read. `pending`: migrations that are not applied may make more of them. `now`: seconds since 1970.
    `changes` is what differs from the wanted schema, as far as that has been compared.
    """

    backend: str
    runs_sql: bool
    graph: MigrationGraph
    tables: tuple[TableShape, ...] | None = None
    trouble: str = ""
    pending: bool = False
    now: float = 0.0
    changes: Changes = Changes()

    @property
    def has_forms(self) -> bool:
        """Whether forms can write for this kind of database."""
        return self.backend in ("sqlite", "postgresql", "mysql", "mongodb")

    @property
    def trusting(self) -> bool:
        """Whether there may be tables that are not known."""
        return bool(self.trouble) or self.pending


def steps_of(kind: str) -> tuple[str, ...]:
    """The steps there are for a kind: a merge has no content."""
    return tuple(step for step in STEPS if kind != MERGE or step != CONTENT)
