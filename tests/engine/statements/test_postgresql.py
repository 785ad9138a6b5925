import pytest

from miger.engine.statements import SplitError, pieces, split


def sqls(text: str) -> list[str]:
    return [statement.sql for statement in split([text], "postgresql")]


@pytest.mark.parametrize(
    "quoted",
    [
        "'a;b'",
        "'it''s;'",
        "'a\\'",
        "E'a\\';b'",
        "e'it''s\\\\;'",
        "E'a'\n  'b\\';c'",
        "E'a' -- then\n -- ';\n 'b\\';c'",
        "U&'\\'",
        "B'1' ';'",
        "N';'",
        'x AS "a;""b"',
        'x AS U&"\\;"',
        "$$ ; ' $$",
        "$a$ ; $$ $b$ ; $a$",
        "$ä1$ ; $ä1$",
        "/* ; /* ; */ ; */ 1",
        "1 -- ; '\n",
        "1 +-- ; '\n 2",
        "(1; 2)",
        "((a);(')'; $$)$$))",
        "type'a;'",
    ],
)
def test_a_semicolon_in_quotes_comments_or_parentheses_does_not_split(quoted: str) -> None:
    assert sqls(f"SELECT {quoted}; SELECT 2") == [f"SELECT {quoted.strip()}", "SELECT 2"]


@pytest.mark.parametrize(
    "plain",
    [
        "a$b$",
        "$1",
        "$1 + $2",
        "type'a\\'",
        "1 $ 2",
        "x$y$z",
        "'a' 'b\\'",
        "E'a' 'b\\\\'",
        "a - b / c * d",
        ")",
    ],
)
def test_a_semicolon_after_what_only_looks_special_splits(plain: str) -> None:
    assert sqls(f"SELECT {plain};SELECT c$b$") == [f"SELECT {plain}", "SELECT c$b$"]


def test_a_dollar_quote_may_follow_a_number_or_a_parameter() -> None:
    assert sqls("SELECT 1$$;$$, 1e5$a$;$a$, $1$$;$$; SELECT 2") == [
        "SELECT 1$$;$$, 1e5$a$;$a$, $1$$;$$",
        "SELECT 2",
    ]


@pytest.mark.parametrize("head", ["CREATE FUNCTION", "create or replace function", "CREATE /* */ PROCEDURE"])
def test_a_standard_function_body_is_one_statement(head: str) -> None:
    body = "f(a int) BEGIN ATOMIC SELECT CASE WHEN a > 1 THEN CASE 1 WHEN 2 THEN 3 END END; SELECT 2; END"
    assert sqls(f"{head} {body}; SELECT 1;") == [f"{head} {body}", "SELECT 1"]


def test_names_like_keywords_open_and_close_no_body() -> None:
    function = "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT x.end AS end, y.case FROM x; SELECT 1; END"
    assert sqls(f"{function}; SELECT 1") == [function, "SELECT 1"]
    assert len(sqls("CREATE FUNCTION begin() RETURNS int LANGUAGE sql AS 'SELECT 1'; SELECT 1")) == 2
    assert len(sqls("CREATE TABLE t (begin int, atomic int); BEGIN; SELECT 1; END;")) == 4


def test_a_rule_with_several_actions_is_one_statement() -> None:
    rule = "CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM a; DELETE FROM b)"
    assert sqls(f"{rule}; SELECT 1") == [rule, "SELECT 1"]


DUMP = """--
-- PostgreSQL database dump
--

\\restrict aBc123

SET standard_conforming_strings = on;
COPY public.t (a, b) FROM stdin;
1\tit's; a
\\.x\tnot yet
2\t\\N
\\.

COPY (SELECT ';' FROM stdin) TO stdout;
copy "from" FROM STDIN WITH (FORMAT csv); -- rows
\\.
SELECT 1;
\\unrestrict aBc123
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_dump_comes_with_its_rows(newline: str) -> None:
    found = [
        (statement.line, statement.kind, None if statement.data is None else "".join(statement.data))
        for statement in split([DUMP.replace("\n", newline)], "postgresql")
    ]
    rows = "1\tit's; a\n\\.x\tnot yet\n2\t\\N\n".replace("\n", newline)
    assert found == [
        (7, "SET", None),
        (8, "COPY", rows),
        (14, "COPY", None),
        (15, "COPY", ""),
        (17, "SELECT", None),
    ]


def test_rows_left_unread_are_skipped() -> None:
    statements = split(iter(DUMP), "postgresql")
    assert [(statement.line, statement.kind) for statement in statements][-1] == (17, "SELECT")


def test_rows_half_read_are_skipped_from_there() -> None:
    statements = split(["COPY t FROM stdin;\n", "1\n2\n" * 100_000, "\\.\nSELECT 1"], "postgresql")
    rows = next(statements).data
    assert rows is not None
    assert next(rows).startswith("1\n2\n")
    following = next(statements)
    assert (following.line, following.sql) == (200_003, "SELECT 1")
    assert list(rows) == []


def test_rows_stream_at_constant_memory() -> None:
    def chunks(taken: list[int]):
        yield "COPY t FROM stdin;\n"
        for number in range(1000):
            taken[0] = number
            yield "1\tsome text\n" * 1000
        yield "\\.\n"

    taken = [0]
    rows = next(split(chunks(taken), "postgresql")).data
    assert rows is not None
    assert len(next(rows)) < 200_000
    assert taken[0] < 20


def test_pieces_keep_the_rows_and_the_client_lines() -> None:
    assert "".join(pieces(iter(DUMP), "postgresql")) == DUMP


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("SELECT 1;\nSELECT '\n;", 2, "string does not end"),
        ("SELECT E'a\\';", 1, "string does not end"),
        ('\nSELECT "', 2, "quoted name does not end"),
        ("SELECT\n$a$ ; $b$", 2, "\\$a\\$ string does not end"),
        ("SELECT 1 /* a\n /* b */ ;", 1, "comment does not end"),
        ("/* a", 1, "comment does not end"),
        ("SELECT 1,\n(2; SELECT 3;", 2, "parenthesis does not end"),
        ("CREATE FUNCTION f()\nBEGIN ATOMIC SELECT 1;", 2, "BEGIN ATOMIC body does not end"),
        ("\nCOPY t FROM stdin;\n1\n2\n", 2, "data of this COPY does not end"),
        ("COPY t FROM stdin", 1, "has no data"),
        ("COPY t FROM stdin; SELECT 1;\n\\.\n", 1, "must start on the line after"),
        ("SELECT 1;\n\\connect x\n", 2, "psql command"),
        ("SELECT 1 \\gexec\n", 1, "psql command"),
        ("SELECT 1;\n\\.\n", 2, "psql command"),
    ],
)
def test_what_cannot_be_split_is_named_with_its_line(text: str, line: int, message: str) -> None:
    for chunks in ([text], list(text)):
        with pytest.raises(SplitError, match=message) as caught:
            list(split(chunks, "postgresql"))
        assert caught.value.line == line
        assert caught.value.hint
