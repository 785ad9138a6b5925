"""The contract every database fulfils. One file under `backends/` implements it; nothing else knows a driver.

A backend object is one connection, used from one thread. Driver exceptions never leave it: it raises
`UnreachableError`, `StatementError`, `LeaseLost` or `RefusedError`, with no password in any message.

Writes of state and history are *fenced*: they happen only while the lease's token is still the one in
the database, and raise `LeaseLost` otherwise, with nothing written.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from miger.engine.errors import NeedsDatabase, RefusedError

if TYPE_CHECKING:  # `miger status` needs the classes below, but none of these
    from miger.engine.catalog import Catalog
    from miger.engine.environments import Environment
    from miger.engine.errors import StatementError
    from miger.engine.events import Event
    from miger.engine.migration import Migration
    from miger.engine.owner import Owner
    from miger.engine.state import Checkpoint, HistoryEntry, Holder, Lease, Snapshot, StateRow
    from miger.engine.statements import Statement


class Work(Protocol):
    """What a Python migration's session may ask of the run it is part of."""

    @property
    def migration(self) -> Migration:
        """The migration that runs."""

    @property
    def direction(self) -> str:
        """up or down."""

    @property
    def section(self) -> str:
        """up, verify or down."""

    @property
    def transactional(self) -> bool:
        """Whether everything runs in one transaction, so that nothing is checkpointed."""

    @property
    def lease(self) -> Lease:
        """What writes are fenced with."""

    @property
    def run(self) -> str:
        """The run's id, for events."""

    @property
    def checkpoints(self) -> Mapping[str, Checkpoint]:
        """The finished pieces and intents, by key, as of now."""

    def emit(self, event: Event) -> None:
        """Hands an event to the observers."""

    def check(self) -> None:
        """Raises Interrupted or LeaseLost when the run has to stop here."""

    def begin_piece(self) -> None:
        """Starts the transaction of one resumable piece (a named step, a batch)."""

    def end_piece(self, checkpoint: Checkpoint) -> None:
        """Commits that transaction together with its checkpoint, fenced."""

    def checkpointed(self, statement: Statement, action: Callable[[], int]) -> bool:
        """Runs `action` (which executes `statement`) so that a resumed run does not do it again.

        False where an earlier, broken-off run had already done it and it was skipped.
        """


class Session(Protocol):
    """What `up`, `down` and `verify` of a Python migration get (`Sql`, `Mongo`)."""

    def turn_to(self, work: Work) -> None:
        """Goes on with another section of the same migration: verify, after up."""

    def close(self) -> None:
        """Lets go of what the session holds; the backend's connection stays."""


class Evidence(NamedTuple):
    """What the catalog says of a statement that may or may not have run.

    `happened` is None where it cannot be told; `reason` says what was looked at.
    """

    happened: bool | None
    reason: str


class Effects(NamedTuple):
    """What a statement did beside its rows: locks taken, as relation and mode, and tables written anew.

    `derived` are locks that it takes by the database's manual, and that could not be seen.
    """

    locks: tuple[tuple[str, str], ...] = ()
    rewritten: tuple[str, ...] = ()
    derived: tuple[tuple[str, str], ...] = ()


class ScriptWords(NamedTuple):
    """How a script for the database's own client is written; "" for what that client does not know."""

    comment: str = "--"
    begin: str = "BEGIN;"
    commit: str = "COMMIT;"


