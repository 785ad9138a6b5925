r"""Where statements end in MySQL and MariaDB: as their command line client has it (client/mysql.cc).

Like the client: the delimiter counts at any place outside quotes and comments, even within a word; a
routine body without `DELIMITER` is split at its first `;`; a line that starts a statement with `--` is
a comment even without a blank after it; `\N` may stand outside quotes.

Unlike the client: it splits at a delimiter within `/*! … */` (not within `/*+ … */`), and sends two halves
that no server accepts. Here a conditional comment is never cut; every file the client can run splits
the same. And within a statement `DELIMITER` counts only on a line of its own, so that a column may have
that name.
"""

from __future__ import annotations

import re
from functools import cache

from miger.engine.statements.scanner import FIRST_WORD, Malformed, Scanner, Short

_BLANK = r"[ \t\n\r\f\v]"
# The first line of a mariadb-dump: meant for its client, not for the server.
_SANDBOX = r"/\*M!999999\\-[^*\n]*+\*/"
_LINE = r"(?:\#|--(?=[\x00-\x20\x7f]))[^\n]*+\n"
_BLOCK = r"/\*(?!!|\+|M!)[^*]*+(?:\*(?!/)[^*]*+)*+\*/"
_TRIVIA = rf"{_BLANK}*+(?:(?:(?:\#|--)[^\n]*+\n|{_BLOCK}|{_SANDBOX}){_BLANK}*+)*+"
_QUOTED = (
    r"""'[^'\\]*+(?:'|(?:\\[\s\S][^'\\]*+)++')""",
    r""""[^"\\]*+(?:"|(?:\\[\s\S][^"\\]*+)++")""",
    r"`[^`]*+`",
)
_DASH = r"-(?=[^\-]|-[^\x00-\x20\x7f])"  # no comment


def _plain() -> re.Pattern[str]:
    """Statements that end at `;`, without conditional comments."""
    other = r"""[^;'"`#/\-\\\n]*+"""
    newline = r"\n(?![ \t]*+(?ai:delimiter)[ \t])"
    special = "|".join((*_QUOTED, newline, _DASH, r"/(?!\*)", _LINE, _BLOCK))
    return re.compile(rf"({_TRIVIA})(?!(?ai:delimiter)[ \t\r\n]){FIRST_WORD}{other}(?:(?:{special}){other})*+;")


@cache
def _rules(delimiter: str) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
    """What depends on the delimiter: `plain`, `run` and `step`.

    `run` eats tokens that cannot matter, `step` one; each with enough after it to be sure of it.
    """
    first = re.escape(delimiter[0])
    other = rf"""[^{first}'"`#/\-\\*\n]"""
    tokens = [*_QUOTED, _DASH, r"/(?=[^*])", r"\*(?=[^/])", _LINE, _BLOCK, r"\\N"]
    newline = r"\n(?=[ \t]*+[^ \tdD])"
    if delimiter[0] not in "'\"`#/-*\n":
        tokens.append(first)
    guard = rf"(?!{re.escape(delimiter)})"
    far = rf"(?=[\s\S]{{{len(delimiter)}}})" if len(delimiter) > 1 else ""
    return (
        _plain() if delimiter == ";" else re.compile(r"(?!)()()"),
        re.compile(rf"(?:{other}++|{guard}{far}(?:{'|'.join((*tokens, newline))}))*+"),
        re.compile("|".join(tokens)),
    )


_trivia = re.compile(_TRIVIA).match
_command = re.compile(r"(?ai:delimiter)(?:[ \t]++([^\n]*+))?[ \t\r]*+\n").match
_command_word = re.compile(r"(?ai:delimiter)(?=[ \t]|\r?\n)").match
_command_line = re.compile(r"\n[ \t]*+(?ai:delimiter)[ \t]++[^\w\s'\"`(),]++[ \t\r]*+\n").match
_argument = re.compile(r"""'([^']*)'?|"([^"]*)"?|`([^`]*)`?|(\S+)""").match
_openers = {"'": "string", '"': "string", "`": "quoted name"}


