"""A dry run for people: tables on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from miger.cli.hazards import lines_of
from miger.cli.output import Output
from miger.engine.preview.values import DONE, FAILED, NOT_RUN, PLANNED, Preview, StatementPreview, StepPreview
from miger.engine.words import counted, duration

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 72  # of a statement on one line
MARKS = {DONE: "✓", FAILED: "✖", NOT_RUN: "·", PLANNED: "○"}
STYLES = {DONE: "green", FAILED: "bold red", NOT_RUN: "dim", PLANNED: ""}


def print_preview(output: Output, preview: Preview) -> None:
    """Writes it to stdout."""
    if output.color and sys.stdout.isatty():
        _print_tables(preview)
        return
    for step in preview.steps:
        for line in _step_lines(step, verbose=output.verbose):
            output.data(line)
    for line in _closing_lines(preview):
        output.data(line)


def _print_tables(preview: Preview) -> None:
    from rich.console import Console  # deferred: 70 ms
    from rich.text import Text

    console = Console(highlight=False)
    for step in preview.steps:
        console.print(Text(_title(step), style=STYLES[step.outcome]))
        console.print(_table(step.statements))
        for line in _end_lines(step):
            console.print(Text(line, style="red" if step.outcome == FAILED else "dim"), soft_wrap=True)
    for line in _closing_lines(preview):
        added = {"+": "green", "-": "red"}.get(line.strip()[:1], "") if line.startswith("    ") else ""
        console.print(Text(line, style=added), soft_wrap=True)


def _table(statements: Iterable[StatementPreview]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table("line", "statement", "rows", "time", "what else", box=None, header_style="dim", pad_edge=False)
    for place in (0, 2, 3):
        table.columns[place].justify = "right"
    table.columns[1].ratio, table.columns[4].ratio = 3, 2
    table.expand = True
    for statement in statements:
        rows, time, *facts = _facts(statement)
        cells = (str(statement.line or ""), statement.text.strip(), rows, time, "\n".join(facts))
        table.add_row(*(Text(cell, overflow="fold") for cell in cells), style=STYLES[statement.outcome])
    return table


def _step_lines(step: StepPreview, *, verbose: bool) -> Iterator[str]:
    yield _title(step)
    for statement in step.statements:
        if statement.text or statement.note:
            yield _statement_line(statement, verbose=verbose)
    yield from _end_lines(step)


def _title(step: StepPreview) -> str:
    how = "in one transaction" if step.transaction else "statement by statement"
    notes = [how, *(["no way back"] if step.irreversible else [])]
    notes += [duration(step.ms)] if step.outcome in (DONE, FAILED) else []
    return f"{MARKS[step.outcome]} {step.direction} {step.id}  ({', '.join(notes)})"


def _end_lines(step: StepPreview) -> Iterator[str]:
    """What there is to say of a step behind its statements."""
    if step.more:
        yield f"    … and {counted(step.more, 'statement')} more"
    yield from (f"    log: {line}" for line in step.log)
    if step.outcome == FAILED:
        place = f"{step.path}:{step.line}: " if step.line else ""
        yield f"    {place}{step.error}"
        if step.hint:
            yield f"      → {step.hint}"
        if step.dirty:
            yield "    not one transaction: in a real run what succeeded stays, and the migration is dirty"


def _statement_line(statement: StatementPreview, *, verbose: bool) -> str:
    text = " ".join(statement.text.split())
    if not verbose and len(text) > WIDTH:
        text = text[: WIDTH - 1] + "…"
    place = f"{statement.line:>5}  " if statement.line else "       "
    rows, time, *facts = _facts(statement)
    told = [*([f"{rows} rows"] if rows else []), *([time] if time else []), *facts]
    return f"{place}{text}" + (f"  [{'; '.join(told)}]" if told and text else "; ".join(told))


def _facts(statement: StatementPreview) -> list[str]:
    """Its rows and its time, "" for none, and whatever else it does."""
    facts = [str(statement.rows) if statement.rows > 0 else ""]
    facts += [duration(statement.ms) if statement.outcome == DONE and statement.ms else ""]
    facts += ["verify"] if statement.section == "verify" else []
    facts += [f"×{statement.count}"] if statement.count > 1 else []
    facts += ["fails"] if statement.outcome == FAILED else []
    facts += ["not run"] if statement.outcome == NOT_RUN else []
    facts += [f"rewrites {table}" for table in statement.rewritten]
    facts += [
        f"locks {lock.relation} ({lock.mode}{'' if lock.measured else ', derived'}) for {duration(lock.ms)}"
        for lock in statement.locks
    ]
    return facts + ([statement.note] if statement.note else [])


def _closing_lines(preview: Preview) -> Iterator[str]:
    """Schema, hazards, notes, and how it would end."""
    if preview.changes:
        yield "schema:"
        for change in preview.changes:
            yield f"  {change.object}: {change.verb}"
            yield from (f"    {line}" for line in change.lines())
    elif preview.changes is not None and preview.ok:
        yield "schema: unchanged"
    if preview.hazards:
        yield "hazards:"
        yield from (f"  {line}" for line in lines_of(preview.hazards))
    yield from (f"· {note}" for note in preview.notes)
    yield _verdict(preview)


def _verdict(preview: Preview) -> str:
    steps = counted(len(preview.steps), "migration")
    if preview.mode == "sql":
        return f"dry run, listed only: {steps}; nothing was run"
    how = f"dry run by {preview.mode}, {duration(preview.ms)}"
    failure = preview.failure
    if failure is not None:
        return f"{how}: {failure.id} would fail; nothing of it stays"
    return f"{how}: {steps} would succeed; nothing of it stays"
