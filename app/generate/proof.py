"""A draft is tried before it is offered: up, down and up again, on a copy, by the real loader and executor."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from miger.engine.errors import MigerError, StepFailed
from miger.engine.executor import check_code, execute_plan
from miger.engine.graph import MigrationGraph
from miger.engine.lease import lease_of_copy
from miger.engine.planner import DOWN, UP, Plan, PlanStep
from miger.engine.recovery import mark_applied
from miger.engine.run import Run
from miger.generate.compare import compare
from miger.generate.telling import lines_of
from miger.scaffold.linked import linked_folder
from miger.scaffold.write import write_draft
from miger.survey import read_graph

if TYPE_CHECKING:
    from miger.engine.backend import Backend
    from miger.engine.catalog import Catalog
    from miger.engine.owner import Owner
    from miger.scaffold.draft import MigrationDraft

SHOWN = 8  # differences in a message
HINT = "nothing was written; `miger create` makes a file to write it by hand"


def prove(
    copy: Backend,
    owner: Owner,
    folder: str,
    drafts: Sequence[MigrationDraft],
    wanted: Catalog,
    narrow: Callable[[Catalog], Catalog],
    now: float,
) -> None:
    """Runs the drafts on a copy of the database: up, which has to give `wanted`; down, as it was; and up again.

    `folder` is that of the migrations, which stays as it is; `narrow` gives that part of a catalog that `wanted`
    speaks of. Raises MigerError with what fails, and where.
    """
    with _folder_with(folder, drafts, now) as (home, ids):
        graph = read_graph(home)
        run = Run(copy, owner, lease_of_copy(copy, owner))
        known = copy.snapshot().rows
        others = tuple(graph.migrations[id] for id in graph if id not in ids and id not in known)
        if others:
            mark_applied(run, others)
        before = copy.read_catalog()
        _go(run, graph, ids, UP, "up", home)
        _equal(wanted, narrow(copy.read_catalog()), "after `up` the schema is not what is wanted")
        _go(run, graph, ids, DOWN, "down", home)
        _equal(before, copy.read_catalog(), "after `down` the schema is not what it was")
        _go(run, graph, ids, UP, "up, after down,", home)
        _equal(wanted, narrow(copy.read_catalog()), "after `down` and `up` the schema is not what is wanted")


@contextlib.contextmanager
def _folder_with(folder: str, drafts: Sequence[MigrationDraft], now: float) -> Iterator[tuple[str, list[str]]]:
    """A folder with all migrations and the drafts, each of which has the one before as its parent; and their ids."""
    with linked_folder(folder) as copied:
        yield copied, [id_of(path) for path in write_all(copied, drafts, now)]


def write_all(folder: str, drafts: Sequence[MigrationDraft], now: float) -> list[str]:
    """Writes drafts into a folder, each a second later than the one before and depending on it; their paths.

    Raises UsageError; what was written before is taken away again.
    """
    paths: list[str] = []
    try:
        for number, draft in enumerate(drafts):
            graph = read_graph(folder) if os.path.isdir(folder) else MigrationGraph(())
            followed = draft._replace(parents=(id_of(paths[-1]),)) if paths else draft
            paths.append(write_draft(folder, graph, followed, now + number))
    except BaseException:
        for path in paths:
            with contextlib.suppress(OSError):
                os.unlink(path)
        raise
    return paths


def id_of(path: str) -> str:
    """The id of the migration in a file."""
    return os.path.splitext(os.path.basename(path))[0]


def _go(run: Run, graph: MigrationGraph, ids: Sequence[str], direction: str, what: str, home: str) -> None:
    ordered = ids if direction == UP else list(reversed(ids))
    migrations = [graph.migrations[id] for id in ordered]
    section = direction
    steps = [PlanStep(one, run.backend.runs_in_transaction(one, section), one.irreversible) for one in migrations]
    plan = Plan(direction, tuple(steps))
    try:
        check_code(plan)
        execute_plan(run, plan)
    except MigerError as error:
        line = f" (line {error.line})" if isinstance(error, StepFailed) and error.line else ""
        message = error.message.replace(home + os.sep, "")
        raise MigerError(
            f"the migration does not stand its trial: {what} fails on a copy{line}: {message}", error.hint or HINT
        ) from error


def _equal(wanted: Catalog, found: Catalog, message: str) -> None:
    differences = compare(found, wanted)
    if not differences:
        return
    lines = [str(line) for line in lines_of(differences)]
    more = [f"and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []
    shown = "\n  ".join([*lines[:SHOWN], *more])
    raise MigerError(f"the migration does not stand its trial: {message}; left is to\n  {shown}", HINT)
