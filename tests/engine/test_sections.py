"""Reading one section back."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from miger.engine.errors import IntegrityError, MigerError
from miger.engine.loader import load_folder
from miger.engine.migration import Migration
from miger.engine.sections import PIECE, read_section
from miger.engine.source import TINY


def load(folder: Path, text: str, name: str = "a.sql") -> Migration:
    (folder / name).write_bytes(text.encode())
    (migration,) = load_folder(str(folder)).migrations
    return migration


def test_a_section_comes_back_as_it_was_written(tmp_path: Path) -> None:
    migration = load(tmp_path, "\ufeff-- miger:up\r\nSELECT 'ü';\r\n-- miger:down\r\nDROP;")
    assert "".join(read_section(migration, "up")) == "SELECT 'ü';\r\n"
    assert "".join(read_section(migration, "down")) == "DROP;"
    assert list(read_section(migration, "verify")) == []


def test_the_section_of_a_python_file_is_the_file(tmp_path: Path) -> None:
    text = "def up(db):\n    pass\n"
    assert "".join(read_section(load(tmp_path, "\ufeff" + text, "a.py"), "up")) == text


def test_an_empty_section_is_empty(tmp_path: Path) -> None:
    assert list(read_section(load(tmp_path, "-- miger:up\n-- miger:down\n"), "up")) == []


def test_characters_of_many_bytes_survive_the_ends_of_pieces(tmp_path: Path) -> None:
    body = "x" + "€😀é" * 100_000
    pieces = list(read_section(load(tmp_path, f"-- miger:up\n{body}"), "up"))
    assert "".join(pieces) == body
    assert len(pieces) > 1
    assert max(map(len, pieces)) <= PIECE


def test_memory_does_not_grow_with_the_section(tmp_path: Path) -> None:
    migration = load(tmp_path, "-- miger:up\n" + "INSERT INTO t VALUES (1, 'text');\n" * 500_000)
    tracemalloc.start()
    length = sum(len(piece) for piece in read_section(migration, "up"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (length, peak < 4 << 20) == (17_000_000, True)


@pytest.mark.parametrize(
    "text",
    [
        "-- miger:up\nSELECT 12;\n",
        "-- miger:up\nSELECT 2;\n",
        "-- miger:up\r\nSELECT 1;\r\n",
        "-- miger:up\n",
        "--  miger:u\nSELECT 1;",
        "é" * 11,
    ],
)
def test_a_file_that_changed_is_refused(tmp_path: Path, text: str) -> None:
    migration = load(tmp_path, "-- miger:up\nSELECT 1;\n")
    Path(migration.path).write_bytes(text.encode())
    with pytest.raises(IntegrityError, match="changed"):
        list(read_section(migration, "up"))


@pytest.mark.parametrize("text", ["-- miger:up\n{}", "--  miger:u\n{}x", "-- miger:up\n\xff{}"])
def test_a_large_file_that_changed_is_refused(tmp_path: Path, text: str) -> None:
    body = "SELECT 1;\n" * TINY
    migration = load(tmp_path, f"-- miger:up\n{body}-")
    Path(migration.path).write_bytes(text.format(body).encode("latin-1"))
    with pytest.raises(IntegrityError, match="changed"):
        list(read_section(migration, "up"))


def test_a_file_that_got_bad_bytes_is_refused(tmp_path: Path) -> None:
    migration = load(tmp_path, "-- miger:up\nSELECT 1;\n")
    Path(migration.path).write_bytes(b"-- miger:up\nSELECT \xff;\n")
    with pytest.raises(IntegrityError, match="changed"):
        list(read_section(migration, "up"))


def test_a_file_that_is_gone_is_refused(tmp_path: Path) -> None:
    migration = load(tmp_path, "-- miger:up\nSELECT 1;\n")
    Path(migration.path).unlink()
    with pytest.raises(IntegrityError, match="gone"):
        list(read_section(migration, "up"))


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    migration = load(tmp_path, "-- miger:up\nSELECT 1;\n")
    Path(migration.path).unlink()
    Path(migration.path).mkdir()
    with pytest.raises(MigerError, match="cannot be read"):
        list(read_section(migration, "up"))
