"""`miger plan`: the steps that up or down would run."""

from __future__ import annotations

from argparse import Namespace

from miger.cli.output import Output
from miger.engine.planner import Plan
from miger.project import Project


def run(args: Namespace, output: Output) -> int:
    """Prints the plan; changes nothing."""
    direction, target = args.direction, args.target
    if direction not in ("up", "down"):  # `miger plan TARGET` means up
        direction, target = "up", direction
    with Project.open(args.folder, args.environment) as project:
        plan = project.plan(direction, target, steps=args.steps, to=args.to, out_of_order=args.out_of_order)
        if args.sql:
            for piece in project.script(plan):
                output.piece(piece)
            return 0
    if output.json:
        output.document(as_document(plan))
    elif plan.steps:
        for step in plan.steps:
            notes = [] if step.transaction else ["statement by statement"]
            notes += ["no way back"] if step.irreversible else []
            notes += ["late"] if step.id in plan.late else []
            output.data(f"{plan.direction}  {step.id}" + (f"  ({', '.join(notes)})" if notes else ""))
    else:
        output.say("nothing to do")
    return 0


def as_document(plan: Plan) -> dict[str, object]:
    """The document of `plan --json`; its keys are fixed."""
    steps = [{"id": step.id, "transaction": step.transaction, "irreversible": step.irreversible} for step in plan.steps]
    return {"direction": plan.direction, "steps": steps}
