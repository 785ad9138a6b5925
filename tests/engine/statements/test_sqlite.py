import sqlite3

import pytest

from miger.engine.statements import SplitError, split


def sqls(text: str) -> list[str]:
    return [statement.sql for statement in split([text], "sqlite")]


@pytest.mark.parametrize(
    "quoted",
    ["'a;b'", "'it''s;'", '"a;""b"', "`a;``b`", "[a;b]", "/* ; */ 1", "1 -- ; '\n", "/* ' ; */ 1", "1 /**/"],
)
def test_a_semicolon_in_quotes_or_comments_does_not_split(quoted: str) -> None:
    assert sqls(f"SELECT {quoted}; SELECT 2") == [f"SELECT {quoted.strip()}", "SELECT 2"]


@pytest.mark.parametrize(
    "head",
    ["CREATE TRIGGER", "create temp trigger", "EXPLAIN CREATE TEMPORARY TRIGGER", "CREATE /* ; */ TRIGGER"],
)
def test_a_trigger_ends_at_the_end_after_a_semicolon(head: str) -> None:
    trigger = f"{head} t AFTER INSERT ON x BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; DELETE FROM y; END"
    assert sqls(f"{trigger} ; SELECT 1;") == [trigger, "SELECT 1"]


def test_a_trigger_may_end_the_file_without_a_semicolon() -> None:
    assert len(sqls("CREATE TRIGGER t BEGIN SELECT 1; END")) == 1


def test_begin_by_itself_is_a_statement() -> None:
    assert sqls("BEGIN; SELECT 1; END;") == ["BEGIN", "SELECT 1", "END"]


def test_a_column_named_trigger_opens_no_body() -> None:
    assert sqls("CREATE TABLE trigger_x (trigger TEXT); SELECT 1") == [
        "CREATE TABLE trigger_x (trigger TEXT)",
        "SELECT 1",
    ]


def test_a_block_comment_may_run_to_the_end_of_the_file() -> None:
    assert sqls("SELECT 1; /* the rest") == ["SELECT 1"]
    assert sqls("SELECT 1 /* the rest") == ["SELECT 1 /* the rest"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("SELECT 1;\nSELECT\n'a;\n", 3),
        ("\n\nSELECT [a;", 3),
        ("SELECT 1;\n\nCREATE TRIGGER t BEGIN\nSELECT 1;", 3),
        ("CREATE TRIGGER t BEGIN\nSELECT 'x\n;END;", 2),
    ],
)
def test_what_does_not_end_is_named_with_its_line(text: str, line: int) -> None:
    with pytest.raises(SplitError, match="does not end") as caught:
        list(split([text], "sqlite"))
    assert caught.value.line == line
    assert caught.value.hint


def test_a_dumped_database_comes_back() -> None:
    source = sqlite3.connect(":memory:")
    source.executescript(
        """CREATE TABLE "a;b" (x TEXT DEFAULT ';', y);
        INSERT INTO "a;b" VALUES ('it''s;' || char(10), 1);
        CREATE TRIGGER t AFTER INSERT ON "a;b" BEGIN
        UPDATE "a;b" SET y = CASE WHEN x THEN 1 END; SELECT ';'; END;"""
    )
    dump = list(source.iterdump())
    copy = sqlite3.connect(":memory:", isolation_level=None)
    for statement in split(["\n".join(dump)], "sqlite"):
        copy.execute(statement.sql)
    assert list(copy.iterdump()) == dump
