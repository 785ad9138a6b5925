"""Where statements end in PostgreSQL: as psql has it (src/fe_utils/psqlscan.l).

Two finer points go beyond psql, both to where the server stands: within CREATE FUNCTION only `BEGIN
ATOMIC` opens a body (a function may be *named* begin), and `x.end` or `AS end` are names.
"""

from __future__ import annotations

import re

from miger.engine.statements.kinds import reads_stdin
from miger.engine.statements.scanner import FIRST_WORD, PART, START, TAG_PART, Malformed, Scanner, Short

_BLANK = r"[ \t\n\r\f\v]"
_LINE = r"--[^\n\r]*+[\n\r]"
_BLOCK = r"/\*[^*/]*+(?:(?:\*(?!/)|/(?!\*))[^*/]*+)*+\*/"  # without another one nested in it
_TRIVIA = rf"{_BLANK}*+(?:(?:{_LINE}|{_BLOCK}){_BLANK}*+)*+"


def _plain() -> re.Pattern[str]:
    """Statements without `$`, E'…' or deep parentheses, and neither CREATE … nor COPY."""
    other = r"""[^;'"()$\\/\-]*+"""
    special = rf"""'(?<![eE]')[^']*+'|"[^"]*+"|-(?!-)|/(?!\*)|{_LINE}|{_BLOCK}"""
    level = f"{other}(?:(?:{special}){other})*+"
    for _ in range(3):
        level = rf"{other}(?:(?:\({level}\)|{special}){other})*+"
    return re.compile(rf"({_TRIVIA})(?!(?ai:create|copy)(?!{PART})){FIRST_WORD}{level};")


def _run() -> re.Pattern[str]:
    """Everything that cannot matter: whole tokens, each with enough after it to be sure of its end."""
    tokens = (
        r"[\x00-!#%&*+,.:<=>?@\[\]^`{-\x7f]++",
        rf"(?![eE]'|(?ai:begin|case|end)(?!{PART})){START}{PART}*+(?=.)",
        r"[0-9][^\x00-\-/:-@\[-^`{-\x7f]*+(?=.)",  # a `$` after a number is not part of it, a point is
        r"'[^']*+'",
        r'"[^"]*+"',
        r"[eE]'[^'\\]*+(?:(?:\\.|'')[^'\\]*+)*+'(?=[ \t]*+[^ \t\n\r\f\v'\-])",
        r"-(?=[^-])",
        r"/(?=[^*])",
        _LINE,
        _BLOCK,
        r"\$[0-9]++(?=.)",
    )
    return re.compile(f"(?:{'|'.join(tokens)})*+", re.DOTALL)


_skip = _run().match
_trivia = re.compile(_TRIVIA).match
_word = re.compile(f"{START}{PART}*+").match
_escaped = re.compile(r"'[^'\\]*+(?:\\.[^'\\]*+)*+'", re.DOTALL).match
_continued = re.compile(
    r"(?:[ \t\f\v]|--[^\n\r]*+(?=.))*+(?:[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*+[\n\r])*+)?+", re.DOTALL
).match
_tag = re.compile(rf"\$(?:{START}{TAG_PART}*+)?+").match
_comment_edges = re.compile(r"/\*|\*/").finditer
_routine = re.compile(
    rf"(?ai:create){_TRIVIA}(?ai:or{_TRIVIA}replace{_TRIVIA})?(?ai:function|procedure)(?!{PART})"
).match
_names_next = re.compile(rf"(?:\.|(?<!{PART})(?ai:as)){_BLANK}*\Z").search
_line_end = re.compile(r"[ \t\f\v]*+(?:--[^\n\r]*+)?\r?\n").match
_meta = re.compile(r"\\(?:un)?restrict(?![^ \t\r\n])").match


