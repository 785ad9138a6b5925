"""A call that is begun early, and whose answer is asked for later: reading a large folder while Textual is imported."""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
from collections.abc import Callable
from typing import Generic, TypeVar, cast

Answer = TypeVar("Answer")

MANY = 2000  # files; with fewer, a process more costs more than it brings


def early_survey(folder: str, survey: Callable[[], Answer]) -> Callable[[], Answer] | None:
    """What gives the answer of `survey`, which was begun in a process of its own; None where that brings nothing.

    To be called before there are threads. A thread would not do: reading many files, it would hand Python's
    lock back and forth with the imports.
    """
    if sys.platform != "linux" or (os.cpu_count() or 1) < 2:
        return None
    try:
        many = len(os.listdir(folder)) >= MANY
    except OSError:
        many = False
    return Elsewhere(survey).result if many else None


class Elsewhere(Generic[Answer]):
    """Runs `call` in a forked process from now on; its answer comes back through a pipe, pickled."""

    def __init__(self, call: Callable[[], Answer]) -> None:
        self._call = call
        self._pipe, child_pipe = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:  # pragma: no cover  # the child ends without its parent's handlers
            os.close(self._pipe)
            with contextlib.suppress(BaseException), os.fdopen(child_pipe, "wb") as pipe:
                pickle.dump(call(), pipe, pickle.HIGHEST_PROTOCOL)
            os._exit(0)
        os.close(child_pipe)

    def result(self) -> Answer:
        """The answer; where none has come, for whatever reason, the call is made here."""
        with os.fdopen(self._pipe, "rb") as pipe:
            pickled = pipe.read()
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self._pid, 0)
        if not pickled:
            return self._call()
        try:
            return cast(Answer, pickle.loads(pickled))
        except (EOFError, pickle.UnpicklingError):  # it was killed half way
            return self._call()
