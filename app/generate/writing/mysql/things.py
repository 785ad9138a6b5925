"""Triggers, views, routines, events and sequences of MySQL and MariaDB: what goes first, and what is made again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from miger.engine.catalog import Extra, Thing
from miger.forms.steps import Sql, Step
from miger.generate.differences import Differences, TableDifference
from miger.generate.writing.mysql.words import NAMES

_MOMENT = re.compile(r"\ACREATE TRIGGER `(?:[^`]|``)*` (\w+ \w+) ON ")
_ORDER = ("sequence", "function", "procedure", "view", "event")


def drops(found: Differences) -> Iterator[Step]:
    """What is in the way: triggers, routines and events that go or change, and views that go."""
    coming = {extra.name for each in found.tables if each.after is not None for extra in each.after.extras}
    for difference in found.tables:
        if difference.before is None:
            continue
        gone = [extra for extra in difference.before.extras if extra.name in coming]  # with its table, but maybe later
        for extra in reversed(_again(difference)[0] if difference.after is not None else gone):
            yield Sql(f"DROP TRIGGER {NAMES.name(extra.name)}")
    for pair in found.things:
        old = pair.before
        replaced = pair.after is not None and old is not None and old.kind in ("view", "sequence")
        if old is not None and old.kind != "sequence" and not replaced:
            yield Sql(f"DROP {old.kind.upper()} {NAMES.name(old.name)}")


def sequences(found: Differences) -> Iterator[Step]:
    """Sequences that come or change, before tables whose defaults use them."""
    for pair in found.things:
        new = pair.after
        if new is None or new.kind != "sequence":
            continue
        if pair.before is None:
            yield Sql(new.definition)
        else:
            yield Sql(new.definition.replace("CREATE SEQUENCE", "ALTER SEQUENCE", 1))


def sequences_gone(found: Differences) -> Iterator[Step]:
    """Sequences that go, when nothing uses them any more."""
    for pair in found.things:
        if pair.after is None and pair.before is not None and pair.before.kind == "sequence":
            yield Sql(f"DROP SEQUENCE {NAMES.name(pair.before.name)}")


def creates(found: Differences) -> Iterator[Step]:
    """What comes or changes, each after what it needs."""
    changed = {pair.after.name for pair in found.things if pair.before is not None and pair.after is not None}
    things = [pair.after for pair in found.things if pair.after is not None and pair.after.kind != "sequence"]
    for thing in _ordered(things):
        replaced = thing.kind == "view" and thing.name in changed
        yield Sql(thing.definition.replace("CREATE ", "CREATE OR REPLACE ", 1) if replaced else thing.definition)
    for difference in found.tables:
        if difference.after is not None:
            made = difference.after.extras if difference.before is None else _again(difference)[1]
            yield from (Sql(extra.definition) for extra in made)


def _again(difference: TableDifference) -> tuple[list[Extra], list[Extra]]:
    """The triggers to drop and to make: with one that is made anew come those that run behind it."""
    assert difference.before is not None and difference.after is not None
    old = {pair.before for pair in difference.extras if pair.before is not None}
    new = {pair.after for pair in difference.extras if pair.after is not None}
    moments: set[str] = set()
    for extra in difference.after.extras:
        if extra in new:
            moments.add(_moment(extra))
        elif _moment(extra) in moments and extra in difference.before.extras:
            old.add(extra)
            new.add(extra)
    dropped = [extra for extra in difference.before.extras if extra in old]
    return dropped, [extra for extra in difference.after.extras if extra in new]


def _moment(extra: Extra) -> str:
    found = _MOMENT.match(extra.definition)
    return found[1] if found else ""


def _ordered(things: Iterable[Thing]) -> Iterator[Thing]:
    """Each behind what it needs, as far as that is to be made, too."""
    waiting = sorted(things, key=lambda thing: _ORDER.index(thing.kind))
    while waiting:
        names = {thing.name for thing in waiting}
        ready = [thing for thing in waiting if thing.kind != "view" or names.isdisjoint(thing.needs)] or waiting[:1]
        yield from ready
        waiting = [thing for thing in waiting if thing not in ready]
