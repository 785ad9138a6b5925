"""The changes of a plan, in the order they run, each with its place."""

from __future__ import annotations

from collections.abc import Iterator

from miger.engine.hazards import changes as c
from miger.engine.hazards.changes import Act, Change, Name
from miger.engine.hazards.facts import DOCUMENTS, Facts, Seen
from miger.engine.hazards.prefilter import head_of
from miger.engine.hazards.values import Place
from miger.engine.hazards.words import changes_by_words, concerns_only
from miger.engine.planner import PlanStep
from miger.engine.statements import SplitError, Statement, split


def acts_of(step: PlanStep, direction: str, facts: Facts) -> Iterator[Act]:
    """The acts of one step. Whoever takes one notes its change in `facts` before asking for the next."""
    if step.migration.kind == "sql" and facts.dialect == DOCUMENTS:  # which the run refuses, but for an empty merge
        return
    text = head_of(step, direction)
    if step.migration.kind == "python":
        found = _of_python(step, text, direction, facts)
    else:
        found = _of_sql(step, text, direction, facts)
    changes = list(found)
    for number, (line, change) in enumerate(changes):
        place = Place(step.id, step.migration.path, direction, change.line or line)
        later = tuple(other for _, other in changes[number + 1 :]) if change.action in _LOOK_AHEAD else ()
        yield Act(place, change, later)


_LOOK_AHEAD = frozenset({c.DROP_TABLE, c.DROP_VIEW, c.RENAME_TABLE})


def _of_sql(step: PlanStep, text: str, direction: str, facts: Facts) -> Iterator[tuple[int, Change]]:
    section = step.migration.section(direction)
    made: list[Change] = []
    for statement in _statements(text, facts.dialect, section.line if section is not None else 1):
        found = _changes(statement, facts, made)
        last = statement.line + statement.sql.count("\n")
        facts.seen.append(Seen(step.id, statement.line, last, bool(found), found is None))
        for change in found or ():
            made.append(change)
            yield statement.line, change


def _statements(text: str, dialect: str, line: int) -> Iterator[Statement]:
    try:
        for statement in split([text], dialect, line):
            if statement.data is not None:
                for _ in statement.data:
                    pass
            yield statement
    except SplitError:  # cut off in the middle of a quote, or wrong: then the run will say so
        return


def _changes(statement: Statement, facts: Facts, made: list[Change]) -> list[Change] | None:
    """What a statement changes; None where that is only a table that the plan makes itself."""
    dialect = facts.dialect
    by_words = changes_by_words(statement, dialect)
    if by_words is not None:
        return by_words
    new = [change.table for change in made if change.action == c.CREATE_TABLE and c.IF_EXISTS not in change.flags]
    if concerns_only(
        statement.sql, statement.kind, dialect, lambda table: facts.is_new(table) or any(table.fits(x) for x in new)
    ):
        return None
    from miger.engine.hazards.reading import read_statement  # deferred: a parser is slow to import

    return read_statement(statement, dialect)


def _of_python(step: PlanStep, text: str, direction: str, facts: Facts) -> Iterator[tuple[int, Change]]:
    from miger.engine.hazards.python_changes import changes_of
    from miger.engine.hazards.python_reading import read_calls

    made: list[Change] = []
    rebuilt: set[Name] = set()

    def read_sql(sql: str, line: int) -> list[Change]:
        return [
            change
            for statement in _statements(sql, facts.dialect, line)
            for change in _changes(statement, facts, made) or ()
        ]

    if facts.dialect == DOCUMENTS:
        from miger.engine.hazards import mongodb_calls

        for call in read_calls(text, direction):
            yield from ((call.line, change) for change in mongodb_calls.changes_of(call))
        return
    for call in read_calls(text, direction):
        for change in changes_of(call, read_sql, facts.dialect == "sqlite"):
            if change.action == c.REBUILD and change.table in rebuilt:
                continue
            rebuilt |= {change.table} if change.action == c.REBUILD else set()
            made.append(change)
            yield call.line, change
