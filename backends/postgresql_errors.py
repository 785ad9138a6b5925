"""PostgreSQL's errors as ours: message, code, place in the statement, and what to do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import psycopg

from miger.engine.errors import StatementError
from miger.engine.secrets import scrub
from miger.engine.statements import Statement

# https://www.postgresql.org/docs/current/errcodes-appendix.html
RETRYABLE = frozenset({"55P03", "40P01", "40001"})  # lock_not_available, deadlock, serialization
OUTSIDE_ONLY = frozenset({"25001", "2D000"})  # active_sql_transaction, invalid_transaction_termination


def refused(error: psycopg.Error, secrets: Iterable[str], index: int = 0, *, lost: bool = False) -> StatementError:
    """The StatementError for a driver's exception. `lost`: the connection is known to be gone."""
    diagnosis = error.diag
    code = error.sqlstate or ""
    message = diagnosis.message_primary or str(error)
    if diagnosis.message_detail:
        message += f": {diagnosis.message_detail}"
    if (diagnosis.context or "").startswith("COPY "):
        message += f" ({diagnosis.context})"  # which row, and which column
    position = diagnosis.statement_position
    return StatementError(
        scrub(message + (f" ({code})" if code else ""), secrets),
        _hint(code, diagnosis.message_hint or ""),
        code=code,
        position=int(position) - 1 if position else None,
        index=index,
        retryable=code in RETRYABLE,
        disconnected=lost or code.startswith(("08", "57P")),
        outside_only=code in OUTSIDE_ONLY,
    )


def reason(text: str) -> str:
    """What was said last (of several hosts, the last one tried), without libpq's question after it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if not line.startswith("Is the server running")]
    return told[-1] if told else "no answer"


def _hint(code: str, hint: str) -> str:
    if code in OUTSIDE_ONLY:
        return "it can't run inside a transaction: set `transaction = false` in the migration's metadata"
    if code == "55P03":
        return "another session holds a lock; `lock_timeout` says how long to wait for it"
    if code == "57014":
        return "`statement_timeout` of the environment says how long a statement may take"
    return hint


def place(statements: Sequence[Statement], position: int) -> tuple[int, int]:
    """Which statement a character of the joined text is in, and where in its `sql`."""
    for index, statement in enumerate(statements):
        if position < len(statement.raw):
            return index, max(0, position - statement.raw.find(statement.sql))
        position -= len(statement.raw)
    return len(statements) - 1, 0
