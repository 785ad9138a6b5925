"""What the texts that SQLite keeps of its schema mean, so that two of them can be compared.

`SqliteBackend.read_schema` gives the texts themselves, and they are what is noted: one query, however many
tables there are. Only a text that differs from the other one is taken apart: a rebuilt table has other
words, quotes and spaces, and may still be the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from miger.backends.sqlite_create_table import NotRead, key_part, read_table
from miger.backends.sqlite_table import Check, Column, ForeignKey, Key, Table
from miger.backends.sqlite_tokens import (
    alike,
    closing,
    folded,
    in_lines,
    in_quotes,
    joined,
    name_in,
    parts,
    spelled,
    tokens_of,
    without_parentheses,
)


def definition(schema: Mapping[str, str], name: str) -> str:
    """The definition of the object `name` of a schema: the same for texts of the same meaning.

    A table has a line for each column, key, CHECK and option; a view or a trigger is its text, alike in spaces,
    quotes and the case of keywords. That of a virtual table is its module's own, and stays as it is.
    """
    kind = name.partition(" ")[0]
    sql = schema[name]
    tokens = tokens_of(sql)
    if kind == "table" and [folded(token) for token in tokens[1:2]] == ["virtual"]:
        return sql
    try:
        if kind == "table":
            return "\n".join(_lines(_with_parents(read_table(sql), schema)))
        if kind == "index":
            return _index(tokens, schema)
    except NotRead:
        pass  # then it is compared word by word
    return in_lines(spelled(tokens))


def _with_parents(table: Table, schema: Mapping[str, str]) -> Table:
    """With the columns that foreign keys to a primary key leave out, so that naming them is no change."""
    keys = (
        key if key.parent_columns else key._replace(parent_columns=_primary_columns(table, key, schema))
        for key in table.foreign_keys
    )
    return table._replace(foreign_keys=tuple(keys))


def _primary_columns(table: Table, key: ForeignKey, schema: Mapping[str, str]) -> tuple[str, ...]:
    parent: Table | None = table
    if key.parent != folded(table.name):
        parent = _find_table(key.parent, schema)
    primary = parent.primary_key if parent is not None else None
    return tuple(column.removesuffix(" desc") for column in primary.columns) if primary is not None else ()


def _find_table(folded_name: str, schema: Mapping[str, str]) -> Table | None:
    wanted = f"table {folded_name}"
    same = (name for name in schema if len(name) == len(wanted) and folded(name) == wanted)
    found = wanted if wanted in schema else next(same, "")
    try:
        return read_table(schema[found]) if found else None
    except NotRead:
        return None


def _lines(table: Table) -> Iterator[str]:
    """Columns in their order, constraints in one that does not depend on the text."""
    for column in table.columns:
        yield _column(column, nullable=in_quotes(folded(column.name)) == table.row_id)
    if table.primary_key is not None:
        yield _key("primary key", table.primary_key)
    yield from sorted(_key("unique", key) for key in table.uniques)
    yield from sorted(map(_check, table.checks))
    yield from sorted(map(_foreign_key, table.foreign_keys))
    if table.without_rowid:
        yield "without rowid"
    if table.strict:
        yield "strict"


def _column(column: Column, *, nullable: bool) -> str:
    """Its line. NOT NULL says nothing of a column that is the row's id: it is never NULL."""
    words = [
        in_quotes(column.name),
        column.type,
        f"collate {in_quotes(column.collation)}" if column.collation else "",
        "not null" + _conflict(column.conflict) if column.not_null and not nullable else "",
        f"default {column.default}" if column.default else "",
        f"generated as ({column.generated}) {'stored' if column.stored else 'virtual'}" if column.generated else "",
    ]
    return " ".join(filter(None, words))


def _key(words: str, key: Key) -> str:
    text = f"{_named(key.name)}{words} ({', '.join(key.columns)}){_conflict(key.conflict)}"
    return text + (" autoincrement" if key.autoincrement else "") + (" apart from the row's id" if key.apart else "")


def _check(check: Check) -> str:
    return f"{_named(check.name)}check ({check.expression})"


def _foreign_key(key: ForeignKey) -> str:
    words = [
        f"{_named(key.name)}foreign key ({', '.join(key.columns)}) references {in_quotes(key.parent)}",
        f"({', '.join(key.parent_columns)})" if key.parent_columns else "",
        f"match {in_quotes(key.match)}" if key.match else "",
        f"on delete {key.on_delete}" if key.on_delete else "",
        f"on update {key.on_update}" if key.on_update else "",
        "deferrable initially deferred" if key.deferred else "",
    ]
    return " ".join(filter(None, words))


def _named(name: str) -> str:
    return f"constraint {in_quotes(name)} " if name else ""


def _conflict(action: str) -> str:
    return f" on conflict {action}" if action else ""


def _index(tokens: list[str], schema: Mapping[str, str]) -> str:
    """`create unique index name on table (…) where …`. Raises NotRead."""
    opening = tokens.index("(") if "(" in tokens else -1
    end = closing(tokens, opening) if opening >= 4 else -1
    rest = [folded(token) for token in tokens[end + 1 : end + 2]]
    if end < 0 or folded(tokens[opening - 2]) != "on" or rest not in ([], ["where"]):
        raise NotRead(" ".join(tokens[:8]))
    on = folded(name_in(tokens[opening - 1]))
    table = _find_table(on, schema)
    names = frozenset(folded(column.name) for column in table.columns) if table is not None else frozenset[str]()
    columns = ", ".join(key_part(part, names) for part in parts(tokens[opening + 1 : end]))
    unique = "unique " if folded(tokens[1]) == "unique" else ""
    text = f"create {unique}index on {in_quotes(on)} ({columns})"
    if not rest:
        return text
    return f"{text}\nwhere {joined(alike(without_parentheses(tokens[end + 2 :]), names))}"
