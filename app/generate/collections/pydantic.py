"""Wanted collections from pydantic models. pydantic is the user's: it is imported only for those who have models."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

from bson import Binary, Decimal128, Int64, ObjectId, Regex, Timestamp
from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from miger.engine.errors import ConfigError
from miger.generate.collections.bson import UNKNOWN, Bson
from miger.generate.collections.values import ERROR, STRICT, Collection, IndexSpec, WantedCollection
from miger.generate.sources.class_names import table_name

CLASSES: tuple[tuple[type, str], ...] = (
    (ObjectId, "objectId"),
    (Decimal128, "decimal"),
    (Int64, "long"),
    (Binary, "binData"),
    (Regex, "regex"),
    (re.Pattern, "regex"),
    (Timestamp, "timestamp"),
)
FORM = 'a name, ("name", -1), a list of these, or a pymongo.IndexModel'


class BsonSchema(GenerateJsonSchema):
    """pydantic's own generator, but for types that a document holds otherwise than JSON does."""

    def datetime_schema(self, schema: Any) -> JsonSchemaValue:
        """A moment."""
        return {"bsonType": "date"}

    def date_schema(self, schema: Any) -> JsonSchemaValue:
        """A day: BSON knows moments alone."""
        return {"bsonType": "date"}

    def timedelta_schema(self, schema: Any) -> JsonSchemaValue:
        """Seconds."""
        return {"bsonType": "double"}

    def uuid_schema(self, schema: Any) -> JsonSchemaValue:
        """16 bytes."""
        return {"bsonType": "binData"}

    def bytes_schema(self, schema: Any) -> JsonSchemaValue:
        """Bytes, whose length MongoDB does not look at."""
        return {"bsonType": "binData"}

    def decimal_schema(self, schema: Any) -> JsonSchemaValue:
        """A decimal number with its bounds."""
        bounds = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}
        found = {word: _number(schema[bound]) for bound, word in bounds.items() if schema.get(bound) is not None}
        return {"bsonType": "decimal", **found}

    def is_instance_schema(self, schema: Any) -> JsonSchemaValue:
        """A class that pydantic only looks at."""
        return _of_class(schema["cls"]) or {UNKNOWN: getattr(schema["cls"], "__name__", str(schema["cls"]))}

    def function_plain_schema(self, schema: Any) -> JsonSchemaValue:
        """A class with a validator of its own, such as the ObjectId of an ODM."""
        return _of_owner(schema) or super().function_plain_schema(schema)

    def json_or_python_schema(self, schema: Any) -> JsonSchemaValue:
        """What is stored is the Python side."""
        inner = schema["python_schema"]
        known = _of_owner(inner) or (_of_class(inner["cls"]) if inner.get("type") == "is-instance" else None)
        for choice in inner.get("choices", ()) if known is None else ():
            choice = choice[0] if isinstance(choice, tuple) else choice
            known = known or (_of_class(choice["cls"]) if choice.get("type") == "is-instance" else None)
        return known or super().json_or_python_schema(schema)

    def field_is_present(self, field: Any) -> bool:
        """What is never written is in no document."""
        return not field.get("serialization_exclude")


def _number(bound: Any) -> int | float:
    """A bound as a plain number."""
    return int(bound) if bound == int(bound) else float(bound)


def _of_class(found: Any) -> JsonSchemaValue | None:
    classes = found if isinstance(found, tuple) else (found,)
    for one in classes:
        for known, kind in CLASSES:
            if isinstance(one, type) and issubclass(one, known):
                return {"bsonType": kind}
    return None


def _of_owner(schema: Mapping[str, Any]) -> JsonSchemaValue | None:
    """The type by the class whose method validates."""
    function = schema.get("function")
    function = function.get("function") if isinstance(function, Mapping) else None
    return _of_class(getattr(function, "__self__", None))


def models_of(found: object, source: str) -> list[type[BaseModel]]:
    """The models that a module, a model or a list of models stands for. Raises ConfigError."""
    if isinstance(found, ModuleType):
        classes = [item for item in vars(found).values() if _is_model(item) and item.__module__ == found.__name__]
        return list(_standing_alone(classes))
    listed: list[Any] = list(found) if isinstance(found, (list, tuple, set, frozenset)) else [found]
    if not listed or not all(map(_is_model, listed)):
        raise ConfigError(f"{source} is no pydantic model, nor a list of such", hint='use `schema = "shop.models"`')
    return listed


