"""MongoDB: transactions, checkpoints, the `Mongo` session, and what the catalog tells after a crash."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from bson import Binary, Int64, ObjectId
from pymongo import MongoClient
from pymongo.database import Database

from miger import Project
from miger.backends.mongodb import MongodbBackend
from miger.backends.mongodb_catalog import SchemaStatement
from miger.backends.mongodb_session import _bounds, _kind
from miger.backends.registry import backend_for
from miger.engine.environments import Environment
from miger.engine.errors import (
    BadMigrations,
    LeaseLost,
    MigerError,
    RefusedError,
    StatementError,
    StepFailed,
    UnreachableError,
)
from miger.engine.events import Event, LogLine, StatementFinished
from miger.engine.preview.recording import record_function
from miger.engine.secrets import Secret
from miger.engine.state import APPLYING, Checkpoint, Lease, Snapshot
from miger.engine.step_work import statement_hash
from miger.testing.contract import entry, owner, row, take_away

from tests.backends.shop import Shop

Document = dict[str, Any]
MODES = pytest.mark.parametrize("transaction", [True, False])
USERS = """
db.create_collection("users", validator={"$jsonSchema": {"required": ["email"]}})
db.create_index("users", "email", unique=True)
"""


@pytest.fixture
def shop(tmp_path: Path, mongodb_url: str) -> Shop:
    return Shop(tmp_path, mongodb_url)


@pytest.fixture
def database(mongodb_url: str) -> Iterator[Database[Document]]:
    """The database, for looking at it from outside."""
    client: MongoClient[Document] = MongoClient(mongodb_url)
    with client:
        yield client.get_default_database()


@pytest.fixture
def fragile(fragile_url: str, tmp_path: Path) -> Iterator[tuple[Shop, Database[Document]]]:
    """A project on a server whose commands may be made to fail, and its database."""
    client: MongoClient[Document] = MongoClient(fragile_url)
    with client:
        yield Shop(tmp_path, fragile_url), client.get_default_database()


@pytest.fixture
def backend(mongodb_url: str) -> Iterator[MongodbBackend]:
    made = opened(mongodb_url)
    made.prepare()
    yield made
    made.close()


def opened(url: str, **settings: Any) -> MongodbBackend:
    environment = Environment(name="dev", url=Secret(url), lock_timeout=2.0)._replace(**settings)
    backend = backend_for(environment, "miger_")
    backend.open()
    assert isinstance(backend, MongodbBackend)
    return backend


def write(shop: Shop, body: str, *, id: str = "2_b", transaction: bool = True, more: str = "") -> None:
    """Writes a migration whose `up` has this body."""
    text = "import os\nfrom miger import Mongo\n\ndef up(db: Mongo) -> None:\n"
    text += "".join(f"    {line}\n" if line else "\n" for line in dedent(body).strip("\n").split("\n"))
    shop.python(id, text + dedent(more), transaction=transaction)


def migrate(shop: Shop, body: str, **options: Any) -> None:
    write(shop, body, **options)
    shop.up()


def stop_unless(flag: Path) -> str:
    return f"if not os.path.exists({str(flag)!r}): raise RuntimeError('stopped here')"


def ids(database: Database[Document], name: str = "items") -> list[Any]:
    return [document["_id"] for document in database[name].find(sort=[("_id", 1)])]


# --- transactions --------------------------------------------------------------------------------


def test_a_migration_of_data_is_one_transaction_with_its_verify_and_record(
    shop: Shop, database: Database[Document]
) -> None:
    body = "db.items.insert_one({'_id': 1})\ndb['items'].insert_one({'_id': 2})\n"
    write(shop, f"{body}raise ValueError('no')")
    with pytest.raises(StepFailed, match="ValueError: no") as caught:
        shop.up()
    assert not caught.value.dirty and ids(database) == []
    assert shop.happenings() == [("2_b", "failed")]
    write(shop, body, more="def verify(db):\n    return db.items.count_documents({}) == 7\n")
    with pytest.raises(StepFailed, match="it returned False"):
        shop.up()
    assert (shop.state("2_b"), ids(database)) == ("pending", [])
    migrate(
        shop,
        body,
        more="def verify(db):\n    return db.items.count_documents({}) == 2\n"
        "def down(db):\n    db.items.delete_many({})\n",
    )
    assert (shop.state("2_b"), ids(database)) == ("applied", [1, 2])
    assert shop.down() == ("2_b",)
    assert ids(database) == []
    assert [event for _, event in shop.happenings()] == ["failed", "failed", "applied", "reverted"]


def test_verify_changes_nothing(shop: Shop, database: Database[Document]) -> None:
    migrate(
        shop,
        "db.items.insert_one({'_id': 1})",
        transaction=False,
        more="def verify(db):\n    db.items.delete_many({})\n",
    )
    with shop.project() as project:
        assert project.verify().ok
    assert ids(database) == [1]


def test_an_observer_may_look_at_the_project_while_a_session_is_bound(shop: Shop, database: Database[Document]) -> None:
    write(shop, "db.items.insert_one({'_id': 1})\ndb.log('look')")
    seen = []
    with shop.project() as project:
        project.up(on_event=lambda event: seen.append(shop.state("2_b")) if isinstance(event, LogLine) else None)
    assert seen == ["pending"]
    assert ids(database) == [1]


def test_a_conflict_with_another_transaction_is_tried_again(shop: Shop, database: Database[Document]) -> None:
    database.items.insert_one({"_id": 1, "n": 0})
    write(shop, "db.items.update_one({'_id': 1}, {'$inc': {'n': 1}})")
    with database.client.start_session() as other:
        other.start_transaction()
        database.items.update_one({"_id": 1}, {"$inc": {"n": 10}}, session=other)

        def let_go(event: Event) -> None:
            if isinstance(event, LogLine) and "try 2 of 4" in event.message:
                other.commit_transaction()

        with shop.project() as project:
            assert project.up(on_event=let_go).finished == ("2_b",)
    assert database.items.find_one() == {"_id": 1, "n": 11}


def test_an_error_that_the_migration_swallows_does_not_pass_for_success(
    shop: Shop, database: Database[Document]
) -> None:
    database.items.insert_one({"_id": 1})
    write(
        shop,
        """
        try:
            db.items.insert_one({"_id": 1})
        except Exception:
            db.log("swallowed")
        """,
    )
    with pytest.raises(MigerError, match="251"):
        shop.up()
    assert shop.log == ["swallowed"] and shop.state("2_b") == "pending"


def test_what_the_server_refuses_is_told_with_its_code_and_details(shop: Shop, database: Database[Document]) -> None:
    migrate(shop, USERS, id="1_a")
    write(shop, "db.users.insert_one({'email': 'a@b'})\ndb.users.insert_one({'name': 'no email'})")
    with pytest.raises(StepFailed, match=r"failed validation.*email.*\(121\)") as caught:
        shop.up()
    assert caught.value.line == 6 and "full error" not in caught.value.message
    write(shop, "db.users.insert_many([{'email': 'a@b'}, {'email': 'a@b'}])")
    with pytest.raises(StepFailed, match=r"duplicate key.*\(11000\)"):
        shop.up()
    assert ids(database, "users") == []


def test_a_commit_that_never_arrived_leaves_nothing(
    fragile: tuple[Shop, Database[Document]],
) -> None:
    shop, database = fragile
    migrate(shop, "db.items.insert_one({'_id': 0})", id="1_a")
    write(shop, "db.items.insert_one({'_id': 1})")
    with failing(database, "commitTransaction", times=2, closeConnection=True), pytest.raises(MigerError):
        shop.up()
    assert (shop.state("2_b"), ids(database)) == ("pending", [0])
    shop.up()
    assert (shop.state("2_b"), ids(database)) == ("applied", [0, 1])


def test_a_commit_that_arrived_though_its_answer_was_no_is_settled_by_the_record(
    fragile: tuple[Shop, Database[Document]],
) -> None:
    shop, database = fragile
    migrate(shop, "db.items.insert_one({'_id': 0})", id="1_a")
    write(shop, "db.items.insert_one({'_id': 1})")
    late = {"code": 64, "errmsg": "waiting for replication timed out", "errInfo": {"wtimeout": True}}
    with failing(database, "commitTransaction", times=2, writeConcernError=late):
        assert shop.up() == ("2_b",)
    assert (shop.state("2_b"), ids(database)) == ("applied", [0, 1])
    assert [event for id, event in shop.happenings() if id == "2_b"] == ["applied"]


def test_a_connection_that_is_lost_fails_the_step_and_leaves_nothing(
    fragile: tuple[Shop, Database[Document]],
) -> None:
    shop, database = fragile
    migrate(shop, "db.items.insert_one({'_id': 0})", id="1_a")
    for transaction in (True, False):
        write(
            shop,
            "with db.step('fill'):\n    db.items.insert_one({'_id': 1})\n    db.items.delete_one({'_id': 7})",
            transaction=transaction,
        )
        with failing(database, "delete", times=2, closeConnection=True), pytest.raises(StepFailed):
            shop.up()
        assert ids(database) == [0]
        assert shop.state("2_b") == ("pending" if transaction else "dirty")
        assert shop.happenings()[-1] == ("2_b", "failed")
    shop.repair("2_b")
    assert ids(database) == [0, 1]


@contextlib.contextmanager
def failing(database: Database[Document], command: str, *, times: int, **how: Any) -> Iterator[None]:
    """Makes the server fail a command of Miger's a few times."""
    admin, data = database.client.admin, {"failCommands": [command], "appName": "miger", **how}
    admin.command({"configureFailPoint": "failCommand", "mode": {"times": times}, "data": data})
    try:
        yield
    finally:
        admin.command({"configureFailPoint": "failCommand", "mode": "off"})


