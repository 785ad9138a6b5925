"""`miger generate`: from what is, and what is wanted, to migrations that have been tried."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from miger.engine.errors import RefusedError, UsageError, listed
from miger.generate.asking import Loss, find_losses
from miger.generate.conversions.conversion import conversion_of
from miger.generate.differences import Differences
from miger.generate.renames import Candidate, Rename, Renaming, find_candidates, parse_rename, resolve
from miger.generate.scope import with_the_rest, within_scope, without_ignored
from miger.generate.sources.source import Source, find_source
from miger.generate.taking import Fallen, take
from miger.generate.telling import Line, keys_of, lines_of, sentence_of
from miger.generate.wanted import replayed_catalog, wanted_catalog
from miger.generate.ways import Place, Sides, rename_steps, ways_of
from miger.generate.writing.written import Choices

if TYPE_CHECKING:
    from miger.engine.backend import Backend
    from miger.engine.catalog import Catalog
    from miger.engine.owner import Owner
    from miger.project import Project
    from miger.scaffold.draft import MigrationDraft


class Options(NamedTuple):
    """What a person asks for; texts as on the command line.

    `kind` is sql or python, `source` another wanted schema than that of the configuration. `fills` are
    `users.email=''`, `nulls` columns (`users.age`) of which values that do not convert may become NULL. `lossy`:
    data may be lost. `decide` is asked whether a candidate is a rename; without it none is. `depends` are the
    parents, None for the heads. `bare`: what differs is all that is asked, and nothing is written or tried.
    `taken` are the keys (`keys_of`) of the differences that are wanted, renames too; None for all there are. `told`
    gets what differs before a person is asked what may be lost.
    """

    kind: str = "sql"
    online: bool = False
    offline: bool = False
    renames: tuple[str, ...] = ()
    fills: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()
    source: str = ""
    lossy: bool = False
    decide: Callable[[Candidate], bool] | None = None
    consent: Callable[[Sequence[Loss]], bool] | None = None
    depends: tuple[str, ...] | None = None
    release: str | None = None
    bare: bool = False
    taken: frozenset[str] | None = None
    told: Callable[[Sequence[Line]], None] = lambda lines: None


class Generation(NamedTuple):
    """What came of it. No `lines`: nothing differs, and there is no draft.

    `now` is the time that the id of the first draft begins with; the second one depends on the first. `fallen` are
    the differences that were to be taken, and had to be left as they need others that are left.
    """

    lines: tuple[Line, ...]
    found: Differences
    renamings: tuple[Renaming, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    losses: tuple[Loss, ...] = ()
    notes: tuple[str, ...] = ()
    drafts: tuple[MigrationDraft, ...] = ()
    now: float = 0.0
    fallen: tuple[Fallen, ...] = ()


class LosesData(RefusedError):
    """A migration would lose data, or cannot be made with the rows there are: `losses`, and `lines` of all changes."""

    def __init__(self, losses: Sequence[Loss], notes: Sequence[str] = ()) -> None:
        self.losses = tuple(losses)
        stopping = [loss for loss in losses if loss.stops]
        shown = stopping or list(losses)
        head = "this cannot be made with the rows there are:" if stopping else "this loses data:"
        options = " and ".join(dict.fromkeys(loss.option for loss in stopping if loss.option))
        hint = f"mend the rows, or give {options}" if stopping else "`--yes` writes it all the same"
        hint = "; ".join([hint, *notes])
        super().__init__("\n  ".join([head, *map(str, shown)]), hint)


def generate(project: Project, backend: Backend, owner: Owner, name: str, options: Options) -> Generation:
    """The drafts of the migration that makes the wanted schema of the one there is. Writes nothing but scratch copies.

    `backend` is a connection of the project's, not used where `options.offline`. Raises RefusedError where migrations
    are pending, or no scratch database can be made; LosesData; UsageError and ConfigError for what was asked;
    MigerError where the migration that was written does not do what it should.
    """
    if not backend.runs_sql:
        from miger.generate.collections.generate import generate_collections  # deferred: it needs MongoDB's driver

        if options.taken is not None:
            raise UsageError("of collections all differences are taken", "change the schema, and compare again")
        return generate_collections(project, backend, owner, name, options)
    source = find_source(options.source or project.environment.schema, project.config.folder)
    graph = project.graph
    if not options.offline:
        refuse_pending(project)
    ignored = project.config.drift_ignore
    live = replayed_catalog(graph, backend, owner) if options.offline else backend.read_catalog()
    live = without_ignored(live, ignored)
    place = Place(project, graph, backend, owner, live, options.offline)
    wanted = without_ignored(wanted_catalog(source, backend, owner, live), ignored)
    sides = _sides(live, wanted, source)
    renamings, candidates = _renamings(source, sides, options)
    if options.taken is not None:
        renamings = _taken_renamings(renamings, options.taken)
    if renamings:
        sides = _renamed(place, renamings, wanted, source)
    fully, fallen = sides, tuple[Fallen, ...]()
    if options.taken is not None:
        sides, fallen = _taken(sides, source, options.taken)
    found = sides.found
    lines = tuple(lines_of(found, renamings))
    notes = tuple(
        f"{one.renaming.before} may be {one.renaming.after} now: `--rename {one.renaming.option}`" for one in candidates
    )
    choices = _choices(options, fully)
    generation = Generation(lines, found, tuple(renamings), tuple(candidates), (), notes, (), 0.0, fallen)
    if not lines or options.bare:
        return generation
    options.told(lines)
    notes += (*_untold(found, sides.goal, place.dialect), *_made_up(found, choices))
    losses = find_losses(backend, live, found, sides.goal, choices, renamings, offline=options.offline)
    refuse_losses(losses, options, notes)
    drafts = _drafts(place, name, options, sides, choices, renamings, lines)
    now = time.time()
    _prove(place, drafts, sides, source, now)
    return generation._replace(losses=tuple(losses), notes=notes, drafts=drafts, now=now)


def refuse_pending(project: Project) -> None:
    """Raises RefusedError where migrations are pending.

    The live database has to be what the migrations make, or the draft would do what a pending one does, too.
    """
    plan = project.plan()
    if plan.steps:
        hint = "`miger up` first, or `--offline` to compare with what all migrations make"
        raise RefusedError(f"not yet applied: {listed(plan.ids)}", hint)


def _sides(live: Catalog, wanted: Catalog, source: Source) -> Sides:
    return Sides(live, within_scope(live, wanted, source.scope), wanted, with_the_rest(wanted, live, source.scope))


# Renames


def _renamings(source: Source, sides: Sides, options: Options) -> tuple[list[Renaming], list[Candidate]]:
    """The renames that were said or agreed to, and the candidates that were not asked."""
    said = [parse_rename(text) for text in options.renames]
    noted = [Rename(*pair) for pair in source.renames]
    noted = [rename for rename in noted if rename not in said]
    found = resolve(said, sides.before, sides.after)
    found += [one for one in resolve([*said, *noted], sides.before, sides.after, strict=False) if one not in found]
    candidates = find_candidates(sides.before, sides.after, found)
    if options.decide is not None:
        tables = [one.renaming for one in candidates if not one.renaming.column and options.decide(one)]
        found += tables
        candidates = [one for one in find_candidates(sides.before, sides.after, found) if one.renaming.column]
        found += [one.renaming for one in candidates if options.decide(one)]
        candidates = []
    if found and options.online:
        raise UsageError(
            f"{found[0].before} cannot be renamed `--online`: the application has one name or the other",
            "without the rename the new one is added beside it; fill it by a migration of its own",
        )
    return found, candidates


def _renamed(place: Place, renamings: Sequence[Renaming], wanted: Catalog, source: Source) -> Sides:
    """The sides once the renames are done, which they are on a copy."""
    from miger.generate.copies import carry_out_steps, copy_of

    with copy_of(place.backend, place.graph, place.owner, rows=0, offline=place.offline) as copy:
        steps, _ = rename_steps(renamings, place.dialect, copy.read_catalog())
        carry_out_steps(copy, steps)
        live = without_ignored(copy.read_catalog(), place.project.config.drift_ignore)
    return _sides(live, wanted, source)


# Some of the differences


def _taken_renamings(renamings: Sequence[Renaming], taken: frozenset[str]) -> list[Renaming]:
    """Those that are wanted; a column of a table that keeps its name cannot be renamed by the other one."""
    keys = keys_of(lines_of(Differences(), renamings))
    kept = [one for one, key in zip(renamings, keys, strict=True) if key in taken]
    tables = {(one.table, one.new_table) for one in kept if not one.column}
    return [one for one in kept if one.table == one.new_table or (one.table, one.new_table) in tables]


def _taken(sides: Sides, source: Source, taken: frozenset[str]) -> tuple[Sides, tuple[Fallen, ...]]:
    """The sides where only that much of the goal is wanted, and what could not be had of it."""
    mixed = take(sides.whole, sides.goal, taken)
    after = within_scope(mixed.goal, sides.after, source.scope)
    return sides._replace(after=after, goal=mixed.goal), mixed.fallen


# Data


def _choices(options: Options, sides: Sides) -> Choices:
    fills = {}
    for text in options.fills:
        target, equals, value = text.partition("=")
        if not equals or not value.strip():
            raise UsageError(f"--fill {text}: no value", "write TABLE.COLUMN=EXPRESSION, as in `users.email=''`")
        fills[_column("--fill", target.strip(), sides.goal)] = value.strip()
    nulls = frozenset(_column("--nulls", text.strip(), sides.goal) for text in options.nulls)
    return Choices(fills, nulls, options.online)


def _column(option: str, text: str, goal: Catalog) -> tuple[str, str]:
    path, _, name = text.rpartition(".")
    table = goal.table(path)
    if table is None or table.column(name) is None:
        raise UsageError(f"{option} {text}: there is no such column in the wanted schema", "write TABLE.COLUMN")
    return path, name


def refuse_losses(losses: Sequence[Loss], options: Options, notes: Sequence[str]) -> None:
    """Raises LosesData, or RefusedError where a person has said no, unless all that is lost may be lost."""
    if not losses or (options.lossy and not any(loss.stops for loss in losses)):
        return
    if any(loss.stops for loss in losses) or options.consent is None:
        raise LosesData(losses, notes)
    if not options.consent(losses):
        raise RefusedError("nothing was written")


# Drafts


def _drafts(
    place: Place,
    name: str,
    options: Options,
    sides: Sides,
    choices: Choices,
    renamings: Sequence[Renaming],
    lines: Sequence[Line],
) -> tuple[MigrationDraft, ...]:
    from miger.generate.drafts import draft_of

    graph = place.graph
    parents = graph.heads if options.depends is None else tuple(dict.fromkeys(map(graph.resolve, options.depends)))
    ways = ways_of(place, sides, choices, renamings, sentence_of(lines))
    names = [name] if len(ways) == 1 else [f"{name}_{way.phase}" for way in ways]
    return tuple(
        draft_of(way, name, options.kind, place.dialect, parents, options.release)
        for way, name in zip(ways, names, strict=True)
    )


def _untold(found: Differences, goal: Catalog, dialect: str) -> Iterator[str]:
    """What could not be counted beforehand."""
    labels = {thing.name.replace('"', ""): thing.labels for thing in goal.things if thing.labels}
    for table in found.tables:
        for column in table.columns:
            before, after = column.before, column.after
            if before is None or after is None or before.type == after.type:
                continue
            if conversion_of(dialect, before, after, labels.get(after.type.replace('"', ""), ())).untold:
                where = f"{table.table.path}.{after.name}"
                yield f"whether all values of {where} become {after.type} shows only when it runs"


def _made_up(found: Differences, choices: Choices) -> Iterator[str]:
    """The new columns for which the rows there are get values that nobody has chosen."""
    for table in found.tables:
        for column in table.columns if table.before is not None else ():
            new = column.after if column.before is None else None
            if new is None or new.nullable or new.generated or new.identity or new.default is not None:
                continue
            where = (table.table.path, new.name)
            if where not in choices.fills:
                path = ".".join(where)
                yield f"the rows there are get a placeholder as {path}: `--fill {path}=VALUE` gives them another"


def _prove(place: Place, drafts: Sequence[MigrationDraft], sides: Sides, source: Source, now: float) -> None:
    from miger.generate.copies import SAMPLE_ROWS, copy_of
    from miger.generate.proof import prove

    ignored = place.project.config.drift_ignore

    def narrow(catalog: Catalog) -> Catalog:
        return within_scope(without_ignored(catalog, ignored), sides.after, source.scope)

    with copy_of(place.backend, place.graph, place.owner, rows=SAMPLE_ROWS, offline=place.offline) as copy:
        prove(copy, place.owner, place.project.config.migrations, drafts, sides.after, narrow, now)
