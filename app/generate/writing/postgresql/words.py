"""Tables, columns and constraints in the words of PostgreSQL."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy
from alembic.operations import ops

from miger.engine.catalog import CHECK, FOREIGN_KEY, PRIMARY_KEY, Column, Constraint, Index, Table, Thing
from miger.forms.steps import Names, Sql, Step, expression
from miger.forms.types import placeholder, written_type

NAMES = Names("postgresql")
COUNTED = ("always", "by default")
LOST_TABLE = "This brings the table back, but not the rows that were in it."
LOST_COLUMN = "This brings the column back, but not the values that were in it."
INVENTED = "The rows there are need a value: put a better one here."

_BUILT_IN = re.compile(
    r"bigint|bit|bit varying|boolean|bytea|character|character varying|cidr|date|double precision|inet|integer|"
    r"interval|json|jsonb|macaddr|money|numeric|real|smallint|text|time|time without time zone|time with time zone|"
    r"timestamp without time zone|timestamp with time zone|uuid|xml"
)
_SHORT = {
    "character varying": "VARCHAR",
    "character": "CHAR",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
    "time without time zone": "TIME",
}
_LITERAL = re.compile(r"('(?:[^']|'')*')::(.*)")
_VALUES = {
    "interval": "'0'",
    "point": "'(0,0)'",
    "money": "0",
    "inet": "'0.0.0.0'",
    "cidr": "'0.0.0.0'",
    "macaddr": "'00:00:00:00:00:00'",
    "tsvector": "''",
    "bit varying": "''",
    "xml": "''",
}


def type_text(type_: str) -> str:
    """A type as one writes it: the usual ones in capitals and by their short names, others as they are."""
    match = re.fullmatch(r"([a-z ]+?)(\(\d+(?:,\d+)?\))?( with(?:out)? time zone)?((?:\[\])*)", type_)
    if match is None or not _BUILT_IN.fullmatch(name := match[1] + (match[3] or "")):
        return type_
    word = _SHORT.get(name, name.upper())
    if match[2] and match[3]:
        head, _, zone = word.partition(" ")
        return f"{head}{match[2]}{' ' + zone if zone else ''}{match[4]}"
    return f"{word}{match[2] or ''}{match[4]}"


def at(table: Table) -> str:
    """The table's name, with its schema where it needs one."""
    return NAMES.table(table.name, table.schema)


def quoted(name: str) -> str:
    """A name, in quotes where it needs them."""
    return NAMES.name(name)


def alter(table: Table, what: str) -> Sql:
    """A statement that alters a table."""
    return Sql(f"ALTER TABLE {at(table)} {what}")


def alter_column(table: Table, column: str, **what: Any) -> Step:
    """An operation on a column, as Alembic has it."""
    return ops.AlterColumnOp(table.name, column, schema=table.schema, **what)


def default_of(column: Column) -> str | None:
    """Its default, of which a literal need not say that it is of the column's own type."""
    match = _LITERAL.fullmatch(column.default or "")
    own = re.sub(r"\(.*?\)", "", column.type)
    return match[1] if match is not None and match[2] == own else column.default


def line_of(column: Column) -> str:
    """The column as it stands in CREATE TABLE."""
    text = column.definition
    if column.default is not None:
        text = text.replace(f" DEFAULT {column.default}", f" DEFAULT {default_of(column)}", 1)
    if column.identity != "serial" and text.startswith(column.type):
        text = type_text(column.type) + text[len(column.type) :]
    return f"{quoted(column.name)} {text.upper() if column.identity == 'serial' else text}"


def is_plain(column: Column) -> bool:
    """Whether SQLAlchemy has words for all of it."""
    return not (column.generated or column.identity or column.collation)


def sql_column(column: Column, *, nullable: bool | None = None) -> sqlalchemy.Column[Any]:
    """A plain column as SQLAlchemy's, its type and default by their text."""
    return sqlalchemy.Column(
        column.name,
        written_type(type_text(column.type)),
        nullable=column.nullable if nullable is None else nullable,
        server_default=None if column.default is None else expression(default_of(column) or ""),
        autoincrement=False,
    )


