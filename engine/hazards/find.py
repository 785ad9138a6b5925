"""Finding the hazards of a plan."""

from __future__ import annotations

from miger.engine.backend import Backend
from miger.engine.hazards.prefilter import last_suspicious
from miger.engine.hazards.values import HazardReport
from miger.engine.planner import Plan


def find_hazards(backend: Backend, plan: Plan, *, offline: bool = False, static: bool = False) -> HazardReport:
    """The hazards in the statements of a plan, in the order they stand.

    Reads the files, parses what could matter, and asks the database about its rows, read-only and limited in
    time; `offline`, or where the database has no answers, it is not asked. Of a section the first MiB is looked at.
    `static`: other linters that are installed are asked, too; what they find is never an error.
    Raises IntegrityError where a file has changed since it was loaded, UnreachableError.
    """
    last = last_suspicious(plan)
    if not last:
        return HazardReport()
    from miger.engine.hazards.examine import examine  # deferred: most plans that run make tables and fill them

    return examine(backend, plan, last, offline=offline, static=static)
