"""The sections of a migration that makes a change, as SQL or as Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from miger.forms.definition import tokens
from miger.forms.delimiting import delimited
from miger.forms.filling import batches_of, update_of
from miger.forms.layout import WIDTH, comment, execute, lines_of

if TYPE_CHECKING:
    from miger.forms.steps import Fill, Step

# SQLAlchemy and Alembic are imported where they are needed: those who only look at a body need neither.


class Bodies(NamedTuple):
    """What goes into a draft: kind (sql, python, mongodb), the text of each section, imports.

    `why` says what a person should know of the way that was chosen: a `transaction` of its own kind, or
    another kind of file than was asked for.
    """

    kind: str
    up: str
    down: str | None
    verify: str | None
    imports: tuple[str, ...] = ()
    transaction: bool = True
    why: str = ""


def sql_body(steps: Sequence[Step], dialect: str) -> str:
    """Steps as SQL."""
    from miger.forms.steps import Fill, Names, Remark, Sql, sql_of

    parts = []
    for step in steps:
        if isinstance(step, Remark):
            parts.append(comment(step.text, "--"))
        elif isinstance(step, Sql):
            parts.append(delimited(step.text, dialect) or _ended(step.text))
        elif isinstance(step, Fill):
            parts.append(_ended(update_of(step, Names(dialect))))
        else:
            parts.append(sql_of(step, dialect))
    return "".join(f"{part}\n" for part in parts)


def _ended(sql: str) -> str:
    """A statement with its semicolon, on a line of its own behind a comment."""
    last = sql.rstrip().rpartition("\n")[2]
    return f"{sql.rstrip()}\n;" if "--" in last else f"{sql.rstrip()};"


def python_body(steps: Sequence[Step], dialect: str, *, transaction: bool = True) -> str:
    """Steps as the body of a function. `transaction`: it runs in one, so that batches would be of no use."""
    from miger.forms.operation_calls import NotPlain, call_of
    from miger.forms.steps import Fill, Names, Remark, Sql, sql_of

    parts: list[str] = []
    titles: set[str] = set()
    for step in steps:
        if isinstance(step, Remark):
            parts.append(comment(step.text, "#"))
        elif isinstance(step, Sql):
            parts.append(execute(step.text))
        elif isinstance(step, Fill) and step.key and not transaction:
            parts.append(batches_of(step, Names(dialect), _title(step, titles)))
        elif isinstance(step, Fill):
            parts.append(execute(update_of(step, Names(dialect))))
        else:
            try:
                parts.append("\n".join(lines_of(call_of(step, dialect))))
            except NotPlain:
                statements = sql_of(step, dialect)
                parts.append(execute(statements.removesuffix(";")))
    return "".join(f"{part}\n" for part in parts)


def _title(fill: Fill, taken: set[str]) -> str:
    """What batches are called, each otherwise, because a run that goes on knows them by that."""
    column = re.match(r"\s*(\w+)\s*=", fill.values)
    name = f"fill {fill.table}" + (f".{column[1]}" if column is not None else "")
    title = next(text for text in (name, *(f"{name} {number}" for number in range(2, 10**6))) if text not in taken)
    taken.add(title)
    return title


def sql_verify(queries: Sequence[str]) -> str:
    """Queries as a section of SQL."""
    return "".join(f"{broken(query)};\n" for query in queries)


def broken(query: str) -> str:
    """A query on several lines where it is too long for one."""
    if len(query) <= WIDTH:
        return query
    starts = [token for token in tokens(query) if token.depth == 0 and token.word in ("FROM", "JOIN", "WHERE", "AND")]
    for token in reversed(starts):
        indent = "  " if token.word == "AND" else ""
        query = f"{query[: token.start].rstrip()}\n{indent}{query[token.start :]}"
    return query


def python_verify(queries: Sequence[str]) -> str:
    """Queries as the body of `verify`."""
    lines = []
    for query in queries:
        counted = re.match(r"SELECT (count\([^)]*\)) = (\d+) AS ok ", query)
        if counted is None:
            lines.append(execute(broken(query)))
            continue
        sql = broken(f"SELECT {counted[1]} {query[counted.end() :]}")
        short = execute(sql, "return db.execute(", f").scalar() == {counted[2]}")
        split = f"{execute(sql, 'count = db.execute(', ').scalar()')}\nreturn count == {counted[2]}"
        lines.append(split if "\n" in short else short)
    return "".join(f"{line}\n" for line in lines)


def imports_of(*bodies: str | None) -> tuple[str, ...]:
    """The imports that bodies of functions need."""
    names = {
        node.id
        for body in bodies
        if body
        for node in ast.walk(ast.parse(f"def _():\n{_shifted(body)}"))
        if isinstance(node, ast.Name)
    }
    dialects = [f"from sqlalchemy.dialects import {name}" for name in ("mysql", "postgresql") if name in names]
    modules = [f"import {name}" for name in ("pymongo", "sqlalchemy") if name in names]
    return (*modules, *dialects)


def _shifted(body: str) -> str:
    return "".join(f"    {line}\n" for line in [*body.splitlines(), "pass"])
