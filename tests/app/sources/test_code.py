"""The project's own code, which a schema is read from: what it may do, and what is told of its errors."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from miger.engine.errors import ConfigError

from tests.app.sandbox import Sandbox
from tests.app.sources.shop import Shop, names
from tests.app.sources.test_sqlalchemy import MODELS


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