class PostgresqlScanner(Scanner):
    """PostgreSQL's rules: a statement ends at `;` outside parentheses and BEGIN ATOMIC bodies."""

    plain = _plain()

    def begin(self, pos: int) -> None:
        """Make ready for the piece that starts at `pos`."""
        super().begin(pos)
        self._parentheses = 0
        self._parenthesis = 0  # offset of the outermost open one, from the lead
        self._blocks = 0  # BEGIN ATOMIC and the CASEs within
        self._block = 0  # offset of the outermost one, from the lead

    def find_lead(self) -> bool:
        r"""Set `lead` to the first token. False for a lone `;`, a `\restrict` line, or nothing at all."""
        offset = self._skip_trivia(self.pos)
        if offset >= self.limit:
            self.finish(self.limit, self.limit)
            return False
        if self.text[offset] == ";":
            self.finish(offset, offset + 1)
            return False
        if self.text[offset] == "\\":
            self._meta_command(offset)
            return False
        self.pos = self.lead = offset
        return True

    def find_end(self) -> None:
        """Set `stop` and `pos`; and `copies` for a COPY whose data follows."""
        while True:
            found = _skip(self.text, self.pos)
            assert found is not None  # matches the empty string
            self.pos = found.end()
            if self.pos >= self.limit:
                self.need_more()
                return self._end_of_input()
            character = self.text[self.pos]
            if character == ";" and not self._parentheses and not self._blocks:
                return self._terminate()
            self._step(character)

    def _step(self, character: str) -> None:
        """Move `pos` over the one token there, which matters or does not end within the buffer."""
        if character == ";":
            self.pos += 1
        elif character == "(":
            self._parentheses += 1
            if self._parentheses == 1:
                self._parenthesis = self.pos - self.lead
            self.pos += 1
        elif character == ")":
            self._parentheses = max(0, self._parentheses - 1)
            self.pos += 1
        elif character == "$":
            self._dollar()
        elif character == "/":
            self.pos = self._block_comment(self.pos)
        elif character in "'\"":
            what = "string" if character == "'" else "quoted name"
            raise self.unfinished(
                self.pos, f"this {what} does not end", f"add the closing {character}, or double one within it"
            )
        elif character == "\\":
            raise self._client_command(self.pos)
        elif character == "-" or character.isdigit():
            raise Short
        else:
            self._word()

    def _word(self) -> None:
        """E'…', BEGIN, CASE or END; or a word that the buffer cuts off."""
        found = _word(self.text, self.pos)
        if found is None or found.end() >= len(self.text):
            raise Short
        word = found[0].upper() if found[0].isascii() else ""
        if word == "E" and self.text[found.end()] == "'":
            return self._escape_string()
        after = found.end()
        if not self._parentheses and not self._is_name():
            if word == "BEGIN" and not self._blocks and _routine(self.text, self.lead):
                following = _word(self.text, self._skip_trivia(after))
                if following is not None and following.end() >= len(self.text):
                    self.need_more()
                if following is not None and following[0].upper() == "ATOMIC":
                    self._blocks, self._block = 1, self.pos - self.lead
            elif word == "CASE" and self._blocks:
                self._blocks += 1
            elif word == "END" and self._blocks:
                self._blocks -= 1
        self.pos = after

    def _is_name(self) -> bool:
        """Whether what stands before `pos` makes a keyword there a mere name."""
        return _names_next(self.text, max(self.lead, self.pos - 40), self.pos) is not None

    def _escape_string(self) -> None:
        """E'…', with the strings after it that continue it: those have a newline before them."""
        offset = self.pos + 1
        while True:
            found = _escaped(self.text, offset)
            if found is None:
                raise self.unfinished(self.pos, "this string does not end", "in E'…', \\' does not close it")
            following = _continued(self.text, found.end())
            assert following is not None  # matches the empty string
            if following.end() >= self.limit:
                self.need_more()
            ahead = self.text[following.end() : following.end() + 2]
            if len(ahead) < 2 and ahead == "-":
                raise Short
            between = following[0]
            if ahead[:1] != "'" or (between and "\n" not in between and "\r" not in between):
                self.pos = found.end()
                return
            offset = following.end()

    def _dollar(self) -> None:
        """$tag$…$tag$, or a `$` by itself."""
        found = _tag(self.text, self.pos)
        assert found is not None  # there is a `$`
        if found.end() >= len(self.text):
            raise Short
        if self.text[found.end()] != "$":
            if len(found[0]) == 1 and self.text[found.end()].isdigit():
                raise Short  # a parameter that the buffer cuts off
            self.pos += 1
            return
        tag = found[0] + "$"
        close = self.text.find(tag, found.end() + 1)
        if close < 0:
            raise self.unfinished(self.pos, f"this {tag} string does not end", f"add the closing {tag}")
        self.pos = close + len(tag)

    def _block_comment(self, offset: int) -> int:
        """The offset after the comment at `offset`, which may have others nested in it."""
        if offset + 1 >= len(self.text):
            raise Short
        depth = 0
        for edge in _comment_edges(self.text, offset):
            depth += 1 if edge[0] == "/*" else -1
            if not depth:
                return edge.end()
        raise self.unfinished(offset, "this comment does not end", "comments nest: each /* needs its own */")

    def _skip_trivia(self, offset: int) -> int:
        """The offset of the next token, or of the end of the input."""
        while True:
            found = _trivia(self.text, offset)
            assert found is not None  # matches the empty string
            offset = found.end()
            if offset >= self.limit:
                self.need_more()
                return self.limit
            following = self.text[offset : offset + 2]
            if following in ("-", "--", "/"):
                raise Short
            if following != "/*":
                return offset
            offset = self._block_comment(offset)

    def _terminate(self) -> None:
        """End the statement at the `;` under `pos`, and a COPY at the end of that line."""
        stop = self.pos
        if self._is_copy(stop):
            rest = _line_end(self.text, stop + 1)
            if rest is None:
                if not self.at_end and "\n" not in self.text[stop:]:
                    raise Short
                raise Malformed(
                    self.lead,
                    "the data of COPY … FROM stdin must start on the line after its `;`",
                    "move what follows the `;` to a line below the `\\.`",
                )
            self.copies = True
            return self.finish(stop, rest.end())
        self.finish(stop, stop + 1)

    def _is_copy(self, stop: int) -> bool:
        """Whether the statement up to `stop` is a COPY whose data follows in the text."""
        named = self.text[self.lead : self.lead + 4].upper() == "COPY"
        return named and reads_stdin(self.text[self.lead : stop])

    def _end_of_input(self) -> None:
        """The last statement may lack its `;`, but nothing may be open."""
        if self._blocks:
            offset = self.lead + self._block
            raise Malformed(offset, "this BEGIN ATOMIC body does not end", "add `END;` after its last `;`")
        offset = self.lead + self._parenthesis
        if self._parentheses and ";" in self.text[offset:]:
            raise Malformed(offset, "this parenthesis does not end", "a `;` within ( ) ends no statement")
        if self._is_copy(self.limit):
            raise Malformed(self.lead, "this COPY … FROM stdin has no data", "add `;`, the rows and a `\\.` line")
        self.finish(self.limit, self.limit)

    def _meta_command(self, offset: int) -> None:
        r"""Skip a line `\restrict` or `\unrestrict`, which newer pg_dumps write; refuse other commands."""
        newline = self.text.find("\n", offset)
        if newline < 0:
            raise Short
        if _meta(self.text, offset) is None:
            raise self._client_command(offset)
        self.finish(offset, newline + 1)

    def _client_command(self, offset: int) -> Exception:
        command = re.compile(r"\\[^ \t\r\n]{0,20}").match(self.text, offset)
        assert command is not None  # there is a backslash
        if command.end() >= len(self.text):
            raise Short
        hint = "write it as SQL; only psql knows its backslash commands"
        if command[0] == "\\.":
            hint = "it ends the data of a COPY … FROM stdin, but there is none before it"
        return Malformed(offset, f"{command[0]} is a psql command, which no server understands", hint)
