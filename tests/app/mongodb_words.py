"""The few SQL statements that the tests of the commands write, as Python for MongoDB."""

from __future__ import annotations

import re
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database

CREATE = re.compile(r"CREATE TABLE (\w+) \((.*)\)", re.DOTALL)
DROP = re.compile(r"DROP TABLE (\w+)")
INSERT = re.compile(r"INSERT INTO (\w+) (?:\((.*?)\) )?VALUES (.*)", re.DOTALL)
DELETE = re.compile(r"DELETE FROM (\w+)(?: WHERE id (?:= (\d+)|IN \(([\d, ]+)\)))?")
SELECT = re.compile(r"SELECT (.*?) FROM (\w+)(?: WHERE id = (\d+))?(?: ORDER BY .*| LIMIT 0)?")
EXECUTE = re.compile(r"""db\.execute\((["'])(.*?)\1\)""")
ONCE = """

def once(db, name, act):
    with db.step(name) as todo:
        if todo:
            act(db)
"""


class Words:
    """Translates, and remembers which columns each table was made with."""

    def __init__(self) -> None:
        self.columns: dict[str, list[str]] = {}

    def migration(self, up: str, down: str | None, verify: str | None) -> str:
        """A file with functions; data is changed in steps, which run once also where nothing else is atomic."""
        functions = [self._function("up", up)]
        functions += [self._function("down", down)] if down is not None else []
        functions += [f"def verify(db):\n    return {self.check(verify)}\n"] if verify is not None else []
        return "\n".join(functions) + ONCE

    def _function(self, name: str, text: str) -> str:
        lines = [f"    {self.call(statement)}\n" for statement in statements(text)]
        remarks = "".join(f"    #{remark}\n" for remark in re.findall(r"--(.*)", text))
        return f"def {name}(db):\n{''.join(lines)}{remarks}"

    def python(self, body: str) -> str:
        """A body whose calls of `execute` are translated, each on its line; in a step that is open already, plainly."""
        lines, step = [], -1
        for line in body.split("\n"):
            indentation = len(line) - len(line.lstrip())
            step = -1 if line.strip() and indentation <= step else step
            translate = self.data if step >= 0 else self.call
            lines.append(EXECUTE.sub(lambda found: translate(found[2]), line))  # noqa: B023 (called at once)
            step = indentation if "db.step(" in line else step
        return "\n".join(lines) + ONCE

    def call(self, statement: str) -> str:
        """An expression that does what a statement does."""
        if found := CREATE.fullmatch(statement):
            self.columns[found[1]] = [column.split()[0] for column in found[2].split(",")]
            return f"db.create_collection({found[1]!r})"
        if found := DROP.fullmatch(statement):
            return f"db.drop_collection({found[1]!r})"
        if statement == "SELECT 1":
            return "None"
        return f"once(db, {statement!r}, lambda db: {self.data(statement)})"

    def data(self, statement: str) -> str:
        if " nowhere" in statement:  # a collection would simply be made
            return "db.nowhere.update_one({}, {'$nowhere': {'a': 1}})"
        if found := INSERT.fullmatch(statement):
            return f"db[{found[1]!r}].insert_many({self.documents(*found.groups())})"
        if found := DELETE.fullmatch(statement):
            return f"db[{found[1]!r}].delete_many({wanted(found[2] or found[3])})"
        raise AssertionError(f"write this for MongoDB: {statement}")

    def documents(self, table: str, names: str | None, values: str) -> list[dict[str, Any]]:
        columns = names.split(", ") if names else self.columns.get(table, ["id"])
        rows = eval(f"[{values}]".replace(")]", ",)]").replace("), (", ",), ("))
        return [dict(zip(columns, row, strict=False)) for row in rows]

    def check(self, verify: str) -> str:
        """Whether a table and its column are there, or how many rows it has."""
        found = SELECT.fullmatch(verify.rstrip(";"))
        assert found is not None, verify
        return f"{found[2]!r} in db.collections() and {found[1] in self.columns.get(found[2], ['id'])}"

    def rows(self, url: str, query: str) -> list[tuple[Any, ...]]:
        """Carries one statement out from outside."""
        client: MongoClient[dict[str, Any]] = MongoClient(url)
        with client:
            database = client.get_default_database()
            if found := SELECT.fullmatch(query):
                return self._select(database, found[1], found[2], found[3])
            if found := INSERT.fullmatch(query):
                database[found[1]].insert_many(self.documents(*found.groups()))
            elif found := DROP.fullmatch(query):
                database.drop_collection(found[1])
            else:
                raise AssertionError(f"write this for MongoDB: {query}")
            return []

    def _select(self, database: Database[dict[str, Any]], what: str, table: str, id: str | None) -> list[Any]:
        found = list(database[table].find(wanted(id), {"_id": 0}))
        if what == "count(*)":
            return [(len(found),)]
        columns = self.columns.get(table, ["id"]) if what == "*" else what.split(", ")
        return [tuple(document.get(column) for column in columns) for document in found]


def statements(text: str) -> list[str]:
    """The statements of a text without their remarks."""
    plain = re.sub(r"--.*", "", text)
    return [" ".join(piece.split()) for piece in plain.split(";") if piece.strip()]


def wanted(ids: str | None) -> dict[str, Any]:
    return {"id": {"$in": [int(id) for id in ids.split(",")]}} if ids else {}


def dump(url: str) -> dict[str, Any]:
    """Schema and documents of everything that is not ours, to be compared."""
    client: MongoClient[dict[str, Any]] = MongoClient(url)
    with client:
        database = client.get_default_database()
        listed = {item["name"]: item["options"] for item in database.list_collections()}
        names = sorted(name for name in listed if not name.startswith("miger_"))
        rows = {name: sorted(repr(item) for item in database[name].find({}, {"_id": 0})) for name in names}
        schema = [(name, listed[name], database[name].index_information()) for name in names]
        return {"schema": schema, "rows": rows}


def collections(url: str) -> set[str]:
    """The collections that are not ours."""
    client: MongoClient[dict[str, Any]] = MongoClient(url)
    with client:
        names = client.get_default_database().list_collection_names()
    return {name for name in names if not name.startswith("miger_")}


def hold_far(url: str, seconds: int) -> None:
    """Makes it look as if a run on another machine held the lease for `seconds` more."""
    holder = {"run": "feed", "owner": "bob", "host": "far", "machine": "other", "pid": 1, "token": 7}
    later = {"expires_at": {"$add": ["$$NOW", seconds * 1000]}}
    client: MongoClient[dict[str, Any]] = MongoClient(url)
    with client:
        lock = client.get_default_database()["miger_lock"]
        lock.update_one({"_id": "lease"}, [{"$set": holder | later}])
        lock.update_one({"_id": "fence"}, {"$set": {"token": 7}})
