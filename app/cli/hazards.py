"""Hazards on the command line: how they are shown, and that a plan with one is asked for twice."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator

from miger.cli.output import Output
from miger.cli.running import ask
from miger.engine.errors import HazardsFound
from miger.engine.hazards.values import Hazard
from miger.engine.planner import Plan
from miger.project import Project

MARKS = {"error": "✖", "warning": "!", "info": "·"}


def guard(args: Namespace, output: Output, project: Project, plan: Plan) -> None:
    """Raises HazardsFound for a plan that loses something or is bound to fail, unless a person says yes."""
    if args.yes or not plan.steps or project.environment.read_only:  # which refuses anyway
        return
    refused = project.hazards(plan).refused
    if not refused:
        return
    if not sys.stdin.isatty():
        raise HazardsFound(refused)
    for line in lines_of(refused):
        output.say(line)
    ask(args, f"run this in {project.environment.name} all the same")


def tell_losses(args: Namespace, output: Output, project: Project, plan: Plan) -> None:
    """Says what a plan loses, before it is asked for."""
    if args.yes or project.environment.read_only:
        return
    for line in lines_of(project.hazards(plan).refused):
        output.say(line)


def lines_of(hazards: Iterable[Hazard]) -> Iterator[str]:
    """Each hazard with its place, and under it what to do instead or why it is allowed."""
    for hazard in hazards:
        mark = "✓" if hazard.allowed else MARKS[hazard.severity]
        yield f"{mark} {hazard.code}  {place_of(hazard)}  {hazard.message}"
        yield f"    allowed: {hazard.allowed}" if hazard.allowed else f"    → {hazard.advice}"


def place_of(hazard: Hazard) -> str:
    """File and line, the file as seen from here."""
    file = relative(hazard.file) or hazard.id
    return f"{file}:{hazard.line}" if hazard.line else file


def relative(file: str) -> str:
    """A path as seen from the working directory, where that is shorter."""
    if not file:
        return ""
    try:
        short = os.path.relpath(file)
    except ValueError:  # another drive
        return file
    return file if short.startswith("..") else short


def as_document(hazard: Hazard) -> dict[str, object]:
    """A hazard in a JSON document."""
    return {**hazard._asdict(), "allowed": hazard.allowed or None, "link": hazard.link}
