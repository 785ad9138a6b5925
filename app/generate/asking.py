"""What the rows of the live database say to a change: what it loses, and what it cannot be made with.

Each question is a query of its own, read-only, with a time limit; a table that is too large for that is told without
a number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from miger.engine.catalog import Catalog, Column, Table
from miger.engine.errors import StatementError
from miger.generate.conversions.conversion import SAME, conversion_of, with_column
from miger.generate.differences import ColumnDifference, Differences, TableDifference
from miger.generate.renames import Renaming
from miger.generate.writing.written import Choices

if TYPE_CHECKING:
    from miger.engine.backend import Backend
    from miger.forms.steps import Names

SECONDS = 10.0
EXAMPLES = 3
LENGTH = 60  # characters of an example

Ask = Callable[[str], "list[tuple[object, ...]]"]


class Loss(NamedTuple):
    """Data that a migration would lose, or that stands against it.

    `stops`: it cannot be made with such rows, whatever a person says to losing them; `option` is what makes it
    possible. `rows` is how many, None where they were not counted, `examples` are some of the values.
    """

    object: str
    message: str
    rows: int | None = None
    examples: tuple[str, ...] = ()
    stops: bool = False
    option: str = ""

    def __str__(self) -> str:
        shown = f" ({', '.join(self.examples)}{', …' if (self.rows or 0) > len(self.examples) else ''})"
        return f"{self.object}: {self.message}" + (shown if self.examples else "")


class Origins:
    """Where in the live database the rows of a table and the values of a column are, which may be renamed later."""

    def __init__(self, renamings: Sequence[Renaming]) -> None:
        self._tables = {one.new_table: one.table for one in renamings if not one.column}
        self._columns = {(one.new_table, one.new_column): one.column for one in renamings if one.column}

    def table(self, path: str) -> str:
        """The path there."""
        return self._tables.get(path, path)

    def column(self, path: str, name: str) -> str:
        """The name of the column there."""
        return self._columns.get((path, name), name)


def find_losses(
    backend: Backend,
    live: Catalog,
    found: Differences,
    wanted: Catalog,
    choices: Choices,
    renamings: Sequence[Renaming] = (),
    *,
    offline: bool = False,
) -> list[Loss]:
    """What the changes lose, and what stands against them. `live` is the database as it is, before any rename.

    `offline`: no row is asked, so what is lost for sure is told without a number, and nothing else is.
    """
    from miger.forms.steps import Names  # deferred: imports SQLAlchemy

    def ask(sql: str) -> list[tuple[object, ...]]:
        return [] if offline else [tuple(row) for row in backend.ask(sql, SECONDS)]

    labels = {thing.name.replace('"', ""): thing.labels for thing in wanted.things if thing.labels}
    rows = _Rows(ask, Names(backend.name), live, Origins(renamings), choices, labels)
    return [loss for table in found.tables for loss in rows.of_table(table)]


class _Rows:
    """Questions about the rows of tables that change."""

    def __init__(
        self,
        ask: Ask,
        names: Names,
        live: Catalog,
        origins: Origins,
        choices: Choices,
        labels: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._ask = ask
        self._names = names
        self._live = live
        self._origins = origins
        self._choices = choices
        self._labels = labels

    def of_table(self, found: TableDifference) -> Iterator[Loss]:
        """What a table loses, and what its rows stand against."""
        path = found.table.path
        table = self._live.table(self._origins.table(path))
        if table is None:
            return
        if found.after is None:
            count = self._count(table, "")
            yield Loss(f"table {path}", f"is dropped with {_rows(count)}", count)
            return
        for column in found.columns:
            yield from self._of_column(path, table, column)

    def _of_column(self, path: str, table: Table, found: ColumnDifference) -> Iterator[Loss]:
        before, after = found.before, found.after
        if before is None:
            return
        name = self._names.name(self._origins.column(path, before.name))
        label = f"column {path}.{before.name}"
        if after is None:
            if not before.generated:
                count = self._count(table, f"{name} IS NOT NULL")
                yield Loss(label, f"is dropped with {_values(count)}", count)
            return
        if before.type != after.type and not before.generated and not after.generated:
            yield from self._of_type(path, table, name, before, after)
        if before.nullable and not after.nullable and (path, after.name) not in self._choices.fills:
            count = self._count(table, f"{name} IS NULL")
            if count:
                option = f"--fill {path}.{after.name}=VALUE"
                yield Loss(
                    label,
                    f"becomes NOT NULL, and {_rows(count)} {'has' if count == 1 else 'have'} none",
                    count,
                    (),
                    True,
                    option,
                )

    def _of_type(self, path: str, table: Table, name: str, before: Column, after: Column) -> Iterator[Loss]:
        labels = self._labels.get(after.type.replace('"', ""), ())
        conversion = conversion_of(self._names.dialect, before, after, labels)
        if conversion.how == SAME:
            return
        label, change = f"column {path}.{before.name}", f"{before.type} → {after.type}"
        if conversion.refuses:
            condition = with_column(conversion.refuses, name)
            if count := self._count(table, condition):
                allowed = (path, after.name) in self._choices.nulls
                one = count == 1
                fate = (
                    ("becomes NULL" if one else "become NULL")
                    if allowed
                    else ("does" if one else "do") + " not convert"
                )
                message = f"{_values(count)} {fate}, {change}"
                option = "" if allowed else f"--nulls {path}.{after.name}"
                yield Loss(label, message, count, self._examples(table, name, condition), not allowed, option)
        if conversion.loses:
            condition = with_column(conversion.loses, name)
            if count := self._count(table, condition):
                message = f"{_values(count)} {'loses' if count == 1 else 'lose'} something, {change}"
                yield Loss(label, message, count, self._examples(table, name, condition))

    def _count(self, table: Table, condition: str) -> int | None:
        """How many rows there are of which that holds; None where it takes too long to say, or nobody is asked."""
        where = f" WHERE {condition}" if condition else ""
        try:
            answer = self._ask(f"SELECT count(*) FROM {self._names.table(table.name, table.schema)}{where}")
        except StatementError:
            return None
        return int(str(answer[0][0])) if answer else None

    def _examples(self, table: Table, name: str, condition: str) -> tuple[str, ...]:
        source = self._names.table(table.name, table.schema)
        try:
            answer = self._ask(f"SELECT DISTINCT {name} FROM {source} WHERE {condition} LIMIT {EXAMPLES}")
        except StatementError:
            return ()
        return tuple(_shown(row[0]) for row in answer)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LENGTH else f"{text[: LENGTH - 1]}…"


def _rows(count: int | None) -> str:
    return "its rows" if count is None else f"{count:,} {'row' if count == 1 else 'rows'}"


def _values(count: int | None) -> str:
    return "its values" if count is None else f"{count:,} {'value' if count == 1 else 'values'}"
