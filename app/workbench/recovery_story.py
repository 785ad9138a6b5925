"""What is known of a migration that needs recovery: what ran, what failed, what is left, and the ways out of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from miger.engine.errors import MigerError
from miger.engine.migration import Migration
from miger.engine.planner import DOWN, UP, Plan, PlanStep
from miger.engine.preview.values import StatementPreview
from miger.engine.recovery import ACCEPT_CHECKSUM, MARK_PENDING, RESUME, ROLLBACK, choices_for
from miger.engine.state import Checkpoint, StateRow
from miger.engine.status import MigrationStatus
from miger.project import Project

DONE, FAILED, UNKNOWN, LEFT, CHANGED = "done", "failed", "nobody knows", "left", "changed since it ran"
GLYPHS = {DONE: "✔", FAILED: "✖", UNKNOWN: "?", LEFT: "○", CHANGED: "≠"}


class Piece(NamedTuple):
    """A statement, or another piece with a checkpoint of its own (`number` 0). `state` is one of `GLYPHS`."""

    state: str
    text: str
    number: int = 0
    line: int = 0
    rows: int = -1
    hash: str = ""


class Way(NamedTuple):
    """A way out: a recovery choice, for `resume` with what is assumed of a statement whose end nobody knows.

    `pieces` are the statements that it would run; `cautions` what it leaves to the person's word.
    """

    choice: str
    label: str
    effect: str
    unavailable: str = ""
    assume: bool | None = None
    pieces: tuple[Piece, ...] = ()
    cautions: tuple[str, ...] = ()


class Story(NamedTuple):
    """All that is known of one migration. `verify` is what that says now, None where it has not been asked.

    `problem` says why something could not be found out.
    """

    status: MigrationStatus
    pieces: tuple[Piece, ...] = ()
    ways: tuple[Way, ...] = ()
    verify: str | None = None
    problem: str = ""

    @property
    def id(self) -> str:
        """The migration."""
        return self.status.id


def read_story(project: Project, id: str) -> Story | None:
    """Reads it from the database and the file; None where neither knows the migration any more.

    Raises UnreachableError, BadMigrations.
    """
    status = project.status().by_id.get(id)
    if status is None:
        return None
    row, problem = status.row, ""
    going = row.direction if row is not None and row.direction else UP
    checkpoints: Mapping[str, Checkpoint] = {}
    here: tuple[StatementPreview, ...] = ()
    back: tuple[StatementPreview, ...] = ()
    if status.state == "dirty" and row is not None:
        checkpoints = project.checkpoints(id, going)
        try:
            here = _listed(project, status.migration, going)
            back = _listed(project, status.migration, DOWN if going == UP else UP)
        except MigerError as error:
            problem = error.message
    pieces = tuple(_pieces(here, checkpoints, row))
    back_pieces = tuple(Piece(LEFT, found.text, found.number, found.line) for found in back)
    return Story(status, pieces, tuple(_ways(status, pieces, back_pieces)), _verify(project, status), problem)


def _listed(project: Project, migration: Migration | None, section: str) -> tuple[StatementPreview, ...]:
    if migration is None or migration.section(section) is None:
        return ()
    listing = project.listing(Plan(section, (PlanStep(migration, migration.transaction, migration.irreversible),)))
    return tuple(found for found in listing.steps[0].statements if found.section == section and found.text)


def _pieces(
    listed: tuple[StatementPreview, ...], checkpoints: Mapping[str, Checkpoint], row: StateRow | None
) -> Iterator[Piece]:
    """The named pieces that are done, then the statements in order."""
    for key, mark in checkpoints.items():
        if not key.startswith("#"):
            yield Piece(DONE if mark.state == "done" else UNKNOWN, key.replace(":", " ", 1), 0, 0, mark.rows, mark.hash)
    named = any(not key.startswith("#") for key in checkpoints)
    failed = False
    for found in listed:
        known = checkpoints.get(f"#{found.number}")
        state = LEFT
        if known is not None:
            state = {"done": DONE, "failed": FAILED}.get(known.state, UNKNOWN)
            state = CHANGED if state == DONE and known.hash != _hash_of(found.text) else state
        elif not failed and not named and row is not None and row.error and found.number == row.done + 1:
            state = FAILED
        failed = failed or state in (FAILED, UNKNOWN)
        rows, digest = (known.rows, known.hash) if known is not None else (-1, "")
        yield Piece(state, found.text, found.number, found.line, rows, digest)


def _hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _verify(project: Project, status: MigrationStatus) -> str | None:
    """What verify says, in words; None where it makes no sense to ask."""
    if status.migration is None or status.state not in ("dirty", "modified"):
        return None
    try:
        answer = project.check(status.id)
    except MigerError as error:
        return f"could not be asked: {error.message}"
    if answer is None:
        return "there is no verify section: only you can tell whether the change is in the database"
    return f"does not hold: {answer}" if answer else "holds: the change is in the database"


def _ways(status: MigrationStatus, pieces: tuple[Piece, ...], back: tuple[Piece, ...]) -> Iterator[Way]:
    left = tuple(piece for piece in pieces if piece.state in (LEFT, FAILED, UNKNOWN) and piece.number)
    done = sum(piece.state in (DONE, CHANGED) for piece in pieces)
    unknown = next((piece for piece in pieces if piece.state == UNKNOWN), None)
    for choice in choices_for(status):
        way = Way(choice.name, choice.name.replace("-", " "), choice.effect, choice.unavailable)
        if choice.name == RESUME:
            yield way._replace(pieces=left)
            if unknown is not None and not choice.unavailable:
                yield from _assuming(way._replace(pieces=left), unknown)
        elif choice.name == ROLLBACK:
            yield way._replace(pieces=back)
        else:
            yield way._replace(cautions=_cautions(status, choice.name, done))


def _assuming(way: Way, unknown: Piece) -> Iterator[Way]:
    """Resume by a person's word on the statement whose end nobody knows."""
    what = f"statement {unknown.number}" if unknown.number else unknown.text
    after = tuple(piece for piece in way.pieces if piece is not unknown)
    look = ("look at the database first: nothing checks your word",)
    yield way._replace(
        label="resume: it ran",
        effect=f"goes on after {what}, which did happen",
        assume=True,
        pieces=after,
        cautions=look,
    )
    yield way._replace(
        label="resume: it did not", effect=f"runs {what} again, which did not happen", assume=False, cautions=look
    )


def _cautions(status: MigrationStatus, name: str, done: int) -> tuple[str, ...]:
    if name == ACCEPT_CHECKSUM:
        return ("the database stays as it is: what is new in the file is not run",)
    if name == MARK_PENDING and status.state != "dirty":
        return (
            "what it has changed stays in the database",
            "while there is a file of it, the next run applies it again",
        )
    if name == MARK_PENDING:
        return (f"{done} finished of it stay in the database, and will run again",) if done else ()
    return ("nothing is run and nothing is checked: it counts as applied by your word",)
