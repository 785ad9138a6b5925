"""What the tests of `generate` on MongoDB share: a project, its database, and the way from a source to its file."""

from __future__ import annotations

from typing import Any, cast

from pymongo.database import Database

from miger.backends.mongodb import MongodbBackend
from miger.generate.collections.compare import difference_of
from miger.generate.collections.read import read_live
from miger.generate.collections.values import Collection
from miger.generate.generate import Generation, Options
from miger.project import Project
from miger.scaffold import write_draft

from tests.app.sandbox import Sandbox

HEAD = """
import datetime, decimal, enum, uuid
from typing import Annotated, Any, Literal
from bson import ObjectId
from pydantic import BaseModel, ConfigDict, Field
import pymongo
"""


class Shop:
    """A project on a fresh MongoDB, whose schema is written by the test."""

    def __init__(self, sandbox: Sandbox, database: Database[dict[str, Any]]) -> None:
        self.sandbox = sandbox
        self.database = database
        self.source = "schema.yaml"

    def yaml(self, text: str) -> None:
        """The schema is this file."""
        self.source = "schema.yaml"
        self.sandbox.write("schema.yaml", text)

    def models(self, text: str, source: str = "models") -> None:
        """The schema are these models of pydantic."""
        self.source = source
        self.sandbox.write("models.py", HEAD + text)

    def generate(self, **options: Any) -> Generation:
        """What differs now, as `miger generate` has it."""
        with self.project() as project:
            return project.generate("change", Options(lossy=True, source=self.source)._replace(**options))

    def nothing(self) -> bool:
        """Whether nothing differs."""
        return not self.generate().lines

    def project(self) -> Project:
        return Project.open(self.sandbox.folder)

    def write(self, found: Generation) -> str:
        """Writes the migration, and returns its text."""
        (draft,) = found.drafts
        with self.project() as project:
            number = len(project.graph.migrations)
            draft = draft._replace(name=f"change_{number}")
            path = write_draft(self.sandbox.migrations, project.graph, draft, 1_700_000_000.0 + number)
        with open(path, encoding="utf-8") as file:
            return file.read()

    def up(self) -> None:
        with self.project() as project:
            project.up()
            assert not project.verify().failed

    def down(self) -> None:
        with self.project() as project:
            project.down()

    def live(self) -> tuple[Collection, ...]:
        with self.project() as project, project._pool.connection() as backend:
            return read_live(cast("MongodbBackend", backend))

    def documents(self, name: str) -> list[dict[str, Any]]:
        """In the order of `_id`, the fields by name."""
        return [dict(sorted(found.items())) for found in self.database[name].find(sort=[("_id", 1)])]

    def contents(self) -> dict[str, list[dict[str, Any]]]:
        """All documents that are not Miger's."""
        names = [name for name in self.database.list_collection_names() if not name.startswith("miger_")]
        return {name: self.documents(name) for name in sorted(names)}

    def round_trip(self, **options: Any) -> str:
        """Generates, applies, generates again (nothing), reverts (as it was), applies again; the file's text."""
        before, contents = self.live(), self.contents()
        found = self.generate(**options)
        text = self.write(found)
        self.up()
        after, changed = self.live(), self.contents()
        again = self.generate()
        assert not again.lines, (again, text)
        self.down()
        assert same(self.live(), before), text
        assert self.contents() == contents, text
        self.up()
        assert same(self.live(), after)
        assert self.contents() == changed
        return text


def same(one: tuple[Collection, ...], other: tuple[Collection, ...]) -> bool:
    """Whether two databases have the same collections."""
    names = [item.name for item in one]
    equal = not any(difference_of(first, second) for first, second in zip(one, other, strict=False))
    return names == [item.name for item in other] and equal
