"""`miger`: from arguments to an exit code."""

from __future__ import annotations

import gc
import io
import sys
from importlib import import_module

from miger.cli.output import Output, silence
from miger.cli.parser import make_parser
from miger.engine.errors import MigerError


def run() -> None:
    """The console script."""
    gc.set_threshold(100_000)  # thousands of migrations stay in memory: looking at them again frees nothing
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal in ASCII gets what it can show
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Runs one command and returns its exit code. Prints every error; raises none."""
    output = Output()
    code = _run(arguments, output)
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output has gone (`miger history | head`)
        silence(sys.stdout)
    except OSError as error:
        silence(sys.stdout)
        output.error(MigerError(f"cannot write to stdout: {error.strerror}"))
        code = code or 1
    return code


def _run(arguments: list[str], output: Output) -> int:
    try:
        args = make_parser(arguments).parse_args(arguments)
        output.take(args)
        command = import_module(f"miger.cli.commands.{args.command or 'home'}")
        return int(command.run(args, output))
    except MigerError as error:
        output.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        output.say("interrupted")
        return 130
    except BrokenPipeError:
        silence(sys.stdout)
        return 0
    except OSError as error:
        output.error(MigerError(": ".join(str(part) for part in (error.filename, error.strerror or error) if part)))
        return 1
