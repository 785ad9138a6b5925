"""The contract of backends, on each of ours."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

import pytest

from miger.engine.errors import RefusedError
from miger.testing.contract import BackendContract, Snippets, SqlContract, SqlSnippets

from tests.backends.mongodb_snippets import MongodbSnippets
from tests.backends.shop import Shop
from tests.conftest import SQL_BACKENDS
from tests.servers.base import PASSWORD


def _sqlite_dead_ends(url: str) -> dict[str, str]:
    return {
        url.replace("x.db", "nowhere/x.db"): "unable to open",
        url.replace("/x.db", ""): "unable to open",
    }


def _postgresql_dead_ends(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    wrong = urlunsplit(parts._replace(netloc=f"{parts.username}:wr0ng-p%40ss@{place}"))
    closed = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", ":1")))
    return {
        wrong: "password authentication failed",
        closed: "refused",
        url + "_missing": "does not exist",
        url + "?options=-cnonsense%3D1": "nonsense",
        url.replace(parts.path, "/%zz"): "cannot connect",
    }


def _mysql_dead_ends(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    wrong = urlunsplit(parts._replace(netloc=f"{parts.username}:wr0ng-p%40ss@{place}"))
    closed = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", ":1")))
    endless = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.port}", ":99999")))
    return {
        wrong: "Access denied",
        closed: "Can't connect",
        endless: "not a number from 1 to 65535",
        url + "_missing": "Unknown database",
        url + "?nonsense=1": "no option is called 'nonsense'",
        url.replace(parts.path, "/%zz"): "cannot connect",
        url.replace(parts.path, "/"): "names no database",
    }


def _secrets(url: str) -> tuple[str, ...]:
    return PASSWORD, re.sub(r".*?:([^:@]+)@.*", r"\1", url), "wr0ng-p", "@ss/w"


SQL_SNIPPETS = {
    "sqlite": SqlSnippets(
        codes=("SQLITE_ERROR", "SQLITE_CONSTRAINT_PRIMARYKEY"),
        set_session="PRAGMA case_sensitive_like = ON",
        read_session="SELECT 'a' LIKE 'A'",
        dead_ends=_sqlite_dead_ends,
    ),
    "postgresql": SqlSnippets(
        unknown_column_line=1,
        codes=("42703", "23505"),
        set_session="SET search_path = pg_catalog",
        read_session="SHOW search_path",
        dead_ends=_postgresql_dead_ends,
        hidden=_secrets,
    ),
    "mysql": SqlSnippets(
        codes=("1054", "1062"),
        outside="ALTER TABLE items ADD COLUMN note VARCHAR(9)",
        set_session="SET sql_mode = 'ANSI_QUOTES'",
        read_session="SELECT @@sql_mode",
        rolls_back_definitions=False,
        dead_ends=_mysql_dead_ends,
        hidden=_secrets,
    ),
}


class TestSqlContract(SqlContract):
    """Everything, on the databases with SQL."""

    @pytest.fixture(params=SQL_BACKENDS)
    def backend_name(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    @pytest.fixture
    def snippets(self, backend_name: str) -> SqlSnippets:
        return SQL_SNIPPETS[backend_name]

    @pytest.mark.parametrize("kind", ["sql", "python"])
    def test_a_read_only_environment_can_be_verified_and_not_changed(self, shop: Shop, kind: str) -> None:
        shop.sql("1_a", "CREATE TABLE a (id INTEGER);")
        if kind == "sql":
            shop.sql("2_b", "CREATE TABLE b (id INTEGER);", verify="SELECT count(*) = 0 AS ok FROM b;")
        else:
            body = "def up(db):\n    db.execute('CREATE TABLE b (id INTEGER)')\n\n"
            shop.python("2_b", body + "def verify(db):\n    return db.execute('SELECT id FROM b').all() == []\n")
        shop.up()
        shop.sql("3_c", "CREATE TABLE c (id INTEGER);")
        shop.configure(read_only=True)
        with shop.project() as project:
            report = project.verify()
            assert (report.checked, report.failed) == (1, ())
            with pytest.raises(RefusedError, match="read-only"):
                project.up()
            with pytest.raises(RefusedError, match="read-only"):
                project.baseline()
        assert shop.states() == {"1_a": "applied", "2_b": "applied", "3_c": "pending"}


class TestMongodbContract(BackendContract):
    """What has nothing to do with SQL, on MongoDB."""

    @pytest.fixture
    def backend_name(self) -> str:
        return "mongodb"

    @pytest.fixture
    def snippets(self) -> Snippets:
        return MongodbSnippets()
