"""`miger up`: apply migrations."""

from __future__ import annotations

from argparse import Namespace

from miger.cli.output import Output
from miger.cli.running import confirmed, run_and_tell
from miger.engine.events import Observer
from miger.engine.run import Interrupt
from miger.project import Project


def run(args: Namespace, output: Output) -> int:
    """Applies what is pending, or the target and its ancestors."""

    def apply(project: Project, on_event: Observer, interrupt: Interrupt) -> None:
        late = project.plan("up", args.target, steps=args.steps, out_of_order=args.out_of_order).late
        if late:
            output.say(f"warning: {', '.join(late)} run late: newer ones are already applied")
        project.up(
            args.target,
            steps=args.steps,
            out_of_order=args.out_of_order,
            confirm=confirmed(args, project),
            wait=args.wait,
            on_event=on_event,
            interrupt=interrupt,
        )

    return run_and_tell(args, output, "up", apply)
