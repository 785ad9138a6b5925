"""What pydantic models mean on MongoDB: read by themselves, then made and compared on a real one."""

from __future__ import annotations

import datetime
import os
import uuid
from collections.abc import Iterator
from typing import Any

import pymongo
import pytest
from bson import Decimal128, ObjectId
from pymongo.errors import WriteError

from miger.engine.errors import ConfigError, MigerError
from miger.generate.collections.source import read_wanted
from miger.generate.collections.values import IndexSpec, WantedCollection

from tests.app.generate_collections import HEAD, Shop
from tests.app.sandbox import Sandbox


@pytest.fixture
def shop(tmp_path: object, mongodb_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Shop]:
    """An empty project on an empty database."""
    with pymongo.MongoClient[dict[str, Any]](mongodb_url, uuidRepresentation="standard") as client:
        yield Shop(Sandbox(f"{tmp_path}/shop", "mongodb", mongodb_url, capsys), client.get_default_database())


def read(folder: os.PathLike[str], text: str, source: str = "models") -> dict[str, WantedCollection]:
    """The collections of a module, by name."""
    with open(os.path.join(folder, "models.py"), "w", encoding="utf-8") as file:
        file.write(HEAD + text)
    wanted = read_wanted(source, os.fspath(folder))
    return {item.collection.name: item for item in wanted.collections}


def schema_of(wanted: WantedCollection) -> Any:
    return wanted.collection.schema


TYPES = {
    "str": "string",
    "int": ["int", "long"],
    "float": "double",
    "bool": "bool",
    "datetime.datetime": "date",
    "datetime.date": "date",
    "datetime.timedelta": "double",
    "uuid.UUID": "binData",
    "decimal.Decimal": "decimal",
    "bytes": "binData",
    "ObjectId": "objectId",
    "str | None": ["string", "null"],
    "int | str": ["int", "long", "string"],
    "int | str | None": ["int", "long", "string", "null"],
    "ObjectId | None": ["objectId", "null"],
}


@pytest.mark.parametrize("annotation", TYPES)
def test_a_type_of_python_becomes_one_of_bson(tmp_path: os.PathLike[str], annotation: str) -> None:
    found = read(
        tmp_path,
        f"class Thing(BaseModel):\n    model_config = ConfigDict(arbitrary_types_allowed=True)\n    it: {annotation}\n",
    )
    assert schema_of(found["things"]) == {
        "bsonType": "object",
        "required": ["it"],
        "properties": {"it": {"bsonType": TYPES[annotation]}},
    }


PROPERTIES: dict[str, dict[str, Any]] = {
    "Annotated[str, Field(min_length=2, max_length=4, pattern='^a')]": {
        "bsonType": "string",
        "minLength": 2,
        "maxLength": 4,
        "pattern": "^a",
    },
    "Annotated[int, Field(gt=1, le=5)]": {
        "bsonType": ["int", "long"],
        "minimum": 1,
        "exclusiveMinimum": True,
        "maximum": 5,
    },
    "Annotated[decimal.Decimal, Field(ge=0)]": {"bsonType": "decimal", "minimum": 0},
    "Literal['a', 'b']": {"bsonType": "string", "enum": ["a", "b"]},
    "Literal['a']": {"bsonType": "string", "enum": ["a"]},
    "Color": {"bsonType": "string", "enum": ["red", "blue"]},
    "Color | None": {"bsonType": ["string", "null"], "enum": ["red", "blue", None]},
    "list[int]": {"bsonType": "array", "items": {"bsonType": ["int", "long"]}},
    "set[str]": {"bsonType": "array", "items": {"bsonType": "string"}, "uniqueItems": True},
    "dict[str, float]": {"bsonType": "object", "additionalProperties": {"bsonType": "double"}},
    "tuple[int, str]": {
        "bsonType": "array",
        "items": [{"bsonType": ["int", "long"]}, {"bsonType": "string"}],
        "minItems": 2,
        "maxItems": 2,
    },
    "Any": {},
    "Address": {
        "bsonType": "object",
        "required": ["street"],
        "properties": {"street": {"bsonType": "string"}, "city": {"bsonType": ["string", "null"]}},
        "additionalProperties": False,
    },
    "Annotated[str, Field(description='how to reach them')]": {
        "bsonType": "string",
        "description": "how to reach them",
    },
    "Annotated[Any, Field(json_schema_extra={'bsonType': 'regex'})]": {"bsonType": "regex"},
    "Annotated[str, Field(json_schema_extra={'bsonType': 'objectId'})]": {"bsonType": "objectId"},
}
CLASSES = """
class Color(str, enum.Enum):
    RED = "red"
    BLUE = "blue"

class Address(BaseModel):
    "Where somebody lives."
    model_config = ConfigDict(extra="forbid")
    street: str
    city: str | None = None

class Thing(BaseModel):
    "A thing."
    it: {}
"""


