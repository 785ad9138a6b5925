"""One contestant of `generate.py`, in a process of its own: `generate_work.py WORK PLACES [count]`.

PLACES is JSON: `folder` (of the project), `live` and `wanted` (databases), `alembic` (the live one, for SQLAlchemy).
Prints on its last line, as JSON: `cpu` and `server` in seconds, what this process and the database server's own took
for the work (imports and connecting before are `start`), `queries` (with `count`, which slows), `differences`,
`memory` and `children` in MB, the peaks of this process and of the largest it started.

raw      the catalog queries that one side cannot do without, over one driver connection
read     `read_catalog` of one database
compare  both sides read and compared
check    `miger generate --check --schema models:metadata`, whole
alembic  `compare_metadata` for the same models and database
make     makes the database at `live` or `wanted` out of a module, for the others
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import json
import os
import resource
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

MEGABYTE = 1024 if sys.platform.startswith("linux") else 1024 * 1024  # ru_maxrss: KiB, on macOS bytes

RAW_SQLITE = (
    "SELECT type, name, tbl_name, sql FROM sqlite_master",
    "SELECT m.name, x.* FROM sqlite_master m, pragma_table_xinfo(m.name) x WHERE m.type = 'table'",
    "SELECT m.name, l.*, x.* FROM sqlite_master m, pragma_index_list(m.name) l, pragma_index_xinfo(l.name) x "
    "WHERE m.type = 'table'",
    "SELECT m.name, k.* FROM sqlite_master m, pragma_foreign_key_list(m.name) k WHERE m.type = 'table'",
)
_SEEN = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
_OF = f"FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND {_SEEN} "
RAW_POSTGRESQL = (
    f"SELECT c.oid, n.nspname, c.relname, c.relkind, obj_description(c.oid, 'pg_class') {_OF} "
    "WHERE c.relkind IN ('r', 'p')",
    "SELECT a.attrelid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, "
    "pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, a.attcollation, "
    f"col_description(a.attrelid, a.attnum) {_OF} AND c.relkind IN ('r', 'p') "
    "JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped "
    "LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum ORDER BY a.attrelid, a.attnum",
    "SELECT k.conrelid, k.conname, k.contype, k.conkey, k.confrelid, k.confkey, pg_get_constraintdef(k.oid) "
    f"{_OF} JOIN pg_constraint k ON k.conrelid = c.oid ORDER BY k.conrelid, k.conname",
    "SELECT i.indrelid, x.relname, i.indisunique, i.indkey, pg_get_indexdef(i.indexrelid) "
    f"{_OF} JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid "
    "ORDER BY i.indrelid, x.relname",
)


class Work:
    """What is measured: `differences` found, and the server's processes that do the work."""

    def __init__(self, places: dict[str, str]) -> None:
        self.places = places
        self.differences: int | None = None
        self.servers: list[int] = []
        sys.path.insert(0, places["folder"])

    # Each makes ready what is not measured, and gives back what is.

    def raw(self) -> Callable[[], None]:
        url = self.places["live"]
        if url.startswith("sqlite:///"):
            file = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
            return lambda: _fetch(file, RAW_SQLITE)
        import psycopg

        connection = psycopg.connect(url, autocommit=True, prepare_threshold=None)
        self.servers.append(connection.info.backend_pid)
        return lambda: _fetch(connection, RAW_POSTGRESQL)

    def read(self) -> Callable[[], None]:
        live = self._backend("live")

        def read() -> None:
            live.read_catalog()

        return read

    def compare(self) -> Callable[[], None]:
        from miger.generate.compare import compare

        live, wanted = self._backend("live"), self._backend("wanted")

        def both() -> None:
            found = compare(live.read_catalog(), wanted.read_catalog())
            assert not found.things, found.things
            parts = [(*one.columns, *one.constraints, *one.indexes, *one.extras) for one in found.changed]
            assert len(parts) == len(found.tables), "a table came or went"
            self.differences = sum(map(len, parts))

        return both

    def check(self) -> Callable[[], None]:
        from miger.cli.main import run

        os.environ["DATABASE_URL"] = self.places["live"]
        sys.argv[1:] = ["-C", self.places["folder"], "generate", "--check", "--schema", "models:metadata"]

        def whole() -> None:
            try:
                run()
            except SystemExit as ended:
                assert ended.code == 3, ended.code

        return whole

    def alembic(self) -> Callable[[], None]:
        from alembic.autogenerate import compare_metadata
        from alembic.migration import MigrationContext
        from sqlalchemy import create_engine

        metadata = importlib.import_module("models").metadata
        connection = create_engine(self.places["alembic"]).connect()
        driver: Any = connection.connection.driver_connection
        if not isinstance(driver, sqlite3.Connection):
            self.servers.append(driver.info.backend_pid)

        def both() -> None:
            self.differences = len(compare_metadata(MigrationContext.configure(connection), metadata))

        return both

    def make(self) -> Callable[[], None]:
        from sqlalchemy import create_engine

        live, wanted = (importlib.import_module(name).metadata for name in ("live_models", "models"))

        def both() -> None:
            for name, metadata in (("alembic", live), ("alembic_wanted", wanted)):
                metadata.create_all(create_engine(self.places[name]))

        return both

    def _backend(self, name: str) -> Any:
        from miger.backends.registry import backend_for
        from miger.engine.environments import Environment
        from miger.engine.secrets import Secret

        backend: Any = backend_for(Environment(name, Secret(self.places[name])), "miger_")
        backend.open()
        if backend.name == "postgresql":
            self.servers.append(backend.driver_connection.info.backend_pid)
        importlib.import_module(f"miger.backends.{backend.name}_objects")
        return backend


