"""Migrations of collections from models and YAML, on a real MongoDB: made, applied, taken back, and made no more."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pymongo
import pytest
from bson import Decimal128, Int64, ObjectId
from pymongo.errors import WriteError

from miger.engine.errors import RefusedError, UsageError

from tests.app.generate_collections import Shop
from tests.app.sandbox import Sandbox

USERS = """
collections:
  users:
    validator:
      $jsonSchema:
        bsonType: object
        required: [login]
        properties:
          login: {bsonType: string, maxLength: 40}
          age: {bsonType: [string, "null"]}
    indexes:
      - keys: {login: 1}
        unique: true
"""


@pytest.fixture
def shop(tmp_path: object, mongodb_url: str, capsys: pytest.CaptureFixture[str]) -> Iterator[Shop]:
    """An empty project on an empty database."""
    with pymongo.MongoClient[dict[str, Any]](mongodb_url) as client:
        yield Shop(Sandbox(f"{tmp_path}/shop", "mongodb", mongodb_url, capsys), client.get_default_database())


@pytest.fixture
def users(shop: Shop) -> Shop:
    """A collection of users as USERS has it, with documents, and a schema that is the same."""
    shop.yaml(USERS)
    shop.write(shop.generate())
    shop.up()
    shop.database["users"].insert_many([{"_id": n, "login": f"u{n}", "age": str(20 + n)} for n in range(12)])
    shop.database["users"].insert_one({"_id": 12, "login": "u12", "age": None})
    shop.database["users"].insert_one({"_id": 13, "login": "u13"})
    return shop


def test_a_new_collection_is_made_with_its_validator_and_indexes(shop: Shop) -> None:
    shop.yaml(USERS)
    text = shop.round_trip()
    assert 'db.create_index("users", "login", unique=True)' in text
    with pytest.raises(WriteError, match="validation"):
        shop.database["users"].insert_one({"age": 3})


def test_a_schema_that_is_the_same_gives_nothing_whatever_its_order_and_numbers(users: Shop) -> None:
    users.yaml(
        """
collections:
  users:
    action: error
    level: strict
    indexes: [{unique: true, sparse: false, keys: {login: 1}, name: login_1}]
    validator:
      $jsonSchema:
        properties:
          age: {bsonType: ["null", string]}
          login: {maxLength: 40.0, bsonType: [string]}
        required: [login]
        bsonType: object
