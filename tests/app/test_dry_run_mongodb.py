"""Dry runs on MongoDB from the command line: what `test_dry_run.py` tests with SQL."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from miger.engine.scratch import PREFIX

from tests.app.sandbox import Sandbox

pytestmark = pytest.mark.parametrize("backend_name", ["mongodb"])

EMAILS = """
def up(db):
    for batch in db.batches("emails", "users", size=10, filter={"email": None}):
        batch.update([{"$set": {"email": "$name"}}])

def verify(db):
    return db.users.count_documents({"email": None}) == 0

def down(db):
    db.users.update_many({}, {"$unset": {"email": ""}})
"""
MORE = """
def up(db):
    db.create_collection("more", validator={"n": {"$gt": 0}})
    db.create_index("more", [("n", 1)], unique=True)

def down(db):
    db.drop_collection("more")
"""
SLOW = """
import time

def up(db):
    with db.step("slow"):
        db.users.delete_many({})
        open(GO, "w").close()
        time.sleep(60)
"""


@pytest.fixture
def project(sandbox: Sandbox) -> Sandbox:
    """A collection with documents, and two migrations pending."""
    documents = "[{'_id': n, 'name': f'n{n}'} for n in range(30)]"
    sandbox.python("0001_users", f"def up(db):\n    db.users.insert_many({documents})\n")
    sandbox.miger("up")
    sandbox.python("0002_email", EMAILS)
    sandbox.python("0003_more", MORE)
    return sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[MongoClient[dict[str, Any]]]:
    """The server, seen from outside."""
    made: MongoClient[dict[str, Any]] = MongoClient(sandbox.url)
    with made:
        yield made


def scratches(client: MongoClient[dict[str, Any]]) -> set[str]:
    return {name for name in client.list_database_names() if name.startswith(PREFIX)}


def test_the_text_tells_each_change_of_the_schema_and_that_it_works_both_ways(project: Sandbox) -> None:
    before = project.dump()
    out = project.miger("up", "--dry-run").out
    assert project.dump() == before
    lines = out.splitlines()
    assert lines[0].startswith("✓ up 0002_email  (in one transaction, ")
    assert [line for line in lines if 'db.createCollection("more", {"validator": {"n": {"$gt": 0}}})' in line]
    assert [line for line in lines if "collection more: added" in line]
    assert [line for line in lines if "on a copy with up to 1000 documents of each collection" in line]
    assert [line for line in lines if "documents of users: 30 changed" in line]
    assert [line for line in lines if "`down` works, and the schema is as before" in line]
    assert "2 migrations would succeed; nothing of it stays" in lines[-1]
    assert project.states() == {"0001_users": "applied", "0002_email": "pending", "0003_more": "pending"}
    assert {entry.split()[1] for entry in project.history()} == {"0001_users"}


def test_down_can_be_tried_too(project: Sandbox) -> None:
    project.miger("up")
    before = project.dump()
    document = project.miger("down", "--dry-run", "--json").document
    assert (document["mode"], document["direction"], document["ok"]) == ("rehearse", "down", True)
    assert [(change["object"], change["change"]) for change in document["schema"]] == [("collection more", "removed")]
    assert project.dump() == before
    assert project.states()["0003_more"] == "applied"


def test_the_script_is_one_for_the_shell_in_which_nothing_is_cut_off(project: Sandbox) -> None:
    long = "x" * 900
    insert = f"db.users.insert_one({{'_id': 99, 'long': {long!r}}})"
    project.python("0004_long", f"def up(db):\n    {insert}\n    db.nowhere.find_one()\n")
    more = "db.a.update_one({'_id': ObjectId('0' * 24)}, {'$set': {'b.$[c]': 1}}, array_filters=[{'c': 1}])"
    project.python("0005_more", f"from bson import ObjectId\n\ndef up(db):\n    {more}\n")
    file = project.path("script.js")
    project.miger("up", "--dry-run=sql", "--save", file)
    with open(file, encoding="utf-8") as script:
        text = script.read()
    assert project.miger("plan", "--sql").out == text
    code = [line for line in text.splitlines() if line and not line.startswith("// ")]
    assert code == [
        'db.users.updateMany({"email": null}, [{"$set": {"email": "$name"}}]);',
        'db.createCollection("more", {"validator": {"n": {"$gt": 0}}});',
        'db.more.createIndex({"n": 1}, {"unique": true});',
        f'db.users.insertOne({{"_id": 99, "long": "{long}"}});',
        'db.a.updateOne(EJSON.deserialize({"_id": {"$oid": "000000000000000000000000"}}), {"$set": {"b.$[c]": 1}}, '
        '{"arrayFilters": [{"c": 1}]});',
    ]
    assert "// 0002_email (up)\n// in one transaction, when Miger runs it\n" in text
    assert "// INCOMPLETE: from here on it needs the database: it asks nowhere for find_one\n" in text


def test_a_killed_dry_run_leaves_nothing_but_what_the_next_one_removes(
    project: Sandbox, client: MongoClient[dict[str, Any]]
) -> None:
    go = project.path("go")
    os.unlink(project.path("migrations", "0003_more.py"))
    project.python("0003_slow", f"GO = {go!r}\n{SLOW}", metadata="transaction = false")
    before = project.dump()
    with project.start("up", "--dry-run=rehearse") as process:
        while not os.path.exists(go):
            assert process.popen.poll() is None
        left = {name for name in scratches(client) if f"_{process.popen.pid}_" in name}
        process.signal(signal.SIGKILL)  # in the middle of a transaction
        process.popen.wait()
    assert left
    assert project.dump() == before
    os.unlink(project.path("migrations", "0003_slow.py"))
    project.miger("up", "--dry-run=rehearse")
    assert not left & scratches(client)
    assert project.dump() == before
    assert {entry.split()[1] for entry in project.history()} == {"0001_users"}


def test_a_transaction_of_somebody_else_is_not_waited_for_and_not_disturbed(
    project: Sandbox, client: MongoClient[dict[str, Any]]
) -> None:
    users = client.get_default_database().users
    with client.start_session() as other:
        other.start_transaction()
        users.update_many({}, {"$set": {"email": "uncommitted"}}, session=other)
        document = project.miger("up", "--dry-run", "--json").document
        assert (document["mode"], document["ok"]) == ("rehearse", True)
        assert "documents of users: 30 changed" in document["notes"]
        other.commit_transaction()
    assert users.count_documents({"email": "uncommitted"}) == 30


def test_a_read_only_environment_can_only_be_listed(project: Sandbox, client: MongoClient[dict[str, Any]]) -> None:
    project.configure("read_only = true")
    assert "read-only" in project.miger("up", "--dry-run=rehearse", code=7).err
    document = project.miger("up", "--dry-run", "--json").document
    assert (document["mode"], document["ok"], document["schema"]) == ("sql", True, None)
    assert document["notes"][0].startswith("not by rehearse: environment dev is read-only")
    assert not [name for name in scratches(client) if f"_{os.getpid()}_" in name]


def test_there_is_no_dry_run_by_rollback(project: Sandbox) -> None:
    assert "mongodb has no dry run by rollback" in project.miger("up", "--dry-run=rollback", code=2).err
