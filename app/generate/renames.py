"""Tables and columns that have another name: said so by a person, or likely by what they have in common.

A catalog cannot tell a rename from a thing that goes and another that comes. So it is asked for, and what nobody has
said is only ever offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple, TypeVar

from miger.engine.catalog import Catalog, Column, Table
from miger.engine.errors import UsageError

THRESHOLD = 0.6  # of a score; less is no candidate
LIKELY = 0.8  # from here on yes is the answer to begin with


T = TypeVar("T")


class Rename(NamedTuple):
    """What a person has written: `users.mail` and `email`, `users.mail` and `users.email`, `users` and `people`."""

    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.before}:{self.after}"


class Renaming(NamedTuple):
    """A rename of a table (`column` is ""), or of a column of a table; tables by path.

    `table` is the one as it was, `new_table` as it will be, also that of a column.
    """

    table: str
    new_table: str
    column: str = ""
    new_column: str = ""

    @property
    def before(self) -> str:
        """What had the name."""
        return f"{self.table}.{self.column}" if self.column else self.table

    @property
    def after(self) -> str:
        """What it will be called."""
        return f"{self.new_table}.{self.new_column}" if self.column else self.new_table

    @property
    def option(self) -> str:
        """As behind `--rename`."""
        return f"{self.before}:{self.after}"


class Candidate(NamedTuple):
    """What may be a rename. `score` is from 0 to 1; `likely`: a person would say so at first sight."""

    renaming: Renaming
    score: float

    @property
    def likely(self) -> bool:
        """Whether the score is high."""
        return self.score >= LIKELY


def parse_rename(text: str) -> Rename:
    """What stands behind `--rename`. Raises UsageError."""
    before, colon, after = (part.strip() for part in text.partition(":"))
    if not colon or not before or not after or ":" in after:
        raise UsageError(
            f"--rename {text}: no rename", "write OLD:NEW, as in `users.mail:users.email` or `users:people`"
        )
    return Rename(before, after)


def resolve(renames: Iterable[Rename], before: Catalog, after: Catalog, *, strict: bool = True) -> list[Renaming]:
    """What the renames mean, tables first. Raises UsageError where one means nothing, or two mean the same.

    `strict` False leaves those out that mean nothing: an annotation in a file stays there after its rename is done.
    """
    said = list(renames)
    tables = [one for rename in said if (one := _of_tables(rename, before, after)) is not None]
    names = {one.table: one.new_table for one in tables}
    found = list(tables)
    for rename in said:
        if _of_tables(rename, before, after) is not None:
            continue
        column = _of_columns(rename, names, before, after)
        if column is not None:
            found.append(column)
        elif strict:
            raise _nothing(rename, before, after)
    _refuse_twice(found)
    return found


def _of_tables(rename: Rename, before: Catalog, after: Catalog) -> Renaming | None:
    if before.table(rename.before) is None or before.table(rename.after) is not None:
        return None
    if after.table(rename.after) is None or after.table(rename.before) is not None:
        return None
    return Renaming(rename.before, rename.after)


def _of_columns(rename: Rename, names: dict[str, str], before: Catalog, after: Catalog) -> Renaming | None:
    path, _, old = rename.before.rpartition(".")
    table = before.table(path) or next((before.table(name) for name, new in names.items() if new == path), None)
    if table is None:
        return None
    new_path, _, new = rename.after.rpartition(".")
    wanted = after.table(names.get(table.path, table.path))
    if wanted is None or (new_path and new_path not in (table.path, wanted.path)):
        return None
    if table.column(old) is None or table.column(new) is not None:
        return None
    if wanted.column(new) is None or wanted.column(old) is not None:
        return None
    return Renaming(table.path, wanted.path, old, new)


def _nothing(rename: Rename, before: Catalog, after: Catalog) -> UsageError:
    there = before.table(rename.before) is not None or _column(before, rename.before) is not None
    if not there:
        return UsageError(f"--rename {rename}: there is no {rename.before} in the database", "names are as it has them")
    if after.table(rename.before) is not None or _column(after, rename.before) is not None:
        return UsageError(f"--rename {rename}: {rename.before} is still wanted", "a rename has its old name no more")
    hint = "the new one has to be in the wanted schema, and not in the database"
    return UsageError(f"--rename {rename}: {rename.after} is not new", hint)


def _column(catalog: Catalog, text: str) -> Column | None:
    path, _, name = text.rpartition(".")
    table = catalog.table(path)
    return table.column(name) if table is not None else None


def _refuse_twice(found: Sequence[Renaming]) -> None:
    for side in ("before", "after"):
        seen: set[str] = set()
        for renaming in found:
            name = getattr(renaming, side)
            if name in seen:
                raise UsageError(f"{name} is in two renames", "leave one of them out")
            seen.add(name)


def find_candidates(before: Catalog, after: Catalog, known: Sequence[Renaming] = ()) -> list[Candidate]:
    """What may have been renamed besides what is known, by names, types and structure; the likeliest first.

    Nothing is in two of them.
    """
    done = {renaming.before for renaming in known}, {renaming.after for renaming in known}
    new_names = {renaming.table: renaming.new_table for renaming in known if not renaming.column}
    there, later = ({table.path: table for table in catalog.tables} for catalog in (before, after))
    gone = [table for path, table in there.items() if path not in later and path not in done[0]]
    come = [table for path, table in later.items() if path not in there and path not in done[1]]
    found = _best(gone, come, _tables_alike, lambda old, new: Renaming(old.path, new.path))
    for table in before.tables:
        wanted = later.get(new_names.get(table.path, table.path))
        if wanted is not None and wanted.columns != table.columns:
            found += _columns(table, wanted, done)
    return sorted(found, key=lambda candidate: -candidate.score)


def _columns(table: Table, wanted: Table, done: tuple[set[str], set[str]]) -> list[Candidate]:
    gone = [column for column in table.columns if wanted.column(column.name) is None]
    come = [column for column in wanted.columns if table.column(column.name) is None]
    gone = [column for column in gone if f"{table.path}.{column.name}" not in done[0]]
    come = [column for column in come if f"{wanted.path}.{column.name}" not in done[1]]
    places = table.columns.index, wanted.columns.index

    def alike(old: Column, new: Column) -> float:
        if old.type != new.type:
            return 0.0
        same = 0.3 if old._replace(name="", comment="") == new._replace(name="", comment="") else 0.2
        place = 0.1 if places[0](old) == places[1](new) else 0.0
        return 0.6 * _names_alike(old.name, new.name) + same + place

    return _best(gone, come, alike, lambda old, new: Renaming(table.path, wanted.path, old.name, new.name))


def _tables_alike(old: Table, new: Table) -> float:
    if old.schema != new.schema:
        return 0.0
    one = {(column.name, column.type) for column in old.columns}
    other = {(column.name, column.type) for column in new.columns}
    shared = len(one & other) / max(len(one | other), 1)
    return 0.3 * _names_alike(old.name, new.name) + 0.7 * shared


def _names_alike(one: str, other: str) -> float:
    return SequenceMatcher(None, one.lower(), other.lower()).ratio()


def _best(
    gone: Sequence[T], come: Sequence[T], alike: Callable[[T, T], float], make: Callable[[T, T], Renaming]
) -> list[Candidate]:
    """The pairs above the threshold, the best first, each in one only."""
    return list(_unpaired(sorted(_pairs(gone, come, alike), key=lambda pair: -pair[0]), gone, come, make))


def _pairs(gone: Sequence[T], come: Sequence[T], alike: Callable[[T, T], float]) -> Iterator[tuple[float, int, int]]:
    for one, old in enumerate(gone):
        for other, new in enumerate(come):
            if (score := alike(old, new)) >= THRESHOLD:
                yield score, one, other


def _unpaired(
    pairs: Iterable[tuple[float, int, int]], gone: Sequence[T], come: Sequence[T], make: Callable[[T, T], Renaming]
) -> Iterator[Candidate]:
    taken: tuple[set[int], set[int]] = set(), set()
    for score, one, other in pairs:
        if one in taken[0] or other in taken[1]:
            continue
        taken[0].add(one)
        taken[1].add(other)
        yield Candidate(make(gone[one], come[other]), round(score, 2))
