"""The migration that brings branches together."""

from __future__ import annotations

from collections.abc import Sequence

from miger.engine.errors import UsageError
from miger.engine.graph import MigrationGraph
from miger.scaffold.create import title_of
from miger.scaffold.draft import MigrationDraft
from miger.scaffold.ids import slug_of

LONGEST = 60  # characters of a name that is made of the names of the heads


def merge_draft(
    graph: MigrationGraph,
    name: str | None = None,
    *,
    kind: str = "sql",
    heads: Sequence[str] | None = None,
    phase: str | None = None,
    release: str | None = None,
) -> MigrationDraft:
    """A draft that depends on all heads, or on these, and does nothing else.

    `kind` is sql or, on MongoDB, mongodb. Raises UsageError where there is nothing to merge, UnknownTarget.
    """
    parents = graph.heads if heads is None else tuple(dict.fromkeys(map(graph.resolve, heads)))
    if len(parents) < 2:
        only = f"{parents[0]} is the only head" if parents else "there are no migrations"
        raise UsageError(f"{only}: nothing to merge", "`miger graph` shows the branches")
    name = name or _name(parents)
    title = title_of(name)
    title = title if kind == "sql" else f"{title}."
    return MigrationDraft(name, kind, parents, phase, release, title=title, up="", down="")


def _name(parents: Sequence[str]) -> str:
    name = f"merge_{'_and_'.join(slug_of(parent) for parent in parents)}"
    return name if len(name) <= LONGEST else "merge_heads"
