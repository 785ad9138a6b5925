"""All that the workbench knows at one moment: one frozen value, which every screen is drawn from."""

# No annotations from __future__: NamedTuple would have to compile each of them, at every start.

from typing import NamedTuple

from miger.engine.config import Config
from miger.engine.environments import Environment
from miger.engine.errors import MigerError, Problem
from miger.engine.graph import MigrationGraph
from miger.engine.state import Holder
from miger.engine.status import MigrationStatus, Status
from miger.engine.words import counted


class OwnRun(NamedTuple):
    """A run that this workbench has started: what it is for people, and whether it was asked to stop."""

    title: str
    stopping: bool = False


class Situation(NamedTuple):
    """What is known. What is not known yet, or could not be found out, is None.

    `graph` is what the folder holds, `problems` what is wrong with it. `status` is the last one that could
    be read; `trouble` says why the last look at the database failed, and `looking` that none has ended yet.
    `config_error` is what is wrong with miger.toml now, while `config` is the last good one. `own_run`: a run
    of this process, while it goes on.
    """

    config: Config
    environment: Environment
    backend: str
    server: str = ""
    graph: MigrationGraph | None = None
    problems: tuple[Problem, ...] = ()
    status: Status | None = None
    looking: bool = True
    trouble: MigerError | None = None
    config_error: MigerError | None = None
    own_run: OwnRun | None = None

    @property
    def live_holder(self) -> Holder | None:
        """Who is running migrations right now."""
        holder = self.status.holder if self.status is not None else None
        return holder if holder is not None and not holder.expired else None

    @property
    def heads(self) -> tuple[str, ...]:
        """The heads of the graph; more than one is a conflict to be merged."""
        return self.graph.heads if self.graph is not None else ()

    def of(self, id: str | None) -> MigrationStatus | None:
        """The status of a migration; without a database, that of its file alone is `unknown`."""
        if id is None:
            return None
        if self.status is not None:
            return self.status.by_id.get(id)
        migration = self.graph.migrations.get(id) if self.graph is not None else None
        return None if migration is None else MigrationStatus(id, "unknown", False, migration, None)

    def ids(self, *states: str) -> tuple[str, ...]:
        """The ids in any of these states; none where the database has not answered."""
        return self.status.ids(*states) if self.status is not None else ()

    @property
    def summary(self) -> str:
        """How things stand, in a few words: `3 pending · 1 dirty`."""
        if self.status is None:
            return "no answer" if self.trouble is not None else "looking…"
        counts = self.status.counts
        told = [f"{counts[state]} {state}" for state in ("pending", "dirty", "running", "modified", "missing")]
        shown = [text for text in told if not text.startswith("0 ")]
        if len(self.heads) > 1:
            shown.append(counted(len(self.heads), "head"))
        if shown:
            return " · ".join(shown)
        return "up to date" if self.graph is not None and len(self.graph) else "no migrations yet"
