"""The views and triggers of SQLite that name a table: they are dropped before it changes, and made again after.

SQLite looks at each of them whenever a table or column gets another name or a column is dropped, and refuses that
where one of them names what is not there at the moment.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from miger.backends.sqlite_objects_words import words_in
from miger.backends.sqlite_tokens import folded, name_in, tokens_of
from miger.engine.catalog import Catalog
from miger.forms.steps import Sql, Step
from miger.generate.differences import Differences
from miger.generate.writing.sqlite.text import NAMES


class User(NamedTuple):
    """A view or trigger; `table` is that of a trigger, folded, and so are `needs` and `words`."""

    kind: str
    name: str
    text: str
    table: str
    needs: frozenset[str]
    words: frozenset[str]

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from others."""
        return (self.kind, folded(self.name))

    @property
    def about(self) -> frozenset[str]:
        """The tables and views it is made of, or belongs to."""
        return self.needs | {self.table} if self.table else self.needs


def users_in(catalog: Catalog) -> list[User]:
    """All views and triggers."""
    found = [_user(thing.kind, thing.name, thing.text or thing.definition, thing.needs) for thing in catalog.things]
    for table in catalog.tables:
        found += [_user(one.kind, one.name, one.text or one.definition, one.needs) for one in table.extras]
    return found


def _user(kind: str, name: str, text: str, needs: Iterable[str]) -> User:
    words = tokens_of(text)
    table = ""
    if kind == "trigger":  # … ON table; a name that is this word is in quotes
        table = folded(name_in(words[[*map(folded, words)].index("on", 3) + 1]))
    return User(kind, name, text, table, frozenset(map(folded, needs)), frozenset(words_in(words)))


def reaching(users: Iterable[User], table: str) -> list[User]:
    """Those that are made of a table (folded), or of views that are."""
    left, names, found = list(users), {table}, list[User]()
    while more := [user for user in left if user.about & names]:
        found += more
        names |= {user.key[1] for user in more if user.kind == "view"}
        left = [user for user in left if user not in more]
    return found


class Touch(NamedTuple):
    """What happens to tables, folded: those that come, go or are made anew, and columns that ALTER TABLE drops."""

    tables: frozenset[str] = frozenset()
    columns: Mapping[str, frozenset[str]] = {}


def affected(users: Iterable[User], touch: Touch, changed: frozenset[tuple[str, str]]) -> list[User]:
    """Those in whose way the changes are; `changed` are the keys of those that change or go themselves."""
    users = list(users)
    found = [user for user in users if user.key in changed or user.about & touch.tables]
    for table, columns in touch.columns.items():
        found += [user for user in reaching(users, table) if user.words & columns and user not in found]
    while True:  # what needs a view that is gone for a while
        gone = {user.key[1] for user in found if user.kind == "view"}
        more = [user for user in users if user.about & gone and user not in found]
        if not more:
            return found
        found += more


def dropped(users: Iterable[User], touch: Touch) -> Iterator[Step]:
    """Drops them, those that need others first. A trigger goes with its own table or view."""
    users = list(users)
    views = {user.key[1] for user in users if user.kind == "view"}
    for user in reversed(_in_order(users)):
        goes = user.table in views or (user.table in touch.tables and not user.needs & (touch.tables | views))
        if user.kind == "view" or not goes:
            yield Sql(f"DROP {user.kind.upper()} {NAMES.name(user.name)}")


def made(users: Iterable[User]) -> Iterator[Step]:
    """Makes them, those that others need first."""
    return (Sql(user.text) for user in _in_order(users))


def _in_order(users: Iterable[User]) -> list[User]:
    """Views before what needs them, triggers last."""
    left = sorted(users, key=lambda user: (user.kind == "trigger", user.name))
    ordered: list[User] = []
    while left:
        waiting = {user.key[1] for user in left if user.kind == "view"}
        ready = next((user for user in left if not (user.needs - {user.key[1]}) & waiting), left[0])
        ordered.append(ready)
        left.remove(ready)
    return ordered


def changed_keys(found: Differences) -> frozenset[tuple[str, str]]:
    """The keys of the views and triggers that differ."""
    keys = [(thing.kind, folded(thing.name)) for one in found.things for thing in (one.before, one.after) if thing]
    extras = [one for table in found.tables for one in table.extras]
    keys += [(extra.kind, folded(extra.name)) for one in extras for extra in (one.before, one.after) if extra]
    return frozenset(keys)
