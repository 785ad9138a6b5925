"""Events as JSON, one a line."""

from __future__ import annotations

from miger.cli.output import Output
from miger.engine.errors import MigerError
from miger.engine.events import Event, as_record


def print_event(output: Output, event: Event) -> None:
    """Prints one event at once."""
    output.line(as_record(event))


def print_refused(output: Output, direction: str, error: MigerError) -> None:
    """The closing event of a run that never began."""
    output.line(
        {
            "event": "run_finished",
            "run": None,
            "direction": direction,
            "result": "refused",
            "finished": [],
            "ms": 0,
            "error": error.message,
            "hint": error.hint,
            "exit_code": error.exit_code,
        }
    )
