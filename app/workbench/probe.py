"""Asking the database of an environment whether it answers, and how its migrations stand."""

# No annotations from __future__: NamedTuple would have to compile each of them, at every start.

import os
import time
from typing import NamedTuple

from miger.backends.registry import backend_class_for
from miger.engine.config import Config
from miger.engine.environments import Environment
from miger.engine.errors import ConfigError, MigerError
from miger.engine.graph import MigrationGraph
from miger.engine.secrets import scrub
from miger.engine.status import Status
from miger.engine.words import duration
from miger.project import Project
from miger.widgets.environment_rows import FAILED, REACHED, UNRESOLVED, EnvironmentRow


class Answer(NamedTuple):
    """What a database answered: its server, the status of the graph, and how long the first word took."""

    server: str
    status: Status
    ms: float


def sketch(config: Config, name: str, current: str) -> EnvironmentRow:
    """What miger.toml alone says of an environment; where it cannot be resolved, why."""
    row = EnvironmentRow(name, current=name == current, default=name == config.default)
    try:
        environment = config.environment(name)
        backend = backend_class_for(environment, config.path).name
    except ConfigError as error:
        return row._replace(reach=UNRESOLVED, error=_reason(error), hint=_advice(error), summary="–")
    return row._replace(
        backend=backend,
        where=place_of_url(environment, config.folder),
        protected=environment.protected,
        read_only=environment.read_only,
        rules=_rules(environment),
    )


def ask(config: Config, name: str, graph: MigrationGraph | None) -> Answer:
    """Connects anew and asks. Blocks as long as the database lets one wait. Raises MigerError."""
    with Project(config, config.environment(name)) as project:
        started = time.perf_counter()
        server = project.server()
        ms = (time.perf_counter() - started) * 1000
        return Answer(server, project.glance(graph or project.survey().graph, 1).status, ms)


def answered(row: EnvironmentRow, answer: Answer) -> EnvironmentRow:
    """The row with what the database said."""
    counts = answer.status.counts
    shown = [
        f"{counts[state]} {state}" for state in ("dirty", "running", "modified", "missing", "pending") if counts[state]
    ]
    if not shown:
        shown = ["up to date" if counts["applied"] else "no migrations"]
    return row._replace(
        reach=REACHED,
        ms=answer.ms,
        server=answer.server,
        summary=" · ".join(shown),
        alarm=bool(counts["dirty"] or counts["modified"] or counts["missing"]),
        error="",
        hint="",
    )


def failed(row: EnvironmentRow, error: MigerError, config: Config) -> EnvironmentRow:
    """The row with why there is no answer. The backends keep passwords out of it; this makes sure once more."""
    try:
        secrets = config.environment(row.name).url.secrets
    except ConfigError:  # the file that holds the URL has gone meanwhile
        secrets = ()
    return row._replace(
        reach=FAILED, error=scrub(error.message, secrets), hint=scrub(error.hint, secrets), summary="–", server=""
    )


def place_of_url(environment: Environment, folder: str) -> str:
    """The URL without a password; a file as it lies from the project's folder."""
    shown = str(environment.url)
    if not shown.startswith("sqlite:///"):
        return shown
    path, mark, query = shown.removeprefix("sqlite:///").partition("?")
    near = os.path.relpath(path, folder) if path.startswith(folder + os.sep) else path
    return near + mark + query


def _rules(environment: Environment) -> str:
    limits = {"lock": environment.lock_timeout, "statement": environment.statement_timeout}
    told = [f"{name} timeout {'none' if limit is None else duration(limit * 1000)}" for name, limit in limits.items()]
    return " · ".join([*told, f"out of order: {environment.out_of_order}", f"pool of {environment.pool_size}"])


def _reason(error: ConfigError) -> str:
    if not error.problems:
        return error.message
    problems = [
        f"{os.path.basename(problem.file)}:{problem.line or 1}: {problem.message}" for problem in error.problems
    ]
    return "\n".join(problems)


def _advice(error: ConfigError) -> str:
    hints = [problem.hint for problem in error.problems if problem.hint]
    return hints[0] if hints else error.hint
