"""SQLite's words, one by one, so that texts can be compared whatever their spacing, quoting and case."""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Sequence

from miger.engine.statements.scanner import PART, START

_TOKEN = re.compile(
    r"--[^\n]*|/\*.*?(?:\*/|\Z)"
    r"|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`(?:[^`]|``)*`|\[[^\]]*\]"
    r"|[xX]'[^']*'"
    r"|0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
    rf"|{START}{PART}*+"
    r"|->>|->|\|\||<<|>>|<=|>=|==|!=|<>|\S",
    re.DOTALL,
)
_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")
# SQLite folds the letters of ASCII, and no others.
_FOLDED = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")

# https://sqlite.org/lang_keywords.html and the two names that are values: in quotes, none means the same. Without those
# that are names wherever a name can stand (`key`, `action`), so that their quotes make no difference.
KEYWORDS = frozenset(
    """abort add after all alter always analyze and as asc attach autoincrement before begin between by cascade case
    cast check collate commit conflict constraint create cross current current_date current_time
    current_timestamp default deferrable deferred delete desc detach distinct do drop each else end escape
    except exclude exclusive exists explain fail false filter following for foreign from full generated glob
    group groups having if ignore immediate in index indexed initially inner insert instead intersect into is
    isnull join left like limit match materialized natural no not nothing notnull null nulls of offset on or
    order others outer over partition pragma preceding primary raise range recursive references regexp reindex
    replace restrict returning right rollback row rows savepoint select set table temp temporary then ties to
    transaction trigger true unbounded union unique update using vacuum values virtual when where window with
    within without""".split()
)
_NEW_LINE_BEFORE = frozenset(
    "select from where group order limit union except intersect join begin end insert update delete when".split()
)


def tokens_of(sql: str) -> list[str]:
    """The tokens of a text as they are written, without comments. Whatever the text: nothing else gets lost."""
    found: list[str] = _TOKEN.findall(sql)
    if "--" not in sql and "/*" not in sql:
        return found
    return [token for token in found if not token.startswith(("--", "/*"))]


def all_folded(tokens: Sequence[str]) -> list[str]:
    """Each token, folded; at once, which is many times faster."""
    found = folded("\0".join(tokens)).split("\0")
    return found if len(found) == len(tokens) else [*map(folded, tokens)]


def folded(text: str) -> str:
    """A name as SQLite compares it."""
    return text.lower() if text.isascii() else text.translate(_FOLDED)


def is_quoted(token: str) -> bool:
    """Whether the token is a name in quotes (which, in double ones, SQLite may take for a text)."""
    return token[0] in '"`[' and len(token) > 1


def name_in(token: str) -> str:
    """The name that stands in a token, where only a name can stand."""
    if is_quoted(token) or (token[0] == "'" and len(token) > 1):
        return token[1:-1].replace(token[-1] * 2, token[-1]) if token[0] != "[" else token[1:-1]
    return token


@functools.lru_cache(4096)  # the same names are met in every table
def in_quotes(name: str) -> str:
    """A name as it has to be written: in quotes where it is no plain word."""
    low = folded(name)
    return name if _PLAIN.fullmatch(low) and low not in KEYWORDS else '"{}"'.format(name.replace('"', '""'))


def alike(tokens: Sequence[str], names: Collection[str] = ()) -> list[str]:
    """The tokens in such a form that those of the same meaning are equal.

    A word in double quotes that is no name is a text to SQLite, whose case counts: only those among
    `names` (folded) are folded.
    """
    return list(_alike(tokens, names))


def _alike(tokens: Sequence[str], names: Collection[str]) -> Iterator[str]:
    for token in tokens:
        if token[0] == "'":
            yield token
        elif is_quoted(token):
            name = name_in(token)
            low = folded(name)
            text = token[0] == '"' and low != name and low not in names
            yield '"{}"'.format(name.replace('"', '""')) if text else in_quotes(low)
        else:
            yield folded(token)


def spelled(tokens: Sequence[str], *, capitals: bool = False) -> list[str]:
    """The tokens with their quotes and keywords alike, and names as they are spelled: a view's columns show it."""
    found: list[str] = []
    for token in tokens:
        if token[0] == "'":
            found.append(token)
        elif is_quoted(token):
            found.append(in_quotes(name_in(token)))
        else:
            low = folded(token)
            alias = found[-1:] in (["as"], ["AS"]) and low not in ("select", "with", "values")
            keyword = low in KEYWORDS and not alias
            found.append(token if not keyword else low.upper() if capitals else low)
    return found


def without_parentheses(tokens: Sequence[str]) -> Sequence[str]:
    """An expression without the parentheses around all of it."""
    while len(tokens) > 2 and tokens[0] == "(" and closing(tokens, 0) == len(tokens) - 1:
        tokens = tokens[1:-1]
    return tokens


def closing(tokens: Sequence[str], start: int) -> int:
    """Where the parenthesis that opens at `start` is closed; -1 if nowhere."""
    depth = 0
    for place in range(start, len(tokens)):
        depth += (tokens[place] == "(") - (tokens[place] == ")")
        if not depth:
            return place
    return -1


def parts(tokens: Sequence[str]) -> list[Sequence[str]]:
    """A list's items: what stands between the commas that are in no parentheses."""
    found, start, depth = [], 0, 0
    for place, token in enumerate(tokens):
        depth += (token == "(") - (token == ")")
        if token == "," and not depth:
            found.append(tokens[start:place])
            start = place + 1
    return [*found, tokens[start:]]


def joined(tokens: Sequence[str]) -> str:
    """Tokens as one line, which reads as they do: no two lists of tokens give the same."""
    text, last = "", ""
    for token in tokens:
        text += token if _sticks(last, token) else f" {token}"
        last = token
    return text


def _sticks(last: str, token: str) -> bool:
    if not last or token in (",", ")") or last == "(":
        return True
    if token == "(":
        return last[0].isalpha() and folded(last) not in KEYWORDS
    return (token == "." and not last[0].isdigit()) or (last == "." and not token[0].isdigit())


def in_lines(tokens: Sequence[str]) -> str:
    """The tokens of a whole statement, its clauses on lines of their own."""
    lines: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token == "(") - (token == ")")
        if lines[-1] and not depth and (folded(token) in _NEW_LINE_BEFORE or lines[-1][-1] == ";"):
            lines.append([])
        lines[-1].append(token)
    return "\n".join(map(joined, lines))
