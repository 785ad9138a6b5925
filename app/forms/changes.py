"""Changes of tables as a person describes them: one value each, that knows no SQL.

Types, defaults and conditions are written as the database does: `varchar(100)`, `'open'`, `price > 0`.
`schema` is None in the schema that names without one mean.
"""

from __future__ import annotations

from typing import NamedTuple


class ColumnSpec(NamedTuple):
    """A column to be made. `identity`: the database counts it."""

    name: str
    type: str
    nullable: bool = True
    default: str | None = None
    identity: bool = False


class AddColumn(NamedTuple):
    """A new column. `fill` is an expression for the rows there are, needed for NOT NULL without a default."""

    table: str
    column: ColumnSpec
    fill: str | None = None
    schema: str | None = None


class AlterColumn(NamedTuple):
    """Another type, nullability or default; None leaves it as it is.

    `using` converts a value to the new type (PostgreSQL); `fill` takes the place of NULL where NULL is no
    longer allowed.
    """

    table: str
    column: str
    type: str | None = None
    using: str | None = None
    nullable: bool | None = None
    default: str | None = None
    drop_default: bool = False
    fill: str | None = None
    schema: str | None = None


class RenameColumn(NamedTuple):
    """Another name for a column."""

    table: str
    column: str
    new_name: str
    schema: str | None = None


class DropColumn(NamedTuple):
    """A column goes, with its values. `fill` is what `down` puts into it where NULL is not allowed."""

    table: str
    column: str
    fill: str | None = None
    schema: str | None = None


class AddForeignKey(NamedTuple):
    """Columns that must point to rows of `target`. `on_delete` is an action such as CASCADE.

    `online`: PostgreSQL checks the rows there are in a second statement, which lets others write meanwhile.
    """

    table: str
    name: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    on_delete: str = ""
    online: bool = False
    schema: str | None = None


class DropForeignKey(NamedTuple):
    """A foreign key goes; one that has no name (SQLite) is named by its columns: `a,b`."""

    table: str
    name: str
    schema: str | None = None


class CreateTable(NamedTuple):
    """A new table. Of its foreign keys only columns, target and action count."""

    table: str
    columns: tuple[ColumnSpec, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[AddForeignKey, ...] = ()
    schema: str | None = None


class RenameTable(NamedTuple):
    """Another name for a table."""

    table: str
    new_name: str
    schema: str | None = None


class DropTable(NamedTuple):
    """A table goes, with its rows."""

    table: str
    schema: str | None = None


class CreateIndex(NamedTuple):
    """A new index. `where` makes it a partial one (not on MySQL); `online`: PostgreSQL lets others write meanwhile."""

    table: str
    name: str
    columns: tuple[str, ...]
    unique: bool = False
    where: str | None = None
    online: bool = False
    schema: str | None = None


class DropIndex(NamedTuple):
    """An index goes. `online` as in `CreateIndex`."""

    table: str
    name: str
    online: bool = False
    schema: str | None = None


ColumnChange = AddColumn | AlterColumn | RenameColumn | DropColumn
KeyChange = AddForeignKey | DropForeignKey | CreateIndex | DropIndex
TableChange = CreateTable | RenameTable | DropTable
Change = ColumnChange | KeyChange | TableChange
