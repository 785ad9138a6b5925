"""Compare a database with models, beside raw catalog queries and Alembic: `python benchmarks/generate.py --help`."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from rich.console import Console
from rich.table import Table

from benchmarks.databases import Databases, PostgresqlDatabases, SqliteFiles
from benchmarks.generate_models import DIFFERENCES, make_models_project
from benchmarks.installation import ROOT, Installation, install
from benchmarks.measure import Contestant, Failed, run_once

from tests.servers import Server, Unavailable, postgresql

FOLDER = os.path.join(ROOT, "build", "benchmarks")
WORK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "generate_work.py")
CONTESTANTS = ("raw", "read", "compare", "check", "alembic")
AIMS = {"sqlite": 8.0, "postgresql": 4.0}  # CPU of `compare` as a multiple of raw's
MOST_MEMORY = 100.0  # MB
AIMED = 1000  # tables


@dataclass(frozen=True, slots=True)
class Run:
    """One run: CPU of the processes and of the server's, in seconds; CPU before the work; peaks of memory in MB."""

    cpu: float
    server: float
    wall: float
    start: float
    memory: float
    children: float
    queries: int

    @property
    def total(self) -> float:
        """CPU of both ends."""
        return self.cpu + self.server


class WatchedPostgresql(PostgresqlDatabases):
    """Tells what its server's processes have taken."""

    def seconds_of_ended(self) -> float:
        """CPU of all that have ended; 0 where the system does not tell (not Linux, a server elsewhere)."""
        others = "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        while self._admin.execute(others).fetchone():
            time.sleep(0.01)
        with contextlib.suppress(OSError, ValueError, IndexError):
            after_name = _text(f"/proc/{self._admin.info.backend_pid}/stat").rpartition(")")[2].split()
            parent = _text(f"/proc/{int(after_name[1])}/stat").rpartition(")")[2].split()
            return (int(parent[13]) + int(parent[14])) / os.sysconf("SC_CLK_TCK")
        return 0.0


class Bench:
    """One kind of database with one number of tables."""

    def __init__(self, installation: Installation, databases: Databases, count: int) -> None:
        self._python = installation.program("python")
        self._databases = databases
        self._folder = os.path.join(FOLDER, f"models-{count}")
        self.name = f"{databases.name}, {count} tables"
        make_models_project(self._folder, count)
        live, wanted = f"compared_{count}", f"wanted_{count}"
        databases.empty(live)
        databases.empty(wanted)
        self._places = json.dumps(
            {
                "folder": self._folder,
                "live": databases.url(live),
                "wanted": databases.url(wanted),
                "alembic": databases.alembic_url(live),
                "alembic_wanted": databases.alembic_url(wanted),
            }
        )
        self.run("make")

    def run(self, work: str, *, count: bool = False) -> Run:
        """One run of a contestant, in processes of its own. Raises Failed."""
        command = [self._python, WORK, work, self._places, *(["count"] if count else [])]
        before = self._ended()
        contestant = Contestant(f"generate {work}", command)
        run_once(contestant, FOLDER)
        with open(os.path.join(FOLDER, f"output-generate-{work}")) as file:
            said = json.loads(file.read().splitlines()[-1])
        if work in ("compare", "alembic") and said.pop("differences") != DIFFERENCES:
            raise Failed(f"{self.name}: {work} has not found the {DIFFERENCES} differences")
        said.pop("differences", None)
        if work == "check":
            said["server"] = self._ended() - before
        return Run(**said)

    def _ended(self) -> float:
        """CPU of all server processes that have ended."""
        return self._databases.seconds_of_ended() if isinstance(self._databases, WatchedPostgresql) else 0.0


