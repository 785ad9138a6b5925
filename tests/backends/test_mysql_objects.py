"""What `read_catalog` tells of a MySQL or MariaDB database: all of it, in words that are the same for the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from pymysql.connections import Connection
from pymysql.cursors import Cursor

from miger.backends.mysql import MysqlBackend
from miger.backends.mysql_scratch import ScratchMysql
from miger.backends.registry import backend_for
from miger.engine.catalog import CHECK, FOREIGN_KEY, PRIMARY_KEY, Catalog, Table
from miger.engine.environments import Environment
from miger.engine.errors import RefusedError
from miger.engine.owner import this_process
from miger.engine.scratch import PREFIX
from miger.engine.secrets import Secret
from miger.engine.statements import split
from miger.generate.compare import compare

from tests.servers import mysql

OWNER = this_process("test")

TYPES = """
CREATE TABLE numbers (a tinyint, b smallint unsigned, c mediumint, d int DEFAULT -5, e bigint unsigned NOT NULL,
    f decimal(12,4) DEFAULT 1.5, g float, h double unsigned, i bit(5) DEFAULT b'101', j bool NOT NULL DEFAULT true,
    k int(7) zerofill, l int AUTO_INCREMENT UNIQUE) AUTO_INCREMENT = 77;
CREATE TABLE texts (a char(3), b varchar(20) NOT NULL DEFAULT 'it''s \\\\ "so"', c tinytext, d text, e mediumtext,
    f longtext, g varchar(9) CHARACTER SET latin1, h text COLLATE utf8mb4_bin, i enum('x','it''s','a,b') DEFAULT 'x',
    j set('p','q'), k json, l varchar(9) DEFAULT (CONCAT('a', 'b')), m uuid, n inet6, o inet4);
CREATE TABLE bytes (a binary(4), b varbinary(30) DEFAULT x'4142', c tinyblob, d blob, e mediumblob, f longblob);
CREATE TABLE times (a date DEFAULT '2026-01-02', b datetime(6) DEFAULT CURRENT_TIMESTAMP(6), c timestamp(3) NOT NULL
    DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3), d timestamp NULL, e time(2), f year);
CREATE TABLE shapes (a point NOT NULL, b geometry, c linestring, d polygon, e multipoint, f multilinestring,
    g multipolygon, h geometrycollection, SPATIAL KEY where_ (a));
"""
REST = """
CREATE TABLE parents (id int AUTO_INCREMENT PRIMARY KEY, code varchar(9) NOT NULL COMMENT 'it''s a\\n"code"',
    UNIQUE KEY codes (code), KEY starts (code(2) , id), KEY falling (id DESC), FULLTEXT KEY words (code) COMMENT 'x''y',
    KEY unused (code, id) IGNORED) COMMENT = 'who''s \\\\ there' ROW_FORMAT = DYNAMIC;
CREATE TABLE children (id bigint, parent int, other int, n int CHECK (n > 0), twice int AS (n * 2) STORED,
    half int AS (n / 2) COMMENT 'c', hidden int INVISIBLE DEFAULT 3, PRIMARY KEY (id, n),
    FOREIGN KEY (parent) REFERENCES parents (id) ON DELETE CASCADE, CONSTRAINT second FOREIGN KEY (other)
    REFERENCES parents (id) ON DELETE SET NULL ON UPDATE CASCADE, CHECK (n < id), CONSTRAINT most CHECK (n < 100));
CREATE TABLE `odd ``name``` (`a``b, (` int, `select` varchar(9) DEFAULT ',\\n  `x`', KEY `an ``index` (`a``b, (`))
    ENGINE = MyISAM CHARACTER SET latin1;
CREATE TABLE parts (id int) PARTITION BY RANGE (id) (PARTITION low VALUES LESS THAN (10) COMMENT = 'l',
    PARTITION rest VALUES LESS THAN MAXVALUE);
