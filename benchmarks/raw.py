"""The same work over one driver connection and nothing else: `raw.py URL FOLDER WORK`.

status   list the folder, read and hash every file, read our state table, compare, print a line each
check    the same without the lines: what an `up` with nothing to do cannot do without
up       besides, for each migration: BEGIN, its statement, a state row, a history row, COMMIT
down N   besides, for each of the last N: BEGIN, its statement, a history row, no state row, COMMIT
"""

from __future__ import annotations

import hashlib
import os
import sys
from typing import Any

STATE = "id, state, direction, checksum, statements_done, statements_total, run, done_by, host, changed_at, duration_ms"
HISTORY = "run, migration, event, at, duration_ms, done_by, host, checksum, version, token, error"


def connect(url: str) -> tuple[Any, str, str]:
    """A connection in autocommit, its placeholder, and its function for the time."""
    if url.startswith("sqlite:///"):
        import sqlite3

        path = url.removeprefix("sqlite:///")
        return sqlite3.connect(path, isolation_level=None), "?", "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
    import psycopg

    return psycopg.connect(url, autocommit=True, prepare_threshold=None), "%s", "clock_timestamp()"


def read(folder: str) -> dict[str, tuple[str, str]]:
    """Checksum and text of each file, by its id."""
    found = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as file:
            content = file.read()
        found[name.removesuffix(".sql")] = ("sha256:" + hashlib.sha256(content).hexdigest(), content.decode())
    return found


def section(text: str, name: str) -> str:
    """The statements of a section."""
    return text.partition(f"-- miger:{name}\n")[2].partition("-- miger:")[0].strip().removesuffix(";")


def create(connection: Any, now: str) -> None:
    """The two tables."""
    serial = "INTEGER" if now.startswith("strf") else "bigint GENERATED ALWAYS AS IDENTITY"
    connection.execute(
        "CREATE TABLE miger_migrations (id TEXT NOT NULL PRIMARY KEY, state TEXT, direction TEXT, checksum TEXT, "
        "statements_done INTEGER, statements_total INTEGER, run TEXT, done_by TEXT, host TEXT, changed_at TEXT, "
        "duration_ms INTEGER, error TEXT)"
    )
    connection.execute(
        f"CREATE TABLE miger_history (seq {serial} PRIMARY KEY, run TEXT, migration TEXT, event TEXT, at TEXT, "
        "duration_ms INTEGER, done_by TEXT, host TEXT, checksum TEXT, version TEXT, token INTEGER, error TEXT)"
    )


def main() -> None:
    """Do the work that the command line names."""
    url, folder, work = sys.argv[1:4]
    files = read(folder)
    connection, mark, now = connect(url)
    m = mark
    history = f"INSERT INTO miger_history ({HISTORY}) VALUES ({m}, {m}, {m}, {now}, {m}, {m}, {m}, {m}, {m}, {m}, {m})"
    if work == "up":
        create(connection, now)
        put = f"INSERT INTO miger_migrations ({STATE}) VALUES ({m}, {m}, {m}, {m}, {m}, {m}, {m}, {m}, {m}, {now}, {m})"
        for id, (checksum, text) in files.items():
            connection.execute("BEGIN")
            connection.execute(section(text, "up"))
            connection.execute(put, (id, "applied", "up", checksum, 1, 1, "run", "by", "host", 1))
            connection.execute(history, ("run", id, "applied", 1, "by", "host", checksum, "0", 1, ""))
            connection.execute("COMMIT")
        return
    rows = connection.execute(f"SELECT {STATE} FROM miger_migrations").fetchall()
    applied = {row[0]: row for row in rows}
    for id, (checksum, _) in files.items():
        state = "pending" if id not in applied else "applied" if applied[id][3] == checksum else "modified"
        if work == "status":
            print(id, state, applied[id][9])
    if work == "down":
        for id in list(reversed(files))[: int(sys.argv[4])]:
            checksum, text = files[id]
            connection.execute("BEGIN")
            connection.execute(section(text, "down"))
            connection.execute(history, ("run", id, "reverted", 1, "by", "host", checksum, "0", 1, ""))
            connection.execute(f"DELETE FROM miger_migrations WHERE id = {mark}", (id,))
            connection.execute("COMMIT")


if __name__ == "__main__":
    main()
