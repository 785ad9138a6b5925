"""From the answers to the draft of a migration, and what stands against it. Asks no database."""

from __future__ import annotations

from typing import NamedTuple

from miger.engine.errors import MigerError
from miger.forms.bodies import Bodies
from miger.forms.joining import join_changes
from miger.scaffold import FieldProblem, MigrationDraft, draft_problems, merge_draft, new_id
from miger.scaffold.create import BODIES, title_of
from miger.workbench.wizard.answers import (
    CONTENT,
    KIND,
    NAME,
    PARENTS,
    Answers,
    Entry,
    Ground,
)
from miger.workbench.wizard.backfills import fill
from miger.workbench.wizard.change_forms import forms_for, made_of
from miger.workbench.wizard.changes import problem_of
from miger.workbench.wizard.column_lines import key_problem
from miger.workbench.wizard.kinds import unavailable

OF_NAME = ("name", "title", "phase", "release")


class Drafted(NamedTuple):
    """The draft, what stands against writing it, what a person should know of it, and the id that it gets.

    A problem comes with its step, and with the number of its change, counted from 0; -1 for none. `losses` is what
    the migration loses for sure, which a person has to agree to before it is written.
    """

    draft: MigrationDraft
    problems: tuple[tuple[str, int, FieldProblem], ...] = ()
    notes: tuple[str, ...] = ()
    id: str = ""
    losses: tuple[str, ...] = ()

    def of(self, step: str) -> list[tuple[int, FieldProblem]]:
        """What stands against one step."""
        return [(number, problem) for place, number, problem in self.problems if place == step]


def drafted(answers: Answers, ground: Ground) -> Drafted:
    """The draft that the answers come to, as far as they go."""
    if not answers.kind:
        problem = FieldProblem("kind", "no kind is chosen", "choose one")
        return Drafted(MigrationDraft("", parents=answers.parents), ((KIND, -1, problem),))
    if why := unavailable(answers.kind, ground):
        problem = FieldProblem("kind", why, "choose another kind")
        return Drafted(MigrationDraft(answers.name, parents=answers.parents), ((KIND, -1, problem),))
    match answers.kind:
        case "merge":
            found = _merge(answers, ground)
        case "form":
            found = _form(answers, ground)
        case "backfill":
            found = _backfill(answers, ground)
        case "generated":
            found = _generated(answers, ground)
        case _:
            found = _by_hand(answers, ground)
    of_draft = [(_step(problem), -1, problem) for problem in draft_problems(found.draft, ground.graph, ground.now)]
    return found._replace(problems=(*of_draft, *found.problems), id=_id(answers.name, ground.now))


def _id(name: str, now: float) -> str:
    try:
        return new_id(name, now)
    except MigerError:
        return ""


def kind_of_file(answers: Answers, ground: Ground) -> str:
    """The kind of the draft: sql, python or mongodb."""
    if not ground.runs_sql:
        return "mongodb"
    match answers.kind:
        case "python" | "backfill":
            return "python"
        case "form":
            return answers.written
        case "generated":
            return answers.taken.written
    return "sql"


def _step(problem: FieldProblem) -> str:
    if problem.field in OF_NAME:
        return NAME
    return PARENTS if problem.field == "parents" else CONTENT


def _bare(answers: Answers, kind: str) -> MigrationDraft:
    title = answers.title.strip()
    if kind != "sql":
        title = title or title_of(answers.name)
        title = f"{title}." if title and title[-1] not in ".!?" else title
    release = answers.release.strip() or None
    return MigrationDraft(answers.name, kind, answers.parents, answers.phase or None, release, title=title)


def _by_hand(answers: Answers, ground: Ground) -> Drafted:
    kind = kind_of_file(answers, ground)
    draft = _bare(answers, kind)._replace(transaction=answers.transaction)
    texts = {name: getattr(answers, name) for name in ("up", "verify", "down")}
    if not any(text.strip() for text in texts.values()):
        up, down = BODIES[kind]
        note = "nothing is written yet: the file gets empty sections, to be filled in later"
        return Drafted(draft._replace(up=up, down=down), notes=(note,))
    written = {name: text if text.endswith("\n") else f"{text}\n" for name, text in texts.items() if text.strip()}
    draft = draft._replace(up=written.get("up", ""), down=written.get("down"), verify=written.get("verify"))
    notes = () if draft.down is not None else ("there is no down: the migration is irreversible",)
    problems: tuple[tuple[str, int, FieldProblem], ...] = ()
    if "up" not in written:
        problems = ((CONTENT, -1, FieldProblem("up", "is empty", "write it, or leave the other sections empty, too")),)
    return Drafted(draft, problems, notes)


