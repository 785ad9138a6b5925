"""A project in a temporary folder, its database, and `miger` run on it in this process or another."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from miger.cli.main import main

from tests.app import mongodb_words
from tests.servers import mongodb, mysql

COMMAND = (sys.executable, "-c", "from miger.cli.main import run; run()")
PATIENCE = 40.0  # seconds until a condition that should come counts as missed


def until(condition: Callable[[], object], what: str = "the condition") -> None:
    """Polls until `condition` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(0.02)


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The JSON document on stdout."""
        return json.loads(self.out)

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON lines on stdout."""
        return [json.loads(line) for line in self.out.splitlines()]


class Process:
    """A `miger` in a process of its own; with --json its events can be waited for."""

    def __init__(self, arguments: Iterable[str], environ: Mapping[str, str]) -> None:
        self.popen = subprocess.Popen(
            [*COMMAND, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(environ),
        )
        self.events: list[dict[str, Any]] = []
        self._lines: list[str] = []

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.communicate()

    def event(self, name: str, **wanted: object) -> dict[str, Any]:
        """Reads lines until the event comes that has these values."""
        while (found := self.next_event()) is not None:
            if found["event"] == name and all(found.get(key) == value for key, value in wanted.items()):
                return found
        pytest.fail(f"no {name} {wanted}: {self._lines}\n{self.popen.communicate()[1]}")

    def next_event(self) -> dict[str, Any] | None:
        """The next event, None at the end."""
        assert self.popen.stdout is not None
        line = self.popen.stdout.readline()
        if not line:
            return None
        self._lines.append(line)
        self.events.append(json.loads(line))
        return self.events[-1]

    def signal(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    def end(self) -> Done:
        """Waits for the end. Its stdout holds what was read before, too."""
        out, err = self.popen.communicate(timeout=PATIENCE)
        return Done(self.popen.returncode, "".join(self._lines) + out, err)


class Sandbox:
    """A project with the environment `dev` on a fresh database."""

    def __init__(self, folder: str, backend: str, url: str, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.backend = backend
        self.url = url
        self.migrations = os.path.join(folder, "migrations")
        self.environ = {**os.environ, "MIGER_USER": "alice"}
        self.words = mongodb_words.Words()
        self._capsys = capsys
        os.makedirs(self.migrations)
        self.configure()

    @property
    def sqlite(self) -> bool:
        return self.backend == "sqlite"

    @property
    def transactional_ddl(self) -> bool:
        """Whether a migration that makes a table is one transaction."""
        return self.backend not in ("mysql", "mongodb")

    def half_way(self, going: str, done: int, total: int) -> str:
        """How `status` tells how far a migration came; only statements are counted."""
        return going if self.on_mongodb else f"{going}, {done} of {total}"

    @property
    def on_mongodb(self) -> bool:
        return self.backend == "mongodb"

    @property
    def suffix(self) -> str:
        """Of the files that `sql` writes."""
        return "py" if self.on_mongodb else "sql"

    # Files

    def configure(self, environment: str = "", project: str = "", more: str = "") -> None:
        """Writes `miger.toml`: lines for the environment, for the project, and further tables."""
        self.write(
            "miger.toml",
            f'[project]\nname = "shop"\n{project}\n[environments.dev]\nurl = {json.dumps(self.url)}\n'
            f"{environment}\n{more}\n",
        )

    def write(self, path: str, text: str) -> str:
        """Writes a file below the project's folder and returns its path."""
        path = os.path.join(self.folder, path)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def sql(self, id: str, up: str, down: str | None = None, verify: str | None = None, metadata: str = "") -> str:
        """Writes an SQL migration; on MongoDB one in Python that does the same."""
        if self.on_mongodb and mongodb_words.statements(up):
            return self._write_python(id, self.words.migration(up, down, verify), metadata)
        block = "".join(f"-- {line}\n" for line in metadata.splitlines())
        text = f"-- /// miger\n{block}-- ///\n-- miger:up\n{up}\n"
        text += "" if verify is None else f"-- miger:verify\n{verify}\n"
        text += "" if down is None else f"-- miger:down\n{down}\n"
        return self.write(f"migrations/{id}.sql", text)

    def python(self, id: str, body: str, metadata: str = "") -> str:
        """Writes a Python migration; `body` are its imports and functions, on MongoDB without SQL."""
        return self._write_python(id, self.words.python(body) if self.on_mongodb else body, metadata)

    def _write_python(self, id: str, body: str, metadata: str) -> str:
        block = "".join(f"# {line}\n" for line in metadata.splitlines())
        return self.write(f"migrations/{id}.py", f"# /// miger\n{block}# ///\n{body}\n")

    def table(self, id: str, name: str, metadata: str = "") -> str:
        """Writes a migration that makes and drops a table."""
        return self.sql(id, f"CREATE TABLE {name} (id INTEGER);", f"DROP TABLE {name};", metadata=metadata)

    def path(self, *names: str) -> str:
        return os.path.join(self.folder, *names)

    # Commands

    def miger(self, *arguments: str, code: int | None = 0) -> Done:
        """Runs a command in this process; it has to end with `code` (None: any)."""
        self._capsys.readouterr()
        ended = main(["-C", self.folder, *arguments])
        out, err = self._capsys.readouterr()
        assert "Traceback" not in err
        assert code is None or ended == code, f"miger {' '.join(arguments)} ended with {ended}\n{out}{err}"
        return Done(ended, out, err)

    def start(self, *arguments: str, **environ: str) -> Process:
        """Starts a command in a process of its own."""
        return Process(["-C", self.folder, *arguments], {**self.environ, **environ})

    def run(self, *arguments: str, **environ: str) -> Done:
        """Runs a command in a process of its own to its end."""
        with self.start(*arguments, **environ) as process:
            return process.end()

    # What is there

    def status(self) -> Any:
        return self.miger("status", "--json").document

    def states(self) -> dict[str, str]:
        """The state of each migration."""
        return {item["id"]: item["state"] for item in self.status()["migrations"]}

    def history(self, id: str | None = None) -> list[str]:
        """The events, oldest first; of one migration, or `event id` of all."""
        entries = reversed(self.miger("history", "--json").document)
        if id is not None:
            return [entry["event"] for entry in entries if entry["id"] == id]
        return [f"{entry['event']} {entry['id'] or ''}".strip() for entry in entries]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query on a connection of its own, committed."""
        if self.sqlite:
            connection = sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=20)
            try:
                found = connection.execute(query).fetchall()
                connection.commit()
                return found
            finally:
                connection.close()
        if self.on_mongodb:
            return self.words.rows(self.url, query)
        if self.backend == "mysql":
            with mysql.connect(self.url) as connection_, connection_.cursor() as cursor_:
                cursor_.execute(query)
                return list(cursor_.fetchall())
        with psycopg.connect(self.url, autocommit=True) as server:
            cursor = server.execute(query)
            return cursor.fetchall() if cursor.description else []

    def tables(self) -> set[str]:
        """The tables that are not ours."""
        if self.on_mongodb:
            return mongodb_words.collections(self.url)
        queries = {
            "sqlite": "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            "postgresql": "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'public'",
            "mysql": "SHOW TABLES",
        }
        return {name for (name,) in self.rows(queries[self.backend]) if not name.startswith("miger_")}

    def dump(self) -> dict[str, Any]:
        """Schema and rows of everything that is not ours, to be compared."""
        if self.on_mongodb:
            return mongodb_words.dump(self.url)
        contents = {table: sorted(self.rows(f"SELECT * FROM {table}")) for table in sorted(self.tables())}
        if self.sqlite:
            schema = self.rows(
                "SELECT type, name, sql FROM sqlite_master WHERE tbl_name NOT LIKE 'miger_%' ORDER BY 1, 2"
            )
            return {"schema": schema, "rows": contents}
        if self.backend == "mysql":
            shown = [self.rows(f"SHOW CREATE TABLE {table}") for table in sorted(contents)]
            return {"schema": shown, "rows": contents}
        columns = self.rows(
            "SELECT table_name, column_name, ordinal_position, data_type, is_nullable, column_default "
            "FROM information_schema.columns WHERE table_schema = 'public' AND table_name NOT LIKE 'miger_%' "
            "ORDER BY 1, 3"
        )
        indexes = self.rows(
            "SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_catalog.pg_index i "
            "JOIN pg_catalog.pg_class c ON c.oid = i.indrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            "WHERE n.nspname = 'public' AND c.relname NOT LIKE 'miger_%' ORDER BY 1"
        )
        return {"schema": (columns, indexes), "rows": contents}

    def wipe(self) -> None:
        """Makes the database empty again."""
        if self.sqlite:
            path = self.url.removeprefix("sqlite:///")
            for suffix in ("", "-journal", "-wal", "-shm"):
                if os.path.exists(path + suffix):
                    os.unlink(path + suffix)
        elif self.on_mongodb:
            with contextlib.closing(mongodb.Administrator(self.url)) as administrator:
                administrator.drop_database(urlsplit(self.url).path.removeprefix("/"))
        elif self.backend == "mysql":
            name = self.url.rpartition("/")[2]
            self.rows(f"DROP DATABASE {name}")
            with mysql.connect(self.url.removesuffix(name)) as connection, connection.cursor() as cursor:
                cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        else:
            self.rows("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
