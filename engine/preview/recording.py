"""Recording what a Python migration would send, without a database."""

from __future__ import annotations

from miger.engine.backend import Backend, Effects
from miger.engine.errors import MigerError, NeedsDatabase, StepFailed
from miger.engine.events import StepFinished, StepStarted
from miger.engine.owner import Owner
from miger.engine.planner import PlanStep
from miger.engine.preview.collector import Collector
from miger.engine.preview.values import PLANNED, StatementPreview, StepPreview
from miger.engine.python_step import run_function
from miger.engine.run import Run
from miger.engine.state import Lease
from miger.engine.step_work import StepWork

NOBODY = Owner(by="", host="", machine="", pid=0, process="", run="", version="")


def record_function(backend: Backend, step: PlanStep, direction: str) -> StepPreview:
    """The statements of a Python migration as far as it asks for no answer; a note says where it does."""
    migration, transaction = step.migration, step.transaction
    empty = StepPreview(step.id, migration.path, direction, transaction, step.irreversible and direction == "up", ())
    collector = Collector(lambda id: empty, Effects)
    run = Run(backend, NOBODY, Lease("", 0), [collector])
    work = StepWork(run, migration, direction, direction, transactional=True)  # so that nothing is checkpointed
    run.emit(StepStarted("", step.id, direction, 1, 1, transaction))
    note = ""
    try:
        run_function(work, direction, backend.recorder(work))
    except (MigerError, StepFailed) as error:
        cause = error.__cause__ if isinstance(error.__cause__, NeedsDatabase) else error
        note = f"from here on it needs the database: {cause}" if isinstance(cause, NeedsDatabase) else str(error)
    run.emit(StepFinished("", step.id, direction, 0.0))
    recorded = collector.steps[step.id]
    statements = [found._replace(outcome=PLANNED, ms=0.0) for found in recorded.statements]
    if note:
        statements.append(StatementPreview(direction, 0, 0, "", "", note=note))
    return recorded._replace(outcome=PLANNED, statements=tuple(statements))
