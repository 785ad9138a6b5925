"""Which tables a statement touches, by its text."""

from __future__ import annotations

from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from miger.engine.hazards.nodes import DIALECTS
from miger.engine.hazards.reading import silent
from miger.engine.preview.values import StepPreview

MOST_CHARACTERS = 20_000  # of a statement; what is longer holds data, and its table stands at its start


def with_tables(steps: tuple[StepPreview, ...], dialect: str) -> tuple[StepPreview, ...]:
    """The steps, each of their statements with the tables that it names. In proportion to their text."""
    if dialect not in DIALECTS:
        return steps
    with silent():
        return tuple(
            step._replace(
                statements=tuple(found._replace(tables=tables_of(found.text, dialect)) for found in step.statements)
            )
            for step in steps
        )


def tables_of(sql: str, dialect: str) -> tuple[str, ...]:
    """The tables and views that a statement names, in its order; none where it can't be read."""
    if not sql or len(sql) > MOST_CHARACTERS:
        return ()
    try:
        parsed: Any = sqlglot.parse_one(sql, dialect=DIALECTS[dialect])
    except (SqlglotError, RecursionError):
        return ()
    named_here = {cte.alias for cte in parsed.find_all(exp.CTE)}
    names = (".".join(filter(None, (table.db, table.name))) for table in parsed.find_all(exp.Table, bfs=False))
    return tuple(dict.fromkeys(name for name in names if name and name not in named_here))
