"""Drift: changes of the schema that no run of ours has made.

Each run that has steps notes the schema as it leaves it, together with the run that wrote the newest
line of the history. A note counts only as long as that line is still the newest: a run that was killed,
or lost its lease, has changed nobody knows what.

What is noted is what `Backend.read_schema` gives. It is put into other words (`Backend.definition`) only
to compare it, so that a version of Miger that knows those words better finds no drift in an older note.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from miger.engine.backend import Backend
from miger.engine.errors import LeaseLost, MigerError, UnreachableError
from miger.engine.events import LogLine
from miger.engine.owner import is_dead
from miger.engine.run import Run
from miger.engine.schema import SchemaChange, changed_objects, compare_schemas

RUN = ""  # among the noted objects: the run that wrote the newest line of the history
MOST_NAMED = 5


class Drift(NamedTuple):
    """What differs between the live schema and the noted one.

    `unknown` says why they could not be compared; "" where they were. `since` is the run that noted.
    """

    changes: tuple[SchemaChange, ...] = ()
    unknown: str = ""
    since: str = ""

    @property
    def objects(self) -> str:
        """The first objects that changed, and how: for one line of text."""
        named = [f"{change.object} {change.verb}" for change in self.changes[:MOST_NAMED]]
        more = len(self.changes) - len(named)
        return ", ".join(named) + (f" and {more} more" if more else "")


def find_drift(backend: Backend, ignored: Sequence[str] = ()) -> Drift:
    """Compares the live schema with the noted one. Writes nothing.

    `ignored` are patterns of objects to leave out. Raises UnreachableError, StatementError.
    """
    holder = backend.snapshot().holder
    if holder is not None and not holder.expired and not is_dead(holder):
        return Drift(unknown=f"a run is under way: {holder}")
    noted, newest = backend.noted_schema(), _newest_run(backend)
    if not noted:
        return Drift(unknown="no run has noted the schema yet")
    if noted.pop(RUN) != newest:
        return Drift(unknown=f"run {newest} ended before it could note the schema it left")
    changes = compare_schemas(noted, backend.read_schema(), ignored, definition=backend.definition)
    if _newest_run(backend) != newest:
        return Drift(unknown="a run began meanwhile")
    return Drift(changes, since=newest)


@contextlib.contextmanager
def noting_schema(run: Run, ignored: Sequence[str] = (), *, accept: bool = False) -> Iterator[None]:
    """Around the steps of a run, under its lease: notes what they change, however they end.

    What had changed before stays drift, and the log warns of it; with `accept` it is noted as well.
    """
    noted = run.backend.noted_schema()
    before: dict[str, str] = {}
    if noted and noted.pop(RUN) == _newest_run(run.backend, but=run.id):
        before = run.backend.read_schema()
        drift = Drift(compare_schemas(noted, before, ignored, definition=run.backend.definition))
        if drift.changes:
            what = "is noted as it should be" if accept else "`miger verify` shows how"
            _log(run, f"the schema was changed by something else than migrations: {drift.objects}; {what}")
    else:
        noted = {}
    try:
        yield
    except (LeaseLost, UnreachableError):
        raise  # nothing can be written any more; the note stays that of an older run
    except BaseException:
        _note(run, noted, before, accept=accept)
        raise
    _note(run, noted, before, accept=accept)


def _note(run: Run, noted: dict[str, str], before: dict[str, str], *, accept: bool) -> None:
    """A note that fails leaves the older one behind, which does not count: drift is then unknown."""
    try:
        newest = _newest_run(run.backend)
        if newest != run.id:
            return  # nothing was done
        after = run.backend.read_schema()
        former = noted if accept or not noted else before
        changed = changed_objects(former, after, definition=run.backend.definition)
        written = {name: after.get(name) for name in changed}
        run.backend.note_schema(run.lease, {**written, RUN: newest}, anew=not noted)
    except MigerError as error:  # the run's own outcome is the news
        _log(run, f"the schema could not be noted, so that drift from it cannot be seen: {error.message}")


def _newest_run(backend: Backend, but: str = "") -> str:
    """The run that wrote the newest line of the history, or the newest that is not of run `but`."""
    for entry in backend.history(limit=2 if but else 1):
        if entry.run != but:
            return entry.run
    return ""


def _log(run: Run, message: str) -> None:
    run.emit(LogLine(run.id, "", "warning", message))
