"""Scratch copies on MongoDB: what they hold, what they leave alone, and who may make one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import pytest
from bson import ObjectId
from pymongo import MongoClient
from pymongo.database import Database

from miger.backends.mongodb_copy import _Copying
from miger.backends.mongodb_guard import reaches_out
from miger.backends.mongodb_scratch import ScratchMongodb
from miger.backends.registry import backend_for
from miger.engine.environments import Environment
from miger.engine.errors import MigerError, RefusedError, StatementError
from miger.engine.owner import this_process
from miger.engine.scratch import PREFIX, is_left_over, new_scratch_name
from miger.engine.secrets import Secret

from tests.backends.shop import Shop
from tests.servers.base import PASSWORD

Document = dict[str, Any]
OWNER = this_process("test")


@pytest.fixture
def database(mongodb_url: str) -> Iterator[Database[Document]]:
    """The database, for looking at it from outside."""
    client: MongoClient[Document] = MongoClient(mongodb_url)
    with client:
        yield client.get_default_database()


@pytest.fixture
def shop(tmp_path: Path, mongodb_url: str) -> Shop:
    return Shop(tmp_path, mongodb_url)


@contextmanager
def scratch(url: str, most: int = 1000, owner: Any = OWNER, **settings: Any) -> Iterator[ScratchMongodb]:
    backend = backend_for(Environment("test", Secret(url))._replace(**settings), "miger_")
    try:
        with backend.scratch(owner, most) as copy:
            assert isinstance(copy, ScratchMongodb)
            yield copy
    finally:
        backend.close()


def scratches(database: Database[Document]) -> list[str]:
    return [name for name in database.client.list_database_names() if name.startswith(PREFIX)]


def ours(database: Database[Document]) -> list[str]:
    return [name for name in scratches(database) if f"_{os.getpid()}_" in name]


def fill(database: Database[Document]) -> None:
    rules = {"$jsonSchema": {"required": ["email"]}}
    users = database.create_collection("users", validator=rules, validationLevel="moderate", validationAction="error")
    users.create_index([("email", 1)], unique=True, name="mail")
    users.create_index([("city", 1), ("n", -1)], partialFilterExpression={"n": {"$gt": 3}})
    users.create_index("seen", expireAfterSeconds=10**9, sparse=True)
    users.insert_many([{"_id": n, "email": f"{n}@b", "n": n, "seen": None} for n in range(25)])
    users.insert_one({"_id": "broken"}, bypass_document_validation=True)
    database.create_collection("events", capped=True, size=4096, max=9).insert_many([{"_id": n} for n in range(12)])
    database.create_collection("words", collation={"locale": "en", "strength": 2}).insert_one({"_id": ObjectId()})
    database.create_collection("clustered", clusteredIndex={"key": {"_id": 1}, "unique": True})
    database.create_collection("measured", timeseries={"timeField": "at", "metaField": "where"})
    database.create_collection("odd name-ü").create_index("a.b")
    database.create_collection("miger_lock").insert_one({"_id": "lease", "run": "", "token": 3, "format": 1})
    database.create_collection("z", viewOn="a", pipeline=[{"$match": {"n": {"$gt": 3}}}])
    database.create_collection("a", viewOn="m", pipeline=[{"$project": {"n": 1}}])
    database.create_collection("m", viewOn="users", pipeline=[], collation={"locale": "de"})


def documents(database: Database[Document], *names: str) -> dict[str, list[Document]]:
    return {name: list(database[name].find()) for name in names}


# --- what is copied ------------------------------------------------------------------------------


def test_the_copy_has_options_indexes_views_and_documents_and_is_dropped(
    mongodb_url: str, database: Database[Document]
) -> None:
    fill(database)
    names = ("users", "events", "words", "clustered", "odd name-ü", "z")
    before = documents(database, *names, "miger_lock")
    backend = backend_for(Environment("test", Secret(mongodb_url)), "miger_")
    with scratch(mongodb_url) as copy:
        assert ours(database) == [copy.scratch_name]
        assert copy.caveats() == ("on a copy with up to 1000 documents of each collection",)
        assert copy.read_schema() == backend.read_schema()
        made = database.client[copy.scratch_name]
        assert documents(made, *names) == {name: before[name] for name in names}
        assert made.miger_lock.find_one({"_id": "lease"}, {"_id": 0, "token": 1}) == {"token": 0}
    backend.close()
    assert ours(database) == []
    assert documents(database, *names, "miger_lock") == before


def test_of_each_collection_so_many_documents_come_along(mongodb_url: str, database: Database[Document]) -> None:
    database.many.insert_many([{"_id": n} for n in range(230)])
    database.few.insert_many([{"_id": n} for n in range(3)])
    for most in (0, 7, 200):
        with scratch(mongodb_url, most) as copy:
            made = database.client[copy.scratch_name]
            counted = [made[name].count_documents({}) for name in ("many", "few")]
            assert counted == [most, min(most, 3)]


def test_an_empty_database_can_be_rehearsed_on_and_is_still_not_there(
    mongodb_url: str, database: Database[Document]
) -> None:
    with scratch(mongodb_url) as copy:
        assert copy.read_schema() == {}
    assert database.name not in database.client.list_database_names()


def test_a_copy_is_dropped_also_after_a_failure_in_an_open_transaction(
    mongodb_url: str, database: Database[Document]
) -> None:
    database.items.insert_one({"_id": 1})
    with pytest.raises(ZeroDivisionError), scratch(mongodb_url) as copy:
        copy.begin()
        copy.user_database["items"].insert_one({"_id": 2}, session=copy.session_of_run)
        raise ZeroDivisionError
    assert ours(database) == []


def test_what_a_killed_rehearsal_leaves_is_dropped_and_nothing_else(
    mongodb_url: str, database: Database[Document]
) -> None:
    gone = OWNER._replace(pid=2**22 + 17)
    dead, alive, far = (new_scratch_name(owner) for owner in (gone, OWNER, gone._replace(machine="far")))
    others = (alive, far, f"{PREFIX}mine")
    leaving = ScratchMongodb(Environment("test", Secret(mongodb_url)), "other_", dead)
    leaving.prepare()
    lease = leaving.acquire(gone, 60.0)
    assert not isinstance(lease, type(None)) and is_left_over(dead, OWNER)
    for name in others:
        database.client[name].items.insert_one({})
    try:
        leaving.begin()  # and never ends it
        leaving.user_database["items"].insert_one({}, session=leaving.session_of_run)
        with scratch(mongodb_url):
            assert dead not in scratches(database)
            assert {*others} <= {*scratches(database)}
    finally:
        leaving.close()
        for name in others:
            database.client.drop_database(name)


def test_a_server_without_transactions_can_be_rehearsed_on_too(tmp_path: Path, standalone_url: str) -> None:
    shop = Shop(tmp_path, standalone_url)
    shop.python("1_a", "def up(db):\n    db.items.insert_one({})\n\ndef down(db):\n    db.items.delete_many({})\n")
    with shop.project() as project:
        preview = project.preview(project.plan())
    assert (preview.mode, preview.ok) == ("rehearse", True)
    assert preview.notes[1:3] == (
        "documents of items: 1 added",
        "`down` works, but leaves another schema: collection items added",
    )


# --- who may -------------------------------------------------------------------------------------


@contextmanager
def account(database: Database[Document], url: str, *roles: Document) -> Iterator[str]:
    """The URL of a user with these roles."""
    name = f"guest_{database.name}"
    database.client.admin.command("createUser", name, pwd=PASSWORD, roles=list(roles))
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    try:
        yield urlunsplit(parts._replace(netloc=f"{name}:{quote(PASSWORD, safe='')}@{place}"))
    finally:
        database.client.admin.command("dropUser", name)


def test_a_user_of_one_database_is_told_which_rights_a_copy_needs(
    mongodb_url: str, database: Database[Document]
) -> None:
    database.items.insert_one({"_id": 1})
    roles = [{"role": role, "db": database.name} for role in ("readWrite", "dbAdmin")]
    refused = pytest.raises(RefusedError, match="may not make")
    with account(database, mongodb_url, *roles) as url, refused as caught, scratch(url):
        pass
    assert "readWriteAnyDatabase" in caught.value.hint
    assert ours(database) == []


def test_who_may_write_to_any_database_but_drop_none_leaves_none(
    mongodb_url: str, database: Database[Document]
) -> None:
    database.items.insert_one({"_id": 1})
    everywhere = {"role": "readWriteAnyDatabase", "db": "admin"}
    with account(database, mongodb_url, everywhere) as url, scratch(url) as copy:
        assert database.client[copy.scratch_name].items.count_documents({}) == 1
    assert ours(database) == []


def test_nothing_is_made_where_the_environment_is_read_only(mongodb_url: str, database: Database[Document]) -> None:
    with pytest.raises(RefusedError, match="read-only"), scratch(mongodb_url, read_only=True):
        pass
    assert ours(database) == []


# --- reaching out --------------------------------------------------------------------------------

OUTSIDE = [
    "other.items.insert_one({})",
    "other.items.insert_many([{}, {}])",
    "other.items.bulk_write([pymongo.InsertOne({}), pymongo.DeleteMany({})], ordered=False)",
    "other.items.update_many({}, {'$set': {'a': 1}})",
    "other.items.drop()",
    "other.create_collection('made')",
    "list(other.items.find())",
    "client.drop_database(OTHER)",
    "pymongo.database.Database(client, OTHER).items.delete_many({})",
    "list(db.items.aggregate([{'$out': {'db': OTHER, 'coll': 'items'}}]))",
    "list(db.items.aggregate([{'$merge': {'into': {'db': OTHER, 'coll': 'items'}}}]))",
    "client.admin.command('renameCollection', db.database.name + '.items', to=OTHER + '.made')",
    "client.admin.command('setParameter', 1, notablescan=1)",
    "db.database.command('createUser', 'x', pwd='x', roles=[])",
]


@pytest.mark.parametrize("line", OUTSIDE)
def test_a_migration_does_not_get_out_of_the_copy(shop: Shop, database: Database[Document], line: str) -> None:
    other = database.client[f"{database.name}_other"]
    other.items.insert_one({"_id": 1})
    database.items.insert_one({"_id": 1})
    text = f"import pymongo, pymongo.database\nOTHER = {other.name!r}\n\ndef up(db):\n    client = db.database.client\n"
    text += f"    other = client[OTHER]\n    try:\n        {line}\n    except Exception:\n        pass\n"
    shop.python("1_a", text, transaction=False)
    try:
        with shop.project() as project, pytest.raises(RefusedError, match="reaches beyond the copy"):
            project.preview(project.plan(), "rehearse")
        with shop.project() as project:
            preview = project.preview(project.plan())
        assert preview.mode == "sql" and preview.notes[0].startswith("not by rehearse: a migration reaches beyond")
        assert documents(other, *other.list_collection_names()) == {"items": [{"_id": 1}]}
        assert ours(database) == []
    finally:
        database.client.drop_database(other.name)


def test_what_stays_inside_goes_through(shop: Shop, database: Database[Document]) -> None:
    database.items.insert_one({"_id": 1})
    lines = [
        "client = db.database.client",
        "assert client.admin.command('ping')['ok']",
        "client[db.database.name].items.insert_one({'_id': 2})",
        "list(db.items.aggregate([{'$out': {'db': db.database.name, 'coll': 'more'}}]))",
        "db.items.rename('things')",
        "assert db.things.count_documents({}) == db.more.count_documents({}) == 2",
    ]
    shop.python("1_a", "def up(db):\n" + "".join(f"    {line}\n" for line in lines), transaction=False)
    with shop.project() as project:
        preview = project.preview(project.plan(), "rehearse")
    assert preview.ok, preview.failure
    assert [change.object for change in preview.changes or ()] == [
        "collection items",
        "collection more",
        "collection things",
    ]


def test_a_bare_except_does_not_hide_that_a_migration_reached_out(shop: Shop, database: Database[Document]) -> None:
    body = "try:\n        db.database.client['elsewhere'].a.insert_one({})\n    except:\n        pass\n"
    for transaction in (True, False):
        shop.python("1_a", f"def up(db):\n    {body}", transaction=transaction)
        with shop.project() as project, pytest.raises(RefusedError, match="database elsewhere: insert"):
            project.preview(project.plan(), "rehearse")
    assert "elsewhere" not in database.client.list_database_names()


@pytest.mark.parametrize(
    ("name", "at", "command", "outside"),
    [
        ("find", "own", {}, ""),
        ("find", "shop", {}, "database shop"),
        ("dropDatabase", "own", {}, ""),
        ("grantRolesToUser", "own", {}, "the server's users"),
        ("createRole", "admin", {}, "the server's users"),
        ("dropAllUsersFromDatabase", "own", {}, "the server's users"),
        ("usersInfo", "own", {}, ""),
        ("saslStart", "shop", {}, ""),
        ("shutdown", "admin", {}, "the server"),
        ("killAllSessions", "admin", {}, "the server"),
        ("aggregate", "admin", {"pipeline": [{"$currentOp": {}}]}, ""),
        ("aggregate", "admin", {"pipeline": [{"$match": {}}]}, "the server"),
        ("aggregate", "own", {"pipeline": [{"$out": "a"}]}, ""),
        ("aggregate", "own", {"pipeline": [{"$merge": "a"}]}, ""),
        ("aggregate", "own", {"pipeline": [{"$merge": {"into": "a"}}]}, ""),
        ("aggregate", "own", {"pipeline": [{"$merge": {"into": {"db": "b", "coll": "c"}}}]}, "database b"),
        ("mapReduce", "own", {"out": {"merge": "a", "db": "b"}}, "database b"),
        ("renameCollection", "admin", {"renameCollection": "own.a", "to": "own.b"}, ""),
        ("renameCollection", "admin", {"renameCollection": "own.a", "to": "b.a"}, "the server"),
        ("bulkWrite", "admin", {"nsInfo": [{"ns": "own.a"}]}, ""),
        ("bulkWrite", "admin", {"nsInfo": [{"ns": "own.a"}, {"ns": "b.a"}]}, "the server"),
    ],
)
def test_what_reaches_beyond_a_database(name: str, at: str, command: Document, outside: str) -> None:
    assert reaches_out(name, at, command, "own") == outside


# --- what goes wrong -----------------------------------------------------------------------------


@contextmanager
def failing(client: MongoClient[Document], *commands: str, times: int = 1) -> Iterator[None]:
    """Lets the server refuse commands of Miger."""
    data = {"failCommands": list(commands), "appName": "miger", "errorCode": 96}
    client.admin.command({"configureFailPoint": "failCommand", "mode": {"times": times}, "data": data})
    try:
        yield
    finally:
        client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})


def test_what_cannot_be_copied_is_told(fragile_url: str) -> None:
    client: MongoClient[Document] = MongoClient(fragile_url)
    with client:
        database = client.get_default_database()
        database.a.insert_one({"_id": 1})
        database.b.insert_one({"_id": 1})
        with failing(client, "insert"), scratch(fragile_url) as copy:
            made = client[copy.scratch_name]
            assert (made.a.count_documents({}), made.b.count_documents({})) == (0, 1)
            [_, reason] = copy.caveats()
            assert reason.startswith("not copied: documents of a: ") and "96" in reason
        assert ours(database) == []
        database.create_collection("seen", viewOn="a", pipeline=[])
        with failing(client, "create", times=50), pytest.raises(MigerError), scratch(fragile_url):
            pass
        assert ours(database) == []


def test_a_copy_that_cannot_be_dropped_is_named(fragile_url: str) -> None:
    client: MongoClient[Document] = MongoClient(fragile_url)
    with client:
        database = client.get_default_database()
        database.a.insert_one({"_id": 1})
        refused = pytest.raises(StatementError, match="could not be dropped")
        with failing(client, "dropDatabase"), refused, scratch(fragile_url) as copy:
            pass
        assert ours(database) == [copy.scratch_name]
        client.drop_database(copy.scratch_name)


def test_views_are_made_in_an_order_that_works_and_those_that_cannot_be_are_told(
    mongodb_url: str, database: Database[Document], monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(database)
    made: list[str] = []
    create = _Copying._create

    def strictly(copying: _Copying, item: Document) -> None:
        """As a server would that wants to know what a view looks at."""
        if item["type"] == "view" and item["options"]["viewOn"] not in made:
            raise StatementError(f"no {item['options']['viewOn']}")
        made.append(item["name"])
        create(copying, item)

    monkeypatch.setattr(_Copying, "_create", strictly)
    database.create_collection("on_nothing", viewOn="nothing", pipeline=[])
    with scratch(mongodb_url) as copy:
        assert made[-3:] == ["m", "a", "z"]
        assert copy.caveats()[1:] == (
            "the copy is not quite the original: view on_nothing",
            "not copied: view on_nothing: no nothing",
        )
