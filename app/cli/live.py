"""A run on a terminal: a progress bar below the lines, by rich."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

from miger.cli.narration import describe
from miger.engine.events import (
    Event,
    LogLine,
    Progress,
    RunStarted,
    StatementFinished,
    StatementStarted,
    StepFailed,
    StepFinished,
    StepStarted,
)


class LiveProgress:
    """An observer that draws how far the run and its current step are."""

    def __init__(self, *, verbose: bool) -> None:
        self._verbose = verbose
        self._console = Console(stderr=True, highlight=False)
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.completed}/{task.total}", markup=False),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )
        self._run: TaskID | None = None
        self._step: TaskID | None = None
        self._pieces: dict[str, TaskID] = {}

    def __enter__(self) -> LiveProgress:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def __call__(self, event: Event) -> None:
        """Draws one event."""
        self._print(event)
        match event:
            case RunStarted(ids=ids, direction=direction):
                self._run = self._bars.add_task(direction, total=len(ids))
            case StepStarted(id=id, statements=statements):
                self._step = self._bars.add_task(id, total=statements)
            case StatementStarted(id=id, text=text) if self._step is not None:
                self._bars.update(self._step, description=f"{id}  {text[:48]}")
            case StatementFinished(section="up" | "down", count=count) if self._step is not None:
                self._bars.advance(self._step, count)
            case Progress(name=name, done=done, total=total):
                if name not in self._pieces:
                    self._pieces[name] = self._bars.add_task(f"  {name}", total=total)
                self._bars.update(self._pieces[name], completed=done, total=total)
            case StepFinished() | StepFailed():
                self._end_step()

    def _end_step(self) -> None:
        for task in (self._step, *self._pieces.values()):
            if task is not None:
                self._bars.remove_task(task)
        self._step, self._pieces = None, {}
        if self._run is not None:
            self._bars.advance(self._run)

    def _print(self, event: Event) -> None:
        line = describe(event, verbose=self._verbose)
        if line is None or isinstance(event, Progress):
            return
        style = "green" if isinstance(event, StepFinished) else "red" if isinstance(event, StepFailed) else ""
        if isinstance(event, LogLine):
            style = {"warning": "yellow", "error": "red"}.get(event.level, "dim")
        self._bars.console.print(Text(line, style=style))