def _is_model(item: object) -> bool:
    return inspect.isclass(item) and issubclass(item, BaseModel) and item is not BaseModel


def _standing_alone(classes: Sequence[type[BaseModel]]) -> Iterator[type[BaseModel]]:
    """Those that are a collection: marked as one, or part of no other model and nobody's base."""
    for item in classes:
        item.model_rebuild(raise_errors=False)  # a field may name a class that stands further down
    bases = {base for item in classes for base in item.__mro__[1:]}
    nested = {
        inner
        for item in classes
        for field in item.model_fields.values()
        for inner in _inside(field.annotation)
        if inner is not item
    }
    for item in classes:
        if "__collection__" in vars(item):
            if vars(item)["__collection__"]:
                yield item
        elif "Settings" in vars(item) or (item not in bases and item not in nested):
            yield item


def _inside(annotation: Any) -> Iterator[Any]:
    """The classes that an annotation mentions."""
    if inspect.isclass(annotation):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _inside(argument)


def wanted_of(model: type[BaseModel]) -> WantedCollection:
    """The collection of a model. Raises ConfigError."""
    written: dict[str, Any] = model.model_json_schema(by_alias=True, schema_generator=BsonSchema)
    converter = Bson(written.get("$defs", {}), model.__name__)
    schema = converter.convert({word: value for word, value in written.items() if word != "$defs"})
    schema.pop("description", None)
    properties = schema.setdefault("properties", {})
    if "_id" in properties:  # the server gives one to each document that has none
        properties["_id"] = _never_null(properties["_id"])
        schema["required"] = [name for name in schema.get("required", ()) if name != "_id"]
        if not schema["required"]:
            del schema["required"]
    elif schema.get("additionalProperties") is False:
        schema["properties"] = {"_id": {}, **properties}
    remarks, settings = converter.remarks, getattr(model, "Settings", None)
    given = [*getattr(model, "__indexes__", ()), *getattr(settings, "indexes", ())]
    indexes = [index_of(found, model.__name__) for found in given]
    indexes += [IndexSpec(((path, 1),), {"unique": True} if unique else {}) for path, unique in remarks.indexes.items()]
    collection = Collection(
        _name_of(model),
        {"$jsonSchema": schema},
        getattr(model, "__validation_level__", STRICT),
        getattr(model, "__validation_action__", ERROR),
        tuple(indexes),
        dict(getattr(model, "__options__", {})),
    )
    former = str(getattr(model, "__renamed_from__", ""))
    return WantedCollection(collection, former, dict(remarks.renames), dict(remarks.fills))


def _name_of(model: type[BaseModel]) -> str:
    settings = vars(model).get("Settings")
    return str(vars(model).get("__collection__") or getattr(settings, "name", None) or table_name(model.__name__))


def _never_null(schema: dict[str, Any]) -> dict[str, Any]:
    kinds = schema.get("bsonType")
    if not isinstance(kinds, list):
        return schema
    left = [kind for kind in kinds if kind != "null"]
    return schema | {"bsonType": left[0] if len(left) == 1 else left}


def index_of(found: object, model: str) -> IndexSpec:
    """An index as `__indexes__` has it. Raises ConfigError."""
    document = getattr(found, "document", None)  # of pymongo.IndexModel, which always has a name
    if isinstance(document, Mapping):
        keys = tuple(document["key"].items())
        spec = IndexSpec(keys, {key: value for key, value in document.items() if key not in ("key", "name", "v")})
        return spec if spec.made_name == document.get("name") else spec._replace(name=str(document["name"]))
    pairs = [found] if isinstance(found, str) or _is_pair(found) else found
    if not isinstance(pairs, Iterable):
        raise ConfigError(f"{model}: {found!r} is no index", hint=FORM)
    made: list[tuple[str, int | str]] = []
    for pair in pairs:
        if isinstance(pair, str):
            made.append((pair, 1))
        elif isinstance(pair, (tuple, list)) and _is_pair(pair):
            made.append((pair[0], pair[1]))
        else:
            raise ConfigError(f"{model}: {found!r} is no index", hint=FORM)
    if not made:
        raise ConfigError(f"{model}: an index has no field", hint=FORM)
    return IndexSpec(tuple(made))


def _is_pair(found: object) -> bool:
    kinds = ("text", "hashed", "2d", "2dsphere")
    return (
        isinstance(found, (tuple, list))
        and len(found) == 2
        and isinstance(found[0], str)
        and (found[1] in kinds or (isinstance(found[1], int) and not isinstance(found[1], bool)))
    )
