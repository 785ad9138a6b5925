"""Making a table of SQLite anew, for what its ALTER TABLE cannot do: https://sqlite.org/lang_altertable.html#otheralter.

The definition is edited as text. Reflecting it, as libraries do, would lose checks, collations, generated
columns, STRICT, WITHOUT ROWID and AUTOINCREMENT.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from miger.forms.definition import Definition
from miger.forms.shapes import TableShape
from miger.forms.steps import Names, Remark, Sql, Step

WHY = "SQLite cannot do this to a table that exists: it is made anew, filled from the old one, and takes its place."


def rebuild(
    table: TableShape,
    edit: Callable[[Definition], Definition],
    *,
    values: Mapping[str, str] | None = None,
    without: str | None = None,
    related: tuple[str, ...] | None = None,
) -> tuple[Step, ...]:
    """The table with an edited definition.

    `values` are expressions for columns that the old one has not, `without` names one that is not copied;
    `related` are the indexes and triggers, if not all of them.
    """
    names = Names("sqlite")
    new, old = names.name(f"{table.name}__new"), names.name(table.name)
    made = edit(Definition.read(table.definition)).renamed(new)
    values = values or {}
    kept = [c.name for c in table.columns if c.name != without and not c.generated and c.name not in values]
    targets = names.names([*kept, *values])
    sources = ", ".join([*map(names.name, kept), *values.values()])
    indexes = table.related if related is None else related
    legacy = bool(table.mentions)  # else the rename would look for the old name in views, and fail
    return (
        Remark(WHY),
        Sql(made.text),
        Sql(f"INSERT INTO {new} ({targets})\nSELECT {sources} FROM {old}"),
        Sql(f"DROP TABLE {old}"),
        *((Sql("PRAGMA legacy_alter_table = ON"),) if legacy else ()),
        Sql(f"ALTER TABLE {new} RENAME TO {old}"),
        *((Sql("PRAGMA legacy_alter_table = OFF"),) if legacy else ()),
        *map(Sql, indexes),
    )