CREATE TABLE kept (id int) WITH SYSTEM VERSIONING;
CREATE SEQUENCE counter START WITH 5 INCREMENT BY 2;
CREATE TABLE counted (id bigint DEFAULT (NEXT VALUE FOR counter));
CREATE VIEW names AS SELECT id, code FROM parents;
CREATE SQL SECURITY INVOKER VIEW a_names AS SELECT id FROM names WHERE id > 1 WITH CASCADED CHECK OPTION;
CREATE TRIGGER z_first BEFORE INSERT ON parents FOR EACH ROW SET NEW.code = LOWER(NEW.code);
CREATE TRIGGER a_second BEFORE INSERT ON parents FOR EACH ROW SET NEW.code = TRIM(NEW.code);
CREATE FUNCTION one(a int) RETURNS int DETERMINISTIC RETURN a;
CREATE PROCEDURE tell(OUT a int) COMMENT 'x' SELECT one(1) INTO a;
CREATE EVENT tick ON SCHEDULE EVERY 1 DAY COMMENT 'c' DO DELETE FROM children WHERE id < 0;
CREATE EVENT late ON SCHEDULE EVERY 1 DAY STARTS '2036-01-01 00:00:00' DO DELETE FROM children WHERE id < 0;
"""


@contextmanager
def opened(url: str) -> Iterator[MysqlBackend]:
    backend = backend_for(Environment("test", Secret(f"{url}?ssl_disabled=true")), "miger_")
    assert isinstance(backend, MysqlBackend)
    try:
        yield backend
    finally:
        backend.close()


def run(backend: Any, script: str) -> None:
    for statement in split(script, "mysql"):
        backend.execute([statement])


def read(url: str, script: str) -> Catalog:
    with opened(url) as backend:
        run(backend, script)
        return backend.read_catalog()


def table(catalog: Catalog, name: str) -> Table:
    found = catalog.table(name)
    assert found is not None
    return found


# --- equal for equal -----------------------------------------------------------------------------


@pytest.mark.parametrize("script", [TYPES, REST], ids=["types", "rest"])
def test_databases_of_the_same_text_read_equal_whatever_they_are_called(mysql_url: str, script: str) -> None:
    with opened(mysql_url) as backend:
        run(backend, script)
        with backend.blank(OWNER) as blank:
            run(blank, script)
            first, second = backend.read_catalog(), blank.read_catalog()
    assert first.tables
    assert not compare(first, second)
    bare = [each._replace(rows=None) for each in first.tables]
    assert bare == [each._replace(rows=None) for each in second.tables]
    assert first.things == second.things


def test_a_database_called_as_a_table_of_it_reads_equal(
    mysql_url: str, mysql_admin: Connection[Cursor], mysql_admin_url: str
) -> None:
    script = "CREATE TABLE shop (id int, n int); CREATE VIEW v AS SELECT shop.id, s.n FROM shop JOIN shop s USING (id);"
    with mysql_admin.cursor() as cursor:
        cursor.execute("CREATE DATABASE shop CHARACTER SET utf8mb4")
    try:
        assert read(mysql.with_database(mysql_admin_url, "shop"), script).things == read(mysql_url, script).things
    finally:
        mysql.drop_database(mysql_admin, "shop")


def test_rows_and_counters_are_no_difference(mysql_url: str) -> None:
    before = read(mysql_url, TYPES + REST)
    after = read(mysql_url, "INSERT INTO parents (code) VALUES ('a'), ('b'); SELECT NEXT VALUE FOR counter;")
    assert not compare(before, after)


def test_a_view_on_what_is_gone_is_read_all_the_same(mysql_url: str) -> None:
    whole = read(mysql_url, "CREATE TABLE t (id int); CREATE VIEW v AS SELECT t.id FROM t;")
    broken = read(mysql_url, "DROP TABLE t;")
    assert [thing.definition for thing in broken.things] == [thing.definition for thing in whole.things]


def test_the_settings_of_a_session_do_not_matter_and_stay_as_they_are(mysql_url: str) -> None:
    with opened(mysql_url) as backend:
        run(backend, TYPES + REST)
        usual = backend.read_catalog()
        backend._change(
            "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES', sql_quote_show_create = 0"
        )
        odd = backend.read_catalog()
        settings = backend._query("SELECT @@sql_mode, @@sql_quote_show_create")
    assert not compare(usual, odd)
    assert settings == [("ANSI_QUOTES,NO_BACKSLASH_ESCAPES,STRICT_ALL_TABLES", 0)]


# --- what is told --------------------------------------------------------------------------------


def test_columns_are_told_with_all_that_makes_them(mysql_url: str) -> None:
    catalog = read(mysql_url, TYPES + REST)
    columns = {f"{each.name}.{column.name}": column for each in catalog.tables for column in each.columns}
    assert columns["parents.id"].identity == "auto_increment"
    assert columns["parents.code"].comment == 'it\'s a\n"code"'
    assert "COMMENT" not in columns["parents.code"].definition
    assert not columns["parents.code"].nullable
    assert (columns["children.twice"].generated, columns["children.twice"].stored) == ("`n` * 2", True)
    assert (columns["children.half"].generated, columns["children.half"].stored) == ("`n` / 2", False)
    assert columns["children.half"].default is None
    assert columns["children.hidden"].definition == "int(11) INVISIBLE DEFAULT 3"
    assert columns["texts.g"].collation == "latin1_swedish_ci"
    assert columns["texts.h"].collation == "utf8mb4_bin"
    assert columns["texts.d"].collation == ""
    assert columns["texts.i"].type == "enum('x','it''s','a,b')"
    assert columns["texts.b"].default == "'it''s \\\\ \"so\"'"
    assert columns["texts.k"].type == "json"
    assert columns["texts.l"].default == "concat('a','b')"
    assert columns["numbers.d"].default == "-5"
    assert columns["numbers.i"].default == "b'101'"
    assert columns["times.c"].definition.endswith("DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3)")
    assert columns["times.c"].default == "current_timestamp(3)"
    assert columns["times.d"].nullable
    assert columns["counted.id"].default == "nextval(`counter`)"
    assert columns["odd `name`.select"].default == "',\\n  `x`'"


def test_constraints_are_told_and_whether_somebody_has_named_them(mysql_url: str) -> None:
    found = table(read(mysql_url, REST), "children").constraints
    assert {(each.kind, each.name, each.named) for each in found} == {
        (PRIMARY_KEY, "", False),
        (CHECK, "", False),  # in the line of a column
        (CHECK, "CONSTRAINT_1", False),
        (CHECK, "most", True),
        (FOREIGN_KEY, "children_ibfk_1", False),
        (FOREIGN_KEY, "second", True),
    }
    [second] = [each for each in found if each.name == "second"]
    assert (second.columns, second.target, second.target_columns) == (("other",), "parents", ("id",))
    assert second.definition == "FOREIGN KEY (`other`) REFERENCES `parents` (`id`) ON DELETE SET NULL ON UPDATE CASCADE"
    assert {each.columns for each in found if each.kind == CHECK} == {("n",), ("n", "id")}


def test_indexes_are_statements_that_make_them(mysql_url: str) -> None:
    with opened(mysql_url) as backend:
        run(backend, TYPES + REST)
        before = backend.read_catalog()
        indexes = [(each.name, index) for each in before.tables for index in each.indexes]
        assert len(indexes) >= 8
        for name, index in indexes:
            if name in ("children", "numbers"):  # needed by foreign keys, and by a counter
                continue
            comment = f" COMMENT '{index.comment}'".replace("x'y", "x''y") if index.comment else ""
            quoted = index.name.replace("`", "``")
            backend._change(f"DROP INDEX `{quoted}` ON `{name.replace('`', '``')}`")
            backend._change(index.definition + comment)
        assert not compare(before, backend.read_catalog())
    plain = {index.name: index.plain for _, index in indexes}
    assert plain["codes"]
    assert not any(plain[name] for name in ("starts", "falling", "words", "unused", "where_"))


def test_things_are_statements_that_make_them_without_definers(mysql_url: str) -> None:
    with opened(mysql_url) as backend:
        run(backend, REST)
        before = backend.read_catalog()
        kinds = sorted(thing.kind for thing in before.things)
        assert kinds == ["event", "event", "function", "procedure", "sequence", "view", "view"]
        assert not any("DEFINER=" in thing.definition for thing in before.things)
        with backend.blank(OWNER) as blank:
            for each in before.tables:
                if each.name not in ("children", "counted"):
                    blank.execute(list(split(each.definition + ";", "mysql")))
            order = ["sequence", "function", "procedure", "view", "event"]
            for thing in sorted(before.things, key=lambda thing: (order.index(thing.kind), "a_" in thing.name)):
                blank.execute(list(split(thing.definition + ";", "mysql")))
            for extra in table(before, "parents").extras:
                blank.execute(list(split(extra.definition + ";", "mysql")))
            again = blank.read_catalog()
    assert [thing.definition for thing in again.things] == [thing.definition for thing in before.things]
    assert table(again, "parents") == table(before, "parents")._replace(rows=table(again, "parents").rows)
    assert [extra.name for extra in table(before, "parents").extras] == ["z_first", "a_second"]


def test_an_event_tells_its_start_only_where_somebody_has_said_it(mysql_url: str) -> None:
    events = {thing.name: thing.definition for thing in read(mysql_url, REST).things if thing.kind == "event"}
    assert "STARTS" not in events["tick"]
    assert "STARTS '2036-01-01 00:00:00'" in events["late"]


def test_needs_are_the_names_of_what_a_thing_is_made_of(mysql_url: str) -> None:
    needs = {thing.name: thing.needs for thing in read(mysql_url, REST).things}
    assert needs["names"] == ("parents",)
    assert needs["a_names"] == ("names",)
    assert needs["tell"] == ("one",)
    assert needs["tick"] == ("children",)


def test_options_are_told_without_counter_and_comment(mysql_url: str) -> None:
    catalog = read(mysql_url, TYPES + REST)
    parents = table(catalog, "parents")
    assert parents.comment == "who's \\ there"
    assert parents.options.startswith("ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
    assert "AUTO_INCREMENT" not in table(catalog, "numbers").options
    assert "COMMENT" not in parents.options
    assert "PARTITION BY RANGE (`id`)" in table(catalog, "parts").options
    assert "WITH SYSTEM VERSIONING" in table(catalog, "kept").options


def test_our_own_tables_are_left_out(mysql_url: str) -> None:
    with opened(mysql_url) as backend:
        backend.prepare()
        assert backend.read_catalog() == Catalog()


def test_who_may_not_see_a_definition_is_told_so(mysql_url: str, mysql_admin: Connection[Cursor]) -> None:
    name = mysql_url.rpartition("/")[2]
    read(mysql_url, "CREATE PROCEDURE secret() SELECT 1;")
    with mysql_admin.cursor() as cursor:
        cursor.execute("CREATE USER blind IDENTIFIED BY 'x'")
        try:
            cursor.execute(f"GRANT SELECT, EXECUTE ON {name}.* TO blind")
            host = mysql_url.partition("@")[2]
            with pytest.raises(RefusedError, match="may not see the definition of procedure secret"):
                read(f"mysql://blind:x@{host}", "SELECT 1;")
        finally:
            cursor.execute("DROP USER blind")


# --- how often the server is asked ---------------------------------------------------------------


def messages(backend: MysqlBackend) -> int:
    """How many messages a reading sends."""
    backend.open()
    connection = backend._connection
    assert connection is not None
    sent: list[object] = []
    send = connection.query

    def query(sql: Any, unbuffered: bool = False) -> int:
        sent.append(sql)
        return send(sql, unbuffered)

    connection.query = query  # type: ignore[method-assign]
    backend.read_catalog()
    connection.query = send  # type: ignore[method-assign]
    return len(sent)


def make(backend: MysqlBackend, numbers: Sequence[int]) -> None:
    for number in numbers:
        backend._change(f"CREATE TABLE t{number} (id int PRIMARY KEY, a int, CHECK (a > {number}), KEY (a))")
        backend._change(f"CREATE TRIGGER r{number} BEFORE INSERT ON t{number} FOR EACH ROW SET NEW.a = 1")


def test_the_messages_do_not_grow_with_the_tables_but_for_one_in_hundreds(mysql_url: str) -> None:
    with opened(mysql_url) as backend:
        make(backend, range(3))
        few = messages(backend)
        make(backend, range(3, 120))
        assert messages(backend) == few <= 7
        make(backend, range(120, 260))
        assert messages(backend) == few + 1


# --- an empty database ---------------------------------------------------------------------------


def names(admin: Connection[Cursor]) -> set[str]:
    with admin.cursor() as cursor:
        cursor.execute("SHOW DATABASES")
        return {name for (name,) in cursor.fetchall() if name.startswith(PREFIX)}


def test_a_blank_database_is_empty_like_the_original_and_goes(mysql_url: str, mysql_admin: Connection[Cursor]) -> None:
    own = mysql_url.rpartition("/")[2]
    with mysql_admin.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE {own} CHARACTER SET latin1 COLLATE latin1_german1_ci")
    with opened(mysql_url) as backend:
        run(backend, "CREATE TABLE t (a int);")
        before = names(mysql_admin)
        with backend.blank(OWNER) as blank:
            assert isinstance(blank, ScratchMysql)
            assert blank.read_catalog() == Catalog()
            assert blank._query("SELECT @@collation_database") == [("latin1_german1_ci",)]
            [(name,)] = blank._query("SELECT DATABASE()")
            assert name in names(mysql_admin)
            run(blank, "CREATE TABLE only_here (a int);")
        assert names(mysql_admin) <= before
        assert [each.name for each in backend.read_catalog().tables] == ["t"]


def test_nothing_reaches_out_of_a_blank_database(mysql_url: str) -> None:
    own = mysql_url.rpartition("/")[2]
    with opened(mysql_url) as backend:
        run(backend, "CREATE TABLE t (a int);")
        with backend.blank(OWNER) as blank:
            for sql in (f"DROP TABLE {own}.t;", "CREATE DATABASE x;", "GRANT ALL ON *.* TO nobody;"):
                with pytest.raises(RefusedError, match="beyond the copy"):
                    run(blank, sql)
        assert [each.name for each in backend.read_catalog().tables] == ["t"]