# --- changes of the schema -----------------------------------------------------------------------


def test_the_helpers_are_numbered_statements_and_each_is_ticked_off(
    shop: Shop, database: Database[Document], tmp_path: Path
) -> None:
    flag = tmp_path / "go"
    body = f"""{USERS}
        {stop_unless(flag)}
        db.create_indexes("users", [IndexModel([("a", 1), ("b", -1)]), IndexModel("c", sparse=True)])
        db.set_validator("users", {{"email": {{"$type": "string"}}}}, level="moderate")
        db.create_view("emails", "users", [{{"$project": {{"email": 1}}}}])
        db.drop_index("users", "c_1")
        db.rename_collection("users", "people")
        db.create_collection("my things")
        db.drop_collection("my things")
        """
    body = "from pymongo import IndexModel\n" + dedent(body).replace("\n        ", "\n")
    write(shop, body)
    with pytest.raises(StepFailed, match="stopped here") as caught:
        shop.up()
    assert caught.value.dirty
    assert shop.ran == [
        'db.createCollection("users", {"validator": {"$jsonSchema": {"required": ["email"]}}})',
        'db.users.createIndex({"email": 1}, {"unique": true})',
    ]
    with shop.project() as project:
        assert sorted(project.checkpoints("2_b", "up")) == ["#1", "#2"]
        row = project.status().by_id["2_b"].row
    assert row is not None and row.done == 2
    flag.touch()
    shop.repair("2_b")
    assert shop.ran == [
        'db.users.createIndexes([{"key": {"a": 1, "b": -1}, "name": "a_1_b_-1"}, '
        '{"key": {"c": 1}, "name": "c_1", "sparse": true}])',
        'db.runCommand({"collMod": "users", "validator": {"email": {"$type": "string"}}, '
        '"validationLevel": "moderate", "validationAction": "error"})',
        'db.createView("emails", "users", [{"$project": {"email": 1}}])',
        'db.users.dropIndex("c_1")',
        'db.users.renameCollection("people")',
        'db.createCollection("my things")',
        'db.getCollection("my things").drop()',
    ]
    assert [e.number for e in shop.events if isinstance(e, StatementFinished) and e.skipped] == [1, 2]
    assert sorted(database.people.index_information()) == ["_id_", "a_1_b_-1", "email_1"]
    [options] = [item["options"] for item in database.list_collections(filter={"name": "people"})]
    assert options["validator"] == {"email": {"$type": "string"}} and options["validationLevel"] == "moderate"
    assert "my things" not in database.list_collection_names()


