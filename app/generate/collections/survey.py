"""What a migration of collections has to do: wanted and live collections compared, and their documents asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from miger.engine.errors import UsageError
from miger.engine.words import counted
from miger.generate.asking import Loss
from miger.generate.collections.compare import (
    ALIKE,
    CollectionDifference,
    collection_score,
    difference_of,
    rename_candidates,
)
from miger.generate.collections.documents import Documents
from miger.generate.collections.plan import Wishes, plan_documents
from miger.generate.collections.values import Collection, WantedCollection, WantedSchema
from miger.generate.renames import Candidate, Rename, Renaming

if TYPE_CHECKING:
    from miger.backends.mongodb import MongodbBackend


class CollectionChoices(NamedTuple):
    """What a person says: renames, values by (collection, field) for documents without, fields that may become null.

    Collections go by the name that they shall have, but in renames.
    """

    renames: tuple[Rename, ...] = ()
    fills: Mapping[tuple[str, str], object] = {}
    nulls: frozenset[tuple[str, str]] = frozenset()


class PlannedCollections(NamedTuple):
    """What differs, with what happens to documents; what is lost, or stands against it; what may be a rename."""

    differences: tuple[CollectionDifference, ...]
    losses: tuple[Loss, ...] = ()
    notes: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()


def plan_collections(
    backend: MongodbBackend, wanted: WantedSchema, live: Sequence[Collection], choices: CollectionChoices
) -> PlannedCollections:
    """What a migration has to do so that the database is as wanted. Its documents are read, nothing is written.

    Raises UsageError for a rename of what is not there, StatementError.
    """
    planning = _Planning(backend, wanted, live, choices)
    differences = tuple(planning.differences())
    candidates = sorted(planning.candidates(differences), key=lambda candidate: -candidate.score)
    return PlannedCollections(differences, tuple(planning.losses), tuple(planning.notes), tuple(candidates))


def collections_after(live: Sequence[Collection], differences: Sequence[CollectionDifference]) -> list[Collection]:
    """All collections as they shall be."""
    gone = {item.before.name for item in differences if item.before is not None}
    left = [item for item in live if item.name not in gone]
    return left + [item.after for item in differences if item.after is not None]


class _Planning:
    """One comparison; `losses` and `notes` come up on the way."""

    def __init__(
        self, backend: MongodbBackend, wanted: WantedSchema, live: Sequence[Collection], choices: CollectionChoices
    ) -> None:
        self.losses: list[Loss] = []
        self.notes: list[str] = []
        self._backend = backend
        self._wanted = wanted
        self._live = {item.name: item for item in live}
        self._choices = choices
        self._left = list(choices.renames)  # those that have not been used yet

    def differences(self) -> Iterator[CollectionDifference]:
        """What differs, in the order of the source; collections that go come last."""
        taken: set[str] = set()
        for item in self._wanted.collections:
            before = self._before(item)
            if before is None:
                yield difference_of(None, item.collection)
                continue
            taken.add(before.name)
            found = self._of(before, item)
            if found:
                yield found
        for rename in self._left:
            raise UsageError(
                f"--rename {rename}: there is no {rename.before} in the database that could become that",
                "what the database has stands first: `users:people`, `users.mail:users.email`",
            )
        if self._wanted.complete:
            for name in sorted(self._live.keys() - taken):
                count = Documents(self._backend, name).count({})
                if count:
                    message = f"is dropped with {counted(count, 'document')}"
                    self.losses.append(Loss(f"collection {name}", message, count))
                yield difference_of(self._live[name], None)

    def candidates(self, differences: Sequence[CollectionDifference]) -> Iterator[Candidate]:
        """What may have been renamed."""
        named = {item.collection.name for item in self._wanted.collections}
        named |= {item.before.name for item in differences if item.before and item.after}
        for difference in differences:
            yield from rename_candidates(difference)
            if difference.before is None and difference.after is not None:
                for name in self._live.keys() - named:
                    score = collection_score(self._live[name], difference.after)
                    if score >= ALIKE:
                        yield Candidate(Renaming(name, difference.after.name), round(score, 2))

    def _before(self, item: WantedCollection) -> Collection | None:
        """The collection that becomes the wanted one."""
        name = item.collection.name
        if name in self._live:
            return self._live[name]
        asked = next((rename for rename in self._left if rename.before in self._live and rename.after == name), None)
        if asked is not None:
            self._left.remove(asked)
            former = asked.before
        else:
            former = item.renamed_from
        others = {other.collection.name for other in self._wanted.collections}
        return self._live.get(former) if former not in others else None

    def _of(self, before: Collection, item: WantedCollection) -> CollectionDifference:
        name, choices = item.collection.name, self._choices
        renames = self._field_renames(before.name, name)
        fills = {field: value for (collection, field), value in choices.fills.items() if collection == name}
        nulls = frozenset(field for collection, field in choices.nulls if collection == name)
        self._tell_options(before, item.collection)
        plain = difference_of(before, item.collection)
        if not (plain.revalidated or renames or item.renames):
            return plain
        documents = Documents(self._backend, before.name)
        planned = plan_documents(before, item, Wishes(fills, nulls, renames), documents)
        found = difference_of(before, item.collection, planned.steps)
        if found:
            self.losses += planned.losses
            self.notes += planned.notes
        return found

    def _field_renames(self, before: str, after: str) -> dict[str, str]:
        """The renames of fields of a collection; both sides begin with its name, the second one may do without."""
        found = {}
        for rename in tuple(self._left):
            if rename.before.startswith((f"{before}.", f"{after}.")):
                prefix = before if rename.before.startswith(f"{before}.") else after
                new = rename.after.removeprefix(f"{after}.").removeprefix(f"{before}.")
                found[rename.before.removeprefix(f"{prefix}.")] = new
                self._left.remove(rename)
        return found

    def _tell_options(self, before: Collection, after: Collection) -> None:
        """Those that are asked for and are otherwise: no command changes them."""
        for option, value in after.options.items():
            has: Any = before.options.get(option)
            inside = isinstance(value, Mapping) and isinstance(has, Mapping) and value.items() <= has.items()
            if has != value and not inside:
                said = f"{option} of {before.name} is {has!r}, not {value!r}"
                said = said if has is not None else f"{before.name} has no {option}"
                self.notes.append(f"{said}: only a new collection can have it")
