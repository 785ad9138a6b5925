"""One run as the database remembers it: all of its entries in order, with errors whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on, work
from textual.app import ComposeResult

from miger.engine.errors import MigerError
from miger.engine.state import HistoryEntry
from miger.engine.words import counted, duration
from miger.widgets.history_rows import BAD, GLYPHS, entry_text, event_word, local, style_of
from miger.widgets.rows_view import RowsView
from miger.widgets.text_view import TextLine, TextView
from miger.widgets.words import as_title
from miger.workbench.actions import BACK, KEYS, LOOK, PALETTE, Action, bindings_of
from miger.workbench.screens.base import WorkScreen

ID_CELLS = 40

RUN_LOG_ACTIONS: tuple[Action, ...] = (
    Action("copy_all", ("Y",), "copy all", "Copy everything that the run has left in the history.", LOOK, 1),
    Action("refresh", ("r",), "refresh", "Read it again now.", LOOK, 2),
    PALETTE,
    BACK,
    KEYS,
)


class RunLogScreen(WorkScreen[None]):
    """The run that an entry of the history belongs to."""

    ACTIONS: ClassVar = RUN_LOG_ACTIONS
    BINDINGS: ClassVar = bindings_of(RUN_LOG_ACTIONS)
    DEFAULT_CSS = """
    RunLogScreen #run {
        border: round $border;
        border-title-color: $foreground;
        border-subtitle-color: $text-muted;
    }
    """

    def __init__(self, entry: HistoryEntry) -> None:
        super().__init__()
        self.entry = entry
        self.entries: Sequence[HistoryEntry] = ()

    def compose_content(self) -> ComposeResult:
        """Text in lines."""
        yield TextView(id="run")

    def on_mount(self) -> None:
        """Reads the run."""
        view = self.query_one(TextView)
        view.border_title = f"Run {self.entry.run}"
        view.lines = (TextLine("reading…", "$text-muted"),)
        view.focus()
        super().on_mount()
        self._read()

    @work(exclusive=True, group="run_log")
    async def _read(self) -> None:
        run, place = self.entry.run, self.workbench.project
        try:
            history = await self.ask_engine(lambda project: project.history())
        except MigerError as error:
            if self.is_open and place is self.workbench.project:
                self._show_error(error)
            return
        if self.is_open and place is self.workbench.project:
            self._show_run([entry for entry in reversed(history) if entry.run == run])

    def _show_run(self, entries: Sequence[HistoryEntry]) -> None:
        self.entries = entries
        view, zone = self.query_one(TextView), self.workbench.clock().tzinfo
        lines: list[TextLine] = []
        for entry in entries:
            then = local(entry.at, zone)
            when = entry.at if then is None else f"{then:%H:%M:%S}"
            took = f"  {duration(entry.duration_ms)}" if entry.duration_ms else ""
            word = event_word(entry.event)
            padding = " " * max(18 - cell_len(word), 1)
            lines.append(TextLine(f"{when}  {word}{padding}{entry.id or '–'}{took}", style_of(entry.event), bold=True))
            error_style = "$text-error" if entry.event in BAD else ""
            lines += [TextLine(line, error_style, indent=10) for line in entry.error.splitlines()]
        failed = sum(entry.event in BAD for entry in entries)
        first = entries[0] if entries else self.entry
        started = local(first.at, zone)
        day = f"{started:%Y-%m-%d %H:%M:%S}" if started is not None else first.at
        view.border_title = as_title(f"Run {self.entry.run} ─ {day} ─ {first.by}@{first.host} ─ miger {first.version}")
        told = counted(len(entries), "entry", "entries") + (f", {GLYPHS['failed']} {failed} failed" if failed else "")
        view.border_subtitle = (
            f"{told} ─ the history keeps steps; statements are in the log of the workbench that ran them"
        )
        view.lines = tuple(lines) or (TextLine("Nothing of this run is in the history any more.", "$text-muted"),)

    def _show_error(self, error: MigerError) -> None:
        lines = [TextLine(f"✖ error: {line}" if not number else line, "$text-error")
                 for number, line in enumerate(error.message.splitlines())]  # fmt: skip
        lines += [TextLine(f"→ {error.hint}")] if error.hint else []
        self.query_one(TextView).lines = (
            *lines,
            TextLine(""),
            TextLine("r tries again · esc goes back", "$text-muted"),
        )

    @on(RowsView.Copied)
    def _copied(self, message: RowsView.Copied) -> None:
        self.workbench.copy(message.text)

    def do_copy_all(self) -> None:
        """Copies the whole run."""
        zone = self.workbench.clock().tzinfo
        self.workbench.copy("\n\n".join(entry_text(entry, zone) for entry in self.entries))

    def do_refresh(self) -> None:
        """Reads it again."""
        self._read()