def test_what_has_run_must_not_be_edited(shop: Shop) -> None:
    write(shop, f"{USERS}raise RuntimeError('stopped here')")
    with pytest.raises(StepFailed):
        shop.up()
    write(shop, USERS.replace("unique=True", "sparse=True"))
    with pytest.raises(MigerError, match="statement 2"):
        shop.repair("2_b")


def test_a_statement_that_fails_leaves_the_migration_dirty_with_its_line(
    shop: Shop, database: Database[Document]
) -> None:
    body = "db.create_collection('a')\ndb.create_collection('a')\ndb.create_collection('b')"
    write(shop, body)
    with pytest.raises(StepFailed, match="already exists") as caught:
        shop.up()
    assert caught.value.dirty and caught.value.line == 6
    assert shop.state("2_b") == "dirty"
    write(shop, body.replace("'a')\ndb.create_collection('b')", "'c')\ndb.create_collection('b')"))
    shop.repair("2_b")
    assert {"a", "b", "c"} <= set(database.list_collection_names())


@pytest.mark.parametrize(
    ("body", "words", "hint"),
    [
        ("getattr(db, 'create_' + 'collection')('a')", "cannot be part of a transaction", "transaction = false"),
        ("#create\nwith db.step('x'):\n    db.create_collection('a')", "part of a step or batch", "take it out"),
        ("#create\n", "createCollection in `verify`", "only looks"),
    ],
    ids=["transaction", "step", "verify"],
)
def test_a_helper_where_it_has_no_place_is_refused_with_a_hint(
    shop: Shop, database: Database[Document], body: str, words: str, hint: str
) -> None:
    more = "\ndef verify(db):\n    db.create_collection('a')\n" if "verify" in words else ""
    write(shop, f"{body}\npass", more=more)
    with pytest.raises(StepFailed, match=words) as caught:
        shop.up()
    assert hint in caught.value.hint or "verify" in words
    assert "a" not in database.list_collection_names()


