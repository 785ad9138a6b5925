"""Say in our own words what a compiled validator found. Imported only once something is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from miger.engine.config_lines import KeyPath
from miger.engine.schemas.violation import JsonSchemaValueException, JsonSchemaValuesException

_KINDS = {
    str: "a string",
    bool: "true or false",
    int: "a number",
    float: "a number",
    dict: "a table",
    list: "a list",
}


class Finding(NamedTuple):
    """One thing wrong with one value of a document; `path` leads to it by keys and indexes."""

    path: KeyPath
    message: str
    hint: str = ""


def explain(violations: JsonSchemaValuesException, document: Mapping[str, object]) -> list[Finding]:
    """What is wrong with `document`, at most one finding a value, in the order of the schema."""
    findings: dict[KeyPath, Finding] = {}
    for violation in violations.errors:
        path = _path(violation.name.removeprefix("data"), document)
        for finding in _explain_one(violation, path):
            findings.setdefault(finding.path, finding)
    return list(findings.values())


def dotted(path: KeyPath) -> str:
    """A path as a person writes it: `environments.prod.url`, `depends[0]`."""
    text = ""
    for key in path:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += ("." if text else "") + (key if key and "." not in key else f'"{key}"')
    return text


def _path(name: str, value: object) -> KeyPath:
    """The keys behind a violation's name; keys that hold dots themselves are told by the document."""
    path: list[str | int] = []
    while name:
        if isinstance(value, list):
            index, _, name = name[1:].partition("]")
            path.append(int(index))
            value = value[int(index)]
            continue
        name = name[1:]
        keys = value if isinstance(value, dict) else {}
        known = [key for key in keys if name == key or name.startswith((f"{key}.", f"{key}["))]
        key = max(known, key=len, default=name)
        path.append(key)
        value = keys.get(key)
        name = name[len(key) :]
    return tuple(path)


def _explain_one(violation: JsonSchemaValueException, path: KeyPath) -> list[Finding]:
    value = violation.value
    if violation.rule == "additionalProperties" and isinstance(value, dict):
        known = [str(key) for key in _list(violation.definition.get("properties"))]
        return [_unknown_key((*path, key), known) for key in value if key not in known]
    if violation.rule == "oneOf" and isinstance(value, dict):
        both = "url" in value and "url_file" in value
        message = "has both url and url_file" if both else "has neither url nor url_file"
        return [Finding((*path, "url_file") if both else path, f"{dotted(path)} {message}", "give one of them")]
    if violation.rule in ("required", "minProperties"):
        hint = 'add a section: [environments.dev] with url = "sqlite:///dev.db"'
        return [Finding(path, "there is no environment", hint)]
    if violation.rule == "propertyNames" and isinstance(value, dict):
        bad = [key for key in value if not key or any(letter.isspace() for letter in key)]
        return [
            Finding((*path, key), f"{key!r} is no name for an environment", "use a word without blanks") for key in bad
        ]
    if violation.rule == "uniqueItems" and isinstance(value, list):
        twice = next((item for item in value if value.count(item) > 1), "")
        return [Finding(path, f"{dotted(path)} names {twice!r} twice")]
    return [_bad_value(violation, path)]


def _bad_value(violation: JsonSchemaValueException, path: KeyPath) -> Finding:
    value, key = violation.value, path[-1] if path else ""
    expected = str(violation.definition.get("errorMessage", "must be a table"))
    # A URL may hold a password, and a type says enough.
    shown = _KINDS.get(type(value), "a date or time")
    if isinstance(value, str):
        shown = "empty" if not value else shown if key in ("url", "url_file") else repr(value)
    elif isinstance(value, (bool, int, float)):
        shown = str(value).lower()
    hint = ""
    if key == "depends" and isinstance(value, str):
        hint = f'write depends = ["{value}"]'
    return Finding(path, f"{dotted(path)} {expected}, not {shown}", hint)


def _unknown_key(path: KeyPath, known: list[str]) -> Finding:
    import difflib  # costs as much as the rest of a start, and is needed only here

    key = str(path[-1])
    close = difflib.get_close_matches(key, known, n=1)
    hint = f"did you mean {close[0]!r}?" if close else "known here: " + ", ".join(known)
    table = dotted(path[:-1])
    return Finding(path, f"unknown key {key!r}" + (f" in [{table}]" if table else ""), hint)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
