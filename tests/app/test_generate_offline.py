"""What the migrations of a folder make, in an empty database, without asking the one they are for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from miger.backends.registry import backend_for
from miger.engine.backend import Backend
from miger.engine.environments import Environment
from miger.engine.errors import BadMigrations, MigerError, RefusedError, StepFailed, UnreachableError
from miger.engine.graph import MigrationGraph
from miger.engine.owner import this_process
from miger.engine.secrets import Secret
from miger.generate.compare import compare
from miger.generate.sources.source import find_source
from miger.generate.wanted import replayed_catalog, wanted_catalog
from miger.survey import read_graph

from tests.app.sandbox import Sandbox
from tests.conftest import SQL_BACKENDS

OWNER = this_process("test")


@pytest.fixture(params=SQL_BACKENDS)
def project(request: pytest.FixtureRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Sandbox:
    """An empty project on each database with SQL in turn."""
    url = request.getfixturevalue(f"{request.param}_url")
    return Sandbox(os.path.join(tmp_path, "shop"), request.param, url, capsys)


@pytest.fixture
def backend(project: Sandbox) -> Iterator[Backend]:
    opened = backend_for(Environment("dev", Secret(project.url)), "miger_")
    yield opened
    opened.close()


def graph_of(project: Sandbox) -> MigrationGraph:
    return read_graph(project.migrations)


def write_shop(project: Sandbox) -> None:
    project.sql("20260101000000_users", "CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(40));")
    project.python(
        "20260102000000_email",
        """
import sqlalchemy as sa

def up(db):
    db.op.add_column("users", sa.Column("email", sa.String(255)))
    for batch in db.batches("fill", "users", key="id"):
        batch.execute("UPDATE users SET email = name WHERE id BETWEEN :low AND :high")
    db.op.create_index("by_email", "users", ["email"])