def test_verify_may_ask_the_catalog_inside_its_transaction(shop: Shop) -> None:
    more = """
    def verify(db):
        assert db.indexes("users")["email_1"]["unique"]
        assert db.indexes("nowhere") == {}
        assert "users" in db.collections()
        assert db.validator("users")["$jsonSchema"]["required"] == ["email"]
        assert db.validator("nowhere") == {}
        return True
    """
    migrate(shop, USERS, more=more)
    with shop.project() as project:
        assert project.verify().checked == 1


def test_a_migration_that_only_looks_as_if_it_changed_the_schema_is_not_one_transaction(shop: Shop) -> None:
    write(shop, "db.items.update_many({}, {'$rename': {'a': 'b'}, '$set': {'created_at': 1}})")
    write(shop, "db.items.drop()", id="3_c")
    write(shop, "db.items.aggregate([{'$out': 'other'}])", id="4_d")
    write(shop, "pass", id="5_e", transaction=False)
    with shop.project() as project:
        assert [step.transaction for step in project.plan().steps] == [True, False, False, False]


STATEMENTS = {
    "createCollection": (SchemaStatement(1, "c", "createCollection", "new"), "db.create_collection('new')"),
    "drop": (SchemaStatement(1, "d", "drop", "old"), "db.old.drop()"),
    "dropIndex": (SchemaStatement(1, "i", "dropIndex", "old", index="n_1"), "db.old.drop_index('n_1')"),
    "renameCollection": (
        SchemaStatement(1, "r", "renameCollection", "old", target="new"),
        "db.old.rename('new')",
    ),
}


@pytest.mark.parametrize("kind", STATEMENTS)
def test_the_catalog_tells_whether_a_statement_happened(
    backend: MongodbBackend, database: Database[Document], kind: str
) -> None:
    statement, action = STATEMENTS[kind]
    validator = {"n": {"$type": "int"}}
    database.create_collection("old", validator=validator)
    database.old.create_index("n")
    noted = backend.evidence_before(statement)
    assert backend.happened(statement, noted).happened is False
    exec(action, {"db": database})
    evidence = backend.happened(statement, noted)
    assert evidence.happened is True and evidence.reason
    if kind == "renameCollection":  # and what the server forgets of it is there again
        assert backend.catalog.validation("new")["validator"] == validator
    assert backend.happened(statement, "").happened is None


def test_what_does_no_harm_runs_again(backend: MongodbBackend, database: Database[Document]) -> None:
    statement = SchemaStatement(1, "i", "createIndex", "old")
    noted = backend.evidence_before(statement)
    database.old.create_index("n")
    assert backend.happened(statement, noted).happened is False
    assert not backend.may_run_in_transaction(statement) and not backend.sets_session(statement)


