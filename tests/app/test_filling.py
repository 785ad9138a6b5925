"""New values in rows, as SQL and as Python."""

from __future__ import annotations

from miger.forms.bodies import python_body, sql_body
from miger.forms.steps import Fill, Sql, Step

FILL = Fill("users", "age = CAST(old AS integer)", "old IS NOT NULL", None, "id")


def test_a_fill_is_one_update_in_sql() -> None:
    assert sql_body([FILL], "postgresql") == "UPDATE users SET age = CAST(old AS integer) WHERE old IS NOT NULL;\n"
    assert sql_body([FILL._replace(where=None)], "sqlite") == "UPDATE users SET age = CAST(old AS integer);\n"


def test_a_long_fill_has_its_condition_on_a_line_of_its_own() -> None:
    fill = FILL._replace(values=f"age = coalesce({', '.join(['old'] * 12)})")
    assert sql_body([fill], "postgresql").splitlines()[1] == "WHERE old IS NOT NULL;"


def test_names_are_quoted_where_they_have_to_be() -> None:
    assert sql_body([Fill("order", "a = 1", schema="my shop")], "postgresql") == (
        'UPDATE "my shop"."order" SET a = 1;\n'
    )
    assert "UPDATE `order` SET a = 1" in python_body([Fill("order", "a = 1")], "mysql")


def test_in_one_transaction_python_sends_the_same_update() -> None:
    assert python_body([FILL], "postgresql") == (
        'db.execute("UPDATE users SET age = CAST(old AS integer) WHERE old IS NOT NULL")\n'
    )


def test_outside_of_one_python_goes_by_batches_of_the_key() -> None:
    body = python_body([FILL], "postgresql", transaction=False)
    assert body.startswith('for batch in db.batches("fill users.age", "users", key="id"):\n')
    assert "(old IS NOT NULL) AND id BETWEEN :low AND :high" in body
    compile(body, "body", "exec")


def test_without_a_key_there_are_no_batches() -> None:
    assert "batches" not in python_body([FILL._replace(key="")], "postgresql", transaction=False)


def test_a_colon_is_no_parameter_of_a_batch() -> None:
    fill = FILL._replace(values="age = old::integer, said = ' :low '", where=None)
    body = python_body([fill], "postgresql", transaction=False)
    assert "' \\\\\\\\:low '" in body or "' \\\\:low '" in body
    assert "old::integer" in body


def test_batches_have_names_that_differ() -> None:
    steps: list[Step] = [FILL, Sql("SELECT 1"), FILL, FILL._replace(values="name = ''")]
    body = python_body(steps, "postgresql", transaction=False)
    for title in ("fill users.age", "fill users.age 2", "fill users.name"):
        assert body.count(f'"{title}"') == 1
