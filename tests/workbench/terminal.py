"""A program on a real (pseudo) terminal: what it writes, and keys to press."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from collections.abc import Mapping, Sequence

COMMAND = (sys.executable, "-c", "from miger.cli.main import run; run()")
PATIENCE = 60.0  # seconds until a text that should come counts as missed


class Terminal:
    """Runs `miger` with these arguments; `size` is columns and rows. A context manager: what still runs is killed."""

    def __init__(
        self, arguments: Sequence[str], environ: Mapping[str, str] | None = None, size: tuple[int, int] = (120, 36)
    ) -> None:
        self.written = b""
        self.pid, self._descriptor = pty.fork()
        if self.pid == 0:
            own = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(environ or {})}
            for name in ("NO_COLOR", "COLUMNS", "LINES"):
                own.pop(name, None)
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            os.execve(COMMAND[0], [*COMMAND, *arguments], own)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.pid:
            os.kill(self.pid, 9)
            os.waitpid(self.pid, 0)
        os.close(self._descriptor)

    def wait_for(self, text: str) -> None:
        """Reads until `text` has been written since the last key."""
        deadline = time.monotonic() + PATIENCE
        while text.encode() not in self.written:
            assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s for {text!r}: {self.written[-2000:]!r}"
            if not self._read():
                raise AssertionError(f"it ended before {text!r}: {self.written[-2000:]!r}")

    def press(self, keys: str) -> None:
        """Types keys; what was written before is forgotten."""
        self.written = b""
        os.write(self._descriptor, keys.encode())

    def end(self) -> int:
        """Waits for its end; the exit code."""
        while self._read():
            pass
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._descriptor], [], [], PATIENCE)
        if not ready:
            return False
        try:
            piece = os.read(self._descriptor, 65536)
        except OSError:  # what Linux says once the program has ended
            return False
        self.written += piece
        return bool(piece)
