"""The graph as text: exact drawings, and source that Mermaid and Graphviz accept."""

from __future__ import annotations

import re
import textwrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miger.engine.graph import MigrationGraph
from miger.engine.graph_text import graph_lines, render_dot, render_mermaid, render_text
from miger.engine.migration import Migration
from miger.engine.status import GLYPHS


def migration(id: str, parents: str = "", **values: str) -> Migration:
    return Migration(id, f"migrations/{id}.sql", "sql", tuple(parents.split()), (), "sha256:0", **values)  # type: ignore[arg-type]


def graph_of(**parents: str) -> MigrationGraph:
    return MigrationGraph([migration(id, links) for id, links in parents.items()])


def drawing(graph: MigrationGraph) -> str:
    """The lanes and ids alone."""
    return "\n".join(f"{line.lanes}{line.id}" for line in graph_lines(graph, {}))


def drawn(text: str) -> str:
    return textwrap.dedent(text).strip("\n")


def test_a_chain_is_one_lane() -> None:
    assert drawing(graph_of(a="", b="a", c="b")) == drawn("""
        ○ c
        ○ b
        ○ a
    """)


def test_a_branch_that_is_merged_again_is_a_diamond() -> None:
    assert drawing(graph_of(a="", b="a", c="a", d="b c")) == drawn("""
        ○─╮ d
        │ ○ c
        ○ │ b
        ○─╯ a
    """)


def test_two_heads_are_two_lanes_that_close_into_their_parent() -> None:
    assert drawing(graph_of(a="", b="a", c="b", d="b")) == drawn("""
        ○   d
        │ ○ c
        ○─╯ b
        ○   a
    """)


def test_two_roots_that_are_merged_end_in_lanes_of_their_own() -> None:
    assert drawing(graph_of(a="", b="", c="a b")) == drawn("""
        ○─╮ c
        │ ○ b
        ○   a
    """)


def test_unrelated_chains_are_not_drawn_right_below_each_other() -> None:
    assert drawing(graph_of(a="", b="a", c="", d="c", e="")) == drawn("""
        ○   e
          ○ d
          ○ c
        ○   b
        ○   a
    """)


def test_an_octopus_merge_opens_a_lane_for_each_further_parent() -> None:
    assert drawing(graph_of(a="", b="a", c="a", d="a", e="b c d", f="e")) == drawn("""
        ○     f
        ○─┬─╮ e
        │ │ ○ d
        │ ○ │ c
        ○ │ │ b
        ○─┴─╯ a
    """)


def test_a_line_that_crosses_another_passes_behind_it() -> None:
    assert drawing(graph_of(a="", b="a", c="a", d="b", e="c", f="b", g="d e f")) == drawn("""
        ○─┬─╮ g
        │ │ ○ f
        │ ○ │ e
        ○ │ │ d
        │ ○ │ c
        ○─│─╯ b
        ○─╯   a
    """)


def test_a_merge_joins_the_lanes_that_lead_to_its_parents_already() -> None:
    assert drawing(graph_of(a="", b="a", c="a", d="b c", e="b c")) == drawn("""
        ○─╮   e
        ├─┼─○ d
        │ ○   c
        ○ │   b
        ○─╯   a
    """)


def test_a_merge_below_a_branch_closes_one_lane_and_opens_another() -> None:
    assert drawing(graph_of(a="", b="a", c="a", d="b c", e="d", f="d", g="e f")) == drawn("""
        ○─╮   g
        │ ○   f
        ○ │   e
        ○─┴─╮ d
        │   ○ c
        ○   │ b
        ○───╯ a
    """)


def test_a_free_lane_is_used_also_left_of_a_merge() -> None:
    assert drawing(graph_of(a="", b="a", c="a", d="b c", e="d", f="")) == drawn("""
        ○   f
          ○ e
        ╭─○ d
        ○ │ c
        │ ○ b
        ○─╯ a
    """)


