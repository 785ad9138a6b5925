"""What differs between the wanted schema and the database, what was said to it, and the file that comes of it."""

from __future__ import annotations

from typing import NamedTuple

from miger.engine.errors import MigerError
from miger.engine.words import counted
from miger.generate.asking import Loss
from miger.generate.generate import LosesData, Options
from miger.generate.renames import Candidate
from miger.generate.taking import Fallen
from miger.generate.telling import DROP, Line, keys_of
from miger.project import Project
from miger.scaffold.draft import FieldProblem, MigrationDraft

LOOK = "ctrl+r compares again"
_NAME = "schema_changes"  # until the file is written nobody sees it
_HOLDING = ("table", "column", "collection", "field")  # what holds data


class Taken(NamedTuple):
    """What a person has said to the differences.

    `left` are the keys of those that are not taken, `renamed` and `apart` the options (`users.mail:users.email`) of
    candidates that were renamed, or dropped and added. `nulls` are columns of which values that do not convert become
    NULL, `fills` as behind `--fill`. `written` is sql or python.
    """

    left: frozenset[str] = frozenset()
    renamed: frozenset[str] = frozenset()
    apart: frozenset[str] = frozenset()
    nulls: frozenset[str] = frozenset()
    fills: tuple[str, ...] = ()
    written: str = "sql"


class Changes(NamedTuple):
    """What is known of the differences.

    `lines` is None before anything was compared, with `renamed` as what was known to be renamed then; `trouble`
    says why nothing could be. `whole`: all or nothing can be taken. `draft` is the last file that was made, of
    `made_of`; `against` why none could be made of that.
    """

    lines: tuple[Line, ...] | None = None
    candidates: tuple[Candidate, ...] = ()
    renamed: frozenset[str] = frozenset()
    whole: bool = False
    trouble: str = ""
    hint: str = ""
    made_of: Taken | None = None
    draft: MigrationDraft | None = None
    losses: tuple[Loss, ...] = ()
    notes: tuple[str, ...] = ()
    fallen: tuple[Fallen, ...] = ()
    against: str = ""

    @property
    def keys(self) -> list[str]:
        """The key of each line."""
        return keys_of(self.lines or ())

    def open(self, taken: Taken) -> list[Candidate]:
        """The candidates that nobody has answered yet."""
        answered = taken.renamed | taken.apart
        return [found for found in self.candidates if found.renaming.option not in answered]

    def loss_of(self, line: Line) -> Loss | None:
        """What taking a difference would lose; the worst of it."""
        found = [loss for loss in self.losses if loss.object == line.object]
        if found:
            return max(found, key=lambda loss: loss.stops)
        sure = line.verb == DROP and line.object.partition(" ")[0] in _HOLDING
        return Loss(line.object, "its data are lost") if sure else None


def is_compared(changes: Changes, taken: Taken) -> bool:
    """Whether nothing has to be compared now."""
    return bool(changes.trouble) or (changes.lines is not None and changes.renamed == taken.renamed)


def is_made(changes: Changes, taken: Taken) -> bool:
    """Whether no file has to be made now."""
    if changes.trouble or not changes.lines or changes.open(taken) or _none(changes, taken):
        return True
    return changes.made_of == taken


def _none(changes: Changes, taken: Taken) -> bool:
    return not changes.whole and taken.left.issuperset(changes.keys)


def problem_of(changes: Changes, taken: Taken) -> FieldProblem | None:
    """What stands against the file."""
    if changes.trouble:
        return FieldProblem("changes", changes.trouble, changes.hint)
    if not is_compared(changes, taken):
        return FieldProblem("changes", "the schemas are still being compared", "wait a moment")
    if not changes.lines:
        return FieldProblem("changes", "nothing differs", "change the wanted schema first")
    if waiting := changes.open(taken):
        before, after = waiting[0].renaming.before, waiting[0].renaming.after
        return FieldProblem("changes", f"was {before} renamed to {after}?", "r: renamed, d: dropped and added")
    if _none(changes, taken):
        return FieldProblem("changes", "no difference is taken", "space takes one")
    if not is_made(changes, taken):
        return FieldProblem("changes", "the file is still being made", "wait a moment")
    return FieldProblem("changes", changes.against, changes.hint) if changes.against else None


# With the engine, in a thread


def compared(project: Project, renamed: frozenset[str]) -> Changes:
    """What differs, where those are renames. Never raises MigerError: it is the trouble then."""
    asked: list[Candidate] = []

    def decide(candidate: Candidate) -> bool:
        asked.append(candidate)
        return candidate.renaming.option in renamed

    empty = Changes(renamed=renamed, whole=not project.runs_sql)
    try:
        found = project.generate(_NAME, Options(bare=True, decide=decide))
    except MigerError as error:
        return empty._replace(trouble=error.message, hint=error.hint)
    return empty._replace(lines=found.lines, candidates=tuple(asked))


def made(project: Project, changes: Changes, taken: Taken) -> Changes:
    """The same with the file for what is taken, tried on a copy; or with what stands against it."""
    wanted = frozenset(changes.keys) - taken.left
    options = Options(
        kind=taken.written,
        fills=taken.fills,
        nulls=tuple(sorted(taken.nulls)),
        lossy=True,  # a person is asked before it is written
        decide=lambda candidate: candidate.renaming.option in taken.renamed,
        taken=None if changes.whole else wanted,
    )
    bare = changes._replace(made_of=taken, against="", hint="", losses=(), notes=(), fallen=())
    try:
        found = project.generate(_NAME, options)
    except LosesData as error:
        return bare._replace(losses=error.losses, against=_told(error), hint=_mending(error))
    except MigerError as error:
        return bare._replace(against=error.message, hint=error.hint)
    done = bare._replace(losses=found.losses, notes=found.notes, fallen=found.fallen)
    if not found.drafts:
        return done._replace(against="nothing of what is taken can stand alone", hint="take what it needs, too")
    return done._replace(draft=found.drafts[0])


def _told(error: LosesData) -> str:
    stopping = [loss for loss in error.losses if loss.stops]
    return f"{counted(len(stopping), 'change')} cannot be made with the rows there are: {stopping[0]}"


def _mending(error: LosesData) -> str:
    """What can be done about it on the screen."""
    options = {loss.option.partition(" ")[0] for loss in error.losses if loss.stops}
    ways = ["n makes such values NULL"] if "--nulls" in options else []
    ways += ["“Fill with” gives what is missing"] if "--fill" in options else []
    return ", ".join([*ways, "space leaves the difference"])
