"""What sqlglot makes of names, columns and constraints, as changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

from miger.engine.hazards import changes as c
from miger.engine.hazards.changes import Change, Name

DIALECTS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql", "sqlite": "sqlite"}
# Functions whose value is the same for every row of one statement, by the names that the parser leaves as they are.
_STABLE = frozenset(
    "transaction_timestamp statement_timestamp now current_setting current_database session_user to_timestamp "
    "jsonb_build_object jsonb_build_array json_build_object json_build_array make_interval make_date md5 "
    "localtimestamp localtime".split()
)
_VOLATILE = frozenset({"Uuid", "Rand", "Randn", "NextValueFor"})
_SERIAL = frozenset({"SERIAL", "BIGSERIAL", "SMALLSERIAL"})


def sql_of(node: Any, dialect: str) -> str:
    """The text of a parsed expression or type."""
    return str(node.sql(dialect=DIALECTS[dialect]))


def table_name(node: Any, dialect: str) -> Name:
    """The name of a table's node."""
    table = node if isinstance(node, exp.Table) else node.find(exp.Table)
    return Name(identifier(table.this, dialect), identifier(table.args.get("db"), dialect))


def identifier(node: Any, dialect: str) -> str:
    """A name as the database has it."""
    while node is not None and not isinstance(node, exp.Identifier):
        node = node.this if isinstance(node, exp.Expression) else None
    if node is None:
        return ""
    return str(node.this).lower() if dialect == "postgresql" and not node.args.get("quoted") else str(node.this)


def column_changes(column: Any, table: Name, name: str, dialect: str) -> Change:
    """A column as it is added, or as MySQL's MODIFY gives it anew."""
    flags = set()
    kind = column.args.get("kind")
    if kind is not None and str(kind.this).rpartition(".")[2].upper() in _SERIAL:
        flags |= {c.DEFAULT, c.VOLATILE}
    for constraint in column.args.get("constraints") or ():
        match constraint.args.get("kind"):
            case exp.NotNullColumnConstraint() as found if not found.args.get("allow_null"):
                flags.add(c.NOT_NULL)
            case exp.PrimaryKeyColumnConstraint():
                flags.add(c.NOT_NULL)
            case exp.DefaultColumnConstraint() as default:
                flags.add(c.DEFAULT) if not isinstance(default.this, exp.Null) else None
                flags |= {c.VOLATILE} if is_volatile(default.this) else set()
            case exp.GeneratedAsIdentityColumnConstraint() as made if made.args.get("expression") is not None:
                flags.add(c.DEFAULT)  # MySQL and SQLite compute it when it is read
            case exp.GeneratedAsIdentityColumnConstraint():
                flags |= {c.DEFAULT, c.VOLATILE}
            case exp.AutoIncrementColumnConstraint():
                flags |= {c.DEFAULT, c.NUMBERED}
            case exp.ComputedColumnConstraint() as made:
                stored = made.args.get("persisted") is not False and dialect != "sqlite"
                flags |= {c.GENERATED, c.DEFAULT} if stored else {c.DEFAULT}
    type_ = sql_of(kind, dialect) if kind is not None else ""
    return Change(c.ADD_COLUMN, table, column=name, type=type_, flags=frozenset(flags))


def constraints_of_column(column: Any, new: Change, dialect: str) -> Iterator[Change]:
    """What PostgreSQL looks at all rows for, though the column is new."""
    for constraint in column.args.get("constraints") or ():
        match constraint.args.get("kind"):
            case exp.UniqueColumnConstraint():
                yield Change(c.ADD_UNIQUE, new.table, columns=(new.column,))
            case exp.CheckColumnConstraint() as check:
                condition = sql_of(check.this, dialect)
                yield Change(c.ADD_CHECK, new.table, column=new.column, expression=condition)
            case exp.Reference() as reference if c.DEFAULT in new.flags:
                other = table_name(reference.this, dialect)
                filled = frozenset({c.DEFAULT})
                yield Change(c.ADD_FOREIGN_KEY, new.table, columns=(new.column,), other=other, flags=filled)


def is_volatile(default: Any) -> bool:
    """Whether a default has another value for each row."""
    return any(
        type(node).__name__ in _VOLATILE or (isinstance(node, exp.Anonymous) and str(node.this).lower() not in _STABLE)
        for node in default.walk()
    )


def constraint_changes(constraint: Any, table: Name, flags: frozenset[str], dialect: str) -> Iterator[Change]:
    """What an ADD CONSTRAINT, or an ADD INDEX of MySQL, changes."""
    match constraint:
        case exp.Constraint():
            for inner in constraint.expressions:
                yield from constraint_changes(inner, table, flags, dialect)
        case exp.UniqueColumnConstraint() if isinstance(constraint.this, exp.Schema):
            yield Change(c.ADD_UNIQUE, table, columns=_names(constraint.this.expressions, dialect), flags=flags)
        case exp.PrimaryKey():
            yield Change(c.ADD_PRIMARY_KEY, table, columns=_names(constraint.expressions, dialect), flags=flags)
        case exp.CheckColumnConstraint():
            yield Change(c.ADD_CHECK, table, expression=sql_of(constraint.this, dialect), flags=flags)
        case exp.ForeignKey():
            yield from _foreign_key(constraint, table, flags, dialect)
        case exp.IndexColumnConstraint():
            special = str(constraint.args.get("kind") or "").upper() in ("FULLTEXT", "SPATIAL")
            kinds = frozenset({c.SPECIAL}) if special else frozenset()
            yield Change(c.CREATE_INDEX, table, columns=_names(constraint.expressions, dialect), flags=kinds)


def _names(nodes: list[Any], dialect: str) -> tuple[str, ...]:
    """The columns of a key; none where one of them is an expression or only a prefix."""
    plain = [node.this if isinstance(node, exp.Ordered) else node for node in nodes]
    if not all(isinstance(node, (exp.Column, exp.Identifier)) for node in plain):
        return ()
    return tuple(identifier(node, dialect) for node in plain)


def _foreign_key(constraint: Any, table: Name, flags: frozenset[str], dialect: str) -> Iterator[Change]:
    reference = constraint.args.get("reference")
    target = reference.this if reference is not None else None
    if target is None:
        return
    others = target.expressions if isinstance(target, exp.Schema) else []
    yield Change(
        c.ADD_FOREIGN_KEY,
        table,
        columns=_names(constraint.expressions, dialect),
        other=table_name(target, dialect),
        other_columns=_names(others, dialect),
        flags=flags,
    )
