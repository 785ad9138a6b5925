"""Plain statements side by side come as groups that hold the same statements as `split` gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miger.engine.statements import Group, Statement, groups, split

KINDS = frozenset({"INSERT", "UPDATE"})
PIECES = [
    "INSERT INTO t VALUES (1, 'a;b');\n",
    "insert into t values (2, 'it''s');",
    "-- a; comment\nUPDATE t SET a = 1;\n\n",
    "CREATE TABLE x (a int);\n",
    "/* ; */ INSERT INTO t\nVALUES (3);",
    "SELECT 1;\n",
    "DELETE FROM t;",
]


def flat(items: list[Statement | Group]) -> list[Statement]:
    return [one for item in items for one in (item if isinstance(item, Group) else [item])]


def facts(statement: Statement) -> tuple[int, int, str, str, str]:
    return statement.number, statement.line, statement.raw, statement.kind, statement.sql


@pytest.mark.parametrize("dialect", ["sqlite", "postgresql", "mysql"])
@given(pieces=st.lists(st.sampled_from(PIECES), max_size=12), alone=st.integers(0, 4), size=st.integers(1, 60))
def test_groups_hold_the_same_statements_as_split(dialect: str, pieces: list[str], alone: int, size: int) -> None:
    text = "".join(pieces)
    chunks = [text[i : i + size] for i in range(0, len(text), size)]
    grouped = list(groups(chunks, dialect, 7, kinds=KINDS, alone=alone))
    assert list(map(facts, flat(grouped))) == list(map(facts, split([text], dialect, 7)))
    assert all(item.number > alone for item in grouped if isinstance(item, Group))


def test_a_group_ends_where_another_kind_begins() -> None:
    text = "INSERT INTO t VALUES (1);\nINSERT INTO t VALUES (2);\nSELECT 1;\nINSERT INTO t VALUES (3);"
    found = list(groups([text], "sqlite", kinds=KINDS, alone=0))
    assert [len(item) if isinstance(item, Group) else item.kind for item in found] == [2, "SELECT", 1]


def test_a_group_gives_its_statements_by_index_and_slice() -> None:
    text = "".join(f"INSERT INTO t\nVALUES ({n});\n" for n in range(5))
    [group] = groups([text], "sqlite", 3, kinds=KINDS, alone=0)
    assert isinstance(group, Group)
    assert (group[0].line, group[1].line, group[-1].line) == (3, 5, 11)
    assert [one.number for one in group[1:3]] == [2, 3]
    with pytest.raises(IndexError):
        group[5]
