"""What has to happen to documents so that they fit another validator, and what is lost by it: they are asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from miger.engine.errors import UsageError
from miger.engine.words import counted
from miger.generate.asking import Loss
from miger.generate.collections.compare import FieldDifference, field_differences
from miger.generate.collections.documents import Documents
from miger.generate.collections.steps import ConvertField, DataStep, DropNulls, FillField, RemoveField, RenameField
from miger.generate.collections.types import can_convert, is_of, is_refused, is_rewritten, types_of
from miger.generate.collections.values import Collection, WantedCollection


class DocumentPlan(NamedTuple):
    """What happens to the documents of a collection, what is lost by it, what a person should know."""

    steps: tuple[DataStep, ...]
    losses: tuple[Loss, ...] = ()
    notes: tuple[str, ...] = ()


class Wishes(NamedTuple):
    """What a person wants of one collection: `fills` by field, fields that may become null, renames."""

    fills: Mapping[str, object] = {}
    nulls: frozenset[str] = frozenset()
    renames: Mapping[str, str] = {}


def plan_documents(before: Collection, wanted: WantedCollection, wishes: Wishes, documents: Documents) -> DocumentPlan:
    """What happens to the documents of a collection that stays.

    Losses that stop it are values that do not convert, would be overwritten or are missing. Raises UsageError for a
    rename of what is not there, StatementError.
    """
    return _Planning(before, wanted, wishes, documents).run()


class _Planning:
    def __init__(self, before: Collection, wanted: WantedCollection, wishes: Wishes, documents: Documents) -> None:
        self._before = before
        self._after = wanted.collection
        self._hints = wanted.renames
        self._wishes = wishes
        self._fills = {**wanted.fills, **wishes.fills}
        self._documents = documents
        self._losses: list[Loss] = []
        self._notes: list[str] = []

    def run(self) -> DocumentPlan:
        renames = list(self._renames())
        self._former = {step.new: step.old for step in renames}
        found = list(field_differences(self._before.schema, self._after.schema, renames))
        unknown = [item for item in found if item.after is not None and not types_of(item.before or {})]
        seen = self._documents.types([self._old(item.path) for item in unknown])
        steps: list[DataStep] = [*renames]
        for item in found:
            steps += self._steps_of(item, seen)
        return DocumentPlan(tuple(steps), tuple(self._losses), tuple(self._notes))

    def _old(self, path: str) -> str:
        """What a field is called now; a field within a renamed object, too."""
        for new, old in self._former.items():
            if path == new or path.startswith(f"{new}."):
                return old + path[len(new) :]
        return path

    # Renames

    def _renames(self) -> Iterator[RenameField]:
        for old, new in {**self._hints, **self._wishes.renames}.items():
            asked = old in self._wishes.renames
            if self._applies(old, new):
                both = {old: {"$exists": True}, new: {"$exists": True}}
                self._lose(both, old, old, f"cannot become {new}, which {{documents}} {{have}}, too", stops=True)
                yield RenameField(old, new)
            elif asked:
                raise UsageError(
                    f"no document of {self._before.name} has a field {old!r} that could become {new!r}",
                    "`--rename collection.old:new` names what the database has, then what the source has",
                )

    def _applies(self, old: str, new: str) -> bool:
        """A remark of a rename stays in the source when it is done."""
        if _property(self._after.schema, old) is not None:
            return False
        known = _property(self._before.schema, old) is not None and _property(self._before.schema, new) is None
        return known or self._documents.any({old: {"$exists": True}})

    # Fields

    def _steps_of(self, item: FieldDifference, seen: Mapping[str, Sequence[str]]) -> Iterator[DataStep]:
        if item.after is None:
            yield from self._gone(item)
            return
        known, types = tuple(types_of(item.before or {})), types_of(item.after)
        before = known or tuple(seen.get(self._old(item.path), ()))
        if types:
            yield from self._conversion(item, before, types)
        yield from self._filling(item, known, types)

    def _gone(self, item: FieldDifference) -> Iterator[DataStep]:
        there = {self._old(item.path): {"$exists": True}}
        count = self._documents.count(there)
        if not count:
            return
        if not item.only:
            keep = "keeps" if count == 1 else "keep"
            documents = counted(count, "document")
            self._notes.append(
                f"{documents} of {self._before.name} {keep} {item.path}, which the source no longer names"
            )
            return
        examples = self._documents.examples(there, self._old(item.path))
        message = f"goes with {counted(count, 'value')}: no other fields are allowed"
        self._losses.append(Loss(self._field(item.path), message, count, examples))
        yield RemoveField(item.path)

    def _conversion(self, item: FieldDifference, before: tuple[str, ...], types: tuple[str, ...]) -> Iterator[DataStep]:
        lenient = item.path in self._wishes.nulls
        step = ConvertField(item.path, before, types, lenient)
        field, value = self._old(item.path), f"${self._old(item.path)}"
        if not step.sources:
            return
        shown = step.target.replace("|", " or ")
        impossible = [source for source in step.sources if not can_convert(source, step.target)]
        if impossible:
            others = {"$expr": is_of(value, impossible)}
            kinds = " or ".join(impossible)
            self._lose(others, field, item.path, f"cannot become {shown}: {{values}} {{are}} {kinds}", stops=True)
            step = step._replace(before=tuple(kind for kind in before if kind not in impossible))
            if not step.sources:
                return
        if lenient and "null" not in types:
            raise UsageError(
                f"{self._after.name}.{item.path} allows no null", "make it optional, or correct its values"
            )
        refused = {"$expr": is_refused(value, step.sources, step.target)}
        if lenient:
            self._lose(refused, field, item.path, f"{{values}} {{do}} not convert to {shown}, and null is written")
        else:
            option = f"--nulls {self._after.name}.{item.path}" if "null" in types else ""
            self._lose(
                refused, field, item.path, f"{{values}} {{do}} not convert to {shown}", stops=True, option=option
            )
        for source in step.sources:
            again = {"$expr": is_rewritten(value, source, step.target)}
            self._lose(again, field, item.path, f"{{values}} {{come}} back otherwise from {shown}")
        yield step

    def _filling(self, item: FieldDifference, known: tuple[str, ...], types: tuple[str, ...]) -> Iterator[DataStep]:
        field, refuses_null = self._old(item.path), bool(types) and "null" not in types
        if not item.required:
            nulls = {"$expr": is_of(f"${field}", ("null",))}
            if refuses_null and ("null" in known or self._documents.any(nulls)):
                yield DropNulls(item.path)
            return
        if item.was_required and not (refuses_null and (not known or "null" in known)):
            return
        new = item.before is None
        if item.path in self._fills:
            yield FillField(item.path, self._fills[item.path], refuses_null, new)
            return
        lacking = missing(field, nulls=refuses_null)
        if not self._documents.any(lacking):
            return
        value = placeholder(item.after or {}) if new else NONE
        if value is NONE:
            option = f"--fill {self._after.name}.{item.path}=VALUE"
            self._lose(lacking, "", item.path, "is required, and {documents} {have} none", stops=True, option=option)
            return
        yield FillField(item.path, value, refuses_null, new, made_up=True)

    # What is told

    def _field(self, path: str) -> str:
        return f"field {self._before.name}.{path}"

    def _lose(
        self, filter: Mapping[str, Any], field: str, path: str, what: str, *, stops: bool = False, option: str = ""
    ) -> None:
        """Notes it where a document matches; in `what` stands how many. Examples are of `field`, if there is one."""
        count = self._documents.count(filter)
        if count:
            documents, values = counted(count, "document"), counted(count, "value")
            examples = self._documents.examples(filter, field) if field else ()
            message = what.format(documents=documents, values=values, **(ONE if count == 1 else SEVERAL))
            self._losses.append(Loss(self._field(path), message, count, examples, stops, option))


ONE = {"do": "does", "come": "comes", "are": "is", "have": "has"}
SEVERAL = {word: word for word in ONE}
NONE = object()  # no value comes to mind


def placeholder(schema: Mapping[str, Any]) -> object:
    """A value that a schema allows, for documents that must have one; NONE where none comes to mind."""
    types = types_of(schema)
    if "null" in types:
        return None
    if schema.get("enum"):
        return schema["enum"][0]
    limits = {"pattern", "minLength", "minimum", "maximum", "minItems", "anyOf", "oneOf", "allOf", "not", "required"}
    if not types or limits & schema.keys():
        return NONE
    plain = {"string": "", "int": 0, "long": 0, "double": 0.0, "bool": False, "array": [], "object": {}}
    return plain.get(types[0], NONE)


def missing(field: str, *, nulls: bool) -> dict[str, Any]:
    """A filter for documents without the field; `nulls`: or with null. Its object is there."""
    lacking: dict[str, Any] = (
        {"$expr": is_of(f"${field}", ("missing", "null"))} if nulls else {field: {"$exists": False}}
    )
    parent = field.rpartition(".")[0]
    return {parent: {"$type": "object"}, **lacking} if parent else lacking


def _property(schema: Mapping[str, Any], path: str) -> Mapping[str, Any] | None:
    """The schema of a field."""
    found: Any = schema
    for name in path.split("."):
        properties = found.get("properties") if isinstance(found, Mapping) else None
        found = properties.get(name) if isinstance(properties, Mapping) else None
    return found if isinstance(found, Mapping) else None
