"""The filter of the graph pane: terms such as `status:pending !phase:contract late invoice`, all of which must hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import NamedTuple

from miger.engine.status import GLYPHS, MigrationStatus

UNKNOWN = "unknown"
"""The state word of a migration while the database has not been read."""

_STATES = (*GLYPHS, UNKNOWN, "late")
_PHASES = ("expand", "contract")
_KEYS = {"status": "state", "state": "state", "phase": "phase", "release": "release"}
_FLAGS = ("late", "head")
# Marks of inversion, a key, then a value in quotes (the closing one may not be typed yet) or up to a space.
_TERM = re.compile(r"""(?=\S)(!*)(?:([^\s:"!]+):)?(?:"([^"]*)"?|(\S*))""")


Test = Callable[[MigrationStatus, bool], bool]
"""Of a migration, and whether it is a head."""


class FilterError(NamedTuple):
    """A filter that cannot be: why, as a sentence for the screen."""

    message: str


class Term(NamedTuple):
    """One condition: `key` is state, phase, release, late, head or text; `value` is casefolded."""

    key: str
    value: str
    inverted: bool

    @property
    def test(self) -> Test:
        """Whether it holds, as a function: made once for a whole list, which is looked through at each key."""
        holds = _test(self.key, self.value)
        return (lambda status, head: not holds(status, head)) if self.inverted else holds


class Filter(NamedTuple):
    """All of `terms`; without any, every migration matches."""

    terms: tuple[Term, ...] = ()

    def matches(self, status: MigrationStatus, head: bool) -> bool:
        """Whether every term holds for a migration; `head`: none depends on that one."""
        return all(term.test(status, head) for term in self.terms)


def _test(key: str, value: str) -> Test:
    match key:
        case "state":
            late = "late".startswith(value)
            return lambda status, head: status.state.startswith(value) or (late and status.late)
        case "late":
            return lambda status, head: status.late
        case "head":
            return lambda status, head: head
        case "phase":
            return lambda status, head: (_phase(status) or "").startswith(value)
        case "release":
            return lambda status, head: (release := _release(status)) is not None and fnmatchcase(release, value)
    return lambda status, head: value in status.id.casefold() or value in _title(status)


def _phase(status: MigrationStatus) -> str | None:
    return status.migration.phase if status.migration is not None else None


def _release(status: MigrationStatus) -> str | None:
    migration = status.migration
    return None if migration is None or migration.release is None else migration.release.casefold()


def _title(status: MigrationStatus) -> str:
    migration = status.migration
    return migration.title.casefold() if migration is not None else ""


def parse_filter(text: str) -> Filter | FilterError:
    """The filter that `text` says; a term that is only half typed (`status:`, `!`) does not count yet.

    `status:` (or `state:`) and `phase:` take the beginning of a word, `release:` a whole name or a
    pattern (`v2*`). `late` and `head` stand alone. Anything else is looked for in ids and titles, in any
    case of letters; quotes hold spaces together and take away special meaning. `!` before a term inverts it.
    """
    terms = []
    for bangs, key, quoted, plain in _TERM.findall(text):
        term = _term(key, (quoted or plain).casefold(), inverted=len(bangs) % 2 == 1, literal=bool(quoted))
        if isinstance(term, FilterError):
            return term
        if term is not None:
            terms.append(term)
    return Filter(tuple(terms))


def _term(key: str, value: str, *, inverted: bool, literal: bool) -> Term | FilterError | None:
    if not key:
        name = value if value in _FLAGS and not literal else "text"
        return Term(name, value, inverted) if value else None
    known = _KEYS.get(key.casefold())
    if known is None:
        return FilterError(f"there is no filter “{key}:” — use status:, phase:, release:, late, head or plain text")
    if not value:
        return None
    words = {"state": _STATES, "phase": _PHASES}.get(known)
    if words and not any(word.startswith(value) for word in words):
        return FilterError(f"no {known} begins with “{value}” — there are {', '.join(words)}")
    return Term(known, value, inverted)
