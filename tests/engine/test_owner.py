"""Whether the holder of a lease still lives."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys

import pytest

from miger.engine import owner
from miger.engine.owner import is_dead, this_process
from miger.engine.state import Holder

needs_proc = pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="there is no /proc here")


def holder_of(process: owner.Owner) -> Holder:
    return Holder(
        process.by, process.host, process.machine, process.pid, process.process, process.run, 1, "", "", "", "", False
    )


def test_this_process_lives_and_every_run_has_its_id() -> None:
    one, other = this_process("0.1.0"), this_process("0.1.0")
    assert not is_dead(holder_of(one))
    assert one.pid == os.getpid()
    assert one.run != other.run
    assert one._replace(run=other.run) == other


@needs_proc
def test_a_process_that_is_gone_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    holder = holder_of(this_process("0"))._replace(pid=child.pid)
    child.wait()
    assert is_dead(holder)


@needs_proc
def test_a_process_that_nobody_has_reaped_is_dead() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.read()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert is_dead(holder_of(this_process("0"))._replace(pid=child.pid, process="1"))
    child.wait()
    child.stdout.close()


@needs_proc
def test_another_process_that_got_the_same_number_does_not_count() -> None:
    assert is_dead(holder_of(this_process("0"))._replace(process="1"))


@needs_proc
def test_a_process_of_another_user_is_known_by_when_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(pid: int, number: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "kill", refuse)
    mine = holder_of(this_process("0"))
    assert not is_dead(mine)
    assert is_dead(mine._replace(process="1"))


def test_of_another_machine_nothing_can_be_told() -> None:
    holder = holder_of(this_process("0"))
    assert not is_dead(holder._replace(machine="another", pid=2**22 + 1))
    assert not is_dead(holder._replace(machine="", pid=2**22 + 1))
    assert not is_dead(holder._replace(process=""))


def test_without_proc_the_machine_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*arguments: object) -> object:
        raise OSError

    monkeypatch.setattr("builtins.open", missing)
    process = this_process("0")
    assert (process.machine, process.process) == ("", "")


def test_the_user_is_asked_for_in_the_environment_and_then_of_the_system(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MIGER_USER", "USER", "LOGNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(getpass, "getuser", lambda: "carol")
    assert this_process("0").by == "carol"

    def nobody() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert this_process("0").by == "unknown"
    monkeypatch.setenv("USER", "bob")
    assert this_process("0").by == "bob"
    monkeypatch.setenv("MIGER_USER", "alice")
    assert this_process("0").by == "alice"
