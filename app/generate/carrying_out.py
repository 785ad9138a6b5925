"""Carrying out statements in a scratch database, in as few transactions as can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from miger.engine.backend import Backend
from miger.engine.errors import MigerError, RefusedError, StatementError
from miger.engine.statements import Statement

Failure = Callable[[Statement, MigerError], MigerError]
"""What to raise for a statement that the database refused, or that would have reached beyond it."""

APART = frozenset({"ALTER TYPE"})  # a value that it adds can be used only after COMMIT
# They go to a server in one message with their neighbours, which spares thousands of round trips. Others might change
# how the text that follows them is read (SET standard_conforming_strings), or bring data with them.
GROUPED = frozenset({"CREATE TABLE", "CREATE INDEX", "ALTER TABLE", "COMMENT"})
MOST_TOGETHER = 100


def carry_out(blank: Backend, statements: Iterable[Statement], failure: Failure) -> int:
    """Runs the statements in order and returns how many there were. What they set for the session is undone.

    Raises what `failure` gives, and StatementError for a lost connection.
    """
    together = "rollback" in blank.preview_modes  # where DDL can be rolled back, thousands of commits can be spared
    ran = 0
    try:
        for group in _groups(statements, MOST_TOGETHER if together else 1):
            joins = together and all(one.kind not in APART and blank.may_run_in_transaction(one) for one in group)
            if joins and not blank.in_transaction():
                blank.begin()
            elif not joins and blank.in_transaction():
                blank.commit()
            _execute(blank, group, failure)
            ran += len(group)
        if blank.in_transaction():
            blank.commit()
    except BaseException:
        blank.rollback()
        raise
    blank.clean_session(thorough=True)
    return ran


def _groups(statements: Iterable[Statement], most: int) -> Iterator[Sequence[Statement]]:
    """The statements, those beside each other that may go together as one; what has no end of its own ends a group."""
    group: list[Statement] = []
    for statement in statements:
        joins = statement.kind in GROUPED
        if group and not joins:
            yield group
            group = []
        group.append(statement)
        if not joins or len(group) >= most or not statement.raw.endswith(";"):
            yield group
            group = []
    if group:
        yield group


def _execute(blank: Backend, group: Sequence[Statement], failure: Failure) -> None:
    try:
        blank.execute(group)
    except (StatementError, RefusedError) as error:
        if isinstance(error, StatementError) and error.disconnected:
            raise
        failed = group[error.index] if isinstance(error, StatementError) else group[0]
        raise failure(failed, error) from error
