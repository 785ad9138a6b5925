"""What the database remembers of a project: state rows, history, checkpoints and the lease."""

# No annotations from __future__: NamedTuple would have to compile each of them, at every start.

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

APPLIED = "applied"
APPLYING = "applying"
REVERTING = "reverting"
DIRTY = "dirty"


class StateRow(NamedTuple):
    """One migration that is not plainly pending.

    `state` is applied, applying, reverting or dirty; `direction` what was last going on (up, down).
    `done` of `total` statements are finished (`total` None: not counted). `at` is the database's
    time of the last change, ISO 8601 in UTC; `duration_ms` is that of the whole step.
    """

    id: str
    state: str
    direction: str
    checksum: str
    done: int = 0
    total: int | None = None
    run: str = ""
    by: str = ""
    host: str = ""
    at: str = ""
    duration_ms: int = 0
    error: str = ""


class HistoryEntry(NamedTuple):
    """One line of the append-only history; `event` is a past participle (applied, failed, …).

    `id` is empty for what concerns no migration (a lease taken over). `at` is filled in by the
    database. `token` is the lease's at that moment, `version` that of Miger.
    """

    run: str
    id: str
    event: str
    at: str = ""
    duration_ms: int = 0
    by: str = ""
    host: str = ""
    checksum: str = ""
    version: str = ""
    token: int = 0
    error: str = ""


class Checkpoint(NamedTuple):
    """A finished piece of a step that does not run in one transaction, or the intent to run one.

    `key` is `#N` for statement N, `step:NAME` or `batches:NAME`. `state` is `done` or `intent`.
    `data` is what is needed to go on (JSON): a batch's cursor, or the evidence noted before a
    statement that cannot share a transaction with its checkpoint.
    """

    key: str
    hash: str
    state: str
    rows: int = 0
    data: str = ""


class Holder(NamedTuple):
    """Who holds the lease. `expired` by the database's clock; `machine` tells hosts of one name apart."""

    by: str
    host: str
    machine: str
    pid: int
    process: str
    run: str
    token: int
    acquired_at: str
    expires_at: str
    activity: str
    session: str
    expired: bool

    def __str__(self) -> str:
        doing = f", at {self.activity}" if self.activity else ""
        return f"{self.by}@{self.host} (process {self.pid}, run {self.run}) since {self.acquired_at}{doing}"


class Lease(NamedTuple):
    """This run's hold on the database: every write of history carries `token`.

    `taken_from` is the run whose lease had ended without being given up.
    """

    run: str
    token: int
    taken_from: Holder | None = None


class Snapshot(NamedTuple):
    """All that the database says about the project at one moment.

    `initialised` is False where our tables do not exist yet. `holder` is the lease's, also when it
    has expired; None when nobody holds it.
    """

    initialised: bool = False
    rows: Mapping[str, StateRow] = MappingProxyType({})
    holder: Holder | None = None
