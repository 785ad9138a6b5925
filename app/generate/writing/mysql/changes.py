"""What happens to each part of a table that stays: which columns are altered, replaced or made again, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from miger.engine.catalog import CHECK, FOREIGN_KEY, PRIMARY_KEY, Column, Constraint, Index, Table
from miger.generate.conversions.conversion import SAME, Conversion, conversion_of
from miger.generate.differences import TableDifference
from miger.generate.writing.mysql.names import ConstraintNames
from miger.generate.writing.mysql.words import LONGEST, is_own_check, mentions


class Replaced(NamedTuple):
    """A column whose values go by way of another one, called `waiting` until it takes the name over."""

    before: Column
    after: Column
    waiting: str
    conversion: Conversion


class Changes:
    """A table's differences, sorted by what has to be done.

    `altered` are pairs of columns that MODIFY makes from each other; `computed` the generated columns that are
    dropped and made again, be it only because of what they are made from. `aside` are checks and indexes that stay,
    but step aside for a column that is replaced; `rewritten` the staying columns whose default or own check does.
    """

    def __init__(self, found: TableDifference, names: ConstraintNames) -> None:
        assert found.before is not None and found.after is not None
        self.found, self.before, self.after = found, found.before, found.after
        self.name = found.after.name
        self.coming = [new for old, new in found.columns if old is None and new is not None]
        self.going = [old for old, new in found.columns if new is None and old is not None]
        self.altered: list[tuple[Column, Column]] = []
        self.replaced: list[Replaced] = []
        self.computed: list[tuple[Column | None, Column]] = []
        for old, new in found.columns:
            if old is not None and new is not None:
                self._sort(old, new)
        self._find_constraints(names)
        self._find_dependents()
        self._find_indexes()

    def _sort(self, old: Column, new: Column) -> None:
        if new.generated and (old.generated, old.stored, old.type) != (new.generated, new.stored, new.type):
            self.computed.append((old, new))
            return
        conversion = conversion_of("mysql", old, new) if old.type != new.type else Conversion(SAME)
        if conversion.how == SAME and (not old.generated or new.generated):
            self.altered.append((old, new))
            return
        self.replaced.append(Replaced(old, new, self._free(f"{new.name}_new"), conversion))

    def _free(self, name: str) -> str:
        taken = {column.name.lower() for column in self.before.columns + self.after.columns}
        found, number = name[:LONGEST], 1
        while found.lower() in taken:
            number += 1
            found = f"{name[: LONGEST - 4]}{number}"
        return found

    def _find_constraints(self, names: ConstraintNames) -> None:
        pairs = self.found.constraints
        self.constraints_going = [old for old, _ in pairs if old is not None and old.kind == CHECK]
        self.constraints_coming = [new for _, new in pairs if new is not None and new.kind == CHECK]
        different = {one for pair in pairs for one in pair if one is not None}
        live = names.live(self.before, self.after)
        self.staying = [found for found in live.constraints if found not in different]
        self.key_before = _key(self.before)
        self.key_after = _key(self.after) if any(_is_key(pair) for pair in pairs) else self.key_before

    def _find_dependents(self) -> None:
        """What is made from columns that leave their place, over several steps if need be."""
        by_name = {column.name: column for column in self.before.columns}
        known = {name for pair in self.found.columns for one in pair if one is not None for name in [one.name]}
        self.leaving = {column.name for column in self.going} | {each.before.name for each in self.replaced}
        self.leaving |= {old.name for old, _ in self.computed if old is not None}
        stays = [column for column in self.after.columns if column.name in by_name and column.name not in known]
        waiting = [column for column in stays if column.generated]
        waiting += [new for old, new in self.altered if new.generated]
        while caught := [column for column in waiting if mentions(column.generated, self.leaving)]:
            self.computed += [(by_name[column.name], column) for column in caught]
            self.leaving |= {column.name for column in caught}
            waiting = [column for column in waiting if column not in caught]
        remade = {new.name for _, new in self.computed}
        self.altered = [pair for pair in self.altered if pair[1].name not in remade]
        for column in list(self.coming):
            if column.generated:
                self.coming.remove(column)
                self.computed.append((None, column))
        place = {column.name: number for number, column in enumerate(self.after.columns)}
        self.computed.sort(key=lambda pair: place.get(pair[1].name, 0))
        self._find_aside()

    def _find_aside(self) -> None:
        named = [found for found in self.staying if found.kind == CHECK and found.name]
        self.aside = [found for found in named if mentions(found.definition, self.leaving)]
        gone = {found.columns[0] for found in self.constraints_going if is_own_check(found)}
        come = {found.columns[0] for found in self.constraints_coming if is_own_check(found)}
        moved = self.leaving | {column.name for column in self.coming}
        altered = {old.name for old, _ in self.altered}
        self.rewritten: list[tuple[Column, Column]] = []
        for old in self.before.columns:
            new = self.after.column(old.name)
            if old.name in moved or old.name in altered or new is None:
                continue
            if (
                old.name in gone | come
                or mentions(old.default or "", self.leaving)
                or any(
                    is_own_check(found) and found.columns[0] == old.name and mentions(found.definition, self.leaving)
                    for found in self.staying
                )
            ):
                self.rewritten.append((old, old))

    def _find_indexes(self) -> None:
        pairs = self.found.indexes
        taken = {index.name for index in self.before.indexes}
        self.indexes_going: list[Index] = []
        self.indexes_coming: list[Index] = []
        self.indexes_renamed: list[tuple[Index, Index]] = []
        for old, new in pairs:
            if old is not None and new is not None and self._is_rename(old, new) and new.name not in taken:
                self.indexes_renamed.append((old, new))
                continue
            self.indexes_going += [old] if old is not None else []
            self.indexes_coming += [new] if new is not None else []
        different = {index for pair in pairs for index in pair if index is not None}
        self.indexes_aside = [
            index
            for index in self.before.indexes
            if index not in different and not self.leaving.isdisjoint(index.columns)
        ]

    def _is_rename(self, old: Index, new: Index) -> bool:
        same = old.definition.split(" ON ", 1)[1] == new.definition.split(" ON ", 1)[1]
        alike = same and (old.unique, old.comment, old.columns) == (new.unique, new.comment, new.columns)
        return alike and old.name != new.name and self.leaving.isdisjoint(old.columns)

    # What others ask

    def own_check(self, column: str) -> Constraint | None:
        """The check in the line of a column, as it will be."""
        every = [*self.constraints_coming, *self.staying]
        return next((found for found in every if is_own_check(found) and found.columns[0] == column), None)

    def own_check_before(self, column: str) -> Constraint | None:
        """The check in the line of a column as it is, as far as no column that leaves stands in it."""
        for found in [*self.constraints_going, *self.staying]:
            if is_own_check(found) and found.columns[0] == column:
                return None if mentions(found.definition, self.leaving) else found
        return None

    @property
    def key_changes(self) -> bool:
        """Whether the primary key is dropped or made anew."""
        return self.key_before != self.key_after or not self.leaving.isdisjoint(_columns(self.key_before))

    @property
    def counted(self) -> set[str]:
        """The columns with AUTO_INCREMENT, before or after."""
        return {column.name for table in (self.before, self.after) for column in table.columns if column.identity}

    @property
    def counting_changes(self) -> bool:
        """Whether another column counts, or the one that does is made anew."""
        before = {column.name for column in self.before.columns if column.identity}
        after = {column.name for column in self.after.columns if column.identity}
        return before != after or not self.leaving.isdisjoint(before)

    def ready_late(self, columns: Iterable[str]) -> bool:
        """Whether a foreign key can point to these columns only when the contract part has changed them."""
        touched = self.touched()
        unique = any(index.unique for index in self.indexes_coming)
        return self.key_changes or unique or any(touched.get(name, False) for name in columns)

    @property
    def keyed(self) -> set[str]:
        """The columns of the primary key, before or after."""
        return {*_columns(self.key_before), *_columns(self.key_after)}

    def touched(self) -> Mapping[str, bool]:
        """The columns that no foreign key may hold while they are altered, and whether that is in the contract part."""
        found = dict.fromkeys(self.leaving, True)
        together = (self.keyed if self.key_changes else set()) | (self.counted if self.counting_changes else set())
        for old, new in self.altered:
            if _shape(old) != _shape(new):
                found[old.name] = tightens(old, new) or old.name in together
        for column in recoded(self.before, self.after, self.leaving) if self.found.reoptioned else ():
            found.setdefault(column.name, False)
        return found


def tightens(old: Column, new: Column) -> bool:
    """Whether a version of the application that knows the old column could not live with the new one."""
    return (old.nullable and not new.nullable) or (
        old.default is not None and new.default is None and not new.nullable and not new.identity
    )


def recoded(before: Table, after: Table, leaving: set[str]) -> Iterator[Column]:
    """The columns that are in the table's own character set before and after, as they are before."""
    from miger.generate.writing.mysql.options import collation_of
    from miger.generate.writing.mysql.words import is_text

    if collation_of(before.options) == collation_of(after.options):
        return
    for column in before.columns:
        new = after.column(column.name)
        if new is None or column.name in leaving or not is_text(column):
            continue
        if not column.collation and not new.collation:
            yield column


def _shape(column: Column) -> tuple[object, ...]:
    return (column.type, column.nullable, column.collation, column.identity, column.generated)


def _is_key(pair: tuple[Constraint | None, Constraint | None]) -> bool:
    return any(one is not None and one.kind == PRIMARY_KEY for one in pair)


def _key(table: Table) -> Constraint | None:
    return next((found for found in table.constraints if found.kind == PRIMARY_KEY), None)


def _columns(key: Constraint | None) -> tuple[str, ...]:
    return key.columns if key is not None else ()


def foreign_keys(table: Table) -> list[Constraint]:
    """The foreign keys of a table."""
    return [found for found in table.constraints if found.kind == FOREIGN_KEY]
