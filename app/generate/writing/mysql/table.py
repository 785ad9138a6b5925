"""The steps for a table that stays, in stages: what hinders goes first, what depends on the rest comes last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import IntEnum
from typing import NamedTuple

from alembic.operations import ops

from miger.engine.catalog import Column, Constraint, Index
from miger.forms.steps import Remark, Step
from miger.generate.writing.mysql.bound import Bound
from miger.generate.writing.mysql.changes import Changes, Replaced, tightens
from miger.generate.writing.mysql.filling import Filling
from miger.generate.writing.mysql.names import ConstraintNames
from miger.generate.writing.mysql.options import first_options, last_options
from miger.generate.writing.mysql.words import (
    NAMES,
    add_column,
    add_constraint,
    again,
    alter,
    column_line,
    create_index,
    definition,
    drop_constraint,
    index_part,
    is_own_check,
    mentions,
    nullable_line,
    plainly,
)
from miger.generate.writing.written import Choices

LOST = "This brings the column back, but not the values that were in it."


class Stage(IntEnum):
    """The order of the steps for one table."""

    LOOSEN, FIRST_OPTIONS, ADD, ALTER, DROP, REPLACE, KEY, COMPUTE, INDEX, CHECK, LAST_OPTIONS = range(11)


class Part(NamedTuple):
    """A step in its stage; `late`: only the new version of an application can live with it."""

    stage: Stage
    late: bool
    step: Step


class TableWriter:
    """Writes the steps for one table. `held` are the lists of columns that foreign keys hold which stay."""

    def __init__(
        self,
        changes: Changes,
        names: ConstraintNames,
        choices: Choices,
        held: Sequence[tuple[str, ...]],
        keyed_by: frozenset[tuple[str, tuple[str, ...]]] = frozenset(),
    ) -> None:
        self.changes, self.names, self.choices = changes, names, choices
        self.table = changes.name
        self._keyed_by = keyed_by
        self._parts: list[Part] = []
        self._bound = Bound(changes, held)
        self._together = self._bound.columns
        self.filling = Filling(changes, choices)

    def parts(self) -> list[Part]:
        """All steps, by stage."""
        self._loosen()
        self._options()
        self._add()
        self._alter()
        self._drop()
        self._replace()
        self._key()
        self._compute()
        self._index()
        self._check()
        return sorted(self._parts, key=lambda part: part.stage)

    def _step(self, stage: Stage, *steps: Step, late: bool = False) -> None:
        self._parts += [Part(stage, late, step) for step in steps]

    # Stages

    def _loosen(self) -> None:
        changes = self.changes
        for found in changes.constraints_going:
            if not is_own_check(found):
                self._step(Stage.LOOSEN, drop_constraint(self.table, found, self.names.going(self.table, found)))
        for found in changes.aside:
            self._step(Stage.LOOSEN, drop_constraint(self.table, found, found.name), late=True)
        for index in changes.indexes_going:
            if not self._bound.joins(index):
                self._step(Stage.LOOSEN, ops.DropIndexOp(index.name, self.table), late=self._goes_late(index))
        for index in changes.indexes_aside:
            if not self._bound.joins(index):
                self._step(Stage.LOOSEN, ops.DropIndexOp(index.name, self.table), late=True)
        for old, _ in [*changes.rewritten, *filter(self._last, changes.altered)]:
            self._loosen_column(old)
        if self.choices.online:
            self._let_go()

    def _goes_late(self, index: Index) -> bool:
        """A unique one hinders the new version; any other serves the old one as long as it is there."""
        return not index.unique or not self.changes.leaving.isdisjoint(index.columns)

    def _loosen_column(self, old: Column) -> None:
        """A column without the default or check that names a column which leaves."""
        check = self._check_of(old, before=True)
        if mentions(old.default or "", self.changes.leaving):
            bare = definition(old).replace(f" DEFAULT {old.default}", "", 1)
            line = f"{NAMES.name(old.name)} {bare}{_comment(old)}{_condition(check)}"
            self._step(Stage.LOOSEN, alter(self.table, f"MODIFY COLUMN {line}"), late=True)
        elif self._own_check_leaves(old):
            late = self._check_of(old) is not None
            self._step(Stage.LOOSEN, alter(self.table, f"MODIFY COLUMN {column_line(old, check)}"), late=late)

    def _own_check_leaves(self, column: Column) -> bool:
        changes = self.changes
        return any(
            is_own_check(found)
            and found.columns[0] == column.name
            and (found in changes.constraints_going or mentions(found.definition, changes.leaving))
            for found in [*changes.constraints_going, *changes.staying]
        )

    def _check_of(self, column: Column, *, before: bool = False) -> Constraint | None:
        if not before:
            return self.changes.own_check(column.name)
        found = self.changes.own_check_before(column.name)
        return None if found in self.changes.constraints_going else found

    def _let_go(self) -> None:
        """Columns that the new version fills no more, while they are still there."""
        for column in self.changes.going:
            must = not column.nullable and column.default is None and not column.identity and not column.generated
            if must and column.name not in self.changes.keyed:
                self._step(
                    Stage.LOOSEN,
                    Remark(f"The new version gives {column.name} no value."),
                    alter(self.table, f"MODIFY COLUMN {nullable_line(column)}"),
                )

    def _options(self) -> None:
        self._step(Stage.FIRST_OPTIONS, *first_options(self.changes))
        self._step(Stage.LAST_OPTIONS, *last_options(self.changes))

    def _add(self) -> None:
        for column in self.changes.coming:
            if column.identity:  # with its key, at once
                continue
            remark = [Remark(LOST)] if self.choices.back else []
            value = self.choices.fills.get((self.table, column.name))
            if column.nullable or column.default is not None:
                self._step(Stage.ADD, *remark, add_column(self.table, column, self._check_of(column)))
                if value is not None:
                    where = None if column.default is not None else f"{NAMES.name(column.name)} IS NULL"
                    self._step(Stage.ADD, *self.filling.fill(column.name, value, where))
                continue
            self._step(Stage.ADD, *remark, add_column(self.table, column, nullable=True))
            self._step(Stage.ADD, *self.filling.first_values(column, value))
            if self.choices.online:
                self._step(Stage.ADD, *self.filling.first_values(column, value), late=True)
            if column.name not in self._together:
                self._modify(Stage.ALTER, column, late=True)
        for each in self.changes.replaced:
            self._step(Stage.ADD, *self.filling.converted(each))
            if self.choices.online:
                self._step(Stage.ADD, *self.filling.converted_again(each), late=True)

    def _last(self, pair: tuple[Column, Column]) -> bool:
        """Whether a column can be altered only when others are in their place."""
        old, new = pair
        moved = self.changes.leaving | {column.name for _, column in self.changes.computed}
        check = self._check_of(new)
        return any(
            mentions(text, moved - {new.name}) for text in (old.default or "", new.default or "", _condition(check))
        )

    def _alter(self) -> None:
        for old, new in self.changes.altered:
            value = self.choices.fills.get((self.table, new.name))
            late = tightens(old, new) or self._check_comes(new)
            if old.nullable and not new.nullable and value is not None:
                self._step(Stage.ADD, *self.filling.fill(new.name, value, f"{NAMES.name(new.name)} IS NULL"), late=late)
            if new.name not in self._together:
                self._modify(Stage.CHECK if self._last((old, new)) else Stage.ALTER, new, late=late)
        for old, _ in self.changes.rewritten:
            if old.name in self._together:
                continue
            leaves = mentions(old.default or "", self.changes.leaving) or self._own_check_leaves(old)
            if self._check_comes(old) or (
                leaves and (self._check_of(old) is not None or mentions(old.default or "", self.changes.leaving))
            ):
                self._modify(Stage.CHECK, old, late=True)

    def _check_comes(self, column: Column) -> bool:
        found = self._check_of(column)
        return found is not None and found in self.changes.constraints_coming

    def _modify(self, stage: Stage, column: Column, *, late: bool) -> None:
        line = column_line(column, self._check_of(column))
        self._step(stage, alter(self.table, f"MODIFY COLUMN {line}"), late=late)

    def _drop(self) -> None:
        for old, _ in reversed(self.changes.computed):
            if old is not None and old.name not in self._together:
                self._step(Stage.DROP, ops.DropColumnOp(self.table, old.name), late=True)
        for column in sorted(self.changes.going, key=lambda column: not column.generated):
            if column.name not in self._together:
                self._step(Stage.DROP, ops.DropColumnOp(self.table, column.name), late=True)

    def _replace(self) -> None:
        for each in self.changes.replaced:
            if each.before.name not in self._together:
                self._step(Stage.REPLACE, alter(self.table, *self._swap(each)), late=True)

    def _swap(self, each: Replaced) -> list[str]:
        line = column_line(each.after, self._check_of(each.after))
        return [f"DROP COLUMN {NAMES.name(each.before.name)}", f"CHANGE COLUMN {NAMES.name(each.waiting)} {line}"]

    def _key(self) -> None:
        clauses = [*self._key_drops(), *self._key_columns(), *self._key_adds()]
        if clauses:
            self._step(Stage.KEY, alter(self.table, *clauses), late=True)

    def _key_drops(self) -> Iterator[str]:
        changes = self.changes
        for index in [*changes.indexes_going, *changes.indexes_aside]:
            if self._bound.joins(index):
                yield f"DROP KEY {NAMES.name(index.name)}"
        if changes.key_changes and changes.key_before is not None:
            yield "DROP PRIMARY KEY"
        for old, _ in reversed(changes.computed):
            if old is not None and old.name in self._together:
                yield f"DROP COLUMN {NAMES.name(old.name)}"
        for column in changes.going:
            if column.name in self._together:
                yield f"DROP COLUMN {NAMES.name(column.name)}"

    def _key_columns(self) -> Iterator[str]:
        changes = self.changes
        for each in changes.replaced:
            if each.before.name in self._together:
                yield from self._swap(each)
        for column in changes.coming:
            if column.identity:
                yield f"ADD COLUMN {column_line(column, self._check_of(column))}"
            elif column.name in self._together and not column.nullable and column.default is None:
                yield f"MODIFY COLUMN {column_line(column, self._check_of(column))}"
        for _, column in [*changes.altered, *changes.rewritten]:
            if column.name in self._together:
                yield f"MODIFY COLUMN {column_line(column, self._check_of(column))}"

    def _key_adds(self) -> Iterator[str]:
        changes = self.changes
        if changes.key_changes and changes.key_after is not None:
            yield f"ADD {plainly(changes.key_after.definition)}"
        for index in [*changes.indexes_coming, *changes.indexes_aside]:
            if self._bound.joins(index) and self._now(index):
                yield f"ADD {index_part(index)}"

    def _now(self, index: Index) -> bool:
        """Whether all columns of an index are there when keys change."""
        made = {column.name for _, column in self.changes.computed}
        return made.isdisjoint(index.columns)

    def _compute(self) -> None:
        for old, column in self.changes.computed:
            late = old is not None or mentions(column.generated, self.changes.leaving)
            step = alter(self.table, f"ADD COLUMN {column_line(column, self._check_of(column))}")
            self._step(Stage.COMPUTE, step, late=late)

    def _index(self) -> None:
        changes = self.changes
        fresh = {column.name for column in changes.coming}
        waiting = {index.name for index in changes.indexes_going if self._goes_late(index)}
        for old, new in changes.indexes_renamed:
            words = f"RENAME INDEX {NAMES.name(old.name)} TO {NAMES.name(new.name)}"
            self._step(Stage.INDEX, alter(self.table, words))
        for index in [*changes.indexes_coming, *changes.indexes_aside]:
            if self._bound.joins(index) and self._now(index):
                continue
            if (index.name, index.columns) in self._keyed_by and self._made_by_key(index):
                continue
            leaving = not changes.leaving.isdisjoint(index.columns)
            late = leaving or index.name in waiting or (index.unique and not fresh >= set(index.columns))
            kept = self._bound.would_go(index)
            step = create_index(self.table, index)
            if kept is not None:
                step = alter(self.table, *again(kept), f"ADD {index_part(index)}")
            self._step(Stage.INDEX, step, late=late)

    def _made_by_key(self, index: Index) -> bool:
        """Whether the foreign key of its name will make the index: no other one has its columns at the front."""
        others = [other.columns for other in self.changes.after.indexes if other.name != index.name]
        others.append(self.changes.after.primary_key)
        return index.plain and not index.unique and all(each[: len(index.columns)] != index.columns for each in others)

    def _check(self) -> None:
        changes = self.changes
        fresh = {column.name for column in changes.coming}
        for found in changes.constraints_coming:
            if not is_own_check(found):
                step = add_constraint(self.table, found, self.names.coming(self.table, found))
                self._step(Stage.CHECK, step, late=not fresh >= set(found.columns))
        for found in changes.aside:
            self._step(Stage.CHECK, add_constraint(self.table, found, found.name), late=True)


def _condition(check: Constraint | None) -> str:
    return f" {check.definition}" if check is not None else ""


def _comment(column: Column) -> str:
    return f" COMMENT {NAMES.value(column.comment)}" if column.comment else ""
