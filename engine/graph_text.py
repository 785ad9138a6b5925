"""The graph as text: drawn with lanes for a terminal, or as Mermaid or Graphviz source.

Each is a generator of lines without line ends and without colours, in O(V+E). `states` maps ids to their
state; one that it leaves out is pending. Ids that only `states` knows have no file: they come last,
without lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from miger.engine.graph import MigrationGraph
from miger.engine.lanes import draw, layout
from miger.engine.migration import Migration
from miger.engine.status import GLYPHS

# Fill, line and text of a box. Line style and width differ too: colour is never alone.
_BOXES = {
    "applied": ("#d3f2df", "#1a7f4b", "#0b3d24", "solid", 1),
    "pending": ("#ffffff", "#6b7280", "#1f2937", "dashed", 1),
    "dirty": ("#fbd5d5", "#b42318", "#5f1410", "solid", 4),
    "running": ("#d6e8fd", "#1d5fb8", "#0f3568", "solid", 2),
    "modified": ("#fdedc8", "#a15c07", "#573204", "dashed", 3),
    "missing": ("#ececee", "#6b7280", "#374151", "dotted", 2),
}
_DASHES = {"solid": "", "dashed": ",stroke-dasharray:6 4", "dotted": ",stroke-dasharray:2 3"}


class GraphLine(NamedTuple):
    """One line of the drawing, in parts that a caller may style. `lanes` has the state's glyph in it."""

    lanes: str
    id: str
    state: str
    note: str


def graph_lines(graph: MigrationGraph, states: Mapping[str, str], *, lanes: int = 16) -> Iterator[GraphLine]:
    """The drawing, newest first. `lanes` is the most to show; all `GraphLine.lanes` have one width."""
    rows = layout(graph.order[::-1], graph.parents)
    shown = min(lanes, max((row.width for row in rows), default=1))
    for row in rows:
        state = states.get(row.id, "pending")
        drawn = draw(row, _glyph(state), shown)
        yield GraphLine(drawn, _clean(row.id), _clean(state), _note(graph.migrations[row.id]))
    for id in _without_file(graph, states):
        state = states[id]
        yield GraphLine(_glyph(state).ljust(2 * shown), _clean(id), _clean(state), "no file")


def render_text(graph: MigrationGraph, states: Mapping[str, str], *, lanes: int = 16) -> Iterator[str]:
    """The drawing as aligned lines: lanes, id, state, and title, phase and release where there are any."""
    id_width = max(map(len, (*graph.order, *_without_file(graph, states))), default=0)
    for line in graph_lines(graph, states, lanes=lanes):
        yield f"{line.lanes} {line.id:<{id_width}}  {line.state:<8}  {line.note}".rstrip()


def render_mermaid(graph: MigrationGraph, states: Mapping[str, str]) -> Iterator[str]:
    """A Mermaid flowchart, oldest first: the migrations, the arrows parent → child, a class per state."""
    yield "flowchart TD"
    number = {id: n for n, id in enumerate((*graph.order, *_without_file(graph, states)), start=1)}
    used: dict[str, None] = {}
    for id, n in number.items():
        state = states.get(id, "pending")
        box = f'  n{n}["{_mermaid_quoted(id)}"]'
        if state in _BOXES:
            used[state] = None
            box += f":::{state}"
        yield box
    for child in graph.order:
        for parent in graph.parents(child):
            yield f"  n{number[parent]} --> n{number[child]}"
    for state in used:
        fill, line, text, style, width = _BOXES[state]
        look = f"fill:{fill},stroke:{line},color:{text},stroke-width:{width}px{_DASHES[style]}"
        yield f"  classDef {state} {look}"


def render_dot(graph: MigrationGraph, states: Mapping[str, str]) -> Iterator[str]:
    """Graphviz source, oldest first: a box per migration with its state, arrows parent → child."""
    yield "digraph migrations {"
    yield "  rankdir=TB;"
    yield '  node [shape=box, fontname="sans-serif"];'
    for id in (*graph.order, *_without_file(graph, states)):
        state = states.get(id, "pending")
        name, label = _dot_quoted(id), _dot_quoted(f"{_glyph(state)} {state}")
        yield f'  "{name}" [label="{name}\\n{label}"{_dot_look(state)}];'
    for child in graph.order:
        for parent in graph.parents(child):
            yield f'  "{_dot_quoted(parent)}" -> "{_dot_quoted(child)}";'
    yield "}"


def _dot_look(state: str) -> str:
    if state not in _BOXES:
        return ""
    fill, line, text, style, width = _BOXES[state]
    return f', style="filled,rounded,{style}", fillcolor="{fill}", color="{line}", fontcolor="{text}", penwidth={width}'


def _without_file(graph: MigrationGraph, states: Mapping[str, str]) -> list[str]:
    return sorted(states.keys() - graph.migrations.keys())


def _glyph(state: str) -> str:
    return GLYPHS.get(state, "·")


def _note(migration: Migration) -> str:
    return _clean(" · ".join(filter(None, (migration.title, migration.phase, migration.release))))


def _clean(text: str) -> str:
    """`text` on one line and without control characters: files are not to steer the terminal."""
    return text if text.isprintable() else "".join(mark if mark.isprintable() else " " for mark in text)


def _mermaid_quoted(text: str) -> str:
    """`text` for between double quotes; all that Mermaid reads as markup becomes an entity."""
    if text.replace("_", "").replace("-", "").isalnum():
        return text
    return "".join(f"#{ord(mark)};" if mark in '#"&<>`\\' else mark for mark in _clean(text))


def _dot_quoted(text: str) -> str:
    return _clean(text).replace("\\", "\\\\").replace('"', '\\"')
