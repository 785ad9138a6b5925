"""Where words go: data to stdout, narration and errors to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence

from miger.engine.errors import MigerError

STYLES = {
    "applied": "green",
    "pending": "cyan",
    "running": "blue",
    "dirty": "bold red",
    "modified": "yellow",
    "missing": "magenta",
}


class Output:
    """One command's way of speaking: as JSON or text, how much, with colours or not."""

    def __init__(self, *, json: bool = False, quiet: bool = False, verbose: bool = False, color: bool = True) -> None:
        self.json = json
        self.quiet = quiet
        self.verbose = verbose
        self.color = color and not os.environ.get("NO_COLOR")

    def data(self, text: str) -> None:
        """One line of what was asked for."""
        print(text)

    def document(self, value: object) -> None:
        """One JSON document."""
        import json

        print(json.dumps(value, indent=2, ensure_ascii=False))

    def line(self, value: object) -> None:
        """One JSON value on one line, at once."""
        import json

        print(json.dumps(value, ensure_ascii=False, default=str), flush=True)

    def say(self, text: str) -> None:
        """Narration."""
        if not self.quiet:
            print(text, file=sys.stderr, flush=True)

    def error(self, error: MigerError) -> None:
        """An error, with what to do about it."""
        print(f"miger: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"  → {error.hint}", file=sys.stderr)
        sys.stderr.flush()

    def table(self, rows: Iterable[Sequence[str]], headings: Sequence[str]) -> None:
        """Rows in columns: by rich on a terminal, as plain aligned text elsewhere."""
        listed = [tuple(row) for row in rows]
        if self.color and sys.stdout.isatty():
            self._rich_table(listed, headings)
            return
        widths = [max(map(len, column)) for column in zip(*listed, strict=True)] if listed else []
        for row in listed:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            print("  ".join(cells).rstrip())

    def _rich_table(self, rows: list[tuple[str, ...]], headings: Sequence[str]) -> None:
        from rich.console import Console  # deferred: 70 ms
        from rich.table import Table
        from rich.text import Text

        table = Table(*headings, box=None, header_style="dim", pad_edge=False)
        for row in rows:
            style = next((STYLES[cell] for cell in row if cell in STYLES), "")
            table.add_row(*(Text(cell, style=style if cell in STYLES or len(cell) == 1 else "") for cell in row))
        Console().print(table)
