"""Looking at each statement of a plan, by all rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from miger.engine.backend import Backend
from miger.engine.hazards import changes as c
from miger.engine.hazards.acts import acts_of
from miger.engine.hazards.catalogue import CATALOGUE
from miger.engine.hazards.changes import Act
from miger.engine.hazards.documents import Documents
from miger.engine.hazards.facts import DOCUMENTS, Facts
from miger.engine.hazards.live import Live
from miger.engine.hazards.prefilter import head_of
from miger.engine.hazards.values import SEVERITIES, Finding, Hazard, HazardReport, Place
from miger.engine.hazards.words import sources_of
from miger.engine.migration import Migration
from miger.engine.planner import Plan, PlanStep
from miger.engine.words import counted

Family = Callable[[Act, Facts], Iterator[Finding]]


def examine(backend: Backend, plan: Plan, last: int, *, offline: bool, static: bool) -> HazardReport:
    """As `find_hazards`, of the first `last` steps."""
    asked = backend.answers and not offline
    live = Live(backend.ask, backend.dialect) if asked and backend.runs_sql else None
    documents = Documents(backend.ask_documents) if asked and not backend.runs_sql else None
    facts = Facts(backend.dialect if backend.runs_sql else DOCUMENTS, plan.direction, live, documents)
    hazards: list[Hazard] = []
    for step in plan.steps[:last]:
        facts.start(transaction=step.transaction)
        hazards += _of_step(step, plan.direction, facts)
    notes = [reason for asking in (live, documents) if asking is not None for reason in asking.reasons]
    if static and facts.dialect == "postgresql":
        found, more = _by_squawk(plan.steps[:last], plan.direction, facts)
        hazards += found
        notes += more
    return HazardReport(tuple(dict.fromkeys(hazards)), tuple(notes))


def _of_step(step: PlanStep, direction: str, facts: Facts) -> list[Hazard]:
    """The hazards of one step. A statement that writes a table anew for several columns does so once."""
    hazards: list[Hazard] = []
    written: dict[tuple[str, int, c.Name, str], tuple[int, int]] = {}  # which hazard, and how many more
    for act in acts_of(step, direction, facts):
        for found in _findings(act, facts):
            hazard = hazard_of(act.place, found, step.migration)
            key = (hazard.code, hazard.line, act.change.table, hazard.allowed)
            if hazard.code in _AT_ONCE and key in written:
                at, more = written[key]
                written[key] = (at, more + 1)
                if SEVERITIES.index(hazard.severity) < SEVERITIES.index(hazards[at].severity):
                    hazards[at] = hazard
                continue
            written[key] = (len(hazards), 0)
            hazards.append(hazard)
    for at, more in written.values():
        if more:
            message = f"{hazards[at].message}, and {counted(more, 'other change')} of the statement"
            hazards[at] = hazards[at]._replace(message=message)
    return hazards


_AT_ONCE = frozenset({"table-copy", "alter-type-rewrites", "volatile-default-rewrites"})


def _by_squawk(steps: Sequence[PlanStep], direction: str, facts: Facts) -> tuple[list[Hazard], list[str]]:
    """What squawk finds in SQL files beside us."""
    from miger.engine.hazards import squawk  # deferred: runs a program, and only linting does so

    hazards, notes = [], []
    for in_transaction in (True, False):
        chosen = [step for step in steps if step.migration.kind == "sql" and step.transaction == in_transaction]
        if not chosen:
            continue
        texts = [head_of(step, direction) for step in chosen]
        remarks, note = squawk.remarks_on(texts, in_transaction=in_transaction)
        notes += [note] if note else []
        for remark in remarks:
            step = chosen[remark.text]
            section = step.migration.section(direction)
            line = remark.line + (section.line if section is not None else 1)
            seen = facts.seen_at(step.id, line)
            found = squawk.finding_of(
                remark, understood=seen is None or seen.understood, subject=seen.subject if seen is not None else ""
            )
            if found is not None and not (seen is not None and seen.new):
                place = Place(step.id, step.migration.path, direction, seen.first if seen else line)
                hazards.append(hazard_of(place, found, step.migration))
    return hazards, list(dict.fromkeys(notes))


def _findings(act: Act, facts: Facts) -> Iterator[Finding]:
    """What the rules say of an act, which then counts as done."""
    rebuilt = _rebuild(act, facts)
    if rebuilt is not None:
        act = rebuilt
    for family in _families(facts.dialect):
        yield from family(act, facts)
    if rebuilt is None:
        facts.note(act.change)
    _note_rebuild(act, facts)


def _rebuild(act: Act, facts: Facts) -> Act | None:
    """The act as a rebuild, where a table is dropped for a copy of it that then gets its name."""
    change = act.change
    if change.action != c.DROP_TABLE:
        return None
    copy = _copied_back(act, facts)
    if copy is not None:
        facts.keep(change.table)
        return _rebuilt(act, facts, *copy)
    for later in act.later:
        if later.action == c.RENAME_TABLE and later.other is not None and later.other.fits(change.table):
            definition, copied = facts.contents.get(later.table), facts.copied.get(later.table)
            if definition is None or copied is None:
                return None
            return _rebuilt(act, facts, definition, copied)
    former = facts.now(change.table)
    copied = facts.copied.get(former)
    if former == change.table or copied is None:
        return None
    sources = list(sources_of(copied, facts.dialect))
    if any(name.fits(source) for name in (change.table, former) for source in sources):
        return _rebuilt(act, facts, facts.contents.get(former, ""), copied)
    return None


def _copied_back(act: Act, facts: Facts) -> tuple[str, str] | None:
    """How the table is made anew and filled from a copy that was made of it before; None where it isn't."""
    table, definition = act.change.table, None
    for later in act.later:
        if not later.table.fits(table):
            continue
        if later.action == c.CREATE_TABLE:
            definition = later.expression
        elif later.action == c.WRITE and definition is not None:
            for source in sources_of(later.expression, facts.dialect):
                copied = facts.copied.get(source)
                if copied and any(table.fits(name) for name in sources_of(copied, facts.dialect)):
                    return definition, later.expression
    return None


