"""The workbench from start to graph, in a real terminal: `python benchmarks/workbench.py [--size N] [--rounds N]`.

Each contestant is a process on a pseudo-terminal of 120 by 36, started again and again in turn. Measured are
the wall time until a migration's name is on the screen, the CPU time until then, and the memory held two
seconds later. `textual` is an empty app with one word; `datatable` is Textual's own table with as many rows,
made from a list, without a folder to read or a database to ask. `branches` is a graph of 500 chains. Miger is
installed from its wheel, as by a user.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from typing import NamedTuple

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from rich.console import Console
from rich.table import Table

from benchmarks.installation import install
from miger.project import Project

BRANCHES = 500
SCREEN = (120, 36)
PATIENCE = 60.0  # seconds for one start
HELD_AFTER = 2.0  # seconds after which the memory is looked at
TEXTUAL = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self): yield Static("change_number_x")
Empty().run()
"""
DATATABLE = """
import sys
from textual.app import App
from textual.widgets import DataTable
class Rows(App):
    def compose(self): yield DataTable(cursor_type="row")
    def on_mount(self):
        table = self.query_one(DataTable)
        table.add_columns("", "id", "state", "at")
        for n in range(int(sys.argv[1])):
            table.add_row("o", f"2026{n:010}_change_number_{n}", "applied", "5d")
Rows().run()
"""


class Start(NamedTuple):
    """One start: seconds until the rows were there, by the wall and of CPU, and megabytes held."""

    wall: float
    cpu: float
    memory: float


def main() -> int:
    """Measures in turn, and shows the medians."""
    parser = argparse.ArgumentParser(description="Measure the start of the workbench.")
    parser.add_argument("--size", type=int, default=10_000, help="migrations")
    parser.add_argument("--rounds", type=int, default=7)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="miger-bench-") as folder:
        os.environ["XDG_STATE_HOME"] = os.path.join(folder, "state")
        linear = make_project(os.path.join(folder, "linear"), args.size, 1)
        branches = make_project(os.path.join(folder, "branches"), args.size, BRANCHES)
        installation = install(os.path.join(folder, "installation"))
        python, miger = installation.program("python"), installation.program("miger")
        contestants = {
            "textual": [python, "-c", TEXTUAL],
            "datatable": [python, "-c", DATATABLE, str(args.size)],
            "miger, linear": [miger, "-C", linear],
            "miger, branches": [miger, "-C", branches],
        }
        runs: dict[str, list[Start]] = {name: [] for name in contestants}
        for _ in range(args.rounds):
            for name, command in contestants.items():
                runs[name].append(started(command))
    show(runs, args.size)
    return 0


def make_project(folder: str, size: int, branches: int) -> str:
    """A project whose migrations are one chain, or so many; all but the newest fifty are applied."""
    os.makedirs(os.path.join(folder, "migrations"))
    with open(os.path.join(folder, "miger.toml"), "w", encoding="utf-8") as file:
        file.write('[project]\nname = "bench"\n\n[environments.dev]\nurl = "sqlite:///bench.db"\n')
    ids = [f"2026{n:010}_change_number_{n}" for n in range(size)]
    for n, id in enumerate(ids):
        depends = f'"{ids[max(0, n - branches)]}"' if n else ""
        with open(os.path.join(folder, "migrations", f"{id}.sql"), "w", encoding="utf-8") as file:
            file.write(
                f"-- /// miger\n-- depends = [{depends}]\n-- ///\n-- miger:up\nCREATE TABLE t{n} (id INTEGER);\n"
            )
    with Project.open(folder) as project:
        for head in project.graph.heads[:-1] if branches > 1 else project.graph.order[-50:-49]:
            project.baseline(head)
    return folder


def started(command: list[str]) -> Start:
    """Starts a process on a terminal, waits for a row, and ends it."""
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", SCREEN[1], SCREEN[0], 0, 0))
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        os.execv(command[0], command)
    began = time.perf_counter()
    written = b""
    while b"change_number" not in written:
        if time.perf_counter() - began > PATIENCE or not select.select([terminal], [], [], PATIENCE)[0]:
            raise SystemExit(f"no row after {PATIENCE:.0f} s: {written[-500:]!r}")
        written += os.read(terminal, 65536)
    wall, cpu = time.perf_counter() - began, cpu_seconds(pid)
    until = time.perf_counter() + HELD_AFTER
    while (left := until - time.perf_counter()) > 0:
        if select.select([terminal], [], [], left)[0]:
            os.read(terminal, 65536)
    memory = resident_megabytes(pid)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
    return Start(wall, cpu, memory)


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, in hundredths of a second (Linux)."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def resident_megabytes(pid: int) -> float:
    """What a process holds in memory (Linux)."""
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
        line = next(line for line in file if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


def show(runs: dict[str, list[Start]], size: int) -> None:
    """The table of medians, and the slowest start of each."""
    table = Table(title=f"{size:,} migrations, from start to rows", box=None, title_justify="left")
    for heading in ("", "wall s", "slowest", "CPU s", "MB", "runs"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, starts in runs.items():
        wall, cpu, memory = (statistics.median(values) for values in zip(*starts, strict=True))
        slowest = max(start.wall for start in starts)
        table.add_row(name, f"{wall:.2f}", f"{slowest:.2f}", f"{cpu:.2f}", f"{memory:.0f}", str(len(starts)))
    Console(width=None if sys.stdout.isatty() else 100).print(table)


if __name__ == "__main__":
    sys.exit(main())
