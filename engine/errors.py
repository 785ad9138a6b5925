"""Everything that can go wrong, each with the exit code of the command line.

MigerError                      1  message, hint
├── UsageError                  2  a call that cannot be meant
│   └── UnknownTarget           2  no migration, or several, by that name
├── ConfigError                 2  problems in miger.toml
├── IntegrityError              6  what is recorded and what is in the folder disagree
│   ├── BadMigrations           6  problems in the migrations folder or its graph
│   ├── HistoryMismatch         6  modified or missing migrations
│   ├── LateMigrations          6  pending ones that sort before applied ones
│   └── VerifyFailed            6  a verify section does not hold
├── DirtyError                  4  a migration stopped half way
├── LockHeld                    5  another run holds the lease
├── LeaseLost                   5  this run's lease was taken over
├── RefusedError                7  unsafe without a person's word
│   ├── HazardsFound            7  a plan that loses something, or is bound to fail
│   └── PlanChanged             7  what a person has agreed to is not what would run now
├── UnreachableError            8  no connection, or no right to one
├── StatementError              1  the database refused a statement
├── StepFailed                  1  a migration failed
└── Interrupted               130  a person stopped the run
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from miger.engine.hazards.values import Hazard


class Problem(NamedTuple):
    """One thing wrong with one file: where it is, what it is, what to do about it.

    `line` counts from 1; None where the problem is the whole file.
    """

    file: str
    line: int | None
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}" + (f"\n    {self.hint}" if self.hint else "")


class MigerError(Exception):
    """Base of all errors a person may see: what went wrong, and what to do about it."""

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(MigerError):
    """A call that cannot be meant."""

    exit_code = 2


class UnknownTarget(UsageError):
    """No migration, or more than one, answers to a name. `candidates` are the ids it may mean."""

    def __init__(self, target: str, candidates: Sequence[str] = (), *, ambiguous: bool = False) -> None:
        self.target = target
        self.candidates = tuple(candidates)
        if ambiguous:
            message = f"{target!r} is part of {len(self.candidates)} migrations: {listed(self.candidates)}"
            hint = "give more of the id"
        else:
            message = f"no migration is named {target!r}"
            hint = f"did you mean {listed(self.candidates)}?" if self.candidates else "`miger status` lists them"
        super().__init__(message, hint)


def listed(ids: Sequence[str], most: int = 5) -> str:
    """The first ids, and how many more there are."""
    shown = ", ".join(ids[:most])
    return shown if len(ids) <= most else f"{shown} and {len(ids) - most} more"


class _WithProblems(MigerError):
    """An error that carries every problem found, not just the first."""

    def __init__(self, message: str, problems: Sequence[Problem] = (), hint: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join([message, *(str(problem) for problem in self.problems)]), hint)


class ConfigError(_WithProblems):
    """Problems in `miger.toml`, each with its line."""

    exit_code = 2


class IntegrityError(MigerError):
    """What is recorded in the database and what is in the folder disagree."""

    exit_code = 6


class BadMigrations(_WithProblems, IntegrityError):
    """Files that are no migrations, or a graph that is none; all of them at once."""

    exit_code = 6


class HistoryMismatch(IntegrityError):
    """Applied migrations whose file changed (`modified`) or is gone (`missing`)."""

    def __init__(self, modified: Sequence[str] = (), missing: Sequence[str] = ()) -> None:
        self.modified = tuple(modified)
        self.missing = tuple(missing)
        parts, hints = [], []
        if modified:
            parts.append(f"changed after they were applied: {listed(self.modified)}")
            hints.append("put the old text back, or `miger repair ID --accept-checksum`")
        if missing:
            parts.append(f"applied, but without a file: {listed(self.missing)}")
            hints.append("bring the file back, or `miger repair ID --mark-pending` to forget it")
        super().__init__("; ".join(parts), "; ".join(hints))


class LateMigrations(IntegrityError):
    """Pending migrations that sort before one already applied. `late` are their ids."""

    def __init__(self, late: Sequence[str], newest: str) -> None:
        self.late = tuple(late)
        super().__init__(
            f"{listed(self.late)} would run late: {newest} is already applied",
            "check that the order does not matter, then `--out-of-order allow`, or give the file a newer name",
        )


class VerifyFailed(IntegrityError):
    """The verify section of migration `id` does not hold."""

    def __init__(self, id: str, reason: str) -> None:
        self.id = id
        super().__init__(f"{id}: verify does not hold: {reason}", "the change is not in the database")


class DirtyError(MigerError):
    """Migrations that stopped half way; nothing else runs until they are recovered. `ids` names them."""

    exit_code = 4

    def __init__(self, ids: Sequence[str]) -> None:
        self.ids = tuple(ids)
        super().__init__(
            f"stopped half way: {listed(self.ids)}",
            f"`miger show {self.ids[0]}` tells what ran; then `miger repair {self.ids[0]} --resume`, "
            "--rollback, --mark-applied or --mark-pending",
        )


class LockHeld(MigerError):
    """Another run holds the lease; the message names it."""

    exit_code = 5


class LeaseLost(MigerError):
    """This run's lease was taken over; it has stopped and wrote nothing since."""

    exit_code = 5

    def __init__(self) -> None:
        super().__init__(
            "this run lost its lease to another and has stopped; what it had not committed is undone",
            "`miger status` shows where the database is now",
        )