"""
    )
    assert users.nothing()


def test_text_becomes_a_number_and_text_again(users: Shop) -> None:
    users.yaml(USERS.replace("[string, ", "[int, long, "))
    text = users.round_trip()
    ages = [found.get("age", "none") for found in users.documents("users")]
    assert ages == [*range(20, 32), None, "none"]
    assert text.index('validationLevel="off"') < text.index("db.batches(") < text.index("db.set_validator(")
    with pytest.raises(WriteError, match="validation"):
        users.database["users"].insert_one({"login": "x", "age": "20"})


def test_values_that_do_not_convert_are_counted_with_examples_and_nothing_is_written(users: Shop) -> None:
    users.database["users"].insert_many([{"login": "x", "age": "old"}, {"login": "y", "age": "very old"}])
    users.yaml(USERS.replace("[string, ", "[int, long, "))
    with pytest.raises(
        RefusedError, match=r'users\.age: 2 values do not convert to int or long \("old", "very old"\)'
    ) as refused:
        users.generate()
    assert "--nulls users.age" in refused.value.hint
    assert len(users.sandbox.states()) == 1


def test_values_that_do_not_convert_become_null_where_a_person_says_so(users: Shop) -> None:
    users.database["users"].insert_one({"_id": 20, "login": "x", "age": "old"})
    users.yaml(USERS.replace("[string, ", "[int, long, "))
    found = users.generate(nulls=("users.age",))
    assert [(loss.object, loss.rows, loss.examples) for loss in found.losses] == [("field users.age", 1, ('"old"',))]
    assert "does not bring back" in users.write(found)
    users.up()
    assert users.documents("users")[-1]["age"] is None
    assert users.nothing()


def test_a_value_that_comes_after_generation_and_does_not_convert_stops_the_run_and_is_kept(users: Shop) -> None:
    users.yaml(USERS.replace("[string, ", "[int, long, "))
    users.write(users.generate())
    users.database["users"].insert_one({"_id": 99, "login": "late", "age": "n/a"})
    done = users.sandbox.miger("up", code=1)
    assert "n/a" in done.err
    assert users.database["users"].find_one({"_id": 99}) == {"_id": 99, "login": "late", "age": "n/a"}
    users.database["users"].update_one({"_id": 99}, {"$set": {"age": "99"}})
    (id,) = [id for id, state in users.sandbox.states().items() if state == "dirty"]
    users.sandbox.miger("repair", id, "--resume")
    assert users.database["users"].find_one({"_id": 99})["age"] == 99  # type: ignore[index]
    assert users.nothing()


Case = tuple[str, list[Any], str, list[Any]]
CONVERSIONS: dict[str, Case] = {
    "numbers_to_text": ("[int, long, double]", [1, Int64(3_000_000_000), 2.5], "string", ["1", "3000000000", "2.5"]),
    "text_to_doubles": ("string", ["1.5", "-2", "3"], "double", [1.5, -2.0, 3.0]),
    "text_to_decimals": ("string", ["1.50", "0.1"], "decimal", [Decimal128("1.50"), Decimal128("0.1")]),
    "text_to_large": ("string", ["3000000000", "7"], "[int, long]", [Int64(3_000_000_000), 7]),
    "whole_to_numbers": ("double", [1.0, -7.0], "[int, long]", [1, -7]),
    "text_to_truth": ("string", ["true", "false"], "bool", [True, False]),
    "numbers_to_truth": ("int", [1, 0], "bool", [True, False]),
    "truth_to_numbers": ("bool", [True, False], "[int, long]", [1, 0]),
    "text_to_moments": ("string", ["2026-01-02T03:04:05.000Z"], "date", [datetime.datetime(2026, 1, 2, 3, 4, 5)]),
    "text_to_ids": ("string", ["0123456789abcdef01234567"], "objectId", [ObjectId("0123456789abcdef01234567")]),
}
ONE_WAY: dict[str, Case] = {
    "written_truth": ("string", ["TRUE", "0", "1"], "bool", [True, False, True]),
    "mixed": ("[string, double]", ["4", 5.0], "[int, long]", [4, 5]),
}


def things(kinds: dict[str, str]) -> str:
    """A collection with these fields."""
    fields = ", ".join(f"{name}: {{bsonType: {kind}}}" for name, kind in kinds.items())
    return f"collections: {{things: {{validator: {{$jsonSchema: {{properties: {{{fields}}}}}}}}}}}"


def values_of(shop: Shop, name: str) -> list[tuple[type, Any]]:
    """The values of a field with their types, as 1, 1.0 and True are the same to Python."""
    return typed([found[name] for found in shop.documents("things") if name in found])


def typed(values: list[Any]) -> list[tuple[type, Any]]:
    return [(type(value), value) for value in values]


def fill_things(shop: Shop, cases: dict[str, Case]) -> None:
    """Documents as they were, and a schema as it shall be."""
    shop.yaml(things({name: case[0] for name, case in cases.items()}))
    shop.write(shop.generate())
    shop.up()
    for n in range(3):
        shop.database["things"].insert_one({"_id": n, **{name: c[1][n] for name, c in cases.items() if n < len(c[1])}})
    shop.yaml(things({name: case[2] for name, case in cases.items()}))


def test_values_of_one_type_become_values_of_another_and_of_the_first_again(shop: Shop) -> None:
    fill_things(shop, CONVERSIONS)
    shop.round_trip()
    for name, case in CONVERSIONS.items():
        assert values_of(shop, name) == typed(case[3])
    shop.down()
    for name, case in CONVERSIONS.items():
        assert values_of(shop, name) == typed(case[1])


def test_values_that_are_written_in_several_ways_become_one_and_that_is_told(shop: Shop) -> None:
    fill_things(shop, ONE_WAY)
    found = shop.generate()
    told = 'field things.written_truth: 3 values come back otherwise from bool ("0", "1", "TRUE")'
    assert [str(loss) for loss in found.losses] == [told]
    shop.write(found)
    shop.up()
    for name, case in ONE_WAY.items():
        assert values_of(shop, name) == typed(case[3])
    assert shop.nothing()


def test_digits_are_never_cut_off(shop: Shop) -> None:
    form = "collections: {{things: {{validator: {{$jsonSchema: {{properties: {{it: {{bsonType: {}}}}}}}}}}}}}"
    shop.yaml(form.format("double"))
    shop.write(shop.generate())
    shop.up()
    shop.database["things"].insert_many([{"it": 1.5}, {"it": 2.0}])
    shop.yaml(form.format("int"))
    with pytest.raises(RefusedError, match=r"things\.it: 1 value does not convert to int \(1\.5\)"):
        shop.generate()


def test_text_that_would_be_written_otherwise_when_converted_back_is_told(users: Shop) -> None:
    users.database["users"].insert_one({"login": "x", "age": "007"})
    users.yaml(USERS.replace("[string, ", "[int, long, "))
    (loss,) = users.generate().losses
    assert str(loss) == 'field users.age: 1 value comes back otherwise from int or long ("007")'
    with pytest.raises(RefusedError, match="this loses data"):
        users.generate(lossy=False)


def test_a_type_that_the_server_cannot_convert_is_refused_where_documents_have_it(users: Shop) -> None:
    users.yaml(USERS.replace('[string, "null"]', "[array, 'null']"))
    with pytest.raises(RefusedError, match=r"users\.age: cannot become array: 12 values are string"):
        users.generate()
    users.database["users"].delete_many({"age": {"$type": "string"}})
    assert "db.batches(" not in users.round_trip()


def test_a_field_is_renamed_with_its_values_and_back(users: Shop) -> None:
    users.yaml(USERS.replace("login", "name") + "    renamed: {login: name}\n")
    text = users.round_trip()
    assert users.documents("users")[0] == {"_id": 0, "age": "20", "name": "u0"}
    assert '{"$rename": {"login": "name"}}' in text
    assert 'db.drop_index("users", "login_1")' in text


def test_a_rename_can_be_said_at_the_call_and_is_offered_where_nobody_says_it(users: Shop) -> None:
    users.yaml(USERS.replace("age:", "years_of_age:"))
    (candidate,) = users.generate().candidates
    assert candidate.renaming.option == "users.age:users.years_of_age"
    users.round_trip(renames=("users.age:years_of_age",))
    assert users.documents("users")[0]["years_of_age"] == "20"


def test_a_rename_of_what_is_not_there_is_refused(users: Shop) -> None:
    users.yaml(USERS.replace("age:", "years:"))
    with pytest.raises(UsageError, match="no document of users has a field 'mail'"):
        users.generate(renames=("users.mail:years",))
    with pytest.raises(UsageError, match=r"there is no people\.age"):
        users.generate(renames=("people.age:years",))


def test_a_rename_over_values_that_are_there_is_refused(users: Shop) -> None:
    users.database["users"].update_one({"_id": 3}, {"$set": {"years": 1}})
    users.yaml(USERS.replace("age:", "years:") + "    renamed: {age: years}\n")
    with pytest.raises(RefusedError, match=r"users\.age: cannot become years, which 1 document has, too"):
        users.generate()


def test_a_collection_is_renamed_with_everything_and_back(users: Shop) -> None:
    users.yaml(USERS.replace("users:", "people:") + "    renamed_from: users\n")
    users.round_trip()
    assert len(users.documents("people")) == 14
    assert "users" not in users.database.list_collection_names()


def test_a_collection_that_may_have_been_renamed_is_offered(users: Shop) -> None:
    users.yaml(USERS.replace("users:", "people:"))
    assert [candidate.renaming.option for candidate in users.generate().candidates] == ["users:people"]
    users.round_trip(renames=("users:people",))


def test_a_new_required_field_is_filled_before_it_is_required(users: Shop) -> None:
    users.database["users"].update_one({"_id": 3}, {"$set": {"plan": "gold"}})
    text = USERS.replace("[login]", "[login, plan]").replace("age:", "plan: {bsonType: string}\n          age:")
    users.yaml(text + "    fills: {plan: free}\n")
    written = users.round_trip()
    assert [found["plan"] for found in users.documents("users")[:5]] == ["free", "free", "free", "gold", "free"]
    assert written.index("fill users.plan") < written.index("db.set_validator")


def test_a_new_required_field_without_a_value_gets_one_of_its_type_with_a_remark(users: Shop) -> None:
    users.yaml(USERS.replace("[login]", "[login, n]").replace("age:", "n: {bsonType: int}\n          age:"))
    assert "check this one before it runs" in users.round_trip()
    assert users.documents("users")[0]["n"] == 0


def test_a_field_that_becomes_required_asks_for_a_value(users: Shop) -> None:
    users.yaml(USERS.replace("[login]", "[login, age]").replace('[string, "null"]', "string"))
    with pytest.raises(RefusedError, match=r"users\.age: is required, and 2 documents have none"):
        users.generate()
    found = users.generate(fills=('users.age="0"',))
    users.write(found)
    users.up()
    assert [found["age"] for found in users.documents("users")[-2:]] == ["0", "0"]
    assert users.nothing()


def test_a_null_where_none_is_allowed_any_more_goes(users: Shop) -> None:
    users.yaml(USERS.replace('[string, "null"]', "string"))
    users.write(users.generate())
    users.up()
    assert "age" not in users.documents("users")[12]
    assert users.nothing()


def test_fields_that_no_validator_allows_are_a_loss_to_agree_to(users: Shop) -> None:
    strict = USERS.replace('          age: {bsonType: [string, "null"]}\n', "          _id: {}\n")
    users.yaml(strict.replace("bsonType: object", "bsonType: object\n        additionalProperties: false"))
    found = users.generate()
    (loss,) = found.losses
    assert (loss.object, loss.rows) == ("field users.age", 13)
    assert "does not bring back" in users.write(found)
    users.up()
    assert users.documents("users")[0] == {"_id": 0, "login": "u0"}
    assert users.nothing()


def test_fields_that_are_named_no_more_stay_and_are_told(users: Shop) -> None:
    users.yaml(USERS.replace('          age: {bsonType: [string, "null"]}\n', ""))
    found = users.generate()
    assert found.notes == ("13 documents of users keep age, which the source no longer names",)
    assert not found.losses
    users.round_trip()


def test_collections_that_nobody_names_stay_unless_the_source_is_complete(users: Shop) -> None:
    users.database["logs"].insert_many([{"_id": 1}, {"_id": 2}])
    users.database["logs"].create_index([("at", -1), ("who", 1)], name="recent", sparse=True)
    assert users.nothing()
    users.yaml("complete: true\n" + USERS)
    found = users.generate()
    assert [(loss.object, loss.rows) for loss in found.losses] == [("collection logs", 2)]
    assert "not the documents that were in it" in users.write(found)
    users.up()
    assert "logs" not in users.database.list_collection_names()
    assert users.nothing()
    users.down()
    assert users.database["logs"].index_information()["recent"]["sparse"]


def test_views_and_collections_of_our_own_are_left_alone(users: Shop) -> None:
    users.database.create_collection("old_users", viewOn="users", pipeline=[])
    users.yaml("complete: true\n" + USERS)
    assert users.nothing()


INDEXES = """
collections:
  users:
    indexes:
      - keys: {login: 1}
        unique: true
        partialFilterExpression: {login: {$exists: true}}
      - {keys: {age: -1, login: 1}, name: by_age, sparse: true}
      - {keys: {seen: 1}, expireAfterSeconds: 3600}
      - {keys: {city: 1}, collation: {locale: de, strength: 2}}
      - {keys: {place: 2dsphere}}
      - {keys: {note: 1}, hidden: true}
      - {keys: {"tags.$**": 1}}
