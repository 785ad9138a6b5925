"""What commands that change a database share: observers, ctrl+c, questions."""

from __future__ import annotations

import contextlib
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING

from miger.cli.output import Output
from miger.engine.errors import Interrupted, MigerError, RefusedError, StepFailed
from miger.engine.interrupt import Interrupt
from miger.project import Project

if TYPE_CHECKING:  # a run with nothing to do makes no event
    from miger.engine.events import Event, Observer
    from miger.engine.planner import Plan

    Action = Callable[[Observer, Interrupt], object]
    Prepare = Callable[[Project], Action | None]


@contextlib.contextmanager
def interruptible(output: Output) -> Iterator[Interrupt]:
    """ctrl+c and SIGTERM stop the run after the current statement; a second one breaks it off."""
    import signal  # deferred: a run with nothing to do ends before

    interrupt = Interrupt()

    def stop(number: int, frame: FrameType | None) -> None:
        if interrupt.requested:
            raise KeyboardInterrupt
        interrupt.request()
        output.say_at_once("stopping after the current statement; once more breaks it off")

    former = {name: signal.signal(name, stop) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupt
    finally:
        for name, handler in former.items():
            signal.signal(name, handler)


@contextlib.contextmanager
def observer_for(args: Namespace, output: Output) -> Iterator[Observer]:
    """The observer that suits the options and the terminal."""
    if output.json:
        from miger.cli.json_events import print_event

        yield lambda event: print_event(output, event)
    elif args.log_format == "json":
        from miger.cli.json_log import log_event

        yield log_event
    elif output.color and sys.stderr.isatty() and not output.quiet:
        from miger.cli.live import LiveProgress

        with LiveProgress(verbose=output.verbose) as live:
            yield live
    else:
        from miger.cli.narration import Narration

        yield Narration(output)


def confirmed(args: Namespace, project: Project) -> str | None:
    """The environment's name if a person has said it: by --confirm, or now, on a terminal."""
    if args.confirm is not None or not project.environment.protected or not sys.stdin.isatty():
        return None if args.confirm is None else str(args.confirm)
    name = project.environment.name
    print(f"environment {name} is protected; type its name to go on: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()


def ask(args: Namespace, question: str) -> None:
    """Asks on a terminal unless --yes was given. Raises RefusedError for anything but yes."""
    if args.yes:
        return
    if not sys.stdin.isatty():
        raise RefusedError(question, "say so with `--yes`")
    print(f"{question}? [y/N] ", end="", file=sys.stderr, flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise RefusedError("nothing was done")


def run_plan(args: Namespace, project: Project, plan: Plan) -> Action | None:
    """The action that runs a plan; None where it holds nothing to do, and no events are asked for."""
    if plan.nothing_to_do and not args.json:
        return None
    confirm = confirmed(args, project)
    return lambda on_event, interrupt: project.run(
        plan, confirm=confirm, wait=args.wait, on_event=on_event, interrupt=interrupt
    )


def run_and_tell(args: Namespace, output: Output, direction: str, prepare: Prepare) -> int:
    """Opens the project, prepares an action on it, and runs that; returns the exit code.

    `prepare` asks what has to be asked, and gives None where there is nothing to do. With --json the last
    line is a `run_finished`, whatever happens. A failed step has been told by the observer already, and is
    not told twice.
    """
    tally = _Tally()
    try:
        with Project.open(args.folder, args.environment) as project:
            action = prepare(project)
            if action is None:
                tally.close(output, direction)
                output.say("nothing to do")
                return 0
            with interruptible(output) as interrupt, observer_for(args, output) as observer:
                tally.observer = observer
                action(tally, interrupt)
        tally.close(output, direction)
    except KeyboardInterrupt:
        tally.close(output, direction, Interrupted("interrupted"))
        raise
    except MigerError as error:
        tally.close(output, direction, error)
        if isinstance(error, StepFailed) and tally.failure_told and not output.quiet and not output.json:
            return error.exit_code
        raise
    return 0


class _Tally:
    """Hands events on, and sees to it that a JSON stream ends as it should."""

    observer: Observer

    def __init__(self) -> None:
        self._finished = False
        self.failure_told = False

    def __call__(self, event: Event) -> None:
        self.observer(event)
        name = type(event).__name__
        self._finished = self._finished or name == "RunFinished"
        self.failure_told = self.failure_told or name == "StepFailed"

    def close(self, output: Output, direction: str, error: MigerError | None = None) -> None:
        if output.json and not self._finished:
            from miger.cli.json_events import print_closing

            print_closing(output, direction, error)