def test_of_a_statement_that_was_begun_by_a_dead_run_the_catalog_decides(
    shop: Shop, database: Database[Document], backend: MongodbBackend
) -> None:
    """What a SIGKILL between a statement and its tick leaves: the intent, and the change without its validator."""
    write(shop, "db.rename_collection('old', 'new')\nwith db.step('more'):\n    db.new.insert_one({'_id': 1})")
    database.create_collection("old", validator={"a": {"$exists": False}})
    statement = SchemaStatement(1, 'db.old.renameCollection("new")', "renameCollection", "old", target="new")
    with shop.project() as project:
        checksum = project.graph.migrations["2_b"].checksum
    lease = backend.acquire(owner(), -1)
    assert isinstance(lease, Lease)
    backend.record(lease, entry("2_b", "started"), row("2_b", APPLYING, checksum=checksum))
    intent = Checkpoint("#1", statement_hash(statement), "intent", data=backend.evidence_before(statement))
    backend.save_checkpoint(lease, "2_b", "up", intent, 0)
    database.old.rename("new")
    assert shop.state("2_b") == "dirty"
    shop.repair("2_b")
    assert "statement 1 was begun by an earlier run: old is now new" in shop.log
    assert ids(database, "new") == [1]
    assert backend.catalog.validation("new") != {}


def test_what_a_migration_would_send_is_listed_up_to_where_it_needs_an_answer(shop: Shop) -> None:
    write(
        shop,
        f"""{USERS.replace(chr(10), chr(10) + " " * 8)}
        with db.step("fill") as todo:
            if todo:
                db.users.insert_many([{{"email": "a@b"}}])
                db["users"]["old"].delete_many({{}})
        for batch in db.batches("each", "users", size=5, filter={{"n": 1}}):
            batch.update({{"$set": {{"n": 2}}}})
        db.database.command("collMod", "users", validationLevel="off")
        db.database.users.update_one({{"_id": 1}}, [{{"$set": {{"n": 3}}}}], upsert=True)
        db.progress(1)
        """,
    )
    asking = ["db.users.find_one()", "db.collections()", "db.indexes('a')", "db.validator('a')", "db.a.drop().ok"]
    asking += ["list(db.a.find())", "[batch.ids for batch in db.batches('b', 'a')]"]
    for number, question in enumerate(asking):
        write(shop, f"db.create_collection('c')\n{question}\ndb.create_collection('d')", id=f"3_{number}")
    with shop.project() as project:
        backend = backend_for(project.environment, "miger_")
        [filled, *asked] = [record_function(backend, step, "up") for step in project.plan().steps]
    assert [found.text for found in filled.statements] == [
        'db.createCollection("users", {"validator": {"$jsonSchema": {"required": ["email"]}}})',
        'db.users.createIndex({"email": 1}, {"unique": true})',
        'db.users.insertMany([{"email": "a@b"}])',
        "db.users.old.deleteMany({})",
        'db.users.updateMany({"n": 1}, {"$set": {"n": 2}})',
        'db.runCommand({"collMod": "users", "validationLevel": "off"})',
        'db.users.updateOne({"_id": 1}, [{"$set": {"n": 3}}], {"upsert": true})',
    ]
    for preview in asked:
        assert preview.statements[0].text == 'db.createCollection("c")'
        assert "from here on it needs the database: it " in preview.statements[-1].note


# --- batches and steps ---------------------------------------------------------------------------


@MODES
def test_batches_visit_each_document_once(shop: Shop, database: Database[Document], transaction: bool) -> None:
    database.items.insert_many([{"_id": number * 7 - 50, "n": 0} for number in range(25)])
    migrate(
        shop,
        """
        for batch in db.batches("count", "items", size=10):
            done = batch.update({"$inc": {"n": 1}})
            assert done.matched_count == batch.rows == len(list(batch.find({"n": 1})))
            db.log(f"{batch.low}..{batch.high}: {batch.rows}")
        """,
        transaction=transaction,
    )
    assert {document["n"] for document in database.items.find()} == {1}
    assert shop.log == ["-50..13: 10", "20..83: 10", "90..118: 5"]
    assert shop.progress == [("count", 0, 25), ("count", 10, 25), ("count", 20, 25), ("count", 25, 25)]


