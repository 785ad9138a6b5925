"""Which steps of a plan could hold a hazard at all. Every `up` pays for this, hence so few imports."""

from __future__ import annotations

import re

from miger.engine.planner import Plan, PlanStep
from miger.engine.sections import read_section

LOOKED_AT = 1 << 20  # characters of a section
_WORDS = "alter drop truncate delete update index vacuum cluster reindex refresh rename optimize".split()
_suspicious = re.compile(rf"(?i)\b(?:{'|'.join(_WORDS)})\b").search
_PYTHON_WORDS = (
    "drop alter truncate delete update index rename constraint _key add_column unset vacuum cluster reindex refresh "
    "optimize validator collmod modify_collection remove"
).split()


def suspicious(text: str) -> bool:
    """Whether any statement of a text may be a hazard."""
    lower = text.lower()
    return any(word in lower for word in _WORDS) and _suspicious(lower) is not None


def last_suspicious(plan: Plan) -> int:
    """How many steps of the plan have to be looked at: none where no word of it could be a hazard."""
    for number in range(len(plan.steps), 0, -1):
        if _is_suspicious(plan.steps[number - 1], plan.direction):
            return number
    return 0


def _is_suspicious(step: PlanStep, direction: str) -> bool:
    text = head_of(step, direction)
    if step.migration.kind == "python":
        lower = text.lower()
        return any(word in lower for word in _PYTHON_WORDS)
    return suspicious(text)


def head_of(step: PlanStep, section: str) -> str:
    """The text of a section, as far as it is looked at; the whole file of a Python migration."""
    pieces, length = [], 0
    for piece in read_section(step.migration, section):
        pieces.append(piece)
        length += len(piece)
        if length >= LOOKED_AT:
            break
    return "".join(pieces)[:LOOKED_AT]