@pytest.mark.parametrize("annotation", PROPERTIES)
def test_what_is_asked_of_a_value_is_asked_by_the_validator(tmp_path: os.PathLike[str], annotation: str) -> None:
    found = read(tmp_path, CLASSES.format(annotation), "models:Thing")
    assert schema_of(found["things"])["properties"]["it"] == PROPERTIES[annotation]


def test_the_server_takes_every_validator_and_says_it_again_so_that_nothing_differs(shop: Shop) -> None:
    annotations = [*PROPERTIES, *(name for name in TYPES if "ObjectId" not in name)]
    fields = "\n".join(f"    field_{number}: {annotation}" for number, annotation in enumerate(annotations))
    shop.models(CLASSES.replace("    it: {}", fields), "models:Thing")
    shop.round_trip()


RICH = """
class Line(BaseModel):
    sku: str
    price: decimal.Decimal

class Order(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    __collection__ = "shop_orders"
    __indexes__ = ["state", ("at", -1), [("customer", 1), ("at", -1)],
                   pymongo.IndexModel([("ref", 1)], unique=True, name="by_ref")]
    id: ObjectId | None = Field(default=None, alias="_id")
    customer: ObjectId
    at: datetime.datetime
    state: Literal["open", "sent"] = "open"
    ref: uuid.UUID
    lines: list[Line]
    code: str = Field(json_schema_extra={"unique": True})
    note: str | None = Field(default=None, json_schema_extra={"index": True})
    secret: str = Field(default="", exclude=True)
"""


def test_documents_of_a_model_fit_its_validator_and_others_do_not(shop: Shop) -> None:
    shop.models(RICH)
    text = shop.round_trip()
    assert "secret" not in text
    document: dict[str, Any] = {
        "customer": ObjectId(),
        "at": datetime.datetime(2026, 1, 1),
        "state": "open",
        "ref": uuid.uuid4(),
        "lines": [{"sku": "a", "price": Decimal128("1.5")}],
        "code": "x",
        "note": None,
    }
    orders = shop.database["shop_orders"]
    orders.insert_one(document)
    wrong: list[dict[str, Any]] = [
        {"state": "lost"},
        {"lines": [{"sku": "a", "price": 1.5}]},
        {"note": 3},
        {"at": "now"},
    ]
    for part in wrong:
        with pytest.raises(WriteError, match="validation"):
            orders.insert_one({**document, "_id": ObjectId(), "code": "y", "ref": uuid.uuid4(), **part})
    assert set(orders.index_information()) == {
        "_id_",
        "state_1",
        "at_-1",
        "customer_1_at_-1",
        "by_ref",
        "code_1",
        "note_1",
    }


def test_indexes_are_taken_in_every_form(tmp_path: os.PathLike[str]) -> None:
    (order,) = read(tmp_path, RICH).values()
    assert order.collection.indexes == (
        IndexSpec((("state", 1),)),
        IndexSpec((("at", -1),)),
        IndexSpec((("customer", 1), ("at", -1))),
        IndexSpec((("ref", 1),), {"unique": True}, "by_ref"),
        IndexSpec((("code", 1),), {"unique": True}),
        IndexSpec((("note", 1),)),
    )


def test_the_id_is_never_null_and_never_missing(tmp_path: os.PathLike[str]) -> None:
    (order,) = read(tmp_path, RICH).values()
    assert schema_of(order)["properties"]["_id"] == {"bsonType": "objectId"}
    assert "_id" not in schema_of(order)["required"]


def test_collections_are_the_models_that_stand_alone(tmp_path: os.PathLike[str]) -> None:
    text = """
class Base(BaseModel):
    created: datetime.datetime

class Person(Base):
    friends: "list[Person]" = []
    home: "Home | None" = None

class Home(BaseModel):
    street: str

class OrderItem(Base):
    pass

class Audit(Base):
    __collection__ = None

class Log(BaseModel):
    class Settings:
        name = "log_book"
        indexes = ["at"]
    at: datetime.datetime

class Holder(BaseModel):
    log: Log
"""
    found = read(tmp_path, text)
    assert list(found) == ["people", "order_items", "log_book", "holders"]
    friends = schema_of(found["people"])["properties"]["friends"]
    assert friends == {"bsonType": "array", "items": {"bsonType": "object"}}
    assert schema_of(found["people"])["properties"]["home"]["properties"] == {"street": {"bsonType": "string"}}
    assert list(read(tmp_path, text, "models:Home, OrderItem")) == ["homes", "order_items"]


