"""A CREATE TABLE as the database keeps it, edited in place: what is not meant stays as it was written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)|(?P<quoted>"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\])"""
    r"""|(?P<string>'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*')|(?P<word>[^\W\d][\w$]*)|(?P<other>\d[\w.]*|.)""",
    re.DOTALL,
)
_PLAIN_STRING = re.compile(r"'(?:[^']|'')*'", re.DOTALL)
_TABLE_WORDS = frozenset("CONSTRAINT PRIMARY UNIQUE CHECK FOREIGN KEY INDEX FULLTEXT SPATIAL PERIOD".split())
_CLAUSES = frozenset(
    "CONSTRAINT PRIMARY NOT NULL UNIQUE CHECK DEFAULT COLLATE REFERENCES GENERATED AS AUTO_INCREMENT COMMENT "
    "CHARACTER INVISIBLE KEY".split()
)
# A word that belongs to the clause before it, by the word right before.
_CONTINUES = {("PRIMARY", "KEY"), ("NOT", "NULL"), ("DEFAULT", "NULL"), ("SET", "NULL"), ("SET", "DEFAULT")}
_CONTINUES |= {("UNIQUE", "KEY"), ("BY", "DEFAULT"), ("ALWAYS", "AS"), ("CONSTRAINT", "*")}


class Token(NamedTuple):
    """A piece of SQL that is no space: what it is, where it lies, and how deep in brackets."""

    kind: str
    text: str
    start: int
    end: int
    depth: int

    @property
    def word(self) -> str:
        """A plain word in capitals; "" for what is none."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def name(self) -> str:
        """The name it stands for."""
        if self.kind != "quoted":
            return self.text
        closing = {"[": "]"}.get(self.text[0], self.text[0])
        return self.text[1:-1].replace(closing * 2, closing) if closing != "]" else self.text[1:-1]


def tokens(text: str, *, backslashes: bool = False) -> Iterator[Token]:
    """The pieces of a text; `backslashes`: they escape within strings, as on MySQL."""
    at = depth = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        assert match is not None  # any character is a token
        kind, end = match.lastgroup or "", match.end()
        if kind == "string" and not backslashes:
            plain = _PLAIN_STRING.match(text, at)
            end = plain.end() if plain is not None else end
        piece = text[at:end]
        depth -= piece == ")"
        if kind != "space":
            yield Token(kind, piece, at, end, depth)
        depth += piece == "("
        at = end


class Clause(NamedTuple):
    """A part of a column's line behind its type: `NOT NULL`, `DEFAULT 5`."""

    kind: str
    start: int
    end: int


