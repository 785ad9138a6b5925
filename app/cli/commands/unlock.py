"""`miger unlock`: free the lease of a run that is gone."""

from __future__ import annotations

from argparse import Namespace

from miger.cli.output import Output
from miger.cli.running import ask
from miger.project import Project


def run(args: Namespace, output: Output) -> int:
    """Frees the lease; asks first, as the run may still be going."""
    with Project.open(args.folder, args.environment) as project:
        holder = project.holder()
        if holder is not None:
            ask(args, f"free the lease of {holder}")
            holder = project.unlock(holder.token)
    if output.json:
        output.document({"freed": None if holder is None else holder.run})
    output.say("nobody holds the lease" if holder is None else f"freed the lease of {holder}")
    return 0
