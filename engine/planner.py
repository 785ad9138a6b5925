"""From graph and status to the ordered steps of a run, or the reason why not. Pure."""

# No annotations from __future__: NamedTuple would have to compile each of them, at every start.

from collections.abc import Callable
from typing import NamedTuple

from miger.engine.errors import (
    DirtyError,
    HistoryMismatch,
    LateMigrations,
    RefusedError,
    UsageError,
)
from miger.engine.graph import MigrationGraph
from miger.engine.migration import Migration
from miger.engine.status import Status

UP, DOWN = "up", "down"


class PlanStep(NamedTuple):
    """One migration to run. `transaction` is False where its statements are checkpointed one by one."""

    migration: Migration
    transaction: bool
    irreversible: bool

    @property
    def id(self) -> str:
        """The migration's id."""
        return self.migration.id


class PlanRequest(NamedTuple):
    """What a plan was asked for, so that it can be made again: see `Project.plan`."""

    direction: str
    target: str | None = None
    steps: int | None = None
    to: str | None = None
    out_of_order: str = "error"


class Plan(NamedTuple):
    """The steps in the order they run.

    `late` are those that run out of order under `warn`; `running` what another run is at right now and
    may leave undone, so that having no steps does not mean that nothing is left to do.
    """

    direction: str
    steps: tuple[PlanStep, ...]
    late: tuple[str, ...] = ()
    running: tuple[str, ...] = ()
    request: PlanRequest | None = None

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the steps."""
        return tuple(step.id for step in self.steps)

    @property
    def contents(self) -> tuple[tuple[str, str], ...]:
        """Id and checksum of each step: two plans with the same contents run the same statements."""
        return tuple((step.id, step.migration.checksum) for step in self.steps)

    @property
    def nothing_to_do(self) -> bool:
        """Whether there is no step, and no other run that may leave one."""
        return not self.steps and not self.running


def make_plan(
    graph: MigrationGraph,
    status: Status,
    request: PlanRequest,
    in_transaction: Callable[[Migration, str], bool] = lambda migration, section: migration.transaction,
) -> Plan:
    """The plan for a request, by `plan_up` or `plan_down`. Raises what they raise.

    `in_transaction` says which sections the database can run in one transaction.
    """
    if request.direction == DOWN:
        plan = plan_down(graph, status, request.target, request.steps, request.to)
    elif request.to is not None:
        raise UsageError("--to belongs to `down`", "name the migration: `miger up TARGET`")
    else:
        plan = plan_up(graph, status, request.target, request.steps, request.out_of_order)
    steps = tuple(step._replace(transaction=in_transaction(step.migration, plan.direction)) for step in plan.steps)
    return plan._replace(request=request, steps=steps)


def plan_up(
    graph: MigrationGraph,
    status: Status,
    target: str | None = None,
    steps: int | None = None,
    out_of_order: str = "error",
) -> Plan:
    """What `up` would run: `target` and its ancestors, or all that is pending; at most `steps` of it.

    Raises DirtyError, HistoryMismatch, LateMigrations, UnknownTarget or UsageError.
    """
    _check_steps(steps)
    check_history(status)
    wanted = None
    if target is not None:
        id = graph.resolve(target)
        wanted = graph.ancestors([id]) | {id}
    concerned = [s for s in status.migrations if wanted is None or s.id in wanted]
    pending = [s for s in concerned if s.state == "pending"]
    if steps is not None:
        pending = pending[:steps]
    late = tuple(s.id for s in pending if s.late)
    if late and out_of_order == "error":
        newest = [s.id for s in status.migrations if s.state == "applied" and s.migration is not None][-1]
        raise LateMigrations(late, newest)
    plan_steps = tuple(_step(graph.migrations[s.id]) for s in pending)
    running = tuple(s.id for s in concerned if s.state == "running")
    return Plan(UP, plan_steps, late if out_of_order != "allow" else (), running)


def plan_down(
    graph: MigrationGraph,
    status: Status,
    target: str | None = None,
    steps: int | None = None,
    to: str | None = None,
) -> Plan:
    """What `down` would revert, newest first.

    `target` with its applied descendants; with `to`, all that is applied and neither `to` nor one of
    its ancestors; else the last `steps` applied ones (default 1).
    Raises DirtyError, HistoryMismatch, RefusedError (no way back), UnknownTarget or UsageError.
    """
    _check_steps(steps)
    if sum(choice is not None for choice in (target, steps, to)) > 1:
        raise UsageError("TARGET, --steps and --to exclude each other", "give one of them")
    check_history(status)
    applied = [s.id for s in status.migrations if s.state == "applied"]
    if target is not None:
        id = graph.resolve(target)
        chosen = graph.descendants([id]) | {id}
        selected = [other for other in applied if other in chosen]
    elif to is not None:
        id = graph.resolve(to)
        kept = graph.ancestors([id]) | {id}
        selected = [other for other in applied if other not in kept]
    else:
        # With branches, the last in graph order has no applied descendants, nor have those before it
        # once it is gone: any suffix of the order can be reverted.
        selected = applied[-(1 if steps is None else steps) :] if steps != 0 else []
    plan_steps = tuple(_step(graph.migrations[id]) for id in reversed(selected))
    stuck = [step.id for step in plan_steps if step.irreversible]
    if stuck:
        raise RefusedError(
            f"no way back from {', '.join(stuck)}: no `down` in the file",
            "write a `down`, or go forward with a new migration that undoes it",
        )
    return Plan(DOWN, plan_steps, running=status.ids("running"))


def check_history(status: Status) -> None:
    """Raises DirtyError or HistoryMismatch where the database is not fit for a run."""
    if dirty := status.ids("dirty"):
        raise DirtyError(dirty)
    modified, missing = status.ids("modified"), status.ids("missing")
    if modified or missing:
        raise HistoryMismatch(modified, missing)


def _check_steps(steps: int | None) -> None:
    if steps is not None and steps < 0:
        raise UsageError(f"--steps {steps}: a count of steps is 0 or more")


def _step(migration: Migration) -> PlanStep:
    return PlanStep(migration, migration.transaction, migration.irreversible)
