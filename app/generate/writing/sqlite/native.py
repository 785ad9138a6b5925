"""What ALTER TABLE of SQLite can do to a table, as far as that is all there is to do: else the table is made anew."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from alembic.operations import ops

from miger.backends.sqlite_objects_words import mentioned
from miger.backends.sqlite_tokens import folded
from miger.engine.catalog import CHECK, FOREIGN_KEY, Column, Constraint, Table
from miger.forms.steps import Fill, Remark, Sql, Step
from miger.generate.conversions.conversion import CONVERT, conversion_of, with_column
from miger.generate.differences import ColumnDifference, TableDifference
from miger.generate.writing.sqlite.text import NAMES, column_line, is_plain, sql_column
from miger.generate.writing.sqlite.users import User, reaching
from miger.generate.writing.written import Choices

_CONSTANT = re.compile(r"[+-]?[0-9.][\w.]*|'(?:[^']|'')*'|NULL|TRUE|FALSE|x'[0-9a-f]*'", re.IGNORECASE)
LOST = "This brings the column back, but not the values that were in it."


class NotNative(Exception):
    """ALTER TABLE cannot do it."""


def native(found: TableDifference, users: Sequence[User], choices: Choices) -> tuple[Step, ...]:
    """The steps, without the indexes that come. `users` are the views and triggers of before. Raises NotNative."""
    before, after = found.before, found.after
    assert before is not None and after is not None
    if found.reoptioned or before.name != after.name or not before.columns:
        raise NotNative
    added, dropped, changed = _sorted_out(found.columns)
    inline = _inline(found, added)
    concerned = reaching(users, folded(before.name))
    _refuse_another_order(before, after, concerned)
    steps: list[Step] = [ops.DropIndexOp(pair.before.name, before.name) for pair in found.indexes if pair.before]
    for column in added:
        steps += _add(after, column, inline.get(column.name, ()), choices)
    for old, new in changed:
        if choices.fills.get((after.path, new.name)) is not None:
            raise NotNative
        steps += _convert(before, after, old, new, concerned, choices)
    waiting = [_waiting(before, after, new) for _, new in changed]
    steps += _drops(before, [column for column in dropped if column.name not in waiting])
    return tuple(steps)


def dropped_columns(found: TableDifference) -> frozenset[str]:
    """The columns that such steps drop, folded."""
    return frozenset(folded(pair.before.name) for pair in found.columns if pair.before and not pair.after)


def _sorted_out(
    found: Iterable[ColumnDifference],
) -> tuple[list[Column], list[Column], list[tuple[Column, Column]]]:
    pairs = list(found)
    added = [pair.after for pair in pairs if pair.before is None and pair.after is not None]
    dropped = [pair.before for pair in pairs if pair.after is None and pair.before is not None]
    if {folded(column.name) for column in added} & {folded(column.name) for column in dropped}:
        raise NotNative  # another case alone
    return added, dropped, [(pair.before, pair.after) for pair in pairs if pair.before and pair.after]


def _inline(found: TableDifference, added: Sequence[Column]) -> dict[str, list[Constraint]]:
    """The constraints that come with new columns, by column."""
    places = {column.name: place for place, column in enumerate(added)}
    inline: dict[str, list[Constraint]] = {}
    for pair in found.constraints:
        new = pair.after
        if pair.before is not None or new is None:
            raise NotNative
        last = max((name for name in new.columns if name in places), key=lambda name: places[name], default=None)
        if last is None or not (new.kind == CHECK or (new.kind == FOREIGN_KEY and len(new.columns) == 1)):
            raise NotNative
        inline.setdefault(last, []).append(new)
    return inline


def _refuse_another_order(before: Table, after: Table, concerned: Iterable[User]) -> None:
    """New columns come last: what says `*` of the table would find them at another place than is wanted."""
    kept = [column.name for column in before.columns if after.column(column.name)]
    more = [column.name for column in after.columns if not before.column(column.name)]
    if [*kept, *more] != [column.name for column in after.columns] and any("*" in user.words for user in concerned):
        raise NotNative


# One column


def _add(table: Table, column: Column, inline: Sequence[Constraint], choices: Choices) -> Iterator[Step]:
    """https://sqlite.org/lang_altertable.html#altertabaddcol."""
    fill = None if column.generated else choices.fills.get((table.path, column.name))
    points = any(found.kind == FOREIGN_KEY for found in inline)
    if not _can_add(column) or (points and column.default is not None):
        raise NotNative
    if choices.back and not column.generated:
        yield Remark(LOST)
    yield from _added(table, column, inline)
    if fill is not None:
        yield Fill(table.name, f"{NAMES.name(column.name)} = {fill}", key=_key(table))


