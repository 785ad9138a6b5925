"""The dependency graph of a project's migrations: what depends on what, and in which order they run.

Plain parent and child maps, built and ordered in O(V+E). Nothing here raises for a bad graph: every
fault is collected in `problems`, so that a screen can show the graph with its faults.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING

from miger.engine.errors import BadMigrations, Problem, UnknownTarget
from miger.engine.migration import Migration

if TYPE_CHECKING:
    from networkx import DiGraph

# Closest names are looked for by comparing with every id; this bounds the comparisons for one graph.
_COMPARISONS = 20_000


class MigrationGraph:
    """Migrations and their dependencies. Never changes after it is built.

    `migrations` maps ids to migrations in running order, `order` is that order and `position` the
    place of each id in it. The order is stable: by dependency, then by id, whatever the order of the
    files. Migrations in or behind a cycle come last, by id. `problems` holds every fault found.

    An edge that cannot be followed (an unknown parent, a migration's own id) is in no map. Of several
    migrations with one id, the one whose path sorts first counts.
    """

    migrations: dict[str, Migration]
    order: tuple[str, ...]
    position: dict[str, int]
    problems: tuple[Problem, ...]

    def __init__(self, migrations: Sequence[Migration], known_bad: Collection[str] = ()) -> None:
        """`known_bad`: ids whose file is bad; they are no graph nodes, but no unknown parents either."""
        found = _Findings()
        by_id = found.unique(migrations)
        self._parents = found.links(by_id, frozenset(known_bad))
        order, cyclic = _ordered(self._parents)
        if cyclic:
            found.cycles(by_id, self._parents, cyclic)
        self.order = (*order, *cyclic)
        self.position = dict(zip(self.order, range(len(self.order)), strict=True))
        self.migrations = {id: by_id[id] for id in self.order}
        self.problems = tuple(found.problems)

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[str]:
        return iter(self.order)

    def __contains__(self, id: object) -> bool:
        return id in self.migrations

    def check(self) -> None:
        """Raise `BadMigrations` with every problem, if there is any."""
        if self.problems:
            raise BadMigrations("the migrations do not form a graph", self.problems)

    def parents(self, id: str) -> tuple[str, ...]:
        """The ids that `id` depends on, as its file lists them. KeyError if there is no such migration."""
        return self._parents[id]

    def children(self, id: str) -> tuple[str, ...]:
        """The ids that depend on `id`, in running order. KeyError if there is no such migration."""
        return self._children[id]

    @cached_property
    def _children(self) -> dict[str, tuple[str, ...]]:
        return _turned(self.order, self._parents)  # no plain look at the state of things needs it

    @cached_property
    def heads(self) -> tuple[str, ...]:
        """The migrations that none depends on, in running order."""
        with_children = set(chain.from_iterable(self._parents.values()))
        return tuple(id for id in self.order if id not in with_children)

    @cached_property
    def roots(self) -> tuple[str, ...]:
        """The migrations that depend on none, in running order."""
        return tuple(id for id in self.order if not self._parents[id])

    def ancestors(self, ids: Iterable[str]) -> set[str]:
        """All that `ids` depend on, also indirectly; of `ids` themselves only those reached from another.

        Ids that are not in the graph have none. One id may be given as a plain string.
        """
        return _reached(ids, self._parents)

    def descendants(self, ids: Iterable[str]) -> set[str]:
        """All that depend on `ids`, also indirectly; otherwise like `ancestors`."""
        return _reached(ids, self._children)

    def subset_in_order(self, ids: Iterable[str]) -> tuple[str, ...]:
        """`ids` in running order, each once, without those that are not in the graph."""
        return tuple(sorted(self.position.keys() & set(ids), key=self.position.__getitem__))

    def generations(self) -> tuple[tuple[str, ...], ...]:
        """The migrations by the length of their longest path from a root; none in a layer needs another."""
        return self.independent_sets(self.order)

    def independent_sets(self, ids: Iterable[str]) -> tuple[tuple[str, ...], ...]:
        """`ids` in layers to be run one after the other; those within a layer may run side by side.

        No two of a layer depend on each other, also not through migrations outside `ids`. Cyclic
        migrations have no such layers: call `check` first.
        """
        given = self.position.keys() & set(ids)
        layer_of: dict[str, int] = {}
        layers: list[list[str]] = []
        for id in self.order:
            layer = max([layer_of.get(parent, 0) + (parent in given) for parent in self._parents[id]], default=0)
            layer_of[id] = layer
            if id in given:
                layers.extend([] for _ in range(len(layers), layer + 1))
                layers[layer].append(id)
        return tuple(tuple(layer) for layer in layers if layer)

    def resolve(self, target: str) -> str:
        """The one id that `target` names: an id, or else a unique part of it in any case of letters.

        The number before the first `_` goes before the beginning of an id, and that before any other
        part. UnknownTarget if there is none, or if there are several of the best kind.
        """
        if target in self.migrations:
            return target
        matches = _matches(target.casefold(), self.order) if target else []
        if not matches:
            raise UnknownTarget(target, _closest(target, self.order))
        if len(matches) > 1:
            raise UnknownTarget(target, matches, ambiguous=True)
        return matches[0]

    def networkx(self) -> DiGraph[str]:
        """The graph for analyses: edges parent → child, each node with its `migration`. Do not change it."""
        return self._networkx

    @cached_property
    def _networkx(self) -> DiGraph[str]:
        import networkx  # a quarter of a second: only analyses pay for it

        graph: DiGraph[str] = networkx.DiGraph()
        graph.add_nodes_from((id, {"migration": migration}) for id, migration in self.migrations.items())
        graph.add_edges_from((parent, id) for id in self.order for parent in self._parents[id])
        return graph


class _Findings:
    """The problems of one graph as they are found, and the maps that are left without them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._comparisons = _COMPARISONS

    def report(self, file: str, message: str, hint: str) -> None:
        self.problems.append(Problem(file, None, message, hint))

    def unique(self, migrations: Sequence[Migration]) -> dict[str, Migration]:
        """The migrations by id, sorted; reports duplicate ids."""
        by_id: dict[str, Migration] = {}
        for migration in sorted(migrations, key=attrgetter("id", "path")):
            first = by_id.setdefault(migration.id, migration)
            if first is not migration:
                message = f"{first.path} has the same id: {migration.id}"
                self.report(migration.path, message, "rename one of the two files")
        return by_id

    def links(self, by_id: Mapping[str, Migration], known_bad: frozenset[str]) -> dict[str, tuple[str, ...]]:
        """The parents of each id; reports those that cannot be, and leaves them out."""
        parents: dict[str, tuple[str, ...]] = {}
        for id, migration in by_id.items():
            depends = migration.depends
            # The usual case, a single known parent, needs no further look.
            if len(depends) == 1 and depends[0] in by_id and depends[0] != id:
                parents[id] = depends
            else:
                parents[id] = tuple(self._links_of(migration, by_id, known_bad)) if depends else ()
        return parents

    def _links_of(
        self, migration: Migration, by_id: Mapping[str, Migration], known_bad: frozenset[str]
    ) -> Iterator[str]:
        for parent, times in Counter(migration.depends).items():
            if times > 1:
                self.report(migration.path, f"depends lists {parent!r} {times} times", "once is enough")
            if parent == migration.id:
                self.report(migration.path, "depends on itself", "take that id out of depends")
            elif parent in by_id:
                yield parent
            elif parent not in known_bad:
                message = f"depends on {parent!r}, which no file defines"
                self.report(migration.path, message, self._did_you_mean(parent, migration.id, by_id))

    def _did_you_mean(self, parent: str, child: str, by_id: Mapping[str, Migration]) -> str:
        ids = [id for id in by_id if id != child]
        close: list[str] = []
        if self._comparisons > 0:
            self._comparisons -= len(ids)
            close = _closest(parent, ids, most=1)
        if close:
            return f"did you mean {close[0]} ({by_id[close[0]].path})?"
        return "add that file, or take the id out of depends"

    def cycles(
        self, by_id: Mapping[str, Migration], parents: Mapping[str, tuple[str, ...]], cyclic: Sequence[str]
    ) -> None:
        """Report one path for each knot of migrations that all depend on each other."""
        import networkx  # only a bad graph pays for it

        graph: DiGraph[str] = networkx.DiGraph()
        behind = set(cyclic)
        graph.add_edges_from((id, parent) for id in cyclic for parent in parents[id] if parent in behind)
        knots = (knot for knot in networkx.strongly_connected_components(graph) if len(knot) > 1)
        for start, knot in sorted((min(knot), knot) for knot in knots):
            path = " → ".join(_way_round(start, parents, knot))
            hint = "each depends on the next: take one of these out of depends"
            self.report(by_id[start].path, f"the dependencies go in a circle: {path}", hint)


def _way_round(start: str, parents: Mapping[str, Sequence[str]], knot: Collection[str]) -> list[str]:
    """A shortest path from `start` over its ancestors within `knot` back to it, both ends included."""
    came_from: dict[str, str] = {}
    frontier = [start]
    for id in frontier:  # grows while it is walked: breadth first
        for parent in parents[id]:
            if parent == start:
                path = [start]
                while id != start:
                    path.append(id)
                    id = came_from[id]
                return [start, *reversed(path)]
            if parent in knot and parent not in came_from:
                came_from[parent] = id
                frontier.append(parent)
    raise AssertionError(f"{start} is in no cycle")


def _ordered(parents: Mapping[str, tuple[str, ...]]) -> tuple[list[str], list[str]]:
    """The ids by dependency, then id; and, sorted, those in or behind a cycle. `parents` is sorted by id."""
    placed: set[str] = set()
    for id, links in parents.items():
        if not placed.issuperset(links):
            break
        placed.add(id)
    else:
        return list(parents), []  # sorted ids that respect the dependencies already are that order

    import heapq  # deferred: ids that begin with a time mostly are in order

    children = _turned(parents, parents)
    missing = {id: len(links) for id, links in parents.items()}
    ready = [id for id, count in missing.items() if not count]  # sorted, hence a heap
    order: list[str] = []
    while ready:
        id = heapq.heappop(ready)
        order.append(id)
        for child in children[id]:
            missing[child] -= 1
            if not missing[child]:
                heapq.heappush(ready, child)
    return order, [id for id, count in missing.items() if count]


def _turned(order: Iterable[str], parents: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """The children of each id, in `order`."""
    children: dict[str, list[str]] = {id: [] for id in order}
    for id in children:
        for parent in parents[id]:
            children[parent].append(id)
    return {id: tuple(links) for id, links in children.items()}


def _reached(ids: Iterable[str], links: Mapping[str, Sequence[str]]) -> set[str]:
    ahead = [ids] if isinstance(ids, str) else list(ids)
    reached: set[str] = set()
    while ahead:
        for id in links.get(ahead.pop(), ()):
            if id not in reached:
                reached.add(id)
                ahead.append(id)
    return reached


def _matches(part: str, ids: Iterable[str]) -> list[str]:
    """The ids with this (casefolded) part, of the best kind there is: number, beginning, anywhere."""
    kinds: tuple[list[str], list[str], list[str]] = ([], [], [])
    for id in ids:
        folded = id.casefold()
        if part in folded:
            kind = 0 if folded.partition("_")[0] == part else 1 if folded.startswith(part) else 2
            kinds[kind].append(id)
    return next((kind for kind in kinds if kind), [])


def _closest(name: str, ids: Iterable[str], most: int = 3) -> list[str]:
    """Ids that `name` may have been meant to be, best first: those of its number, or else of like name.

    Numbers are compared only for a name that has nothing else: those of a project are all alike.
    """
    from difflib import get_close_matches  # only a mistyped name pays for it

    number, words = _number_and_words(name)
    same_number: list[str] = []
    by_words: dict[str, list[str]] = {}
    for id in ids:
        id_number, id_words = _number_and_words(id)
        if number and id_number == number:
            same_number.append(id)
        by_words.setdefault(id_words if words else id_number, []).append(id)
    if same_number:
        return same_number[:most]
    matches = get_close_matches(words or number, by_words, n=most)
    return [id for match in matches for id in by_words[match]][:most]


def _number_and_words(id: str) -> tuple[str, str]:
    """`20260115101500_add_Email` → `20260115101500`, `add_email`; either may be empty."""
    folded = id.casefold()
    number, _, words = folded.partition("_")
    return (number, words) if number.isdecimal() else ("", folded)
