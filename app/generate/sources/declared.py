"""What the project's code declares, as SQL statements. Runs in a process apart: it imports that code.

SQLAlchemy writes the statements out for the server that it is connected to, and sends none of them: see
https://docs.sqlalchemy.org/en/21/faq/metadata_schema.html#how-can-i-get-the-create-table-drop-table-output-as-a-string
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from sqlalchemy import Dialect, MetaData, schema
from sqlalchemy.engine.mock import MockConnection

from miger.backends.registry import backend_for
from miger.backends.sql import SqlBackend
from miger.engine.environments import Environment
from miger.engine.errors import ConfigError, MigerError
from miger.engine.secrets import Secret
from miger.generate.sources.class_tables import RENAMED_FROM, metadata_of_classes
from miger.generate.sources.user_module import failed, find_attribute, import_module


def statements_of_metadata(module: str, attribute: str, url: str, prefix: str, folder: str) -> dict[str, object]:
    """The statements that make what a MetaData declares, for the database at `url`. Raises ConfigError."""
    dialect = _dialect(url, prefix)
    metadata = _metadata(import_module(module, folder), attribute)
    return _told(metadata, dialect, f"{module}:{attribute}", folder)


def statements_of_classes(module: str, url: str, prefix: str, folder: str) -> dict[str, object]:
    """The statements that make a table of each class of a module. Raises ConfigError."""
    dialect = _dialect(url, prefix)
    return _told(metadata_of_classes(import_module(module, folder), folder), dialect, module, folder)


def _told(metadata: MetaData, dialect: Dialect, text: str, folder: str) -> dict[str, object]:
    home = dialect.default_schema_name if dialect.name == "postgresql" else None
    return {"statements": _statements(metadata, dialect, text, folder), "renames": list(_renames(metadata, home))}


def _renames(metadata: MetaData, home: str | None) -> Iterator[tuple[str, str]]:
    """What `info={"renamed_from": …}` of tables and columns says: old names and new ones."""
    for table in metadata.tables.values():
        place = f"{table.schema}." if table.schema not in (None, home) else ""
        if former := table.info.get(RENAMED_FROM):
            yield f"{place}{former}", f"{place}{table.name}"
        for column in table.columns:
            if former := column.info.get(RENAMED_FROM):
                yield f"{place}{table.name}.{former}", f"{place}{table.name}.{column.name}"


def _dialect(url: str, prefix: str) -> Dialect:
    """SQLAlchemy's dialect, which has asked the server what it is."""
    backend = backend_for(Environment("scratch", Secret(url)), prefix)
    if not isinstance(backend, SqlBackend):
        raise MigerError(f"{backend.name} has no tables that SQLAlchemy could make")
    try:
        backend.open()
        engine = backend.sqlalchemy_engine()
        engine.connect().close()
        return engine.dialect
    finally:
        backend.close()


def _metadata(module: ModuleType, attribute: str) -> MetaData:
    there = list(_names(module))
    found = find_attribute(module, attribute, there)
    if isinstance(found, MetaData):
        return found
    inner = getattr(found, "metadata", None)
    if isinstance(inner, MetaData):
        return inner
    hint = "there is " + ", ".join(f"{module.__name__}:{name}" for name in there) if there else ""
    raise ConfigError(f"{module.__name__}:{attribute} is no MetaData, and has none", hint=hint)


def _names(module: ModuleType) -> Iterator[str]:
    """How each MetaData of the module can be called, the shortest way; a model's is that of its base."""
    seen: set[int] = set()
    values = [(name, value) for name, value in vars(module).items() if not name.startswith("_")]
    for name, value in values:
        if isinstance(value, MetaData):
            seen.add(id(value))
            yield name
    for name, value in values:
        inner = getattr(value, "metadata", None)
        if isinstance(inner, MetaData) and id(inner) not in seen and not hasattr(value, "__table__"):
            seen.add(id(inner))
            yield f"{name}.metadata"


def _statements(metadata: MetaData, dialect: Dialect, text: str, folder: str) -> list[str]:
    if not metadata.tables:
        hint = "a module that imports all models names it; no table would mean that all of them shall go"
        raise ConfigError(f"{text} declares no table", hint=hint)
    written: list[str] = []

    def take(element: Any, *parameters: object, **options: object) -> None:
        sql = str(element.compile(dialect=dialect))
        sql = _laid_out(sql) if isinstance(element, schema.CreateTable) else sql
        # The driver does the same: https://peps.python.org/pep-0249/#paramstyle
        written.append(sql % () if dialect.paramstyle in ("format", "pyformat") else sql)

    engine = MockConnection(dialect, take)
    for name in sorted(_schemas(metadata)):
        if dialect.name != "postgresql":
            hint = "leave `schema` out: tables are made in the environment's own"
            raise ConfigError(f"{text} names the schema {name!r}, which is another database here", hint=hint)
        if name != dialect.default_schema_name:
            engine.execute(schema.CreateSchema(name, if_not_exists=True))
    try:
        metadata.create_all(engine, checkfirst=False)
    except Exception as error:
        raise failed(f"{text} cannot be written as SQL", error, folder) from error
    return written


_LINES = re.compile(r"(?P<quoted>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`)|[ \t]*\n(?P<indent>[ \t]*)")


def _laid_out(sql: str) -> str:
    """The statement without SQLAlchemy's tabs, and blanks at the ends of lines: SQLite keeps the text."""
    return _LINES.sub(lambda found: found["quoted"] or "\n" + found["indent"].replace("\t", "    "), sql.strip())


def _schemas(metadata: MetaData) -> set[str]:
    named = {table.schema for table in metadata.tables.values()}
    types = {getattr(column.type, "schema", None) for table in metadata.tables.values() for column in table.columns}
    return {name for name in named | types if isinstance(name, str)}
