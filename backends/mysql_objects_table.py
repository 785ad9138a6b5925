"""A table of MySQL or MariaDB as plain values, by what SHOW CREATE TABLE says of it, line by line."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from miger.backends.mysql_catalog import quoted
from miger.engine.catalog import CHECK, FOREIGN_KEY, PRIMARY_KEY, Column, Constraint, Extra, Index, Table

# A string, a name, a comment that the server runs, a bracket, or what lies between them.
_PIECE = re.compile(
    r"`(?:[^`]|``)*`|'(?:[^'\\]|\\.|'')*'|/\*(?:[^*]|\*(?!/))*\*/|[()]|[^\s`'()/]+|\S",
    re.DOTALL,
)
_PART = re.compile(r"  (?:`|PRIMARY KEY |(?:UNIQUE |FULLTEXT |SPATIAL |VECTOR )?KEY |CONSTRAINT |PERIOD |CHECK )")
_NAME = re.compile(r"`((?:[^`]|``)*)`")
_LITERAL = re.compile(r"'(?:[^'\\]|\\.|'')*'", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)|''", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\0", "b": "\b", "Z": "\x1a"}
_COUNTER = re.compile(r" AUTO_INCREMENT=\d+")
_TABLE_COMMENT = re.compile(r" COMMENT='((?:[^'\\]|\\.|'')*)'", re.DOTALL)
_COLLATION = re.compile(r" COLLATE=(\w+)")

# What begins a clause of a column's line. The server writes these in capitals, and types in small letters.
_CLAUSES = frozenset(
    "CHARACTER COLLATE NOT NULL DEFAULT AUTO_INCREMENT ON COMMENT GENERATED AS CHECK INVISIBLE WITH WITHOUT "
    "REF_SYSTEM_ID=0 CONSTRAINT COLUMN_FORMAT STORAGE SRID".split()
)
_JSON_COLLATION = "utf8mb4_bin"


class Unit(NamedTuple):
    """A word, name or string outside of brackets, or all that is in a pair of them, and where it lies."""

    text: str
    start: int
    end: int


class Line(NamedTuple):
    """A column, and the condition of the check that stands in its line; "" where there is none."""

    column: Column
    check: str


def units(text: str) -> Iterator[Unit]:
    """The parts of a line, what is in brackets as one."""
    depth = start = 0
    for found in _PIECE.finditer(text):
        piece = found[0]
        if piece == "(":
            start = found.start() if depth == 0 else start
            depth += 1
        elif piece == ")":
            depth -= 1
            if depth == 0:
                yield Unit(text[start : found.end()], start, found.end())
        elif depth == 0:
            yield Unit(piece, found.start(), found.end())


def names_in(text: str) -> tuple[str, ...]:
    """The names in backticks, in their order, each once."""
    return tuple(dict.fromkeys(name.replace("``", "`") for name in _NAME.findall(_LITERAL.sub("''", text))))


def unescaped(text: str) -> str:
    """What a string literal says; `text` is what stands between its quotes."""
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]) if found[1] else "'", text)


def read_table(name: str, text: str, rows: int | None, extras: Sequence[Extra] = ()) -> Table:
    """The table that SHOW CREATE TABLE tells of. Names made up by the server count as none."""
    body, _, tail = text.rpartition("\n)")
    first, _, rest = tail.partition("\n")
    found = _TABLE_COMMENT.search(first)
    comment = unescaped(found[1]) if found else ""
    first = _COUNTER.sub("", first[: found.start()] + first[found.end() :] if found else first)
    options = [first.strip(), *([rest.strip()] if rest else [])]
    collation = _COLLATION.search(first)
    columns: list[Column] = []
    constraints: list[Constraint] = []
    indexes: list[Index] = []
    for part in _parts(body):
        if part.startswith("`"):
            column, check = read_column(part, collation[1] if collation else "")
            columns.append(column)
            if check:
                mentioned = dict.fromkeys([column.name, *names_in(check)])
                constraints.append(Constraint(CHECK, "", f"CHECK {check}", tuple(mentioned), named=False))
        elif part.startswith("PRIMARY"):
            constraints.append(Constraint(PRIMARY_KEY, "", part, names_in(part.partition(")")[0]), named=False))
        elif part.startswith(("CONSTRAINT", "CHECK")):
            constraints.append(_constraint(part, name))
        elif part.startswith("PERIOD"):
            options.append(part)
        else:
            indexes.append(_index(part, name))
    return Table(
        name,
        tuple(columns),
        tuple(constraints),
        tuple(sorted(indexes)),
        tuple(extras),
        comment=comment,
        options="\n".join(options),
        definition=f"{body}\n){_COUNTER.sub('', tail, count=1)}",
        rows=rows,
    )


def _parts(body: str) -> Iterator[str]:
    """What stands between the commas; an expression may go on in the next line."""
    waiting = ""
    for line in body.split("\n")[1:]:
        if waiting and not (waiting.endswith(",") and _PART.match(line)):
            waiting = f"{waiting}\n{line}"
            continue
        if waiting:
            yield waiting.removesuffix(",")
        waiting = line.strip() if _PART.match(line) else line
    if waiting:
        yield waiting.removesuffix(",")


@functools.lru_cache(maxsize=20_000)  # the same lines stand in many tables, and in both of two schemas
def read_column(line: str, table_collation: str = "") -> Line:
    """A column's line: `name` type clauses. The `table_collation` is what a column has that names none."""
    found = list(units(line))
    name = found[0].text[1:-1].replace("``", "`")
    clauses = list(_clauses(line, found[1:]))
    type_, said = clauses[0][1], dict(clauses[1:])
    check = said.get("CHECK", "")[5:].strip()
    collation = said.get("COLLATE", said.get("CHARACTER", "")).rpartition(" ")[2]
    dropped = {"COMMENT", "CHECK"}
    valid = check == f"(json_valid({quoted(name)}))"
    if valid and type_ == "longtext" and (collation or table_collation) == _JSON_COLLATION:  # MariaDB's JSON
        type_, collation, check = "json", "", ""
        dropped |= {"CHARACTER", "COLLATE"}
    comment = _LITERAL.search(said.get("COMMENT", ""))
    generated = said.get("GENERATED", said.get("AS", ""))
    default = said.get("DEFAULT", "")[7:].strip()
    column = Column(
        name,
        type_,
        nullable="NOT" not in said,
        default=None if default in ("", "NULL") else default,
        generated=_expression(generated),
        stored=generated.endswith(("STORED", "PERSISTENT")),
        identity="auto_increment" if "AUTO_INCREMENT" in said else "",
        collation=collation,
        comment=unescaped(comment[0][1:-1]) if comment else "",
        definition=" ".join([type_, *(text for kind, text in clauses[1:] if kind not in dropped)]),
    )
    return Line(column, check)


