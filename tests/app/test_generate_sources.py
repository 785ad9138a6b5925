"""Where the wanted schema comes from: each source is made in an empty database and read from there."""

from __future__ import annotations

import os
import re
import sqlite3
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from miger.backends.registry import backend_for
from miger.engine.catalog import CHECK, FOREIGN_KEY, Catalog, Thing
from miger.engine.environments import Environment
from miger.engine.errors import ConfigError, MigerError, UsageError
from miger.engine.owner import this_process
from miger.engine.scratch import PREFIX
from miger.engine.secrets import Secret
from miger.generate.compare import compare
from miger.generate.scope import EVERYTHING, TABLES, within_scope
from miger.generate.sources.class_names import snake_case, table_name
from miger.generate.sources.source import Source, find_source
from miger.generate.wanted import wanted_catalog

from tests.app.sandbox import Sandbox
from tests.conftest import SQL_BACKENDS

OWNER = this_process("test")


class Shop:
    """A project's folder and a database: files are written, and what they want is read."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.backend = backend_for(Environment("dev", Secret(url), folder=str(folder)), "miger_")

    def write(self, path: str, text: str) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text), encoding="utf-8")

    def source(self, text: str) -> Source:
        return find_source(text, str(self.folder))

    def wanted(self, text: str, live: Catalog | None = None) -> Catalog:
        return wanted_catalog(self.source(text), self.backend, OWNER, live)

    def renames(self, text: str) -> list[tuple[str, str]]:
        source = self.source(text)
        wanted_catalog(source, self.backend, OWNER)
        return list(source.renames)

    def fails(self, text: str) -> MigerError:
        with pytest.raises(MigerError) as caught:
            self.wanted(text)
        return caught.value


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[Callable[[str], Shop]]:
    opened: list[Shop] = []

    def open_url(url: str) -> Shop:
        folder = tmp_path / "project"
        folder.mkdir()
        opened.append(Shop(folder, url))
        return opened[-1]

    yield open_url
    for shop in opened:
        shop.backend.close()


@pytest.fixture(params=SQL_BACKENDS)
def sql_shop(request: pytest.FixtureRequest, open_shop: Callable[[str], Shop]) -> Shop:
    """On each database with SQL in turn."""
    return open_shop(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def shop(open_shop: Callable[[str], Shop], sqlite_url: str) -> Shop:
    """On SQLite, for what is the same everywhere."""
    return open_shop(sqlite_url)


@pytest.fixture
def postgresql_shop(open_shop: Callable[[str], Shop], postgresql_url: str) -> Shop:
    return open_shop(postgresql_url)


@pytest.fixture
def mysql_shop(open_shop: Callable[[str], Shop], mysql_url: str) -> Shop:
    return open_shop(mysql_url)


def names(catalog: Catalog) -> list[str]:
    return sorted(table.path for table in catalog.tables)


def tables_of(shop: Shop) -> list[str]:
    """What is in the database itself."""
    return [name for name in shop.backend.read_schema() if name != "schema public"]


def columns(catalog: Catalog, path: str) -> dict[str, tuple[str, bool]]:
    """Type and NULL or not, by name."""
    table = catalog.table(path)
    assert table is not None
    return {column.name: (column.type.upper(), column.nullable) for column in table.columns}


def default(catalog: Catalog, path: str, name: str) -> str | None:
    table = catalog.table(path)
    assert table is not None
    column = table.column(name)
    assert column is not None
    return column.default


# --- SQLAlchemy ----------------------------------------------------------------------------------

MODELS = """
    import enum
    from sqlalchemy import (
        CheckConstraint, Column, Computed, DateTime, Enum, ForeignKey, Index, Integer, MetaData, Numeric, String, Table,
        Text, func, text,
    )
    from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

    class Base(DeclarativeBase):
        pass

    class Colour(enum.Enum):
        red = 1
        blue = 2

    class User(Base):
        __tablename__ = "users"
        __table_args__ = (
            CheckConstraint("name NOT LIKE '%!%'", name="no_shouting"),
            Index("ix_users_lower", text("(lower(name))")),
            {"comment": "100 % people"},
        )
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str] = mapped_column(String(40), unique=True)
        colour: Mapped[Colour] = mapped_column(server_default="red")
        other: Mapped[Colour | None]
        made: Mapped[str] = mapped_column(DateTime, server_default=func.now())
        double: Mapped[int] = mapped_column(Integer, Computed("id * 2"))
        orders: Mapped[list["Order"]] = relationship(back_populates="user")

    class Order(Base):
        __tablename__ = "orders"
        id: Mapped[int] = mapped_column(primary_key=True)
        user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
        price: Mapped[str] = mapped_column(Numeric(10, 2), comment="it's in %")
        user: Mapped[User] = relationship(back_populates="orders")