def _fetch(connection: Any, queries: tuple[str, ...]) -> None:
    for sql in queries:
        assert connection.execute(sql).fetchall(), sql


@contextlib.contextmanager
def counted() -> Iterator[list[str]]:
    """All statements that connections made from here on send."""
    asked: list[str] = []
    connect = sqlite3.connect

    def traced(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **options)
        # What a pragma asks within a query of ours begins so.
        connection.set_trace_callback(lambda sql: asked.append(sql) if not sql.startswith("--") else None)
        return connection

    for module in (sqlite3, sqlite3.dbapi2):
        setattr(module, "connect", traced)  # noqa: B010
    if importlib.util.find_spec("psycopg") is not None:
        import psycopg

        execute = psycopg.Cursor.execute

        def noted(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
            asked.append(str(query))
            return execute(cursor, query, *arguments, **options)

        setattr(psycopg.Cursor, "execute", noted)  # noqa: B010
    yield asked


def server_seconds(processes: list[int]) -> float:
    """CPU that the server's processes have taken so far; 0 where the system does not tell (not Linux, elsewhere)."""
    found = 0.0
    for process in processes:
        with contextlib.suppress(OSError), open(f"/proc/{process}/schedstat") as file:
            found += int(file.read().split()[0]) / 1e9
    return found


def main() -> None:
    """Do the work that the command line names, and print what it took."""
    name, places, *more = sys.argv[1:]
    work = Work(json.loads(places))
    with contextlib.ExitStack() as stack:
        asked = stack.enter_context(counted()) if more else []
        run = getattr(work, name)()
        start, before = _cpu(), server_seconds(work.servers)
        asked.clear()
        wall = time.perf_counter()
        run()
        figures = {
            "cpu": _cpu() - start,
            "server": server_seconds(work.servers) - before,
            "wall": time.perf_counter() - wall,
            "start": start,
            "queries": len(asked),
            "differences": work.differences,
            "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE,
            "children": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / MEGABYTE,
        }
    print(json.dumps(figures))


def _cpu() -> float:
    """Of this process and those that it has waited for."""
    taken = os.times()
    return time.process_time() + taken.children_user + taken.children_system


if __name__ == "__main__":
    main()
