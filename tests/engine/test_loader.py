"""A folder of migrations: what is read, what is wrong, and that nothing is run."""

from __future__ import annotations

import hashlib
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from miger.engine.errors import Problem
from miger.engine.loader import Loaded, load_folder
from miger.engine.migration import Migration
from miger.engine.source import SMALL, TINY

Load = Callable[..., Loaded]

SQL = "-- miger:up\nSELECT 1;\n"
PYTHON = "def up(db):\n    pass\n"


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def load_files(**files: str | bytes) -> Loaded:
        for name, content in files.items():
            path = tmp_path / name.replace("__sql", ".sql").replace("__py", ".py")
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        return load_folder(str(tmp_path))

    return load_files


def one(loaded: Loaded) -> Migration:
    assert loaded.problems == ()
    (migration,) = loaded.migrations
    return migration


def problem(loaded: Loaded) -> Problem:
    (found,) = loaded.problems
    return found


def texts(migration: Migration) -> dict[str, str]:
    content = Path(migration.path).read_bytes()
    return {section.name: content[section.start : section.end].decode() for section in migration.sections}


def test_an_sql_file_becomes_a_migration(load: Load, tmp_path: Path) -> None:
    text = (
        '-- Adds users\n-- /// miger\n-- depends = ["0"]\n-- phase = "expand"\n-- transaction = false\n'
        '-- release = "v2"\n-- ///\n-- miger:up\nCREATE;\n-- miger:verify\nSELECT;\n-- miger:down\nDROP;\n'
    )
    migration = one(load(a__sql=text))
    assert (migration.id, migration.kind, migration.path) == ("a", "sql", str(tmp_path / "a.sql"))
    assert (migration.depends, migration.phase) == (("0",), "expand")
    assert (migration.transaction, migration.release, migration.title) == (False, "v2", "Adds users")
    assert texts(migration) == {"up": "CREATE;\n", "verify": "SELECT;\n", "down": "DROP;\n"}
    assert [section.line for section in migration.sections] == [9, 11, 13]
    assert not migration.irreversible


def test_a_python_file_becomes_a_migration_without_being_run(load: Load) -> None:
    text = '"""\nFill in names.\n\ndef down(x):\n"""\n# /// miger\n# depends = []\n# ///\nraise SystemExit\n\n'
    migration = one(load(a__py=text + "def up(db):\n    pass\n\ndef verify (db): pass\n"))
    assert (migration.kind, migration.title, migration.depends) == ("python", "Fill in names.", ())
    assert [(section.name, section.line) for section in migration.sections] == [("up", 11), ("verify", 14)]
    assert migration.irreversible


def test_parents_left_out_are_the_file_before_even_if_that_is_bad(load: Load) -> None:
    loaded = load(a__sql=SQL, b__py="bad", c__sql=SQL, d__py=PYTHON)
    assert [(migration.id, migration.depends) for migration in loaded.migrations] == [
        ("a", ()),
        ("c", ("b",)),
        ("d", ("c",)),
    ]
    assert problem(loaded).file.endswith("b.py")


def test_hidden_files_private_ones_folders_and_others_are_left_out(load: Load, tmp_path: Path) -> None:
    (tmp_path / "folder.sql").mkdir()
    files: dict[str, str] = {
        ".hidden.sql": "",
        "_private.py": "",
        "README.md": "",
        "x.sql~": "",
        "a.sql": SQL,
    }
    assert one(load(**files)).id == "a"


def test_a_migration_is_sorted_by_id_not_by_file_name(load: Load) -> None:
    loaded = load(**{"a.sql": SQL, "a-b.sql": SQL})
    assert [migration.id for migration in loaded.migrations] == ["a", "a-b"]


def test_a_missing_folder_is_one_problem_with_a_hint(tmp_path: Path) -> None:
    found = problem(load_folder(str(tmp_path / "none")))
    assert (found.line, "no such folder" in found.message, bool(found.hint)) == (None, True, True)


def test_a_file_in_place_of_the_folder_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "m").write_text("")
    assert "cannot be listed" in problem(load_folder(str(tmp_path / "m"))).message


@pytest.mark.parametrize("name", ["-x.sql", "a b.sql", "ä.py", "a" * 201 + ".sql"])
def test_a_name_that_is_no_id_is_a_problem(load: Load, name: str) -> None:
    assert "rename the file" in problem(load(**{name: SQL})).hint


