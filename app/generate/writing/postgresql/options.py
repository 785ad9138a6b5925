"""What concerns a whole table of PostgreSQL: how it is kept, partitioned and guarded."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from miger.engine.catalog import Table
from miger.engine.errors import RefusedError
from miger.forms.sqlite_limits import mentions
from miger.forms.steps import Sql, Step
from miger.generate.differences import Differences
from miger.generate.writing.postgresql.columns import Change
from miger.generate.writing.postgresql.things import owner_of
from miger.generate.writing.postgresql.words import alter, at, quoted

_PART = re.compile(r"PARTITION OF (?P<parent>.*?) (?P<bound>FOR VALUES .*|DEFAULT)", re.DOTALL)


def change_options(before: Table, after: Table) -> Iterator[Step]:
    """The steps for other options. Raises RefusedError for those that a table has for life."""
    if before.options == after.options:
        return
    old, new = before.options.split("\n"), after.options.split("\n")
    gone, more = [line for line in old if line and line not in new], [line for line in new if line and line not in old]
    for line in (*gone, *more):
        if line.startswith(("PARTITION BY ", "INHERITS (", "USING ")):
            raise _refused(after, line)
    yield from _moved(after, gone, more)
    if "UNLOGGED" in (*gone, *more):
        yield alter(after, "SET UNLOGGED" if "UNLOGGED" in more else "SET LOGGED")
    yield from _settings(after, gone, more)
    if "ROW LEVEL SECURITY" in (*gone, *more):
        yield alter(after, f"{'ENABLE' if 'ROW LEVEL SECURITY' in more else 'DISABLE'} ROW LEVEL SECURITY")
    if "FORCE ROW LEVEL SECURITY" in (*gone, *more):
        yield alter(after, f"{'' if 'FORCE ROW LEVEL SECURITY' in more else 'NO '}FORCE ROW LEVEL SECURITY")
    identity = [line for line in more if line.startswith("REPLICA IDENTITY ")]
    if identity or any(line.startswith("REPLICA IDENTITY ") for line in gone):
        yield alter(after, identity[0] if identity else "REPLICA IDENTITY DEFAULT")


def _moved(table: Table, gone: list[str], more: list[str]) -> Iterator[Step]:
    """A partition with other bounds."""
    old = [match for line in gone if (match := _PART.fullmatch(line))]
    new = [match for line in more if (match := _PART.fullmatch(line))]
    if not old and not new:
        return
    if not (old and new and old[0]["parent"] == new[0]["parent"]):
        raise _refused(table, "PARTITION OF")
    yield Sql(f"ALTER TABLE {old[0]['parent']} DETACH PARTITION {at(table)}")
    yield Sql(f"ALTER TABLE {new[0]['parent']} ATTACH PARTITION {at(table)} {new[0]['bound']}")


def _settings(table: Table, gone: list[str], more: list[str]) -> Iterator[Step]:
    def read(lines: list[str]) -> dict[str, str]:
        found = [line[len("WITH (") : -1] for line in lines if line.startswith("WITH (")]
        return dict(pair.split("=", 1) for text in found for pair in text.split(", "))

    old, new = read(gone), read(more)
    if lost := [name for name in old if name not in new]:
        yield alter(table, f"RESET ({', '.join(lost)})")
    if changed := [f"{name} = {value}" for name, value in new.items() if old.get(name) != value]:
        yield alter(table, f"SET ({', '.join(changed)})")


def _refused(table: Table, line: str) -> RefusedError:
    what = " ".join(line.split(" ")[:2]).rstrip("(").strip()
    return RefusedError(
        f"table {table.path}: PostgreSQL cannot change {what} of a table that is there",
        "write this migration by hand: a new table, the rows copied, the old one dropped, the new one renamed",
    )


def check_columns(changes: Mapping[str, list[Change]], tables: Mapping[str, Table]) -> None:
    """Raises RefusedError where a column that decides on the partition of a row shall become another one."""
    for path, listed in changes.items():
        table = tables.get(path)
        key = (
            next((line for line in table.options.split("\n") if line.startswith("PARTITION BY ")), "") if table else ""
        )
        for change in listed:
            if key and change.disturbs and mentions(key, change.name):
                raise RefusedError(
                    f"column {change.name} of {path} decides on the partition of a row: PostgreSQL cannot change it",
                    "write this migration by hand: a new table beside it, with the rows copied",
                )


def check_counters(found: Differences) -> None:
    """Raises RefusedError where the sequence of a serial column becomes one of its own, or the other way round."""
    alone = {owner_of(thing.before or thing.after) for thing in found.things if not (thing.before and thing.after)}
    for difference in found.changed:
        for change in difference.columns:
            if change.before is None or change.after is None:
                continue
            name = f"{at(difference.table)}.{quoted(change.after.name)}"
            if name in alone and "serial" in (change.before.identity, change.after.identity):
                raise RefusedError(
                    f"the sequence of {name} counts in its own way on one side only (NULL allowed, other steps)",
                    "write this migration by hand: ALTER SEQUENCE, and SET or DROP NOT NULL",
                )
