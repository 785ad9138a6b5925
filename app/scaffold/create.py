"""`miger create`: a migration with nothing in it yet."""

from __future__ import annotations

from collections.abc import Sequence

from miger.engine.errors import UsageError
from miger.engine.graph import MigrationGraph
from miger.scaffold.draft import MigrationDraft, draft_text
from miger.scaffold.ids import new_id
from miger.scaffold.write import write_draft

# What the sections of each kind hold until somebody writes into them.
BODIES = {
    "sql": ("\n\n", "\n"),
    "python": ('db.execute("SELECT 1")\n',) * 2,
    "mongodb": ('db.log("nothing yet")\n',) * 2,
}


def migration_text(
    kind: str, title: str, depends: Sequence[str], phase: str | None = None, release: str | None = None
) -> str:
    """The text of a new migration file of kind sql, python or mongodb."""
    return draft_text(_draft("", kind, title, depends, phase, release))


def create_migration(
    folder: str,
    graph: MigrationGraph,
    name: str,
    *,
    kind: str = "sql",
    depends: Sequence[str] | None = None,
    phase: str | None = None,
    release: str | None = None,
) -> str:
    """Writes a new migration into `folder` and returns its path. Its parents are the heads if not given.

    Raises UsageError, UnknownTarget.
    """
    id = new_id(name)
    if id in graph:
        raise UsageError(f"there is a migration {id} already", "choose another name")
    parents = graph.heads if depends is None else tuple(dict.fromkeys(map(graph.resolve, depends)))
    return write_draft(folder, graph, _draft(name, kind, title_of(name), parents, phase, release))


def title_of(name: str) -> str:
    """What a name says, as words."""
    return " ".join(name.strip().replace("_", " ").capitalize().split())


def _draft(
    name: str, kind: str, title: str, parents: Sequence[str], phase: str | None, release: str | None
) -> MigrationDraft:
    up, down = BODIES[kind]
    words = "" if kind == "sql" else f"{title}."
    return MigrationDraft(name, kind, tuple(parents), phase, release, title=words, up=up, down=down)