class MysqlScanner(Scanner):
    """The rules of the mysql client: a statement ends at the current delimiter."""

    def __init__(self) -> None:
        self._use(";")
        super().__init__()

    def _use(self, delimiter: str) -> None:
        self._delimiter = delimiter
        self.plain, run, step = _rules(delimiter)
        self._run, self._one = run.match, step.match

    def begin(self, pos: int) -> None:
        """Make ready for the piece that starts at `pos`."""
        super().begin(pos)
        self._conditional = -1  # offset of the open /*! from the lead

    def find_lead(self) -> bool:
        """Set `lead` to the first token. False for a lone delimiter, a `DELIMITER` line, or nothing."""
        found = _trivia(self.text, self.pos)
        assert found is not None  # matches the empty string
        offset = self.pos = found.end()
        if offset >= self.limit:
            self.need_more()
            self.finish(self.limit, self.limit)
            return False
        if len(self.text) - offset < max(14, len(self._delimiter)):
            self.need_more()  # to know a `DELIMITER `, a `/*M!999999\-` or the delimiter
        if self.text.startswith(self._delimiter, offset):
            self.finish(offset, offset + len(self._delimiter))
            return False
        if _command_word(self.text, offset):
            self._change_delimiter(offset)
            return False
        special = self.text.startswith(("/*!", "/*+", "/*M!"), offset)
        if self.text.startswith("/*", offset) and not special:
            raise self._open(offset)
        if self.text.startswith("/*M!999999\\-", offset) and "*/" not in self.text[offset:]:
            raise self._open(offset)
        if self.text[offset] == "#" or self.text.startswith("--", offset):
            raise Short
        self.lead = offset
        return True

    def find_end(self) -> None:
        """Set `stop` and `pos`."""
        while True:
            found = self._run(self.text, self.pos)
            assert found is not None  # matches the empty string
            self.pos = found.end()
            if self.pos >= self.limit:
                self.need_more()
                return self._end_of_input()
            if self.text.startswith(self._delimiter, self.pos) and self._conditional < 0:
                return self.finish(self.pos, self.pos + len(self._delimiter))
            if self._step():
                return self.finish(self.pos, self.pos)

    def _step(self) -> bool:
        """Move `pos` over the one token there. True if the statement ends before it."""
        rest = len(self.text) - self.pos
        if rest < len(self._delimiter) + 1 or rest < 4:
            self.need_more()
        character = self.text[self.pos]
        if character == "\n":
            return self._newline()
        if self.text.startswith(("/*!", "/*+", "/*M!"), self.pos):
            if self._conditional < 0:
                self._conditional = self.pos - self.lead
            self.pos += 3
            return False
        if character == "*":
            closes = self._conditional >= 0 and self.text.startswith("*/", self.pos)
            if closes:
                self._conditional = -1
            self.pos += 2 if closes else 1
            return False
        found = self._one(self.text, self.pos)
        if found is not None:
            self.pos = found.end()
            return False
        if character == "\\":
            self._backslash()
            return False
        if character in _openers or self.text.startswith("/*", self.pos):
            raise self._open(self.pos)
        if character in "#-":
            self.need_more()
        self.pos += 1
        return False

    def _newline(self) -> bool:
        """True if a `DELIMITER` line follows: the client then sends what it has."""
        end = self.text.find("\n", self.pos + 1)
        if end < 0:
            self.need_more()
        if self._conditional < 0 and _command_line(self.text, self.pos):
            return True
        self.pos += 1
        return False

    def _backslash(self) -> None:
        """Within a conditional comment anything goes; elsewhere it starts a command of the client."""
        if self._conditional < 0:
            command = self.text[self.pos : self.pos + 2]
            raise Malformed(
                self.pos,
                f"{command} is a command of the mysql client, which no server understands",
                f"end the statement with {self._delimiter}; a backslash belongs into quotes",
            )
        self.pos += 1

    def _change_delimiter(self, offset: int) -> None:
        found = _command(self.text, offset)
        if found is None:
            raise Short
        argument = _argument((found[1] or "").strip())
        delimiter = argument[argument.lastindex or 0] if argument else ""
        if not delimiter or "\\" in delimiter:
            message = "a delimiter cannot have a backslash" if delimiter else "DELIMITER needs the new delimiter"
            raise Malformed(offset, message, "for example `DELIMITER //`")
        self._use(delimiter)
        self.finish(offset, found.end())

    def _open(self, offset: int) -> Exception:
        quote = self.text[offset]
        if quote == "/":
            return self.unfinished(offset, "this comment does not end", "add the closing */")
        hint = f"add the closing {quote}, or double one within it"
        return self.unfinished(offset, f"this {_openers[quote]} does not end", hint)

    def _end_of_input(self) -> None:
        if self._conditional >= 0:
            raise Malformed(self.lead + self._conditional, "this comment does not end", "add the closing */")
        self.finish(self.limit, self.limit)
