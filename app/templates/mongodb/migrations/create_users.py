"""Users."""

# /// miger
# depends = []
# ///
from miger import Mongo

VALIDATOR = {
    "$jsonSchema": {
        "bsonType": "object",
        "required": ["login", "created_at"],
        "properties": {"login": {"bsonType": "string"}, "created_at": {"bsonType": "date"}},
    }
}


def up(db: Mongo) -> None:
    db.create_collection("users", validator=VALIDATOR)
    db.create_index("users", "login", unique=True)


def verify(db: Mongo) -> bool:
    return "login_1" in db.indexes("users")


def down(db: Mongo) -> None:
    db.drop_collection("users")
