"""The TOML block at the head of a migration."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miger.engine import metadata as module
from miger.engine.errors import Problem
from miger.engine.metadata import NO_METADATA, PYTHON_COMMENT, SQL_COMMENT, Metadata, read_metadata


def sql(*lines: str) -> tuple[Metadata, list[Problem]]:
    return read_metadata("\n".join(lines) + "\n", SQL_COMMENT, "m.sql")


def block(*lines: str) -> tuple[Metadata, list[Problem]]:
    return sql("-- /// miger", *(f"-- {line}" for line in lines), "-- ///")


def test_every_key_is_read() -> None:
    found, problems = block(
        'depends = ["a", "b"]   # two', 'phase = "expand"', "transaction = false", 'release = "v2"',
        'allow = [{ hazard = "x", reason = "y" }]',
    )  # fmt: skip
    assert problems == []
    assert (found.depends, found.phase, found.transaction, found.release) == (
        ("a", "b"),
        "expand",
        False,
        "v2",
    )
    assert found.allow == ({"hazard": "x", "reason": "y"},)
    assert (found.first_line, found.last_line) == (1, 7)


def test_allow_may_be_one_table() -> None:
    assert block("[allow]", 'hazard = "x"')[0].allow == ({"hazard": "x"},)


def test_no_block_means_nothing_is_said() -> None:
    assert sql("-- a comment /// with slashes", "-- /// other", "-- ///") == (NO_METADATA, [])


def test_an_empty_list_is_not_the_same_as_nothing() -> None:
    assert block("depends = []")[0].depends == ()
    assert block('release = "v1"')[0].depends is None


def test_python_comments_and_windows_line_endings_are_read() -> None:
    text = '"""Doc."""\r\n# /// miger\r\n# depends = ["a"]\r\n#\r\n# ///\r\n'
    found, problems = read_metadata(text, PYTHON_COMMENT, "m.py")
    assert (found.depends, found.first_line, found.last_line, problems) == (("a",), 2, 5, [])


def test_blanks_may_be_left_out_or_added() -> None:
    assert sql("--/// miger ", '--depends = ["a"]', "--", "-- /// ")[0].depends == ("a",)


@pytest.mark.parametrize(
    ("lines", "line", "words"),
    [
        (['depends = "a"'], 2, 'must be a list of migration ids, not \'a\''),
        (['release = "v1"', "depends = [", '  "a",', "  3]"], 5, "depends[1] must be the id"),
        (["depends = ['']"], 2, "not empty"),
        (['depends = ["a", "a"]'], 2, "names 'a' twice"),
        (['depends = ["a"]', 'phase = "later"'], 3, '"expand" or "contract"'),
        (["transaction = 1"], 2, "true or false"),
        (["release = true"], 2, "name of a release"),
        (["depend = []"], 2, "unknown key 'depend'"),
        (["allow = 3"], 2, "table"),
        (["", "depends = ["], 3, "not valid TOML"),
        (['phase = "expand"', 'phase = "expand"'], 3, "not valid TOML"),
        (['depends = ["a""b"]'], 2, "not valid TOML"),
    ],
)  # fmt: skip
def test_a_problem_is_named_with_the_line_of_the_file(lines: list[str], line: int, words: str) -> None:
    _, (problem,) = sql("-- title", "-- /// miger", *(f"-- {text}" for text in lines), "-- ///")
    assert problem.line == line + 1
    assert words in problem.message
    assert problem.file == "m.sql"


def test_hints_say_what_to_write() -> None:
    assert block('depends = "a"')[1][0].hint == 'write depends = ["a"]'
    assert "'depends'" in block("depend = []")[1][0].hint


def test_all_problems_of_a_block_come_at_once() -> None:
    assert [problem.line for problem in block("phase = 1", "transaction = 2", "x = 3")[1]] == [2, 3, 4]


@pytest.mark.parametrize("rest", [[], ["SELECT 1;", "-- ///"], ["", "-- ///"]])
def test_a_block_that_is_not_closed_is_named(rest: list[str]) -> None:
    _, (problem,) = sql("", "-- /// miger", "-- depends = []", *rest)
    assert (problem.line, "not closed" in problem.message) == (2, True)


def test_a_second_block_is_named() -> None:
    lines = ["-- /// miger", "-- ///"]
    _, (problem,) = sql(*lines, "", *lines)
    assert (problem.line, "line 1" in problem.message) == (4, True)


NAMES = st.sampled_from(["a", "b-1", "2026_x.y", "", "ü", 'q"', "\\", "a b"])
LINES = st.one_of(
    st.lists(NAMES, max_size=3).map(lambda ids: "depends = [" + ", ".join(f'"{id}"' for id in ids) + "]"),
    st.sampled_from(
        ['phase = "expand"', 'phase = "x"', "transaction = false", "transaction = true", "transaction = 1"]
    ),
    NAMES.map(lambda name: f'release = "{name}"'),
    st.sampled_from(["", "# note", "depends = []  # none", "depends=[]", "other = 1", 'depends = ["a",]']),
)


@given(st.lists(LINES, max_size=4))
def test_the_short_cut_agrees_with_the_toml_parser(lines: list[str]) -> None:
    quick = module._simple(lines, 1, len(lines) + 2)
    if quick is not None:
        assert module._parsed("\n".join(lines), 1, len(lines) + 2, "m.sql") == (quick, [])