class Column:
    """One column's line: name, type, clauses. Each change gives the text anew."""

    def __init__(self, text: str, *, backslashes: bool = False) -> None:
        self.text = text
        self._backslashes = backslashes
        found = list(tokens(text, backslashes=backslashes))
        self.name = found[0].name if found else ""
        self.name_end = found[0].end if found else 0
        self._end = found[-1].end if found else 0
        self.bare = text[found[0].start : self._end] if found else ""  # without comments and spaces around it
        self.clauses = tuple(self._read_clauses(found[1:]))
        behind = [token for token in found[1:] if not self.clauses or token.start < self.clauses[0].start]
        self.type_end = behind[-1].end if behind else self.name_end
        self.type = text[self.name_end : self.type_end].strip()

    def _read_clauses(self, found: list[Token]) -> Iterator[Clause]:
        starts: list[tuple[str, int]] = []
        before = ""
        named = 0  # how many words behind CONSTRAINT: its name, then what it is
        for number, token in enumerate(found):
            word = token.word if token.depth == 0 else ""
            after = found[number + 1].word if number + 1 < len(found) else ""
            begins = word in _CLAUSES or (self._backslashes and word == "ON")
            if named == 1:
                named, begins = 2, False
            elif (before, word) in _CONTINUES or (word == "NOT" and after == "DEFERRABLE"):
                begins = False
            elif named == 2 and begins:
                starts[-1] = (word, starts[-1][1])
                named, begins = 0, False
            if begins:
                starts.append((word, token.start))
                named = 1 if word == "CONSTRAINT" else 0
            before = word
        if not starts:
            return
        ends = [start for _, start in starts[1:]] + [self._end]
        for (kind, start), limit in zip(starts, ends, strict=True):
            last = max((token.end for token in found if start <= token.start < limit), default=limit)
            yield Clause(kind, start, last)

    def clause(self, *kinds: str) -> Clause | None:
        """The first clause of one of these kinds."""
        return next((clause for clause in self.clauses if clause.kind in kinds), None)

    def with_type(self, type_: str) -> Column:
        """With another type; a character set or collation goes with a type that is no text."""
        text = f"{self.text[: self.name_end]} {type_.strip()}{self.text[self.type_end :]}"
        changed = Column(text, backslashes=self._backslashes)
        textual = re.search(r"char|text|enum|set\b|clob", type_, re.IGNORECASE)
        while self._backslashes and not textual and (found := changed.clause("CHARACTER", "COLLATE")):
            changed = changed._without(found)
        return changed

    def with_nullable(self, nullable: bool) -> Column:
        """NULL allowed, or not."""
        changed = self
        while found := changed.clause("NOT", "NULL"):
            changed = changed._without(found)
        default = changed.clause("DEFAULT")
        if default is not None and not nullable and changed.text[default.start : default.end].upper() == "DEFAULT NULL":
            changed = changed._without(default)
        word = ("NULL" if self._backslashes and "TIMESTAMP" in self.type.upper() else "") if nullable else "NOT NULL"
        return changed._with(word) if word else changed

    def with_default(self, default: str | None) -> Column:
        """With another default, or none."""
        changed = self
        while found := changed.clause("DEFAULT"):
            changed = changed._without(found)
        return changed if default is None else changed._with(f"DEFAULT {default}", "NOT", "NULL")

    def without_reference(self) -> Column:
        """Without its foreign key."""
        found = self.clause("REFERENCES")
        return self if found is None else self._without(found)

    def _without(self, clause: Clause) -> Column:
        head = self.text[: clause.start].rstrip(" \t")  # a line break may end a comment
        return Column(head + self.text[clause.end :], backslashes=self._backslashes)

    def _with(self, words: str, *behind: str) -> Column:
        """With more words: behind clauses of these kinds, and on MySQL behind those that belong to the type."""
        kinds = (*behind, "CHARACTER", "COLLATE") if self._backslashes else behind
        at = max([self.type_end, *(clause.end for clause in self.clauses if clause.kind in kinds)])
        return Column(f"{self.text[:at]} {words}{self.text[at:]}", backslashes=self._backslashes)


