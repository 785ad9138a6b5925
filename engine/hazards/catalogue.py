"""All kinds of hazards there are."""

from __future__ import annotations

from miger.engine.hazards import (
    clients,
    data,
    destructive,
    history,
    locking_mysql,
    locking_postgresql,
    locking_sqlite,
    mongodb,
    squawk,
    trace,
)
from miger.engine.hazards.values import Rule, by_code

FAMILIES = (
    destructive,
    locking_postgresql,
    locking_mysql,
    locking_sqlite,
    clients,
    data,
    history,
    trace,
    squawk,
    mongodb,
)

CATALOGUE: dict[str, Rule] = by_code(rule for family in FAMILIES for rule in family.RULES)
