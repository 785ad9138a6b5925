"""SQL and Python in colours."""

from __future__ import annotations

import pytest

from miger.widgets.statement_text import MOST_CHARACTERS, PYTHON, SQL, code_line, code_lines

TEXTS = [
    (SQL, "SELECT 'it''s'\n  FROM a -- why\n WHERE b = 1;\n\n"),
    (SQL, "SELECT 'not closed\n\x1b[2J"),
    (PYTHON, 'def up(db):\n\t"""Two\n\tlines."""\n\tdb.execute("SELECT 1")\n'),
    (PYTHON, "def up(db:\n  'broken"),
    (SQL, ""),
    (SQL, "-- 名前\r\nSELECT 1"),
]


@pytest.mark.parametrize(("language", "text"), TEXTS)
def test_the_coloured_lines_are_the_plain_ones(language: str, text: str) -> None:
    plain = [line.plain for line in code_lines(text, language, False)]
    assert [line.plain for line in code_lines(text, language)] == plain
    assert len(plain) == text.count("\n") + 1


def test_keywords_and_strings_have_a_style_and_names_have_none() -> None:
    line = code_line("SELECT name FROM users WHERE login = 'ann'", SQL)
    styled = {line.plain[span.start : span.end] for span in line.spans}
    assert {"SELECT", "FROM", "WHERE", "'ann'"} <= styled
    assert not {"name", "users", "login"} & styled


def test_without_colours_there_is_no_style() -> None:
    assert not code_line("SELECT 1", SQL, False).spans
    assert not any(line.spans for line in code_lines("SELECT 1\n", SQL, False))


@pytest.mark.parametrize("text", ["SELECT 1;\n" * (MOST_CHARACTERS // 8), "SELECT " + "1 + " * 5000 + "1"])
def test_what_would_take_a_lexer_long_is_shown_plain(text: str) -> None:
    assert not any(line.spans for line in code_lines(text, SQL))


def test_what_a_lexer_does_not_know_is_not_shown_as_an_error() -> None:
    assert not any("error" in str(span.style) for span in code_line("INSERT INTO 顧客 VALUES (1)", SQL).spans)