def _rebuilt(act: Act, facts: Facts, definition: str, copied: str) -> Act:
    table = act.change.table
    lost = _lost_columns(facts, table, definition, copied)
    return act._replace(change=c.Change(c.REBUILD, table, columns=lost))


def _lost_columns(facts: Facts, table: c.Name, definition: str, copied: str) -> tuple[str, ...]:
    """The columns that a copy of a table neither has, nor was filled from."""
    from miger.engine.hazards.reading import columns_of  # deferred: a parser is slow to import

    kept = {column.lower() for column in columns_of(definition, facts.dialect)}
    before = facts.live.columns(facts.now(table)) if facts.live is not None else None
    if not kept or not before:
        return ()
    words = copied.lower()
    now = {column: facts.column_later(table, column) for column in before}
    return tuple(column for column, name in now.items() if name not in kept and name not in words)


def _note_rebuild(act: Act, facts: Facts) -> None:
    if act.change.action == c.RENAME_TABLE and act.change.other is not None and act.change.table in facts.copied:
        facts.rebuilt(act.change.other)


def _families(dialect: str) -> tuple[Family, ...]:
    from miger.engine.hazards import clients, data, destructive, mongodb

    if dialect == DOCUMENTS:
        return mongodb.find, clients.find
    if dialect == "postgresql":
        from miger.engine.hazards import locking_postgresql as locking
    elif dialect == "sqlite":
        from miger.engine.hazards import locking_sqlite as locking  # type: ignore[no-redef]
    else:
        from miger.engine.hazards import locking_mysql as locking  # type: ignore[no-redef]
    return destructive.find, clients.find, locking.find, data.find


def hazard_of(place: Place, found: Finding, migration: Migration | None) -> Hazard:
    """A finding with its place, its advice, and the reason for which the migration allows it."""
    return Hazard(
        found.code,
        found.severity,
        *place,
        found.subject,
        found.message,
        CATALOGUE[found.code].advice,
        _reason(found, migration),
    )


def _reason(found: Finding, migration: Migration | None) -> str:
    for entry in migration.allow if migration is not None else ():
        subject, reason = entry.get("subject"), entry.get("reason")
        if entry.get("hazard") == found.code and (subject is None or subject == found.subject):
            return reason.strip() if isinstance(reason, str) else ""
    return ""
