"""What differs between collections as they are and as they shall be. Asks no database."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from miger.generate.collections.steps import DataStep, RenameField, reversed_steps
from miger.generate.collections.types import types_of
from miger.generate.collections.usual import usual, usual_index
from miger.generate.collections.values import Collection, IndexSpec
from miger.generate.renames import Candidate, Renaming

ALIKE = 0.6  # of two names, so that one may be the other's new form
CHANGEABLE = frozenset({"expireAfterSeconds", "hidden"})  # of an index, without making it anew


class IndexDifference(NamedTuple):
    """An index before and after, None where it is not there."""

    before: IndexSpec | None
    after: IndexSpec | None

    @property
    def in_place(self) -> bool:
        """Whether `collMod` makes the one of the other."""
        if self.before is None or self.after is None or self.before[::2] != self.after[::2]:
            return False
        one, other = dict(self.before.options), dict(self.after.options)
        changed = {word for word in one.keys() | other.keys() if one.get(word) != other.get(word)}
        timed = "expireAfterSeconds" not in changed or {"expireAfterSeconds"} <= one.keys() & other.keys()
        return bool(changed) and changed <= CHANGEABLE and timed


class CollectionDifference(NamedTuple):
    """A collection before and after, None where it is not there.

    Of one that stays, `indexes` are those that differ, `steps` what happens to its documents. `back`: it is the way
    back of another.
    """

    before: Collection | None
    after: Collection | None
    indexes: tuple[IndexDifference, ...] = ()
    steps: tuple[DataStep, ...] = ()
    back: bool = False

    @property
    def collection(self) -> Collection:
        """As it will be, or as it was."""
        found = self.after or self.before
        assert found is not None
        return found

    @property
    def renamed(self) -> bool:
        """Whether it gets another name."""
        return self.before is not None and self.after is not None and self.before.name != self.after.name

    @property
    def revalidated(self) -> bool:
        """Whether its validator, level or action are others."""
        if self.before is None or self.after is None:
            return False
        return usual(self.before)[1:4] != usual(self.after)[1:4]

    def reverse(self) -> CollectionDifference:
        """The way back."""
        indexes = tuple(IndexDifference(index.after, index.before) for index in self.indexes)
        return CollectionDifference(self.after, self.before, indexes, reversed_steps(self.steps), not self.back)

    def __bool__(self) -> bool:
        alone = self.before is None or self.after is None
        return bool(alone or self.steps or self.renamed or self.revalidated or self.indexes)


def difference_of(
    before: Collection | None, after: Collection | None, steps: tuple[DataStep, ...] = ()
) -> CollectionDifference:
    """What differs between two collections; nothing where it is false."""
    indexes = tuple(_indexes(before, after)) if before is not None and after is not None else ()
    return CollectionDifference(before, after, indexes, steps)


def _indexes(before: Collection, after: Collection) -> Iterator[IndexDifference]:
    """By fields and options first, then by what is in the way; each in its usual words, with the name it has."""
    old = [(usual_index(index, before), index) for index in before.indexes]
    new = [(usual_index(index, after), index) for index in after.indexes]
    for was in tuple(old):  # the same, under whatever name where none is asked for
        for shall in new:
            if was[0][:2] == shall[0][:2] and (not shall[1].name or was[0].name == shall[0].name):
                old.remove(was)
                new.remove(shall)
                break
    for was in old:
        partner = next((shall for shall in new if _in_the_way(was[0], shall[0])), None)
        if partner is not None:
            new.remove(partner)
            kept = partner[0] if partner[1].name else partner[0]._replace(name=was[0].name)
            pair = IndexDifference(was[0], kept)
            yield pair if pair.in_place else IndexDifference(was[0], partner[0])
        else:
            yield IndexDifference(was[0], None)
    for shall in new:
        yield IndexDifference(None, shall[0])


def _in_the_way(old: IndexSpec, new: IndexSpec) -> bool:
    return old.keys == new.keys or old.name == new.name


class FieldDifference(NamedTuple):
    """A property of a schema before and after, None where it is not there; `path` is its new one."""

    path: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    was_required: bool
    required: bool
    only: bool  # whether the object that holds it shall have no other fields than its own


def field_differences(
    before: Mapping[str, Any], after: Mapping[str, Any], renames: Sequence[RenameField], path: str = ""
) -> Iterator[FieldDifference]:
    """The properties that differ, objects within objects too; what is in arrays counts as the array's.

    An object that is new, or not required, has no fields that must be filled in.
    """
    old, new = _properties(before), _properties(after)
    below = f"{path}." if path else ""
    for step in renames:
        parent, _, name = step.old.rpartition(".")
        if parent == path and name in old:
            target = step.new.rpartition(".")[2]
            old = {target if word == name else word: value for word, value in old.items()}
    former = {step.new: step.old.rpartition(".")[2] for step in renames}
    for name in [*old, *(name for name in new if name not in old)]:
        place = f"{below}{name}"
        was, shall = old.get(name), new.get(name)
        was_required = former.get(place, name) in before.get("required", ())
        required = name in after.get("required", ())
        if was is not None and shall is not None and "object" in types_of(was) and "object" in types_of(shall):
            yield from field_differences(was, shall, renames, place)
            was, shall = ({"bsonType": types_of(found)} for found in (was, shall))
        if was != shall or was_required != required:
            only = after.get("additionalProperties") is False
            yield FieldDifference(place, was, shall, was_required, required, only)


def _properties(schema: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    found = schema.get("properties")
    return {name: value for name, value in found.items() if isinstance(value, Mapping)} if found else {}


def rename_candidates(difference: CollectionDifference) -> Iterator[Candidate]:
    """Fields that went, with one that came in their place: of the same type and a similar name, or the only ones."""
    if difference.before is None or difference.after is None:
        return
    renames = [step for step in difference.steps if isinstance(step, RenameField)]
    found = list(field_differences(difference.before.schema, difference.after.schema, renames))
    gone = [item for item in found if item.after is None]
    come = [item for item in found if item.before is None]
    names = (difference.before.name, difference.after.name)
    pairs = [(name_score(old.path, new.path), old, new) for old in gone for new in come if _may_be(old, new)]
    alone = len(pairs) == len(gone) == len(come) == 1
    taken: set[str] = set()
    for score, old, new in sorted(pairs, key=lambda pair: -pair[0]):
        if (score >= ALIKE or alone) and not {old.path, new.path} & taken:
            taken |= {old.path, new.path}
            yield Candidate(Renaming(*names, old.path, new.path), round(score, 2))


def _may_be(old: FieldDifference, new: FieldDifference) -> bool:
    """Whether one may be the other: in the same object, and of the same type."""
    return old.path.rpartition(".")[0] == new.path.rpartition(".")[0] and _same_type(old, new)


def _same_type(old: FieldDifference, new: FieldDifference) -> bool:
    one, other = ({*types_of(found or {})} - {"null"} for found in (old.before, new.after))
    return one == other


def name_score(one: str, other: str) -> float:
    """How alike two names are, from 0 to 1: much the same letters, or one within the other."""
    one, other = one.rpartition(".")[2].lower(), other.rpartition(".")[2].lower()
    within = 0.7 if one in other or other in one else 0.0
    return max(within, difflib.SequenceMatcher(None, one, other).ratio())


def collection_score(before: Collection, after: Collection) -> float:
    """How likely a collection is another under a new name, from 0 to 1, by name and by fields."""
    fields, others = set(_properties(before.schema)), set(_properties(after.schema))
    shared = len(fields & others) / max(len(fields | others), 1)
    return 0.3 * name_score(before.name, after.name) + 0.7 * shared
