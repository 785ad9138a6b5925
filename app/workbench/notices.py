"""What stands in the way of a person's work, from all that is known: for the banner, and whole for reading."""

# No annotations from __future__: NamedTuple would have to compile each of them, at every start.

import os
from typing import NamedTuple

from miger.engine.errors import BadMigrations, ConfigError, MigerError, Problem
from miger.engine.secrets import scrub
from miger.widgets.banner import ERROR, INFO, WARNING, Notice
from miger.workbench.situation import Situation


class Trouble(NamedTuple):
    """One thing whole: what it is, all that is said of it, what to do, and the file and line if there is one."""

    notice: Notice
    heading: str
    message: str
    hint: str = ""
    path: str = ""
    line: int = 0


def banner_of(situation: Situation) -> tuple[Notice, ...]:
    """The notices, the gravest first; none where nothing stands in the way."""
    return tuple(trouble.notice for trouble in troubles_of(situation))


def troubles_of(situation: Situation) -> tuple[Trouble, ...]:
    """The same whole: miger.toml, the files of the folder, the database, another run, read-only."""
    troubles = [*_of_config(situation), *_of_files(situation), *_of_database(situation)]
    holder = situation.live_holder
    if holder is not None and situation.own_run is None:
        doing = f" is at {holder.activity}" if holder.activity else " is running migrations"
        ends = f"its lease ends at {holder.expires_at} unless it is prolonged"
        cause = f"{holder.by}@{holder.host} (process {holder.pid}){doing}"
        notice = Notice(
            WARNING, cause, key="what you start waits for that run; `miger unlock` frees a lease whose run is gone"
        )
        advice = "wait for it, or `miger unlock` where it is gone"
        troubles.append(Trouble(notice, "Another run", f"{holder}; {ends}", advice))
    if situation.environment.read_only:
        name = situation.environment.name
        cause = f"{name} is read-only: everything can be looked at, nothing changed (read_only in miger.toml)"
        troubles.append(Trouble(Notice(INFO, cause), "Read-only", cause, path=situation.config.path))
    return tuple(troubles)


def _of_config(situation: Situation) -> list[Trouble]:
    error = situation.config_error
    if error is None:
        return []
    going_on = "the last good configuration goes on"
    problems = error.problems if isinstance(error, ConfigError) else ()
    if not problems:
        notice = Notice(ERROR, error.message.partition("\n")[0], going_on, error.hint)
        return [Trouble(notice, "miger.toml is broken", error.message, error.hint, situation.config.path)]
    return [_of_problem(problem, "miger.toml is broken", situation, going_on) for problem in problems]


def _of_files(situation: Situation) -> list[Trouble]:
    return [_of_problem(problem, "A bad migration", situation, "nothing is planned until it is mended")
            for problem in situation.problems]  # fmt: skip


def _of_problem(problem: Problem, heading: str, situation: Situation, meaning: str) -> Trouble:
    near = os.path.relpath(problem.file, situation.config.folder) if os.path.isabs(problem.file) else problem.file
    shown = problem.file if near.startswith("..") else near
    place = shown if problem.line is None else f"{shown} line {problem.line}"
    notice = Notice(
        ERROR,
        problem.message.partition("\n")[0],
        f"{place} · {meaning}",
        problem.hint or "mend it: it is noticed at once",
    )
    return Trouble(
        notice,
        heading,
        problem.message,
        problem.hint,
        os.path.join(situation.config.folder, problem.file),
        problem.line or 0,
    )


def _of_database(situation: Situation) -> list[Trouble]:
    error = situation.trouble
    if error is None or isinstance(error, BadMigrations):
        return []
    error = _scrubbed(error, situation)
    name = situation.environment.name
    stale = (
        "what is shown is how it was at the last answer" if situation.status is not None else "its state is not known"
    )
    notice = Notice(
        ERROR, error.message.partition("\n")[0], f"{name}: {stale}", "r tries again · E another environment"
    )
    return [Trouble(notice, f"The database of {name} does not answer", error.message, error.hint)]


def _scrubbed(error: MigerError, situation: Situation) -> MigerError:
    """The backends keep passwords out of messages; this makes sure once more."""
    secrets = situation.environment.url.secrets
    return MigerError(scrub(error.message, secrets), scrub(error.hint, secrets))
