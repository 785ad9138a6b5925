"""`miger graph`: the migrations and what they depend on."""

from __future__ import annotations

import sys
from argparse import Namespace

from miger.cli.output import STYLES, Output
from miger.engine.config import find_config, load_config
from miger.engine.errors import BadMigrations
from miger.engine.graph import MigrationGraph
from miger.engine.graph_text import GraphLine, graph_lines, render_dot, render_mermaid, render_text
from miger.engine.status import Status
from miger.project import Project
from miger.survey import read_graph


def run(args: Namespace, output: Output) -> int:
    """Draws the graph as text, Mermaid or DOT; as JSON a list of ids, states and parents."""
    if args.offline:
        graph = _checked_graph(args.folder)
        states = dict.fromkeys(graph, "")
        nodes: list[dict[str, object]] = [{"id": id, "state": None, "depends": list(graph.parents(id))} for id in graph]
    else:
        with Project.open(args.folder, args.environment) as project:
            graph, status = project.graph, project.status()
        states = {item.id: item.state for item in status.migrations}
        nodes = _nodes(status)
    if output.json:
        output.document(nodes)
    elif args.format == "text" and output.color and sys.stdout.isatty():
        _print_colored(list(graph_lines(graph, states)))
    else:
        render = {"text": render_text, "mermaid": render_mermaid, "dot": render_dot}[args.format]
        for line in render(graph, states):
            output.data(line)
    return 0


def _checked_graph(folder: str) -> MigrationGraph:
    """The graph of the files alone, which have to be right: Python is compiled, too, but not run."""
    from miger.engine.python_files import check_python  # deferred: `graph` of a database checks no code

    graph = read_graph(load_config(find_config(folder)).migrations)
    python = (migration for migration in graph.migrations.values() if migration.kind == "python")
    problems = [problem for problem in map(check_python, python) if problem is not None]
    if problems:
        raise BadMigrations("the migrations folder has problems:", problems)
    return graph


def _nodes(status: Status) -> list[dict[str, object]]:
    return [
        {
            "id": item.id,
            "state": item.state,
            "depends": list(item.migration.depends) if item.migration else [],
        }
        for item in status.migrations
    ]


def _print_colored(lines: list[GraphLine]) -> None:
    from rich.console import Console  # deferred: 70 ms
    from rich.text import Text

    console = Console(soft_wrap=True, highlight=False)
    width = max((len(line.id) for line in lines), default=0)
    for line in lines:
        style = STYLES.get(line.state, "")
        text = Text.assemble(
            (line.lanes, style),
            "  ",
            line.id.ljust(width),
            "  ",
            (line.state.ljust(9), style),
            (line.note, "dim"),
        )
        console.print(text)
