"""New values in the rows of a table: one UPDATE, or batches that a run that stopped goes on with."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from miger.forms.layout import Call, execute, lines_of, string

if TYPE_CHECKING:
    from miger.forms.steps import Fill, Names

ONE_LINE = 72  # characters of a statement that is not broken
_PARAMETER = re.compile(r"(?<![:\w\\]):(?=\w)")  # what SQLAlchemy would take for one


def without_parameters(sql: str) -> str:
    """The statement as SQLAlchemy has to get it, for which no colon in it begins a parameter."""
    return _PARAMETER.sub(r"\\:", sql)


def update_of(fill: Fill, names: Names) -> str:
    """The values as one UPDATE, without the semicolon."""
    where = f"WHERE {fill.where}" if fill.where is not None else ""
    return _broken(f"UPDATE {names.table(fill.table, fill.schema)} SET {fill.values}", where)


def batches_of(fill: Fill, names: Names, title: str = "", size: int = 1000) -> str:
    """The values as a loop over ranges of the key, in Python. `title` is what the batches are called."""
    path = fill.table if fill.schema is None else f"{fill.schema}.{fill.table}"
    keywords = [("key", string(fill.key))] + ([] if size == 1000 else [("size", str(size))])
    loop = lines_of(
        Call("for batch in db.batches", [string(title or f"fill {fill.table}"), string(path)], keywords), end=":"
    )
    key = names.name(fill.key)
    both = f"({fill.where}) AND " if fill.where is not None else ""
    head = without_parameters(f"UPDATE {names.table(fill.table, fill.schema)} SET {fill.values}")
    tail = f"{without_parameters(f'WHERE {both}{key}')} BETWEEN :low AND :high"
    call = execute(_broken(head, tail), "batch.execute(")
    return "\n".join([*loop, *(f"    {line}" for line in call.splitlines())])


def _broken(head: str, tail: str) -> str:
    if not tail:
        return head
    return f"{head}\n{tail}" if len(head) + len(tail) > ONE_LINE else f"{head} {tail}"
