"""Making a table of SQLite anew, for what ALTER TABLE cannot do: https://sqlite.org/lang_altertable.html#otheralter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from miger.backends.sqlite_objects_table import APART
from miger.backends.sqlite_objects_words import ROW_IDS
from miger.backends.sqlite_tokens import folded
from miger.engine.catalog import PRIMARY_KEY, Catalog, Column, Table
from miger.forms.sqlite_rebuild import WHY
from miger.forms.steps import Remark, Sql, Step
from miger.forms.types import placeholder
from miger.generate.writing.sqlite.native import LOST, converted, what_stops
from miger.generate.writing.sqlite.text import NAMES, Place, create_table, table_text
from miger.generate.writing.written import Choices

AGAIN = "A virtual table cannot be changed: it is made anew, and what it held has to be put in again."


class Taken(NamedTuple):
    """A column and what it takes in the SELECT; `remark` says why where that is no matter of course."""

    column: str
    value: str
    remark: str = ""


def rebuild(before: Table, place: Place, taken_names: Iterable[str], choices: Choices) -> Iterator[Step]:
    """The table as `place` has it, with the rows it has; without indexes and triggers, which go with the old one.

    `taken_names` are folded names that the table beside the old one cannot have.
    """
    after = place.table
    if not (before.columns and after.columns):
        yield Remark(AGAIN)
        yield Sql(f"DROP TABLE {NAMES.name(before.name)}")
        yield create_table(place)
        return
    spare = _free(f"{after.name}__new", taken_names)
    new, old = NAMES.name(spare), NAMES.name(before.name)
    columns = list(_taken(before, after, choices))
    lost = [LOST] if choices.back and _comes_back(before, after) else []
    yield Remark(" ".join([*lost, WHY, *dict.fromkeys(column.remark for column in columns if column.remark)]))
    yield Sql(table_text(place, spare))
    if _counts(before) and _counts(after):  # else numbers of rows that are gone would be given again
        source = f"SELECT {NAMES.value(spare)}, seq FROM sqlite_sequence WHERE name = {NAMES.value(before.name)}"
        yield Sql(f"INSERT INTO sqlite_sequence (name, seq)\n{source}")
    targets = ", ".join(column.column for column in columns)
    values = ", ".join(column.value for column in columns)
    yield Sql(f"INSERT{_or_abort(after)} INTO {new} ({targets})\nSELECT {values} FROM {old}")
    yield Sql(f"DROP TABLE {old}")
    yield Sql(f"ALTER TABLE {new} RENAME TO {NAMES.name(after.name)}")


def _free(wanted: str, taken: Iterable[str]) -> str:
    names, name, number = set(taken), wanted, 2
    while folded(name) in names:
        name, number = f"{wanted}{number}", number + 1
    return name


def _counts(table: Table) -> bool:
    return any(column.identity for column in table.columns)


def _or_abort(table: Table) -> str:
    """Rows that a conflict clause of the table would leave out must not get lost without a word."""
    words = [column.definition for column in table.columns] + [found.definition for found in table.constraints]
    return " OR ABORT" if any(" ON CONFLICT " in text for text in words) else ""


# What each column takes


def _taken(before: Table, after: Table, choices: Choices) -> Iterator[Taken]:
    row_id = row_id_of(after)
    plain = [column for column in after.columns if not column.generated]
    found: list[Taken] = []
    for column in plain:
        old = next((one for one in before.columns if folded(one.name) == folded(column.name)), None)
        fill = choices.fills.get((after.path, column.name))
        if old is not None:
            found.append(_kept(after, old, column, fill, choices))
        elif column.name == row_id and fill is None and _has_rows(before):
            found.append(Taken(NAMES.name(column.name), _row(before)))
        else:
            found += _more(column, fill)
    if row_id is None and _has_rows(before) and _has_rows(after):
        name = next((name for name in ROW_IDS if not _has(before, name) and not _has(after, name)), None)
        found = [Taken(name, name), *found] if name is not None else found
    yield from found or [Taken(NAMES.name(plain[0].name), plain[0].default or "NULL")]


def _has(table: Table, name: str) -> bool:
    return any(folded(column.name) == name for column in table.columns)


def _has_rows(table: Table) -> bool:
    """Whether its rows have a number."""
    return "WITHOUT ROWID" not in table.options


def _row(table: Table) -> str:
    return next((name for name in ROW_IDS if not _has(table, name)), "NULL")


def row_id_of(table: Table) -> str | None:
    """The column that is another name of the row's number."""
    key = next((found for found in table.constraints if found.kind == PRIMARY_KEY), None)
    if key is None or len(key.columns) != 1 or key.definition.endswith(APART) or not _has_rows(table):
        return None
    column = table.column(key.columns[0])
    return column.name if column is not None and column.type == "INTEGER" else None


def _kept(after: Table, old: Column, new: Column, fill: str | None, choices: Choices) -> Taken:
    value = NAMES.name(old.name)
    remark, other = "", converted(after, old, new, choices)
    if other is not None:
        value, remark = other, f"{old.name} becomes {new.type}; {what_stops(after, new, choices, other)}."
    return Taken(NAMES.name(new.name), f"coalesce({value}, {fill})" if fill is not None else value, remark)


def _more(column: Column, fill: str | None) -> Iterator[Taken]:
    """A column that the table had not; where nothing is said of it, it gets its default."""
    if fill is not None:
        yield Taken(NAMES.name(column.name), fill)
    elif column.nullable or column.default not in (None, "NULL"):
        return
    else:
        value = placeholder(column.type) or "''"
        yield Taken(
            NAMES.name(column.name),
            value,
            f"{column.name} cannot be NULL: the rows there are get {value}; put a better one here.",
        )


def _comes_back(before: Table, after: Table) -> bool:
    """Whether it has columns that were not there."""
    return any(not _has(before, folded(column.name)) for column in after.columns if not column.generated)


def names_in(*catalogs: Catalog) -> frozenset[str]:
    """All names of tables, views and indexes, folded, which share one space."""
    tables = [table for catalog in catalogs for table in catalog.tables]
    names = [table.name for table in tables] + [index.name for table in tables for index in table.indexes]
    return frozenset(map(folded, [*names, *(thing.name for catalog in catalogs for thing in catalog.things)]))
