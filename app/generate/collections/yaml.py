"""Wanted collections from a YAML file, which is looked at word for word: each problem has its line."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from miger.engine.errors import ConfigError, Problem, UsageError
from miger.generate.collections.values import ERROR, STRICT, Collection, IndexSpec, WantedCollection, WantedSchema

if TYPE_CHECKING:
    import yaml
else:
    try:
        import yaml
    except ImportError:  # told by `read_yaml`: only those who have such a file need PyYAML
        yaml = None

OF_FILE = ("collections", "complete")
OF_COLLECTION = ("validator", "level", "action", "indexes", "options", "renamed_from", "renamed", "fills")
OF_INDEX = (
    *("keys", "name", "unique", "sparse", "partialFilterExpression", "expireAfterSeconds", "collation", "hidden"),
    *("weights", "default_language", "language_override", "bits", "min", "max", "wildcardProjection"),
)
LEVELS, ACTIONS = ("strict", "moderate", "off"), ("error", "warn", "errorAndLog")
MAPPING = "tag:yaml.org,2002:map"
INSTALL = "`pip install pyyaml`, or describe the collections with pydantic models"


def read_yaml(path: str) -> WantedSchema:
    """The collections of a file. Raises ConfigError with every problem, UsageError where PyYAML is missing."""
    if yaml is None:
        raise UsageError(f"{os.path.basename(path)} needs PyYAML, which is not installed", INSTALL)
    name = os.path.basename(path)
    try:
        with open(path, encoding="utf-8") as file:
            loader = yaml.SafeLoader(file.read())
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}", hint="`schema` names it in miger.toml") from None
    except (UnicodeDecodeError, yaml.reader.ReaderError):
        raise ConfigError(f"{name} is no text", hint="save it as UTF-8") from None
    try:
        node = loader.get_single_node()
        read = _Reading(name, loader)
        found = read.file(node) if node is not None else WantedSchema(())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else None
        said = str(getattr(error, "problem", None) or error)
        raise ConfigError(f"{name} is not valid", [Problem(name, line, f"is no YAML: {said}")]) from None
    finally:
        loader.dispose()
    if read.problems:
        raise ConfigError(f"{name} is not valid", read.problems)
    return found


class _Reading:
    """One file being read; `problems` collects what is wrong."""

    def __init__(self, file: str, loader: yaml.SafeLoader) -> None:
        self.problems: list[Problem] = []
        self._file = file
        self._loader = loader

    def file(self, node: yaml.Node) -> WantedSchema:
        """The whole file."""
        sections = dict(self._items(node, "the file", OF_FILE))
        named = self._items(sections["collections"], "collections") if "collections" in sections else ()
        complete = self._value(sections["complete"], bool, "true or false") if "complete" in sections else False
        return WantedSchema(tuple(self._collection(name, inner) for name, inner in named), bool(complete))

    def _collection(self, name: str, node: yaml.Node) -> WantedCollection:
        if node.tag == "tag:yaml.org,2002:null":  # `users:` alone
            return WantedCollection(Collection(name))
        parts = dict(self._items(node, name, OF_COLLECTION))
        mapping: Callable[[str], dict[str, Any]] = lambda word: self._mapping(parts.get(word))  # noqa: E731
        validator = mapping("validator") if "validator" in parts else None
        collection = Collection(
            name,
            validator or None,
            self._choice(parts.get("level"), LEVELS, STRICT),
            self._choice(parts.get("action"), ACTIONS, ERROR),
            tuple(self._indexes(parts["indexes"])) if "indexes" in parts else (),
            mapping("options"),
        )
        former = self._value(parts["renamed_from"], str, "a name") if "renamed_from" in parts else ""
        renames = mapping("renamed")
        if not all(isinstance(new, str) for new in renames.values()):
            self._wrong(parts["renamed"], "`renamed` is a list of `old: new`", "write `mail: email`")
            renames = {}
        return WantedCollection(collection, former or "", renames, mapping("fills"))

    def _indexes(self, node: yaml.Node) -> Iterator[IndexSpec]:
        if not isinstance(node, yaml.SequenceNode):
            self._wrong(node, "`indexes` is no list", "write `- keys: {email: 1}` for each")
            return
        for item in node.value:
            parts = dict(self._items(item, "an index", OF_INDEX))
            if "keys" not in parts:
                self._wrong(item, "an index has no `keys`", "write `keys: {email: 1}`")
                continue
            keys = self._mapping(parts["keys"])
            for field, kind in keys.items():
                if kind not in (1, -1, "text", "hashed", "2d", "2dsphere") or isinstance(kind, bool):
                    self._wrong(parts["keys"], f"the index on {field} has no direction {kind!r}", "1 or -1, or text")
            name = self._value(parts["name"], str, "a name") if "name" in parts else ""
            options = {word: self._python(inner) for word, inner in parts.items() if word not in ("keys", "name")}
            yield IndexSpec(tuple((field, kind) for field, kind in keys.items()), options, name or "")

    def _items(
        self, node: yaml.Node, what: str, known: tuple[str, ...] | None = None
    ) -> Iterator[tuple[str, yaml.Node]]:
        """The pairs of a mapping, each name once and, with `known`, one of those."""
        if not isinstance(node, yaml.MappingNode):
            self._wrong(node, f"{what} is no list of names with values", "write `name: value`")
            return
        if node.tag != MAPPING:
            self._wrong(node, f"{what} has the tag {node.tag!r}", "take it out")
            return
        seen: set[str] = set()
        for key, value in node.value:
            name = self._python(key)
            if not isinstance(name, str):
                self._wrong(key, f"{name!r} is no name here", "put it in quotes")
            elif name in seen:
                self._wrong(key, f"{name!r} is there twice", "keep one of the two")
            elif known is not None and name not in known:
                close = difflib.get_close_matches(name, known, 1)
                hint = f"did you mean {close[0]}?" if close else f"one of {', '.join(known)}"
                self._wrong(key, f"{what} has no {name!r}", hint)
            else:
                seen.add(name)
                yield name, value

    def _mapping(self, node: yaml.Node | None) -> dict[str, Any]:
        if node is None:
            return {}
        return {name: self._python(value) for name, value in self._items(node, "this")}

    def _choice(self, node: yaml.Node | None, choices: tuple[str, ...], usual: str) -> str:
        if node is None:
            return usual
        found = self._python(node)
        if found is False and "off" in choices:  # YAML takes a bare `off` for no
            found = "off"
        if found not in choices:
            self._wrong(node, f"{found!r} is none of {', '.join(choices)}", f"leave it out for {usual}")
            return usual
        return str(found)

    def _value(self, node: yaml.Node, kind: type, what: str) -> Any:
        found = self._python(node)
        if not isinstance(found, kind):
            self._wrong(node, f"{found!r} is not {what}", "")
            return None
        return found

    def _python(self, node: yaml.Node) -> Any:
        """The value of a node; mappings within it have names alone, each once."""
        self._check(node)
        return _plain(self._loader.construct_object(node, deep=True))

    def _check(self, node: yaml.Node) -> None:
        if isinstance(node, yaml.MappingNode):
            for _, value in self._items(node, "this"):
                self._check(value)
        elif isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._check(item)

    def _wrong(self, node: yaml.Node, message: str, hint: str) -> None:
        found = Problem(self._file, node.start_mark.line + 1, message, hint)
        if found not in self.problems:
            self.problems.append(found)


def _plain(value: object) -> object:
    """Days as moments, as BSON has them."""
    import datetime

    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
        return datetime.datetime(value.year, value.month, value.day)
    return value
