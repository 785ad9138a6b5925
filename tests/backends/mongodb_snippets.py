"""How the contract's tests work with MongoDB."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from pymongo.collection import Collection

from miger.backends.mongodb import MongodbBackend
from miger.engine.backend import Backend
from miger.engine.errors import MigerError, RefusedError
from miger.testing.contract import Snippets

from tests.servers.base import PASSWORD


class MongodbSnippets(Snippets):
    """The items are a collection, in the session of the backend."""

    codes = ("9", "11000")
    busy_hint = "another client changed the same documents"
    read_only: type[MigerError] = RefusedError

    def create(self, backend: Backend) -> None:
        with ours(backend).told():
            ours(backend).user_database.create_collection("items", session=ours(backend).session_of_run)

    def insert(self, backend: Backend, number: int) -> int:
        with ours(backend).told():
            items(backend).insert_one({"_id": number, "name": "x"}, session=ours(backend).session_of_run)
            return 1

    def rename(self, backend: Backend, name: str) -> int:
        with ours(backend).told():
            change = {"$set": {"name": name}}
            return items(backend).update_many({}, change, session=ours(backend).session_of_run).matched_count

    def delete(self, backend: Backend, number: int) -> int:
        with ours(backend).told():
            return items(backend).delete_one({"_id": number}, session=ours(backend).session_of_run).deleted_count

    def numbers(self, backend: Backend) -> list[int]:
        with ours(backend).told():
            found = items(backend).find(sort=[("_id", 1)], session=ours(backend).session_of_run)
            return [document["_id"] for document in found]

    def fail(self, backend: Backend) -> None:
        with ours(backend).told():
            change: dict[str, Any] = {"$nonsense": {"a": 1}}
            items(backend).update_one({}, change, session=ours(backend).session_of_run)

    def make_newer(self, backend: Backend) -> None:
        with ours(backend).told():
            ours(backend).user_database["miger_lock"].update_one({"_id": "lease"}, {"$set": {"format": 999}})

    def bad_urls(self, url: str) -> dict[str, str]:
        parts = urlsplit(url)
        place = parts.netloc.rpartition("@")[2]
        wrong = urlunsplit(parts._replace(netloc=f"{parts.username}:wr0ng-p%40ss@{place}"))
        closed = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", ":1")))
        endless = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", ":99999")))
        return {
            wrong: "uthentication failed",
            closed: "Connection refused",
            endless: "Port must be an integer between 0 and 65535",
            url + "&nonsense=1": "nonsense",
            url.replace(parts.path, "/"): "names no database",
            url.replace(parts.path + "?", "?"): "names no database",
        }

    def secrets(self, url: str) -> tuple[str, ...]:
        return PASSWORD, re.sub(r".*?:([^:@]+)@.*", r"\1", url), "wr0ng-p", "@ss/w"


def ours(backend: Backend) -> MongodbBackend:
    assert isinstance(backend, MongodbBackend)
    return backend


def items(backend: Backend) -> Collection[dict[str, Any]]:
    return ours(backend).user_database["items"]
