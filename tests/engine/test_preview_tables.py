"""Which tables a statement names."""

from __future__ import annotations

import pytest

from miger.engine.preview.tables import tables_of


@pytest.mark.parametrize(
    ("sql", "tables"),
    [
        ("CREATE TABLE a (id INTEGER REFERENCES b (id))", ("a", "b")),
        ("ALTER TABLE s.a ADD COLUMN c INTEGER", ("s.a",)),
        ("INSERT INTO a SELECT b.x FROM b JOIN c ON b.id = c.id", ("a", "b", "c")),
        ("WITH d AS (SELECT 1 AS x FROM e) UPDATE a SET x = 1 WHERE x IN (SELECT x FROM d)", ("a", "e")),
        ("CREATE INDEX i ON a (b)", ("a",)),
        ("DROP TABLE a", ("a",)),
        ("DELETE FROM a WHERE id IN (SELECT id FROM b)", ("a", "b")),
        ("SELECT 1", ()),
        ("CREATE TABEL a (b)", ()),
        ("", ()),
    ],
)
@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
def test_the_tables_of_a_statement(sql: str, tables: tuple[str, ...], dialect: str) -> None:
    assert sorted(tables_of(sql, dialect)) == sorted(tables)