def test_a_line_has_the_glyph_the_state_and_what_else_the_file_says() -> None:
    graph = MigrationGraph(
        [
            migration("0001_users"),
            migration("0002_email", "0001_users", title="Add e-mail", phase="expand", release="v2"),
            migration("0003_name", "0001_users", phase="contract"),
            migration("0004_merge", "0002_email 0003_name", release="v3"),
        ]
    )
    states = {"0001_users": "applied", "0002_email": "modified", "0003_name": "dirty", "0000_gone": "missing"}
    assert "\n".join(render_text(graph, states)) == drawn("""
        ○─╮  0004_merge  pending   v3
        │ ✖  0003_name   dirty     contract
        ≠ │  0002_email  modified  Add e-mail · expand · v2
        ●─╯  0001_users  applied
        ?    0000_gone   missing   no file
    """)


@pytest.mark.parametrize(("state", "glyph"), GLYPHS.items())
def test_each_state_has_its_glyph(state: str, glyph: str) -> None:
    assert list(render_text(graph_of(a=""), {"a": state})) == [f"{glyph}  a  {state}"]


def test_more_lanes_than_are_shown_end_in_an_ellipsis_and_ids_stay_aligned() -> None:
    graph = MigrationGraph([migration("0"), *(migration(f"{n:02}", "0") for n in range(1, 30))])
    lines = list(render_text(graph, {}, lanes=4))
    assert {line.index("pending") for line in lines} == {13}
    assert lines[0] == "○        29  pending"
    assert lines[4] == "│ │ │ │○ 25  pending"
    assert lines[-1] == "○─┴─┴─┴… 0   pending"


def test_an_empty_graph_is_no_lines() -> None:
    assert list(render_text(MigrationGraph([]), {})) == []


def test_a_graph_with_a_cycle_is_still_drawn_with_every_migration() -> None:
    lines = list(graph_lines(graph_of(a="b", b="a", c="b", d=""), {}))
    assert [line.id for line in lines] == ["c", "b", "a", "d"]


@given(st.text())
def test_no_title_breaks_a_line_or_reaches_the_terminal_as_a_control_character(title: str) -> None:
    (line,) = render_text(MigrationGraph([migration("a", title=title + "\x1b[31m\n")]), {})
    assert line.isprintable()


def test_mermaid_has_a_box_per_migration_an_arrow_per_dependency_and_a_class_per_state() -> None:
    graph = graph_of(a="", b="a", c="a b")
    lines = list(render_mermaid(graph, {"a": "applied", "b": "dirty"}))
    assert lines[:7] == [
        "flowchart TD",
        '  n1["a"]:::applied',
        '  n2["b"]:::dirty',
        '  n3["c"]:::pending',
        "  n1 --> n2",
        "  n1 --> n3",
        "  n2 --> n3",
    ]
    assert [line.split()[:2] for line in lines[7:]] == [
        ["classDef", state] for state in ("applied", "dirty", "pending")
    ]


def test_mermaid_ids_are_escaped() -> None:
    lines = list(render_mermaid(MigrationGraph([migration('a"]<b>#`\n')]), {"a": "nonsense"}))
    assert lines[1] == '  n1["a#34;]#60;b#62;#35;#96; "]:::pending'
    assert lines[2] == '  n2["a"]'


def test_dot_has_a_quoted_box_with_its_state_and_an_arrow_per_dependency() -> None:
    lines = list(render_dot(graph_of(a="", b="a"), {"a": "applied"}))
    assert lines[0] == "digraph migrations {"
    assert lines[-1] == "}"
    assert lines[-2] == '  "a" -> "b";'
    assert lines[3].startswith('  "a" [label="a\\n● applied", style="filled,rounded,solid"')


@given(st.text(min_size=1))
def test_dot_strings_are_always_closed(id: str) -> None:
    quoted = r'"(?:[^"\\]|\\.)*"'
    for line in list(render_dot(MigrationGraph([Migration(id, "f", "sql", (), (), "")]), {}))[3:-1]:
        assert re.fullmatch(rf"  {quoted} \[(\w+=(\d|{quoted})(, )?)+\];", line)
