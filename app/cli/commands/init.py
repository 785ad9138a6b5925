"""`miger init`: start a project."""

from __future__ import annotations

import os
import shlex
from argparse import Namespace

from miger.cli.output import Output
from miger.scaffold import create_project, project_files


def run(args: Namespace, output: Output) -> int:
    """Writes the files of a template and says what to do next."""
    directory = os.path.normpath(os.path.join(args.folder, args.directory))
    planned = project_files(directory, args.template)
    written = create_project(directory, args.template)
    kept = [path for path in planned if path not in written and os.path.dirname(path) != "migrations"]
    if output.json:
        document = {"directory": os.path.abspath(directory), "template": args.template, "files": written}
        output.document({**document, "kept": kept})
        return 0
    for path in written:
        output.data(os.path.join(directory, path) if directory != "." else path)
    for path in kept:
        output.say(f"left as it was: {os.path.join(directory, path)}")
    for line in _next(directory, args.template):
        output.say(line)
    return 0


def _next(directory: str, template: str) -> list[str]:
    lines = ["", "next:"]
    if directory != ".":
        lines.append(f"  cd {shlex.quote(directory)}")
    if template != "sqlite":
        lines.append("  edit miger.toml           name your database in it")
    return [
        *lines,
        "  miger status              see the state of each migration",
        "  miger up                  apply them",
        "  miger create add_email    write the next one",
    ]
