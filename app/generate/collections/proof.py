"""Whether a migration does what it shall: up, down and up again on a scratch copy, compared each time."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, cast

from miger.engine.errors import MigerError, RefusedError, UnreachableError
from miger.engine.executor import check_code, execute_plan
from miger.engine.graph import MigrationGraph
from miger.engine.lease import lease_of_copy
from miger.engine.planner import DOWN, UP, Plan, PlanStep
from miger.engine.run import Run
from miger.engine.words import counted
from miger.generate.collections.compare import difference_of
from miger.generate.collections.read import read_live
from miger.generate.collections.telling import lines_of
from miger.generate.collections.values import Collection
from miger.scaffold.draft import MigrationDraft
from miger.scaffold.write import write_draft
from miger.survey import read_graph

if TYPE_CHECKING:
    from miger.backends.mongodb import MongodbBackend
    from miger.engine.migration import Migration
    from miger.engine.owner import Owner

OWN_SECONDS = 30.0  # for a question


class NotProven(RefusedError):
    """A migration that was generated does not do on a copy what it shall; it is not offered."""


def prove(
    copy: MongodbBackend,
    owner: Owner,
    draft: MigrationDraft,
    before: Sequence[Collection],
    after: Sequence[Collection],
) -> tuple[str, ...]:
    """Runs a draft on a scratch copy; what a person should know of that. `before` and `after` are all collections.

    Raises NotProven, UnreachableError.
    """
    with tempfile.TemporaryDirectory(prefix="miger-generate-") as folder:
        write_draft(folder, MigrationGraph(()), draft._replace(parents=()))
        migration = next(iter(read_graph(folder).migrations.values()))
        run = Run(copy, owner, lease_of_copy(copy, owner))
        _go(run, migration, UP, after)
        notes = tuple(_violations(copy, after))
        _go(run, migration, DOWN, before)
        _go(run, migration, UP, after, " the second time")
    return notes


def _go(run: Run, migration: Migration, direction: str, wanted: Sequence[Collection], again: str = "") -> None:
    copy = run.backend
    plan = Plan(direction, (PlanStep(migration, copy.runs_in_transaction(migration, direction), irreversible=False),))
    check_code(plan)
    try:
        execute_plan(run, plan)
    except UnreachableError:
        raise
    except MigerError as error:
        message = f"on a copy of the database, `{direction}` fails{again}: {error.message}"
        raise NotProven(message, error.hint) from error
    differs = _differing(wanted, read_live(cast("MongodbBackend", copy)))
    if differs:
        raise NotProven(f"on a copy of the database, `{direction}` leaves to do: {differs}")


def _differing(wanted: Sequence[Collection], found: Sequence[Collection]) -> str:
    """What is not as wanted, in words."""
    shall, are = ({item.name: item for item in items} for items in (wanted, found))
    names = sorted(shall.keys() | are.keys())
    differences = [item for name in names if (item := difference_of(are.get(name), shall.get(name)))]
    return "; ".join(str(line) for line in lines_of(differences))


def _violations(copy: MongodbBackend, collections: Sequence[Collection]) -> Iterator[str]:
    """Documents that their validator does not let in as they are."""
    for item in collections:
        if not item.validator:
            continue
        pipeline: list[dict[str, Any]] = [{"$match": {"$nor": [dict(item.validator)]}}, {"$count": "count"}]
        found = copy.ask_documents(item.name, pipeline, OWN_SECONDS)
        count = int(found[0]["count"]) if found else 0
        if count:
            those = counted(count, "document")
            yield f"{those} of {item.name} on the copy do not fit its validator: they can't be changed as they are"
