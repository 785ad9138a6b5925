"""Measure Miger's speed beside a raw connection and Alembic: `python benchmarks/run.py --help`."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from benchmarks.databases import Databases, PostgresqlDatabases, SqliteFiles
from benchmarks.installation import ROOT, install
from benchmarks.measure import Failed, alternate
from benchmarks.report import row_of, save, show
from benchmarks.works import Works

from tests.servers import Server, Unavailable, postgresql

FOLDER = os.path.join(ROOT, "build", "benchmarks")


def main() -> int:
    """Measure, save, show."""
    parser = argparse.ArgumentParser(description="Measure Miger's speed beside a raw connection and Alembic.")
    parser.add_argument("--only", action="append", metavar="NAME", help="only works with this in their name")
    parser.add_argument("--quick", action="store_true", help="a tenth of the size: to try the benchmarks themselves")
    parser.add_argument("--rounds", type=int, help="runs of each contestant, instead of the work's own number")
    parser.add_argument("--list", action="store_true", help="the names of the works, nothing measured")
    args = parser.parse_args()
    wanted = [name.lower() for name in args.only or [""]]
    os.makedirs(FOLDER, exist_ok=True)
    with _server() as server, contextlib.ExitStack() as stack:
        databases: list[Databases] = [SqliteFiles(os.path.join(FOLDER, "databases"))]
        if server is not None:
            databases.append(stack.enter_context(contextlib.closing(PostgresqlDatabases(server))))
        _say("building and installing the wheel")
        works = Works(install(FOLDER), databases, FOLDER, quick=args.quick).all()
        works = [work for work in works if any(name in work.name.lower() for name in wanted)]
        if args.list:
            print("\n".join(work.name for work in works))
            return 0
        rows = []
        for work in works:
            try:
                runs = alternate(
                    work.contestants(),
                    args.rounds or work.rounds,
                    FOLDER,
                    lambda text: _say(f"{work.name}: {text}"),  # noqa: B023
                )
            except Failed as error:
                _say(f"{work.name}: {error}\n")
                return 1
            rows.append(row_of(work, runs))
            save(rows, FOLDER, {"postgresql": server.version if server else ""})
    _say("")
    show(rows)
    return 0


@contextlib.contextmanager
def _server() -> Iterator[Server | None]:
    """The tests' PostgreSQL server, or None where there is none."""
    try:
        server = postgresql.start()
    except Unavailable as error:
        print(f"without PostgreSQL: {error}", file=sys.stderr)
        yield None
        return
    try:
        yield server
    finally:
        server.stop()


def _say(text: str) -> None:
    """Where it is, on one line of stderr that is written over; lines of their own where it is no terminal."""
    start, end = ("\r\x1b[K", "") if sys.stderr.isatty() else ("", "\n")
    if text or start:
        print(f"{start}{text}", end=end, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
