"""The short way through an SQL file gives what the careful one gives, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from miger.engine.source import BOM, Source
from miger.engine.sql_files import read_sql
from miger.engine.sql_usual import read_usual

LINES = st.sampled_from(
    [
        "-- miger:up\n", "-- miger:down\n", "-- miger:verify\n", "-- miger:up\r\n", "-- miger:down \n", "-- miger:down",
        "--miger:up\n", " -- miger:up\n", "-- Miger: down\n", "-- MIGER:up\n", "-- mIgEr:up\n", "-- miger:dwon\n",
        "-- miger: down\n", "-- /// miger\n", '-- depends = ["a", "b"]\n', '-- phase = "expand"\n', "-- ///\n",
        "-- ///", "-- release = 3\n", "-- Title\n", "/* more\n", "*/\n", "SELECT 1;\n", "SELECT '-- miger:up';",
        "x -- miger:down\n", "\n", "\r\n", "\r", "é", "\ufeff", "miger:",
        "-- miger:up" + " " * 120 + "\n", "-- miger:up -- miger:down\n",
    ]
)  # fmt: skip
BODY = st.lists(LINES, max_size=4).map("".join)


def carefully(content: bytes) -> Source:
    return read_sql("a.sql", iter([content]), len(content))


@given(BODY, BODY, BODY)
@example("-- Adds\n-- /// miger\n-- depends = []\n-- ///\n", "A;\n", "B;\n")
def test_a_file_of_nearly_the_usual_shape_is_read_the_same_both_ways(head: str, up: str, down: str) -> None:
    content = f"{head}-- miger:up\n{up}-- miger:down\n{down}".encode()
    assert read_usual("a.sql", content) in (None, carefully(content))


@given(st.lists(LINES | st.binary(max_size=3), max_size=12))
def test_a_file_of_any_shape_is_read_the_same_both_ways(parts: list[str | bytes]) -> None:
    content = b"".join(part.encode() if isinstance(part, str) else part for part in parts)
    assert read_usual("a.sql", content) in (None, carefully(content))


@pytest.mark.parametrize(
    "text",
    [
        "-- miger:up\nCREATE;\n-- miger:down\nDROP;\n",
        "-- miger:up\nCREATE;\n-- miger:verify\nSELECT 'é';\n",
        "-- Title\n\n-- miger:up\r\nCREATE;\r\n-- miger:down\r\nDROP;",
        '-- /// miger\n-- depends = ["a", "b"]\n-- release = "v2"\n-- ///\n-- Title\n-- miger:up\nCREATE;\n',
        "/* a note\n   of two lines */\n-- miger:up\n",
    ],
)
def test_usual_files_take_the_short_way(text: str) -> None:
    content = text.encode()
    assert read_usual("a.sql", content) == carefully(content)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"SELECT 1;\n",
        BOM + b"-- miger:up\n",
        b"-- miger:up\n'\xe4'\n",
        b"-- miger:down\nDROP;\n",
        b"SELECT 1;\n-- miger:up\n",
        b"-- miger:up\n-- miger:up\n",
        b"-- miger:up\n-- miger:dwon\n",
        b"-- miger:up\n--miger:down\n",
        b"-- miger:up\n-- /// miger\n-- ///\n",
        b"-- /// miger\n-- miger:up\n",
    ],
)
def test_what_is_not_usual_is_left_to_the_careful_reader(content: bytes) -> None:
    assert read_usual("a.sql", content) is None
