"""How a run ended, in words for people: what it was, what stays, and the key that comes next. Pure."""

from __future__ import annotations

import os
from typing import NamedTuple

from miger.engine.errors import (
    BadMigrations,
    DirtyError,
    HistoryMismatch,
    Interrupted,
    LateMigrations,
    LeaseLost,
    LockHeld,
    MigerError,
    UnreachableError,
)
from miger.engine.events import StepFailed
from miger.engine.planner import UP
from miger.engine.words import counted, duration
from miger.workbench.run_record import RunRecord

GOOD, BAD, STOPPED = "good", "error", "warning"
GLYPHS = {GOOD: "✔", BAD: "✖", STOPPED: "!"}


class Outcome(NamedTuple):
    """The end of a run. `tone` is one of `GLYPHS`, `lines` what there is to know, `next` what to do now."""

    tone: str
    title: str
    lines: tuple[str, ...] = ()
    next: str = ""

    @property
    def glyph(self) -> str:
        """Its mark."""
        return GLYPHS[self.tone]


def outcome_of(record: RunRecord) -> Outcome:
    """How a run that is over has ended."""
    failed, error = record.failed_step, record.error
    if error is None:
        return _done(record)
    if isinstance(error, Interrupted):
        return _stopped(record, failed)
    if failed is not None:
        return _failed(record, failed)
    if isinstance(error, LockHeld):
        return Outcome(BAD, "Not run: another run holds the database", (error.message,), advice_for(error))
    title = "Stopped" if record.begun else "Not run"
    return Outcome(BAD, f"{title}: {error.message}", _kept(record), advice_for(error))


def advice_for(error: MigerError) -> str:
    """What to do about an error, by the keys of the workbench where there is one for it."""
    match error:
        case DirtyError():
            return "x recovers it"
        case HistoryMismatch():
            return "x tells what can be done about each"
        case LateMigrations():
            return f"out_of_order in miger.toml decides whether that may be; {error.hint}"
        case LockHeld():
            return "r looks again when that run is over; `miger unlock` frees the database if its process is gone"
        case LeaseLost():
            return "r shows what is left to do"
        case UnreachableError():
            return f"{error.hint}; r tries again" if error.hint else "r tries again"
        case BadMigrations():
            return "e opens the file; what you save is seen at once"
    return error.hint


def _done(record: RunRecord) -> Outcome:
    finished = record.finished
    if finished is None or not finished.finished:
        return Outcome(GOOD, "Done: there was nothing to do", next="esc goes back")
    verb = "applied" if record.plan.direction == UP else "rolled back"
    title = f"Done: {counted(len(finished.finished), 'migration')} {verb} in {record.environment}"
    return Outcome(GOOD, f"{title}, {duration(finished.ms)}", next="esc goes back")


def _stopped(record: RunRecord, failed: StepFailed | None) -> Outcome:
    if failed is None:
        title = "Stopped before it began" if not record.begun else "Stopped between two migrations"
        return Outcome(STOPPED, title, _kept(record), "r previews what is left")
    if failed.dirty:
        line = f"{failed.error}: what ran before stays, and {failed.id} is dirty"
        return Outcome(STOPPED, f"Stopped in {failed.id}", (line, *_kept(record)), "x goes on with it, or undoes it")
    line = f"{failed.id} was rolled back, nothing of it stays"
    return Outcome(STOPPED, f"Stopped in {failed.id}", (line, *_kept(record)), "r previews what is left")


def _failed(record: RunRecord, failed: StepFailed) -> Outcome:
    where = f"{os.path.basename(failed.file)}, line {failed.line}: " if failed.line else ""
    left = "what ran before it stays, and it is dirty" if failed.dirty else "it was rolled back, nothing of it stays"
    following = "x recovers it · e edits the file" if failed.dirty else "e edits the file · r previews again"
    return Outcome(
        BAD, f"Failed: {failed.id}", (f"{where}{failed.error}", "; ".join([left, *_kept(record)])), following
    )


def _kept(record: RunRecord) -> tuple[str, ...]:
    """What of the plan is done and stays."""
    finished = record.finished
    done, all_steps = len(finished.finished) if finished else 0, len(record.plan.steps)
    if not record.begun:
        return ("nothing was changed",)
    verb = "applied" if record.plan.direction == UP else "rolled back"
    return (f"{done} of {counted(all_steps, 'migration')} {verb}",)
