"""What a source says nothing about is no difference, and stays."""

from __future__ import annotations

from miger.engine.catalog import Catalog, Column, Extra, Index, Table, Thing
from miger.generate.compare import compare
from miger.generate.scope import EVERYTHING, TABLES, with_the_rest, within_scope, without_ignored

ID = Column("id", "integer", definition="integer")
TRIGGER = Extra("trigger", "t", "CREATE TRIGGER t …")
USERS = Table("users", (ID,), needs=("mood",))
MOOD = Thing("enum", "mood", "CREATE TYPE mood …", ("a",))
VIEW = Thing("view", "v", "CREATE VIEW v …", needs=("users",))
LIVE = Catalog(
    (USERS._replace(extras=(TRIGGER,)), Table("orders", (ID,))),
    (
        MOOD,
        Thing("enum", "unused", "CREATE TYPE unused …", ("a",)),
        VIEW,
        Thing("view", "w", "CREATE VIEW w …", needs=("v", "orders")),
        Thing("view", "x", "CREATE VIEW x …", needs=("w",)),
        Thing("function", "f()", "CREATE FUNCTION f() …"),
        Thing("sequence", "s", "CREATE SEQUENCE s"),
        Thing("schema", "other", "CREATE SCHEMA other"),
    ),
)
WANTED = Catalog((USERS, Table("orders", (ID,))), (MOOD,))


def test_an_sql_file_speaks_of_everything() -> None:
    assert within_scope(LIVE, WANTED, EVERYTHING) == LIVE
    assert with_the_rest(WANTED, LIVE, EVERYTHING) == WANTED


def test_models_speak_of_tables_and_the_enums_in_them_alone() -> None:
    assert not compare(within_scope(LIVE, WANTED, TABLES), WANTED)
    without_mood = Catalog((USERS._replace(needs=()), Table("orders", (ID,))))
    found = compare(within_scope(LIVE, without_mood, TABLES), without_mood)
    assert [difference.thing.name for difference in found.things] == ["mood"]


def test_what_models_make_beside_tables_they_speak_of() -> None:
    changed = VIEW._replace(definition="CREATE VIEW v … WHERE …")
    trigger = TRIGGER._replace(definition="CREATE TRIGGER t … WHEN …")
    wanted = Catalog((USERS._replace(extras=(trigger,)), Table("orders", (ID,))), (MOOD, changed))
    found = compare(within_scope(LIVE, wanted, TABLES), wanted)
    assert [(difference.before, difference.after) for difference in found.things] == [(VIEW, changed)]
    assert [difference.extras[0].after for difference in found.tables] == [trigger]


def test_a_partition_stays_with_its_table() -> None:
    events = Table("events", (ID,), options="PARTITION BY RANGE (id)")
    part = Table("events_1", (ID,), options="PARTITION OF events FOR VALUES FROM (1) TO (2)", needs=("events",))
    live, wanted = Catalog((events, part)), Catalog((events,))
    assert within_scope(live, wanted, TABLES) == wanted
    assert within_scope(live, wanted, EVERYTHING) == live
    assert with_the_rest(wanted, live, TABLES) == live
    assert with_the_rest(Catalog(), live, TABLES) == Catalog()


def test_the_rest_stays_as_far_as_it_can() -> None:
    assert not compare(LIVE, with_the_rest(WANTED, LIVE, TABLES))
    fewer = Catalog((USERS,), (MOOD,))
    found = compare(LIVE, with_the_rest(fewer, LIVE, TABLES))
    assert [difference.table.path for difference in found.tables] == ["orders"]
    assert [difference.thing.name for difference in found.things] == ["w", "x"]  # which cannot be without it


def test_what_a_pattern_fits_is_left_out_wherever_it_is() -> None:
    index = Index("by_cron", "CREATE INDEX by_cron ON users (id)")
    catalog = Catalog(
        (USERS._replace(extras=(TRIGGER,), indexes=(index,)), Table("audit_x"), Table("cron", schema="other")),
        (VIEW, Thing("view", "other.v", "CREATE VIEW other.v …")),
    )
    assert without_ignored(catalog, ()) == catalog
    kept = without_ignored(catalog, ("table audit_*", "* other.*", "trigger t", "index by_*"))
    assert kept == Catalog((USERS,), (VIEW,))
    assert without_ignored(catalog, ("* public.v",)).things == catalog.things[1:]
    assert without_ignored(catalog, ("* public.v",), home="mine") == catalog
