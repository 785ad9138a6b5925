"""The lines under a preview: what goes on, how it ended, what to do next. Pure."""

from __future__ import annotations

from typing import NamedTuple

from miger.widgets.words import printable
from miger.workbench.outcome import Outcome, outcome_of
from miger.workbench.run_record import RunRecord

WAYS = {
    "auto": "the truest dry run",
    "rollback": "a dry run by rollback",
    "rehearse": "a rehearsal on a copy",
    "sql": "a listing",
}

Word = tuple[str, str]
"""A tone (good, error, warning, muted or "") and a line."""


class Standing(NamedTuple):
    """How things stand on a preview screen.

    `seconds` is how long the dry run or the run has taken so far, `refused` why nothing may be run here now, or
    "", `elsewhere` what another run is at. `record` is the run, where there is one.
    """

    phase: str
    way: str
    note: str = ""
    seconds: float = 0.0
    outdated: bool = False
    refused: str = ""
    elsewhere: tuple[str, ...] = ()
    stopping: bool = False
    record: RunRecord | None = None


def words(standing: Standing) -> list[Word]:
    """The lines, none where the preview says it all."""
    note = [("warning", f"! {printable(standing.note)}")] if standing.note else []
    return note + _by_phase(standing)


def _by_phase(standing: Standing) -> list[Word]:
    match standing.phase:
        case "trying":
            way = WAYS.get(standing.way, standing.way)
            took = f"{standing.seconds:.0f} s"
            return [("muted", f"◐ {way} is under way, {took}: times, rows and hazards follow; nothing of it stays")]
        case "shown" if standing.outdated:
            return [("warning", "≠ outdated: what is pending has changed since this preview; a or r makes it anew")]
        case "shown" if standing.refused:
            return [("muted", f"a cannot execute it: {standing.refused}")]
        case "nothing" if standing.elsewhere:
            return [("warning", f"◐ another run is at {standing.elsewhere[0]}; r looks again")]
        case "nothing":
            return [("muted", "esc goes back · c on the home screen writes a migration")]
        case "running":
            return [_on_run(standing)]
        case "ended" if standing.record is not None:
            return _of(outcome_of(standing.record))
    return []


def _on_run(standing: Standing) -> Word:
    waiting = standing.record.waiting if standing.record is not None else None
    if standing.stopping:
        return "warning", "! stopping after the current statement"
    if waiting is not None:
        return "warning", f"◐ waiting for {printable(waiting.holder)} · ctrl+c gives up"
    took = f"{standing.seconds:.0f} s"
    return "muted", f"◐ running for {took} · ctrl+c stops after the current statement · esc leaves it running"


def _of(outcome: Outcome) -> list[Word]:
    found = [(outcome.tone, f"{outcome.glyph} {printable(outcome.title)}")]
    found += [("", f"  {printable(line)}") for line in outcome.lines]
    return found + ([("muted", f"  → {printable(outcome.next)}")] if outcome.next else [])
