"""Which kind of source a text means, what sources leave alone, and the renames that they tell."""

from __future__ import annotations

import os

import psycopg
import pytest

from miger.engine.errors import UsageError
from miger.engine.scratch import PREFIX
from miger.generate.scope import TABLES

from tests.app.sources.shop import Shop, names, tables_of


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
