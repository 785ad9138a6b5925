"""The tree of a preview: steps, their statements, and what is to be known of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.cells import cell_len
from textual.binding import Binding, BindingType
from textual.content import Content

from miger.engine.events import Event
from miger.engine.preview.values import DONE, FAILED, NOT_RUN, PLANNED, Preview, StepPreview
from miger.engine.words import counted, duration
from miger.widgets.preview_rows import CODE, CODE_INDENT, DIFF, FACT, STATEMENT, STEP, PreviewRows, Row
from miger.widgets.preview_run import RUNNING, StatementRun, StepRun
from miger.widgets.rows_view import MARGIN, RowsView
from miger.widgets.statement_text import PYTHON, SQL, code_line, code_lines
from miger.widgets.words import fit_end, printable

GLYPHS = {DONE: "✔", FAILED: "✖", NOT_RUN: "·", PLANNED: "○", RUNNING: "◐"}
WORDS = {DONE: "done", FAILED: "failed", NOT_RUN: "not run", PLANNED: "planned", RUNNING: "running"}
STYLES = {
    DONE: "$text-success",
    FAILED: "$text-error",
    NOT_RUN: "$foreground-muted",
    PLANNED: "$foreground-muted",
    RUNNING: "$text-primary",
}
TONES = {
    "plain": "",
    "muted": "$foreground-muted",
    "good": "$text-success",
    "info": "$text-primary",
    "warning": "$text-warning",
    "error": "$text-error",
}
BAR_CELLS = 10
WORD_CELLS = max(map(len, WORDS.values()))
TIME_CELLS = len("999 ms")
NARROW = 48  # cells, below which only the word stands behind a row


class PreviewTree(RowsView):
    """A preview, or a run of it, as rows that fold."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "open", "Fold", show=False),
        Binding("asterisk,O", "toggle_all", "Fold or unfold all", show=False),
        Binding("right_curly_bracket", "move_to_step(1)", "Next migration", show=False),
        Binding("left_curly_bracket", "move_to_step(-1)", "Migration before", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.model: PreviewRows | None = None
        self._rows: list[Row] = []
        self._width = 0
        self._follows = True  # the running statement, until a person moves the cursor

    def show(self, preview: Preview) -> None:
        """Shows a preview from its start."""
        self.model = PreviewRows(preview)
        self._follows = True
        self.set_reactive(PreviewTree.cursor, 0)
        self._lay_out()
        self.scroll_home(animate=False, immediate=True, force=True)

    def apply(self, events: Iterable[Event]) -> None:
        """Takes a batch of events of a run of the plan."""
        if self.model is None:
            return
        other_rows = [self.model.apply(event) for event in events]
        if any(other_rows):
            self._lay_out()
        else:
            self._strips.clear()
            self.refresh()
        if self._follows:
            self._go_to_running()

    def on_resize(self) -> None:
        """Wraps anew."""
        if self.model is not None and self.room.width != self._width:
            self._lay_out()

    def _lay_out(self) -> None:
        if self.model is None:
            return
        self._width = self.room.width or self.app.size.width
        self._rows = self.model.rows(self._width - MARGIN)
        self.rows_changed()

    def _go_to_running(self) -> None:
        run = self.model.run if self.model else None
        if self.model is None or run is None:
            return
        for index, row in enumerate(self._rows):
            if row.kind == STATEMENT and self.model.statement_run(row.step, row.statement).outcome in (RUNNING, FAILED):
                self.cursor = index
                return
        for index, row in enumerate(self._rows):
            if row.kind == STEP and run.step(row.step).outcome == RUNNING:
                self.cursor = index
                return

    # Moving and opening

    def move_cursor(self, index: int) -> None:
        """Moves; from then on the running statement is no longer followed."""
        self._follows = False
        super().move_cursor(index)

    def action_move_to_step(self, direction: int) -> None:
        """Moves to the next step, or to the one before."""
        index = self.cursor + direction
        while 0 <= index < len(self._rows):
            if self._rows[index].kind == STEP:
                self.move_cursor(index)
                return
            index += direction

    def action_toggle_all(self) -> None:
        """Folds or unfolds all steps."""
        if self.model is not None:
            at = self._rows[self.cursor].step if self._rows else 0
            self.model.toggle_all()
            self._lay_out()
            self._go_to_step(at)

    def _go_to_step(self, step: int) -> None:
        index = next((i for i, row in enumerate(self._rows) if row.kind == STEP and row.step == step), 0)
        self.move_cursor(index)

    def opens_on_click(self, index: int) -> bool:
        """A step folds by one click."""
        return self._rows[index].kind == STEP

    def open_row(self, index: int) -> None:
        """Folds or unfolds a step, or the whole text of a statement."""
        if self.model is not None and self.model.toggle(self._rows[index]):
            self._lay_out()

    def text_of_row(self, index: int) -> str:
        """A statement's whole text, a step's id, or the row."""
        row = self._rows[index]
        if self.model is None or row.kind not in (STEP, STATEMENT, CODE):
            return super().text_of_row(index)
        step = self.model.preview.steps[row.step]
        return step.id if row.kind == STEP else step.statements[row.statement].text

    # Rows

    def row_count(self) -> int:
        """How many rows are not folded."""
        return len(self._rows)

    def render_row(self, index: int, width: int) -> Content:
        """The row as it is now."""
        row = self._rows[index]
        if row.kind == STEP:
            return self._step(row, width)
        if row.kind == STATEMENT:
            return self._statement(row, width)
        if row.kind == CODE:
            return self._code(row)
        if row.kind == FACT:
            return _fact(row)
        if row.kind == DIFF and row.diff is not None:
            return row.diff.content
        return Content.styled(row.text, "bold $foreground")

    def _step(self, row: Row, width: int) -> Content:
        assert self.model is not None
        step = self.model.preview.steps[row.step]
        run = self.model.step_run(row.step)
        outcome = step.outcome if run is None else run.outcome
        tail = _step_tail(step, outcome, width) if run is None else _run_tail(run, len(step.statements), width)
        fold = "▾" if row.step in self.model.open_steps else "▸"
        room = width - tail.cell_length - 6
        id = fit_end(printable(step.id), max(room, 8))
        notes = " · ".join(_step_notes(step))
        notes = notes if cell_len(id) + cell_len(notes) + 2 <= room else ""
        gap = room - cell_len(id) - (cell_len(notes) + 2 if notes else 0)
        return Content.assemble(
            (f"{fold} ", "$foreground-muted"),
            (f"{GLYPHS[outcome]} ", STYLES[outcome]),
            (id, "bold" if outcome not in (NOT_RUN,) else "$foreground-muted"),
            (f"  {notes}" if notes else "", "$foreground-muted"),
            " " * max(gap, 0) + "  ",
            tail,
        )

    def _statement(self, row: Row, width: int) -> Content:
        assert self.model is not None
        step = self.model.preview.steps[row.step]
        statement = step.statements[row.statement]
        run = self.model.statement_run(row.step, row.statement)
        tail = _statement_tail(run, width)
        digits = max(len(str(step.statements[-1].line)), 2)
        head = f"{statement.line or '':>{digits}}  "
        kinds = f"×{statement.count:,} " if statement.count > 1 else ""
        kinds += "verify " if statement.section == "verify" else ""
        room = max(width - 4 - len(head) - len(kinds) - tail.cell_length - 2, 1)
        text = statement.text or statement.note
        code = code_line(printable(text), _language(text), not self.app.no_color).truncate(room, ellipsis=True)
        return Content.assemble(
            ("  ", ""),
            (f"{GLYPHS[run.outcome]} ", STYLES[run.outcome]),
            (head, "$foreground-disabled"),
            (kinds, "$text-secondary"),
            code if run.outcome != NOT_RUN else Content.styled(code.plain, "$foreground-muted"),
            " " * max(room - code.cell_length, 0) + "  ",
            tail,
        )

    def _code(self, row: Row) -> Content:
        assert self.model is not None
        step = self.model.preview.steps[row.step]
        text = step.statements[row.statement].text
        lines = code_lines(text, _language(text), not self.app.no_color)
        line = lines[row.line][row.start : row.end] if row.end else lines[row.line]
        return Content.assemble(("│ ".rjust(CODE_INDENT), "$foreground-disabled"), line)


def _language(text: str) -> str:
    """MongoDB's calls (`db.users.update_many(…)`) read best as Python."""
    return PYTHON if text.startswith(("db.", "db[")) else SQL


def _step_notes(step: StepPreview) -> list[str]:
    how = "one transaction" if step.transaction else "statement by statement"
    return [step.direction, how, *(["no way back"] if step.irreversible else [])]


def _step_tail(step: StepPreview, outcome: str, width: int) -> Content:
    if width < NARROW:
        return _word(outcome)
    count = counted(len(step.statements) + (step.more or 0), "statement")
    time = f"  {duration(step.ms):>{TIME_CELLS}}" if outcome in (DONE, FAILED) else ""
    return Content.assemble((f"{count}{time}  ", "$foreground-muted"), _word(outcome))


def _run_tail(run: StepRun, listed: int, width: int) -> Content:
    parts = []
    total = run.total or listed
    if run.outcome == RUNNING:
        parts = [run.work or (f"{run.done:,}/{total:,}" if run.total else counted(run.done, "statement"))]
    elif run.ms >= 0:
        parts = [duration(run.ms)]
    fraction = run.fraction
    if run.outcome == RUNNING and fraction is not None and width >= NARROW:
        return Content.assemble(_bar(fraction), (f" {parts[0]}  ", "$text-primary"), _word(run.outcome))
    return Content.assemble(("".join(parts) + "  " if parts else "", "$foreground-muted"), _word(run.outcome))


def _bar(fraction: float) -> Content:
    full = int(fraction * BAR_CELLS)
    return Content.assemble(("▰" * full, "$text-primary"), ("▱" * (BAR_CELLS - full), "$foreground-disabled"))


def _statement_tail(run: StatementRun, width: int) -> Content:
    rows = counted(run.rows, "row") if run.rows > 0 else ""
    time = duration(run.ms) if run.ms > 0 else ""
    if width < NARROW:
        rows = time = ""
    told = f"{rows}  {time:>{TIME_CELLS}}  " if rows or time else ""
    return Content.assemble((told, "$foreground-muted"), _word(run.outcome))


def _word(outcome: str) -> Content:
    return Content.styled(f"{WORDS[outcome]:<{WORD_CELLS}}", STYLES[outcome])


def _fact(row: Row) -> Content:
    style = TONES[row.tone]
    indent = " " * (row.depth * 4)
    return Content.assemble((f"{indent}{row.glyph or ' '} ", style), (row.text, style))
