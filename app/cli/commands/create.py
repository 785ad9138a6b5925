"""`miger create`: write a new migration."""

from __future__ import annotations

import os
import sys
from argparse import Namespace

from miger.cli.output import Output
from miger.engine.errors import UsageError
from miger.project import Project
from miger.scaffold import create_migration, merge_draft, write_draft


def run(args: Namespace, output: Output) -> int:
    """Writes the file and prints its path."""
    if _wants_wizard(args, output):
        from miger.workbench.start import open_workbench  # deferred: 400 ms, and everybody else does without

        return open_workbench(args.folder, args.environment, first="wizard")
    project = Project.open(args.folder, args.environment)
    if args.kind == "sql" and not project.runs_sql:
        raise UsageError(f"{project.backend_name} runs no SQL", "leave `--sql` out: the file is then Python")
    kind = (args.kind or "sql") if project.runs_sql else project.backend_name
    path = _merge(project, args, kind) if args.merge else _create(project, args, kind)
    if output.json:
        output.document({"id": os.path.splitext(os.path.basename(path))[0], "file": path})
    else:
        output.data(os.path.relpath(path))
    return 0


def _wants_wizard(args: Namespace, output: Output) -> bool:
    """Whether nothing but the command was said, by a person at a terminal."""
    said = (args.name, args.kind, args.depends, args.phase, args.release)
    at_terminal = all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    return at_terminal and not args.merge and not output.json and not any(said)


def _create(project: Project, args: Namespace, kind: str) -> str:
    if args.name is None:
        raise UsageError("a new migration needs a name", "`miger create add_user_email`")
    return create_migration(
        project.config.migrations,
        project.graph,
        args.name,
        kind=kind,
        depends=args.depends,
        phase=args.phase,
        release=args.release,
    )


def _merge(project: Project, args: Namespace, kind: str) -> str:
    graph = project.graph
    draft = merge_draft(graph, args.name, kind=kind, heads=args.depends, phase=args.phase, release=args.release)
    return write_draft(project.config.migrations, graph, draft)
