"""What can be asked of a project: nothing here changes its database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Self

from miger import __version__
from miger.backends.registry import backend_class_for
from miger.engine.config import Config, Environment, find_config, load_config
from miger.engine.graph import MigrationGraph
from miger.engine.planner import UP, Plan, PlanRequest, make_plan
from miger.engine.pool import Pool
from miger.engine.state import Holder
from miger.engine.status import Status, status_of
from miger.survey import Glance, Survey, read_graph, read_snapshot, survey_folder

if TYPE_CHECKING:
    from miger.engine.backend import Backend
    from miger.engine.hazards.values import HazardReport
    from miger.engine.owner import Owner
    from miger.engine.preview.values import Preview
    from miger.engine.state import Checkpoint, HistoryEntry
    from miger.engine.verification import VerifyReport
    from miger.forms.shapes import TableShape


class Looking:
    """A project's folder, and the database of one of its environments, as far as nothing is changed.

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
    def open(cls, path: str = ".", environment: str | None = None) -> Self:
        """Reads `miger.toml` in `path` or a folder above it. Connects to nothing yet.

        Raises ConfigError.
        """
        config = load_config(find_config(path))
        return cls(config, config.environment(environment))

    def reconfigured(self, config: Config) -> Self:
        """This project under another configuration, with the environment of the same name; the folder is read anew.

        This one stays as it is: close it, and calls under way in other threads end on the connections they
        have. Raises ConfigError, also where that environment is gone.
        """
        return type(self)(config, config.environment(self.environment.name))

    def close(self) -> None:
        """Disconnects."""
        self._pool.close()

    def __enter__(self) -> Self:
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

    @property
    def preview_modes(self) -> tuple[str, ...]:
        """The kinds of dry run that the database offers, the truest first."""
        return self._backend_class.preview_modes

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

    def survey(self) -> Survey:
        """Reads the folder anew, with all its problems; those of the migrations that are right make the graph."""
        survey = survey_folder(self.config.migrations)
        self.take(survey)
        return survey

    def take(self, survey: Survey) -> None:
        """Goes on with what another process has read of the folder just now."""
        self._graph = None if survey.problems else survey.graph

    def glance(self, graph: MigrationGraph, entries: int = 50) -> Glance:
        """The status of a graph, which may have problems, with the newest history; on one connection. Writes nothing.

        Raises UnreachableError, StatementError.
        """

        def read(backend: Backend) -> Glance:
            return Glance(status_of(graph, read_snapshot(backend)), tuple(backend.history(entries)), backend.server())

        return self._pool.read(read)

    # Looking

    def status(self) -> Status:
        """What state each migration is in. Writes nothing."""
        graph = self.graph
        return status_of(graph, self._pool.read(read_snapshot))

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
            run = Run(backend, this_owner(), Lease("", 0))
            status, ignored = self._status(backend), self.config.drift_ignore
            return verify_all(run, self.graph, status, late_is_wrong=late_is_wrong, drift_ignore=ignored)

    def preview(self, plan: Plan, mode: str = "auto", *, rows: int | None = None) -> Preview:
        """What a plan that `plan` made would do on this database. Nothing of it stays.

        `mode` is auto (the truest there is), rollback, rehearse or sql, see `miger.engine.preview.make`; `rows` how
        many of each table a scratch copy gets at most. Raises UsageError, RefusedError, UnreachableError.
        """
        from miger.engine.preview.make import SAMPLE_ROWS, make_preview

        applied = tuple(item.migration for item in self.status().migrations if item.state == "applied")
        known = tuple(migration for migration in applied if migration is not None)
        sample = SAMPLE_ROWS if rows is None else rows
        with self._pool.connection() as backend:
            return make_preview(backend, plan, this_owner(), mode, applied=known, rows=sample)

    def listing(self, plan: Plan) -> Preview:
        """The statements of a plan as they stand in the files, hazards not looked for. Asks no database.

        Raises IntegrityError where a file has changed since the plan was made.
        """
        from miger.engine.preview.listing import list_steps
        from miger.engine.preview.values import Preview

        backend = self._backend_class(self.environment, self.config.history)
        steps = tuple(list_steps(backend, plan))
        return Preview("sql", plan.direction, self.environment.name, backend.name, steps)

    def check(self, id: str) -> str | None:
        """What the verify section of a migration says now, rolled back: "" where it holds, None where there is none.

        Raises UnknownTarget, UnreachableError, StatementError where it can't be asked.
        """
        from miger.engine.run import Run
        from miger.engine.state import Lease
        from miger.engine.verification import verify_now

        migration = self.graph.migrations[self.graph.resolve(id)]
        if migration.section("verify") is None:
            return None
        with self._pool.connection() as backend:
            return verify_now(Run(backend, this_owner(), Lease("", 0)), migration) or ""

    def hazards(self, plan: Plan) -> HazardReport:
        """What in a plan that `plan` made may hurt; its data is asked, read-only. Changes nothing.

        Raises IntegrityError where a file has changed, UnreachableError.
        """
        from miger.engine.hazards.find import find_hazards

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

    def tables(self, limit: int = 500) -> list[TableShape]:
        """The first `limit` tables or collections by name, with what they consist of, for forms. Changes nothing.

        Raises StatementError, UnreachableError; RefusedError where a plugin's database cannot be read so.
        """
        from miger.forms.reading import read_tables

        return self._pool.read(lambda backend: read_tables(backend, limit))

    def holder(self) -> Holder | None:
        """Who holds the lease."""
        return self._pool.read(read_snapshot).holder

    def resolve(self, target: str) -> str:
        """The id that `target` means, in the folder or in the database. Raises UnknownTarget."""
        status = self.status()
        if target in status.by_id:
            return target
        missing = [id for id in status.ids("missing", "dirty") if target in id and id not in self.graph]
        return missing[0] if len(missing) == 1 else self.graph.resolve(target)

    # Within

    def _make_plan(self, graph: MigrationGraph, backend: Backend, request: PlanRequest) -> Plan:
        return make_plan(graph, self._status(backend), request, backend.runs_in_transaction)

    def _status(self, backend: Backend) -> Status:
        return status_of(self.graph, read_snapshot(backend))


def this_owner() -> Owner:
    """This process, as it is told to others."""
    from miger.engine.owner import this_process

    return this_process(__version__)
