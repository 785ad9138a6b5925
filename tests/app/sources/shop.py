"""A project's folder with a wanted schema, and looking at what was made of it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from miger.backends.registry import backend_for
from miger.engine.catalog import Catalog
from miger.engine.environments import Environment
from miger.engine.errors import MigerError
from miger.engine.owner import this_process
from miger.engine.secrets import Secret
from miger.generate.sources.source import Source, find_source
from miger.generate.wanted import wanted_catalog

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
