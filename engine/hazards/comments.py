"""Statements without their comments, so that none stands between two words that are looked for."""

from __future__ import annotations

import re

_MYSQL_QUOTED = r"""'(?:[^'\\]|\\.|'')*+'|"(?:[^"\\]|\\.|"")*+"|`(?:[^`]|``)*+`"""
_QUOTED = r"""\b[eE]'(?:[^'\\]|\\.|'')*+'|'(?:[^']|'')*+'|"(?:[^"]|"")*+"|`(?:[^`]|``)*+`|\$(\w*)\$.*?\$\1\$"""
_BLOCK = r"/\*(?P<block>(?:[^*]|\*(?!/))*+)\*/"
_patterns = {
    "mysql": re.compile(rf"(?s){_MYSQL_QUOTED}|{_BLOCK}|(?P<line>(?:--(?=\s|$)|\#)[^\n]*+)"),
    "": re.compile(rf"(?s){_QUOTED}|{_BLOCK}|(?P<line>--[^\n]*+)"),
}
_executed = re.compile(r"(?s)M?!\d*(.*)").fullmatch  # /*!40101 … */: MySQL runs it


def without_comments(sql: str, dialect: str) -> str:
    """The text with each comment gone but for its line breaks. What MySQL runs in one stays."""
    if "--" not in sql and "/*" not in sql and "#" not in sql:
        return sql
    mysql = dialect in ("mysql", "mariadb")

    def blank(found: re.Match[str]) -> str:
        line, block = found["line"], found["block"]
        if line is None and block is None:
            return found[0]
        executed = _executed(block) if mysql and block is not None else None
        if executed is not None:
            return f" {executed[1]} "
        return " " + "\n" * found[0].count("\n")

    return _patterns["mysql" if mysql else ""].sub(blank, sql).strip()
