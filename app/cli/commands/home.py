"""`miger` alone: what there is, until the workbench opens here."""

from __future__ import annotations

from argparse import Namespace

from miger.cli.output import Output
from miger.cli.parser import make_parser


def run(args: Namespace, output: Output) -> int:
    """Prints the help."""
    output.data(make_parser(()).format_help())
    return 0
