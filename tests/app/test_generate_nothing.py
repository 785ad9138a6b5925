"""Where the database is as it is wanted already, `miger generate` finds nothing: rich schemas, all types of columns."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable

import pytest

from miger.backends.registry import backend_for
from miger.engine.environments import Environment
from miger.engine.secrets import Secret
from miger.engine.statements import split

from tests.app import mysql_pairs, postgresql_pairs, sqlite_pairs
from tests.app.sandbox import Sandbox
from tests.backends import test_mysql_objects as of_mysql
from tests.backends import test_postgresql_objects as of_postgresql

SCHEMAS = 20  # at least, for each database


def longest(pairs: Iterable[mysql_pairs.Pair | postgresql_pairs.Pair | sqlite_pairs.Pair]) -> list[str]:
    """The schemas of these pairs that say most."""
    schemas = dict.fromkeys(schema for pair in pairs for schema in (pair.before, pair.after))
    return sorted(schemas, key=len, reverse=True)[:SCHEMAS]


SQLITE_TYPES = """
CREATE TABLE kinds (a INTEGER PRIMARY KEY AUTOINCREMENT, b INT NOT NULL DEFAULT -5, c REAL DEFAULT 1.5, d TEXT
    DEFAULT 'it''s', e BLOB DEFAULT x'4142', f NUMERIC, g VARCHAR(50) COLLATE NOCASE, h DECIMAL(10, 2), i BOOLEAN
    DEFAULT TRUE, j DATE DEFAULT CURRENT_DATE, k DATETIME DEFAULT CURRENT_TIMESTAMP, l "double precision", m, n BIGINT
    UNSIGNED, o CHARACTER VARYING(20), p JSON CHECK (json_valid(p)), q INT AS (b * 2) STORED, r TEXT AS (upper(d)));
CREATE TABLE strictly (a INT, b INTEGER, c REAL, d TEXT, e BLOB, f ANY, PRIMARY KEY (a, d)) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one ON kinds (lower(d), b DESC) WHERE b > 0;
CREATE VIEW both AS SELECT k.a, s.d FROM kinds k JOIN strictly s ON k.b = s.b;
CREATE TRIGGER fill AFTER INSERT ON kinds BEGIN UPDATE kinds SET c = 2 WHERE a = NEW.a; END;
"""
SCHEMAS_OF = {
    "sqlite": [SQLITE_TYPES, *longest(sqlite_pairs.PAIRS.values())],
    "postgresql": [of_postgresql.RICH, *longest(postgresql_pairs.PAIRS.values())],
    "mysql": [of_mysql.TYPES, of_mysql.REST, *longest(mysql_pairs.PAIRS.values())],
}
CASES = [(backend, number) for backend, schemas in SCHEMAS_OF.items() for number in range(len(schemas))]


@pytest.mark.parametrize(
    ("backend_name", "number"), CASES, indirect=["backend_name"], ids=[f"{name}-{number}" for name, number in CASES]
)
def test_a_schema_compared_with_itself_gives_nothing(sandbox: Sandbox, backend_name: str, number: int) -> None:
    schema = SCHEMAS_OF[backend_name][number]
    with contextlib.closing(backend_for(Environment("test", Secret(sandbox.url)), "miger_")) as backend:
        backend.open()
        for statement in split(schema, backend.dialect):
            backend.execute([statement])
        assert backend.read_catalog().tables
    sandbox.configure(project='schema = "schema.sql"')
    sandbox.write("schema.sql", schema)
    found = json.loads(sandbox.miger("generate", "--check", "--json").out)
    assert found["differences"] == []


def test_there_are_enough_of_them() -> None:
    assert all(len(set(schemas)) > SCHEMAS for schemas in SCHEMAS_OF.values())
