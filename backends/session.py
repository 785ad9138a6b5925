"""`Sql`: what `up`, `down` and `verify` of a Python migration on an SQL database get."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import event

from miger.engine.backend import Work
from miger.engine.errors import StepFailed
from miger.engine.events import LogLine, Progress, StatementFinished, StatementStarted
from miger.engine.sql_step import TRANSACTION_CONTROL
from miger.engine.state import Checkpoint
from miger.engine.statements import Statement, split
from miger.engine.step_work import shown

if TYPE_CHECKING:
    from alembic.operations import Operations

    from miger.backends.sql import SqlBackend

READS = frozenset({"SELECT", "VALUES", "SHOW", "EXPLAIN", "TABLE", "DESCRIBE", ""})

Parameters = Mapping[str, object] | Sequence[Mapping[str, object]]


class Sql:
    """A migration's hold on the database.

    With `transaction` (the default) all of it is one transaction. With `transaction = false`, each
    named step and each batch is committed together with its checkpoint, and so is each single
    statement outside of them; a resumed run skips what is finished.
    """

    def __init__(self, backend: SqlBackend, work: Work) -> None:
        self._backend = backend
        self._work = work
        self._engine = backend.sqlalchemy_engine()
        self._connection = self._engine.connect()
        self._connection.begin()  # sends nothing; else Alembic begins, and commits, around its operations
        self._operations: Operations | None = None
        self._number = 0  # of what is shown
        self._outside = 0  # of statements outside of steps and batches, which are checkpointed by number
        self._in_piece = False
        self._names: set[str] = set()
        for name in ("do_execute", "do_executemany", "do_execute_no_params"):
            event.listen(self._engine, name, getattr(self, f"_{name}"))

    def close(self) -> None:
        """Lets go of the connection; called by the engine after COMMIT or ROLLBACK."""
        for name in ("do_execute", "do_executemany", "do_execute_no_params"):
            event.remove(self._engine, name, getattr(self, f"_{name}"))
        with contextlib.suppress(sqlalchemy.exc.SQLAlchemyError):
            self._connection.close()

    @property
    def connection(self) -> sqlalchemy.Connection:
        """The SQLAlchemy connection; do not commit or roll back on it."""
        return self._connection

    @property
    def dialect(self) -> str:
        """The database's name in SQLAlchemy: sqlite, postgresql and so on."""
        return self._engine.dialect.name

    def execute(
        self, statement: str | sqlalchemy.Executable, parameters: Parameters | None = None
    ) -> sqlalchemy.CursorResult[Any]:
        """Runs one statement: text, with `:name` for each parameter, or a SQLAlchemy construct.

        A list of parameter sets runs it once for each. Text without parameters is sent as it is,
        so that a colon or a percent sign in it needs no escape.
        Raises StatementError.
        """
        if isinstance(statement, str):
            if parameters is None:
                return self._connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
            statement = sqlalchemy.text(statement)
        return self._connection.execute(statement, parameters)

    @property
    def op(self) -> Operations:
        """Alembic's operations on this connection: `create_table`, `add_column`, `batch_alter_table` and so on."""
        if self._operations is None:
            from alembic.migration import MigrationContext  # deferred: half a second
            from alembic.operations import Operations

            self._operations = Operations(MigrationContext.configure(self._connection))
        return self._operations

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[bool]:
        """A named piece of work, committed as one: `with db.step("copy totals") as todo: if todo: …`.

        Yields False where an earlier run already finished it.
        """
        key = self._new_key("step", name)
        if key in self._work.checkpoints:
            self.log(f"step {name}: already done")
            yield False
            return
        with self._piece(lambda: Checkpoint(key, "", "done")):
            yield True

    def batches(self, name: str, table: str, *, key: str, size: int = 1000) -> Iterator[Batch]:
        """Goes through a table in ranges of its unique column `key`, `size` rows at a time.

        `table` may be `schema.table`. With `transaction = false` each batch is committed with its
        place, and a resumed run goes on behind the last finished one.
        """
        mark = self._new_key("batches", name)
        known = self._work.checkpoints.get(mark)
        low, rows_done = (json.loads(known.data), known.rows) if known and known.data else (None, 0)
        source, column = _table(table, key)
        total = self._rest(source, column, low) + rows_done
        self._tell_progress(name, rows_done, total)
        while True:
            self._work.check()
            first, last, count = self._range(source, column, low, size)
            if not count:
                return
            low, rows_done = last, rows_done + count
            place = Checkpoint(mark, "", "done", rows_done, json.dumps(last, default=str))
            with self._piece(lambda: place):  # noqa: B023 (called before the next turn)
                yield Batch(self, first, last, count)
            self._tell_progress(name, rows_done, total)

    def log(self, message: str, level: str = "info") -> None:
        """Writes a line to the run's log. `level` is info, warning or error."""
        self._work.emit(LogLine(self._work.run, self._work.migration.id, level, message))

    def progress(self, done: int, total: int | None = None, name: str = "progress") -> None:
        """Tells how far a long piece of work is: `done` of `total` units."""
        self._tell_progress(name, done, total)

    def _tell_progress(self, name: str, done: int, total: int | None) -> None:
        self._work.emit(Progress(self._work.run, self._work.migration.id, name, done, total))

    def _new_key(self, kind: str, name: str) -> str:
        key = f"{kind}:{name}"
        if key in self._names:
            raise StepFailed(self._work.migration.id, f"two pieces of work are called {name!r}", "name them apart")
        self._names.add(key)
        return key

    @contextlib.contextmanager
    def _piece(self, checkpoint: Callable[[], Checkpoint]) -> Iterator[None]:
        if self._work.transactional:
            yield
            return
        if self._in_piece:
            raise StepFailed(self._work.migration.id, "a step or batch inside another", "put them side by side")
        self._work.begin_piece()
        self._in_piece = True
        try:
            yield
            self._work.end_piece(checkpoint())
        except BaseException:
            self._backend.rollback()
            raise
        finally:
            self._in_piece = False

    def _rest(self, source: sqlalchemy.TableClause, column: Any, low: object) -> int:
        query = sqlalchemy.select(sqlalchemy.func.count()).select_from(source)
        return int(self._connection.scalar(query if low is None else query.where(column > low)) or 0)

    def _range(self, source: sqlalchemy.TableClause, column: Any, low: object, size: int) -> tuple[object, object, int]:
        keys = sqlalchemy.select(column.label("k")).select_from(source).order_by(column).limit(size)
        if low is not None:
            keys = keys.where(column > low)
        inner = keys.subquery()
        functions = sqlalchemy.func
        query = sqlalchemy.select(functions.min(inner.c.k), functions.max(inner.c.k), functions.count(inner.c.k))
        first, last, count = self._connection.execute(query).one()
        return first, last, int(count)

    # Every statement comes by here, also Alembic's: https://docs.sqlalchemy.org/en/21/core/events.html

    def _do_execute(self, cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
        return self._run(cursor, sql, lambda: cursor.execute(sql, parameters), parameters)

    def _do_executemany(self, cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
        return self._run(cursor, sql, lambda: cursor.executemany(sql, parameters), parameters)

    def _do_execute_no_params(self, cursor: Any, sql: str, context: Any) -> bool:
        return self._run(cursor, sql, lambda: cursor.execute(sql), None)

    def _run(self, cursor: Any, sql: str, send: Callable[[], object], parameters: object) -> bool:
        found = next(iter(split([sql], self._backend.dialect)), None)
        kind = found.kind if found is not None else ""
        if kind in TRANSACTION_CONTROL:
            raise StepFailed(self._work.migration.id, f"{kind} in a migration", "take it out: Miger commits by itself")
        self._backend.note_statement(kind, sql)
        self._number += 1
        reads = kind in READS or (kind == "PRAGMA" and "=" not in sql)
        if self._work.transactional or self._in_piece or reads or self._work.section == "verify":
            self._timed(self._number, sql, send, cursor)
            return True
        self._outside += 1
        raw = sql if not parameters else f"{sql}\n{parameters!r}"  # other values make it another statement
        statement = Statement(number=self._outside, line=0, raw=raw, kind=kind)
        self._work.checkpointed(statement, lambda: self._timed(self._outside, sql, send, cursor))
        return True

    def _timed(self, number: int, sql: str, send: Callable[[], object], cursor: Any) -> int:
        work, text, id = self._work, shown(sql), self._work.migration.id
        work.check()
        work.emit(StatementStarted(work.run, id, number, 0, text, work.section))
        started = time.perf_counter()
        try:
            send()
        except Exception as error:
            raise self._backend.translate(error) or error from error
        ms = (time.perf_counter() - started) * 1000
        rows = int(cursor.rowcount)
        work.emit(StatementFinished(work.run, id, number, 0, text, rows, ms, section=work.section))
        return max(rows, 0)


class Batch:
    """One range of a table's key: `low` and `high` (both inclusive) and how many rows lie in it."""

    def __init__(self, db: Sql, low: object, high: object, rows: int) -> None:
        self._db = db
        self.low = low
        self.high = high
        self.rows = rows

    def execute(
        self, statement: str | sqlalchemy.Executable, parameters: Mapping[str, object] | None = None
    ) -> sqlalchemy.CursorResult[Any]:
        """Runs one statement with `:low` and `:high` bound to this range, beside `parameters`."""
        return self._db.execute(statement, {"low": self.low, "high": self.high, **(parameters or {})})


def _table(path: str, key: str) -> tuple[sqlalchemy.TableClause, Any]:
    schema, _, name = path.rpartition(".")
    source = sqlalchemy.table(name, sqlalchemy.column(key), schema=schema or None)
    return source, source.c[key]