class RefusedError(MigerError):
    """Unsafe without a person's word."""

    exit_code = 7


class HazardsFound(RefusedError):
    """A plan with `hazards` of severity error that no migration allows."""

    def __init__(self, hazards: Sequence[Hazard]) -> None:
        self.hazards = tuple(hazards)
        found = [f"{hazard.place}: {hazard.message} ({hazard.code})" for hazard in self.hazards]
        super().__init__(
            "\n  ".join(["this plan is hazardous:", *found]),
            "`--dry-run` tells more; `--yes` runs it all the same; `allow` in a migration's metadata accepts a hazard",
        )


class PlanChanged(RefusedError):
    """What would run now is not what was planned: `planned` and `now` are the ids of each. Nothing was run."""

    def __init__(self, planned: Sequence[str], now: Sequence[str]) -> None:
        self.planned = tuple(planned)
        self.now = tuple(now)
        same = self.planned == self.now
        what = "the same migrations, but a file has changed" if same else listed(self.now) or "nothing to do"
        super().__init__(f"the plan has changed meanwhile: now it is {what}", "look at it again; nothing was run")


class NeedsDatabase(MigerError):
    """A migration asked for an answer where its statements are only recorded."""

    exit_code = 7


class UnreachableError(MigerError):
    """No connection to the database, or no right to one. Never carries a password."""

    exit_code = 8


class StatementError(MigerError):
    """The database refused a statement.

    `code` is the database's own (an SQLSTATE or an error number), `position` a 0-based character
    offset into the statement, `index` the number within the group sent together. `retryable`: the
    cause passes by itself (a lock, a deadlock). `disconnected`: the connection is gone.
    `outside_only`: it cannot run inside a transaction. `statement` and `line` (from 1) are filled in
    by those who know the file.
    """

    def __init__(
        self,
        message: str,
        hint: str = "",
        *,
        code: str = "",
        position: int | None = None,
        index: int = 0,
        retryable: bool = False,
        disconnected: bool = False,
        outside_only: bool = False,
    ) -> None:
        super().__init__(message, hint)
        self.code = code
        self.position = position
        self.index = index
        self.retryable = retryable
        self.disconnected = disconnected
        self.outside_only = outside_only
        self.statement = 0
        self.line = 0


class StepFailed(MigerError):
    """Migration `id` failed at `statement` (1-based, 0 if none) on `line`; `dirty` if part of it stays."""

    def __init__(
        self, id: str, message: str, hint: str = "", *, statement: int = 0, line: int = 0, dirty: bool = False
    ) -> None:
        super().__init__(message, hint)
        self.id = id
        self.statement = statement
        self.line = line
        self.dirty = dirty


class Interrupted(MigerError):
    """A person stopped the run; it ended after the current statement."""

    exit_code = 130