""",
    )
    project.sql("20260103000000_view", "CREATE VIEW v AS SELECT email FROM users;", verify="SELECT email FROM v;")


def test_all_migrations_run_in_an_empty_database_and_the_own_one_is_not_asked(
    project: Sandbox, backend: Backend
) -> None:
    write_shop(project)
    replayed = replayed_catalog(graph_of(project), backend, OWNER)
    [users] = replayed.tables
    assert [column.name for column in users.columns] == ["id", "name", "email"]
    assert [index.name for index in users.indexes] == ["by_email"]
    assert [thing.name for thing in replayed.things] == ["v"]
    assert project.miger("status", "--json").document["counts"]["pending"] == 3
    project.miger("up", "--yes")
    assert not compare(replayed, backend.read_catalog())


def test_no_migration_at_all_makes_nothing(project: Sandbox, backend: Backend) -> None:
    assert replayed_catalog(graph_of(project), backend, OWNER).tables == ()


def test_a_migration_that_does_not_run_there_is_named_with_its_line(project: Sandbox, backend: Backend) -> None:
    project.table("20260101000000_one", "one")
    project.sql("20260102000000_two", "CREATE TABLE two (id INTEGER);\nINSERT INTO nobody VALUES (1);")
    with pytest.raises(StepFailed) as caught:
        replayed_catalog(graph_of(project), backend, OWNER)
    error = caught.value
    assert (error.id, error.line) == ("20260102000000_two", 5)
    assert "20260102000000_two does not run in an empty database after the others (line 5): " in error.message
    assert "nobody" in error.message


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("def up(db):\n    raise ValueError('rows are missing')\n", "rows are missing"),
        ("def up(db):\n    db.execute('SELECT * FROM nobody')\n", "nobody"),
        ("def up(db):\n    db.execute('CREATE TABLE t (id INTEGER)')\ndef verify(db):\n    return False\n", "verify"),
    ],
)
def test_a_python_migration_that_fails_there_is_named(project: Sandbox, backend: Backend, body: str, told: str) -> None:
    project.table("20260101000000_one", "one")
    project.python("20260102000000_two", body)
    with pytest.raises(StepFailed, match="20260102000000_two does not run in an empty database") as caught:
        replayed_catalog(graph_of(project), backend, OWNER)
    assert told in caught.value.message


def test_a_migration_that_is_no_python_is_told_before_anything_runs(project: Sandbox, backend: Backend) -> None:
    project.python("20260101000000_one", "def up(db):\n    return (\n")
    with pytest.raises(BadMigrations, match="not valid Python"):
        replayed_catalog(graph_of(project), backend, OWNER)


def test_scratch_databases_are_made_where_the_environment_says(
    postgresql_sandbox: Sandbox, postgresql_admin_url: str, tmp_path: Path
) -> None:
    write_shop(postgresql_sandbox)
    (tmp_path / "schema.sql").write_text("CREATE TABLE users (id integer);")
    nowhere = Secret("postgresql://nobody@127.0.0.1:1/shop")
    environment = Environment("prod", nowhere, read_only=True, scratch=Secret(postgresql_admin_url))
    away = backend_for(environment, "miger_")
    replayed = replayed_catalog(graph_of(postgresql_sandbox), away, OWNER)
    assert [table.path for table in replayed.tables] == ["users"]
    wanted = wanted_catalog(find_source("schema.sql", str(tmp_path)), away, OWNER)
    assert len(wanted.tables[0].columns) == 1
    away.close()
    without = backend_for(environment._replace(scratch=None, read_only=False), "miger_")
    with pytest.raises(UnreachableError):
        replayed_catalog(graph_of(postgresql_sandbox), without, OWNER)
    without.close()


def test_where_the_live_server_takes_no_scratch_database_another_one_is_advised(
    postgresql_url: str, postgresql_admin: psycopg.Connection, postgresql_sandbox: Sandbox
) -> None:
    graph = graph_of(postgresql_sandbox)
    closed = backend_for(Environment("prod", Secret(postgresql_url), read_only=True), "miger_")
    with pytest.raises(RefusedError, match="prod is read-only, and a scratch database") as refused:
        replayed_catalog(graph, closed, OWNER)
    assert "`scratch`" in refused.value.hint
    closed.close()
    name = postgresql_url.rpartition("/")[2]
    postgresql_admin.execute(f"CREATE ROLE {name}_weak LOGIN PASSWORD 'weak'")
    try:
        scheme, _, rest = postgresql_url.partition("://")
        weak = backend_for(
            Environment("prod", Secret(f"{scheme}://{name}_weak:weak@{rest.rpartition('@')[2]}")), "miger_"
        )
        with pytest.raises(RefusedError, match="this user may not create databases") as refused:
            replayed_catalog(graph, weak, OWNER)
        assert "CREATEDB" in refused.value.hint
        assert "`scratch`" in refused.value.hint
        weak.close()
    finally:
        postgresql_admin.execute(f"DROP ROLE {name}_weak")


def test_who_may_make_no_database_elsewhere_is_told_of_the_setting(
    postgresql_url: str, postgresql_admin: psycopg.Connection, postgresql_sandbox: Sandbox
) -> None:
    name = postgresql_url.rpartition("/")[2]
    postgresql_admin.execute(f"CREATE ROLE {name}_small LOGIN PASSWORD 'small'")
    try:
        scheme, _, rest = postgresql_url.partition("://")
        small = f"{scheme}://{name}_small:small@{rest.rpartition('@')[2]}"
        away = backend_for(Environment("prod", Secret("postgresql://h/shop"), scratch=Secret(small)), "miger_")
        with pytest.raises(RefusedError, match="`scratch` of environment prod: this user may not create databases"):
            replayed_catalog(graph_of(postgresql_sandbox), away, OWNER)
        away.close()
    finally:
        postgresql_admin.execute(f"DROP ROLE {name}_small")


def test_an_sqlite_file_that_is_not_there_yet_stays_away(sqlite_sandbox: Sandbox) -> None:
    write_shop(sqlite_sandbox)
    path = sqlite_sandbox.url.removeprefix("sqlite:///")
    opened = backend_for(Environment("dev", Secret(sqlite_sandbox.url)), "miger_")
    assert len(replayed_catalog(graph_of(sqlite_sandbox), opened, OWNER).tables) == 1
    opened.close()
    assert not os.path.exists(path)


def test_a_migration_that_needs_what_only_rows_can_give_is_told(sqlite_sandbox: Sandbox) -> None:
    sqlite_sandbox.sql(
        "20260101000000_one", "CREATE TABLE one (id INTEGER);", verify="SELECT count(*) > 0 AS ok FROM one;"
    )
    opened = backend_for(Environment("dev", Secret(sqlite_sandbox.url)), "miger_")
    with pytest.raises(MigerError, match="20260101000000_one does not run in an empty database"):
        replayed_catalog(graph_of(sqlite_sandbox), opened, OWNER)
    opened.close()
