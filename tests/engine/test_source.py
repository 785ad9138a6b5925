"""Checksums of files that come in chunks, and files that change while they are read."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from miger.engine.source import BOM, Checksum, checksum_of, open_source, read_chunks


@given(
    st.sampled_from([b"", BOM]),
    st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"\xc3\xbc"]), max_size=20).map(b"".join),
    st.lists(st.integers(1, 4), min_size=1),
)
def test_the_checksum_does_not_depend_on_where_chunks_end(bom: bytes, content: bytes, sizes: list[int]) -> None:
    checksum, at, turn = Checksum(), 0, 0
    content = b"..." + content
    checksum.feed(bom + content[:3])
    at = 3
    while at < len(content):
        size = sizes[turn % len(sizes)]
        checksum.feed(content[at : at + size])
        at, turn = at + size, turn + 1
    plain = hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()
    assert checksum.result() == checksum_of(bom + content) == f"sha256:{plain}"


def test_a_file_that_grew_since_it_was_opened_is_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a.sql"
    path.write_bytes(b"abc")
    descriptor, size = open_source(str(path))
    path.write_bytes(b"abcdef" * 10)
    assert b"".join(read_chunks(descriptor, size)) == b"abcdef" * 10
    os.close(descriptor)
