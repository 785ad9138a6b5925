import pytest

from miger.engine.statements import SplitError, pieces, split


def sqls(text: str) -> list[str]:
    return [statement.sql for statement in split([text], "mysql")]


@pytest.mark.parametrize(
    "quoted",
    [
        "'a;b'",
        "'it''s;'",
        "'it\\'s;'",
        '"a\\";"',
        '"a"";"',
        "`a;``b`",
        "`a\\`",
        "1 # ; '\n",
        "1 -- ; '\n",
        "1 --\t; '\n",
        "1 --\n",
        "/* ; ' */ 1",
        "/* /* ; */ 1",
        "/*!40101 1; 2 */",
        "/*! 'a*/;' */",
        "/*M!100100 1; 2 */",
        "/*+ SET_VAR(a=';') ; */ 1",
        "/*! 1 -- it's\n */ + 1",
        "\\N",
    ],
)
def test_a_semicolon_in_quotes_or_comments_does_not_split(quoted: str) -> None:
    assert sqls(f"SELECT {quoted}; SELECT 2") == [f"SELECT {quoted.strip()}", "SELECT 2"]


@pytest.mark.parametrize("plain", ["1--1", "1---1", "1 - -1", "2*/**/3", "4/2", "a'\\\\'", "1 */ 2"])
def test_a_semicolon_after_what_only_looks_special_splits(plain: str) -> None:
    assert sqls(f"SELECT {plain};SELECT 2") == [f"SELECT {plain}", "SELECT 2"]


@pytest.mark.parametrize("delimiter", ["//", "$$", ";;", "|", "go", "--", "'$'", '"a b"', "*/", "\N{SNOWMAN}"])
def test_a_delimiter_line_changes_the_terminator(delimiter: str) -> None:
    terminator = delimiter.strip("'\"")
    body = "CREATE PROCEDURE p() BEGIN SELECT 1; SELECT '//$$;;|'; END"
    text = f"SELECT 1;\n  delimiter {delimiter} \r\n{body}{terminator}\n{body} {terminator} DELIMITER ;\n"
    text += "SELECT 2; SELECT 3"
    assert sqls(text) == ["SELECT 1", body, body, "SELECT 2", "SELECT 3"]
    assert "".join(pieces([text], "mysql")) == text


@pytest.mark.usefixtures("small_buffer")
def test_a_delimiter_may_be_cut_by_a_chunk() -> None:
    text = "DELIMITER ;;\n\\N;\\N;;SELECT 1 ; ;;"
    assert [found.sql for found in split(iter(text), "mysql")] == ["\\N;\\N", "SELECT 1 ;"]


def test_a_routine_without_delimiter_splits_as_in_the_client() -> None:
    assert sqls("CREATE PROCEDURE p() BEGIN SELECT 1; END;") == ["CREATE PROCEDURE p() BEGIN SELECT 1", "END"]


def test_a_delimiter_line_ends_a_statement_that_has_no_terminator() -> None:
    assert sqls("DELIMITER //\nCREATE PROCEDURE p() BEGIN SELECT 1; END\nDELIMITER ;\nSELECT 1;") == [
        "CREATE PROCEDURE p() BEGIN SELECT 1; END",
        "SELECT 1",
    ]


def test_a_column_may_be_named_delimiter() -> None:
    table = "CREATE TABLE t (\n  delimiter varchar(5),\n  Delimiter_2 int,\n delimiter $$\n, d int\n)"
    assert sqls(table.replace(" delimiter $$\n,", "") + "; SELECT 1")[1] == "SELECT 1"


def test_a_mysqldump_keeps_its_conditional_comments_and_drops_the_sandbox_line() -> None:
    dump = """/*M!999999\\- enable the sandbox mode */
-- MariaDB dump
/*!40101 SET NAMES utf8mb4 */;
DELIMITER ;;
/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`%`*/ /*!50003 TRIGGER t BEFORE INSERT ON x FOR EACH ROW BEGIN
  SET @a = 1; -- it's
END */;;
DELIMITER ;
"""
    found = [(statement.line, statement.kind) for statement in split([dump], "mariadb")]
    assert found == [(3, "SET"), (5, "CREATE TRIGGER")]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("SELECT 1;\nSELECT '\\';", 2, "string does not end"),
        ('SELECT\n";', 2, "string does not end"),
        ("SELECT `a;", 1, "quoted name does not end"),
        ("SELECT 1 /* a", 1, "comment does not end"),
        ("\n/* a", 2, "comment does not end"),
        ("SELECT 1\n/*!40101 ; a", 2, "comment does not end"),
        ("\nDELIMITER\nSELECT 1", 2, "needs the new delimiter"),
        ("DELIMITER \\\\\n", 1, "cannot have a backslash"),
        ("SELECT 1\\G\n", 1, "command of the mysql client"),
    ],
)
def test_what_cannot_be_split_is_named_with_its_line(text: str, line: int, message: str) -> None:
    for chunks in ([text], list(text)):
        with pytest.raises(SplitError, match=message) as caught:
            list(split(chunks, "mysql"))
        assert caught.value.line == line
        assert caught.value.hint
