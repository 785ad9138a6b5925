"""`miger lint`: what it says, in which form, and its exit code."""

from __future__ import annotations

import pytest

from tests.app.sandbox import Sandbox

REFUSED = 7
EVERYWHERE = pytest.mark.parametrize("backend_name", ["sqlite", "postgresql", "mysql"])
DROP = "ALTER TABLE users DROP COLUMN phone;"


def users(sandbox: Sandbox) -> None:
    sandbox.sql(
        "0001_users",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, phone VARCHAR(20));\n"
        "INSERT INTO users VALUES (1, '55'), (2, NULL), (3, '66');",
        "DROP TABLE users;",
    )
    sandbox.miger("up")


@EVERYWHERE
def test_losses_are_counted_on_the_database(sandbox: Sandbox) -> None:
    users(sandbox)
    path = sandbox.sql("0002_drop", f"SELECT 1;\n{DROP}", "SELECT 1;")
    done = sandbox.miger("lint", code=REFUSED)
    first, advice = done.out.splitlines()[-2:]
    assert first.startswith(f"✖ drop-column  {path}:5  ")
    assert first.endswith("column users.phone holds 2 values that the drop loses")
    assert advice.startswith("    → Stop using the column")
    assert "1 error, " in done.err
    assert sandbox.states()["0002_drop"] == "pending"


@EVERYWHERE
def test_an_empty_column_is_no_loss(sandbox: Sandbox) -> None:
    users(sandbox)
    sandbox.rows("UPDATE users SET phone = NULL")
    sandbox.sql("0002_drop", DROP, "SELECT 1;")
    [hazard] = [
        found for found in sandbox.miger("lint", "--json").document["hazards"] if found["code"] == "drop-column"
    ]
    assert hazard["severity"] == "info"


@EVERYWHERE
def test_odd_names_are_quoted_as_the_database_wants_it(sandbox: Sandbox) -> None:
    mark = "`" if sandbox.backend == "mysql" else '"'
    table, column = f"{mark}Odd 'Table{mark}", f"{mark}a%b \\ c{mark}"
    sandbox.sql(
        "0001_odd", f"CREATE TABLE {table} ({column} INTEGER);\nINSERT INTO {table} VALUES (1), (1);", "SELECT 1;"
    )
    sandbox.miger("up")
    sandbox.sql("0002_odd", f"CREATE UNIQUE INDEX one ON {table} ({column});\nDROP TABLE {table};", "SELECT 1;")
    document = sandbox.miger("lint", "--json", code=REFUSED).document
    assert document["notes"] == [] or "squawk" in document["notes"][0]
    told = {hazard["code"]: hazard["message"] for hazard in document["hazards"] if hazard["severity"] == "error"}
    assert set(told) == {"duplicate-values", "drop-table"}
    assert "2 rows" in told["drop-table"]


def test_what_is_allowed_does_not_fail(sqlite_sandbox: Sandbox) -> None:
    users(sqlite_sandbox)
    allow = 'allow = [{ hazard = "drop-column", reason = "moved to contacts" }]'
    sqlite_sandbox.sql("0002_drop", DROP, "SELECT 1;", metadata=allow)
    done = sqlite_sandbox.miger("lint")
    assert done.out.startswith("✓ drop-column")
    assert "    allowed: moved to contacts" in done.out
    assert "1 allowed" in done.err


def test_an_allowance_may_mean_one_column(sqlite_sandbox: Sandbox) -> None:
    users(sqlite_sandbox)
    allow = 'allow = [{ hazard = "drop-column", subject = "users.other", reason = "no" }]'
    sqlite_sandbox.sql("0002_drop", DROP, "SELECT 1;", metadata=allow)
    sqlite_sandbox.miger("lint", code=REFUSED)


def test_offline_nothing_is_asked(sqlite_sandbox: Sandbox) -> None:
    sqlite_sandbox.url = "postgresql://nobody@127.0.0.1:1/nothing"
    sqlite_sandbox.configure()
    sqlite_sandbox.sql("0001_drop", DROP, "SELECT 1;")
    done = sqlite_sandbox.miger("lint", "--offline", "--json")
    codes = {hazard["code"]: hazard for hazard in done.document["hazards"]}
    assert codes["drop-column"]["severity"] == "warning"
    assert "the data was not asked" in codes["drop-column"]["message"]


def test_ids_and_all(sqlite_sandbox: Sandbox) -> None:
    users(sqlite_sandbox)
    sqlite_sandbox.sql("0002_view", "CREATE VIEW v AS SELECT 1;\nDROP INDEX IF EXISTS nobodys;", "SELECT 1;")
    sqlite_sandbox.miger("up")
    sqlite_sandbox.sql("0003_drop", "DROP VIEW v;", "SELECT 1;")

    def told(*arguments: str) -> list[str]:
        return [found["id"] for found in sqlite_sandbox.miger("lint", "--json", *arguments).document["hazards"]]

    assert told() == ["0003_drop"]
    assert told("0002") == ["0002_view"]
    assert told("--all") == ["0002_view", "0003_drop"]
    assert told("--offline") == ["0002_view", "0003_drop"]
    sqlite_sandbox.miger("lint", "0009", code=2)


def test_a_plan_without_hazards_is_quiet(sqlite_sandbox: Sandbox) -> None:
    sqlite_sandbox.table("0001_a", "a")
    done = sqlite_sandbox.miger("lint")
    assert done.out == ""
    assert "0 errors, 0 warnings" in done.err


def test_python_is_read_and_not_run(sqlite_sandbox: Sandbox) -> None:
    users(sqlite_sandbox)
    sqlite_sandbox.python(
        "0002_drop",
        "raise SystemExit('this must not run')\nTABLES = ('users', 'others')\n\n"
        "def up(db):\n    for table in TABLES:\n        db.execute(f'DROP TABLE {table}')\n\ndef down(db):\n    pass",
    )
    [hazard] = sqlite_sandbox.miger("lint", "--json", code=REFUSED).document["hazards"]
    assert (hazard["code"], hazard["subject"], hazard["line"]) == ("drop-table", "users", 8)


@pytest.mark.parametrize(
    "body",
    [
        "def up(db):\n    db.op.drop_column()\n    db.op.drop_table(*names)\n    db.op.create_index(None, None, None)",
        "def up(db):\n    up(db)\n    db.execute(db)\n"
        "    for a, *b in db.batches('x', 'users', key='id'):\n        b.execute(a)",
        "x = y = [z for z in range(3)]\ndef up(db, /, *rest, **more):\n    (lambda: db.op.drop_table('t'))()\n    x[9]",
        "def up(db):\n    with db.op.batch_alter_table(name()) as a, open('x') as (b, c):\n"
        "        a.drop_column('z'); a.b.c.d()",
        "def up(db):\n    def inner(): db.op.drop_table('t')\n    match db:\n"
        "        case _: db.op.alter_column('a', 'b', type_=1)",
        "def up(db):\n    db.op.add_column('a', Column)\n    db.op.add_column('a', Column('b', None, nullable=False))",
    ],
)
def test_odd_python_is_no_trouble(sqlite_sandbox: Sandbox, body: str) -> None:
    sqlite_sandbox.python("0001_odd", f"{body}\n\ndef down(db):\n    pass")
    sqlite_sandbox.miger("lint", code=None)
