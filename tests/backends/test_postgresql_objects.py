"""What `read_catalog` sees of a PostgreSQL database, and the empty databases that others are compared in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import psycopg
import pytest

from miger.backends.postgresql import PostgresqlBackend
from miger.engine.catalog import Catalog, Column, Constraint, Table, Thing
from miger.engine.environments import Environment
from miger.engine.errors import RefusedError
from miger.engine.owner import this_process
from miger.engine.scratch import PREFIX
from miger.engine.secrets import Secret
from miger.generate.compare import compare

OWNER = this_process("test")

TYPES = (
    "smallint integer bigint numeric numeric(8,3) real float8 money char(3) varchar varchar(50) text bytea boolean "
    "date time time(3) timetz timestamp timestamp(2) timestamptz timestamptz(0) interval uuid json jsonb xml inet cidr "
    "macaddr macaddr8 bit(3) varbit(8) tsvector tsquery point line lseg box path polygon circle int4range numrange "
    "tstzrange int4multirange integer[] varchar(9)[][] mood mood[] amount pair floats name oid other.kind"
).split(" ")
RICH = (
    """
    CREATE SCHEMA other; CREATE EXTENSION pg_trgm;
    CREATE TYPE mood AS ENUM ('sad', 'it''s', 'glad'); CREATE TYPE other.kind AS ENUM ('a');
    CREATE DOMAIN amount AS numeric(10,2) DEFAULT 0 CHECK (VALUE > 0) CONSTRAINT small CHECK (VALUE < 1000);
    CREATE TYPE pair AS (a integer, b text, m mood); CREATE TYPE floats AS RANGE (subtype = float8);
    CREATE SEQUENCE numbers INCREMENT 5 MINVALUE 10 MAXVALUE 1000 CYCLE;
    CREATE FUNCTION twice(n integer) RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT n * 2';
    CREATE TABLE parents (id bigserial PRIMARY KEY, name varchar(50) NOT NULL DEFAULT 'x' UNIQUE,
        mood mood DEFAULT 'sad', n bigint DEFAULT nextval('numbers'), t text COLLATE "C", CHECK (n > 0),
        CONSTRAINT odd CHECK (twice(3) < n));
    CREATE TABLE children (id bigint GENERATED ALWAYS AS IDENTITY (START 100 INCREMENT 2),
        parent bigint REFERENCES parents ON DELETE CASCADE DEFERRABLE, name text,
        twice bigint GENERATED ALWAYS AS (parent * 2) STORED, at timestamptz DEFAULT '2020-01-01 00:00',
        EXCLUDE USING gist (int8range(parent, twice) WITH &&));
    ALTER TABLE children ADD CONSTRAINT late CHECK (parent > 1) NOT VALID;
    CREATE TABLE other.odd ("The Id" int, b text, PRIMARY KEY ("The Id"));
    COMMENT ON TABLE children IS 'who'; COMMENT ON COLUMN children.at IS 'when';
    CREATE INDEX a ON parents (lower(name), id DESC) INCLUDE (n) WHERE mood = 'sad';
    CREATE INDEX b ON parents (n, name); COMMENT ON INDEX b IS 'both';
    CREATE INDEX g ON parents USING gin (name gin_trgm_ops);
    CREATE TABLE events (at date, what text NOT NULL, CHECK (what <> '')) PARTITION BY RANGE (at);
    CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
    CREATE INDEX events_at ON events (at);
    CREATE UNLOGGED TABLE quick (a int) WITH (fillfactor = 70); CREATE TABLE quicker (b int) INHERITS (quick);
    CREATE VIEW names AS SELECT name, id, twice(1) FROM parents WHERE mood = 'sad'; COMMENT ON VIEW names IS 'n';
    CREATE VIEW other.on_names WITH (security_barrier) AS SELECT * FROM names;
    CREATE MATERIALIZED VIEW counts AS SELECT count(*) AS n FROM parents; CREATE UNIQUE INDEX counts_i ON counts (n);
    CREATE FUNCTION changed() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
    CREATE TRIGGER look BEFORE UPDATE OF name ON parents FOR EACH ROW WHEN (NEW.n > 3) EXECUTE FUNCTION changed();
    ALTER TABLE parents DISABLE TRIGGER look;
    CREATE TRIGGER look INSTEAD OF UPDATE ON names FOR EACH ROW EXECUTE FUNCTION changed();
    CREATE RULE nope AS ON DELETE TO children DO INSTEAD NOTHING;
    ALTER TABLE children ENABLE ROW LEVEL SECURITY;
    CREATE POLICY own ON children FOR SELECT USING (parent > twice(2));
    CREATE AGGREGATE total (integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
    CREATE PROCEDURE nothing(p parents) LANGUAGE sql AS 'SELECT 1';
    """
    f"CREATE TABLE kinds ({', '.join(f'c{place} {type_}' for place, type_ in enumerate(TYPES))});"
)


@contextlib.contextmanager
def backend_on(url: str, **more: Any) -> Iterator[PostgresqlBackend]:
    backend = PostgresqlBackend(Environment("test", Secret(url), **more), "miger_")
    with contextlib.closing(backend):
        yield backend


@pytest.fixture
def backend(postgresql_url: str) -> Iterator[PostgresqlBackend]:
    """A backend on a fresh, empty database."""
    with backend_on(postgresql_url) as opened:
        yield opened


@pytest.fixture
def rich(backend: PostgresqlBackend) -> Catalog:
    """A database with all there is."""
    backend.driver_connection.execute(RICH)
    return backend.read_catalog()


def table(catalog: Catalog, path: str) -> Table:
    found = catalog.table(path)
    assert found is not None
    return found


def column(catalog: Catalog, path: str, name: str) -> Column:
    found = table(catalog, path).column(name)
    assert found is not None
    return found


def thing(catalog: Catalog, kind: str, name: str) -> Thing:
    [found] = [found for found in catalog.things if (found.kind, found.name) == (kind, name)]
    return found


def read_blank(backend: PostgresqlBackend, text: str) -> Catalog:
    with backend.blank(OWNER) as blank:
        assert isinstance(blank, PostgresqlBackend)
        blank.driver_connection.execute(text)  # type: ignore[call-overload]
        return blank.read_catalog()


def test_two_databases_made_alike_are_equal(backend: PostgresqlBackend, rich: Catalog) -> None:
    backend.driver_connection.execute("INSERT INTO parents (n) VALUES (9); ANALYZE; SET TimeZone = 'Asia/Tokyo'")
    backend.driver_connection.execute("SET DateStyle = 'German'; SET IntervalStyle = 'iso_8601'")
    other = read_blank(backend, RICH)
    mine = backend.read_catalog()
    assert not compare(mine, other)
    assert mine.things == other.things
    assert [found._replace(rows=None) for found in mine.tables] == [found._replace(rows=None) for found in other.tables]


def test_what_is_ours_the_servers_or_an_extensions_is_left_out(backend: PostgresqlBackend, rich: Catalog) -> None:
    backend.prepare()
    assert backend.read_catalog() == rich
    named = [found.name for found in rich.things] + [found.path for found in rich.tables]
    assert not [name for name in named if ("trgm" in name and name != "pg_trgm") or name.startswith("information")]
    assert "public" not in named


def test_the_number_of_queries_does_not_grow(backend: PostgresqlBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.driver_connection.execute("SELECT 1")
    asked: list[str] = []
    send = PostgresqlBackend._cursor

    def counted(self: PostgresqlBackend, sql: str, parameters: Sequence[object]) -> psycopg.Cursor[tuple[Any, ...]]:
        asked.append(sql)
        return send(self, sql, parameters)

    monkeypatch.setattr(PostgresqlBackend, "_cursor", counted)
    backend.read_catalog()
    asked.clear()
    backend.read_catalog()
    few = len(asked)
    backend.driver_connection.execute(RICH)
    for number in range(20):
        backend.driver_connection.execute(f"CREATE TABLE t{number} (id serial PRIMARY KEY)")  # type: ignore[call-overload]
    asked.clear()
    backend.read_catalog()
    assert len(asked) == few < 25


def test_every_kind_of_thing_is_there(rich: Catalog) -> None:
    kinds = {found.kind for found in rich.things}
    assert kinds == {
        *("schema", "extension", "enum", "domain", "composite", "range", "sequence", "function", "procedure"),
        *("aggregate", "view", "materialized view", "trigger", "index"),
    }
    assert {extra.kind for found in rich.tables for extra in found.extras} == {"trigger", "rule", "policy"}
    constraints = {constraint.kind for found in rich.tables for constraint in found.constraints}
    assert constraints == {"primary key", "unique", "check", "foreign key", "exclude"}


def test_names_of_the_home_schema_stand_alone_and_others_with_theirs(rich: Catalog) -> None:
    assert table(rich, "other.odd").schema == "other"
    assert table(rich, "parents").schema is None
    assert "public." not in repr(rich)
    assert thing(rich, "view", "other.on_names").definition.startswith("CREATE VIEW other.on_names WITH (")


def test_columns_say_what_they_are(rich: Catalog) -> None:
    assert column(rich, "parents", "id")[2:] == (False, None, "", False, "serial", "", "", "bigserial")
    assert column(rich, "parents", "name").definition == "character varying(50) DEFAULT 'x'::character varying NOT NULL"
    assert column(rich, "parents", "t").definition == 'text COLLATE "C"'
    twice = column(rich, "children", "twice")
    assert (twice.generated, twice.stored, twice.default) == ("parent * 2", True, None)
    identity = column(rich, "children", "id")
    assert identity.identity == "always"
    assert identity.definition == "bigint GENERATED ALWAYS AS IDENTITY (START WITH 100 INCREMENT BY 2)"
    assert column(rich, "children", "at").comment == "when"
    kinds = table(rich, "kinds")
    assert kinds.columns[TYPES.index("varchar(9)[][]")].type == "character varying(9)[]"
    assert kinds.columns[TYPES.index("other.kind")].type == "other.kind"


def test_a_counter_that_is_not_a_plain_serial_is_a_sequence_of_its_own(backend: PostgresqlBackend) -> None:
    backend.driver_connection.execute("CREATE TABLE t (id serial, a int); ALTER TABLE t ALTER id DROP NOT NULL")
    found = backend.read_catalog()
    assert column(found, "t", "id").default == "nextval('t_id_seq'::regclass)"
    assert thing(found, "sequence", "t_id_seq").definition.endswith(" OWNED BY t.id")


def constraint(catalog: Catalog, path: str, name: str) -> Constraint:
    [found] = [found for found in table(catalog, path).constraints if found.name == name]
    return found


def test_constraints_know_whether_somebody_has_named_them(rich: Catalog) -> None:
    named = {found.name for table in rich.tables for found in table.constraints if found.named}
    assert named == {"odd", "late"}
    key = constraint(rich, "children", "children_parent_fkey")
    assert (key.columns, key.target, key.target_columns) == (("parent",), "parents", ("id",))
    assert constraint(rich, "children", "late").definition.endswith(" NOT VALID")


def test_made_up_names_are_no_difference_and_given_ones_are(backend: PostgresqlBackend) -> None:
    backend.driver_connection.execute("CREATE TABLE was (a int PRIMARY KEY, b int UNIQUE CHECK (b > 0))")
    backend.driver_connection.execute("ALTER TABLE was RENAME TO t; CREATE TABLE u (a int CONSTRAINT x CHECK (a > 0))")
    made = "CREATE TABLE t (a int PRIMARY KEY, b int UNIQUE CHECK (b > 0)); "
    assert not compare(
        backend.read_catalog(), read_blank(backend, made + "CREATE TABLE u (a int CONSTRAINT x CHECK (a > 0))")
    )
    other = read_blank(backend, made + "CREATE TABLE u (a int CONSTRAINT y CHECK (a > 0))")
    [found] = compare(backend.read_catalog(), other).tables
    assert [(one.before and one.before.name, one.after and one.after.name) for one in found.constraints] == [("x", "y")]


def test_indexes_know_their_columns_also_within_expressions(rich: Catalog) -> None:
    indexes = {index.name: index for index in table(rich, "parents").indexes}
    assert indexes["a"].columns == ("id", "n", "name", "mood")
    assert [index.plain for index in indexes.values()] == [False, True, False]
    assert indexes["b"].definition == "CREATE INDEX b ON parents (n, name)"
    assert indexes["b"].comment == "both"


def test_options_tell_of_the_whole_table(rich: Catalog) -> None:
    assert table(rich, "events").options == "PARTITION BY RANGE (at)"
    part = table(rich, "events_1")
    assert part.options == "PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"
    assert (part.columns, part.constraints, part.indexes) == ((), (), ())
    assert table(rich, "quick").options == "UNLOGGED\nWITH (fillfactor=70)"
    assert table(rich, "quicker").options == "INHERITS (quick)"
    assert [found.name for found in table(rich, "quicker").columns] == ["b"]
    assert table(rich, "children").options == "ROW LEVEL SECURITY"


def test_what_needs_what_is_known(rich: Catalog) -> None:
    assert thing(rich, "view", "names").needs == ("mood", "parents", "twice(integer)")
    assert thing(rich, "view", "other.on_names").needs == ("names",)
    assert thing(rich, "procedure", "nothing(parents)").needs == ("parents",)
    assert thing(rich, "composite", "pair").needs == ("mood",)
    assert thing(rich, "trigger", "look ON names").needs == ("changed()", "names")
    assert thing(rich, "index", "counts_i").needs == ("counts",)
    assert table(rich, "parents").needs == ("mood", "numbers", "twice(integer)")


def test_another_schema_can_be_home(postgresql_url: str, backend: PostgresqlBackend) -> None:
    backend.driver_connection.execute("CREATE SCHEMA shop; CREATE TABLE shop.t (a int); CREATE TABLE u (a int)")
    at_home = f"{postgresql_url}?options=-csearch_path%3Dshop"
    with backend_on(at_home) as other:
        assert {found.path for found in other.read_catalog().tables} == {"t", "public.u"}
        blank = read_blank(other, "CREATE TABLE t (a int); CREATE TABLE public.u (a int)")
        assert not compare(other.read_catalog(), blank)


def test_a_path_that_the_database_sets_holds_for_an_empty_one(
    postgresql_url: str, postgresql_admin: psycopg.Connection
) -> None:
    name = urlsplit(postgresql_url).path[1:]
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA shop; CREATE TABLE shop.t (a int)")
        connection.execute(f'ALTER DATABASE "{name}" SET search_path = shop, public')  # type: ignore[call-overload]
    with backend_on(postgresql_url) as backend:
        assert not compare(backend.read_catalog(), read_blank(backend, "CREATE TABLE t (a int)"))


# Empty databases


def databases(admin: psycopg.Connection) -> set[str]:
    return {name for (name,) in admin.execute("SELECT datname FROM pg_database") if name.startswith(PREFIX)}


def test_a_blank_database_is_empty_and_like_the_original_and_gone_afterwards(
    backend: PostgresqlBackend, rich: Catalog, postgresql_admin: psycopg.Connection
) -> None:
    like = "SELECT encoding, datcollate, datctype FROM pg_database WHERE datname = current_database()"
    with backend.blank(OWNER) as blank:
        assert isinstance(blank, PostgresqlBackend)
        assert blank.read_catalog() == Catalog()
        assert blank.driver_connection.execute(like).fetchall() == backend.driver_connection.execute(like).fetchall()
        name = blank.driver_connection.info.dbname
        assert name in databases(postgresql_admin)
    assert name not in databases(postgresql_admin)


def test_a_blank_database_goes_also_when_something_fails_in_it(
    backend: PostgresqlBackend, postgresql_admin: psycopg.Connection
) -> None:
    name = ""
    with pytest.raises(ZeroDivisionError), backend.blank(OWNER) as blank:
        assert isinstance(blank, PostgresqlBackend)
        name = blank.driver_connection.info.dbname
        raise ZeroDivisionError
    assert name
    assert name not in databases(postgresql_admin)


def test_a_user_who_may_not_make_databases_is_told_so(
    postgresql_url: str, postgresql_admin: psycopg.Connection
) -> None:
    role = f"poor_{urlsplit(postgresql_url).path[1:]}"
    postgresql_admin.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'poor-word'")  # type: ignore[call-overload]
    parts = urlsplit(postgresql_url)
    poor = urlunsplit(parts._replace(netloc=f"{role}:{quote('poor-word')}@{parts.hostname}:{parts.port}"))
    try:
        with backend_on(poor) as backend:
            with pytest.raises(RefusedError, match="may not create databases") as refused, backend.blank(OWNER):
                pass
            assert "CREATEDB" in refused.value.hint
    finally:
        postgresql_admin.execute(f"DROP ROLE {role}")  # type: ignore[call-overload]


def test_a_read_only_environment_makes_no_database(postgresql_url: str) -> None:
    with backend_on(postgresql_url, read_only=True) as backend, pytest.raises(RefusedError, match="read-only"):
        backend.blank(OWNER)
