"""The calls of a migration that change collections, as Python."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any

from bson import Binary, Decimal128, ObjectId, Regex, Timestamp

from miger.engine.errors import UsageError
from miger.forms.layout import Call, lines_of, string
from miger.forms.values import literal
from miger.generate.collections.usual import usual_index
from miger.generate.collections.values import ERROR, STRICT, Collection, IndexSpec

# The classes whose values are written as they show themselves, with the import that this needs.
IMPORTS: dict[type, str] = {
    datetime.datetime: "import datetime",
    ObjectId: "from bson import ObjectId",
    Decimal128: "from bson import Decimal128",
    Binary: "from bson import Binary",
    Regex: "from bson import Regex",
    Timestamp: "from bson import Timestamp",
}


def create(collection: Collection) -> str:
    """Makes it, with its indexes."""
    options: dict[str, object] = {"validator": collection.validator} if collection.validator else {}
    options |= {"validationLevel": collection.level} if collection.level != STRICT else {}
    options |= {"validationAction": collection.action} if collection.action != ERROR else {}
    options |= collection.options
    keywords = [(option, literal(value, 4, len(option) + 1)) for option, value in options.items()]
    made = _lines(Call("db.create_collection", [string(collection.name)], keywords))
    indexes = (usual_index(index, collection) for index in collection.indexes)
    return made + "".join(create_index(collection.name, index) for index in indexes)


def drop(name: str) -> str:
    """Drops it with its documents."""
    return _lines(Call("db.drop_collection", [string(name)]))


def rename(name: str, new_name: str) -> str:
    """Gives it another name."""
    return _lines(Call("db.rename_collection", [string(name), string(new_name)]))


def loosen(name: str) -> str:
    """Lets every document in, whatever the validator says."""
    return _lines(Call("db.modify_collection", [string(name)], [("validationLevel", string("off"))]))


def validate(collection: Collection) -> str:
    """Sets its validator, level and action."""
    keywords = [("level", string(collection.level))] if collection.level != STRICT else []
    keywords += [("action", string(collection.action))] if collection.action != ERROR else []
    validator = literal(collection.validator or None, 4)
    return _lines(Call("db.set_validator", [string(collection.name), validator], keywords))


def create_index(name: str, index: IndexSpec) -> str:
    """Makes an index."""
    pairs = f"[{', '.join(f'({string(field)}, {_kind(kind)})' for field, kind in index.keys)}]"
    keys = string(index.keys[0][0]) if len(index.keys) == 1 and index.keys[0][1] == 1 else pairs
    named = {option: value for option, value in index.options.items() if option.isidentifier()}
    odd = {option: value for option, value in index.options.items() if not option.isidentifier()}  # 2dsphere…
    keywords = [(option, literal(value, 4, len(option) + 1)) for option, value in named.items()]
    if index.made_name != index._replace(name="").made_name:
        keywords.append(("name", string(index.name)))
    arguments = [string(name), keys, *([f"**{literal(odd, 4, 2)}"] if odd else [])]
    return _lines(Call("db.create_index", arguments, keywords))


def drop_index(name: str, index: IndexSpec) -> str:
    """Drops an index."""
    return _lines(Call("db.drop_index", [string(name), string(index.made_name)]))


def change_index(name: str, index: IndexSpec, before: IndexSpec) -> str:
    """Changes how long documents live, or whether the index is hidden, without making it anew."""
    words = [word for word in ("expireAfterSeconds", "hidden") if index.options.get(word) != before.options.get(word)]
    changed = {word: index.options.get(word, False) for word in words}
    return _lines(
        Call("db.modify_collection", [string(name)], [("index", literal({"name": index.made_name, **changed}, 4, 6))])
    )


def _kind(kind: object) -> str:
    return string(kind) if isinstance(kind, str) else repr(kind)


def _lines(call: Call) -> str:
    return "\n".join(lines_of(call)) + "\n"


def imports_for(*values: object) -> tuple[str, ...]:
    """The imports that the literals of these values need. Raises UsageError for a value that has no literal."""
    return tuple(sorted({line for value in values for line in _imports(value)}))


def _imports(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _imports(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _imports(item)
    elif type(value) in IMPORTS:
        if isinstance(value, datetime.datetime) and value.tzinfo not in (None, datetime.UTC):
            raise UsageError(f"{value!r} cannot be written as Python here", "give it in UTC")
        yield IMPORTS[type(value)]
    elif not (value is None or isinstance(value, (bool, int, float, str, bytes))):
        raise UsageError(f"{value!r} cannot be written as Python here", "write that migration by hand")
