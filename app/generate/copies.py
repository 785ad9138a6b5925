"""Scratch databases that are as the live one, or as the migrations make one, for trying things in."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from miger.engine.errors import MigerError
from miger.engine.statements import split
from miger.forms.bodies import sql_body
from miger.generate.carrying_out import carry_out
from miger.generate.wanted import blank_database, replay

if TYPE_CHECKING:
    from miger.engine.backend import Backend
    from miger.engine.graph import MigrationGraph
    from miger.engine.owner import Owner
    from miger.engine.statements import Statement
    from miger.forms.steps import Step

SAMPLE_ROWS = 1000  # of each table


@contextlib.contextmanager
def copy_of(backend: Backend, graph: MigrationGraph, owner: Owner, *, rows: int, offline: bool) -> Iterator[Backend]:
    """A database like the backend's with up to `rows` rows of each table, dropped on leaving.

    `offline`, or where the environment names another server for scratch databases: like what all migrations of the
    folder make of an empty one, in which they are recorded as applied.
    Raises RefusedError where none can be made, StepFailed where a migration does not run.
    """
    if not offline and backend.environment.scratch is None:
        with backend.scratch(owner, rows) as copy:
            yield copy
        return
    with blank_database(backend, owner) as blank:
        replay(graph, blank, owner)
        yield blank


def carry_out_steps(copy: Backend, steps: Sequence[Step]) -> None:
    """Carries out steps in a scratch database. Raises MigerError with the statement that does not run."""

    def failure(statement: Statement, error: MigerError) -> MigerError:
        sql = " ".join(statement.sql.split())
        return MigerError(f"{sql[:200]}\n  does not run on a copy: {error.message}", error.hint)

    carry_out(copy, split([sql_body(steps, copy.name)], copy.dialect), failure)
