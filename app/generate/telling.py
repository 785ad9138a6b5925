"""What differs, in words: a line for each thing, and a sentence for all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from miger.engine.catalog import Column
from miger.generate.differences import ColumnDifference, Differences, TableDifference
from miger.generate.renames import Renaming

ADD, DROP, CHANGE, RENAME = "add", "drop", "change", "rename"
_SAID = {ADD: "adds", DROP: "drops", CHANGE: "changes", RENAME: "renames"}
MOST = 3  # things that a sentence names


class Line(NamedTuple):
    """One difference: what is done (`add`, `drop`, `change`, `rename`) to what, and what there is to say of it."""

    verb: str
    object: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.verb:<6} {self.object}" + (f": {self.detail}" if self.detail else "")


def lines_of(found: Differences, renamings: Sequence[Renaming] = ()) -> list[Line]:
    """A line for each difference, renames first."""
    lines = [
        Line(RENAME, f"{'column' if renaming.column else 'table'} {renaming.before}", f"to {_short(renaming)}")
        for renaming in renamings
    ]
    for table in found.tables:
        lines += _of_table(table)
    for thing in found.things:
        lines.append(Line(_verb(thing.before, thing.after), f"{thing.thing.kind} {thing.thing.name}"))
    return lines


def keys_of(lines: Sequence[Line]) -> list[str]:
    """A text for each line that no other one has, the same at each comparison: to name differences by."""
    keys: list[str] = []
    seen: dict[str, int] = {}
    for line in lines:
        key = f"{line.verb} {line.object}"
        seen[key] = seen.get(key, 0) + 1
        keys.append(key if seen[key] == 1 else f"{key} #{seen[key]}")
    return keys


def sentence_of(lines: Sequence[Line]) -> str:
    """One sentence for all, which names the first few."""
    parts = [f"{_SAID[line.verb]} {_said(line)}" for line in lines[:MOST]]
    if len(lines) > MOST:
        parts = [*parts[: MOST - 1], f"makes {len(lines) - MOST + 1} more changes"]
    text = " and ".join([", ".join(parts[:-1]), parts[-1]]) if len(parts) > 1 else "".join(parts)
    return f"{text[:1].upper()}{text[1:]}."


def _said(line: Line) -> str:
    kind, _, name = line.object.partition(" ")
    table, _, column = name.rpartition(".")
    if kind == "column" and table:
        middle = {ADD: "to", DROP: "from"}.get(line.verb, "of")
        said = f"column {column} {middle} {table}"
    else:
        said = line.object
    if line.verb == RENAME:
        return f"{said} {line.detail}"
    return f"{said} ({line.detail})" if line.verb == CHANGE and line.detail and len(line.detail) < 60 else said


def _short(renaming: Renaming) -> str:
    return renaming.new_column if renaming.column else renaming.new_table


def _verb(before: object, after: object) -> str:
    return ADD if before is None else DROP if after is None else CHANGE


def _of_table(found: TableDifference) -> Iterator[Line]:
    path = found.table.path
    if found.before is None or found.after is None:
        names = ", ".join(column.name for column in found.table.columns)
        yield Line(_verb(found.before, found.after), f"table {path}", names if found.before is None else "")
        return
    if found.recommented or found.reoptioned:
        yield Line(CHANGE, f"table {path}", " and ".join(_of_options(found)))
    for column in found.columns:
        yield _of_column(path, column)
    for constraint in found.constraints:
        one = constraint.after or constraint.before
        assert one is not None
        name = f" {one.name}" if one.name and one.named else f" ({', '.join(one.columns)})" if one.columns else ""
        detail = (
            ""
            if constraint.before is None or constraint.after is None
            else _other_name(constraint.before.name, one.name)
        )
        yield Line(_verb(constraint.before, constraint.after), f"{one.kind}{name} on {path}", detail)
    for index in found.indexes:
        held = index.after or index.before
        assert held is not None
        detail = "" if index.before is None or index.after is None else _other_name(index.before.name, held.name)
        yield Line(_verb(index.before, index.after), f"index {held.name} on {path}", detail)
    for extra in found.extras:
        thing = extra.after or extra.before
        assert thing is not None
        yield Line(_verb(extra.before, extra.after), f"{thing.kind} {thing.name} on {path}")


def _other_name(before: str, after: str) -> str:
    return f"named {before} before" if before != after and before else ""


def _of_options(found: TableDifference) -> Iterator[str]:
    if found.recommented:
        yield "comment"
    if found.reoptioned:
        yield "options"


def _of_column(path: str, found: ColumnDifference) -> Line:
    before, after = found.before, found.after
    if after is None:
        assert before is not None
        return Line(DROP, f"column {path}.{before.name}", before.type)
    if before is None:
        return Line(ADD, f"column {path}.{after.name}", after.type + ("" if after.nullable else " NOT NULL"))
    return Line(CHANGE, f"column {path}.{after.name}", ", ".join(_of_change(before, after)))


def _of_change(before: Column, after: Column) -> Iterator[str]:
    said = False
    for told, text in (
        (before.type != after.type, f"{before.type} → {after.type}"),
        (before.nullable and not after.nullable, "NOT NULL"),
        (after.nullable and not before.nullable, "may be NULL"),
        (before.default != after.default, f"default {after.default}" if after.default is not None else "no default"),
        (
            before.generated != after.generated,
            f"generated as {after.generated}" if after.generated else "not generated",
        ),
        (before.identity != after.identity, f"counted {after.identity}" if after.identity else "not counted"),
        (before.collation != after.collation, f"collation {after.collation or 'the usual'}"),
        (before.comment != after.comment, "comment"),
    ):
        if told:
            said = True
            yield text
    if not said:
        yield after.definition
