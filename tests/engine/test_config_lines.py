"""Every key of a TOML document is found on the line where it is written."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miger.engine.config_lines import _Scanner, line_of, line_of_error

TEXT = '''# head
top = 1
[project]  # a comment with [brackets]
"quoted key" = 'a # no comment'
multi = """
[not.a.table]
x = "\\""" # still in
"""
after.dotted."x.y" = [
    1,  # one ]
    { deep = "}" , b = ["]", [2]] },
]

[[items]]
name = 'first'
[items.sub]
k = 1
[[items]]
name = "second"
'itx' = 1979-05-27
[environments . "eu.prod"]
url = "x"
inline = { a = 1, c.d = 2 }
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("project",), 3),
        (("project", "quoted key"), 4),
        (("project", "multi"), 5),
        (("project", "after"), 9),
        (("project", "after", "dotted", "x.y"), 9),
        (("project", "after", "dotted", "x.y", 0), 10),
        (("project", "after", "dotted", "x.y", 1, "deep"), 11),
        (("project", "after", "dotted", "x.y", 1, "b", 1), 11),
        (("items", 0, "name"), 15),
        (("items", 0, "sub", "k"), 17),
        (("items", 1, "name"), 19),
        (("items", 1, "itx"), 20),
        (("environments", "eu.prod", "url"), 22),
        (("environments", "eu.prod", "inline", "c", "d"), 23),
        (("environments", "eu.prod", "missing"), 21),
        (("nowhere",), None),
    ],
)
def test_a_key_is_found_on_its_line(path: tuple[str | int, ...], line: int | None) -> None:
    tomllib.loads(TEXT)
    assert line_of(TEXT, path) == line


@pytest.mark.parametrize(("text", "line"), [("a = 1\nb = \n", 2), ("a = 1\nb = [1,\n\n", 2), ("a = 1\na = 2", 2)])
def test_the_line_of_a_broken_document_comes_from_the_message(text: str, line: int) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    assert line_of_error(caught.value, text) == line


PIECES = st.sampled_from(
    [
        "a = 1\n",
        "b.c = 'x'\n",
        "[t]\n",
        "[[l]]\n",
        "[l.m]\n",
        '"q.r" = """\n# [x]\n"""\n',
        "d = [1, {e = 2}, [3]]\n",
        "# c\n",
        "\n",
        'f = {g = \'}\', h.i = "\\"]"}\n',
        "j = ''''q'''''\n",
        "k = [ # ]\n 1.5,\n ]\n",
        "[t.u.v]\n",
        "w = 1979-05-27 07:32:00Z # z\n",
    ]
)


def paths_of(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        yield (*path, key)
        yield from paths_of(item, (*path, key))


@given(st.lists(PIECES, max_size=8).map("".join))
def test_every_key_of_any_document_is_found(text: str) -> None:
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    scanned = _Scanner(text).lines()
    for path in paths_of(document):
        assert path in scanned