def value_for(column: Column, things: Sequence[Thing]) -> str | None:
    """A value for rows that must have one; None where none comes to mind."""
    type_ = column.type
    if type_.endswith("[]"):
        return "'{}'"
    bare = re.sub(r"\(.*?\)", "", type_)
    if bare == "bit":
        return f"0::{type_}"
    if bare in _VALUES:
        return _VALUES[bare]
    labels = next((thing.labels for thing in things if thing.name == type_ and thing.labels), ())
    if labels:
        return NAMES.value(labels[0])
    base = next((thing.definition for thing in things if thing.name == type_ and thing.kind == "domain"), None)
    return placeholder(type_) if base is None else placeholder(base.partition(" AS ")[2].partition("\n")[0])


# Whole tables


def create_table(table: Table, late: Sequence[Constraint] = ()) -> Step:
    """A new table with its columns and constraints, but for those that come later."""
    option = next((line for line in table.options.split("\n") if line.startswith("PARTITION OF ")), None)
    if option is not None:
        by = "".join(f"\n{line}" for line in _behind(table))
        _, _, parent = option.partition("PARTITION OF ")
        cut = re.search(r" (?:FOR VALUES|DEFAULT$)", parent)
        assert cut is not None
        lines = [_constraint_line(found, table) for found in table.constraints if found not in late]
        inner = f" (\n    {_joined(lines)}\n)" if lines else ""
        start = f"CREATE {_unlogged(table)}TABLE {at(table)} PARTITION OF {parent[: cut.start()]}"
        return Sql(f"{start}{inner}\n    {parent[cut.start() + 1 :]}{by}")
    constraints = [found for found in table.constraints if found not in late]
    plain = _plain_table(table, constraints)
    if plain is not None:
        return plain
    lines = [line_of(column) for column in table.columns]
    lines += [_constraint_line(found, table) for found in constraints]
    behind = "".join(f"\n{line}" for line in _behind(table))
    inner = f"\n    {_joined(lines)}\n" if lines else ""
    return Sql(f"CREATE {_unlogged(table)}TABLE {at(table)} ({inner}){behind}")


def _joined(lines: Sequence[str]) -> str:
    return ",\n    ".join(lines)


def _unlogged(table: Table) -> str:
    return "UNLOGGED " if "UNLOGGED" in table.options.split("\n") else ""


def _behind(table: Table) -> Iterator[str]:
    """The options that stand at the end of CREATE TABLE, in their order."""
    lines = table.options.split("\n")
    for start in ("INHERITS (", "PARTITION BY ", "USING ", "WITH ("):
        yield from (line for line in lines if line.startswith(start))


def later_options(table: Table) -> Iterator[Step]:
    """Those that CREATE TABLE cannot say."""
    for line in table.options.split("\n"):
        if line == "ROW LEVEL SECURITY":
            yield alter(table, "ENABLE ROW LEVEL SECURITY")
        elif line.startswith(("FORCE ", "REPLICA ")):
            yield alter(table, line)


def _plain_table(table: Table, constraints: Sequence[Constraint]) -> Step | None:
    """The table as an operation of Alembic, None where that has no words for it."""
    simple = all(is_plain(column) or _usual_identity(column) for column in table.columns)
    if table.options.replace("ROW LEVEL SECURITY", "").replace("FORCE", "").strip() or not simple:
        return None
    items: list[Any] = []
    for column in table.columns:
        if column.identity:
            type_ = written_type(type_text(column.type))
            items.append(sqlalchemy.Column(column.name, type_, sqlalchemy.Identity(always=False), nullable=False))
        else:
            items.append(sql_column(column))
    for found in constraints:
        action = _simple_key(found)
        if found.kind == PRIMARY_KEY and not found.named and "INCLUDE" not in found.definition:
            items.append(sqlalchemy.PrimaryKeyConstraint(*found.columns))
        elif found.kind == FOREIGN_KEY and action is not None and "." not in found.target:
            targets = [f"{found.target}.{column}" for column in found.target_columns]
            name = found.name if found.named else None
            items.append(
                sqlalchemy.ForeignKeyConstraint(list(found.columns), targets, name=name, ondelete=action or None)
            )
        else:
            return None
    return ops.CreateTableOp(table.name, items, schema=table.schema)