"""


def test_what_models_declare_is_made_and_twice_is_the_same(sql_shop: Shop) -> None:
    sql_shop.write("shop/models.py", MODELS)
    if sql_shop.backend.name == "mysql":  # MariaDB has no indexes with expressions
        without = MODELS.replace('Index("ix_users_lower", text("(lower(name))")),', "")
        sql_shop.write("shop/models.py", without)
    wanted = sql_shop.wanted("shop.models:Base.metadata")
    assert names(wanted) == ["orders", "users"]
    users, orders = wanted.table("users"), wanted.table("orders")
    assert users is not None
    assert orders is not None
    assert [column.name for column in users.columns] == ["id", "name", "colour", "other", "made", "double"]
    assert users.primary_key == ("id",)
    assert any(found.kind == CHECK and "%!%" in found.definition for found in users.constraints)
    assert [found.target for found in orders.constraints if found.kind == FOREIGN_KEY] == ["users"]
    if sql_shop.backend.name != "sqlite":
        assert users.comment == "100 % people"
        assert [column.comment for column in orders.columns] == ["", "", "it's in %"]
    assert not compare(wanted, sql_shop.wanted("shop.models:Base.metadata"))


@pytest.mark.parametrize("name", ["Base", "Base.metadata", "metadata", "User"])
def test_a_base_a_model_and_metadata_mean_the_same(shop: Shop, name: str) -> None:
    shop.write("models.py", MODELS + "\n    metadata = Base.metadata\n")
    assert names(shop.wanted(f"models:{name}")) == ["orders", "users"]


def test_models_of_sqlmodel_are_made(sql_shop: Shop) -> None:
    sql_shop.write(
        "models.py",
        """
        from sqlmodel import Field, SQLModel

        class Hero(SQLModel, table=True):
            id: int | None = Field(default=None, primary_key=True)
            name: str = Field(max_length=50, index=True)
            age: int | None = None
        """,
    )
    for text in ("models:SQLModel.metadata", "models:SQLModel"):
        assert list(columns(sql_shop.wanted(text), "hero")) == ["id", "name", "age"]
    assert "VARCHAR(50)" in columns(sql_shop.wanted("models:SQLModel"), "hero")["name"][0].replace(
        "CHARACTER VARYING", "VARCHAR"
    )


def test_what_a_listener_of_the_metadata_makes_is_made(sql_shop: Shop) -> None:
    sql_shop.write(
        "models.py",
        """
        from sqlalchemy import DDL, Column, Integer, MetaData, Table, event, text
        metadata = MetaData()
        Table("users", metadata, Column("id", Integer, primary_key=True))
        event.listen(metadata, "after_create", DDL("CREATE VIEW every AS SELECT id, '%%' AS sign FROM users"))
        event.listen(metadata, "after_create", lambda target, connection, **_: connection.execute(
            text("CREATE VIEW other AS SELECT id FROM users WHERE '1%' <> 'x'")))
        """,
    )
    wanted = sql_shop.wanted("models:metadata")
    assert [(thing.kind, thing.name) for thing in wanted.things] == [("view", "every"), ("view", "other")]
    assert "'%'" in wanted.things[0].definition
    assert "'1%'" in wanted.things[1].definition


def test_schemas_and_types_of_postgresql_are_made_before_the_tables(postgresql_shop: Shop) -> None:
    postgresql_shop.write(
        "models.py",
        """
        from sqlalchemy import Column, Enum, ForeignKey, Integer, MetaData, Table
        from sqlalchemy.dialects.postgresql import ARRAY, HSTORE, JSONB
        metadata = MetaData()
        kind = Enum("a", "b", name="kind", schema="types")
        Table("users", metadata, Column("id", Integer, primary_key=True), Column("kind", kind), schema="public")
        Table("orders", metadata, Column("id", Integer, primary_key=True), Column("kind", kind),
              Column("kinds", ARRAY(kind)), Column("user_id", ForeignKey("public.users.id")), Column("more", JSONB),
              Column("labels", HSTORE), schema="Big Sales")
        """,
    )
    live = Catalog(things=(Thing("extension", "hstore", "CREATE EXTENSION hstore"),))
    wanted = postgresql_shop.wanted("models:metadata", live)
    assert names(wanted) == ["Big Sales.orders", "users"]
    made = {(thing.kind, thing.name) for thing in wanted.things}
    assert {("schema", "types"), ("enum", "types.kind"), ("extension", "hstore")} <= made
    error = postgresql_shop.fails("models:metadata")
    assert "hstore" in error.message
    assert 'CREATE TABLE "Big Sales".orders' in error.hint
    missing = Thing("extension", "no_such", "CREATE EXTENSION no_such")
    with pytest.raises(ConfigError) as caught:
        postgresql_shop.wanted("models:metadata", Catalog(things=(missing,)))
    assert "the extension no_such of the live database could not be made here" in caught.value.hint
    both = Catalog(things=(missing, *live.things))
    assert names(postgresql_shop.wanted("models:metadata", both)) == names(wanted)  # nothing needs it


def test_extensions_are_made_in_their_schemas_and_are_no_difference(postgresql_shop: Shop, postgresql_url: str) -> None:
    postgresql_shop.write(
        "models.py",
        """
        from sqlalchemy import Column, Integer, MetaData, Table
        from sqlalchemy.dialects.postgresql import HSTORE
        metadata = MetaData()
        Table("users", metadata, Column("id", Integer, primary_key=True), Column("labels", HSTORE))
        """,
    )
    with psycopg.connect(postgresql_url) as connection:
        connection.execute("CREATE SCHEMA more; CREATE EXTENSION citext SCHEMA more; CREATE EXTENSION hstore")
        connection.execute("CREATE TABLE users (id serial PRIMARY KEY, labels hstore)")
        connection.execute("CREATE VIEW v AS SELECT id FROM users")
    live = postgresql_shop.backend.read_catalog()
    wanted = postgresql_shop.wanted("models:metadata", live)
    assert {thing.name for thing in wanted.things if thing.kind == "extension"} == {"citext", "hstore"}
    assert not compare(within_scope(live, wanted, TABLES), wanted)
    things = [Thing("extension", "hstore", "CREATE EXTENSION hstore")]
    things += [Thing("extension", "earthdistance", "CREATE EXTENSION earthdistance", needs=("cube",))]
    things += [Thing("extension", "cube", "CREATE EXTENSION cube WITH SCHEMA more")]
    things += [Thing("schema", "more", "CREATE SCHEMA more")]
    made = postgresql_shop.wanted("models:metadata", Catalog(things=tuple(things)))
    assert {thing.name for thing in made.things} >= {"hstore", "cube", "earthdistance", "more"}


def test_a_statement_of_a_listener_is_one_and_may_not_reach_out(mysql_shop: Shop) -> None:
    text = """
        from sqlalchemy import DDL, Column, Integer, MetaData, Table, event
        metadata = MetaData()
        Table("users", metadata, Column("id", Integer, primary_key=True))
        event.listen(metadata, "after_create", DDL({!r}))
        """
    trigger = "CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW BEGIN SET @a = 1; SET @b = 2; END;"
    mysql_shop.write("models.py", text.format(trigger))
    [users] = mysql_shop.wanted("models:metadata").tables
    assert [extra.name for extra in users.extras] == ["t"]
    mysql_shop.write("models.py", text.format("CREATE USER boss"))
    assert "CREATE USER reaches beyond the one database" in mysql_shop.fails("models:metadata").message


def test_a_schema_that_is_another_database_is_refused(mysql_shop: Shop, mysql_url: str) -> None:
    own = mysql_url.rpartition("/")[2]
    text = f"""
        from sqlalchemy import Column, Integer, MetaData, Table
        metadata = MetaData()
        Table("users", metadata, Column("id", Integer, primary_key=True), schema={own!r})
        """
    mysql_shop.write("models.py", text)
    error = mysql_shop.fails("models:metadata")
    assert f"names the schema {own!r}, which is another database here" in error.message
    assert tables_of(mysql_shop) == []


# --- the project's code --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "source", "told", "line"),
    [
        ("x = 1\nraise RuntimeError('no way')\n", "models:metadata", "RuntimeError: no way", 2),
        ("def f(:\n", "models:metadata", "SyntaxError: invalid syntax", 1),
        ("import no_such_thing\n", "models:metadata", "ModuleNotFoundError: No module named 'no_such_thing'", 1),
        ("\nimport sys\nsys.exit(3)\n", "models:metadata", "it ends the process: sys.exit(3)", 3),
        ("input('name?')\n", "models:metadata", "EOFError", 1),
        ("import os\nprint('it is over')\nos._exit(4)\n", "models:metadata", "exit code 4", None),
        ("x = 1\n", "models:metadata", "models has no metadata", None),
        ("import os\nx = os.environ['MIGER_NOT_SET']\n", "models:x", "KeyError: 'MIGER_NOT_SET'", 2),
        ("x = 1\n", "models:x", "models:x is no MetaData, and has none", None),
        ("x = 1\n", "other:metadata", "there is no module 'other'", None),
        ("x = 1\n", "models.inner:metadata", "there is no module 'models.inner'", None),
        ("from sqlalchemy import MetaData\nm = MetaData()\n", "models:m", "models:m declares no table", None),
        ("x = 1\n", "models", "models defines no class with annotated fields", None),
    ],
)
def test_what_is_wrong_with_a_module_is_told_with_its_place(
    shop: Shop, text: str, source: str, told: str, line: int | None
) -> None:
    shop.write("models.py", text)
    error = shop.fails(source)
    assert isinstance(error, ConfigError)
    assert told in error.message
    assert "Traceback" not in error.message
    assert [(Path(problem.file).name, problem.line) for problem in error.problems] == (
        [("models.py", line)] if line else []
    )


def test_a_wrong_name_is_answered_with_those_that_are_there(shop: Shop) -> None:
    shop.write("models.py", MODELS + "\n    mine = MetaData()\n")
    assert shop.fails("models:Bse.metadata").hint == "there is models:mine, models:Base.metadata"
    assert "models:Base.metadata" in shop.fails("models:Colour").hint
    assert "models:Base.metadata" in shop.fails("models").hint


def test_a_type_that_the_database_lacks_is_told(shop: Shop) -> None:
    shop.write(
        "models.py",
        """
        from sqlalchemy import Column, Integer, MetaData, Table
        from sqlalchemy.dialects.postgresql import TSVECTOR
        metadata = MetaData()
        Table("users", metadata, Column("id", Integer, primary_key=True), Column("words", TSVECTOR))
        """,
    )
    error = shop.fails("models:metadata")
    assert "models:metadata cannot be written as SQL" in error.message
    assert "TSVECTOR" in error.message


def test_a_statement_that_the_database_refuses_is_told(sql_shop: Shop) -> None:
    sql_shop.write(
        "models.py",
        """
        from sqlalchemy import CheckConstraint, Column, Integer, MetaData, Table
        metadata = MetaData()
        Table("users", metadata, Column("id", Integer, primary_key=True), CheckConstraint("nobody > 1"))
        """,
    )
    error = sql_shop.fails("models:metadata")
    assert "nobody" in error.message
    assert "CREATE TABLE users" in error.hint


def test_a_module_that_was_edited_is_read_anew_with_its_siblings(shop: Shop) -> None:
    part = 'from sqlalchemy import *\nm = MetaData()\nTable("{}", m, Column("id", Integer))\n'
    shop.write("shop/__init__.py", "")
    shop.write("shop/part.py", part.format("users"))
    shop.write("shop/models.py", "from shop.part import m\n")
    assert names(shop.wanted("shop.models:m")) == ["users"]
    shop.write("shop/part.py", part.format("goods"))  # the same length, and mostly within the same second
    assert names(shop.wanted("shop.models:m")) == ["goods"]


def test_the_project_comes_first_and_shadows_nothing_of_ours(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.write("json_schema/__init__.py", "")
    shop.write("psycopg.py", "raise RuntimeError('not the driver')\n")
    shop.write("miger/__init__.py", "raise RuntimeError('not Miger')\n")
    shop.write("calendar.py", 'from sqlalchemy import *\nm = MetaData()\nTable("days", m, Column("id", Integer))\n')
    shop.write("models.py", "import os\nfrom days import m\nassert os.path.exists('models.py')\n")
    shop.write("days.py", 'from sqlalchemy import *\nm = MetaData()\nTable("days", m, Column("id", Integer))\n')
    monkeypatch.chdir(shop.folder.parent)
    assert names(shop.wanted("models:m")) == ["days"]


def test_what_a_module_does_beside_stays_away(shop: Shop, capfd: pytest.CaptureFixture[str]) -> None:
    shop.write(
        "models.py",
        """
        import os, subprocess, sys, threading, time
        print("hello")
        os.write(1, b"hello")
        print("hello", file=sys.stderr)
        threading.Thread(target=lambda: time.sleep(1000)).start()
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(5)"])
        from sqlalchemy import *
        m = MetaData()
        Table("users", m, Column("id", Integer))
        """,
    )
    assert names(shop.wanted("models:m")) == ["users"]
    assert capfd.readouterr() == ("", "")


def test_no_message_tells_the_password(postgresql_shop: Shop) -> None:
    postgresql_shop.write(
        "models.py", "import gc\nraise RuntimeError([x for x in gc.get_objects() if 's3cret' in str(x)[:400]])"
    )
    [password] = {found for found in postgresql_shop.backend.environment.url.secrets if "%" not in found[:8]} & {
        found for found in postgresql_shop.backend.environment.url.secrets if "@" in found
    }
    error = postgresql_shop.fails("models:m")
    assert "RuntimeError" in error.message
    assert password not in error.message


def test_looking_at_a_project_imports_nothing_of_it(sqlite_sandbox: Sandbox) -> None:
    sqlite_sandbox.write("models.py", f"open({sqlite_sandbox.path('imported')!r}, 'w').close()\n")
    sqlite_sandbox.configure(project='schema = "models:Base.metadata"')
    sqlite_sandbox.table("20260101000000_one", "one")
    for command in (["status"], ["graph"], ["plan"], ["up"], ["verify"], ["config", "show"], ["lint"]):
        sqlite_sandbox.miger(*command)
    assert not os.path.exists(sqlite_sandbox.path("imported"))


# --- classes -------------------------------------------------------------------------------------

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
    page = (Path(__file__).parents[2] / "docs" / "generate.md").read_text()
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


# --- SQL -----------------------------------------------------------------------------------------

SCHEMA = """
    -- what shall be
    CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL);
    BEGIN;
    CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id));
    COMMIT;
    CREATE INDEX by_user ON orders (user_id);
    INSERT INTO users VALUES (1, 'semi;colon');
    CREATE VIEW buyers AS SELECT name FROM users;
