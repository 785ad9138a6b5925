"""What is measured: each work with its contestants, how often, and what we aim at."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.databases import Databases, SqliteFiles
from benchmarks.installation import Installation
from benchmarks.measure import Contestant, Figures, run_once
from benchmarks.projects import Project, make_big_file, make_project

RAW = os.path.join(os.path.dirname(os.path.abspath(__file__)), "raw.py")
MEGABYTE = 1_000_000

Medians = Mapping[str, Figures]


@dataclass(frozen=True, slots=True)
class Aim:
    """A number made from the medians, and what it may be at most."""

    text: str
    limit: float
    value: Callable[[Medians], float | None]


@dataclass(frozen=True, slots=True)
class Work:
    """One row of the table. `contestants` makes what they need when the work's turn comes."""

    name: str
    rounds: int
    contestants: Callable[[], Sequence[Contestant]]
    aims: Sequence[Aim]


def ratio(figure: str, other: str, limit: float) -> Aim:
    """Our figure as a multiple of another's."""

    def value(medians: Medians) -> float | None:
        if other not in medians:
            return None
        ours, theirs = getattr(medians["miger"], figure), getattr(medians[other], figure)
        return float(ours / theirs)

    return Aim(f"{figure} × {other}", limit, value)


def above(figure: str, other: str, count: int, limit: float) -> Aim:
    """How many ms each migration costs more than another's."""

    def value(medians: Medians) -> float | None:
        if other not in medians:
            return None
        ours, theirs = getattr(medians["miger"], figure), getattr(medians[other], figure)
        return float(ours - theirs) * 1000 / count

    return Aim(f"{figure} ms each above {other}", limit, value)


def at_most(figure: str, unit: str, limit: float, times: float = 1) -> Aim:
    """Our figure by itself."""
    return Aim(f"{figure} {unit}", limit, lambda medians: float(getattr(medians["miger"], figure)) * times)