class Definition:
    """CREATE TABLE, cut at the commas between its parts."""

    def __init__(self, head: str, parts: list[str], tail: str) -> None:
        self.head = head
        self.parts = parts
        self.tail = tail

    @classmethod
    def read(cls, sql: str) -> Definition:
        """Cuts a CREATE TABLE of SQLite. Raises ValueError for what is none."""
        found = list(tokens(sql))
        opening = next((token for token in found if token.text == "(" and token.depth == 0), None)
        closing = next((token for token in found if token.text == ")" and token.depth == 0), None)
        if opening is None or closing is None or found[0].word != "CREATE":
            raise ValueError("no CREATE TABLE with columns")
        cuts = [
            token.start for token in found if token.text == "," and token.depth == 1 and token.start < closing.start
        ]
        edges = [opening.end, *(cut + 1 for cut in cuts)]
        parts = [sql[start:end] for start, end in zip(edges, [*cuts, closing.start], strict=True)]
        return cls(sql[: opening.end], parts, sql[closing.start :])

    @property
    def text(self) -> str:
        """The whole statement."""
        return self.head + ",".join(self.parts) + self.tail

    def renamed(self, quoted: str) -> Definition:
        """For a table of another name, given in its quotes."""
        name = [token for token in tokens(self.head) if token.text != "("][-1]
        before = self.head[: name.start]
        return Definition(f"{before}{quoted}{self.head[name.end :]}", self.parts, self.tail)

    def columns(self) -> Iterator[tuple[int, Column]]:
        """The parts that are columns, with their places."""
        for number, part in enumerate(self.parts):
            if not _is_constraint(part):
                yield number, Column(part)

    def with_column(self, name: str, change: Column | None) -> Definition:
        """With another text for a column, or without it."""
        [place] = [number for number, column in self.columns() if column.name.lower() == name.lower()]
        parts = list(self.parts)
        if change is not None:
            parts[place] = change.text
        else:
            gone = parts.pop(place)
            if place == len(parts) and parts:  # the last: its line break now ends the one before
                parts[-1] = parts[-1].rstrip() + gone[len(gone.rstrip()) :]
        return Definition(self.head, parts, self.tail)

    def column(self, name: str) -> Column:
        """The column of that name."""
        return next(column for _, column in self.columns() if column.name.lower() == name.lower())

    def with_added(self, text: str, *, constraint: bool) -> Definition:
        """With one more column, behind the others, or one more constraint, at the end."""
        place = len(self.parts) if constraint else max(number for number, _ in self.columns()) + 1
        model = self.parts[place - 1]
        lead = model[: len(model) - len(model.lstrip())]
        lead = lead if lead.strip() == "" and lead else " "
        parts = list(self.parts)
        added = f"{lead}{text}"
        if place == len(parts):
            stripped = _stripped_end(parts[-1])
            ending = parts[-1][len(stripped) :]
            parts[-1] = stripped
            commented = "--" in ending or "/*" in ending  # such a comment stays with the part before
            added = f"{ending.rstrip()}\n{added.lstrip(chr(10))}\n" if commented else f"{added}{ending}"
        parts.insert(place, added)
        return Definition(self.head, parts, self.tail)

    def without_foreign_key(self, name: str, columns: tuple[str, ...]) -> Definition:
        """Without the foreign key of that name, or (nameless) of these columns."""
        wanted = tuple(column.lower() for column in columns)
        for number, called, inner in self._foreign_keys():
            part = self.parts[number]
            if called.lower() == name.lower() if name else inner == wanted:
                parts = self.parts[:number] + self.parts[number + 1 :]
                if number == len(self.parts) - 1:
                    parts[-1] = parts[-1].rstrip() + part[len(part.rstrip()) :]
                return Definition(self.head, parts, self.tail)
        return self.with_column(columns[0], self.column(columns[0]).without_reference())

    def _foreign_keys(self) -> Iterator[tuple[int, str, tuple[str, ...]]]:
        """Place, name and columns (in lower case) of the foreign keys that stand behind the columns."""
        for number, part in enumerate(self.parts):
            found = list(tokens(part)) if _is_constraint(part) else []
            words = [token.word for token in found]
            if "FOREIGN" not in words:
                continue
            start = words.index("FOREIGN")
            end = words.index("REFERENCES") if "REFERENCES" in words else len(words)
            listed = [token.name for token in found[start:end] if token.depth == 1 and token.text != ","]
            columns = tuple(column.lower() for column in listed)
            yield number, found[1].name if words[0] == "CONSTRAINT" else "", columns

    def foreign_key_name(self, columns: tuple[str, ...]) -> str:
        """The name of the first foreign key of these columns; "" where it has none."""
        wanted = tuple(column.lower() for column in columns)
        for _, name, found in self._foreign_keys():
            if found == wanted:
                return name
        clause = self.column(columns[0]).clause("REFERENCES") if len(columns) == 1 else None
        if clause is None:
            return ""
        said = list(tokens(self.column(columns[0]).text[clause.start : clause.end]))
        return said[1].name if said[0].word == "CONSTRAINT" else ""

    def constraints_on(self, name: str) -> list[str]:
        """The constraints of the table that name a column."""
        return [
            part.strip()
            for part in self.parts
            if _is_constraint(part) and any(token.name.lower() == name.lower() for token in tokens(part))
        ]


def _is_constraint(part: str) -> bool:
    first = next(tokens(part), None)
    return first is not None and first.word in _TABLE_WORDS


def _stripped_end(part: str) -> str:
    """A part without spaces and comments behind it."""
    last = 0
    for token in tokens(part):
        last = token.end
    return part[:last]
