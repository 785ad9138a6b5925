"""`miger` alone: the workbench on a terminal, else the help."""

from __future__ import annotations

import sys
from argparse import Namespace

from miger.cli.output import Output
from miger.cli.parser import make_parser


def run(args: Namespace, output: Output) -> int:
    """Opens the workbench on the project here; where no person is looking, prints the help."""
    # Textual draws on stderr, as others may read stdout.
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)) or output.json:
        output.data(make_parser(()).format_help())
        return 0
    from miger.workbench.start import open_workbench  # deferred: 400 ms, and everybody else does without

    return open_workbench(args.folder, args.environment)
