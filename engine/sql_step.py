"""Running the SQL sections of a migration: in one transaction, or statement by statement."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import chain

from miger.engine.backend import Backend
from miger.engine.errors import StatementError, StepFailed
from miger.engine.events import Progress, StatementFinished, StatementStarted
from miger.engine.migration import Migration, Section
from miger.engine.sections import read_section
from miger.engine.statements import Group, Statement, groups
from miger.engine.step_work import StepWork, changed_prefix, shown, statement_hash

COUNTED_BYTES = 1 << 20  # sections up to this size are split beforehand, so that progress has a total
ALONE = 100  # so many statements are sent and reported one by one before grouping begins

TRANSACTION_CONTROL = frozenset(
    {"BEGIN", "START TRANSACTION", "COMMIT", "END", "ROLLBACK", "ABORT", "PREPARE TRANSACTION"}
)


class SqlSection:
    """The statements of one section, in memory when small, streamed when large.

    `count` is None where the section is too large to count beforehand.
    """

    def __init__(self, backend: Backend, migration: Migration, section: Section) -> None:
        self.migration = migration
        self.section = section
        self._backend = backend
        self._listed = self._list() if section.end - section.start <= COUNTED_BYTES else None
        self.count = sum(map(len, map(_together, self._listed))) if self._listed is not None else None

    def _list(self) -> list[Statement | Group] | None:
        """All at once; None where rows of a COPY are among them, which can be read only while streaming."""
        listed = []
        for item in self._split():
            if isinstance(item, Statement) and item.data is not None:
                return None
            listed.append(item)
        return listed

    def groups(self) -> Iterator[Sequence[Statement]]:
        """What is sent at once: single statements, and groups of plain ones where there are many."""
        return map(_together, self._listed if self._listed is not None else self._split())

    def __iter__(self) -> Iterator[Statement]:
        return chain.from_iterable(self.groups())

    def _split(self) -> Iterator[Statement | Group]:
        text = read_section(self.migration, self.section.name)
        backend = self._backend
        return groups(text, backend.dialect, self.section.line, kinds=backend.grouped_kinds, alone=ALONE)


def _together(item: Statement | Group) -> Sequence[Statement]:
    return item if isinstance(item, Group) else (item,)


def run_in_transaction(work: StepWork, statements: SqlSection) -> None:
    """Runs a section inside the transaction that is open. Raises StepFailed at the statement's line."""
    backend = work.backend
    ran = characters = 0
    for group in statements.groups():
        work.check()
        first = group[0]
        _refuse_transaction_control(work.migration, first)
        ran += _execute(work, group)
        if not backend.in_transaction():
            raise _failed(work.migration, first, "the statement ended the transaction it ran in", dirty=True)
        if statements.count is None:
            characters += sum(map(len, group.texts if isinstance(group, Group) else [first.raw]))
            work.emit(Progress(work.run, work.migration.id, "characters", characters, None))
    refuse_empty(work, ran)


def run_checkpointed(work: StepWork, statements: SqlSection) -> None:
    """Runs a section statement by statement, each committed with its checkpoint; resumes where one broke off.

    Raises IntegrityError when what already ran was edited, StepFailed at the statement's line.
    """
    ran = 0
    for statement in statements:
        _refuse_transaction_control(work.migration, statement)
        try:
            work.checkpointed(statement, lambda: _execute(work, [statement]))  # noqa: B023 (called at once)
        except StatementError as error:
            raise _failed(work.migration, statement, error.message, error.hint, error, dirty=True) from error
        ran += 1
    refuse_empty(work, ran)


def check_prefix(work: StepWork, statements: SqlSection) -> None:
    """Raises IntegrityError unless the finished statements still stand at the start of the section."""
    left = {key for key, mark in work.checkpoints.items() if key.startswith("#") and mark.state == "done"}
    for statement in statements if left else ():
        key = f"#{statement.number}"
        if key in left:
            if work.checkpoints[key].hash != statement_hash(statement):
                raise changed_prefix(work.migration.id, statement)
            left.remove(key)
        if not left:
            return
    if left:
        last = max(int(key[1:]) for key in left)
        gone = Statement(number=last, line=statements.section.line, raw="", kind="")
        raise changed_prefix(work.migration.id, gone)


def run_verify(work: StepWork, statements: SqlSection) -> str | None:
    """Runs a verify section; None when it holds, else the first thing that does not."""
    for statement in statements:
        work.check()
        try:
            reason = work.backend.check_verify(statement)
        except StatementError as error:
            if error.retryable or error.disconnected:  # says nothing about the change
                raise
            reason = error.message
        if reason is not None:
            return f"line {statement.line}: {reason}"
    return None


def _execute(work: StepWork, group: Sequence[Statement]) -> int:
    first = group[0]
    id, run, text = work.migration.id, work.run, shown(first.sql)
    work.emit(StatementStarted(run, id, first.number, first.line, text, work.section))
    started = time.perf_counter()
    try:
        rows = work.backend.execute(group)
    except StatementError as error:
        statement = group[error.index]
        failure = _failed(work.migration, statement, error.message, error.hint, error, dirty=not work.transactional)
        error.statement, error.line = failure.statement, failure.line
        if error.retryable or error.disconnected or (error.outside_only and not work.transactional):
            raise
        raise failure from error
    ms = (time.perf_counter() - started) * 1000
    work.emit(StatementFinished(run, id, first.number, first.line, text, rows, ms, len(group), work.section))
    return len(group)


def _refuse_transaction_control(migration: Migration, statement: Statement) -> None:
    if statement.kind in TRANSACTION_CONTROL:
        raise _failed(
            migration,
            statement,
            f"{statement.kind} in a migration",
            "take it out: a migration runs in a transaction by itself; with `transaction = false` "
            "each statement is committed by itself",
        )


def refuse_empty(work: StepWork, ran: int) -> None:
    """Raises StepFailed for a section of no statements, unless it is that of a merge."""
    if ran == 0 and len(work.migration.depends) < 2:
        raise StepFailed(
            work.migration.id,
            f"its {work.section} section holds no statement",
            "write one, or take the section out" if work.section != "up" else "write one, or delete the file",
        )


def _failed(
    migration: Migration,
    statement: Statement,
    message: str,
    hint: str = "",
    error: StatementError | None = None,
    *,
    dirty: bool = False,
) -> StepFailed:
    line = statement.line
    if error is not None and error.position is not None:
        line += statement.sql.count("\n", 0, error.position)
    return StepFailed(migration.id, message, hint, statement=statement.number, line=line, dirty=dirty)