def test_batches_that_broke_off_go_on_behind_the_last_finished_one_whatever_the_ids(
    shop: Shop, database: Database[Document], tmp_path: Path
) -> None:
    flag = tmp_path / "go"
    some = [1, 2.5, Int64(3 << 40), "a", "ä'\"", {"k": 1}, Binary(b"x"), ObjectId(), True, None]
    database.items.insert_many([{"_id": id, "n": 0} for id in some])
    write(
        shop,
        f"""
        for number, batch in enumerate(db.batches("count", "items", size=2, filter={{"n": {{"$gte": 0}}}})):
            changes = [UpdateOne({{"_id": id}}, {{"$inc": {{"n": 1}}}}) for id in batch.ids]
            assert batch.write(changes).matched_count == 2
            if number == {{}}:
                {stop_unless(flag)}
        """.replace("== 2\n", "<= 2\n").replace("{}:", "2:"),
        transaction=False,
    )
    shop.path("2_b", "py").write_text("from pymongo import UpdateOne\n" + shop.path("2_b", "py").read_text())
    with pytest.raises(StepFailed, match="stopped here"):
        shop.up()
    assert database.items.count_documents({"n": 1}) == 4
    flag.touch()
    shop.repair("2_b")
    assert [document["n"] for document in database.items.find()] == [1] * len(some)
    assert shop.progress[0] == ("count", 4, len(some)) and shop.progress[-1] == ("count", len(some), len(some))


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (None, "null"),
        (True, "bool"),
        (7, "number"),
        (7.5, "number"),
        ("x", "string"),
        ({}, "object"),
        ({"$oidx": 1}, "object"),
        (Binary(b"x"), "binData"),
        (ObjectId(), "objectId"),
    ],
)
def test_the_kind_of_an_id_is_known(value: object, kind: str) -> None:
    assert _kind(value) == kind
    assert kind not in _bounds(value)[1]["_id"]["$type"]


def test_a_batch_that_break_leaves_is_not_kept_and_said_so(shop: Shop, database: Database[Document]) -> None:
    database.items.insert_many([{"_id": number, "n": 0} for number in range(25)])
    migrate(
        shop,
        """
        for number, batch in enumerate(db.batches("count", "items", size=10)):
            batch.update({"$inc": {"n": 1}})
            if number == 1:
                break
        with db.step("more") as todo:
            db.items.insert_one({"_id": 1000, "n": 5})
        """,
        transaction=False,
    )
    assert [database.items.count_documents({"n": n}) for n in (0, 1, 5)] == [15, 10, 1]
    assert shop.log == ["count: left within a batch, which is not kept"]


@MODES
def test_steps_run_once_also_when_resumed(
    shop: Shop, database: Database[Document], transaction: bool, tmp_path: Path
) -> None:
    flag = tmp_path / "go"
    write(
        shop,
        f"""
        with db.step("one") as todo:
            if todo:
                db.items.insert_one({{"_id": 1}})
                db.database["items"].insert_one({{"_id": 2}})
        with db.step("two") as todo:
            if todo:
                db.items.insert_one({{"_id": 3}})
                {stop_unless(flag)}
        """,
        transaction=transaction,
    )
    with pytest.raises(StepFailed, match="stopped here"):
        shop.up()
    assert ids(database) == ([] if transaction else [1, 2])
    flag.touch()
    shop.up() if transaction else shop.repair("2_b")
    assert ids(database) == [1, 2, 3]
    assert shop.log == ([] if transaction else ["step one: already done"])


