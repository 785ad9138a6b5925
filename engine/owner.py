"""Who is running: the identity written into the lease and the history."""

from __future__ import annotations

import os
from typing import NamedTuple

from miger.engine.state import Holder


class Owner(NamedTuple):
    """This process. `machine` and `process` let another process on the same machine see if it lives."""

    by: str
    host: str
    machine: str
    pid: int
    process: str
    run: str
    version: str


def this_process(version: str) -> Owner:
    """The identity of this process, with a new run id."""
    pid = os.getpid()
    return Owner(
        by=_user(),
        host=_host(),
        machine=_machine(),
        pid=pid,
        process=_process_start(pid),
        run=os.urandom(4).hex(),
        version=version,
    )


def is_dead(holder: Holder) -> bool:
    """Whether the holder ran on this machine and its process is gone.

    False whenever that cannot be told: another machine, or another container's process table.
    """
    if not holder.machine or holder.machine != _machine():
        return False
    return is_gone(holder.pid, holder.process)


def is_gone(pid: int, process: str) -> bool:
    """Whether no process of this machine has that number, or another has it by now."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    return bool(process) and _process_start(pid) != process


def _user() -> str:
    for name in ("MIGER_USER", "USER", "LOGNAME", "USERNAME"):
        if value := os.environ.get(name):
            return value
    import getpass  # deferred: rarely needed

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def _host() -> str:
    if hasattr(os, "uname"):
        return os.uname().nodename
    import platform  # Windows only

    return platform.node()


def _machine() -> str:
    """Boot and process namespace on Linux; elsewhere empty, and a dead owner is found by time alone."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            return f"{file.read().strip()}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _process_start(pid: int) -> str:
    """The start time of a process in clock ticks since boot (proc(5), field 22), or an empty string.

    A zombie (dead, not yet reaped by its parent) counts as gone.
    """
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] == b"Z" else fields[19].decode()
