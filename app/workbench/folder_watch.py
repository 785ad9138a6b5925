"""Watching `miger.toml` and the migrations folder while the workbench is open."""

from __future__ import annotations

import threading
from collections.abc import Callable

from miger.engine.config import Config
from miger.engine.watch import Change, Watch


class FolderWatch:
    """Calls `on_change` with each change since `since`, on a thread of its own, until `stop`.

    `since`, in seconds since the epoch, is when the folder was last begun to be read.
    """

    def __init__(self, config: Config, environment: str, on_change: Callable[[Change], object], since: float) -> None:
        self._config = config
        self._environment = environment
        self._on_change = on_change
        self._since = since
        self._stop = threading.Event()

    def start(self) -> None:
        """Begins."""
        threading.Thread(target=self._look, name="miger-watch", daemon=True).start()

    def stop(self) -> None:
        """Ends; a change that is seen just now may still be told."""
        self._stop.set()

    def _look(self) -> None:
        # To begin with, the whole folder is looked through: not on the screen's thread.
        for change in Watch(self._config, self._stop, environment=self._environment, since=self._since):
            if self._stop.is_set():
                return
            self._on_change(change)
