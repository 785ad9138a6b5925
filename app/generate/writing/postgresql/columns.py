"""How a column of PostgreSQL becomes another one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from alembic.operations import ops

from miger.engine.catalog import Catalog, Column, Table
from miger.forms.steps import Fill, Remark, Sql, Step, expression
from miger.forms.types import taken_apart, written_type
from miger.generate.conversions.conversion import CONVERT, conversion_of, with_column
from miger.generate.writing.postgresql.words import (
    COUNTED,
    INVENTED,
    LOST_COLUMN,
    NAMES,
    alter,
    alter_column,
    at,
    default_of,
    is_plain,
    line_of,
    quoted,
    sql_column,
    type_text,
    value_for,
)
from miger.generate.writing.written import Choices

CONVERTED = "The values are converted beside the old ones: one that does not convert stops this, and nothing is lost."
EMPTIED = "The values are converted beside the old ones; those that do not convert become NULL."
ADD, DROP, ALTER, RETYPE, BY_TEXT, REPLACE, MOVE = "add", "drop", "alter", "retype", "by text", "replace", "move"
"""What is done to a column. By text: its type of the same name is another one. Replace: dropped and added, computed
anew. Move: its values are converted into a new column, which takes its place."""


class Change(NamedTuple):
    """A column before and after, and what has to be done."""

    how: str
    before: Column | None
    after: Column | None

    @property
    def name(self) -> str:
        """Its name, which stays."""
        found = self.after if self.after is not None else self.before
        assert found is not None
        return found.name

    @property
    def disturbs(self) -> bool:
        """Whether what depends on the column cannot stay as it is."""
        return self.how in (DROP, RETYPE, BY_TEXT, REPLACE, MOVE)

    @property
    def new(self) -> bool:
        """Whether indexes and constraints of the column go with the old one."""
        return self.how in (DROP, REPLACE, MOVE)


def change_of(before: Column | None, after: Column | None, labels: tuple[str, ...] = ()) -> Change:
    """What has to be done for a column that differs."""
    if before is None or after is None:
        return Change(ADD if before is None else DROP, before, after)
    if after.generated and (before.generated, before.stored, before.type) != (
        after.generated,
        after.stored,
        after.type,
    ):
        return Change(REPLACE, before, after)
    if before.generated and not after.generated and not before.stored:
        return Change(REPLACE, before, after)
    if (before.type, before.collation) == (after.type, after.collation):
        return Change(ALTER, before, after)
    if before.type != after.type and conversion_of("postgresql", before, after, labels).how == CONVERT:
        return Change(MOVE, before, after)
    return Change(RETYPE, before, after)


class Columns:
    """Writes the changes of the columns of one table."""

    def __init__(self, before: Table, table: Table, after: Catalog, choices: Choices) -> None:
        self._before, self._table, self._after, self._choices = before, table, after, choices

    def write(self, changes: list[Change]) -> Iterator[Step]:
        """All changes: what is computed goes before what it is computed from changes, and comes after that."""
        computed = [change for change in changes if change.before is not None and change.before.generated]
        for change in computed:
            if change.how in (MOVE, DROP):
                yield from self._write(change)
        for change in changes:
            if change.how == REPLACE:
                yield ops.DropColumnOp(self._table.name, change.name, schema=self._table.schema)
        late = [
            change for change in changes if change.how == ADD and change.after is not None and change.after.generated
        ]
        for how in (ADD, ALTER, RETYPE, BY_TEXT, MOVE, DROP):
            for change in changes:
                if change.how == how and change not in late and not (change in computed and how in (MOVE, DROP)):
                    yield from self._write(change)
        for change in changes:
            if change.how == REPLACE or change in late:
                yield from self._write(change)

    def _write(self, change: Change) -> Iterator[Step]:
        if change.before is None:
            assert change.after is not None
            yield from self._add(change.after)
        elif change.after is None:
            yield ops.DropColumnOp(self._table.name, change.name, schema=self._table.schema)
        elif change.how == REPLACE:
            yield alter(self._table, f"ADD COLUMN {line_of(change.after)}")
        elif change.how == MOVE:
            yield from self.beside(change.before, change.after)
            yield from self.swap(change.before, change.after)
        else:
            yield from self._alter(change)

    # A column more

    def _add(self, column: Column) -> Iterator[Step]:
        if self._choices.back:
            yield Remark(LOST_COLUMN)
        fill = self._choices.fills.get((self._table.path, column.name))
        if not is_plain(column):
            if column.collation and not column.nullable and column.default is None:
                loose = column._replace(definition=column.definition.removesuffix(" NOT NULL"))
                yield alter(self._table, f"ADD COLUMN {line_of(loose)}")
                yield from self._filled(column, fill)
                return
            yield alter(self._table, f"ADD COLUMN {line_of(column)}")
            if fill is not None and not column.identity and not column.generated:
                yield from self._given(column, fill)
            return
        strict = not column.nullable and column.default is None
        made = sql_column(column, nullable=True) if strict else sql_column(column)
        yield ops.AddColumnOp(self._table.name, made, schema=self._table.schema)
        if strict:
            yield from self._filled(column, fill)
        elif fill is not None:
            yield from self._given(column, fill)

    def _given(self, column: Column, fill: str) -> Iterator[Step]:
        """A value for the rows there are, in a column that may stay empty."""
        if fill == value_for(column, self._after.things):
            yield Remark(INVENTED)
        yield self._fill(f"{quoted(column.name)} = {fill}", None)

    def _filled(self, column: Column, fill: str | None) -> Iterator[Step]:
        """A value for the rows there are, and NOT NULL."""
        value = fill if fill is not None else value_for(column, self._after.things)
        if value is not None:
            if fill is None:
                yield Remark(INVENTED)
            yield self._fill(f"{quoted(column.name)} = {value}", f"{quoted(column.name)} IS NULL")
        yield alter_column(self._table, column.name, modify_nullable=False)

    def _fill(self, values: str, where: str | None) -> Fill:
        key = self._before.primary_key
        return Fill(self._table.name, values, where, self._table.schema, key[0] if len(key) == 1 else "")

    # Values that are converted

    def beside(self, before: Column, after: Column) -> Iterator[Step]:
        """The new column beside the old one, with the converted values in it."""
        new, value = self._new_name(before), self._value(before, after)
        column = after._replace(name=new, nullable=True, default=None)
        if is_plain(column._replace(identity="")):
            made = sql_column(column)
            yield ops.AddColumnOp(self._table.name, made, schema=self._table.schema)
        else:
            collate = f" COLLATE {after.collation}" if after.collation else ""
            yield alter(self._table, f"ADD COLUMN {quoted(new)} {type_text(after.type)}{collate}")
        lenient = (self._table.path, before.name) in self._choices.nulls
        yield Remark(EMPTIED if lenient else CONVERTED)
        yield self._fill(f"{quoted(new)} = {value}", f"{quoted(before.name)} IS NOT NULL")

    def again(self, before: Column, after: Column) -> Step:
        """The values that changed since the column beside was filled."""
        new, value = quoted(self._new_name(before)), self._value(before, after)
        return self._fill(f"{new} = {value}", f"{new}::text IS DISTINCT FROM ({value})::text")

    def swap(self, before: Column, after: Column) -> Iterator[Step]:
        """The new column in the place of the old one."""
        new = self._new_name(before)
        yield ops.DropColumnOp(self._table.name, before.name, schema=self._table.schema)
        yield alter_column(self._table, new, modify_name=before.name)
        bare = after._replace(nullable=True, default=None, identity="", definition="")
        yield from self._alter(Change(ALTER, bare, after))

    def _value(self, before: Column, after: Column) -> str:
        labels = next((thing.labels for thing in self._after.things if thing.name == after.type), ())
        conversion = conversion_of("postgresql", before, after, labels)
        lenient = (self._table.path, before.name) in self._choices.nulls
        return with_column(conversion.lenient if lenient else conversion.expression, quoted(before.name))

    def _new_name(self, column: Column) -> str:
        name = f"{column.name}_new"
        while self._before.column(name) or self._table.column(name):
            name += "_"
        return name

    # Another type, default and so on

    def _alter(self, change: Change) -> Iterator[Step]:
        before, after = change.before, change.after
        assert before is not None
        assert after is not None
        if before.generated and not after.generated:
            yield alter(self._table, f"ALTER COLUMN {quoted(after.name)} DROP EXPRESSION")
            before = before._replace(generated="")
        recounted = _counting(before) != _counting(after)
        if recounted and _both_identity(before, after):
            how = after.identity.upper()
            yield alter(self._table, f"ALTER COLUMN {quoted(after.name)} SET GENERATED {how}")
            recounted = False
        elif recounted:
            yield from self._stop_counting(before)
        default = before.default
        if change.how in (RETYPE, BY_TEXT):
            if default is not None and (change.how == BY_TEXT or _other_type(before, after)):
                yield alter_column(self._table, after.name, modify_server_default=None)
                default = None
            yield from self._retype(change)
        if default != after.default:
            value = None if after.default is None else expression(default_of(after) or "")
            yield alter_column(self._table, after.name, modify_server_default=value)
        yield from self._nullable(before, after)
        if recounted:
            yield from self._count(after)

    def _nullable(self, before: Column, after: Column) -> Iterator[Step]:
        if before.nullable == after.nullable:
            return
        fill = self._choices.fills.get((self._table.path, after.name))
        if not after.nullable and fill is not None:
            yield self._fill(f"{quoted(after.name)} = {fill}", f"{quoted(after.name)} IS NULL")
        yield alter_column(self._table, after.name, modify_nullable=after.nullable)

    def _retype(self, change: Change) -> Iterator[Step]:
        before, after = change.before, change.after
        assert before is not None
        assert after is not None
        collate = f" COLLATE {after.collation}" if after.collation else ""
        if change.how == BY_TEXT:
            name, text = quoted(after.name), "text[]" if after.type.endswith("[]") else "text"
            yield alter(
                self._table, f"ALTER COLUMN {name} TYPE {after.type}{collate} USING {name}::{text}::{after.type}"
            )
            return
        yield alter_column(self._table, after.name, modify_type=written_type(type_text(after.type) + collate))
        if "serial" in (before.identity, after.identity) and before.identity == after.identity:
            yield self._own_counter(after, f"ALTER SEQUENCE %s AS {after.type}")

    # Counting

    def _stop_counting(self, column: Column) -> Iterator[Step]:
        if column.identity in COUNTED:
            yield alter(self._table, f"ALTER COLUMN {quoted(column.name)} DROP IDENTITY")
        elif column.identity == "serial":
            yield Remark("The counter is asked for its name: that may be older than the names of table and column.")
            counter = f"pg_get_serial_sequence({NAMES.value(at(self._table))}, {NAMES.value(column.name)})"
            no_default = f"ALTER TABLE {at(self._table)} ALTER COLUMN {quoted(column.name)} DROP DEFAULT"
            yield Sql(
                f"DO $$\nDECLARE\n    counter text := {counter};\nBEGIN\n    {no_default};\n"
                "    EXECUTE 'DROP SEQUENCE ' || counter;\nEND $$"
            )

    def _own_counter(self, column: Column, statement: str) -> Sql:
        counter = f"pg_get_serial_sequence({NAMES.value(at(self._table))}, {NAMES.value(column.name)})"
        return Sql(f"DO $$\nBEGIN\n    EXECUTE format({NAMES.value(statement)}, {counter});\nEND $$")

    def _count(self, column: Column) -> Iterator[Step]:
        name = quoted(column.name)
        if column.identity in COUNTED:
            how = re.search(r"GENERATED .*", column.definition)
            assert how is not None
            yield alter(self._table, f"ALTER COLUMN {name} ADD {how[0]}")
        elif column.identity == "serial":
            counter = NAMES.table(f"{self._table.name}_{column.name}_seq"[:63], self._table.schema)
            yield Sql(f"CREATE SEQUENCE {counter} AS {column.type} OWNED BY {at(self._table)}.{name}")
            yield alter(self._table, f"ALTER COLUMN {name} SET DEFAULT nextval({NAMES.value(counter)})")
        else:
            return
        counter = f"pg_get_serial_sequence({NAMES.value(at(self._table))}, {NAMES.value(column.name)})"
        # False: the next value is the one behind the largest there is, and the first one where there are no rows.
        yield Sql(f"SELECT setval({counter}, max({name})) FROM {at(self._table)} HAVING max({name}) > 0")


def _counting(column: Column) -> tuple[str, str]:
    """How a column counts, and with what settings."""
    if not column.identity:
        return ("", "")
    settings = re.search(r"AS IDENTITY (\(.*\))", column.definition)
    return (column.identity, settings[1] if settings else "")


def _both_identity(before: Column, after: Column) -> bool:
    return before.identity in COUNTED and after.identity in COUNTED and _counting(before)[1] == _counting(after)[1]


def _other_type(before: Column, after: Column) -> bool:
    return taken_apart(before.type, "postgresql").name != taken_apart(after.type, "postgresql").name
