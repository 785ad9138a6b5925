"""`miger create`: write a new migration."""

from __future__ import annotations

import os
from argparse import Namespace

from miger.cli.output import Output
from miger.engine.errors import UsageError
from miger.project import Project
from miger.scaffold import create_migration


def run(args: Namespace, output: Output) -> int:
    """Writes the file and prints its path."""
    project = Project.open(args.folder, args.environment)
    if args.kind == "sql" and not project.runs_sql:
        raise UsageError(f"{project.backend_name} runs no SQL", "leave `--sql` out: the file is then Python")
    kind = (args.kind or "sql") if project.runs_sql else project.backend_name
    path = create_migration(
        project.config.migrations,
        project.graph,
        args.name,
        kind=kind,
        depends=args.depends,
        phase=args.phase,
        release=args.release,
    )
    if output.json:
        output.document({"id": os.path.splitext(os.path.basename(path))[0], "file": path})
    else:
        output.data(os.path.relpath(path))
    return 0
