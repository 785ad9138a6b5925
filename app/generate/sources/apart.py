"""Asking the project's own code, in a process of its own.

What models do when they are imported (print, open connections, start threads, end the process) then does nothing
to a workbench that stays open, and what was edited is read as it is now.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from typing import IO, Any

from miger.engine import errors
from miger.engine.errors import ConfigError, MigerError, Problem, UnreachableError
from miger.engine.secrets import scrub

PATIENCE = 300.0  # seconds; an import that takes longer waits for something that will not come


def ask_apart(
    function: str, arguments: Mapping[str, object], folder: str, *, secrets: tuple[str, ...] = ()
) -> dict[str, Any]:
    """What a function of ours (`miger.generate.x:y`) returns for the arguments, called in another process.

    That process is in `folder`; `user_module.import_module` is for modules of the project. Arguments and answer are
    JSON. Raises the function's own ConfigError, UnreachableError or MigerError; `secrets` are in no
    message.
    """
    if not sys.executable:
        raise MigerError("the Python that runs Miger is not known, which a module of yours could be read with")
    question = json.dumps({"function": function, "arguments": arguments})
    # -P: a `sqlalchemy.py` beside miger.toml must not be what we import. -B: no bytecode as of the same second is read.
    command = [sys.executable, "-P", "-B", "-m", "miger.generate.sources.apart"]
    with tempfile.TemporaryFile() as said:  # a file: what the module has started may go on and hold it open
        try:
            ended = subprocess.run(
                command, input=question.encode(), stdout=subprocess.PIPE, stderr=said, cwd=folder, timeout=PATIENCE
            )
        except subprocess.TimeoutExpired:
            raise ConfigError(f"your code did not come to an end within {PATIENCE:.0f} s") from None
        except OSError as error:
            raise MigerError(f"no process can be started in {folder}: {error.strerror}") from error
        if not ended.stdout:
            raise ConfigError(
                f"your code ended the process that it was imported in (exit code {ended.returncode})",
                hint=scrub(_last_line(said), secrets),
            )
    answer = json.loads(ended.stdout)
    if "error" in answer:
        raise _error(answer["error"], secrets)
    return dict(answer["answer"])


def _last_line(file: IO[bytes]) -> str:
    file.seek(max(file.seek(0, os.SEEK_END) - 4096, 0))
    lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip() if lines else ""


def _error(said: Mapping[str, Any], secrets: tuple[str, ...]) -> MigerError:
    message, hint = scrub(said["message"], secrets), scrub(said["hint"], secrets)
    if said["kind"] != ConfigError.__name__:
        kind = getattr(errors, said["kind"], MigerError)
        return kind(message, hint) if kind is UnreachableError else MigerError(message, hint)
    problems = [
        Problem(file, line, scrub(text, secrets), scrub(do, secrets)) for file, line, text, do in said["problems"]
    ]
    return ConfigError(message, problems, hint)


# In that process


def _main() -> None:
    """Reads the question from stdin and writes the answer to what stdout was; your code's own prints go elsewhere."""
    gc.set_threshold(
        200_000, 20, 20
    )  # next to all that models make stays: searching it for garbage takes half the time
    with _channel() as (question, answer):
        asked = json.loads(question)
        module, _, name = asked["function"].partition(":")
        try:
            function = getattr(importlib.import_module(module), name)
            gc.collect()  # what has been left over is ours: your code shall not meet it
            said = {"answer": function(**asked["arguments"])}
        except MigerError as error:
            problems = getattr(error, "problems", ())
            head = error.message.partition("\n")[0] if problems else error.message
            kind = type(error).__name__
            said = {"error": {"kind": kind, "message": head, "hint": error.hint, "problems": problems}}
        answer.write(json.dumps(said).encode())
    gc.disable()  # nor is the end of the process a reason to look
    if threading.active_count() > 1:  # they would keep the process
        os._exit(0)


@contextlib.contextmanager
def _channel() -> Iterator[tuple[str, IO[bytes]]]:
    question = sys.stdin.buffer.read().decode()
    with open(os.dup(1), "wb") as answer:
        os.dup2(2, 1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        yield question, answer


if __name__ == "__main__":
    _main()
