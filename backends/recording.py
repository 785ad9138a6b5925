"""`Sql` without a database: what a Python migration would send becomes events."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

import sqlalchemy

from miger.backends.session import Parameters
from miger.engine.backend import Work
from miger.engine.errors import NeedsDatabase
from miger.engine.events import LogLine, StatementFinished

if TYPE_CHECKING:
    from alembic.operations import Operations


class RecordedSql:
    """What `up` and `down` get in place of `Sql` while a plan is only listed.

    Statements are told as events and sent nowhere. Whatever needs an answer raises NeedsDatabase.
    """

    def __init__(self, sqlalchemy_url: str, work: Work) -> None:
        self._dialect = sqlalchemy.make_url(sqlalchemy_url).get_dialect()()
        self._work = work
        self._number = 0
        self._operations: Operations | None = None

    def turn_to(self, work: Work) -> None:
        """Goes on with another section; called by the engine."""
        self._work = work

    def close(self) -> None:
        """Nothing is held."""

    @property
    def connection(self) -> NoReturn:
        """There is none. Raises NeedsDatabase."""
        raise NeedsDatabase("it uses the connection itself")

    @property
    def dialect(self) -> str:
        """The database's name in SQLAlchemy: sqlite, postgresql and so on."""
        return str(self._dialect.name)

    def execute(self, statement: str | sqlalchemy.Executable, parameters: Parameters | None = None) -> Answer:
        """Tells of one statement, with its values beside it. The answer raises NeedsDatabase when it is used."""
        if isinstance(statement, str):
            text = statement
        else:
            compiled = statement.compile(dialect=self._dialect)  # type: ignore[attr-defined]  # all have it
            text = str(compiled)
            parameters = parameters or {name: value for name, value in compiled.params.items() if value is not None}
        self._tell(text + (f"  -- {_values(parameters)}" if parameters else ""))
        return Answer(text)

    @property
    def op(self) -> Operations:
        """Alembic's operations, which write their statements out: Alembic's "offline mode"."""
        if self._operations is None:
            from alembic.migration import MigrationContext  # deferred: half a second
            from alembic.operations import Operations

            options = {"as_sql": True, "output_buffer": _Statements(self._tell)}
            self._operations = Operations(MigrationContext.configure(dialect=self._dialect, opts=options))
        return self._operations

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[bool]:
        """A named piece of work; every one is still to do."""
        self.log(f"step {name}")
        yield True

    def batches(self, name: str, table: str, *, key: str, size: int = 1000) -> Iterator[RecordedBatch]:
        """One batch that stands for all: how many there are, only the database knows."""
        self.log(f"{name}: once for every {size} rows of {table} by {key}")
        yield RecordedBatch(self)

    def log(self, message: str, level: str = "info") -> None:
        """Writes a line to the log."""
        self._work.emit(LogLine(self._work.run, self._work.migration.id, level, message))

    def progress(self, done: int, total: int | None = None, name: str = "progress") -> None:
        """Nothing progresses here."""

    def _tell(self, text: str) -> None:
        self._number += 1
        work = self._work
        work.emit(
            StatementFinished(work.run, work.migration.id, self._number, 0, text, rows=-1, ms=0.0, section=work.section)
        )


class Answer:
    """What a statement would have given."""

    def __init__(self, text: str) -> None:
        self._text = " ".join(text.split())[:80]

    def __getattr__(self, name: str) -> NoReturn:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NeedsDatabase(f"it reads the answer to {self._text!r}")

    def __iter__(self) -> NoReturn:
        raise NeedsDatabase(f"it reads the answer to {self._text!r}")


class RecordedBatch:
    """The batch that stands for all: its bounds are the parameters `:low` and `:high`."""

    low, high, rows = ":low", ":high", 0

    def __init__(self, db: RecordedSql) -> None:
        self._db = db

    def execute(self, statement: str | sqlalchemy.Executable, parameters: Mapping[str, object] | None = None) -> Answer:
        """Tells of one statement of each batch."""
        return self._db.execute(statement, dict(parameters) if parameters else None)


class _Statements(io.TextIOBase):
    """What Alembic writes its statements to: one at a time, with a `;` behind it."""

    def __init__(self, tell: Any) -> None:
        self._tell = tell

    def write(self, text: str) -> int:
        statement = text.strip().removesuffix(";").strip()
        if statement:
            self._tell(statement)
        return len(text)


def _values(parameters: Parameters) -> str:
    if isinstance(parameters, Mapping):
        return ", ".join(f"{name} = {value!r}" for name, value in parameters.items())
    return f"{len(parameters)} sets of values"
