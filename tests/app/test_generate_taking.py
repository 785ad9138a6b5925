"""Taking some of the differences: the schema in between, what hangs together, and the migration that comes of it."""

from __future__ import annotations

import itertools

import pytest

from miger import Project
from miger.engine.catalog import (
    CHECK,
    FOREIGN_KEY,
    PRIMARY_KEY,
    UNIQUE,
    Catalog,
    Column,
    Constraint,
    Index,
    Table,
    Thing,
)
from miger.engine.errors import UsageError
from miger.generate.compare import compare
from miger.generate.generate import Generation, Options
from miger.generate.proof import write_all
from miger.generate.taking import Taking, take
from miger.generate.telling import keys_of, lines_of

from tests.app.sandbox import Sandbox

ID = Column("id", "integer", False, definition="integer NOT NULL")
MAIL = Column("mail", "text", definition="text")
EMAIL = Column("email", "varchar(255)", definition="varchar(255)")
TEAM = Column("team_id", "integer", definition="integer")
KEY = Constraint(PRIMARY_KEY, "", "PRIMARY KEY (id)", ("id",), named=False)
BY_MAIL = Index("by_mail", "CREATE INDEX by_mail ON users (mail)", ("mail",))
BY_EMAIL = Index("by_email", "CREATE INDEX by_email ON users (email)", ("email",))
TO_TEAMS = Constraint(
    FOREIGN_KEY, "to_teams", "FOREIGN KEY (team_id) REFERENCES teams (id)", ("team_id",), "teams", ("id",)
)
TEAMS = Table("teams", (ID,), (KEY,))
USERS = Table("users", (ID, MAIL), (KEY,), (BY_MAIL,), definition="CREATE TABLE users (…)")
WANTED = Table("users", (ID, EMAIL, TEAM), (KEY, TO_TEAMS), (BY_EMAIL,), definition="CREATE TABLE users (… email …)")
BEFORE = Catalog((USERS,), (Thing("view", "mails", "CREATE VIEW mails AS SELECT mail FROM users", needs=("users",)),))
GOAL = Catalog((WANTED, TEAMS))


def keys(before: Catalog, after: Catalog) -> list[str]:
    return keys_of(lines_of(compare(before, after)))


def without(*left: str) -> Taking:
    return take(BEFORE, GOAL, set(keys(BEFORE, GOAL)) - set(left))


def test_all_is_the_goal_and_nothing_is_what_was() -> None:
    assert without() == Taking(GOAL)
    assert take(BEFORE, GOAL, ()) == Taking(BEFORE)


def test_a_new_column_that_is_left_leaves_its_index() -> None:
    found = without("add column users.email")
    users = found.goal.table("users")
    assert users is not None
    assert [column.name for column in users.columns] == ["id", "team_id"]
    assert users.indexes == ()
    assert users.definition == "", "no statement of anybody's makes this table"
    assert found.fallen == (("add index by_email on users", "it needs column users.email"),)


def test_a_new_table_that_is_left_leaves_the_foreign_keys_to_it() -> None:
    found = without("add table teams")
    users = found.goal.table("users")
    assert users is not None
    assert users.constraints == (KEY,)
    assert users.column("team_id") == TEAM
    assert [key for key, _ in found.fallen] == ["add foreign key to_teams on users"]


def test_what_is_needed_by_what_stays_stays() -> None:
    found = without("drop view mails")
    assert found.fallen == (("drop column users.mail", "view mails needs column users.mail"),)
    assert without("drop index by_mail on users").fallen == (
        ("drop column users.mail", "index by_mail of users needs column users.mail"),
    )


def test_a_key_that_is_left_leaves_what_points_to_it() -> None:
    before = Catalog((Table("teams", (ID,)), Table("users", (ID, TEAM))))
    goal = Catalog((TEAMS, Table("users", (ID, TEAM), (TO_TEAMS,))))
    found = take(before, goal, {"add foreign key to_teams on users"})
    assert found.goal == before
    assert found.fallen[0].reason == "it needs id of teams as unique"


