"""The server with MongoDB's protocol that the other tests stand on."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from pymongo import IndexModel
from pymongo.database import Database
from pymongo.errors import CollectionInvalid, DuplicateKeyError, OperationFailure, WriteError

from tests.servers import mongodb

Documents = Database[dict[str, Any]]


@pytest.fixture
def database(mongodb_url: str) -> Iterator[Documents]:
    with mongodb.connect(mongodb_url) as client:
        yield client.get_default_database()


def test_the_server_says_its_version_and_whether_it_is_mongod(mongodb_admin_url: str) -> None:
    version = mongodb.server_version(mongodb_admin_url)
    assert version[0].isdigit()
    assert mongodb.is_mongod(mongodb_admin_url) == ("SecantusDB" not in version)


@pytest.mark.mongod_only("SecantusDB would say so")
def test_what_needs_mongod_runs_on_nothing_else(mongodb_url: str) -> None:
    assert mongodb.is_mongod(mongodb_url)


@pytest.mark.parametrize("_again", [1, 2])
def test_each_test_gets_an_empty_database(database: Documents, _again: int) -> None:
    assert database.list_collection_names() == []
    database.t.insert_one({"_id": 1})


def test_two_databases_do_not_see_each_other(
    database: Documents, mongodb_admin: mongodb.Administrator, mongodb_url: str
) -> None:
    name = f"miger_test_second_{os.getpid()}"
    database.t.insert_one({"_id": 1})
    with mongodb.connect(mongodb.with_database(mongodb_url, name)) as client:
        second = client.get_default_database()
        second.other.insert_one({"_id": 2})
        assert second.list_collection_names() == ["other"]
        mongodb_admin.drop_database(name)
        assert name not in client.list_database_names()
    assert list(database.t.find()) == [{"_id": 1}]


def test_what_is_inserted_is_found(database: Documents) -> None:
    database.t.insert_many([{"_id": number, "even": number % 2 == 0} for number in range(10)])
    assert [row["_id"] for row in database.t.find({"even": True}).sort("_id")] == [0, 2, 4, 6, 8]


def test_a_transaction_is_kept_or_undone_as_a_whole(database: Documents) -> None:
    database.create_collection("t")
    with database.client.start_session() as session:
        with session.start_transaction():
            database.t.insert_one({"_id": 1}, session=session)
            assert database.t.find_one(1) is None
        with session.start_transaction():
            database.t.insert_one({"_id": 2}, session=session)
            session.abort_transaction()
    assert list(database.t.find()) == [{"_id": 1}]


def test_a_unique_index_refuses_a_second(database: Documents) -> None:
    database.t.create_index("name", unique=True)
    database.t.insert_one({"name": "a"})
    with pytest.raises(DuplicateKeyError) as caught:
        database.t.insert_one({"name": "a"})
    assert caught.value.code == 11000


def test_a_validator_refuses_what_does_not_fit(database: Documents) -> None:
    database.create_collection("t", validator={"$jsonSchema": {"required": ["name"]}})
    with pytest.raises(WriteError, match="failed validation"):
        database.t.insert_one({})
    with pytest.raises(CollectionInvalid):
        database.create_collection("t")


def test_indexes_are_made_over_documents_that_are_there(database: Documents) -> None:
    database.t.insert_many([{"number": number, "name": f"n{number}"} for number in range(10)])
    made = database.t.create_indexes([IndexModel("number", unique=True), IndexModel([("name", 1), ("number", -1)])])
    assert sorted(database.t.index_information()) == sorted(["_id_", *made])


def test_a_wrong_password_is_refused(mongodb_url: str) -> None:
    parts = urlsplit(mongodb_url)
    if not parts.password:
        pytest.skip("the server asks for none")
    wrong = parts._replace(netloc=parts.netloc.replace(parts.password, "wrong")).geturl()
    with mongodb.connect(wrong) as client, pytest.raises(OperationFailure, match=r"(?i)authentication failed"):
        client.get_default_database().t.find_one()


def test_nobody_gets_in_without_a_password(mongodb_url: str) -> None:
    parts = urlsplit(mongodb_url)
    if not parts.password:
        pytest.skip("the server asks for none")
    anonymous = f"mongodb://{parts.hostname}:{parts.port}/?directConnection=true"
    with mongodb.connect(anonymous) as client, pytest.raises(OperationFailure, match="requires authentication"):
        client.x.t.find_one()


def test_a_database_is_dropped_under_an_open_transaction(fragile_url: str) -> None:
    """On a server of its own: SecantusDB stands still until the transaction is ended, for whoever else works on it."""
    with (
        contextlib.closing(mongodb.Administrator(fragile_url)) as administrator,
        mongodb.connect(fragile_url) as client,
        client.start_session() as session,
    ):
        database = client.get_default_database()
        database.t.insert_one({"_id": 1})
        session.start_transaction()
        database.t.update_one({"_id": 1}, {"$set": {"changed": True}}, session=session)
        administrator.drop_database(database.name)
        assert database.name not in client.list_database_names()
