"""`miger down`: revert migrations."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from miger.cli.output import Output
from miger.cli.running import ask, confirmed, run_and_tell
from miger.engine.interrupt import Interrupt
from miger.engine.planner import Plan
from miger.project import Project

if TYPE_CHECKING:
    from miger.engine.events import Observer


def run(args: Namespace, output: Output) -> int:
    """Reverts the target and its applied descendants, the last N, or what came after an id."""

    def make_plan(project: Project) -> Plan:
        plan = project.plan("down", args.target, steps=args.steps, to=args.to)
        if plan.steps:
            ask(args, f"revert {', '.join(plan.ids)} in {project.environment.name}")
        return plan

    def revert(project: Project, on_event: Observer, interrupt: Interrupt) -> None:
        project.down(
            args.target,
            steps=args.steps,
            to=args.to,
            confirm=confirmed(args, project),
            wait=args.wait,
            on_event=on_event,
            interrupt=interrupt,
        )

    return run_and_tell(args, output, "down", revert, make_plan)