def test_a_second_primary_key_is_not_taken() -> None:
    other = Constraint(PRIMARY_KEY, "", "PRIMARY KEY (team_id)", ("team_id",), named=False)
    before, goal = Catalog((Table("t", (ID, TEAM), (KEY,)),)), Catalog((Table("t", (ID, TEAM), (other,)),))
    assert keys(before, goal) == ["drop primary key (id) on t", "add primary key (team_id) on t"]
    found = take(before, goal, {"add primary key (team_id) on t"})
    assert found == (before, (("add primary key (team_id) on t", "the other primary key stays"),))


def test_a_type_that_is_left_leaves_the_columns_of_it() -> None:
    kind = Thing("enum", "mood", "CREATE TYPE mood AS ENUM ('a')", ("a",))
    mood = Column("mood", "mood", definition="mood")
    before, goal = Catalog((Table("t", (ID,)),)), Catalog((Table("t", (ID, mood), needs=("mood",)),), (kind,))
    found = take(before, goal, {"add column t.mood"})
    assert found == (before, (("add column t.mood", "it needs mood"),))
    assert take(before, goal, {"add enum mood"}).goal == before._replace(things=(kind,))


def test_lines_that_say_the_same_are_taken_one_by_one() -> None:
    checks = [Constraint(CHECK, "", f"CHECK (id > {n})", (), named=False) for n in (1, 2)]
    before, goal = Catalog((Table("t", (ID,)),)), Catalog((Table("t", (ID,), tuple(checks)),))
    assert keys(before, goal) == ["add check on t", "add check on t #2"]
    found = take(before, goal, {"add check on t #2"}).goal.table("t")
    assert found is not None
    assert found.constraints == (checks[1],)


def test_comment_and_options_of_a_table_are_one_difference() -> None:
    before = Catalog((Table("t", (ID,), comment="old", options="STRICT"),))
    goal = Catalog((Table("t", (ID, MAIL), comment="new"),))
    assert keys(before, goal) == ["change table t", "add column t.mail"]
    assert take(before, goal, {"change table t"}).goal == Catalog((Table("t", (ID,), comment="new"),))
    assert take(before, goal, {"add column t.mail"}).goal.tables[0].comment == "old"


def test_what_differs_then_is_what_was_taken_whatever_was_chosen() -> None:
    unique = Constraint(UNIQUE, "one_mail", "UNIQUE (mail)", ("mail",))
    before = BEFORE._replace(tables=(USERS._replace(constraints=(KEY, unique)), Table("old", (ID,), (KEY,))))
    all_keys = keys(before, GOAL)
    assert len(all_keys) == 10
    for chosen in itertools.product((False, True), repeat=len(all_keys)):
        taken = {key for key, keep in zip(all_keys, chosen, strict=True) if keep}
        found = take(before, GOAL, taken)
        fallen = {one.key for one in found.fallen}
        assert fallen <= taken
        assert set(keys(before, found.goal)) == taken - fallen


# On databases


OLD = (
    "CREATE TABLE teams (id INTEGER PRIMARY KEY, name VARCHAR(50));\n"
    "CREATE TABLE users (id INTEGER PRIMARY KEY, mail VARCHAR(50), age VARCHAR(20), nick VARCHAR(20));\n"
    "CREATE INDEX users_nick ON users (nick);\n"
)
NEW = (
    "CREATE TABLE teams (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL);\n"
    "CREATE TABLE towns (id INTEGER PRIMARY KEY);\n"
    "CREATE TABLE users (id INTEGER PRIMARY KEY, mail VARCHAR(50), age INTEGER, town_id INTEGER,\n"
    "    CONSTRAINT to_towns FOREIGN KEY (town_id) REFERENCES towns (id), CONSTRAINT grown CHECK (age > 17));\n"
    "CREATE UNIQUE INDEX users_mail ON users (mail);\n"
)


