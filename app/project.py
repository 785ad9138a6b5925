"""The Python API: one project, one environment, all the verbs.

from miger import Project

with Project.open("shop", environment="dev") as project:
    print(project.status().counts)
    project.up(on_event=print)
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from miger import __version__
from miger.backends.registry import backend_class_for
from miger.engine.config import Config, Environment, find_config, load_config
from miger.engine.errors import BadMigrations, LockHeld, RefusedError
from miger.engine.graph import MigrationGraph
from miger.engine.loader import load_folder
from miger.engine.planner import DOWN, UP, Plan, PlanRequest, make_plan, plan_up
from miger.engine.pool import Pool
from miger.engine.state import Holder
from miger.engine.status import Status, status_of

if TYPE_CHECKING:
    from miger.engine.backend import Backend
    from miger.engine.drift import Drift
    from miger.engine.events import Observer
    from miger.engine.executor import RunResult
    from miger.engine.hazards import HazardReport
    from miger.engine.interrupt import Interrupt
    from miger.engine.owner import Owner
    from miger.engine.preview import Preview
    from miger.engine.run import Run
    from miger.engine.state import Checkpoint, HistoryEntry, Snapshot
    from miger.engine.verification import VerifyReport


class Project:
    """A folder with a `miger.toml`, and the database of one of its environments.

    May be used from several threads: each call works on a connection of its own, at most `pool_size`
    at a time.
    """

    def __init__(self, config: Config, environment: Environment) -> None:
        self.config = config
        self.environment = environment
        self._graph: MigrationGraph | None = None
        self._backend_class, self._pool = self._connect_later()

    def _connect_later(self) -> tuple[type[Backend], Pool]:
        backend_class = backend_class_for(self.environment, self.config.path)
        environment, prefix = self.environment, self.config.history
        return backend_class, Pool(lambda: backend_class(environment, prefix), environment.pool_size)

    @classmethod
    def open(cls, path: str = ".", environment: str | None = None) -> Project:
        """Reads `miger.toml` in `path` or a folder above it. Connects to nothing yet.

        Raises ConfigError.
        """
        config = load_config(find_config(path))
        return cls(config, config.environment(environment))

    def reconfigured(self, config: Config) -> Project:
        """This project under another configuration, with the environment of the same name; the folder is read anew.

        This one stays as it is: close it, and calls under way in other threads end on the connections they
        have. Raises ConfigError, also where that environment is gone.
        """
        return Project(config, config.environment(self.environment.name))

    def close(self) -> None:
        """Disconnects."""
        self._pool.close()

    def __enter__(self) -> Project:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def backend_name(self) -> str:
        """The kind of database: sqlite, postgresql and so on."""
        return self._backend_class.name

    @property
    def runs_sql(self) -> bool:
        """Whether migrations may be SQL files."""
        return self._backend_class.runs_sql

    @property
    def dialect(self) -> str:
        """How SQL files are split, for `miger.engine.statements.split`."""
        return self._backend_class.dialect

    def server(self) -> str:
        """Name and version of the database's server. Raises UnreachableError."""
        return self._pool.read(lambda backend: backend.server())

    @property
    def graph(self) -> MigrationGraph:
        """The migrations of the folder. Raises BadMigrations with every problem there is."""
        if self._graph is None:
            self._graph = read_graph(self.config.migrations)
        return self._graph

    def reload(self) -> None:
        """Forgets what was read from the migrations folder, so that it is read again."""
        self._graph = None

    # Looking

    def status(self) -> Status:
        """What state each migration is in. Writes nothing."""
        graph = self.graph
        return status_of(graph, self._pool.read(_snapshot))

    def plan(
        self,
        direction: str = UP,
        target: str | None = None,
        *,
        steps: int | None = None,
        to: str | None = None,
        out_of_order: str | None = None,
    ) -> Plan:
        """The steps that `up` or `down` would run now. Writes nothing.

        Raises what stands against it: DirtyError, HistoryMismatch, LateMigrations, RefusedError,
        UnknownTarget, UsageError.
        """
        request = PlanRequest(direction, target, steps, to, out_of_order or self.environment.out_of_order)
        graph = self.graph  # its problems are told before a database is asked
        return self._pool.read(lambda backend: self._make_plan(graph, backend, request))

    def history(self, limit: int | None = None, id: str | None = None) -> list[HistoryEntry]:
        """What happened, newest first."""
        return self._pool.read(lambda backend: backend.history(limit, id))

    def checkpoints(self, id: str, direction: str) -> dict[str, Checkpoint]:
        """The finished pieces of a migration that is under way or dirty, by key."""
        return self._pool.read(lambda backend: backend.checkpoints(id, direction))

    def verify(self) -> VerifyReport:
        """Compares checksums and files, runs the verify sections, rolled back, and looks for drift."""
        from miger.engine.run import Run
        from miger.engine.state import Lease
        from miger.engine.verification import verify_all

        late_is_wrong = self.environment.out_of_order == "error"
        with self._pool.connection() as backend:
            run = Run(backend, _owner(), Lease("", 0))
            status, ignored = self._status(backend), self.config.drift_ignore
            return verify_all(run, self.graph, status, late_is_wrong=late_is_wrong, drift_ignore=ignored)

    def preview(self, plan: Plan, mode: str = "auto", *, rows: int | None = None) -> Preview:
        """What a plan that `plan` made would do on this database. Nothing of it stays.

        `mode` is auto (the truest there is), rollback, rehearse or sql, see `miger.engine.preview`; `rows` how
        many of each table a scratch copy gets at most. Raises UsageError, RefusedError, UnreachableError.
        """
        from miger.engine.preview import SAMPLE_ROWS, make_preview

        applied = tuple(item.migration for item in self.status().migrations if item.state == "applied")
        known = tuple(migration for migration in applied if migration is not None)
        sample = SAMPLE_ROWS if rows is None else rows
        with self._pool.connection() as backend:
            return make_preview(backend, plan, _owner(), mode, applied=known, rows=sample)

    def hazards(self, plan: Plan) -> HazardReport:
        """What in a plan that `plan` made may hurt; its data is asked, read-only. Changes nothing.

        Raises IntegrityError where a file has changed, UnreachableError.
        """
        from miger.engine.hazards import find_hazards

        return self._pool.read(lambda backend: find_hazards(backend, plan))

    def lint(self, *targets: str, every: bool = False, offline: bool = False) -> HazardReport:
        """The hazards of these migrations, of all, or of those that are pending; of their `up`.

        `offline`: no database is asked, neither which are pending nor about its rows. Raises UnknownTarget.
        """
        from miger.engine.hazards.lint import lint

        graph, mode = self.graph, self.environment.out_of_order
        ids = [graph.resolve(target) for target in targets] or (list(graph) if every else None)
        if offline:
            return lint(self._backend_class(self.environment, self.config.history), graph, ids, None)
        return self._pool.read(lambda backend: lint(backend, graph, ids, self._status(backend), mode))

    def script(self, plan: Plan) -> Iterator[str]:
        """The plan as a script for the database's own client, in pieces. Asks no database."""
        from miger.engine.preview.script import script

        return script(self._backend_class(self.environment, self.config.history), plan)

    # Changing

    def up(
        self,
        target: str | None = None,
        *,
        steps: int | None = None,
        out_of_order: str | None = None,
        guarded: bool = False,
        confirm: str | None = None,
        wait: float | None = None,
        on_event: Observer | None = None,
        interrupt: Interrupt | None = None,
    ) -> RunResult:
        """Applies `target` and its ancestors, or all that is pending.

        `confirm` must be the environment's name where it is protected; `wait` is how many seconds to
        wait for another run. `guarded`: refuses a plan with hazards, see `run`. Raises what `plan` raises,
        LockHeld, StepFailed, Interrupted.
        """
        plan = self.plan(UP, target, steps=steps, out_of_order=out_of_order)
        return self.run(plan, guarded=guarded, confirm=confirm, wait=wait, on_event=on_event, interrupt=interrupt)

    def down(
        self,
        target: str | None = None,
        *,
        steps: int | None = None,
        to: str | None = None,
        guarded: bool = False,
        confirm: str | None = None,
        wait: float | None = None,
        on_event: Observer | None = None,
        interrupt: Interrupt | None = None,
    ) -> RunResult:
        """Reverts `target` and its applied descendants, the last `steps`, or all that came after `to`.

        Otherwise as `up`.
        """
        plan = self.plan(DOWN, target, steps=steps, to=to)
        return self.run(plan, guarded=guarded, confirm=confirm, wait=wait, on_event=on_event, interrupt=interrupt)

    def run(
        self,
        plan: Plan,
        *,
        guarded: bool = False,
        confirm: str | None = None,
        wait: float | None = None,
        on_event: Observer | None = None,
        interrupt: Interrupt | None = None,
    ) -> RunResult:
        """Runs a plan that `plan` made, as `up` and `down` do.

        It is made again under the lease: what was pending may have been applied by another run meanwhile.
        `guarded`: raises HazardsFound where it loses something or is bound to fail, and no metadata allows that.
        """
        from miger.engine.drift import noting_schema
        from miger.engine.events import RunFinished, RunStarted
        from miger.engine.executor import RunResult, check_code, execute_plan

        request = plan.request
        if request is None or plan.nothing_to_do:
            if on_event is not None:
                on_event(RunStarted("", plan.direction, self.environment.name, ()))
                on_event(RunFinished("", plan.direction, "done", (), 0.0))
            return RunResult("", plan.direction, (), 0.0)
        check_code(plan)
        if guarded:
            self._refuse_hazards(plan)
        with self._leased(confirm, wait, on_event, interrupt) as run:
            again = self._make_plan(self.graph, run.backend, request)
            if again.ids != plan.ids:
                check_code(again)
            with noting_schema(run, self.config.drift_ignore):
                return execute_plan(run, again)

    def repair(
        self,
        target: str,
        choice: str,
        *,
        assume: bool | None = None,
        confirm: str | None = None,
        wait: float | None = None,
        on_event: Observer | None = None,
        interrupt: Interrupt | None = None,
    ) -> bool:
        """Recovers a migration: `choice` is one of `recovery.CHOICES`. False if there was nothing to do.

        `assume` says whether a statement of unknown end did happen. Raises UsageError, StepFailed.
        """
        from miger.engine.drift import noting_schema
        from miger.engine.recovery import BY_HAND, check_choice, recover

        id = self.resolve(target)
        status = self.status().by_id[id]
        # What another run is at may be anything once that has ended: then it is looked at again.
        if status.state != "running" and not check_choice(status, choice):
            return False
        with self._leased(confirm, wait, on_event, interrupt) as run:
            status = self._status(run.backend).by_id[id]
            if not check_choice(status, choice):
                return False
            with noting_schema(run, self.config.drift_ignore, accept=choice in BY_HAND):
                recover(run, status, choice, assume)
        return True

    def baseline(
        self,
        target: str | None = None,
        *,
        confirm: str | None = None,
        wait: float | None = None,
    ) -> tuple[str, ...]:
        """Records `target` and its ancestors, or all pending ones, as applied without running them."""
        from miger.engine.drift import noting_schema
        from miger.engine.recovery import mark_applied

        plan = self.plan(UP, target, out_of_order="allow")
        if not plan.steps:
            return ()
        with self._leased(confirm, wait, None, None) as run:
            plan = plan_up(self.graph, self._status(run.backend), target, out_of_order="allow")
            with noting_schema(run, accept=True):
                mark_applied(run, tuple(step.migration for step in plan.steps))
        return plan.ids

    def accept_drift(self, *, confirm: str | None = None, wait: float | None = None) -> Drift:
        """Notes the schema as it is now as the one that migrations have made; what differed until now."""
        from miger.engine.drift import find_drift, noting_schema

        drift = self._pool.read(lambda backend: find_drift(backend))
        with self._leased(confirm, wait, None, None) as run, noting_schema(run, accept=True):
            run.backend.record(run.lease, run.entry("", "drift_accepted", error=drift.objects), None)
        return drift

    def unlock(self, token: int | None = None) -> Holder | None:
        """Frees the lease, whoever holds it; that run can then write no history any more.

        With `token`, only a lease that has it. Returns who held it, None if nobody did.
        Raises LockHeld where the holder's transaction keeps even the lease from being written.
        """
        from miger.engine.run import Run

        with self._pool.connection() as backend:
            holder = backend.snapshot().holder
            if holder is None or (token is not None and holder.token != token):
                return None
            owner = _owner()
            answer = backend.acquire(owner, self.environment.lease, dead=holder)
            if isinstance(answer, Holder):
                raise LockHeld(
                    f"the lease cannot be freed: {answer} is in the middle of a transaction",
                    "end that process; its lease is then free by itself",
                )
            run = Run(backend, owner, answer)
            backend.record(answer, run.entry("", "lease_broken", error=f"of {holder}"), None)
            backend.release(answer)
        return holder

    def holder(self) -> Holder | None:
        """Who holds the lease."""
        return self._pool.read(_snapshot).holder

    # Within

    def _make_plan(self, graph: MigrationGraph, backend: Backend, request: PlanRequest) -> Plan:
        return make_plan(graph, self._status(backend), request, backend.runs_in_transaction)

    def _status(self, backend: Backend) -> Status:
        return status_of(self.graph, _snapshot(backend))

    @contextlib.contextmanager
    def _leased(
        self,
        confirm: str | None,
        wait: float | None,
        on_event: Observer | None,
        interrupt: Interrupt | None,
    ) -> Iterator[Run]:
        from miger.engine.events import LeaseWaiting
        from miger.engine.lease import acquire_lease
        from miger.engine.run import Run
        from miger.engine.state import Lease

        self._refuse_unconfirmed(confirm)
        environment, owner = self.environment, _owner()
        with self._pool.connection() as backend:
            backend.prepare()
            run = Run(backend, owner, Lease(owner.run, 0), [on_event] if on_event else [], interrupt)
            run.lease = acquire_lease(
                backend,
                owner,
                environment.lease,
                environment.lease_wait if wait is None else wait,
                lambda holder, waited: run.emit(LeaseWaiting(owner.run, str(holder), waited)),
                run.check,
            )
            try:
                yield run
            finally:
                backend.rollback()
                with contextlib.suppress(Exception):  # it ends by itself; the run's own outcome is the news
                    backend.release(run.lease)

    def _refuse_unconfirmed(self, confirm: str | None) -> None:
        name = self.environment.name
        if self.environment.protected and confirm != name:
            raise RefusedError(f"environment {name} is protected", f"say so with `--confirm {name}`")

    def _refuse_hazards(self, plan: Plan) -> None:
        from miger.engine.errors import HazardsFound

        refused = self.hazards(plan).refused
        if refused:
            raise HazardsFound(refused)

    def resolve(self, target: str) -> str:
        """The id that `target` means, in the folder or in the database. Raises UnknownTarget."""
        status = self.status()
        if target in status.by_id:
            return target
        missing = [id for id in status.ids("missing", "dirty") if target in id and id not in self.graph]
        return missing[0] if len(missing) == 1 else self.graph.resolve(target)


def read_graph(folder: str) -> MigrationGraph:
    """The migrations of a folder. Raises BadMigrations with every problem there is."""
    loaded = load_folder(folder)
    graph = MigrationGraph(loaded.migrations, {_id_of(problem.file) for problem in loaded.problems})
    problems = (*loaded.problems, *graph.problems)
    if problems:
        raise BadMigrations("the migrations folder has problems:", problems)
    return graph


def _snapshot(backend: Backend) -> Snapshot:
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


def _owner() -> Owner:
    from miger.engine.owner import this_process

    return this_process(__version__)