class Works:
    """All works there are, on one installation and the databases at hand."""

    def __init__(self, installation: Installation, databases: Sequence[Databases], folder: str, *, quick: bool) -> None:
        self._installed = installation
        self._databases = databases
        self._folder = folder
        self._sizes = (100, 500) if quick else (1000, 5000)
        self._reverted = 100 if not quick else 50
        self._big = 20 * MEGABYTE if quick else 200 * MEGABYTE
        self._rounds = 3 if quick else 7

    def all(self) -> list[Work]:
        """Every work, in the order of the table."""
        small, large = self._sizes
        works = [Work("help", self._rounds, self._help, (at_most("cpu", "ms", 80, 1000),))]
        for databases in self._databases:
            on, raw_times = databases.name, 2.0 if databases.name == "sqlite" else 1.3
            aims = (ratio("cpu", "raw", raw_times),)
            for size in self._sizes:
                looked = functools.partial(self._looking, databases, size)
                works.append(
                    Work(f"status {size} {on}", self._rounds, functools.partial(looked, "status", ["current"]), aims)
                )
            for size in self._sizes:
                looked = functools.partial(self._looking, databases, size)
                works.append(
                    Work(
                        f"no-op up {size} {on}",
                        self._rounds,
                        functools.partial(looked, "up", ["upgrade", "head"]),
                        aims,
                    )
                )
            for size, rounds in ((small, 3), (large, 2)):
                run = functools.partial(self._up, databases, size)
                works.append(Work(f"up {size} {on}", rounds, run, (above("cpu", "raw", size, 1.5),)))
            dag = functools.partial(self._dag, databases, small)
            works.append(Work(f"up {small} DAG {on}", 3, dag, (ratio("cpu", "chain", 1.2),)))
            down = functools.partial(self._down, databases, small)
            works.append(Work(f"down {self._reverted} of {small} {on}", 5, down, (ratio("cpu", "raw", 1.5),)))
        for databases in self._databases:
            works.append(self._file(databases))
        return works

    # Small commands

    def _help(self) -> list[Contestant]:
        return [
            Contestant("miger", [self._installed.program("miger"), "--help"]),
            Contestant("raw", [self._installed.program("python"), "-c", "pass"]),
            Contestant("alembic", [self._installed.program("alembic"), "--help"]),
        ]

    def _looking(self, databases: Databases, size: int, verb: str, alembic: Sequence[str]) -> list[Contestant]:
        """With everything applied."""
        project = self._project(size)
        ours, theirs = f"done{size}", f"alembic_done{size}"
        databases.empty(ours)
        databases.empty(theirs)
        run_once(self._miger(project, databases, ours, ["baseline", "--yes"]), self._folder)
        run_once(self._alembic(project, databases, theirs, ["stamp", "head"]), self._folder)
        return [
            self._miger(project, databases, ours, [verb]),
            self._raw(project, databases, ours, "status" if verb == "status" else "check"),
            self._alembic(project, databases, theirs, alembic, most_rounds=3 if size <= 1000 else 1),
        ]

    # Runs

    def _up(self, databases: Databases, size: int) -> list[Contestant]:
        project = self._project(size)
        fresh = functools.partial(databases.empty, "fresh")
        contestants = [
            self._miger(project, databases, "fresh", ["up"], prepare=fresh),
            self._raw(project, databases, "fresh", "up", prepare=fresh),
        ]
        if size <= 1000:
            upgrade = ["upgrade", "head"]
            contestants.append(self._alembic(project, databases, "fresh", upgrade, prepare=fresh, most_rounds=1))
        return contestants

    def _dag(self, databases: Databases, size: int) -> list[Contestant]:
        chain, dag = self._project(size), self._project(size, dag=True)
        fresh = functools.partial(databases.empty, "fresh")
        return [
            self._miger(dag, databases, "fresh", ["up"], prepare=fresh),
            self._miger(chain, databases, "fresh", ["up"], name="chain", prepare=fresh),
            self._raw(dag, databases, "fresh", "up", prepare=fresh),
            self._alembic(dag, databases, "fresh", ["upgrade", "head"], prepare=fresh, most_rounds=1),
        ]

    def _down(self, databases: Databases, size: int) -> list[Contestant]:
        project, count = self._project(size), self._reverted
        ours, theirs = f"full{size}", f"alembic_full{size}"
        databases.empty(ours)
        databases.empty(theirs)
        run_once(self._miger(project, databases, ours, ["up"]), self._folder)
        run_once(self._alembic(project, databases, theirs, ["upgrade", "head"]), self._folder)
        copy = functools.partial(databases.copy, ours, "fresh")
        copy_theirs = functools.partial(databases.copy, theirs, "fresh")
        downgrade = ["downgrade", f"-{count}"]
        return [
            self._miger(project, databases, "fresh", ["down", "--steps", str(count), "--yes"], prepare=copy),
            self._raw(project, databases, "fresh", "down", str(count), prepare=copy),
            self._alembic(project, databases, "fresh", downgrade, prepare=copy_theirs, most_rounds=1),
        ]

    # The big file

    def _file(self, databases: Databases) -> Work:
        on_sqlite = databases.name == "sqlite"
        speed = ratio("cpu", "sqlite3", 2.5) if on_sqlite else ratio("wall", "psql", 0.7)
        name = f"file of {self._big // MEGABYTE} MB {databases.name}"
        return Work(name, 3, lambda: self._load(databases), (speed, at_most("memory", "MB", 60)))

    def _load(self, databases: Databases) -> list[Contestant]:
        folder, plain = make_big_file(os.path.join(self._folder, "big"), self._big)
        fresh = functools.partial(databases.empty, "fresh")
        project = Project(folder, "")
        contestants = [self._miger(project, databases, "fresh", ["up"], prepare=fresh)]
        if isinstance(databases, SqliteFiles):
            path = databases.path("fresh")
            if shutil.which("sqlite3"):
                contestants.append(Contestant("sqlite3", ["sqlite3", path, f".read {plain}"], prepare=fresh))
            script = "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())"
            command = [self._installed.program("python"), "-c", script, path, plain]
            contestants.append(Contestant("executescript", command, prepare=fresh))
        elif shutil.which("psql"):
            client = [
                "psql",
                "--quiet",
                "--no-psqlrc",
                "--set=ON_ERROR_STOP=1",
                f"--file={plain}",
                databases.url("fresh"),
            ]
            contestants.append(Contestant("psql", client, prepare=fresh))
        return contestants

    # Contestants

    def _project(self, size: int, *, dag: bool = False) -> Project:
        return _made(os.path.join(self._folder, f"{'dag' if dag else 'chain'}{size}"), size, dag)

    def _miger(
        self,
        project: Project,
        databases: Databases,
        database: str,
        arguments: Sequence[str],
        name: str = "miger",
        prepare: Callable[[], object] = lambda: None,
    ) -> Contestant:
        command = [self._installed.program("miger"), "-C", project.miger, *arguments]
        return Contestant(name, command, {"DATABASE_URL": databases.url(database)}, prepare)

    def _raw(
        self,
        project: Project,
        databases: Databases,
        database: str,
        *work: str,
        prepare: Callable[[], object] = lambda: None,
    ) -> Contestant:
        python = self._installed.program("python")
        return Contestant("raw", [python, RAW, databases.url(database), project.migrations, *work], prepare=prepare)

    def _alembic(
        self,
        project: Project,
        databases: Databases,
        database: str,
        arguments: Sequence[str],
        prepare: Callable[[], object] = lambda: None,
        most_rounds: int = 100,
    ) -> Contestant:
        config = os.path.join(project.alembic, "alembic.ini")
        command = [self._installed.program("alembic"), "--config", config, *arguments]
        return Contestant("alembic", command, {"ALEMBIC_URL": databases.alembic_url(database)}, prepare, most_rounds)


@functools.cache
def _made(folder: str, size: int, dag: bool) -> Project:
    return make_project(folder, size, dag=dag)
