"""The Python API: one project, one environment, all the verbs.

from miger import Project

with Project.open("shop", environment="dev") as project:
    print(project.status().counts)
    project.up(on_event=print)
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from miger.engine.errors import LockHeld, PlanChanged, RefusedError
from miger.engine.planner import DOWN, UP, Plan, plan_up
from miger.engine.state import Holder
from miger.looking import Looking, this_owner

if TYPE_CHECKING:
    from miger.engine.drift import Drift
    from miger.engine.events import Observer
    from miger.engine.executor import RunResult
    from miger.engine.interrupt import Interrupt
    from miger.engine.run import Run
    from miger.generate.generate import Generation, Options


class Project(Looking):
    """A folder with a `miger.toml`, and the database of one of its environments: what can be asked, and done.

    May be used from several threads: each call works on a connection of its own, at most `pool_size`
    at a time.
    """

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
        exactly: bool = False,
        confirm: str | None = None,
        wait: float | None = None,
        on_event: Observer | None = None,
        interrupt: Interrupt | None = None,
    ) -> RunResult:
        """Runs a plan that `plan` made, as `up` and `down` do.

        It is made again under the lease: what was pending may have been applied by another run meanwhile.
        `exactly`: raises PlanChanged, with nothing run, where that gives other steps or other texts.
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
            if exactly and again.contents != plan.contents:
                raise PlanChanged(plan.ids, again.ids)
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
            owner = this_owner()
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

    def generate(self, name: str, options: Options | None = None) -> Generation:
        """The drafts of the migration that makes the wanted schema of the one there is; writes no file.

        `miger.generate.proof.write_all` writes them. Raises as `miger.generate.generate.generate`.
        """
        from miger.generate.generate import Options, generate

        chosen = options if options is not None else Options()
        if chosen.offline:
            backend = self._backend_class(self.environment, self.config.history)
            try:
                return generate(self, backend, this_owner(), name, chosen)
            finally:
                backend.close()
        with self._pool.connection() as backend:
            return generate(self, backend, this_owner(), name, chosen)

    # Within

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
        environment, owner = self.environment, this_owner()
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
