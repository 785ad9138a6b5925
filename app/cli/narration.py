"""A run told in plain lines, for pipes, files and CI."""

from __future__ import annotations

from miger.cli.output import Output
from miger.engine.events import (
    Event,
    LeaseWaiting,
    LogLine,
    Progress,
    RunFinished,
    StatementFinished,
    StatementStarted,
    StepFailed,
    StepFinished,
    StepStarted,
)
from miger.engine.words import counted, duration

TOLD_WHEN_VERBOSE = frozenset({StatementStarted, StatementFinished, StepStarted, Progress})


def describe(event: Event, *, verbose: bool) -> str | None:
    """The line that tells an event, None for one not worth a line."""
    match event:
        case StepFinished(id=id, direction=direction, ms=ms):
            return f"{'applied' if direction == 'up' else 'reverted'} {id} ({duration(ms)})"
        case StepFailed(id=id, file=file, line=line, statement=statement, error=error, hint=hint, dirty=dirty):
            place = f"{file}:{line}" if line else file
            which = f", statement {statement}" if statement else ""
            left = "part of it stays: it is dirty" if dirty else "it was rolled back: nothing of it stays"
            advice = f"\n  → {hint}" if hint else ""
            return f"failed {id}\n  {place}{which}: {error}\n  {left}{advice}"
        case LogLine(id=id, level=level, message=message):
            return ": ".join(part for part in (id, "" if level == "info" else level, message) if part)
        case LeaseWaiting(holder=holder, waited=waited):
            return f"waiting for {holder}" if waited < 0.01 or verbose else None
        case StatementFinished(number=number, count=count, line=line, text=text, rows=rows, ms=ms, skipped=skipped):
            if not verbose:
                return None
            which = f"{number}" if count == 1 else f"{number}–{number + count - 1}"
            outcome = "already done" if skipped else duration(ms)
            changed = f", {rows} rows" if rows > 0 else ""
            place = f"line {line}: " if line else ""
            return f"  {which} {place}{text[:100]} ({outcome}{changed})"
        case Progress(name=name, done=done, total=total) if verbose:
            return f"  {name}: {done}" + (f" of {total}" if total is not None else "")
        case StepStarted(id=id, number=number, steps=steps, direction=direction) if verbose:
            return f"{'applying' if direction == 'up' else 'reverting'} {id} ({number} of {steps})"
        case RunFinished(result=result, finished=finished, ms=ms):
            if result == "done" and not finished:
                return "nothing to do"
            return f"{result}: {counted(len(finished), 'migration')} finished in {duration(ms)}"
    return None


class Narration:
    """An observer that prints lines to stderr."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def __call__(self, event: Event) -> None:
        """Tells one event."""
        if type(event) in TOLD_WHEN_VERBOSE and not self._output.verbose:  # most events, and told apart faster
            return
        line = describe(event, verbose=self._output.verbose)
        if line is not None:
            self._output.say(line)
