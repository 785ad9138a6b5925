"""From differences of collections to the sections of a migration."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from miger.forms.bodies import Bodies
from miger.forms.document_write import BY_ITSELF, IN_BATCHES, batches
from miger.forms.layout import comment, string
from miger.forms.values import literal
from miger.generate.collections.calls import (
    change_index,
    create,
    create_index,
    drop,
    drop_index,
    imports_for,
    loosen,
    rename,
    validate,
)
from miger.generate.collections.compare import CollectionDifference, IndexDifference
from miger.generate.collections.plan import missing
from miger.generate.collections.steps import (
    ConvertField,
    DataStep,
    DropNulls,
    FillField,
    RemoveField,
    RenameField,
    TakeField,
)
from miger.generate.collections.types import converted, is_of

LOOSENED = "While the documents change, old and new ones are let in; the validator below ends that."
CONVERTED = "A value that does not convert stops this: correct it, and go on with `--resume`."
LENIENT = "A value that does not convert becomes null."
MADE_UP = "Nobody has said which value: check this one before it runs."
TAKEN = "Documents that have had this very value before lose it, too."
NOT_BACK = "This does not bring back the values that {} had."
UNIQUE = "It stops where a value is there twice; readers and writers go on while it is made."
EMPTY_AGAIN = "This brings the collection back, but not the documents that were in it."


def write_collections(differences: Sequence[CollectionDifference]) -> Bodies:
    """The sections that make the differences, undo them, and tell whether they are made.

    Raises UsageError for a value that cannot be written as Python.
    """
    back = [difference.reverse() for difference in reversed(differences)]
    up = "".join(part for difference in differences for part in _changes(difference))
    down = "".join(part for difference in back for part in _changes(difference))
    lost = [
        step
        for difference in differences
        for step in difference.steps
        if isinstance(step, RemoveField) or (isinstance(step, ConvertField) and step.lenient)
    ]
    if lost:
        fields = ", ".join(dict.fromkeys(step.field for step in lost))
        down = f"{comment(NOT_BACK.format(fields), '#')}\n{down}"
    verify = "".join(f"if {test}:\n    return False\n" for item in differences for test in _wrong(item))
    steps = any(difference.steps for difference in differences)
    return Bodies(
        "mongodb",
        up,
        down,
        f"{verify}return True\n",
        imports_for(*_values(differences)),
        transaction=not steps,
        why=IN_BATCHES if steps else BY_ITSELF,
    )


def _values(differences: Sequence[CollectionDifference]) -> Iterator[object]:
    """All that is written as a literal."""
    for item in differences:
        for collection in (item.before, item.after):
            if collection is not None:
                yield collection.validator
                yield collection.options
                yield from (index.options for index in collection.indexes)
        yield from (step.value for step in item.steps if isinstance(step, (FillField, TakeField)))


def _changes(item: CollectionDifference) -> Iterator[str]:
    """The changes of one collection: what is in the way goes, the documents change, then the rules are set."""
    before, after = item.before, item.after
    if after is None:
        assert before is not None
        yield drop(before.name)
        return
    if before is None:
        yield f"{comment(EMPTY_AGAIN, '#')}\n{create(after)}" if item.back else create(after)
        return
    name = after.name
    if item.renamed:
        yield rename(before.name, name)
    for index in item.indexes:
        if index.before is not None and not index.in_place:
            yield drop_index(name, index.before)
    guarded = bool(item.steps) and bool(before.validator) and before.level != "off"
    if guarded:
        yield f"{comment(LOOSENED, '#')}\n{loosen(name)}"
    for step in item.steps:
        yield _step(name, step)
    if guarded or item.revalidated:
        yield validate(after)
    for index in item.indexes:
        yield from _index(name, index)


def _index(name: str, index: IndexDifference) -> Iterator[str]:
    if index.after is None:
        return
    if index.in_place:
        assert index.before is not None
        yield change_index(name, index.after, index.before)
        return
    told = f"{comment(UNIQUE, '#')}\n" if index.after.options.get("unique") else ""
    yield told + create_index(name, index.after)


def _step(name: str, step: DataStep) -> str:
    """A loop over the documents that a step concerns."""
    match step:
        case RenameField(old, new):
            there = {old: {"$exists": True}, new: {"$exists": False}}
            return batches(f"rename {name}.{old}", name, there, {"$rename": {old: new}})
        case ConvertField():
            value = f"${step.field}"
            update = {"$set": {step.field: converted(value, step.sources, step.target, lenient=step.lenient)}}
            remark = comment(LENIENT if step.lenient else CONVERTED, "#")
            return f"{remark}\n{batches(f'convert {name}.{step.field}', name, _to_do(step), [update])}"
        case FillField():
            remark = f"{comment(MADE_UP, '#')}\n" if step.made_up else ""
            update = {"$set": {step.field: step.value}}
            return remark + batches(f"fill {name}.{step.field}", name, _to_do(step), update)
        case TakeField():
            remark = comment(TAKEN, "#")
            loop = batches(f"take {name}.{step.field}", name, _to_do(step), {"$unset": {step.field: ""}})
            return f"{remark}\n{loop}"
        case DropNulls() | RemoveField():
            word = "remove" if isinstance(step, RemoveField) else "drop nulls of"
            return batches(f"{word} {name}.{step.field}", name, _to_do(step), {"$unset": {step.field: ""}})


def _to_do(step: DataStep) -> dict[str, object]:
    """A filter for the documents that a step has not changed yet."""
    match step:
        case RenameField(old, _):
            return {old: {"$exists": True}}
        case ConvertField():
            return {"$expr": is_of(f"${step.field}", step.sources)}
        case FillField():
            return missing(step.field, nulls=step.nulls)
        case TakeField(field, None):
            return {"$expr": is_of(f"${field}", ("null",))}
        case TakeField(field, value):
            return {"$expr": {"$eq": [f"${field}", {"$literal": value}]}}
        case DropNulls(field):
            return {"$expr": is_of(f"${field}", ("null",))}
        case RemoveField(field):
            return {field: {"$exists": True}}


def _wrong(item: CollectionDifference) -> Iterator[str]:
    """Conditions, as Python, each of which says that the change is not there."""
    if item.after is None:
        assert item.before is not None
        yield f"{string(item.before.name)} in db.collections()"
        return
    name, after = item.after.name, item.after
    if item.before is None or item.renamed:
        yield f"{string(name)} not in db.collections()"
    if after.validator if item.before is None else item.revalidated:
        yield f"db.validator({string(name)}) != {literal(after.validator or {}, 0, 25 + len(name))}"
    made = after.indexes if item.before is None else [index.after for index in item.indexes if index.after is not None]
    gone = [index.before for index in item.indexes if index.before is not None and index.after is None]
    if made or gone:
        yield from _index_tests(name, [index.made_name for index in made], [index.made_name for index in gone])
    for step in item.steps:
        yield f"db[{string(name)}].count_documents({literal(_to_do(step), 0, 30)}, limit=1)"


def _index_tests(name: str, made: Sequence[str], gone: Sequence[str]) -> Iterator[str]:
    there = f"db.indexes({string(name)})"
    if len(made) == 1:
        yield f"{string(made[0])} not in {there}"
    elif made:
        yield f"not {{{', '.join(map(string, made))}}} <= {there}.keys()"
    if len(gone) == 1:
        yield f"{string(gone[0])} in {there}"
    elif gone:
        yield f"{{{', '.join(map(string, gone))}}} & {there}.keys()"
