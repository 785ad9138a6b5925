"""The changes of a plan, in the order they run, each with its place."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

from miger.engine.hazards import changes as c
from miger.engine.hazards.changes import Act, Change, Name
from miger.engine.hazards.comments import without_comments
from miger.engine.hazards.embedded import procedure_name, statements_in, statements_of_procedure
from miger.engine.hazards.facts import DOCUMENTS, Facts, Seen
from miger.engine.hazards.names import Names
from miger.engine.hazards.prefilter import head_of, suspicious
from miger.engine.hazards.values import Place
from miger.engine.hazards.words import altered_table, changes_by_words, concerns_only
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
    coming = _Coming([change for _, change in changes])
    for number, (line, change) in enumerate(changes):
        place = Place(step.id, step.migration.path, direction, change.line or line)
        yield Act(place, change, coming.after(number))


class _Coming:
    """For what is dropped or renamed: what a section makes of that name afterwards."""

    _WHERE = frozenset({c.DROP_TABLE, c.DROP_VIEW, c.DROP_INDEX, c.RENAME_TABLE})
    _MOST = 20  # of one name: who makes a thing anew does so at once

    def __init__(self, changes: list[Change]) -> None:
        self._changes = changes
        self._places: dict[str, list[int]] = {}
        for number, change in enumerate(changes):
            for name in _names_of(change):
                self._places.setdefault(name.lower(), []).append(number)

    def after(self, number: int) -> tuple[Change, ...]:
        """The changes that make, fill or take away again what this one takes away."""
        change = self._changes[number]
        if change.action not in self._WHERE:
            return ()
        places = self._places.get(change.table.name.lower(), [])
        first = bisect_right(places, number)
        return tuple(self._changes[place] for place in places[first : first + self._MOST])


def _names_of(change: Change) -> tuple[str, ...]:
    match change.action:
        case c.CREATE_TABLE | c.CREATE_VIEW | c.WRITE | c.DROP_TABLE:
            return (change.table.name,)
        case c.RENAME_TABLE if change.other is not None:
            return change.other.name, change.table.name
        case c.CREATE_INDEX if change.to:
            return (change.to,)
    return ()


def _of_sql(step: PlanStep, text: str, direction: str, facts: Facts) -> Iterator[tuple[int, Change]]:
    section = step.migration.section(direction)
    made = Made()
    for statement in _statements(text, facts.dialect, section.line if section is not None else 1):
        found = _changes(statement, facts, made)
        last = statement.line + statement.sql.count("\n")
        subject = str(found[0].table) if found else altered_table(statement.sql, facts.dialect)
        facts.see(step.id, Seen(statement.line, last, bool(found), found is None, subject))
        for change in found or ():
            made.note(change)
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


class Made:
    """What a section has made so far: tables, and procedures that may be called."""

    def __init__(self) -> None:
        self.tables = Names()
        self.procedures: dict[str, Statement] = {}

    def note(self, change: Change) -> None:
        """Takes a change as done."""
        if change.action == c.CREATE_TABLE and c.IF_EXISTS not in change.flags:
            self.tables.add(change.table)


def _changes(statement: Statement, facts: Facts, made: Made) -> list[Change] | None:
    """What a statement changes; None where that is only a table that the plan makes itself."""
    dialect, sql = facts.dialect, without_comments(statement.sql, facts.dialect)
    statement = Statement(statement.number, statement.line, sql, statement.kind)
    if statement.kind == "CREATE PROCEDURE" and dialect == "mysql":
        made.procedures[procedure_name(sql)] = statement
    by_words = changes_by_words(statement, dialect)
    if by_words is not None:
        return [*_inside(statement, facts, made), *by_words]
    if concerns_only(sql, statement.kind, dialect, lambda table: facts.is_new(table) or table in made.tables):
        return None
    from miger.engine.hazards.reading import read_statement  # deferred: a parser is slow to import

    return read_statement(statement, dialect)


def _inside(statement: Statement, facts: Facts, made: Made) -> Iterator[Change]:
    """The changes of the statements that one may run beside itself."""
    found: Iterable[Statement] = ()
    if statement.kind == "CALL":
        procedure = made.procedures.get(procedure_name(statement.sql))
        found = statements_of_procedure(procedure.sql, procedure.line) if procedure is not None else ()
    elif statement.kind in _RUNS_OTHERS and suspicious(statement.sql):
        found = statements_in(statement.sql, statement.kind, statement.line)
    for each in found:
        for change in _changes(each, facts, made) or ():
            yield change._replace(line=change.line or each.line)


_RUNS_OTHERS = frozenset({"DO", "SET", "PREPARE", "EXECUTE"})


def _of_python(step: PlanStep, text: str, direction: str, facts: Facts) -> Iterator[tuple[int, Change]]:
    from miger.engine.hazards.python_changes import changes_of
    from miger.engine.hazards.python_reading import read_calls

    made = Made()
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
            made.note(change)
            yield call.line, change