def _merge(answers: Answers, ground: Ground) -> Drafted:
    kind = kind_of_file(answers, ground)
    try:
        draft = merge_draft(ground.graph, answers.name, kind=kind, heads=answers.parents)
    except MigerError as error:
        draft = _bare(answers, kind)._replace(up="", down="")
        return Drafted(draft, ((PARENTS, -1, FieldProblem("parents", error.message, "choose two heads or more")),))
    bare = _bare(answers, kind)
    title = bare.title or draft.title
    return Drafted(draft._replace(title=title, name=answers.name, phase=bare.phase, release=bare.release))


def _form(answers: Answers, ground: Ground) -> Drafted:
    kind = kind_of_file(answers, ground)
    if ground.tables is None:
        return _unread(_bare(answers, kind))
    forms = {form.id: form for form in forms_for(ground.backend)}
    tables = ground.tables
    bare = _bare(answers, kind)._replace(up="", down="")
    if not answers.entries:
        problem = FieldProblem("table", "nothing is filled in", "choose a change and fill it in")
        return Drafted(bare, ((CONTENT, 0, problem),))
    changes = [made_of(forms[entry.form], entry.filled, tables) for entry in answers.entries]
    joined = join_changes(changes, ground.backend, answers.written, tables, trusting=ground.trusting)
    found = [*joined.problems, *_of_lines(answers.entries)]
    problems = tuple((CONTENT, number, _renamed(problem)) for number, problem in found)
    if joined.bodies is None:
        return Drafted(bare, problems)
    return Drafted(_with(bare, joined.bodies), problems, _notes(joined.bodies, ground))


def _unread(draft: MigrationDraft) -> Drafted:
    problem = FieldProblem("tables", "the tables are still being read", "wait a moment")
    return Drafted(draft._replace(up=""), ((CONTENT, -1, problem),))


def _of_lines(entries: tuple[Entry, ...]) -> list[tuple[int, FieldProblem]]:
    """What is wrong with lines that no change can tell."""
    found = []
    for number, entry in enumerate(entries):
        if message := key_problem(entry.filled.get("foreign_keys", "")):
            found.append((number, FieldProblem("foreign_keys", message)))
    return found


def _renamed(problem: FieldProblem) -> FieldProblem:
    return problem._replace(field={"identity": "type"}.get(problem.field, problem.field))


def _backfill(answers: Answers, ground: Ground) -> Drafted:
    kind = kind_of_file(answers, ground)
    bare = _bare(answers, kind)._replace(up="")
    if ground.tables is None:
        return _unread(bare)
    filled = fill(answers.backfill.filled, ground.backend, ground.tables, trusting=ground.trusting)
    if filled.bodies is None:
        return Drafted(bare, tuple((CONTENT, -1, problem) for problem in filled.problems))
    return Drafted(_with(bare, filled.bodies), notes=_notes(filled.bodies, ground))


def _generated(answers: Answers, ground: Ground) -> Drafted:
    """The draft that was made of the differences, under the name and with the parents that were chosen."""
    kind, changes = kind_of_file(answers, ground), ground.changes
    bare = _bare(answers, kind)
    problem = problem_of(changes, answers.taken)
    problems = ((CONTENT, -1, problem),) if problem is not None else ()
    if changes.draft is None:
        return Drafted(bare._replace(up=""), problems)
    title = bare.title if answers.title.strip() else changes.draft.title
    draft = changes.draft._replace(
        name=bare.name, parents=bare.parents, phase=bare.phase, release=bare.release, title=title
    )
    return Drafted(draft, problems, changes.notes, losses=tuple(map(str, changes.losses)))


def _with(draft: MigrationDraft, bodies: Bodies) -> MigrationDraft:
    return draft._replace(
        kind=bodies.kind,
        up=bodies.up,
        down=bodies.down,
        verify=bodies.verify,
        imports=bodies.imports,
        transaction=bodies.transaction,
    )


def _notes(bodies: Bodies, ground: Ground) -> tuple[str, ...]:
    found = [bodies.why] if bodies.why else []
    found += [] if bodies.down is not None else ["there is no down: the migration is irreversible"]
    if ground.trouble:
        found.append("the database has not answered: names of tables and columns were taken as typed")
    return tuple(found)
