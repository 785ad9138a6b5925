"""What the dialects share: walking over a buffer that may end anywhere, even within a token.

A scanner looks at one piece of text at a time: a statement with what comes before it, or text that
is none (a `DELIMITER` line, the comments at the end of the file). It moves `pos` over whole tokens
only. Where the buffer ends before it can tell, it stops, and goes on from `pos` once there is more,
so that the result depends on the text and never on how it was cut into chunks. Only the token under
`pos` is read again; as the buffer grows by its own length each time, that stays linear.

At the end of the input the buffer carries one newline too many (at `limit`), which ends any open word
or line comment: the scanners need no second set of rules for the last token of a file.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod

# What identifiers are made of, as character classes. Written by what they leave out: `re` takes
# milliseconds to compile a range up to the last of all characters.
START = r"[^\x00-@\[-^`{-\x7f]"  # letters, _ and all beyond ASCII
TAG_PART = r"[^\x00-/:-@\[-^`{-\x7f]"  # and digits
PART = r"[^\x00-#%-/:-@\[-^`{-\x7f]"  # and $
#: For `plain`: a first word made of letters only, so that its kind can be looked up.
FIRST_WORD = rf"([A-Za-z]++)(?!{PART})"


class Short(Exception):
    """The buffer ends before the token at `pos` can be told."""


class Malformed(Exception):
    """The text cannot be split; `offset` into the buffer is where the trouble starts."""

    def __init__(self, offset: int, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.offset = offset
        self.message = message
        self.hint = hint


class Scanner(ABC):
    """Finds the end of one piece at a time. `plain` is the short cut tried first: see there."""

    #: Eats one whole ordinary statement in a single match, or fails, and then nothing is known.
    #: Group 1 is what comes before its first token, group 2 its first word; ends after a `;`.
    plain: re.Pattern[str]

    def __init__(self) -> None:
        self.text, self.limit, self.at_end = "", 0, False
        self.begin(0)

    def begin(self, pos: int) -> None:
        """Make ready for the piece that starts at `pos`."""
        self.pos = pos
        self.lead = -1  # offset of the first token; -1 before it is found, or if there is none
        self.stop = -1  # offset of the terminator, or of the end
        self.copies = False  # whether lines of COPY data follow

    def shift(self, by: int) -> None:
        """Tell that the first `by` characters of the buffer are gone."""
        self.pos -= by
        if self.lead >= 0:
            self.lead -= by

    def advance(self, text: str, limit: int, at_end: bool) -> bool:
        """Go on over `text`. True when the piece is complete: `lead`, `stop` and `pos`, its end, are set."""
        self.text, self.limit, self.at_end = text, limit, at_end
        try:
            if self.lead >= 0 or self.find_lead():
                self.find_end()
        except Short:
            assert not at_end, f"no token ends at {text[self.pos : self.pos + 20]!r}"
            return False
        finally:
            self.text = ""
        self.pos = min(self.pos, limit)
        return True

    @abstractmethod
    def find_lead(self) -> bool:
        """Set `lead` to the first token. False if the piece ends here without being a statement."""

    @abstractmethod
    def find_end(self) -> None:
        """Set `stop` to the terminator and `pos` after it."""

    def need_more(self) -> None:
        """Return at the end of the input; before it, ask for more text."""
        if not self.at_end:
            raise Short

    def unfinished(self, offset: int, message: str, hint: str = "") -> Short | Malformed:
        """What to raise for a token that does not end within the buffer."""
        return Malformed(offset, message, hint) if self.at_end else Short()

    def finish(self, stop: int, end: int) -> None:
        """End the piece: its terminator is at `stop`, the next piece starts at `end`."""
        self.stop, self.pos = min(stop, self.limit), min(end, self.limit)
