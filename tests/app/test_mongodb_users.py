"""A collection of users on MongoDB: a validator, a unique index, and a name split in two, killed three times."""

from __future__ import annotations

import os
import signal
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError, WriteError

from tests.app.sandbox import Sandbox, until
from tests.app.test_lease import let_go, start_ready, stop_after_a_beat, write_waiting
from tests.servers.base import PASSWORD

USERS, BATCH = 10_000, 500

CREATE = """
from miger import Mongo

def up(db: Mongo) -> None:
    db.create_collection("users", validator={"$jsonSchema": {
        "bsonType": "object",
        "required": ["email"],
        "properties": {"email": {"bsonType": "string", "pattern": "@"}},
    }})
    db.create_index("users", "email", unique=True)

def verify(db: Mongo) -> bool:
    return db.indexes("users")["email_1"]["unique"]

def down(db: Mongo) -> None:
    db.drop_collection("users")
"""

SPLIT = """
from pymongo import UpdateOne
from miger import Mongo

def up(db: Mongo) -> None:
    for batch in db.batches("split", "users", size=500):
        changes = []
        for user in batch.find({"full_name": 1}):
            first, _, last = user["full_name"].partition(" ")
            changes.append(UpdateOne(
                {"_id": user["_id"]},
                {"$set": {"first_name": first, "last_name": last}, "$unset": {"full_name": ""}, "$inc": {"changed": 1}},
            ))
        batch.write(changes)

def verify(db: Mongo) -> bool:
    return db.users.count_documents({"full_name": {"$exists": True}}) == 0
"""


@pytest.fixture
def users(
    tmp_path: os.PathLike[str], mongodb_url: str, capsys: pytest.CaptureFixture[str]
) -> Iterator[tuple[Sandbox, Database[dict[str, Any]]]]:
    """A project whose first migration has made the collection, and the database from outside."""
    sandbox = Sandbox(os.path.join(tmp_path, "shop"), "mongodb", mongodb_url, capsys)
    sandbox.write("migrations/0001_users.py", CREATE)
    client: MongoClient[dict[str, Any]] = MongoClient(mongodb_url)
    with client:
        yield sandbox, client.get_default_database()


def test_a_users_collection_with_a_validator_and_a_unique_index(
    users: tuple[Sandbox, Database[dict[str, Any]]],
) -> None:
    sandbox, database = users
    told = sandbox.miger("up", "-v").err
    assert '1 db.createCollection("users", {"validator": ' in told
    assert '2 db.users.createIndex({"email": 1}, {"unique": true})' in told
    database.users.insert_one({"email": "ann@example.org"})
    with pytest.raises(DuplicateKeyError):
        database.users.insert_one({"email": "ann@example.org"})
    with pytest.raises(WriteError):
        database.users.insert_one({"email": "no address"})
    assert sandbox.miger("verify").code == 0
    sandbox.miger("down", "--yes")
    assert sandbox.tables() == set()


@pytest.mark.timeout(300)
def test_a_name_is_split_once_in_each_of_10_000_documents_though_killed_three_times(
    users: tuple[Sandbox, Database[dict[str, Any]]],
) -> None:
    sandbox, database = users
    sandbox.miger("up")
    documents = [
        {"_id": number, "email": f"{number}@example.org", "full_name": f"First{number} Last {number}"}
        for number in range(USERS)
    ]
    database.users.insert_many(documents)
    sandbox.python("0002_split", SPLIT, metadata="transaction = false")
    commands = [["up"], *[["repair", "0002", "--resume"]] * 2]
    for kill, command in enumerate(commands, 1):
        with sandbox.start("--json", *command) as process:
            process.event("progress", done=kill * 3000)
            process.signal(signal.SIGKILL)
            process.popen.wait()
        assert sandbox.states()["0002_split"] == "dirty"
        done = database.users.count_documents({"changed": 1})
        assert kill * 3000 <= done < USERS and done % BATCH == 0
    sandbox.miger("repair", "0002", "--resume")
    assert sandbox.states()["0002_split"] == "applied"
    assert database.users.count_documents({"changed": 1, "full_name": {"$exists": False}}) == USERS
    for number in (0, 1, BATCH - 1, BATCH, USERS - 1):
        user = database.users.find_one({"_id": number})
        assert user is not None
        assert (user["first_name"], user["last_name"]) == (f"First{number}", f"Last {number}")
    assert sandbox.history("0002_split") == ["started", "resumed", "resumed", "resumed", "applied"]


