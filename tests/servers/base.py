"""What the servers share: a folder that is swept away, a process that ends with us, a free port."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO
from urllib.parse import quote, urlsplit, urlunsplit

PREFIX = "miger-test-"
USER = "miger"
PASSWORD = "s3cret-p@ss/w:rd?#%"
"""Nearly every character has to be quoted in a URL, so that masking and quoting get tested."""

_LOCK = "in-use"
_YOUNG_SECONDS = 600.0
_MEMORY_FOLDER = "/dev/shm"
_MEMORY_ROOM = 2 << 30  # bytes
_SOCKET_PATH_LIMIT = 90  # bytes; the system allows 104 to 108 with the socket's own name


class Unavailable(Exception):
    """No such server here; `hint` says how a person gets one."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}: {self.hint}" if self.hint else self.message


def url_variable(backend: str) -> str:
    """The environment variable with the URL of a server that runs already."""
    return f"MIGER_TEST_{backend.upper()}_URL"


def with_account(url: str) -> str:
    """A URL without an account, with ours."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{USER}:{quote(PASSWORD, safe='')}@{parts.netloc}"))


def with_database(url: str, name: str) -> str:
    """The same URL for another database."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{quote(name, safe='')}"))


@dataclass(frozen=True, slots=True)
class Account:
    """The user a server runs as, when not ourselves."""

    name: str
    uid: int
    gid: int


def unprivileged_account() -> Account | None:
    """`nobody` when we are root, which servers refuse to run as; None otherwise."""
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam("nobody")
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


@dataclass(slots=True)
class Folder:
    """A temporary folder, locked while its owner lives so that `sweep` knows the abandoned ones."""

    path: str
    lock: IO[str]

    def remove(self) -> None:
        """Delete it and let go of the lock."""
        shutil.rmtree(self.path, ignore_errors=True)
        self.lock.close()


def new_folder(backend: str, parent: str | None = None) -> Folder:
    """A folder that any account may enter, in `parent` or where temporary files go."""
    path = tempfile.mkdtemp(prefix=f"{PREFIX}{backend}-", dir=parent or _open_parent())
    os.chmod(path, 0o755)
    lock = open(os.path.join(path, _LOCK), "w")  # noqa: SIM115  # held as long as the folder
    fcntl.flock(lock, fcntl.LOCK_EX)
    return Folder(path, lock)


def sweep(backend: str, parent: str | None = None) -> list[str]:
    """Delete the folders of test runs that were killed; gives back their paths.

    A folder in use is locked by its owner. One so young that it may not have its lock yet is left.
    A server that outlived its run (only where PR_SET_PDEATHSIG is missing) stops without its folder.
    """
    swept = []
    for entry in os.scandir(parent or _open_parent()):
        if not entry.name.startswith(f"{PREFIX}{backend}-"):
            continue
        with contextlib.suppress(OSError):  # another's, or another sweep was faster
            try:
                lock = open(os.path.join(entry.path, _LOCK))  # noqa: SIM115  # closed below
            except FileNotFoundError:
                if time.time() - entry.stat().st_mtime < _YOUNG_SECONDS:
                    continue
                shutil.rmtree(entry.path)
            else:
                with lock:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    shutil.rmtree(entry.path)
            swept.append(entry.path)
    return swept


def _open_parent() -> str:
    """Where temporary folders can be reached by every account, with room for a socket's path."""
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if len(os.fsencode(parent)) < _SOCKET_PATH_LIMIT - 40 and _all_may_enter(parent):
            return parent
    raise Unavailable("no temporary folder that other accounts may enter", "set TMPDIR to one")


def _all_may_enter(path: str) -> bool:
    path = os.path.realpath(path)
    while True:
        try:
            if not os.stat(path).st_mode & 0o001:
                return False
        except OSError:
            return False
        if path == (path := os.path.dirname(path)):
            return True


def memory_parent() -> str | None:
    """Where files live in memory, if there is room and programs may be: for servers that wait for the disk at DDL."""
    try:
        room = shutil.disk_usage(_MEMORY_FOLDER).free
        executable = not os.statvfs(_MEMORY_FOLDER).f_flag & os.ST_NOEXEC
    except OSError:
        return None
    writable = os.access(_MEMORY_FOLDER, os.W_OK | os.X_OK)
    return _MEMORY_FOLDER if writable and executable and room >= _MEMORY_ROOM else None


def log_path(folder: Folder) -> str:
    """Where a server of this folder writes what it says."""
    return os.path.join(folder.path, "log")


def log_tail(folder: Folder) -> str:
    """The last of what the server said."""
    try:
        with open(log_path(folder), errors="replace") as file:
            return file.read()[-2000:].strip()
    except FileNotFoundError:
        return ""


def free_port() -> int:
    """A TCP port on 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def spawn(
    command: Sequence[str],
    *,
    log: str,
    cwd: str,
    account: Account | None,
    environ: Mapping[str, str],
    end_signal: signal.Signals,
) -> subprocess.Popen[bytes]:
    """Start a server that gets `end_signal` when the thread calling this ends; so call from the main one."""
    before_exec = _die_with_parent(end_signal)
    with open(log, "ab") as output, warnings.catch_warnings():
        # 3.12+ warns of a fork among threads; the child only calls prctl before it becomes the server.
        warnings.simplefilter("ignore", DeprecationWarning)
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env=dict(environ),
            preexec_fn=before_exec,
            start_new_session=True,  # Ctrl-C is for the tests; they stop the server
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )


def _die_with_parent(end_signal: signal.Signals) -> Callable[[], None] | None:
    """What asks Linux to signal the child when we end, however we end; None elsewhere."""
    if not sys.platform.startswith("linux"):
        return None
    set_parent_death_signal = 1
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def ask() -> None:
        libc.prctl(set_parent_death_signal, int(end_signal))
        if os.getppid() != parent:  # it ended before the call
            os._exit(1)

    return ask


def run(command: Sequence[str], *, cwd: str, account: Account | None = None) -> str:
    """Run a command to its end as `account`; its output, or Unavailable with it."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        cwd=cwd,
        env={**os.environ, "LC_ALL": "C", "LANG": "C", "DEBIAN_FRONTEND": "noninteractive"},
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        check=False,
    )
    if done.returncode:
        raise Unavailable(f"{' '.join(command)} ended with {done.returncode}", done.stdout[-2000:].strip())
    return done.stdout


@dataclass(slots=True)
class Server:
    """A server that answers: `url` is an administrator's; `process` is None if it is not ours to stop."""

    backend: str
    url: str
    version: str
    origin: str
    process: subprocess.Popen[bytes] | None = None
    folder: Folder | None = None
    end_signal: signal.Signals = signal.SIGTERM
    stopped: bool = field(default=False)

    def stop(self) -> None:
        """End the server and delete its folder; a second call does nothing."""
        if self.stopped:
            return
        self.stopped = True
        if self.process is not None:
            self.process.send_signal(self.end_signal)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.folder is not None:
            self.folder.remove()