def _usual_identity(column: Column) -> bool:
    return column.identity == "by default" and column.definition.endswith("AS IDENTITY")


def _simple_key(found: Constraint) -> str | None:
    """What a foreign key does ON DELETE, "" for nothing; None where it has more to it."""
    if found.kind != FOREIGN_KEY or any("." in name for name in (*found.target_columns, found.target)):
        return None
    start = f"FOREIGN KEY ({NAMES.names(found.columns)}) REFERENCES {quoted(found.target)}"
    match = re.fullmatch(
        re.escape(f"{start}({NAMES.names(found.target_columns)})")
        + r"(?: ON DELETE (CASCADE|RESTRICT|SET NULL|SET DEFAULT))?",
        found.definition,
    )
    return None if match is None else match[1] or ""


# Constraints and indexes


def _constraint_line(found: Constraint, table: Table) -> str:
    """A constraint as it stands in CREATE TABLE; a name that comes about by itself is not said."""
    unsaid = not found.named and (found.kind == PRIMARY_KEY or not found.name[-1:].isdigit())
    return found.definition if unsaid else f"CONSTRAINT {quoted(found.name)} {found.definition}"


def add_constraint(table: Table, found: Constraint, *, online: bool = False) -> Iterator[Step]:
    """A constraint more; online the rows there are are looked at without keeping others from them."""
    if online and found.definition == f"UNIQUE ({NAMES.names(found.columns)})":
        name = quoted(found.name)
        yield Sql(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {at(table)} ({NAMES.names(found.columns)})")
        yield alter(table, f"ADD CONSTRAINT {name} UNIQUE USING INDEX {name}")
        return
    checked = found.kind in (CHECK, FOREIGN_KEY) and not found.definition.endswith(" NOT VALID")
    action = _simple_key(found)
    if action is not None and table.schema is None:
        yield ops.CreateForeignKeyOp(
            found.name,
            table.name,
            found.target,
            list(found.columns),
            list(found.target_columns),
            **({"ondelete": action} if action else {}),
            **({"postgresql_not_valid": True} if online else {}),
        )
    else:
        late = " NOT VALID" if online and checked else ""
        yield alter(table, f"ADD CONSTRAINT {quoted(found.name)} {found.definition}{late}")
    if online and checked:
        yield alter(table, f"VALIDATE CONSTRAINT {quoted(found.name)}")


def drop_constraint(table: Table, found: Constraint, other: Constraint | None = None) -> Step:
    """A constraint less. Where the database made the name up it may be that of `other`."""
    taken = other is not None and any(one.name == other.name for one in table.constraints)
    if other is not None and other.name != found.name and not taken:
        either = ", ".join(f"DROP CONSTRAINT IF EXISTS {quoted(name)}" for name in sorted({found.name, other.name}))
        return alter(table, either)
    kind = {"primary key": "primary", "foreign key": "foreignkey", "unique": "unique", "check": "check"}.get(found.kind)
    return ops.DropConstraintOp(found.name, table.name, type_=kind, schema=table.schema)


def create_index(table: Table, index: Index, *, online: bool = False) -> Step:
    """An index more."""
    if not index.plain:
        later = " INDEX CONCURRENTLY " if online else " INDEX "
        return Sql(index.definition.replace(" INDEX ", later, 1))
    options: dict[str, Any] = {"postgresql_concurrently": True} if online else {}
    return ops.CreateIndexOp(
        index.name, table.name, list(index.columns), unique=index.unique, schema=table.schema, **options
    )


def drop_index(table: Table, index: Index) -> Step:
    """An index less."""
    return ops.DropIndexOp(index.name, table.name, schema=table.schema)


def comment_on(what: str, text: str) -> Sql:
    """Another comment, or none for ""."""
    return Sql(f"COMMENT ON {what} IS {NAMES.value(text) if text else 'NULL'}")