def generated(shop: Sandbox, *left: str, name: str = "some") -> Generation:
    """What comes of it when all is taken but what is left."""
    with Project.open(shop.folder) as project:
        found = project.generate("some", Options(bare=True))
        taken = frozenset(keys_of(found.lines)) - set(left)
        return project.generate(name, Options(lossy=True, taken=taken))


def applied(shop: Sandbox, found: Generation) -> None:
    write_all(shop.migrations, found.drafts, found.now)
    shop.miger("up", "--yes")


@pytest.fixture
def shop(sandbox: Sandbox) -> Sandbox:
    """A project that wants another schema than it has."""
    sandbox.configure(project='schema = "schema.sql"')
    rows = "INSERT INTO users VALUES (1, 'a@b', '31', 'ann');\n"
    sandbox.sql("20260101000000_first", OLD + rows, "DROP TABLE users; DROP TABLE teams;")
    sandbox.miger("up")
    sandbox.write("schema.sql", NEW)
    return sandbox


ON_DATABASES = pytest.mark.parametrize("backend_name", ["sqlite", "postgresql"], indirect=True)


@ON_DATABASES
def test_what_was_left_is_found_by_the_next_comparison_and_then_nothing_is(shop: Sandbox) -> None:
    found = generated(shop, "change column users.age", "add table towns", "drop index users_nick on users")
    assert set(keys_of(found.lines)) == {
        "change column teams.name",
        "add column users.town_id",
        "add index users_mail on users",
    }
    assert {one.key for one in found.fallen} == {
        "add foreign key to_towns on users",
        "add check grown on users",
        "drop column users.nick",
    }
    applied(shop, found)
    assert shop.rows("SELECT mail, age, nick, town_id FROM users") == [("a@b", "31", "ann", None)]
    rest = generated(shop, name="the_rest")
    assert len(rest.lines) == 6
    assert rest.fallen == ()
    applied(shop, rest)
    assert shop.miger("generate", "--check").code == 0
    assert shop.rows("SELECT mail, age, town_id FROM users") == [("a@b", 31, None)]
    shop.miger("down", "--steps", "2", "--yes")
    assert shop.rows("SELECT mail, age FROM users") == [("a@b", "31")]


@pytest.mark.parametrize("backend_name", ["sqlite"], indirect=True)
@pytest.mark.parametrize("chosen", range(4))
def test_whatever_was_taken_stands_its_trial(shop: Sandbox, chosen: int) -> None:
    with Project.open(shop.folder) as project:
        everything = keys_of(project.generate("all", Options(bare=True)).lines)
    left = {key for number, key in enumerate(everything) if (number * 3 + chosen) % 4 < 2}
    found = generated(shop, *left)
    taken = set(everything) - left - {one.key for one in found.fallen}
    assert set(keys_of(found.lines)) == taken
    assert len(found.drafts) == (1 if taken else 0), "each one was tried: up, down and up again"


@pytest.mark.parametrize("backend_name", ["sqlite"], indirect=True)
def test_a_rename_that_is_left_leaves_the_old_name(shop: Sandbox) -> None:
    shop.write("schema.sql", f"-- miger:rename users.mail:users.email\n{OLD.replace('mail', 'email')}")
    with Project.open(shop.folder) as project:
        assert keys_of(project.generate("all", Options(bare=True)).lines) == ["rename column users.mail"]
    assert generated(shop, "rename column users.mail").lines == ()
    applied(shop, generated(shop))
    assert shop.rows("SELECT email FROM users") == [("a@b",)]


@pytest.mark.parametrize("backend_name", ["mongodb"], indirect=True)
def test_of_collections_all_is_taken(sandbox: Sandbox) -> None:
    with Project.open(sandbox.folder) as project, pytest.raises(UsageError, match="all differences are taken"):
        project.generate("some", Options(taken=frozenset()))
