"""SQLite's texts in one wording that compares and can be run again: keywords in capitals, names as declared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from miger.backends.sqlite_tokens import KEYWORDS, folded, in_quotes, is_quoted, joined, name_in, tokens_of

ROW_IDS = ("rowid", "_rowid_", "oid")
# What stands behind DEFAULT without parentheses, as the words of the reader give it.
_SIMPLE = re.compile(r"[+-]? ?[\w.]+|'(?:[^']|'')*'|x'[^']*'")
_VALUES = frozenset({"NULL", "TRUE", "FALSE", "CURRENT_DATE", "CURRENT_TIME", "CURRENT_TIMESTAMP"})

Names = Mapping[str, str]  # of columns, as declared, by how SQLite compares them


def stated(tokens: Sequence[str], names: Names) -> str:
    """An expression. What is no column in double quotes is a text to SQLite, and becomes one."""
    return joined([_stated(tokens, place, names) for place in range(len(tokens))])


def _stated(tokens: Sequence[str], place: int, names: Names) -> str:
    token = tokens[place]
    if token[0] == "'":
        return token
    quoted = is_quoted(token)
    low = folded(name_in(token)) if quoted else folded(token)
    if not quoted and low in KEYWORDS:
        return low.upper()
    if low in names:
        return in_quotes(names[low])
    if quoted and token[0] == '"' and not _names_something(tokens, place, low):
        return "'{}'".format(name_in(token).replace("'", "''"))
    return in_quotes(low) if quoted else low


def _names_something(tokens: Sequence[str], place: int, low: str) -> bool:
    """Whether a word that is no column's name is one of a function, a collation, a table or the row."""
    before = folded(tokens[place - 1]) if place else ""
    after = tokens[place + 1] if place + 1 < len(tokens) else ""
    return low in ROW_IDS or after in ("(", ".") or before == "collate"


def mentioned(text: str, names: Names) -> tuple[str, ...]:
    """The columns that an expression has in it, in the order of the table."""
    words = {folded(name_in(token)) for token in tokens_of(text) if token[0] != "'"}
    return tuple(name for low, name in names.items() if low in words)


def key_part(tokens: Sequence[str], names: Names) -> str:
    """A column or an expression of a key or an index, without what goes without saying."""
    words = tokens[:-1] if len(tokens) > 1 and folded(tokens[-1]) == "asc" else tokens
    first = folded(name_in(words[0]))
    alone = len(words) == 1 or folded(words[1]) in ("collate", "desc")
    if alone and first not in names and words[0][0] in "'\"" and first not in ROW_IDS:
        text = name_in(words[0]).replace('"', '""')  # a text here, which in single quotes would have to be a column
        return joined([f'"{text}"', *_behind_key(words[1:])])
    if not alone or first not in names:
        return stated(words, names)
    return joined([in_quotes(names[first]), *_behind_key(words[1:])])


def _behind_key(words: Sequence[str]) -> Iterator[str]:
    """`COLLATE` with its name, `DESC`."""
    for place, word in enumerate(words):
        low = folded(name_in(word))
        yield in_quotes(low.upper()) if place == 1 and folded(words[0]) == "collate" else low.upper()


def default_value(text: str) -> str:
    """A default's expression as it is usually written: `-1`, `CURRENT_TIMESTAMP`."""
    if text.upper() in _VALUES:
        return text.upper()
    return text.replace(" ", "") if text[:2] in ("- ", "+ ") and _SIMPLE.fullmatch(text) else text


def is_simple(default: str) -> bool:
    """Whether a default stands without parentheses."""
    return bool(_SIMPLE.fullmatch(default)) and (
        not default[0].isalpha() or default.upper() in _VALUES or "'" in default
    )


def words_in(tokens: Sequence[str]) -> set[str]:
    """All that could be a name in a text, as SQLite compares it."""
    return {folded(name_in(token)) for token in tokens}
