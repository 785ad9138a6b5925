"""New values for the rows of a table on MySQL and MariaDB: for columns that come, and for those of another type."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miger.engine.catalog import Column
from miger.engine.errors import RefusedError
from miger.forms.steps import Fill, Remark, Step
from miger.generate.conversions.conversion import with_column
from miger.generate.writing.mysql.changes import Changes, Replaced
from miger.generate.writing.mysql.words import NAMES, alter, first_value, is_text, nullable_line
from miger.generate.writing.written import Choices


class Filling:
    """Writes the values for one table."""

    def __init__(self, changes: Changes, choices: Choices) -> None:
        self.changes, self.choices, self.table = changes, choices, changes.name
        self._marked = False  # whether it has been said that triggers run

    def first_values(self, column: Column, value: str | None) -> Iterator[Step]:
        """The values of a column that must have one. Raises RefusedError where none is known."""
        found = self._own_value(column) if value is None else value
        if found is None:
            raise RefusedError(
                f"column {column.name} of {self.table} must have a value in the rows that are there, and none is known",
                f"give one, as an expression: --fill {self.table}.{column.name}=…",
            )
        if value is None:
            yield Remark(f"{column.name} must have a value: put in what fits the rows that are there.")
        yield from self.fill(column.name, found, f"{NAMES.name(column.name)} IS NULL")

    def _own_value(self, column: Column) -> str | None:
        """A value that comes to mind: that of the key where no two may be the same."""
        changes = self.changes
        unique = [index.columns for index in changes.after.indexes if index.unique]
        key = changes.before.column(changes.before.primary_key[0]) if len(changes.before.primary_key) == 1 else None
        numbers = re.compile(r"(tiny|small|medium|big)?int\b")
        if key is None or not numbers.match(key.type) or (column.name,) not in [*unique, changes.after.primary_key]:
            return first_value(column)
        if numbers.match(column.type) or re.match(r"decimal|float|double", column.type):
            return NAMES.name(key.name)
        return f"CAST({NAMES.name(key.name)} AS CHAR)" if is_text(column) else first_value(column)

    def converted(self, each: Replaced) -> Iterator[Step]:
        """The column that waits, with the values of the old one."""
        old, new = NAMES.name(each.before.name), NAMES.name(each.waiting)
        yield Remark(self._why(each))
        yield alter(self.table, f"ADD COLUMN {nullable_line(each.after, each.waiting)} AFTER {old}")
        yield from self.fill(each.waiting, self._expression(each), f"{old} IS NOT NULL")
        value = self.choices.fills.get((self.table, each.after.name))
        if value is not None and not each.after.nullable:
            yield from self.fill(each.waiting, value, f"{new} IS NULL")

    def _why(self, each: Replaced) -> str:
        start = f"{each.before.name} becomes {each.after.type}, value by value"
        if each.before.generated:
            return f"{each.before.name} keeps the values that were generated."
        if self._lenient(each):
            return f"{start}; what does not convert becomes NULL."
        return f"{start}; it stops at one that does not convert."

    def _lenient(self, each: Replaced) -> bool:
        return (self.table, each.after.name) in self.choices.nulls

    def _expression(self, each: Replaced) -> str:
        said = each.conversion.lenient if self._lenient(each) else each.conversion.expression
        return with_column(said, NAMES.name(each.before.name))

    def converted_again(self, each: Replaced) -> Iterator[Step]:
        """The same for rows that came or changed since."""
        new, value = NAMES.name(each.waiting), self._expression(each)
        yield Remark("Once more, for rows that came or changed meanwhile.")
        yield from self.fill(each.waiting, value, f"NOT ({new} <=> ({value}))")
        given = self.choices.fills.get((self.table, each.after.name))
        if given is not None and not each.after.nullable:
            yield from self.fill(each.waiting, given, f"{new} IS NULL")

    def fill(self, column: str, value: str, where: str | None) -> Iterator[Step]:
        """Values by UPDATE; columns that the server would set to the time of it keep their values."""
        before = self.changes.before
        stays = [each.name for each in before.columns if " ON UPDATE " in each.definition]
        kept = "".join(f", {NAMES.name(name)} = {NAMES.name(name)}" for name in stays)
        stay = [extra for extra in self.changes.after.extras if extra in before.extras]
        run = [extra.name for extra in stay if _on_update(extra.definition)]
        if run and not self._marked:
            self._marked = True
            yield Remark(f"This runs the UPDATE trigger {', '.join(run)} for each row.")
        key = before.primary_key
        yield Fill(self.table, f"{NAMES.name(column)} = {value}{kept}", where, key=key[0] if len(key) == 1 else "")


def _on_update(trigger: str) -> bool:
    return " UPDATE ON " in trigger.partition(" FOR EACH ROW")[0]
