"""`miger`: from arguments to an exit code."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from miger.cli.output import Output
from miger.cli.parser import make_parser
from miger.engine.errors import MigerError


def run() -> None:
    """The console script."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Runs one command and returns its exit code. Prints every error; raises none."""
    output = Output(json=False)
    try:
        args = make_parser().parse_args(arguments)
        output = Output(json=args.json, quiet=args.quiet, verbose=args.verbose, color=not args.no_color)
        command = import_module(f"miger.cli.commands.{args.command or 'home'}")
        return int(command.run(args, output))
    except MigerError as error:
        output.error(error)
        return error.exit_code
    except KeyboardInterrupt:
        output.say("interrupted")
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (`miger history | head`); nothing is left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
