"""Everything about one migration: what is known at once, and what has to be read from its file and the database."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from miger.engine.errors import MigerError
from miger.engine.migration import Migration
from miger.engine.planner import DOWN, UP
from miger.engine.sections import read_section
from miger.engine.state import StateRow
from miger.engine.statements import SplitError, split
from miger.engine.status import MigrationStatus
from miger.project import Project
from miger.widgets.detail_values import DOWN as DOWN_TAB
from miger.widgets.detail_values import HISTORY, MigrationDetail, SectionText, StatementPlace, Stop
from miger.widgets.detail_values import UP as UP_TAB
from miger.workbench.situation import Situation

MOST_TEXT = 64 * 1024  # characters of a section that are shown
MOST_STATEMENTS = 2000  # whose places are marked
MOST_ENTRIES = 100  # of its history


def sketch_detail(
    situation: Situation, id: str | None, former: MigrationDetail | None = None
) -> MigrationDetail | None:
    """What is known without reading anything. What `former` has read of the same file is kept meanwhile."""
    status = situation.of(id)
    if status is None:
        return None
    graph = situation.graph
    known = graph is not None and status.id in graph
    fresh = MigrationDetail(
        status,
        stop=_stop(status),
        parents=graph.parents(status.id) if graph is not None and known else (),
        children=graph.children(status.id) if graph is not None and known else (),
        loading=frozenset({UP_TAB, DOWN_TAB, HISTORY}),
    )
    if former is None or former.status.id != status.id:
        return fresh
    kept = fresh._replace(history=former.history, preview=former.preview, checkpoints=former.checkpoints)
    if former.status.migration == status.migration:
        kept = kept._replace(sections=former.sections, hazards=former.hazards)
    return kept._replace(loading=frozenset())


def read_detail(project: Project, situation: Situation, id: str) -> MigrationDetail | None:
    """The same with texts, hazards, checkpoints and history; for a thread of its own.

    A file or a database that does not answer is told in `problem`; what could be read is there all the same.
    """
    detail = sketch_detail(situation, id)
    if detail is None:
        return None
    status = detail.status
    try:
        if status.migration is not None:
            sections = tuple(_texts(status.migration, project.dialect if project.runs_sql else ""))
            detail = detail._replace(sections=sections)
            if status.state == "pending":
                detail = detail._replace(hazards=project.lint(id, offline=True).hazards)
        if situation.status is not None:
            if status.row is not None and status.state in ("dirty", "running"):
                checkpoints = project.checkpoints(id, status.row.direction)
                detail = detail._replace(checkpoints=tuple(checkpoints.values()))
            detail = detail._replace(history=tuple(project.history(MOST_ENTRIES, id)))
    except MigerError as error:
        detail = detail._replace(problem=error.message, hint=error.hint)
    return detail._replace(loading=frozenset())


def _stop(status: MigrationStatus) -> Stop | None:
    row = status.row
    if row is None or status.state != "dirty":
        return None
    return Stop(_failed_statement(row), row.total, row.error)


def _failed_statement(row: StateRow) -> int:
    """The statement after the last one that is finished, where there is one."""
    number = row.done + 1
    return number if row.total is None or number <= row.total else 0


def _texts(migration: Migration, dialect: str) -> Iterator[SectionText]:
    for name in (UP, "verify", DOWN):
        section = migration.section(name)
        if section is None:
            continue
        if migration.kind == "python":
            yield _function_text(migration, name)
            continue
        text, cut = _start_of(read_section(migration, name))
        # A section begins behind its mark, so its first line is the rest of the mark's own.
        places = _places(text, dialect, section.line)
        yield SectionText(name, text, section.line, cut, places)


def _function_text(migration: Migration, name: str) -> SectionText:
    """A Python function, from its line to where the next section begins."""
    section = migration.section(name)
    assert section is not None
    following = [other.line for other in migration.sections if other.line > section.line]
    last = min(following) - 1 if following else None
    try:
        with open(migration.path, encoding="utf-8-sig", errors="replace") as file:
            text, cut = _start_of(islice(file, section.line - 1, last))
    except OSError as error:
        raise MigerError(f"{migration.path} cannot be read: {error.strerror}", "r looks at the folder again") from error
    return SectionText(name, text.rstrip() + "\n", section.line, cut)


def _start_of(chunks: Iterator[str]) -> tuple[str, int]:
    """The text up to `MOST_TEXT` characters, and how many bytes that is where there is more; else 0."""
    pieces: list[str] = []
    room = MOST_TEXT
    for chunk in chunks:
        if len(chunk) > room:
            text = "".join([*pieces, chunk[:room]])
            text = text[: text.rfind("\n") + 1] or text
            return text, len(text.encode())
        pieces.append(chunk)
        room -= len(chunk)
    return "".join(pieces), 0


def _places(text: str, dialect: str, line: int) -> tuple[StatementPlace, ...]:
    places: list[StatementPlace] = []
    if not dialect:
        return ()
    try:
        for statement in islice(split([text], dialect, line), MOST_STATEMENTS):
            places.append(StatementPlace(statement.number, statement.line))
    except SplitError:  # cut in the middle of a statement, or not to be read: those before are placed
        pass
    return tuple(places)
