"""`miger baseline`: record migrations as applied, for a database that already has their schema."""

from __future__ import annotations

from argparse import Namespace

from miger.cli.output import Output
from miger.cli.running import ask, confirmed
from miger.engine.errors import listed
from miger.project import Project


def run(args: Namespace, output: Output) -> int:
    """Marks the target and its ancestors, or all pending ones; runs nothing."""
    with Project.open(args.folder, args.environment) as project:
        plan = project.plan("up", args.target, out_of_order="allow")
        if plan.steps:
            ask(
                args,
                f"record {listed(plan.ids)} as applied in {project.environment.name} without running them",
            )
        marked = project.baseline(args.target, confirm=confirmed(args, project), wait=args.wait)
    if output.json:
        output.document({"baselined": list(marked)})
    for id in marked:
        output.say(f"recorded {id} as applied")
    if not marked:
        output.say("nothing to do")
    return 0
