"""Figures as JSON, and as a table."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Figures, median
from benchmarks.works import Work


@dataclass(frozen=True, slots=True)
class Row:
    """A work that was measured: all runs by contestant, and what became of its aims (text, value, limit)."""

    name: str
    runs: Mapping[str, Sequence[Figures]]
    aims: Sequence[tuple[str, float, float]]


def row_of(work: Work, runs: Mapping[str, Sequence[Figures]]) -> Row:
    """Holds the runs of a work against its aims."""
    medians = {name: median(figures) for name, figures in runs.items()}
    aims = [(aim.text, value, aim.limit) for aim in work.aims if (value := aim.value(medians)) is not None]
    return Row(work.name, runs, aims)


def show(rows: Sequence[Row]) -> None:
    """The table, on stdout: medians; an aim that is missed is red and has a `!`."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("work", no_wrap=True)
    table.add_column("", no_wrap=True)
    for heading in ("CPU s", "wall s", "MB", "× CPU", "runs"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("aim", no_wrap=True)
    for row in rows:
        base = median(next(runs for name, runs in row.runs.items() if name != "miger"))
        for position, (name, runs) in enumerate(row.runs.items()):
            middle = median(runs)
            table.add_row(
                row.name if not position else "",
                name,
                f"{middle.cpu:.3f}",
                f"{middle.wall:.3f}",
                f"{middle.memory:.0f}",
                f"{middle.cpu / base.cpu:.2f}",
                str(len(runs)),
                "   ".join(_aim(*aim) for aim in row.aims) if not position else "",
            )
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _aim(text: str, value: float, limit: float) -> str:
    told = f"{value:.2f} {text} (≤ {limit:g})"
    return told if value <= limit else f"[red]! {told}[/red]"


def save(rows: Sequence[Row], folder: str, versions: Mapping[str, str]) -> str:
    """Everything that was measured, in `folder`/latest.json; gives back the path."""
    path = os.path.join(folder, "latest.json")
    document = {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "processors": os.cpu_count(),
        **versions,
        "works": [asdict(row) for row in rows],
    }
    with open(path, "w") as file:
        json.dump(document, file, indent=1)
    return path
