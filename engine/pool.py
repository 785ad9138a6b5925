"""Open connections to one database, used again: at most so many at a time, each by one thread."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

from miger.engine.errors import StatementError, UnreachableError

if TYPE_CHECKING:
    from miger.engine.backend import Backend

Answer = TypeVar("Answer")


class Pool:
    """Hands out open backends. Safe to use from several threads.

    `make` gives a backend that is not open yet; `size` is the most that are open at a time, and
    `patience` how many seconds to wait for one when all are in use.
    """

    def __init__(self, make: Callable[[], Backend], size: int, patience: float = 30.0) -> None:
        self._make = make
        self._size = size
        self._patience = patience
        self._idle: list[Backend] = []
        self._open = 0
        self._closings = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def connection(self) -> Iterator[Backend]:
        """A backend for the caller alone. One that failed for lack of a connection is not used again.

        Raises UnreachableError, also when all connections stay in use.
        """
        closings = self._closings
        backend = self._take()
        try:
            yield backend
        except (UnreachableError, StatementError) as error:
            good = isinstance(error, StatementError) and not error.disconnected
            self._give_back(backend, good=good and closings == self._closings)
            raise
        except BaseException:
            self._give_back(backend, good=False)
            raise
        self._give_back(backend, good=closings == self._closings)

    def read(self, action: Callable[[Backend], Answer]) -> Answer:
        """The answer of `action`, which only reads.

        A connection that had been idle may have been cut meanwhile: then it is asked again on a new one.
        """
        used_before = bool(self._idle)
        try:
            with self.connection() as backend:
                return action(backend)
        except (UnreachableError, StatementError) as error:
            lost = isinstance(error, UnreachableError) or error.disconnected
            if not (used_before and lost):
                raise
            self.close()
            with self.connection() as backend:
                return action(backend)

    def close(self) -> None:
        """Closes the idle connections; those in use are closed when they come back."""
        with self._changed:
            idle, self._idle = self._idle, []
            self._closings += 1
            self._open -= len(idle)
            self._changed.notify_all()
        for backend in idle:
            backend.close()

    def _take(self) -> Backend:
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, self._patience):
                raise UnreachableError(
                    f"all {self._size} connections are in use", "`pool_size` of the environment allows more"
                )
            if self._idle:
                return self._idle.pop()
            self._open += 1
        backend = self._make()
        try:
            backend.open()
        except BaseException:
            self._forget()
            raise
        return backend

    def _give_back(self, backend: Backend, *, good: bool) -> None:
        if not good:
            backend.close()
            self._forget()
            return
        backend.rollback()
        with self._changed:
            self._idle.append(backend)
            self._changed.notify()

    def _forget(self) -> None:
        with self._changed:
            self._open -= 1
            self._changed.notify()
