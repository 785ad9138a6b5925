"""A project to compare: models of many tables, and the database that lacks three things of them."""

from __future__ import annotations

import os
import shutil

CONFIG = """[project]
name = "bench"
[environments.dev]
url = "${DATABASE_URL}"
"""
HEAD = """from sqlalchemy import (
    Boolean, Column, Date, DateTime, ForeignKey, Index, Integer, MetaData, Numeric, String, Table, Text, text,
)

metadata = MetaData()
"""
# Ten columns and two indexes each, and a foreign key to the table before.
TABLE = """
Table(
    "t{number:04}",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("parent_id", Integer{key}),
    Column("email", String(120), nullable=False),
    Column("title", String(80){title}),
    Column("body", Text),
    Column("price", Numeric(10, 2), nullable=False, server_default=text("0")),
    Column("active", Boolean, nullable=False),
    Column("born", Date),
    Column("made_at", DateTime, nullable=False, server_default=text("CURRENT_TIMESTAMP")),{remark}
    Index("ix_t{number:04}_email", "email", unique=True),{index}
)
"""
REMARK = '\n    Column("remark", String(200)),'
INDEX = '\n    Index("ix_t{number:04}_title", "title", "born"),'
DIFFERENCES = 3


def models(count: int, *, live: bool) -> str:
    """The text of a module with `metadata`; `live` lacks a column, an index and a NOT NULL, of three tables."""
    numbers = (count // 4, count // 2, count * 3 // 4) if live else (-1, -1, -1)
    return HEAD + "".join(_table(number, *numbers) for number in range(count))


def _table(number: int, no_column: int, no_index: int, nullable: int) -> str:
    return TABLE.format(
        number=number,
        key=f', ForeignKey("t{number - 1:04}.id")' if number else "",
        title="" if number == nullable else ", nullable=False",
        remark="" if number == no_column else REMARK,
        index="" if number == no_index else INDEX.format(number=number),
    )


def make_models_project(folder: str, count: int) -> None:
    """A project without migrations, with `models` (what is wanted) and `live_models` (what is there)."""
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "migrations"))
    texts = {
        "miger.toml": CONFIG,
        "models.py": models(count, live=False),
        "live_models.py": models(count, live=True),
    }
    for name, text in texts.items():
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)
