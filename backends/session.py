"""`Sql`: what `up`, `down` and `verify` of a Python migration on an SQL database get."""

from __future__ import annotations

import contextlib
import datetime
import decimal
import json
import re
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy
from sqlalchemy import event

from miger.backends.pieces import PieceSession
from miger.engine.backend import Work
from miger.engine.errors import StepFailed
from miger.engine.events import StatementFinished, StatementStarted
from miger.engine.sql_step import TRANSACTION_CONTROL
from miger.engine.state import Checkpoint
from miger.engine.statements import Statement, split
from miger.engine.step_work import shown

if TYPE_CHECKING:
    from alembic.operations import Operations

    from miger.backends.sql import SqlBackend

READS = frozenset({"SELECT", "VALUES", "SHOW", "EXPLAIN", "TABLE", "DESCRIBE", ""})
WRITES = re.compile(r"\b(?:insert|update|delete|merge)\b", re.IGNORECASE)

Parameters = Mapping[str, object] | Sequence[Mapping[str, object]]


class Sql(PieceSession):
    """A migration's hold on the database.

    With `transaction` (the default) all of it is one transaction. With `transaction = false`, each
    named step and each batch is committed together with its checkpoint, and so is each single
    statement outside of them; a resumed run skips what is finished.
    """

    def __init__(self, backend: SqlBackend, work: Work) -> None:
        super().__init__(backend, work)
        self._backend = backend
        self._engine = backend.sqlalchemy_engine()
        self._connection = self._engine.connect()
        self._connection.begin()  # sends nothing; else Alembic begins, and commits, around its operations
        self._operations: Operations | None = None
        self._number = 0  # of what is shown
        self._outside = 0  # of statements outside of steps and batches, which are checkpointed by number
        for name in ("do_execute", "do_executemany", "do_execute_no_params"):
            event.listen(self._engine, name, getattr(self, f"_{name}"))

    def close(self) -> None:
        """Lets go of the connection; called by the engine after COMMIT or ROLLBACK."""
        self._closed = True
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

    def batches(self, name: str, table: str, *, key: str, size: int = 1000) -> Iterator[Batch]:
        """Goes through a table in ranges of its unique column `key`, `size` rows at a time.

        `table` may be `schema.table`. With `transaction = false` each batch is committed with its
        place, and a resumed run goes on behind the last finished one; a batch that `break` leaves is
        not kept. Rows whose key is NULL are left out.
        """
        mark = self._new_key("batches", name)
        known = self._work.checkpoints.get(mark)
        low, rows_done = (unpack_key(known.data), known.rows) if known and known.data else (None, 0)
        source, column = _table(table, key)
        total = self._rest(source, column, low) + rows_done
        self._tell_progress(name, rows_done, total)
        while True:
            self._work.check()
            first, last, count = self._range(source, column, low, size)
            if not count:
                return
            low, rows_done = last, rows_done + count
            place = (mark, rows_done, last)
            with self._batch(name, lambda: _place(*place)):  # noqa: B023 (called before the next turn)
                yield Batch(self, first, last, count)
            self._tell_progress(name, rows_done, total)

    def _rest(self, source: sqlalchemy.TableClause, column: Any, low: object) -> int:
        query = sqlalchemy.select(sqlalchemy.func.count()).select_from(source).where(_behind(column, low))
        return int(self._connection.scalar(query) or 0)

    def _range(self, source: sqlalchemy.TableClause, column: Any, low: object, size: int) -> tuple[object, object, int]:
        """The first and last key of the next batch, and its rows. No min() and max(): they know no UUIDs."""
        keys = sqlalchemy.select(column.label("k")).select_from(source).where(_behind(column, low))
        inner = keys.order_by(column).limit(size).subquery()
        functions = sqlalchemy.func
        numbered = sqlalchemy.select(
            inner.c.k,
            functions.row_number().over(order_by=inner.c.k).label("number"),
            functions.count().over().label("rows"),
        ).subquery()
        ends = sqlalchemy.select(numbered.c.k, numbered.c.rows).order_by(numbered.c.number)
        found = self._connection.execute(ends.where(numbered.c.number.in_([1, numbered.c.rows]))).all()
        return (found[0][0], found[-1][0], int(found[0][1])) if found else (None, None, 0)

    # Every statement comes by here, also Alembic's: https://docs.sqlalchemy.org/en/21/core/events.html

    def _do_execute(self, cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
        return self._run(cursor, sql, lambda: cursor.execute(sql, parameters), parameters)

    def _do_executemany(self, cursor: Any, sql: str, parameters: Any, context: Any) -> bool:
        return self._run(cursor, sql, lambda: cursor.executemany(sql, parameters), parameters)

    def _do_execute_no_params(self, cursor: Any, sql: str, context: Any) -> bool:
        return self._run(cursor, sql, lambda: cursor.execute(sql), None)

    def _run(self, cursor: Any, sql: str, send: Callable[[], object], parameters: object) -> bool:
        kinds = [found.kind for found in split([sql], self._backend.dialect)] or [""]
        kinds = kinds[:1] if self._backend.is_program(sql) else kinds
        for kind in kinds:  # PostgreSQL takes several at once
            if kind in TRANSACTION_CONTROL:
                hint = "take it out: Miger commits by itself"
                raise StepFailed(self._work.migration.id, f"{kind} in a migration", hint)
            self._backend.note_statement(kind, sql)
        if len(kinds) > 1 and not self._backend.several_at_once:
            raise StepFailed(self._work.migration.id, "several statements in one call", "run them one by one")
        self._number += 1
        reads = all(_reads(kind, sql) for kind in kinds)
        kind = kinds[0]
        if self._work.transactional or self._in_piece or reads or self._work.section == "verify":
            self._timed(self._number, sql, kind, send, cursor)
            return True
        self._outside += 1
        raw = sql if not parameters else f"{sql}\n{parameters!r}"  # other values make it another statement
        statement = Statement(number=self._outside, line=0, raw=raw, kind=kind)
        self._work.checkpointed(statement, lambda: self._timed(self._outside, sql, kind, send, cursor))
        return True

    def _timed(self, number: int, sql: str, kind: str, send: Callable[[], object], cursor: Any) -> int:
        work, text, id = self._work, shown(sql), self._work.migration.id
        work.check()
        work.emit(StatementStarted(work.run, id, number, 0, text, work.section))
        started = time.perf_counter()
        try:
            with self._backend.time_limit(kind):
                send()
        except Exception as error:
            raise self._backend.translate(error) or error from error
        ms = (time.perf_counter() - started) * 1000
        rows = int(cursor.rowcount)
        work.emit(StatementFinished(work.run, id, number, 0, text, rows, ms, section=work.section))
        return max(rows, 0)


def _reads(kind: str, sql: str) -> bool:
    """Whether a statement only reads, so that it runs again on every run."""
    if kind == "WITH":
        return WRITES.search(sql) is None
    return kind in READS or (kind == "PRAGMA" and "=" not in sql)


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


def _place(mark: str, rows: int, key: object) -> Checkpoint:
    return Checkpoint(mark, "", "done", rows, pack_key(key))


def pack_key(value: object) -> str:
    """A key as JSON, with its type where JSON has none for it. Raises TypeError for a type we don't know."""
    if isinstance(value, (int, str, float)):
        return json.dumps(value)
    if type(value) not in _KEY_TYPES:
        raise TypeError(f"batches cannot go by a key of type {type(value).__name__}: no numbers, text or dates")
    text = value.isoformat() if isinstance(value, datetime.date) else str(value)
    return json.dumps({"type": type(value).__name__, "text": text})


def unpack_key(data: str) -> Any:
    """What `pack_key` packed."""
    value = json.loads(data)
    if not isinstance(value, dict):
        return value
    make = next(make for type_, make in _KEY_TYPES.items() if type_.__name__ == value["type"])
    return make(value["text"])


_KEY_TYPES: dict[type, Callable[[str], object]] = {
    uuid.UUID: uuid.UUID,
    decimal.Decimal: decimal.Decimal,
    datetime.date: datetime.date.fromisoformat,
    datetime.datetime: datetime.datetime.fromisoformat,
}


def _behind(column: Any, low: object) -> Any:
    """The condition for rows that are still to come. Without the first, a NULL would start it all again."""
    return column.is_not(None) if low is None else column > low


def _table(path: str, key: str) -> tuple[sqlalchemy.TableClause, Any]:
    schema, _, name = path.rpartition(".")
    source = sqlalchemy.table(name, sqlalchemy.column(key), schema=schema or None)
    return source, source.c[key]
