"""Measuring contestants in turn, A B C A B C …, so that a machine that slows down slows them all."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

LAUNCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "launch.py")


@dataclass(frozen=True, slots=True)
class Figures:
    """What one process cost: CPU (user and system) and wall in seconds, peak memory in MB."""

    cpu: float
    wall: float
    memory: float


@dataclass(frozen=True, slots=True)
class Contestant:
    """A command for some work, and what puts its database back before each run."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], object] = lambda: None
    most_rounds: int = 100


class Failed(Exception):
    """A contestant's command failed: what it printed."""


def run_once(contestant: Contestant, folder: str) -> Figures:
    """One run, its database put back before. Raises Failed."""
    contestant.prepare()
    output = os.path.join(folder, f"output-{contestant.name.replace(' ', '-')}")
    done = subprocess.run(
        [sys.executable, "-I", "-S", LAUNCH, output, *contestant.command],
        env={**_plain_environ(), **contestant.environ},
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        with open(output, errors="replace") as file:
            raise Failed(f"{contestant.name}: {' '.join(contestant.command)}\n{file.read()[-2000:]}")
    return Figures(**json.loads(done.stdout))


def _plain_environ() -> dict[str, str]:
    """Ours without what changes how Python runs, such as PYTHONDONTWRITEBYTECODE and PYTHONUNBUFFERED."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def alternate(
    contestants: Sequence[Contestant], rounds: int, folder: str, tell: Callable[[str], None]
) -> dict[str, list[Figures]]:
    """All figures by contestant, one run of each after the other; the first has its caches warmed by one more."""
    found: dict[str, list[Figures]] = {contestant.name: [] for contestant in contestants}
    for number in range(rounds):
        for contestant in contestants:
            if number < contestant.most_rounds:
                tell(f"{contestant.name}, round {number + 1} of {rounds}")
                found[contestant.name].append(run_once(contestant, folder))
    return found


def median(runs: Sequence[Figures]) -> Figures:
    """The median of each figure by itself."""
    return Figures(
        statistics.median(run.cpu for run in runs),
        statistics.median(run.wall for run in runs),
        statistics.median(run.memory for run in runs),
    )
