"""Where statements end in SQLite: as `sqlite3_complete()` has it (src/complete.c)."""

from __future__ import annotations

import re

from miger.engine.statements.scanner import FIRST_WORD, PART, Scanner

_BLANK = r"[ \t\n\r\f]"
_LINE = r"--[^\n]*+\n"
_BLOCK = r"/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/"
_TRIVIA = rf"{_BLANK}*+(?:(?:{_LINE}|{_BLOCK}){_BLANK}*+)*+"
# A doubled quote reads as two strings side by side, with the same end.
_QUOTED = r"""'[^']*+'|"[^"]*+"|`[^`]*+`|\[[^\]]*+\]"""
_OTHER = r"""[^;'"`\[/\-]*+"""
_RUN = rf"{_OTHER}(?:(?:{_QUOTED}|-(?=[^-])|/(?=[^*])|{_LINE}|{_BLOCK}){_OTHER})*+"

_trivia = re.compile(_TRIVIA).match
_run = re.compile(_RUN).match
_word = re.compile(f"{PART}++").match
_quoted = re.compile(_QUOTED).match
_openers = {"'": "string", '"': "quoted name", "`": "quoted name", "[": "quoted name"}


class SqliteScanner(Scanner):
    """SQLite's rules: a statement ends at `;`, a trigger at `END;` right after a `;`."""

    plain = re.compile(rf"({_TRIVIA})(?!(?ai:create|explain)(?!{PART})){FIRST_WORD}{_RUN};")

    def begin(self, pos: int) -> None:
        """Make ready for the piece that starts at `pos`."""
        super().begin(pos)
        self._state = self._head

    def find_lead(self) -> bool:
        """Set `lead` to the first token. False for a lone `;` or nothing at all."""
        offset = self._skip_trivia(self.pos)
        if offset >= self.limit:
            self.finish(self.limit, self.limit)
            return False
        if self.text[offset] == ";":
            self.finish(offset, offset + 1)
            return False
        self.pos = self.lead = offset
        self._explained = False
        return True

    def find_end(self) -> None:
        """Set `stop` and `pos`, one state after the other; each goes on where it left off."""
        while self._state():
            pass

    def _skip_trivia(self, offset: int) -> int:
        """The offset of the next token, or of the end of the input."""
        found = _trivia(self.text, offset)
        assert found is not None  # matches the empty string
        offset = found.end()
        following = self.text[offset : offset + 2]
        if len(following) < 2:
            self.need_more()
        if following == "--":
            raise self.unfinished(offset, "this comment does not end")
        if following == "/*":
            self.need_more()  # SQLite lets a block comment run to the end of the input
            return self.limit
        return offset

    def _head(self) -> bool:
        """[EXPLAIN …] CREATE [TEMP|TEMPORARY] TRIGGER leads to a body; anything else to `;`."""
        offset = self._skip_trivia(self.pos)
        word = self._word_at(offset)
        if self.pos == self.lead and word == "EXPLAIN":
            self._explained = True
        elif word == "CREATE" and (self.pos == self.lead or self._explained):
            self._state = self._created
        elif not self._explained or word in ("EXPLAIN", "TEMP", "TEMPORARY", "TRIGGER", "END"):
            self._state = self._normal
            return True
        return self._step_over(offset, word)

    def _created(self) -> bool:
        offset = self._skip_trivia(self.pos)
        word = self._word_at(offset)
        if word not in ("TEMP", "TEMPORARY"):
            self._state = self._body if word == "TRIGGER" else self._normal
        return self._step_over(offset, word)

    def _step_over(self, offset: int, word: str) -> bool:
        """Move over the one token at `offset`, or let the normal state deal with what is no word."""
        if word:
            self.pos = offset + len(word)
            return True
        if offset >= self.limit or self.text[offset] == ";":
            self.pos, self._state = offset, self._normal
            return True
        if self.text[offset] in _openers:
            quoted = _quoted(self.text, offset)
            if quoted is None:
                raise self._open(offset)
            self.pos = quoted.end()
            return True
        self.pos = offset + 1
        return True

    def _word_at(self, offset: int) -> str:
        """The word at `offset`, upper-case; "" if something else is there."""
        found = _word(self.text, offset)
        if found is None:
            return ""
        if found.end() >= len(self.text):
            self.need_more()
        word = found[0]
        # Only ASCII letters fold, and upper() may change the length of others.
        return word.upper() if word.isascii() else word

    def _normal(self) -> bool:
        self._to_semicolon()
        if self.pos < self.limit:
            self.finish(self.pos, self.pos + 1)
        else:
            self.finish(self.limit, self.limit)
        return False

    def _body(self) -> bool:
        """Within a trigger: on to the next `;`."""
        self._to_semicolon()
        if self.pos >= self.limit:
            raise self._open_trigger()
        self.pos += 1
        self._state = self._after_semicolon
        return True

    def _after_semicolon(self) -> bool:
        """Within a trigger, after a `;`: an END and a `;` close it, else it goes on."""
        self.pos = self._skip_trivia(self.pos)
        if self.pos >= self.limit:
            raise self._open_trigger()
        if self.text[self.pos] == ";":
            self.pos += 1
            return True
        if self._word_at(self.pos) != "END":
            self._state = self._body
            return True
        offset = self._skip_trivia(self.pos + 3)
        if offset >= self.limit or self.text[offset] == ";":
            self.finish(offset, offset + 1)
            return False
        self.pos, self._state = offset, self._body
        return True

    def _to_semicolon(self) -> None:
        """Move `pos` to the next `;` outside quotes and comments, or to the end of the input."""
        found = _run(self.text, self.pos)
        assert found is not None  # matches the empty string
        self.pos = min(found.end(), self.limit)
        if self.pos >= self.limit:
            self.need_more()
            return
        if self.text[self.pos] == ";":
            return
        if self.text[self.pos] in _openers:
            raise self._open(self.pos)
        self.need_more()  # a comment, or half of what may open one
        self.pos = self.limit

    def _open(self, offset: int) -> Exception:
        quote = self.text[offset]
        closing = "]" if quote == "[" else quote
        hint = f"add the closing {closing}" + (", or double one within it" if closing == quote else "")
        return self.unfinished(offset, f"this {_openers[quote]} does not end", hint)

    def _open_trigger(self) -> Exception:
        return self.unfinished(
            self.lead, "this trigger does not end", "a trigger body ends with `END;` after its last `;`"
        )
