"""`miger generate` on MongoDB: from models or a YAML file to a migration of collections that has been tried."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, cast

from bson import json_util

from miger.engine.errors import UsageError
from miger.forms.draft import draft_of
from miger.generate.collections.proof import prove
from miger.generate.collections.read import read_live
from miger.generate.collections.source import read_wanted
from miger.generate.collections.survey import (
    CollectionChoices,
    PlannedCollections,
    collections_after,
    plan_collections,
)
from miger.generate.collections.telling import lines_of, renamings_of
from miger.generate.collections.values import Collection, WantedSchema
from miger.generate.collections.write import write_collections
from miger.generate.copies import SAMPLE_ROWS, copy_of
from miger.generate.differences import Differences
from miger.generate.generate import Generation, Options, refuse_losses, refuse_pending
from miger.generate.renames import Rename, parse_rename
from miger.generate.telling import sentence_of

if TYPE_CHECKING:
    from miger.backends.mongodb import MongodbBackend
    from miger.engine.backend import Backend
    from miger.engine.owner import Owner
    from miger.project import Project
    from miger.scaffold.draft import MigrationDraft


def generate_collections(project: Project, backend: Backend, owner: Owner, name: str, options: Options) -> Generation:
    """The draft of the migration that makes the wanted collections of those there are. Raises as `generate`."""
    if options.online:
        raise UsageError(
            "--online: collections change in one migration",
            "while it works, their validators let old and new documents in",
        )
    wanted = read_wanted(options.source or project.environment.schema, project.config.folder)
    if not options.offline:
        refuse_pending(project)
    with _asked(project, backend, owner, offline=options.offline) as asked:
        live = [item for item in read_live(asked) if not _ignored(item, project.config.drift_ignore)]
        planned = _decided(asked, wanted, live, options)
        lines = lines_of(planned.differences)
        offered = [f"{one.renaming.before} may be {one.renaming.after} now" for one in planned.candidates]
        options_ = [f"`--rename {one.renaming.option}`" for one in planned.candidates]
        notes = (*planned.notes, *(f"{one}: {option}" for one, option in zip(offered, options_, strict=True)))
        renamings = renamings_of(planned.differences)
        generation = Generation(lines, Differences(), renamings, planned.candidates, (), notes)
        if not lines or options.bare:
            return generation
        options.told(lines)
        refuse_losses(planned.losses, options, notes)
        draft = _draft(project, name, options, planned, sentence_of(lines))
        now = time.time()
        after = collections_after(live, planned.differences)
        with _tried_in(asked, owner, offline=options.offline) as copy:
            notes = (*notes, *prove(copy, owner, draft, live, after))
    return generation._replace(losses=planned.losses, notes=notes, drafts=(draft,), now=now)


@contextlib.contextmanager
def _asked(project: Project, backend: Backend, owner: Owner, *, offline: bool) -> Iterator[MongodbBackend]:
    """The database, or one that is as all migrations make it."""
    if not offline:
        yield cast("MongodbBackend", backend)
        return
    with copy_of(backend, project.graph, owner, rows=0, offline=True) as replayed:
        yield cast("MongodbBackend", replayed)


@contextlib.contextmanager
def _tried_in(asked: MongodbBackend, owner: Owner, *, offline: bool) -> Iterator[MongodbBackend]:
    """A copy of what was asked, which offline is no one's already."""
    if offline:
        yield asked
        return
    with asked.scratch(owner, SAMPLE_ROWS) as copy:
        yield cast("MongodbBackend", copy)


def _ignored(collection: Collection, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(f"collection {collection.name}", pattern) for pattern in patterns)


def _decided(
    backend: MongodbBackend, wanted: WantedSchema, live: Sequence[Collection], options: Options
) -> PlannedCollections:
    """The plan, and where a person can be asked, again with what the person took for renames; collections first."""
    choices = CollectionChoices(
        tuple(parse_rename(text) for text in options.renames),
        dict(_fill(text, wanted) for text in options.fills),
        frozenset(_field("--nulls", text.strip(), wanted) for text in options.nulls),
    )
    planned = plan_collections(backend, wanted, live, choices)
    if options.decide is None:
        return planned
    for of_fields in (False, True):
        asked = [one for one in planned.candidates if bool(one.renaming.column) == of_fields]
        taken = [Rename(one.renaming.before, one.renaming.after) for one in asked if options.decide(one)]
        if taken:
            choices = choices._replace(renames=(*choices.renames, *taken))
            planned = plan_collections(backend, wanted, live, choices)
    return planned._replace(candidates=())


def _fill(text: str, wanted: WantedSchema) -> tuple[tuple[str, str], object]:
    target, equals, value = text.partition("=")
    if not equals or not value.strip():
        raise UsageError(f"--fill {text}: no value", 'write COLLECTION.FIELD=JSON, as in `users.plan="free"`')
    try:
        return _field("--fill", target.strip(), wanted), json_util.loads(value)
    except (ValueError, TypeError):
        raise UsageError(f"--fill {text}: {value.strip()} is no JSON", 'a text stands in quotes: `"free"`') from None


def _field(option: str, text: str, wanted: WantedSchema) -> tuple[str, str]:
    """Collection and path; names of collections may have dots, too."""
    names = sorted((item.collection.name for item in wanted.collections), key=len, reverse=True)
    for name in names:
        if text.startswith(f"{name}.") and len(text) > len(name) + 1:
            return name, text[len(name) + 1 :]
    raise UsageError(f"{option} {text}: there is no such collection in the wanted schema", "write COLLECTION.FIELD")


def _draft(project: Project, name: str, options: Options, planned: PlannedCollections, title: str) -> MigrationDraft:
    graph = project.graph
    parents = graph.heads if options.depends is None else tuple(dict.fromkeys(map(graph.resolve, options.depends)))
    return draft_of(write_collections(planned.differences), name, parents, title=title, release=options.release)
