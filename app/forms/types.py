"""The types of columns: as text in SQL, and in Python as SQLAlchemy's where those mean the very same."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy
from sqlalchemy import types

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

# What a type is called in Python, by its name in SQL. `(` takes the numbers in its brackets.
_COMMON = {
    "bigint": "sqlalchemy.BigInteger()",
    "boolean": "sqlalchemy.Boolean()",
    "char": "sqlalchemy.CHAR(",
    "date": "sqlalchemy.Date()",
    "integer": "sqlalchemy.Integer()",
    "numeric": "sqlalchemy.Numeric(",
    "real": "sqlalchemy.REAL()",
    "smallint": "sqlalchemy.SmallInteger()",
    "text": "sqlalchemy.Text()",
    "varchar": "sqlalchemy.String(",
}
_PYTHON: dict[str, dict[str, str]] = {
    "sqlite": {
        **_COMMON,
        "blob": "sqlalchemy.BLOB()",
        "datetime": "sqlalchemy.DateTime()",
        "float": "sqlalchemy.Float()",
        "json": "sqlalchemy.JSON()",
        "time": "sqlalchemy.Time()",
        "timestamp": "sqlalchemy.TIMESTAMP()",
    },
    "postgresql": {
        **_COMMON,
        "bytea": "sqlalchemy.LargeBinary()",
        "double precision": "sqlalchemy.Double()",
        "json": "sqlalchemy.JSON()",
        "jsonb": "postgresql.JSONB()",
        "inet": "postgresql.INET()",
        "interval": "sqlalchemy.Interval()",
        "time without time zone": "sqlalchemy.Time()",
        "timestamp with time zone": "sqlalchemy.DateTime(timezone=True)",
        "timestamp without time zone": "sqlalchemy.DateTime()",
        "uuid": "sqlalchemy.Uuid()",
    },
    "mysql": {
        **{name: text for name, text in _COMMON.items() if name not in ("boolean", "char", "real")},
        "char": "sqlalchemy.CHAR(",
        "datetime": "sqlalchemy.DateTime()",
        "double": "mysql.DOUBLE()",
        "float": "mysql.FLOAT()",
        "json": "sqlalchemy.JSON()",
        "longtext": "mysql.LONGTEXT()",
        "mediumtext": "mysql.MEDIUMTEXT()",
        "timestamp": "sqlalchemy.TIMESTAMP()",
        "tinyint": "mysql.TINYINT(",
    },
}
# Other names of the same types. SQLite keeps the name that was written, so there each is a type of its own.
_ALIASES = {
    "postgresql": {
        "bool": "boolean",
        "character": "char",
        "character varying": "varchar",
        "decimal": "numeric",
        "float4": "real",
        "float8": "double precision",
        "int": "integer",
        "int2": "smallint",
        "int4": "integer",
        "int8": "bigint",
        "time": "time without time zone",
        "timestamp": "timestamp without time zone",
        "timestamptz": "timestamp with time zone",
    },
    "mysql": {"decimal": "numeric", "dec": "numeric", "int": "integer", "character varying": "varchar"},
    "sqlite": {},
}
_INTEGERS = frozenset("int integer bigint smallint tinyint mediumint int2 int4 int8 serial bigserial".split())
_PLACEHOLDERS = (
    (r"bool", "false"),
    (r"int|numeric|decimal|dec\b|real|double|float|serial|money|bit\b", "0"),
    (r"json", "'{}'"),
    (r"uuid", "'00000000-0000-0000-0000-000000000000'"),
    (r"char|text|clob|citext|string|blob|bytea|binary", "''"),
    (r"timestamp|datetime", "'1970-01-01 00:00:00'"),
    (r"date", "'1970-01-01'"),
    (r"time", "'00:00:00'"),
)


class Written(types.UserDefinedType[Any]):
    """A type by its text alone."""

    cache_ok = True

    def __init__(self, text: str) -> None:
        self.text = text

    def get_col_spec(self, **_: object) -> str:
        """The text."""
        return self.text


class WrittenInteger(Written):
    """A type by its text, of which is known that it counts."""

    _type_affinity = sqlalchemy.Integer


class TypeName(NamedTuple):
    """A type's text, taken apart: name in lower case, numbers in brackets, and what else there is."""

    name: str
    numbers: str
    more: str


def written_type(text: str) -> Written:
    """A type that is written as `text`."""
    text = text.strip()
    return WrittenInteger(text) if taken_apart(text, "").name in _INTEGERS else Written(text)


def taken_apart(text: str, dialect: str) -> TypeName:
    """Name (the usual one of several), numbers and further words of a type."""
    flat = " ".join(text.lower().split())
    match = re.fullmatch(r"([a-z_][a-z0-9_ ]*?) ?(?:\(\s*(\d+(?:\s*,\s*\d+)*)\s*\))?( .*)?", flat)
    if match is None:
        return TypeName(flat, "", "")
    name, numbers, more = match[1], (match[2] or "").replace(" ", ""), (match[3] or "").strip()
    if more and dialect == "postgresql" and f"{name} {more}" in _PYTHON["postgresql"]:  # timestamp(3) with time zone
        return TypeName(f"{name} {more}", numbers, "")
    return TypeName(_ALIASES.get(dialect, {}).get(name, name), numbers, more)


def python_type(text: str, dialect: Dialect) -> str | None:
    """The SQLAlchemy type, as Python, that makes the very column that `text` makes; None where there is none."""
    name, numbers, more = taken_apart(text, dialect.name)
    constructor = _PYTHON.get(dialect.name, {}).get(name)
    if constructor is None or more:
        return None
    if constructor.endswith("("):
        python = f"{constructor}{numbers.replace(',', ', ')})"
    elif numbers:
        return None
    else:
        python = constructor
    spelled = _compiled(python, dialect)
    return python if spelled is not None and _same(spelled, text, dialect.name) else None


def _compiled(python: str, dialect: Dialect) -> str | None:
    """What the dialect makes of one of the constructors above."""
    module, _, call = python.partition(".")
    source = sqlalchemy if module == "sqlalchemy" else __import__(f"sqlalchemy.dialects.{module}", fromlist=["x"])
    class_name, _, arguments = call.removesuffix(")").partition("(")
    numbers = [int(number) for number in re.findall(r"\d+", arguments)]
    options = {"timezone": True} if "timezone=True" in arguments else {}
    try:
        return str(getattr(source, class_name)(*numbers, **options).compile(dialect=dialect))
    except sqlalchemy.exc.CompileError:  # VARCHAR without a length, on MySQL
        return None


def _same(one: str, other: str, dialect: str) -> bool:
    return taken_apart(one, dialect) == taken_apart(other, dialect)


def placeholder(type_: str) -> str | None:
    """A value for rows that must have one, by the type; None where none comes to mind."""
    return next((value for pattern, value in _PLACEHOLDERS if re.search(pattern, type_.lower())), None)
