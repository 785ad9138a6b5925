"""A preview in one line: how much there is, what it would hurt, and how it would end. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from miger.engine.preview.values import FAILED, NOT_RUN, Preview
from miger.engine.words import counted, duration
from miger.widgets.preview_run import PreviewRun

LISTED, ROLLBACK = "sql", "rollback"
VERDICTS = {"done": ("good", "✔ done"), "failed": ("error", "✖ failed"), "interrupted": ("warning", "! interrupted")}


class Part(NamedTuple):
    """A piece of the line; `tone` as in `preview_rows.Row`."""

    text: str
    tone: str = "plain"


def totals(preview: Preview, run: PreviewRun | None = None) -> list[Part]:
    """The parts of the line; those of the run, once there is one."""
    return list(_sizes(preview)) + (list(_verdict(preview)) if run is None else list(_progress(preview, run)))


def _sizes(preview: Preview) -> Iterator[Part]:
    yield Part(counted(len(preview.steps), "migration"))
    statements = sum(statement.count for step in preview.steps for statement in step.statements if statement.text)
    more = sum(step.more or 0 for step in preview.steps)
    uncounted = any(step.more is None for step in preview.steps)
    yield Part(counted(statements + more, "statement") + ("+" if uncounted else ""))
    rows = sum(max(statement.rows, 0) for step in preview.steps for statement in step.statements)
    if preview.mode != LISTED:
        yield Part(counted(rows, "row"))
    severities = Counter(hazard.severity for hazard in preview.hazards if not hazard.allowed)
    hazards = sum(severities.values())
    if not hazards:
        yield Part(
            "no hazards" if not preview.hazards else f"{counted(len(preview.hazards), 'hazard')}, allowed", "good"
        )
        return
    kinds = [(severities[name], name) for name in ("error", "warning") if severities[name]]
    told = ", ".join(counted(number, name) for number, name in kinds)
    tone = "error" if severities["error"] else "warning" if severities["warning"] else "plain"
    yield Part(counted(hazards, "hazard") + (f" ({told})" if told else ""), tone)


def _verdict(preview: Preview) -> Iterator[Part]:
    if preview.mode == LISTED:
        yield Part("○ listed only")
        yield Part("nothing was run", "muted")
        return
    if not preview.steps:
        yield Part("nothing to do", "muted")
        return
    failure = preview.failure
    if failure is None:
        yield Part(f"✔ would succeed in {duration(preview.ms)}", "good")
    else:
        yield Part(f"✖ {failure.id} would fail", "error")
        unrun = sum(step.outcome == NOT_RUN for step in preview.steps)
        if unrun:
            yield Part(f"{counted(unrun, 'migration')} after it not tried", "warning")
    yield Part("rolled back, nothing stays" if preview.mode == ROLLBACK else "on a copy, nothing stays", "muted")


def _progress(preview: Preview, run: PreviewRun) -> Iterator[Part]:
    steps = len(preview.steps)
    if not run.result:
        yield Part(f"◐ running: {run.steps_done:,} of {counted(steps, 'migration')} finished", "info")
        return
    tone, words = VERDICTS.get(run.result, ("plain", run.result))
    failed = [step.id for place, step in enumerate(preview.steps) if run.step(place).outcome == FAILED]
    yield Part(f"{words} {failed[0]}" if failed else f"{words} in {duration(run.ms)}", tone)
    if failed:
        dirty = any(run.step(place).dirty for place in range(steps))
        yield Part(
            "it is dirty: x recovers it" if dirty else "it was rolled back, nothing of it stays",
            "error" if dirty else "muted",
        )
    if run.steps_done < steps:
        yield Part(f"{run.steps_done:,} of {steps:,} finished")
