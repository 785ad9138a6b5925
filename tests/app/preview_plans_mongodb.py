"""Plans for dry runs on MongoDB, to be held against the truth: the shop, and the functions of each migration."""

from __future__ import annotations

from typing import NamedTuple

SHOP = """
def up(db):
    rules = {"$jsonSchema": {"required": ["name"], "properties": {"name": {"bsonType": "string"}}}}
    db.create_collection("customers", validator=rules)
    db.create_index("customers", [("name", 1)], name="by_name")
    db.create_collection("orders", collation={"locale": "en", "strength": 2})
    db.create_index("orders", "customer", partialFilterExpression={"total": {"$gt": 5}})
    db.create_collection("events", capped=True, size=4096, max=20)
    db.create_view("b_names", "a_names", [{"$match": {"name": {"$ne": "n1"}}}])
    db.create_view("a_names", "customers", [{"$project": {"name": 1}}])
    customers = [{"_id": n, "name": f"n{n}", "email": f"e{n % 7}", "age": str(n % 90)} for n in range(1, 31)]
    broken = [{"_id": 99, "email": "breaks the validator"}]
    with db.step("rows") as todo:
        if todo:
            db.customers.insert_many(customers)
            db.customers.insert_many(broken, bypass_document_validation=True)
            db.orders.insert_many([{"_id": n, "customer": n % 30 + 1, "total": n / 2} for n in range(1, 41)])
    db.events.insert_many([{"_id": n} for n in range(5)])
"""


class Plan(NamedTuple):
    """The files of a plan: each the bodies of `up` alone, or whole functions."""

    name: str
    files: tuple[str, ...]
    transaction: bool = True
    fails: bool = False
    gone: tuple[str, ...] = ()  # what is told of documents whose collection is dropped again


def up(*lines: str) -> str:
    """An `up` of these lines."""
    return "def up(db):\n" + "".join(f"    {line}\n" for line in lines)


def verify(line: str) -> str:
    return f"\ndef verify(db):\n    return {line}\n"


