"""A schema that is wanted by annotated classes."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from miger.engine.catalog import FOREIGN_KEY
from miger.engine.errors import ConfigError
from miger.generate.compare import compare
from miger.generate.sources.class_names import snake_case, table_name

from tests.app.sources.shop import Shop, columns, default, names

CLASSES = """
    from __future__ import annotations
    import datetime, decimal, enum, typing, uuid
    from dataclasses import dataclass, field
    from typing import Annotated, ClassVar, Literal, NamedTuple, Protocol, TypedDict
    from fractions import Fraction
    import sqlalchemy

    class Colour(enum.Enum):
        red = "r"
        blue = "b"

    class Level(enum.IntEnum):
        low = 1

    class Failure(Exception):
        code: int

    class Named(Protocol):
        name: str

    class Options(TypedDict):
        a: int

    class Point(NamedTuple):
        x: int

    class _Hidden:
        id: int

    class Dated:
        __abstract__ = True
        made: datetime.datetime

    class Nothing:
        def f(self): ...

    class User(Dated):
        id: str
        name: str
        email: str | None = None
        _secret: int

    @dataclass
    class Category:
        id: int | None = None
        parent: Category | None = None
        items: list[OrderItem] = field(default_factory=list)
        tags: list[str] = field(default_factory=list)
        active: bool = True
        colour: Colour = Colour.red
        level: Level = Level.low
        size: Literal["s", "m"] = "s"
        many: ClassVar[int] = 3

    @dataclass(slots=True)
    class OrderItem:
        key: uuid.UUID = field(metadata={"primary_key": True})
        category: Category
        user: typing.Optional[User]
        price: decimal.Decimal = decimal.Decimal("1.50")
        day: datetime.date = datetime.date(2026, 1, 1)
        hour: datetime.time | None = None
        lasts: datetime.timedelta | None = None
        raw: bytes | None = None
        weight: float = 0.5
        big: Annotated[int, sqlalchemy.BigInteger] = -3
        body: Annotated[str | None, sqlalchemy.Text()] = None
        document: dict[str, int] | None = None
        code: str = field(default="it's 5 %", metadata={"unique": True, "index": False})

    class Legacy:
        __tablename__ = "old_stuff"
        id: int
