"""What is no table, on PostgreSQL: made, altered where that can be done in place, and dropped."""

from __future__ import annotations

import re
from collections.abc import Iterator

from miger.engine.catalog import Catalog, Column, Table, Thing
from miger.engine.errors import RefusedError
from miger.forms.steps import Sql, Step
from miger.generate.differences import ThingDifference
from miger.generate.writing.postgresql.words import NAMES, comment_on

TYPES = ("enum", "domain", "composite", "range")
VIEWS = ("view", "materialized view")
ON_VIEWS = ("trigger", "rule", "index")
FUNCTIONS = ("function", "procedure", "aggregate")
MADE_LATE = (*VIEWS, *ON_VIEWS, *FUNCTIONS)
"""The kinds that others, in tables, seldom need: made when the tables are as they shall be."""
_USUAL = re.compile(
    r"(?<= AS smallint) MINVALUE 1 MAXVALUE 32767 START WITH 1 |(?<= AS integer) MINVALUE 1 MAXVALUE 2147483647 "
    r"START WITH 1 | MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 "
)
"""What a sequence has without being told."""


def word(thing: Thing) -> str:
    """What SQL calls its kind."""
    return "TYPE" if thing.kind in ("enum", "composite", "range") else thing.kind.upper()


def statements(definition: str) -> Iterator[Sql]:
    """A definition as statements: that of a trigger may have a second one, which says when it fires."""
    first, mark, second = definition.partition(";\nALTER TABLE ") if definition.startswith("CREATE ") else ("", "", "")
    if mark and " TRIGGER " in first.partition("\n")[0]:
        yield Sql(first)
        yield Sql(f"ALTER TABLE {second}")
        return
    yield Sql(definition)


def create(thing: Thing) -> Iterator[Step]:
    """A thing more, with its comment. A sequence belongs to its column later, when that is there."""
    definition = thing.definition
    if thing.kind == "sequence":
        definition = _USUAL.sub(" ", f"{_unowned(definition)} ").rstrip()
    yield from statements(definition)
    if thing.comment:
        yield comment(thing)


def own(thing: Thing) -> Iterator[Step]:
    """Gives a sequence to its column, or to none."""
    _, owned, owner = thing.definition.rpartition(" OWNED BY ")
    yield Sql(f"ALTER SEQUENCE {thing.name} OWNED BY {owner if owned else 'NONE'}")


def _unowned(definition: str) -> str:
    head, owned, _ = definition.rpartition(" OWNED BY ")
    return head if owned else definition


def comment(thing: Thing) -> Step:
    """Its comment, which may be none."""
    return comment_on(f"{word(thing)} {thing.name}", thing.comment)


def drop(thing: Thing) -> Step:
    """A thing less. A sequence may have gone with the column that it belonged to."""
    maybe = "IF EXISTS " if " OWNED BY " in thing.definition and thing.kind == "sequence" else ""
    return Sql(f"DROP {word(thing)} {maybe}{thing.name}")


def replaceable(before: Thing, after: Thing) -> bool:
    """Whether the new definition can take the place of the old one while others use it."""
    if before.kind in ("function", "procedure"):
        return _head(before.definition) == _head(after.definition)
    if before.kind == "view":
        return bool(before.columns) and after.columns[: len(before.columns)] == before.columns
    return before.kind not in MADE_LATE or before.definition == after.definition


def _head(definition: str) -> list[str]:
    """What is called and what it returns, which CREATE OR REPLACE cannot change."""
    return [line for line in definition.split("\n")[:2] if not line.startswith(" LANGUAGE")]


def replace(difference: ThingDifference) -> Iterator[Step]:
    """Another function or view of the same shape in the place of the old one."""
    before, after = difference.before, difference.after
    assert before is not None
    assert after is not None
    if before.definition != after.definition:
        start = "CREATE OR REPLACE " if not after.definition.startswith("CREATE OR REPLACE ") else "CREATE "
        yield Sql(after.definition.replace("CREATE ", start, 1) if start != "CREATE " else after.definition)
    if before.comment != after.comment:
        yield comment(after)


# Types and sequences


def altered(before: Thing, after: Thing) -> list[Step] | None:
    """The steps that alter a type or sequence in place; None where it has to be made anew."""
    steps: list[Step] | None = []
    if before.definition != after.definition:
        alter = {"enum": _more_labels, "domain": _domain, "composite": _attributes, "sequence": _sequence}
        steps = alter[before.kind](before, after) if before.kind in alter and before.kind == after.kind else None
    if steps is not None and before.comment != after.comment:
        steps.append(comment(after))
    return steps


def added_labels(before: Thing, after: Thing) -> tuple[str, ...] | None:
    """The labels that an enum has more, None where others went or moved."""
    if tuple(label for label in after.labels if label in before.labels) != before.labels:
        return None
    return tuple(label for label in after.labels if label not in before.labels)


