"""Types of columns: which take less than others."""

from __future__ import annotations

import re

_INTEGERS = {
    "tinyint": 1,
    "smallint": 2,
    "int2": 2,
    "mediumint": 3,
    "int": 4,
    "integer": 4,
    "int4": 4,
    "bigint": 8,
    "int8": 8,
}
_TEXTS = {"tinytext": 255, "text": 1 << 40, "mediumtext": 1 << 40, "longtext": 1 << 40, "clob": 1 << 40}
_CHARACTERS = ("character varying", "varchar", "character", "char", "nvarchar", "bpchar", "nchar")
_FRACTIONS = frozenset("numeric decimal real double float float4 float8 number".split())
_ALIASES = {"double precision": "double", "timestamptz": "timestamp", "datetime": "timestamp"}

_parts = re.compile(
    r"([a-z][a-z0-9_ ]*?)\s*(?:\(([^)]*)\))?(?:\s+(?:unsigned|with(?:out)? time zone|collate .*))*"
).fullmatch


def narrower(old: str, new: str) -> bool:
    """Whether a column of type `new` cannot take some values that one of type `old` could; False where unknown."""
    before, after = _measure(old), _measure(new)
    if before is None or after is None:
        return False
    (old_kind, old_size), (new_kind, new_size) = before, after
    if old_kind == new_kind:
        return new_size < old_size
    return (old_kind, new_kind) in (
        ("text", "integer"),
        ("text", "fraction"),
        ("fraction", "integer"),
        ("text", "timestamp"),
        ("text", "date"),
        ("text", "boolean"),
        ("timestamp", "date"),
    )


def is_text(type_: str) -> bool:
    """Whether a type is for text of any kind."""
    measured = _measure(type_)
    return measured is not None and measured[0] == "text"


def is_integer(type_: str) -> bool:
    """Whether a type is for whole numbers."""
    measured = _measure(type_)
    return measured is not None and measured[0] == "integer"


def same(old: str, new: str) -> bool:
    """Whether two spellings mean one type; False where unknown."""
    return old.lower() == new.lower() or (_measure(old) is not None and _measure(old) == _measure(new))


def is_known(type_: str) -> bool:
    """Whether it is none of those that somebody has made, which may have defaults of their own."""
    return _measure(type_) is not None


def length(type_: str) -> int | None:
    """How many characters a type for text takes, None where that is not limited or it is none."""
    measured = _measure(type_)
    return measured[1] if measured and measured[0] == "text" and measured[1] < 1 << 40 else None


def _measure(type_: str) -> tuple[str, int] | None:
    found = _parts(" ".join(type_.lower().split()))
    if found is None:
        return None
    name, arguments = _ALIASES.get(found[1], found[1]), [part.strip() for part in (found[2] or "").split(",")]
    size = int(arguments[0]) if arguments[0].isdigit() else None
    if name in _INTEGERS:
        return "integer", _INTEGERS[name]
    if name in _TEXTS:
        return "text", _TEXTS[name]
    if name in _CHARACTERS:
        return "text", size if size is not None else 1 if name in ("char", "character", "bpchar") else 1 << 40
    if name in _FRACTIONS:
        scale = int(arguments[1]) if len(arguments) > 1 and arguments[1].isdigit() else 0
        return "fraction", 1 << 40 if size is None else size - scale
    return (name, 0) if name in ("date", "timestamp", "boolean", "json", "jsonb", "uuid", "bytea", "blob") else None
