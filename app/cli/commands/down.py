"""`miger down`: revert migrations."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from miger.cli.output import Output
from miger.cli.running import ask, run_and_tell, run_plan
from miger.engine.errors import listed
from miger.project import Project

if TYPE_CHECKING:
    from miger.cli.running import Action


def run(args: Namespace, output: Output) -> int:
    """Reverts the target and its applied descendants, the last N, or what came after an id."""
    if args.dry_run:
        from miger.cli.dry_run import dry_run  # deferred: most runs are none

        return dry_run(args, output, lambda project: project.plan("down", args.target, steps=args.steps, to=args.to))

    def prepare(project: Project) -> Action | None:
        plan = project.plan("down", args.target, steps=args.steps, to=args.to)
        if plan.steps:
            from miger.cli.hazards import tell_losses  # deferred: a run with nothing to do has none

            tell_losses(args, output, project, plan)
            ask(args, f"revert {listed(plan.ids)} in {project.environment.name}")
        return run_plan(args, project, plan)

    return run_and_tell(args, output, "down", prepare)
