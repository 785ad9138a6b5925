"""What `read_schema` sees of a database: every kind of object, and nothing that changes by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from miger.backends.registry import backend_for
from miger.backends.sql import SqlBackend
from miger.engine.environments import Environment
from miger.engine.schema import compare_schemas
from miger.engine.secrets import Secret
from miger.engine.statements import split

SQL = ("sqlite", "postgresql", "mysql")

BASE = {
    "sqlite": """
        CREATE TABLE parents (id INTEGER PRIMARY KEY, name TEXT NOT NULL DEFAULT 'x');
        CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents (id));
        CREATE VIEW names AS SELECT name FROM parents;
    """,
    "postgresql": """
        CREATE SCHEMA other;
        CREATE TYPE mood AS ENUM ('sad', 'glad');
        CREATE DOMAIN amount AS numeric CHECK (VALUE > 0);
        CREATE TYPE pair AS (a integer, b text);
        CREATE TABLE parents (id bigserial PRIMARY KEY, name varchar(50) NOT NULL DEFAULT 'x', mood mood);
        CREATE TABLE children (id bigint GENERATED ALWAYS AS IDENTITY, parent bigint REFERENCES parents,
            twice bigint GENERATED ALWAYS AS (parent * 2) STORED);
        CREATE TABLE events (at date) PARTITION BY RANGE (at);
        CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
        CREATE VIEW names AS SELECT name FROM parents;
        CREATE MATERIALIZED VIEW counts AS SELECT count(*) FROM parents;
        CREATE SEQUENCE numbers;
        CREATE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION changed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
        CREATE TRIGGER look BEFORE UPDATE ON parents FOR EACH ROW EXECUTE FUNCTION changed();
        CREATE AGGREGATE total (integer) (SFUNC = int4pl, STYPE = integer);
    """,
    "mysql": """
        CREATE TABLE parents (id BIGINT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(50) NOT NULL DEFAULT 'x');
        CREATE TABLE children (id BIGINT PRIMARY KEY, parent BIGINT, FOREIGN KEY (parent) REFERENCES parents (id));
        CREATE TABLE `an odd ``name` (`a b` INTEGER);
        CREATE VIEW names AS SELECT name FROM parents;
        CREATE PROCEDURE nothing(IN a INTEGER) SELECT a;
        CREATE FUNCTION one() RETURNS INTEGER DETERMINISTIC RETURN 1;
        CREATE TRIGGER look BEFORE UPDATE ON parents FOR EACH ROW SET NEW.name = LOWER(NEW.name);
        CREATE EVENT tick ON SCHEDULE EVERY 1 DAY DO DELETE FROM children WHERE id < 0;
    """,
}

# A statement, and the objects that differ after it.
CHANGES = {
    "sqlite": [
        ("ALTER TABLE parents ADD COLUMN more TEXT", {"table parents"}),
        ("CREATE UNIQUE INDEX i ON parents (name)", {"index i"}),
        ("DROP VIEW names", {"view names"}),
        ("CREATE TRIGGER t AFTER INSERT ON parents BEGIN SELECT 1; END", {"trigger t"}),
        ("DROP TABLE children", {"table children"}),
    ],
    "postgresql": [
        ("ALTER TABLE parents ADD COLUMN more text", {"table public.parents"}),
        ("ALTER TABLE parents ALTER COLUMN mood TYPE text", {"table public.parents"}),
        ("ALTER TABLE parents ALTER COLUMN name DROP NOT NULL", {"table public.parents"}),
        ("ALTER TABLE parents ALTER COLUMN name SET DEFAULT 'y'", {"table public.parents"}),
        ("ALTER TABLE parents ADD CONSTRAINT c CHECK (name <> '')", {"table public.parents"}),
        ("ALTER TABLE parents ENABLE ROW LEVEL SECURITY", {"table public.parents"}),
        ("CREATE POLICY p ON parents USING (name = 'x')", {"table public.parents"}),
        ("CREATE RULE r AS ON DELETE TO parents DO INSTEAD NOTHING", {"table public.parents"}),
        ("ALTER TABLE parents DISABLE TRIGGER look", {"table public.parents"}),
        ("ALTER TABLE parents SET (fillfactor = 70)", {"table public.parents"}),
        ("CREATE INDEX i ON parents (lower(name))", {"table public.parents"}),
        ("ALTER TABLE children DROP CONSTRAINT children_parent_fkey", {"table public.children"}),
        ("ALTER TABLE children SET UNLOGGED", None),
        ("ALTER TABLE events DETACH PARTITION events_1", {"table public.events_1"}),
        ("CREATE TABLE other.parents (id integer)", {"table other.parents"}),
        ("CREATE OR REPLACE VIEW names AS SELECT name, id FROM parents", {"view public.names"}),
        ("CREATE UNIQUE INDEX only_one ON counts (count)", {"materialized view public.counts"}),
        ("ALTER SEQUENCE numbers INCREMENT 2", {"sequence public.numbers"}),
        ("ALTER TYPE mood ADD VALUE 'so so' BEFORE 'glad'", {"type public.mood"}),
        ("ALTER DOMAIN amount DROP CONSTRAINT amount_check", {"type public.amount"}),
        ("ALTER TYPE pair ADD ATTRIBUTE c date", {"type public.pair"}),
        ("CREATE OR REPLACE FUNCTION one() RETURNS integer LANGUAGE sql AS 'SELECT 2'", {"function public.one()"}),
        ("DROP AGGREGATE total (integer)", {"aggregate public.total(integer)"}),
        ("CREATE SCHEMA third", {"schema third"}),
    ],
    "mysql": [
        ("ALTER TABLE parents ADD COLUMN more TEXT", {"table parents"}),
        ("ALTER TABLE parents MODIFY name VARCHAR(51) NOT NULL DEFAULT 'x'", {"table parents"}),
        ("ALTER TABLE parents ADD CONSTRAINT c CHECK (name <> '')", {"table parents"}),
        ("CREATE INDEX i ON parents (name)", {"table parents"}),
        ("ALTER TABLE children DROP FOREIGN KEY children_ibfk_1", {"table children"}),
        ("ALTER TABLE `an odd ``name` RENAME COLUMN `a b` TO c", {"table an odd `name"}),
        ("DROP VIEW names", {"view names"}),
        ("DROP PROCEDURE nothing", {"procedure nothing"}),
        ("DROP FUNCTION one", {"function one"}),
        ("DROP TRIGGER look", {"trigger look"}),
        ("ALTER EVENT tick ON SCHEDULE EVERY 2 DAY", {"event tick"}),
    ],
}

# What happens in the course of things, and changes no definition.
QUIET = {
    "sqlite": ["INSERT INTO parents DEFAULT VALUES", "ANALYZE", "VACUUM", "PRAGMA user_version = 7"],
    "postgresql": [
        "INSERT INTO parents (name) VALUES ('a'), ('b')",
        "SELECT nextval('numbers')",
        "ANALYZE",
        "VACUUM",
        "REINDEX TABLE parents",
        "REFRESH MATERIALIZED VIEW counts",
        "CREATE TEMP TABLE scratch (id integer)",
        "SET search_path = other, public",
        "GRANT SELECT ON parents TO PUBLIC",
    ],
    "mysql": ["INSERT INTO parents (name) VALUES ('a'), ('b')", "ANALYZE TABLE parents", "OPTIMIZE TABLE parents"],
}


@pytest.fixture(params=SQL)
def backend_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def backend(database_url: str, backend_name: str) -> Iterator[SqlBackend]:
    """A backend on a database with an object of each kind."""
    opened = backend_for(Environment(name="dev", url=Secret(database_url)), "miger_")
    assert isinstance(opened, SqlBackend)
    opened.prepare()
    run(opened, BASE[backend_name])
    yield opened
    opened.close()


def run(backend: SqlBackend, text: str) -> None:
    for statement in split([text], backend.dialect):
        backend.execute([statement])


def test_our_own_tables_are_left_out(backend: SqlBackend) -> None:
    assert not [name for name in backend.read_schema() if "miger" in name]


def test_every_kind_of_object_is_there(backend: SqlBackend, backend_name: str) -> None:
    kinds = {name.rpartition(" ")[0] if "odd" not in name else "table" for name in backend.read_schema()}
    expected = {
        "sqlite": "table,view",
        "postgresql": "table,view,materialized view,sequence,type,function,aggregate,schema",
        "mysql": "table,view,procedure,function,trigger,event",
    }
    assert kinds == set(expected[backend_name].split(","))


def test_each_change_is_seen_where_it_was_made(backend: SqlBackend, backend_name: str) -> None:
    for statement, wanted in CHANGES[backend_name]:
        before = backend.read_schema()
        run(backend, statement)
        compared = compare_schemas(before, backend.read_schema(), definition=backend.definition)
        changed = {change.object for change in compared}
        assert changed == wanted if wanted is not None else "table public.children" in changed, statement


def test_what_is_no_definition_changes_nothing(backend: SqlBackend, backend_name: str) -> None:
    before = backend.read_schema()
    for statement in QUIET[backend_name]:
        run(backend, statement)
        assert compare_schemas(before, backend.read_schema(), definition=backend.definition) == (), statement


def test_reading_asks_as_often_for_many_tables_as_for_few(
    backend: SqlBackend, backend_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    query: Callable[..., list[tuple[object, ...]]] = backend._query
    monkeypatch.setattr(backend, "_query", lambda sql, parameters=(): asked.append(sql) or query(sql, parameters))
    backend.read_schema()
    few = len(asked)
    run(backend, "".join(f"CREATE TABLE many_{number} (id INTEGER);\n" for number in range(30)))
    asked.clear()
    assert len([name for name in backend.read_schema() if "many_" in name]) == 30
    assert len(asked) == few


def test_reading_inside_a_transaction_leaves_it_as_it_was(backend: SqlBackend, backend_name: str) -> None:
    path = backend._query("SHOW search_path") if backend_name == "postgresql" else []
    backend.begin()
    run(backend, "INSERT INTO children (id) VALUES (7)" if backend_name != "postgresql" else "SELECT 1")
    assert backend.read_schema()
    assert backend.in_transaction()
    assert path == (backend._query("SHOW search_path") if backend_name == "postgresql" else [])
    backend.rollback()
    assert backend._query("SELECT id FROM children") == []