class Backend(ABC):
    """One connection to one database."""

    name: ClassVar[str]
    runs_sql: ClassVar[bool] = True  # where it does not, every migration is a Python file
    answers: ClassVar[bool] = False  # whether `ask` (`ask_documents` where it runs no SQL) can be used
    dialect: ClassVar[str]  # of `miger.engine.statements.split`
    grouped_kinds: ClassVar[frozenset[str]]  # of statements that may be sent together with their neighbours
    script_words: ClassVar[ScriptWords] = ScriptWords()

    def __init__(self, environment: Environment, prefix: str) -> None:
        self.environment = environment
        self.prefix = prefix
        self.on_notice: Callable[[str], None] = lambda text: None  # what the server says beside results
        self.on_warning: Callable[[str], None] = lambda text: None  # what a person should look at

    # Connection

    @abstractmethod
    def open(self) -> None:
        """Connects. Raises UnreachableError. Opening twice is harmless."""

    @abstractmethod
    def close(self) -> None:
        """Disconnects, rolling back what is open. Never raises."""

    @abstractmethod
    def reopen(self) -> None:
        """Connects anew after a lost connection, and makes sure that the old one does nothing more."""

    @abstractmethod
    def clone(self) -> Backend:
        """Another connection to the same database, not yet open."""

    @abstractmethod
    def server(self) -> str:
        """Name and version of the server, as in `postgresql 15.4`."""

    # State

    @abstractmethod
    def snapshot(self) -> Snapshot:
        """State rows and lease at one moment. Writes nothing, also where our tables do not exist."""

    @abstractmethod
    def history(self, limit: int | None = None, id: str | None = None) -> list[HistoryEntry]:
        """The history, newest first, at most `limit` entries, of one migration or all."""

    @abstractmethod
    def checkpoints(self, id: str, direction: str) -> dict[str, Checkpoint]:
        """The checkpoints of a step that is under way, by key."""

    @abstractmethod
    def recorded(self, run: str, id: str, event: str) -> bool:
        """Whether that history entry exists: settles a COMMIT whose answer was lost."""

    @abstractmethod
    def prepare(self) -> None:
        """Makes our tables where they are missing; safe when several processes do so at once."""

    @abstractmethod
    def record(self, lease: Lease, entry: HistoryEntry, row: StateRow | None, *, forget: bool = False) -> None:
        """Writes a history entry and, if given, the state row; `forget` deletes the row of `entry.id`.

        An applied row or a forgotten one takes its checkpoints with it. Part of the open transaction,
        or one of its own. Fenced.
        """

    @abstractmethod
    def save_checkpoint(self, lease: Lease, id: str, direction: str, checkpoint: Checkpoint, done: int) -> None:
        """Writes one checkpoint and the count of finished statements. As `record` otherwise."""

    # Schema

    @abstractmethod
    def read_schema(self) -> dict[str, str]:
        """The definition of each object of the database, by kind and name (`table users`), without our own.

        A definition has a line for each part (a column, an index), in an order that does not depend on
        when it was read. The number of queries does not grow with that of the objects, where the
        database allows it. Objects that nobody made by hand or migration (system schemas, what belongs
        to an extension, temporary tables) are left out, and so is what changes by itself (counters).
        """

    def read_catalog(self) -> Catalog:
        """All that is in the database, but for what `read_schema` leaves out. Called outside a transaction.

        The number of queries does not grow with that of the objects. Two databases of the same server that were
        made alike give equal values, whatever they were called. Raises RefusedError where it cannot be read so.
        """
        raise RefusedError(f"{self.name} cannot tell what its tables consist of")

    def definition(self, schema: Mapping[str, str], name: str) -> str:
        """The definition of the object `name` of a schema in such words that those of equal meaning are equal.

        The schema is as `read_schema` gives it, of this or an earlier time. Asks nothing: where a database
        tells definitions in one wording only, they are what was read.
        """
        return schema[name]

    def ask(self, sql: str, seconds: float) -> list[tuple[Any, ...]]:
        """The rows of a query, in a transaction that can change nothing and is rolled back, within a time limit.

        Waits no longer than a second for locks. Nothing where there is no database yet. Called outside a
        transaction. Raises StatementError; RefusedError where `answers` is not set.
        """
        raise RefusedError(f"{self.name} cannot be asked about its rows")

    def ask_documents(self, collection: str, pipeline: list[dict[str, Any]], seconds: float) -> list[dict[str, Any]]:
        """As `ask`, of a database of documents: what an aggregation that writes nothing gives."""
        raise RefusedError(f"{self.name} cannot be asked about its documents")

    @abstractmethod
    def noted_schema(self) -> dict[str, str]:
        """What `note_schema` has noted; empty where nothing is, or our tables do not exist."""

    @abstractmethod
    def note_schema(self, lease: Lease, changes: Mapping[str, str | None], *, anew: bool = False) -> None:
        """Notes definitions by object, None for one that is gone; `anew` first forgets all noted before.

        In one transaction of its own. Fenced.
        """

    # Lease

    @abstractmethod
    def acquire(self, owner: Owner, seconds: float, dead: Holder | None = None) -> Lease | Holder:
        """Takes the lease if it is free, expired, or held by `dead`; else says who holds it.

        Ends whatever the former holder still has running on the server.
        """

    @abstractmethod
    def renew(self, lease: Lease, seconds: float, activity: str) -> None:
        """Prolongs the lease. Raises LeaseLost when it was taken over."""

    @abstractmethod
    def release(self, lease: Lease) -> None:
        """Gives the lease up, if it is still ours."""

    # Running

    @abstractmethod
    def begin(self, migration: Migration | None = None, section: str = "up", *, piece: bool = False) -> None:
        """Starts a transaction; with a migration, in the way that its statements need.

        `piece`: only one of several transactions of that migration.
        """

    @abstractmethod
    def commit(self) -> None:
        """Commits. StatementError(disconnected=True) means that nobody knows yet: see `recorded`."""

    @abstractmethod
    def rollback(self) -> None:
        """Rolls back. Never raises: a lost connection has rolled back by itself."""

    @abstractmethod
    def in_transaction(self) -> bool:
        """Whether a transaction is open."""

    @abstractmethod
    def execute(self, statements: Sequence[Statement]) -> int:
        """Runs statements in order, in as few round trips as possible; returns rows changed, -1 unknown.

        Raises StatementError, its `index` that of the statement that failed.
        """

    @abstractmethod
    def check_verify(self, statement: Statement) -> str | None:
        """Runs one statement of a verify section; None when it holds, else what is wrong."""

    def runs_in_transaction(self, migration: Migration, section: str) -> bool:
        """Whether a section of a migration can be one transaction on this server.

        Raises BadMigrations for a file that this kind of database cannot run at all.
        """
        return migration.transaction

    @abstractmethod
    def may_run_in_transaction(self, statement: Statement) -> bool:
        """Whether the database allows it inside a transaction."""

    @abstractmethod
    def sets_session(self, statement: Statement) -> bool:
        """Whether a statement only changes the session, so that a resumed run has to repeat it."""

    @abstractmethod
    def evidence_before(self, statement: Statement) -> str:
        """What to note before a statement that runs outside a transaction, to judge it by later."""

    @abstractmethod
    def happened(self, statement: Statement, noted: str) -> Evidence:
        """Whether such a statement ran, by the catalog; cleans up what a failed one left behind."""

    @abstractmethod
    def session(self, work: Work) -> Session:
        """What a Python migration works with. Called outside a transaction."""

    # Dry runs; a database that offers none of these can list statements alone

    preview_modes: ClassVar[tuple[str, ...]] = ("sql",)  # the truest first

    def uncommitted(self) -> Backend:
        """Another connection, on which everything is rolled back in the end, whatever is committed.

        Writes of state stay in memory. Waits for no lock longer than a second. Raises RefusedError
        where the database can't.
        """
        raise RefusedError(f"{self.name} cannot roll back a dry run")

    def scratch(self, owner: Owner, rows: int) -> AbstractContextManager[Backend]:
        """A database of its own with a copy of this one: its schema, and up to `rows` rows of each table.

        It is dropped on leaving; leftovers of processes that are gone are dropped on entering.
        Raises RefusedError, with the reason, where none can be made.
        """
        raise RefusedError(f"{self.name} cannot make a scratch copy")

    def blank(self, owner: Owner) -> AbstractContextManager[Backend]:
        """A database of its own with nothing in it, made and dropped as a `scratch` one, of the same kind as this.

        What a migration may use without making it, as PostgreSQL's extensions, is not there either.
        Raises RefusedError, with the reason, where none can be made.
        """
        raise RefusedError(f"{self.name} cannot make a scratch database")

    def caveats(self) -> tuple[str, ...]:
        """What a person should know of a dry run on this connection: what stays, what differs from the original."""
        return ()

    def effects(self) -> Effects:
        """What the statements since the last call did, inside the open transaction."""
        return Effects()

    def blockers(self, other: Backend) -> tuple[str, ...]:
        """Who keeps `other`, a connection to the same database, waiting for a lock at this moment."""
        return ()

    def recorder(self, work: Work) -> Session:
        """As `session`, but sends nothing: what would be sent becomes events. Asks no database.

        It raises NeedsDatabase where a migration wants an answer.
        """
        raise NeedsDatabase("its statements cannot be recorded")

    @abstractmethod
    def translate(self, error: BaseException) -> StatementError | None:
        """The StatementError for a driver's exception (or one wrapped by a library), else None."""

    @abstractmethod
    def clean_session(self, *, thorough: bool = False) -> None:
        """Undoes session settings that a migration left behind. Called outside a transaction.

        Cheap where nothing was seen that changes a session, unless `thorough`.
        """
