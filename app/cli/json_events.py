"""Events as JSON, one a line."""

from __future__ import annotations

from miger.cli.output import Output
from miger.engine.errors import Interrupted, MigerError
from miger.engine.events import Event, as_record


def print_event(output: Output, event: Event) -> None:
    """Prints one event at once."""
    output.line(as_record(event))


def print_closing(output: Output, direction: str, error: MigerError | None) -> None:
    """The closing event of a run that never began: refused with an error, or with nothing to do."""
    closing: dict[str, object] = {
        "event": "run_finished",
        "run": None,
        "direction": direction,
        "result": "done" if error is None else "interrupted" if isinstance(error, Interrupted) else "refused",
        "finished": [],
        "ms": 0,
    }
    if error is not None:
        closing |= {"error": error.message, "hint": error.hint, "exit_code": error.exit_code}
    output.line(closing)