def _added(table: Table, column: Column, inline: Sequence[Constraint] = ()) -> Iterator[Step]:
    if is_plain(column) and not inline:
        yield ops.AddColumnOp(table.name, sql_column(column))
    else:
        yield Sql(f"ALTER TABLE {NAMES.name(table.name)} ADD COLUMN {column_line(column, inline)}")


def _can_add(column: Column) -> bool:
    if column.generated:
        return not column.stored
    if column.default is not None and not _CONSTANT.fullmatch(column.default):
        return False
    return column.nullable or (column.default is not None and column.default != "NULL")


def _key(table: Table) -> str:
    """The column that goes through its rows."""
    return table.primary_key[0] if len(table.primary_key) == 1 else ""


def _drops(table: Table, columns: Sequence[Column]) -> Iterator[Step]:
    """https://sqlite.org/lang_altertable.html#altertabdropcol; those that are computed first."""
    left = [column for column in table.columns if column not in columns]
    if columns and all(column.generated for column in left):
        raise NotNative
    for column in sorted(columns, key=lambda column: not column.generated):
        computed = [other for other in (*left, *columns) if other.generated and other is not column]
        if _is_held(table, column) or any(_mentions(other.generated, column) for other in computed):
            raise NotNative
        yield ops.DropColumnOp(table.name, column.name)


def _is_held(table: Table, column: Column) -> bool:
    """Whether a key or a CHECK has to do with it."""
    return any(column.name in found.columns for found in table.constraints)


def _mentions(expression: str, column: Column) -> bool:
    return bool(mentioned(expression, {folded(column.name): column.name}))


def _convert(
    before: Table, after: Table, old: Column, new: Column, concerned: Iterable[User], choices: Choices
) -> Iterator[Step]:
    """Another type, by a column beside it that takes its place."""
    value = converted(after, old, new, choices)
    if value is None or not stands_alone(before, after, old, new, concerned):
        raise NotNative
    waiting = _waiting(before, after, new)
    spare = new._replace(name=waiting or free_name(f"{new.name}_new", before, after))
    if waiting:
        yield Remark("Once more, for rows that came or changed meanwhile.")
        where: str | None = f"{NAMES.name(spare.name)} IS NOT ({value})"
    else:
        told = what_stops(after, new, choices, value)
        yield Remark(f"{new.name} becomes {new.type}, value by value, in a column that takes its place; {told}.")
        yield from _added(after, spare)
        where = None if spare.default is not None else f"{NAMES.name(old.name)} IS NOT NULL"
    yield Fill(after.name, f"{NAMES.name(spare.name)} = {value}", where, key=_key(after))
    yield ops.DropColumnOp(after.name, old.name)
    yield ops.AlterColumnOp(after.name, spare.name, modify_name=new.name)


def converted(table: Table, old: Column, new: Column, choices: Choices) -> str | None:
    """The value of a column as one of another type; None where it is what it was."""
    conversion = conversion_of("sqlite", old, new) if old.type != new.type else None
    if conversion is None or conversion.how != CONVERT:
        return None
    lenient = _lenient(table, new, choices)
    return with_column(conversion.lenient if lenient else conversion.expression, NAMES.name(old.name))


def what_stops(after: Table, new: Column, choices: Choices, value: str) -> str:
    """What becomes of a value that does not convert, in words; `value` is the expression that converts."""
    if _lenient(after, new, choices):
        return "what does not convert becomes NULL"
    raised = ": json_extract raises the error" if "json_extract('[]'" in value else ""
    return f"it stops at what does not convert{raised}"


def _lenient(table: Table, column: Column, choices: Choices) -> bool:
    return (table.path, column.name) in choices.nulls


def _waiting(before: Table, after: Table, new: Column) -> str:
    """The column that an earlier migration has made to take the place (`writing_sqlite_online`); "" where none is."""
    like = (one for one in before.columns if re.fullmatch(rf"{re.escape(new.name)}_new\d*", one.name))
    found = (one.name for one in like if one.definition == new.definition and after.column(one.name) is None)
    return next(found, "")


def stands_alone(before: Table, after: Table, old: Column, new: Column, concerned: Iterable[User]) -> bool:
    """Whether nothing has to do with it but its table."""
    if not (old.nullable and new.nullable and _can_add(new)) or old.generated or new.generated:
        return False
    held = _is_held(before, old) or _is_held(after, new)
    indexed = any(old.name in index.columns for table in (before, after) for index in table.indexes)
    computed = any(_mentions(column.generated, old) for column in (*before.columns, *after.columns) if column.generated)
    named = any(folded(old.name) in user.words or "*" in user.words for user in concerned)
    return not (held or indexed or computed or named)


def free_name(wanted: str, *tables: Table) -> str:
    """A name that no column has."""
    taken = {folded(column.name) for table in tables for column in table.columns}
    name, number = wanted, 2
    while folded(name) in taken:
        name, number = f"{wanted}{number}", number + 1
    return name
