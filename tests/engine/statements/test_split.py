"""What holds in every dialect, for every cut into chunks."""

import sqlite3
import time
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from miger.engine.statements import SplitError, buffer, pieces, split
from miger.engine.statements.split import _scanner, _statements

DIALECTS = ["sqlite", "postgresql", "mysql"]
COMMON = [
    *"aeE'\"`;$-/*[](){}\\#\n\r\t .,1é",
    *["''", "--", "-- ", "/*", "*/", "$$", "$a$", "\r\n", " ", ";", ";", "\\'", "E'", "''", "/**/"],
    *["CREATE ", "END", "BEGIN ", "SELECT", "end;", " AS ", "CASE ", "x.", "(a;b)", "'x;'", "\n'"],
]
WORDS = {
    "sqlite": ["TRIGGER ", "TEMP ", "temporary ", "EXPLAIN ", " END;", "; END ;", "QUERY PLAN "],
    "postgresql": [
        *["FUNCTION ", "or replace ", "PROCEDURE", " ATOMIC ", "COPY t FROM stdin;\n", "\\.\n", "\n\\.\r\n"],
        *[
            "CREATE FUNCTION f() BEGIN ATOMIC ",
            "\\restrict x\n",
            "\\unrestrict\n",
            "$1",
            "U&'",
            "1e5",
            "\f",
            "\v",
        ],
    ],
    "mysql": [
        *[
            "DELIMITER ;;\n",
            "delimiter //\n",
            "DELIMITER ;\n",
            "\nDELIMITER $$\r\n",
            "DELIMITER ab\n",
            "//",
            ";;",
            "ab",
        ],
        *[
            "/*!",
            "/*+",
            "/*M!",
            "/*!40101 ",
            "\\N",
            "#",
            "--\t",
            "/*M!999999\\- x */",
            "\nd",
            "\nDELIMITER",
            "$$",
        ],
    ],
}
MANY = settings(max_examples=250, deadline=None)


def soup(dialect: str) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(COMMON + WORDS[dialect] * 2), max_size=40).map("".join)


def cut(text: str, sizes: list[int]) -> Iterator[str]:
    """`text` in chunks of these sizes, over and over."""
    start = turn = 0
    while start < len(text):
        yield text[start : start + sizes[turn % len(sizes)]]
        start += sizes[turn % len(sizes)]
        turn += 1


def outcome(chunks: Iterator[str], dialect: str) -> list[object]:
    """All there is to know of a text, an error at the end included."""
    found: list[object] = []
    try:
        for statement in _statements(chunks, _scanner(dialect), 7, blanks=True):
            data = None if statement.data is None else "".join(statement.data)
            found.append((statement.number, statement.line, statement.raw, statement.kind, statement.sql, data))
    except SplitError as error:
        found.append((error.message, error.hint, error.line))
    return found


def read_whole(text: str, dialect: str) -> list[object]:
    least, buffer.LEAST = buffer.LEAST, 1 << 16
    try:
        return outcome(iter([text]), dialect)
    finally:
        buffer.LEAST = least


@pytest.mark.usefixtures("small_buffer")
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_result_does_not_depend_on_the_chunks(dialect: str) -> None:
    @MANY
    @given(soup(dialect), st.lists(st.integers(1, 9), min_size=1, max_size=5))
    def check(text: str, sizes: list[int]) -> None:
        assert outcome(cut(text, sizes), dialect) == read_whole(text, dialect)
        assert outcome(cut(text, [1]), dialect) == read_whole(text, dialect)

    check()


@pytest.mark.usefixtures("small_buffer")
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_pieces_joined_are_the_text(dialect: str) -> None:
    @MANY
    @given(soup(dialect), st.lists(st.integers(1, 9), min_size=1, max_size=5))
    def check(text: str, sizes: list[int]) -> None:
        joined = []
        try:
            for piece in pieces(cut(text, sizes), dialect):
                joined.append(piece)
        except SplitError:
            assert text.startswith("".join(joined))
        else:
            assert "".join(joined) == text

    check()


def complete_statements(text: str) -> list[str]:
    """The text cut where SQLite itself says that a statement is complete, and what is left."""
    found, start = [], 0
    for place, character in enumerate(text):
        if character == ";" and sqlite3.complete_statement(text[start : place + 1]):
            found.append(text[start : place + 1])
            start = place + 1
    return [*found, text[start:]] if text[start:] else found