def test_the_object_id_of_an_odm_is_known_by_its_class(tmp_path: os.PathLike[str]) -> None:
    text = """
from pydantic_core import core_schema

class PyId(ObjectId):
    @classmethod
    def make(cls, value, info=None):
        return cls(value)
    @classmethod
    def __get_pydantic_core_schema__(cls, source, handler):
        return core_schema.json_or_python_schema(
            python_schema=core_schema.with_info_plain_validator_function(cls.make),
            json_schema=core_schema.str_schema(pattern="^[0-9a-f]{24}$"),
        )
    @classmethod
    def __get_pydantic_json_schema__(cls, schema, handler):
        found = handler(schema)
        found.update(type="string", example="5eb7cf5a86d9755df3a6c593")
        return found

class Thing(BaseModel):
    id: PyId | None = Field(default=None, alias="_id")
    other: PyId
"""
    properties = schema_of(read(tmp_path, text)["things"])["properties"]
    assert properties == {"_id": {"bsonType": "objectId"}, "other": {"bsonType": "objectId"}}


def test_fields_say_what_they_were_called_and_what_fills_them(shop: Shop) -> None:
    shop.models("class User(BaseModel):\n    mail: str\n    age: str | None = None\n")
    shop.write(shop.generate())
    shop.up()
    shop.database["users"].insert_many([{"_id": 1, "mail": "a@b", "age": "3"}, {"_id": 2, "mail": "c@d"}])
    shop.models(
        "class User(BaseModel):\n"
        "    email: str = Field(json_schema_extra={'renamed_from': 'mail'})\n"
        "    age: int | None = None\n"
        "    plan: str = Field(json_schema_extra={'fill': 'free'})\n"
        "    seen: int = Field(default=0, json_schema_extra={'required': True})\n"
    )
    shop.round_trip()
    assert shop.documents("users") == [
        {"_id": 1, "age": 3, "email": "a@b", "plan": "free", "seen": 0},
        {"_id": 2, "email": "c@d", "plan": "free", "seen": 0},
    ]


def test_a_collection_says_what_it_was_called(shop: Shop) -> None:
    shop.models("class User(BaseModel):\n    name: str\n")
    shop.write(shop.generate())
    shop.up()
    shop.models("class Person(BaseModel):\n    __renamed_from__ = 'users'\n    name: str\n")
    assert 'db.rename_collection("users", "people")' in shop.round_trip()


ODD = """
class Odd:
    pass

class Thing(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    it: Odd
"""
BAD = {
    "import nothing_like_this": r"nothing_like_this",
    "class Thing(BaseModel:\n    pass": r"models\.py:\d+: SyntaxError",
    "raise ValueError('no settings')": r"models\.py:\d+: ValueError: no settings",
    "import sys\nsys.exit(3)": "ends the process",
    "x = 1": "has no pydantic models",
    ODD: "Thing: it is a Odd, which has no BSON type",
    "class A(BaseModel):\n    __indexes__ = [3]\n    it: int": "A: 3 is no index",
    "class A(BaseModel):\n    __collection__ = 'x'\nclass B(A):\n    __collection__ = 'x'": "two collections 'x'",
    "class In(BaseModel):\n    it: int = Field(json_schema_extra={'renamed_from': 'x'})\n"
    "class A(BaseModel):\n    them: list[In]": "within a list",
}


@pytest.mark.parametrize("text", BAD)
def test_what_is_wrong_with_a_module_is_told(tmp_path: os.PathLike[str], text: str) -> None:
    with pytest.raises(ConfigError, match=BAD[text]):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("", "does not say where"),
        ("schema.sql", "MongoDB runs no SQL"),
        ("models.py", "neither a module nor a YAML file"),
        ("no/such", "neither a module nor a YAML file"),
        ("models:Missing", "models has no Missing"),
        ("nowhere.models", "no module 'nowhere'"),
    ],
)
def test_a_source_that_is_none_is_told(tmp_path: os.PathLike[str], source: str, message: str) -> None:
    with pytest.raises(MigerError, match=message):
        read(tmp_path, "class A(BaseModel):\n    it: int\n", source)
