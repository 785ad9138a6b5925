"""Statements inside of others: in a DO block, in a procedure that is called, in a text that is prepared or executed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from miger.engine.statements import Statement
from miger.engine.statements.kinds import kind_of

_VERB = (
    r"(?:alter\s+table|drop\s+(?:table|index|view|schema|database|type|materialized)|truncate|rename\s+table|"
    r"delete\s+from|update|insert\s+into|create\s+(?:unique\s+|fulltext\s+|spatial\s+)?index)\b"
)
_dollars = re.compile(r"(?s)\$(\w*)\$(.*)\$\1\$").search
_body = re.compile(r"(?is)\bbegin\b(.*)\bend\b").search
_pieces = re.compile(r"(?s)(?:'(?:[^'\\]|\\.|'')*'|\"[^\"]*\"|`[^`]*`|[^;'\"`])++").finditer
_starts = re.compile(rf"(?is)(?:\A|\b(?:begin|then|else|loop|do)\b)\s*({_VERB}|execute\s|perform\s)").search
_literal = re.compile(rf"(?is)(?<!')(['\"])\s*({_VERB}(?:(?!\1)[^\\]|\\.|\1\1)*)\1").finditer
_procedure = re.compile(r"(?is)create\s.*?\bprocedure\s+(?:if\s+not\s+exists\s+)?[`\"]?([\w$.]+)").match
_called = re.compile(r"(?is)call\s+[`\"]?([\w$.]+)").match

MOST = 200  # statements in one


def statements_in(sql: str, kind: str, line: int) -> Iterator[Statement]:
    """The statements that a statement without comments may run beside itself, as far as they can be read."""
    return islice(_in_block(sql, line) if kind == "DO" else _in_texts(sql, line), MOST)


def statements_of_procedure(sql: str, line: int) -> Iterator[Statement]:
    """The statements in the body of a CREATE PROCEDURE."""
    body = _body(sql)
    if body is not None:
        yield from islice(_in_code(body[1], line + sql[: body.start(1)].count("\n")), MOST)


def procedure_name(sql: str) -> str:
    """The name of the procedure that a statement makes or calls, in lower case; "" where it does neither."""
    found = _procedure(sql) or _called(sql)
    return found[1].lower().rpartition(".")[2] if found else ""


def _in_block(sql: str, line: int) -> Iterator[Statement]:
    body = _dollars(sql)
    if body is not None:
        yield from _in_code(body[2], line + sql[: body.start(2)].count("\n"))


def _in_code(code: str, line: int) -> Iterator[Statement]:
    """Of procedural code: what stands after BEGIN, THEN, ELSE, LOOP or a semicolon."""
    counted = 0
    for piece in _pieces(code):
        found = _starts(piece[0])
        if found is None:
            continue
        line, counted = line + code.count("\n", counted, piece.start()), piece.start()
        at = line + piece[0][: found.start(1)].count("\n")
        text = piece[0][found.start(1) :].strip()
        if text[:7].lower() == "execute":
            yield from _in_texts(text, at)
        elif text[:7].lower() != "perform":
            yield Statement(0, at, text, kind_of(text))


def _in_texts(sql: str, line: int) -> Iterator[Statement]:
    """Of a statement: its literals that are statements themselves."""
    for found in _literal(sql):
        mark = found[1]
        text = found[2].replace(mark * 2, mark).rstrip().rstrip(";")
        yield Statement(0, line + sql[: found.start()].count("\n"), text, kind_of(text))
