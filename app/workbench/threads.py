"""Calls that wait (for a database, for files) away from the screen."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


async def in_thread(call: Callable[[], Answer], name: str = "miger-call") -> Answer:
    """What `call` returns or raises, from a thread of its own.

    The thread is a daemon, unlike those of an executor: to quit never waits for a database that does not
    answer. Whoever stops waiting (a cancelled task) leaves the thread to end by itself, and its answer unheard.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Answer] = loop.create_future()

    def settle(value: Answer | None, error: BaseException | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(value)  # type: ignore[arg-type]  # None is an Answer where `call` returns None

    def work() -> None:
        value: Answer | None = None
        error: BaseException | None = None
        try:
            value = call()
        except BaseException as raised:
            error = raised
        try:
            loop.call_soon_threadsafe(settle, value, error)
        except RuntimeError:  # the loop is closed: the app has ended, nobody waits
            return

    threading.Thread(target=work, name=name, daemon=True).start()
    return await answer
