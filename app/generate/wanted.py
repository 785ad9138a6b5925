"""The catalogs that a live one is compared with: what a source wants, and what the migrations make.

Both are made in an empty scratch database of the same kind, and read from there, so that they are in the database's
own words.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from miger.engine.backend import Backend
from miger.engine.catalog import Catalog
from miger.engine.errors import Interrupted, MigerError, RefusedError, StepFailed, UnreachableError
from miger.engine.events import Event, StepStarted
from miger.engine.executor import check_code, execute_plan
from miger.engine.graph import MigrationGraph
from miger.engine.lease import lease_of_copy
from miger.engine.owner import Owner
from miger.engine.planner import UP, PlanRequest, make_plan
from miger.engine.run import Run
from miger.engine.status import status_of
from miger.generate.sources.source import Source


def wanted_catalog(source: Source, backend: Backend, owner: Owner, live: Catalog | None = None) -> Catalog:
    """What the source wants, for a database like the backend's; `live` is what is there, where that is known.

    Raises ConfigError where the source is not right, RefusedError where no scratch database can be made,
    UnreachableError.
    """
    with blank_database(backend, owner) as blank:
        source.build(blank, live)
        return blank.read_catalog()


def replayed_catalog(graph: MigrationGraph, backend: Backend, owner: Owner) -> Catalog:
    """What all migrations of a folder make of an empty database like the backend's, whose own is not asked.

    Raises BadMigrations, StepFailed with the id of the migration that does not run there, RefusedError,
    UnreachableError.
    """
    with blank_database(backend, owner) as blank:
        replay(graph, blank, owner)
        return blank.read_catalog()


def replay(graph: MigrationGraph, blank: Backend, owner: Owner) -> None:
    """Applies all migrations of the graph to an empty database. Raises as `replayed_catalog`."""
    request = PlanRequest(UP, out_of_order="allow")
    plan = make_plan(graph, status_of(graph, blank.snapshot()), request, blank.runs_in_transaction)
    if not plan.steps:
        return
    check_code(plan)
    begun = ""

    def listen(event: Event) -> None:
        nonlocal begun
        begun = event.id if isinstance(event, StepStarted) else begun

    run = Run(blank, owner, lease_of_copy(blank, owner), [listen])
    try:
        execute_plan(run, plan)
    except (Interrupted, UnreachableError):
        raise
    except MigerError as error:
        raise _not_replayed(begun, error) from error


def _not_replayed(id: str, error: MigerError) -> StepFailed:
    statement, line = (error.statement, error.line) if isinstance(error, StepFailed) else (0, 0)
    place = f" (line {line})" if line else ""
    message = f"{id} does not run in an empty database after the others{place}: {error.message}"
    return StepFailed(id, message, error.hint, statement=statement, line=line)


@contextlib.contextmanager
def blank_database(backend: Backend, owner: Owner) -> Iterator[Backend]:
    """An empty database of the same kind: where the environment's `scratch` says, else beside the backend's own.

    Raises RefusedError with the reason, UnreachableError.
    """
    scratch = backend.environment.scratch
    if scratch is None:
        with contextlib.ExitStack() as stack:
            yield _beside(stack, backend, owner)
        return
    elsewhere = type(backend)(backend.environment._replace(url=scratch, scratch=None, read_only=False), backend.prefix)
    try:
        with _told_where(elsewhere, owner) as blank:
            yield blank
    finally:
        elsewhere.close()


def _beside(stack: contextlib.ExitStack, backend: Backend, owner: Owner) -> Backend:
    """A blank database beside the backend's own; where none can be made there, it is told what there is instead."""
    environment = backend.environment
    try:
        return stack.enter_context(backend.blank(owner))
    except RefusedError as error:
        instead = "`scratch` in the environment's section names another server for it"
        if environment.read_only:
            message = f"environment {environment.name} is read-only, and a scratch database would be made on its server"
            raise RefusedError(message, instead) from error
        raise RefusedError(error.message, "; ".join(filter(None, [error.hint, instead]))) from error


@contextlib.contextmanager
def _told_where(elsewhere: Backend, owner: Owner) -> Iterator[Backend]:
    """A blank database of another server; what stands against it is said of that server."""
    with contextlib.ExitStack() as stack:
        try:
            blank = stack.enter_context(elsewhere.blank(owner))
        except RefusedError as error:
            where = f"`scratch` of environment {elsewhere.environment.name}"
            raise RefusedError(f"{where}: {error.message}", error.hint) from error
        yield blank