"""


def test_classes_are_tables_and_twice_is_the_same(sql_shop: Shop) -> None:
    sql_shop.write("shop/models.py", CLASSES)
    wanted = sql_shop.wanted("shop.models")
    assert names(wanted) == ["categories", "old_stuff", "order_items", "users"]
    assert list(columns(wanted, "users")) == ["made", "id", "name", "email"]
    assert list(columns(wanted, "categories")) == ["id", "parent_id", "tags", "active", "colour", "level", "size"]
    items = columns(wanted, "order_items")
    assert [name for name, (_, nullable) in items.items() if nullable] == [
        *("user_id", "hour", "lasts", "raw", "body", "document"),
    ]
    assert "BIGINT" in items["big"][0]
    assert "TEXT" in items["body"][0]
    table = wanted.table("order_items")
    assert table is not None
    assert table.primary_key == ("key",)
    keys = {found.columns: found.target for found in table.constraints if found.kind == FOREIGN_KEY}
    assert keys == {("category_id",): "categories", ("user_id",): "users"}
    assert "it''s 5 %" in str(default(wanted, "order_items", "code"))
    assert "1.50" in str(default(wanted, "order_items", "price"))
    assert default(wanted, "order_items", "day") is None
    assert default(wanted, "categories", "active") in ("1", "true")
    assert default(wanted, "users", "email") in (None, "NULL")
    assert not compare(wanted, sql_shop.wanted("shop.models"))


def test_the_type_of_each_field_is_that_of_the_database(sql_shop: Shop) -> None:
    sql_shop.write("models.py", CLASSES)
    wanted = sql_shop.wanted("models")
    users, items = columns(wanted, "users"), columns(wanted, "order_items")
    varchar = "CHARACTER VARYING(255)" if sql_shop.backend.name == "postgresql" else "VARCHAR(255)"
    assert users["email"] == (varchar, True)
    assert users["name"] == users["id"] == (varchar, False)
    told = [items[name][0] for name in ("price", "weight", "raw", "document", "day")]
    wanted_types = {
        "sqlite": ["NUMERIC", "DOUBLE", "BLOB", "JSON", "DATE"],
        "postgresql": ["NUMERIC", "DOUBLE PRECISION", "BYTEA", "JSON", "DATE"],
        "mysql": ["DECIMAL(30,10)", "DOUBLE", "BLOB", "JSON", "DATE"],
    }
    assert told == wanted_types[sql_shop.backend.name]


def test_models_of_pydantic_are_classes_like_others(shop: Shop) -> None:
    shop.write(
        "models.py",
        """
        from __future__ import annotations
        from typing import Annotated
        import sqlalchemy
        from pydantic import BaseModel, Field

        class User(BaseModel):
            id: int
            name: str | None = None
            about: Annotated[str, sqlalchemy.Text()] = "nothing"
            age: int = Field(default=7, ge=0)
            tags: list[str] = Field(default_factory=list)
        """,
    )
    wanted = shop.wanted("models")
    assert columns(wanted, "users") == {
        "id": ("INTEGER", False),
        "name": ("VARCHAR(255)", True),
        "about": ("TEXT", False),
        "age": ("INTEGER", False),
        "tags": ("JSON", False),
    }
    assert [default(wanted, "users", name) for name in ("id", "about", "age", "tags")] == [None, "'nothing'", "7", None]


def test_the_classes_of_the_documentation_are_tables(shop: Shop) -> None:
    page = (Path(__file__).parents[3] / "docs" / "generate.md").read_text()
    [example] = [
        text for text in re.findall(r"^```python\n(.*?)^```$", page, re.DOTALL | re.MULTILINE) if "OrderItem" in text
    ]
    shop.write("models.py", example)
    wanted = shop.wanted("models")
    assert columns(wanted, "users")["email"] == ("VARCHAR(255)", True)
    assert columns(wanted, "order_items")["user_id"] == ("VARCHAR(255)", False)
    assert default(wanted, "order_items", "amount") == "1"


def test_a_default_is_that_of_the_column_and_counts_for_rows_that_are_there(shop: Shop) -> None:
    shop.write("models.py", CLASSES)
    table = shop.wanted("models").table("order_items")
    assert table is not None
    connection = sqlite3.connect(":memory:")
    plain = [column for column in table.columns if column.name in ("key", "price", "weight", "big", "code")]
    connection.execute(f"CREATE TABLE t ({', '.join(f'{column.name} {column.definition}' for column in plain)})")
    connection.execute("INSERT INTO t (key) VALUES ('k')")
    assert connection.execute("SELECT * FROM t").fetchall() == [("k", 1.5, 0.5, -3, "it's 5 %")]
    connection.close()


@pytest.mark.parametrize(
    ("body", "told", "line"),
    [
        ("class A:\n    id: int\n    x: object\n", "A.x: object is no type of a column that is known", 1),
        ("\nclass A:\n    id: int\n    x: int | str\n", "A.x: a column has one type", 2),
        ("class A:\n    x: int\nclass B:\n    id: int\n    a: A\n", "A has no primary key of one plain column", 3),
        ("class A:\n    id: Missing\n", "name 'Missing' is not defined", None),
        (
            "class A:\n    id: int\nclass B:\n    __tablename__ = 'as'\n    id: int\n",
            "another class is the table as",
            3,
        ),
    ],
)
def test_a_class_that_cannot_be_a_table_is_told_with_its_line(
    shop: Shop, body: str, told: str, line: int | None
) -> None:
    shop.write("models.py", "from __future__ import annotations\n" + body)
    error = shop.fails("models")
    assert isinstance(error, ConfigError)
    assert told in error.message
    if line is not None:
        assert [problem.line for problem in error.problems] == [line + 1]


@pytest.mark.parametrize(
    ("name", "table"),
    [
        ("User", "users"),
        ("OrderItem", "order_items"),
        ("Category", "categories"),
        ("Day", "days"),
        ("Address", "addresses"),
        ("Box", "boxes"),
        ("HTTPLog", "http_logs"),
        ("SalesPerson", "sales_people"),
        ("Branch2Child", "branch2_children"),
    ],
)
def test_a_table_is_called_the_plural_of_its_class(name: str, table: str) -> None:
    assert table_name(name) == table
    assert snake_case(name) == re.sub(r"(?<!^)(?=[A-Z][a-z])", "_", name).lower()
