"""A CREATE TABLE of SQLite, as SQLite keeps it, read into a `Table`.

SQLite keeps nothing but that text, and makes everything else of it: what its pragmas tell is less
(no CHECK, no name of a constraint, nothing of ON CONFLICT, DEFERRABLE or AUTOINCREMENT).
The grammar: https://sqlite.org/lang_createtable.html and `parse.y` of its source.
"""

from __future__ import annotations

from collections.abc import Sequence

from miger.backends.sqlite_table import Check, Column, ForeignKey, Key, Table
from miger.backends.sqlite_tokens import (
    alike,
    all_folded,
    closing,
    folded,
    in_quotes,
    is_quoted,
    joined,
    name_in,
    parts,
    tokens_of,
    without_parentheses,
)

_OF_COLUMN = frozenset(
    "constraint default not null primary unique check references collate generated as deferrable".split()
)
_OF_TABLE = frozenset({"constraint", "primary", "unique", "check", "foreign"})
_VALUES = frozenset({"null", "true", "false", "current_date", "current_time", "current_timestamp"})


class NotRead(ValueError):
    """The text is no CREATE TABLE that could be read: SQLite would not have made it."""


def read_table(sql: str, reader_class: type[Reader] | None = None) -> Table:
    """The table that a stored CREATE TABLE describes; in other words where another reader goes over it.

    Raises NotRead.
    """
    return read_tokens(tokens_of(sql), reader_class)


def read_tokens(tokens: Sequence[str], reader_class: type[Reader] | None = None) -> Table:
    """The same of a text's tokens."""
    if [folded(token) for token in tokens[:2]] != ["create", "table"] or tokens[3:4] != ["("]:
        raise NotRead(joined(tokens)[:80])
    end = closing(tokens, 3)
    options = {" ".join(map(folded, option)) for option in parts(tokens[end + 1 :])} - {""}
    if end < 0 or options - {"without rowid", "strict"}:
        raise NotRead(joined(tokens)[:80])
    reader = (reader_class or Reader)(tokens[4:end])
    reader.read()
    return Table(
        name_in(tokens[2]),
        tuple(reader.columns),
        reader.primary_key,
        tuple(reader.uniques),
        tuple(reader.checks),
        tuple(reader.foreign_keys),
        "without rowid" in options,
        "strict" in options,
    )


