"""The graph pane of the workbench beside Textual's DataTable: `python benchmarks/graph_pane.py [--size N]`.

Both are shown by an app without a terminal, 120 by 36, with all migrations unfolded. Figures are CPU time
of the process in milliseconds, as waiting for the next frame costs nothing. Data to frame: from the
migrations and their states to rows that are drawn. Key: from the key to nothing left to do; `nothing` is a
key that does nothing, and what the app and the measuring themselves cost. Memory: what Python holds more.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from rich.console import Console
from rich.table import Table
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import DataTable

from miger.engine.graph import MigrationGraph
from miger.engine.migration import Migration
from miger.engine.state import Snapshot, StateRow
from miger.engine.status import Status, status_of
from miger.widgets.graph_rows import arrange
from miger.widgets.graph_view import GraphView
from miger.workbench.start import keep_what_is_loaded

NOW = datetime(2026, 6, 1, tzinfo=UTC)
PENDING = 50
PRESSES = 40  # of each of five keys
SCREEN = (120, 36)


@dataclass
class Figures:
    """Milliseconds and megabytes."""

    first_frame: float = 0.0
    keys: dict[str, list[float]] = field(default_factory=dict)
    memory: float = 0.0


def history(size: int, branches: int) -> tuple[MigrationGraph, Status]:
    """A chain, or so many chains side by side; all but the newest are applied."""
    ids = [f"2026{n:010}_change_number_{n}" for n in range(size)]
    migrations = []
    for n, id in enumerate(ids):
        depends = (ids[max(0, n - branches)],) if n else ()
        migrations.append(Migration(id, f"{id}.sql", "sql", depends, (), "sha256:0"))
    graph = MigrationGraph(migrations)
    rows = {id: StateRow(id, "applied", "up", "sha256:0", at="2026-05-20T12:00:00+00:00") for id in ids[:-PENDING]}
    return graph, status_of(graph, Snapshot(True, rows))


class Contestant(App[None]):
    """An app of one widget."""

    keys: Sequence[str] = ("f12", "j", "ctrl+d", "G", "g")

    def content(self) -> Widget:
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield self.content()

    def load(self, graph: MigrationGraph, status: Status) -> None:
        raise NotImplementedError

    def type(self, text: str) -> None:
        """Filter by this, where that is possible."""


class PaneApp(Contestant):
    """Ours."""

    def content(self) -> Widget:
        return GraphView()

    def load(self, graph: MigrationGraph, status: Status) -> None:
        view = self.query_one(GraphView)
        view.show(graph, status, NOW)
        view.select(graph.order[0])  # unfolds everything
        view.select(graph.order[-1])

    def type(self, text: str) -> None:
        self.query_one(GraphView).filter_text = text


class TableApp(Contestant):
    """Textual's own, with the same words in columns; it draws no lanes."""

    keys = ("f12", "down", "pagedown", "ctrl+end", "ctrl+home")

    def content(self) -> Widget:
        return DataTable(cursor_type="row")

    def load(self, graph: MigrationGraph, status: Status) -> None:
        table: DataTable[str] = self.query_one(DataTable)
        table.add_columns("", "id", "state", "at")
        for one in reversed(status.migrations):
            table.add_row("●", one.id, one.state, one.row.at if one.row else "", key=one.id)


async def settled(pilot: Pilot[None]) -> None:
    """Until all messages are handled and the screen is drawn."""
    await pilot.pause()


async def measure(app: Contestant, graph: MigrationGraph, status: Status) -> Figures:
    figures = Figures()
    gc.unfreeze()
    gc.set_threshold(100_000)  # as `miger` does
    async with app.run_test(size=SCREEN) as pilot:
        app.query_one("*").focus()
        await settled(pilot)
        gc.collect()
        start = time.process_time()
        app.load(graph, status)
        await settled(pilot)
        figures.first_frame = (time.process_time() - start) * 1000
        keep_what_is_loaded()
        for name, key in zip(("nothing", "j", "ctrl+d"), app.keys, strict=False):
            figures.keys[name] = [await pressed(pilot, key) for _ in range(PRESSES)]
        for _ in range(PRESSES):  # from end to end
            for name, key in zip("Gg", app.keys[3:], strict=True):
                figures.keys.setdefault(name, []).append(await pressed(pilot, key))
        if isinstance(app, PaneApp):
            figures.keys["filter"] = [await typed(pilot, app, n) for n in range(PRESSES)]
    return figures


async def pressed(pilot: Pilot[None], key: str) -> float:
    """Milliseconds of one press."""
    start = time.process_time()
    await pilot.press(key)
    await settled(pilot)
    return (time.process_time() - start) * 1000


async def typed(pilot: Pilot[None], app: Contestant, n: int) -> float:
    """Milliseconds of one more character in the filter."""
    words = "status:applied number_7 !late"
    start = time.process_time()
    app.type(words[: n % len(words) + 1])
    await settled(pilot)
    return (time.process_time() - start) * 1000


async def memory(app: Contestant, graph: MigrationGraph, status: Status) -> float:
    """Megabytes; in a run of its own, as tracing makes everything slow."""
    async with app.run_test(size=SCREEN) as pilot:
        await settled(pilot)
        gc.collect()
        tracemalloc.start()
        app.load(graph, status)
        await settled(pilot)
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return held / 1e6


def frame(graph: MigrationGraph, status: Status) -> tuple[float, float]:
    """Milliseconds: all rows from the data (best of five), and the lines of a screen, drawn afresh."""
    best = min(timed(lambda: arrange(graph, status)) for _ in range(5))

    async def drawn() -> float:
        app = PaneApp()
        async with app.run_test(size=SCREEN) as pilot:
            app.load(graph, status)
            await settled(pilot)
            view = app.query_one(GraphView)
            times = []
            for top in range(0, 4000, 40):
                view.scroll_to(y=top, animate=False, force=True)
                times.append(timed(lambda: [view.render_line(y) for y in range(SCREEN[1])]))
            return statistics.median(times)

    return best, asyncio.run(drawn())


def timed(work: object) -> float:
    """Milliseconds of a call."""
    assert callable(work)
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def main() -> int:
    """Measure one contestant after the other, and show."""
    parser = argparse.ArgumentParser(description="Measure the graph pane beside Textual's DataTable.")
    parser.add_argument("--size", type=int, default=10_000, help="migrations (10000)")
    size = parser.parse_args().size
    table = Table(box=None, pad_edge=False, header_style="bold", title=f"{size:,} migrations; CPU ms, median / worst")
    for heading in ("", "", "data → frame", "nothing", "j", "ctrl+d", "G", "g", "filter", "MB"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    notes = []
    for shape, branches in (("linear", 1), ("500 branches", 500)):
        graph, status = history(size, branches)
        arranged, drawn = frame(graph, status)
        notes.append(f"{shape}: {arranged:.0f} ms for all rows from the data, {drawn:.1f} ms for the lines of a screen")
        for name, make in (("GraphView", PaneApp), ("DataTable", TableApp)):
            figures = asyncio.run(measure(make(), graph, status))
            figures.memory = asyncio.run(memory(make(), graph, status))
            keys = [figures.keys.get(key, []) for key in ("nothing", "j", "ctrl+d", "G", "g", "filter")]
            cells = [f"{statistics.median(times):.1f} / {max(times):.1f}" if times else "–" for times in keys]
            table.add_row(shape, name, f"{figures.first_frame:.0f}", *cells, f"{figures.memory:.1f}")
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(table)
    for note in notes:
        console.print(note)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