@pytest.mark.parametrize("option", ["", "-v", "--json", "--log-format=json", "-q"])
def test_a_wrong_password_is_never_shown(users: tuple[Sandbox, Database[dict[str, Any]]], option: str) -> None:
    sandbox, _ = users
    password = "p@ss:w/rd"
    quoted = urllib.parse.quote(password, safe="")
    sandbox.url = sandbox.url.replace(urllib.parse.quote(PASSWORD, safe=""), quoted)
    sandbox.configure()
    for command in (["up"], ["status"]):
        done = sandbox.run(*([option] if option else []), *command)
        assert done.code == 8, done.err
        for secret in (password, quoted):
            assert secret not in done.out + done.err
    assert quoted not in sandbox.miger("config", "show").out


@pytest.mark.parametrize("metadata", ["", "transaction = false"])
def test_a_connection_that_is_lost_in_mid_run_leaves_a_state_that_status_explains(
    tmp_path: os.PathLike[str], fragile_url: str, capsys: pytest.CaptureFixture[str], metadata: str
) -> None:
    sandbox = Sandbox(os.path.join(tmp_path, "shop"), "mongodb", fragile_url, capsys)
    sandbox.table("0002_first", "first")
    write_waiting(sandbox, "0003_waiting", metadata)
    fail = {"failCommands": ["insert"], "appName": "miger", "closeConnection": True}
    client: MongoClient[dict[str, Any]] = MongoClient(fragile_url)
    with client, start_ready(sandbox) as process:
        client.admin.command({"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": fail})
        try:
            let_go(sandbox)
            done = process.end()
        finally:
            client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
    assert done.code == 1, done.err
    assert PASSWORD not in done.out + done.err
    assert sandbox.states()["0003_waiting"] == ("dirty" if metadata else "pending")
    assert sandbox.history("0003_waiting")[-1] == "failed"
    assert ("`miger show 0003_waiting` tells" in sandbox.miger("status").out) is bool(metadata)
    sandbox.miger(*(["repair", "0003", "--resume"] if metadata else ["up"]))
    assert sorted(sandbox.rows("SELECT id FROM first")) == [(1,), (2,)]


def test_a_stopped_transaction_that_was_taken_over_is_undone(
    users: tuple[Sandbox, Database[dict[str, Any]]],
) -> None:
    sandbox, _ = users
    sandbox.configure('lease = "1s"')
    sandbox.table("0002_first", "first")
    write_waiting(sandbox, "0003_waiting")
    with start_ready(sandbox) as process:
        stop_after_a_beat(sandbox, process)
        until(lambda: sandbox.status()["lock"]["expired"], "the end of the lease")
        let_go(sandbox)
        sandbox.miger("up")
        before = sandbox.history()
        process.signal(signal.SIGCONT)
        done = process.end()
    assert done.code == 5, done.err
    assert sandbox.history() == before
    assert sorted(sandbox.rows("SELECT id FROM first")) == [(1,), (2,)]


def test_unlock_ends_a_transaction_of_the_former_run(users: tuple[Sandbox, Database[dict[str, Any]]]) -> None:
    sandbox, _ = users
    sandbox.table("0002_first", "first")
    write_waiting(sandbox, "0003_waiting")
    with start_ready(sandbox) as process:
        assert sandbox.miger("--json", "unlock", "--yes").document == {"freed": process.events[0]["run"]}
        sandbox.rows("DROP TABLE first")  # would wait for the open transaction
        let_go(sandbox)
        assert process.end().code == 5
    assert sandbox.states()["0003_waiting"] == "pending"


def test_a_new_migration_is_python_for_mongodb_and_runs_as_it_is(
    users: tuple[Sandbox, Database[dict[str, Any]]],
) -> None:
    sandbox, _ = users
    assert "runs no SQL" in sandbox.miger("create", "add_email", "--sql", code=2).err
    path = sandbox.miger("create", "add_email").out.strip()
    assert path.endswith("_add_email.py")
    with open(path) as file:
        assert "from miger import Mongo" in file.read()
    sandbox.miger("up")
    sandbox.miger("down", "--yes")