"""


def test_indexes_of_every_kind_are_compared_as_they_were_asked_for(shop: Shop) -> None:
    shop.yaml(INDEXES)
    shop.round_trip()
    shop.yaml(INDEXES.replace("expireAfterSeconds: 3600", "expireAfterSeconds: 60"))
    text = shop.round_trip()
    assert "create_index" not in text
    shop.yaml(INDEXES.replace("strength: 2", "strength: 1").replace("sparse: true", "sparse: false"))
    assert 'db.drop_index("users", "city_1")' in shop.round_trip()


@pytest.mark.mongod_only("SecantusDB takes collMod of hidden, and changes nothing")
def test_a_hidden_index_is_shown_again_without_making_it_anew(shop: Shop) -> None:
    shop.yaml(INDEXES)
    shop.write(shop.generate())
    shop.up()
    shop.yaml(INDEXES.replace("hidden: true", "hidden: false"))
    assert "create_index" not in shop.round_trip()


@pytest.mark.mongod_only("SecantusDB knows no text and no hashed indexes")
def test_text_and_hashed_indexes_are_compared_as_they_were_asked_for(shop: Shop) -> None:
    shop.yaml(
        "collections: {users: {indexes: [{keys: {title: text, body: text}, weights: {title: 5, body: 1}}, "
        "{keys: {login: hashed}}]}}"
    )
    shop.round_trip()


def test_an_index_by_another_name_is_the_same_unless_a_name_is_asked_for(users: Shop) -> None:
    users.database["users"].create_index([("age", 1)], name="odd")
    users.yaml(USERS + "      - keys: {age: 1}\n")
    assert users.nothing()
    users.yaml(USERS + "      - {keys: {age: 1}, name: by_age}\n")
    text = users.round_trip()
    assert 'db.drop_index("users", "odd")' in text


def test_a_unique_index_over_values_that_are_there_twice_is_not_offered(users: Shop) -> None:
    users.database["users"].update_many({"_id": {"$lt": 2}}, {"$set": {"age": "7"}})
    users.yaml(USERS + "      - {keys: {age: 1}, unique: true}\n")
    with pytest.raises(RefusedError, match=r"on a copy of the database, `up` fails.*duplicate"):
        users.generate()


def test_documents_that_break_the_new_validator_are_told(users: Shop) -> None:
    users.yaml(USERS.replace("maxLength: 40", "maxLength: 2"))
    (note,) = users.generate().notes
    assert note.startswith("4 documents of users on the copy do not fit its validator")


def test_a_validator_for_a_collection_that_had_none_converts_what_is_there(shop: Shop) -> None:
    shop.database["users"].insert_many([{"_id": 1, "login": "a", "age": 30}, {"_id": 2, "login": "b"}])
    shop.yaml(USERS)
    shop.round_trip()
    assert shop.documents("users")[0]["age"] == "30"


def test_fields_within_objects_are_renamed_converted_and_filled(shop: Shop) -> None:
    form = """
