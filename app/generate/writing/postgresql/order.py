"""In what order things are made: each after what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from miger.engine.catalog import Extra, Table, Thing
from miger.forms.sqlite_limits import mentions


class OnTable(NamedTuple):
    """A trigger, rule or policy, and its table."""

    table: Table
    extra: Extra


class Node(NamedTuple):
    """Something to be made: its name among others, what it needs, and what it would rather come after."""

    name: str
    item: Table | Thing | OnTable
    needs: frozenset[str]
    wishes: frozenset[str] = frozenset()


def in_order(nodes: Iterable[Node]) -> list[Node]:
    """The nodes, each after those that it needs, and after those that it wishes for where no need is against it."""
    waiting = {node.name: node for node in nodes}
    done: dict[str, Node] = {}

    def visit(node: Node, on_the_way: frozenset[str]) -> None:
        if node.name in done or node.name in on_the_way:
            return
        inside = on_the_way | {node.name}
        for name in sorted(node.needs & waiting.keys()):
            visit(waiting[name], inside)
        for name in sorted(node.wishes & waiting.keys()):
            if not _reaches(name, inside, waiting):
                visit(waiting[name], inside)
        done.setdefault(node.name, node)

    for node in waiting.values():
        visit(node, frozenset())
    return list(done.values())


def _reaches(start: str, targets: frozenset[str], nodes: Mapping[str, Node]) -> bool:
    """Whether what `start` needs comes to one of the targets."""
    seen, left = set(), [start]
    while left:
        name = left.pop()
        if name in targets:
            return True
        if name not in seen and name in nodes:
            seen.add(name)
            left += nodes[name].needs
    return False


def table_node(table: Table, others: Iterable[Table]) -> Node:
    """A new table: it needs its types and what it is a part of, and would rather come after what it points to."""
    parents = {
        other.path
        for other in others
        if other is not table
        for line in table.options.split("\n")
        if line.startswith(("PARTITION OF ", "INHERITS (")) and mentions(line.partition(" FOR VALUES ")[0], other.name)
    }
    targets = {found.target for found in table.constraints if found.target} - {table.path}
    return Node(table.path, table, frozenset(table.needs) | parents, frozenset(targets))


def thing_nodes(things: Iterable[Thing]) -> Iterator[Node]:
    """Things; the text of a function is not known to need anything, but often does."""
    known = list(things)
    for thing in known:
        needs = frozenset(thing.needs) - {thing.name}
        if thing.kind == "sequence":  # what it belongs to may need it; it is given away later
            needs = frozenset()
        wishes = frozenset(
            other.name
            for other in known
            if thing.kind in ("function", "procedure")
            and other is not thing
            and mentions(thing.definition, bare(other.name))
        )
        yield Node(thing.name, thing, needs, wishes)


def bare(name: str) -> str:
    """A name without schema, quotes and arguments."""
    return name.partition("(")[0].rpartition(".")[2].strip('"')


def extra_node(table: Table, extra: Extra) -> Node:
    """A trigger, rule or policy."""
    name = f"{extra.kind} {extra.name} ON {table.path}"
    return Node(name, OnTable(table, extra), frozenset(extra.needs) - {table.path})
