"""What differs between collections, a line for each thing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from miger.generate.collections.compare import CollectionDifference
from miger.generate.collections.steps import ConvertField, DropNulls, FillField, RemoveField, RenameField
from miger.generate.renames import Renaming
from miger.generate.telling import ADD, CHANGE, DROP, RENAME, Line


def lines_of(differences: Sequence[CollectionDifference]) -> tuple[Line, ...]:
    """A line for each difference."""
    return tuple(line for item in differences for line in _lines(item))


def renamings_of(differences: Sequence[CollectionDifference]) -> tuple[Renaming, ...]:
    """The renames of collections and fields."""
    found = []
    for item in differences:
        if item.before is not None and item.after is not None:
            names = (item.before.name, item.after.name)
            found += [Renaming(*names)] if item.renamed else []
            found += [Renaming(*names, step.old, step.new) for step in item.steps if isinstance(step, RenameField)]
    return tuple(found)


def _lines(item: CollectionDifference) -> Iterator[Line]:
    name = item.collection.name
    if item.before is None or item.after is None:
        yield Line(ADD if item.before is None else DROP, f"collection {name}")
        return
    if item.renamed:
        yield Line(RENAME, f"collection {item.before.name}", f"to {name}")
    for step in item.steps:
        match step:
            case RenameField(old, new):
                yield Line(RENAME, f"field {name}.{old}", f"to {new}")
            case ConvertField():
                kinds = f"{' or '.join(step.sources)} → {step.target.replace('|', ' or ')}"
                yield Line(CHANGE, f"field {name}.{step.field}", kinds)
            case FillField():
                yield Line(CHANGE, f"field {name}.{step.field}", f"{step.value!r} where there is none")
            case DropNulls():
                yield Line(CHANGE, f"field {name}.{step.field}", "no null")
            case RemoveField():
                yield Line(DROP, f"field {name}.{step.field}")
    if item.revalidated:
        verb = ADD if not item.before.validator else DROP if not item.after.validator else CHANGE
        yield Line(verb, f"validator of {name}")
    for index in item.indexes:
        found = index.after or index.before
        assert found is not None
        verb = ADD if index.before is None else DROP if index.after is None else CHANGE
        yield Line(verb, f"index {name}.{found.made_name}", "unique" if found.options.get("unique") else "")
