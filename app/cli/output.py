"""Where words go: data to stdout, narration and errors to stderr."""

from __future__ import annotations

import contextlib
import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from typing import TextIO

from miger.engine.errors import MigerError

STDERR = 2  # the descriptor

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

    def __init__(self) -> None:
        self.json = False
        self.log_json = False
        self.quiet = False
        self.verbose = False
        self.color = not os.environ.get("NO_COLOR")

    def take(self, args: Namespace) -> None:
        """Speaks as the command line asks for."""
        self.json = args.json
        self.log_json = args.log_format == "json"
        self.quiet = args.quiet
        self.verbose = args.verbose
        self.color = self.color and not args.no_color

    def data(self, text: str) -> None:
        """One line of what was asked for."""
        print(text)

    def piece(self, text: str) -> None:
        """Part of a text that was asked for."""
        sys.stdout.write(text)

    def document(self, value: object) -> None:
        """One JSON document."""
        import json

        print(json.dumps(value, indent=2, ensure_ascii=False))

    def line(self, value: object) -> None:
        """One JSON value on one line, at once. That nobody reads it any more stops no run."""
        import json

        _write(sys.stdout, json.dumps(value, ensure_ascii=False, default=str))

    def say(self, text: str) -> None:
        """Narration."""
        if self.quiet:
            return
        if self.log_json:
            from miger.cli.json_log import write_record  # deferred: most logs are text

            write_record("info", "message", {"message": text})
        else:
            _write(sys.stderr, text)

    def say_at_once(self, text: str) -> None:
        """Narration from a signal handler, which may have come in the middle of another write."""
        if self.log_json:
            import json
            from datetime import UTC, datetime

            now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
            text = json.dumps({"message": text, "event": "message", "level": "info", "timestamp": now})
        with contextlib.suppress(OSError):
            os.write(STDERR, f"{text}\n".encode())

    def error(self, error: MigerError) -> None:
        """An error, with what to do about it."""
        if self.log_json:
            from miger.cli.json_log import write_record

            data = {"message": error.message, "hint": error.hint, "exit_code": error.exit_code}
            write_record("error", "error", data)
            return
        _write(sys.stderr, f"miger: {error.message}")
        if error.hint:
            _write(sys.stderr, f"  → {error.hint}")

    def table(self, rows: Iterable[Sequence[str]], headings: Sequence[str]) -> None:
        """Rows in columns: by rich on a terminal, as plain aligned text elsewhere."""
        listed = [tuple(row) for row in rows]
        if self.color and sys.stdout.isatty():
            self._rich_table(listed, headings)
            return
        if listed:
            widths = [max(map(len, column)) for column in zip(*listed, strict=True)]
            template = "  ".join(f"{{:<{width}}}" for width in widths)
            print("\n".join([template.format(*row).rstrip() for row in listed]))

    def _rich_table(self, rows: list[tuple[str, ...]], headings: Sequence[str]) -> None:
        from rich.console import Console  # deferred: 70 ms
        from rich.table import Table
        from rich.text import Text

        from miger.engine.status import GLYPHS

        table = Table(*headings, box=None, header_style="dim", pad_edge=False)
        for row in rows:
            style = next((STYLES[cell] for cell in row if cell in STYLES), "")
            table.add_row(
                *(Text(cell, style=style if cell in STYLES or cell in GLYPHS.values() else "") for cell in row)
            )
        Console().print(table)


def _write(stream: TextIO, text: str) -> None:
    try:
        print(text, file=stream, flush=True)
    except OSError:  # its reader has gone, or its disk is full
        silence(stream)


def silence(stream: TextIO) -> None:
    """Sends the rest of what is written to a stream nowhere, so that Python's exit does not fail at it."""
    with contextlib.suppress(OSError, ValueError):  # not a file
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
