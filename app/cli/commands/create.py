"""`miger create`: write a new migration."""

from __future__ import annotations

import os
from argparse import Namespace

from miger.cli.output import Output
from miger.project import Project
from miger.scaffold import create_migration


def run(args: Namespace, output: Output) -> int:
    """Writes the file and prints its path."""
    project = Project.open(args.folder, args.environment)
    path = create_migration(
        project.config.migrations,
        project.graph,
        args.name,
        kind=args.kind,
        depends=args.depends,
        phase=args.phase,
        release=args.release,
    )
    if output.json:
        output.document({"id": os.path.splitext(os.path.basename(path))[0], "file": path})
    else:
        output.data(os.path.relpath(path))
    return 0
