"""SQLite's errors as ours: message, name, and what to do."""

from __future__ import annotations

import re
import sqlite3

from miger.engine.errors import StatementError

BUSY_CODES = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
NO_ACCESS_CODES = frozenset({sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH})
OUTSIDE_ONLY = re.compile(r"within (?:a )?transaction|inside a transaction")  # in a message


def refused(error: BaseException, index: int = 0) -> StatementError:
    """The StatementError for a driver's exception. Raises KeyboardInterrupt where that is what it was.

    A signal's handler raised it in the midst of a statement, and the driver made an error of its own of it.
    """
    full = getattr(error, "sqlite_errorcode", 0)
    code = full & 0xFF
    if code == sqlite3.SQLITE_INTERRUPT:
        raise KeyboardInterrupt from error
    hint = ""
    if code in BUSY_CODES:
        hint = "another program holds the file; `lock_timeout` says how long to wait for it"
    elif code == sqlite3.SQLITE_FULL:
        hint = "the disk is full: nothing of this transaction was kept"
    elif code == sqlite3.SQLITE_READONLY:
        hint = "check the rights on the file and its folder"
    elif OUTSIDE_ONLY.search(str(error)):
        hint = "set `transaction = false` in the migration's metadata"
    return StatementError(
        str(error),
        hint,
        code=getattr(error, "sqlite_errorname", ""),
        index=index,
        retryable=code in BUSY_CODES,
        disconnected=code in NO_ACCESS_CODES,
    )
