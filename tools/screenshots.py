"""Make the pictures of `screenshots/` out of the real program: `python tools/screenshots.py`.

The demo is played in a temporary folder; then commands run on a pseudo-terminal, and rich turns what
they print into SVG.
"""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

FOLDER = Path(__file__).resolve().parents[1] / "screenshots"
MIGER = [sys.executable, "-c", "from miger.cli.main import run; run()"]
PICTURES = {"graph": ("graph",), "status": ("status",)}
WIDTH = 112  # columns


def printed(command: list[str], folder: str) -> str:
    """What a command prints on a terminal, with its colours."""
    ours, theirs = pty.openpty()
    environ = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "", "COLUMNS": str(WIDTH)}
    environ.pop("NO_COLOR", None)
    with subprocess.Popen(command, cwd=folder, env=environ, stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        pieces = []
        while piece := _read(ours):
            pieces.append(piece)
    os.close(ours)
    if process.returncode:
        raise SystemExit(f"{command[-1]} ended with {process.returncode}")
    return b"".join(pieces).decode().replace("\r\n", "\n")


def picture(title: str, text: str) -> str:
    """Coloured text as SVG. It loads no font from elsewhere, and is the same for the same text."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, color_system="256")
    console.print(Text.from_ansi(text.rstrip("\n")))
    svg = console.export_svg(title=f"miger {title}", theme=MONOKAI, unique_id=f"miger-{title}")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.DOTALL).replace(
        "font-family: Fira Code, monospace", "font-family: ui-monospace, Menlo, Consolas, monospace"
    )


def main() -> None:
    """Make every picture anew."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([*MIGER, "--json", "demo", folder], check=True, capture_output=True)
        for name, arguments in PICTURES.items():
            path = FOLDER / f"{name}.svg"
            path.write_text(picture(name, printed([*MIGER, *arguments], folder)), encoding="utf-8")
            print(path.relative_to(FOLDER.parent))


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # what Linux says once the other end is closed
        return b""


if __name__ == "__main__":
    main()
