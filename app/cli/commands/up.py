"""`miger up`: apply migrations."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from miger.cli.output import Output
from miger.cli.running import run_and_tell, run_plan
from miger.project import Project

if TYPE_CHECKING:
    from miger.cli.running import Action


def run(args: Namespace, output: Output) -> int:
    """Applies what is pending, or the target and its ancestors."""
    if args.dry_run:
        from miger.cli.dry_run import dry_run  # deferred: most runs are none

        return dry_run(
            args,
            output,
            lambda project: project.plan("up", args.target, steps=args.steps, out_of_order=args.out_of_order),
        )

    def prepare(project: Project) -> Action | None:
        plan = project.plan("up", args.target, steps=args.steps, out_of_order=args.out_of_order)
        if plan.late:
            output.say(f"warning: {', '.join(plan.late)} run late: newer ones are already applied")
        if plan.steps and not args.yes:
            from miger.cli.hazards import guard  # deferred: a run with nothing to do has none

            guard(args, output, project, plan)
        return run_plan(args, project, plan)

    return run_and_tell(args, output, "up", prepare)
