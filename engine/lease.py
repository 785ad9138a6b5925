"""The lease on a database: taking it, waiting for it, keeping it alive while a run works."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from miger.engine.backend import Backend
from miger.engine.errors import LeaseLost, LockHeld, MigerError, StatementError
from miger.engine.owner import Owner, is_dead
from miger.engine.state import HistoryEntry, Holder, Lease

FIRST_PAUSE, LONGEST_PAUSE = 0.05, 1.0
TOLD_EVERY = 2.0  # seconds; at most so old is what others see of how far a run is

COPY_SECONDS = 3600.0  # for a database that nobody else knows of


def lease_of_copy(copy: Backend, owner: Owner) -> Lease:
    """Makes our tables in a scratch database, and takes its lease, whoever held that of the original."""
    copy.prepare()
    lease = copy.acquire(owner, COPY_SECONDS, dead=copy.snapshot().holder)
    return lease if isinstance(lease, Lease) else acquire_lease(copy, owner, COPY_SECONDS, 0.0)


def acquire_lease(
    backend: Backend,
    owner: Owner,
    seconds: float,
    wait: float,
    on_wait: Callable[[Holder, float], None] = lambda holder, waited: None,
    stop: Callable[[], None] = lambda: None,
) -> Lease:
    """Takes the lease, waiting up to `wait` seconds for another run to end.

    A lease of `seconds` whose owner died on this machine is taken over at once, and the history says
    so. Polls outside any transaction. `stop` is called between tries and may raise.
    Raises LockHeld, naming the holder.
    """
    started = time.monotonic()
    pause = FIRST_PAUSE
    dead: Holder | None = None
    while True:
        answer = _try(backend, owner, seconds, dead, last=time.monotonic() - started >= wait)
        if answer is None:  # the database is busy with something else than a run of ours
            stop()
            time.sleep(pause)
            continue
        if isinstance(answer, Lease):
            if answer.taken_from is not None:
                _record_takeover(backend, answer, owner, answer.taken_from)
            return answer
        if is_dead(answer) and (dead is None or dead.token != answer.token):
            dead = answer
            continue
        dead = None
        waited = time.monotonic() - started
        if waited >= wait:
            raise LockHeld(
                f"the database is held by {answer}",
                f"wait for it (--wait SECONDS), or `miger unlock` if that process is gone; "
                f"its lease ends at {answer.expires_at} unless it is prolonged",
            )
        on_wait(answer, waited)
        stop()
        import random  # deferred: milliseconds, and hardly ever needed

        time.sleep(min(pause * random.uniform(0.5, 1.5), wait - waited))
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _try(backend: Backend, owner: Owner, seconds: float, dead: Holder | None, *, last: bool) -> Lease | Holder | None:
    try:
        return backend.acquire(owner, seconds, dead)
    except StatementError as error:
        if last or not error.retryable:
            raise
        return None


def _record_takeover(backend: Backend, lease: Lease, owner: Owner, former: Holder) -> None:
    entry = HistoryEntry(
        run=owner.run,
        id="",
        event="lease_taken",
        by=owner.by,
        host=owner.host,
        version=owner.version,
        token=lease.token,
        error=f"from {former}",
    )
    backend.record(lease, entry, None)


class Heartbeat:
    """Prolongs a lease from a thread of its own, over a connection opened at the first beat.

    Each beat tells what the run is at, for those who look on: so it beats more often than the lease needs.
    `lost` becomes True when another run took the lease over; the run looks at it between statements.
    A lease of token 0, which a dry run has, needs no prolonging.
    """

    def __init__(self, backend: Backend, lease: Lease, seconds: float, activity: Callable[[], str]) -> None:
        self.lost = False
        self._backend = backend
        self._lease = lease
        self._seconds = seconds
        self._activity = activity
        self._renewed = time.monotonic()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="miger-lease", daemon=True)

    def __enter__(self) -> Heartbeat:
        if self._lease.token:
            self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopping.set()
        if self._lease.token:
            self._thread.join()

    def renew_if_due(self) -> None:
        """Prolongs the lease on the run's own connection where the thread could not.

        SQLite has one writer: while a migration's transaction is open, the thread's beat must wait.
        Called between transactions. Raises LeaseLost.
        """
        if self._lease.token and time.monotonic() - self._renewed > self._seconds / 2:
            self._backend.renew(self._lease, self._seconds, self._activity())
            self._renewed = time.monotonic()

    def _beat(self) -> None:
        connection: Backend | None = None
        while not self._stopping.wait(min(self._seconds / 3, TOLD_EVERY)):
            try:
                if connection is None:
                    connection = self._backend.clone()
                    connection.open()
                connection.renew(self._lease, self._seconds, self._activity())
                self._renewed = time.monotonic()
            except LeaseLost:
                self.lost = True
                break
            except MigerError:  # busy or unreachable just now: the next beat tries again
                if connection is not None:
                    connection.close()
                connection = None
        if connection is not None:
            connection.close()
