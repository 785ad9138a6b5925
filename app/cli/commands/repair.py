"""`miger repair`: recover a migration that stopped half way, or mend its record."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from miger.cli.output import Output
from miger.cli.running import confirmed, run_and_tell
from miger.engine.interrupt import Interrupt
from miger.project import Project

if TYPE_CHECKING:
    from miger.cli.running import Action
    from miger.engine.events import Observer


def run(args: Namespace, output: Output) -> int:
    """Carries out one recovery choice."""
    assume = None if args.assume is None else args.assume == "done"

    def prepare(project: Project) -> Action:
        id = project.resolve(args.target)
        confirm = confirmed(args, project)

        def mend(on_event: Observer, interrupt: Interrupt) -> None:
            changed = project.repair(
                id,
                args.choice,
                assume=assume,
                confirm=confirm,
                wait=args.wait,
                on_event=on_event,
                interrupt=interrupt,
            )
            item = project.status().by_id.get(id)
            state = item.state if item is not None else "forgotten"  # it had no file
            output.say(f"{id} is {state}" if changed else f"nothing to do: {id} is {state}")

        return mend

    return run_and_tell(args, output, "up", prepare)
