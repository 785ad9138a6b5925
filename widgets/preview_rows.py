"""A preview as a tree of rows: what is in it, what is folded, and how far a run of it has come. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from miger.engine.events import Event
from miger.engine.hazards.values import Hazard
from miger.engine.preview.values import DONE, FAILED, Preview, StatementPreview, StepPreview
from miger.engine.words import counted, duration
from miger.widgets.preview_run import RUNNING, PreviewRun, StatementRun, StepRun
from miger.widgets.schema_diff import DiffLine, diff_lines
from miger.widgets.words import pieces, printable, printable_lines, wrapped

STEP, STATEMENT, CODE, FACT, DIFF, HEADING = "step", "statement", "code", "fact", "diff", "heading"
MOST_UNFOLDED = 200  # statements of a plan whose steps are all open at first
MOST_CODE_LINES = 200
CODE_INDENT = 8  # cells


class Row(NamedTuple):
    """One row. `step` and `statement` are places in the preview, -1 for none.

    `tone` is error, warning, info, good, muted or plain; `glyph` stands before the text of a fact, "" in
    the lines that go on with it. `depth` is 0 for the plan, 1 for a step, 2 for a statement. A row of code is
    that from `start` to `end` of a `line` of the statement.
    """

    kind: str
    text: str = ""
    tone: str = "plain"
    glyph: str = ""
    depth: int = 0
    step: int = -1
    statement: int = -1
    line: int = 0
    start: int = 0
    end: int = 0
    diff: DiffLine | None = None


class PreviewRows:
    """The rows of one preview; which steps and statements are open; the run of it, once there is one."""

    def __init__(self, preview: Preview) -> None:
        self.preview = preview
        self.run: PreviewRun | None = None
        few = sum(len(step.statements) for step in preview.steps) <= MOST_UNFOLDED
        self.open_steps = {place for place, step in enumerate(preview.steps) if few or step.outcome == FAILED}
        self.open_statements: set[tuple[int, int]] = set()
        self._kept_open = frozenset(self.open_steps)
        self._hazards = _by_place(preview)

    # What is open

    def toggle(self, row: Row) -> bool:
        """Folds or unfolds what the row heads; False where it heads nothing."""
        if row.kind == STEP:
            self.open_steps ^= {row.step}
        elif row.kind in (STATEMENT, CODE):
            self.open_statements ^= {(row.step, row.statement)}
        else:
            return False
        return True

    def toggle_all(self) -> None:
        """Unfolds all steps, or folds them where all are open."""
        every = set(range(len(self.preview.steps)))
        self.open_steps = set() if self.open_steps == every else every

    # A run

    def begin_run(self) -> None:
        """From now on it shows a run of the plan, not the dry run."""
        self.run = PreviewRun(self.preview)

    def apply(self, event: Event) -> bool:
        """Takes an event of the run; whether there may be other rows now, not only others' contents."""
        run = self.run = self.run or PreviewRun(self.preview)
        notices, place = len(run.notices), run.place_of(event)
        if place is None:
            run.apply(event)
            return len(run.notices) != notices
        before, was_open = run.step(place), place in self.open_steps
        run.apply(event)
        step = run.step(place)
        if step.outcome in (RUNNING, FAILED):
            self.open_steps.add(place)
        elif step.outcome == DONE and place not in self._kept_open:
            self.open_steps.discard(place)
        shape = (step.outcome == FAILED, step.current, place in self.open_steps)
        return shape != (before.outcome == FAILED, before.current, was_open)

    def step_run(self, place: int) -> StepRun | None:
        """How far the step is; None without a run."""
        return None if self.run is None else self.run.step(place)

    def statement_run(self, step: int, statement: int) -> StatementRun:
        """What became of a statement in the run, or in the dry run."""
        if self.run is not None:
            return self.run.statement(step, statement)
        found = self.preview.steps[step].statements[statement]
        return StatementRun(found.outcome, found.rows, found.ms if found.outcome == DONE else -1.0)

    # Rows

    def rows(self, width: int) -> list[Row]:
        """All rows but those that are folded; facts are wrapped to `width` cells."""
        found: list[Row] = []
        for place, step in enumerate(self.preview.steps):
            found.append(Row(STEP, step=place))
            if place in self.open_steps:
                found += self._step_rows(place, step, width)
        found += self._closing_rows(width)
        return found

    def _step_rows(self, place: int, step: StepPreview, width: int) -> Iterator[Row]:
        told = False
        for number, statement in enumerate(step.statements):
            if not (statement.text or statement.note):
                continue
            yield Row(STATEMENT, depth=1, step=place, statement=number)
            yield from self._statement_rows(place, number, statement, width)
            if self.statement_run(place, number).outcome == FAILED:
                told = True
                yield from self._failure_rows(place, step, 2, width)
        if self.run is not None and (current := self.run.step(place).current):
            yield from _facts(current, "info", "◐", 1, place, width, most=1)
        if step.more:
            yield from _facts(f"and {counted(step.more, 'statement')} more, not listed", "muted", "…", 1, place, width)
        elif step.more is None:
            yield from _facts("and more, not counted", "muted", "…", 1, place, width)
        for hazard in self._hazards.get((place, -1), ()):
            yield from _hazard_rows(hazard, 1, place, width)
        for line in step.log if self.run is None else ():
            yield from _facts(f"log: {line}", "muted", "·", 1, place, width)
        if not told:
            yield from self._failure_rows(place, step, 1, width)

    def _statement_rows(self, step: int, number: int, statement: StatementPreview, width: int) -> Iterator[Row]:
        if (step, number) in self.open_statements:
            lines = printable_lines(statement.text)
            for line, text in enumerate(lines[:MOST_CODE_LINES]):
                for start, end in islice(pieces(text, max(width - CODE_INDENT, 16)), MOST_CODE_LINES):
                    yield Row(CODE, "", "plain", "", 2, step, number, line, start, end)
            if len(lines) > MOST_CODE_LINES:
                more = counted(len(lines) - MOST_CODE_LINES, "line")
                yield from _facts(f"{more} more", "muted", "…", 2, step, width)
        for table in statement.rewritten:
            yield from _facts(f"writes every row of {table} anew", "warning", "↻", 2, step, width)
        for lock in statement.locks:
            until = ", until its transaction ends" if self.preview.steps[step].transaction else ""
            how = lock.mode if lock.measured else f"{lock.mode}, derived"
            text = f"locks {lock.relation} ({how}) for {duration(lock.ms)}{until}"
            yield from _facts(text, "info", "⊘", 2, step, width)
        if statement.note:
            yield from _facts(statement.note, "muted", "·", 2, step, width)
        for hazard in self._hazards.get((step, number), ()):
            yield from _hazard_rows(hazard, 2, step, width)

    def _failure_rows(self, place: int, step: StepPreview, depth: int, width: int) -> Iterator[Row]:
        failed: StepPreview | StepRun = step if self.run is None else self.run.step(place)
        if failed.outcome != FAILED:
            return
        where = f"{step.path}:{failed.line}: " if failed.line else ""
        yield from _facts(f"{where}{failed.error}", "error", "✖", depth, place, width)
        if failed.hint:
            yield from _facts(failed.hint, "plain", "→", depth, place, width)
        if failed.dirty:
            left = "what succeeded stays, and the migration is dirty"
            told = left if self.run is not None else f"not in one transaction: in a real run {left}"
            yield from _facts(told, "warning", "!", depth, place, width)

    def _closing_rows(self, width: int) -> Iterator[Row]:
        preview = self.preview
        elsewhere = self._hazards.get((-1, -1), ())
        if elsewhere:
            yield from (Row(HEADING), Row(HEADING, "Hazards of the plan"))
            for hazard in elsewhere:
                yield from _hazard_rows(hazard, 0, -1, width)
        if preview.changes is not None and (preview.changes or preview.ok):
            yield from (Row(HEADING), Row(HEADING, "Schema, before → after" + (", by the dry run" if self.run else "")))
            yield from (Row(DIFF, line.text, diff=line) for line in diff_lines(preview.changes))
            if not preview.changes:
                yield from _facts("stays as it is", "muted", "=", 0, -1, width)
        notes = (*preview.notes, *(self.run.notices if self.run else ()))
        if notes:
            yield from (Row(HEADING), Row(HEADING, "Notes"))
            for note in notes:
                yield from _facts(note, "muted", "·", 0, -1, width)


