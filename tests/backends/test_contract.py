"""The contract of backends, on each of ours."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.backends.contract import BackendContract, Snippets
from tests.servers.postgresql import PASSWORD


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


SNIPPETS = {
    "sqlite": Snippets(
        codes=("SQLITE_ERROR", "SQLITE_CONSTRAINT_PRIMARYKEY"),
        set_session="PRAGMA case_sensitive_like = ON",
        read_session="SELECT 'a' LIKE 'A'",
        bad_urls=_sqlite_dead_ends,
    ),
    "postgresql": Snippets(
        unknown_column_line=1,
        codes=("42703", "23505"),
        set_session="SET search_path = pg_catalog",
        read_session="SHOW search_path",
        bad_urls=_postgresql_dead_ends,
        secrets=lambda url: (PASSWORD, re.sub(r".*?:([^:@]+)@.*", r"\1", url), "wr0ng-p", "@ss/w"),
    ),
}


class TestContract(BackendContract):
    @pytest.fixture
    def snippets(self, backend_name: str) -> Snippets:
        return SNIPPETS[backend_name]