PLANS = (
    Plan(
        "collection with validator and index",
        (
            up(
                "db.create_collection('users', validator={'$jsonSchema': {'required': ['email']}})",
                "db.create_index('users', 'email', unique=True)",
            )
            + verify("db.indexes('users')['email_1']['unique']")
            + "\ndef down(db):\n    db.drop_collection('users')\n",
        ),
    ),
    Plan("collection that is there", (up("db.create_collection('orders')"),), fails=True),
    Plan("collection twice", (up("db.create_collection('a')", "db.create_collection('a')"),), fails=True),
    Plan("index", (up("db.create_index('customers', [('email', 1), ('age', -1)])"),)),
    Plan("unique index", (up("db.create_index('customers', 'name', unique=True, name='one_name')"),)),
    Plan("unique index on doubles", (up("db.create_index('customers', 'email', unique=True)"),), fails=True),
    Plan("two indexes", (up("from pymongo import IndexModel", "db.create_indexes('orders', [IndexModel('a')])"),)),
    Plan("drop an index", (up("db.drop_index('customers', 'by_name')"),)),
    Plan("drop no index", (up("db.drop_index('customers', 'nothing')"),), fails=True),
    Plan("drop a collection", (up("db.drop_collection('orders')"),)),
    Plan("drop a view", (up("db.drop_collection('b_names')"),)),
    Plan("rename", (up("db.rename_collection('customers', 'people')"),)),
    Plan("rename to one that is there", (up("db.rename_collection('customers', 'orders')"),), fails=True),
    Plan("rename none", (up("db.rename_collection('nothing', 'something')"),), fails=True),
    Plan("view", (up("db.create_view('v', 'b_names', [{'$limit': 3}])") + verify("db.v.count_documents({}) == 3"),)),
    Plan("validator", (up("db.set_validator('orders', {'total': {'$gt': 0}}, level='moderate')"),)),
    Plan("no validator", (up("db.set_validator('customers', None)"),)),
    Plan(
        "validator that then holds",
        (up("db.set_validator('orders', {'total': {'$gt': 3}})", "db.orders.insert_one({'total': 1})"),),
        fails=True,
    ),
    Plan("collMod of nothing", (up("db.modify_collection('nothing', validationLevel='off')"),), fails=True),
    Plan("data", (up("db.customers.update_many({'name': {'$exists': True}}, {'$set': {'points': 3}})"),)),
    Plan("data that breaks the validator", (up("db.customers.insert_one({'email': 'x'})"),), fails=True),
    Plan(
        "a document that breaks the validator already",
        (up("assert db.customers.update_one({'_id': 99}, {'$set': {'a': 1}}).modified_count == 1"),),
        fails=True,
    ),
    Plan("a double", (up("db.orders.delete_many({'_id': 2})", "db.orders.insert_one({'_id': 1})"),), fails=True),
    Plan(
        "batches in a transaction",
        (up("for batch in db.batches('all', 'orders', size=15):", "    batch.update({'$inc': {'total': 1}})"),),
    ),
    Plan(
        "batches piece by piece",
        (
            up(
                "for batch in db.batches('all', 'orders', size=15):",
                "    batch.update({'$set': {'total': 1}})",
                "    db.log(f'{batch.rows} done')",
            )
            + verify("db.orders.count_documents({'total': 1}) == 40"),
        ),
        transaction=False,
    ),
    Plan(
        "batches that fail half way",
        (
            up(
                "for number, batch in enumerate(db.batches('all', 'orders', size=15)):",
                "    batch.update({'$set': {'total': 1}})",
                "    if number: db.orders.insert_one({'_id': 40})",
            ),
        ),
        transaction=False,
        fails=True,
    ),
    Plan(
        "step",
        (up("with db.step('one') as todo:", "    if todo:", "        db.orders.delete_many({'total': {'$gt': 9}})"),),
        transaction=False,
    ),
    Plan("verify holds", (up("db.orders.delete_many({})") + verify("db.orders.count_documents({}) == 0"),)),
    Plan("verify fails", (up("db.orders.delete_many({})") + verify("db.orders.count_documents({}) > 0"),), fails=True),
    Plan(
        "verify of a change of the schema fails",
        (up("db.create_collection('a')") + verify("'b' in db.collections()"),),
        fails=True,
    ),
    Plan("python fails in the middle", (up("db.orders.delete_many({})", "raise RuntimeError('no')"),), fails=True),
    Plan(
        "python fails between changes of the schema",
        (up("db.create_collection('a')", "{}['nothing']", "db.create_collection('b')"),),
        fails=True,
    ),
    Plan(
        "three files",
        (
            up("db.create_collection('a')", "db.create_index('a', 'n')"),
            up("db.a.insert_many([{'n': n} for n in range(7)])"),
            up("assert db.a.count_documents({}) == 7", "db.drop_collection('a')"),
        ),
        gone=("documents of a: 7 added",),
    ),
    Plan(
        "second of three fails",
        (up("db.create_collection('a')"), up("db.drop_index('a', 'n_1')"), up("db.drop_collection('a')")),
        fails=True,
    ),
    Plan(
        "schema, then data, then schema",
        (
            up(
                "db.create_collection('totals')",
                "with db.step('totals') as todo:",
                "    if todo:",
                "        for order in list(db.orders.find()):",
                "            change = {'$inc': {'total': order['total']}}",
                "            db.totals.update_one({'_id': order['customer']}, change, upsert=True)",
                "db.create_index('totals', 'total')",
            )
            + verify("db.totals.count_documents({}) == 30"),
        ),
    ),
    Plan(
        "reads, then writes",
        (
            up(
                "last = db.orders.find_one(sort=[('_id', -1)])['_id']",
                "db.orders.insert_one({'_id': last + 1})",
                "db.log(f'after {last}')",
            ),
        ),
    ),
    Plan(
        "found and changed",
        (
            up(
                "db.orders.find_one_and_update({'_id': 1}, {'$set': {'total': 99}})",
                "db.orders.find_one_and_delete({'_id': 2})",
                "db.orders.find_one_and_update({'_id': 900}, {'$set': {'total': 1}}, upsert=True)",
                "db.orders.find_one_and_delete({'_id': 901})",
            ),
        ),
    ),
    Plan(
        "a pipeline that writes",
        (up("list(db.orders.aggregate([{'$match': {'total': {'$gt': 9}}}, {'$out': 'large'}]))"),),
    ),
    Plan("a command of the server", (up("db.database.command('collMod', 'orders', validator={'a': 1})"),)),
    Plan("a command that is none", (up("db.database.command('nonsense')"),), fails=True),
    Plan("a change of the schema in a step", (up("with db.step('a'):", "    db.create_collection('a')"),), fails=True),
    Plan(
        "an error that is swallowed",
        (up("try: db.orders.insert_one({'_id': 1})", "except Exception: pass"),),
        fails=True,
    ),
)