@MODES
@pytest.mark.parametrize(
    ("inner", "words"),
    [
        ('with db.step("inner"): pass', "inside another"),
        ('for batch in db.batches("inner", "items"): pass', "inside another"),
        ('with db.step("outer"): pass', "two pieces of work"),
        ("db._private", "there is no '_private'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_line(
    shop: Shop, database: Database[Document], transaction: bool, inner: str, words: str
) -> None:
    database.items.insert_one({"_id": 1})
    write(shop, f'with db.step("outer"):\n    {inner}', transaction=transaction)
    with pytest.raises(StepFailed, match=words) as caught:
        shop.up()
    assert caught.value.line == (6 if transaction else 9)
    assert shop.state("2_b") == ("pending" if transaction else "dirty")


# --- files, limits, rights -----------------------------------------------------------------------


def test_an_sql_file_is_refused_by_name_before_anything_runs(shop: Shop, database: Database[Document]) -> None:
    write(shop, "db.items.insert_one({'_id': 1})", id="1_a")
    shop.sql("2_b", "CREATE TABLE b (id INTEGER);")
    for ask in (lambda project: project.plan(), lambda project: project.up()):
        with pytest.raises(BadMigrations, match=r"2_b\.sql: is an SQL file\n.*--python"), shop.project() as project:
            ask(project)
    assert shop.states() == {"1_a": "pending", "2_b": "pending"} and ids(database) == []


def test_a_merge_may_be_an_empty_sql_file(shop: Shop) -> None:
    for id in ("1_a", "2_b"):
        shop.python(id, "# /// miger\n# depends = []\n# ///\ndef up(db):\n    pass\n")
    shop.path("3_c").write_text('-- /// miger\n-- depends = ["1_a", "2_b"]\n-- ///\n-- miger:up\n-- nothing\n')
    assert shop.up() == ("1_a", "2_b", "3_c")


def test_a_time_limit_ends_a_statement_of_a_migration_and_none_of_ours(
    shop: Shop, database: Database[Document]
) -> None:
    database.items.insert_many([{"_id": number} for number in range(2000)])
    shop.configure(statement_timeout="150ms")
    write(shop, "db.items.update_many({}, {'$set': {'a': 1}})")
    with pytest.raises(StepFailed) as caught:
        shop.up()
    assert "statement_timeout" in caught.value.hint
    assert shop.state("2_b") == "pending" and database.items.count_documents({"a": 1}) == 0
    shop.configure(statement_timeout="30s")
    shop.up()


def test_a_read_only_environment_can_be_verified_and_not_changed(shop: Shop) -> None:
    migrate(
        shop, "db.items.insert_one({'_id': 1})", more="def verify(db):\n    return db.items.count_documents({}) == 1\n"
    )
    write(shop, "db.items.insert_one({'_id': 2})", id="3_c")
    shop.configure(read_only=True)
    with shop.project() as project:
        assert project.verify().checked == 1
        for change in (project.up, project.baseline):
            with pytest.raises(RefusedError, match="read-only"):
                change()
    assert shop.states() == {"2_b": "applied", "3_c": "pending"}


def test_a_takeover_ends_the_transaction_of_the_former_holder(backend: MongodbBackend, mongodb_url: str) -> None:
    lease = backend.acquire(owner(), -1)
    assert isinstance(lease, Lease)
    backend.begin()
    backend.record(lease, entry(), row())
    with contextlib.closing(opened(mongodb_url)) as other:
        taken = other.acquire(owner("run2"), 60)
        assert isinstance(taken, Lease)
        with pytest.raises(StatementError):
            backend.commit()
        backend.rollback()
        with pytest.raises(LeaseLost):
            backend.record(lease, entry(), row())
        assert other.history() == [] and other.snapshot().rows == {}


def test_a_transaction_that_has_not_passed_the_fence_fails_there_after_a_takeover(
    backend: MongodbBackend, mongodb_url: str
) -> None:
    lease = backend.acquire(owner(), 60)
    assert isinstance(lease, Lease)
    backend.begin()
    backend.history()  # so that the server has begun it, too
    with contextlib.closing(opened(mongodb_url)) as other:
        take_away(other, lease)
        with pytest.raises(MigerError) as caught:
            backend.record(lease, entry(), row())
        backend.rollback()
        assert isinstance(caught.value, LeaseLost) or getattr(caught.value, "retryable", False)
        assert other.history() == []


def test_a_long_transaction_lives_beside_its_heartbeat(backend: MongodbBackend) -> None:
    """What prolongs the lease must not be in the way of what passes the fence."""
    lease = backend.acquire(owner(), 60)
    assert isinstance(lease, Lease)
    backend.begin()
    backend.history()
    twin = backend.clone()
    thread = threading.Thread(target=lambda: twin.renew(lease, 60, "a"))
    thread.start()
    thread.join()
    twin.close()
    backend.record(lease, entry(), row())
    backend.commit()
    assert set(backend.snapshot().rows) == {"a"}


# --- the schema as it is -------------------------------------------------------------------------


def test_the_schema_is_read_by_collection_with_options_and_indexes(
    backend: MongodbBackend, database: Database[Document]
) -> None:
    assert backend.read_schema() == {}
    database.create_collection("users", validator={"email": {"$exists": True}}, validationLevel="moderate")
    database.users.create_index([("b", 1), ("a", -1)], unique=True)
    database.users.create_index("a")
    database.command("create", "names", viewOn="users", pipeline=[{"$project": {"name": 1}}])
    assert backend.read_schema() == {
        "collection users": '{"validationLevel": "moderate", "validator": {"email": {"$exists": true}}}\n'
        'index a_1 {"a": 1}\nindex b_1_a_-1 {"b": 1, "a": -1} {"unique": true}',
        "view names": '{"pipeline": [{"$project": {"name": 1}}], "viewOn": "users"}',
    }


def test_definitions_are_noted_replaced_and_forgotten(backend: MongodbBackend, mongodb_url: str) -> None:
    lease = backend.acquire(owner(), 60)
    assert isinstance(lease, Lease)
    backend.note_schema(lease, {"collection a": "1", "collection b": "2", "": "run"})
    backend.note_schema(lease, {"collection a": None, "collection b": "3"})
    assert backend.noted_schema() == {"collection b": "3", "": "run"}
    backend.note_schema(lease, {"collection c": "4"}, anew=True)
    assert backend.noted_schema() == {"collection c": "4"}
    with contextlib.closing(opened(mongodb_url)) as other:
        take_away(other, lease)
    with pytest.raises(LeaseLost):
        backend.note_schema(lease, {}, anew=True)
    assert backend.noted_schema() == {"collection c": "4"}


# --- a server without transactions ---------------------------------------------------------------


@pytest.fixture
def standalone(standalone_url: str, tmp_path: Path) -> Shop:
    return Shop(tmp_path, standalone_url)


def test_on_a_standalone_server_every_migration_is_checkpointed(standalone: Shop, tmp_path: Path) -> None:
    shop, flag = standalone, tmp_path / "go"
    migrate(shop, USERS, id="1_a")
    write(
        shop,
        f"""
        with db.step("fill") as todo:
            if todo:
                db.users.insert_many([{{"email": str(number), "n": 0}} for number in range(10)])
        for number, batch in enumerate(db.batches("count", "users", size=4, filter={{"n": 0}})):
            batch.update({{"$set": {{"n": 1}}}})
            if number == 1:
                {stop_unless(flag)}
        """,
        more="def verify(db):\n    return db.users.count_documents({'n': 1}) == 10\n",
    )
    with shop.project() as project:
        assert [step.transaction for step in project.plan().steps] == [False]
    with pytest.raises(StepFailed, match="stopped here") as caught:
        shop.up()
    assert caught.value.dirty and shop.state("2_b") == "dirty"
    flag.touch()
    shop.repair("2_b")
    assert shop.states() == {"1_a": "applied", "2_b": "applied"}
    assert [event for id, event in shop.happenings() if id == "2_b"] == ["started", "failed", "resumed", "applied"]
    with shop.project() as project:
        assert project.verify().ok


def test_on_a_standalone_server_the_lease_fences_too(standalone: Shop) -> None:
    with contextlib.closing(opened(standalone.url)) as one, contextlib.closing(opened(standalone.url)) as two:
        assert one.snapshot() == Snapshot()
        one.prepare()
        lease = one.acquire(owner(), 60)
        assert isinstance(lease, Lease) and not isinstance(two.acquire(owner("run2"), 60), Lease)
        one.record(lease, entry(), row())
        take_away(two, lease)
        with pytest.raises(LeaseLost):
            one.record(lease, entry(event="reverted"), None, forget=True)
        assert set(two.snapshot().rows) == {"a"}
        assert [item.event for item in two.history()] == ["applied"]


# --- no way in -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mongodb://me:hidden@127.0.0.1:1/x", "Connection refused"),
        ("mongodb://me:hidden@no.such.host.invalid/x", "no.such.host.invalid"),
        ("mongodb://me:hi@dden@127.0.0.1:1/x", "cannot connect"),
        ("mongodb://me:hidden@127.0.0.1:1/", "names no database"),
        ("mongodb://me:hidden@127.0.0.1:1", "names no database"),
        ("mongodb://me:hidden@/x", "cannot connect"),
        ("mongodb://me:hidden@127.0.0.1:1/x?w=hidden&nonsense=1", "cannot connect"),
    ],
)
def test_a_url_that_leads_nowhere_is_told_without_its_password(tmp_path: Path, url: str, words: str) -> None:
    shop = Shop(tmp_path, url)
    with pytest.raises(UnreachableError, match=words) as caught, Project.open(str(shop.folder)) as project:
        project.status()
    assert "me:hidden" not in f"{caught.value.message}{caught.value.hint}" and "dden@" not in caught.value.message
    assert caught.value.__cause__ is None
