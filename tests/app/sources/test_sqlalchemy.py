"""A schema that is wanted by SQLAlchemy's metadata, SQLModel included."""

from __future__ import annotations

import psycopg
import pytest

from miger.engine.catalog import CHECK, FOREIGN_KEY, Catalog, Thing
from miger.engine.errors import ConfigError
from miger.generate.compare import compare
from miger.generate.scope import TABLES, within_scope

from tests.app.sources.shop import Shop, columns, names, tables_of

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