"""


def test_an_sql_file_is_made_and_twice_is_the_same(sql_shop: Shop) -> None:
    sql_shop.write("schema.sql", SCHEMA)
    source = sql_shop.source("schema.sql")
    assert source.scope == EVERYTHING
    wanted = sql_shop.wanted("schema.sql")
    assert names(wanted) == ["orders", "users"]
    assert [(thing.kind, thing.name) for thing in wanted.things] == [("view", "buyers")]
    assert not compare(wanted, sql_shop.wanted("schema.sql"))
    assert tables_of(sql_shop) == []


def test_the_files_of_a_folder_are_made_in_order_of_their_names(sql_shop: Shop) -> None:
    sql_shop.write("db/10_orders.sql", "CREATE TABLE orders (id INTEGER, user_id INTEGER REFERENCES users (id));")
    sql_shop.write("db/01_users.sql", "\ufeffCREATE TABLE users (id INTEGER PRIMARY KEY);\r\n-- the end\r\n")
    sql_shop.write("db/20_more.SQL", "CREATE VIEW v AS SELECT id FROM orders")
    sql_shop.write("db/notes.txt", "no SQL at all")
    for text in ("db", "db/"):
        wanted = sql_shop.wanted(text)
        assert names(wanted) == ["orders", "users"]
        assert len(wanted.things) == 1


def test_triggers_and_bodies_with_semicolons_are_made(sql_shop: Shop) -> None:
    function = "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN\n NULL; RETURN NULL; END $$;\n"
    bodies = {
        "sqlite": "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM a; DELETE FROM a; END;",
        "postgresql": function + "CREATE TRIGGER t AFTER INSERT ON a EXECUTE FUNCTION f();",
        "mysql": "DELIMITER //\nCREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN SET @a=1; SET @b=2; END//\n",
    }
    sql_shop.write("schema.sql", "CREATE TABLE a (id INTEGER);\n" + bodies[sql_shop.backend.name])
    table = sql_shop.wanted("schema.sql").table("a")
    assert table is not None
    assert [(extra.kind, extra.name) for extra in table.extras] == [("trigger", "t")]


def test_a_statement_that_fails_is_told_with_file_and_line(sql_shop: Shop) -> None:
    sql_shop.write("schema.sql", "CREATE TABLE a (id INTEGER);\n\n-- next\nINSERT INTO nobody\nVALUES (1);\n")
    error = sql_shop.fails("schema.sql")
    assert isinstance(error, ConfigError)
    [problem] = error.problems
    assert (Path(problem.file).name, problem.line) == ("schema.sql", 4)
    assert "nobody" in problem.message


def test_the_line_is_that_within_a_long_statement(postgresql_shop: Shop) -> None:
    postgresql_shop.write("schema.sql", "-- one\nCREATE TABLE a (\n  id integer,\n  x no_such_type\n);\n")
    error = postgresql_shop.fails("schema.sql")
    assert isinstance(error, ConfigError)
    assert error.problems[0].line == 4


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("\\connect other", r"\connect is a command of the database's client"),
        ("\\i more.sql", r"\i is a command of the database's client"),
        (".read more.sql", ".read is a command of the database's client"),
        ("ROLLBACK;", "ROLLBACK in a wanted schema"),
        ("CREATE DATABASE other;", "CREATE DATABASE reaches beyond the one database"),
        ("ATTACH 'other.db' AS other;", "reaches beyond the one database"),
        ("CREATE ROLE boss;", "CREATE ROLE reaches beyond"),
        ("USE other;", "USE OTHER reaches beyond"),
        ("CREATE TABLE b (x VARCHAR(3) DEFAULT 'abc);", "this string does not end"),
    ],
)
def test_what_is_no_part_of_a_schema_is_refused_with_its_line(shop: Shop, statement: str, told: str) -> None:
    shop.write("schema.sql", f"CREATE TABLE a (id INTEGER);\n\n{statement}\n")
    error = shop.fails("schema.sql")
    assert isinstance(error, ConfigError)
    [problem] = error.problems
    assert told.lower() in problem.message.lower()
    assert problem.line == 3


def test_nothing_reaches_another_database_of_the_server(mysql_shop: Shop, mysql_url: str) -> None:
    own = mysql_url.rpartition("/")[2]
    for statement in (f"CREATE TABLE {own}.b (id INTEGER)", f"CREATE SCHEMA {own}_b", "SET GLOBAL max_connections = 2"):
        mysql_shop.write("schema.sql", f"CREATE TABLE a (id INTEGER);\n{statement};\n")
        error = mysql_shop.fails("schema.sql")
        assert isinstance(error, ConfigError), statement
        assert error.problems[0].line == 2
    assert tables_of(mysql_shop) == []


def test_the_output_of_pg_dump_is_read(postgresql_shop: Shop, postgresql_url: str) -> None:
    postgresql_shop.write(
        "schema.sql",
        r"""
        --
        -- PostgreSQL database dump
        --

        \restrict 2hQ3xyz

        -- Dumped from database version 17.6
        SET statement_timeout = 0;
        SET client_encoding = 'UTF8';
        SELECT pg_catalog.set_config('search_path', '', false);

        CREATE TYPE public.mood AS ENUM ('sad', 'ok');
        ALTER TYPE public.mood OWNER TO nobody_here;
        ALTER TYPE public.mood ADD VALUE 'happy';

        CREATE TABLE public.users (
            id integer NOT NULL,
            mood public.mood DEFAULT 'happy'
        );
        ALTER TABLE public.users OWNER TO nobody_here;
        ALTER TABLE ONLY public.users ADD CONSTRAINT users_pkey PRIMARY KEY (id);
        CREATE INDEX CONCURRENTLY by_mood ON public.users (mood);
        GRANT SELECT ON TABLE public.users TO nobody_here;
        ALTER DEFAULT PRIVILEGES FOR ROLE nobody_here IN SCHEMA public GRANT SELECT ON TABLES TO nobody_here;

        \unrestrict 2hQ3xyz
        """,
    )
    wanted = postgresql_shop.wanted("schema.sql")
    assert names(wanted) == ["users"]
    users = wanted.table("users")
    assert users is not None
    assert users.primary_key == ("id",)
    assert [index.name for index in users.indexes] == ["by_mood"]
    assert [thing.labels for thing in wanted.things if thing.kind == "enum"] == [("sad", "ok", "happy")]
    postgresql_shop.write("schema.sql", "\\restrict abc\n\nSELECT 1;\n\n\\connect x\n")
    error = postgresql_shop.fails("schema.sql")
    assert isinstance(error, ConfigError)
    assert error.problems[0].line == 5


def test_the_output_of_mysqldump_is_read(mysql_shop: Shop) -> None:
    mysql_shop.write(
        "schema.sql",
        r"""
        /*M!999999\- enable the sandbox mode */
        -- MariaDB dump 10.19  Distrib 10.11.14-MariaDB

        /*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
        /*!40101 SET NAMES utf8mb4 */;
        /*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
        DROP TABLE IF EXISTS `users`;
        /*!40101 SET @saved_cs_client     = @@character_set_client */;
        /*!40101 SET character_set_client = utf8 */;
        CREATE TABLE `users` (
          `id` int(11) NOT NULL AUTO_INCREMENT,
          `name` varchar(40) DEFAULT NULL COMMENT 'it''s',
          PRIMARY KEY (`id`),
          KEY `by_name` (`name`)
        ) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
        /*!40101 SET character_set_client = @saved_cs_client */;
        DELIMITER ;;
        /*!50003 CREATE*/ /*!50017 DEFINER=CURRENT_USER*/ /*!50003 TRIGGER t BEFORE INSERT ON users
        FOR EACH ROW BEGIN SET NEW.name = lower(NEW.name); SET @x = 1; END */;;
        DELIMITER ;
        /*!50001 CREATE VIEW `v` AS SELECT 1 AS `name`*/;
        /*!50001 DROP VIEW IF EXISTS `v`*/;
        /*!50001 CREATE ALGORITHM=UNDEFINED */
        /*!50013 DEFINER=CURRENT_USER SQL SECURITY DEFINER */
        /*!50001 VIEW `v` AS select `users`.`name` AS `name` from `users` */;
        /*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
        """,
    )
    wanted = mysql_shop.wanted("schema.sql")
    [users] = wanted.tables
    assert [index.name for index in users.indexes] == ["by_name"]
    assert [extra.name for extra in users.extras] == ["t"]
    assert [(thing.kind, thing.name) for thing in wanted.things] == [("view", "v")]


def test_the_output_of_sqlite_is_read(shop: Shop) -> None:
    shop.write(
        "schema.sql",
        """
        PRAGMA foreign_keys=OFF;
        BEGIN TRANSACTION;
        CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT);
        CREATE TABLE sqlite_sequence(name,seq);
        INSERT INTO users VALUES (7, 'ada');
        DELETE FROM sqlite_sequence;
        INSERT INTO sqlite_sequence VALUES ('users', 7);
        CREATE VIEW v(name) AS SELECT name FROM users
        /* v(name) */;
        COMMIT;
        """,
    )
    wanted = shop.wanted("schema.sql")
    assert names(wanted) == ["users"]
    assert len(wanted.things) == 1


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no statement is in"),
        (b"-- nothing\n;\n", "no statement is in"),
        (b"SELECT 1;\n-- \xff", "is not UTF-8 text"),
    ],
)
def test_files_without_sql_are_refused(shop: Shop, content: bytes, told: str) -> None:
    (shop.folder / "schema.sql").write_bytes(content)
    error = shop.fails("schema.sql")
    assert told in error.message
    if b"\xff" in content:
        assert isinstance(error, ConfigError)
        assert error.problems[0].line == 2


def test_a_file_that_is_not_there_and_a_folder_without_files_are_told(shop: Shop) -> None:
    assert "there is no" in shop.fails("schema.sql").message
    (shop.folder / "db").mkdir()
    assert "no .sql file is in" in shop.fails("db").message


# --- which kind ----------------------------------------------------------------------------------


def test_the_kind_of_source_is_told_by_its_text(shop: Shop) -> None:
    shop.write("shop/__init__.py", "")
    shop.write("schema/a.sql", "")
    kinds = {
        text: type(shop.source(text)).__name__
        for text in ("shop", "shop.models:Base", "shop.models", "schema", "x.sql", "../x.sql", "gone/", " shop ")
    }
    assert kinds == {
        "shop": "ClassesSource",
        "shop.models:Base": "MetadataSource",
        "shop.models": "ClassesSource",
        "schema": "SqlSource",
        "x.sql": "SqlSource",
        "../x.sql": "SqlSource",
        "gone/": "SqlSource",
        " shop ": "ClassesSource",
    }
    assert shop.source("shop.models:Base").scope == shop.source("shop").scope == TABLES


@pytest.mark.parametrize("text", ["", "  ", "shop/models.py", "shop-models", "a:b:c", "shop.models:", "shop..models"])
def test_what_is_no_source_is_told_with_what_would_be_one(shop: Shop, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        shop.source(text)
    assert "shop.models" in caught.value.hint


def test_the_database_itself_stays_as_it_is_and_no_other_stays_behind(
    postgresql_shop: Shop, postgresql_url: str
) -> None:
    postgresql_shop.write("schema.sql", "SET search_path = ''; CREATE TABLE public.a (id integer);")
    assert names(postgresql_shop.wanted("schema.sql")) == ["a"]
    postgresql_shop.write("schema.sql", "CREATE TABLE b (id integer); SELECT nothing_there;")
    postgresql_shop.fails("schema.sql")
    assert tables_of(postgresql_shop) == []
    with psycopg.connect(postgresql_url) as connection:
        databases = [name for (name,) in connection.execute("SELECT datname FROM pg_database").fetchall()]
    assert [name for name in databases if name.startswith(PREFIX) and f"_{os.getpid()}_" in name] == []


# --- renames -------------------------------------------------------------------------------------


def test_an_sql_file_says_what_was_renamed(shop: Shop) -> None:
    shop.write("db/1.sql", "-- miger:rename users.mail:users.email\nCREATE TABLE users (id INTEGER, email TEXT);")
    shop.write("db/2.sql", "CREATE TABLE people (\n  -- miger:rename folk:people\n  id INTEGER);\n-- miger:rename x\n")
    assert shop.source("db").renames == (("users.mail", "users.email"), ("folk", "people"))


def test_models_and_classes_say_what_was_renamed(postgresql_shop: Shop) -> None:
    postgresql_shop.write(
        "models.py",
        """
        from sqlalchemy import Column, Integer, MetaData, Table
        metadata = MetaData()
        was = lambda name: {"renamed_from": name}
        Table("users", metadata, Column("id", Integer), Column("email", Integer, info=was("mail")), info=was("people"))
        Table("x", metadata, Column("b", Integer, info=was("a")), schema="other", info=was("y"))
        Table("here", metadata, Column("b", Integer, info=was("a")), schema="public")
        """,
    )
    postgresql_shop.write(
        "classes.py",
        """
        from dataclasses import dataclass, field

        @dataclass
        class User:
            __renamed_from__ = "people"
            id: int
            email: str = field(metadata={"renamed_from": "mail"})
        """,
    )
    users = [("people", "users"), ("users.mail", "users.email")]
    told = postgresql_shop.renames("models:metadata")
    assert told == [*users, ("other.y", "other.x"), ("other.x.a", "other.x.b"), ("here.a", "here.b")]
    assert postgresql_shop.renames("classes") == users
