"""What the sessions of Python migrations share: named steps, pieces with checkpoints, log and progress."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from miger.engine.backend import Backend, Work
from miger.engine.errors import StepFailed
from miger.engine.events import LogLine, Progress
from miger.engine.state import Checkpoint


class PieceSession:
    """A migration's hold on the database, cut into pieces that a resumed run skips once they are finished."""

    def __init__(self, backend: Backend, work: Work) -> None:
        self._pieces_on = backend
        self._work = work
        self._in_piece = False
        self._closed = False
        self._names: set[str] = set()

    def turn_to(self, work: Work) -> None:
        """Goes on with another section; called by the engine."""
        self._work = work
        self._names.clear()

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
        if self._in_piece:
            raise StepFailed(self._work.migration.id, "a step or batch inside another", "put them side by side")
        if self._work.transactional:
            self._in_piece = True
            try:
                yield
            finally:
                self._in_piece = False
            return
        self._work.begin_piece()
        self._in_piece = True
        try:
            yield
            self._work.end_piece(checkpoint())
        except BaseException:
            if not self._closed:  # a forgotten generator of batches may end long after its run
                self._pieces_on.rollback()
            raise
        finally:
            self._in_piece = False

    @contextlib.contextmanager
    def _batch(self, name: str, checkpoint: Callable[[], Checkpoint]) -> Iterator[None]:
        """The piece of one batch; says so where `break` leaves it."""
        try:
            with self._piece(checkpoint):
                yield
        except GeneratorExit:
            if not self._work.transactional:
                self.log(f"{name}: left within a batch, which is not kept", "warning")
            raise
