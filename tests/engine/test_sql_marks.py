"""Section markers are found wherever a chunk ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miger.engine.sql_marks import Mark, MarkScanner

PIECES = st.sampled_from(
    [
        b"-- miger:up\n", b"-- miger:down\r\n", b"-- miger:verify  \n", b"--miger:up\n", b" -- MIGER: down\n",
        b"-- miger:nope\n", b"-- /// miger\n", b"x", b"-- ", b"miger:", b"\n", b"SELECT 1;\n",
        b"y" * 300, b"\r\n", b"--  miger: no mark\n", b"-- miger:" + b"z" * 300 + b"\n", b" " * 70,
    ]
)  # fmt: skip


def marks_of(chunks: list[bytes]) -> list[Mark]:
    scanner = MarkScanner()
    for position, chunk in enumerate(chunks):
        scanner.feed(chunk, last=position == len(chunks) - 1)
    return scanner.marks


@given(st.lists(PIECES, max_size=30).map(b"".join), st.lists(st.integers(1, 700), min_size=1, max_size=12))
def test_the_marks_do_not_depend_on_where_chunks_end(content: bytes, sizes: list[int]) -> None:
    chunks: list[bytes] = []
    at = 0
    while at < len(content):
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(content[at : at + size])
        at += size
    whole = marks_of([content])
    assert marks_of(chunks or [b""]) == whole
    for mark in whole:
        assert mark.line == content.count(b"\n", 0, mark.start) + 1
        assert mark.start == 0 or content[mark.start - 1 : mark.start] == b"\n"


@pytest.mark.parametrize("split", range(26))
def test_a_marker_behind_a_bom_is_found_at_its_place(split: int) -> None:
    content = b"\xef\xbb\xbf-- miger:up\nSELECT 1;\n"
    (mark,) = marks_of([content[:split], content[split:]])
    assert (mark.kind, mark.name, mark.line, mark.start, mark.end) == ("exact", "up", 1, 3, 15)