def test_a_suffix_in_capitals_is_not_overlooked_in_silence(load: Load) -> None:
    assert problem(load(**{"a.SQL": SQL})).hint == "rename it to a.sql"


def test_the_same_id_twice_names_both_files(load: Load) -> None:
    loaded = load(**{"001.sql": SQL, "001.py": PYTHON, "002.sql": SQL})
    found = problem(loaded)
    assert (found.file.endswith("001.sql"), "001.py" in found.message) == (True, True)
    assert loaded.migrations[-1].depends == ("001",)


def test_ids_that_differ_in_case_only_are_a_problem(load: Load) -> None:
    assert "Add.sql" in problem(load(**{"Add.sql": SQL, "add.sql": SQL})).message


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", None, "no section -- miger:up"),
        ("SELECT 1;\n", 1, "no section -- miger:up"),
        ("-- miger:down\nDROP;\n", None, "no section -- miger:up"),
        ("-- ok\n\n/* fine\n too */ -- yes\nSELECT 1;\n-- miger:up\n", 5, "SQL before the first section"),
        ("-- miger:up\n-- miger:dwon\n", 2, "unknown section -- miger:dwon"),
        ("-- miger:up\n-- miger:down\n-- miger:up\n", 3, "a second section -- miger:up"),
        ("-- miger:up\n--miger:down\n", 2, "nearly a section"),
        ("-- miger:up\n  -- miger:down\n", 2, "nearly a section"),
        ("-- miger:up\n-- Miger: Down\n", 2, "nearly a section"),
        ("-- miger:up\nX;\n-- /// miger\n-- ///\n", 3, "metadata block after"),
        ("-- /// miger\n-- miger:up\nX;\n-- ///\n", 1, "not closed"),
    ],
)
def test_bad_sql_is_named_with_its_line(load: Load, text: str, line: int | None, words: str) -> None:
    for content in (text, text.replace("\n", "\r\n")):
        loaded = load(a__sql=content, b__sql=SQL)
        found = problem(loaded)
        assert (found.line, words in found.message) == (line, True), found
        assert [migration.id for migration in loaded.migrations] == ["b"]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", None, "no function up"),
        ("  def up(db): pass\n", None, "no function up"),
        ("\nasync def up(db): pass\n", 2, "async def up"),
        ("def up(db): pass\ndef up(db): pass\n", 2, "a second def up"),
        ("# /// miger\n# phase = 3\n# ///\ndef up(db): pass\n", 2, "phase"),
    ],
)
def test_bad_python_is_named_with_its_line(load: Load, text: str, line: int | None, words: str) -> None:
    found = problem(load(a__py=text, b__sql=SQL))
    assert (found.line, words in found.message) == (line, True), found


@pytest.mark.parametrize("name", ["a__sql", "a__py"])
def test_a_byte_that_is_not_utf_8_is_named_with_its_line(load: Load, name: str) -> None:
    found = problem(load(**{name: b"-- miger:up\n\nSELECT '\xe4';\n", "b__sql": SQL}))
    assert (found.line, "UTF-8" in found.message) == (3, True)


def test_a_dangling_link_a_pipe_and_a_locked_file_are_problems(load: Load, tmp_path: Path) -> None:
    (tmp_path / "a.sql").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "b.sql")
    (tmp_path / "c.py").write_text(PYTHON)
    (tmp_path / "c.py").chmod(0)
    bad = ["a.sql", "b.sql"] + (["c.py"] if os.geteuid() else [])
    loaded = load(d__sql=SQL)
    assert [os.path.basename(found.file) for found in loaded.problems] == bad
    assert all("cannot be read" in found.message for found in loaded.problems)