def main() -> int:
    """Measure, save, show."""
    parser = argparse.ArgumentParser(description="Compare a database with models, beside raw queries and Alembic.")
    parser.add_argument("--tables", type=int, nargs="+", default=[10, 100, 1000], metavar="N", help="how many tables")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each contestant")
    parser.add_argument("--only", choices=tuple(AIMS), help="one kind of database")
    parser.add_argument("--without", nargs="*", default=[], choices=CONTESTANTS, help="contestants to leave out")
    args = parser.parse_args()
    names = [name for name in CONTESTANTS if name not in args.without]
    os.makedirs(FOLDER, exist_ok=True)
    found: dict[str, dict[str, list[Run]]] = {}
    with _server(args.only != "sqlite") as server, contextlib.ExitStack() as stack:
        databases: list[Databases] = [SqliteFiles(os.path.join(FOLDER, "databases"))]
        if server is not None:
            databases.append(stack.enter_context(contextlib.closing(WatchedPostgresql(server))))
        _say("building and installing the wheel")
        installation = install(FOLDER)
        try:
            for kind in databases:
                for count in args.tables if args.only in (None, kind.name) else ():
                    bench = Bench(installation, kind, count)
                    found[bench.name] = _measure(bench, names, args.rounds)
                    _save(found)
        except Failed as error:
            _say(f"{error}")
            return 1
    _say("")
    _show(found)
    return 0


def _measure(bench: Bench, names: Sequence[str], rounds: int) -> dict[str, list[Run]]:
    """All runs by contestant, one of each after the other; the queries, which slow it to count, in one before."""
    queries = {name: bench.run(name, count=True).queries for name in names}
    found: dict[str, list[Run]] = {name: [] for name in names}
    for number in range(rounds):
        for name in names:
            _say(f"{bench.name}: {name}, round {number + 1} of {rounds}")
            run = bench.run(name)
            found[name].append(Run(run.cpu, run.server, run.wall, run.start, run.memory, run.children, queries[name]))
    return found


def _show(found: Mapping[str, Mapping[str, Sequence[Run]]]) -> None:
    """The table, on stdout: medians."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", "contestant"):
        table.add_column(heading, no_wrap=True)
    for heading in ("CPU ms", "server's", "× raw", "queries", "MB", "start ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("aim", no_wrap=True)
    for title, contestants in found.items():
        raw = _median(contestants.get("raw", ()), "total")
        for position, (name, runs) in enumerate(contestants.items()):
            memory = f"{_median(runs, 'memory'):.0f}"
            children = _median(runs, "children")
            table.add_row(
                title if not position else "",
                name,
                f"{_median(runs, 'total') * 1000:.1f}",
                f"{_median(runs, 'server') * 1000:.1f}" if "postgresql" in title else "",
                f"{_median(runs, 'total') / raw:.2f}" if raw else "",
                str(runs[0].queries) if name != "check" else "",
                f"{memory} + {children:.0f}" if children > 1 else memory,
                f"{_median(runs, 'start') * 1000:.0f}",
                _aim(title, runs, raw) if name == "compare" and raw and f" {AIMED} " in title else "",
            )
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def _aim(title: str, runs: Sequence[Run], raw: float) -> str:
    limit = AIMS[title.partition(",")[0]]
    held = ((_median(runs, "total") / raw, limit, "× raw"), (_median(runs, "memory"), MOST_MEMORY, "MB"))
    texts = [(value <= limit, f"{value:.1f} {unit} (≤ {limit:g})") for value, limit, unit in held]
    return "   ".join(text if kept else f"[red]! {text}[/red]" for kept, text in texts)


def _median(runs: Sequence[Run], figure: str) -> float:
    return float(statistics.median([getattr(run, figure) for run in runs] or [0.0]))


def _text(path: str) -> str:
    with open(path) as file:
        return file.read()


def _save(found: Mapping[str, Mapping[str, Sequence[Run]]]) -> None:
    document = {
        title: {
            name: [{field: getattr(run, field) for field in Run.__slots__} for run in runs]
            for name, runs in contestants.items()
        }
        for title, contestants in found.items()
    }
    with open(os.path.join(FOLDER, "generate.json"), "w") as file:
        json.dump(document, file, indent=1)


@contextlib.contextmanager
def _server(wanted: bool) -> Iterator[Server | None]:
    """The tests' PostgreSQL server, or None where there is none."""
    server: Server | None = None
    if wanted:
        try:
            server = postgresql.start()
        except Unavailable as error:
            print(f"without PostgreSQL: {error}", file=sys.stderr)
    try:
        yield server
    finally:
        if server is not None:
            server.stop()


def _say(text: str) -> None:
    """Where it is, on one line of stderr that is written over; lines of their own where it is no terminal."""
    start, end = ("\r\x1b[K", "") if sys.stderr.isatty() else ("", "\n")
    if text or start:
        print(f"{start}{text}", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
