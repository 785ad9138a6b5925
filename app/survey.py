"""Reading what there is: the migrations folder, and what the database says of it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from miger.engine.errors import BadMigrations, Problem
from miger.engine.graph import MigrationGraph
from miger.engine.loader import load_folder
from miger.engine.status import Status

if TYPE_CHECKING:
    from miger.engine.backend import Backend
    from miger.engine.state import HistoryEntry, Snapshot


class Survey(NamedTuple):
    """What a migrations folder holds: the graph of what is right, and what is wrong with the rest."""

    graph: MigrationGraph
    problems: tuple[Problem, ...]


class Glance(NamedTuple):
    """What a database says at one moment: the status, the newest history first, and the server's name."""

    status: Status
    history: tuple[HistoryEntry, ...]
    server: str


def read_graph(folder: str) -> MigrationGraph:
    """The migrations of a folder. Raises BadMigrations with every problem there is."""
    graph, problems = survey_folder(folder)
    if problems:
        raise BadMigrations("the migrations folder has problems:", problems)
    return graph


def survey_folder(folder: str) -> Survey:
    """The migrations of a folder that are right, and every problem there is."""
    loaded = load_folder(folder)
    graph = MigrationGraph(loaded.migrations, {_id_of(problem.file) for problem in loaded.problems})
    return Survey(graph, (*loaded.problems, *graph.problems))


def read_snapshot(backend: Backend) -> Snapshot:
    """What the database says; the lease of a process that is seen to be dead counts as expired."""
    snapshot = backend.snapshot()
    holder = snapshot.holder
    if holder is not None and not holder.expired:
        from miger.engine.owner import is_dead

        if is_dead(holder):
            return snapshot._replace(holder=holder._replace(expired=True))
    return snapshot


def _id_of(file: str) -> str:
    return os.path.splitext(os.path.basename(file))[0]