def test_the_checksum_does_not_depend_on_line_endings_or_a_bom(load: Load) -> None:
    text = SQL.encode()
    checksum = one(load(a__sql=text)).checksum
    assert checksum == "sha256:" + hashlib.sha256(text).hexdigest()
    assert one(load(a__sql=b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"))).checksum == checksum
    assert one(load(a__sql=text + b"\n")).checksum != checksum
    assert one(load(a__sql=text + b"\r")).checksum != checksum


def test_offsets_are_right_behind_a_bom_with_many_byte_text_and_windows_line_endings(load: Load) -> None:
    text = "\ufeff-- miger:up \r\nSELECT 'ü€😀';\r\n-- miger:down\t\r\nDROP 'é';"
    migration = one(load(a__sql=text))
    assert texts(migration) == {"up": "SELECT 'ü€😀';\r\n", "down": "DROP 'é';"}


def test_a_marker_in_the_middle_of_a_line_is_text(load: Load) -> None:
    text = "-- miger:up\nSELECT '-- miger:down';\nSELECT 'x -- miger:down\n';\n-- see miger: down\n"
    assert list(texts(one(load(a__sql=text)))) == ["up"]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("-- miger:up\n-- not this\n", ""),
        ("\n--\n-- ----\n--   The title  \n-- more\n-- miger:up\n", "The title"),
        ("-- /// miger\n-- depends = []\n-- ///\n-- After the block\n-- miger:up\n", "After the block"),
    ],
)
def test_the_title_of_sql_is_its_first_comment(load: Load, text: str, title: str) -> None:
    assert one(load(a__sql=text)).title == title


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("", ""),
        ("# note\n\n'''One.'''\n", "One."),
        ('r"Two."\n', "Two."),
        ('x = """no"""\n', ""),
        ('""""""\n', ""),
    ],
)
def test_the_title_of_python_is_its_docstring(load: Load, text: str, title: str) -> None:
    assert one(load(a__py=text + PYTHON)).title == title


@pytest.mark.parametrize("size", [TINY - 1, TINY, TINY + 1, SMALL, SMALL + 1])
def test_the_size_of_a_file_changes_nothing_but_how_it_is_read(load: Load, size: int) -> None:
    end = "\n-- miger:down\nDROP;\n"
    text = "-- miger:up\n" + "x" * (size - len(end) - 12) + end
    migration = one(load(a__sql=text))
    assert migration.checksum == "sha256:" + hashlib.sha256(text.encode()).hexdigest()
    assert texts(migration)["down"] == "DROP;\n"
    assert migration.sections[1].line == 4


def test_a_big_file_gives_the_same_as_a_small_one(load: Load) -> None:
    row = "INSERT INTO t VALUES ('ü€😀 some text');\r\n"
    body = row * (2 * SMALL // len(row.encode()))
    text = f"\ufeff-- Big\r\n-- miger:up\r\n{body}-- miger:down\r\nDROP;\r\n"
    migration = one(load(a__sql=text))
    assert texts(migration) == {"up": body, "down": "DROP;\r\n"}
    assert migration.sections[1].line == text.count("\n")
    assert migration.title == "Big"
    plain = text.removeprefix("\ufeff").replace("\r\n", "\n").encode()
    assert migration.checksum == "sha256:" + hashlib.sha256(plain).hexdigest()


def test_bad_bytes_and_marks_far_down_a_big_file_are_named_with_their_line(load: Load) -> None:
    lines = b"SELECT 1;\n" * 200_000
    assert problem(load(a__sql=b"-- miger:up\n" + lines + b"-- miger:x\n" + lines)).line == 200_002
    assert problem(load(a__sql=b"-- miger:up\n" + lines + b"'\xe4'\n" + lines)).line == 200_002
    assert problem(load(a__sql=lines + b"-- miger:up\n")).line == 1
    assert "too late" in problem(load(a__sql=b"-- comment\n" * 200_000 + b"-- miger:up\n")).message


def test_a_big_file_is_not_held_in_memory(load: Load, tmp_path: Path) -> None:
    block = b"INSERT INTO t VALUES ('\xc3\xbc and more text', 12345.678);\n" * 20_000
    with open(tmp_path / "a.sql", "wb") as file:
        file.write(b"-- miger:up\n")
        for _ in range((64 << 20) // len(block)):
            file.write(block)
    tracemalloc.start()
    migration = one(load())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert migration.section("up") is not None
    assert peak < 8 << 20


def test_one_line_of_many_megabytes_is_read(load: Load) -> None:
    text = "-- miger:up\nSELECT '" + "-- miger:down miger: " * 200_000 + "';\n-- miger:down\nX;\n"
    assert texts(one(load(a__sql=text)))["down"] == "X;\n"