def _more_labels(before: Thing, after: Thing) -> list[Step] | None:
    if added_labels(before, after) is None:
        return None
    steps: list[Step] = []
    known = list(before.labels)
    for place, label in enumerate(after.labels):
        if label in known:
            continue
        where = f" BEFORE {NAMES.value(known[0])}" if place == 0 and known else ""
        if place and known[-1] != after.labels[place - 1]:
            where = f" AFTER {NAMES.value(after.labels[place - 1])}"
        steps.append(Sql(f"ALTER TYPE {after.name} ADD VALUE {NAMES.value(label)}{where}"))
        known.insert(place, label)
    return steps


def _domain(before: Thing, after: Thing) -> list[Step] | None:
    old, new = before.definition.split("\n    "), after.definition.split("\n    ")
    if old[0] != new[0]:
        return None
    steps: list[Step] = []
    gone, more = [line for line in old if line not in new], [line for line in new if line not in old]
    for line in gone:
        if line.startswith("CONSTRAINT "):
            name = re.match(r'CONSTRAINT ("(?:[^"]|"")*"|\S+) ', line)
            assert name is not None
            steps.append(Sql(f"ALTER DOMAIN {after.name} DROP CONSTRAINT {name[1]}"))
        elif not (line.startswith("DEFAULT ") and any(other.startswith("DEFAULT ") for other in more)):
            steps.append(Sql(f"ALTER DOMAIN {after.name} DROP {'NOT NULL' if line == 'NOT NULL' else 'DEFAULT'}"))
    for line in more:
        how = "ADD" if line.startswith("CONSTRAINT ") else "SET"
        steps.append(Sql(f"ALTER DOMAIN {after.name} {how} {line}"))
    return steps


def _attributes(before: Thing, after: Thing) -> list[Step] | None:
    old, new = (thing.definition.split("\n    ")[1:] for thing in (before, after))
    old, new = ([line.removesuffix("\n)").removesuffix(",") for line in lines] for lines in (old, new))
    if new[: len(old)] == old:
        return [Sql(f"ALTER TYPE {after.name} ADD ATTRIBUTE {line}") for line in new[len(old) :]]
    if old[: len(new)] == new:
        names = [re.match(r'"(?:[^"]|"")*"|\S+', line) for line in old[len(new) :]]
        return [Sql(f"ALTER TYPE {after.name} DROP ATTRIBUTE {name[0]}") for name in names if name]
    return None


def _sequence(before: Thing, after: Thing) -> list[Step] | None:
    old, new = _unowned(before.definition), _unowned(after.definition)
    steps: list[Step] = []
    if old != new:
        settings = new.removeprefix(f"CREATE SEQUENCE {after.name}")
        for mark, usual in ((" AS ", " AS bigint"), (" INCREMENT BY ", " INCREMENT BY 1"), (" CACHE ", " CACHE 1")):
            settings += usual if mark in old and mark not in new else ""
        settings += " NO CYCLE" if old.endswith(" CYCLE") and not new.endswith(" CYCLE") else ""
        steps.append(Sql(f"ALTER SEQUENCE {after.name}{settings}"))
    return steps


def owner_of(thing: Thing | None) -> str:
    """The column that a sequence belongs to, "" for none."""
    return thing.definition.rpartition(" OWNED BY ")[2] if thing and " OWNED BY " in thing.definition else ""


# Types that are made anew under their old name


def columns_of(type_: Thing, table: Table) -> Iterator[Column]:
    """The columns of a table that have the type, or arrays of it."""
    return (column for column in table.columns if column.type in (type_.name, f"{type_.name}[]"))


def aside(type_: Thing, catalog: Catalog) -> Step:
    """The old type under another name, while columns still have it. Raises RefusedError where that is not enough."""
    others = [thing.name for thing in catalog.things if thing.kind in TYPES and type_.name in thing.needs]
    if others:
        raise RefusedError(
            f"the {type_.kind} {type_.name} must be made anew, but {', '.join(others)} is made of it",
            f"write this migration by hand, or change {type_.name} so that what it has stays",
        )
    if type_.kind == "composite" and any(any(columns_of(type_, table)) for table in catalog.tables):
        raise RefusedError(
            f"columns have the composite type {type_.name}, whose attributes can only be added or dropped at its end",
            "write this migration by hand: PostgreSQL does not convert such columns by itself",
        )
    return Sql(f"ALTER {word(type_)} {type_.name} RENAME TO {NAMES.name(old_name(type_).rpartition('.')[2])}")


def old_name(type_: Thing) -> str:
    """What the old type is called meanwhile, with its schema."""
    schema, dot, name = type_.name.rpartition(".") if not type_.name.endswith('"') else ("", "", type_.name)
    return f"{schema}{dot}{name.strip(chr(34))}_old"
