"""Which locks a statement takes on the tables it names, by PostgreSQL's manual, where they cannot be measured.

https://www.postgresql.org/docs/current/explicit-locking.html and the pages of the statements. It is only
asked about locks that the same transaction holds already, and only where it knows the statement: one that
reaches a table by a function, a trigger, a view or a foreign key, or a partition by its parent, is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from miger.backends.postgresql_words import Words

# https://www.postgresql.org/docs/current/explicit-locking.html, weakest first
MODES = (
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
)
ACCESS_SHARE, ROW_SHARE, ROW_EXCLUSIVE, SHARE_UPDATE_EXCLUSIVE, SHARE, SHARE_ROW_EXCLUSIVE, EXCLUSIVE, ALL = MODES

_WRITES = {"INSERT": "INTO", "UPDATE": "", "DELETE": "FROM", "MERGE": "INTO"}
_MOST_CHARACTERS = 20_000  # of a statement that is parsed; what is longer holds data
_READS_ROWS = ("SELECT", "WITH", "VALUES", "TABLE")


class Taken(NamedTuple):
    """A lock on the relation that `name` stands for where the statement runs.

    `of` says which relation that is: the named one (""), the table of the named index, or every table that
    a foreign key of the named table is to, or comes from ("keys").
    """

    name: str
    mode: str
    of: str = ""


def locks_of(sql: str) -> tuple[Taken, ...]:
    """The locks of one statement; none where they are not known."""
    words = Words(sql)
    first = words.take()
    rules = _RULES.get(first)
    if rules is not None:
        return tuple(dict.fromkeys(rules(words, first, sql)))
    return ()


def target_of(sql: str) -> tuple[Taken, ...]:
    """The lock of an INSERT, UPDATE, DELETE or MERGE on the table it writes to: only the start is read."""
    words = Words(sql[:400])
    first = words.take()
    if first not in _WRITES:
        return ()
    return tuple(_target(words, first))


def _rows(words: Words, first: str, sql: str) -> Iterator[Taken]:
    """Statements on rows: the table that is written to, and all that are read."""
    if first in _WRITES:
        yield from _target(words, first)
    yield from _reading(sql)


def _target(words: Words, first: str) -> Iterator[Taken]:
    word = _WRITES[first]
    if not word or words.skip(word):
        words.skip("ONLY")
        yield Taken(words.name(), ROW_EXCLUSIVE)


def _reading(sql: str) -> Iterator[Taken]:
    """The tables of a query; those of a SELECT … FOR UPDATE have their rows locked, others may be written to."""
    if len(sql) > _MOST_CHARACTERS:
        return
    import sqlglot  # deferred: only what is locked already has to be found out like this
    from sqlglot import exp

    from miger.engine.hazards.reading import silent

    try:
        with silent():
            parsed: Any = sqlglot.parse_one(sql, dialect="postgres")
    except (sqlglot.errors.SqlglotError, RecursionError):
        return
    writing = parsed.find_all(exp.Insert, exp.Update, exp.Delete)
    written = {id(table) for node in writing if (table := node.this.find(exp.Table)) is not None}
    here = {cte.alias for cte in parsed.find_all(exp.CTE)}
    for table in parsed.find_all(exp.Table, bfs=False):
        names = [part for part in (table.args.get("db"), table.this) if isinstance(part, exp.Identifier)]
        if not names or (table.name in here and len(names) == 1):
            continue
        select = table.find_ancestor(exp.Select)
        locked = select is not None and bool(select.args.get("locks")) and table.find_ancestor(exp.Subquery) is None
        name = ".".join('"{}"'.format(part.name.replace('"', '""')) if part.quoted else part.name for part in names)
        yield Taken(name, ROW_EXCLUSIVE if id(table) in written else ROW_SHARE if locked else ACCESS_SHARE)


def _alter(words: Words, first: str, sql: str) -> Iterator[Taken]:
    words.skip("FOREIGN")
    if not words.skip("TABLE") and not words.skip("MATERIALIZED", "VIEW"):
        yield from _on(words, ALL) if words.take() == "POLICY" else ()
        return
    words.skip("IF", "EXISTS")
    words.skip("ONLY")
    table = words.name()
    modes = []
    for action in _actions(words.tokens[words.at :]):
        mode, others = _of_action(action)
        modes.append(mode)
        yield from others
    yield Taken(table, max(modes, key=MODES.index, default=ALL))


def _actions(tokens: Sequence[str]) -> Iterator[Words]:
    depth, words = 0, Words("")
    for token in [*tokens, ","]:
        depth += (token == "(") - (token == ")")
        if token == "," and not depth:
            if words.tokens:
                yield words
            words = Words("")
        else:
            words.tokens.append(token)


def _of_action(words: Words) -> tuple[str, Sequence[Taken]]:
    """The mode of one action of ALTER TABLE on the table itself, and what it locks beside it."""
    tokens = [token.upper() for token in words.tokens]
    if tokens[:2] in (["VALIDATE", "CONSTRAINT"], ["CLUSTER", "ON"], ["SET", "("], ["RESET", "("]):
        return SHARE_UPDATE_EXCLUSIVE, ()
    if tokens[:3] == ["SET", "WITHOUT", "CLUSTER"]:
        return SHARE_UPDATE_EXCLUSIVE, ()
    if tokens[:1] == ["ALTER"] and tokens[1:2] != ["CONSTRAINT"]:
        rest = tokens[3 if tokens[1:2] == ["COLUMN"] else 2 :]
        light = rest[:2] in (["SET", "STATISTICS"], ["SET", "("], ["RESET", "("])
        return (SHARE_UPDATE_EXCLUSIVE if light else ALL), ()
    if tokens[:2] in (["ATTACH", "PARTITION"], ["DETACH", "PARTITION"]):
        words.at = 2
        return (SHARE_UPDATE_EXCLUSIVE if tokens[0] == "ATTACH" else ALL), (Taken(words.name(), ALL),)
    if tokens[:1] == ["INHERIT"]:
        words.at = 1
        return ALL, (Taken(words.name(), SHARE_UPDATE_EXCLUSIVE),)
    if tokens[:1] in (["ENABLE"], ["DISABLE"]) and "TRIGGER" in tokens[1:3]:
        return SHARE_ROW_EXCLUSIVE, ()
    if tokens[:1] == ["ADD"] and "REFERENCES" in tokens:
        by_itself = tokens[1:3] == ["FOREIGN", "KEY"] or (tokens[1:2] == ["CONSTRAINT"] and tokens[3:4] == ["FOREIGN"])
        return (SHARE_ROW_EXCLUSIVE if by_itself else ALL), tuple(_referenced(words))
    return ALL, ()


def _referenced(words: Words) -> Iterator[Taken]:
    for place, token in enumerate(words.tokens):
        if token.upper() == "REFERENCES":
            words.at = place + 1
            yield Taken(words.name(), SHARE_ROW_EXCLUSIVE)


def _create(words: Words, first: str, sql: str) -> Iterator[Taken]:
    words.skip("OR", "REPLACE")
    words.skip_any("UNIQUE", "CONSTRAINT", "TEMP", "TEMPORARY", "UNLOGGED", "GLOBAL", "LOCAL", "RECURSIVE")
    kind = words.take()
    if kind == "INDEX" and not words.skip("CONCURRENTLY"):
        yield from _on(words, SHARE)
    elif kind == "TRIGGER":
        yield from _on(words, SHARE_ROW_EXCLUSIVE)
        yield from [Taken(words.name(), SHARE_ROW_EXCLUSIVE)] if words.skip("FROM") else []
    elif kind == "POLICY":
        yield from _on(words, ALL)
    elif kind == "RULE":
        if words.upto("TO"):
            yield Taken(words.name(), ALL)
    elif kind == "STATISTICS":
        if words.upto("FROM"):
            yield Taken(words.name(), SHARE_UPDATE_EXCLUSIVE)
    elif kind == "VIEW" or (kind == "MATERIALIZED" and words.skip("VIEW")):
        yield from _query_behind(words, sql)
    elif kind == "TABLE":
        yield from _create_table(words, sql)


def _create_table(words: Words, sql: str) -> Iterator[Taken]:
    words.skip("IF", "NOT", "EXISTS")
    words.name()
    if words.skip("PARTITION", "OF"):
        yield Taken(words.name(), ALL)
        return
    if words.look() != "(" or words.look(1) in _READS_ROWS:
        yield from _query_behind(words, sql)
        return
    start = words.at
    for place in range(start, len(words.tokens)):
        before = words.tokens[place - 1]
        if words.tokens[place].upper() == "LIKE" and before in ("(", ","):
            words.at = place + 1
            yield Taken(words.name(), ACCESS_SHARE)
    yield from _referenced(words)
    words.at = start
    if words.upto("INHERITS") and words.skip("("):
        yield from (Taken(name, SHARE_UPDATE_EXCLUSIVE) for name in words.names())


def _query_behind(words: Words, sql: str) -> Iterator[Taken]:
    """The tables that the query behind AS reads."""
    if words.upto("AS"):
        yield from _reading(" ".join(words.tokens[words.at :]))


def _drop(words: Words, first: str, sql: str) -> Iterator[Taken]:
    kind = words.take()
    materialized = kind == "MATERIALIZED" and words.skip("VIEW")
    if kind in ("TRIGGER", "POLICY", "RULE"):
        yield from _on(words, ALL)
        return
    if kind == "FOREIGN":
        kind = words.take()
    if (kind not in ("TABLE", "INDEX") and not materialized) or words.skip("CONCURRENTLY"):
        return
    words.skip("IF", "EXISTS")
    for name in words.names():
        yield Taken(name, ALL, "index" if kind == "INDEX" else "")
        if kind == "TABLE":
            yield Taken(name, ALL, "keys")


def _on(words: Words, mode: str) -> Iterator[Taken]:
    if words.upto("ON"):
        words.skip("ONLY")
        yield Taken(words.name(), mode)


def _truncate(words: Words, first: str, sql: str) -> Iterator[Taken]:
    words.skip("TABLE")
    yield from (Taken(name, ALL) for name in words.names())


def _comment(words: Words, first: str, sql: str) -> Iterator[Taken]:
    words.skip("ON")
    kind = words.take()
    if kind in ("TABLE", "COLUMN") or (kind == "MATERIALIZED" and words.skip("VIEW")):
        name = words.name()
        yield Taken(name.rpartition(".")[0] if kind == "COLUMN" else name, SHARE_UPDATE_EXCLUSIVE)


def _maintain(words: Words, first: str, sql: str) -> Iterator[Taken]:
    """ANALYZE, CLUSTER, REFRESH and REINDEX of something that is named."""
    if words.look() == "(":
        words.parenthesised()
    words.skip_any("VERBOSE")
    if first == "REFRESH":
        words.skip("MATERIALIZED", "VIEW")
        mode = EXCLUSIVE if words.skip("CONCURRENTLY") else ALL
        yield Taken(words.name(), mode)
    elif first == "REINDEX":
        kind = words.take()
        if kind in ("TABLE", "INDEX") and not words.skip("CONCURRENTLY"):
            yield Taken(words.name(), SHARE, "index" if kind == "INDEX" else "")
    elif words.look():
        yield Taken(words.name(), ALL if first == "CLUSTER" else SHARE_UPDATE_EXCLUSIVE)


def _lock(words: Words, first: str, sql: str) -> Iterator[Taken]:
    words.skip("TABLE")
    names = list(words.names())
    mode = ALL
    if words.skip("IN"):
        said = ""
        while words.look() not in ("MODE", ""):
            said += words.take().capitalize()
        mode = f"{said}Lock"
    yield from (Taken(name, mode) for name in names if mode in MODES)


def _copy(words: Words, first: str, sql: str) -> Iterator[Taken]:
    if words.look() == "(":
        yield from _reading(" ".join(words.parenthesised()))
        return
    name = words.name()
    yield Taken(name, ROW_EXCLUSIVE if words.upto("FROM") else ACCESS_SHARE)


_RULES = {
    **dict.fromkeys([*_WRITES, *_READS_ROWS], _rows),
    **dict.fromkeys(["ANALYZE", "CLUSTER", "REFRESH", "REINDEX"], _maintain),
    "ALTER": _alter,
    "CREATE": _create,
    "DROP": _drop,
    "TRUNCATE": _truncate,
    "COMMENT": _comment,
    "LOCK": _lock,
    "COPY": _copy,
}