class Reader:
    """Goes over what stands between the parentheses of a CREATE TABLE, once.

    What it makes of names and expressions compares: both are in lower case.
    """

    descending = " desc"

    def __init__(self, tokens: Sequence[str]) -> None:
        self._tokens = tokens
        self._folded = [*all_folded(tokens), "", ""]  # one in quotes is no keyword
        self._at = 0
        self._note_names(tokens)
        self.columns: list[Column] = []
        self.primary_key: Key | None = None
        self.uniques: list[Key] = []
        self.checks: list[Check] = []
        self.foreign_keys: list[ForeignKey] = []

    # How it writes

    def _note_names(self, tokens: Sequence[str]) -> None:
        self._names = _column_names(tokens)

    def _expression(self, tokens: Sequence[str]) -> str:
        return joined(alike(without_parentheses(tokens), self._names))

    def _key_name(self, name: str) -> str:
        return in_quotes(folded(name))

    def _key_part(self, tokens: Sequence[str]) -> str:
        return key_part(tokens, self._names)

    def read(self) -> None:
        """Raises NotRead."""
        while self._word() not in _OF_TABLE and self._word():
            self._column()
            if self._word() and not self._accept(","):
                raise NotRead(self._word())
        name = ""
        while self._word():
            if self._accept("constraint"):
                name = self._name()
            elif not self._accept(","):  # which may be missing between them
                self._table_constraint(name)
                name = ""

    # Tokens

    def _word(self, ahead: int = 0) -> str:
        """The next token, or the one after it, folded; "" at the end."""
        return self._folded[self._at + ahead]

    def _next(self) -> str:
        if self._at >= len(self._tokens):
            raise NotRead("the end")
        self._at += 1
        return self._tokens[self._at - 1]

    def _accept(self, *words: str) -> bool:
        at = self._at
        if self._folded[at] != words[0] or (len(words) > 1 and tuple(self._folded[at : at + len(words)]) != words):
            return False
        self._at += len(words)
        return True

    def _expect(self, *words: str) -> None:
        if not self._accept(*words):
            raise NotRead(self._word())

    def _name(self) -> str:
        if self._word() in (",", "(", ")"):
            raise NotRead(self._word())
        return name_in(self._next())

    def _parenthesised(self) -> Sequence[str]:
        end = closing(self._tokens, self._at)
        if self._word() != "(" or end < 0:
            raise NotRead(self._word())
        found = self._tokens[self._at + 1 : end]
        self._at = end + 1
        return found

    # Columns

    def _column(self) -> None:
        column = Column(self._name(), self._type())
        constraint = ""
        while self._word() not in ("", ","):
            if self._accept("constraint"):
                constraint = self._name()
                continue
            column = self._column_constraint(column, constraint)
            constraint = ""
        self.columns.append(column)

    def _type(self) -> str:
        start = at = self._at
        while (token := self._folded[at]) and token not in _OF_COLUMN and token[0] not in ",()":
            at += 1
        self._at = at
        words = self._tokens[start:at]
        text = " ".join([word.upper() if word.isascii() and not is_quoted(word) else word for word in words])
        if words and self._word() == "(":
            text += f"({', '.join(''.join(part).upper() for part in parts(self._parenthesised()))})"
        return text

    def _column_constraint(self, column: Column, name: str) -> Column:
        """Names of what is no key, CHECK or foreign key are left out: SQLite forgets them as well."""
        if self._accept("not", "null"):
            return column._replace(not_null=True, conflict=self._conflict())
        if self._accept("default"):
            return column._replace(default=self._default())
        here = self._key_name(column.name)
        if self._accept("null"):
            self._conflict()
        elif self._accept("primary", "key"):
            self._primary_key_of(column, here, name)
        elif self._accept("unique"):
            self.uniques.append(Key((here,), name, self._conflict()))
        elif self._accept("check"):
            self.checks.append(Check(self._expression(self._parenthesised()), name))
        elif self._word() == "references":
            self.foreign_keys.append(self._references((here,), name))
        elif self._word() == "deferrable" or (self._word() == "not" and self._word(1) == "deferrable"):
            self.foreign_keys[-1:] = [key._replace(deferred=self._deferred()) for key in self.foreign_keys[-1:]]
        elif self._accept("collate"):
            collation = folded(self._name())
            return column._replace(collation="" if collation == "binary" else collation)
        elif self._accept("generated", "always", "as") or self._accept("as"):
            expression = self._expression(self._parenthesised())
            return column._replace(generated=expression, stored=self._accept("stored") or self._virtual())
        else:
            raise NotRead(self._word())
        return column

    def _virtual(self) -> bool:
        self._accept("virtual")
        return False

    def _default(self) -> str:
        """Its expression. A single name, in quotes or not, is a text."""
        if self._word() == "(":
            tokens = without_parentheses(self._parenthesised())
        else:
            tokens = [self._next()]
            if tokens[0] in ("+", "-"):
                tokens.append(self._next())
        [first, *more] = tokens or [""]
        if first and not more and _is_name(first):
            return "'{}'".format(name_in(first).replace("'", "''"))
        return self._expression(tokens)

    def _primary_key_of(self, column: Column, here: str, name: str) -> None:
        descending = self._accept("desc")
        if not descending:
            self._accept("asc")
        conflict = self._conflict()
        automatic = self._accept("autoincrement")
        apart = descending and column.type == "INTEGER"
        self.primary_key = Key((f"{here}{self.descending}" if descending else here,), name, conflict, automatic, apart)

    # Constraints of the table

    def _table_constraint(self, name: str) -> None:
        if self._accept("primary", "key"):
            inside = self._parenthesised()
            automatic = bool(inside) and folded(inside[-1]) == "autoincrement"
            columns = self._key_parts(inside[:-1] if automatic else inside)
            self.primary_key = Key(columns, name, self._conflict(), automatic)
        elif self._accept("unique"):
            columns = self._key_parts(self._parenthesised())
            self.uniques.append(Key(columns, name, self._conflict()))
        elif self._accept("check"):
            self.checks.append(Check(self._expression(self._parenthesised()), name))
            self._conflict()  # without effect
        elif self._accept("foreign", "key"):
            columns = self._key_parts(self._parenthesised())
            key = self._references(columns, name)
            self.foreign_keys.append(key._replace(deferred=self._deferred()))
        else:
            raise NotRead(self._word())

    def _key_parts(self, tokens: Sequence[str]) -> tuple[str, ...]:
        return tuple(map(self._key_part, parts(tokens)))

    def _references(self, columns: tuple[str, ...], name: str) -> ForeignKey:
        self._expect("references")
        key = ForeignKey(columns, folded(self._name()), name=name)
        if self._word() == "(":
            names = parts(self._parenthesised())
            key = key._replace(parent_columns=tuple(in_quotes(folded(name_in(part[0]))) for part in names))
        while True:
            if self._accept("match"):
                key = key._replace(match=folded(self._name()))
            elif self._accept("on", "delete"):
                key = key._replace(on_delete=self._action())
            elif self._accept("on", "update"):
                key = key._replace(on_update=self._action())
            elif self._accept("on", "insert"):
                self._action()  # without effect
            else:
                return key

    def _action(self) -> str:
        """Nothing for NO ACTION."""
        if self._accept("no", "action"):
            return ""
        first = folded(self._next())
        return f"set {folded(self._next())}" if first == "set" else first

    def _deferred(self) -> bool:
        """Only one of the ways to say it defers: https://sqlite.org/foreignkeys.html#fk_deferred."""
        never = self._accept("not", "deferrable")
        possible = never or self._accept("deferrable")
        deferred = self._accept("initially", "deferred")
        if not deferred:
            self._accept("initially", "immediate")
        return possible and deferred and not never

    def _conflict(self) -> str:
        """What an ON CONFLICT says, if it is not what would happen anyhow."""
        if not self._accept("on", "conflict"):
            return ""
        action = folded(self._next())
        return "" if action == "abort" else action


def key_part(tokens: Sequence[str], names: frozenset[str]) -> str:
    """A column or an expression of a key or index, without what goes without saying."""
    words = alike(tokens, names)
    if len(tokens) == 1 or folded(tokens[1]) in ("collate", "asc", "desc"):
        words[0] = in_quotes(folded(name_in(tokens[0])))
    return joined(words[:-1] if len(words) > 1 and words[-1] == "asc" else words)


def _is_name(token: str) -> bool:
    word = (token[0].isalpha() or token[0] == "_") and token[-1] != "'"  # which a blob ends with
    return is_quoted(token) or (word and folded(token) not in _VALUES)


def _column_names(tokens: Sequence[str]) -> frozenset[str]:
    """The folded names of what may be a column: the first word of each item."""
    return frozenset(folded(name_in(part[0])) for part in parts(tokens) if part)