collections:
  users:
    validator:
      $jsonSchema:
        properties:
          address:
            bsonType: object
            required: [{required}]
            properties:
              {fields}
"""
    shop.yaml(form.format(required="zip", fields="zip: {bsonType: string}"))
    shop.write(shop.generate())
    shop.up()
    shop.database["users"].insert_many([{"_id": 1, "address": {"zip": "8010"}}, {"_id": 2}])
    fields = "code: {bsonType: int}\n              country: {bsonType: string}"
    shop.yaml(
        form.format(required="code, country", fields=fields)
        + "    renamed: {address.zip: address.code}\n    fills: {address.country: AT}\n"
    )
    shop.round_trip()
    assert shop.documents("users") == [{"_id": 1, "address": {"code": 8010, "country": "AT"}}, {"_id": 2}]


def test_level_and_action_are_compared_and_set(users: Shop) -> None:
    users.yaml(USERS + "    level: moderate\n    action: warn\n")
    text = users.round_trip()
    assert 'level="moderate"' in text
    assert 'action="warn"' in text


def test_options_that_only_a_new_collection_can_have_are_told(users: Shop) -> None:
    users.yaml(USERS + "    options: {capped: true, size: 4096}\n")
    found = users.generate()
    assert not found.lines
    assert "users has no capped: only a new collection can have it" in found.notes
    users.yaml("collections: {ring: {options: {capped: true, size: 4096, max: 5}}}")
    users.round_trip()


def test_the_written_file_says_what_it_does_in_one_line(users: Shop) -> None:
    users.yaml(USERS.replace("[string, ", "[int, long, "))
    text = users.write(users.generate())
    assert text.startswith('"""Changes field users.age')
    assert "transaction = false" in text


def test_the_listing_of_a_written_file_asks_no_database(users: Shop) -> None:
    users.yaml(USERS.replace("[string, ", "[int, long, ").replace("login", "name") + "    renamed: {login: name}\n")
    users.write(users.generate())
    done = users.sandbox.miger("plan")
    assert "change_1" in done.out
    listed = users.sandbox.miger("up", "--dry-run=sql")
    assert "updateMany" in listed.out
    assert "collMod" in listed.out
