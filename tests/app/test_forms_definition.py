"""Editing the text of CREATE TABLE: what is not meant stays as it was written."""

from __future__ import annotations

import pytest

from miger.forms.definition import Column, Definition

TABLE = """CREATE TABLE "a ""b" ( -- all of them
    id INTEGER PRIMARY KEY, /* , */
    [odd one] VARCHAR(20) NOT NULL DEFAULT 'x, y' COLLATE NOCASE, -- , said (so
    `n` NUMERIC (10, 2) CHECK (n > 0 AND n NOT NULL) DEFAULT (1 + 1),
    p INT CONSTRAINT to_p REFERENCES p (id) ON DELETE SET NULL NOT DEFERRABLE,
    g TEXT GENERATED ALWAYS AS (n || ',') STORED,
    UNIQUE (p, n), CONSTRAINT fk FOREIGN KEY (p) REFERENCES q (id)
) STRICT"""


def test_a_definition_is_cut_at_its_commas_and_put_together_again() -> None:
    made = Definition.read(TABLE)
    assert made.text == TABLE
    assert [column.name for _, column in made.columns()] == ["id", "odd one", "n", "p", "g"]
    assert made.renamed("x").text.startswith("CREATE TABLE x ( -- all")


@pytest.mark.parametrize(
    ("name", "type", "kinds"),
    [
        ("id", "INTEGER", ["PRIMARY"]),
        ("odd one", "VARCHAR(20)", ["NOT", "DEFAULT", "COLLATE"]),
        ("n", "NUMERIC (10, 2)", ["CHECK", "DEFAULT"]),
        ("p", "INT", ["REFERENCES"]),
        ("g", "TEXT", ["GENERATED"]),
    ],
)
def test_a_column_is_read_as_type_and_clauses(name: str, type: str, kinds: list[str]) -> None:
    column = Definition.read(TABLE).column(name)
    assert (column.type, [clause.kind for clause in column.clauses]) == (type, kinds)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (lambda c: c.with_type("TEXT"), "a TEXT NOT NULL DEFAULT 5"),
        (lambda c: c.with_nullable(True), "a INT DEFAULT 5"),
        (lambda c: c.with_nullable(False), "a INT NOT NULL DEFAULT 5"),
        (lambda c: c.with_default("'x'"), "a INT NOT NULL DEFAULT 'x'"),
        (lambda c: c.with_default(None), "a INT NOT NULL"),
    ],
)
def test_one_thing_of_a_column_is_changed(before: object, after: str) -> None:
    assert before(Column("a INT NOT NULL DEFAULT 5")).text == after  # type: ignore[operator]


def test_mysql_keeps_what_belongs_to_the_type_beside_it() -> None:
    line = Column(
        r"`a` varchar(9) CHARACTER SET latin1 COLLATE latin1_bin DEFAULT NULL COMMENT 'it\'s'", backslashes=True
    )
    assert line.with_nullable(False).text == (
        r"`a` varchar(9) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL COMMENT 'it\'s'"
    )
    assert line.with_type("int").text == r"`a` int DEFAULT NULL COMMENT 'it\'s'"
    stamp = Column("`t` timestamp NOT NULL DEFAULT current_timestamp() ON UPDATE current_timestamp()", backslashes=True)
    assert stamp.with_default(None).text == "`t` timestamp NOT NULL ON UPDATE current_timestamp()"
    assert stamp.with_nullable(True).text.startswith("`t` timestamp NULL DEFAULT")


def test_a_part_is_added_behind_comments_and_before_constraints() -> None:
    made = Definition.read("CREATE TABLE t (\n    a INT -- last, but\n)")
    assert made.with_added("b INT", constraint=False).text == "CREATE TABLE t (\n    a INT, -- last, but\n    b INT\n)"
    flat = Definition.read("CREATE TABLE t (a INT, UNIQUE (a))")
    assert flat.with_added("b INT", constraint=False).text == "CREATE TABLE t (a INT, b INT, UNIQUE (a))"
    assert flat.with_added("CHECK (a)", constraint=True).text == "CREATE TABLE t (a INT, UNIQUE (a), CHECK (a))"


def test_foreign_keys_go_by_name_or_by_columns() -> None:
    made = Definition.read(TABLE)
    assert made.foreign_key_name(("p",)) == "fk"
    without = made.without_foreign_key("fk", ("p",))
    assert "q (id)" not in without.text
    assert without.foreign_key_name(("p",)) == "to_p"
    assert "p INT," in without.without_foreign_key("to_p", ("p",)).text


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(ValueError, match="CREATE TABLE"):
        Definition.read("CREATE VIEW v AS SELECT 1")