@settings(max_examples=600, deadline=None)
@given(soup("sqlite"))
@example("EXPLAIN QUERY PLAN CREATE TEMP TRIGGER a;b;END c;;END;d;")
@example("CREATE TRIGGER a; END /* ; */ -- ;\n; b;")
@example("CREATE TEMP TEMP TEMPORARY TRIGGER a; ENDx; END$; 'END'; END;b")
@example("EXPLAIN EXPLAIN CREATE TRIGGER a;b;")
@example("EXPLAIN 'a;' \"b;\" [c;] /x CREATE TRIGGER a;b; END;")
@example("END;TRIGGER;TEMP;CREATE;EXPLAIN;CREATE TABLE TRIGGER;")
def test_sqlite_statements_end_where_sqlite_says(text: str) -> None:
    found = []
    try:
        for piece in pieces([text], "sqlite"):
            found.append(piece)
    except SplitError:
        assert complete_statements(text)[: len(found)] == found
        assert len(complete_statements(text)) == len(found) + 1
    else:
        assert found == complete_statements(text)


QUOTES = {
    "sqlite": [("'", "'"), ('"', '"'), ("`", "`"), ("[", "]"), ("/*", "*/"), ("--", "\n")],
    "postgresql": [
        ("'", "'"),
        ('"', '"'),
        ("$a$", "$a$"),
        ("$$", "$$"),
        ("/*", "*/"),
        ("--", "\n"),
        ("E'", "'"),
    ],
    "mysql": [("'", "'"), ('"', '"'), ("`", "`"), ("/*", "*/"), ("-- ", "\n"), ("#", "\n"), ("/*!", "*/")],
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_semicolon_in_quotes_or_comments_never_splits(dialect: str) -> None:
    quoted = st.tuples(st.sampled_from(QUOTES[dialect]), st.text(";ab \té", max_size=6)).map(
        lambda made: f" {made[0][0]}{made[1]};{made[0][1]} x"
    )
    statement = st.lists(quoted, min_size=1, max_size=4).map(lambda made: "SELECT" + "".join(made))

    @settings(max_examples=150, deadline=None)
    @given(st.lists(statement, min_size=1, max_size=4), st.integers(1, 50))
    def check(statements: list[str], size: int) -> None:
        text = ";\n".join(statements)
        assert [found.sql for found in split(cut(text, [size]), dialect)] == statements

    check()


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_lines_are_those_of_the_first_token(dialect: str, newline: str) -> None:
    text = "\ufeff\n-- a\n/* b\n*/ SELECT\n1;SELECT 2;\n\n; SELECT '\n\n'; CREATE TABLE\nt(a int); -- c\n"
    text += "\nSELECT 4"
    found = list(split([text.replace("\n", newline)], dialect, line=10))
    assert [statement.line for statement in found] == [13, 14, 16, 18, 21]
    assert [statement.number for statement in found] == [1, 2, 3, 4, 5]
    assert found[0].sql == f"SELECT{newline}1"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("text", ["", "\ufeff", " \n\t", ";", ";;\n;", "-- a", "/* a */", "-- a\n;/* b */;\n"])
def test_text_without_a_token_yields_no_statement(dialect: str, text: str) -> None:
    assert list(split([text], dialect)) == []
    assert "".join(pieces([text], dialect)) == text


def test_an_unknown_dialect_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no dialect 'oracle'"):
        split([], "oracle")


GIANTS = [
    ("sqlite", "INSERT INTO t VALUES ('", "it''s ; ", "')"),
    ("sqlite", "CREATE TRIGGER t BEGIN ", "SELECT 'a;'; ", "END"),
    ("postgresql", "INSERT INTO t VALUES ('", "it''s ; ", "')"),
    ("postgresql", "DO $a$", "x; $b$ ", "$a$"),
    ("postgresql", "SELECT E'", "a\\'; ", "'"),
    ("postgresql", "CREATE TABLE t (", "a$b int, $1 (c), ", "d)"),
    ("postgresql", "SELECT 1 ", "/* /* ; */ ; */ a$b$ ", "b"),
    ("postgresql", "SELECT a", "aaaaaaaaaa", ""),
    ("mysql", "INSERT INTO t VALUES ('", "it\\'s ; ", "')"),
    ("mysql", "SELECT /*! ", "1; 2\n", " */"),
    ("mysql", "SELECT a", "\n d- - -*b", ""),
]


@pytest.mark.parametrize(("dialect", "head", "middle", "tail"), GIANTS)
def test_a_giant_statement_takes_linear_time(dialect: str, head: str, middle: str, tail: str) -> None:
    def seconds(size: int) -> float:
        statement = head + middle * (size // len(middle)) + tail
        chunks = list(cut(statement + ";SELECT 1", [8192]))
        started = time.process_time()
        found = list(split(chunks, dialect))
        assert [found[0].sql, found[1].sql] == [statement, "SELECT 1"]
        return time.process_time() - started

    small = min(seconds(1 << 17) for _ in range(3))
    assert seconds(1 << 20) < 40 * small + 0.05  # eight times the text; 64 times if it were quadratic
