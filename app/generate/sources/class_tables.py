"""The annotated classes of a module as tables of SQLAlchemy.

A table is every class that the module defines, has fields and no name that starts with an underscore; not those with
`__abstract__ = True`, protocols, exceptions, enums, typed dictionaries and named tuples.
"""

from __future__ import annotations

import dataclasses
import decimal
import enum
import inspect
import typing
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any, ClassVar, NamedTuple

import sqlalchemy
from sqlalchemy.types import TypeEngine

from miger.engine.errors import ConfigError, Problem
from miger.generate.sources.class_names import table_name
from miger.generate.sources.class_types import meaning_of, type_of
from miger.generate.sources.user_module import failed

RENAMED_FROM = "renamed_from"


class Field(NamedTuple):
    """A field of a class: what it is annotated with, its default (None: none), what it says beside."""

    name: str
    annotation: Any
    default: object = None
    said: Mapping[Any, Any] = {}


def metadata_of_classes(module: ModuleType, folder: str) -> sqlalchemy.MetaData:
    """A table for each class of the module. Raises ConfigError with the line of a class that cannot be one."""
    found = [
        value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__
    ]
    classes = {kind: _name(kind) for kind in dict.fromkeys(found) if _is_table(kind)}
    mapped = next((kind for kind in found if isinstance(getattr(kind, "metadata", None), sqlalchemy.MetaData)), None)
    if mapped is not None:
        hint = f'name their metadata: `schema = "{module.__name__}:{mapped.__name__}.metadata"`'
        raise ConfigError(f"the classes of {module.__name__} are models of SQLAlchemy", hint=hint)
    if not classes:
        hint = 'MetaData is named by module and attribute: "shop.models:Base.metadata"'
        raise ConfigError(f"{module.__name__} defines no class with annotated fields", hint=hint)
    tables = _Tables(classes, folder)
    metadata = sqlalchemy.MetaData()
    for kind, name in classes.items():
        if name in metadata.tables:
            raise _wrong(kind, f"another class is the table {name}, too", "give one of them a `__tablename__`")
        former = kind.__dict__.get(f"__{RENAMED_FROM}__")
        sqlalchemy.Table(name, metadata, *tables.columns(kind), info={RENAMED_FROM: former} if former else {})
    return metadata


class _Tables:
    """The classes that are tables, by the name of the table."""

    def __init__(self, classes: Mapping[type, str], folder: str) -> None:
        self._classes = classes
        self._folder = folder
        self._read: dict[type, list[Field]] = {}

    def columns(self, kind: type) -> Iterator[sqlalchemy.Column[Any]]:
        """Its columns. Raises ConfigError."""
        keys = {field.name for field in self._keys(kind)}
        for field in self._fields(kind):
            try:
                column = self._column(kind, field, is_key=field.name in keys)
            except ValueError as error:
                hint = "`Annotated[…, sqlalchemy.Text()]` gives a type"
                raise _wrong(kind, f"{kind.__name__}.{field.name}: {error}", hint) from error
            if column is not None:
                yield column

    def _column(self, kind: type, field: Field, is_key: bool) -> sqlalchemy.Column[Any] | None:
        said = meaning_of(field.annotation)
        nullable = said.nullable and not is_key
        if said.given is None and self._is_list_of_tables(said.bare):
            return None  # the other side of a reference
        unique, index = bool(field.said.get("unique")), bool(field.said.get("index"))
        name, type_, default, references = field.name, None, None, []
        if said.given is None and said.bare in self._classes:
            target, key = self._classes[said.bare], self._only_key(said.bare)
            name, type_ = f"{field.name}_{key.name}", self._type(key)
            references.append(sqlalchemy.ForeignKey(f"{target}.{key.name}", name=f"{_name(kind)}_{name}_fkey"))
        else:
            type_ = self._type(field)
            default = _server_default(field.default, type_)
        return sqlalchemy.Column(
            name,
            type_,
            *references,
            primary_key=is_key,
            nullable=nullable,
            server_default=default,
            unique=unique,
            index=index,
            info={RENAMED_FROM: former} if (former := field.said.get(RENAMED_FROM)) else {},
        )

    def _type(self, field: Field) -> TypeEngine[Any]:
        said = meaning_of(field.annotation)
        return said.given if said.given is not None else type_of(said.bare)

    def _only_key(self, kind: type) -> Field:
        keys = self._keys(kind)
        if len(keys) != 1 or meaning_of(keys[0].annotation).bare in self._classes:
            raise ValueError(f"{kind.__name__} has no primary key of one plain column that it could refer to")
        return keys[0]

    def _keys(self, kind: type) -> list[Field]:
        """Those marked as the primary key, else `id`."""
        fields = self._fields(kind)
        marked = [field for field in fields if field.said.get("primary_key")]
        return marked or [field for field in fields if field.name == "id"]

    def _is_list_of_tables(self, bare: Any) -> bool:
        return typing.get_origin(bare) is list and meaning_of(typing.get_args(bare)[0]).bare in self._classes

    def _fields(self, kind: type) -> list[Field]:
        if kind not in self._read:
            try:
                self._read[kind] = list(_fields(kind))
            except Exception as error:  # a name in an annotation that is nowhere
                raise failed(f"the annotations of {kind.__name__} cannot be read", error, self._folder) from error
        return self._read[kind]


def _is_table(kind: type) -> bool:
    if kind.__name__.startswith("_") or kind.__dict__.get("__abstract__") or typing.is_typeddict(kind):
        return False
    if issubclass(kind, (BaseException, enum.Enum, tuple)) or getattr(kind, "_is_protocol", False):
        return False
    return any(inspect.get_annotations(base) for base in kind.__mro__ if base is not object)


def _name(kind: type) -> str:
    return str(kind.__dict__.get("__tablename__") or table_name(kind.__name__))


def _fields(kind: type) -> Iterator[Field]:
    """Its fields and those it inherits, the inherited first. Raises what resolving annotations raises."""
    of_pydantic = getattr(kind, "model_fields", None)
    if isinstance(of_pydantic, dict):  # whose own annotations cannot be resolved, and whose defaults are no attributes
        for name, info in of_pydantic.items():
            yield Field(name, info.rebuild_annotation(), info.default)
        return
    said = {field.name: field for field in dataclasses.fields(kind)} if dataclasses.is_dataclass(kind) else {}
    for name, annotation in typing.get_type_hints(kind, include_extras=True).items():
        origin = typing.get_origin(annotation) or annotation
        if name.startswith("_") or origin is ClassVar or isinstance(annotation, dataclasses.InitVar):
            continue
        if name in said:
            yield Field(name, annotation, said[name].default, said[name].metadata)
        else:
            yield Field(name, annotation, getattr(kind, name, None))


def _server_default(value: object, type_: TypeEngine[Any]) -> Any:
    """The default of a column for a default of a simple kind; None for every other."""
    if isinstance(value, enum.Enum):
        names = isinstance(type_, sqlalchemy.Enum) and not isinstance(value.value, str)
        value = value.name if names else value.value
    if isinstance(value, bool):
        return sqlalchemy.true() if value else sqlalchemy.false()
    if isinstance(value, str):
        return value
    return sqlalchemy.text(str(value)) if isinstance(value, (int, float, decimal.Decimal)) else None


def _wrong(kind: type, message: str, hint: str) -> ConfigError:
    try:
        file, line = inspect.getsourcefile(kind) or kind.__module__, inspect.getsourcelines(kind)[1]
    except (OSError, TypeError):
        return ConfigError(message, hint=hint)
    return ConfigError(f"the class {kind.__name__} cannot be a table", [Problem(file, line, message, hint)])
