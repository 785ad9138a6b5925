"""From the sections of a form to a draft."""

from __future__ import annotations

from miger.forms.bodies import Bodies
from miger.scaffold.draft import MigrationDraft


def draft_of(
    bodies: Bodies,
    name: str,
    parents: tuple[str, ...],
    *,
    title: str = "",
    phase: str | None = None,
    release: str | None = None,
) -> MigrationDraft:
    """The draft of a migration with these sections."""
    return MigrationDraft(
        name,
        bodies.kind,
        parents,
        phase,
        release,
        bodies.transaction,
        title,
        bodies.up,
        bodies.down,
        bodies.verify,
        bodies.imports,
    )