def _clauses(line: str, found: Sequence[Unit]) -> Iterator[tuple[str, str]]:
    """Kind and text of each part of a column's line, that of its type first, with the kind ""."""
    kind, start, end, before = "", found[0].start, found[0].start, ""
    for unit in found:
        word = "/*" if unit.text.startswith("/*") else unit.text
        begins = word == "/*" or (word in _CLAUSES and (before, word) not in _GOES_ON)
        if begins:
            yield kind, line[start:end]
            kind, start = f"/*{unit.start}" if word == "/*" else word, unit.start
        before, end = word, unit.end
    yield kind, line[start:end]


_GOES_ON = {("NOT", "NULL"), ("DEFAULT", "NULL"), ("ALWAYS", "AS"), ("BY", "DEFAULT")}


def _expression(clause: str) -> str:
    """What a column is generated from."""
    inner = next((unit.text[1:-1] for unit in units(clause) if unit.text.startswith("(")), "")
    return inner or clause.partition(" AS ")[2]


def _constraint(part: str, table: str) -> Constraint:
    found = list(units(part))
    name, start = "", 0
    if found[0].text == "CONSTRAINT":
        name, start = found[1].text[1:-1].replace("``", "`"), 2
    definition = part[found[start].start :]
    if found[start].text == "CHECK":
        made_up = not name or re.fullmatch(rf"CONSTRAINT_\d+|{re.escape(table)}_chk_\d+", name)
        return Constraint(CHECK, name, definition, names_in(definition), named=not made_up)
    words = [unit.text for unit in found]
    middle = words.index("REFERENCES")
    brackets = [unit.text for unit in found if unit.text.startswith("(")]
    target = ".".join(names_in("".join(words[middle + 1 : words.index(brackets[1], middle)])))
    made_up = not name or re.fullmatch(rf"\d+|{re.escape(table)}_ibfk_\d+", name)
    columns, target_columns = names_in(brackets[0]), names_in(brackets[1])
    return Constraint(FOREIGN_KEY, name, definition, columns, target, target_columns, not made_up)


def _index(part: str, table: str) -> Index:
    """An index, a unique key too: here a unique constraint is nothing but an index."""
    found = list(units(part))
    place = next(number for number, unit in enumerate(found) if unit.text == "KEY")
    kind = "".join(f"{unit.text} " for unit in found[:place])
    name, listed = found[place + 1], found[place + 2]
    rest, comment = part[listed.end :], ""
    words = [unit.text for unit in found]
    if "COMMENT" in words:
        said = found[words.index("COMMENT") + 1]
        comment = unescaped(said.text[1:-1])
        rest = part[listed.end : found[words.index("COMMENT")].start].rstrip() + part[said.end :]
    columns = names_in(listed.text)
    plain = kind in ("", "UNIQUE ") and not rest.strip() and listed.text == f"({','.join(map(quoted, columns))})"
    return Index(
        name.text[1:-1].replace("``", "`"),
        f"CREATE {kind}INDEX {name.text} ON {quoted(table)} {listed.text}{rest}",
        columns,
        kind == "UNIQUE ",
        plain,
        comment,
    )