def _facts(text: str, tone: str, glyph: str, depth: int, step: int, width: int, most: int = 12) -> Iterator[Row]:
    """One fact in as many rows as it needs."""
    room = max(width - 4 * depth - 4, 16)
    for number, line in enumerate(wrapped(printable(text), room)):
        if number == most:
            return
        yield Row(FACT, line, tone, "" if number else glyph, depth, step)


def _hazard_rows(hazard: Hazard, depth: int, step: int, width: int) -> Iterator[Row]:
    glyph, tone = {"error": ("✖", "error"), "warning": ("!", "warning")}.get(hazard.severity, ("·", "info"))
    word = hazard.severity
    if hazard.allowed:
        glyph, tone, word = "✔", "good", f"{hazard.severity}, allowed"
    yield from _facts(f"{word}: {hazard.message}  [{hazard.code}]", tone, glyph, depth, step, width)
    yield from _facts(hazard.allowed or hazard.advice, "muted", "→", depth, step, width)


def _by_place(preview: Preview) -> dict[tuple[int, int], list[Hazard]]:
    """The hazards by step and statement: the last one that begins at or before the hazard's line."""
    places = {step.id: place for place, step in enumerate(preview.steps)}
    found: dict[tuple[int, int], list[Hazard]] = {}
    for hazard in preview.hazards:
        step = places.get(hazard.id, -1)
        statement = -1 if step < 0 or not hazard.line else _at_line(preview.steps[step], hazard)
        found.setdefault((step, statement), []).append(hazard)
    return found


def _at_line(step: StepPreview, hazard: Hazard) -> int:
    lines = [
        (statement.line, -place)
        for place, statement in enumerate(step.statements)
        if statement.section == hazard.section and 0 < statement.line <= hazard.line
    ]
    return -max(lines)[1] if lines else -1
