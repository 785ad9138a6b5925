"""Which tables and columns may have been renamed, and what a person says of that."""

from __future__ import annotations

import pytest

from miger.engine.catalog import Catalog, Column, Table
from miger.engine.errors import UsageError
from miger.generate.renames import Rename, Renaming, find_candidates, parse_rename, resolve


def table(name: str, *columns: str, schema: str | None = None) -> Table:
    """A table with columns as `name type`; text where no type is said."""
    made = tuple(Column(text.split()[0], [*text.split(), "text"][1]) for text in columns)
    return Table(name, made, schema=schema)


def catalog(*tables: Table) -> Catalog:
    return Catalog(tables)


USERS = catalog(table("users", "id integer", "name", "mail", "age integer"))


def options(before: Catalog, after: Catalog) -> list[str]:
    return [candidate.renaming.option for candidate in find_candidates(before, after)]


def test_a_column_with_a_like_name_and_type_is_a_candidate() -> None:
    after = catalog(table("users", "id integer", "name", "email", "age integer"))
    assert options(USERS, after) == ["users.mail:users.email"]
    assert find_candidates(USERS, after)[0].likely


def test_a_column_of_another_type_or_another_name_altogether_is_none() -> None:
    assert options(USERS, catalog(table("users", "id integer", "name", "email integer", "age integer"))) == []
    assert options(USERS, catalog(table("users", "id integer", "name", "age integer", "zip"))) == []


def test_each_column_is_in_one_candidate_and_the_best_comes_first() -> None:
    before = catalog(table("t", "phone", "phone_home"))
    after = catalog(table("t", "telephone", "phone_at_home"))
    assert options(before, after) == ["t.phone_home:t.phone_at_home", "t.phone:t.telephone"]


def test_a_table_with_the_same_columns_is_a_candidate_whatever_its_name() -> None:
    after = catalog(table("people", "id integer", "name", "mail", "age integer"))
    assert options(USERS, after) == ["users:people"]


def test_a_table_with_other_columns_is_none() -> None:
    assert options(USERS, catalog(table("user_log", "at date", "what"))) == []


def test_columns_of_a_renamed_table_are_candidates_once_that_is_known() -> None:
    after = catalog(table("people", "id integer", "name", "email", "age integer"))
    known = [Renaming("users", "people")]
    found = [candidate.renaming for candidate in find_candidates(USERS, after, known)]
    assert found == [Renaming("users", "people", "mail", "email")]


def test_nothing_is_a_candidate_that_is_known_or_stays() -> None:
    after = catalog(table("users", "id integer", "name", "email", "age integer"))
    assert find_candidates(USERS, after, [Renaming("users", "users", "mail", "email")]) == []
    assert find_candidates(USERS, USERS) == []


@pytest.mark.parametrize("text", ["users.mail:users.email", "users.mail:email", " users.mail : email "])
def test_a_rename_of_a_column_is_said_with_or_without_its_table_again(text: str) -> None:
    after = catalog(table("users", "id integer", "name", "email", "age integer"))
    assert resolve([parse_rename(text)], USERS, after) == [Renaming("users", "users", "mail", "email")]


@pytest.mark.parametrize("said", ["users.mail:people.email", "people.mail:email", "users.mail:email"])
def test_a_table_and_its_column_are_renamed_in_any_order(said: str) -> None:
    after = catalog(table("people", "id integer", "name", "email", "age integer"))
    found = resolve([parse_rename(said), parse_rename("users:people")], USERS, after)
    assert found == [Renaming("users", "people"), Renaming("users", "people", "mail", "email")]


def test_names_in_another_schema_are_paths() -> None:
    before = catalog(table("users", "mail", schema="shop"))
    after = catalog(table("users", "email", schema="shop"))
    renaming = Renaming("shop.users", "shop.users", "mail", "email")
    assert resolve([parse_rename("shop.users.mail:email")], before, after) == [renaming]
    assert resolve([parse_rename(renaming.option)], before, after) == [renaming]


@pytest.mark.parametrize("text", ["users", "users:", ":people", "a:b:c", ""])
def test_what_is_no_rename_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no rename"):
        parse_rename(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("users.nick:email", "there is no users.nick"),
        ("orders:people", "there is no orders"),
        ("users.name:email", "still wanted"),
        ("users.mail:fax", "not new"),
        ("users.mail:age", "not new"),
    ],
)
def test_a_rename_that_means_nothing_says_why(text: str, message: str) -> None:
    after = catalog(table("users", "id integer", "name", "email", "age integer"))
    with pytest.raises(UsageError, match=message):
        resolve([parse_rename(text)], USERS, after)


def test_an_annotation_whose_rename_is_done_means_nothing_any_more() -> None:
    after = catalog(table("users", "id integer", "name", "email", "age integer"))
    assert resolve([Rename("users.mail", "users.email")], after, after, strict=False) == []


def test_one_thing_in_two_renames_is_refused() -> None:
    after = catalog(table("users", "id integer", "name", "email", "contact", "age integer"))
    with pytest.raises(UsageError, match="two renames"):
        resolve([Rename("users.mail", "email"), Rename("users.mail", "contact")], USERS, after)
