"""A dry run by rollback: everything really runs, in one transaction that is never committed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from miger.engine.backend import Backend
from miger.engine.errors import Interrupted, MigerError, RefusedError
from miger.engine.executor import check_code, execute_plan
from miger.engine.migration import Migration
from miger.engine.owner import Owner
from miger.engine.planner import Plan
from miger.engine.preview.collector import Collector
from miger.engine.preview.values import FAILED, Preview, StepPreview
from miger.engine.run import Run
from miger.engine.schema import compare_schemas
from miger.engine.state import Lease

LOOK_SECONDS = 0.1


def roll_back(
    backend: Backend,
    plan: Plan,
    owner: Owner,
    listed: Callable[[str], StepPreview],
    applied: Sequence[Migration],
    rows: int,
) -> Preview:
    """Runs the plan by the executor itself, on a connection that rolls everything back.

    Raises RefusedError where the database can't, UnreachableError.
    """
    check_code(plan)
    trial = backend.uncommitted()
    try:
        trial.open()
        before = trial.read_schema()
        collector = Collector(listed, trial.effects)
        run = Run(trial, owner, Lease(owner.run, 0), [collector], lock_tries=1)
        with _Watch(backend.clone(), trial) as watch:
            run_to_its_end(run, plan)
        after = trial.read_schema() if trial.in_transaction() else before
        notes = tuple(dict.fromkeys([*collector.log, *trial.caveats()]))
    finally:
        trial.close()
    steps = tuple(_named(collector.step(step.id), watch.seen) for step in plan.steps)
    return Preview(
        "rollback",
        plan.direction,
        backend.environment.name,
        backend.name,
        steps,
        compare_schemas(before, after, definition=backend.definition),
        notes,
    )


def run_to_its_end(run: Run, plan: Plan) -> None:
    """Runs a plan; that a step failed, the collector has heard. Raises Interrupted, RefusedError."""
    try:
        execute_plan(run, plan)
    except (Interrupted, RefusedError):
        raise
    except MigerError:
        return


def _named(step: StepPreview, blockers: Sequence[str]) -> StepPreview:
    """With a step that failed for a lock goes who held it."""
    if step.outcome != FAILED or not blockers or "lock" not in step.error:
        return step
    return step._replace(hint=f"it was held by {'; '.join(blockers)}")


class _Watch:
    """Looks now and then, from another connection, who keeps the trial waiting for a lock."""

    def __init__(self, backend: Backend, trial: Backend) -> None:
        self.seen: tuple[str, ...] = ()
        self._backend = backend
        self._trial = trial
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, name="miger-locks", daemon=True)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        try:
            while not self._over.wait(LOOK_SECONDS):
                self.seen = self._backend.blockers(self._trial) or self.seen
        except MigerError:  # then nobody can be named
            pass
        finally:
            self._backend.close()
