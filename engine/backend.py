"""The contract every database fulfils. One file under `backends/` implements it; nothing else knows a driver.

A backend object is one connection, used from one thread. Driver exceptions never leave it: it raises
`UnreachableError`, `StatementError`, `LeaseLost` or `RefusedError`, with no password in any message.

Writes of state and history are *fenced*: they happen only while the lease's token is still the one in
the database, and raise `LeaseLost` otherwise, with nothing written.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

if TYPE_CHECKING:  # `miger status` needs the classes below, but none of these
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


class Backend(ABC):
    """One connection to one database."""

    name: ClassVar[str]
    dialect: ClassVar[str]  # of `miger.engine.statements.split`
    grouped_kinds: ClassVar[frozenset[str]]  # of statements that may be sent together with their neighbours

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

    @classmethod
    def runs_in_transaction(cls, migration: Migration, section: str) -> bool:
        """Whether a section of a migration can be one transaction here. Asks no database."""
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

    @abstractmethod
    def translate(self, error: BaseException) -> StatementError | None:
        """The StatementError for a driver's exception (or one wrapped by a library), else None."""

    @abstractmethod
    def clean_session(self, *, thorough: bool = False) -> None:
        """Undoes session settings that a migration left behind. Called outside a transaction.

        Cheap where nothing was seen that changes a session, unless `thorough`.
        """
