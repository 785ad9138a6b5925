"""Whether a migration for PostgreSQL uses labels that it adds to an enum itself."""

from __future__ import annotations

from miger.forms.steps import Fill, Remark, Sql, Step, sql_of
from miger.generate.differences import Differences
from miger.generate.writing.postgresql.things import added_labels
from miger.generate.writing.postgresql.words import NAMES


def uses_new_labels(found: Differences, steps: tuple[Step, ...]) -> bool:
    """Whether a label is used that an enum gets here: it can be only once it is committed."""
    labels = [
        NAMES.value(label)
        for difference in found.things
        if difference.before and difference.after and difference.before.kind == difference.after.kind == "enum"
        for label in added_labels(difference.before, difference.after) or ()
    ]
    return bool(labels) and any(label in text for text in map(step_text, steps) for label in labels)


def step_text(step: Step) -> str:
    """What a step says to the server, as far as that is looked through."""
    if isinstance(step, Remark):
        return ""
    if isinstance(step, Fill):
        return f"{step.values} {step.where or ''}"
    if isinstance(step, Sql):
        return "" if " ADD VALUE " in step.text or "COMMENT ON " in step.text else step.text
    return sql_of(step, "postgresql")
