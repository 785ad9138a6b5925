"""From any schema to any other and back: what is generated gives the one, and then the other again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from miger.backends.registry import backend_for
from miger.engine.backend import Backend
from miger.engine.catalog import Catalog
from miger.engine.environments import Environment
from miger.engine.errors import MigerError
from miger.engine.owner import this_process
from miger.engine.secrets import Secret
from miger.engine.statements import Statement, split
from miger.forms.bodies import sql_body
from miger.generate.carrying_out import carry_out
from miger.generate.compare import compare
from miger.generate.copies import carry_out_steps
from miger.generate.telling import lines_of
from miger.generate.writing.write import write
from miger.generate.writing.written import Choices

from tests.app.random_schemas import Drawn, schemas
from tests.conftest import SQL_BACKENDS

PAIRS, MANY = 30, 300
OWNER = this_process("test")
BASE = {"column", "default", "foreign key", "generated column", "identity", "plain index", "primary key", "table"}
KINDS = {
    "sqlite": BASE | {"check", "expression index", "partial index", "trigger", "unique", "unique index", "view"},
    "postgresql": BASE
    | {"check", "comment", "enum", "expression index", "function", "partial index", "sequence", "trigger", "unique"}
    | {"unique index", "view"},
    "mysql": BASE | {"check", "comment", "trigger", "unique", "unique index", "view"},
}
"""What has to come up in some of the pairs, or the test does not test it."""


@pytest.fixture(params=SQL_BACKENDS)
def backend_name(request: pytest.FixtureRequest) -> str:
    """Each SQL backend in turn."""
    return str(request.param)


@pytest.fixture
def backend(backend_name: str, database_url: str) -> Iterator[Backend]:
    """A connection, beside whose database others are made."""
    opened = backend_for(Environment("dev", Secret(database_url)), "miger_")
    opened.open()
    yield opened
    opened.close()


def make(blank: Backend, drawn: Drawn) -> Catalog:
    """Makes the schema in an empty database, and reads it."""

    def failure(statement: Statement, error: MigerError) -> MigerError:
        return MigerError(f"{statement.sql}: {error}")

    carry_out(blank, split([drawn.text], blank.dialect), failure)
    return blank.read_catalog()


def go(here: Backend, before: Catalog, after: Catalog, direction: str) -> None:
    """Makes `after` of `before` by what is generated, and says what is left to do."""
    written = write(here.name, compare(before, after), before, after, Choices(back=direction == "down"))
    steps = (*written.expand, *written.contract)
    note(f"-- {direction}\n{sql_body(steps, here.name)}")
    carry_out_steps(here, steps)
    left = [str(line) for line in lines_of(compare(here.read_catalog(), after))]
    assert not left, f"after {direction} there is still to do: {left}"


def there_and_back(backend: Backend, first: Drawn, second: Drawn) -> None:
    """Goes from the one schema to the other and back again."""
    note(f"-- before\n{first.text}\n-- after\n{second.text}")
    with backend.blank(OWNER) as here, backend.blank(OWNER) as there:
        before, after = make(here, first), make(there, second)
        assert not compare(before, before)
        go(here, before, after, "up")
        go(here, after, before, "down")


def try_pairs(backend: Backend, count: int) -> None:
    """Tries so many pairs, and tells what was in them."""
    seen: Counter[str] = Counter()
    tried = 0

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize="MIGER_TEST_SEED" not in os.environ,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def trip(data: st.DataObject) -> None:
        nonlocal tried
        first, second = data.draw(schemas(backend.name)), data.draw(schemas(backend.name))
        there_and_back(backend, first, second)
        seen.update(first.kinds + second.kinds)
        tried += 1

    trip()
    told = ", ".join(f"{kind} {number}" for kind, number in sorted(seen.items()) if number)
    print(f"{backend.name}: {tried} pairs there and back: {told}")
    assert tried >= count
    assert not KINDS[backend.name] - {kind for kind, number in seen.items() if number}


@pytest.mark.timeout(900)
def test_a_random_schema_becomes_another_and_itself_again(backend: Backend) -> None:
    try_pairs(backend, PAIRS)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_many_random_schemas_become_others_and_themselves_again(backend: Backend) -> None:
    try_pairs(backend, MANY)
