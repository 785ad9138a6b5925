"""What MongoDB's catalog says: the schema, whether a statement on it has happened, and which files change it."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from bson import json_util
from pymongo.client_session import ClientSession
from pymongo.database import Database

from miger.engine.backend import Evidence
from miger.engine.migration import Migration
from miger.engine.sections import read_section
from miger.engine.statements import Statement, groups

Document = dict[str, Any]

# In a Python file: what looks as if it changed the schema. Errs on the side of yes.
CHANGES = re.compile(
    r"(?<!\$)\b(?:create(?:_\w+)?|drop(?:_\w+)?|rename(?:_\w+)?|set_validator|modify_collection|command)\b"
    r"|\bcollMod\b|\$(?:out|merge)\b",
    re.IGNORECASE,
)

CREATES = frozenset({"createCollection", "createView"})
REPEATABLE = frozenset({"createIndex", "createIndexes", "collMod"})  # done again, they change nothing
VALIDATION = ("validator", "validationLevel", "validationAction")
SQL = "sqlite"  # how a file is split that should not be SQL


class SchemaStatement(Statement):
    """One call of a helper: what it is called, and the collection it concerns (`target`: its new name)."""

    __slots__ = ("collection", "index", "target")

    def __init__(self, number: int, text: str, kind: str, collection: str, target: str = "", index: str = "") -> None:
        super().__init__(number=number, line=0, raw=text, kind=kind)
        self.collection = collection
        self.target = target
        self.index = index


def changes_schema(migration: Migration, section: str) -> bool:
    """Whether a Python migration looks as if it changed the schema, which no transaction here can hold."""
    return any(CHANGES.search(text) for text in read_section(migration, section))


def holds_sql(migration: Migration, section: str) -> bool:
    """Whether a section of an SQL file has a statement; a merge may have none."""
    return any(True for _ in groups(read_section(migration, section), SQL, 1, kinds=frozenset(), alone=0))


class Catalog:
    """Reads the catalog, in a session that is in no transaction: within one the server tells nothing of it."""

    def __init__(self, database: Database[Document], session: ClientSession) -> None:
        self._database = database
        self._session = session

    def collection(self, name: str) -> Document | None:
        """What the server lists of a collection or view; None where there is none."""
        found = self._database.list_collections(filter={"name": name}, session=self._session)
        return next((dict(item) for item in found), None)

    def names(self) -> list[str]:
        """The collections and views, sorted; not those of the server."""
        return sorted(item["name"] for item in self.listed())

    def indexes(self, name: str) -> dict[str, Document]:
        """The indexes of a collection by name, without that of `_id`; empty where there is no such collection."""
        return {} if self.collection(name) is None else self._indexes_of(name)

    def _indexes_of(self, name: str) -> dict[str, Document]:
        found = self._database[name].list_indexes(session=self._session)
        return {item["name"]: dict(item) for item in found if item["name"] != "_id_"}

    def schema(self, without: Collection[str]) -> dict[str, str]:
        """The definitions of collections and views, a line for the options and one for each index."""
        definitions = {}
        for item in self.listed():
            name = item["name"]
            if name in without:
                continue
            if item.get("type") == "view":
                definitions[f"view {name}"] = canonical(item["options"])
                continue
            indexes = self._indexes_of(name)
            lines = [canonical(item["options"]), *(_index_line(indexes[name]) for name in sorted(indexes))]
            definitions[f"collection {name}"] = "\n".join(lines)
        return definitions

    def listed(self) -> Iterator[Document]:
        """The collections and views with their options; not those of the server."""
        for item in self._database.list_collections(session=self._session):
            if not item["name"].startswith("system."):
                yield dict(item)

    def note_before(self, statement: Statement) -> str:
        """What is to be known of a collection before it is changed, to judge by it later."""
        if not isinstance(statement, SchemaStatement):
            return ""
        found = self.collection(statement.collection)
        return json_util.dumps(
            {
                "uuid": _identity(found),
                "validation": _validation(found),
                "indexes": sorted(self.indexes(statement.collection)) if statement.index else [],
            }
        )

    def judge_after(self, statement: Statement, noted: str) -> Evidence:
        """Whether a statement happened. The server carries each out whole or not at all."""
        if not noted or not isinstance(statement, SchemaStatement):
            return Evidence(None, "the catalog does not tell of it")
        kind, name = statement.kind, statement.collection
        before, now = json_util.loads(noted), self.collection(name)
        if kind in REPEATABLE:
            return Evidence(False, f"{kind} does no harm when it runs again")
        if kind in CREATES:
            made = now is not None and before["uuid"] is None
            return Evidence(made, f"{name} is there now" if made else f"{name} is as it was")
        if kind == "dropIndex":
            gone = statement.index in before["indexes"] and statement.index not in self.indexes(name)
            return Evidence(gone, f"the index {statement.index} is {'gone' if gone else 'as it was'}")
        if kind == "drop":
            gone = before["uuid"] is not None and _identity(now) != before["uuid"]
            return Evidence(gone, f"{name} is {'gone' if gone else 'as it was'}")
        if kind == "renameCollection":
            target = self.collection(statement.target)
            moved = before["uuid"] is not None and now is None and target is not None
            if moved:
                self.keep_validation(statement.target, before["validation"])
            return Evidence(moved, f"{name} is {'now ' + statement.target if moved else 'as it was'}")
        return Evidence(None, f"the catalog does not tell whether {kind} ran")

    def validation(self, name: str) -> Document:
        """The validator of a collection with its level and action; empty where it has none."""
        return _validation(self.collection(name))

    def keep_validation(self, name: str, validation: Mapping[str, Any]) -> None:
        """Gives a renamed collection its validator again where the server has lost it."""
        if validation and self.validation(name) != validation:
            self._database.command("collMod", name, session=self._session, **validation)


def canonical(value: object) -> str:
    """A value as JSON on one line, the same whatever the order of its keys."""
    return json.dumps(json.loads(json_util.dumps(value)), sort_keys=True, ensure_ascii=False)


def shown(value: object) -> str:
    """A value as JSON on one line, in its own order."""
    return json.dumps(json.loads(json_util.dumps(value)), ensure_ascii=False)


def path_of(name: str) -> str:
    """How the shell writes a collection."""
    return f"db.{name}" if re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", name) else f"db.getCollection({shown(name)})"


def _index_line(index: Mapping[str, Any]) -> str:
    """Its name, its keys in their order, and what else it is."""
    rest = {name: value for name, value in index.items() if name not in ("key", "name", "ns", "v")}
    line = f"index {index['name']} {shown(dict(index['key']))}"
    return f"{line} {canonical(rest)}" if rest else line


def _validation(found: Mapping[str, Any] | None) -> Document:
    options = found.get("options", {}) if found is not None else {}
    return {name: options[name] for name in VALIDATION if name in options} if options.get("validator") else {}


def _identity(found: Mapping[str, Any] | None) -> str | None:
    """What the server knows a collection by, under every name; None where there is none."""
    if found is None:
        return None
    uuid = found.get("info", {}).get("uuid")
    return bytes(uuid).hex() if uuid is not None else "there"


def index_name(keys: Sequence[tuple[str, Any]]) -> str:
    """The name that the server's own tools give an index."""
    return "_".join(f"{field}_{direction}" for field, direction in keys)
