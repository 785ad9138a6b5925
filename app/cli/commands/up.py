"""`miger up`: apply migrations."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from miger.cli.output import Output
from miger.cli.running import confirmed, run_and_tell
from miger.engine.interrupt import Interrupt
from miger.engine.planner import Plan
from miger.project import Project

if TYPE_CHECKING:
    from miger.engine.events import Observer


def run(args: Namespace, output: Output) -> int:
    """Applies what is pending, or the target and its ancestors."""

    def make_plan(project: Project) -> Plan:
        plan = project.plan("up", args.target, steps=args.steps, out_of_order=args.out_of_order)
        if plan.late:
            output.say(f"warning: {', '.join(plan.late)} run late: newer ones are already applied")
        return plan

    def apply(project: Project, on_event: Observer, interrupt: Interrupt) -> None:
        project.up(
            args.target,
            steps=args.steps,
            out_of_order=args.out_of_order,
            confirm=confirmed(args, project),
            wait=args.wait,
            on_event=on_event,
            interrupt=interrupt,
        )

    return run_and_tell(args, output, "up", apply, make_plan)
