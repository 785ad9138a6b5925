"""A call that is begun early, and whose answer is asked for later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


class Early(Generic[Answer]):
    """Runs `call` on a daemon thread from now on; `result` waits for its end."""

    def __init__(self, call: Callable[[], Answer]) -> None:
        self._call = call
        self._answers: list[Answer] = []
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="miger-early", daemon=True)
        self._thread.start()

    def result(self) -> Answer:
        """What the call has returned, or raises what it has raised."""
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self._answers[0]

    def _run(self) -> None:
        try:
            self._answers.append(self._call())
        except BaseException as error:
            self._error = error
