"""Python types as SQLAlchemy's types, for the fields of classes that are tables."""

from __future__ import annotations

import datetime
import decimal
import enum
import types
import typing
import uuid
from typing import Annotated, Any, Literal, NamedTuple, NewType, Union

import sqlalchemy
from sqlalchemy.types import TypeEngine

#: Plain NUMERIC is whole numbers in MySQL, and would round all others.
_NUMERIC = sqlalchemy.Numeric().with_variant(sqlalchemy.Numeric(30, 10), "mysql", "mariadb")

#: The first that fits: a datetime is a date, too, and True a number.
TYPES: dict[type, TypeEngine[Any]] = {
    bool: sqlalchemy.Boolean(),
    str: sqlalchemy.String(255),
    int: sqlalchemy.Integer(),
    float: sqlalchemy.Double(),
    bytes: sqlalchemy.LargeBinary(),
    datetime.datetime: sqlalchemy.DateTime(),
    datetime.date: sqlalchemy.Date(),
    datetime.time: sqlalchemy.Time(),
    datetime.timedelta: sqlalchemy.Interval(),
    decimal.Decimal: _NUMERIC,
    uuid.UUID: sqlalchemy.Uuid(),
    dict: sqlalchemy.JSON(),
    list: sqlalchemy.JSON(),
}


class Meaning(NamedTuple):
    """What an annotation says. `bare` is what is left without `| None` and Annotated, `given` a type in the latter."""

    bare: Any
    nullable: bool = False
    given: TypeEngine[Any] | None = None


def meaning_of(annotation: Any) -> Meaning:
    """What an annotation says. Raises ValueError for a union of several types."""
    nullable, given = False, None
    while True:
        if isinstance(annotation, NewType):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":  # `type X = …`, from Python 3.12
            annotation = annotation.__value__
        elif typing.get_origin(annotation) is Annotated:
            annotation, *more = typing.get_args(annotation)
            given = next((found for one in more if (found := _type(one)) is not None), given)
        elif typing.get_origin(annotation) in (Union, types.UnionType):
            rest = [one for one in typing.get_args(annotation) if one is not type(None)]
            if len(rest) != 1:
                raise ValueError("a column has one type, and this is a union of several")
            nullable, annotation = True, rest[0]
        else:
            return Meaning(annotation, nullable, given)


def type_of(bare: Any) -> TypeEngine[Any]:
    """The column type of an annotation without `| None` and Annotated. Raises ValueError where there is none."""
    origin = typing.get_origin(bare) or bare
    if origin is Literal:
        return type_of(_common(typing.get_args(bare)))
    if isinstance(origin, type) and issubclass(origin, enum.Enum):
        return _enum(origin)
    if origin in TYPES:
        return TYPES[origin]
    raise ValueError(f"{getattr(bare, '__name__', bare)} is no type of a column that is known")


def _type(said: object) -> TypeEngine[Any] | None:
    if isinstance(said, TypeEngine):
        return said
    return said() if isinstance(said, type) and issubclass(said, TypeEngine) else None


def _common(values: tuple[object, ...]) -> type:
    kinds = {type(value) for value in values}
    if len(kinds) != 1:
        raise ValueError("a column has one type, and the values of this Literal are of several")
    return kinds.pop()


def _enum(kind: type[enum.Enum]) -> TypeEngine[Any]:
    """An enum of texts is one of its values, of numbers a number, any other one of its names."""
    values = [member.value for member in kind]
    if values and all(type(value) is int for value in values):
        return TYPES[int]
    if all(isinstance(value, str) for value in values):
        return sqlalchemy.Enum(kind, values_callable=lambda members: [str(member.value) for member in members])
    return sqlalchemy.Enum(kind)
