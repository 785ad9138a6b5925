"""Conversions of values, tried on real databases: what is said of them beforehand is what happens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from miger.backends.registry import backend_for
from miger.engine.backend import Backend
from miger.engine.catalog import Column
from miger.engine.environments import Environment
from miger.engine.errors import StatementError
from miger.engine.secrets import Secret
from miger.engine.statements import split
from miger.generate.conversions.conversion import SAME, Conversion, conversion_of, with_column

from tests.conftest import SQL_BACKENDS


class Case(NamedTuple):
    """Values as SQL: which convert, and to which text; which do not; and which of the first lose something."""

    dialect: str
    before: str
    after: str
    good: dict[str, str]
    bad: tuple[str, ...] = ()
    lossy: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    make: str = ""


BIG = "'" + "9" * 70 + "'"
WORDS = ("''", "' '", "'abc'", "'12abc'", "'0x1f'", "'1 2'", "'--1'")
INTEGERS = {"'12'": "12", "' 12 '": "12", "'-3'": "-3", "'+4'": "4", "'007'": "7", "'2147483647'": "2147483647"}
TOO_LARGE = ("'2147483648'", "'-2147483649'", BIG)
NO_WHOLE = ("'1.5'", "'1e3'")
DATES = {"'2024-02-29'": "2024-02-29", "' 2024-01-05 '": "2024-01-05", "'1970-12-31'": "1970-12-31"}
NO_DATES = ("''", "'2023-02-29'", "'2024-13-01'", "'2024-04-31'", "'01/02/2024'", "'yesterday'", "'now'", "'20240105'")
TIMES = {"'2024-02-29 10:20:30'": "2024-02-29 10:20:30", "'2024-01-05T10:20:30'": "2024-01-05 10:20:30"}
NO_TIMES = (*NO_DATES, "'2024-02-30 10:20:30'", "'2024-01-05 25:00:00'", "'2024-01-05 10:61:00'")
BOOLEANS = ("'true'", "'F'", "' yes '", "'0'", "'1'", "'off'")
NO_BOOLEANS = ("''", "'2'", "'maybe'", "'truee'")

POSTGRESQL = [
    Case("postgresql", "text", "integer", INTEGERS, (*WORDS, *TOO_LARGE, *NO_WHOLE), ("'007'",)),
    Case("postgresql", "character varying(80)", "smallint", {"E'\\t12\\n'": "12"}, ("'32768'", "'1.0'")),
    Case("postgresql", "text", "bigint", {"'9223372036854775807'": "9223372036854775807"}, ("'9223372036854775808'",)),
    Case(
        "postgresql",
        "text",
        "numeric(6,2)",
        {
            "'1.5'": "1.50",
            "'.5'": "0.50",
            "'1e3'": "1000.00",
            "'1.239'": "1.24",
            "'-9999.99'": "-9999.99",
            "'01.5'": "1.50",
        },
        (*WORDS, "'9999.999'", "'1e4'", BIG, "'1e9999'", "'NaN'"),
        ("'1.239'", "'01.5'"),
    ),
    Case("postgresql", "text", "numeric", {"'1.5'": "1.5", "'1e3'": "1000"}, (*WORDS, "'Infinity'")),
    Case(
        "postgresql",
        "text",
        "double precision",
        {"'1.5'": "1.5", "'1e300'": "1e+300", "'-0'": "-0", "'0.12345678901234567890'": "0.12345678901234568"},
        (*WORDS, "'1e400'", "'1e-400'", "'NaN'"),
        ("'0.12345678901234567890'",),
    ),
    Case("postgresql", "text", "real", {"'1.5'": "1.5"}, ("'1e39'", "'1e-50'")),
    Case("postgresql", "text", "boolean", dict.fromkeys((*BOOLEANS, "'tr'", "'of'"), ""), (*NO_BOOLEANS, "'o'")),
    Case("postgresql", "text", "date", DATES, (*NO_DATES, "'0000-01-01'", "'2024-01-05 10:00:00'")),
    Case(
        "postgresql",
        "text",
        "timestamp without time zone",
        {"'2024-02-29'": "2024-02-29 00:00:00", **TIMES},
        (*NO_TIMES, "'2024-01-05 10:00:00+05'"),
    ),
    Case(
        "postgresql",
        "text",
        "timestamp with time zone",
        {"'2024-01-05 10:00:00+05'": "2024-01-05 05:00:00+00", "'2024-01-05 10:00'": "2024-01-05 10:00:00+00"},
        NO_TIMES,
    ),
    Case("postgresql", "text", "time without time zone", {"'10:20'": "10:20:00"}, ("''", "'25:00'", "'10'", "'now'")),
    Case(
        "postgresql",
        "text",
        "uuid",
        {"'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "repeat('1', 32)": ""},
        (
            "''",
            "'abc'",
            "' 11111111111111111111111111111111'",
            "repeat('1', 33)",
            "'11-111111111111111111111111111111'",
        ),
    ),
    Case(
        "postgresql",
        "text",
        "character varying(3)",
        {"'abc'": "abc", "'ab   '": "ab ", "''": ""},
        ("'abcd'",),
        ("'ab   '",),
    ),
    Case(
        "postgresql",
        "text",
        "mood",
        {"'ok'": "ok"},
        ("'OK'", "''"),
        (),
        ("ok", "it''s"),
        "CREATE TYPE mood AS ENUM ('ok', 'it''''s')",
    ),
    Case("postgresql", "text", "bytea", {"'é\\x'": "\\xc3a95c78"}),
    Case("postgresql", "bigint", "integer", {"-2147483648": "-2147483648"}, ("2147483648", "-2147483649")),
    Case("postgresql", "integer", "numeric(4,2)", {"99": "99.00"}, ("100", "-100")),
    Case(
        "postgresql",
        "numeric",
        "integer",
        {"1.5": "2", "2147483647.4": "2147483647"},
        ("2147483647.5", "'NaN'"),
        ("1.5", "2147483647.4"),
    ),
    Case(
        "postgresql",
        "double precision",
        "bigint",
        {"1.5": "2", "1e18": "1000000000000000000"},
        ("1e19", "9223372036854775807", "'NaN'", "'Infinity'"),
        ("1.5",),
    ),
    Case(
        "postgresql",
        "double precision",
        "real",
        {"0.5": "0.5", "0.1": "0.1", "'NaN'": "NaN", "0": "0"},
        ("1e39", "1e-60"),
        ("0.1",),
    ),
    Case(
        "postgresql",
        "double precision",
        "numeric(6,2)",
        {"0.5": "0.50", "0.123": "0.12", "'NaN'": "NaN"},
        ("10000", "'Infinity'"),
        ("0.123",),
    ),
    Case(
        "postgresql",
        "numeric(10,4)",
        "numeric(6,2)",
        {"1.5": "1.50", "1.239": "1.24"},
        ("9999.999", "10000"),
        ("1.239",),
    ),
    Case(
        "postgresql",
        "numeric",
        "double precision",
        {"1.5": "1.5", "0.12345678901234567890": "0.12345678901234568"},
        ("1e400",),
        ("0.12345678901234567890",),
    ),
    Case(
        "postgresql",
        "bigint",
        "double precision",
        {"9007199254740992": "", "9007199254740993": "", "9223372036854775807": ""},
        (),
        ("9007199254740993", "9223372036854775807"),
    ),
    Case(
        "postgresql",
        "integer",
        "real",
        {"16777216": "", "16777217": "", "2147483647": ""},
        (),
        ("16777217", "2147483647"),
    ),
    Case("postgresql", "integer", "boolean", {"0": "false", "1": "true", "7": "true"}, (), ("7",)),
    Case("postgresql", "boolean", "smallint", {"true": "1", "false": "0"}),
    Case("postgresql", "integer", "text", {"-7": "-7"}),
    Case("postgresql", "integer", "character varying(2)", {"-7": "-7"}, ("-77",)),
    Case("postgresql", "jsonb", "text", {"'{\"a\": 1}'": '{"a": 1}'}),
    Case("postgresql", "date", "timestamp with time zone", {"'2024-01-05'": "2024-01-05 00:00:00+00"}),
    Case(
        "postgresql",
        "timestamp with time zone",
        "timestamp without time zone",
        {"'2024-01-05 10:00+05'": "2024-01-05 05:00:00"},
    ),
    Case(
        "postgresql",
        "timestamp without time zone",
        "timestamp with time zone",
        {"'2024-01-05 10:00'": "2024-01-05 10:00:00+00"},
    ),
    Case(
        "postgresql",
        "timestamp without time zone",
        "date",
        {"'2024-01-05'": "2024-01-05", "'2024-01-05 10:00'": "2024-01-05"},
        (),
        ("'2024-01-05 10:00'",),
    ),
    Case(
        "postgresql",
        "timestamp without time zone",
        "timestamp(0) without time zone",
        {"'2024-01-05 10:00'": "", "'2024-01-05 10:00:00.6'": "2024-01-05 10:00:01"},
        (),
        ("'2024-01-05 10:00:00.6'",),
    ),
    Case("postgresql", "mood", "text", {"'ok'": "ok"}, make="CREATE TYPE mood AS ENUM ('ok')"),
    Case(
        "postgresql",
        "mood",
        "humour",
        {"'ok'": "ok"},
        ("'bad'",),
        (),
        ("ok",),
        "CREATE TYPE mood AS ENUM ('ok', 'bad'); CREATE TYPE humour AS ENUM ('ok')",
    ),
]
MYSQL = [
    Case("mysql", "varchar(99)", "int(11)", {**INTEGERS, "'12\\n'": "12"}, (*WORDS, *TOO_LARGE, *NO_WHOLE), ("'007'",)),
    Case("mysql", "text", "tinyint(4)", {"'-128'": "-128"}, ("'128'", "'1.0'")),
    Case(
        "mysql",
        "varchar(99)",
        "bigint(20) unsigned",
        {"'18446744073709551615'": "18446744073709551615"},
        ("'-1'", "'18446744073709551616'", *WORDS),
    ),
    Case("mysql", "varchar(99)", "tinyint(1)", dict.fromkeys(BOOLEANS, ""), NO_BOOLEANS),
    Case(
        "mysql",
        "varchar(99)",
        "decimal(6,2)",
        {"'1.5'": "1.50", "'.5'": "0.50", "'1.239'": "1.24", "'-9999.99'": "-9999.99", "'01.5'": "1.50"},
        (*WORDS, "'9999.999'", "'10000'", BIG, "'1e3'"),
        ("'1.239'", "'01.5'"),
    ),
    Case("mysql", "varchar(99)", "double", {"'1.5'": "1.5", "'1e3'": "1000", "'-.5'": "-0.5"}, (*WORDS, "'1e400'")),
    Case("mysql", "varchar(99)", "float", {"'1.5'": "1.5"}, ("'1e39'",)),
    Case("mysql", "varchar(99)", "date", DATES, (*NO_DATES, "'0000-01-01'", "'2024-01-05 10:00:00'")),
    Case(
        "mysql",
        "varchar(99)",
        "datetime",
        {"'2024-02-29'": "2024-02-29 00:00:00", **TIMES},
        (*NO_TIMES, "'2024-01-05 10:00:00+05'"),
    ),
    Case("mysql", "varchar(99)", "timestamp", TIMES, (*NO_TIMES, "'1960-01-01 00:00:00'", "'2039-01-01'")),
    Case(
        "mysql", "varchar(9)", "varchar(3)", {"'abc'": "abc", "'éöü'": "éöü", "'ab  '": "ab "}, ("'abcd'",), ("'ab  '",)
    ),
    Case("mysql", "varchar(9)", "enum('a','b''c')", {"'a'": "a", "'A'": "a", "'b''c'": "b'c"}, ("'1'", "''", "'x'")),
    Case("mysql", "enum('a','b')", "enum('b','c')", {"'b'": "b"}, ("'a'",)),
    Case("mysql", "varchar(99)", "json", {"'{\"a\": 1}'": "", "'1'": "1"}, ("''", "'abc'")),
    Case("mysql", "bigint(20)", "int(11)", {"-2147483648": "-2147483648"}, ("2147483648", "-2147483649")),
    Case("mysql", "int(11)", "int(10) unsigned", {"5": "5"}, ("-1",)),
    Case("mysql", "int(11)", "decimal(4,2)", {"99": "99.00"}, ("100", "-100")),
    Case("mysql", "decimal(20,2)", "int(11)", {"1.50": "2", "7": "7"}, ("2147483647.5", "-2147483649"), ("1.50",)),
    Case("mysql", "double", "bigint(20)", {"1.5e0": "2", "7": "7"}, ("1e19", "9223372036854775808"), ("1.5e0",)),
    Case("mysql", "double", "float", {"0.5": "0.5", "0.1e0": "0.1"}, ("1e39",), ("0.1e0",)),
    Case("mysql", "double", "decimal(6,2)", {"0.5": "0.50", "0.123": "0.12"}, ("10000",), ("0.123",)),
    Case("mysql", "decimal(10,4)", "decimal(6,2)", {"1.5": "1.50", "1.239": "1.24"}, ("9999.999", "10000"), ("1.239",)),
    Case("mysql", "int(11)", "varchar(2)", {"-7": "-7"}, ("-77",)),
    Case("mysql", "int(11)", "text", {"-7": "-7"}),
    Case("mysql", "date", "datetime", {"'2024-01-05'": "2024-01-05 00:00:00"}),
    Case(
        "mysql",
        "datetime",
        "date",
        {"'2024-01-05'": "2024-01-05", "'2024-01-05 10:00'": "2024-01-05"},
        (),
        ("'2024-01-05 10:00'",),
    ),
    Case(
        "mysql",
        "datetime(6)",
        "datetime",
        {"'2024-01-05 10:00:00'": "", "'2024-01-05 10:00:00.25'": ""},
        (),
        ("'2024-01-05 10:00:00.25'",),
    ),
    Case(
        "mysql",
        "datetime",
        "timestamp",
        {"'2024-01-05 10:00:00'": "2024-01-05 10:00:00"},
        ("'1960-01-01'", "'2039-01-01'"),
    ),
]
SQLITE = [
    Case(
        "sqlite",
        "TEXT",
        "INTEGER",
        {**INTEGERS, "'2147483648'": "2147483648", "7": "7"},
        (*WORDS, BIG, *NO_WHOLE, "x'31'", "'9223372036854775808'"),
        ("'007'",),
    ),
    Case(
        "sqlite",
        "VARCHAR(9)",
        "BIGINT",
        {"'9223372036854775807'": "9223372036854775807", "'-9223372036854775808'": "-9223372036854775808"},
        ("'-19223372036854775809'",),
    ),
    Case("sqlite", "BLOB", "INTEGER", {"7": "7", "'7'": "7", "1.0": "1"}, ("x'37'", "1.5", "'a'")),
    Case(
        "sqlite",
        "TEXT",
        "NUMERIC(6, 2)",
        {"'1.5'": "1.5", "'.5'": "0.5", "'1e3'": "1000", "'01.5'": "1.5"},
        (*WORDS, "'1e400'", "'NaN'"),
        ("'01.5'",),
    ),
    Case("sqlite", "TEXT", "REAL", {"'1.5'": "1.5", "'1e3'": "1000.0"}, (*WORDS, "'1e400'", "x'31'")),
    Case("sqlite", "TEXT", "BOOLEAN", dict.fromkeys(BOOLEANS, ""), NO_BOOLEANS),
    Case("sqlite", "TEXT", "DATE", DATES, (*NO_DATES, "'2024-01-05 10:00:00'", "2460000")),
    Case("sqlite", "TEXT", "DATETIME", {"'2024-01-05 10:20:30'": "2024-01-05 10:20:30"}, NO_TIMES),
    Case("sqlite", "TEXT", "JSON", {"'{\"a\": 1}'": '{"a": 1}', "'1'": "1"}, ("''", "'abc'")),
    Case("sqlite", "INTEGER", "BOOLEAN", {"0": "0", "1": "1", "7": "1"}, ("'abc'",), ("7",)),
    Case("sqlite", "REAL", "INTEGER", {"1.0": "1", "1.5": "2"}, ("1e19", "'abc'"), ("1.5",)),
    Case("sqlite", "NUMERIC", "INTEGER", {"1": "1", "'1.5'": "2"}, ("'abc'", "x'31'"), ("'1.5'",)),
    Case("sqlite", "INTEGER", "REAL", {"1": "1.0", "9007199254740993": ""}, ("'abc'",), ("9007199254740993",)),
    Case("sqlite", "INTEGER", "TEXT", {"7": "7", "'abc'": "abc", "1.5": "1.5"}),
    Case("sqlite", "REAL", "TEXT", {"1.5": "1.5", "0.1 + 0.2": "0.3"}, (), ("0.1 + 0.2",)),
    Case(
        "sqlite",
        "DATETIME",
        "DATE",
        {"'2024-01-05'": "2024-01-05", "'2024-01-05 10:00:00'": "2024-01-05"},
        ("'x'",),
        ("'2024-01-05 10:00:00'",),
    ),
]


def _name(case: Case) -> str:
    return f"{case.dialect}: {case.before} to {case.after}"


@pytest.fixture
def backend(request: pytest.FixtureRequest, case: Case) -> Iterator[Backend]:
    url = request.getfixturevalue(f"{case.dialect}_url")
    backend = backend_for(Environment("test", Secret(url)), "miger_")
    backend.open()
    yield backend
    backend.close()


def run(backend: Backend, sql: str) -> None:
    backend.execute(list(split(sql, backend.dialect)))


def ask(backend: Backend, sql: str) -> list[tuple[Any, ...]]:
    return backend.ask(sql, 20)


def holds(backend: Backend, condition: str) -> set[int]:
    return (
        {row[0] for row in ask(backend, f"SELECT id FROM t WHERE {with_column(condition, 'c')}")}
        if condition
        else set()
    )


def conversion(case: Case) -> Conversion:
    return conversion_of(case.dialect, Column("c", case.before), Column("c", case.after), case.labels)


@pytest.mark.parametrize("case", [*POSTGRESQL, *MYSQL, *SQLITE], ids=_name)
def test_what_is_said_of_a_conversion_is_what_happens(backend: Backend, case: Case) -> None:
    found = conversion(case)
    assert found.how != SAME
    assert not found.untold
    values = ["NULL", *case.good, *case.bad]
    run(backend, f"{case.make};" if case.make else "SELECT 1;")
    run(backend, f"CREATE TABLE t (id INTEGER, c {case.before} NULL, d {case.after} NULL);")
    for number, value in enumerate(values):
        run(backend, f"INSERT INTO t (id, c) VALUES ({number}, {value});")

    refused = {values[number] for number in holds(backend, found.refuses)}
    assert refused == set(case.bad)
    assert {values[number] for number in holds(backend, found.loses)} == set(case.lossy)

    run(backend, f"UPDATE t SET d = {with_column(found.lenient, 'c')};")
    left = {values[number] for (number,) in ask(backend, "SELECT id FROM t WHERE d IS NULL")}
    assert left == {"NULL", *case.bad}

    failed = set()
    for number, value in enumerate(values):
        run(backend, "UPDATE t SET d = NULL;")
        try:
            run(backend, f"UPDATE t SET d = {with_column(found.expression, 'c')} WHERE id = {number};")
        except StatementError:
            failed.add(value)
    assert failed == set(case.bad)

    run(backend, f"UPDATE t SET d = {with_column(found.lenient, 'c')};")
    as_text = "CAST(d AS CHAR)" if case.dialect == "mysql" else "CAST(d AS text)"
    held = {values[number]: text for number, text in ask(backend, f"SELECT id, {as_text} FROM t")}
    assert {value: held[value] for value, text in case.good.items() if text} == {
        v: t for v, t in case.good.items() if t
    }


SAMES = [
    ("postgresql", "character varying(5)", "character varying(9)"),
    ("postgresql", "character varying(5)", "text"),
    ("postgresql", "smallint", "bigint"),
    ("postgresql", "integer", "numeric(12,2)"),
    ("postgresql", "numeric(6,2)", "numeric(8,4)"),
    ("postgresql", "timestamp(0) without time zone", "timestamp without time zone"),
    ("postgresql", "integer[]", "integer[]"),
    ("mysql", "varchar(5)", "varchar(9)"),
    ("mysql", "varchar(5)", "text"),
    ("mysql", "int(11)", "bigint(20)"),
    ("mysql", "int(10) unsigned", "bigint(20)"),
    ("mysql", "enum('a')", "enum('b','a')"),
    ("mysql", "enum('a','bcd')", "varchar(3)"),
    ("mysql", "decimal(6,2)", "decimal(8,4)"),
    ("mysql", "float", "double"),
    ("sqlite", "VARCHAR(9)", "VARCHAR(3)"),
    ("sqlite", "TEXT", "VARCHAR(3)"),
    ("sqlite", "INTEGER", "BIGINT"),
    ("sqlite", "JSON", "TEXT"),
]


@pytest.mark.parametrize(("dialect", "before", "after"), SAMES)
def test_a_wider_type_takes_every_value_as_it_is(dialect: str, before: str, after: str) -> None:
    assert conversion_of(dialect, Column("c", before), Column("c", after)).how == SAME


NOT_SAMES = [
    ("postgresql", "text", "character varying(9)"),
    ("postgresql", "numeric", "numeric(8,4)"),
    ("postgresql", "integer", "text"),
    ("postgresql", "timestamp without time zone", "timestamp with time zone"),
    ("postgresql", "integer[]", "text[]"),
    ("mysql", "int(11)", "int(10) unsigned"),
    ("mysql", "bigint(20) unsigned", "bigint(20)"),
    ("mysql", "enum('a','b')", "enum('a')"),
    ("mysql", "text", "tinytext"),
    ("sqlite", "INTEGER", "TEXT"),
]


@pytest.mark.parametrize(("dialect", "before", "after"), NOT_SAMES)
def test_what_may_not_fit_is_converted(dialect: str, before: str, after: str) -> None:
    assert conversion_of(dialect, Column("c", before), Column("c", after)).how != SAME


@pytest.mark.parametrize("dialect", SQL_BACKENDS)
def test_an_expression_is_filled_in_however_the_column_is_called(dialect: str) -> None:
    found = conversion_of(dialect, Column("c", "text"), Column("c", "date"))
    for text in (found.expression, found.lenient, found.refuses, found.loses):
        assert "{" not in with_column(text, "c")
        assert with_column(text, "c") == text.format(column="c")


@pytest.mark.parametrize(
    "case", [case._replace(bad=("'abc'",)) for case in (POSTGRESQL[0], MYSQL[0], SQLITE[0])], ids=_name
)
def test_a_value_that_does_not_convert_is_in_the_message(backend: Backend, case: Case) -> None:
    run(backend, f"CREATE TABLE t (c {case.before}, d {case.after}); INSERT INTO t (c) VALUES ('abc');")
    with pytest.raises(StatementError, match="abc"):
        run(backend, f"UPDATE t SET d = {with_column(conversion(case).expression, 'c')};")


@pytest.mark.parametrize("case", [Case("postgresql", "text", "jsonb", {})], ids=_name)
def test_what_cannot_be_told_beforehand_fails_when_it_is_tried(backend: Backend, case: Case) -> None:
    assert conversion(case).untold
    run(backend, "CREATE TABLE t (c text, d jsonb); INSERT INTO t (c) VALUES ('{');")
    with pytest.raises(StatementError):
        run(backend, f"UPDATE t SET d = {with_column(conversion(case).lenient, 'c')};")
