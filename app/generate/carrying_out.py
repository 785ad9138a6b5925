"""Carrying out statements in a scratch database, in as few transactions as can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from miger.engine.backend import Backend
from miger.engine.errors import MigerError, RefusedError, StatementError
from miger.engine.statements import Statement

Failure = Callable[[Statement, MigerError], MigerError]
"""What to raise for a statement that the database refused, or that would have reached beyond it."""

APART = frozenset({"ALTER TYPE"})  # a value that it adds can be used only after COMMIT


def carry_out(blank: Backend, statements: Iterable[Statement], failure: Failure) -> int:
    """Runs the statements in order and returns how many there were. What they set for the session is undone.

    Raises what `failure` gives, and StatementError for a lost connection.
    """
    together = "rollback" in blank.preview_modes  # where DDL can be rolled back, thousands of commits can be spared
    ran = 0
    try:
        for statement in statements:
            joins = together and statement.kind not in APART and blank.may_run_in_transaction(statement)
            if joins and not blank.in_transaction():
                blank.begin()
            elif not joins and blank.in_transaction():
                blank.commit()
            _execute(blank, statement, failure)
            ran += 1
        if blank.in_transaction():
            blank.commit()
    except BaseException:
        blank.rollback()
        raise
    blank.clean_session(thorough=True)
    return ran


def _execute(blank: Backend, statement: Statement, failure: Failure) -> None:
    try:
        blank.execute([statement])
    except (StatementError, RefusedError) as error:
        if isinstance(error, StatementError) and error.disconnected:
            raise
        raise failure(statement, error) from error
